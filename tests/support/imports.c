/* See imports.h. */
#include "support/imports.h"

#include <stdlib.h>

static bool provide(struct murre_store *store, const struct murre_import *import, uint32_t place, const struct test_importer *importer,
                    struct murre_extern *item) {
    const struct murre_externtype *type = &import->type;
    union murre_slot value[2] = {{0}};
    item->kind = type->kind;
    switch (type->kind) {
    case MURRE_EXTERN_FUNC: item->of.func = importer->func(importer->context, store, import, place); break;
    case MURRE_EXTERN_TABLE: item->of.table = murre_table_new(store, type->valtype, type->limits, NULL, NULL); break;
    case MURRE_EXTERN_MEMORY: item->of.memory = murre_memory_new(store, type->limits, NULL); break;
    case MURRE_EXTERN_GLOBAL:
        value[0] = importer->global(importer->context, import);
        item->of.global = murre_global_new(store, type->valtype, type->is_mutable, value, NULL);
        break;
    case MURRE_EXTERN_TAG: return false;
    }
    return item->of.func != NULL;
}

struct murre_extern *test_imports(struct murre_store *store, const struct murre_module *module, const struct test_importer *importer) {
    uint32_t count = murre_module_import_count(module);
    struct murre_extern *items = calloc((size_t)count + 1, sizeof *items);
    for (uint32_t i = 0; items && i < count; i++) {
        struct murre_import import;
        if (!murre_module_import(module, i, &import) || !provide(store, &import, i, importer, &items[i])) {
            free(items);
            return NULL;
        }
    }
    return items;
}
