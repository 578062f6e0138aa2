/* Engines: configuration, and where the tiers are connected. */
#include <string.h>

#include "base/hash.h"
#include "interp/interp.h"
#include "runtime/tier.h"
#include "runtime/types.h"
#include "wasm/limits.h"
#if MURRE_HAVE_JIT
#include "jit/jit.h"
#endif

#define FEATURE(id) ((murre_features)1 << MURRE_FEATURE_##id)
static const murre_features default_features = FEATURE(MVP) | FEATURE(MUTABLE_GLOBALS) | FEATURE(SIGN_EXTENSION) |
                                               FEATURE(SATURATING_CONVERSION) | FEATURE(MULTI_VALUE) | FEATURE(BULK_MEMORY) |
                                               FEATURE(REFERENCE_TYPES) | FEATURE(EXTENDED_CONST) | FEATURE(SIMD) | FEATURE(RELAXED_SIMD) |
                                               FEATURE(FUNCTION_REFERENCES) | FEATURE(TAIL_CALL);
_Static_assert(MURRE_FEATURE_COUNT <= 8 * sizeof(murre_features), "a bit a feature");

void murre_config_init(struct murre_config *config) {
    memset(config, 0, sizeof *config);
    config->opt_level = -1;
}

bool murre_config_set_feature(struct murre_config *config, const char *name, bool on) {
    for (unsigned i = 0; i < MURRE_FEATURE_COUNT; i++) {
        murre_features bit = (murre_features)1 << i;
        if (i == MURRE_FEATURE_MVP || !(default_features & bit) || strcmp(murre_feature_name(i), name) != 0)
            continue;
        config->features_off = on ? config->features_off & ~bit : config->features_off | bit;
        return true;
    }
    return false;
}

const char *murre_feature_at(uint32_t index) {
    for (unsigned i = 0; i < MURRE_FEATURE_COUNT; i++)
        if (i != MURRE_FEATURE_MVP && (default_features >> i & 1) && index-- == 0)
            return murre_feature_name(i);
    return NULL;
}

bool murre_engine_sends_signals(const struct murre_engine *engine) {
    return !engine->config.no_signals;
}

bool murre_has_compiler(void) {
    return MURRE_HAVE_JIT;
}

static enum murre_status check_config(const struct murre_config *config, struct murre_error *error) {
    if (config->tier > MURRE_TIER_JIT || config->bounds > MURRE_BOUNDS_EXPLICIT || config->opt_level < -1 || config->opt_level > 3 ||
        config->log_level > MURRE_LOG_DEBUG)
        return murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "bad configuration");
    if (config->allocator.alloc && (!config->allocator.realloc || !config->allocator.free))
        return murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "an allocator needs all three functions");
    if (config->no_signals && config->bounds == MURRE_BOUNDS_GUARD)
        return murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "guard pages need signals");
    if (config->features_off & (~default_features | FEATURE(MVP)))
        return murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "no such feature");
    if (config->tier == MURRE_TIER_JIT && !murre_has_compiler())
        return murre_error_set(error, MURRE_ERROR_UNSUPPORTED, MURRE_NO_OFFSET, "this build has no compiler");
    return MURRE_OK;
}

/* One table as large as a table may be. */
static const uint64_t table_memory = (uint64_t)MURRE_MAX_TABLE_SIZE * sizeof(void *), least_table_memory = (uint64_t)64 << 10;

static void set_table_memory(struct murre_config *config) {
    if (!config->max_table_memory) {
        config->max_table_memory = table_memory;
        if (config->max_memory && config->max_memory < table_memory)
            config->max_table_memory = config->max_memory > least_table_memory ? config->max_memory : least_table_memory;
    }
    if (config->max_table_memory < sizeof(void *))
        config->max_table_memory = sizeof(void *);
}

static enum murre_status start_compiler(struct murre_engine *engine, struct murre_error *error) {
#if MURRE_HAVE_JIT
    if (engine->config.tier != MURRE_TIER_INTERP) {
        engine->jit_ops = &murre_jit_ops;
        engine->jit = murre_jit_ops.start(engine, error);
        if (!engine->jit)
            return MURRE_ERROR_MEMORY;
    }
#endif
    return murre_tier_start(engine, error);
}

struct murre_engine *murre_engine_new(const struct murre_config *given, struct murre_error *error) {
    murre_error_clear(error);
    struct murre_config config;
    murre_config_init(&config);
    if (given)
        config = *given;
    if (check_config(&config, error) != MURRE_OK)
        return NULL;
    if (!config.allocator.alloc)
        config.allocator = murre_allocator_libc;
    if (!config.entry_threshold)
        config.entry_threshold = MURRE_TIER_ENTRY_THRESHOLD;
    if (!config.loop_threshold)
        config.loop_threshold = MURRE_TIER_LOOP_THRESHOLD;
    if (config.no_signals)
        config.bounds = MURRE_BOUNDS_EXPLICIT;
    if (!config.compile_threads)
        config.compile_threads = 1;
    set_table_memory(&config);
    struct murre_engine *engine = murre_alloc_zero(&config.allocator, sizeof *engine);
    if (!engine) {
        murre_error_memory(error);
        return NULL;
    }
    atomic_init(&engine->references, 1);
    engine->config = config;
    engine->allocator = config.allocator;
    engine->features = default_features & ~config.features_off;
    engine->interp = &murre_interp_ops;
    engine->first_memory_place = (uint32_t)murre_hash_seed();
    pthread_mutex_init(&engine->lock, NULL);
    engine->types = murre_types_new(&engine->allocator);
    if (!engine->types)
        murre_error_memory(error);
    else if (start_compiler(engine, error) == MURRE_OK)
        return engine;
    murre_engine_unref(engine);
    return NULL;
}
