/* Instructions on vectors as x86-64 does them: see vec.h. SSE4.2 is the least; with AVX the forms of three operands are used, and fused products with FMA.
 *
 * A sequence writes dst with its last instruction only, so that dst may be an operand. */
#include "jit/vec.h"

#include <stdatomic.h>
#include <string.h>

#include "arch/arch.h"
#include "ext_target.h"
#include "mirctx.h"

/* ---- the processor ------------------------------------------------------------------------------------------------------ */

static _Atomic unsigned features_masked;

static bool cpu_has(enum murre_vec_feature feature) {
    const struct murre_arch_features *features = murre_arch_features();
    unsigned known = (features->avx ? MURRE_VEC_AVX : 0) | (features->avx2 ? MURRE_VEC_AVX2 : 0) | (features->fma ? MURRE_VEC_FMA : 0);
    return (known & ~atomic_load_explicit(&features_masked, memory_order_relaxed) & feature) != 0;
}

void murre_vec_mask_features(unsigned missing) {
    atomic_store(&features_masked, missing);
}

static bool is_fused(enum murre_op op) {
    return op == MURRE_OP_F32X4_RELAXED_MADD || op == MURRE_OP_F32X4_RELAXED_NMADD || op == MURRE_OP_F64X2_RELAXED_MADD ||
           op == MURRE_OP_F64X2_RELAXED_NMADD;
}

/* Whoever has AVX has SSE4.2, which is not asked for by itself. */
bool murre_vec_has(enum murre_op op) {
    return murre_arch_features()->sse42 && (!is_fused(op) || cpu_has(MURRE_VEC_FMA));
}

/* ---- encodings (mir.h) -------------------------------------------------------------------------------------------- */

#define IMM(value)   (1u << MURRE_MIR_V_HAS_IMM | (uint32_t)(value) << MURRE_MIR_V_IMM)
#define DIGIT(value) (1u << MURRE_MIR_V_HAS_DIGIT | (uint32_t)(value) << MURRE_MIR_V_DIGIT)
#define REVERSED     (1u << MURRE_MIR_V_REVERSED)
#define WIDE         (1u << MURRE_MIR_V_W)
/* Prefix and map, then the opcode. */
#define NP(opcode)   (1u << MURRE_MIR_V_MAP | (opcode))
#define S66(opcode)  (1u << MURRE_MIR_V_PREFIX | 1u << MURRE_MIR_V_MAP | (opcode))
#define F3(opcode)   (2u << MURRE_MIR_V_PREFIX | 1u << MURRE_MIR_V_MAP | (opcode))
#define F2(opcode)   (3u << MURRE_MIR_V_PREFIX | 1u << MURRE_MIR_V_MAP | (opcode))
#define S38(opcode)  (1u << MURRE_MIR_V_PREFIX | 2u << MURRE_MIR_V_MAP | (opcode))
#define S3A(opcode)  (1u << MURRE_MIR_V_PREFIX | 3u << MURRE_MIR_V_MAP | (opcode))

enum {
    MOVAPS = NP(0x28),
    PAND = S66(0xdb),
    PANDN = S66(0xdf), /* ~first & second */
    POR = S66(0xeb),
    PXOR = S66(0xef),
    PCMPEQB = S66(0x74),
    PCMPEQW = S66(0x75),
    PCMPEQD = S66(0x76),
    PCMPEQQ = S38(0x29),
    PCMPGTB = S66(0x64),
    PCMPGTW = S66(0x65),
    PCMPGTD = S66(0x66),
    PCMPGTQ = S38(0x37),
    PADDB = S66(0xfc),
    PADDW = S66(0xfd),
    PADDD = S66(0xfe),
    PADDUSB = S66(0xdc),
    PSUBB = S66(0xf8),
    PSUBW = S66(0xf9),
    PSUBD = S66(0xfa),
    PSUBQ = S66(0xfb),
    PMULLW = S66(0xd5),
    PMULHW = S66(0xe5),
    PMULHUW = S66(0xe4),
    PMULUDQ = S66(0xf4),
    PMULDQ = S38(0x28),
    PMADDWD = S66(0xf5),
    PMADDUBSW = S38(0x04),
    PMULHRSW = S38(0x0b),
    PSHUFB = S38(0x00),
    PSHUFD = S66(0x70),
    PSHUFLW = F2(0x70),
    PALIGNR = S3A(0x0f),
    SHUFPS = NP(0xc6),
    PUNPCKLBW = S66(0x60),
    PUNPCKLWD = S66(0x61),
    PUNPCKLDQ = S66(0x62),
    PUNPCKLQDQ = S66(0x6c),
    PUNPCKHBW = S66(0x68),
    PUNPCKHWD = S66(0x69),
    PUNPCKHDQ = S66(0x6a),
    PUNPCKHQDQ = S66(0x6d),
    PACKSSWB = S66(0x63),
    PMOVMSKB = S66(0xd7),
    PSLLQ = S66(0xf3),
    PSRLQ = S66(0xd3),
    PSRLW = S66(0xd1),
    PSLLW = S66(0xf1),
    PSRAW = S66(0xe1),
    PSRAD = S66(0xe2),
    MOVD = S66(0x6e),
    MOVQ = S66(0x6e) | WIDE,
    CVTDQ2PS = NP(0x5b),
    CVTTPS2DQ = F3(0x5b),
    CVTTPD2DQ = S66(0xe6),
    ADDPS = NP(0x58),
    ADDPD = S66(0x58),
    SUBPS = NP(0x5c),
    SUBPD = S66(0x5c),
    MULPS = NP(0x59),
    MINPS = NP(0x5d),
    MINPD = S66(0x5d),
    MAXPS = NP(0x5f),
    MAXPD = S66(0x5f),
    CMPPS = NP(0xc2),
    CMPPD = S66(0xc2),
    ROUNDPD = S3A(0x09),
    CMP_EQUAL = 0,
    CMP_LESS = 1,
    CMP_LESS_EQUAL = 2,
    CMP_UNORDERED = 3,
    CMP_NOT_EQUAL = 4,
    ROUND_TRUNC = 11,
};

