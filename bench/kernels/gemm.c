/* C = alpha A B + beta C in the order i, k, j, as PolyBench has it: contiguous rows, a scaled row added to another. */
#define KERNEL_REPEATS 100
#include "kernel.h"

enum { NI = 200, NJ = 220, NK = 240 };
static double a[NI][NK], b[NK][NJ], c[NI][NJ];

static void kernel_setup(void) {
    for (int i = 0; i < NI; i++) {
        for (int k = 0; k < NK; k++)
            a[i][k] = (double)(i * (k + 1) % NK) / NK;
    }
    for (int k = 0; k < NK; k++) {
        for (int j = 0; j < NJ; j++)
            b[k][j] = (double)(k * (j + 2) % NJ) / NJ;
    }
}

NOINLINE static void gemm(double alpha, double beta) {
    for (int i = 0; i < NI; i++) {
        for (int j = 0; j < NJ; j++)
            c[i][j] *= beta;
        for (int k = 0; k < NK; k++) {
            for (int j = 0; j < NJ; j++)
                c[i][j] += alpha * a[i][k] * b[k][j];
        }
    }
}

static uint64_t kernel_run(unsigned repeat) {
    gemm(1.5, 0.5 + 0.01 * (double)repeat);
    uint64_t sum = 0;
    for (int i = 0; i < NI; i++)
        sum = mix_into(sum, double_bits(c[i][i]));
    return sum;
}
