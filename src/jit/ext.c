/* See ext.h. What differs between the machines is in ext_x86_64.c and ext_aarch64.c. */
#include "ext.h"

#include "ext_target.h"

/* ---- Pieces ----------------------------------------------------------------------------------------------------------- */

void murre_ext_put1(struct murre_ext_out *out, MIR_insn_code_t code, MIR_op_t a) {
    MIR_append_insn(out->mir, out->func, MIR_new_insn(out->mir, code, a));
}

void murre_ext_put2(struct murre_ext_out *out, MIR_insn_code_t code, MIR_op_t a, MIR_op_t b) {
    MIR_append_insn(out->mir, out->func, MIR_new_insn(out->mir, code, a, b));
}

void murre_ext_put3(struct murre_ext_out *out, MIR_insn_code_t code, MIR_op_t a, MIR_op_t b, MIR_op_t c) {
    MIR_append_insn(out->mir, out->func, MIR_new_insn(out->mir, code, a, b, c));
}

void murre_ext_put_label(struct murre_ext_out *out, MIR_label_t label) {
    MIR_append_insn(out->mir, out->func, label);
}

MIR_op_t murre_ext_label(struct murre_ext_out *out, MIR_label_t label) {
    return MIR_new_label_op(out->mir, label);
}

MIR_op_t murre_ext_temp(struct murre_ext_out *out, MIR_type_t type) {
    return MIR_new_reg_op(out->mir, _MIR_new_temp_reg(out->mir, type, out->func->u.func));
}

MIR_op_t murre_ext_int(struct murre_ext_out *out, int64_t value) {
    return MIR_new_int_op(out->mir, value);
}

MIR_op_t murre_ext_fp_constant(struct murre_ext_out *out, const struct murre_ext_fp *fp, double value) {
    return fp->type == MIR_T_F ? MIR_new_float_op(out->mir, (float)value) : MIR_new_double_op(out->mir, value);
}

static const struct murre_ext_fp fp32 = {
    .type = MIR_T_F,
    .mov = MIR_FMOV,
    .add = MIR_FADD,
    .sub = MIR_FSUB,
    .bne = MIR_FBNE,
    .blt = MIR_FBLT,
    .ble = MIR_FBLE,
    .bge = MIR_FBGE,
    .bgt = MIR_FBGT,
    .to_int = MIR_F2I,
    .from_int = MIR_I2F,
    .abs = MIR_FABS,
    .sign = MIR_FSIGN,
    .or_bits = MIR_FOR,
    .copysign = MIR_FCOPYSIGN,
    .to_uint = MIR_F2UI,
    .to_int32 = MIR_F2IS,
    .to_uint32 = MIR_F2UIS,
    .from_uint = MIR_UI2F,
};

static const struct murre_ext_fp fp64 = {
    .type = MIR_T_D,
    .mov = MIR_DMOV,
    .add = MIR_DADD,
    .sub = MIR_DSUB,
    .bne = MIR_DBNE,
    .blt = MIR_DBLT,
    .ble = MIR_DBLE,
    .bge = MIR_DBGE,
    .bgt = MIR_DBGT,
    .to_int = MIR_D2I,
    .from_int = MIR_I2D,
    .abs = MIR_DABS,
    .sign = MIR_DSIGN,
    .or_bits = MIR_DOR,
    .copysign = MIR_DCOPYSIGN,
    .to_uint = MIR_D2UI,
    .to_int32 = MIR_D2IS,
    .to_uint32 = MIR_D2UIS,
    .from_uint = MIR_UI2D,
};

/* ---- Truncations: eight in a row, by width, float type and sign -------------------------------------------------------- */

#define MURRE_EXT_IN_ORDER(kind)                                                           \
    _Static_assert(MURRE_EXT_I32_##kind##_F32_U == MURRE_EXT_I32_##kind##_F32_S + 1 &&     \
                       MURRE_EXT_I32_##kind##_F64_S == MURRE_EXT_I32_##kind##_F32_S + 2 && \
                       MURRE_EXT_I64_##kind##_F32_S == MURRE_EXT_I32_##kind##_F32_S + 4 && \
                       MURRE_EXT_I64_##kind##_F64_U == MURRE_EXT_I32_##kind##_F32_S + 7,   \
                   "the operations are distinguished by their distance from the first")
