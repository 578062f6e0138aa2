/* Engines, stores and references of the standard C API: see c_api.h. */
#include "api/c_api.h"

#include <stdlib.h>

#include "runtime/store.h"

/* ---- engine and store ----------------------------------------------------------------------------------------------------------- */

wasm_config_t *wasm_config_new(void) {
    wasm_config_t *config = malloc(sizeof *config);
    if (config)
        murre_config_init(&config->config);
    return config;
}

struct murre_config *murre_wasm_config(struct wasm_config_t *config) {
    return &config->config;
}

struct murre_store *murre_wasm_store(struct wasm_store_t *store) {
    return store->store;
}

void wasm_config_delete(wasm_config_t *config) {
    free(config);
}

wasm_engine_t *wasm_engine_new(void) {
    return wasm_engine_new_with_config(NULL);
}

wasm_engine_t *wasm_engine_new_with_config(wasm_config_t *config) {
    wasm_engine_t *engine = malloc(sizeof *engine);
    if (engine) {
        engine->engine = murre_engine_new(config ? &config->config : NULL, NULL);
        if (!engine->engine) {
            free(engine);
            engine = NULL;
        }
    }
    wasm_config_delete(config);
    return engine;
}

void wasm_engine_delete(wasm_engine_t *engine) {
    if (engine)
        murre_engine_unref(engine->engine);
    free(engine);
}

wasm_store_t *wasm_store_new(wasm_engine_t *engine) {
    wasm_store_t *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    store->store = murre_store_new(engine->engine, NULL);
    if (!store->store) {
        free(store);
        return NULL;
    }
    store->engine = murre_engine_ref(engine->engine);
    return store;
}

static void finalize(wasm_ref_t *ref) {
    void (*finalizer)(void *) = ref->finalizer;
    ref->finalizer = NULL;
    if (finalizer)
        finalizer(ref->host_info);
}

static void end(wasm_ref_t *ref) {
    finalize(ref);
    if (ref->kind == REF_MODULE)
        murre_module_unref(ref->object);
    if (ref->kind == REF_TRAP)
        murre_trap_delete(ref->object);
    free(ref);
}

/* The store's objects die with it, so finalizers of all of them run now, whoever still has a handle. A finalizer may delete other handles:
 * so first every reference is taken off the table and kept by one handle more. Modules and traps have lives of their own. */
static void end_references(wasm_store_t *store) {
    wasm_ref_t *all = NULL;
    for (size_t i = 0; i < store->bucket_count; i++)
        for (wasm_ref_t *ref = store->buckets[i]; ref;) {
            wasm_ref_t *next = ref->next;
            ref->store = NULL;
            ref->handles++;
            ref->next = all;
            all = ref;
            ref = next;
        }
    free(store->buckets);
    store->buckets = NULL;
    store->bucket_count = store->ref_count = 0;
    for (wasm_ref_t *ref = all; ref; ref = ref->next)
        if (ref->kind != REF_MODULE && ref->kind != REF_TRAP)
            finalize(ref);
    while (all) {
        wasm_ref_t *next = all->next;
        c_ref_delete(all);
        all = next;
    }
}

void wasm_store_delete(wasm_store_t *store) {
    if (!store)
        return;
    murre_store_check_idle(store->store);
    while (store->bucket_count) /* finalizers may have made new ones */
        end_references(store);
    murre_store_delete(store->store);
    murre_engine_unref(store->engine);
    free(store);
}

/* ---- references ----------------------------------------------------------------------------------------------------------------- */

static size_t bucket_of(const wasm_store_t *store, const void *key) {
    uint64_t hash = (uint64_t)(uintptr_t)key * 0x9e3779b97f4a7c15u;
    return (size_t)(hash >> 32) & (store->bucket_count - 1);
}

static const void *key_of(const wasm_ref_t *ref) {
    return ref->kind <= REF_INSTANCE ? ref->object : ref;
}

static bool make_room(wasm_store_t *store) {
    if (store->ref_count < store->bucket_count)
        return true;
    size_t old_count = store->bucket_count, count = old_count ? old_count * 2 : 64;
    wasm_ref_t **old = store->buckets, **grown = calloc(count, sizeof *grown);
    if (!grown)
        return false;
    store->buckets = grown;
    store->bucket_count = count;
    for (size_t i = 0; i < old_count; i++)
        for (wasm_ref_t *ref = old[i]; ref;) {
            wasm_ref_t *next = ref->next;
            size_t bucket = bucket_of(store, key_of(ref));
            ref->next = grown[bucket];
            grown[bucket] = ref;
            ref = next;
        }
    free(old);
    return true;
}

wasm_ref_t *c_ref_new(wasm_store_t *store, enum ref_kind kind, void *object) {
    /* No store: the reference that it comes by has outlived it. */
    wasm_ref_t *ref = store && make_room(store) ? malloc(sizeof *ref) : NULL;
    if (!ref)
        return NULL;
    *ref = (wasm_ref_t){.kind = (uint8_t)kind, .handles = 1, .store = store, .object = object};
    size_t bucket = bucket_of(store, key_of(ref));
    ref->next = store->buckets[bucket];
    store->buckets[bucket] = ref;
    store->ref_count++;
    return ref;
}