/* Instructions that are one of the machine's. SWAP: with the operands exchanged. */
#define SWAP (1u << 20) /* no bit of an encoding */
static const uint32_t direct[MURRE_OP_COUNT] = {
    [MURRE_OP_V128_AND] = PAND,
    [MURRE_OP_V128_ANDNOT] = PANDN | SWAP,
    [MURRE_OP_V128_OR] = POR,
    [MURRE_OP_V128_XOR] = PXOR,
    [MURRE_OP_I8X16_ADD] = PADDB,
    [MURRE_OP_I8X16_ADD_SAT_S] = S66(0xec),
    [MURRE_OP_I8X16_ADD_SAT_U] = PADDUSB,
    [MURRE_OP_I8X16_SUB] = PSUBB,
    [MURRE_OP_I8X16_SUB_SAT_S] = S66(0xe8),
    [MURRE_OP_I8X16_SUB_SAT_U] = S66(0xd8),
    [MURRE_OP_I8X16_MIN_S] = S38(0x38),
    [MURRE_OP_I8X16_MIN_U] = S66(0xda),
    [MURRE_OP_I8X16_MAX_S] = S38(0x3c),
    [MURRE_OP_I8X16_MAX_U] = S66(0xde),
    [MURRE_OP_I8X16_AVGR_U] = S66(0xe0),
    [MURRE_OP_I8X16_EQ] = PCMPEQB,
    [MURRE_OP_I8X16_GT_S] = PCMPGTB,
    [MURRE_OP_I8X16_LT_S] = PCMPGTB | SWAP,
    [MURRE_OP_I8X16_NARROW_I16X8_S] = PACKSSWB,
    [MURRE_OP_I8X16_NARROW_I16X8_U] = S66(0x67),
    [MURRE_OP_I8X16_ABS] = S38(0x1c),
    [MURRE_OP_I16X8_ADD] = PADDW,
    [MURRE_OP_I16X8_ADD_SAT_S] = S66(0xed),
    [MURRE_OP_I16X8_ADD_SAT_U] = S66(0xdd),
    [MURRE_OP_I16X8_SUB] = PSUBW,
    [MURRE_OP_I16X8_SUB_SAT_S] = S66(0xe9),
    [MURRE_OP_I16X8_SUB_SAT_U] = S66(0xd9),
    [MURRE_OP_I16X8_MUL] = PMULLW,
    [MURRE_OP_I16X8_MIN_S] = S66(0xea),
    [MURRE_OP_I16X8_MIN_U] = S38(0x3a),
    [MURRE_OP_I16X8_MAX_S] = S66(0xee),
    [MURRE_OP_I16X8_MAX_U] = S38(0x3e),
    [MURRE_OP_I16X8_AVGR_U] = S66(0xe3),
    [MURRE_OP_I16X8_EQ] = PCMPEQW,
    [MURRE_OP_I16X8_GT_S] = PCMPGTW,
    [MURRE_OP_I16X8_LT_S] = PCMPGTW | SWAP,
    [MURRE_OP_I16X8_NARROW_I32X4_S] = S66(0x6b),
    [MURRE_OP_I16X8_NARROW_I32X4_U] = S38(0x2b),
    [MURRE_OP_I16X8_ABS] = S38(0x1d),
    [MURRE_OP_I16X8_EXTEND_LOW_I8X16_S] = S38(0x20),
    [MURRE_OP_I16X8_EXTEND_LOW_I8X16_U] = S38(0x30),
    [MURRE_OP_I32X4_ADD] = PADDD,
    [MURRE_OP_I32X4_SUB] = PSUBD,
    [MURRE_OP_I32X4_MUL] = S38(0x40),
    [MURRE_OP_I32X4_MIN_S] = S38(0x39),
    [MURRE_OP_I32X4_MIN_U] = S38(0x3b),
    [MURRE_OP_I32X4_MAX_S] = S38(0x3d),
    [MURRE_OP_I32X4_MAX_U] = S38(0x3f),
    [MURRE_OP_I32X4_EQ] = PCMPEQD,
    [MURRE_OP_I32X4_GT_S] = PCMPGTD,
    [MURRE_OP_I32X4_LT_S] = PCMPGTD | SWAP,
    [MURRE_OP_I32X4_DOT_I16X8_S] = PMADDWD,
    [MURRE_OP_I32X4_ABS] = S38(0x1e),
    [MURRE_OP_I32X4_EXTEND_LOW_I16X8_S] = S38(0x23),
    [MURRE_OP_I32X4_EXTEND_LOW_I16X8_U] = S38(0x33),
    [MURRE_OP_I64X2_ADD] = S66(0xd4),
    [MURRE_OP_I64X2_SUB] = PSUBQ,
    [MURRE_OP_I64X2_EQ] = PCMPEQQ,
    [MURRE_OP_I64X2_GT_S] = PCMPGTQ,
    [MURRE_OP_I64X2_LT_S] = PCMPGTQ | SWAP,
    [MURRE_OP_I64X2_EXTEND_LOW_I32X4_S] = S38(0x25),
    [MURRE_OP_I64X2_EXTEND_LOW_I32X4_U] = S38(0x35),
    [MURRE_OP_F32X4_ADD] = ADDPS,
    [MURRE_OP_F32X4_SUB] = SUBPS,
    [MURRE_OP_F32X4_MUL] = MULPS,
    [MURRE_OP_F32X4_DIV] = NP(0x5e),
    [MURRE_OP_F32X4_SQRT] = NP(0x51),
    [MURRE_OP_F32X4_EQ] = CMPPS | IMM(CMP_EQUAL),
    [MURRE_OP_F32X4_NE] = CMPPS | IMM(CMP_NOT_EQUAL),
    [MURRE_OP_F32X4_LT] = CMPPS | IMM(CMP_LESS),
    [MURRE_OP_F32X4_GT] = CMPPS | IMM(CMP_LESS) | SWAP,
    [MURRE_OP_F32X4_LE] = CMPPS | IMM(CMP_LESS_EQUAL),
    [MURRE_OP_F32X4_GE] = CMPPS | IMM(CMP_LESS_EQUAL) | SWAP,
    [MURRE_OP_F32X4_PMIN] = MINPS | SWAP, /* the machine's give the second operand where neither is less */
    [MURRE_OP_F32X4_PMAX] = MAXPS | SWAP,
    [MURRE_OP_F32X4_CEIL] = S3A(0x08) | IMM(10),
    [MURRE_OP_F32X4_FLOOR] = S3A(0x08) | IMM(9),
    [MURRE_OP_F32X4_TRUNC] = S3A(0x08) | IMM(ROUND_TRUNC),
    [MURRE_OP_F32X4_NEAREST] = S3A(0x08) | IMM(8),
    [MURRE_OP_F32X4_CONVERT_I32X4_S] = CVTDQ2PS,
    [MURRE_OP_F32X4_DEMOTE_F64X2_ZERO] = S66(0x5a),
    [MURRE_OP_F64X2_ADD] = ADDPD,
    [MURRE_OP_F64X2_SUB] = SUBPD,
    [MURRE_OP_F64X2_MUL] = S66(0x59),
    [MURRE_OP_F64X2_DIV] = S66(0x5e),
    [MURRE_OP_F64X2_SQRT] = S66(0x51),
    [MURRE_OP_F64X2_EQ] = CMPPD | IMM(CMP_EQUAL),
    [MURRE_OP_F64X2_NE] = CMPPD | IMM(CMP_NOT_EQUAL),
    [MURRE_OP_F64X2_LT] = CMPPD | IMM(CMP_LESS),
    [MURRE_OP_F64X2_GT] = CMPPD | IMM(CMP_LESS) | SWAP,
    [MURRE_OP_F64X2_LE] = CMPPD | IMM(CMP_LESS_EQUAL),
    [MURRE_OP_F64X2_GE] = CMPPD | IMM(CMP_LESS_EQUAL) | SWAP,
    [MURRE_OP_F64X2_PMIN] = MINPD | SWAP,
    [MURRE_OP_F64X2_PMAX] = MAXPD | SWAP,
    [MURRE_OP_F64X2_CEIL] = ROUNDPD | IMM(10),
    [MURRE_OP_F64X2_FLOOR] = ROUNDPD | IMM(9),
    [MURRE_OP_F64X2_TRUNC] = ROUNDPD | IMM(ROUND_TRUNC),
    [MURRE_OP_F64X2_NEAREST] = ROUNDPD | IMM(8),
    [MURRE_OP_F64X2_CONVERT_LOW_I32X4_S] = F3(0xe6),
    [MURRE_OP_F64X2_PROMOTE_LOW_F32X4] = NP(0x5a),
};

/* ---- pieces ------------------------------------------------------------------------------------------------------------- */

static MIR_op_t encoding(struct murre_ext_out *out, uint32_t code) {
    return murre_ext_int(out, (int64_t)(code & ~SWAP));
}

static MIR_op_t temp(struct murre_ext_out *out) {
    return murre_ext_temp(out, MIR_T_V128);
}

static void put4(struct murre_ext_out *out, MIR_insn_code_t code, MIR_op_t a, MIR_op_t b, MIR_op_t c, MIR_op_t d) {
    MIR_op_t ops[4] = {a, b, c, d};
    MIR_append_insn(out->mir, out->func, MIR_new_insn_arr(out->mir, code, 4, ops));
}

