#include "capi.h"

#include <dlfcn.h>

#include "modules.h"
#include "wasm.h"

/* The functions of one library, under the names that they have there. */
#define FUNCTIONS(X)         \
    X(wasm_engine_new)       \
    X(wasm_engine_delete)    \
    X(wasm_store_new)        \
    X(wasm_store_delete)     \
    X(wasm_module_new)       \
    X(wasm_module_delete)    \
    X(wasm_valtype_new)      \
    X(wasm_valtype_vec_new)  \
    X(wasm_functype_new)     \
    X(wasm_functype_delete)  \
    X(wasm_func_new)         \
    X(wasm_func_delete)      \
    X(wasm_func_as_extern)   \
    X(wasm_func_call)        \
    X(wasm_instance_new)     \
    X(wasm_instance_delete)  \
    X(wasm_instance_exports) \
    X(wasm_extern_as_func)   \
    X(wasm_extern_vec_delete)

struct capi {
#define MEMBER(name) __typeof__(&name) name;
    FUNCTIONS(MEMBER)
};

static wasm_trap_t *add(const wasm_val_vec_t *args, wasm_val_vec_t *results) {
    results->data[0].kind = WASM_I64;
    results->data[0].of.i64 = args->data[0].of.i64 + args->data[1].of.i64;
    return NULL;
}

static void measure(const struct capi *c, const wasm_extern_vec_t *exports, const char *who, int calls, int rounds) {
    const wasm_func_t *sum = c->wasm_extern_as_func(exports->data[0]), *loop = c->wasm_extern_as_func(exports->data[1]);
    double in = 1e9, out = 1e9;
    for (int i = 0; i < 2000; i++) { /* hot, so that it gets compiled */
        wasm_val_t as[2] = {WASM_I64_VAL(0), WASM_I64_VAL(1)}, rs[1] = {WASM_INIT_VAL}, count[1] = {WASM_I32_VAL(50)};
        wasm_val_vec_t args = WASM_ARRAY_VEC(as), results = WASM_ARRAY_VEC(rs), counts = WASM_ARRAY_VEC(count);
        need(!c->wasm_func_call(sum, &args, &results) && !c->wasm_func_call(loop, &counts, &results), "call");
    }
    for (int round = 0; round < rounds; round++) {
        wasm_val_t as[2] = {WASM_I64_VAL(0), WASM_I64_VAL(1)}, rs[1] = {WASM_INIT_VAL}, count[1] = {WASM_I32_VAL(calls)};
        wasm_val_vec_t args = WASM_ARRAY_VEC(as), results = WASM_ARRAY_VEC(rs), counts = WASM_ARRAY_VEC(count);
        double start = now();
        for (int i = 0; i < calls; i++) {
            need(!c->wasm_func_call(sum, &args, &results), "call");
            as[0].of.i64 = rs[0].of.i64;
        }
        double middle = now();
        need(rs[0].of.i64 == calls && !c->wasm_func_call(loop, &counts, &results) && rs[0].of.i64 == calls, "loop");
        double end = now();
        in = (middle - start) / calls < in ? (middle - start) / calls : in;
        out = (end - middle) / calls < out ? (end - middle) / calls : out;
    }
    report(who, "host to guest, wasm.h", in);
    report(who, "guest to host, wasm.h", out);
}

void capi_measure(void *library, const char *who, int calls, int rounds) {
    struct capi functions, *c = &functions;
#define LOOK_UP(name) *(void **)&c->name = dlsym(library, #name);
    FUNCTIONS(LOOK_UP)
#define CHECK_ONE(name) need(c->name, #name);
    FUNCTIONS(CHECK_ONE)
    wasm_engine_t *engine = c->wasm_engine_new();
    wasm_store_t *store = c->wasm_store_new(engine);
    wasm_byte_vec_t bytes = {sizeof calls_wasm, (char *)calls_wasm};
    wasm_module_t *module = c->wasm_module_new(store, &bytes);
    need(module != NULL, "module");
    wasm_valtype_t *types[2] = {c->wasm_valtype_new(WASM_I64), c->wasm_valtype_new(WASM_I64)}, *result[1] = {c->wasm_valtype_new(WASM_I64)};
    wasm_valtype_vec_t params, results;
    c->wasm_valtype_vec_new(&params, 2, types);
    c->wasm_valtype_vec_new(&results, 1, result);
    wasm_functype_t *type = c->wasm_functype_new(&params, &results);
    wasm_func_t *func = c->wasm_func_new(store, type, add);
    wasm_extern_t *externs[1] = {c->wasm_func_as_extern(func)};
    wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs), exports;
    wasm_trap_t *trap = NULL;
    wasm_instance_t *instance = c->wasm_instance_new(store, module, &imports, &trap);
    need(instance != NULL, "instance");
    c->wasm_instance_exports(instance, &exports);
    measure(c, &exports, who, calls, rounds);
    c->wasm_extern_vec_delete(&exports);
    c->wasm_instance_delete(instance);
    c->wasm_func_delete(func);
    c->wasm_functype_delete(type);
    c->wasm_module_delete(module);
    c->wasm_store_delete(store);
    c->wasm_engine_delete(engine);
}
