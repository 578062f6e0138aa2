/* Blocks, branches, statements: see generate.h. */
#include "module/generate.h"

#include <string.h>

enum { MOST_NEST = 40, MOST_TARGETS = 150, MOST_OPEN_LOOPS = 3 };

/* ---- blocks ------------------------------------------------------------------------------------------------------------ */

void fuzz_gen_open(struct fuzz_gen *g, enum murre_op op, const murre_valtype *params, uint32_t param_count, const murre_valtype *results,
                   uint32_t result_count) {
    fuzz_put_op(g->out, op);
    if (param_count == 0 && result_count == 0)
        fuzz_put(g->out, 0x40);
    else if (param_count == 0 && result_count == 1)
        fuzz_put_type(g->out, results[0]);
    else
        fuzz_put_s64(g->out, fuzz_type_index(g->module, params, param_count, results, result_count));
    bool loop = op == MURRE_OP_LOOP;
    *FUZZ_ADD(&g->module->arena, &g->labels) = (struct fuzz_label){loop ? params : results, loop ? param_count : result_count};
    g->size--;
}

void fuzz_gen_close(struct fuzz_gen *g) {
    fuzz_put_op(g->out, MURRE_OP_END);
    g->labels.count--;
}

/* Lists of types live as long as the module. */
static const murre_valtype *some_types(struct fuzz_gen *g, uint32_t count) {
    murre_valtype *types = fuzz_alloc(&g->module->arena, count * sizeof *types);
    for (uint32_t i = 0; i < count; i++)
        types[i] = fuzz_gen_type(g);
    return types;
}

static const murre_valtype *one_type(struct fuzz_gen *g, murre_valtype type) {
    murre_valtype *types = fuzz_alloc(&g->module->arena, sizeof *types);
    *types = type;
    return types;
}

static bool takes_only(const struct fuzz_label *label, murre_valtype type) {
    return label->count == 1 && label->types[0] == type;
}

/* A depth whose label takes exactly this one value (type 0: nothing), or UINT32_MAX. */
static uint32_t label_for(struct fuzz_gen *g, murre_valtype type) {
    uint32_t found = 0, chosen = UINT32_MAX;
    for (uint32_t depth = 0; depth < g->labels.count; depth++) {
        const struct fuzz_label *label = &g->labels.items[g->labels.count - 1 - depth];
        if ((type == 0 ? label->count == 0 : takes_only(label, type)) && fuzz_once_in(&g->random, ++found))
            chosen = depth;
    }
    return chosen;
}

static void if_value(struct fuzz_gen *g, murre_valtype type, unsigned depth) {
    fuzz_gen_value(g, MURRE_I32, depth);
    fuzz_gen_open(g, MURRE_OP_IF, NULL, 0, one_type(g, type), 1);
    fuzz_gen_value(g, type, depth);
    fuzz_put_op(g->out, MURRE_OP_ELSE);
    fuzz_gen_value(g, type, depth);
    fuzz_gen_close(g);
}

/* A block that is left in several ways with a value. */
static void block_value(struct fuzz_gen *g, murre_valtype type, unsigned depth) {
    fuzz_gen_open(g, MURRE_OP_BLOCK, NULL, 0, one_type(g, type), 1);
    if (fuzz_once_in(&g->random, 2))
        fuzz_gen_statement(g, depth > 1 ? 1 : depth);
    for (unsigned i = fuzz_any(&g->random, 3); i > 0; i--) {
        uint32_t label = label_for(g, type);
        fuzz_gen_value(g, type, depth);
        fuzz_gen_value(g, MURRE_I32, depth);
        fuzz_put_op_u32(g->out, MURRE_OP_BR_IF, fuzz_once_in(&g->random, 12) ? label : 0);
        fuzz_gen_pop(g, type);
    }
    fuzz_gen_value(g, type, depth);
    fuzz_gen_close(g);
}

