/* Typed function references between modules and from the embedder's side: types are equal by their recursion groups, functions link by subtyping, and
 * what the embedder hands over is checked. */
#include <criterion/criterion.h>
#include <string.h>

#include "murre.h"
#include "support/build.h"
#include "wasm.h"

/* rec { $a = sub func((ref null $b)) -> i32, $b = sub func((ref null $a)) -> i32 }, $c = sub final $a of the same, $t = func() -> i32.
 * Functions one: $t gives 1, a: $a gives 2, c: $c gives 3; call((ref $a)) and indirect(i32), by nulls, call what they are given as $a; give() -> (ref $t)
 * gives one. table: three (ref $t), one at first; nulls: two (ref null $a); global: a mutable (ref null $a), c at first; fixed: a (ref $c). */
static const uint8_t provider[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x30, 0x06, 0x4e, 0x02, 0x50, 0x00, 0x60, 0x01, 0x63, 0x01, 0x01, 0x7f, 0x50,
    0x00, 0x60, 0x01, 0x63, 0x00, 0x01, 0x7f, 0x4f, 0x01, 0x00, 0x60, 0x01, 0x63, 0x01, 0x01, 0x7f, 0x60, 0x00, 0x01, 0x7f, 0x60, 0x01,
    0x64, 0x00, 0x01, 0x7f, 0x60, 0x00, 0x01, 0x64, 0x03, 0x60, 0x01, 0x7f, 0x01, 0x7f, 0x03, 0x07, 0x06, 0x03, 0x00, 0x02, 0x04, 0x05,
    0x06, 0x04, 0x0f, 0x02, 0x40, 0x00, 0x64, 0x03, 0x01, 0x03, 0x09, 0xd2, 0x00, 0x0b, 0x63, 0x00, 0x00, 0x02, 0x06, 0x0d, 0x02, 0x63,
    0x00, 0x01, 0xd2, 0x02, 0x0b, 0x64, 0x02, 0x00, 0xd2, 0x02, 0x0b, 0x07, 0x49, 0x0a, 0x03, 0x6f, 0x6e, 0x65, 0x00, 0x00, 0x01, 0x61,
    0x00, 0x01, 0x01, 0x63, 0x00, 0x02, 0x05, 0x74, 0x61, 0x62, 0x6c, 0x65, 0x01, 0x00, 0x05, 0x6e, 0x75, 0x6c, 0x6c, 0x73, 0x01, 0x01,
    0x06, 0x67, 0x6c, 0x6f, 0x62, 0x61, 0x6c, 0x03, 0x00, 0x05, 0x66, 0x69, 0x78, 0x65, 0x64, 0x03, 0x01, 0x04, 0x63, 0x61, 0x6c, 0x6c,
    0x00, 0x03, 0x04, 0x67, 0x69, 0x76, 0x65, 0x00, 0x04, 0x08, 0x69, 0x6e, 0x64, 0x69, 0x72, 0x65, 0x63, 0x74, 0x00, 0x05, 0x0a, 0x28,
    0x06, 0x04, 0x00, 0x41, 0x01, 0x0b, 0x04, 0x00, 0x41, 0x02, 0x0b, 0x04, 0x00, 0x41, 0x03, 0x0b, 0x08, 0x00, 0xd0, 0x01, 0x20, 0x00,
    0x14, 0x00, 0x0b, 0x04, 0x00, 0xd2, 0x00, 0x0b, 0x09, 0x00, 0xd0, 0x01, 0x20, 0x00, 0x11, 0x00, 0x01, 0x0b, 0x00, 0x27, 0x04, 0x6e,
    0x61, 0x6d, 0x65, 0x01, 0x11, 0x03, 0x00, 0x03, 0x6f, 0x6e, 0x65, 0x01, 0x04, 0x61, 0x6e, 0x5f, 0x61, 0x02, 0x03, 0x61, 0x5f, 0x63,
    0x04, 0x0d, 0x04, 0x00, 0x01, 0x61, 0x01, 0x01, 0x62, 0x02, 0x01, 0x63, 0x03, 0x01, 0x74,
};

