/* Calls, and instructions on whole memories and tables: see generate.h. */
#include <string.h>

#include "module/generate.h"

/* ---- calls ------------------------------------------------------------------------------------------------------------- */

/* What a table is known to hold at the start: an element of an active segment. */
struct known {
    uint32_t table, index, func;
};

static bool read_one(struct fuzz_span expression, enum murre_op op, struct murre_instruction *instruction) {
    struct murre_error error = {.status = MURRE_OK};
    struct murre_reader r = {expression.data, expression.data, expression.data + expression.size, &error};
    return murre_walk_next(&r, instruction) && instruction->op == op;
}

static bool known_element(struct fuzz_gen *g, murre_valtype result, struct known *known) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < g->module->elems.count; i++) {
        const struct fuzz_elem *elem = &g->module->elems.items[i];
        struct murre_instruction offset, item;
        if (elem->mode != MURRE_SEGMENT_ACTIVE || !read_one(elem->offset, MURRE_OP_I32_CONST, &offset))
            continue;
        for (uint32_t k = 0; k < elem->exprs.count && k < 64; k++) {
            if (!read_one(elem->exprs.items[k], MURRE_OP_REF_FUNC, &item))
                continue;
            const struct murre_functype *type = fuzz_func_type(g->module, item.index[0]);
            if ((result == 0 || (type->result_count && type->results[0] == result)) && fuzz_once_in(&g->random, ++found))
                *known = (struct known){elem->table, (uint32_t)offset.bits + k, item.index[0]};
        }
    }
    return found != 0;
}

/* Mostly further on, so that calls come to an end. */
static bool is_callee(struct fuzz_gen *g, uint32_t func, murre_valtype result) {
    const struct murre_functype *type = fuzz_func_type(g->module, func);
    if (result != 0 && (type->result_count == 0 || type->results[0] != result))
        return false;
    return func > g->func || func < g->module->func_imports || fuzz_once_in(&g->random, 30);
}

static uint32_t callee(struct fuzz_gen *g, murre_valtype result) {
    uint32_t found = 0, chosen = UINT32_MAX;
    for (uint32_t i = 0; i < g->module->funcs.count; i++)
        if (is_callee(g, i, result) && fuzz_once_in(&g->random, ++found))
            chosen = i;
    return chosen;
}

static const struct murre_functype *call(struct fuzz_gen *g, murre_valtype result, unsigned depth) {
    struct known known;
    depth = depth > 1 ? 1 : depth;
    if (fuzz_once_in(&g->random, 3) && known_element(g, result, &known) && (known.func > g->func || fuzz_once_in(&g->random, 30))) {
        const struct murre_functype *type = fuzz_func_type(g->module, known.func);
        fuzz_gen_values(g, type->params, type->param_count, depth);
        fuzz_put_const(g->out, MURRE_I32, known.index + (fuzz_once_in(&g->random, 40) ? 1 : 0));
        fuzz_put_op_u32(g->out, MURRE_OP_CALL_INDIRECT, g->module->funcs.items[known.func].type);
        fuzz_put_u32(g->out, known.table);
        return type;
    }
    uint32_t func = callee(g, result);
    if (func == UINT32_MAX)
        return NULL;
    const struct murre_functype *type = fuzz_func_type(g->module, func);
    fuzz_gen_values(g, type->params, type->param_count, depth);
    if (fuzz_once_in(&g->random, 6)) {
        uint32_t index = g->module->funcs.items[func].type;
        if (fuzz_once_in(&g->random, 3))
            fuzz_gen_value(g, murre_ref_to(index, true), depth);
        else
            fuzz_put_op_u32(g->out, MURRE_OP_REF_FUNC, func);
        if (fuzz_once_in(&g->random, 4))
            fuzz_put_op(g->out, MURRE_OP_REF_AS_NON_NULL);
        fuzz_put_op_u32(g->out, MURRE_OP_CALL_REF, index);
        return type;
    }
    fuzz_put_op_u32(g->out, MURRE_OP_CALL, func);
    return type;
}

bool fuzz_gen_call_value(struct fuzz_gen *g, murre_valtype type, unsigned depth) {
    if (g->loops > 1)
        return false;
    const struct murre_functype *found = call(g, type, depth);
    for (uint32_t i = found ? found->result_count : 0; i > 1; i--)
        fuzz_gen_pop(g, found->results[i - 1]);
    return found;
}

static bool same_results(const struct murre_functype *a, const struct murre_functype *b) {
    return a->result_count == b->result_count &&
           (a->result_count == 0 || memcmp(a->results, b->results, a->result_count * sizeof *a->results) == 0);
}