/* Values under a block that takes them, and that gives them changed: a type of several values. */
static void passing_value(struct fuzz_gen *g, murre_valtype type, unsigned depth) {
    uint32_t params = 1 + fuzz_any(&g->random, 4), results = 1 + fuzz_any(&g->random, 4);
    const murre_valtype *in = some_types(g, params);
    murre_valtype *out = (murre_valtype *)some_types(g, results);
    out[0] = type;
    fuzz_gen_values(g, in, params, depth);
    bool branches = fuzz_once_in(&g->random, 2);
    if (branches)
        fuzz_gen_value(g, MURRE_I32, depth);
    fuzz_gen_open(g, branches ? MURRE_OP_IF : MURRE_OP_BLOCK, in, params, out, results);
    for (unsigned arm = 0; arm <= branches; arm++) {
        for (uint32_t i = params; i > 0; i--)
            fuzz_gen_pop(g, in[i - 1]);
        fuzz_gen_values(g, out, results, depth);
        if (fuzz_once_in(&g->random, 3)) {
            fuzz_gen_value(g, MURRE_I32, depth);
            fuzz_put_op_u32(g->out, MURRE_OP_BR_IF, 0);
        }
        if (branches && arm == 0)
            fuzz_put_op(g->out, MURRE_OP_ELSE);
    }
    fuzz_gen_close(g);
    for (uint32_t i = results; i > 1; i--)
        fuzz_gen_pop(g, out[i - 1]);
}

/* A table branch over a nest of blocks, all of which give a value of the type. */
static void switch_value(struct fuzz_gen *g, murre_valtype type, unsigned depth) {
    bool large = fuzz_once_in(&g->random, 5);
    uint32_t nest = 1 + fuzz_any(&g->random, large ? MOST_NEST : 5), targets = fuzz_any(&g->random, large ? MOST_TARGETS : 8);
    const murre_valtype *result = one_type(g, type);
    for (uint32_t i = 0; i < nest; i++)
        fuzz_gen_open(g, MURRE_OP_BLOCK, NULL, 0, result, 1);
    fuzz_gen_value(g, type, depth);
    fuzz_gen_value(g, MURRE_I32, depth);
    if (!fuzz_once_in(&g->random, 6)) {
        fuzz_put_const(g->out, MURRE_I32, targets + 1);
        fuzz_put_op(g->out, MURRE_OP_I32_REM_U);
    }
    fuzz_put_op_u32(g->out, MURRE_OP_BR_TABLE, targets);
    for (uint32_t i = 0; i <= targets; i++)
        fuzz_put_u32(g->out, fuzz_any(&g->random, nest));
    for (uint32_t i = 0; i < nest; i++) {
        fuzz_gen_close(g);
        if (i + 1 == nest || g->size <= 0)
            continue;
        if (fuzz_once_in(&g->random, 4)) {
            fuzz_gen_pop(g, type);
            fuzz_gen_value(g, type, depth > 1 ? 1 : depth);
        } else if (fuzz_once_in(&g->random, 4)) {
            fuzz_gen_statement(g, 0);
        }
    }
}

void fuzz_gen_count_down(struct fuzz_gen *g, uint32_t counter) {
    fuzz_put_op_u32(g->out, MURRE_OP_LOCAL_GET, counter);
    fuzz_put_const(g->out, MURRE_I32, 1);
    fuzz_put_op(g->out, MURRE_OP_I32_SUB);
    fuzz_put_op_u32(g->out, MURRE_OP_LOCAL_TEE, counter);
    fuzz_put_op_u32(g->out, MURRE_OP_BR_IF, 0);
    g->loops--;
    fuzz_gen_close(g);
}

/* A loop that carries a value round. */
static void loop_value(struct fuzz_gen *g, murre_valtype type, unsigned depth) {
    if (g->loops >= MOST_OPEN_LOOPS) {
        if_value(g, type, depth);
        return;
    }
    struct fuzz_func *func = fuzz_gen_func(g);
    uint32_t counter = fuzz_local_add(g->module, func, MURRE_I32);
    const murre_valtype *carried = one_type(g, type);
    fuzz_put_const(g->out, MURRE_I32, 1 + fuzz_any(&g->random, 9));
    fuzz_put_op_u32(g->out, MURRE_OP_LOCAL_SET, counter);
    fuzz_gen_value(g, type, depth);
    fuzz_gen_open(g, MURRE_OP_LOOP, carried, 1, carried, 1);
    g->loops++;
    fuzz_gen_pop(g, type);
    if (depth > 0)
        fuzz_gen_statement(g, depth - 1);
    fuzz_gen_value(g, type, depth);
    fuzz_gen_count_down(g, counter);
}

