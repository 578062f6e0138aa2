/* Vectors of 128 bits (4.3.6) as C: the meaning of every instruction for the interpreter, for helpers of compiled code, and as the twin that
 * instructions of the compiler are tested against. Rows in vector.def, of which each is a function murre_vector_ID here. Pure; any thread.
 *
 * Written with GCC's vector types where a processor's instructions correspond, with loops over lanes where not. A vector in memory or in slots is little
 * endian (lane 0 lowest) and need not be aligned: murre_v128_load, murre_v128_store.
 * NaN results are quiet, as in numeric.h; abs, neg, pmin, pmax and bits keep payloads. */
#ifndef MURRE_RUNTIME_VECTOR_H
#define MURRE_RUNTIME_VECTOR_H

#include <string.h>

#include "arch/arch.h"
#include "runtime/numeric.h"

typedef int8_t murre_i8x16 __attribute__((vector_size(16)));
typedef uint8_t murre_u8x16 __attribute__((vector_size(16)));
typedef int16_t murre_i16x8 __attribute__((vector_size(16)));
typedef uint16_t murre_u16x8 __attribute__((vector_size(16)));
typedef int32_t murre_i32x4 __attribute__((vector_size(16)));
typedef uint32_t murre_u32x4 __attribute__((vector_size(16)));
typedef int64_t murre_i64x2 __attribute__((vector_size(16)));
typedef uint64_t murre_u64x2 __attribute__((vector_size(16)));
typedef float murre_f32x4 __attribute__((vector_size(16)));
typedef double murre_f64x2 __attribute__((vector_size(16)));

union murre_v128 {
    murre_i8x16 i8;
    murre_u8x16 u8;
    murre_i16x8 i16;
    murre_u16x8 u16;
    murre_i32x4 i32;
    murre_u32x4 u32;
    murre_i64x2 i64;
    murre_u64x2 u64;
    murre_f32x4 f32;
    murre_f64x2 f64;
};

struct murre_unaligned_v128 {
    murre_u64x2 value;
} __attribute__((packed, may_alias));

static inline union murre_v128 murre_v128_load(const void *from) {
    return (union murre_v128){.u64 = ((const struct murre_unaligned_v128 *)from)->value};
}
static inline void murre_v128_store(void *to, union murre_v128 x) {
    ((struct murre_unaligned_v128 *)to)->value = x.u64;
}

/* ---- what the rows are made of; x, y, z are their operands ------------------------------------------------------------- */

#define V_COUNT(lanes)   ((int)(sizeof(union murre_v128) / sizeof(((union murre_v128 *)0)->lanes[0])))
#define V_OF(lanes, ...) ((union murre_v128){.lanes = (__VA_ARGS__)})
#define V_WORD(value)    ((union murre_v128){.u64 = {value, 0}})
/* Each lane i by itself; of the lower half only, the upper being zero; of those that are pairs in the operands. */
#define V_LOOP(lanes, count, value)                \
    ({                                             \
        union murre_v128 result = {.u64 = {0, 0}}; \
        for (int i = 0; i < (count); i++)          \
            result.lanes[i] = (value);             \
        result;                                    \
    })
#define V_LANES(lanes, value) V_LOOP(lanes, V_COUNT(lanes), value)
#define V_HALF(lanes, value)  V_LOOP(lanes, V_COUNT(lanes) / 2, value)
#define V_PAIRS(lanes, value) V_LOOP(lanes, V_COUNT(lanes), value)
#define V_SPLAT(lanes, value) V_LANES(lanes, value)
/* Lanes from `from` on, to twice the width. */
#define V_WIDEN(wide, narrow, from, operand) \
    ({                                       \
        const union murre_v128 v = operand;  \
        V_LANES(wide, v.narrow[(from) + i]); \
    })
#define V_EXTMUL(wide, narrow, from)  V_OF(wide, V_WIDEN(wide, narrow, from, x).wide *V_WIDEN(wide, narrow, from, y).wide)
#define V_BETWEEN(value, least, most) ((value) < (least) ? (least) : (value) > (most) ? (most) : (value))
#define V_NARROW(lanes, wide, least, most)                                                                    \
    ({                                                                                                        \
        union murre_v128 result;                                                                              \
        for (int i = 0; i < V_COUNT(wide); i++) {                                                             \
            result.lanes[i] = (__typeof__(result.lanes[0]))V_BETWEEN(x.wide[i], least, most);                 \
            result.lanes[i + V_COUNT(wide)] = (__typeof__(result.lanes[0]))V_BETWEEN(y.wide[i], least, most); \
        }                                                                                                     \
        result;                                                                                               \
    })
