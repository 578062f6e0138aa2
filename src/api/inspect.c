/* What a module contains: imports, exports, sections, features, bodies as text. All results are borrowed from the module. */
#include "runtime/module.h"
#include "wasm/disassemble.h"

/* Of a module that is only looked at an export's index may be out of range: its type is empty. */
static void describe(const struct murre_module_info *info, uint8_t kind, uint32_t index, struct murre_externtype *type) {
    *type = (struct murre_externtype){.kind = kind};
    switch (kind) {
    case MURRE_EXTERN_FUNC:
        if (index < info->func_count)
            type->func = murre_module_func_type(info, index)->func;
        break;
    case MURRE_EXTERN_TABLE:
        if (index < info->table_count) {
            type->limits = info->tables[index].limits;
            type->valtype = info->tables[index].type;
        }
        break;
    case MURRE_EXTERN_MEMORY:
        if (index < info->memory_count)
            type->limits = info->memories[index];
        break;
    case MURRE_EXTERN_GLOBAL:
        if (index < info->global_count) {
            type->valtype = info->globals[index].type;
            type->is_mutable = info->globals[index].is_mutable;
        }
        break;
    case MURRE_EXTERN_TAG:
        if (index < info->tag_count)
            type->func = info->types[info->tag_types[index]].func;
        break;
    }
}

uint32_t murre_module_import_count(const struct murre_module *module) {
    return module->info.import_count;
}

bool murre_module_import(const struct murre_module *module, uint32_t index, struct murre_import *import) {
    if (index >= module->info.import_count)
        return false;
    const struct murre_import_entry *entry = &module->info.imports[index];
    import->module = entry->module;
    import->name = entry->name;
    import->index = entry->index;
    describe(&module->info, entry->kind, entry->index, &import->type);
    return true;
}

uint32_t murre_module_export_count(const struct murre_module *module) {
    return module->info.export_count;
}

bool murre_module_export(const struct murre_module *module, uint32_t index, struct murre_export *export_) {
    if (index >= module->info.export_count)
        return false;
    const struct murre_export_entry *entry = &module->info.exports[index];
    export_->name = entry->name;
    export_->index = entry->index;
    describe(&module->info, entry->kind, entry->index, &export_->type);
    return true;
}

struct murre_name murre_module_function_name(const struct murre_module *module, uint32_t index) {
    return murre_module_name((struct murre_module *)module, index); /* which remembers where names are */
}

uint32_t murre_module_section_count(const struct murre_module *module) {
    return module->info.section_count;
}

bool murre_module_section(const struct murre_module *module, uint32_t index, struct murre_section *section) {
    if (index >= module->info.section_count)
        return false;
    const struct murre_section_entry entry = murre_module_section_at(&module->info, index);
    *section = (struct murre_section){entry.id, entry.name, entry.offset, entry.size, entry.count};
    return true;
}

static const char *nth_feature(murre_features features, uint32_t index) {
    for (unsigned feature = 0; feature < MURRE_FEATURE_COUNT; feature++)
        if (features >> feature & 1 && index-- == 0)
            return murre_feature_name(feature);
    return NULL;
}

const char *murre_module_feature(struct murre_module *module, uint32_t index) {
    return nth_feature(murre_module_features(module), index);
}

const char *murre_module_missing(struct murre_module *module, uint32_t index) {
    return nth_feature(murre_module_features(module) & ~module->engine->features, index);
}

enum murre_status murre_module_disassemble(struct murre_module *module, uint32_t index, void (*sink)(void *context, const char *line),
                                           void *context, struct murre_error *error) {
    murre_error_clear(error);
    if (index < module->info.func_import_count || index >= module->info.func_count)
        return murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "function %u is not defined in the module", (unsigned)index);
    struct murre_name name = murre_module_name(module, index);
    return murre_disassemble(&module->info, index, name, &module->engine->allocator, sink, context, error);
}
