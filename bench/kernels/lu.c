/* LU decomposition in place, without pivoting: shrinking triangular loops. */
#define KERNEL_REPEATS 50
#include "kernel.h"

enum { N = 300 };
static double original[N][N], a[N][N];

static void kernel_setup(void) {
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++)
            original[i][j] = random_unit() + (i == j ? N : 0);
    }
}

NOINLINE static void decompose(void) {
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < i; j++) {
            for (int k = 0; k < j; k++)
                a[i][j] -= a[i][k] * a[k][j];
            a[i][j] /= a[j][j];
        }
        for (int j = i; j < N; j++) {
            for (int k = 0; k < i; k++)
                a[i][j] -= a[i][k] * a[k][j];
        }
    }
}

static uint64_t kernel_run(unsigned repeat) {
    memcpy(a, original, sizeof a);
    a[0][0] += repeat;
    decompose();
    uint64_t sum = 0;
    for (int i = 0; i < N; i++)
        sum = mix_into(sum, double_bits(a[i][N - 1 - i]));
    return sum;
}
