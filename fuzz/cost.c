/* See cost.h. Release builds validate and lower at 150 ns per byte or less (tests/cli/deadlines.py --strict). With assertions this takes several times
 * as long, with sanitizers thirty times, but work for a thousand values per byte still stands out. */
#include "cost.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "support/sanitizer.h"

#if TEST_WITH_ADDRESS_SANITIZER || TEST_WITH_THREAD_SANITIZER || !defined(__x86_64__)
#define SLOW 1
#else
#define SLOW 0
#endif

/* Nanoseconds. What every unit may take, whatever its size: engines' scratch memory, the first touch of pages. */
static const uint64_t always = SLOW ? 100000000 : 10000000, a_byte = SLOW ? 20000 : 1500;
enum { TRIES = 3 };

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static uint64_t bound_of(size_t size) {
    const char *given = getenv("MURRE_FUZZ_COST");
    return given ? strtoull(given, NULL, 10) * size : always + a_byte * size;
}

void fuzz_cost_bound(const char *what, void (*work)(void *context), void *context, size_t size) {
    const uint64_t bound = bound_of(size);
    uint64_t taken = 0;
    for (unsigned i = 0; i < TRIES; i++) {
        uint64_t start = now();
        work(context);
        taken = now() - start;
        if (taken <= bound)
            return;
    }
    fprintf(stderr, "%s takes %" PRIu64 " us for %zu bytes, each of %d times; the bound is %" PRIu64 " us\n", what, taken / 1000, size,
            TRIES, bound / 1000);
    abort();
}
