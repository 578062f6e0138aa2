/* Comparisons, branches, select (4.4.8, 4.3.2.23 and following). A comparison that is used only by a branch is one MIR instruction with it. The
 * negation of an ordered float comparison is not a comparison (NaN), so such a branch is jumped over instead. */
#include "jit/emit.h"

/* So many targets make a branch table in a loop an interpreter's dispatch, or a goroutine's (see jit.c). */
enum { DISPATCH_TARGETS = 12 };

struct comparison {
    uint16_t set;    /* MIR instruction that gives 0 or 1 */
    uint16_t branch; /* compare and branch when true; 0 (MIR_MOV): no such operation */
};

#define SIGNED(op, name)   [MURRE_OP_I32_##op] = {MIR_##name##S, MIR_B##name##S}, [MURRE_OP_I64_##op] = {MIR_##name, MIR_B##name}
#define UNSIGNED(op, name) [MURRE_OP_I32_##op] = {MIR_U##name##S, MIR_UB##name##S}, [MURRE_OP_I64_##op] = {MIR_U##name, MIR_UB##name}
#define FLOAT(name)        [MURRE_OP_F32_##name] = {MIR_F##name, MIR_FB##name}, [MURRE_OP_F64_##name] = {MIR_D##name, MIR_DB##name}

static const struct comparison comparisons[MURRE_OP_COUNT] = {
    SIGNED(EQ, EQ),     SIGNED(NE, NE),     SIGNED(LT_S, LT),   SIGNED(GT_S, GT),   SIGNED(LE_S, LE), SIGNED(GE_S, GE),
    UNSIGNED(LT_U, LT), UNSIGNED(GT_U, GT), UNSIGNED(LE_U, LE), UNSIGNED(GE_U, GE), FLOAT(EQ),        FLOAT(NE),
    FLOAT(LT),          FLOAT(GT),          FLOAT(LE),          FLOAT(GE),
};
#undef SIGNED
#undef UNSIGNED
#undef FLOAT

/* A constant goes second. */
static enum murre_op order(enum murre_op op, struct murre_operand *a, struct murre_operand *b) {
    if (a->kind != MURRE_OPERAND_CONST || b->kind == MURRE_OPERAND_CONST)
        return op;
    struct murre_operand swap = *a;
    *a = *b;
    *b = swap;
    return (enum murre_op)murre_op_facts[op].swapped;
}

void murre_emit_compare(struct murre_emit *e, enum murre_op op, uint32_t dst, struct murre_operand a, struct murre_operand b) {
    op = order(op, &a, &b);
    MIR_op_t first = murre_emit_use(e, a), second = murre_emit_use(e, b);
    emit3(e, comparisons[op].set, murre_emit_write(e, dst, EMIT_INT), first, second);
}

/* Against zero. */
static void branch_test(struct murre_emit *e, MIR_op_t label, const struct murre_cond *cond, bool negate) {
    bool when_zero = (cond->op != MURRE_COND_TEST) != negate;
    bool is64 = cond->op == MURRE_OP_I64_EQZ;
    MIR_op_t value = murre_emit_use(e, cond->a);
    if (value.mode == MIR_OP_INT) {
        if ((value.u.i == 0) == when_zero)
            emit1(e, MIR_JMP, label);
    } else {
        emit2(e, when_zero ? (is64 ? MIR_BF : MIR_BFS) : (is64 ? MIR_BT : MIR_BTS), label, value);
    }
}

/* Jumps when the condition holds (or, with negate, does not). */
static void branch_when(struct murre_emit *e, MIR_op_t label, const struct murre_cond *cond, bool negate) {
    negate ^= cond->negate;
    if (cond->op == MURRE_COND_TEST || cond->op == MURRE_OP_I32_EQZ || cond->op == MURRE_OP_I64_EQZ) {
        branch_test(e, label, cond, negate);
        return;
    }
    struct murre_operand a = cond->a, b = cond->b;
    enum murre_op op = order(cond->op, &a, &b);
    uint16_t branch = comparisons[op].branch, inverse = murre_op_facts[op].inverse;
    if (branch == 0)
        murre_mirctx_fail("no comparison %s", murre_op_name(op));
    MIR_op_t first = murre_emit_use(e, a), second = murre_emit_use(e, b);
    if (!negate || inverse != 0) {
        emit3(e, negate ? comparisons[inverse].branch : branch, label, first, second);
    } else {
        MIR_label_t holds = murre_emit_new_label(e);
        emit3(e, branch, emit_label_op(e, holds), first, second);
        emit1(e, MIR_JMP, label);
        murre_emit_bind(e, holds);
    }
}

void murre_emit_branch(struct murre_sink *sink, uint32_t label) {
    struct murre_emit *e = (struct murre_emit *)sink;
    emit1(e, MIR_JMP, murre_emit_label(e, label));
}

void murre_emit_branch_if(struct murre_sink *sink, uint32_t label, const struct murre_cond *cond) {
    struct murre_emit *e = (struct murre_emit *)sink;
    branch_when(e, murre_emit_label(e, label), cond, false);
}

