/* Instances from the embedder's side. */
#include "runtime/instance.h"

#include <string.h>

struct murre_instance *murre_instance_new(struct murre_store *store, struct murre_module *module, const struct murre_extern *imports,
                                          size_t import_count, struct murre_trap **trap, struct murre_error *error) {
    murre_error_clear(error);
    return murre_instance_create(store, module, imports, import_count, trap, error);
}

struct murre_module *murre_instance_module(const struct murre_instance *instance) {
    return instance->module;
}

bool murre_instance_export_at(struct murre_instance *instance, uint32_t index, struct murre_extern *item) {
    const struct murre_module_info *info = &instance->module->info;
    if (index >= info->export_count)
        return false;
    *item = murre_instance_extern(instance, &info->exports[index]);
    return true;
}

bool murre_instance_export(struct murre_instance *instance, const char *name, size_t name_size, struct murre_extern *item) {
    const struct murre_module_info *info = &instance->module->info;
    for (uint32_t i = 0; i < info->export_count; i++) {
        const struct murre_name *other = &info->exports[i].name;
        if (other->size == name_size && (name_size == 0 || memcmp(other->data, name, name_size) == 0))
            return murre_instance_export_at(instance, i, item);
    }
    return false;
}
