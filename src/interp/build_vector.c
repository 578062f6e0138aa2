/* The builder: vectors. A vector lies in two slots; no accumulator holds one. Constants are put into their homes first, where they would lie on the operand
 * stack: nothing else lives there. */
#include "interp/build.h"

#include <string.h>

/* The first of the two scratch slots (mode FAR) for a vector. */
static uint32_t scratch_pair(struct builder *b) {
    b->scratch = (b->scratch + 1) & ~1u;
    uint32_t pair = b->param_slots + b->scratch % SCRATCH_SLOTS;
    b->scratch += 2;
    return pair;
}

/* Both slots are within 16 bits; else, where the mode is another, it must be FAR. */
static bool in_reach(struct builder *b, uint32_t slot) {
    if (build_slot(b, slot) < UINT16_MAX)
        return true;
    if (!(b->mode & MURRE_BUILD_FAR))
        b->needs |= MURRE_BUILD_FAR;
    return !(b->mode & MURRE_BUILD_FAR);
}

static void emit_const(struct builder *b, uint32_t target, const struct murre_operand *a) {
    union murre_word *word = build_emit(b, 3, MURRE_RC_CONST_V, target, 0, 0);
    memcpy(word + 1, b->module->info.bytes + a->bits, 16);
}

/* A slot for the operand, a vector. */
static uint32_t vector_source(struct builder *b, const struct murre_operand *a) {
    if (in_reach(b, a->slot)) {
        if (is_const(a)) {
            emit_const(b, build_slot(b, a->slot), a);
            build_clobber(b, a->slot);
            build_clobber(b, a->slot + 1);
        }
        return build_slot(b, a->slot);
    }
    uint32_t pair = scratch_pair(b), slot = build_slot(b, a->slot);
    if (is_const(a)) {
        emit_const(b, pair, a);
    } else {
        build_emit32(b, 1, MURRE_RC_FAR_GET, pair, slot);
        build_emit32(b, 1, MURRE_RC_FAR_GET, pair + 1, slot + 1);
    }
    return pair;
}

/* The same of a number. */
static uint32_t number_source(struct builder *b, const struct murre_operand *a) {
    if (!is_const(a))
        return build_source(b, a->slot);
    bool far = !in_reach(b, a->slot);
    uint32_t target = far ? scratch_pair(b) : build_slot(b, a->slot);
    int64_t value = a->type == MURRE_I32 || a->type == MURRE_F32 ? (int32_t)a->bits : (int64_t)a->bits;
    if (fits32(value))
        build_emit32(b, 1, MURRE_RC_CONST, target, (uint32_t)value);
    else
        build_emit(b, 2, MURRE_RC_CONST64, target, 0, 0)[1].u64 = a->bits;
    if (!far)
        build_clobber(b, a->slot);
    return target;
}

/* Where a vector goes; vector_result follows. */
static uint32_t vector_target(struct builder *b, uint32_t slot) {
    return in_reach(b, slot) ? build_slot(b, slot) : b->param_slots;
}

static void vector_result(struct builder *b, uint32_t dst) {
    uint32_t slot = build_slot(b, dst);
    b->scratch = 0;
    if (!in_reach(b, dst)) {
        build_emit32(b, 1, MURRE_RC_FAR_PUT, b->param_slots, slot);
        build_emit32(b, 1, MURRE_RC_FAR_PUT, b->param_slots + 1, slot + 1);
    } else if (!(b->mode & MURRE_BUILD_FAR)) {
        build_clobber(b, dst);
        build_clobber(b, dst + 1);
    }
}

/* An instruction whose fields a, b, c are a result of the type and operands. */
static void emit_result(struct builder *b, uint32_t words, uint16_t op, murre_valtype type, uint32_t dst, uint32_t p, uint32_t q,
                        uint64_t extension) {
    uint32_t target = type == MURRE_V128 ? vector_target(b, dst) : build_target(b, dst), word = b->count;
    union murre_word *at = build_emit(b, words, op, target, p, q);
    if (words == 2)
        at[1].u64 = extension;
    if (type == MURRE_V128)
        vector_result(b, dst);
    else
        build_result(b, accumulator_of(type), dst, word, 0);
}

/* ---- moves -------------------------------------------------------------------------------------------------------------- */

void build_vector_copy(struct builder *b, uint32_t dst, const struct murre_operand *a) {
    if (is_const(a)) {
        emit_const(b, vector_target(b, dst), a);
        vector_result(b, dst);
    } else if (a->slot != dst) {
        uint32_t source = vector_source(b, a);
        emit_result(b, 1, MURRE_RC_COPY_V, MURRE_V128, dst, source, 0, 0);
    }
}

