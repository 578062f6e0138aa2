/* Imports that nobody provides and that the linker replaces. */
#include <criterion/criterion.h>
#include <string.h>

#include "support/build.h"

static struct murre_engine *engine;
static struct murre_store *store;
static struct murre_linker *linker;

static void set_up(void) {
    engine = test_engine(MURRE_TIER_AUTO, MURRE_BOUNDS_AUTO);
    store = murre_store_new(engine, NULL);
    linker = murre_linker_new(engine, NULL);
    cr_assert(store && linker);
}
static void tear_down(void) {
    murre_linker_delete(linker);
    murre_store_delete(store);
    murre_engine_unref(engine);
}
TestSuite(unknown, .init = set_up, .fini = tear_down);

/* f: (i32) -> (i64, f64, externref), and a function "call" that passes 1 to it and returns what it gives; with others, also a global, a mutable
 * one, a table of 2 to 3 and a memory of 1 to 2 pages, which are exported again. */
static struct murre_module *make_module(bool others) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 2, 0x60, 1, 0x7f, 3, 0x7e, 0x7c, 0x6f, 0x60, 0, 3, 0x7e, 0x7c, 0x6f);
    build_section(&b, SECTION_IMPORT);
    build(&b, others ? 5 : 1, 1, 'm', 1, 'f', 0, 0);
    if (others)
        build(&b, 1, 'm', 1, 'g', 3, 0x7e, 0, 1, 'm', 1, 'v', 3, 0x7f, 1, 1, 'm', 1, 't', 1, 0x70, 1, 2, 3, 1, 'm', 1, 'm', 2, 1, 1, 2);
    build_close(&b);
    build_whole(&b, SECTION_FUNCTION, 1, 1);
    build_section(&b, SECTION_EXPORT);
    build(&b, others ? 5 : 1);
    build_name(&b, "call");
    build(&b, 0, 1);
    if (others)
        build(&b, 1, 'g', 3, 0, 1, 'v', 3, 1, 1, 't', 1, 0, 1, 'm', 2, 0);
    build_close(&b);
    build_whole(&b, SECTION_CODE, 1, 6, 0, 0x41, 1, 0x10, 0, 0x0b);
    return test_module(engine, &b);
}

static enum murre_status try(struct murre_module *module, enum murre_unknown how, struct murre_instance **instance) {
    struct murre_error error = {.status = MURRE_OK};
    *instance = NULL;
    enum murre_status status = murre_linker_define_unknown(linker, store, module, how, &error);
    cr_assert_eq(status, error.status);
    if (status == MURRE_OK)
        *instance = murre_linker_instantiate(linker, store, module, NULL, &error);
    murre_module_unref(module);
    return error.status;
}

Test(unknown, functions_trap_with_their_names) {
    struct murre_instance *instance;
    union murre_slot slots[3];
    cr_assert_eq(try(make_module(false), MURRE_UNKNOWN_TRAP, &instance), MURRE_OK);
    struct murre_func *func = test_func(instance, "call");
    murre_linker_delete(linker);
    linker = NULL;
    struct murre_trap *trap = murre_func_call(store, func, slots);
    cr_assert_not_null(trap);
    cr_expect_eq(murre_trap_kind(trap), MURRE_TRAP_HOST);
    cr_expect_str_eq(murre_trap_message(trap), "unknown import called: \"m\" \"f\"");
    murre_trap_delete(trap);
}

Test(unknown, functions_give_zeros) {
    struct murre_instance *instance;
    cr_assert_eq(try(make_module(false), MURRE_UNKNOWN_ZERO, &instance), MURRE_OK);
    for (int i = 0; i < 2000; i++) { /* in compiled code, too */
        union murre_slot slots[3] = {{.u64 = UINT64_MAX}, {.u64 = UINT64_MAX}, {.u64 = UINT64_MAX}};
        cr_assert_null(murre_func_call(store, test_func(instance, "call"), slots));
        cr_assert(slots[0].u64 == 0 && slots[1].u64 == 0 && slots[2].ref == NULL);
    }
}

Test(unknown, other_kinds_exist_only_as_zeros) {
    struct murre_instance *instance;
    struct murre_extern item;
    struct murre_externtype type;
    void *ref = instance;
    cr_expect_eq(try(make_module(true), MURRE_UNKNOWN_TRAP, &instance), MURRE_ERROR_LINK);
    cr_assert_eq(try(make_module(true), MURRE_UNKNOWN_ZERO, &instance), MURRE_OK);
    cr_assert(murre_instance_export(instance, "g", 1, &item));
    union murre_slot value[2];
    murre_global_get(item.of.global, value);
    cr_expect_eq(value[0].i64, 0);
    cr_assert(murre_instance_export(instance, "v", 1, &item));
    cr_expect(murre_global_set(item.of.global, &(const union murre_slot){.i32 = 5}));
    cr_assert(murre_instance_export(instance, "t", 1, &item));
    murre_extern_type(&item, &type);
    cr_expect(murre_table_size(item.of.table) == 2 && type.limits.has_max && type.limits.max == 3);
    cr_expect(murre_table_get(item.of.table, 1, &ref) && ref == NULL);
    cr_assert(murre_instance_export(instance, "m", 1, &item));
    cr_expect_eq(murre_memory_size(item.of.memory), 65536u);
    cr_expect_eq(murre_memory_grow(item.of.memory, 1), 1u);
    cr_expect_eq(murre_memory_grow(item.of.memory, 1), UINT64_MAX);
}

static struct murre_trap *seven(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)env, (void)caller, (void)args;
    results[0].i64 = 7;
    results[1].f64 = 0;
    results[2].ref = NULL;
    return NULL;
}

Test(unknown, what_is_defined_stays) {
    const murre_valtype param = MURRE_I32, results[] = {MURRE_I64, MURRE_F64, MURRE_EXTERNREF};
    struct murre_functype type = {&param, results, 1, 3};
    struct murre_instance *instance;
    union murre_slot slots[3];
    cr_assert_eq(murre_linker_define_func(linker, "m", "f", &type, seven, NULL, NULL), MURRE_OK);
    cr_assert_eq(try(make_module(false), MURRE_UNKNOWN_TRAP, &instance), MURRE_OK);
    cr_assert_null(murre_func_call(store, test_func(instance, "call"), slots));
    cr_expect_eq(slots[0].i64, 7);
    /* Also of a wrong type, which is said as ever. */
    type.result_count = 1;
    cr_assert_eq(murre_linker_define_func(linker, "m", "f", &type, seven, NULL, NULL), MURRE_OK);
    cr_expect_eq(try(make_module(false), MURRE_UNKNOWN_ZERO, &instance), MURRE_ERROR_LINK);
}

Test(unknown, limits_of_the_store_hold) {
    struct murre_store_limits limits = {.table_elements = 1};
    struct murre_instance *instance;
    murre_store_set_limits(store, &limits);
    cr_expect_eq(try(make_module(true), MURRE_UNKNOWN_ZERO, &instance), MURRE_ERROR_LIMIT);
    cr_expect_eq(murre_linker_define_unknown(linker, store, NULL, (enum murre_unknown)2, NULL), MURRE_ERROR_ARGUMENT);
}
