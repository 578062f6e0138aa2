/* Copies a function of one module into another: whatever its code refers to is searched for by type, and added if it is missing. See mutate.h. */
#include "module/mutate.h"

#include <string.h>

struct splice {
    struct fuzz_gen *g; /* of the module that receives */
    const struct fuzz_module *donor;
    struct fuzz_bytes out;
};

static uint32_t type_of(struct splice *s, uint32_t index) {
    const struct murre_functype *type = &s->donor->types.items[index];
    return fuzz_type_index(s->g->module, type->params, type->param_count, type->results, type->result_count);
}

static uint32_t func_of(struct splice *s, uint32_t index) {
    struct fuzz_module *module = s->g->module;
    uint32_t type = type_of(s, s->donor->funcs.items[index].type), found = 0, chosen = UINT32_MAX;
    for (uint32_t i = 0; i < module->funcs.count; i++)
        if (fuzz_same_type(fuzz_func_type(module, i), &module->types.items[type]) && fuzz_once_in(&s->g->random, ++found))
            chosen = i;
    if (chosen != UINT32_MAX)
        return chosen;
    chosen = fuzz_add_func(module, type);
    fuzz_gen_body(s->g, chosen, 5);
    return chosen;
}

static uint32_t global_of(struct splice *s, uint32_t index) {
    struct fuzz_module *module = s->g->module;
    struct murre_global_type want = s->donor->globals.items[index].type;
    for (uint32_t i = 0; i < module->globals.count; i++)
        if (module->globals.items[i].type.type == want.type && module->globals.items[i].type.is_mutable == want.is_mutable)
            return i;
    return fuzz_add_global(s->g, want.type, want.is_mutable);
}

static uint32_t table_of(struct splice *s, uint32_t index) {
    struct fuzz_module *module = s->g->module;
    murre_valtype want = s->donor->tables.items[index].type;
    for (uint32_t i = 0; i < module->tables.count; i++)
        if (module->tables.items[i].type == want)
            return i;
    fuzz_add_table(s->g, want);
    return module->tables.count - 1;
}

static uint32_t elem_of(struct splice *s, uint32_t index) {
    struct fuzz_module *module = s->g->module;
    murre_valtype want = s->donor->elems.items[index].type;
    for (uint32_t i = 0; i < module->elems.count; i++)
        if (module->elems.items[i].type == want)
            return i;
    *FUZZ_ADD(&module->arena, &module->elems) = (struct fuzz_elem){.mode = MURRE_SEGMENT_PASSIVE, .type = want};
    return module->elems.count - 1;
}

static uint32_t data_of(struct splice *s, uint32_t index) {
    if (!s->g->module->datas.count)
        fuzz_add_data(s->g);
    return index % s->g->module->datas.count;
}

static void need_memory(struct splice *s) {
    struct fuzz_module *module = s->g->module;
    if (!module->memories.count)
        *FUZZ_ADD(&module->arena, &module->memories) = (struct murre_limits){.min = 1};
}

static void put_two(struct splice *s, enum murre_op op, uint32_t first, uint32_t second) {
    fuzz_put_op_u32(&s->out, op, first);
    fuzz_put_u32(&s->out, second);
}

static void put(struct splice *s, const struct murre_instruction *is, const uint8_t *bytes, size_t size) {
    switch ((enum murre_imm)murre_op_info[is->op].imm) {
    case MURRE_IMM_BLOCK:
        if (is->type < 0)
            break;
        fuzz_put_op(&s->out, is->op);
        fuzz_put_s64(&s->out, type_of(s, (uint32_t)is->type));
        return;
    case MURRE_IMM_FUNC: fuzz_put_op_u32(&s->out, is->op, func_of(s, is->index[0])); return;
    case MURRE_IMM_CALL_INDIRECT: put_two(s, is->op, type_of(s, is->index[0]), table_of(s, is->index[1])); return;
    case MURRE_IMM_GLOBAL: fuzz_put_op_u32(&s->out, is->op, global_of(s, is->index[0])); return;
    case MURRE_IMM_TABLE: fuzz_put_op_u32(&s->out, is->op, table_of(s, is->index[0])); return;
    case MURRE_IMM_TABLE_TABLE: put_two(s, is->op, table_of(s, is->index[0]), table_of(s, is->index[1])); return;
    case MURRE_IMM_ELEM: fuzz_put_op_u32(&s->out, is->op, elem_of(s, is->index[0])); return;
    case MURRE_IMM_ELEM_TABLE: put_two(s, is->op, elem_of(s, is->index[0]), table_of(s, is->index[1])); return;
    case MURRE_IMM_DATA: fuzz_put_op_u32(&s->out, is->op, data_of(s, is->index[0])); return;
    case MURRE_IMM_DATA_MEMORY:
        need_memory(s);
        put_two(s, is->op, data_of(s, is->index[0]), 0);
        return;
    case MURRE_IMM_MEMARG:
    case MURRE_IMM_MEMORY:
    case MURRE_IMM_MEMORY_MEMORY: need_memory(s); break;
    default: break;
    }
    fuzz_put_raw(&s->out, bytes, size);
}

void fuzz_splice(struct fuzz_gen *g, const struct fuzz_module *donor) {
    if (donor->funcs.count == donor->func_imports)
        return;
    struct fuzz_module *module = g->module;
    const struct fuzz_func *from =
        &donor->funcs.items[donor->func_imports + fuzz_any(&g->random, donor->funcs.count - donor->func_imports)];
    struct splice s = {.g = g, .donor = donor, .out = fuzz_bytes_new(module)};
    uint32_t type = type_of(&s, from->type), to = UINT32_MAX, found = 0;
    for (uint32_t i = module->func_imports; i < module->funcs.count; i++)
        if (fuzz_same_type(fuzz_func_type(module, i), &module->types.items[type]) && fuzz_once_in(&g->random, ++found))
            to = i;
    if (to == UINT32_MAX || fuzz_once_in(&g->random, 2))
        to = fuzz_add_func(module, type);
    struct murre_error error = {.status = MURRE_OK};
    struct murre_reader r = {from->code.data, from->code.data, from->code.data + from->code.size, &error};
    struct murre_instruction is;
    while (murre_walk_next(&r, &is))
        put(&s, &is, from->code.data + is.offset, (size_t)(murre_reader_offset(&r) - is.offset));
    struct fuzz_func *func = &module->funcs.items[to];
    func->code = s.out;
    func->locals.count = 0;
    for (uint32_t i = 0; i < from->locals.count; i++)
        fuzz_local_add(module, func, from->locals.items[i]);
    fuzz_declare_all(module);
}
