/* Textbook matrix product of doubles, inner loop over a column: loads that stride, one sum in a register. */
#define KERNEL_REPEATS 18
#include "kernel.h"

enum { N = 256 };
static double a[N][N], b[N][N], c[N][N];

static void kernel_setup(void) {
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            a[i][j] = random_unit() - 0.5;
            b[i][j] = random_unit() - 0.5;
        }
    }
}

static uint64_t kernel_run(unsigned repeat) {
    a[repeat % N][0] += 0.25;
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int k = 0; k < N; k++)
                sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
    }
    uint64_t sum = 0;
    for (int i = 0; i < N; i++)
        sum = mix_into(sum, double_bits(c[i][(i + (int)repeat) % N]));
    return sum;
}
