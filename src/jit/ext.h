/* WebAssembly operations that MIR has no instruction for.

   Our patches add instructions to MIR and rows to its target tables (deps/mir/patches/12): rotates, bit counts, square root,
   rounding, minimum and maximum, selection, bit casts, conversions. These are the operations made from them, one entry each,
   on every CPU:

     if (!murre_ext_emit(mir, func, MURRE_EXT_SQRT_F64, dst, a, none)) …call a helper…

   Operands. dst is a register operand. a and b are register operands, or constants of their type. dst may be the same
   register as a or b. Unary operations ignore b. Sequences may contain labels and branches.

   32-bit integers: only the low 32 bits of a source are read; a result is ZERO EXTENDED (see README.md in deps/mir, "What
   the emitter may rely on": the same holds for the results of all of MIR's `…S` instructions).

   Floats follow WebAssembly: results are those of the specification, up to the choice of a NaN's payload that it leaves open.
   abs, neg, copysign, select and the bit casts keep payloads bit for bit.

   Whether an operation is available depends on the CPU (detected once at run time): murre_ext_has. On x86-64 the roundings need
   SSE4.1 and the population counts POPCNT; without LZCNT or BMI1 a short sequence replaces clz and ctz. Everything else
   is always available. AArch64 has everything. */
#ifndef MURRE_JIT_EXT_H
#define MURRE_JIT_EXT_H

#include <stdbool.h>

#include <mir.h>

/* X(NAME, result type, first operand's type, second operand's type or 0, MIR's instruction or INSN_BOUND where it takes a sequence)
   i: integer register holding 32 bits, l: integer register holding 64 bits, f: F register, d: D register */
#define MURRE_EXT_LIST(X)                                                                              \
    X(ROTL32, 'i', 'i', 'i', INSN_BOUND) /* b is taken modulo the width */                             \
    X(ROTR32, 'i', 'i', 'i', INSN_BOUND)                                                               \
    X(ROTL64, 'l', 'l', 'l', INSN_BOUND)                                                               \
    X(ROTR64, 'l', 'l', 'l', INSN_BOUND)                                                               \
    X(CLZ32, 'i', 'i', 0, INSN_BOUND)                                                                  \
    X(CTZ32, 'i', 'i', 0, INSN_BOUND)                                                                  \
    X(POPCNT32, 'i', 'i', 0, POPCNTS)                                                                  \
    X(CLZ64, 'l', 'l', 0, INSN_BOUND)                                                                  \
    X(CTZ64, 'l', 'l', 0, INSN_BOUND)                                                                  \
    X(POPCNT64, 'l', 'l', 0, POPCNT)                                                                   \
    X(SQRT_F32, 'f', 'f', 0, FSQRT)                                                                    \
    X(CEIL_F32, 'f', 'f', 0, FCEIL)                                                                    \
    X(FLOOR_F32, 'f', 'f', 0, FFLOOR)                                                                  \
    X(TRUNC_F32, 'f', 'f', 0, FTRUNC)                                                                  \
    X(NEAREST_F32, 'f', 'f', 0, FNEAR)                                                                 \
    X(ABS_F32, 'f', 'f', 0, FABS)                                                                      \
    X(NEG_F32, 'f', 'f', 0, FNEG)                                                                      \
    X(MIN_F32, 'f', 'f', 'f', FMIN)                                                                    \
    X(MAX_F32, 'f', 'f', 'f', FMAX)                                                                    \
    X(COPYSIGN_F32, 'f', 'f', 'f', INSN_BOUND)                                                         \
    X(SQRT_F64, 'd', 'd', 0, DSQRT)                                                                    \
    X(CEIL_F64, 'd', 'd', 0, DCEIL)                                                                    \
    X(FLOOR_F64, 'd', 'd', 0, DFLOOR)                                                                  \
    X(TRUNC_F64, 'd', 'd', 0, DTRUNC)                                                                  \
    X(NEAREST_F64, 'd', 'd', 0, DNEAR)                                                                 \
    X(ABS_F64, 'd', 'd', 0, DABS)                                                                      \
    X(NEG_F64, 'd', 'd', 0, DNEG)                                                                      \
    X(MIN_F64, 'd', 'd', 'd', DMIN)                                                                    \
    X(MAX_F64, 'd', 'd', 'd', DMAX)                                                                    \
    X(COPYSIGN_F64, 'd', 'd', 'd', INSN_BOUND)                                                         \
    X(I32_REINTERPRET_F32, 'i', 'f', 0, F2BITS)                                                        \
    X(I64_REINTERPRET_F64, 'l', 'd', 0, D2BITS)                                                        \
    X(F32_REINTERPRET_I32, 'f', 'i', 0, BITS2F)                                                        \
    X(F64_REINTERPRET_I64, 'd', 'l', 0, BITS2D)                                                        \
    X(F32_CONVERT_I32_S, 'f', 'i', 0, I2FS)                                                            \
    X(F32_CONVERT_I32_U, 'f', 'i', 0, INSN_BOUND)                                                      \
    X(F32_CONVERT_I64_S, 'f', 'l', 0, I2F)                                                             \
    X(F32_CONVERT_I64_U, 'f', 'l', 0, INSN_BOUND)                                                      \
    X(F64_CONVERT_I32_S, 'd', 'i', 0, I2DS)                                                            \
    X(F64_CONVERT_I32_U, 'd', 'i', 0, INSN_BOUND)                                                      \
    X(F64_CONVERT_I64_S, 'd', 'l', 0, I2D)                                                             \
    X(F64_CONVERT_I64_U, 'd', 'l', 0, INSN_BOUND)                                                      \
    X(I32_TRUNC_SAT_F32_S, 'i', 'f', 0, INSN_BOUND)                                                    \
    X(I32_TRUNC_SAT_F32_U, 'i', 'f', 0, INSN_BOUND)                                                    \
    X(I32_TRUNC_SAT_F64_S, 'i', 'd', 0, INSN_BOUND)                                                    \
    X(I32_TRUNC_SAT_F64_U, 'i', 'd', 0, INSN_BOUND)                                                    \
    X(I64_TRUNC_SAT_F32_S, 'l', 'f', 0, INSN_BOUND)                                                    \
    X(I64_TRUNC_SAT_F32_U, 'l', 'f', 0, INSN_BOUND)                                                    \
    X(I64_TRUNC_SAT_F64_S, 'l', 'd', 0, INSN_BOUND)                                                    \
    X(I64_TRUNC_SAT_F64_U, 'l', 'd', 0, INSN_BOUND)                                                    \
    X(I32_TRUNC_F32_S, 'i', 'f', 0, INSN_BOUND) /* the trapping ones: only for murre_ext_emit_trunc */ \
    X(I32_TRUNC_F32_U, 'i', 'f', 0, INSN_BOUND)                                                        \
    X(I32_TRUNC_F64_S, 'i', 'd', 0, INSN_BOUND)                                                        \
    X(I32_TRUNC_F64_U, 'i', 'd', 0, INSN_BOUND)                                                        \
    X(I64_TRUNC_F32_S, 'l', 'f', 0, INSN_BOUND)                                                        \
    X(I64_TRUNC_F32_U, 'l', 'f', 0, INSN_BOUND)                                                        \
    X(I64_TRUNC_F64_S, 'l', 'd', 0, INSN_BOUND)                                                        \
    X(I64_TRUNC_F64_U, 'l', 'd', 0, INSN_BOUND)

