/* The linker: a table from (module name, name) to the definition of an import. Open addressing over a power of two; names may come from
 * hostile modules (murre_linker_define_instance), so the hash is keyed. Definitions own their strings and types, which are in the
 * linker's arena and freed with it. One thread at a time. */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "runtime/instance.h"
#include "runtime/memory.h"
#include "runtime/store.h"
#include "runtime/table.h"
#include "wasm/subtype.h"

struct definition {
    struct murre_name module, name;
    uint64_t hash;
    struct murre_extern item; /* of.func is NULL for a host function that no store has yet */
    /* A host function for every store; fn is NULL otherwise. The one made last is kept, by the number of its store. */
    murre_host_fn fn;
    void *env;
    struct murre_functype type;
    uint64_t store_id;
};

struct murre_linker {
    struct murre_engine *engine;
    struct murre_arena arena;
    uint64_t seed;
    struct definition **slots; /* a power of two; at most half are taken */
    size_t slot_count;
    size_t count;
};

enum { FIRST_SLOTS = 128 };

struct murre_linker *murre_linker_new(struct murre_engine *engine, struct murre_error *error) {
    murre_error_clear(error);
    struct murre_linker *linker = murre_alloc_zero(&engine->allocator, sizeof *linker);
    if (!linker) {
        murre_error_memory(error);
        return NULL;
    }
    linker->engine = murre_engine_ref(engine);
    murre_arena_init(&linker->arena, &engine->allocator);
    linker->seed = murre_hash_seed();
    return linker;
}

void murre_linker_delete(struct murre_linker *linker) {
    if (!linker)
        return;
    struct murre_engine *engine = linker->engine;
    murre_free(&engine->allocator, linker->slots, linker->slot_count * sizeof *linker->slots);
    murre_arena_fini(&linker->arena);
    murre_free(&engine->allocator, linker, sizeof *linker);
    murre_engine_unref(engine);
}

static bool same(struct murre_name a, struct murre_name b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static uint64_t hash_names(const struct murre_linker *linker, struct murre_name module, struct murre_name name) {
    return murre_hash(murre_hash(linker->seed, module.data, module.size), name.data, name.size);
}

/* Where the definition is, or where it would go. There is always a free slot. */
static struct definition **find(const struct murre_linker *linker, struct murre_name module, struct murre_name name, uint64_t hash) {
    size_t mask = linker->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct definition *definition = linker->slots[i];
        if (!definition || (definition->hash == hash && same(definition->module, module) && same(definition->name, name)))
            return &linker->slots[i];
    }
}

static bool grow(struct murre_linker *linker) {
    if (linker->count < linker->slot_count / 2)
        return true;
    size_t count = linker->slot_count ? linker->slot_count * 2 : FIRST_SLOTS;
    struct definition **slots = murre_alloc_array(&linker->engine->allocator, count, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < linker->slot_count; i++) {
        struct definition *definition = linker->slots[i];
        if (!definition)
            continue;
        size_t to = definition->hash & (count - 1);
        while (slots[to])
            to = (to + 1) & (count - 1);
        slots[to] = definition;
    }
    murre_free(&linker->engine->allocator, linker->slots, linker->slot_count * sizeof *slots);
    linker->slots = slots;
    linker->slot_count = count;
    return true;
}

static bool copy_name(struct murre_linker *linker, struct murre_name *copy, struct murre_name name) {
    char *data = murre_arena_alloc(&linker->arena, name.size);
    if (!data)
        return false;
    if (name.size)
        memcpy(data, name.data, name.size);
    *copy = (struct murre_name){data, name.size};
    return true;
}

/* The definition of these names, made if need be; what it defines is unset. NULL when memory is short. */
static struct definition *define(struct murre_linker *linker, struct murre_name module, struct murre_name name, struct murre_error *error) {
    if (!grow(linker)) {
        murre_error_memory(error);
        return NULL;
    }
    uint64_t hash = hash_names(linker, module, name);
    struct definition **slot = find(linker, module, name, hash);
    if (*slot)
        return *slot;
    struct definition *definition = murre_arena_alloc(&linker->arena, sizeof *definition);
    if (!definition || !copy_name(linker, &definition->module, module) || !copy_name(linker, &definition->name, name)) {
        murre_error_memory(error);
        return NULL;
    }
    definition->hash = hash;
    linker->count++;
    return *slot = definition;
}

