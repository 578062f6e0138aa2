/* Calls between host, interpreter and compiled code, in every tier. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "runtime/call.h"
#include "runtime/store.h"
#include "support/build.h"

enum { I32 = 0x7f, I64 = 0x7e, F32 = 0x7d, F64 = 0x7c, V128 = 0x7b };
enum { MOST = 40 };

static struct murre_store *new_store(enum murre_tier tier) {
    struct murre_engine *engine = test_engine(tier, MURRE_BOUNDS_AUTO);
    struct murre_store *store = murre_store_new(engine, NULL);
    cr_assert_not_null(store);
    murre_engine_unref(engine);
    return store;
}

static void func_type(struct builder *b, const uint8_t *types, uint32_t count, bool results) {
    build(b, 0x60);
    build_u32(b, count);
    build_raw(b, types, count);
    build_u32(b, results ? count : 0);
    if (results)
        build_raw(b, types, count);
}

/* Type 0 takes and returns all of types. Imports "h" "f" of that type. Exports "back", which returns its parameters; "host", which hands them to the
 * import; "deep", which hands them to "host"; "table", which does so by the table. */
static struct builder identity_module(const uint8_t *types, uint32_t count) {
    struct builder b = build_module();
    build_section(&b, SECTION_TYPE);
    build_u32(&b, 1);
    func_type(&b, types, count, true);
    build_close(&b);
    build_section(&b, SECTION_IMPORT);
    build_u32(&b, 1);
    build_name(&b, "h");
    build_name(&b, "f");
    build(&b, 0x00, 0x00);
    build_close(&b);
    build_whole(&b, SECTION_FUNCTION, 4, 0, 0, 0, 0);
    build_whole(&b, SECTION_TABLE, 1, 0x70, 0x00, 2);
    build_section(&b, SECTION_EXPORT);
    build_u32(&b, 4);
    static const char *const names[] = {"back", "host", "deep", "table"};
    for (unsigned i = 0; i < 4; i++) {
        build_name(&b, names[i]);
        build(&b, 0x00, (uint8_t)(i + 1));
    }
    build_close(&b);
    build_whole(&b, SECTION_ELEMENT, 1, 0, 0x41, 0, 0x0b, 2, 0, 2);
    build_section(&b, SECTION_CODE);
    build_u32(&b, 4);
    for (unsigned f = 0; f < 4; f++) {
        build_body(&b);
        build(&b, 0);
        for (uint32_t i = 0; i < count; i++) {
            build(&b, 0x20);
            build_u32(&b, i);
        }
        if (f == 1)
            build(&b, 0x10, 0);
        if (f == 2)
            build(&b, 0x10, 2);
        if (f == 3)
            build(&b, 0x41, 1, 0x11, 0, 0);
        build(&b, 0x0b);
        build_close(&b);
    }
    build_close(&b);
    return b;
}

static unsigned host_calls;

static struct murre_trap *host_identity(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)caller;
    host_calls++;
    memmove(results, args, *(uint32_t *)env * sizeof *args);
    return NULL;
}

static uint64_t significant(uint8_t type, uint64_t bits) {
    return type == I32 || type == F32 ? (uint32_t)bits : bits;
}

/* What the host or the guest gives for a slot. */
static uint64_t slot_value(uint32_t slot, unsigned round) {
    return 0x3ff0000040000000u + ((uint64_t)slot << 33 | slot << 3 | round);
}

