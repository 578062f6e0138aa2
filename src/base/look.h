/* Work that may take long checks now and then whether it is to stop: because somebody has requested it, or because a deadline has passed. */
#ifndef MURRE_BASE_LOOK_H
#define MURRE_BASE_LOOK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct murre_look {
    const atomic_bool *asked; /* or NULL */
    uint64_t moment;          /* CLOCK_MONOTONIC, nanoseconds; 0: none */
};

static inline uint64_t murre_look_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Some ten nanoseconds where there is a moment. */
static inline bool murre_look_stops(const struct murre_look *look) {
    return (look->asked && atomic_load_explicit(look->asked, memory_order_relaxed)) || (look->moment && murre_look_now() >= look->moment);
}

#endif
