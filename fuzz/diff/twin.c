/* See twin.h. */
#include "diff/twin.h"

#include <stdlib.h>

struct murre_instance *fuzz_other(const struct fuzz_run *run, const struct murre_instance *instance) {
    if (!instance)
        return NULL;
    return instance == run->twin.instance ? run->guest.instance : instance == run->guest.instance ? run->twin.instance : NULL;
}

uint32_t fuzz_func_index(const struct fuzz_run *run, const struct murre_func *func) {
    return func->index + (func->instance == run->twin.instance ? FUZZ_OF_TWIN : 0);
}

/* ---- linking ----------------------------------------------------------------------------------------------------------- */

/* A function of the twin's own with the type of an import; NULL when there is none. */
static struct murre_func *func_of_type(const struct fuzz_run *run, const struct murre_functype *type, uint64_t bits) {
    const struct murre_module_info *info = &run->module->info;
    uint32_t count = info->func_count - info->func_import_count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index = info->func_import_count + (uint32_t)((bits + i) % count);
        if (fuzz_same_type(&murre_module_func_type(info, index)->func, type))
            return murre_instance_func(run->twin.instance, index);
    }
    return NULL;
}

void fuzz_link(const struct fuzz_run *run, struct murre_extern *imports) {
    struct murre_instance *twin = run->twin.instance;
    uint32_t count = murre_module_import_count(run->module);
    for (uint32_t i = 0; twin && i < count; i++) {
        struct murre_import import;
        uint64_t bits = fuzz_mix(run->plan->links, i);
        if (bits % 4 == 0 || !murre_module_import(run->module, i, &import))
            continue;
        bits >>= 2;
        switch (import.type.kind) {
        case MURRE_EXTERN_FUNC: {
            struct murre_func *func = func_of_type(run, &import.type.func, bits);
            if (func)
                imports[i].of.func = func;
            break;
        }
        case MURRE_EXTERN_TABLE: imports[i].of.table = murre_instance_table(twin, import.index); break;
        case MURRE_EXTERN_MEMORY: imports[i].of.memory = murre_instance_memory(twin, import.index); break;
        case MURRE_EXTERN_GLOBAL: imports[i].of.global = murre_instance_global(twin, import.index); break;
        case MURRE_EXTERN_TAG: break;
        }
    }
}

/* ---- exchanging -------------------------------------------------------------------------------------------------------- */

static void exchange(const struct fuzz_run *run, struct murre_table *table, uint64_t choice) {
    for (uint64_t i = 0; i < murre_table_size(table); i++) {
        void *ref;
        if (fuzz_mix(choice, i) % 2 || !murre_table_get(table, i, &ref) || !ref)
            continue;
        const struct murre_func *func = ref;
        struct murre_instance *other = fuzz_other(run, func->instance);
        if (other && !murre_table_set(table, i, murre_instance_func(other, func->index)))
            abort();
    }
}

void fuzz_exchange_funcs(const struct fuzz_run *run, uint64_t round) {
    const struct murre_module_info *info = &run->module->info;
    for (uint32_t i = 0; i < info->table_count; i++) {
        struct murre_table *tables[] = {murre_instance_table(run->twin.instance, i), murre_instance_table(run->guest.instance, i)};
        if (tables[0]->type != MURRE_FUNCREF)
            continue;
        exchange(run, tables[0], fuzz_mix(run->plan->links, 2 * round));
        if (tables[1] != tables[0])
            exchange(run, tables[1], fuzz_mix(run->plan->links, 2 * round + 1));
    }
}