static void unary(struct murre_ext_out *out, uint32_t code, MIR_op_t dst, MIR_op_t a) {
    murre_ext_put3(out, cpu_has(MURRE_VEC_AVX) ? MIR_VUNX : MIR_VUN, dst, a, encoding(out, code));
}
static void binary(struct murre_ext_out *out, uint32_t code, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    bool swap = code & SWAP;
    put4(out, cpu_has(MURRE_VEC_AVX) ? MIR_VBINX : MIR_VBIN, dst, swap ? b : a, swap ? a : b, encoding(out, code));
}
/* The same into a register of their own. */
static MIR_op_t unary_of(struct murre_ext_out *out, uint32_t code, MIR_op_t a) {
    MIR_op_t to = temp(out);
    unary(out, code, to, a);
    return to;
}
static MIR_op_t binary_of(struct murre_ext_out *out, uint32_t code, MIR_op_t a, MIR_op_t b) {
    MIR_op_t to = temp(out);
    binary(out, code, to, a, b);
    return to;
}
static MIR_op_t constant(struct murre_ext_out *out, uint64_t low, uint64_t high) {
    MIR_op_t to = temp(out);
    murre_ext_put3(out, MIR_VCONST, to, murre_ext_int(out, (int64_t)low), murre_ext_int(out, (int64_t)high));
    return to;
}
static MIR_op_t both(struct murre_ext_out *out, uint64_t half) {
    return constant(out, half, half);
}
static MIR_op_t zeros(struct murre_ext_out *out) {
    return both(out, 0);
}
static MIR_op_t ones(struct murre_ext_out *out) {
    return both(out, UINT64_MAX);
}
static void not_of(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t a) {
    binary(out, PXOR, dst, a, ones(out));
}
/* mask ? yes : no, bit by bit. */
static void choose(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t mask, MIR_op_t yes, MIR_op_t no) {
    MIR_op_t left = binary_of(out, PAND, mask, yes);
    binary(out, POR, dst, left, binary_of(out, PANDN, mask, no));
}
/* Of a shift by a constant: the opcode for words, doublewords or quadwords, and the digit that says which. */
static void shift_by(struct murre_ext_out *out, uint32_t code, unsigned digit, unsigned count, MIR_op_t dst, MIR_op_t a) {
    murre_ext_put3(out, cpu_has(MURRE_VEC_AVX) ? MIR_VUNR : MIR_VUNT, dst, a, encoding(out, code | DIGIT(digit) | IMM(count)));
}
enum { SHIFT_WORDS = S66(0x71), SHIFT_DOUBLES = S66(0x72), SHIFT_QUADS = S66(0x73), RIGHT = 2, ARITHMETIC = 4, LEFT = 6 };

static MIR_op_t shifted(struct murre_ext_out *out, uint32_t code, unsigned digit, unsigned count, MIR_op_t a) {
    MIR_op_t to = temp(out);
    shift_by(out, code, digit, count, to, a);
    return to;
}
static void from_int(struct murre_ext_out *out, uint32_t code, MIR_op_t dst, MIR_op_t number) {
    MIR_op_t reg = number;
    if (number.mode != MIR_OP_REG) {
        reg = murre_ext_temp(out, MIR_T_I64);
        murre_ext_put2(out, MIR_MOV, reg, number);
    }
    murre_ext_put3(out, MIR_I2V, dst, reg, encoding(out, code));
}
static MIR_op_t from_int_of(struct murre_ext_out *out, uint32_t code, MIR_op_t number) {
    MIR_op_t to = temp(out);
    from_int(out, code, to, number);
    return to;
}
static void to_int(struct murre_ext_out *out, uint32_t code, MIR_op_t dst, MIR_op_t a) {
    murre_ext_put3(out, MIR_V2I, dst, a, encoding(out, code));
}
static void move(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t a) {
    murre_ext_put2(out, MIR_VMOV, dst, a);
}

/* ---- integers ----------------------------------------------------------------------------------------------------------- */

/* Unsigned and not-strict comparisons, by what the smaller or larger is equal to: a <= b where min(a, b) == a. */
static void compare(struct murre_ext_out *out, uint32_t extreme, uint32_t equal, bool negate, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    MIR_op_t which = binary_of(out, extreme, a, b);
    if (negate)
        not_of(out, dst, binary_of(out, equal, which, a));
    else
        binary(out, equal, dst, which, a);
}

/* Bits of the count modulo the width, as a vector. */
static MIR_op_t count_of(struct murre_ext_out *out, MIR_op_t count, unsigned width, unsigned more) {
    MIR_op_t number = murre_ext_temp(out, MIR_T_I64);
    murre_ext_put3(out, MIR_ANDS, number, count, murre_ext_int(out, width - 1));
    if (more)
        murre_ext_put3(out, MIR_ADD, number, number, murre_ext_int(out, more));
    return from_int_of(out, MOVD, number);
}

struct shift {
    uint32_t by_vector, by_constant;
    unsigned digit, width;
};

static void shift(struct murre_ext_out *out, const struct shift *s, MIR_op_t dst, MIR_op_t a, MIR_op_t count) {
    if (count.mode == MIR_OP_INT)
        shift_by(out, s->by_constant, s->digit, (unsigned)count.u.i & (s->width - 1), dst, a);
    else
        binary(out, s->by_vector, dst, a, count_of(out, count, s->width, 0));
}

/* There are no shifts of bytes: words are shifted, and what came over from the neighbour is masked. */
static void shift_bytes(struct murre_ext_out *out, bool left, MIR_op_t dst, MIR_op_t a, MIR_op_t count) {
    if (count.mode == MIR_OP_INT) {
        unsigned n = (unsigned)count.u.i & 7;
        MIR_op_t words = shifted(out, SHIFT_WORDS, left ? LEFT : RIGHT, n, a);
        binary(out, PAND, dst, words, both(out, (left ? 0xffu << n & 0xff : 0xffu >> n) * UINT64_C(0x0101010101010101)));
        return;
    }
    MIR_op_t by = count_of(out, count, 8, 0);
    MIR_op_t words = binary_of(out, left ? PSLLW : PSRLW, a, by);
    /* All bits of words, shifted alike; then the bytes that show the mask: the low ones of a shift to the left, the high ones of one to the right. */
    MIR_op_t mask = binary_of(out, left ? PSLLW : PSRLW, ones(out), by);
    MIR_op_t bytes = binary_of(out, PSHUFB, mask, both(out, left ? 0 : UINT64_C(0x0101010101010101)));
    binary(out, PAND, dst, words, bytes);
}

/* Each byte in the upper half of a word, which is shifted by eight more. */
static void shift_bytes_signed(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t a, MIR_op_t count) {
    MIR_op_t low = binary_of(out, PUNPCKLBW, a, a), high = binary_of(out, PUNPCKHBW, a, a);
    if (count.mode == MIR_OP_INT) {
        unsigned n = ((unsigned)count.u.i & 7) + 8;
        low = shifted(out, SHIFT_WORDS, ARITHMETIC, n, low);
        high = shifted(out, SHIFT_WORDS, ARITHMETIC, n, high);
    } else {
        MIR_op_t by = count_of(out, count, 8, 8);
        low = binary_of(out, PSRAW, low, by);
        high = binary_of(out, PSRAW, high, by);
    }
    binary(out, PACKSSWB, dst, low, high);
}

/* The sign's bit, shifted alike, is taken off and put on again: it fills what is above. */
static void shift_quads_signed(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t a, MIR_op_t count) {
    MIR_op_t value, sign = both(out, UINT64_C(1) << 63);
    if (count.mode == MIR_OP_INT) {
        unsigned n = (unsigned)count.u.i & 63;
        value = shifted(out, SHIFT_QUADS, RIGHT, n, a);
        sign = both(out, UINT64_C(1) << (63 - n));
    } else {
        MIR_op_t by = count_of(out, count, 64, 0);
        value = binary_of(out, PSRLQ, a, by);
        sign = binary_of(out, PSRLQ, sign, by);
    }
    binary(out, PSUBQ, dst, binary_of(out, PXOR, value, sign), sign);
}

