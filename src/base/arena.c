/* See arena.h. */
#include "base/arena.h"

struct murre_arena_chunk {
    struct murre_arena_chunk *older;
    size_t size; /* header included */
};

enum { FIRST_CHUNK = 4096, LARGEST_CHUNK = 256 * 1024 };

void murre_arena_init(struct murre_arena *arena, const struct murre_allocator *allocator) {
    *arena = (struct murre_arena){.allocator = allocator};
}

static bool add_chunk(struct murre_arena *arena, size_t need) {
    size_t size = arena->chunks ? arena->chunks->size * 2 : FIRST_CHUNK;
    if (size > LARGEST_CHUNK)
        size = LARGEST_CHUNK;
    if (need > size - sizeof(struct murre_arena_chunk)) {
        if (need > SIZE_MAX - sizeof(struct murre_arena_chunk))
            return false;
        size = need + sizeof(struct murre_arena_chunk);
    }
    struct murre_arena_chunk *chunk = murre_alloc(arena->allocator, size);
    if (!chunk)
        return false;
    *chunk = (struct murre_arena_chunk){arena->chunks, size};
    arena->chunks = chunk;
    arena->next = (char *)(chunk + 1);
    arena->end = (char *)chunk + size;
    arena->total += size;
    return true;
}

void *murre_arena_alloc(struct murre_arena *arena, size_t size) {
    if (size > SIZE_MAX - 7)
        return NULL;
    size = size ? (size + 7) & ~(size_t)7 : 8; /* blocks of no size differ, too */
    if ((size_t)(arena->end - arena->next) < size && !add_chunk(arena, size))
        return NULL;
    void *block = arena->next;
    arena->next += size;
    return block;
}

static void free_older(struct murre_arena *arena, struct murre_arena_chunk *chunk) {
    while (chunk) {
        struct murre_arena_chunk *older = chunk->older;
        arena->total -= chunk->size;
        murre_free(arena->allocator, chunk, chunk->size);
        chunk = older;
    }
}

void murre_arena_reset(struct murre_arena *arena) {
    struct murre_arena_chunk *chunk = arena->chunks;
    if (!chunk)
        return;
    free_older(arena, chunk->older);
    chunk->older = NULL;
    arena->next = (char *)(chunk + 1);
    arena->end = (char *)chunk + chunk->size;
}

void murre_arena_fini(struct murre_arena *arena) {
    free_older(arena, arena->chunks);
    murre_arena_init(arena, arena->allocator);
}
