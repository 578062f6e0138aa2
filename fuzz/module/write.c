/* A module as bytes (binary format, 5.5). */
#include "module/module.h"

enum { TYPE = 1, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, START, ELEMENT, CODE, DATA, DATA_COUNT };
enum { FUNC_TYPE = 0x60, HAS_MAX = 1, SHARED = 2, IS_64 = 4 };

/* A section of no entries is left out. */
static void put_section(struct fuzz_bytes *out, uint8_t id, const struct fuzz_bytes *contents) {
    if (id != START && contents->size == 1 && contents->data[0] == 0)
        return;
    fuzz_put(out, id);
    fuzz_put_u32(out, (uint32_t)contents->size);
    fuzz_put_raw(out, contents->data, contents->size);
}

static void put_span(struct fuzz_bytes *out, struct fuzz_span span) {
    fuzz_put_raw(out, span.data, span.size);
}

static void put_name(struct fuzz_bytes *out, struct murre_name name) {
    fuzz_put_u32(out, (uint32_t)name.size);
    fuzz_put_raw(out, name.data, name.size);
}

static void put_limits(struct fuzz_bytes *out, const struct murre_limits *limits) {
    fuzz_put(out, (uint8_t)((limits->has_max ? HAS_MAX : 0) | (limits->shared ? SHARED : 0) | (limits->is64 ? IS_64 : 0)));
    fuzz_put_u32(out, (uint32_t)limits->min);
    if (limits->has_max)
        fuzz_put_u32(out, (uint32_t)limits->max);
}

static void put_table(struct fuzz_bytes *out, const struct murre_table_type *table) {
    fuzz_put_type(out, table->type);
    put_limits(out, &table->limits);
}

static void put_global(struct fuzz_bytes *out, const struct murre_global_type *global) {
    fuzz_put_type(out, global->type);
    fuzz_put(out, global->is_mutable);
}

static void put_valtypes(struct fuzz_bytes *out, const murre_valtype *types, uint32_t count) {
    fuzz_put_u32(out, count);
    for (uint32_t i = 0; i < count; i++)
        fuzz_put_type(out, types[i]);
}

static void put_types(struct fuzz_bytes *out, const struct fuzz_module *module) {
    fuzz_put_u32(out, module->types.count);
    for (uint32_t i = 0; i < module->types.count; i++) {
        const struct murre_functype *type = &module->types.items[i];
        fuzz_put(out, FUNC_TYPE);
        put_valtypes(out, type->params, type->param_count);
        put_valtypes(out, type->results, type->result_count);
    }
}

static void put_imports(struct fuzz_bytes *out, const struct fuzz_module *module) {
    fuzz_put_u32(out, module->imports.count);
    for (uint32_t i = 0; i < module->imports.count; i++) {
        const struct fuzz_import *import = &module->imports.items[i];
        put_name(out, import->module);
        put_name(out, import->name);
        fuzz_put(out, import->kind);
        switch (import->kind) {
        case MURRE_EXTERN_FUNC: fuzz_put_u32(out, module->funcs.items[import->index].type); break;
        case MURRE_EXTERN_TABLE: put_table(out, &module->tables.items[import->index]); break;
        case MURRE_EXTERN_MEMORY: put_limits(out, &module->memories.items[import->index]); break;
        default: put_global(out, &module->globals.items[import->index].type); break;
        }
    }
}

static void put_definitions(struct fuzz_bytes *out, struct fuzz_module *module) {
    struct fuzz_bytes section = fuzz_bytes_new(module);
    fuzz_put_u32(&section, module->funcs.count - module->func_imports);
    for (uint32_t i = module->func_imports; i < module->funcs.count; i++)
        fuzz_put_u32(&section, module->funcs.items[i].type);
    put_section(out, FUNCTION, &section);
    section = fuzz_bytes_new(module);
    fuzz_put_u32(&section, module->tables.count - module->table_imports);
    for (uint32_t i = module->table_imports; i < module->tables.count; i++)
        put_table(&section, &module->tables.items[i]);
    put_section(out, TABLE, &section);
    section = fuzz_bytes_new(module);
    fuzz_put_u32(&section, module->memories.count - module->memory_imports);
    for (uint32_t i = module->memory_imports; i < module->memories.count; i++)
        put_limits(&section, &module->memories.items[i]);
    put_section(out, MEMORY, &section);
    section = fuzz_bytes_new(module);
    fuzz_put_u32(&section, module->globals.count - module->global_imports);
    for (uint32_t i = module->global_imports; i < module->globals.count; i++) {
        put_global(&section, &module->globals.items[i].type);
        put_span(&section, module->globals.items[i].init);
    }
    put_section(out, GLOBAL, &section);
}

