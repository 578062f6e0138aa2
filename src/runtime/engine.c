/* An engine's life after it has been made (api/engine.c): references, statistics, its end. Thread safe. */
#include "runtime/memory.h"
#include "runtime/tier.h"
#include "runtime/types.h"

static void stop_compiler(struct murre_engine *engine) {
    murre_tier_stop(engine);
    if (engine->jit)
        engine->jit_ops->stop(engine->jit);
}

static void free_engine(struct murre_engine *engine) {
    struct murre_allocator allocator = engine->allocator;
    murre_stack_drop_cache(&engine->stack_cache, engine->config.max_stack);
    murre_memory_drop_cache(engine);
    engine->interp->stop(engine);
    murre_types_delete(engine->types);
    pthread_mutex_destroy(&engine->lock);
    murre_free(&allocator, engine, sizeof *engine);
}

struct murre_engine *murre_engine_ref(struct murre_engine *engine) {
    atomic_fetch_add_explicit(&engine->references, 1, memory_order_relaxed);
    return engine;
}

void murre_engine_unref(struct murre_engine *engine) {
    if (!engine || atomic_fetch_sub_explicit(&engine->references, 1, memory_order_acq_rel) != 1)
        return;
    stop_compiler(engine);
    free_engine(engine);
}

void murre_engine_stats(struct murre_engine *engine, struct murre_stats *stats) {
    *stats = (struct murre_stats){
        .functions_interpreted = atomic_load_explicit(&engine->functions_interpreted, memory_order_relaxed),
        .functions_compiled = atomic_load_explicit(&engine->functions_compiled, memory_order_relaxed),
        .functions_refused = atomic_load_explicit(&engine->functions_refused, memory_order_relaxed),
        .loops_entered = atomic_load_explicit(&engine->loops_entered, memory_order_relaxed),
        .compile_nanoseconds = atomic_load_explicit(&engine->compile_nanoseconds, memory_order_relaxed),
        .lower_nanoseconds = atomic_load_explicit(&engine->lower_nanoseconds, memory_order_relaxed),
        .code_bytes = atomic_load_explicit(&engine->code_bytes, memory_order_relaxed),
        .register_code_bytes = atomic_load_explicit(&engine->register_code_bytes, memory_order_relaxed),
    };
}
