/* See host.h. */
#include "host.h"

#include <stdlib.h>
#include <string.h>

struct murre_engine *fuzz_engine(bool deferred_validation) {
    struct murre_config config;
    murre_config_init(&config);
    config.tier = MURRE_TIER_INTERP;
    config.deferred_validation = deferred_validation;
    config.max_memory = 64 << 20;
    config.max_stack = 1 << 20;
    return murre_engine_new(&config, NULL);
}

static struct murre_trap *zeros(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)caller, (void)args;
    memset(results, 0, (size_t)(uintptr_t)env * sizeof *results);
    return NULL;
}

static bool provide(struct murre_store *store, const struct murre_externtype *type, struct murre_extern *item) {
    item->kind = type->kind;
    switch (type->kind) {
    case MURRE_EXTERN_FUNC:
        item->of.func = murre_func_new(store, &type->func, zeros, (void *)(uintptr_t)type->func.result_count, NULL, NULL);
        break;
    case MURRE_EXTERN_TABLE: item->of.table = murre_table_new(store, type->valtype, type->limits, NULL, NULL); break;
    case MURRE_EXTERN_MEMORY: item->of.memory = murre_memory_new(store, type->limits, NULL); break;
    case MURRE_EXTERN_GLOBAL:
        item->of.global = murre_global_new(store, type->valtype, type->is_mutable, (union murre_slot){.u64 = 0}, NULL);
        break;
    case MURRE_EXTERN_TAG: return false;
    }
    return item->of.func != NULL;
}

struct murre_extern *fuzz_imports(struct murre_store *store, const struct murre_module *module) {
    uint32_t count = murre_module_import_count(module);
    struct murre_extern *items = calloc(count ? count : 1, sizeof *items);
    for (uint32_t i = 0; items && i < count; i++) {
        struct murre_import import;
        if (!murre_module_import(module, i, &import) || !provide(store, &import.type, &items[i])) {
            free(items);
            return NULL;
        }
    }
    return items;
}
