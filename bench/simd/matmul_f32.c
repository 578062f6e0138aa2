/* A product of float matrices, four columns at once. */
#define KERNEL_REPEATS 60
#include "vec.h"

enum { N = 256 };
static float a[N][N], b[N][N], c[N][N];

static void kernel_setup(void) {
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i][j] = (float)random_unit() - 0.5f;
            b[i][j] = (float)random_unit() - 0.5f;
        }
}

#ifdef VECTOR
NOINLINE static void row(int i) {
    for (int j = 0; j < N; j += 16) {
        f32x4 s0 = splat_f32(0), s1 = s0, s2 = s0, s3 = s0;
        for (int k = 0; k < N; k++) {
            f32x4 x = splat_f32(a[i][k]);
            s0 += x * LOAD(f32x4, &b[k][j]);
            s1 += x * LOAD(f32x4, &b[k][j + 4]);
            s2 += x * LOAD(f32x4, &b[k][j + 8]);
            s3 += x * LOAD(f32x4, &b[k][j + 12]);
        }
        STORE(&c[i][j], s0);
        STORE(&c[i][j + 4], s1);
        STORE(&c[i][j + 8], s2);
        STORE(&c[i][j + 12], s3);
    }
}
#else
NOINLINE static void row(int i) {
    for (int j = 0; j < N; j += 4) {
        float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        for (int k = 0; k < N; k++) {
            float x = a[i][k];
            s0 += x * b[k][j];
            s1 += x * b[k][j + 1];
            s2 += x * b[k][j + 2];
            s3 += x * b[k][j + 3];
        }
        c[i][j] = s0, c[i][j + 1] = s1, c[i][j + 2] = s2, c[i][j + 3] = s3;
    }
}
#endif

static uint64_t kernel_run(unsigned repeat) {
    a[repeat % N][repeat * 7 % N] += 0.25f;
    uint64_t sum = 0;
    for (int i = 0; i < N; i++)
        row(i);
    for (int i = 0; i < N; i++)
        for (int j = i % 3; j < N; j += 3)
            sum = mix_into(sum, double_bits((double)c[i][j]));
    return sum;
}