/* The condition is in the accumulator. */
void build_vector_select(struct builder *b, uint32_t dst, const struct murre_operand *x, const struct murre_operand *y) {
    uint32_t p = vector_source(b, x), q = vector_source(b, y);
    emit_result(b, 1, MURRE_RC_SELECT_V, MURRE_V128, dst, p, q, 0);
}

void build_vector_global_get(struct builder *b, uint32_t dst, bool imported, uint32_t offset) {
    build_emit32(b, 1, imported ? MURRE_RC_GLOBAL_GET_IMPORT_V : MURRE_RC_GLOBAL_GET_V, vector_target(b, dst), offset);
    vector_result(b, dst);
}

void build_vector_global_set(struct builder *b, const struct murre_operand *a, bool imported, uint32_t offset) {
    b->scratch = 0;
    uint32_t p = vector_source(b, a);
    build_emit32(b, 1, imported ? MURRE_RC_GLOBAL_SET_IMPORT_V : MURRE_RC_GLOBAL_SET_V, p, offset);
}

/* ---- operations --------------------------------------------------------------------------------------------------------- */

/* Their row of opcodes.def says all: one operand or two, numbers or vectors. */
void build_vector_operation(struct builder *b, enum murre_op op, uint32_t dst, const struct murre_operand *x,
                            const struct murre_operand *y) {
    uint32_t p = x->type == MURRE_V128 ? vector_source(b, x) : number_source(b, x), q = 0;
    if (y)
        q = y->type == MURRE_V128 ? vector_source(b, y) : number_source(b, y);
    emit_result(b, 1, murre_build_first_form[op], murre_op_info[op].result, dst, p, q, 0);
}

void build_vector(struct murre_sink *sink, enum murre_op op, uint32_t dst, const struct murre_operand *operands, union murre_lanes lanes) {
    struct builder *b = (struct builder *)sink;
    const struct murre_op_info *info = &murre_op_info[op];
    const uint16_t first = murre_build_first_form[op];
    uint32_t p = vector_source(b, &operands[0]), q;
    switch (info->class) {
    case MURRE_CLASS_EXTRACT: emit_result(b, 1, first, info->result, dst, p, lanes.lane, 0); break;
    case MURRE_CLASS_REPLACE:
        q = number_source(b, &operands[1]);
        emit_result(b, 2, first, MURRE_V128, dst, p, q, lanes.lane);
        break;
    case MURRE_CLASS_TERNARY:
        q = vector_source(b, &operands[1]);
        emit_result(b, 2, first, MURRE_V128, dst, p, q, vector_source(b, &operands[2]));
        break;
    default: /* i8x16.shuffle */
        q = vector_source(b, &operands[1]);
        memcpy(build_emit(b, 3, first, vector_target(b, dst), p, q) + 1, lanes.bytes, 16);
        vector_result(b, dst);
        break;
    }
}

/* ---- memory ------------------------------------------------------------------------------------------------------------- */

enum { FORM_NEAR, FORM_FAR }; /* _R, _RX; _RR, _RX */

void build_vector_load(struct builder *b, enum murre_op op, uint32_t dst, const struct murre_operand *index, uint32_t offset) {
    uint32_t p = number_source(b, index);
    bool far = offset > UINT16_MAX;
    emit_result(b, 1 + far, murre_build_first_form[op] + (far ? FORM_FAR : FORM_NEAR), MURRE_V128, dst, p, far ? 0 : offset, offset);
}

void build_vector_store(struct builder *b, const struct murre_operand *index, const struct murre_operand *value, uint32_t offset) {
    bool far = offset > UINT16_MAX;
    uint32_t p = number_source(b, index), q = vector_source(b, value);
    union murre_word *at = build_emit(b, 1 + far, MURRE_RC_V128_STORE_RR + (far ? FORM_FAR : FORM_NEAR), p, q, far ? 0 : offset);
    if (far)
        at[1].u64 = offset;
}

void build_lane(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand index, struct murre_operand vector,
                uint8_t lane, const struct murre_access *access) {
    struct builder *b = (struct builder *)sink;
    if (build_refused(b, access))
        return;
    b->scratch = 0;
    const uint64_t extension = (uint64_t)lane << 32 | (uint32_t)access->offset;
    uint32_t p = number_source(b, &index), q = vector_source(b, &vector);
    if (murre_op_info[op].class == MURRE_CLASS_LOAD_LANE)
        emit_result(b, 2, murre_build_first_form[op], MURRE_V128, dst, p, q, extension);
    else
        build_emit(b, 2, murre_build_first_form[op], p, q, 0)[1].u64 = extension;
}
