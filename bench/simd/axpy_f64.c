/* y += a x in double: plain C that compilers turn into vectors themselves. */
#define KERNEL_REPEATS 6000
#include "../kernels/kernel.h"

enum { N = 1 << 14, ROUNDS = 8 };
static double x[N], y[N];

static void kernel_setup(void) {
    for (int i = 0; i < N; i++) {
        x[i] = random_unit() - 0.5;
        y[i] = random_unit() - 0.5;
    }
}

NOINLINE static void axpy(double a, const double *restrict from, double *restrict to) {
    for (int i = 0; i < N; i++)
        to[i] += a * from[i];
}

static uint64_t kernel_run(unsigned repeat) {
    uint64_t sum = 0;
    for (int i = 0; i < ROUNDS; i++)
        axpy(1.0 / (double)(repeat + 2 + (unsigned)i), x, y);
    for (int i = 0; i < N; i += 37)
        sum = mix_into(sum, double_bits(y[i]));
    return sum;
}
