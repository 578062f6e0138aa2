#include "common.h"

int main(void) {
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    own wasm_module_t *module = LOAD(store, start);
    wasm_extern_vec_t imports = WASM_EMPTY_VEC;
    for (int i = 0; i < 3; i++) {
        own wasm_trap_t *trap = NULL;
        own wasm_instance_t *instance = wasm_instance_new(store, module, &imports, &trap);
        CHECK(instance == NULL && trap != NULL);
        own wasm_frame_vec_t trace;
        wasm_trap_trace(trap, &trace);
        for (size_t k = 0; k < trace.size; k++)
            printf("function %" PRIu32 " at 0x%zx\n", wasm_frame_func_index(trace.data[k]), wasm_frame_module_offset(trace.data[k]));
        CHECK(trace.size == 2 && wasm_frame_instance(trace.data[0]) != NULL);
        wasm_frame_vec_delete(&trace);
        print_trap(trap);
    }
    CHECK(wasm_instance_new(store, module, &imports, NULL) == NULL);
    wasm_module_delete(module);
    end(store, engine);
    printf("done\n");
    return 0;
}
