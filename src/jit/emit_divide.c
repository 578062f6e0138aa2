/* Integer division and remainder (4.3.2). Both checks, for zero and for overflow, are explicit: MIR may drop a division whose result is not
 * used, and AArch64's does not trap. A constant divisor needs no check, or always traps. */
#include "jit/emit.h"

struct division {
    MIR_insn_code_t code;
    bool is64, is_signed, is_remainder;
};

static struct division division_of(enum murre_op op) {
    switch (op) {
    case MURRE_OP_I32_DIV_S: return (struct division){MIR_DIVS, false, true, false};
    case MURRE_OP_I32_DIV_U: return (struct division){MIR_UDIVS, false, false, false};
    case MURRE_OP_I32_REM_S: return (struct division){MIR_MODS, false, true, true};
    case MURRE_OP_I32_REM_U: return (struct division){MIR_UMODS, false, false, true};
    case MURRE_OP_I64_DIV_S: return (struct division){MIR_DIV, true, true, false};
    case MURRE_OP_I64_DIV_U: return (struct division){MIR_UDIV, true, false, false};
    case MURRE_OP_I64_REM_S: return (struct division){MIR_MOD, true, true, true};
    case MURRE_OP_I64_REM_U: return (struct division){MIR_UMOD, true, false, true};
    default: murre_mirctx_fail("no code for %s", murre_op_name(op));
    }
}

static int64_t least(struct division d) {
    return d.is64 ? INT64_MIN : INT32_MIN;
}

/* By -1: the quotient is the negative, which overflows for the least value; the remainder is 0. */
static void by_minus_one(struct murre_emit *e, struct division d, uint32_t dst, MIR_op_t a) {
    if (d.is_remainder) {
        emit2(e, MIR_MOV, murre_emit_write(e, dst, EMIT_INT), emit_int(e, 0));
        return;
    }
    emit3(e, d.is64 ? MIR_BEQ : MIR_BEQS, murre_emit_trap(e, MURRE_TRAP_INTEGER_OVERFLOW), a, emit_int(e, least(d)));
    emit2(e, d.is64 ? MIR_NEG : MIR_NEGS, murre_emit_write(e, dst, EMIT_INT), a);
}

/* By a power of two, unsigned. True when done. */
static bool by_power(struct murre_emit *e, struct division d, uint32_t dst, struct murre_operand a, uint64_t divisor) {
    if (d.is_signed || (divisor & (divisor - 1)) != 0)
        return false;
    MIR_op_t value = murre_emit_use(e, a);
    MIR_op_t to = murre_emit_write(e, dst, EMIT_INT);
    int shift = __builtin_ctzll(divisor);
    if (d.is_remainder)
        emit3(e, d.is64 ? MIR_AND : MIR_ANDS, to, value, emit_int(e, (int64_t)(divisor - 1)));
    else
        emit3(e, d.is64 ? MIR_URSH : MIR_URSHS, to, value, emit_int(e, shift));
    return true;
}

static void by_constant(struct murre_emit *e, struct division d, uint32_t dst, struct murre_operand a, int64_t divisor) {
    if (divisor == 0) {
        emit1(e, MIR_JMP, murre_emit_trap(e, MURRE_TRAP_DIVIDE_ZERO));
        /* What follows cannot be reached, but reads dst. */
        emit2(e, MIR_MOV, murre_emit_write(e, dst, EMIT_INT), emit_int(e, 0));
        return;
    }
    if (d.is_signed && divisor == -1) {
        MIR_op_t value = murre_emit_use(e, a);
        by_minus_one(e, d, dst, value);
        return;
    }
    if (by_power(e, d, dst, a, d.is64 ? (uint64_t)divisor : (uint32_t)divisor))
        return;
    MIR_op_t value = murre_emit_use(e, a);
    emit3(e, d.code, murre_emit_write(e, dst, EMIT_INT), value, emit_int(e, divisor));
}

void murre_emit_divide(struct murre_emit *e, enum murre_op op, uint32_t dst, struct murre_operand a, struct murre_operand b) {
    struct division d = division_of(op);
    if (b.kind == MURRE_OPERAND_CONST) {
        by_constant(e, d, dst, a, d.is64 ? (int64_t)b.bits : (int32_t)b.bits);
        return;
    }
    MIR_op_t dividend = murre_emit_use(e, a), divisor = murre_emit_use(e, b);
    emit2(e, d.is64 ? MIR_BF : MIR_BFS, murre_emit_trap(e, MURRE_TRAP_DIVIDE_ZERO), divisor);
    if (!d.is_signed) {
        emit3(e, d.code, murre_emit_write(e, dst, EMIT_INT), dividend, divisor);
        return;
    }
    MIR_label_t plain = murre_emit_new_label(e), done = murre_emit_new_label(e);
    emit3(e, d.is64 ? MIR_BNE : MIR_BNES, emit_label_op(e, plain), divisor, emit_int(e, -1));
    by_minus_one(e, d, dst, dividend);
    emit1(e, MIR_JMP, emit_label_op(e, done));
    murre_emit_bind(e, plain);
    emit3(e, d.code, murre_emit_write(e, dst, EMIT_INT), dividend, divisor);
    murre_emit_bind(e, done);
}
