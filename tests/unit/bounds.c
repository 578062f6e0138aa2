/* Guarded and unguarded memories of one module: its compiled code checks bounds in one way, whatever comes first, and results never differ. */
#include <criterion/criterion.h>
#include <string.h>

#include "runtime/runtime.h"
#include "support/build.h"
#include "support/space.h"
#include "wasm/limits.h"

/* store(address, value), load(address), grow(pages); the first two at offset 8. */
static struct murre_module *make(struct murre_engine *engine) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 2, 0x60, 2, 0x7f, 0x7f, 0, 0x60, 1, 0x7f, 1, 0x7f);
    build_whole(&b, SECTION_FUNCTION, 3, 0, 1, 1);
    build_whole(&b, SECTION_MEMORY, 1, 1, 1, 3);
    build_whole(&b, SECTION_EXPORT, 3, 1, 's', 0, 0, 1, 'l', 0, 1, 1, 'g', 0, 2);
    build_whole(&b, SECTION_CODE, 3, 9, 0, 0x20, 0, 0x20, 1, 0x36, 2, 8, 0x0b, 7, 0, 0x20, 0, 0x28, 2, 8, 0x0b, 6, 0, 0x20, 0, 0x40, 0,
                0x0b);
    return test_module(engine, &b);
}

static struct murre_instance *instantiate(struct murre_store *store, struct murre_module *module) {
    struct murre_error error = {.status = MURRE_OK};
    struct murre_instance *instance = murre_instance_new(store, module, NULL, 0, NULL, &error);
    cr_assert_not_null(instance, "%s", error.message);
    return instance;
}

/* Calls; a trap's kind, or MURRE_TRAP_COUNT. */
static enum murre_trapkind call(struct murre_instance *instance, const char *name, uint32_t a, uint32_t b, uint32_t *result) {
    union murre_slot slots[2] = {{.u32 = a}, {.u32 = b}};
    struct murre_trap *trap = murre_func_call(instance->store, test_func(instance, name), slots);
    enum murre_trapkind kind = trap ? murre_trap_kind(trap) : MURRE_TRAP_COUNT;
    murre_trap_delete(trap);
    if (result)
        *result = slots[0].u32;
    return kind;
}

static void use(struct murre_instance *instance) {
    for (uint32_t i = 0; i < 3000; i++) {
        uint32_t value = 0;
        cr_assert_eq(call(instance, "s", i * 4, i, NULL), MURRE_TRAP_COUNT);
        cr_assert_eq(call(instance, "l", i * 4, 0, &value), MURRE_TRAP_COUNT);
        cr_assert_eq(value, i);
    }
    static const uint32_t outside[] = {MURRE_PAGE_SIZE - 11, MURRE_PAGE_SIZE - 8, MURRE_PAGE_SIZE, 0x7fffffff,
                                       0x80000000,           0xfffffff8,          0xffffffff};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        cr_assert_eq(call(instance, "l", outside[i], 0, NULL), MURRE_TRAP_MEMORY_BOUNDS, "%#x", (unsigned)outside[i]);
        cr_assert_eq(call(instance, "s", outside[i], 1, NULL), MURRE_TRAP_MEMORY_BOUNDS, "%#x", (unsigned)outside[i]);
    }
    cr_assert_eq(call(instance, "l", MURRE_PAGE_SIZE - 12, 0, NULL), MURRE_TRAP_COUNT);
}

/* Growth makes addresses valid, in code that has been compiled before. */
static void grow_and_use(struct murre_instance *instance) {
    uint32_t value = 0;
    cr_assert_eq(call(instance, "g", 1, 0, &value), MURRE_TRAP_COUNT);
    cr_assert_eq(value, 1);
    cr_assert_eq(call(instance, "s", MURRE_PAGE_SIZE, 77, NULL), MURRE_TRAP_COUNT);
    cr_assert_eq(call(instance, "l", MURRE_PAGE_SIZE, 0, &value), MURRE_TRAP_COUNT);
    cr_assert_eq(value, 77);
    cr_assert_eq(call(instance, "l", 2 * MURRE_PAGE_SIZE - 8, 0, NULL), MURRE_TRAP_MEMORY_BOUNDS);
    cr_assert_eq(call(instance, "g", 5, 0, &value), MURRE_TRAP_COUNT);
    cr_assert_eq(value, UINT32_MAX);
}

Test(bounds, are_the_same_in_every_tier_and_mode) {
    FOR_EACH_TIER(tier) FOR_EACH_BOUNDS(bounds) {
        struct murre_engine *engine = test_engine(tier, bounds);
        struct murre_store *store = murre_store_new(engine, NULL);
        struct murre_module *module = make(engine);
        struct murre_instance *instance = instantiate(store, module);
        use(instance);
        grow_and_use(instance);
        murre_module_unref(module);
        murre_store_delete(store);
        murre_engine_unref(engine);
    }
}

#if !TEST_WITH_ADDRESS_SANITIZER /* its shadow needs the address space */

/* Room for programs, but for no guard region. */
static const uint64_t short_space = (uint64_t)2 << 30;

struct told {
    unsigned memories, instances;
};

static void look(void *context, enum murre_loglevel level, const char *line) {
    struct told *told = context;
    cr_assert_eq(level, MURRE_LOG_WARNING);
    told->memories += strstr(line, "no address space for a guard region") != NULL;
    told->instances += strstr(line, "an instance without guard region stays interpreted") != NULL;
}

Test(bounds, an_unguarded_instance_may_come_late) {
    FOR_EACH_TIER(tier) {
        struct murre_engine *engine = test_engine(tier, MURRE_BOUNDS_AUTO);
        struct told told = {0};
        engine->config.log = look;
        engine->config.log_context = &told;
        struct murre_store *store = murre_store_new(engine, NULL);
        struct murre_module *module = make(engine);
        struct murre_instance *guarded = instantiate(store, module);
        use(guarded);
        test_shorten_space(short_space);
        struct murre_instance *unguarded = instantiate(store, module);
        cr_assert_not(unguarded->memory->guarded);
        /* In tier auto it depends on whether something has been compiled by now. */
        cr_assert_neq(unguarded->interpreted_only, module->explicit_bounds);
        cr_assert(tier == MURRE_TIER_AUTO || unguarded->interpreted_only == (tier == MURRE_TIER_JIT));
        cr_assert_eq(told.memories, 1);
        cr_assert_eq(told.instances, unguarded->interpreted_only);
        use(unguarded);
        use(guarded);
        grow_and_use(unguarded);
        grow_and_use(guarded);
        test_restore_space();
        murre_module_unref(module);
        murre_store_delete(store);
        murre_engine_unref(engine);
    }
}

Test(bounds, an_unguarded_instance_may_come_first) {
    FOR_EACH_TIER(tier) {
        struct murre_engine *engine = test_engine(tier, MURRE_BOUNDS_AUTO);
        struct murre_store *store = murre_store_new(engine, NULL);
        struct murre_module *module = make(engine);
        test_shorten_space(short_space);
        struct murre_instance *unguarded = instantiate(store, module);
        test_restore_space();
        struct murre_instance *guarded = instantiate(store, module);
        cr_assert(!unguarded->memory->guarded && guarded->memory->guarded);
        cr_assert(module->explicit_bounds && !unguarded->interpreted_only && !guarded->interpreted_only);
        use(guarded);
        use(unguarded);
        grow_and_use(unguarded);
        grow_and_use(guarded);
        murre_module_unref(module);
        murre_store_delete(store);
        murre_engine_unref(engine);
    }
}
#endif