/* The sum or difference wraps where the sign says so; then the limit on the side of x's sign. */
#define V_SATURATE(i, u, smallest, result, wrapped) \
    murre_v128_choose(V_OF(i, (wrapped) < 0), V_OF(u, V_OF(i, x.i < 0).u ^ (__typeof__(x.u[0]))~(smallest)), V_OF(u, result))
#define V_ADD_SAT_S(i, u, smallest) V_SATURATE(i, u, smallest, x.u + y.u, V_OF(u, ~(x.u ^ y.u) & (x.u ^ (x.u + y.u))).i)
#define V_SUB_SAT_S(i, u, smallest) V_SATURATE(i, u, smallest, x.u - y.u, V_OF(u, (x.u ^ y.u) & (x.u ^ (x.u - y.u))).i)
#define V_ADD_SAT_U(i, u)           V_OF(u, (x.u + y.u) | V_OF(i, (x.u + y.u) < x.u).u)
#define V_SUB_SAT_U(i, u)           V_OF(u, (x.u - y.u) & V_OF(i, x.u > y.u).u)
#define V_SIGN(u)                   V_SIGN_##u
#define V_SIGN_u32                  UINT32_C(0x80000000)
#define V_SIGN_u64                  UINT64_C(0x8000000000000000)

/* Bit by bit: mask ? yes : no. */
static inline union murre_v128 murre_v128_choose(union murre_v128 mask, union murre_v128 yes, union murre_v128 no) {
    return V_OF(u64, (mask.u64 & yes.u64) | (~mask.u64 & no.u64));
}
static inline uint32_t murre_v128_is_zero(union murre_v128 x) {
    return (x.u64[0] | x.u64[1]) == 0;
}

/* The smallest number stays what it is. */
#define ABS_OF(i, u)                                                        \
    static inline union murre_v128 murre_v128_abs_##i(union murre_v128 x) { \
        const union murre_v128 negative = V_OF(i, x.i < 0);                 \
        return V_OF(u, (x.u ^ negative.u) - negative.u);                    \
    }
ABS_OF(i8, u8)
ABS_OF(i16, u16)
ABS_OF(i32, u32)
ABS_OF(i64, u64)
#undef ABS_OF

/* The signs of eight lanes of a byte each, gathered by a product without carries. */
static inline uint32_t murre_signs_of_bytes(uint64_t bytes) {
    return (uint32_t)(((bytes >> 7 & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080)) >> 56);
}
static inline uint32_t murre_v128_bitmask_u8(union murre_v128 x) {
    return murre_signs_of_bytes(x.u64[0]) | murre_signs_of_bytes(x.u64[1]) << 8;
}
static inline uint32_t murre_v128_bitmask_u16(union murre_v128 x) {
    uint32_t mask = 0;
    for (int i = 0; i < 8; i++)
        mask |= (uint32_t)(x.u16[i] >> 15) << i;
    return mask;
}
static inline uint32_t murre_v128_bitmask_u32(union murre_v128 x) {
    return x.u32[0] >> 31 | x.u32[1] >> 31 << 1 | x.u32[2] >> 31 << 2 | x.u32[3] >> 31 << 3;
}
static inline uint32_t murre_v128_bitmask_u64(union murre_v128 x) {
    return (uint32_t)(x.u64[0] >> 63 | x.u64[1] >> 63 << 1);
}

static inline union murre_v128 murre_v128_popcnt(union murre_v128 x) {
    x.u8 -= x.u8 >> 1 & 0x55;
    x.u8 = (x.u8 & 0x33) + (x.u8 >> 2 & 0x33);
    return V_OF(u8, (x.u8 + (x.u8 >> 4)) & 0x0f);
}
static inline union murre_v128 murre_v128_swizzle(union murre_v128 x, union murre_v128 y) {
    return V_LANES(u8, y.u8[i] < 16 ? x.u8[y.u8[i] & 15] : 0);
}
/* bytes: sixteen, each below 32. */
static inline union murre_v128 murre_v128_shuffle(union murre_v128 x, union murre_v128 y, const uint8_t *bytes) {
    uint8_t both[32];
    memcpy(both, &x, 16);
    memcpy(both + 16, &y, 16);
    return V_LANES(u8, both[bytes[i] & 31]);
}
static inline int16_t murre_q15mulr_sat(int16_t x, int16_t y) {
    int32_t product = (x * y + 0x4000) >> 15;
    return (int16_t)(product > INT16_MAX ? INT16_MAX : product);
}
static inline union murre_v128 murre_v128_dot8(union murre_v128 x, union murre_v128 y) {
    return V_PAIRS(i16, (int16_t)(x.i8[2 * i] * y.i8[2 * i] + x.i8[2 * i + 1] * y.i8[2 * i + 1]));
}
static inline union murre_v128 murre_v128_dot8_add(union murre_v128 a, union murre_v128 b, union murre_v128 z) {
    const union murre_v128 x = murre_v128_dot8(a, b);
    return V_LANES(u32, (uint32_t)(x.i16[2 * i] + x.i16[2 * i + 1]) + z.u32[i]);
}
static inline float murre_sqrt_f32(float x) {
    return __builtin_sqrtf(x);
}
static inline double murre_sqrt_f64(double x) {
    return __builtin_sqrt(x);
}
static inline float murre_fma_f32(float x, float y, float z) {
    return murre_arch_fma_f32(x, y, z);
}
static inline double murre_fma_f64(double x, double y, double z) {
    return murre_arch_fma_f64(x, y, z);
}
/* Of a NaN the sign stays. */
static inline float murre_fnma_f32(float x, float y, float z) {
    return murre_arch_fma_f32(x == x ? -x : x, y, z);
}
static inline double murre_fnma_f64(double x, double y, double z) {
    return murre_arch_fma_f64(x == x ? -x : x, y, z);
}

