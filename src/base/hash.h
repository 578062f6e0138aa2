/* A keyed hash for tables whose keys a module chooses: without the seed, nobody can make keys collide on purpose. */
#ifndef MURRE_BASE_HASH_H
#define MURRE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* From the system's randomness; never fails. */
uint64_t murre_hash_seed(void);
uint64_t murre_hash(uint64_t seed, const void *data, size_t size);

#endif
