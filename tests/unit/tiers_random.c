/* The tiers give the same results, traps and memory on random modules. */
#include <criterion/criterion.h>
#include <string.h>

#include "support/random_module.h"

enum { MODULES = 150 };

struct outcome {
    bool trapped;
    enum murre_trapkind kind;
    uint64_t result, memory;
};

static uint64_t digest(const uint8_t *bytes, uint64_t size) {
    uint64_t hash = 0xcbf29ce484222325;
    for (uint64_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3;
    return hash;
}

static struct outcome run(uint64_t seed, enum murre_tier tier, enum murre_bounds bounds, int level) {
    struct murre_config config;
    murre_config_init(&config);
    config.tier = tier;
    config.bounds = bounds;
    config.opt_level = level;
    if (tier == MURRE_TIER_AUTO)
        config.entry_threshold = config.loop_threshold = 1; /* loops are entered in the middle */
    struct murre_error error = {.status = MURRE_OK};
    struct murre_engine *engine = murre_engine_new(&config, &error);
    cr_assert_not_null(engine, "%s", error.message);
    struct murre_store *store = murre_store_new(engine, NULL);
    cr_assert_not_null(store);
    struct builder b = random_module(seed);
    struct murre_instance *instance = test_instance(store, &b);
    struct murre_func *func = test_func(instance, "run");
    struct murre_extern memory;
    cr_assert(murre_instance_export(instance, "memory", 6, &memory));
    struct outcome outcome = {0};
    for (unsigned call = 0; call < 3 && !outcome.trapped; call++) {
        union murre_slot slots[4] = {{.i32 = (int32_t)(seed * 77 + call)}, {.i64 = (int64_t)(seed << 33 | call)}, {.f32 = 1.5f * (float)call}, {.f64 = -3.75}};
        struct murre_trap *trap = murre_func_call(store, func, slots);
        outcome.trapped = trap != NULL;
        if (trap != NULL)
            outcome.kind = murre_trap_kind(trap);
        else
            outcome.result = outcome.result * 31 + slots[0].u64;
        murre_trap_delete(trap);
    }
    outcome.memory = digest(murre_memory_data(memory.of.memory), murre_memory_size(memory.of.memory));
    if (tier == MURRE_TIER_JIT) {
        struct murre_stats stats;
        murre_engine_stats(engine, &stats);
        cr_assert_eq(stats.functions_refused, 0, "seed %llu: the compiler refused", (unsigned long long)seed);
    }
    murre_store_delete(store);
    murre_engine_unref(engine);
    return outcome;
}

static void compare(enum murre_tier tier, enum murre_bounds bounds, int level) {
    if (!murre_has_compiler())
        cr_skip();
    unsigned trapped = 0;
    for (uint64_t seed = 0; seed < MODULES; seed++) {
        struct outcome want = run(seed, MURRE_TIER_INTERP, bounds, level), got = run(seed, tier, bounds, level);
        trapped += want.trapped;
        cr_assert_eq(want.trapped, got.trapped, "seed %llu level %d: traps %d, not %d (kind %d)", (unsigned long long)seed, level, got.trapped,
                     want.trapped, want.trapped ? want.kind : got.kind);
        cr_assert_eq(want.kind, got.kind, "seed %llu level %d: trap kind %d, not %d", (unsigned long long)seed, level, got.kind, want.kind);
        cr_assert_eq(want.result, got.result, "seed %llu level %d: result %llx, not %llx", (unsigned long long)seed, level,
                     (unsigned long long)got.result, (unsigned long long)want.result);
        cr_assert_eq(want.memory, got.memory, "seed %llu level %d: memory differs", (unsigned long long)seed, level);
    }
    cr_assert_lt(trapped, MODULES / 2, "%u of %u trap: too little is compared", trapped, MODULES);
}

Test(tiers_random, level_0_agrees_with_the_interpreter) {
    compare(MURRE_TIER_JIT, MURRE_BOUNDS_AUTO, 0);
}

Test(tiers_random, level_1_agrees_with_the_interpreter) {
    compare(MURRE_TIER_JIT, MURRE_BOUNDS_AUTO, 1);
}

Test(tiers_random, level_2_agrees_with_the_interpreter) {
    compare(MURRE_TIER_JIT, MURRE_BOUNDS_AUTO, 2);
}

Test(tiers_random, level_2_agrees_with_explicit_bounds) {
    compare(MURRE_TIER_JIT, MURRE_BOUNDS_EXPLICIT, 2);
}

Test(tiers_random, tier_auto_agrees_when_everything_is_hot_at_once) {
    compare(MURRE_TIER_AUTO, MURRE_BOUNDS_AUTO, 2);
}
