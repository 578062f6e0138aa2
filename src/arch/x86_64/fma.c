/* Fused multiply-add. Not the C library's: fma would need libm, the only function that does, and loading a library takes 5 % of a short run.
 *
 * Without the processor's instruction: the product is exact in a type of twice the width, the sum is rounded there to odd (inexact results get an odd last
 * bit), and the narrow type's own rounding then gives what a single one would, as the wide type has two bits more than it needs. */
#include <string.h>

#include "arch/arch.h"

__attribute__((target("fma"))) static float fused_f32(float x, float y, float z) {
    return __builtin_fmaf(x, y, z);
}
__attribute__((target("fma"))) static double fused_f64(double x, double y, double z) {
    return __builtin_fma(x, y, z);
}

float murre_arch_soft_fma_f32(float x, float y, float z) {
    const double product = (double)x * y, sum = product + z;
    if (sum - sum != 0) /* no number */
        return (float)sum;
    const double part = sum - product, error = (product - (sum - part)) + (z - part);
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    if (error != 0 && (bits & 1) == 0)
        bits += (error > 0) == (sum > 0) ? 1 : UINT64_MAX;
    double odd;
    memcpy(&odd, &bits, sizeof odd);
    return (float)odd;
}

double murre_arch_soft_fma_f64(double x, double y, double z) {
    const __float128 product = (__float128)x * y, sum = product + z;
    if (sum - sum != 0)
        return (double)sum;
    const __float128 part = sum - product, error = (product - (sum - part)) + (z - part);
    unsigned __int128 bits;
    memcpy(&bits, &sum, sizeof bits);
    if (error != 0 && (bits & 1) == 0)
        bits += (error > 0) == (sum > 0) ? 1 : ~(unsigned __int128)0;
    __float128 odd;
    memcpy(&odd, &bits, sizeof odd);
    return (double)odd;
}

float murre_arch_fma_f32(float x, float y, float z) {
    return murre_arch_features()->fma ? fused_f32(x, y, z) : murre_arch_soft_fma_f32(x, y, z);
}
double murre_arch_fma_f64(double x, double y, double z) {
    return murre_arch_features()->fma ? fused_f64(x, y, z) : murre_arch_soft_fma_f64(x, y, z);
}
