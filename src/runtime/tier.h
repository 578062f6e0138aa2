/* Where the tiers meet: counters, functions to compile, publication. The head of tier.c describes how a function moves up through the tiers, that of
 * tier_queue.h what happens to a request. */
#ifndef MURRE_RUNTIME_TIER_H
#define MURRE_RUNTIME_TIER_H

#include "runtime/runtime.h"

/* What the interpreter does (only when engine->queue is not NULL, which is: tier auto with a compiler):
 *  - at each entry it adds one to func->code->heat, and when that reaches engine->config.entry_threshold it calls murre_tier_hot_function,
 *    which sets heat back to 0 (so this happens again after another threshold, as long as the function is interpreted), and continues to
 *    interpret this call;
 *  - at loop headers it counts in the same way, with one counter per loop, up to engine->config.loop_threshold, and calls murre_tier_hot_loop. NULL:
 *    continue. Otherwise: pass the frame to murre_call_osr with this entry, and return. *again says after how many more passes to ask again.
 *  - at each call it checks whether the callee murre_tier_is_native (in every tier; in tier jit that is so from the start).
 * Neither call blocks, traps, or allocates much; both may be made at any rate. */

/* Defaults of the configuration; chosen by measurement, see tier.c. */
enum { MURRE_TIER_ENTRY_THRESHOLD = 500, MURRE_TIER_LOOP_THRESHOLD = 5000 };

/* A function was entered in the interpreter often enough: asks for its compilation, or switches func to code that is there. */
void murre_tier_hot_function(struct murre_func *func);
/* A loop's header was passed often enough. Returns the on-stack-replacement entry for it when there is one, else asks for it, if that is worth
 * it, and returns NULL. */
void *murre_tier_hot_loop(struct murre_func *func, uint32_t loop, uint32_t *again);
/* The entry that a function of a new instance starts with; code NULL: nothing of the module is compiled yet. Call it, and chain the instance to its module, under murre_tier_lock; code that
 * is published later reaches the chained instances. */
void *murre_tier_first_entry(const struct murre_engine *engine, const struct murre_code *code);
/* engine->lock, taken in a way that survives fork: a child does not wait for a compile thread that it has not got. */
void murre_tier_lock(struct murre_engine *engine);
void murre_tier_unlock(struct murre_engine *engine);
/* Tier jit: compiles func now, if it has not been, and waits for it; true when func->entry is compiled code after it. */
bool murre_tier_compile_now(struct murre_func *func);
/* True for a function whose calls should go through func->entry instead of the interpreter. */
static inline bool murre_tier_is_native(const struct murre_func *func) {
    return atomic_load_explicit(&func->entry, memory_order_relaxed) != (void *)murre_arch_exit;
}

/* For every engine, whatever its tier: installs the signal handlers as well. Threads start when there is something to compile. */
enum murre_status murre_tier_start(struct murre_engine *engine, struct murre_error *error);
void murre_tier_stop(struct murre_engine *engine);
/* Forgets what waits for this module, cancels what runs and waits for its end. No instance of it is left. */
void murre_tier_drop_module(struct murre_module *module);

#endif
