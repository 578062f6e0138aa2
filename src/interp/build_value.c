/* The builder: copies, numeric instructions, comparisons, selections. */
#include "interp/build.h"

/* Forms of BINARY, FBINARY, COMPARE and FCOMPARE in the order of ops.def. */
enum { FORM_RR, FORM_RI, FORM_RK, FORM_AR, FORM_RA, FORM_AI };
enum { FFORM_RR, FFORM_RK, FFORM_AR, FFORM_RA };
enum { CFORM_RR, CFORM_RI, CFORM_AR, CFORM_AI, COMPARE_FORMS };
enum { FCFORM_RR, FCFORM_AR, FCOMPARE_FORMS };

enum { TEST_OPS = MURRE_RC_I32_NEZ_R - MURRE_RC_I32_EQZ_R };

/* ---- copies ------------------------------------------------------------------------------------------------------ */

static void put_const(struct builder *b, uint32_t dst, const struct murre_operand *a) {
    uint32_t target = build_target(b, dst);
    if (fits32(signed_const(a)))
        build_emit32(b, 1, MURRE_RC_CONST, target, (uint32_t)a->bits);
    else
        build_emit(b, 2, MURRE_RC_CONST64, target, 0, 0)[1].u64 = a->bits;
    build_clobber(b, dst);
}

void build_copy(struct murre_sink *sink, uint32_t dst, struct murre_operand a) {
    struct builder *b = (struct builder *)sink;
    if (a.type == MURRE_V128) {
        build_vector_copy(b, dst, &a);
        return;
    }
    if (is_const(&a)) {
        put_const(b, dst, &a);
        return;
    }
    if (a.slot == dst)
        return;
    static const uint16_t from_acc[ACC_COUNT] = {MURRE_RC_COPY_A, MURRE_RC_COPY_AF64, MURRE_RC_COPY_AF32};
    enum accumulator k = accumulator_of(a.type);
    if (b->mirror[k] == a.slot) {
        build_emit(b, 1, from_acc[k], build_target(b, dst), 0, 0);
        build_clobber(b, dst);
        /* The original may still be wanted, but the copy is what comes next as a rule. */
        b->mirror[k] = dst;
        b->maker[k] = NO_WORD;
        return;
    }
    uint32_t source = build_source(b, a.slot);
    uint32_t target = build_target(b, dst);
    union murre_word *last = b->last_copy != NO_WORD ? &b->words[b->last_copy] : NULL;
    if (last && b->last_copy + 1 == b->count && last->a + 1u == target && last->a != source) {
        last->op = MURRE_RC_COPY2;
        last->c = (uint16_t)source;
        b->last_copy = NO_WORD;
        build_result(b, ACC_INT, dst, NO_WORD, 0);
        return;
    }
    build_emit(b, 1, MURRE_RC_COPY, target, source, 0);
    uint32_t word = b->count - 1;
    build_result(b, ACC_INT, dst, NO_WORD, 0);
    b->last_copy = b->failed || b->mode & MURRE_BUILD_FAR ? NO_WORD : word;
}

/* Both ends are homes, behind the parameters, so that neither mode makes a difference but for where they lie. */
void build_copy_range(struct murre_sink *sink, uint32_t dst, uint32_t src, const uint8_t *types, uint32_t count) {
    (void)types;
    struct builder *b = (struct builder *)sink;
    union murre_word *word = build_emit32(b, 2, MURRE_RC_COPY_RANGE, 0, count);
    word[1].low = build_slot(b, dst);
    word[1].high = build_slot(b, src);
    build_forget(b);
}

/* ---- two operands ------------------------------------------------------------------------------------------------ */

/* Two constants, or one that has no immediate form on the left: the left one comes from the accumulator. */
static void const_left(struct builder *b, enum murre_op op, unsigned form_ar, uint32_t dst, const struct murre_operand *a,
                       const struct murre_operand *y) {
    enum accumulator k = accumulator_of(a->type);
    uint16_t first = murre_build_first_form[op];
    uint32_t right;
    if (is_const(y)) {
        /* dst is none of the operands, so it may hold the right one meanwhile. */
        put_const(b, dst, y);
        right = build_target(b, dst);
    } else {
        right = build_source(b, y->slot);
    }
    build_acc_const(b, a);
    uint32_t word = b->count;
    build_emit(b, 1, (uint16_t)(first + form_ar), build_target(b, dst), 0, right);
    build_result(b, k, dst, word, murre_build_t_forms[op]);
}