static void check_identity(enum murre_tier tier, const uint8_t *types, uint32_t count) {
    struct murre_store *store = new_store(tier);
    struct builder b = identity_module(types, count);
    struct murre_module *module = test_module(murre_store_engine(store), &b);
    murre_valtype values[MOST];
    uint8_t of_slot[2 * MOST];
    uint32_t slot_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        values[i] = types[i];
        for (uint32_t s = murre_valtype_slots(types[i]); s; s--)
            of_slot[slot_count++] = types[i];
    }
    struct murre_functype type = {values, values, count, count};
    struct murre_extern import = {.kind = MURRE_EXTERN_FUNC,
                                  .of.func = murre_func_new(store, &type, host_identity, &slot_count, NULL, NULL)};
    cr_assert_not_null(import.of.func);
    struct murre_instance *instance = murre_instance_new(store, module, &import, 1, NULL, NULL);
    cr_assert_not_null(instance);
    static const char *const names[] = {"back", "host", "deep", "table"};
    for (unsigned round = 0; round < 6; round++)
        for (unsigned f = 0; f < 5; f++) {
            union murre_slot slots[2 * MOST + 1];
            for (uint32_t i = 0; i < slot_count; i++)
                slots[i].u64 = slot_value(i, round);
            slots[slot_count].u64 = 77;
            host_calls = 0;
            struct murre_func *func = f < 4 ? test_func(instance, names[f]) : import.of.func;
            cr_assert_null(murre_func_call(store, func, slots));
            cr_assert_eq(host_calls, f != 0);
            for (uint32_t i = 0; i < slot_count; i++)
                cr_assert_eq(significant(of_slot[i], slots[i].u64), significant(of_slot[i], slot_value(i, round)),
                             "tier %d, function %u, slot %u of %u", tier, f, i, slot_count);
            cr_assert_eq(slots[slot_count].u64, 77u, "nothing is written behind");
        }
    murre_module_unref(module);
    murre_store_delete(store);
}

Test(calls, values_of_every_shape_go_through) {
    static const char *const shapes[] = {
        "",
        "i",
        "l",
        "f",
        "d",
        "il",
        "fd",
        "iiiii",
        "iiiiii",
        "llllllllll",
        "dddddddd",
        "fffffffffff",
        "ifldifldifldifldifldifld",
        "dfdfdfdfdfdfdfdfdfilililililil",
        "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii",
        "v",
        "ivdvlf",
        "vvvvvvvvv",
        "iiiivfffffffvddvilvlivfv",
    };
    FOR_EACH_TIER(tier)
    for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        uint8_t types[MOST];
        uint32_t count = 0;
        for (const char *c = shapes[i]; *c; c++)
            types[count++] = *c == 'i' ? I32 : *c == 'l' ? I64 : *c == 'f' ? F32 : *c == 'd' ? F64 : V128;
        check_identity(tier, types, count);
    }
}

/* ---- the caller that a host function sees ---- */

static struct murre_instance *seen_caller;
static struct murre_trap *note_caller(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)args;
    (void)results;
    cr_assert_eq(murre_caller_store(caller), env);
    seen_caller = murre_caller_instance(caller);
    return NULL;
}

/* Imports a host function and another function and a table. Exports "direct", which calls the first, "other", which calls the second, "indirect",
 * which calls the table's first. */
static struct builder caller_module(void) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 0, 0);
    build_section(&b, SECTION_IMPORT);
    build_u32(&b, 3);
    build_name(&b, "h"), build_name(&b, "a"), build(&b, 0x00, 0x00);
    build_name(&b, "h"), build_name(&b, "b"), build(&b, 0x00, 0x00);
    build_name(&b, "h"), build_name(&b, "t"), build(&b, 0x01, 0x70, 0x00, 1);
    build_close(&b);
    build_whole(&b, SECTION_FUNCTION, 3, 0, 0, 0);
    build_section(&b, SECTION_EXPORT);
    build_u32(&b, 3);
    build_name(&b, "direct"), build(&b, 0x00, 2);
    build_name(&b, "other"), build(&b, 0x00, 3);
    build_name(&b, "indirect"), build(&b, 0x00, 4);
    build_close(&b);
    build_whole(&b, SECTION_CODE, 3, 4, 0, 0x10, 0, 0x0b, 4, 0, 0x10, 1, 0x0b, 7, 0, 0x41, 0, 0x11, 0, 0, 0x0b);
    return b;
}

