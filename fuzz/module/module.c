/* Reading a decoded module, and small questions. Writing is in write.c. */
#include "module/module.h"

#include <stdlib.h>
#include <string.h>

void fuzz_module_init(struct fuzz_module *module) {
    *module = (struct fuzz_module){.start = UINT32_MAX};
    murre_arena_init(&module->arena, &murre_allocator_libc);
}

void fuzz_module_fini(struct fuzz_module *module) {
    murre_arena_fini(&module->arena);
}

static struct fuzz_span copy(struct fuzz_module *module, const void *data, size_t size) {
    uint8_t *bytes = fuzz_alloc(&module->arena, size);
    if (size)
        memcpy(bytes, data, size);
    return (struct fuzz_span){bytes, size};
}

static struct murre_name copy_name(struct fuzz_module *module, struct murre_name name) {
    return (struct murre_name){(const char *)copy(module, name.data, name.size).data, name.size};
}

static struct fuzz_span copy_constexpr(struct fuzz_module *module, const struct murre_module_info *info,
                                       struct murre_constexpr expression) {
    return copy(module, info->bytes + expression.offset, expression.size);
}

/* A list of the decoder's, item by item as it is. */
#define COPY_ALL(module, list, from, n)                                    \
    do {                                                                   \
        for (uint32_t copied = 0; copied < (n); copied++)                  \
            *FUZZ_ADD(&(module)->arena, &(module)->list) = (from)[copied]; \
    } while (0)

static void read_types(struct fuzz_module *module, const struct murre_module_info *info) {
    for (uint32_t i = 0; i < info->type_count; i++) {
        struct murre_functype type = info->types[i].func;
        type.params = (const murre_valtype *)(const void *)copy(module, type.params, type.param_count * sizeof *type.params).data;
        type.results = (const murre_valtype *)(const void *)copy(module, type.results, type.result_count * sizeof *type.results).data;
        *FUZZ_ADD(&module->arena, &module->types) = type;
    }
}

murre_valtype fuzz_word_of(struct murre_walk_type type) {
    murre_valtype word = murre_walk_pack(type);
    bool is_short = murre_is_long_ref(word) && !murre_is_concrete(word) && murre_is_nullable(word);
    return is_short ? murre_ref_or_null(murre_ref_not_null(word)) : word;
}

/* As the decoder has it. */
static murre_valtype word_of(const struct murre_module_info *info, struct murre_walk_type type) {
    murre_valtype word = fuzz_word_of(type);
    return murre_is_concrete(word) ? murre_ref_to(murre_type_canon(info, murre_ref_index(word)), murre_is_nullable(word)) : word;
}

static void read_body(struct fuzz_module *module, const struct murre_module_info *info, uint32_t index, struct fuzz_func *func) {
    struct murre_error error = {.status = MURRE_OK};
    struct murre_reader r;
    uint32_t groups = murre_walk_begin(&r, info, index, &error);
    for (uint32_t i = 0; i < groups; i++) {
        uint32_t count;
        struct murre_walk_type type;
        if (!murre_walk_locals(&r, &count, &type))
            abort();
        while (count--)
            *FUZZ_ADD(&module->arena, &func->locals) = word_of(info, type);
    }
    func->code = fuzz_bytes_new(module);
    fuzz_put_raw(&func->code, r.next, murre_reader_left(&r));
}

