/* Levinson–Durbin recursion: a reduction, a reversed walk and a copy, each too short to hide its overhead. */
#define KERNEL_REPEATS 80
#include "kernel.h"

enum { N = 2400 };
static double r[N], y[N], z[N];

static void kernel_setup(void) {
    for (int i = 0; i < N; i++)
        r[i] = 1.0 / (i + 2) + 1e-4 * random_unit();
}

NOINLINE static void durbin(void) {
    double alpha = -r[0], beta = 1;
    y[0] = -r[0];
    for (int k = 1; k < N; k++) {
        beta = (1 - alpha * alpha) * beta;
        double sum = 0;
        for (int i = 0; i < k; i++)
            sum += r[k - i - 1] * y[i];
        alpha = -(r[k] + sum) / beta;
        for (int i = 0; i < k; i++)
            z[i] = y[i] + alpha * y[k - i - 1];
        for (int i = 0; i < k; i++)
            y[i] = z[i];
        y[k] = alpha;
    }
}

static uint64_t kernel_run(unsigned repeat) {
    r[repeat % N] += 1e-5;
    durbin();
    uint64_t sum = 0;
    for (int i = 0; i < N; i += 7)
        sum = mix_into(sum, double_bits(y[i]));
    return sum;
}
