/* The x86-64 parts of ext.h. See ext_target.h. */
#include "ext_target.h"

#include <stdatomic.h>

#include "arch/arch.h"

/* ---- CPU features ----------------------------------------------------------------------------------------------------- */

static _Atomic unsigned features_masked;

static unsigned known_features(void) {
    const struct murre_arch_features *features = murre_arch_features();
    return (features->popcnt ? MURRE_EXT_POPCNT : 0) | (features->sse41 ? MURRE_EXT_SSE41 : 0) | (features->bmi1 ? MURRE_EXT_BMI1 : 0) |
           (features->lzcnt ? MURRE_EXT_LZCNT : 0);
}

static bool cpu_has(enum murre_ext_feature feature) {
    return (known_features() & ~atomic_load_explicit(&features_masked, memory_order_relaxed) & feature) != 0;
}

void murre_ext_mask_features(unsigned missing) {
    atomic_store(&features_masked, missing);
}

bool murre_ext_target_has(enum murre_ext op) {
    switch (op) {
    case MURRE_EXT_POPCNT32:
    case MURRE_EXT_POPCNT64: return cpu_has(MURRE_EXT_POPCNT);
    case MURRE_EXT_CEIL_F32:
    case MURRE_EXT_CEIL_F64:
    case MURRE_EXT_FLOOR_F32:
    case MURRE_EXT_FLOOR_F64:
    case MURRE_EXT_TRUNC_F32:
    case MURRE_EXT_TRUNC_F64:
    case MURRE_EXT_NEAREST_F32:
    case MURRE_EXT_NEAREST_F64: return cpu_has(MURRE_EXT_SSE41);
    default: return true;
    }
}

/* ---- Integers --------------------------------------------------------------------------------------------------------- */

MIR_insn_code_t murre_ext_count_code(enum murre_ext op) {
    switch (op) {
    case MURRE_EXT_CLZ32: return cpu_has(MURRE_EXT_LZCNT) ? MIR_CLZS : MIR_CLZ0S;
    case MURRE_EXT_CLZ64: return cpu_has(MURRE_EXT_LZCNT) ? MIR_CLZ : MIR_CLZ0;
    case MURRE_EXT_CTZ32: return cpu_has(MURRE_EXT_BMI1) ? MIR_CTZS : MIR_CTZ0S;
    default: return cpu_has(MURRE_EXT_BMI1) ? MIR_CTZ : MIR_CTZ0;
    }
}

void murre_ext_rotate(struct murre_ext_out *out, bool left, unsigned width, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    if (width == 32)
        murre_ext_put3(out, left ? MIR_ROLS : MIR_RORS, dst, a, b);
    else
        murre_ext_put3(out, left ? MIR_ROL : MIR_ROR, dst, a, b);
}

/* ---- Floats ----------------------------------------------------------------------------------------------------------- */

void murre_ext_copysign(struct murre_ext_out *out, const struct murre_ext_fp *fp, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    MIR_op_t sign = murre_ext_temp(out, fp->type), rest = murre_ext_temp(out, fp->type);
    murre_ext_put2(out, fp->sign, sign, b);
    murre_ext_put2(out, fp->abs, rest, a);
    murre_ext_put3(out, fp->or_bits, dst, rest, sign);
}

/* There is a signed conversion only. Halve a large value, keeping the bit that decides the rounding, and double the result. */
void murre_ext_convert_u64(struct murre_ext_out *out, const struct murre_ext_fp *fp, MIR_op_t dst, MIR_op_t a) {
    MIR_label_t done = MIR_new_label(out->mir);
    MIR_op_t value = murre_ext_temp(out, MIR_T_I64), half = murre_ext_temp(out, MIR_T_I64);
    MIR_op_t bit = murre_ext_temp(out, MIR_T_I64);
    murre_ext_put2(out, MIR_MOV, value, a);
    murre_ext_put2(out, fp->from_int, dst, value);
    murre_ext_put3(out, MIR_BGE, murre_ext_label(out, done), value, murre_ext_int(out, 0));
    murre_ext_put3(out, MIR_URSH, half, value, murre_ext_int(out, 1));
    murre_ext_put3(out, MIR_AND, bit, value, murre_ext_int(out, 1));
    murre_ext_put3(out, MIR_OR, half, half, bit);
    murre_ext_put2(out, fp->from_int, dst, half);
    murre_ext_put3(out, fp->add, dst, dst, dst);
    murre_ext_put_label(out, done);
}

