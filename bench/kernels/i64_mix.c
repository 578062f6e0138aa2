/* 64-bit mixing: multiplications, rotates, shifts and bit counts, nothing from memory. */
#define KERNEL_REPEATS 8
#include "kernel.h"

enum { ROUNDS = 5000000 };

static inline uint64_t rotate_left(uint64_t x, unsigned n) {
    return x << (n & 63) | x >> (-n & 63);
}

static void kernel_setup(void) {
}

NOINLINE static uint64_t mix(uint64_t seed) {
    uint64_t a = seed, b = ~seed, c = 0x9e3779b97f4a7c15u;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        a = rotate_left(a, 23) * 0xff51afd7ed558ccdu + b;
        b ^= a >> 29;
        c += rotate_left(b, (unsigned)a) ^ i;
        a ^= (uint64_t)__builtin_popcountll(c) << 7;
        b += (uint64_t)__builtin_clzll(c | 1) + (uint64_t)__builtin_ctzll(a | 1ull << 63);
    }
    return a ^ b ^ c;
}

static uint64_t kernel_run(unsigned repeat) {
    return mix(repeat + 1);
}