/* The same group behind another type; imports r.c as $a and r.fixed as (ref $a); call calls it. */
static const uint8_t equal[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x1b, 0x03, 0x60, 0x01, 0x7e, 0x00, 0x4e, 0x02, 0x50, 0x00,
    0x60, 0x01, 0x63, 0x02, 0x01, 0x7f, 0x50, 0x00, 0x60, 0x01, 0x63, 0x01, 0x01, 0x7f, 0x60, 0x00, 0x01, 0x7f, 0x02,
    0x13, 0x02, 0x01, 0x72, 0x01, 0x63, 0x00, 0x01, 0x01, 0x72, 0x05, 0x66, 0x69, 0x78, 0x65, 0x64, 0x03, 0x64, 0x01,
    0x00, 0x03, 0x02, 0x01, 0x03, 0x07, 0x08, 0x01, 0x04, 0x63, 0x61, 0x6c, 0x6c, 0x00, 0x01, 0x0a, 0x0a, 0x01, 0x08,
    0x00, 0xd0, 0x02, 0x23, 0x00, 0x14, 0x01, 0x0b, 0x00, 0x1b, 0x04, 0x6e, 0x61, 0x6d, 0x65, 0x01, 0x04, 0x01, 0x00,
    0x01, 0x63, 0x04, 0x0e, 0x03, 0x00, 0x05, 0x6f, 0x74, 0x68, 0x65, 0x72, 0x01, 0x01, 0x78, 0x02, 0x01, 0x79,
};

/* $a in a larger group: another type; imports r.c as it. */
static const uint8_t unequal[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x16, 0x01, 0x4e, 0x03, 0x50, 0x00, 0x60, 0x01, 0x63, 0x01, 0x01, 0x7f,
    0x50, 0x00, 0x60, 0x01, 0x63, 0x00, 0x01, 0x7f, 0x60, 0x00, 0x00, 0x02, 0x07, 0x01, 0x01, 0x72, 0x01, 0x63, 0x00, 0x00, 0x00,
    0x14, 0x04, 0x6e, 0x61, 0x6d, 0x65, 0x01, 0x04, 0x01, 0x00, 0x01, 0x63, 0x04, 0x07, 0x02, 0x00, 0x01, 0x78, 0x01, 0x01, 0x79,
};

static struct murre_engine *engine;
static struct murre_store *store;
static struct murre_instance *instance;

static struct murre_extern get(const char *name) {
    struct murre_extern item;
    cr_assert(murre_instance_export(instance, name, strlen(name), &item), "%s", name);
    return item;
}

static struct murre_instance *make(const uint8_t *bytes, size_t size, const struct murre_extern *imports, size_t count) {
    struct murre_error error = {.status = MURRE_OK};
    struct murre_module *module = murre_module_new(engine, bytes, size, &error);
    cr_assert_not_null(module, "%s", error.message);
    struct murre_instance *made = murre_instance_new(store, module, imports, count, NULL, &error);
    cr_assert(made || error.status == MURRE_ERROR_LINK, "%s", error.message);
    murre_module_unref(module);
    return made;
}

static void start(enum murre_tier tier) {
    engine = test_engine(tier, MURRE_BOUNDS_AUTO);
    store = murre_store_new(engine, NULL);
    instance = make(provider, sizeof provider, NULL, 0);
}
static void stop(void) {
    murre_store_delete(store);
    murre_engine_unref(engine);
}

/* -1: it traps. */
static int call(struct murre_func *func, union murre_slot argument) {
    struct murre_trap *trap = murre_func_call(store, func, &argument);
    murre_trap_delete(trap);
    return trap ? -1 : argument.i32;
}

Test(references, link_by_equal_groups_and_by_subtypes) {
    FOR_EACH_TIER(tier) {
        start(tier);
        const struct murre_extern imports[] = {get("c"), get("fixed")}, others[] = {get("a"), get("fixed")};
        struct murre_instance *user = make(equal, sizeof equal, imports, 2);
        cr_assert_not_null(user);
        cr_assert_eq(call(test_func(user, "call"), (union murre_slot){.u64 = 0}), 3);
        cr_assert_not_null(make(equal, sizeof equal, others, 2));
        cr_assert_null(make(equal, sizeof equal, (const struct murre_extern[]){get("one"), get("fixed")}, 2));
        cr_assert_null(make(equal, sizeof equal, (const struct murre_extern[]){get("c"), get("global")}, 2));
        cr_assert_null(make(unequal, sizeof unequal, imports, 1));
        stop();
    }
}