/* A tail call, on a condition, of a function with the same results; of the function itself too, which the fuel of a prepared module ends. False where
 * there is none. */
static bool tail_call(struct fuzz_gen *g, unsigned depth) {
    const struct murre_functype *own = fuzz_func_type(g->module, g->func);
    uint32_t found = 0, func = UINT32_MAX;
    for (uint32_t i = 0; i < g->module->funcs.count; i++)
        if (same_results(fuzz_func_type(g->module, i), own) && fuzz_once_in(&g->random, ++found))
            func = i;
    struct known known;
    bool indirect = fuzz_once_in(&g->random, 3) && known_element(g, 0, &known) && same_results(fuzz_func_type(g->module, known.func), own);
    if (!indirect && func == UINT32_MAX)
        return false;
    func = indirect ? known.func : func;
    fuzz_gen_value(g, MURRE_I32, depth);
    fuzz_gen_open(g, MURRE_OP_IF, NULL, 0, NULL, 0);
    const struct murre_functype *type = fuzz_func_type(g->module, func);
    fuzz_gen_values(g, type->params, type->param_count, depth);
    if (!indirect && fuzz_once_in(&g->random, 4)) {
        fuzz_put_op_u32(g->out, MURRE_OP_REF_FUNC, func);
        fuzz_put_op_u32(g->out, MURRE_OP_RETURN_CALL_REF, g->module->funcs.items[func].type);
    } else if (indirect) {
        fuzz_put_const(g->out, MURRE_I32, known.index + (fuzz_once_in(&g->random, 40) ? 1 : 0));
        fuzz_put_op_u32(g->out, MURRE_OP_RETURN_CALL_INDIRECT, g->module->funcs.items[func].type);
        fuzz_put_u32(g->out, known.table);
    } else {
        fuzz_put_op_u32(g->out, MURRE_OP_RETURN_CALL, func);
    }
    fuzz_gen_close(g);
    return true;
}

/* Branches on null, and on what is not null. */
static void ask_null(struct fuzz_gen *g, unsigned depth) {
    murre_valtype type = g->module->types.count && fuzz_once_in(&g->random, 2)
                             ? murre_ref_to(fuzz_any(&g->random, g->module->types.count), true)
                         : fuzz_once_in(&g->random, 2) ? MURRE_FUNCREF
                                                       : MURRE_EXTERNREF;
    bool non_null = fuzz_once_in(&g->random, 2);
    fuzz_gen_open(g, MURRE_OP_BLOCK, NULL, 0, &type, non_null);
    fuzz_gen_value(g, type, depth);
    fuzz_put_op_u32(g->out, non_null ? MURRE_OP_BR_ON_NON_NULL : MURRE_OP_BR_ON_NULL, 0);
    if (non_null)
        fuzz_gen_value(g, type, depth);
    else
        fuzz_gen_pop(g, type);
    fuzz_gen_close(g);
    if (non_null)
        fuzz_gen_pop(g, type);
}

void fuzz_gen_call(struct fuzz_gen *g, unsigned depth) {
    if (fuzz_once_in(&g->random, 16)) {
        ask_null(g, depth > 1 ? 1 : depth);
        return;
    }
    if (fuzz_once_in(&g->random, 12) && tail_call(g, depth > 1 ? 1 : depth))
        return;
    const struct murre_functype *found = g->loops > 1 ? NULL : call(g, 0, depth);
    for (uint32_t i = found ? found->result_count : 0; i > 0; i--)
        fuzz_gen_pop(g, found->results[i - 1]);
}

/* ---- bulk -------------------------------------------------------------------------------------------------------------- */

/* A number below `places`, a power of two. */
static void range(struct fuzz_gen *g, uint32_t places, unsigned depth) {
    if (fuzz_once_in(&g->random, 3)) {
        fuzz_gen_value(g, MURRE_I32, depth);
        fuzz_put_const(g->out, MURRE_I32, places - 1);
        fuzz_put_op(g->out, MURRE_OP_I32_AND);
    } else {
        fuzz_put_const(g->out, MURRE_I32, fuzz_any(&g->random, places));
    }
}

static void length(struct fuzz_gen *g, uint32_t most) {
    fuzz_put_const(g->out, MURRE_I32, fuzz_once_in(&g->random, 24) ? fuzz_gen_bits(&g->random, MURRE_I32) : fuzz_any(&g->random, most));
}

