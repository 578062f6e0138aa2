/* Vectors of 128 bits under one set of names, for wasm_simd128.h, SSE4.1 and NEON.
 *
 * A kernel of this folder is built three times: for WebAssembly with SIMD and for this machine with VECTOR defined, and for
 * WebAssembly without either. `#ifdef VECTOR` chooses between its two bodies; all three print the same checksum, so both
 * bodies add floats in the same order. What C's operators on vector types say already (+, &, <<, <, …) is used as it is; the
 * functions here are what has no operator. Where a processor's instruction differs outside some range of inputs, the comment
 * names that range, and kernels stay inside it. */
#ifndef MURRE_BENCH_VEC_H
#define MURRE_BENCH_VEC_H

#include "../kernels/kernel.h"

#ifdef VECTOR

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#define PICK(wasm, sse, neon) (wasm)
typedef v128_t raw;
#elif defined(__SSE4_1__)
#include <smmintrin.h>
#define PICK(wasm, sse, neon) (sse)
typedef __m128i raw;
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#define PICK(wasm, sse, neon) (neon)
#else
#error "no vectors are known for this target"
#endif

typedef float f32x4 __attribute__((vector_size(16)));
typedef double f64x2 __attribute__((vector_size(16)));
typedef int8_t i8x16 __attribute__((vector_size(16)));
typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef int16_t i16x8 __attribute__((vector_size(16)));
typedef uint16_t u16x8 __attribute__((vector_size(16)));
typedef int32_t i32x4 __attribute__((vector_size(16)));
typedef uint32_t u32x4 __attribute__((vector_size(16)));

/* Loads and stores at any address. */
#define LOAD(type, address)    (*(const struct { type value; } __attribute__((packed, may_alias)) *)(address)).value
#define STORE(address, vector) (*(struct { __typeof__(vector) value; } __attribute__((packed, may_alias)) *)(address)).value = (vector)

static inline u8x16 splat_u8(unsigned x) {
    return (u8x16)PICK(wasm_i8x16_splat((int8_t)x), _mm_set1_epi8((char)x), vdupq_n_u8((uint8_t)x));
}
static inline u16x8 splat_u16(unsigned x) {
    return (u16x8)PICK(wasm_i16x8_splat((int16_t)x), _mm_set1_epi16((short)x), vdupq_n_u16((uint16_t)x));
}
static inline u32x4 splat_u32(uint32_t x) {
    return (u32x4)PICK(wasm_i32x4_splat((int32_t)x), _mm_set1_epi32((int)x), vdupq_n_u32(x));
}
static inline f32x4 splat_f32(float x) {
    return (f32x4)PICK(wasm_f32x4_splat(x), _mm_set1_ps(x), vdupq_n_f32(x));
}

/* Bits of a where the mask has ones, of b elsewhere. Masks are all ones or all zeros in each lane. */
static inline u8x16 select_bits(u8x16 mask, u8x16 a, u8x16 b) {
    return (u8x16)PICK(wasm_v128_bitselect((raw)a, (raw)b, (raw)mask), _mm_blendv_epi8((raw)b, (raw)a, (raw)mask), vbslq_u8(mask, a, b));
}

#ifdef __ARM_NEON
static inline unsigned neon_bitmask(u8x16 mask) {
    const u8x16 weights = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    u8x16 bits = mask & weights;
    return vaddv_u8(vget_low_u8(bits)) | (unsigned)vaddv_u8(vget_high_u8(bits)) << 8;
}
static inline i32x4 neon_dot(i16x8 a, i16x8 b) {
    return vpaddq_s32(vmull_s16(vget_low_s16(a), vget_low_s16(b)), vmull_high_s16(a, b));
}
static inline i32x4 neon_dot_bytes(i8x16 a, i8x16 b, i32x4 sum) {
    i16x8 low = vmull_s8(vget_low_s8(a), vget_low_s8(b)), high = vmull_high_s8(a, b);
    return vpadalq_s16(sum, vpaddq_s16(low, high));
}
#endif

