/* Register code that makes room for other register code: src/interp/drop.c. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "murre.h"
#include "runtime/runtime.h"
#include "support/build.h"

enum { I32 = 0x7f };
enum { FUNCTIONS = 40, STEPS = 1500, ROUNDS = 3 };
/* A function's code takes some 25 KB: a few fit. */
static const uint64_t code_memory = 160 * 1024;

/* f0 to f39: argument + STEPS + its own number, computed slowly; those of the second kind ask the next one for it before they add that number. */
static void build_adder(struct builder *b, unsigned number, bool asks) {
    build_body(b);
    build(b, 0);
    for (unsigned i = 0; i < STEPS; i++)
        build(b, 0x20, 0, 0x41, 1, 0x6a, 0x21, 0); /* local 0 += 1 */
    if (asks && number + 1 < FUNCTIONS) {
        build(b, 0x20, 0, 0x10);
        build_u32(b, number + 1);
        build(b, 0x21, 0);
    }
    build(b, 0x20, 0, 0x41, (uint8_t)number, 0x6a, 0x0b);
    build_close(b);
}

/* "all" passes its argument through all of them, ROUNDS times; "one" calls f0. */
static struct murre_module *adders(struct murre_engine *engine, bool ask) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 1, I32, 1, I32);
    build_section(&b, SECTION_FUNCTION);
    build_u32(&b, FUNCTIONS + 1);
    for (unsigned i = 0; i <= FUNCTIONS; i++)
        build(&b, 0);
    build_close(&b);
    build_whole(&b, SECTION_EXPORT, 2, 3, 'a', 'l', 'l', 0, FUNCTIONS, 3, 'o', 'n', 'e', 0, 0);
    build_section(&b, SECTION_CODE);
    build_u32(&b, FUNCTIONS + 1);
    for (unsigned i = 0; i < FUNCTIONS; i++)
        build_adder(&b, i, ask);
    build_body(&b);
    build(&b, 0, 0x20, 0);
    for (unsigned i = 0; i < ROUNDS * FUNCTIONS; i++)
        build(&b, 0x10, (uint8_t)(i % FUNCTIONS));
    build(&b, 0x0b);
    build_close(&b);
    build_close(&b);
    return test_module(engine, &b);
}

static const uint32_t sum = ROUNDS * (FUNCTIONS * STEPS + FUNCTIONS * (FUNCTIONS - 1) / 2);

static struct murre_engine *engine_of(enum murre_tier tier, uint64_t memory) {
    struct murre_config config;
    murre_config_init(&config);
    config.tier = tier;
    config.max_code_memory = memory;
    struct murre_engine *engine = murre_engine_new(&config, NULL);
    cr_assert_not_null(engine);
    return engine;
}

static struct murre_instance *instance_in(struct murre_store *store, struct murre_module *module) {
    struct murre_instance *instance = murre_instance_new(store, module, NULL, 0, NULL, NULL);
    cr_assert_not_null(instance);
    return instance;
}

static struct murre_trap *call(struct murre_store *store, struct murre_instance *instance, const char *name, uint32_t *value) {
    union murre_slot slot = {.u32 = *value};
    struct murre_trap *trap = murre_func_call(store, test_func(instance, name), &slot);
    *value = slot.u32;
    return trap;
}

Test(interp_drop, code_that_nothing_runs_makes_room) {
    struct murre_engine *engine = engine_of(MURRE_TIER_INTERP, code_memory);
    struct murre_module *module = adders(engine, false);
    struct murre_store *store = murre_store_new(engine, NULL);
    struct murre_instance *instance = instance_in(store, module);
    for (unsigned round = 0; round < 2; round++) {
        uint32_t value = round;
        struct murre_trap *trap = call(store, instance, "all", &value);
        cr_assert_null(trap, "%s", murre_trap_message(trap));
        cr_assert_eq(value, sum + round);
    }
    struct murre_stats stats;
    murre_engine_stats(engine, &stats);
    cr_assert_leq(stats.register_code_bytes, code_memory);
    cr_assert_gt(stats.functions_interpreted, FUNCTIONS + 1, "nothing has been lowered twice");
    murre_store_delete(store);
    murre_engine_stats(engine, &stats);
    murre_module_unref(module);
    murre_engine_stats(engine, &stats);
    cr_assert_eq(stats.register_code_bytes, 0);
    murre_engine_unref(engine);
}

