/* The registry of function types: equal types have equal ids; ids are released. */
#include "runtime/types.h"

#include <criterion/criterion.h>
#include <string.h>

#include "support/build.h"

static struct murre_engine *engine;

static void setup(void) {
    engine = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO);
}
static void teardown(void) {
    murre_engine_unref(engine);
}
TestSuite(types, .init = setup, .fini = teardown);

static struct murre_type type_of(const murre_valtype *params, uint32_t param_count, const murre_valtype *results, uint32_t result_count) {
    return (struct murre_type){
        .func = {params, results, param_count, result_count}, .param_slots = param_count, .result_slots = result_count};
}

static bool intern(const struct murre_type *types, uint32_t count, uint32_t *ids) {
    bool all = true;
    for (uint32_t i = 0; i < count; i++)
        all = (ids[i] = murre_types_intern(engine, &types[i].func)) && all;
    return all;
}
static void release(const uint32_t *ids, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        murre_types_release(engine, ids[i]);
}

Test(types, equal_types_have_one_id_wherever_they_come_from) {
    murre_valtype a[] = {MURRE_I32, MURRE_I64}, b[] = {MURRE_I32, MURRE_I64};
    struct murre_type types[] = {type_of(a, 2, NULL, 0), type_of(b, 2, NULL, 0), type_of(a, 1, a + 1, 1), type_of(NULL, 0, b, 2)};
    uint32_t ids[4];
    cr_assert(intern(types, 4, ids));
    cr_assert_eq(ids[0], ids[1]);
    cr_assert_neq(ids[0], ids[2]);
    cr_assert_neq(ids[0], ids[3]);
    cr_assert_neq(ids[2], ids[3]);
    cr_assert_neq(ids[0], 0);
    cr_assert_eq(murre_types_count(engine), 3);
    release(ids, 4);
    cr_assert_eq(murre_types_count(engine), 0);
}

Test(types, an_id_lives_as_long_as_one_user) {
    murre_valtype a[] = {MURRE_F64};
    struct murre_type type = type_of(a, 1, NULL, 0);
    uint32_t first, second, third;
    cr_assert(intern(&type, 1, &first));
    cr_assert(intern(&type, 1, &second));
    release(&first, 1);
    cr_assert(intern(&type, 1, &third));
    cr_assert_eq(third, second);
    release(&second, 1);
    release(&third, 1);
    cr_assert_eq(murre_types_count(engine), 0);
}

Test(types, many_types_stay_apart_and_ids_are_used_again) {
    enum { COUNT = 20000 };
    static murre_valtype values[COUNT][16];
    static struct murre_type types[COUNT];
    static uint32_t ids[COUNT], again[COUNT];
    static const murre_valtype kinds[] = {MURRE_I32, MURRE_I64, MURRE_F32, MURRE_F64};
    for (unsigned i = 0; i < COUNT; i++) {
        for (unsigned j = 0; j < 16; j++)
            values[i][j] = kinds[i >> (2 * (j % 8)) & 3];
        types[i] = type_of(values[i], 16, NULL, 0);
    }
    cr_assert(intern(types, COUNT, ids));
    cr_assert_eq(murre_types_count(engine), COUNT);
    cr_assert(intern(types, COUNT, again));
    cr_assert_eq(memcmp(ids, again, sizeof ids), 0);
    release(ids, COUNT);
    release(again, COUNT);
    cr_assert_eq(murre_types_count(engine), 0);
    cr_assert(intern(types, COUNT, ids));
    for (unsigned i = 0; i < COUNT; i++)
        cr_assert_leq(ids[i], COUNT);
    release(ids, COUNT);
}

static struct murre_trap *never_called(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)env, (void)caller, (void)args, (void)results;
    return murre_trap_new("called");
}

Test(types, modules_and_host_functions_share_ids_and_give_them_back) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 2, 0x60, 1, 0x7f, 0, 0x60, 0, 1, 0x7f);
    struct murre_module *module = test_module(engine, &b);
    struct murre_store *store = murre_store_new(engine, NULL);
    murre_valtype i32 = MURRE_I32;
    struct murre_functype type = {&i32, NULL, 1, 0};
    struct murre_func *func = murre_func_new(store, &type, never_called, NULL, NULL, NULL);
    cr_assert_not_null(func);
    cr_assert_eq(func->type_id, module->type_ids[0]);
    cr_assert_eq(murre_types_count(engine), 2);
    murre_module_unref(module);
    cr_assert_eq(murre_types_count(engine), 1);
    murre_store_delete(store);
    cr_assert_eq(murre_types_count(engine), 0);
}
