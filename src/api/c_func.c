/* Functions of the standard C API: calls with boxed values in both directions. */
#include "api/c_api.h"

#include <stdlib.h>

#include "runtime/call.h"
#include "runtime/store.h"

enum { FEW = 16 }; /* values that need no heap */

/* What a host function of the C API carries. */
struct host {
    wasm_store_t *store;
    wasm_func_callback_t callback;
    wasm_func_callback_with_env_t callback_with_env;
    void *env;
    void (*finalizer)(void *);
    struct murre_functype type; /* its types lie behind the struct */
    murre_valtype types[];
};

static struct murre_trap *no_memory(void) {
    return murre_trap_new("out of memory in a call of a host function");
}

static inline void drop(wasm_val_t *value) {
    if (__builtin_expect(value->kind >= WASM_EXTERNREF, false))
        wasm_val_delete(value);
}

/* Arguments become values, which the callback borrows; results come back as values that it gives away. */
static struct murre_trap *call_host(struct host *host, const union murre_slot *args, union murre_slot *results, wasm_val_t *values) {
    uint32_t params = host->type.param_count, count = host->type.result_count;
    wasm_val_vec_t arg_vec = {params, values}, result_vec = {count, values + params};
    bool good = true;
    for (uint32_t i = 0; i < params; i++)
        good = c_give(host->store, host->type.params[i], args[i], &values[i]) && good;
    for (uint32_t i = 0; i < count; i++)
        result_vec.data[i] = (wasm_val_t){.kind = c_kind_of(host->type.results[i])};
    wasm_trap_t *trap = NULL;
    if (good)
        trap = host->callback_with_env ? host->callback_with_env(host->env, &arg_vec, &result_vec) : host->callback(&arg_vec, &result_vec);
    for (uint32_t i = 0; i < params; i++)
        drop(&values[i]);
    if (!good)
        return no_memory();
    if (trap)
        return c_trap_unwrap(trap);
    for (uint32_t i = 0; i < count; i++) {
        good = c_take(host->store, host->type.results[i], &result_vec.data[i], &results[i]) && good;
        drop(&result_vec.data[i]);
    }
    return good ? NULL : murre_trap_new("a host function returned a value of another type or store");
}

static struct murre_trap *enter_host(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)caller;
    struct host *host = env;
    size_t count = (size_t)host->type.param_count + host->type.result_count;
    wasm_val_t few[FEW];
    if (count <= FEW)
        return call_host(host, args, results, few);
    wasm_val_t *many = malloc(count * sizeof *many);
    if (!many)
        return no_memory();
    struct murre_trap *trap = call_host(host, args, results, many);
    free(many);
    return trap;
}

static void finalize_host(void *env) {
    struct host *host = env;
    if (host->finalizer)
        host->finalizer(host->env);
    free(host);
}

static wasm_func_t *new_func(wasm_store_t *store, const wasm_functype_t *type, struct host from) {
    const wasm_valtype_vec_t *params = wasm_functype_params(type), *results = wasm_functype_results(type);
    struct host *host = malloc(sizeof *host + (params->size + results->size) * sizeof(murre_valtype));
    if (!host)
        return NULL;
    *host = from;
    for (size_t i = 0; i < params->size; i++)
        host->types[i] = c_valtype_of(wasm_valtype_kind(params->data[i]));
    for (size_t i = 0; i < results->size; i++)
        host->types[params->size + i] = c_valtype_of(wasm_valtype_kind(results->data[i]));
    bool vectors = false;
    for (size_t i = 0; i < params->size + results->size; i++)
        vectors |= host->types[i] == MURRE_V128;
    if (vectors) { /* see c_api.h */
        free(host);
        return NULL;
    }
    host->type = (struct murre_functype){host->types, host->types + params->size, (uint32_t)params->size, (uint32_t)results->size};
    struct murre_func *func = murre_func_new(store->store, &host->type, enter_host, host, finalize_host, NULL);
    if (!func) {
        free(host);
        return NULL;
    }
    wasm_ref_t *handle = c_ref_of(store, REF_FUNC, func);
    if (!handle) /* func stays with its store, where nothing calls it; env stays the caller's, as in any failure */
        host->finalizer = NULL;
    return (wasm_func_t *)handle;
}