enum murre_ext {
#define MURRE_EXT_ENUM(name, result, first, second, code) MURRE_EXT_##name,
    MURRE_EXT_LIST(MURRE_EXT_ENUM)
#undef MURRE_EXT_ENUM
        MURRE_EXT_COUNT
};

/* Whether this CPU has a code for it (always true for the trapping truncations too). */
bool murre_ext_has(enum murre_ext op);

/* Appends the operation to the function. False, and nothing appended, when the CPU lacks it: call a helper then. */
bool murre_ext_emit(MIR_context_t mir, MIR_item_t func, enum murre_ext op, MIR_op_t dst, MIR_op_t a, MIR_op_t b);

/* Appends a trapping truncation (I32_TRUNC_F32_S … I64_TRUNC_F64_U). Control goes to `invalid` for a NaN ("invalid
   conversion to integer") and to `overflow` for a value out of range ("integer overflow"); both labels may be the same,
   and dst is undefined there. dst must be a register that nothing at those labels reads. */
void murre_ext_emit_trunc(MIR_context_t mir, MIR_item_t func, enum murre_ext op, MIR_op_t dst, MIR_op_t a, MIR_label_t invalid,
                          MIR_label_t overflow);

/* Appends dst = condition ? yes : no, without a branch where the CPU can. type is 'l' (also for 32 bits), 'f' or 'd';
   condition is a 32-bit integer. */
void murre_ext_emit_select(MIR_context_t mir, MIR_item_t func, char type, MIR_op_t dst, MIR_op_t condition, MIR_op_t yes, MIR_op_t no);

/* Appends dst = a <comparison> b ? yes : no for 64-bit integers (also zero-extended 32-bit ones). comparison is one of MIR's that give
   0 or 1: MIR_EQ, MIR_EQS … MIR_UGES. False, and nothing appended, where the machine's form of MIR has no such instruction. */
bool murre_ext_emit_compare_select(MIR_context_t mir, MIR_item_t func, MIR_insn_code_t comparison, MIR_op_t dst, MIR_op_t a, MIR_op_t b,
                                   MIR_op_t yes, MIR_op_t no);

/* Appends dst = the machine's stack pointer inside this function's frame: for a check against a limit. */
void murre_ext_emit_stack_pointer(MIR_context_t mir, MIR_item_t func, MIR_op_t dst);

/* For tests: pretend that the CPU lacks optional features (bits of enum murre_ext_feature), process-wide. */
enum murre_ext_feature {
    MURRE_EXT_LZCNT = 1,
    MURRE_EXT_BMI1 = 2,
    MURRE_EXT_POPCNT = 4,
    MURRE_EXT_SSE41 = 8,
};
void murre_ext_mask_features(unsigned missing);

#endif