static void integer_binary(struct builder *b, enum murre_op op, uint32_t dst, struct murre_operand x, struct murre_operand y) {
    uint16_t first = murre_build_first_form[op];
    bool commutes = murre_op_facts[op].commutes;
    if (commutes && (is_const(&x) || (!is_const(&y) && build_mirrored(b, &y)))) {
        struct murre_operand t = x;
        x = y;
        y = t;
    }
    if (is_const(&x)) {
        const_left(b, op, FORM_AR, dst, &x, &y);
        return;
    }
    bool from_acc = build_mirrored(b, &x);
    unsigned form;
    uint32_t p = 0, q = 0;
    if (is_const(&y)) {
        int64_t k = signed_const(&y);
        if (from_acc && fits32(k)) {
            build_take(b, &x);
            uint32_t word = b->count;
            build_emit32(b, 1, first + FORM_AI, build_target(b, dst), (uint32_t)k);
            build_result(b, ACC_INT, dst, word, murre_build_t_forms[op]);
            return;
        }
        p = build_source(b, x.slot);
        form = fits16(k) ? FORM_RI : FORM_RK;
        q = (uint32_t)k;
    } else if (from_acc) {
        build_take(b, &x);
        q = build_source(b, y.slot);
        form = FORM_AR;
    } else if (build_mirrored(b, &y)) {
        build_take(b, &y);
        p = build_source(b, x.slot);
        form = FORM_RA;
    } else {
        p = build_source(b, x.slot);
        q = build_source(b, y.slot);
        form = FORM_RR;
    }
    uint32_t target = build_target(b, dst);
    uint32_t word = b->count;
    build_emit(b, form == FORM_RK ? 2 : 1, (uint16_t)(first + form), target, p, form == FORM_RK ? 0 : q);
    if (form == FORM_RK && !b->failed)
        b->words[word + 1].u64 = y.bits;
    build_result(b, ACC_INT, dst, word, murre_build_t_forms[op]);
}

static void float_binary(struct builder *b, enum murre_op op, uint32_t dst, struct murre_operand x, struct murre_operand y) {
    uint16_t first = murre_build_first_form[op];
    enum accumulator k = accumulator_of(x.type);
    /* NaN payloads may differ by the order of the operands; the specification leaves them open. */
    if (murre_op_facts[op].commutes && (is_const(&x) || (!is_const(&y) && build_mirrored(b, &y)))) {
        struct murre_operand t = x;
        x = y;
        y = t;
    }
    if (is_const(&x)) {
        const_left(b, op, FFORM_AR, dst, &x, &y);
        return;
    }
    unsigned form;
    uint32_t p = 0, q = 0;
    if (is_const(&y)) {
        p = build_source(b, x.slot);
        form = FFORM_RK;
    } else if (build_mirrored(b, &x)) {
        build_take(b, &x);
        q = build_source(b, y.slot);
        form = FFORM_AR;
    } else if (build_mirrored(b, &y)) {
        build_take(b, &y);
        p = build_source(b, x.slot);
        form = FFORM_RA;
    } else {
        p = build_source(b, x.slot);
        q = build_source(b, y.slot);
        form = FFORM_RR;
    }
    uint32_t target = build_target(b, dst);
    uint32_t word = b->count;
    build_emit(b, form == FFORM_RK ? 2 : 1, (uint16_t)(first + form), target, p, q);
    if (form == FFORM_RK && !b->failed)
        b->words[word + 1].u64 = y.bits;
    build_result(b, k, dst, word, murre_build_t_forms[op]);
}

/* ---- comparisons ------------------------------------------------------------------------------------------------- */

/* What the comparison of two constants gives. */
static bool answer(enum murre_op op, uint64_t left, uint64_t right) {
    const union murre_slot a = {.u64 = left}, c = {.u64 = right};
    switch (op) {
#define COMPARE(id, type, expr)                          \
    case MURRE_OP_##id: {                                \
        const __typeof__(a.type) x = a.type, y = c.type; \
        return expr;                                     \
    }
#define FCOMPARE COMPARE
#define BINARY(id, type, expr)
#define FBINARY(id, type, expr)
#define RARE_BINARY(id, type, expr)
#define RARE_FBINARY(id, type, expr)
#define UNARY(id, result, type, expr)
#define RARE_UNARY(id, result, type, expr)
#define LOAD(id, type, mem)
#define STORE(id, type, mem)
#define TEST(id, type, expr)
#include "interp/ops.def"
    default: return false;
    }
}

static struct comparison test(struct builder *b, const struct murre_operand *a, bool is64, bool zero) {
    struct comparison c = {.first = is64 ? MURRE_RC_I64_EQZ_R : MURRE_RC_I32_EQZ_R, .kind = COMPARISON_TEST};
    if (!zero)
        c.first += TEST_OPS;
    if (is_const(a)) {
        build_acc_const(b, a);
        c.form = 1;
    } else if (build_mirrored(b, a)) {
        build_take(b, a);
        c.form = 1;
    } else {
        c.p = build_source(b, a->slot);
    }
    return c;
}

