/* The AArch64 parts of ext.h. See ext_target.h. */
#include "ext_target.h"

void murre_ext_mask_features(unsigned missing) {
    (void)missing; /* none is optional */
}

bool murre_ext_target_has(enum murre_ext op) {
    (void)op;
    return true;
}

MIR_insn_code_t murre_ext_count_code(enum murre_ext op) {
    switch (op) {
    case MURRE_EXT_CLZ32: return MIR_CLZS;
    case MURRE_EXT_CLZ64: return MIR_CLZ;
    case MURRE_EXT_CTZ32: return MIR_CTZS;
    default: return MIR_CTZ;
    }
}

/* There is a rotation to the right only. */
void murre_ext_rotate(struct murre_ext_out *out, bool left, unsigned width, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    if (left && b.mode == MIR_OP_INT) {
        b = murre_ext_int(out, -b.u.i & (width - 1));
    } else if (left) {
        MIR_op_t t = murre_ext_temp(out, MIR_T_I64);
        murre_ext_put2(out, MIR_NEG, t, b);
        b = t;
    }
    murre_ext_put3(out, width == 32 ? MIR_RORS : MIR_ROR, dst, a, b);
}

void murre_ext_copysign(struct murre_ext_out *out, const struct murre_ext_fp *fp, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    murre_ext_put3(out, fp->copysign, dst, a, b);
}

void murre_ext_convert_u64(struct murre_ext_out *out, const struct murre_ext_fp *fp, MIR_op_t dst, MIR_op_t a) {
    murre_ext_put2(out, fp->from_uint, dst, a);
}

/* ---- Truncations: the machine saturates, and gives 0 for a NaN ---------------------------------------------------------- */

void murre_ext_truncate_sat32(struct murre_ext_out *out, const struct murre_ext_fp *fp, bool is_signed, MIR_op_t dst, MIR_op_t a) {
    murre_ext_put2(out, is_signed ? fp->to_int32 : fp->to_uint32, dst, a);
}

void murre_ext_truncate_sat64(struct murre_ext_out *out, const struct murre_ext_fp *fp, bool is_signed, MIR_op_t dst, MIR_op_t a) {
    murre_ext_put2(out, is_signed ? fp->to_int : fp->to_uint, dst, a);
}

void murre_ext_truncate64(struct murre_ext_out *out, const struct murre_ext_fp *fp, bool is_signed, MIR_op_t dst, MIR_op_t a,
                          MIR_label_t overflow) {
    const double above = is_signed ? murre_ext_two63 : 2 * murre_ext_two63;
    murre_ext_put3(out, fp->bge, murre_ext_label(out, overflow), a, murre_ext_fp_constant(out, fp, above));
    if (is_signed)
        murre_ext_put3(out, fp->blt, murre_ext_label(out, overflow), a, murre_ext_fp_constant(out, fp, -murre_ext_two63));
    else
        murre_ext_put3(out, fp->ble, murre_ext_label(out, overflow), a, murre_ext_fp_constant(out, fp, -1.0));
    murre_ext_put2(out, is_signed ? fp->to_int : fp->to_uint, dst, a);
}

/* Four operands to reload would need more registers than MIR keeps for that. */
MIR_insn_code_t murre_ext_target_compare_select(MIR_insn_code_t comparison) {
    (void)comparison;
    return MIR_INSN_BOUND;
}
