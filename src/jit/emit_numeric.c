/* Arithmetic without traps, and the float-to-integer conversions that do (4.3.2, 4.3.3). Division is in emit_divide.c. */
#include "jit/emit.h"
#include "jit/jit.h"

#if MURRE_JIT_FAULTS
bool murre_jit_fault;
#endif

/* MIR instructions with the meaning of one of ours. 0 is MIR_MOV, which none of these rows uses. */
static const uint16_t mir_binary[MURRE_OP_COUNT] = {
    [MURRE_OP_I32_ADD] = MIR_ADDS,    [MURRE_OP_I32_SUB] = MIR_SUBS,   [MURRE_OP_I32_MUL] = MIR_MULS, [MURRE_OP_I32_AND] = MIR_ANDS,
    [MURRE_OP_I32_OR] = MIR_ORS,      [MURRE_OP_I32_XOR] = MIR_XORS,   [MURRE_OP_I32_SHL] = MIR_LSHS, [MURRE_OP_I32_SHR_S] = MIR_RSHS,
    [MURRE_OP_I32_SHR_U] = MIR_URSHS, [MURRE_OP_I64_ADD] = MIR_ADD,    [MURRE_OP_I64_SUB] = MIR_SUB,  [MURRE_OP_I64_MUL] = MIR_MUL,
    [MURRE_OP_I64_AND] = MIR_AND,     [MURRE_OP_I64_OR] = MIR_OR,      [MURRE_OP_I64_XOR] = MIR_XOR,  [MURRE_OP_I64_SHL] = MIR_LSH,
    [MURRE_OP_I64_SHR_S] = MIR_RSH,   [MURRE_OP_I64_SHR_U] = MIR_URSH, [MURRE_OP_F32_ADD] = MIR_FADD, [MURRE_OP_F32_SUB] = MIR_FSUB,
    [MURRE_OP_F32_MUL] = MIR_FMUL,    [MURRE_OP_F32_DIV] = MIR_FDIV,   [MURRE_OP_F64_ADD] = MIR_DADD, [MURRE_OP_F64_SUB] = MIR_DSUB,
    [MURRE_OP_F64_MUL] = MIR_DMUL,    [MURRE_OP_F64_DIV] = MIR_DDIV,
};

static const uint16_t mir_unary[MURRE_OP_COUNT] = {
    [MURRE_OP_F32_DEMOTE_F64] = MIR_D2F,   [MURRE_OP_F64_PROMOTE_F32] = MIR_F2D,  [MURRE_OP_I64_EXTEND_I32_S] = MIR_EXT32,
    [MURRE_OP_I32_EXTEND8_S] = MIR_EXT8,   [MURRE_OP_I32_EXTEND16_S] = MIR_EXT16, [MURRE_OP_I64_EXTEND8_S] = MIR_EXT8,
    [MURRE_OP_I64_EXTEND16_S] = MIR_EXT16, [MURRE_OP_I64_EXTEND32_S] = MIR_EXT32, [MURRE_OP_I32_WRAP_I64] = MIR_UEXT32,
};

