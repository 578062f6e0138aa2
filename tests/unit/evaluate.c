/* Constant expressions: every instruction that is allowed in one, and depth. */
#include <criterion/criterion.h>
#include <string.h>

#include "runtime/runtime.h"
#include "support/build.h"

static struct murre_engine *engine;
static struct murre_store *store;

static void setup(void) {
    engine = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO);
    store = murre_store_new(engine, NULL);
    cr_assert_not_null(store);
}
static void teardown(void) {
    murre_store_delete(store);
    murre_engine_unref(engine);
}
TestSuite(evaluate, .init = setup, .fini = teardown);

/* A module with one global of that type and initialiser (its end left out). */
#define VALUE_OF(type, ...)                                              \
    ({                                                                   \
        struct builder b_ = build_module();                              \
        build_whole(&b_, SECTION_GLOBAL, 1, type, 0, __VA_ARGS__, 0x0b); \
        murre_instance_global(test_instance(store, &b_), 0)->value[0];   \
    })

Test(evaluate, constants) {
    cr_assert_eq(VALUE_OF(0x7f, 0x41, 0x7f).i32, -1);
    cr_assert_eq(VALUE_OF(0x7f, 0x41, 0xff, 0xff, 0xff, 0xff, 0x07).i32, INT32_MAX);
    cr_assert_eq(VALUE_OF(0x7e, 0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f).i64, INT64_MIN);
    cr_assert_eq(VALUE_OF(0x7d, 0x43, 0, 0, 0xc0, 0x3f).f32, 1.5f);
    cr_assert_eq(VALUE_OF(0x7c, 0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0xbf).f64, -1.0);
    cr_assert_null(VALUE_OF(0x70, 0xd0, 0x70).ref);
    cr_assert_null(VALUE_OF(0x6f, 0xd0, 0x6f).ref);
}

Test(evaluate, signalling_nans_keep_their_bits) {
    cr_assert_eq(VALUE_OF(0x7d, 0x43, 1, 0, 0xa0, 0x7f).u32, 0x7fa00001);
    cr_assert_eq(VALUE_OF(0x7c, 0x44, 1, 0, 0, 0, 0, 0, 0xf4, 0x7f).u64, 0x7ff4000000000001);
}

Test(evaluate, extended_arithmetic_wraps) {
    cr_assert_eq(VALUE_OF(0x7f, 0x41, 7, 0x41, 3, 0x6b).i32, 4);
    cr_assert_eq(VALUE_OF(0x7f, 0x41, 7, 0x41, 3, 0x6a, 0x41, 5, 0x6c).i32, 50);
    cr_assert_eq(VALUE_OF(0x7f, 0x41, 0xff, 0xff, 0xff, 0xff, 0x07, 0x41, 1, 0x6a).i32, INT32_MIN);
    cr_assert_eq(VALUE_OF(0x7e, 0x42, 7, 0x42, 3, 0x7d, 0x42, 0x7e, 0x7e, 0x42, 1, 0x7c).i64, -7);
}

Test(evaluate, globals_and_functions_are_named) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 0, 0);
    build_whole(&b, SECTION_IMPORT, 1, 1, 'm', 1, 'g', 3, 0x7f, 0);
    build_whole(&b, SECTION_FUNCTION, 2, 0, 0);
    build_whole(&b, SECTION_GLOBAL, 3, 0x7f, 0, 0x23, 0, 0x41, 1, 0x6a, 0x0b, 0x7f, 0, 0x23, 1, 0x23, 0, 0x6c, 0x0b, 0x70, 0, 0xd2, 1,
                0x0b);
    build_whole(&b, SECTION_CODE, 2, 2, 0, 0x0b, 2, 0, 0x0b);
    struct murre_module *module = test_module(engine, &b);
    struct murre_extern import = {.kind = MURRE_EXTERN_GLOBAL};
    import.of.global = murre_global_new(store, MURRE_I32, false, &(const union murre_slot){.i32 = 6}, NULL);
    struct murre_instance *instance = murre_instance_new(store, module, &import, 1, NULL, NULL);
    murre_module_unref(module);
    cr_assert_not_null(instance);
    cr_assert_eq(murre_instance_global(instance, 1)->value[0].i32, 7);
    cr_assert_eq(murre_instance_global(instance, 2)->value[0].i32, 42);
    cr_assert_eq(murre_instance_global(instance, 3)->value[0].ref, murre_instance_func(instance, 1));
}

Test(evaluate, depth_is_bounded_by_memory_only) {
    enum { DEPTH = 20000 };
    struct builder b = build_module();
    build_section(&b, SECTION_GLOBAL);
    build(&b, 1, 0x7e, 0);
    for (int i = 0; i < DEPTH; i++)
        build(&b, 0x42, 3);
    for (int i = 1; i < DEPTH; i++)
        build(&b, 0x7c);
    build(&b, 0x0b);
    build_close(&b);
    cr_assert_eq(murre_instance_global(test_instance(store, &b), 0)->value[0].i64, 3 * DEPTH);
}