static void read_segments(struct fuzz_module *module, const struct murre_module_info *info) {
    for (uint32_t i = 0; i < info->elem_count; i++) {
        const struct murre_elem_segment *from = &info->elems[i];
        struct fuzz_elem *elem = FUZZ_ADD(&module->arena, &module->elems);
        *elem = (struct fuzz_elem){.mode = from->mode, .type = from->funcs ? MURRE_FUNCREF : from->type, .table = from->table};
        if (from->mode == MURRE_SEGMENT_ACTIVE)
            elem->offset = copy_constexpr(module, info, from->offset);
        for (uint32_t k = 0; k < from->count; k++) {
            if (from->funcs) {
                struct fuzz_bytes init = fuzz_bytes_new(module);
                fuzz_put_op_u32(&init, MURRE_OP_REF_FUNC, from->funcs[k]);
                fuzz_put_op(&init, MURRE_OP_END);
                *FUZZ_ADD(&module->arena, &elem->exprs) = (struct fuzz_span){init.data, init.size};
            } else {
                *FUZZ_ADD(&module->arena, &elem->exprs) = copy_constexpr(module, info, from->exprs[k]);
            }
        }
    }
    for (uint32_t i = 0; i < info->data_count; i++) {
        const struct murre_data_segment *from = &info->datas[i];
        struct fuzz_data *data = FUZZ_ADD(&module->arena, &module->datas);
        *data = (struct fuzz_data){.mode = from->mode, .memory = from->memory, .bytes = copy(module, from->bytes, from->size)};
        if (from->mode == MURRE_SEGMENT_ACTIVE)
            data->offset = copy_constexpr(module, info, from->offset);
    }
}

void fuzz_module_read(struct fuzz_module *module, const struct murre_module_info *info) {
    fuzz_module_init(module);
    read_types(module, info);
    for (uint32_t i = 0; i < info->import_count; i++)
        *FUZZ_ADD(&module->arena, &module->imports) =
            (struct fuzz_import){copy_name(module, info->imports[i].module), copy_name(module, info->imports[i].name),
                                 info->imports[i].kind, info->imports[i].index};
    for (uint32_t i = 0; i < info->func_count; i++) {
        struct fuzz_func *func = FUZZ_ADD(&module->arena, &module->funcs);
        func->type = info->func_types[i];
        if (i >= info->func_import_count)
            read_body(module, info, i, func);
    }
    COPY_ALL(module, tables, info->tables, info->table_count);
    COPY_ALL(module, memories, info->memories, info->memory_count);
    for (uint32_t i = 0; i < info->global_count; i++) {
        struct fuzz_global *global = FUZZ_ADD(&module->arena, &module->globals);
        global->type = info->globals[i];
        if (i >= info->global_import_count)
            global->init = copy_constexpr(module, info, info->global_inits[i - info->global_import_count]);
    }
    for (uint32_t i = 0; i < info->export_count; i++)
        *FUZZ_ADD(&module->arena, &module->exports) =
            (struct murre_export_entry){copy_name(module, info->exports[i].name), info->exports[i].kind, info->exports[i].index};
    read_segments(module, info);
    module->func_imports = info->func_import_count;
    module->table_imports = info->table_import_count;
    module->memory_imports = info->memory_import_count;
    module->global_imports = info->global_import_count;
    module->start = info->start;
}

static bool same_list(const murre_valtype *a, const murre_valtype *b, uint32_t count) {
    return count == 0 || memcmp(a, b, count * sizeof *a) == 0;
}

bool fuzz_same_type(const struct murre_functype *a, const struct murre_functype *b) {
    return a->param_count == b->param_count && a->result_count == b->result_count && same_list(a->params, b->params, a->param_count) &&
           same_list(a->results, b->results, a->result_count);
}

uint32_t fuzz_type_index(struct fuzz_module *module, const murre_valtype *params, uint32_t param_count, const murre_valtype *results,
                         uint32_t result_count) {
    struct murre_functype type = {params, results, param_count, result_count};
    for (uint32_t i = 0; i < module->types.count; i++)
        if (fuzz_same_type(&type, &module->types.items[i]))
            return i;
    type.params = (const murre_valtype *)(const void *)copy(module, params, param_count * sizeof *params).data;
    type.results = (const murre_valtype *)(const void *)copy(module, results, result_count * sizeof *results).data;
    *FUZZ_ADD(&module->arena, &module->types) = type;
    return module->types.count - 1;
}

murre_valtype fuzz_local_type(const struct fuzz_module *module, const struct fuzz_func *func, uint32_t index) {
    const struct murre_functype *type = &module->types.items[func->type];
    return index < type->param_count ? type->params[index] : func->locals.items[index - type->param_count];
}

uint32_t fuzz_local_add(struct fuzz_module *module, struct fuzz_func *func, murre_valtype type) {
    *FUZZ_ADD(&module->arena, &func->locals) = type;
    return module->types.items[func->type].param_count + func->locals.count - 1;
}