void fuzz_gen_block_value(struct fuzz_gen *g, murre_valtype type, unsigned depth) {
    switch (fuzz_any(&g->random, 8)) {
    case 0:
    case 1: if_value(g, type, depth); break;
    case 2:
    case 3: block_value(g, type, depth); break;
    case 4:
    case 5: passing_value(g, type, depth); break;
    case 6: switch_value(g, type, depth); break;
    default: loop_value(g, type, depth); break;
    }
}

/* ---- statements -------------------------------------------------------------------------------------------------------- */

/* Leaves a block without results for good: the code behind, up to its end, is dead. */
static void leave(struct fuzz_gen *g, unsigned depth) {
    const struct fuzz_label *outermost = &g->labels.items[0];
    uint32_t label = label_for(g, 0);
    if (label != UINT32_MAX && !fuzz_once_in(&g->random, 3)) {
        fuzz_put_op_u32(g->out, MURRE_OP_BR, label);
        return;
    }
    if (fuzz_once_in(&g->random, 30)) {
        fuzz_put_op(g->out, MURRE_OP_UNREACHABLE);
        return;
    }
    fuzz_gen_values(g, outermost->types, outermost->count, depth);
    if (fuzz_once_in(&g->random, 3))
        fuzz_put_op_u32(g->out, MURRE_OP_BR, g->labels.count - 1);
    else
        fuzz_put_op(g->out, MURRE_OP_RETURN);
}

static void if_statement(struct fuzz_gen *g, unsigned depth) {
    fuzz_gen_value(g, MURRE_I32, 2);
    fuzz_gen_open(g, MURRE_OP_IF, NULL, 0, NULL, 0);
    fuzz_gen_statements(g, depth);
    if (fuzz_once_in(&g->random, 6))
        leave(g, 1);
    if (fuzz_once_in(&g->random, 2)) {
        fuzz_put_op(g->out, MURRE_OP_ELSE);
        fuzz_gen_statements(g, depth);
    }
    fuzz_gen_close(g);
}

static void block_statement(struct fuzz_gen *g, unsigned depth) {
    fuzz_gen_open(g, MURRE_OP_BLOCK, NULL, 0, NULL, 0);
    fuzz_gen_statements(g, depth);
    fuzz_gen_value(g, MURRE_I32, 2);
    fuzz_put_op_u32(g->out, MURRE_OP_BR_IF, label_for(g, 0));
    fuzz_gen_statements(g, depth);
    fuzz_gen_close(g);
}

static void loop_statement(struct fuzz_gen *g, unsigned depth) {
    struct fuzz_func *func = fuzz_gen_func(g);
    uint32_t counter = fuzz_local_add(g->module, func, fuzz_once_in(&g->random, 4) ? MURRE_I64 : MURRE_I32);
    bool wide = fuzz_local_type(g->module, func, counter) == MURRE_I64;
    murre_valtype type = wide ? MURRE_I64 : MURRE_I32;
    uint32_t step = fuzz_once_in(&g->random, 3) ? 3 : 1, rounds = 1 + fuzz_any(&g->random, 8);
    fuzz_put_const(g->out, type, 0);
    fuzz_put_op_u32(g->out, MURRE_OP_LOCAL_SET, counter);
    fuzz_gen_open(g, MURRE_OP_LOOP, NULL, 0, NULL, 0);
    g->loops++;
    fuzz_gen_statements(g, depth);
    fuzz_put_op_u32(g->out, MURRE_OP_LOCAL_GET, counter);
    fuzz_put_const(g->out, type, step);
    fuzz_put_op(g->out, wide ? MURRE_OP_I64_ADD : MURRE_OP_I32_ADD);
    fuzz_put_op_u32(g->out, MURRE_OP_LOCAL_TEE, counter);
    fuzz_put_const(g->out, type, rounds * step);
    fuzz_put_op(g->out, wide ? MURRE_OP_I64_LT_U : MURRE_OP_I32_LT_S);
    fuzz_put_op_u32(g->out, MURRE_OP_BR_IF, 0);
    g->loops--;
    fuzz_gen_close(g);
}