Test(calls, a_host_function_sees_the_instance_that_calls_it) {
    FOR_EACH_TIER(tier) {
        struct murre_store *store = new_store(tier);
        struct builder b = caller_module();
        struct murre_module *module = test_module(murre_store_engine(store), &b);
        struct murre_functype type = {0};
        struct murre_func *host = murre_func_new(store, &type, note_caller, store, NULL, NULL);
        struct murre_table *table = murre_table_new(store, MURRE_FUNCREF, (struct murre_limits){.min = 1}, host, NULL);
        struct murre_extern imports[3] = {
            {.kind = MURRE_EXTERN_FUNC, .of.func = host},
            {.kind = MURRE_EXTERN_FUNC, .of.func = host},
            {.kind = MURRE_EXTERN_TABLE, .of.table = table},
        };
        struct murre_instance *one = murre_instance_new(store, module, imports, 3, NULL, NULL);
        cr_assert_not_null(one);
        imports[1].of.func = test_func(one, "direct");
        struct murre_instance *two = murre_instance_new(store, module, imports, 3, NULL, NULL);
        cr_assert_not_null(two);
        for (unsigned round = 0; round < 3; round++) {
            union murre_slot slot;
            seen_caller = NULL;
            cr_assert_null(murre_func_call(store, test_func(one, "direct"), &slot));
            cr_assert_eq(seen_caller, one);
            cr_assert_null(murre_func_call(store, test_func(two, "direct"), &slot));
            cr_assert_eq(seen_caller, two);
            cr_assert_null(murre_func_call(store, test_func(two, "other"), &slot));
            cr_assert_eq(seen_caller, one, "through the function that was imported");
            cr_assert_null(murre_func_call(store, test_func(two, "indirect"), &slot));
            cr_assert_eq(seen_caller, two);
            cr_assert_null(murre_func_call(store, host, &slot));
            cr_assert_null(seen_caller);
        }
        murre_module_unref(module);
        murre_store_delete(store);
    }
}

/* ---- nesting ---- */

/* Type 0: i32 to i32. Imports "h" "f". "go": n ? f(n - 1) + 1 : 0. "forever": calls itself. "big": calls itself with many locals. */
static struct builder nest_module(void) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 1, I32, 1, I32);
    build_section(&b, SECTION_IMPORT);
    build_u32(&b, 1);
    build_name(&b, "h"), build_name(&b, "f"), build(&b, 0x00, 0x00);
    build_close(&b);
    build_whole(&b, SECTION_FUNCTION, 3, 0, 0, 0);
    build_section(&b, SECTION_EXPORT);
    build_u32(&b, 3);
    build_name(&b, "go"), build(&b, 0x00, 1);
    build_name(&b, "forever"), build(&b, 0x00, 2);
    build_name(&b, "big"), build(&b, 0x00, 3);
    build_close(&b);
    build_section(&b, SECTION_CODE);
    build_u32(&b, 3);
    build_body(&b);
    build(&b, 0, 0x20, 0, 0x04, I32, 0x20, 0, 0x41, 1, 0x6b, 0x10, 0, 0x41, 1, 0x6a, 0x05, 0x41, 0, 0x0b, 0x0b);
    build_close(&b);
    build_body(&b);
    build(&b, 0, 0x20, 0, 0x41, 1, 0x6a, 0x10, 2, 0x41, 1, 0x6a, 0x0b);
    build_close(&b);
    /* A thousand locals, each set from the parameter and read behind the call. */
    build_body(&b);
    build(&b, 1, 0xe8, 7, I32);
    for (uint32_t i = 1; i <= 1000; i++) {
        build(&b, 0x20, 0, 0x41);
        build_s64(&b, i);
        build(&b, 0x6a, 0x21);
        build_u32(&b, i);
    }
    build(&b, 0x20, 0, 0x10, 3);
    for (uint32_t i = 1; i <= 1000; i++) {
        build(&b, 0x20);
        build_u32(&b, i);
        build(&b, 0x6a);
    }
    build(&b, 0x0b);
    build_close(&b);
    build_close(&b);
    return b;
}

struct nest {
    struct murre_store *store;
    struct murre_func *back; /* that the host calls */
    unsigned depth, deepest;
    bool trap_at_zero;
};

