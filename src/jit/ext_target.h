/* What the operations of ext.h need from each machine, and the functions they are built from. For ext*.c only. */
#ifndef MURRE_JIT_EXT_TARGET_H
#define MURRE_JIT_EXT_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "ext.h"

/* The function that instructions are appended to. */
struct murre_ext_out {
    MIR_context_t mir;
    MIR_item_t func;
};

void murre_ext_put1(struct murre_ext_out *out, MIR_insn_code_t code, MIR_op_t a);
void murre_ext_put2(struct murre_ext_out *out, MIR_insn_code_t code, MIR_op_t a, MIR_op_t b);
void murre_ext_put3(struct murre_ext_out *out, MIR_insn_code_t code, MIR_op_t a, MIR_op_t b, MIR_op_t c);
void murre_ext_put_label(struct murre_ext_out *out, MIR_label_t label);
MIR_op_t murre_ext_label(struct murre_ext_out *out, MIR_label_t label);
MIR_op_t murre_ext_temp(struct murre_ext_out *out, MIR_type_t type);
MIR_op_t murre_ext_int(struct murre_ext_out *out, int64_t value);

/* MIR's instructions for one float type. */
struct murre_ext_fp {
    MIR_type_t type;
    MIR_insn_code_t mov, add, sub, bne, blt, ble, bge, bgt, to_int, from_int, abs, sign, or_bits, copysign;
    MIR_insn_code_t to_uint, to_int32, to_uint32, from_uint; /* AArch64's */
};

MIR_op_t murre_ext_fp_constant(struct murre_ext_out *out, const struct murre_ext_fp *fp, double value);

static const double murre_ext_two63 = 9223372036854775808.0;

/* ---- One of these for each machine ------------------------------------------------------------------------------------ */

bool murre_ext_target_has(enum murre_ext op);

/* Of a count of leading or trailing zeroes. */
MIR_insn_code_t murre_ext_count_code(enum murre_ext op);

/* The selection by a comparison (MIR_EQ…), or MIR_INSN_BOUND. */
MIR_insn_code_t murre_ext_target_compare_select(MIR_insn_code_t comparison);

/* A constant b is within the width. */
void murre_ext_rotate(struct murre_ext_out *out, bool left, unsigned width, MIR_op_t dst, MIR_op_t a, MIR_op_t b);
void murre_ext_copysign(struct murre_ext_out *out, const struct murre_ext_fp *fp, MIR_op_t dst, MIR_op_t a, MIR_op_t b);
void murre_ext_convert_u64(struct murre_ext_out *out, const struct murre_ext_fp *fp, MIR_op_t dst, MIR_op_t a);
/* dst is none of the registers of a. */
void murre_ext_truncate_sat32(struct murre_ext_out *out, const struct murre_ext_fp *fp, bool is_signed, MIR_op_t dst, MIR_op_t a);
void murre_ext_truncate_sat64(struct murre_ext_out *out, const struct murre_ext_fp *fp, bool is_signed, MIR_op_t dst, MIR_op_t a);
/* a is no NaN. */
void murre_ext_truncate64(struct murre_ext_out *out, const struct murre_ext_fp *fp, bool is_signed, MIR_op_t dst, MIR_op_t a,
                          MIR_label_t overflow);

#endif
