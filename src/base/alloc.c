/* See alloc.h. */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void *libc_alloc(void *context, size_t size) {
    (void)context;
    return malloc(size);
}

static void *libc_realloc(void *context, void *old, size_t old_size, size_t new_size) {
    (void)context;
    (void)old_size;
    return realloc(old, new_size);
}

static void libc_free(void *context, void *block, size_t size) {
    (void)context;
    (void)size;
    free(block);
}

const struct murre_allocator murre_allocator_libc = {libc_alloc, libc_realloc, libc_free, NULL};

void *murre_alloc(const struct murre_allocator *allocator, size_t size) {
    return allocator->alloc(allocator->context, size ? size : 1);
}

void *murre_alloc_zero(const struct murre_allocator *allocator, size_t size) {
    /* calloc gives untouched pages for large blocks, which start-up relies on. */
    if (allocator->alloc == libc_alloc)
        return calloc(1, size ? size : 1);
    void *block = murre_alloc(allocator, size);
    if (block)
        memset(block, 0, size);
    return block;
}

void *murre_alloc_array(const struct murre_allocator *allocator, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    return murre_alloc_zero(allocator, bytes);
}

void *murre_realloc(const struct murre_allocator *allocator, void *old, size_t old_size, size_t new_size) {
    if (!old)
        return murre_alloc(allocator, new_size);
    return allocator->realloc(allocator->context, old, old_size ? old_size : 1, new_size ? new_size : 1);
}

void murre_free(const struct murre_allocator *allocator, void *block, size_t size) {
    if (block)
        allocator->free(allocator->context, block, size ? size : 1);
}