static struct murre_trap *nest_host(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)caller;
    struct nest *nest = env;
    union murre_slot slot = args[0];
    if (slot.i32 == 0 && nest->trap_at_zero)
        return murre_trap_new("the bottom");
    nest->depth++;
    if (nest->depth > nest->deepest)
        nest->deepest = nest->depth;
    struct murre_trap *trap = murre_func_call(nest->store, nest->back, &slot);
    nest->depth--;
    results[0] = slot;
    return trap;
}

static struct murre_instance *nest_instance(struct nest *nest, enum murre_tier tier) {
    nest->store = new_store(tier);
    struct builder b = nest_module();
    struct murre_module *module = test_module(murre_store_engine(nest->store), &b);
    const murre_valtype types[] = {MURRE_I32};
    struct murre_functype type = {types, types, 1, 1};
    struct murre_extern import = {.kind = MURRE_EXTERN_FUNC, .of.func = murre_func_new(nest->store, &type, nest_host, nest, NULL, NULL)};
    struct murre_instance *instance = murre_instance_new(nest->store, module, &import, 1, NULL, NULL);
    cr_assert_not_null(instance);
    murre_module_unref(module);
    nest->back = test_func(instance, "go");
    return instance;
}

Test(calls, host_and_wasm_call_each_other_to_any_depth) {
    FOR_EACH_TIER(tier) {
        struct nest nest = {0};
        nest_instance(&nest, tier);
        for (int n = 0; n < 100; n += 33) {
            union murre_slot slot = {.i32 = n};
            cr_assert_null(murre_func_call(nest.store, nest.back, &slot));
            cr_assert_eq(slot.i32, n);
        }
        cr_assert_eq(nest.deepest, 99);
        murre_store_delete(nest.store);
    }
}

Test(calls, a_trap_goes_through_all_hosts_with_the_whole_backtrace) {
    FOR_EACH_TIER(tier) {
        struct nest nest = {.trap_at_zero = true};
        struct murre_instance *instance = nest_instance(&nest, tier);
        for (unsigned round = 0; round < 3; round++) {
            union murre_slot slot = {.i32 = 20};
            struct murre_trap *trap = murre_func_call(nest.store, nest.back, &slot);
            cr_assert_not_null(trap);
            cr_assert_eq(murre_trap_kind(trap), MURRE_TRAP_HOST);
            cr_assert_str_eq(murre_trap_message(trap), "the bottom");
            cr_assert_eq(murre_trap_depth(trap), 20, "tier %d: %u", tier, murre_trap_depth(trap));
            cr_assert_eq(murre_trap_frame_count(trap), 20);
            for (uint32_t i = 0; i < 20; i++) {
                struct murre_frame frame;
                cr_assert(murre_trap_frame(trap, i, &frame));
                cr_assert_eq(frame.instance, instance);
                cr_assert_eq(frame.func_index, 1);
            }
            cr_assert_not(murre_trap_frame(trap, 20, &(struct murre_frame){0}));
            murre_trap_delete(trap);
            cr_assert_eq(nest.depth, 0);
        }
        murre_store_delete(nest.store);
    }
}

/* ---- exhausted stacks ---- */

static void check_exhaustion(struct nest *nest, struct murre_instance *instance, const char *name) {
    for (unsigned round = 0; round < 3; round++) {
        union murre_slot slot = {.i32 = 0};
        struct murre_trap *trap = murre_func_call(nest->store, test_func(instance, name), &slot);
        cr_assert_not_null(trap);
        cr_assert_eq(murre_trap_kind(trap), MURRE_TRAP_STACK, "%s: %s", name, murre_trap_message(trap));
        cr_assert_gt(murre_trap_depth(trap), 3, "%s: %u", name, murre_trap_depth(trap));
        cr_assert_leq(murre_trap_frame_count(trap), 64);
        murre_trap_delete(trap);
        slot.i32 = 5;
        cr_assert_null(murre_func_call(nest->store, nest->back, &slot));
        cr_assert_eq(slot.i32, 5, "the store goes on working");
    }
}

