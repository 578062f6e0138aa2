// WebAssembly operations that MIR has no instruction for, as MIR instructions.
//
// A part of them are machine instructions, added to MIR's target tables as MIR_UNSPEC rows by our patches; the rest are
// short sequences of MIR's own instructions. The emitter does not see the difference:
//
//   if (!murre_ext_emit(mir, func, MURRE_EXT_SQRT_F64, dst, a, none)) …call a helper…
//
// Operands. dst is a register operand. a and b are register operands, or (integers, where stated) MIR_new_int_op. dst may
// be the same register as a or b. Unary operations ignore b.
//
// Integers of 32 bits follow MIR's rule for `…S` instructions: of a 32-bit source only the low 32 bits are read, and the
// upper 32 bits of a 32-bit result are UNDEFINED unless the table says "zero extended". Extend before a 64-bit use.
//
// Floats follow WebAssembly: results equal the specification's up to the choice of a NaN's payload that it leaves open.
// abs, neg, copysign and the bit casts keep payloads bit for bit.
//
// Whether an operation is there depends on the CPU (checked once at run time): murre_ext_has. Without SSE4.1 the four
// roundings are missing, without POPCNT the two population counts; everything else is always there.
#ifndef MURRE_JIT_EXT_H
#define MURRE_JIT_EXT_H

#include <stdbool.h>

#include <mir.h>

// X(NAME, result type, first operand's type, second operand's type or 0)
// i: integer register holding 32 bits, l: integer register holding 64 bits, f: F register, d: D register
#define MURRE_EXT_LIST(X) \
  X(ROTL32, 'i', 'i', 'i') /* b: register or constant; taken modulo the width. Result zero extended */ \
  X(ROTR32, 'i', 'i', 'i') \
  X(ROTL64, 'l', 'l', 'l') \
  X(ROTR64, 'l', 'l', 'l') \
  X(CLZ32, 'i', 'i', 0) /* result zero extended, as of all counts */ \
  X(CTZ32, 'i', 'i', 0) \
  X(POPCNT32, 'i', 'i', 0) \
  X(CLZ64, 'l', 'l', 0) \
  X(CTZ64, 'l', 'l', 0) \
  X(POPCNT64, 'l', 'l', 0) \
  X(SQRT_F32, 'f', 'f', 0) \
  X(CEIL_F32, 'f', 'f', 0) \
  X(FLOOR_F32, 'f', 'f', 0) \
  X(TRUNC_F32, 'f', 'f', 0) \
  X(NEAREST_F32, 'f', 'f', 0) \
  X(ABS_F32, 'f', 'f', 0) \
  X(NEG_F32, 'f', 'f', 0) \
  X(MIN_F32, 'f', 'f', 'f') \
  X(MAX_F32, 'f', 'f', 'f') \
  X(COPYSIGN_F32, 'f', 'f', 'f') \
  X(SQRT_F64, 'd', 'd', 0) \
  X(CEIL_F64, 'd', 'd', 0) \
  X(FLOOR_F64, 'd', 'd', 0) \
  X(TRUNC_F64, 'd', 'd', 0) \
  X(NEAREST_F64, 'd', 'd', 0) \
  X(ABS_F64, 'd', 'd', 0) \
  X(NEG_F64, 'd', 'd', 0) \
  X(MIN_F64, 'd', 'd', 'd') \
  X(MAX_F64, 'd', 'd', 'd') \
  X(COPYSIGN_F64, 'd', 'd', 'd') \
  X(I32_REINTERPRET_F32, 'i', 'f', 0) /* result zero extended */ \
  X(I64_REINTERPRET_F64, 'l', 'd', 0) \
  X(F32_REINTERPRET_I32, 'f', 'i', 0) \
  X(F64_REINTERPRET_I64, 'd', 'l', 0) \
  X(F32_CONVERT_I32_S, 'f', 'i', 0) \
  X(F32_CONVERT_I32_U, 'f', 'i', 0) \
  X(F32_CONVERT_I64_S, 'f', 'l', 0) \
  X(F32_CONVERT_I64_U, 'f', 'l', 0) \
  X(F64_CONVERT_I32_S, 'd', 'i', 0) \
  X(F64_CONVERT_I32_U, 'd', 'i', 0) \
  X(F64_CONVERT_I64_S, 'd', 'l', 0) \
  X(F64_CONVERT_I64_U, 'd', 'l', 0) \
  X(I32_TRUNC_SAT_F32_S, 'i', 'f', 0) \
  X(I32_TRUNC_SAT_F32_U, 'i', 'f', 0) \
  X(I32_TRUNC_SAT_F64_S, 'i', 'd', 0) \
  X(I32_TRUNC_SAT_F64_U, 'i', 'd', 0) \
  X(I64_TRUNC_SAT_F32_S, 'l', 'f', 0) \
  X(I64_TRUNC_SAT_F32_U, 'l', 'f', 0) \
  X(I64_TRUNC_SAT_F64_S, 'l', 'd', 0) \
  X(I64_TRUNC_SAT_F64_U, 'l', 'd', 0) \
  X(I32_TRUNC_F32_S, 'i', 'f', 0) /* the trapping ones: only for murre_ext_emit_trunc */ \
  X(I32_TRUNC_F32_U, 'i', 'f', 0) \
  X(I32_TRUNC_F64_S, 'i', 'd', 0) \
  X(I32_TRUNC_F64_U, 'i', 'd', 0) \
  X(I64_TRUNC_F32_S, 'l', 'f', 0) \
  X(I64_TRUNC_F32_U, 'l', 'f', 0) \
  X(I64_TRUNC_F64_S, 'l', 'd', 0) \
  X(I64_TRUNC_F64_U, 'l', 'd', 0)

enum murre_ext {
#define MURRE_EXT_ENUM(name, result, first, second) MURRE_EXT_##name,
  MURRE_EXT_LIST(MURRE_EXT_ENUM)
#undef MURRE_EXT_ENUM
  MURRE_EXT_COUNT
};

// Whether this CPU has a code for it (always true for the trapping truncations too).
bool murre_ext_has(enum murre_ext op);

// Appends the operation to the function. False, and nothing appended, when the CPU lacks it: call a helper then.
bool murre_ext_emit(MIR_context_t mir, MIR_item_t func, enum murre_ext op, MIR_op_t dst, MIR_op_t a, MIR_op_t b);

// Appends a trapping truncation (I32_TRUNC_F32_S … I64_TRUNC_F64_U). Control goes to `invalid` for a NaN ("invalid
// conversion to integer") and to `overflow` for a value out of range ("integer overflow"); both labels may be the same,
// and dst is undefined there. dst must be a register that nothing at those labels reads.
void murre_ext_emit_trunc(MIR_context_t mir, MIR_item_t func, enum murre_ext op, MIR_op_t dst, MIR_op_t a,
                          MIR_label_t invalid, MIR_label_t overflow);

// For tests: pretend that the CPU lacks optional features (bits of enum murre_ext_feature), process-wide.
enum murre_ext_feature {
  MURRE_EXT_LZCNT = 1,
  MURRE_EXT_BMI1 = 2,
  MURRE_EXT_POPCNT = 4,
  MURRE_EXT_SSE41 = 8,
};
void murre_ext_mask_features(unsigned missing);

// Registers the rows' operand types with a context. mirctx.c calls it once for each context.
void murre_ext_register(MIR_context_t mir);

#endif