/* Extension operations, plus one. */
#define EXT(op, ext) [MURRE_OP_##op] = MURRE_EXT_##ext + 1
static const uint8_t ext_of[MURRE_OP_COUNT] = {
    EXT(I32_ROTL, ROTL32),
    EXT(I32_ROTR, ROTR32),
    EXT(I64_ROTL, ROTL64),
    EXT(I64_ROTR, ROTR64),
    EXT(I32_CLZ, CLZ32),
    EXT(I32_CTZ, CTZ32),
    EXT(I32_POPCNT, POPCNT32),
    EXT(I64_CLZ, CLZ64),
    EXT(I64_CTZ, CTZ64),
    EXT(I64_POPCNT, POPCNT64),
    EXT(F32_SQRT, SQRT_F32),
    EXT(F32_CEIL, CEIL_F32),
    EXT(F32_FLOOR, FLOOR_F32),
    EXT(F32_TRUNC, TRUNC_F32),
    EXT(F32_NEAREST, NEAREST_F32),
    EXT(F32_ABS, ABS_F32),
    EXT(F32_NEG, NEG_F32),
    EXT(F32_MIN, MIN_F32),
    EXT(F32_MAX, MAX_F32),
    EXT(F32_COPYSIGN, COPYSIGN_F32),
    EXT(F64_SQRT, SQRT_F64),
    EXT(F64_CEIL, CEIL_F64),
    EXT(F64_FLOOR, FLOOR_F64),
    EXT(F64_TRUNC, TRUNC_F64),
    EXT(F64_NEAREST, NEAREST_F64),
    EXT(F64_ABS, ABS_F64),
    EXT(F64_NEG, NEG_F64),
    EXT(F64_MIN, MIN_F64),
    EXT(F64_MAX, MAX_F64),
    EXT(F64_COPYSIGN, COPYSIGN_F64),
    EXT(I32_REINTERPRET_F32, I32_REINTERPRET_F32),
    EXT(I64_REINTERPRET_F64, I64_REINTERPRET_F64),
    EXT(F32_REINTERPRET_I32, F32_REINTERPRET_I32),
    EXT(F64_REINTERPRET_I64, F64_REINTERPRET_I64),
    EXT(F32_CONVERT_I32_S, F32_CONVERT_I32_S),
    EXT(F32_CONVERT_I32_U, F32_CONVERT_I32_U),
    EXT(F32_CONVERT_I64_S, F32_CONVERT_I64_S),
    EXT(F32_CONVERT_I64_U, F32_CONVERT_I64_U),
    EXT(F64_CONVERT_I32_S, F64_CONVERT_I32_S),
    EXT(F64_CONVERT_I32_U, F64_CONVERT_I32_U),
    EXT(F64_CONVERT_I64_S, F64_CONVERT_I64_S),
    EXT(F64_CONVERT_I64_U, F64_CONVERT_I64_U),
    EXT(I32_TRUNC_SAT_F32_S, I32_TRUNC_SAT_F32_S),
    EXT(I32_TRUNC_SAT_F32_U, I32_TRUNC_SAT_F32_U),
    EXT(I32_TRUNC_SAT_F64_S, I32_TRUNC_SAT_F64_S),
    EXT(I32_TRUNC_SAT_F64_U, I32_TRUNC_SAT_F64_U),
    EXT(I64_TRUNC_SAT_F32_S, I64_TRUNC_SAT_F32_S),
    EXT(I64_TRUNC_SAT_F32_U, I64_TRUNC_SAT_F32_U),
    EXT(I64_TRUNC_SAT_F64_S, I64_TRUNC_SAT_F64_S),
    EXT(I64_TRUNC_SAT_F64_U, I64_TRUNC_SAT_F64_U),
    EXT(I32_TRUNC_F32_S, I32_TRUNC_F32_S),
    EXT(I32_TRUNC_F32_U, I32_TRUNC_F32_U),
    EXT(I32_TRUNC_F64_S, I32_TRUNC_F64_S),
    EXT(I32_TRUNC_F64_U, I32_TRUNC_F64_U),
    EXT(I64_TRUNC_F32_S, I64_TRUNC_F32_S),
    EXT(I64_TRUNC_F32_U, I64_TRUNC_F32_U),
    EXT(I64_TRUNC_F64_S, I64_TRUNC_F64_S),
    EXT(I64_TRUNC_F64_U, I64_TRUNC_F64_U),
};
#undef EXT

static bool is_trapping(enum murre_ext op) {
    return op >= MURRE_EXT_I32_TRUNC_F32_S && op <= MURRE_EXT_I64_TRUNC_F64_U;
}

static void emit_ext(struct murre_emit *e, enum murre_op op, uint32_t dst, MIR_op_t a, MIR_op_t b) {
    enum murre_ext ext = (enum murre_ext)(ext_of[op] - 1);
    MIR_op_t to = murre_emit_write(e, dst, murre_emit_class(murre_op_info[op].result));
    if (is_trapping(ext)) {
        MIR_label_t invalid = murre_emit_trap(e, MURRE_TRAP_INVALID_CONVERSION).u.label;
        MIR_label_t overflow = murre_emit_trap(e, MURRE_TRAP_INTEGER_OVERFLOW).u.label;
        murre_ext_emit_trunc(e->mir, e->item, ext, to, a, invalid, overflow);
        return;
    }
    if (!murre_ext_emit(e->mir, e->item, ext, to, a, b)) {
        enum murre_helper helper = murre_helper_for(op);
        if (helper == MURRE_HELPER_COUNT)
            murre_mirctx_fail("no code for %s", murre_op_name(op));
        murre_emit_helper(e, helper, to, &a);
    }
}