/* ---- Truncations: the machine gives INT64_MIN for a NaN and for what is beyond 64 bits ---------------------------------- */

void murre_ext_truncate_sat32(struct murre_ext_out *out, const struct murre_ext_fp *fp, bool is_signed, MIR_op_t dst, MIR_op_t a) {
    MIR_label_t done = MIR_new_label(out->mir);
    MIR_op_t wide = murre_ext_temp(out, MIR_T_I64), narrow = murre_ext_temp(out, MIR_T_I64);
    murre_ext_put2(out, fp->to_int, wide, a); /* exact for every value in range */
    murre_ext_put2(out, is_signed ? MIR_EXT32 : MIR_UEXT32, narrow, wide);
    murre_ext_put2(out, MIR_UEXT32, dst, wide);
    murre_ext_put3(out, MIR_BEQ, murre_ext_label(out, done), narrow, wide);
    murre_ext_put2(out, MIR_MOV, dst, murre_ext_int(out, 0));
    murre_ext_put3(out, fp->bne, murre_ext_label(out, done), a, a);
    if (is_signed)
        murre_ext_put2(out, MIR_MOV, dst, murre_ext_int(out, 0x80000000));
    murre_ext_put3(out, fp->blt, murre_ext_label(out, done), a, murre_ext_fp_constant(out, fp, 0.0));
    murre_ext_put2(out, MIR_MOV, dst, murre_ext_int(out, is_signed ? 0x7fffffff : 0xffffffff));
    murre_ext_put_label(out, done);
}

static void truncate_sat_s64(struct murre_ext_out *out, const struct murre_ext_fp *fp, MIR_op_t dst, MIR_op_t a) {
    MIR_label_t done = MIR_new_label(out->mir);
    MIR_op_t t = murre_ext_temp(out, MIR_T_I64);
    murre_ext_put2(out, fp->to_int, t, a);
    murre_ext_put2(out, MIR_MOV, dst, t);
    murre_ext_put3(out, MIR_BNE, murre_ext_label(out, done), t, murre_ext_int(out, INT64_MIN));
    murre_ext_put2(out, MIR_MOV, dst, murre_ext_int(out, 0));
    murre_ext_put3(out, fp->bne, murre_ext_label(out, done), a, a);
    murre_ext_put2(out, MIR_MOV, dst, t);
    murre_ext_put3(out, fp->blt, murre_ext_label(out, done), a, murre_ext_fp_constant(out, fp, 0.0));
    murre_ext_put2(out, MIR_MOV, dst, murre_ext_int(out, INT64_MAX));
    murre_ext_put_label(out, done);
}

