/* The standard C API when one allocation fails, for each that there is: nothing crashes, nothing leaks, and what does not report a failure is
 * right. malloc and its kin are wrapped by the linker. */
#include <pthread.h>
#include <stdatomic.h>

#include "common.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);

static atomic_long allocations, fails_at = -1, live;

static bool may(void) {
    return atomic_fetch_add(&allocations, 1) != fails_at;
}
static void *count_in(void *block) {
    atomic_fetch_add(&live, block ? 1 : 0);
    return block;
}
void *__wrap_malloc(size_t size) {
    return may() ? count_in(__real_malloc(size)) : NULL;
}
void *__wrap_calloc(size_t count, size_t size) {
    return may() ? count_in(__real_calloc(count, size)) : NULL;
}
void *__wrap_realloc(void *old, size_t size) {
    if (!may())
        return NULL;
    return old ? __real_realloc(old, size) : count_in(__real_realloc(NULL, size));
}
void __wrap_free(void *block) {
    atomic_fetch_sub(&live, block ? 1 : 0);
    __real_free(block);
}

static own wasm_trap_t *swap(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
    for (size_t i = 0; i < 4; i++)
        wasm_val_copy(&results->data[i], &args->data[3 - i]);
    return NULL;
}

static own wasm_module_t *load(wasm_store_t *store, const unsigned char *bytes, size_t size) {
    wasm_byte_vec_t binary = {size, (wasm_byte_t *)bytes};
    return store ? wasm_module_new(store, &binary) : NULL;
}

static own wasm_functype_t *type_of_swap(void) {
    static const wasm_valkind_t kinds[4] = {WASM_I32, WASM_I64, WASM_F64, WASM_F32};
    wasm_valtype_vec_t params, results;
    wasm_valtype_vec_new_uninitialized(&params, 4);
    wasm_valtype_vec_new_uninitialized(&results, 4);
    bool good = params.size && results.size;
    for (size_t i = 0; good && i < 4; i++) {
        params.data[i] = wasm_valtype_new(kinds[i]);
        results.data[i] = wasm_valtype_new(kinds[3 - i]);
        good = params.data[i] && results.data[i];
    }
    if (good)
        return wasm_functype_new(&params, &results);
    wasm_valtype_vec_delete(&params);
    wasm_valtype_vec_delete(&results);
    return NULL;
}

/* Calls into and out of the guest. */
static bool calls(wasm_store_t *store) {
    own wasm_module_t *module = load(store, multi_wasm, sizeof multi_wasm);
    own wasm_functype_t *type = type_of_swap();
    own wasm_func_t *host = type ? wasm_func_new(store, type, swap) : NULL;
    wasm_extern_t *externs[1] = {wasm_func_as_extern(host)};
    wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs), exports = WASM_EMPTY_VEC;
    own wasm_trap_t *trap = NULL;
    own wasm_instance_t *instance = module ? wasm_instance_new(store, module, &imports, &trap) : NULL;
    if (instance)
        wasm_instance_exports(instance, &exports);
    bool good = exports.size == 2;
    if (good) {
        wasm_val_t values[4] = {WASM_I32_VAL(-1), WASM_I64_VAL(INT64_MAX), WASM_F64_VAL(0.25), WASM_F32_VAL(-8)}, back[4], many[18];
        wasm_val_vec_t args = WASM_ARRAY_VEC(values), results = WASM_ARRAY_VEC(back), many_vec = WASM_ARRAY_VEC(many);
        trap = wasm_func_call(func_at(&exports, 0), &args, &results);
        CHECK(trap || (back[0].of.f32 == -8 && back[3].of.i32 == -1));
        good = !trap;
        wasm_trap_delete(trap);
        for (int i = 0; i < 18; i++)
            many[i] = (wasm_val_t)WASM_I64_VAL(i);
        trap = wasm_func_call(func_at(&exports, 1), &many_vec, &many_vec);
        CHECK(trap || many[0].of.i64 == 17);
        good = good && !trap;
    }
    wasm_trap_delete(trap);
    wasm_extern_vec_delete(&exports);
    wasm_instance_delete(instance);
    wasm_func_delete(host);
    wasm_functype_delete(type);
    wasm_module_delete(module);
    return good;
}