static void abs_quads(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t a) {
    MIR_op_t negative = unary_of(out, PSHUFD | IMM(0xf5), shifted(out, SHIFT_DOUBLES, ARITHMETIC, 31, a));
    binary(out, PSUBQ, dst, binary_of(out, PXOR, a, negative), negative);
}

/* a.low * b.low + ((a.low * b.high + a.high * b.low) << 32) */
static void multiply_quads(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    MIR_op_t a_high = shifted(out, SHIFT_QUADS, RIGHT, 32, a), b_high = shifted(out, SHIFT_QUADS, RIGHT, 32, b);
    MIR_op_t cross = binary_of(out, S66(0xd4), binary_of(out, PMULUDQ, a_high, b), binary_of(out, PMULUDQ, b_high, a));
    binary(out, S66(0xd4), dst, binary_of(out, PMULUDQ, a, b), shifted(out, SHIFT_QUADS, LEFT, 32, cross));
}

/* Bits of both halves of each byte, looked up. */
static void popcnt(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t a) {
    MIR_op_t low_mask = both(out, UINT64_C(0x0f0f0f0f0f0f0f0f));
    MIR_op_t table = constant(out, UINT64_C(0x0302020102010100), UINT64_C(0x0403030203020201));
    MIR_op_t low = binary_of(out, PAND, a, low_mask);
    MIR_op_t high = binary_of(out, PAND, shifted(out, SHIFT_WORDS, RIGHT, 4, a), low_mask);
    binary(out, PADDB, dst, binary_of(out, PSHUFB, table, low), binary_of(out, PSHUFB, table, high));
}

/* The product of the smallest number with itself is one too much. */
static void q15mulr(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    MIR_op_t product = binary_of(out, PMULHRSW, a, b);
    MIR_op_t wrong = binary_of(out, PCMPEQW, product, both(out, UINT64_C(0x8000800080008000)));
    binary(out, PXOR, dst, product, wrong);
}

static MIR_op_t high_half(struct murre_ext_out *out, MIR_op_t a) {
    return unary_of(out, PSHUFD | IMM(0xee), a);
}

static void multiply_widened(struct murre_ext_out *out, uint32_t extend, uint32_t multiply, bool high, MIR_op_t dst, MIR_op_t a,
                             MIR_op_t b) {
    MIR_op_t left = unary_of(out, extend, high ? high_half(out, a) : a);
    binary(out, multiply, dst, left, unary_of(out, extend, high ? high_half(out, b) : b));
}
/* Low and high halves of the products, side by side. */
static void multiply_words(struct murre_ext_out *out, uint32_t upper, bool high, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    binary(out, high ? PUNPCKHWD : PUNPCKLWD, dst, binary_of(out, PMULLW, a, b), binary_of(out, upper, a, b));
}
static void multiply_doubles(struct murre_ext_out *out, uint32_t multiply, bool high, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    const uint32_t spread = PSHUFD | IMM(high ? 0xfa : 0x50);
    binary(out, multiply, dst, unary_of(out, spread, a), unary_of(out, spread, b));
}

static void add_pairs_unsigned(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t a) {
    MIR_op_t moved = binary_of(out, PXOR, a, both(out, UINT64_C(0x8000800080008000))); /* less 32768, signed */
    MIR_op_t sums = binary_of(out, PMADDWD, moved, both(out, UINT64_C(0x0001000100010001)));
    binary(out, PADDD, dst, sums, both(out, UINT64_C(0x0001000000010000)));
}

/* PMADDUBSW takes its first bytes without a sign and saturates. So b is taken as its seven low bits, which cannot saturate, less 128 where it is
 * negative; what overflows only then wraps, as the deterministic profile has it. */
static void dot8(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    MIR_op_t low = binary_of(out, PMADDUBSW, binary_of(out, PAND, b, both(out, UINT64_C(0x7f7f7f7f7f7f7f7f))), a);
    MIR_op_t negative = binary_of(out, PAND, binary_of(out, PCMPGTB, zeros(out), b), a);
    MIR_op_t sums = binary_of(out, PMADDUBSW, both(out, UINT64_C(0x0101010101010101)), negative);
    binary(out, PSUBW, dst, low, shifted(out, SHIFT_WORDS, LEFT, 7, sums));
}

static void all_true(struct murre_ext_out *out, uint32_t equal, MIR_op_t dst, MIR_op_t a) {
    MIR_op_t mask = murre_ext_temp(out, MIR_T_I64);
    to_int(out, PMOVMSKB, mask, binary_of(out, equal, a, zeros(out)));
    murre_ext_put3(out, MIR_EQ, dst, mask, murre_ext_int(out, 0));
}
static void any_true(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t a) {
    MIR_op_t mask = murre_ext_temp(out, MIR_T_I64);
    to_int(out, PMOVMSKB, mask, binary_of(out, PCMPEQB, a, zeros(out)));
    murre_ext_put3(out, MIR_NE, dst, mask, murre_ext_int(out, 0xffff));
}
static void bitmask_words(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t a) {
    MIR_op_t mask = murre_ext_temp(out, MIR_T_I64);
    to_int(out, PMOVMSKB, mask, binary_of(out, PACKSSWB, a, a));
    murre_ext_put2(out, MIR_UEXT8, dst, mask);
}

/* ---- lanes -------------------------------------------------------------------------------------------------------------- */

static void splat_bytes(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t number) {
    MIR_op_t a = from_int_of(out, MOVD, number);
    if (cpu_has(MURRE_VEC_AVX2))
        unary(out, S38(0x78), dst, a);
    else
        binary(out, PSHUFB, dst, a, zeros(out));
}
static void splat_words(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t number) {
    MIR_op_t a = from_int_of(out, MOVD, number);
    if (cpu_has(MURRE_VEC_AVX2))
        unary(out, S38(0x79), dst, a);
    else
        unary(out, PSHUFD | IMM(0), dst, unary_of(out, PSHUFLW | IMM(0), a));
}

static void extract(struct murre_ext_out *out, enum murre_op op, MIR_op_t dst, MIR_op_t a, unsigned lane) {
    MIR_op_t number;
    switch (op) {
    case MURRE_OP_I8X16_EXTRACT_LANE_U: to_int(out, S3A(0x14) | REVERSED | IMM(lane), dst, a); break;
    case MURRE_OP_I16X8_EXTRACT_LANE_U: to_int(out, S66(0xc5) | IMM(lane), dst, a); break;
    case MURRE_OP_I8X16_EXTRACT_LANE_S:
    case MURRE_OP_I16X8_EXTRACT_LANE_S:
        number = murre_ext_temp(out, MIR_T_I64);
        to_int(out, (op == MURRE_OP_I8X16_EXTRACT_LANE_S ? S3A(0x14) | REVERSED : S66(0xc5)) | IMM(lane), number, a);
        murre_ext_put2(out, op == MURRE_OP_I8X16_EXTRACT_LANE_S ? MIR_EXT8 : MIR_EXT16, number, number);
        murre_ext_put2(out, MIR_UEXT32, dst, number);
        break;
    case MURRE_OP_I32X4_EXTRACT_LANE: to_int(out, lane ? S3A(0x16) | REVERSED | IMM(lane) : S66(0x7e) | REVERSED, dst, a); break;
    case MURRE_OP_I64X2_EXTRACT_LANE: to_int(out, (lane ? S3A(0x16) | REVERSED | IMM(lane) : S66(0x7e) | REVERSED) | WIDE, dst, a); break;
    case MURRE_OP_F32X4_EXTRACT_LANE: murre_ext_put3(out, MIR_V2F, dst, a, encoding(out, lane ? PSHUFD | IMM(lane) : MOVAPS)); break;
    default: murre_ext_put3(out, MIR_V2D, dst, a, encoding(out, lane ? PSHUFD | IMM(0xee) : MOVAPS)); break;
    }
}

