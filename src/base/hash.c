/* See hash.h. Each step mixes eight bytes into the state, multiplies it by the secret to 128 bits, and folds the two halves. */
#include "base/hash.h"

#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>

uint64_t murre_hash_seed(void) {
    uint64_t seed[2] = {0, 0};
    if (getrandom(seed, sizeof seed, GRND_NONBLOCK) == (ssize_t)sizeof seed)
        return seed[0];
    /* Early at boot, or a kernel without the call: the sixteen bytes that every process is given. */
    const void *given = (const void *)getauxval(AT_RANDOM);
    if (given)
        memcpy(seed, given, sizeof seed);
    return seed[0] ^ seed[1];
}

static uint64_t fold(uint64_t a, uint64_t b) {
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t murre_hash(uint64_t seed, const void *data, size_t size) {
    const uint64_t odd = 0x9e3779b97f4a7c15u;
    const unsigned char *next = data;
    uint64_t key = seed | 1;
    uint64_t hash = seed ^ size * odd;
    for (size_t left = size; left > 0;) {
        uint64_t word = 0;
        size_t step = left < 8 ? left : 8;
        memcpy(&word, next, step);
        hash = fold(hash ^ word, key) + odd;
        next += step;
        left -= step;
    }
    return fold(hash, key ^ odd);
}