void murre_emit_unary(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand a) {
    struct murre_emit *e = (struct murre_emit *)sink;
    if (murre_op_info[op].prefix == 0xfd) {
        murre_emit_vector(sink, op, dst, &a, (union murre_lanes){0});
        return;
    }
    MIR_op_t value = murre_emit_use_extended(e, a);
    if (ext_of[op] != 0) {
        emit_ext(e, op, dst, value, value);
        return;
    }
    if (mir_unary[op] != 0) {
        MIR_op_t to = murre_emit_write(e, dst, murre_emit_class(murre_op_info[op].result));
        emit2(e, mir_unary[op], to, value);
        if (op == MURRE_OP_I32_EXTEND8_S || op == MURRE_OP_I32_EXTEND16_S)
            emit2(e, MIR_UEXT32, to, to);
        return;
    }
    switch (op) {
    case MURRE_OP_I64_EXTEND_I32_U: /* registers hold i32 zero extended */
        if (!murre_emit_is_slot(a, dst))
            emit2(e, MIR_MOV, murre_emit_write(e, dst, EMIT_INT), value);
        return;
    case MURRE_OP_I32_EQZ: emit3(e, MIR_EQS, murre_emit_write(e, dst, EMIT_INT), value, emit_int(e, 0)); return;
    case MURRE_OP_I64_EQZ:
    case MURRE_OP_REF_IS_NULL: emit3(e, MIR_EQ, murre_emit_write(e, dst, EMIT_INT), value, emit_int(e, 0)); return;
    default: murre_mirctx_fail("no code for %s", murre_op_name(op));
    }
}

/* Better instructions where the second operand is constant. code and value are changed in place; code becomes an extension (two operands)
 * for the masks that are one. */
static void simplify_constant(MIR_insn_code_t *code, int64_t *value) {
    switch (*code) {
    case MIR_SUBS: /* additions have a form with three operands */
        *code = MIR_ADDS;
        *value = (int32_t)(0 - (uint32_t)*value);
        break;
    case MIR_SUB:
        if (*value != INT64_MIN) {
            *code = MIR_ADD;
            *value = -*value;
        }
        break;
    case MIR_MUL:
    case MIR_MULS: {
        uint64_t factor = *code == MIR_MULS ? (uint32_t)*value : (uint64_t)*value;
        if (factor != 0 && (factor & (factor - 1)) == 0) {
            *code = *code == MIR_MULS ? MIR_LSHS : MIR_LSH;
            *value = __builtin_ctzll(factor);
        }
        break;
    }
    case MIR_AND:
    case MIR_ANDS:
        if (*value == 0xff)
            *code = MIR_UEXT8;
        else if (*value == 0xffff)
            *code = MIR_UEXT16;
        else if (*value == 0xffffffff)
            *code = MIR_UEXT32;
        break;
    default: break;
    }
}

void murre_emit_binary(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand a, struct murre_operand b) {
    struct murre_emit *e = (struct murre_emit *)sink;
    if (murre_op_info[op].prefix == 0xfd) {
        murre_emit_vector(sink, op, dst, (const struct murre_operand[]){a, b}, (union murre_lanes){0});
        return;
    }
    if (murre_op_info[op].class == MURRE_CLASS_COMPARE) {
        murre_emit_compare(e, op, dst, a, b);
        return;
    }
    if (ext_of[op] != 0) {
        MIR_op_t first = murre_emit_use_extended(e, a);
        emit_ext(e, op, dst, first, murre_emit_use_extended(e, b));
        return;
    }
    MIR_insn_code_t code = murre_jit_fault && op == MURRE_OP_I32_SHR_S ? MIR_URSHS : mir_binary[op];
    if (code == 0) {
        murre_emit_divide(e, op, dst, a, b);
        return;
    }
    /* A constant of floats is no better second. */
    if (a.kind == MURRE_OPERAND_CONST && murre_op_facts[op].commutes && murre_emit_class(a.type) == EMIT_INT) {
        struct murre_operand swap = a;
        a = b;
        b = swap;
    }
    MIR_op_t first = murre_emit_use(e, a), second = murre_emit_use(e, b);
    if (second.mode == MIR_OP_INT) {
        int64_t value = second.u.i;
        simplify_constant(&code, &value);
        second = emit_int(e, value);
    }
    MIR_op_t to = murre_emit_write(e, dst, murre_emit_class(murre_op_info[op].result));
    if (code == MIR_UEXT8 || code == MIR_UEXT16 || code == MIR_UEXT32)
        emit2(e, code, to, first);
    else
        emit3(e, code, to, first, second);
}