void murre_emit_branch_table(struct murre_sink *sink, struct murre_operand index, const uint32_t *labels, uint32_t all) {
    struct murre_emit *e = (struct murre_emit *)sink;
    MIR_op_t otherwise = murre_emit_label(e, labels[all]);
    uint32_t count = all;
    while (count > 0 && labels[count - 1] == labels[all])
        count--; /* goes where the default goes */
    if (count == 0 || index.kind == MURRE_OPERAND_CONST) {
        uint32_t chosen = index.kind == MURRE_OPERAND_CONST && (uint32_t)index.bits < count ? (uint32_t)index.bits : all;
        emit1(e, MIR_JMP, murre_emit_label(e, labels[chosen]));
        return;
    }
    if (e->has_loop && count >= DISPATCH_TARGETS)
        e->dispatches = true;
    if (count == 1) {
        emit2(e, MIR_BTS, otherwise, murre_emit_use(e, index));
        emit1(e, MIR_JMP, murre_emit_label(e, labels[0]));
        return;
    }
    /* The last label takes every index from count on: the comparison is part of the jump, and nothing can come between (MIR's patch 74). */
    MIR_op_t *ops = murre_mirctx_alloc(((size_t)count + 2) * sizeof *ops);
    ops[0] = murre_emit_use_extended(e, index);
    for (uint32_t i = 0; i < count; i++)
        ops[i + 1] = murre_emit_label(e, labels[i]);
    ops[count + 1] = otherwise;
    emit_append(e, MIR_new_insn_arr(e->mir, MIR_SWITCH, (size_t)count + 2, ops));
}

static bool cond_reads(const struct murre_cond *cond, uint32_t slot) {
    return murre_emit_is_slot(cond->a, slot) || (cond->op != MURRE_COND_TEST && murre_emit_is_slot(cond->b, slot));
}

static void move_to(struct murre_emit *e, uint32_t dst, enum emit_class class, struct murre_operand a) {
    MIR_op_t value = murre_emit_use_extended(e, a);
    emit2(e, murre_emit_move_code(class), murre_emit_write(e, dst, class), value);
}

/* The condition as an i32 that is zero or not; *negate is turned round where that saves a comparison. */
static MIR_op_t condition(struct murre_emit *e, const struct murre_cond *cond, bool *negate) {
    if (cond->op == MURRE_COND_TEST)
        return murre_emit_use(e, cond->a);
    if (cond->op == MURRE_OP_I32_EQZ) {
        *negate = !*negate;
        return murre_emit_use(e, cond->a);
    }
    MIR_op_t result = murre_emit_scratch(e, EMIT_INT, 0);
    if (cond->op == MURRE_OP_I64_EQZ) {
        emit3(e, MIR_EQ, result, murre_emit_use(e, cond->a), emit_int(e, 0));
        return result;
    }
    struct murre_operand a = cond->a, b = cond->b;
    enum murre_op op = order(cond->op, &a, &b);
    if (comparisons[op].branch == 0)
        murre_mirctx_fail("no comparison %s", murre_op_name(op));
    emit3(e, comparisons[op].set, result, murre_emit_use(e, a), murre_emit_use(e, b));
    return result;
}

/* Without a branch: what is selected on is often not predictable (compilers make a select of it for that reason). */
static void select_integer(struct murre_emit *e, uint32_t dst, const struct murre_cond *cond, struct murre_operand a,
                           struct murre_operand b) {
    bool negate = cond->negate;
    if (comparisons[cond->op].branch != 0 && murre_op_info[cond->op].operand != MURRE_F32 && murre_op_info[cond->op].operand != MURRE_F64) {
        struct murre_operand first = cond->a, second = cond->b;
        enum murre_op op = order(cond->op, &first, &second);
        MIR_op_t yes = murre_emit_use_extended(e, negate ? b : a), no = murre_emit_use_extended(e, negate ? a : b);
        MIR_op_t left = murre_emit_use(e, first), right = murre_emit_use(e, second);
        if (murre_ext_emit_compare_select(e->mir, e->item, comparisons[op].set, murre_emit_write(e, dst, EMIT_INT), left, right, yes, no))
            return;
    }
    MIR_op_t test = condition(e, cond, &negate);
    MIR_op_t yes = murre_emit_use_extended(e, negate ? b : a), no = murre_emit_use_extended(e, negate ? a : b);
    murre_ext_emit_select(e->mir, e->item, 'l', murre_emit_write(e, dst, EMIT_INT), test, yes, no);
}

void murre_emit_select(struct murre_sink *sink, uint32_t dst, const struct murre_cond *cond, struct murre_operand a,
                       struct murre_operand b) {
    struct murre_emit *e = (struct murre_emit *)sink;
    enum emit_class class = murre_emit_class(a.type);
    if (class == EMIT_INT) {
        select_integer(e, dst, cond, a, b);
        return;
    }
    MIR_label_t done = murre_emit_new_label(e);
    /* Read on every path, as far as zeroing of locals is concerned. */
    if (a.kind == MURRE_OPERAND_SLOT)
        murre_emit_read(e, a.slot, class);
    if (b.kind == MURRE_OPERAND_SLOT)
        murre_emit_read(e, b.slot, class);
    if (murre_emit_is_slot(b, dst)) {
        branch_when(e, emit_label_op(e, done), cond, true);
        move_to(e, dst, class, a);
    } else if (murre_emit_is_slot(a, dst)) {
        branch_when(e, emit_label_op(e, done), cond, false);
        move_to(e, dst, class, b);
    } else if (!cond_reads(cond, dst)) {
        move_to(e, dst, class, a);
        branch_when(e, emit_label_op(e, done), cond, false);
        move_to(e, dst, class, b);
    } else {
        MIR_label_t take_a = murre_emit_new_label(e);
        branch_when(e, emit_label_op(e, take_a), cond, false);
        move_to(e, dst, class, b);
        emit1(e, MIR_JMP, emit_label_op(e, done));
        murre_emit_bind(e, take_a);
        move_to(e, dst, class, a);
    }
    murre_emit_bind(e, done);
}