static struct comparison compare_integers(struct builder *b, const struct murre_cond *cond, unsigned immediate_bits) {
    struct murre_operand x = cond->a, y = cond->b;
    enum murre_op op = cond->negate ? (enum murre_op)murre_op_facts[cond->op].inverse : cond->op;
    if ((is_const(&x) && !is_const(&y)) || (!is_const(&y) && build_mirrored(b, &y) && !build_mirrored(b, &x))) {
        struct murre_operand t = x;
        x = y;
        y = t;
        op = (enum murre_op)murre_op_facts[op].swapped;
    }
    struct comparison c = {.kind = COMPARISON_INT};
    if (is_const(&y)) {
        int64_t k = signed_const(&y);
        c.q = c.p = (uint32_t)k;
        if (is_const(&x)) {
            build_acc_const(b, &x);
            c.form = CFORM_AI;
            if (!(immediate_bits == 16 ? fits16(k) : fits32(k))) {
                /* Two large constants: they are compared here. */
                bool holds = answer(op, x.bits, y.bits);
                build_acc_const(b, &(struct murre_operand){.kind = MURRE_OPERAND_CONST, .type = MURRE_I32, .bits = holds});
                c.first = MURRE_RC_I32_NEZ_R;
                c.kind = COMPARISON_TEST;
                c.form = 1;
                return c;
            }
        } else if (build_mirrored(b, &x) && (immediate_bits == 16 ? fits16(k) : fits32(k))) {
            build_take(b, &x);
            c.form = CFORM_AI;
        } else if (fits16(k)) {
            c.p = build_source(b, x.slot);
            c.form = CFORM_RI;
        } else {
            build_acc_const(b, &y);
            c.p = build_source(b, x.slot);
            c.form = CFORM_AR;
            op = (enum murre_op)murre_op_facts[op].swapped;
        }
    } else if (build_mirrored(b, &x)) {
        build_take(b, &x);
        c.p = build_source(b, y.slot);
        c.form = CFORM_AR;
    } else {
        c.p = build_source(b, x.slot);
        c.q = build_source(b, y.slot);
        c.form = CFORM_RR;
    }
    c.first = murre_build_first_form[op];
    return c;
}

static struct comparison compare_floats(struct builder *b, const struct murre_cond *cond) {
    struct murre_operand x = cond->a, y = cond->b;
    enum murre_op op = cond->op;
    struct comparison c = {.kind = COMPARISON_FLOAT, .negate = cond->negate};
    if ((is_const(&y) && !is_const(&x)) || (!is_const(&x) && build_mirrored(b, &y) && !build_mirrored(b, &x))) {
        struct murre_operand t = x;
        x = y;
        y = t;
        op = (enum murre_op)murre_op_facts[op].swapped;
    }
    if (is_const(&x) && is_const(&y)) {
        bool holds = answer(op, x.bits, y.bits) != cond->negate;
        build_acc_const(b, &(struct murre_operand){.kind = MURRE_OPERAND_CONST, .type = MURRE_I32, .bits = holds});
        return (struct comparison){.first = MURRE_RC_I32_NEZ_R, .kind = COMPARISON_TEST, .form = 1};
    }
    if (is_const(&x)) {
        build_acc_const(b, &x);
        c.p = build_source(b, y.slot);
        c.form = FCFORM_AR;
    } else if (build_mirrored(b, &x)) {
        build_take(b, &x);
        c.p = build_source(b, y.slot);
        c.form = FCFORM_AR;
    } else {
        c.p = build_source(b, x.slot);
        c.q = build_source(b, y.slot);
        c.form = FCFORM_RR;
    }
    c.first = murre_build_first_form[op];
    return c;
}

struct comparison build_comparison(struct builder *b, const struct murre_cond *cond, unsigned immediate_bits) {
    if (cond->op == MURRE_COND_TEST)
        return test(b, &cond->a, false, cond->negate);
    if (cond->op == MURRE_OP_I32_EQZ || cond->op == MURRE_OP_I64_EQZ)
        return test(b, &cond->a, cond->op == MURRE_OP_I64_EQZ, !cond->negate);
    if (cond->a.type == MURRE_F32 || cond->a.type == MURRE_F64)
        return compare_floats(b, cond);
    return compare_integers(b, cond, immediate_bits);
}

