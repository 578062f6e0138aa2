#include "common.h"

static own wasm_trap_t *print(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
    CHECK(args->size == 1 && args->data[0].kind == WASM_I32);
    printf("the sum is %" PRId32 "\n", args->data[0].of.i32);
    wasm_val_copy(&results->data[0], &args->data[0]);
    return NULL;
}

static own wasm_trap_t *closure(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
    CHECK(args->size == 0);
    int value = *(int *)env;
    printf("the closure holds %d\n", value);
    results->data[0].kind = WASM_I32;
    results->data[0].of.i32 = (int32_t)value;
    return NULL;
}

static int finalized;

static void finalize(void *env) {
    CHECK(*(int *)env == 45);
    finalized++;
}

static void call(const wasm_func_t *run) {
    wasm_val_t as[2] = {WASM_I32_VAL(3), WASM_I32_VAL(4)}, rs[1] = {WASM_INIT_VAL};
    wasm_val_vec_t args = WASM_ARRAY_VEC(as), results = WASM_ARRAY_VEC(rs);
    CHECK(wasm_func_call(run, &args, &results) == NULL);
    CHECK(rs[0].kind == WASM_I32);
    printf("result: %" PRId32 "\n", rs[0].of.i32);

    /* Wrong types and too few values are refused. */
    wasm_val_t wrong[2] = {WASM_I32_VAL(3), WASM_I64_VAL(4)};
    wasm_val_vec_t wrong_args = WASM_ARRAY_VEC(wrong), few = {1, as};
    print_trap(wasm_func_call(run, &wrong_args, &results));
    print_trap(wasm_func_call(run, &few, &results));
}

int main(void) {
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    own wasm_module_t *module = LOAD(store, callback);
    int value = 42, other = 45;
    own wasm_functype_t *type = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
    own wasm_func_t *print_func = wasm_func_new(store, type, print);
    own wasm_functype_t *closure_type = wasm_functype_new_0_1(wasm_valtype_new_i32());
    own wasm_func_t *closure_func = wasm_func_new_with_env(store, closure_type, closure, &value, NULL);
    own wasm_func_t *unused = wasm_func_new_with_env(store, closure_type, closure, &other, finalize);
    wasm_functype_delete(type);
    wasm_functype_delete(closure_type);
    CHECK(wasm_func_param_arity(print_func) == 1 && wasm_func_result_arity(closure_func) == 1);

    wasm_extern_t *externs[] = {wasm_func_as_extern(print_func), wasm_func_as_extern(closure_func)};
    wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs);
    own wasm_instance_t *instance = wasm_instance_new(store, module, &imports, NULL);
    CHECK(instance != NULL);
    own wasm_extern_vec_t exports;
    wasm_instance_exports(instance, &exports);
    call(func_at(&exports, 0));
    for (int i = 0; i < 3; i++) { /* host functions may be called by the host as well */
        wasm_val_t rs[1] = {WASM_INIT_VAL};
        wasm_val_vec_t none = WASM_EMPTY_VEC, results = WASM_ARRAY_VEC(rs);
        value += i;
        CHECK(wasm_func_call(closure_func, &none, &results) == NULL && rs[0].of.i32 == value);
    }

    wasm_func_delete(print_func);
    wasm_func_delete(closure_func);
    wasm_func_delete(unused);
    wasm_extern_vec_delete(&exports);
    wasm_instance_delete(instance);
    wasm_module_delete(module);
    end(store, engine);
    CHECK(finalized == 1);
    printf("done\n");
    return 0;
}
