/* Past faults in what the front end knows of operands, in every tier. */
#include <criterion/criterion.h>

#include "support/build.h"

enum { I32 = 0x7f, FUNCREF = 0x70, RESULTS = 6 };

/* Four values that are computed, a local and a constant: some in their homes, some not. */
static void put_values(struct builder *b) {
    for (uint8_t i = 1; i <= 4; i++)
        build(b, 0x20, 1, 0x41, i, 0x6a);
    build(b, 0x20, 1, 0x41, 9);
}

/* "if": br_if to the function's end, then the local changes. "table": a table to the function's end or that of a block, behind which the last
 * value is another. Both of type (i32 way, i32 value) to six of i32. */
static struct builder module_of_returns(void) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 2, 0x60, 2, I32, I32, RESULTS, I32, I32, I32, I32, I32, I32, 0x60, 0, RESULTS, I32, I32, I32, I32, I32,
                I32);
    build_whole(&b, SECTION_FUNCTION, 2, 0, 0);
    build_section(&b, SECTION_EXPORT);
    build(&b, 2);
    build_name(&b, "if");
    build(&b, 0, 0);
    build_name(&b, "table");
    build(&b, 0, 1);
    build_close(&b);
    build_section(&b, SECTION_CODE);
    build(&b, 2);
    build_body(&b);
    build(&b, 0);
    put_values(&b);
    build(&b, 0x20, 0, 0x0d, 0, 0x41, 0xcd, 0, 0x21, 1, 0x0b);
    build_close(&b);
    build_body(&b);
    build(&b, 0, 0x02, 1);
    put_values(&b);
    build(&b, 0x20, 0, 0x0e, 2, 1, 0, 1, 0x0b, 0x1a, 0x41, 5, 0x0b);
    build_close(&b);
    build_close(&b);
    return b;
}

static void check(struct murre_store *store, struct murre_instance *instance, const char *name, uint32_t way, uint32_t last) {
    union murre_slot slots[RESULTS] = {{.u32 = way}, {.u32 = 100}};
    const uint32_t want[RESULTS] = {101, 102, 103, 104, 100, last};
    cr_assert_null(murre_func_call(store, test_func(instance, name), slots));
    for (unsigned i = 0; i < RESULTS; i++)
        cr_assert_eq(slots[i].u32, want[i], "%s, way %u, result %u: %u", name, way, i, slots[i].u32);
}

Test(operands, a_return_on_one_way_leaves_the_values_of_the_other_where_they_were) {
    FOR_EACH_TIER(tier) {
        struct murre_engine *engine = test_engine(tier, MURRE_BOUNDS_AUTO);
        struct murre_store *store = murre_store_new(engine, NULL);
        struct builder b = module_of_returns();
        struct murre_instance *instance = test_instance(store, &b);
        for (unsigned round = 0; round < 4; round++) {
            check(store, instance, "if", 0, 9);
            check(store, instance, "if", 1, 9);
            check(store, instance, "table", 0, 9);
            check(store, instance, "table", 1, 5);
            check(store, instance, "table", 2, 9);
        }
        murre_store_delete(store);
        murre_engine_unref(engine);
    }
}

/* (i32, funcref) to i32: local.get 1, ref.is_null, local.tee 0. */
Test(operands, ref_is_null_looks_at_its_operand_where_a_local_takes_the_result) {
    FOR_EACH_TIER(tier) {
        struct murre_engine *engine = test_engine(tier, MURRE_BOUNDS_AUTO);
        struct murre_store *store = murre_store_new(engine, NULL);
        struct builder b = build_module();
        build_whole(&b, SECTION_TYPE, 1, 0x60, 2, I32, FUNCREF, 1, I32);
        build_whole(&b, SECTION_FUNCTION, 1, 0);
        build_section(&b, SECTION_EXPORT);
        build(&b, 1);
        build_name(&b, "f");
        build(&b, 0, 0);
        build_close(&b);
        build_whole(&b, SECTION_CODE, 1, 7, 0, 0x20, 1, 0xd1, 0x22, 0, 0x0b);
        struct murre_instance *instance = test_instance(store, &b);
        for (unsigned round = 0; round < 4; round++) {
            union murre_slot slots[2] = {{.u32 = 5}, {.ref = NULL}};
            cr_assert_null(murre_func_call(store, test_func(instance, "f"), slots));
            cr_assert_eq(slots[0].u32, 1);
            slots[0].u32 = 0;
            slots[1].ref = test_func(instance, "f");
            cr_assert_null(murre_func_call(store, test_func(instance, "f"), slots));
            cr_assert_eq(slots[0].u32, 0);
        }
        murre_store_delete(store);
        murre_engine_unref(engine);
    }
}