/* A table branch over blocks without values, with a statement behind each. */
static void switch_statement(struct fuzz_gen *g, unsigned depth) {
    uint32_t nest = 1 + fuzz_any(&g->random, fuzz_once_in(&g->random, 6) ? MOST_NEST : 5), targets = fuzz_any(&g->random, nest * 2);
    for (uint32_t i = 0; i < nest; i++)
        fuzz_gen_open(g, MURRE_OP_BLOCK, NULL, 0, NULL, 0);
    fuzz_gen_value(g, MURRE_I32, 2);
    if (!fuzz_once_in(&g->random, 6)) {
        fuzz_put_const(g->out, MURRE_I32, 7);
        fuzz_put_op(g->out, MURRE_OP_I32_AND);
    }
    fuzz_put_op_u32(g->out, MURRE_OP_BR_TABLE, targets);
    for (uint32_t i = 0; i <= targets; i++)
        fuzz_put_u32(g->out, fuzz_any(&g->random, nest));
    for (uint32_t i = 0; i < nest; i++) {
        fuzz_gen_close(g);
        if (g->size <= 0)
            continue;
        fuzz_gen_statement(g, depth > 0 ? depth - 1 : 0);
        if (i + 1 < nest && fuzz_once_in(&g->random, 2))
            fuzz_put_op_u32(g->out, MURRE_OP_BR, fuzz_any(&g->random, nest - 1 - i));
    }
}

/* A branch in the middle of things. */
static void branch_statement(struct fuzz_gen *g) {
    uint32_t depth = fuzz_any(&g->random, g->labels.count);
    struct fuzz_label label = g->labels.items[g->labels.count - 1 - depth];
    if (label.count > 6)
        return;
    fuzz_gen_values(g, label.types, label.count, 1);
    fuzz_gen_value(g, MURRE_I32, 2);
    fuzz_put_op_u32(g->out, MURRE_OP_BR_IF, depth);
    for (uint32_t i = label.count; i > 0; i--)
        fuzz_gen_pop(g, label.types[i - 1]);
}

void fuzz_gen_statement(struct fuzz_gen *g, unsigned depth) {
    murre_valtype type = fuzz_gen_type(g);
    g->size--;
    switch (fuzz_any(&g->random, 16)) {
    case 0:
    case 1:
    case 2:
    case 3:
        fuzz_gen_value(g, type, 4);
        fuzz_gen_pop(g, type);
        return;
    case 4:
    case 5:
        if (!g->module->memories.count)
            break;
        fuzz_gen_store(g, 3);
        return;
    case 6:
    case 7: fuzz_gen_bulk(g, 2); return;
    case 8: fuzz_gen_call(g, 2); return;
    case 9: branch_statement(g); return;
    default: break;
    }
    if (depth == 0) {
        fuzz_gen_value(g, type, 2);
        fuzz_gen_pop(g, type);
        return;
    }
    switch (fuzz_any(&g->random, 9)) {
    case 0:
    case 1:
    case 2: if_statement(g, depth - 1); return;
    case 3:
    case 4: block_statement(g, depth - 1); return;
    case 5: switch_statement(g, depth - 1); return;
    case 6:
        if (g->loops < MOST_OPEN_LOOPS)
            fuzz_gen_pressed_table(g);
        return;
    default:
        if (g->loops < MOST_OPEN_LOOPS)
            loop_statement(g, depth - 1);
        return;
    }
}

void fuzz_gen_statements(struct fuzz_gen *g, unsigned depth) {
    for (unsigned count = 1 + fuzz_any(&g->random, 4); count > 0 && g->size > 0; count--)
        fuzz_gen_statement(g, depth);
}
