/* The memory of one MIR context: one contiguous reservation, filled from its start, touched as it is used.

   Freed small blocks go to free lists by size class; blocks are never merged, because a compilation is short and its memory
   is dropped as a whole. murre_mirarena_snapshot saves the arena's content, and murre_mirarena_reset restores it at the
   same addresses, so that pointers inside stay valid. One thread at a time.

   Units are bytes. Blocks are aligned to 16. */
#ifndef MURRE_JIT_MIRARENA_H
#define MURRE_JIT_MIRARENA_H

#include <stdbool.h>
#include <stddef.h>

struct murre_mirarena;

/* reserve: address space, which bounds what the arena can hold. Less where address space is short; NULL when there is
   hardly any. */
struct murre_mirarena *murre_mirarena_new(size_t reserve);
void murre_mirarena_delete(struct murre_mirarena *arena);

/* NULL when the arena is full. Zero bytes are a block of their own. */
void *murre_mirarena_alloc(struct murre_mirarena *arena, size_t size);
void *murre_mirarena_realloc(struct murre_mirarena *arena, void *block, size_t size);
void murre_mirarena_free(struct murre_mirarena *arena, void *block);

/* Remembers the content. False when memory is short. */
bool murre_mirarena_snapshot(struct murre_mirarena *arena);
/* Back to the snapshot; what was touched beyond a small reserve returns to the system. */
void murre_mirarena_reset(struct murre_mirarena *arena);

/* Bytes from the start to the highest block ever taken since the last reset. */
size_t murre_mirarena_used(const struct murre_mirarena *arena);
size_t murre_mirarena_reserved(const struct murre_mirarena *arena);

#endif
