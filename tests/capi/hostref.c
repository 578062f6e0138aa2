#include "common.h"

static own wasm_trap_t *identity(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
    const wasm_ref_t *ref = args->data[0].of.ref;
    printf("host called with %" PRIdPTR "\n", ref ? (intptr_t)wasm_ref_get_host_info(ref) : 0);
    wasm_val_copy(&results->data[0], &args->data[0]);
    return NULL;
}

/* Calls with an index (unless it is negative) and a reference (unless func takes none). */
static own wasm_ref_t *call(const wasm_func_t *func, int32_t index, wasm_ref_t *ref) {
    wasm_val_t as[2] = {WASM_INIT_VAL, WASM_INIT_VAL}, rs[1] = {WASM_INIT_VAL};
    wasm_val_vec_t args = {wasm_func_param_arity(func), as}, results = {wasm_func_result_arity(func), rs};
    size_t used = 0;
    if (index >= 0) {
        as[used].kind = WASM_I32;
        as[used++].of.i32 = index;
    }
    as[used].of.ref = ref; /* the kind stays WASM_EXTERNREF */
    CHECK(wasm_func_call(func, &args, &results) == NULL);
    return rs[0].of.ref;
}

static void same(own wasm_ref_t *actual, const wasm_ref_t *expected, int line) {
    check(actual == expected || (actual && expected && wasm_ref_same(actual, expected)), "another reference", line);
    wasm_ref_delete(actual);
}
#define SAME(actual, expected) same((actual), (expected), __LINE__)

int main(void) {
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    own wasm_module_t *module = LOAD(store, hostref);
    own wasm_functype_t *type = wasm_functype_new_1_1(wasm_valtype_new(WASM_EXTERNREF), wasm_valtype_new(WASM_EXTERNREF));
    own wasm_func_t *host = wasm_func_new(store, type, identity);
    wasm_functype_delete(type);
    wasm_extern_t *externs[] = {wasm_func_as_extern(host)};
    wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs), exports;
    own wasm_instance_t *instance = wasm_instance_new(store, module, &imports, NULL);
    CHECK(instance != NULL);
    wasm_instance_exports(instance, &exports);
    wasm_instance_delete(instance);
    wasm_module_delete(module);
    wasm_global_t *global = wasm_extern_as_global(exports.data[0]);
    wasm_table_t *table = wasm_extern_as_table(exports.data[1]);
    const wasm_func_t *global_set = func_at(&exports, 2), *global_get = func_at(&exports, 3), *table_set = func_at(&exports, 4);
    const wasm_func_t *table_get = func_at(&exports, 5), *func_call = func_at(&exports, 6), *echo = func_at(&exports, 8);

    own wasm_ref_t *one = wasm_foreign_as_ref(wasm_foreign_new(store)), *two = wasm_foreign_as_ref(wasm_foreign_new(store));
    wasm_ref_set_host_info(one, (void *)1);
    wasm_ref_set_host_info(two, (void *)2);
    CHECK(wasm_ref_as_foreign(one) != NULL && wasm_ref_as_func(one) == NULL && !wasm_ref_same(one, two));
    CHECK(!wasm_ref_same(one, wasm_func_as_ref(host)) && wasm_func_as_ref(host) != NULL);

    SAME(call(global_get, -1, NULL), NULL);
    call(global_set, -1, one);
    SAME(call(global_get, -1, NULL), one);
    call(global_set, -1, two);
    SAME(call(global_get, -1, NULL), two);
    call(global_set, -1, NULL);
    SAME(call(global_get, -1, NULL), NULL);

    wasm_val_t value;
    wasm_global_get(global, &value);
    CHECK(value.kind == WASM_EXTERNREF && value.of.ref == NULL);
    value.of.ref = two;
    wasm_global_set(global, &value);
    SAME(call(global_get, -1, NULL), two);
    wasm_global_get(global, &value);
    CHECK(wasm_ref_same(value.of.ref, two));
    wasm_val_t copy;
    wasm_val_copy(&copy, &value);
    wasm_val_delete(&value);
    SAME(copy.of.ref, two);

    SAME(call(table_get, 0, NULL), NULL);
    call(table_set, 0, one);
    call(table_set, 1, two);
    SAME(call(table_get, 0, NULL), one);
    SAME(call(table_get, 1, NULL), two);
    call(table_set, 0, NULL);
    SAME(call(table_get, 0, NULL), NULL);
    CHECK(wasm_table_set(table, 2, one));
    SAME(call(table_get, 2, NULL), one);
    SAME(wasm_table_get(table, 2), one);
    CHECK(wasm_table_grow(table, 2, two));
    SAME(call(table_get, 11, NULL), two);

    SAME(call(func_call, -1, NULL), NULL);
    SAME(call(func_call, -1, one), one);
    SAME(call(func_call, -1, two), two);

    /* Functions are references of both kinds. */
    SAME(call(echo, -1, wasm_func_as_ref(host)), wasm_func_as_ref(host));
    SAME(call(echo, -1, NULL), NULL);
    call(table_set, 3, wasm_func_as_ref(host));
    SAME(call(table_get, 3, NULL), wasm_func_as_ref(host));

    /* Nothing but a function is a funcref. */
    wasm_limits_t limits = {1, wasm_limits_max_default};
    own wasm_tabletype_t *funcs_type = wasm_tabletype_new(wasm_valtype_new(WASM_FUNCREF), &limits);
    CHECK(wasm_table_new(store, funcs_type, one) == NULL);
    own wasm_table_t *funcs = wasm_table_new(store, funcs_type, wasm_func_as_ref(host));
    wasm_tabletype_delete(funcs_type);
    CHECK(!wasm_table_set(funcs, 0, one) && !wasm_table_grow(funcs, 1, one) && wasm_table_size(funcs) == 1);
    SAME(wasm_table_get(funcs, 0), wasm_func_as_ref(host));
    wasm_table_delete(funcs);

    /* What belongs to another store goes nowhere: it ends with that store. */
    wasm_store_t *other = wasm_store_new(engine);
    own wasm_ref_t *foreign = wasm_foreign_as_ref(wasm_foreign_new(other));
    CHECK(!wasm_table_set(table, 0, foreign) && !wasm_table_grow(table, 1, foreign));
    wasm_val_t stranger = WASM_REF_VAL(foreign), result = WASM_INIT_VAL;
    wasm_global_set(global, &stranger);
    SAME(call(global_get, -1, NULL), two);
    wasm_val_vec_t values = {1, &stranger}, nothing = {1, &result};
    own wasm_trap_t *trap = wasm_func_call(echo, &values, &nothing);
    CHECK(trap != NULL);
    wasm_trap_delete(trap);
    wasm_ref_delete(foreign);
    wasm_store_delete(other);

    /* Only the table knows the object from here on. */
    wasm_ref_delete(one);
    own wasm_ref_t *back = call(table_get, 2, NULL);
    CHECK((intptr_t)wasm_ref_get_host_info(back) == 1);
    wasm_ref_delete(back);
    wasm_ref_delete(two);
    wasm_func_delete(host);
    wasm_extern_vec_delete(&exports);
    end(store, engine);
    printf("done\n");
    return 0;
}