wasm_func_t *wasm_func_new(wasm_store_t *store, const wasm_functype_t *type, wasm_func_callback_t callback) {
    return new_func(store, type, (struct host){.store = store, .callback = callback});
}

wasm_func_t *wasm_func_new_with_env(wasm_store_t *store, const wasm_functype_t *type, wasm_func_callback_with_env_t callback, void *env,
                                    void (*finalizer)(void *)) {
    return new_func(store, type, (struct host){.store = store, .callback_with_env = callback, .env = env, .finalizer = finalizer});
}

static struct murre_func *func_of(const wasm_func_t *handle) {
    return c_ref(handle)->object;
}

wasm_functype_t *wasm_func_type(const wasm_func_t *handle) {
    struct murre_functype type;
    murre_func_type(func_of(handle), &type);
    return c_functype_of(&type);
}

size_t wasm_func_param_arity(const wasm_func_t *handle) {
    struct murre_functype type;
    murre_func_type(func_of(handle), &type);
    return type.param_count;
}

size_t wasm_func_result_arity(const wasm_func_t *handle) {
    struct murre_functype type;
    murre_func_type(func_of(handle), &type);
    return type.result_count;
}

static struct murre_trap *call_wasm(wasm_store_t *store, struct murre_func *func, const struct murre_functype *type, const wasm_val_t *args,
                                    wasm_val_vec_t results, union murre_slot *slots) {
    for (uint32_t i = 0; i < type->param_count; i++)
        if (!c_take(store, type->params[i], &args[i], &slots[i]))
            return murre_trap_new("an argument of another type than the parameter's, or of another store");
    struct murre_trap *trap = murre_func_call(store->store, func, slots);
    if (__builtin_expect(trap != NULL, false))
        return trap;
    bool good = true;
    for (uint32_t i = 0; i < type->result_count && i < results.size; i++)
        good = c_give(store, type->results[i], slots[i], &results.data[i]) && good;
    if (__builtin_expect(good, true))
        return NULL;
    for (uint32_t i = 0; i < type->result_count && i < results.size; i++)
        drop(&results.data[i]);
    return no_memory();
}

static __attribute__((noinline)) struct murre_trap *call_with_many(wasm_store_t *store, struct murre_func *func,
                                                                   const struct murre_functype *type, const wasm_val_t *args,
                                                                   wasm_val_vec_t results, uint32_t count) {
    union murre_slot *slots = malloc(count * sizeof *slots);
    struct murre_trap *trap = slots ? call_wasm(store, func, type, args, results, slots) : no_memory();
    free(slots);
    return trap;
}

wasm_trap_t *wasm_func_call(const wasm_func_t *handle, const wasm_val_vec_t *args, wasm_val_vec_t *results) {
    /* Those who expect a trap may have no room for results; those who have give as much as they want. */
    static wasm_val_vec_t none = WASM_EMPTY_VEC;
    wasm_store_t *store = c_ref(handle)->store;
    struct murre_func *func = func_of(handle);
    const struct murre_type *signature = murre_func_signature(func);
    const struct murre_functype *type = &signature->func;
    /* With a vector there are more slots than values. */
    if (__builtin_expect(signature->param_slots != type->param_count || signature->result_slots != type->result_count, false))
        return c_trap_wrap(store, murre_trap_new("a function with vectors cannot be called through wasm.h"));
    if (!args)
        args = &none;
    if (!results)
        results = &none;
    if (args->size < type->param_count)
        return c_trap_wrap(store, murre_trap_new("fewer arguments than the function has parameters"));
    uint32_t count = type->param_count > type->result_count ? type->param_count : type->result_count;
    union murre_slot few[FEW];
    struct murre_trap *trap = count <= FEW ? call_wasm(store, func, type, args->data, *results, few)
                                           : call_with_many(store, func, type, args->data, *results, count);
    return __builtin_expect(!trap, true) ? NULL : c_trap_wrap(store, trap);
}
