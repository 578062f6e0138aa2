/* Numbers from a seed, the same on every machine. */
#ifndef MURRE_FUZZ_RANDOM_H
#define MURRE_FUZZ_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct fuzz_random {
    uint64_t state;
};

static inline struct fuzz_random fuzz_random_new(uint64_t seed) {
    return (struct fuzz_random){seed * 0x9e3779b97f4a7c15 + 0x123456789abcdef};
}

/* splitmix64 */
static inline uint64_t fuzz_random_bits(struct fuzz_random *random) {
    uint64_t z = random->state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* below > 0 */
static inline uint32_t fuzz_any(struct fuzz_random *random, uint32_t below) {
    return (uint32_t)((fuzz_random_bits(random) >> 32) * below >> 32);
}

/* True once in so many times. */
static inline bool fuzz_once_in(struct fuzz_random *random, uint32_t times) {
    return fuzz_any(random, times) == 0;
}

#endif
