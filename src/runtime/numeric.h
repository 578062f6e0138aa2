/* The numeric instructions of the specification (4.3) whose meaning differs from C's operators, in C: for the interpreter, for helpers of
 * compiled code, and as the reference for tests of the compiler's instructions. Pure; no library calls; any thread.
 * NaN results are quiet; as in the specification, it is left open which operand's payload they have. */
#ifndef MURRE_RUNTIME_NUMERIC_H
#define MURRE_RUNTIME_NUMERIC_H

#include <stdbool.h>
#include <stdint.h>

static inline uint32_t murre_i32_clz(uint32_t x) {
    return x ? (uint32_t)__builtin_clz(x) : 32;
}
static inline uint32_t murre_i32_ctz(uint32_t x) {
    return x ? (uint32_t)__builtin_ctz(x) : 32;
}
static inline uint64_t murre_i64_clz(uint64_t x) {
    return x ? (uint64_t)__builtin_clzll(x) : 64;
}
static inline uint64_t murre_i64_ctz(uint64_t x) {
    return x ? (uint64_t)__builtin_ctzll(x) : 64;
}
/* In arithmetic: __builtin_popcount is a library call where the baseline has no such instruction. */
static inline uint64_t murre_i64_popcnt(uint64_t x) {
    x -= (x >> 1) & 0x5555555555555555u;
    x = (x & 0x3333333333333333u) + ((x >> 2) & 0x3333333333333333u);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (x * 0x0101010101010101u) >> 56;
}
static inline uint32_t murre_i32_popcnt(uint32_t x) {
    return (uint32_t)murre_i64_popcnt(x);
}
static inline uint32_t murre_i32_rotl(uint32_t x, uint32_t n) {
    return x << (n & 31) | x >> (-n & 31);
}
static inline uint32_t murre_i32_rotr(uint32_t x, uint32_t n) {
    return x >> (n & 31) | x << (-n & 31);
}
static inline uint64_t murre_i64_rotl(uint64_t x, uint64_t n) {
    return x << (n & 63) | x >> (-n & 63);
}
static inline uint64_t murre_i64_rotr(uint64_t x, uint64_t n) {
    return x >> (n & 63) | x << (-n & 63);
}
/* Divisions: the caller has made sure that they do not trap; MIN rem -1 is 0 here. */
static inline int32_t murre_i32_rem_s(int32_t x, int32_t y) {
    return y == -1 ? 0 : x % y;
}
static inline int64_t murre_i64_rem_s(int64_t x, int64_t y) {
    return y == -1 ? 0 : x % y;
}

/* ---- floats: min, max, rounding ---------------------------------------------------------------------------------- */

static inline uint32_t murre_f32_bits(float x) {
    union {
        float f;
        uint32_t u;
    } u = {.f = x};
    return u.u;
}
static inline float murre_f32_of_bits(uint32_t x) {
    union {
        uint32_t u;
        float f;
    } u = {.u = x};
    return u.f;
}
static inline uint64_t murre_f64_bits(double x) {
    union {
        double f;
        uint64_t u;
    } u = {.f = x};
    return u.u;
}
static inline double murre_f64_of_bits(uint64_t x) {
    union {
        uint64_t u;
        double f;
    } u = {.u = x};
    return u.f;
}

static inline float murre_f32_min(float x, float y) {
    if (x < y)
        return x;
    if (y < x)
        return y;
    return x == y ? murre_f32_of_bits(murre_f32_bits(x) | murre_f32_bits(y)) : x + y;
}
static inline float murre_f32_max(float x, float y) {
    if (x > y)
        return x;
    if (y > x)
        return y;
    return x == y ? murre_f32_of_bits(murre_f32_bits(x) & murre_f32_bits(y)) : x + y;
}
static inline double murre_f64_min(double x, double y) {
    if (x < y)
        return x;
    if (y < x)
        return y;
    return x == y ? murre_f64_of_bits(murre_f64_bits(x) | murre_f64_bits(y)) : x + y;
}
static inline double murre_f64_max(double x, double y) {
    if (x > y)
        return x;
    if (y > x)
        return y;
    return x == y ? murre_f64_of_bits(murre_f64_bits(x) & murre_f64_bits(y)) : x + y;
}