static void memory_bulk(struct fuzz_gen *g, unsigned depth) {
    uint32_t datas = g->module->datas.count;
    switch (fuzz_any(&g->random, 6)) {
    case 0:
        range(g, 0x4000, depth);
        range(g, 0x4000, depth);
        length(g, 300);
        fuzz_put_op_u32(g->out, MURRE_OP_MEMORY_COPY, 0);
        fuzz_put_u32(g->out, 0);
        return;
    case 1:
        range(g, 0x4000, depth);
        fuzz_gen_value(g, MURRE_I32, depth);
        length(g, 300);
        fuzz_put_op_u32(g->out, MURRE_OP_MEMORY_FILL, 0);
        return;
    case 2:
        if (datas) {
            uint32_t segment = fuzz_any(&g->random, datas);
            range(g, 0x4000, depth);
            fuzz_put_const(g->out, MURRE_I32, fuzz_any(&g->random, 4));
            fuzz_put_const(g->out, MURRE_I32, g->module->datas.items[segment].mode == MURRE_SEGMENT_PASSIVE ? fuzz_any(&g->random, 8) : 0);
            fuzz_put_op_u32(g->out, MURRE_OP_MEMORY_INIT, segment);
            fuzz_put_u32(g->out, 0);
        }
        return;
    case 3:
        if (datas && fuzz_once_in(&g->random, 4))
            fuzz_put_op_u32(g->out, MURRE_OP_DATA_DROP, fuzz_any(&g->random, datas));
        return;
    default:
        fuzz_put_const(g->out, MURRE_I32, fuzz_any(&g->random, 2));
        fuzz_put_op_u32(g->out, MURRE_OP_MEMORY_GROW, 0);
        fuzz_gen_pop(g, MURRE_I32);
        return;
    }
}

static uint32_t table_of(struct fuzz_gen *g, murre_valtype type) {
    uint32_t found = 0, chosen = 0;
    for (uint32_t i = 0; i < g->module->tables.count; i++)
        if (g->module->tables.items[i].type == type && fuzz_once_in(&g->random, ++found))
            chosen = i;
    return chosen;
}

static void table_bulk(struct fuzz_gen *g, unsigned depth) {
    uint32_t table = fuzz_any(&g->random, g->module->tables.count), elems = g->module->elems.count;
    murre_valtype type = g->module->tables.items[table].type;
    switch (fuzz_any(&g->random, 6)) {
    case 0:
        range(g, 8, depth);
        fuzz_gen_value(g, type, depth);
        fuzz_put_op_u32(g->out, MURRE_OP_TABLE_SET, table);
        return;
    case 1:
        range(g, 4, depth);
        range(g, 4, depth);
        length(g, 4);
        fuzz_put_op_u32(g->out, MURRE_OP_TABLE_COPY, table_of(g, type));
        fuzz_put_u32(g->out, table);
        return;
    case 2:
        range(g, 8, depth);
        fuzz_gen_value(g, type, depth);
        length(g, 3);
        fuzz_put_op_u32(g->out, MURRE_OP_TABLE_FILL, table);
        return;
    case 3:
        for (uint32_t i = 0, from = elems ? fuzz_any(&g->random, elems) : 0; i < elems; i++) {
            uint32_t segment = (from + i) % elems;
            if (g->module->elems.items[segment].type != type)
                continue;
            bool passive = g->module->elems.items[segment].mode == MURRE_SEGMENT_PASSIVE;
            range(g, 4, depth);
            fuzz_put_const(g->out, MURRE_I32, 0);
            fuzz_put_const(g->out, MURRE_I32, passive ? fuzz_any(&g->random, 3) : 0);
            fuzz_put_op_u32(g->out, MURRE_OP_TABLE_INIT, segment);
            fuzz_put_u32(g->out, table);
            return;
        }
        return;
    case 4:
        if (elems && fuzz_once_in(&g->random, 4))
            fuzz_put_op_u32(g->out, MURRE_OP_ELEM_DROP, fuzz_any(&g->random, elems));
        return;
    default:
        fuzz_gen_value(g, type, depth);
        fuzz_put_const(g->out, MURRE_I32, fuzz_any(&g->random, 3));
        fuzz_put_op_u32(g->out, MURRE_OP_TABLE_GROW, table);
        fuzz_gen_pop(g, MURRE_I32);
        return;
    }
}

void fuzz_gen_bulk(struct fuzz_gen *g, unsigned depth) {
    g->size -= 4;
    bool memory = g->module->memories.count, table = g->module->tables.count;
    if (memory && (!table || fuzz_once_in(&g->random, 2)))
        memory_bulk(g, depth);
    else if (table)
        table_bulk(g, depth);
}