static void replace(struct murre_ext_out *out, enum murre_op op, MIR_op_t dst, MIR_op_t a, MIR_op_t number, unsigned lane) {
    MIR_op_t b;
    uint32_t code = op == MURRE_OP_I8X16_REPLACE_LANE   ? S3A(0x20)
                    : op == MURRE_OP_I16X8_REPLACE_LANE ? S66(0xc4)
                    : op == MURRE_OP_I32X4_REPLACE_LANE ? S3A(0x22)
                                                        : S3A(0x22) | WIDE;
    switch (op) {
    case MURRE_OP_F32X4_REPLACE_LANE:
        b = temp(out);
        murre_ext_put3(out, MIR_F2V, b, number, encoding(out, MOVAPS));
        binary(out, S3A(0x21) | IMM(lane << 4), dst, a, b); /* insertps */
        break;
    case MURRE_OP_F64X2_REPLACE_LANE:
        b = temp(out);
        murre_ext_put3(out, MIR_D2V, b, number, encoding(out, MOVAPS));
        binary(out, lane ? PUNPCKLQDQ : S3A(0x0d) | IMM(1), dst, a, b); /* blendpd */
        break;
    default:
        b = number;
        if (number.mode != MIR_OP_REG) {
            b = murre_ext_temp(out, MIR_T_I64);
            murre_ext_put2(out, MIR_MOV, b, number);
        }
        put4(out, MIR_VINS, dst, a, b, encoding(out, code | IMM(lane)));
        break;
    }
}

/* ---- shuffles ----------------------------------------------------------------------------------------------------------- */

/* Whole lanes of size bytes in order, each from where lanes says, in units of lanes; false when they are cut. */
static bool lanes_of(const uint8_t *bytes, unsigned size, uint8_t *lanes) {
    for (unsigned i = 0; i < 16; i++)
        if (bytes[i] % size != i % size || bytes[i] / size != bytes[i / size * size] / size)
            return false;
    for (unsigned i = 0; i < 16 / size; i++)
        lanes[i] = bytes[i * size] / (uint8_t)size;
    return true;
}

/* Lanes of both operands in turn: low or high halves. */
static bool unpack(struct murre_ext_out *out, const uint8_t *bytes, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    static const uint32_t codes[2][4] = {{PUNPCKLBW, PUNPCKLWD, PUNPCKLDQ, PUNPCKLQDQ}, {PUNPCKHBW, PUNPCKHWD, PUNPCKHDQ, PUNPCKHQDQ}};
    for (unsigned log = 0; log < 4; log++) {
        uint8_t lanes[16];
        unsigned count = 16u >> log;
        if (!lanes_of(bytes, 1u << log, lanes))
            continue;
        for (unsigned high = 0; high < 2; high++) {
            bool same = true, swapped = true;
            for (unsigned i = 0; i < count; i++) {
                unsigned lane = i / 2 + high * count / 2;
                same &= lanes[i] == lane + (i % 2 ? count : 0);
                swapped &= lanes[i] == lane + (i % 2 ? 0 : count);
            }
            if (same || swapped) {
                binary(out, codes[high][log], dst, same ? a : b, same ? b : a);
                return true;
            }
        }
    }
    return false;
}

static uint32_t four(const uint8_t *lanes) {
    return IMM((lanes[0] & 3) | (lanes[1] & 3) << 2 | (lanes[2] & 3) << 4 | (lanes[3] & 3) << 6);
}

/* Doublewords: of one operand, or two of one and then two of one. */
static bool shuffle_doubles(struct murre_ext_out *out, const uint8_t *bytes, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    uint8_t lanes[16];
    if (!lanes_of(bytes, 4, lanes) || lanes[0] / 4 != lanes[1] / 4 || lanes[2] / 4 != lanes[3] / 4)
        return false;
    MIR_op_t first = lanes[0] < 4 ? a : b, second = lanes[2] < 4 ? a : b;
    if (lanes[0] / 4 == lanes[2] / 4)
        unary(out, PSHUFD | four(lanes), dst, first);
    else
        binary(out, SHUFPS | four(lanes), dst, first, second);
    return true;
}

/* Sixteen bytes in a row of both operands, one behind the other. */
static bool align(struct murre_ext_out *out, const uint8_t *bytes, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    for (unsigned i = 1; i < 16; i++)
        if (bytes[i] != (bytes[0] + i) % 32)
            return false;
    if (bytes[0] == 0 || bytes[0] == 16)
        move(out, dst, bytes[0] ? b : a);
    else
        binary(out, PALIGNR | IMM(bytes[0] % 16), dst, bytes[0] < 16 ? b : a, bytes[0] < 16 ? a : b);
    return true;
}

/* The bytes that are wanted of one operand; elsewhere zero. Only says whether any are. */
static bool pick(const uint8_t *bytes, bool second, uint64_t mask[2]) {
    uint8_t wanted[16];
    bool any = false;
    for (unsigned i = 0; i < 16; i++) {
        bool mine = (bytes[i] >= 16) == second;
        any |= mine;
        wanted[i] = mine ? bytes[i] & 15 : 0x80;
    }
    memcpy(mask, wanted, sizeof wanted);
    return any;
}

static void shuffle(struct murre_ext_out *out, const uint8_t *lanes, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    uint8_t bytes[16];
    uint64_t mask[2][2];
    memcpy(bytes, lanes, sizeof bytes);
    if (a.mode == MIR_OP_REG && b.mode == MIR_OP_REG && a.u.reg == b.u.reg)
        for (unsigned i = 0; i < 16; i++)
            bytes[i] &= 15;
    if (align(out, bytes, dst, a, b) || shuffle_doubles(out, bytes, dst, a, b) || unpack(out, bytes, dst, a, b))
        return;
    bool first = pick(bytes, false, mask[0]), second = pick(bytes, true, mask[1]);
    if (!first || !second) {
        binary(out, PSHUFB, dst, first ? a : b, constant(out, mask[second][0], mask[second][1]));
        return;
    }
    MIR_op_t left = binary_of(out, PSHUFB, a, constant(out, mask[0][0], mask[0][1]));
    binary(out, POR, dst, left, binary_of(out, PSHUFB, b, constant(out, mask[1][0], mask[1][1])));
}

/* The machine's instruction looks at four bits and the highest: an index above 15 gets the highest. */
static void swizzle(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    binary(out, PSHUFB, dst, a, binary_of(out, PADDUSB, b, both(out, UINT64_C(0x7070707070707070))));
}

/* ---- floats ------------------------------------------------------------------------------------------------------------- */

/* The machine's minimum gives the second operand where there is a NaN, and of zeroes: so both ways, and together for the sign of zero;
 * with a NaN the sum, which is that NaN made quiet. */
static void extreme(struct murre_ext_out *out, bool wide, bool max, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    const uint32_t code = max ? (wide ? MAXPD : MAXPS) : (wide ? MINPD : MINPS);
    MIR_op_t there = binary_of(out, code, a, b), back = binary_of(out, code, b, a);
    MIR_op_t number = binary_of(out, max ? PAND : POR, there, back);
    MIR_op_t is_nan = binary_of(out, (wide ? CMPPD : CMPPS) | IMM(CMP_UNORDERED), a, b);
    choose(out, dst, is_nan, binary_of(out, wide ? ADDPD : ADDPS, a, b), number);
}