/* From 2^23 (2^52) on every value is whole. Zeros keep the sign of the operand. */
static inline float murre_f32_trunc(float x) {
    if (!(__builtin_fabsf(x) < 8388608.0f))
        return x == x ? x : x + x;
    return __builtin_copysignf((float)(int32_t)x, x);
}
static inline float murre_f32_floor(float x) {
    if (!(__builtin_fabsf(x) < 8388608.0f))
        return x == x ? x : x + x;
    float t = (float)(int32_t)x;
    return __builtin_copysignf(t > x ? t - 1 : t, x);
}
static inline float murre_f32_ceil(float x) {
    if (!(__builtin_fabsf(x) < 8388608.0f))
        return x == x ? x : x + x;
    float t = (float)(int32_t)x;
    return __builtin_copysignf(t < x ? t + 1 : t, x);
}
/* To the nearest, ties to even: what adding and subtracting 2^23 (2^52) does in the default rounding mode. */
static inline float murre_f32_nearest(float x) {
    if (!(__builtin_fabsf(x) < 8388608.0f))
        return x == x ? x : x + x;
    float big = __builtin_copysignf(8388608.0f, x);
    return __builtin_copysignf((x + big) - big, x);
}
static inline double murre_f64_trunc(double x) {
    if (!(__builtin_fabs(x) < 4503599627370496.0))
        return x == x ? x : x + x;
    return __builtin_copysign((double)(int64_t)x, x);
}
static inline double murre_f64_floor(double x) {
    if (!(__builtin_fabs(x) < 4503599627370496.0))
        return x == x ? x : x + x;
    double t = (double)(int64_t)x;
    return __builtin_copysign(t > x ? t - 1 : t, x);
}
static inline double murre_f64_ceil(double x) {
    if (!(__builtin_fabs(x) < 4503599627370496.0))
        return x == x ? x : x + x;
    double t = (double)(int64_t)x;
    return __builtin_copysign(t < x ? t + 1 : t, x);
}
static inline double murre_f64_nearest(double x) {
    if (!(__builtin_fabs(x) < 4503599627370496.0))
        return x == x ? x : x + x;
    double big = __builtin_copysign(4503599627370496.0, x);
    return __builtin_copysign((x + big) - big, x);
}

/* ---- floats to integers ------------------------------------------------------------------------------------------ */

/* True when truncation gives a value in range; else the instruction traps: MURRE_TRAP_INVALID_CONVERSION for NaN (x != x),
 * MURRE_TRAP_INTEGER_OVERFLOW for the others. The bounds are the next representable values outside. */
static inline bool murre_i32_f32_s_fits(float x) {
    return x >= -2147483648.0f && x < 2147483648.0f;
}
static inline bool murre_i32_f32_u_fits(float x) {
    return x > -1.0f && x < 4294967296.0f;
}
static inline bool murre_i64_f32_s_fits(float x) {
    return x >= -9223372036854775808.0f && x < 9223372036854775808.0f;
}
static inline bool murre_i64_f32_u_fits(float x) {
    return x > -1.0f && x < 18446744073709551616.0f;
}
static inline bool murre_i32_f64_s_fits(double x) {
    return x > -2147483649.0 && x < 2147483648.0;
}
static inline bool murre_i32_f64_u_fits(double x) {
    return x > -1.0 && x < 4294967296.0;
}
static inline bool murre_i64_f64_s_fits(double x) {
    return x >= -9223372036854775808.0 && x < 9223372036854775808.0;
}
static inline bool murre_i64_f64_u_fits(double x) {
    return x > -1.0 && x < 18446744073709551616.0;
}

/* Saturating: NaN is 0. */
static inline int32_t murre_i32_sat_f32_s(float x) {
    return murre_i32_f32_s_fits(x) ? (int32_t)x : x != x ? 0 : x < 0 ? INT32_MIN : INT32_MAX;
}
static inline uint32_t murre_i32_sat_f32_u(float x) {
    return murre_i32_f32_u_fits(x) ? (uint32_t)x : x > 0 ? UINT32_MAX : 0;
}
static inline int64_t murre_i64_sat_f32_s(float x) {
    return murre_i64_f32_s_fits(x) ? (int64_t)x : x != x ? 0 : x < 0 ? INT64_MIN : INT64_MAX;
}
static inline uint64_t murre_i64_sat_f32_u(float x) {
    return murre_i64_f32_u_fits(x) ? (uint64_t)x : x > 0 ? UINT64_MAX : 0;
}
static inline int32_t murre_i32_sat_f64_s(double x) {
    return murre_i32_f64_s_fits(x) ? (int32_t)x : x != x ? 0 : x < 0 ? INT32_MIN : INT32_MAX;
}
static inline uint32_t murre_i32_sat_f64_u(double x) {
    return murre_i32_f64_u_fits(x) ? (uint32_t)x : x > 0 ? UINT32_MAX : 0;
}
static inline int64_t murre_i64_sat_f64_s(double x) {
    return murre_i64_f64_s_fits(x) ? (int64_t)x : x != x ? 0 : x < 0 ? INT64_MIN : INT64_MAX;
}
static inline uint64_t murre_i64_sat_f64_u(double x) {
    return murre_i64_f64_u_fits(x) ? (uint64_t)x : x > 0 ? UINT64_MAX : 0;
}

#endif
