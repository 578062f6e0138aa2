#include "common.h"

static own wasm_trap_t *hello(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
    CHECK(args->size == 0 && results->size == 0);
    printf("hello from the host\n");
    return NULL;
}

int main(void) {
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    own wasm_module_t *module = LOAD(store, hello);
    own wasm_functype_t *type = wasm_functype_new_0_0();
    own wasm_func_t *func = wasm_func_new(store, type, hello);
    wasm_functype_delete(type);

    wasm_extern_t *externs[] = {wasm_func_as_extern(func)};
    wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs);
    own wasm_trap_t *trap = NULL;
    own wasm_instance_t *instance = wasm_instance_new(store, module, &imports, &trap);
    CHECK(instance != NULL && trap == NULL);
    wasm_func_delete(func);

    own wasm_extern_vec_t exports;
    wasm_instance_exports(instance, &exports);
    const wasm_func_t *run = func_at(&exports, 0);
    wasm_module_delete(module);
    wasm_instance_delete(instance);

    wasm_val_vec_t none = WASM_EMPTY_VEC;
    CHECK(wasm_func_call(run, &none, &none) == NULL);
    CHECK(wasm_func_call(run, NULL, NULL) == NULL);
    wasm_extern_vec_delete(&exports);

    /* What does not validate is no module; missing imports are no instance. */
    wasm_byte_vec_t bad;
    wasm_byte_vec_new(&bad, 5, "\0asm\2");
    CHECK(!wasm_module_validate(store, &bad) && !wasm_module_new(store, &bad));
    wasm_byte_vec_delete(&bad);
    module = LOAD(store, hello);
    wasm_extern_vec_t nothing = WASM_EMPTY_VEC;
    CHECK(!wasm_instance_new(store, module, &nothing, &trap));
    print_trap(trap);
    CHECK(!wasm_instance_new(store, module, &nothing, NULL));
    wasm_module_delete(module);

    end(store, engine);
    printf("done\n");
    return 0;
}
