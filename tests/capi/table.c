#include "common.h"

static own wasm_trap_t *negate(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
    results->data[0].kind = WASM_I32;
    results->data[0].of.i32 = -args->data[0].of.i32;
    return NULL;
}

/* -1 for a trap, which it prints. */
static int32_t call(const wasm_func_t *func, int32_t a, int32_t b) {
    wasm_val_t as[2] = {WASM_I32_VAL(a), WASM_I32_VAL(b)}, rs[1] = {WASM_INIT_VAL};
    wasm_val_vec_t args = {wasm_func_param_arity(func), as}, results = WASM_ARRAY_VEC(rs);
    own wasm_trap_t *trap = wasm_func_call(func, &args, &results);
    if (!trap)
        return rs[0].of.i32;
    print_trap(trap);
    return -1;
}

static bool is_null(const wasm_table_t *table, wasm_table_size_t index) {
    own wasm_ref_t *ref = wasm_table_get(table, index);
    wasm_ref_delete(ref);
    return ref == NULL;
}

static void set(wasm_table_t *table, wasm_table_size_t index, const wasm_func_t *func) {
    own wasm_func_t *copy = wasm_func_copy(func);
    CHECK(wasm_table_set(table, index, wasm_func_as_ref(copy)));
    own wasm_ref_t *back = wasm_table_get(table, index);
    CHECK(back != NULL && wasm_ref_same(back, wasm_func_as_ref(copy)) && wasm_func_same(wasm_ref_as_func(back), func));
    CHECK(wasm_ref_as_table(back) == NULL);
    wasm_ref_delete(back);
    wasm_func_delete(copy);
}

static void alone(wasm_store_t *store) {
    wasm_limits_t limits = {5, 5};
    own wasm_tabletype_t *type = wasm_tabletype_new(wasm_valtype_new(WASM_FUNCREF), &limits);
    own wasm_table_t *table = wasm_table_new(store, type, NULL);
    wasm_tabletype_delete(type);
    CHECK(wasm_table_size(table) == 5 && is_null(table, 4));
    CHECK(!wasm_table_grow(table, 1, NULL) && wasm_table_grow(table, 0, NULL));
    type = wasm_table_type(table);
    CHECK(wasm_tabletype_limits(type)->max == 5 && wasm_valtype_kind(wasm_tabletype_element(type)) == WASM_FUNCREF);
    wasm_tabletype_delete(type);
    wasm_table_delete(table);
}

int main(void) {
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    own wasm_module_t *module = LOAD(store, table);
    wasm_extern_vec_t imports = WASM_EMPTY_VEC;
    own wasm_instance_t *instance = wasm_instance_new(store, module, &imports, NULL);
    CHECK(instance != NULL);
    own wasm_extern_vec_t exports;
    wasm_instance_exports(instance, &exports);
    wasm_table_t *table = wasm_extern_as_table(exports.data[0]);
    const wasm_func_t *call_indirect = func_at(&exports, 1), *f = func_at(&exports, 2), *g = func_at(&exports, 3),
                      *other = func_at(&exports, 4);
    own wasm_functype_t *type = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
    own wasm_func_t *host = wasm_func_new(store, type, negate);
    wasm_functype_delete(type);

    CHECK(wasm_table_size(table) == 2 && is_null(table, 0) && !is_null(table, 1));
    call(call_indirect, 1, 0);
    CHECK(call(call_indirect, 7, 1) == 21);
    call(call_indirect, 1, 2);

    set(table, 0, g);
    CHECK(wasm_table_set(table, 1, NULL) && is_null(table, 1));
    CHECK(!wasm_table_set(table, 2, wasm_func_as_ref((wasm_func_t *)f)) && wasm_table_get(table, 2) == NULL);
    CHECK(call(call_indirect, 7, 0) == 666);
    call(call_indirect, 7, 1);
    set(table, 0, host);
    CHECK(call(call_indirect, 7, 0) == -7);
    set(table, 0, other);
    call(call_indirect, 7, 0);

    CHECK(wasm_table_grow(table, 5, NULL) && wasm_table_size(table) == 7 && is_null(table, 6));
    set(table, 2, f);
    set(table, 3, host);
    CHECK(call(call_indirect, 5, 2) == 15 && call(call_indirect, 5, 3) == -5);
    call(call_indirect, 5, 6);
    CHECK(wasm_table_grow(table, 2, wasm_func_as_ref((wasm_func_t *)f)) && call(call_indirect, 5, 8) == 15);
    CHECK(wasm_table_grow(table, 1, NULL) && !wasm_table_grow(table, 1, NULL) && wasm_table_size(table) == 10);
    alone(store);

    wasm_func_delete(host);
    wasm_extern_vec_delete(&exports);
    wasm_instance_delete(instance);
    wasm_module_delete(module);
    end(store, engine);
    printf("done\n");
    return 0;
}