static struct murre_name name_of(const char *string) {
    return (struct murre_name){string, strlen(string)};
}

static bool copy_type(struct murre_linker *linker, struct murre_functype *copy, const struct murre_functype *type) {
    murre_valtype *values = murre_arena_alloc(&linker->arena, ((size_t)type->param_count + type->result_count) * sizeof *values);
    if (!values)
        return false;
    if (type->param_count)
        memcpy(values, type->params, type->param_count * sizeof *values);
    if (type->result_count)
        memcpy(values + type->param_count, type->results, type->result_count * sizeof *values);
    *copy = (struct murre_functype){values, values + type->param_count, type->param_count, type->result_count};
    return true;
}

enum murre_status murre_linker_define_func(struct murre_linker *linker, const char *module, const char *name,
                                           const struct murre_functype *type, murre_host_fn fn, void *env, struct murre_error *error) {
    murre_error_clear(error);
    struct murre_functype own;
    if (!fn)
        return murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "no function to define");
    enum murre_status status = murre_functype_check(type, error);
    if (status != MURRE_OK)
        return status;
    if (!copy_type(linker, &own, type))
        return murre_error_memory(error);
    struct definition *definition = define(linker, name_of(module), name_of(name), error);
    if (!definition)
        return MURRE_ERROR_MEMORY;
    definition->item = (struct murre_extern){.kind = MURRE_EXTERN_FUNC};
    definition->fn = fn;
    definition->env = env;
    definition->type = own;
    return MURRE_OK;
}

static enum murre_status define_item(struct murre_linker *linker, struct murre_name module, struct murre_name name,
                                     struct murre_extern item, struct murre_error *error) {
    struct definition *definition = define(linker, module, name, error);
    if (!definition)
        return MURRE_ERROR_MEMORY;
    definition->item = item;
    definition->fn = NULL;
    return MURRE_OK;
}

enum murre_status murre_linker_define(struct murre_linker *linker, const char *module, const char *name, struct murre_extern item,
                                      struct murre_error *error) {
    murre_error_clear(error);
    if (!item.of.func || item.kind > MURRE_EXTERN_GLOBAL)
        return murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "nothing to define");
    return define_item(linker, name_of(module), name_of(name), item, error);
}

enum murre_status murre_linker_define_instance(struct murre_linker *linker, const char *module, struct murre_instance *instance,
                                               struct murre_error *error) {
    murre_error_clear(error);
    const struct murre_module_info *info = &instance->module->info;
    enum murre_status status = MURRE_OK;
    for (uint32_t i = 0; i < info->export_count && status == MURRE_OK; i++)
        status = define_item(linker, name_of(module), info->exports[i].name, murre_instance_extern(instance, &info->exports[i]), error);
    return status;
}

/* ---- imports that nobody provides ---------------------------------------------------------------------------------------- */

/* env: the message. */
static struct murre_trap *trap_when_called(void *env, struct murre_caller *caller, const union murre_slot *args,
                                           union murre_slot *results) {
    (void)caller, (void)args, (void)results;
    return murre_trap_new(env);
}

/* env: how many slots the results take. */
static struct murre_trap *give_zeros(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)caller, (void)args;
    memset(results, 0, (uintptr_t)env * sizeof *results);
    return NULL;
}

static struct murre_func *unknown_func(struct murre_store *store, const struct murre_import *import, enum murre_unknown how,
                                       struct murre_error *error) {
    const struct murre_functype *type = &import->type.func;
    if (how == MURRE_UNKNOWN_ZERO) {
        uintptr_t slots = type->result_count;
        for (uint32_t i = 0; i < type->result_count; i++)
            slots += type->results[i] == MURRE_V128;
        return murre_store_host_func(store, type, give_zeros, (void *)slots, NULL, error);
    }
    char text[2 * sizeof(struct murre_quoted) + 32];
    int size =
        snprintf(text, sizeof text, "unknown import called: %s %s", murre_quote(import->module).text, murre_quote(import->name).text);
    char *message = murre_arena_alloc(&store->arena, (size_t)size + 1);
    if (!message) {
        murre_error_memory(error);
        return NULL;
    }
    memcpy(message, text, (size_t)size + 1);
    return murre_store_host_func(store, type, trap_when_called, message, NULL, error);
}

