/* Random numbers and random changes of bytes, for targets that run without libFuzzer. */
#ifndef MURRE_FUZZ_MUTATE_H
#define MURRE_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* The next number of a sequence that *state, any number at first, determines (splitmix64). */
uint64_t fuzz_random(uint64_t *state);
/* Changes data[0, size), which has room for max bytes, in one to eight ways; other[0, other_size) is an input to borrow from. Returns the new
 * size. */
size_t fuzz_mutate(uint8_t *data, size_t size, size_t max, const uint8_t *other, size_t other_size, uint64_t *state);

#endif