static void put_exports(struct fuzz_bytes *out, const struct fuzz_module *module) {
    fuzz_put_u32(out, module->exports.count);
    for (uint32_t i = 0; i < module->exports.count; i++) {
        put_name(out, module->exports.items[i].name);
        fuzz_put(out, module->exports.items[i].kind);
        fuzz_put_u32(out, module->exports.items[i].index);
    }
}

/* Always of expressions: flags 4 to 7. */
static void put_elems(struct fuzz_bytes *out, const struct fuzz_module *module) {
    fuzz_put_u32(out, module->elems.count);
    for (uint32_t i = 0; i < module->elems.count; i++) {
        const struct fuzz_elem *elem = &module->elems.items[i];
        fuzz_put(out, elem->mode == MURRE_SEGMENT_ACTIVE ? 6 : elem->mode == MURRE_SEGMENT_PASSIVE ? 5 : 7);
        if (elem->mode == MURRE_SEGMENT_ACTIVE) {
            fuzz_put_u32(out, elem->table);
            put_span(out, elem->offset);
        }
        fuzz_put_type(out, elem->type);
        fuzz_put_u32(out, elem->exprs.count);
        for (uint32_t k = 0; k < elem->exprs.count; k++)
            put_span(out, elem->exprs.items[k]);
    }
}

static void put_datas(struct fuzz_bytes *out, const struct fuzz_module *module) {
    fuzz_put_u32(out, module->datas.count);
    for (uint32_t i = 0; i < module->datas.count; i++) {
        const struct fuzz_data *data = &module->datas.items[i];
        fuzz_put(out, data->mode == MURRE_SEGMENT_PASSIVE ? 1 : data->memory ? 2 : 0);
        if (data->mode == MURRE_SEGMENT_ACTIVE) {
            if (data->memory)
                fuzz_put_u32(out, data->memory);
            put_span(out, data->offset);
        }
        fuzz_put_u32(out, (uint32_t)data->bytes.size);
        put_span(out, data->bytes);
    }
}

static void put_code(struct fuzz_bytes *out, struct fuzz_module *module) {
    fuzz_put_u32(out, module->funcs.count - module->func_imports);
    for (uint32_t i = module->func_imports; i < module->funcs.count; i++) {
        const struct fuzz_func *func = &module->funcs.items[i];
        struct fuzz_bytes body = fuzz_bytes_new(module), groups = fuzz_bytes_new(module);
        uint32_t count = 0;
        for (uint32_t local = 0, next; local < func->locals.count; local = next, count++) {
            for (next = local; next < func->locals.count && func->locals.items[next] == func->locals.items[local];)
                next++;
            fuzz_put_u32(&groups, next - local);
            fuzz_put_type(&groups, func->locals.items[local]);
        }
        fuzz_put_u32(&body, count);
        fuzz_put_raw(&body, groups.data, groups.size);
        fuzz_put_raw(&body, func->code.data, func->code.size);
        fuzz_put_u32(out, (uint32_t)body.size);
        fuzz_put_raw(out, body.data, body.size);
    }
}

struct fuzz_span fuzz_module_write(struct fuzz_module *module) {
    static const uint8_t magic[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    struct fuzz_bytes out = fuzz_bytes_new(module), section = fuzz_bytes_new(module);
    fuzz_put_raw(&out, magic, sizeof magic);
    put_types(&section, module);
    put_section(&out, TYPE, &section);
    section.size = 0;
    put_imports(&section, module);
    put_section(&out, IMPORT, &section);
    put_definitions(&out, module);
    section.size = 0;
    put_exports(&section, module);
    put_section(&out, EXPORT, &section);
    section.size = 0;
    if (module->start != UINT32_MAX) {
        fuzz_put_u32(&section, module->start);
        put_section(&out, START, &section);
        section.size = 0;
    }
    put_elems(&section, module);
    put_section(&out, ELEMENT, &section);
    section.size = 0;
    fuzz_put_u32(&section, module->datas.count);
    put_section(&out, DATA_COUNT, &section);
    section.size = 0;
    put_code(&section, module);
    put_section(&out, CODE, &section);
    section.size = 0;
    put_datas(&section, module);
    put_section(&out, DATA, &section);
    return (struct fuzz_span){out.data, out.size};
}
