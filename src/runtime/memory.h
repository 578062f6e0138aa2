/* Linear memory (4.2.8): reserve, commit, grow. A guarded memory is a PROT_NONE reservation of 8 GiB and a page or so, which covers every
 * 32-bit index plus 32-bit offset plus access size. If address space is short, less is reserved, and code checks bounds. */
#ifndef MURRE_RUNTIME_MEMORY_H
#define MURRE_RUNTIME_MEMORY_H

#include "runtime/runtime.h"

/* A memory that the store owns. */
struct murre_memory *murre_memory_create(struct murre_store *store, struct murre_limits limits, struct murre_error *error) MURRE_MUST_USE;
void murre_memory_destroy(struct murre_memory *memory);
/* The engine is about to go, or address space is short. */
void murre_memory_drop_cache(struct murre_engine *engine);
/* Old size in pages, or -1. */
int64_t murre_memory_grow_pages(struct murre_memory *memory, uint64_t pages);
/* True when size bytes from offset on lie inside. */
static inline bool murre_memory_in_bounds(const struct murre_memory *memory, uint64_t offset, uint64_t size) {
    return size <= memory->size && offset <= memory->size - size;
}

#endif
