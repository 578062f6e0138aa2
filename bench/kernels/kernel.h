/* What every kernel shares: the clock, the repeat loop and the two lines it prints.
 *
 * A kernel is one C file that defines KERNEL_REPEATS (the default count, 0.2 to 0.5 s of native
 * work at gcc -O2) and two functions:
 *     static void kernel_setup(void)            untimed, run once
 *     static uint64_t kernel_run(unsigned i)    one repeat; its result goes into the checksum
 * The program's one argument replaces the repeat count. It prints
 *     checksum HEX      the same on every engine
 *     ns TOTAL          nanoseconds of all repeats together
 *     best NS           nanoseconds of the fastest repeat */
#ifndef MURRE_BENCH_KERNEL_H
#define MURRE_BENCH_KERNEL_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOINLINE __attribute__((noinline))

static void kernel_setup(void);
static uint64_t kernel_run(unsigned repeat);

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A small generator (xorshift64*) so that every build sees the same numbers. */
static uint64_t random_state = 0x9e3779b97f4a7c15u;

static inline uint64_t random_u64(void) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545f4914f6cdd1du;
}

static inline double random_unit(void) {
    return (double)(random_u64() >> 11) * 0x1p-53;
}

/* Doubles enter the checksum bit by bit: all builds must round alike (no fused multiply-add). */
static inline uint64_t double_bits(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline uint64_t mix_into(uint64_t sum, uint64_t value) {
    sum = (sum ^ value) * 0x100000001b3u;
    return sum ^ (sum >> 29);
}

int main(int argc, char **argv) {
    unsigned repeats = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : KERNEL_REPEATS;
    uint64_t sum = 0xcbf29ce484222325u;
    uint64_t total = 0;
    uint64_t best = UINT64_MAX;
    kernel_setup();
    for (unsigned i = 0; i < repeats; i++) {
        uint64_t start = now_ns();
        sum = mix_into(sum, kernel_run(i));
        uint64_t spent = now_ns() - start;
        total += spent;
        if (spent < best)
            best = spent;
    }
    printf("checksum %016" PRIx64 "\nns %" PRIu64 "\nbest %" PRIu64 "\n", sum, total, best);
    return 0;
}

#endif
