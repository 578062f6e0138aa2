/* Where the tiers meet: counters, the queue of functions to compile, publication. See tier.c for how a function climbs. */
#ifndef MURRE_RUNTIME_TIER_H
#define MURRE_RUNTIME_TIER_H

#include "runtime/runtime.h"

/* A function was entered in the interpreter often enough (tier auto): asks for its compilation. Cheap when already asked. */
void murre_tier_hot_function(struct murre_func *func);
/* A loop took its back edge often enough. Returns the on-stack-replacement entry for it when there is one, else asks for it and returns
 * NULL. */
void *murre_tier_hot_loop(struct murre_func *func, uint32_t loop);
/* Tier jit: compiles func now, in the calling thread, if it has not been; true when func->entry is compiled code after it. */
bool murre_tier_compile_now(struct murre_func *func);
/* True for a function whose calls should go through func->entry instead of the interpreter. */
static inline bool murre_tier_is_native(const struct murre_func *func) {
    return atomic_load_explicit(&func->entry, memory_order_relaxed) != (void *)murre_arch_exit;
}

enum murre_status murre_tier_start(struct murre_engine *engine, struct murre_error *error);
void murre_tier_stop(struct murre_engine *engine);
/* Forgets what waits for this module, and waits for what runs. */
void murre_tier_drop_module(struct murre_module *module);

#endif