MURRE_EXT_IN_ORDER(TRUNC);
MURRE_EXT_IN_ORDER(TRUNC_SAT);

static bool is_wide(unsigned index) {
    return index >= 4;
}

static bool is_signed(unsigned index) {
    return index % 2 == 0;
}

static const struct murre_ext_fp *source(unsigned index) {
    return index % 4 < 2 ? &fp32 : &fp64;
}

/* Every value that fits comes out of the conversion to 64 bits exactly; none of the others looks like one. */
static void truncate32(struct murre_ext_out *out, const struct murre_ext_fp *fp, bool sign, MIR_op_t dst, MIR_op_t a,
                       MIR_label_t overflow) {
    MIR_op_t wide = murre_ext_temp(out, MIR_T_I64), narrow = murre_ext_temp(out, MIR_T_I64);
    murre_ext_put2(out, fp->to_int, wide, a);
    murre_ext_put2(out, sign ? MIR_EXT32 : MIR_UEXT32, narrow, wide);
    murre_ext_put3(out, MIR_BNE, murre_ext_label(out, overflow), narrow, wide);
    murre_ext_put2(out, sign ? MIR_UEXT32 : MIR_MOV, dst, narrow);
}

void murre_ext_emit_trunc(MIR_context_t mir, MIR_item_t func, enum murre_ext op, MIR_op_t dst, MIR_op_t a, MIR_label_t invalid,
                          MIR_label_t overflow) {
    struct murre_ext_out out = {mir, func};
    const unsigned index = (unsigned)op - MURRE_EXT_I32_TRUNC_F32_S;
    const struct murre_ext_fp *fp = source(index);
    MIR_op_t value = murre_ext_temp(&out, fp->type);
    murre_ext_put2(&out, fp->mov, value, a);
    murre_ext_put3(&out, fp->bne, murre_ext_label(&out, invalid), value, value);
    (is_wide(index) ? murre_ext_truncate64 : truncate32)(&out, fp, is_signed(index), dst, value, overflow);
}

static void truncate_sat(struct murre_ext_out *out, enum murre_ext op, MIR_op_t dst, MIR_op_t a) {
    const unsigned index = (unsigned)op - MURRE_EXT_I32_TRUNC_SAT_F32_S;
    const struct murre_ext_fp *fp = source(index);
    MIR_op_t value = murre_ext_temp(out, fp->type);
    murre_ext_put2(out, fp->mov, value, a);
    (is_wide(index) ? murre_ext_truncate_sat64 : murre_ext_truncate_sat32)(out, fp, is_signed(index), dst, value);
}

/* ---- The others ------------------------------------------------------------------------------------------------------- */

static void rotate(struct murre_ext_out *out, bool left, unsigned width, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    if (b.mode == MIR_OP_INT || b.mode == MIR_OP_UINT)
        b = murre_ext_int(out, b.u.i & (width - 1));
    murre_ext_rotate(out, left, width, dst, a, b);
}

static void convert_u32(struct murre_ext_out *out, const struct murre_ext_fp *fp, MIR_op_t dst, MIR_op_t a) {
    MIR_op_t t = murre_ext_temp(out, MIR_T_I64);
    murre_ext_put2(out, MIR_UEXT32, t, a);
    murre_ext_put2(out, fp->from_int, dst, t);
}

/* Operations that are one instruction; INSN_BOUND for the others. */
static const uint16_t insn_codes[MURRE_EXT_COUNT] = {
#define CODE(name, result, first, second, code) [MURRE_EXT_##name] = MIR_##code,
    MURRE_EXT_LIST(CODE)
#undef CODE
};
static const bool is_binary[MURRE_EXT_COUNT] = {
#define BINARY(name, result, first, second, code) [MURRE_EXT_##name] = (second) != 0,
    MURRE_EXT_LIST(BINARY)
#undef BINARY
};

