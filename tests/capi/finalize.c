#include "common.h"

enum { INSTANCES = 100000 };

static int live;
static wasm_func_t *kept;

static void count(void *data) {
    CHECK((intptr_t)data >= 0 && (intptr_t)data < INSTANCES);
    live--;
}

/* A finalizer may let go of other handles. */
static void release(void *data) {
    wasm_func_delete(kept);
    count(data);
}

static void run_in(wasm_store_t *store, int instances) {
    own wasm_module_t *module = LOAD(store, finalize);
    wasm_extern_vec_t imports = WASM_EMPTY_VEC;
    for (int i = 0; i < instances; i++) {
        own wasm_instance_t *instance = wasm_instance_new(store, module, &imports, NULL);
        CHECK(instance != NULL);
        wasm_instance_set_host_info_with_finalizer(instance, (void *)(intptr_t)i, count);
        CHECK(wasm_instance_get_host_info(instance) == (void *)(intptr_t)i);
        wasm_instance_delete(instance);
        live++;
    }
    wasm_module_delete(module);
}

/* Host information of the other kinds, and of handles that are still held when the store goes. */
static void other_kinds(wasm_store_t *store, own wasm_func_t **func, own wasm_module_t **module) {
    own wasm_foreign_t *foreign = wasm_foreign_new(store);
    wasm_foreign_set_host_info_with_finalizer(foreign, (void *)1, count);
    live++;
    wasm_foreign_set_host_info_with_finalizer(foreign, (void *)2, count); /* ends the first */
    live++;
    CHECK(live == 1);
    wasm_foreign_delete(foreign); /* nobody else holds it */
    CHECK(live == 0);
    *module = LOAD(store, finalize);
    wasm_module_set_host_info_with_finalizer(*module, (void *)3, count);
    live++;
    wasm_extern_vec_t imports = WASM_EMPTY_VEC;
    own wasm_instance_t *instance = wasm_instance_new(store, *module, &imports, NULL);
    own wasm_extern_vec_t exports;
    wasm_instance_exports(instance, &exports);
    *func = wasm_func_copy(wasm_extern_as_func(exports.data[1]));
    wasm_func_set_host_info_with_finalizer(*func, (void *)4, count);
    live++;
    wasm_func_set_host_info_with_finalizer(wasm_extern_as_func(exports.data[0]), (void *)5, release);
    live++;
    kept = wasm_func_copy(wasm_extern_as_func(exports.data[2]));
    wasm_func_set_host_info(kept, &live);
    CHECK(wasm_func_get_host_info(wasm_extern_as_func(exports.data[2])) == &live); /* the object's, not the handle's */
    wasm_extern_vec_delete(&exports);
    wasm_instance_delete(instance);
}

/* A finalizer may make other objects of the store that is being deleted: they end with it, too. */
static own wasm_foreign_t *made[3];
static int made_count;

static void make_another(void *store) {
    if (made_count < 3) {
        made[made_count] = wasm_foreign_new((wasm_store_t *)store);
        wasm_foreign_set_host_info_with_finalizer(made[made_count++], store, make_another);
    }
    live--;
}

static void made_at_the_end(wasm_store_t *store) {
    own wasm_foreign_t *first = wasm_foreign_new(store);
    wasm_foreign_set_host_info_with_finalizer(first, store, make_another);
    live = 4;
    wasm_store_delete(store);
    CHECK(live == 0 && made_count == 3);
    wasm_foreign_delete(first);
    for (int i = 0; i < made_count; i++)
        wasm_foreign_delete(made[i]);
}

int main(void) {
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    run_in(store, INSTANCES);
    printf("%d live\n", live);
    wasm_store_delete(store);
    printf("%d live\n", live);

    wasm_store_t *first = wasm_store_new(engine), *second = wasm_store_new(engine);
    run_in(first, 1000);
    run_in(second, 500);
    wasm_store_delete(second);
    printf("%d live\n", live);
    wasm_store_delete(first);
    printf("%d live\n", live);

    made_at_the_end(wasm_store_new(engine));

    own wasm_func_t *func;
    own wasm_module_t *module;
    store = wasm_store_new(engine);
    other_kinds(store, &func, &module);
    wasm_store_delete(store);
    wasm_func_delete(func);
    wasm_module_delete(module);
    CHECK(live == 0);
    wasm_engine_delete(engine);
    printf("done\n");
    return 0;
}
