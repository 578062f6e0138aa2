#include "common.h"

static own wasm_trap_t *swap(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
    CHECK(args->size == 4 && results->size == 4);
    for (size_t i = 0; i < 4; i++)
        wasm_val_copy(&results->data[i], &args->data[3 - i]);
    return NULL;
}

int main(void) {
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    own wasm_module_t *module = LOAD(store, multi);
    wasm_valtype_t *ps[4] = {wasm_valtype_new_i32(), wasm_valtype_new_i64(), wasm_valtype_new_f64(), wasm_valtype_new_f32()};
    wasm_valtype_t *rs[4] = {wasm_valtype_new_f32(), wasm_valtype_new_f64(), wasm_valtype_new_i64(), wasm_valtype_new_i32()};
    wasm_valtype_vec_t params, results_types;
    wasm_valtype_vec_new(&params, 4, ps);
    wasm_valtype_vec_new(&results_types, 4, rs);
    own wasm_functype_t *type = wasm_functype_new(&params, &results_types);
    own wasm_func_t *host = wasm_func_new(store, type, swap);
    wasm_functype_delete(type);
    wasm_extern_t *externs[] = {wasm_func_as_extern(host)};
    wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs), exports;
    own wasm_instance_t *instance = wasm_instance_new(store, module, &imports, NULL);
    CHECK(instance != NULL);
    wasm_func_delete(host);
    wasm_instance_exports(instance, &exports);

    for (int round = 0; round < 2500; round++) { /* interpreted first, compiled then */
        wasm_val_t values[4] = {WASM_I32_VAL(-1), WASM_I64_VAL(INT64_MAX), WASM_F64_VAL(0.25), WASM_F32_VAL(-8)};
        wasm_val_t back[4] = {WASM_INIT_VAL, WASM_INIT_VAL, WASM_INIT_VAL, WASM_INIT_VAL};
        wasm_val_vec_t args = WASM_ARRAY_VEC(values), results = WASM_ARRAY_VEC(back);
        CHECK(wasm_func_call(func_at(&exports, 0), &args, &results) == NULL);
        CHECK(back[0].kind == WASM_F32 && back[1].kind == WASM_F64 && back[2].kind == WASM_I64 && back[3].kind == WASM_I32);
        CHECK(back[0].of.f32 == -8 && back[1].of.f64 == 0.25 && back[2].of.i64 == INT64_MAX && back[3].of.i32 == -1);

        wasm_val_t many[18], all[18];
        for (int i = 0; i < 18; i++) {
            many[i].kind = WASM_I64;
            many[i].of.i64 = ((int64_t)i << 40) + round;
        }
        wasm_val_vec_t many_args = WASM_ARRAY_VEC(many), all_results = WASM_ARRAY_VEC(all);
        CHECK(wasm_func_call(func_at(&exports, 1), &many_args, &all_results) == NULL);
        for (int i = 0; i < 18; i++)
            CHECK(all[i].kind == WASM_I64 && all[i].of.i64 == many[i == 0 ? 17 : i == 17 ? 0 : i].of.i64);
    }
    wasm_extern_vec_delete(&exports);
    wasm_instance_delete(instance);
    wasm_module_delete(module);
    end(store, engine);
    printf("done\n");
    return 0;
}
