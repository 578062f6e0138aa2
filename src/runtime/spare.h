/* A few mappings at rest, so that stores that come and go need not ask the kernel each time. Kept by the engine; any thread; lock-free. A spare
 * is an address aligned to 4096, with a number below that in its low bits; never 0. */
#ifndef MURRE_RUNTIME_SPARE_H
#define MURRE_RUNTIME_SPARE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { MURRE_SPARES = 4 };

struct murre_spares {
    _Atomic uintptr_t places[MURRE_SPARES];
};

/* 0: none. */
static inline uintptr_t murre_spare_take(struct murre_spares *spares) {
    for (unsigned i = 0; i < MURRE_SPARES; i++)
        if (atomic_load_explicit(&spares->places[i], memory_order_relaxed)) {
            uintptr_t spare = atomic_exchange_explicit(&spares->places[i], 0, memory_order_acq_rel);
            if (spare)
                return spare;
        }
    return 0;
}

/* False: there are enough. */
static inline bool murre_spare_put(struct murre_spares *spares, uintptr_t spare) {
    for (unsigned i = 0; i < MURRE_SPARES; i++) {
        uintptr_t none = 0;
        if (!atomic_load_explicit(&spares->places[i], memory_order_relaxed) &&
            atomic_compare_exchange_strong_explicit(&spares->places[i], &none, spare, memory_order_acq_rel, memory_order_relaxed))
            return true;
    }
    return false;
}

#endif
