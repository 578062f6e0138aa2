#include <pthread.h>

#include "common.h"

enum { THREADS = 10, ROUNDS = 3 };

struct task {
    wasm_engine_t *engine;
    wasm_shared_module_t *module;
    int id, calls;
};

static own wasm_trap_t *hello(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
    struct task *task = (struct task *)env;
    CHECK(args->data[0].of.i32 == task->id && results->size == 0);
    task->calls++;
    return NULL;
}

static void *run(void *argument) {
    struct task *task = (struct task *)argument;
    wasm_store_t *store = wasm_store_new(task->engine);
    own wasm_module_t *module = wasm_module_obtain(store, task->module);
    CHECK(module != NULL);
    for (int i = 0; i < ROUNDS; i++) {
        own wasm_functype_t *func_type = wasm_functype_new_1_0(wasm_valtype_new_i32());
        own wasm_func_t *func = wasm_func_new_with_env(store, func_type, hello, task, NULL);
        wasm_functype_delete(func_type);
        wasm_val_t value = WASM_I32_VAL((int32_t)task->id);
        own wasm_globaltype_t *type = wasm_globaltype_new(wasm_valtype_new_i32(), WASM_CONST);
        own wasm_global_t *global = wasm_global_new(store, type, &value);
        wasm_globaltype_delete(type);
        wasm_extern_t *externs[] = {wasm_func_as_extern(func), wasm_global_as_extern(global)};
        wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs), exports;
        own wasm_instance_t *instance = wasm_instance_new(store, module, &imports, NULL);
        CHECK(instance != NULL);
        wasm_func_delete(func);
        wasm_global_delete(global);
        wasm_instance_exports(instance, &exports);
        wasm_instance_delete(instance);
        for (int k = 0; k < 2000; k++) /* enough to have it compiled meanwhile */
            CHECK(wasm_func_call(func_at(&exports, 0), NULL, NULL) == NULL);
        wasm_extern_vec_delete(&exports);
    }
    wasm_module_delete(module);
    wasm_store_delete(store);
    return NULL;
}

int main(void) {
    wasm_engine_t *engine = wasm_engine_new(), *stranger = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine), *other = wasm_store_new(stranger);
    own wasm_module_t *module = LOAD(store, threads);
    own wasm_shared_module_t *shared = wasm_module_share(module);
    CHECK(wasm_module_obtain(other, shared) == NULL); /* shared within an engine only */
    end(other, stranger);
    wasm_module_delete(module);
    wasm_store_delete(store);
    pthread_t threads[THREADS];
    struct task tasks[THREADS];
    for (int i = 0; i < THREADS; i++) {
        tasks[i].engine = engine;
        tasks[i].module = shared;
        tasks[i].id = i;
        tasks[i].calls = 0;
        CHECK(pthread_create(&threads[i], NULL, run, &tasks[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK(tasks[i].calls == ROUNDS * 2000);
    }
    wasm_shared_module_delete(shared);
    wasm_engine_delete(engine);
    printf("done\n");
    return 0;
}