Test(interp_drop, code_of_waiting_callers_stays_until_the_limit_is_a_trap_that_says_so) {
    struct murre_engine *engine = engine_of(MURRE_TIER_INTERP, code_memory);
    struct murre_module *module = adders(engine, true);
    struct murre_store *store = murre_store_new(engine, NULL);
    struct murre_instance *instance = instance_in(store, module);
    for (unsigned round = 0; round < 2; round++) {
        uint32_t value = 0;
        struct murre_trap *trap = call(store, instance, "one", &value);
        cr_assert_not_null(trap);
        cr_assert_eq(murre_trap_kind(trap), MURRE_TRAP_MEMORY);
        cr_assert(strstr(murre_trap_message(trap), "max_code_memory"), "%s", murre_trap_message(trap));
        murre_trap_delete(trap);
    }
    murre_store_delete(store);
    murre_module_unref(module);
    murre_engine_unref(engine);
    engine = engine_of(MURRE_TIER_INTERP, 0);
    module = adders(engine, true);
    store = murre_store_new(engine, NULL);
    uint32_t value = 0;
    cr_assert_null(call(store, instance_in(store, module), "one", &value), "by default there is room");
    murre_store_delete(store);
    murre_module_unref(module);
    murre_engine_unref(engine);
}

Test(interp_drop, what_another_store_may_run_stays) {
    struct murre_engine *engine = engine_of(MURRE_TIER_INTERP, code_memory);
    struct murre_module *module = adders(engine, false);
    struct murre_store *store = murre_store_new(engine, NULL), *other = murre_store_new(engine, NULL);
    struct murre_instance *instance = instance_in(store, module);
    instance_in(other, module);
    uint32_t value = 0;
    struct murre_trap *trap = call(store, instance, "all", &value);
    cr_assert_not_null(trap);
    cr_assert_eq(murre_trap_kind(trap), MURRE_TRAP_MEMORY);
    murre_trap_delete(trap);
    murre_store_delete(store);
    murre_store_delete(other);
    /* Whoever comes next has it for himself. */
    store = murre_store_new(engine, NULL);
    instance = instance_in(store, module);
    value = 0;
    cr_assert_null(call(store, instance, "all", &value));
    cr_assert_eq(value, sum);
    murre_store_delete(store);
    murre_module_unref(module);
    murre_engine_unref(engine);
}

Test(interp_drop, a_store_that_has_gone_keeps_nothing) {
    struct murre_engine *engine = engine_of(MURRE_TIER_INTERP, code_memory);
    struct murre_module *module = adders(engine, false);
    for (unsigned first = 0; first < 2; first++) {
        struct murre_store *stores[] = {murre_store_new(engine, NULL), murre_store_new(engine, NULL)};
        struct murre_instance *instances[] = {instance_in(stores[0], module), instance_in(stores[1], module)};
        murre_store_delete(stores[first]);
        uint32_t value = 0;
        struct murre_trap *trap = call(stores[1 - first], instances[1 - first], "all", &value);
        cr_assert_null(trap, "%s", murre_trap_message(trap));
        cr_assert_eq(value, sum);
        murre_store_delete(stores[1 - first]);
    }
    murre_module_unref(module);
    murre_engine_unref(engine);
}

Test(interp_drop, compiled_functions_and_interpreted_ones_call_each_other_through_it) {
    if (!murre_has_compiler()) {
        puts("skipped: register code dropped beside compiled code, in a build without a compiler: 1");
        return;
    }
    struct murre_config config;
    murre_config_init(&config);
    config.max_code_memory = (uint64_t)4 << 20;
    config.entry_threshold = 5;
    struct murre_engine *engine = murre_engine_new(&config, NULL);
    struct murre_module *module = adders(engine, false);
    struct murre_store *store = murre_store_new(engine, NULL);
    struct murre_instance *instance = instance_in(store, module);
    for (unsigned round = 0; round < 200; round++) {
        uint32_t value = round;
        cr_assert_null(call(store, instance, "all", &value));
        cr_assert_eq(value, sum + round);
    }
    murre_store_delete(store);
    murre_module_unref(module);
    murre_engine_unref(engine);
}
