/* See mirarena.h. The arena's own state is at the start of its memory, so that a snapshot includes it. */
#include "mirarena.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum {
    ALIGN = 16,
    SMALL_CLASSES = 32, /* 16, 32, … 512 bytes */
    STEPS = 4,          /* classes for each doubling above that */
    CLASSES = SMALL_CLASSES + STEPS * 40,
};

static const size_t small_limit = (size_t)SMALL_CLASSES * ALIGN;
static const size_t least_reserve = (size_t)8 << 20;
static const size_t keep_touched = (size_t)4 << 20;

/* Precedes each block. */
struct head {
    uint32_t class_index;
    uint32_t unused;
    struct head *next; /* while the block is free */
};
_Static_assert(sizeof(struct head) == ALIGN, "blocks keep their alignment behind the header");

struct murre_mirarena {
    size_t reserved;
    size_t top;        /* offset of the first byte never taken */
    struct head *last; /* the block that ends at top, which can grow in place */
    void *image;       /* the snapshot, a mapping of its own: leak checkers would not see a block that only a mapping names */
    size_t image_size;
    struct head *free[CLASSES];
};

/* The capacity of a class. */
static size_t class_size(unsigned index) {
    if (index < SMALL_CLASSES)
        return (size_t)(index + 1) * ALIGN;
    index -= SMALL_CLASSES;
    const size_t base = small_limit << index / STEPS;
    return base + base / STEPS * (index % STEPS + 1);
}

static unsigned class_of(size_t size) {
    if (size <= small_limit)
        return size == 0 ? 0 : (unsigned)((size - 1) / ALIGN);
    const unsigned doubling = 63 - (unsigned)__builtin_clzll((unsigned long long)((size - 1) / small_limit));
    const size_t base = small_limit << doubling;
    return SMALL_CLASSES + doubling * STEPS + (unsigned)((size - 1 - base) / (base / STEPS));
}

/* Where the process's address space is limited, an eighth of it at most: memories want the rest. */
static size_t fair_share(size_t size) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || size <= limit.rlim_cur / 8)
        return size;
    return (size_t)(limit.rlim_cur / 8);
}

struct murre_mirarena *murre_mirarena_new(size_t reserve) {
    reserve = fair_share(reserve);
    size_t size = reserve < least_reserve ? least_reserve : reserve;
    size = (size + 4095) / 4096 * 4096;
    for (; size >= least_reserve; size = size / 2 / 4096 * 4096) {
        void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (p == MAP_FAILED)
            continue;
        struct murre_mirarena *arena = p;
        arena->reserved = size;
        arena->top = (sizeof *arena + ALIGN - 1) / ALIGN * ALIGN;
        return arena;
    }
    return NULL;
}

static void drop_image(struct murre_mirarena *arena) {
    if (arena->image != NULL)
        munmap(arena->image, arena->image_size);
}

void murre_mirarena_delete(struct murre_mirarena *arena) {
    if (arena == NULL)
        return;
    drop_image(arena);
    munmap(arena, arena->reserved);
}

void *murre_mirarena_alloc(struct murre_mirarena *arena, size_t size) {
    if (size > arena->reserved)
        return NULL;
    const unsigned index = class_of(size);
    struct head *head = arena->free[index];
    if (head != NULL) {
        arena->free[index] = head->next;
        return head + 1;
    }
    const size_t need = sizeof *head + class_size(index);
    if (need > arena->reserved - arena->top)
        return NULL;
    head = (struct head *)((char *)arena + arena->top);
    head->class_index = index;
    arena->top += need;
    arena->last = head;
    return head + 1;
}

void murre_mirarena_free(struct murre_mirarena *arena, void *block) {
    if (block == NULL)
        return;
    struct head *head = (struct head *)block - 1;
    head->next = arena->free[head->class_index];
    arena->free[head->class_index] = head;
}

void *murre_mirarena_realloc(struct murre_mirarena *arena, void *block, size_t size) {
    if (block == NULL)
        return murre_mirarena_alloc(arena, size);
    if (size > arena->reserved)
        return NULL;
    struct head *head = (struct head *)block - 1;
    const size_t old = class_size(head->class_index);
    if (size <= old)
        return block;
    const unsigned index = class_of(size);
    const size_t grow = class_size(index) - old;
    if (head == arena->last && grow <= arena->reserved - arena->top) {
        arena->top += grow;
        head->class_index = index;
        return block;
    }
    void *moved = murre_mirarena_alloc(arena, size);
    if (moved == NULL)
        return NULL;
    memcpy(moved, block, old);
    murre_mirarena_free(arena, block);
    return moved;
}

bool murre_mirarena_snapshot(struct murre_mirarena *arena) {
    void *image = mmap(NULL, arena->top, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (image == MAP_FAILED)
        return false;
    drop_image(arena);
    arena->image = image;
    arena->image_size = arena->top;
    memcpy(image, arena, arena->top);
    return true;
}

void murre_mirarena_reset(struct murre_mirarena *arena) {
    const size_t keep = keep_touched > arena->image_size ? keep_touched : (arena->image_size + 4095) / 4096 * 4096;
    if (arena->top > keep)
        madvise((char *)arena + keep, arena->top - keep, MADV_DONTNEED);
    memcpy(arena, arena->image, arena->image_size);
}

size_t murre_mirarena_used(const struct murre_mirarena *arena) {
    return arena->top;
}

size_t murre_mirarena_reserved(const struct murre_mirarena *arena) {
    return arena->reserved;
}
