/* Fused multiply-add: an instruction of every AArch64. */
#include "arch/arch.h"

float murre_arch_fma_f32(float x, float y, float z) {
    return __builtin_fmaf(x, y, z);
}
double murre_arch_fma_f64(double x, double y, double z) {
    return __builtin_fma(x, y, z);
}
float murre_arch_soft_fma_f32(float x, float y, float z) {
    return murre_arch_fma_f32(x, y, z);
}
double murre_arch_soft_fma_f64(double x, double y, double z) {
    return murre_arch_fma_f64(x, y, z);
}