/* ---- the instructions -------------------------------------------------------------------------------------------------- */

#define VECTOR_UNARY(id, expr)                                             \
    static inline union murre_v128 murre_vector_##id(union murre_v128 x) { \
        return expr;                                                       \
    }
#define VECTOR_BINARY(id, expr)                                                                \
    static inline union murre_v128 murre_vector_##id(union murre_v128 x, union murre_v128 y) { \
        return expr;                                                                           \
    }
#define VECTOR_TERNARY(id, expr)                                                                                   \
    static inline union murre_v128 murre_vector_##id(union murre_v128 x, union murre_v128 y, union murre_v128 z) { \
        return expr;                                                                                               \
    }
#define VECTOR_SHIFT(id, expr)                                                         \
    static inline union murre_v128 murre_vector_##id(union murre_v128 x, uint32_t n) { \
        return expr;                                                                   \
    }
#define VECTOR_TEST(id, expr)                                      \
    static inline uint32_t murre_vector_##id(union murre_v128 x) { \
        return expr;                                               \
    }
#define V_TYPE_u8  uint8_t
#define V_TYPE_u16 uint16_t
#define V_TYPE_u32 uint32_t
#define V_TYPE_i32 int32_t
#define V_TYPE_u64 uint64_t
#define V_TYPE_f32 float
#define V_TYPE_f64 double
#define VECTOR_SPLAT(id, type, expr)                                    \
    static inline union murre_v128 murre_vector_##id(V_TYPE_##type n) { \
        return expr;                                                    \
    }
#define VECTOR_EXTRACT(id, type, lanes)                                                \
    static inline V_TYPE_##type murre_vector_##id(union murre_v128 x, unsigned lane) { \
        return (V_TYPE_##type)x.lanes[lane & (V_COUNT(lanes) - 1)];                    \
    }
#define VECTOR_REPLACE(id, type, lanes)                                                                    \
    static inline union murre_v128 murre_vector_##id(union murre_v128 x, V_TYPE_##type n, unsigned lane) { \
        x.lanes[lane & (V_COUNT(lanes) - 1)] = (__typeof__(x.lanes[0]))n;                                  \
        return x;                                                                                          \
    }
/* from: the bytes in memory that the instruction's access has (murre_op_access_size). */
#define VECTOR_LOAD(id, memory, expr)                                    \
    static inline union murre_v128 murre_vector_##id(const void *from) { \
        V_TYPE_##memory n;                                               \
        memcpy(&n, from, sizeof n);                                      \
        return expr;                                                     \
    }
#define VECTOR_LOAD_LANE(id, lanes)                                                                         \
    static inline union murre_v128 murre_vector_##id(const void *from, union murre_v128 x, unsigned lane) { \
        V_TYPE_##lanes n;                                                                                   \
        memcpy(&n, from, sizeof n);                                                                         \
        x.lanes[lane & (V_COUNT(lanes) - 1)] = n;                                                           \
        return x;                                                                                           \
    }
#define VECTOR_STORE_LANE(id, lanes)                                                    \
    static inline void murre_vector_##id(void *to, union murre_v128 x, unsigned lane) { \
        V_TYPE_##lanes n = x.lanes[lane & (V_COUNT(lanes) - 1)];                        \
        memcpy(to, &n, sizeof n);                                                       \
    }
#include "runtime/vector.def"

static inline union murre_v128 murre_vector_V128_LOAD(const void *from) {
    return murre_v128_load(from);
}

#endif
