#include "common.h"

/* -1000 for a trap, which it prints. */
static int32_t call(const wasm_func_t *func, int32_t a, int32_t b) {
    wasm_val_t as[2] = {WASM_I32_VAL(a), WASM_I32_VAL(b)}, rs[1] = {WASM_INIT_VAL};
    wasm_val_vec_t args = {wasm_func_param_arity(func), as}, results = {wasm_func_result_arity(func), rs};
    own wasm_trap_t *trap = wasm_func_call(func, &args, &results);
    if (!trap)
        return results.size ? rs[0].of.i32 : 0;
    print_trap(trap);
    return -1000;
}

int main(void) {
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    own wasm_module_t *module = LOAD(store, memory);
    wasm_extern_vec_t imports = WASM_EMPTY_VEC;
    own wasm_instance_t *instance = wasm_instance_new(store, module, &imports, NULL);
    CHECK(instance != NULL);
    own wasm_extern_vec_t exports;
    wasm_instance_exports(instance, &exports);
    wasm_memory_t *memory = wasm_extern_as_memory(exports.data[0]);
    const wasm_func_t *size = func_at(&exports, 1), *grow = func_at(&exports, 2), *load = func_at(&exports, 3),
                      *store_ = func_at(&exports, 4);

    CHECK(wasm_memory_size(memory) == 2 && wasm_memory_data_size(memory) == 2 * MEMORY_PAGE_SIZE);
    byte_t *data = wasm_memory_data(memory);
    CHECK(data[0] == 0 && data[0x1000] == 1 && data[0x1003] == 4);
    CHECK(call(size, 0, 0) == 2 && call(load, 0x1003, 0) == 4 && call(load, 0x1ffff, 0) == 0);
    call(load, 0x20000, 0);

    data[0x1003] = 5;
    call(store_, 0x1002, 6);
    call(store_, 0x20000, 0);
    CHECK(call(load, 0x1003, 0) == 5 && data[0x1002] == 6);

    CHECK(wasm_memory_grow(memory, 1) && wasm_memory_size(memory) == 3 && wasm_memory_data_size(memory) == 3 * MEMORY_PAGE_SIZE);
    CHECK(wasm_memory_data(memory)[0x20000] == 0 && call(load, 0x20000, 0) == 0);
    call(store_, 0x20000, -7);
    CHECK(call(load, 0x20000, 0) == -7);
    call(load, 0x30000, 0);
    CHECK(!wasm_memory_grow(memory, 1) && wasm_memory_grow(memory, 0) && call(grow, 1, 0) == -1 && call(grow, 0, 0) == 3);

    own wasm_memory_t *copy = wasm_memory_copy(memory);
    CHECK(wasm_memory_same(memory, copy));
    wasm_memory_delete(copy);

    wasm_limits_t limits = {5, 5}, endless = {0, wasm_limits_max_default}, wrong = {6, 5};
    own wasm_memorytype_t *type = wasm_memorytype_new(&limits);
    own wasm_memory_t *alone = wasm_memory_new(store, type);
    CHECK(wasm_memory_size(alone) == 5 && !wasm_memory_grow(alone, 1) && wasm_memory_grow(alone, 0));
    wasm_memorytype_delete(type);
    type = wasm_memory_type(alone);
    CHECK(wasm_memorytype_limits(type)->min == 5 && wasm_memorytype_limits(type)->max == 5);
    wasm_memorytype_delete(type);
    wasm_memory_delete(alone);
    type = wasm_memorytype_new(&endless);
    alone = wasm_memory_new(store, type);
    CHECK(alone != NULL && wasm_memory_data_size(alone) == 0 && wasm_memory_grow(alone, 1) && wasm_memory_data(alone)[65535] == 0);
    wasm_memory_delete(alone);
    wasm_memorytype_delete(type);
    type = wasm_memorytype_new(&wrong);
    CHECK(wasm_memory_new(store, type) == NULL);
    wasm_memorytype_delete(type);

    wasm_extern_vec_delete(&exports);
    wasm_instance_delete(instance);
    wasm_module_delete(module);
    end(store, engine);
    printf("done\n");
    return 0;
}