/* Both halves of each number are exact, and one rounding makes the sum. */
static void convert_unsigned(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t a) {
    MIR_op_t low = binary_of(out, PAND, a, both(out, UINT64_C(0x0000ffff0000ffff)));
    MIR_op_t high = unary_of(out, CVTDQ2PS, shifted(out, SHIFT_DOUBLES, RIGHT, 16, a));
    MIR_op_t upper = binary_of(out, MULPS, high, both(out, UINT64_C(0x4780000047800000))); /* 65536 */
    binary(out, ADDPS, dst, upper, unary_of(out, CVTDQ2PS, low));
}
/* As the fraction of a double of 2^52 and more. */
static void convert_low_unsigned(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t a) {
    MIR_op_t wide = binary_of(out, PUNPCKLDQ, a, both(out, UINT64_C(0x4330000043300000)));
    binary(out, SUBPD, dst, wide, both(out, UINT64_C(0x4330000000000000)));
}

enum { TWO_31 = 0x4f000000 };
static MIR_op_t two31(struct murre_ext_out *out) {
    return both(out, (uint64_t)TWO_31 << 32 | TWO_31);
}

/* The machine gives the smallest number where there is no right one. A NaN is made zero before; what is too large is turned round after. */
static void trunc_signed(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t a) {
    MIR_op_t number = binary_of(out, PAND, a, binary_of(out, CMPPS | IMM(CMP_EQUAL), a, a));
    MIR_op_t large = binary_of(out, CMPPS | IMM(CMP_LESS_EQUAL), two31(out), a);
    binary(out, PXOR, dst, unary_of(out, CVTTPS2DQ, number), large);
}
/* What is above 2^31 in two parts. */
static void trunc_unsigned(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t a) {
    MIR_op_t number = binary_of(out, MAXPS, a, zeros(out)); /* the second operand for a NaN */
    MIR_op_t rest = binary_of(out, SUBPS, number, two31(out));
    MIR_op_t large = binary_of(out, CMPPS | IMM(CMP_LESS_EQUAL), two31(out), rest);
    MIR_op_t upper = unary_of(out, CVTTPS2DQ, binary_of(out, MAXPS, rest, zeros(out)));
    binary(out, PADDD, dst, unary_of(out, CVTTPS2DQ, number), binary_of(out, PXOR, upper, large));
}
static void trunc_wide_signed(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t a) {
    MIR_op_t most = binary_of(out, PAND, binary_of(out, CMPPD | IMM(CMP_EQUAL), a, a), both(out, UINT64_C(0x41dfffffffc00000)));
    unary(out, CVTTPD2DQ, dst, binary_of(out, MINPD, a, most)); /* for a NaN the second operand, which is zero then */
}
/* Between 0 and 2^32 - 1, whole, as the fraction of 2^52 and more. */
static void trunc_wide_unsigned(struct murre_ext_out *out, MIR_op_t dst, MIR_op_t a) {
    MIR_op_t number = binary_of(out, MINPD, binary_of(out, MAXPD, a, zeros(out)), both(out, UINT64_C(0x41efffffffe00000)));
    MIR_op_t whole = unary_of(out, ROUNDPD | IMM(ROUND_TRUNC), number);
    binary(out, SHUFPS | IMM(0x88), dst, binary_of(out, ADDPD, whole, both(out, UINT64_C(0x4330000000000000))), zeros(out));
}

static void fused(struct murre_ext_out *out, uint32_t code, MIR_op_t dst, const MIR_op_t *operands) {
    MIR_op_t ops[5] = {dst, operands[0], operands[1], operands[2], encoding(out, code)};
    MIR_append_insn(out->mir, out->func, MIR_new_insn_arr(out->mir, MIR_VTERT, 5, ops));
}

/* ---- the instructions --------------------------------------------------------------------------------------------------- */

static bool emit_shift(struct murre_ext_out *out, enum murre_op op, MIR_op_t dst, MIR_op_t a, MIR_op_t count) {
    static const struct shift words[] = {
        {PSLLW, SHIFT_WORDS, LEFT, 16}, {PSRAW, SHIFT_WORDS, ARITHMETIC, 16}, {PSRLW, SHIFT_WORDS, RIGHT, 16}};
    static const struct shift doubles[] = {
        {S66(0xf2), SHIFT_DOUBLES, LEFT, 32}, {PSRAD, SHIFT_DOUBLES, ARITHMETIC, 32}, {S66(0xd2), SHIFT_DOUBLES, RIGHT, 32}};
    static const struct shift quads[] = {{PSLLQ, SHIFT_QUADS, LEFT, 64}, {PSRLQ, SHIFT_QUADS, RIGHT, 64}};
    switch (op) {
    case MURRE_OP_I8X16_SHL:
    case MURRE_OP_I8X16_SHR_U: shift_bytes(out, op == MURRE_OP_I8X16_SHL, dst, a, count); return true;
    case MURRE_OP_I8X16_SHR_S: shift_bytes_signed(out, dst, a, count); return true;
    case MURRE_OP_I16X8_SHL: shift(out, &words[0], dst, a, count); return true;
    case MURRE_OP_I16X8_SHR_S: shift(out, &words[1], dst, a, count); return true;
    case MURRE_OP_I16X8_SHR_U: shift(out, &words[2], dst, a, count); return true;
    case MURRE_OP_I32X4_SHL: shift(out, &doubles[0], dst, a, count); return true;
    case MURRE_OP_I32X4_SHR_S: shift(out, &doubles[1], dst, a, count); return true;
    case MURRE_OP_I32X4_SHR_U: shift(out, &doubles[2], dst, a, count); return true;
    case MURRE_OP_I64X2_SHL: shift(out, &quads[0], dst, a, count); return true;
    case MURRE_OP_I64X2_SHR_U: shift(out, &quads[1], dst, a, count); return true;
    case MURRE_OP_I64X2_SHR_S: shift_quads_signed(out, dst, a, count); return true;
    default: return false;
    }
}

static bool emit_compare(struct murre_ext_out *out, enum murre_op op, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
#define MIN(shape) (direct[MURRE_OP_##shape##_MIN_S])
    switch (op) {
#define NARROW(shape, equal)                                                                                            \
    case MURRE_OP_##shape##_NE: not_of(out, dst, binary_of(out, equal, a, b)); return true;                             \
    case MURRE_OP_##shape##_LE_S: compare(out, direct[MURRE_OP_##shape##_MIN_S], equal, false, dst, a, b); return true; \
    case MURRE_OP_##shape##_LE_U: compare(out, direct[MURRE_OP_##shape##_MIN_U], equal, false, dst, a, b); return true; \
    case MURRE_OP_##shape##_GE_S: compare(out, direct[MURRE_OP_##shape##_MAX_S], equal, false, dst, a, b); return true; \
    case MURRE_OP_##shape##_GE_U: compare(out, direct[MURRE_OP_##shape##_MAX_U], equal, false, dst, a, b); return true; \
    case MURRE_OP_##shape##_LT_U: compare(out, direct[MURRE_OP_##shape##_MAX_U], equal, true, dst, a, b); return true;  \
    case MURRE_OP_##shape##_GT_U: compare(out, direct[MURRE_OP_##shape##_MIN_U], equal, true, dst, a, b); return true;
        NARROW(I8X16, PCMPEQB)
        NARROW(I16X8, PCMPEQW)
        NARROW(I32X4, PCMPEQD)
#undef NARROW
    case MURRE_OP_I64X2_NE: not_of(out, dst, binary_of(out, PCMPEQQ, a, b)); return true;
    case MURRE_OP_I64X2_LE_S: not_of(out, dst, binary_of(out, PCMPGTQ, a, b)); return true;
    case MURRE_OP_I64X2_GE_S: not_of(out, dst, binary_of(out, PCMPGTQ, b, a)); return true;
    default: return false;
    }
}