wasm_ref_t *c_ref_of(wasm_store_t *store, enum ref_kind kind, void *object) {
    if (store && store->bucket_count)
        for (wasm_ref_t *ref = store->buckets[bucket_of(store, object)]; ref; ref = ref->next)
            if (ref->object == object && ref->kind == kind) {
                ref->handles++;
                return ref;
            }
    return c_ref_new(store, kind, object);
}

wasm_ref_t *c_ref_copy(const wasm_ref_t *ref) {
    if (ref)
        ((wasm_ref_t *)ref)->handles++;
    return (wasm_ref_t *)ref;
}

/* Objects of a store outlive their handles, and with them what the host has attached. */
static bool stays(const wasm_ref_t *ref) {
    bool has_info = ref->host_info || ref->finalizer;
    return ref->store && (ref->pinned || (has_info && ref->kind <= REF_INSTANCE));
}

void c_ref_delete(wasm_ref_t *ref) {
    if (!ref || --ref->handles || stays(ref))
        return;
    wasm_store_t *store = ref->store;
    if (store) {
        wasm_ref_t **link = &store->buckets[bucket_of(store, key_of(ref))];
        while (*link != ref)
            link = &(*link)->next;
        *link = ref->next;
        store->ref_count--;
    }
    end(ref);
}

static void set_host_info(wasm_ref_t *ref, void *info, void (*finalizer)(void *)) {
    finalize(ref);
    ref->host_info = info;
    ref->finalizer = finalizer;
}

/* Any kind of handle is a wasm_ref_t. */
#define REFERENCE(name)                                                                                               \
    void wasm_##name##_delete(wasm_##name##_t *handle) {                                                              \
        c_ref_delete((wasm_ref_t *)handle);                                                                           \
    }                                                                                                                 \
    wasm_##name##_t *wasm_##name##_copy(const wasm_##name##_t *handle) {                                              \
        return (wasm_##name##_t *)c_ref_copy(c_ref(handle));                                                          \
    }                                                                                                                 \
    bool wasm_##name##_same(const wasm_##name##_t *a, const wasm_##name##_t *b) {                                     \
        return c_ref(a) == c_ref(b);                                                                                  \
    }                                                                                                                 \
    void *wasm_##name##_get_host_info(const wasm_##name##_t *handle) {                                                \
        return c_ref(handle)->host_info;                                                                              \
    }                                                                                                                 \
    void wasm_##name##_set_host_info(wasm_##name##_t *handle, void *info) {                                           \
        set_host_info((wasm_ref_t *)handle, info, NULL);                                                              \
    }                                                                                                                 \
    void wasm_##name##_set_host_info_with_finalizer(wasm_##name##_t *handle, void *info, void (*finalizer)(void *)) { \
        set_host_info((wasm_ref_t *)handle, info, finalizer);                                                         \
    }

/* Between handles of one object; the other kind gives NULL. */
#define CONVERSION(from, to, condition)                                                 \
    wasm_##to##_t *wasm_##from##_as_##to(wasm_##from##_t *handle) {                     \
        return handle && (condition) ? (wasm_##to##_t *)handle : NULL;                  \
    }                                                                                   \
    const wasm_##to##_t *wasm_##from##_as_##to##_const(const wasm_##from##_t *handle) { \
        return handle && (condition) ? (const wasm_##to##_t *)handle : NULL;            \
    }

#define AS_REF(name, condition) \
    REFERENCE(name)             \
    CONVERSION(name, ref, true) \
    CONVERSION(ref, name, condition)

#define AS_EXTERN(name, condition) \
    CONVERSION(name, extern, true) \
    CONVERSION(extern, name, condition)

REFERENCE(ref)
AS_REF(func, c_ref(handle)->kind == REF_FUNC)
AS_REF(global, c_ref(handle)->kind == REF_GLOBAL)
AS_REF(table, c_ref(handle)->kind == REF_TABLE)
AS_REF(memory, c_ref(handle)->kind == REF_MEMORY)
AS_REF(instance, c_ref(handle)->kind == REF_INSTANCE)
AS_REF(module, c_ref(handle)->kind == REF_MODULE)
AS_REF(trap, c_ref(handle)->kind == REF_TRAP)
AS_REF(foreign, c_ref(handle)->kind == REF_FOREIGN)
AS_REF(extern, c_ref(handle)->kind <= REF_MEMORY)
AS_EXTERN(func, c_ref(handle)->kind == REF_FUNC)
AS_EXTERN(global, c_ref(handle)->kind == REF_GLOBAL)
AS_EXTERN(table, c_ref(handle)->kind == REF_TABLE)
AS_EXTERN(memory, c_ref(handle)->kind == REF_MEMORY)

wasm_foreign_t *wasm_foreign_new(wasm_store_t *store) {
    return (wasm_foreign_t *)c_ref_new(store, REF_FOREIGN, NULL);
}