Test(references, from_the_embedder_are_of_their_types) {
    FOR_EACH_TIER(tier) {
        start(tier);
        void *one = get("one").of.func, *a = get("a").of.func, *c = get("c").of.func, *found;
        cr_assert_eq(call(get("call").of.func, (union murre_slot){.ref = a}), 2);
        cr_assert_eq(call(get("call").of.func, (union murre_slot){.ref = c}), 3);
        cr_assert_eq(call(get("call").of.func, (union murre_slot){.ref = one}), -1);
        cr_assert_eq(call(get("call").of.func, (union murre_slot){.ref = NULL}), -1);
        struct murre_table *table = get("table").of.table, *nulls = get("nulls").of.table;
        cr_assert(murre_table_get(table, 2, &found) && found == one);
        cr_assert(murre_table_set(table, 2, one) && !murre_table_set(table, 2, NULL) && !murre_table_set(table, 2, a));
        cr_assert_eq(murre_table_grow(table, 1, NULL), UINT64_MAX);
        cr_assert_eq(murre_table_grow(table, 1, one), 3);
        cr_assert(murre_table_set(nulls, 0, NULL) && murre_table_set(nulls, 0, c) && !murre_table_set(nulls, 0, one));
        cr_assert(murre_table_set(nulls, 1, a));
        cr_assert_eq(call(get("indirect").of.func, (union murre_slot){.u32 = 0}), 3);
        cr_assert_eq(call(get("indirect").of.func, (union murre_slot){.u32 = 1}), 2);
        struct murre_global *global = get("global").of.global;
        cr_assert(murre_global_set(global, &(union murre_slot){.ref = NULL}) && murre_global_set(global, &(union murre_slot){.ref = a}));
        cr_assert_not(murre_global_set(global, &(union murre_slot){.ref = one}));
        stop();
    }
}

Test(references, are_functions_in_the_standard_interface) {
    wasm_engine_t *whole = wasm_engine_new();
    wasm_store_t *own = wasm_store_new(whole);
    wasm_byte_vec_t bytes;
    wasm_byte_vec_new(&bytes, sizeof provider, (const wasm_byte_t *)provider);
    wasm_module_t *module = wasm_module_new(own, &bytes);
    wasm_extern_vec_t imports = WASM_EMPTY_VEC, exports;
    wasm_instance_t *made = wasm_instance_new(own, module, &imports, NULL);
    cr_assert_not_null(made);
    wasm_instance_exports(made, &exports);
    enum { ONE = 0, A = 1, CALL = 7, GIVE = 8 };
    wasm_val_t value[1] = {WASM_INIT_VAL}, result[1] = {WASM_INIT_VAL};
    wasm_val_vec_t none = WASM_EMPTY_VEC, args = WASM_ARRAY_VEC(value), results = WASM_ARRAY_VEC(result);
    cr_assert_null(wasm_func_call(wasm_extern_as_func(exports.data[GIVE]), &none, &results));
    cr_assert_eq(result[0].kind, WASM_FUNCREF);
    cr_assert(wasm_ref_same(result[0].of.ref, wasm_func_as_ref(wasm_extern_as_func(exports.data[ONE]))));
    value[0] = result[0]; /* of another type than the parameter */
    result[0] = (wasm_val_t)WASM_INIT_VAL;
    wasm_trap_t *trap = wasm_func_call(wasm_extern_as_func(exports.data[CALL]), &args, &results);
    cr_assert_not_null(trap);
    wasm_trap_delete(trap);
    wasm_val_delete(&value[0]);
    value[0] = (wasm_val_t){.kind = WASM_FUNCREF, .of.ref = wasm_func_as_ref(wasm_extern_as_func(exports.data[A]))};
    cr_assert_null(wasm_func_call(wasm_extern_as_func(exports.data[CALL]), &args, &results));
    cr_assert_eq(result[0].of.i32, 2);
    wasm_extern_vec_delete(&exports);
    wasm_instance_delete(made);
    wasm_module_delete(module);
    wasm_byte_vec_delete(&bytes);
    wasm_store_delete(own);
    wasm_engine_delete(whole);
}