/* The top bit of each byte. NEON: of masks. */
static inline unsigned bitmask_u8(u8x16 x) {
    return (unsigned)PICK(wasm_i8x16_bitmask((raw)x), _mm_movemask_epi8((raw)x), neon_bitmask(x)) & 0xffff;
}
/* Whether any bit of a mask is set. */
static inline int any_bit(u8x16 x) {
    return PICK(wasm_v128_any_true((raw)x), !_mm_testz_si128((raw)x, (raw)x), vmaxvq_u8(x) != 0);
}
/* table[index], 0 for an index from 128; none in 16 to 127. */
static inline u8x16 lookup(u8x16 table, u8x16 index) {
    return (u8x16)PICK(wasm_i8x16_swizzle((raw)table, (raw)index), _mm_shuffle_epi8((raw)table, (raw)index), vqtbl1q_u8(table, index));
}
static inline u8x16 subtract_saturated_u8(u8x16 a, u8x16 b) {
    return (u8x16)PICK(wasm_u8x16_sub_sat((raw)a, (raw)b), _mm_subs_epu8((raw)a, (raw)b), vqsubq_u8(a, b));
}
static inline i32x4 min_i32(i32x4 a, i32x4 b) {
    return (i32x4)PICK(wasm_i32x4_min((raw)a, (raw)b), _mm_min_epi32((raw)a, (raw)b), vminq_s32(a, b));
}
static inline i32x4 max_i32(i32x4 a, i32x4 b) {
    return (i32x4)PICK(wasm_i32x4_max((raw)a, (raw)b), _mm_max_epi32((raw)a, (raw)b), vmaxq_s32(a, b));
}
static inline u16x8 widen_low_u8(u8x16 x) {
    return (u16x8)PICK(wasm_u16x8_extend_low_u8x16((raw)x), _mm_cvtepu8_epi16((raw)x), vmovl_u8(vget_low_u8(x)));
}
static inline u16x8 widen_high_u8(u8x16 x) {
    return (u16x8)PICK(wasm_u16x8_extend_high_u8x16((raw)x), _mm_unpackhi_epi8((raw)x, _mm_setzero_si128()), vmovl_high_u8(x));
}
static inline i16x8 widen_low_i8(i8x16 x) {
    return (i16x8)PICK(wasm_i16x8_extend_low_i8x16((raw)x), _mm_cvtepi8_epi16((raw)x), vmovl_s8(vget_low_s8(x)));
}
static inline i16x8 widen_high_i8(i8x16 x) {
    return (i16x8)PICK(wasm_i16x8_extend_high_i8x16((raw)x), _mm_cvtepi8_epi16(_mm_srli_si128((raw)x, 8)), vmovl_high_s8(x));
}
/* Two vectors of signed words as bytes, clamped to 0…255. */
static inline u8x16 narrow_u8(i16x8 a, i16x8 b) {
    return (u8x16)PICK(wasm_u8x16_narrow_i16x8((raw)a, (raw)b), _mm_packus_epi16((raw)a, (raw)b), vqmovun_high_s16(vqmovun_s16(a), b));
}
/* Products of words, neighbours added. */
static inline i32x4 dot_i16(i16x8 a, i16x8 b) {
    return (i32x4)PICK(wasm_i32x4_dot_i16x8((raw)a, (raw)b), _mm_madd_epi16((raw)a, (raw)b), neon_dot(a, b));
}

#if !defined(__wasm_simd128__) || defined(__wasm_relaxed_simd__)
/* sum + products of bytes, added in fours: relaxed SIMD's i32x4.relaxed_dot_i8x16_i7x16_add_s; b in 0…127.
 * Clang 14 has no such builtin. Another with three operands, whose number is no instruction any more, stands for it;
 * harness/corpus.py puts the right number there. */
static inline i32x4 relaxed_dot_add(i8x16 a, i8x16 b, i32x4 sum) {
#if defined(__wasm_simd128__) && __clang_major__ < 16
    return (i32x4)__builtin_wasm_laneselect_i8x16(a, b, (i8x16)sum);
#elif defined(__wasm_simd128__)
    return __builtin_wasm_relaxed_dot_i8x16_i7x16_add_s_i32x4(a, b, sum);
#elif defined(__SSE4_1__)
    return sum + (i32x4)_mm_madd_epi16(_mm_maddubs_epi16((raw)b, (raw)a), _mm_set1_epi16(1));
#else
    return neon_dot_bytes(a, b, sum);
#endif
}
#endif

#endif
#endif
