#include "common.h"

static own wasm_val_t get(const wasm_global_t *global) {
    wasm_val_t value;
    wasm_global_get(global, &value);
    return value;
}

static own wasm_val_t call(const wasm_func_t *func, const wasm_val_t *arg) {
    wasm_val_t rs[1] = {WASM_INIT_VAL};
    wasm_val_t as[1] = {WASM_INIT_VAL};
    wasm_val_vec_t args = WASM_ARRAY_VEC(as), results = {arg ? (size_t)0 : (size_t)1, rs};
    args.size = arg ? 1 : 0;
    if (arg)
        as[0] = *arg;
    CHECK(wasm_func_call(func, &args, &results) == NULL);
    return rs[0];
}

static own wasm_global_t *make(wasm_store_t *store, wasm_valkind_t kind, wasm_mutability_t mutability, wasm_val_t value) {
    own wasm_globaltype_t *type = wasm_globaltype_new(wasm_valtype_new(kind), mutability);
    own wasm_global_t *global = wasm_global_new(store, type, &value);
    wasm_globaltype_delete(type);
    return global;
}

int main(void) {
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    own wasm_module_t *module = LOAD(store, global);
    wasm_val_t three = WASM_I32_VAL(3), half = WASM_F64_VAL(0.5), wrong = WASM_F32_VAL(1), big = WASM_I64_VAL(INT64_MIN),
               two = WASM_F64_VAL(2);
    CHECK(make(store, WASM_I32, WASM_CONST, wrong) == NULL);
    own wasm_global_t *const_i32 = make(store, WASM_I32, WASM_CONST, three), *var_f64 = make(store, WASM_F64, WASM_VAR, half);
    wasm_extern_t *externs[] = {wasm_global_as_extern(const_i32), wasm_global_as_extern(var_f64)};
    wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs);
    own wasm_instance_t *instance = wasm_instance_new(store, module, &imports, NULL);
    CHECK(instance != NULL);
    own wasm_extern_vec_t exports;
    wasm_instance_exports(instance, &exports);
    wasm_global_t *own_global = wasm_extern_as_global(exports.data[0]), *fixed = wasm_extern_as_global(exports.data[1]);
    wasm_global_t *imported = wasm_extern_as_global(exports.data[2]);
    const wasm_func_t *get_const = func_at(&exports, 3), *get_var = func_at(&exports, 4), *set_var = func_at(&exports, 5);
    const wasm_func_t *get_own = func_at(&exports, 6), *set_own = func_at(&exports, 7);

    CHECK(wasm_global_same(var_f64, imported) && !wasm_global_same(var_f64, own_global));
    own wasm_global_t *copy = wasm_global_copy(var_f64);
    CHECK(wasm_global_same(var_f64, copy));
    wasm_global_delete(copy);

    printf("%d %g %" PRId64 " %g\n", get(const_i32).of.i32, get(var_f64).of.f64, get(own_global).of.i64, (double)get(fixed).of.f32);
    CHECK(call(get_const, NULL).of.i32 == 3 && call(get_var, NULL).of.f64 == 0.5 && call(get_own, NULL).of.i64 == 7);
    wasm_global_set(imported, &two);
    wasm_global_set(own_global, &big);
    CHECK(get(var_f64).of.f64 == 2 && call(get_var, NULL).of.f64 == 2 && call(get_own, NULL).of.i64 == INT64_MIN);
    call(set_var, &half);
    wasm_val_t minus = WASM_I64_VAL(-1);
    call(set_own, &minus);
    CHECK(get(imported).of.f64 == 0.5 && get(own_global).of.i64 == -1);
    wasm_global_set(own_global, &two); /* of another type: nothing happens */
    wasm_global_set(fixed, &wrong);    /* immutable: neither */
    CHECK(get(own_global).of.i64 == -1 && get(fixed).of.f32 == 1.5f);

    wasm_global_delete(const_i32);
    wasm_global_delete(var_f64);
    CHECK(call(get_var, NULL).of.f64 == 0.5);
    wasm_extern_vec_delete(&exports);
    wasm_instance_delete(instance);
    wasm_module_delete(module);
    end(store, engine);
    printf("done\n");
    return 0;
}