/* Traps with frames and messages. */
static bool traps(wasm_store_t *store) {
    own wasm_module_t *module = load(store, start_wasm, sizeof start_wasm);
    wasm_extern_vec_t imports = WASM_EMPTY_VEC;
    own wasm_trap_t *trap = NULL;
    if (module)
        CHECK(!wasm_instance_new(store, module, &imports, &trap) && trap);
    own wasm_frame_vec_t trace = WASM_EMPTY_VEC;
    own wasm_name_t message = WASM_EMPTY_VEC;
    own wasm_frame_t *origin = trap ? wasm_trap_origin(trap) : NULL;
    if (trap) {
        wasm_trap_trace(trap, &trace);
        wasm_trap_message(trap, &message);
    }
    bool good = trace.size == 2 && message.size && strcmp(message.data, "unreachable") == 0 && origin && wasm_frame_instance(origin);
    wasm_name_delete(&message);
    wasm_frame_vec_delete(&trace);
    wasm_frame_delete(origin);
    wasm_trap_delete(trap);
    wasm_module_delete(module);
    return good;
}

/* An environment is finalized once, or not at all where there is no function. */
static int environments, finalized;

static own wasm_trap_t *swap_with_env(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
    (void)env;
    return swap(args, results);
}
static void finalize(void *env) {
    ++*(int *)env;
}

static bool finalizes(wasm_store_t *store) {
    own wasm_functype_t *type = type_of_swap();
    own wasm_func_t *func = type ? wasm_func_new_with_env(store, type, swap_with_env, &finalized, finalize) : NULL;
    environments += func != NULL;
    wasm_func_delete(func);
    wasm_functype_delete(type);
    return func != NULL;
}

/* Types, copies, the serialised form, sharing. */
static bool reflects(wasm_store_t *store) {
    own wasm_module_t *module = load(store, reflect_wasm, sizeof reflect_wasm);
    if (!module)
        return false;
    wasm_importtype_vec_t imports, import_copies;
    wasm_exporttype_vec_t exports, export_copies;
    wasm_module_imports(module, &imports);
    wasm_module_exports(module, &exports);
    wasm_importtype_vec_copy(&import_copies, &imports);
    wasm_exporttype_vec_copy(&export_copies, &exports);
    own wasm_byte_vec_t serialized;
    wasm_module_serialize(module, &serialized);
    own wasm_module_t *back = serialized.size ? wasm_module_deserialize(store, &serialized) : NULL;
    own wasm_shared_module_t *shared = wasm_module_share(module);
    own wasm_module_t *obtained = shared ? wasm_module_obtain(store, shared) : NULL;
    bool good = import_copies.size == 4 && export_copies.size == 5 && back && obtained;
    for (size_t i = 0; i < import_copies.size; i++)
        CHECK(wasm_importtype_name(import_copies.data[i])->size == 1 && wasm_importtype_module(import_copies.data[i])->size == 3);
    for (size_t i = 0; i < export_copies.size; i++)
        CHECK(wasm_exporttype_name(export_copies.data[i])->size >= 4);
    wasm_module_delete(obtained);
    wasm_shared_module_delete(shared);
    wasm_module_delete(back);
    wasm_byte_vec_delete(&serialized);
    wasm_exporttype_vec_delete(&export_copies);
    wasm_importtype_vec_delete(&import_copies);
    wasm_exporttype_vec_delete(&exports);
    wasm_importtype_vec_delete(&imports);
    wasm_module_delete(module);
    return good;
}

static bool in_store(bool (*part)(wasm_store_t *)) {
    own wasm_engine_t *engine = wasm_engine_new();
    own wasm_store_t *store = engine ? wasm_store_new(engine) : NULL;
    bool good = store && part(store);
    wasm_store_delete(store);
    wasm_engine_delete(engine);
    return good;
}

int main(void) {
    bool (*const parts[])(wasm_store_t *) = {calls, traps, reflects, finalizes};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        bool reached = true;
        long tried = 0;
        for (long n = 0; reached; n++) {
            CHECK(n < 5000);
            long before = live;
            allocations = 0;
            fails_at = n;
            bool good = in_store(parts[i]);
            fails_at = -1;
            CHECK(live == before);
            CHECK(finalized == environments);
            reached = allocations > n;
            CHECK(reached || good);
            tried = n;
        }
        CHECK(tried > 20);
    }
    printf("4 passed, 0 failed\n");
    return 0;
}