static bool emit_number(struct murre_ext_out *out, enum murre_op op, MIR_op_t dst, MIR_op_t a) {
    switch (op) {
    case MURRE_OP_V128_ANY_TRUE: any_true(out, dst, a); return true;
    case MURRE_OP_I8X16_ALL_TRUE: all_true(out, PCMPEQB, dst, a); return true;
    case MURRE_OP_I16X8_ALL_TRUE: all_true(out, PCMPEQW, dst, a); return true;
    case MURRE_OP_I32X4_ALL_TRUE: all_true(out, PCMPEQD, dst, a); return true;
    case MURRE_OP_I64X2_ALL_TRUE: all_true(out, PCMPEQQ, dst, a); return true;
    case MURRE_OP_I8X16_BITMASK: to_int(out, PMOVMSKB, dst, a); return true;
    case MURRE_OP_I16X8_BITMASK: bitmask_words(out, dst, a); return true;
    case MURRE_OP_I32X4_BITMASK: to_int(out, NP(0x50), dst, a); return true;
    case MURRE_OP_I64X2_BITMASK: to_int(out, S66(0x50), dst, a); return true;
    case MURRE_OP_I8X16_SPLAT: splat_bytes(out, dst, a); return true;
    case MURRE_OP_I16X8_SPLAT: splat_words(out, dst, a); return true;
    case MURRE_OP_I32X4_SPLAT: unary(out, PSHUFD | IMM(0), dst, from_int_of(out, MOVD, a)); return true;
    case MURRE_OP_I64X2_SPLAT: unary(out, PSHUFD | IMM(0x44), dst, from_int_of(out, MOVQ, a)); return true;
    case MURRE_OP_F32X4_SPLAT: murre_ext_put3(out, MIR_F2V, dst, a, encoding(out, PSHUFD | IMM(0))); return true;
    case MURRE_OP_F64X2_SPLAT: murre_ext_put3(out, MIR_D2V, dst, a, encoding(out, PSHUFD | IMM(0x44))); return true;
    default: return false;
    }
}

static bool emit_unary(struct murre_ext_out *out, enum murre_op op, MIR_op_t dst, MIR_op_t a) {
    switch (op) {
    case MURRE_OP_V128_NOT: not_of(out, dst, a); return true;
    case MURRE_OP_I8X16_NEG: binary(out, PSUBB, dst, zeros(out), a); return true;
    case MURRE_OP_I16X8_NEG: binary(out, PSUBW, dst, zeros(out), a); return true;
    case MURRE_OP_I32X4_NEG: binary(out, PSUBD, dst, zeros(out), a); return true;
    case MURRE_OP_I64X2_NEG: binary(out, PSUBQ, dst, zeros(out), a); return true;
    case MURRE_OP_I64X2_ABS: abs_quads(out, dst, a); return true;
    case MURRE_OP_I8X16_POPCNT: popcnt(out, dst, a); return true;
    case MURRE_OP_I16X8_EXTEND_HIGH_I8X16_S: unary(out, S38(0x20), dst, high_half(out, a)); return true;
    case MURRE_OP_I16X8_EXTEND_HIGH_I8X16_U: binary(out, PUNPCKHBW, dst, a, zeros(out)); return true;
    case MURRE_OP_I32X4_EXTEND_HIGH_I16X8_S: unary(out, S38(0x23), dst, high_half(out, a)); return true;
    case MURRE_OP_I32X4_EXTEND_HIGH_I16X8_U: binary(out, PUNPCKHWD, dst, a, zeros(out)); return true;
    case MURRE_OP_I64X2_EXTEND_HIGH_I32X4_S: unary(out, S38(0x25), dst, high_half(out, a)); return true;
    case MURRE_OP_I64X2_EXTEND_HIGH_I32X4_U: binary(out, PUNPCKHDQ, dst, a, zeros(out)); return true;
    case MURRE_OP_I16X8_EXTADD_PAIRWISE_I8X16_S: binary(out, PMADDUBSW, dst, both(out, UINT64_C(0x0101010101010101)), a); return true;
    case MURRE_OP_I16X8_EXTADD_PAIRWISE_I8X16_U: binary(out, PMADDUBSW, dst, a, both(out, UINT64_C(0x0101010101010101))); return true;
    case MURRE_OP_I32X4_EXTADD_PAIRWISE_I16X8_S: binary(out, PMADDWD, dst, a, both(out, UINT64_C(0x0001000100010001))); return true;
    case MURRE_OP_I32X4_EXTADD_PAIRWISE_I16X8_U: add_pairs_unsigned(out, dst, a); return true;
    case MURRE_OP_F32X4_ABS: binary(out, PAND, dst, a, both(out, UINT64_C(0x7fffffff7fffffff))); return true;
    case MURRE_OP_F32X4_NEG: binary(out, PXOR, dst, a, both(out, UINT64_C(0x8000000080000000))); return true;
    case MURRE_OP_F64X2_ABS: binary(out, PAND, dst, a, both(out, INT64_MAX)); return true;
    case MURRE_OP_F64X2_NEG: binary(out, PXOR, dst, a, both(out, UINT64_C(1) << 63)); return true;
    case MURRE_OP_F32X4_CONVERT_I32X4_U: convert_unsigned(out, dst, a); return true;
    case MURRE_OP_F64X2_CONVERT_LOW_I32X4_U: convert_low_unsigned(out, dst, a); return true;
    case MURRE_OP_I32X4_TRUNC_SAT_F32X4_S:
    case MURRE_OP_I32X4_RELAXED_TRUNC_F32X4_S: trunc_signed(out, dst, a); return true;
    case MURRE_OP_I32X4_TRUNC_SAT_F32X4_U:
    case MURRE_OP_I32X4_RELAXED_TRUNC_F32X4_U: trunc_unsigned(out, dst, a); return true;
    case MURRE_OP_I32X4_TRUNC_SAT_F64X2_S_ZERO:
    case MURRE_OP_I32X4_RELAXED_TRUNC_F64X2_S_ZERO: trunc_wide_signed(out, dst, a); return true;
    case MURRE_OP_I32X4_TRUNC_SAT_F64X2_U_ZERO:
    case MURRE_OP_I32X4_RELAXED_TRUNC_F64X2_U_ZERO: trunc_wide_unsigned(out, dst, a); return true;
    default: return emit_number(out, op, dst, a);
    }
}

static bool emit_product(struct murre_ext_out *out, enum murre_op op, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    switch (op) {
    case MURRE_OP_I64X2_MUL: multiply_quads(out, dst, a, b); return true;
    case MURRE_OP_I16X8_EXTMUL_LOW_I8X16_S: multiply_widened(out, S38(0x20), PMULLW, false, dst, a, b); return true;
    case MURRE_OP_I16X8_EXTMUL_HIGH_I8X16_S: multiply_widened(out, S38(0x20), PMULLW, true, dst, a, b); return true;
    case MURRE_OP_I16X8_EXTMUL_LOW_I8X16_U: multiply_widened(out, S38(0x30), PMULLW, false, dst, a, b); return true;
    case MURRE_OP_I16X8_EXTMUL_HIGH_I8X16_U: multiply_widened(out, S38(0x30), PMULLW, true, dst, a, b); return true;
    case MURRE_OP_I32X4_EXTMUL_LOW_I16X8_S: multiply_words(out, PMULHW, false, dst, a, b); return true;
    case MURRE_OP_I32X4_EXTMUL_HIGH_I16X8_S: multiply_words(out, PMULHW, true, dst, a, b); return true;
    case MURRE_OP_I32X4_EXTMUL_LOW_I16X8_U: multiply_words(out, PMULHUW, false, dst, a, b); return true;
    case MURRE_OP_I32X4_EXTMUL_HIGH_I16X8_U: multiply_words(out, PMULHUW, true, dst, a, b); return true;
    case MURRE_OP_I64X2_EXTMUL_LOW_I32X4_S: multiply_doubles(out, PMULDQ, false, dst, a, b); return true;
    case MURRE_OP_I64X2_EXTMUL_HIGH_I32X4_S: multiply_doubles(out, PMULDQ, true, dst, a, b); return true;
    case MURRE_OP_I64X2_EXTMUL_LOW_I32X4_U: multiply_doubles(out, PMULUDQ, false, dst, a, b); return true;
    case MURRE_OP_I64X2_EXTMUL_HIGH_I32X4_U: multiply_doubles(out, PMULUDQ, true, dst, a, b); return true;
    case MURRE_OP_I16X8_Q15MULR_SAT_S:
    case MURRE_OP_I16X8_RELAXED_Q15MULR_S: q15mulr(out, dst, a, b); return true;
    case MURRE_OP_I16X8_RELAXED_DOT_I8X16_I7X16_S: dot8(out, dst, a, b); return true;
    default: return false;
    }
}

