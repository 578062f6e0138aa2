/* Stores: see store.h. Everything that a run creates is on one of the store's lists and is freed with it, not earlier. */
#include "runtime/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/call.h"
#include "runtime/instance.h"
#include "runtime/memory.h"
#include "runtime/table.h"
#include "runtime/types.h"
#include "wasm/limits.h"

struct murre_store *murre_store_create(struct murre_engine *engine, struct murre_error *error) {
    struct murre_store *store = murre_alloc_zero(&engine->allocator, sizeof *store);
    if (!store) {
        murre_error_memory(error);
        return NULL;
    }
    store->engine = murre_engine_ref(engine);
    if (murre_call_init(store, error) != MURRE_OK) {
        murre_free(&engine->allocator, store, sizeof *store);
        murre_engine_unref(engine);
        return NULL;
    }
    store->id = atomic_fetch_add_explicit(&engine->store_ids, 1, memory_order_relaxed);
    murre_arena_init(&store->arena, &engine->allocator);
    return store;
}

void murre_store_destroy(struct murre_store *store) {
    struct murre_engine *engine = store->engine;
    const struct murre_allocator *allocator = &engine->allocator;
    while (store->instances) {
        struct murre_instance *instance = store->instances;
        store->instances = instance->next;
        murre_instance_destroy(instance);
    }
    while (store->host_funcs) {
        struct murre_host_func *host = store->host_funcs;
        store->host_funcs = host->next;
        if (host->finalize)
            host->finalize(host->env);
        murre_types_release(engine, host->func.type_id);
    }
    while (store->memories)
        murre_memory_destroy(store->memories);
    while (store->tables)
        murre_table_destroy(store->tables);
    murre_arena_fini(&store->arena);
    murre_call_fini(store);
    murre_free(allocator, store, sizeof *store);
    murre_engine_unref(engine);
}

static bool is_valtype(murre_valtype type) {
    return type == MURRE_I32 || type == MURRE_I64 || type == MURRE_F32 || type == MURRE_F64 || type == MURRE_V128 ||
           type == MURRE_FUNCREF || type == MURRE_EXTERNREF;
}

enum murre_status murre_functype_check(const struct murre_functype *type, struct murre_error *error) {
    if (type->param_count > MURRE_MAX_PARAMS || type->result_count > MURRE_MAX_RESULTS)
        return murre_error_set(error, MURRE_ERROR_LIMIT, MURRE_NO_OFFSET, "too many parameters or results");
    for (uint32_t i = 0; i < type->param_count; i++)
        if (!is_valtype(type->params[i]))
            return murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "parameter %u: no such type", (unsigned)i);
    for (uint32_t i = 0; i < type->result_count; i++)
        if (!is_valtype(type->results[i]))
            return murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "result %u: no such type", (unsigned)i);
    return MURRE_OK;
}

struct murre_func *murre_store_host_func(struct murre_store *store, const struct murre_functype *type, murre_host_fn fn, void *env,
                                         void (*finalize)(void *env), struct murre_error *error) {
    if (murre_functype_check(type, error) != MURRE_OK)
        return NULL;
    size_t values_size = (size_t)(type->param_count + type->result_count) * sizeof(murre_valtype);
    struct murre_host_func *host = murre_arena_alloc(&store->arena, sizeof *host + values_size);
    const struct murre_type wanted = murre_type_of(type);
    uint32_t id = host ? murre_types_intern(store->engine, type) : 0;
    if (!id) {
        murre_error_memory(error);
        return NULL;
    }
    murre_valtype *values = (murre_valtype *)(host + 1);
    if (type->param_count)
        memcpy(values, type->params, type->param_count * sizeof *values);
    if (type->result_count)
        memcpy(values + type->param_count, type->results, type->result_count * sizeof *values);
    *host = (struct murre_host_func){
        .func = {.memory_base = NULL, .instance = NULL, .code = NULL, .type_id = id, .index = UINT32_MAX},
        .store = store,
        .fn = fn,
        .env = env,
        .finalize = finalize,
        .type = wanted,
        .next = store->host_funcs,
    };
    host->type.func.params = values;
    host->type.func.results = values + type->param_count;
    atomic_init(&host->func.entry, (void *)murre_arch_exit);
    store->host_funcs = host;
    return &host->func;
}

void murre_store_check_idle(const struct murre_store *store) {
    if (!store->activation)
        return;
    fputs("murre: a store cannot be deleted while it runs\n", stderr);
    abort();
}

struct murre_store *murre_func_store(const struct murre_func *func) {
    return func->instance ? func->instance->store : ((const struct murre_host_func *)func)->store;
}

struct murre_global *murre_store_global(struct murre_store *store, murre_valtype type, bool is_mutable, const union murre_slot *value,
                                        struct murre_error *error) {
    if (!is_valtype(type)) {
        murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "no such type");
        return NULL;
    }
    struct murre_global *global = murre_arena_alloc(&store->arena, sizeof *global);
    if (!global) {
        murre_error_memory(error);
        return NULL;
    }
    *global = (struct murre_global){.value = {value[0]}, .type = type, .is_mutable = is_mutable, .store = store};
    if (type == MURRE_V128)
        global->value[1] = value[1];
    return global;
}