/* *item stays empty, with MURRE_OK, when nothing can stand for the import. */
static enum murre_status make_unknown(struct murre_store *store, const struct murre_import *import, enum murre_unknown how,
                                      struct murre_extern *item, struct murre_error *error) {
    const struct murre_externtype *type = &import->type;
    *item = (struct murre_extern){.kind = type->kind};
    if (type->kind == MURRE_EXTERN_TAG || (type->kind != MURRE_EXTERN_FUNC && how == MURRE_UNKNOWN_TRAP))
        return MURRE_OK;
    if ((type->kind == MURRE_EXTERN_TABLE || type->kind == MURRE_EXTERN_GLOBAL) && murre_is_long_ref(type->valtype))
        return MURRE_OK; /* of a type that only modules know */
    switch (type->kind) {
    case MURRE_EXTERN_TABLE: item->of.table = murre_table_create(store, type->valtype, type->limits, NULL, error); break;
    case MURRE_EXTERN_MEMORY: item->of.memory = murre_memory_create(store, type->limits, error); break;
    case MURRE_EXTERN_GLOBAL:
        item->of.global = murre_store_global(store, type->valtype, type->is_mutable, (const union murre_slot[2]){{0}}, error);
        break;
    default: item->of.func = unknown_func(store, import, how, error); break;
    }
    return item->of.func ? MURRE_OK : error->status;
}

enum murre_status murre_linker_define_unknown(struct murre_linker *linker, struct murre_store *store, const struct murre_module *module,
                                              enum murre_unknown how, struct murre_error *error) {
    struct murre_error unused;
    error = error ? error : &unused;
    murre_error_clear(error);
    if (how > MURRE_UNKNOWN_ZERO)
        return murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "no such way to stand for an import");
    if (store->engine != linker->engine)
        return murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "the store belongs to another engine than the linker");
    struct murre_import import;
    for (uint32_t i = 0; murre_module_import(module, i, &import); i++) {
        struct murre_extern item;
        if (linker->slot_count && *find(linker, import.module, import.name, hash_names(linker, import.module, import.name)))
            continue;
        enum murre_status status = make_unknown(store, &import, how, &item, error);
        if (status == MURRE_OK && item.of.func)
            status = define_item(linker, import.module, import.name, item, error);
        if (status != MURRE_OK)
            return status;
    }
    murre_error_clear(error);
    return MURRE_OK;
}

/* What stands for the definition in this store. */
static enum murre_status resolve(struct definition *definition, struct murre_store *store, struct murre_extern *item,
                                 struct murre_error *error) {
    if (definition->fn && (!definition->item.of.func || definition->store_id != store->id)) {
        definition->item.of.func = murre_store_host_func(store, &definition->type, definition->fn, definition->env, NULL, error);
        if (!definition->item.of.func)
            return MURRE_ERROR_MEMORY;
        definition->store_id = store->id;
    }
    *item = definition->item;
    return MURRE_OK;
}

/* Items stay empty where nothing is defined: murre_instance_check_imports reports that. */
static enum murre_status resolve_all(struct murre_linker *linker, struct murre_store *store, const struct murre_module_info *info,
                                     struct murre_extern *items, struct murre_error *error) {
    if (!linker->slot_count)
        return MURRE_OK;
    for (uint32_t i = 0; i < info->import_count; i++) {
        const struct murre_import_entry *import = &info->imports[i];
        struct definition *definition = *find(linker, import->module, import->name, hash_names(linker, import->module, import->name));
        enum murre_status status = definition ? resolve(definition, store, &items[i], error) : MURRE_OK;
        if (status != MURRE_OK)
            return status;
    }
    return MURRE_OK;
}

struct murre_instance *murre_linker_instantiate(struct murre_linker *linker, struct murre_store *store, struct murre_module *module,
                                                struct murre_trap **trap, struct murre_error *error) {
    murre_error_clear(error);
    if (trap)
        *trap = NULL;
    if (store->engine != linker->engine) {
        murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "the store belongs to another engine than the linker");
        return NULL;
    }
    const struct murre_allocator *allocator = &linker->engine->allocator;
    uint32_t count = module->info.import_count;
    struct murre_extern *items = murre_alloc_array(allocator, count, sizeof *items);
    if (!items) {
        murre_error_memory(error);
        return NULL;
    }
    struct murre_instance *instance = NULL;
    if (resolve_all(linker, store, &module->info, items, error) == MURRE_OK)
        instance = murre_instance_create(store, module, items, count, trap, error);
    murre_free(allocator, items, count * sizeof *items);
    return instance;
}
