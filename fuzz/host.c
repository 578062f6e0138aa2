/* See host.h. */
#include "host.h"

#include <string.h>

#include "support/imports.h"

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

static struct murre_func *make_func(void *context, struct murre_store *store, const struct murre_import *import, uint32_t place) {
    (void)context, (void)place;
    const struct murre_functype *type = &import->type.func;
    return murre_func_new(store, type, zeros, (void *)(uintptr_t)type->result_count, NULL, NULL);
}

static union murre_slot zero(void *context, const struct murre_import *import) {
    (void)context, (void)import;
    return (union murre_slot){.u64 = 0};
}

struct murre_extern *fuzz_imports(struct murre_store *store, const struct murre_module *module) {
    return test_imports(store, module, &(struct test_importer){.func = make_func, .global = zero});
}
