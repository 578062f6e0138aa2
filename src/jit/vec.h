/* Instructions on vectors (MIR_T_V128) for the emitter. One way in, murre_vec_emit, whatever the processor: each has a file that knows its machine
 * instructions (vec_x86_64.c, vec_aarch64.c), as sequences of MIR_VUN, MIR_VBIN… with encodings (mir.h in MIR's patch 84).
 *
 * Operands are registers of the class that the instruction's row in opcodes.def says, lanes as in sink.h; a number may be a constant (shift counts, indices).
 * dst may be one of the operands. An i32 that results is zero extended.
 *
 * Results are those of runtime/vector.def, bit for bit but for the payload and sign of NaNs. */
#ifndef MURRE_JIT_VEC_H
#define MURRE_JIT_VEC_H

#include <mir.h>

#include "wasm/sink.h"

/* Whether this processor has code for vectors at all, and for an instruction: else functions with it stay interpreted. */
bool murre_vec_has(enum murre_op op);

/* Classes UNARY, BINARY, SHIFT, TERNARY, EXTRACT, REPLACE, SHUFFLE of opcodes.def. */
void murre_vec_emit(MIR_context_t mir, MIR_item_t func, enum murre_op op, MIR_op_t dst, const MIR_op_t *operands, union murre_lanes lanes);
/* From what a LOAD has read: an integer of the access's size, zero extended, in a register; F and D registers for accesses of 4 and 8 bytes.
 * Not v128.load. murre_vec_load_type: which. */
MIR_type_t murre_vec_load_type(enum murre_op op);
void murre_vec_load(MIR_context_t mir, MIR_item_t func, enum murre_op op, MIR_op_t dst, MIR_op_t number);

/* dst = a constant of 16 bytes; two integers as the low and the high half, and back. */
void murre_vec_constant(MIR_context_t mir, MIR_item_t func, MIR_op_t dst, const uint8_t *bytes);
void murre_vec_join(MIR_context_t mir, MIR_item_t func, MIR_op_t dst, MIR_op_t low, MIR_op_t high);
void murre_vec_split(MIR_context_t mir, MIR_item_t func, MIR_op_t low, MIR_op_t high, MIR_op_t a);

/* For tests: pretend that the CPU lacks optional features (bits of enum murre_vec_feature), process-wide. */
enum murre_vec_feature { MURRE_VEC_AVX = 1, MURRE_VEC_AVX2 = 2, MURRE_VEC_FMA = 4 };
void murre_vec_mask_features(unsigned missing);

#endif
