/* Sieve of Eratosthenes over bytes: strided stores and a counting scan. */
#define KERNEL_REPEATS 130
#include "kernel.h"

enum { LIMIT = 1 << 20 };
static uint8_t composite[LIMIT];

static void kernel_setup(void) {
}

static uint64_t kernel_run(unsigned repeat) {
    uint32_t limit = LIMIT - repeat;
    memset(composite, 0, limit);
    for (uint32_t i = 2; i * i < limit; i++) {
        if (composite[i])
            continue;
        for (uint32_t j = i * i; j < limit; j += i)
            composite[j] = 1;
    }
    uint64_t sum = 0;
    for (uint32_t i = 2; i < limit; i++) {
        if (!composite[i])
            sum += i;
    }
    return sum;
}
