#include "common.h"

static int calls;

static own wasm_trap_t *hello(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
    (void)args, (void)results;
    calls++;
    return NULL;
}

int main(void) {
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    own wasm_module_t *module = LOAD(store, hello);
    own wasm_byte_vec_t serialized;
    wasm_module_serialize(module, &serialized);
    wasm_module_delete(module);
    CHECK(serialized.size > 0);

    own wasm_module_t *back = wasm_module_deserialize(store, &serialized);
    CHECK(back != NULL);
    own wasm_functype_t *type = wasm_functype_new_0_0();
    own wasm_func_t *func = wasm_func_new(store, type, hello);
    wasm_functype_delete(type);
    wasm_extern_t *externs[] = {wasm_func_as_extern(func)};
    wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs), exports;
    own wasm_instance_t *instance = wasm_instance_new(store, back, &imports, NULL);
    wasm_instance_exports(instance, &exports);
    CHECK(wasm_func_call(func_at(&exports, 0), NULL, NULL) == NULL && calls == 1);

    /* Whatever is damaged is refused: every byte, every length. */
    for (size_t i = 0; i < serialized.size; i++) {
        serialized.data[i] = (byte_t)(serialized.data[i] ^ 0x20);
        CHECK(wasm_module_deserialize(store, &serialized) == NULL);
        serialized.data[i] = (byte_t)(serialized.data[i] ^ 0x20);
        wasm_byte_vec_t cut = {i, serialized.data};
        CHECK(wasm_module_deserialize(store, &cut) == NULL);
    }
    wasm_byte_vec_t raw;
    wasm_byte_vec_new(&raw, sizeof hello_wasm, (const byte_t *)hello_wasm);
    CHECK(wasm_module_deserialize(store, &raw) == NULL);
    wasm_byte_vec_delete(&raw);

    wasm_byte_vec_delete(&serialized);
    wasm_func_delete(func);
    wasm_extern_vec_delete(&exports);
    wasm_instance_delete(instance);
    wasm_module_delete(back);
    end(store, engine);
    printf("done\n");
    return 0;
}