static bool emit_sequence(struct murre_ext_out *out, enum murre_ext op, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    switch (op) {
    case MURRE_EXT_CLZ32:
    case MURRE_EXT_CLZ64:
    case MURRE_EXT_CTZ32:
    case MURRE_EXT_CTZ64: murre_ext_put2(out, murre_ext_count_code(op), dst, a); return true;
    case MURRE_EXT_ROTL32: rotate(out, true, 32, dst, a, b); return true;
    case MURRE_EXT_ROTR32: rotate(out, false, 32, dst, a, b); return true;
    case MURRE_EXT_ROTL64: rotate(out, true, 64, dst, a, b); return true;
    case MURRE_EXT_ROTR64: rotate(out, false, 64, dst, a, b); return true;
    case MURRE_EXT_COPYSIGN_F32: murre_ext_copysign(out, &fp32, dst, a, b); return true;
    case MURRE_EXT_COPYSIGN_F64: murre_ext_copysign(out, &fp64, dst, a, b); return true;
    case MURRE_EXT_F32_CONVERT_I32_U: convert_u32(out, &fp32, dst, a); return true;
    case MURRE_EXT_F64_CONVERT_I32_U: convert_u32(out, &fp64, dst, a); return true;
    case MURRE_EXT_F32_CONVERT_I64_U: murre_ext_convert_u64(out, &fp32, dst, a); return true;
    case MURRE_EXT_F64_CONVERT_I64_U: murre_ext_convert_u64(out, &fp64, dst, a); return true;
    case MURRE_EXT_I32_TRUNC_SAT_F32_S:
    case MURRE_EXT_I32_TRUNC_SAT_F32_U:
    case MURRE_EXT_I32_TRUNC_SAT_F64_S:
    case MURRE_EXT_I32_TRUNC_SAT_F64_U:
    case MURRE_EXT_I64_TRUNC_SAT_F32_S:
    case MURRE_EXT_I64_TRUNC_SAT_F32_U:
    case MURRE_EXT_I64_TRUNC_SAT_F64_S:
    case MURRE_EXT_I64_TRUNC_SAT_F64_U: truncate_sat(out, op, dst, a); return true;
    default: return false;
    }
}

bool murre_ext_has(enum murre_ext op) {
    return murre_ext_target_has(op);
}

bool murre_ext_emit(MIR_context_t mir, MIR_item_t func, enum murre_ext op, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    if (!murre_ext_has(op))
        return false;
    struct murre_ext_out out = {mir, func};
    MIR_insn_code_t code = (MIR_insn_code_t)insn_codes[op];
    if (code == MIR_INSN_BOUND)
        return emit_sequence(&out, op, dst, a, b);
    if (is_binary[op])
        murre_ext_put3(&out, code, dst, a, b);
    else
        murre_ext_put2(&out, code, dst, a);
    return true;
}

void murre_ext_emit_select(MIR_context_t mir, MIR_item_t func, char type, MIR_op_t dst, MIR_op_t condition, MIR_op_t yes, MIR_op_t no) {
    const MIR_insn_code_t code = type == 'f' ? MIR_FSEL : type == 'd' ? MIR_DSEL : MIR_SEL;
    MIR_append_insn(mir, func, MIR_new_insn(mir, code, dst, no, yes, condition));
}

bool murre_ext_emit_compare_select(MIR_context_t mir, MIR_item_t func, MIR_insn_code_t comparison, MIR_op_t dst, MIR_op_t a, MIR_op_t b,
                                   MIR_op_t yes, MIR_op_t no) {
    const MIR_insn_code_t code = murre_ext_target_compare_select(comparison);
    if (code == MIR_INSN_BOUND)
        return false;
    MIR_append_insn(mir, func, MIR_new_insn(mir, code, dst, no, yes, a, b));
    return true;
}

void murre_ext_emit_stack_pointer(MIR_context_t mir, MIR_item_t func, MIR_op_t dst) {
    MIR_append_insn(mir, func, MIR_new_insn(mir, MIR_BSTART, dst));
}
