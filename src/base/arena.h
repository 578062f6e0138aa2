/* A bump allocator: many small blocks that are freed together. One thread at a time. Blocks are aligned to 8 bytes and not zeroed.
 * A zeroed struct murre_arena with its allocator set is ready for use. */
#ifndef MURRE_BASE_ARENA_H
#define MURRE_BASE_ARENA_H

#include "base/alloc.h"

struct murre_arena_chunk;
struct murre_arena {
    const struct murre_allocator *allocator;
    struct murre_arena_chunk *chunks; /* newest first */
    char *next, *end;                 /* free part of the newest chunk */
    size_t total;                     /* bytes held */
};

void murre_arena_init(struct murre_arena *arena, const struct murre_allocator *allocator);
/* NULL when there is no memory. */
void *murre_arena_alloc(struct murre_arena *arena, size_t size) MURRE_MUST_USE;
/* Forgets all blocks; keeps one chunk for the next use. */
void murre_arena_reset(struct murre_arena *arena);
void murre_arena_fini(struct murre_arena *arena);

#endif
