/* See budget.h. Each block has its size in front. */
#include "api/budget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct head {
    _Alignas(max_align_t) size_t size;
};

static bool may(struct budget *budget) {
    return atomic_fetch_sub(&budget->allowed, 1) > 0;
}

static void *allocate(void *context, size_t size) {
    struct budget *budget = context;
    struct head *head = may(budget) ? malloc(sizeof *head + size) : NULL;
    if (!head)
        return NULL;
    head->size = size;
    atomic_fetch_add(&budget->live, 1);
    return head + 1;
}

static struct head *head_of(void *block, size_t size) {
    struct head *head = (struct head *)block - 1;
    if (head->size != size) {
        fprintf(stderr, "a block of %zu bytes is given back as one of %zu\n", head->size, size);
        abort();
    }
    return head;
}

static void release(void *context, void *block, size_t size) {
    struct budget *budget = context;
    if (!block)
        return;
    free(head_of(block, size));
    atomic_fetch_sub(&budget->live, 1);
}

/* The old block always moves, so that pointers into it are noticed. */
static void *reallocate(void *context, void *old, size_t old_size, size_t new_size) {
    if (!old)
        return allocate(context, new_size);
    head_of(old, old_size);
    void *block = allocate(context, new_size);
    if (block) {
        memcpy(block, old, old_size < new_size ? old_size : new_size);
        release(context, old, old_size);
    }
    return block;
}

struct murre_allocator budget_allocator(struct budget *budget) {
    return (struct murre_allocator){.alloc = allocate, .realloc = reallocate, .free = release, .context = budget};
}

void budget_check(struct budget *budget) {
    if (budget->live) {
        fprintf(stderr, "%zu blocks were not given back\n", budget->live);
        abort();
    }
}