static void truncate_sat_u64(struct murre_ext_out *out, const struct murre_ext_fp *fp, MIR_op_t dst, MIR_op_t a) {
    MIR_label_t done = MIR_new_label(out->mir), positive = MIR_new_label(out->mir);
    MIR_op_t t = murre_ext_temp(out, MIR_T_I64), rest = murre_ext_temp(out, fp->type);
    murre_ext_put2(out, fp->to_int, t, a);
    murre_ext_put2(out, MIR_MOV, dst, t);
    murre_ext_put3(out, MIR_BGE, murre_ext_label(out, done), t, murre_ext_int(out, 0));
    murre_ext_put2(out, MIR_MOV, dst, murre_ext_int(out, 0));
    murre_ext_put3(out, fp->bgt, murre_ext_label(out, positive), a, murre_ext_fp_constant(out, fp, 0.0)); /* not for a NaN */
    murre_ext_put1(out, MIR_JMP, murre_ext_label(out, done));
    murre_ext_put_label(out, positive);
    murre_ext_put3(out, fp->sub, rest, a, murre_ext_fp_constant(out, fp, murre_ext_two63));
    murre_ext_put2(out, fp->to_int, t, rest);
    murre_ext_put3(out, MIR_XOR, dst, t, murre_ext_int(out, INT64_MIN));
    murre_ext_put3(out, MIR_BGE, murre_ext_label(out, done), t, murre_ext_int(out, 0));
    murre_ext_put2(out, MIR_MOV, dst, murre_ext_int(out, -1));
    murre_ext_put_label(out, done);
}

void murre_ext_truncate_sat64(struct murre_ext_out *out, const struct murre_ext_fp *fp, bool is_signed, MIR_op_t dst, MIR_op_t a) {
    (is_signed ? truncate_sat_s64 : truncate_sat_u64)(out, fp, dst, a);
}

void murre_ext_truncate64(struct murre_ext_out *out, const struct murre_ext_fp *fp, bool is_signed, MIR_op_t dst, MIR_op_t a,
                          MIR_label_t overflow) {
    MIR_label_t good = MIR_new_label(out->mir);
    MIR_op_t t = murre_ext_temp(out, MIR_T_I64), two63 = murre_ext_fp_constant(out, fp, murre_ext_two63);
    murre_ext_put2(out, fp->to_int, t, a);
    if (is_signed) {
        murre_ext_put3(out, MIR_BNE, murre_ext_label(out, good), t, murre_ext_int(out, INT64_MIN));
        murre_ext_put3(out, fp->bne, murre_ext_label(out, overflow), a, murre_ext_fp_constant(out, fp, -murre_ext_two63));
    } else {
        MIR_op_t rest = murre_ext_temp(out, fp->type);
        murre_ext_put3(out, MIR_BGE, murre_ext_label(out, good), t, murre_ext_int(out, 0));
        murre_ext_put3(out, fp->blt, murre_ext_label(out, overflow), a, two63);
        murre_ext_put3(out, fp->sub, rest, a, two63);
        murre_ext_put2(out, fp->to_int, t, rest);
        murre_ext_put3(out, MIR_BLT, murre_ext_label(out, overflow), t, murre_ext_int(out, 0));
        murre_ext_put3(out, MIR_XOR, t, t, murre_ext_int(out, INT64_MIN));
    }
    murre_ext_put_label(out, good);
    murre_ext_put2(out, MIR_MOV, dst, t);
}

MIR_insn_code_t murre_ext_target_compare_select(MIR_insn_code_t comparison) {
    switch (comparison) {
    case MIR_EQ: return MIR_SELEQ;
    case MIR_EQS: return MIR_SELEQS;
    case MIR_NE: return MIR_SELNE;
    case MIR_NES: return MIR_SELNES;
    case MIR_LT: return MIR_SELLT;
    case MIR_LTS: return MIR_SELLTS;
    case MIR_ULT: return MIR_SELULT;
    case MIR_ULTS: return MIR_SELULTS;
    case MIR_LE: return MIR_SELLE;
    case MIR_LES: return MIR_SELLES;
    case MIR_ULE: return MIR_SELULE;
    case MIR_ULES: return MIR_SELULES;
    case MIR_GT: return MIR_SELGT;
    case MIR_GTS: return MIR_SELGTS;
    case MIR_UGT: return MIR_SELUGT;
    case MIR_UGTS: return MIR_SELUGTS;
    case MIR_GE: return MIR_SELGE;
    case MIR_GES: return MIR_SELGES;
    case MIR_UGE: return MIR_SELUGE;
    case MIR_UGES: return MIR_SELUGES;
    default: return MIR_INSN_BOUND;
    }
}