static void *exhaust(void *argument) {
    enum murre_tier tier = *(enum murre_tier *)argument;
    struct nest nest = {0};
    struct murre_instance *instance = nest_instance(&nest, tier);
    check_exhaustion(&nest, instance, "forever");
    check_exhaustion(&nest, instance, "big");
    union murre_slot slot = {.i32 = 1000000};
    struct murre_trap *trap = murre_func_call(nest.store, nest.back, &slot);
    cr_assert_not_null(trap, "host and Wasm in turn");
    cr_assert_eq(murre_trap_kind(trap), MURRE_TRAP_STACK);
    murre_trap_delete(trap);
    murre_store_delete(nest.store);
    return NULL;
}

Test(calls, endless_recursion_is_a_trap) {
    FOR_EACH_TIER(tier)
    exhaust(&tier);
}

Test(calls, endless_recursion_is_a_trap_on_small_stacks_too) {
    static const size_t sizes[] = {64 * 1024, 256 * 1024, 1024 * 1024};
    FOR_EACH_TIER(tier)
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        pthread_attr_t attr;
        pthread_attr_init(&attr);
        size_t least = (size_t)sysconf(_SC_THREAD_STACK_MIN);
        cr_assert_eq(pthread_attr_setstacksize(&attr, sizes[i] > least ? sizes[i] : least), 0);
        pthread_t thread;
        cr_assert_eq(pthread_create(&thread, &attr, exhaust, &tier), 0);
        pthread_join(thread, NULL);
        pthread_attr_destroy(&attr);
    }
}

/* ---- threads ---- */

static void *call_in_thread(void *argument) {
    struct nest *nest = argument;
    union murre_slot slot = {.i32 = 7};
    struct murre_trap *trap = murre_func_call(nest->store, nest->back, &slot);
    murre_trap_delete(trap);
    return (void *)(intptr_t)(trap || slot.i32 != 7);
}

Test(calls, a_store_may_go_from_thread_to_thread) {
    FOR_EACH_TIER(tier) {
        struct nest nest = {0};
        nest_instance(&nest, tier);
        for (unsigned i = 0; i < 20; i++) {
            pthread_t thread;
            void *failed = NULL;
            if (i % 3 == 0) {
                failed = call_in_thread(&nest);
            } else {
                cr_assert_eq(pthread_create(&thread, NULL, call_in_thread, &nest), 0);
                pthread_join(thread, &failed);
            }
            cr_assert_null(failed);
        }
        murre_store_delete(nest.store);
    }
}

static void *run_own_store(void *argument) {
    enum murre_tier tier = *(enum murre_tier *)argument;
    struct nest nest = {0};
    nest_instance(&nest, tier);
    for (int i = 0; i < 2000; i++) {
        union murre_slot slot = {.i32 = i % 20};
        cr_assert_null(murre_func_call(nest.store, nest.back, &slot));
        cr_assert_eq(slot.i32, i % 20);
    }
    murre_store_delete(nest.store);
    return NULL;
}

Test(calls, stores_run_side_by_side) {
    FOR_EACH_TIER(tier) {
        pthread_t threads[4];
        for (unsigned i = 0; i < 4; i++)
            cr_assert_eq(pthread_create(&threads[i], NULL, run_own_store, &tier), 0);
        for (unsigned i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
    }
}

/* ---- values of two slots -------------------------------------------------------------------------------------------------------------- */

/* i32 v128 f64 v128 i64 f32 → v128 i32, with both sides of the convention played here, so that each is tested where functions with vectors are not compiled. */
static const murre_valtype wide_params[] = {MURRE_I32, MURRE_V128, MURRE_F64, MURRE_V128, MURRE_I64, MURRE_F32};
static const murre_valtype wide_results[] = {MURRE_V128, MURRE_I32};
enum { WIDE_PARAMS = 8, WIDE_RESULTS = 3 }; /* slots */

static void fill_wide(union murre_slot *slots) {
    for (unsigned i = 0; i < WIDE_PARAMS; i++)
        slots[i].u64 = 100 + i;
    slots[3].f64 = 2.5;
    slots[7].u64 = 0;
    slots[7].f32 = 1.25f;
}

static void check_wide(uint64_t a, uint64_t low, uint64_t high, double d, uint64_t low2, uint64_t high2, uint64_t e, float f) {
    cr_expect(a == 100 && low == 101 && high == 102 && d == 2.5 && low2 == 104 && high2 == 105 && e == 106 && f == 1.25f);
}

static void give_wide(union murre_slot *results) {
    for (unsigned i = 0; i < WIDE_RESULTS; i++)
        results[i].u64 = 200 + i;
}

static struct murre_trap *wide_host(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)env, (void)caller;
    host_calls++;
    check_wide(args[0].u64, args[1].u64, args[2].u64, args[3].f64, args[4].u64, args[5].u64, args[6].u64, args[7].f32);
    give_wide(results);
    return NULL;
}