/* The comparison's answer as a value: in dst and the accumulator, or in the accumulator alone. */
static void put_answer(struct builder *b, struct comparison c, uint32_t dst, bool only_acc) {
    static const uint8_t forms[] = {[COMPARISON_TEST] = 2, [COMPARISON_INT] = COMPARE_FORMS, [COMPARISON_FLOAT] = FCOMPARE_FORMS};
    uint16_t op = (uint16_t)(c.first + c.form + (only_acc ? forms[c.kind] : 0));
    uint32_t target = only_acc ? 0 : build_target(b, dst);
    uint32_t word = b->count;
    if (c.kind == COMPARISON_TEST)
        build_emit(b, 1, op, target, c.p, 0);
    else if (c.form == (c.kind == COMPARISON_INT ? CFORM_AR : FCFORM_AR))
        build_emit(b, 1, op, target, 0, c.p);
    else if (c.kind == COMPARISON_INT && c.form == CFORM_AI)
        build_emit32(b, 1, op, target, c.q);
    else
        build_emit(b, 1, op, target, c.p, c.q);
    if (only_acc) {
        b->mirror[ACC_INT] = NO_SLOT;
        b->maker[ACC_INT] = NO_WORD;
    } else {
        build_result(b, ACC_INT, dst, word, forms[c.kind]);
    }
}

void build_binary(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand x, struct murre_operand y) {
    struct builder *b = (struct builder *)sink;
    if (murre_op_info[op].class == MURRE_CLASS_COMPARE) {
        const struct murre_cond cond = {.op = op, .a = x, .b = y};
        put_answer(b, build_comparison(b, &cond, 32), dst, false);
    } else if (is_vector_op(op)) {
        build_vector_operation(b, op, dst, &x, &y);
    } else if (x.type == MURRE_F32 || x.type == MURRE_F64) {
        float_binary(b, op, dst, x, y);
    } else {
        integer_binary(b, op, dst, x, y);
    }
}

/* ---- one operand, selections ------------------------------------------------------------------------------------- */

void build_unary(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand a) {
    struct builder *b = (struct builder *)sink;
    if (is_vector_op(op)) {
        build_vector_operation(b, op, dst, &a, NULL);
        return;
    }
    uint16_t first = murre_build_first_form[op];
    uint32_t p = 0;
    unsigned form = 1;
    if (is_const(&a)) {
        build_acc_const(b, &a);
    } else if (build_mirrored(b, &a)) {
        build_take(b, &a);
    } else {
        p = build_source(b, a.slot);
        form = 0;
    }
    uint32_t target = build_target(b, dst);
    uint32_t word = b->count;
    build_emit(b, 1, (uint16_t)(first + form), target, p, 0);
    murre_valtype result = op == MURRE_OP_REF_IS_NULL ? (murre_valtype)MURRE_I32 : murre_op_info[op].result;
    build_result(b, accumulator_of(result), dst, word, murre_build_t_forms[op]);
}

void build_select(struct murre_sink *sink, uint32_t dst, const struct murre_cond *cond, struct murre_operand a, struct murre_operand y) {
    struct builder *b = (struct builder *)sink;
    struct murre_cond c = *cond;
    if (c.op == MURRE_COND_TEST || c.op == MURRE_OP_I32_EQZ) {
        /* The accumulator takes the tested value itself: exchange the operands instead of turning it round. */
        bool zero = (c.op == MURRE_OP_I32_EQZ) != c.negate;
        if (zero) {
            struct murre_operand t = a;
            a = y;
            y = t;
        }
        if (is_const(&c.a)) {
            build_acc_const(b, &c.a);
        } else if (build_mirrored(b, &c.a)) {
            build_take(b, &c.a);
        } else {
            build_emit(b, 1, MURRE_RC_ACC, build_source(b, c.a.slot), 0, 0);
        }
    } else {
        if (c.negate && c.op >= MURRE_OP_F32_EQ) {
            struct murre_operand t = a;
            a = y;
            y = t;
            c.negate = false;
        }
        put_answer(b, build_comparison(b, &c, 32), 0, true);
    }
    b->mirror[ACC_INT] = NO_SLOT;
    b->maker[ACC_INT] = NO_WORD;
    if (a.type == MURRE_V128) {
        build_vector_select(b, dst, &a, &y);
        return;
    }
    static const uint16_t ops[] = {MURRE_RC_SELECT_RR, MURRE_RC_SELECT_RK, MURRE_RC_SELECT_KR, MURRE_RC_SELECT_KK};
    unsigned constants = is_const(&a) * 2u + is_const(&y);
    uint32_t p = is_const(&a) ? 0 : build_source(b, a.slot);
    uint32_t q = is_const(&y) ? 0 : build_source(b, y.slot);
    uint32_t words = 1 + is_const(&a) + is_const(&y);
    union murre_word *word = build_emit(b, words, ops[constants], build_target(b, dst), p, q);
    if (is_const(&a))
        word[1].u64 = a.bits;
    if (is_const(&y))
        word[words - 1].u64 = y.bits;
    build_result(b, ACC_INT, dst, NO_WORD, 0);
}
