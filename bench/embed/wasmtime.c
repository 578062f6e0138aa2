/* Wasmtime's C API as of version 29 and later: only what is needed here, declared by hand, since it is loaded at run time if at all. */
#include "wasmtime.h"

#include <dlfcn.h>
#include <stdint.h>
#include <string.h>

#include "capi.h"
#include "modules.h"
#include "wasm.h"

struct raw_func {
    uint64_t store;
    void *private_;
};
struct raw_instance {
    uint64_t store;
    size_t private_;
};
struct raw_extern {
    uint8_t kind;
    union {
        struct raw_func func;
        uint64_t room[4];
    } of;
};
union raw {
    int32_t i32;
    int64_t i64;
    uint8_t v128[16];
};

typedef wasm_trap_t *callback(void *env, void *caller, union raw *args_and_results, size_t count);

static wasm_trap_t *add(void *env, void *caller, union raw *values, size_t count) {
    (void)env, (void)caller, (void)count;
    values[0].i64 = values[0].i64 + values[1].i64;
    return NULL;
}

static void *look_up(void *library, const char *name) {
    void *found = dlsym(library, name);
    need(found != NULL, name);
    return found;
}

static wasm_functype_t *type_of_add(void *library) {
    wasm_valtype_t *(*valtype)(wasm_valkind_t) = look_up(library, "wasm_valtype_new");
    void (*vec)(wasm_valtype_vec_t *, size_t, wasm_valtype_t *const *) = look_up(library, "wasm_valtype_vec_new");
    wasm_functype_t *(*functype)(wasm_valtype_vec_t *, wasm_valtype_vec_t *) = look_up(library, "wasm_functype_new");
    wasm_valtype_t *types[2] = {valtype(WASM_I64), valtype(WASM_I64)}, *result[1] = {valtype(WASM_I64)};
    wasm_valtype_vec_t params, results;
    vec(&params, 2, types);
    vec(&results, 1, result);
    return functype(&params, &results);
}

void wasmtime_measure(void *library, int calls, int rounds) {
    wasm_engine_t *(*engine_new)(void) = look_up(library, "wasm_engine_new");
    void *(*store_new)(wasm_engine_t *, void *, void (*)(void *)) = look_up(library, "wasmtime_store_new");
    void *(*context_of)(void *) = look_up(library, "wasmtime_store_context");
    void *(*module_new)(wasm_engine_t *, const uint8_t *, size_t, void **) = look_up(library, "wasmtime_module_new");
    void (*func_new)(void *, const wasm_functype_t *, callback *, void *, void (*)(void *), struct raw_func *) =
        look_up(library, "wasmtime_func_new_unchecked");
    void *(*instance_new)(void *, void *, const struct raw_extern *, size_t, struct raw_instance *, wasm_trap_t **) =
        look_up(library, "wasmtime_instance_new");
    bool (*export_get)(void *, const struct raw_instance *, const char *, size_t, struct raw_extern *) =
        look_up(library, "wasmtime_instance_export_get");
    void *(*call)(void *, const struct raw_func *, union raw *, size_t, wasm_trap_t **) = look_up(library, "wasmtime_func_call_unchecked");

    wasm_engine_t *engine = engine_new();
    void *context = context_of(store_new(engine, NULL, NULL)), *module;
    need(!module_new(engine, calls_wasm, sizeof calls_wasm, &module), "module");
    struct raw_extern import = {.kind = 0}, sum, loop;
    func_new(context, type_of_add(library), add, NULL, NULL, &import.of.func);
    struct raw_instance instance;
    wasm_trap_t *trap = NULL;
    need(!instance_new(context, module, &import, 1, &instance, &trap) && !trap, "instance");
    need(export_get(context, &instance, "add", 3, &sum) && export_get(context, &instance, "loop", 4, &loop), "exports");
    double in = 1e9, out = 1e9;
    for (int round = 0; round < rounds; round++) {
        double start = now();
        union raw slots[2];
        slots[0].i64 = 0;
        for (int i = 0; i < calls; i++) {
            slots[1].i64 = 1;
            need(!call(context, &sum.of.func, slots, 2, &trap), "call");
        }
        need(slots[0].i64 == calls, "sum");
        double middle = now();
        slots[0].i32 = calls;
        need(!call(context, &loop.of.func, slots, 2, &trap) && slots[0].i64 == calls, "loop");
        double end = now();
        in = (middle - start) / calls < in ? (middle - start) / calls : in;
        out = (end - middle) / calls < out ? (end - middle) / calls : out;
    }
    report("Wasmtime", "host to guest, unchecked", in);
    report("Wasmtime", "guest to host, unchecked", out);
}