static void wide_compiled(struct murre_host_func *host, uint64_t a, uint64_t low, uint64_t high, double d, uint64_t low2, uint64_t high2,
                          uint64_t e, float f) {
    host_calls++;
    check_wide(a, low, high, d, low2, high2, e, f);
    give_wide(host->store->results);
}

static struct murre_func *wide_func(struct murre_store *store) {
    const struct murre_functype type = {wide_params, wide_results, sizeof wide_params / sizeof *wide_params, 2};
    struct murre_error error;
    struct murre_func *func = murre_func_new(store, &type, wide_host, NULL, NULL, &error);
    cr_assert_not_null(func, "%s", error.message);
    cr_assert_eq(murre_func_signature(func)->param_slots, (uint32_t)WIDE_PARAMS);
    cr_assert_eq(murre_func_signature(func)->result_slots, (uint32_t)WIDE_RESULTS);
    return func;
}

static void expect_wide_results(const union murre_slot *results) {
    for (unsigned i = 0; i < WIDE_RESULTS; i++)
        cr_expect_eq(results[i].u64, 200 + i, "slot %u", i);
}

Test(calls, a_value_of_two_slots_counts_as_two_for_the_host) {
    struct murre_store *store = new_store(MURRE_TIER_INTERP);
    union murre_slot slots[WIDE_PARAMS + 1] = {[WIDE_PARAMS] = {.u64 = 77}};
    fill_wide(slots);
    host_calls = 0;
    cr_assert_null(murre_func_call(store, wide_func(store), slots));
    cr_expect_eq(host_calls, 1u);
    expect_wide_results(slots);
    cr_expect_eq(slots[WIDE_PARAMS].u64, 77u, "nothing is written behind");
    murre_store_delete(store);
}

/* Entered as compiled code is. */
Test(calls, a_value_of_two_slots_counts_as_two_on_the_way_in) {
    struct murre_store *store = new_store(MURRE_TIER_INTERP);
    struct murre_func *func = wide_func(store);
    atomic_store(&func->entry, (void *)wide_compiled);
    union murre_slot slots[WIDE_PARAMS];
    fill_wide(slots);
    host_calls = 0;
    murre_call_native(store, func, slots);
    cr_expect_eq(host_calls, 1u);
    expect_wide_results(slots);
    murre_store_delete(store);
}

/* Called as compiled code calls: what murre_arch_exit hands over, on either processor. */
Test(calls, a_value_of_two_slots_counts_as_two_on_the_way_out) {
    struct murre_store *store = new_store(MURRE_TIER_INTERP);
    union murre_slot slots[WIDE_PARAMS];
    uint64_t stack[WIDE_PARAMS];
    struct murre_arch_exit_frame frame = {.stack = stack};
    struct murre_native_run run = {.outer = NULL};
    unsigned ints = 1, on_stack = 0;
    fill_wide(slots);
    frame.ints[0] = (uint64_t)(uintptr_t)wide_func(store);
    frame.floats[0] = slots[3].u64;
    frame.floats[1] = slots[7].u64;
    for (unsigned i = 0; i < WIDE_PARAMS; i++)
        if (i != 3 && i != 7 && ints < murre_arch_int_registers)
            frame.ints[ints++] = slots[i].u64;
        else if (i != 3 && i != 7)
            stack[on_stack++] = slots[i].u64;
    store->native = &run;
    host_calls = 0;
    cr_expect_null(murre_call_exit(&frame));
    store->native = NULL;
    cr_expect_eq(host_calls, 1u);
    expect_wide_results(store->results);
    murre_store_delete(store);
}
