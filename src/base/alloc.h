/* Allocation through an engine's hooks. Every allocation of the library uses its engine's allocator (the engine has a copy, and so has
 * whatever outlives calls), so that a host can count, limit or fail it. Sizes are in bytes; blocks are aligned for any scalar type. */
#ifndef MURRE_BASE_ALLOC_H
#define MURRE_BASE_ALLOC_H

#include "murre.h"

/* The C library's malloc. */
extern const struct murre_allocator murre_allocator_libc;

/* NULL when there is no memory; a size of 0 gives a block that may be freed. */
void *murre_alloc(const struct murre_allocator *allocator, size_t size) MURRE_MUST_USE;
void *murre_alloc_zero(const struct murre_allocator *allocator, size_t size) MURRE_MUST_USE;
/* NULL when count * size overflows. Zeroed. */
void *murre_alloc_array(const struct murre_allocator *allocator, size_t count, size_t size) MURRE_MUST_USE;
/* On failure NULL, and the old block stays. */
void *murre_realloc(const struct murre_allocator *allocator, void *old, size_t old_size, size_t new_size) MURRE_MUST_USE;
void murre_free(const struct murre_allocator *allocator, void *block, size_t size);

#endif
