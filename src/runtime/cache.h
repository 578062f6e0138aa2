/* A cache of a few unused mappings, so that short-lived stores need not ask the kernel each time. Owned by the engine; any thread; lock-free. An entry
 * is an address aligned to 4096, with a number below 4096 in its low bits; never 0. */
#ifndef MURRE_RUNTIME_CACHE_H
#define MURRE_RUNTIME_CACHE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { MURRE_CACHE_PLACES = 4 };

struct murre_cache {
    _Atomic uintptr_t places[MURRE_CACHE_PLACES];
};

/* 0: none. */
static inline uintptr_t murre_cache_take(struct murre_cache *cache) {
    for (unsigned i = 0; i < MURRE_CACHE_PLACES; i++)
        if (atomic_load_explicit(&cache->places[i], memory_order_relaxed)) {
            uintptr_t kept = atomic_exchange_explicit(&cache->places[i], 0, memory_order_acq_rel);
            if (kept)
                return kept;
        }
    return 0;
}

/* False: there are enough. */
static inline bool murre_cache_put(struct murre_cache *cache, uintptr_t kept) {
    for (unsigned i = 0; i < MURRE_CACHE_PLACES; i++) {
        uintptr_t none = 0;
        if (!atomic_load_explicit(&cache->places[i], memory_order_relaxed) &&
            atomic_compare_exchange_strong_explicit(&cache->places[i], &none, kept, memory_order_acq_rel, memory_order_relaxed))
            return true;
    }
    return false;
}

#endif
