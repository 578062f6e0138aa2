/* What the C applications share: clock, checksum, and the way they are driven.
 *
 * An application takes two numbers, WARM and TIMED: it does its workload WARM times unmeasured, then TIMED
 * times measured. "0 1" is a first run, which the driver times from outside; a warm-up gives the steady state.
 * It prints
 *     checksum HEX      of every workload done, the same on every engine
 *     ns TOTAL          nanoseconds of the measured workloads
 *     best NS           nanoseconds of the fastest of them */
#ifndef MURRE_BENCH_APP_H
#define MURRE_BENCH_APP_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t mix_into(uint64_t sum, uint64_t value) {
    sum = (sum ^ value) * 0x100000001b3u;
    return sum ^ (sum >> 29);
}

/* Runs `workload (context, i)` as the arguments ask and prints the three lines. */
static int drive(int argc, char **argv, uint64_t (*workload)(void *, unsigned), void *context) {
    unsigned warm = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    unsigned timed = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1;
    uint64_t sum = 0xcbf29ce484222325u, total = 0, best = UINT64_MAX;
    for (unsigned i = 0; i < warm + timed; i++) {
        uint64_t start = now_ns();
        sum = mix_into(sum, workload(context, i));
        uint64_t spent = now_ns() - start;
        if (i < warm)
            continue;
        total += spent;
        if (spent < best)
            best = spent;
    }
    printf("checksum %016" PRIx64 "\nns %" PRIu64 "\nbest %" PRIu64 "\n", sum, total, best);
    return 0;
}

/* The whole of standard input, with a final zero byte; ends the program when it cannot be read. */
static inline char *read_stdin(size_t *length) {
    size_t used = 0, room = 1 << 16;
    char *text = malloc(room);
    while (text) {
        size_t got = fread(text + used, 1, room - used - 1, stdin);
        if (got == 0)
            break;
        used += got;
        if (room - used < 2)
            text = realloc(text, room *= 2);
    }
    if (!text) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    text[used] = '\0';
    *length = used;
    return text;
}

#endif