static bool emit_binary(struct murre_ext_out *out, enum murre_op op, MIR_op_t dst, MIR_op_t a, MIR_op_t b) {
    switch (op) {
    case MURRE_OP_I8X16_SWIZZLE:
    case MURRE_OP_I8X16_RELAXED_SWIZZLE: swizzle(out, dst, a, b); return true;
    case MURRE_OP_F32X4_MIN:
    case MURRE_OP_F32X4_RELAXED_MIN: extreme(out, false, false, dst, a, b); return true;
    case MURRE_OP_F32X4_MAX:
    case MURRE_OP_F32X4_RELAXED_MAX: extreme(out, false, true, dst, a, b); return true;
    case MURRE_OP_F64X2_MIN:
    case MURRE_OP_F64X2_RELAXED_MIN: extreme(out, true, false, dst, a, b); return true;
    case MURRE_OP_F64X2_MAX:
    case MURRE_OP_F64X2_RELAXED_MAX: extreme(out, true, true, dst, a, b); return true;
    default: return emit_product(out, op, dst, a, b) || emit_compare(out, op, dst, a, b);
    }
}

static bool emit_ternary(struct murre_ext_out *out, enum murre_op op, MIR_op_t dst, const MIR_op_t *operands) {
    MIR_op_t sums;
    switch (op) {
    case MURRE_OP_V128_BITSELECT:
    case MURRE_OP_I8X16_RELAXED_LANESELECT:
    case MURRE_OP_I16X8_RELAXED_LANESELECT:
    case MURRE_OP_I32X4_RELAXED_LANESELECT:
    case MURRE_OP_I64X2_RELAXED_LANESELECT: choose(out, dst, operands[2], operands[0], operands[1]); return true;
    case MURRE_OP_F32X4_RELAXED_MADD: fused(out, S38(0xa8), dst, operands); return true;
    case MURRE_OP_F32X4_RELAXED_NMADD: fused(out, S38(0xac), dst, operands); return true;
    case MURRE_OP_F64X2_RELAXED_MADD: fused(out, S38(0xa8) | WIDE, dst, operands); return true;
    case MURRE_OP_F64X2_RELAXED_NMADD: fused(out, S38(0xac) | WIDE, dst, operands); return true;
    case MURRE_OP_I32X4_RELAXED_DOT_I8X16_I7X16_ADD_S:
        sums = temp(out);
        dot8(out, sums, operands[0], operands[1]);
        binary(out, PADDD, dst, binary_of(out, PMADDWD, sums, both(out, UINT64_C(0x0001000100010001))), operands[2]);
        return true;
    default: return false;
    }
}

void murre_vec_emit(MIR_context_t mir, MIR_item_t func, enum murre_op op, MIR_op_t dst, const MIR_op_t *operands, union murre_lanes lanes) {
    struct murre_ext_out out = {mir, func};
    const struct murre_op_info *info = &murre_op_info[op];
    bool done = true;
    switch (info->class) {
    case MURRE_CLASS_UNARY:
        if (direct[op])
            unary(&out, direct[op], dst, operands[0]);
        else
            done = emit_unary(&out, op, dst, operands[0]);
        break;
    case MURRE_CLASS_BINARY:
        if (direct[op])
            binary(&out, direct[op], dst, operands[0], operands[1]);
        else
            done = emit_binary(&out, op, dst, operands[0], operands[1]);
        break;
    case MURRE_CLASS_SHIFT: done = emit_shift(&out, op, dst, operands[0], operands[1]); break;
    case MURRE_CLASS_TERNARY: done = emit_ternary(&out, op, dst, operands); break;
    case MURRE_CLASS_EXTRACT: extract(&out, op, dst, operands[0], lanes.lane); break;
    case MURRE_CLASS_REPLACE: replace(&out, op, dst, operands[0], operands[1], lanes.lane); break;
    default: shuffle(&out, lanes.bytes, dst, operands[0], operands[1]); break;
    }
    if (!done)
        murre_mirctx_fail("no code for %s", murre_op_name(op));
}

/* ---- loads and moves ---------------------------------------------------------------------------------------------------- */

MIR_type_t murre_vec_load_type(enum murre_op op) {
    static const MIR_type_t types[] = {MIR_T_U8, MIR_T_U16, MIR_T_F, MIR_T_D};
    return types[murre_op_info[op].n];
}

void murre_vec_load(MIR_context_t mir, MIR_item_t func, enum murre_op op, MIR_op_t dst, MIR_op_t number) {
    struct murre_ext_out out = {mir, func};
    uint32_t code = MOVAPS;
    switch (op) {
    case MURRE_OP_V128_LOAD8X8_S: code = S38(0x20); break;
    case MURRE_OP_V128_LOAD8X8_U: code = S38(0x30); break;
    case MURRE_OP_V128_LOAD16X4_S: code = S38(0x23); break;
    case MURRE_OP_V128_LOAD16X4_U: code = S38(0x33); break;
    case MURRE_OP_V128_LOAD32X2_S: code = S38(0x25); break;
    case MURRE_OP_V128_LOAD32X2_U: code = S38(0x35); break;
    case MURRE_OP_V128_LOAD32_SPLAT: code = PSHUFD | IMM(0); break;
    case MURRE_OP_V128_LOAD64_SPLAT: code = PSHUFD | IMM(0x44); break;
    case MURRE_OP_V128_LOAD8_SPLAT: splat_bytes(&out, dst, number); return;
    case MURRE_OP_V128_LOAD16_SPLAT: splat_words(&out, dst, number); return;
    default: break; /* V128_LOAD32_ZERO, V128_LOAD64_ZERO: moves of numbers from memory leave zeroes above */
    }
    murre_ext_put3(&out, murre_vec_load_type(op) == MIR_T_F ? MIR_F2V : MIR_D2V, dst, number, encoding(&out, code));
}

void murre_vec_constant(MIR_context_t mir, MIR_item_t func, MIR_op_t dst, const uint8_t *bytes) {
    struct murre_ext_out out = {mir, func};
    uint64_t halves[2];
    memcpy(halves, bytes, sizeof halves);
    murre_ext_put3(&out, MIR_VCONST, dst, murre_ext_int(&out, (int64_t)halves[0]), murre_ext_int(&out, (int64_t)halves[1]));
}

void murre_vec_join(MIR_context_t mir, MIR_item_t func, MIR_op_t dst, MIR_op_t low, MIR_op_t high) {
    struct murre_ext_out out = {mir, func};
    MIR_op_t half = from_int_of(&out, MOVQ, low);
    put4(&out, MIR_VINS, dst, half, high, encoding(&out, S3A(0x22) | WIDE | IMM(1)));
}

void murre_vec_split(MIR_context_t mir, MIR_item_t func, MIR_op_t low, MIR_op_t high, MIR_op_t a) {
    struct murre_ext_out out = {mir, func};
    to_int(&out, S66(0x7e) | REVERSED | WIDE, low, a);
    to_int(&out, S3A(0x16) | REVERSED | WIDE | IMM(1), high, a);
}
