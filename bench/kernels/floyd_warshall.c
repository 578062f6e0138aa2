/* All shortest paths of a dense graph: a triple loop with a minimum of integers. */
#define KERNEL_REPEATS 14
#include "kernel.h"

enum { N = 320 };
static int32_t edges[N][N], paths[N][N];

static void kernel_setup(void) {
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++)
            edges[i][j] = i == j ? 0 : 1 + (int32_t)(random_u64() % 1000);
    }
}

NOINLINE static void shorten(void) {
    for (int k = 0; k < N; k++) {
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++) {
                int32_t via = paths[i][k] + paths[k][j];
                paths[i][j] = paths[i][j] < via ? paths[i][j] : via;
            }
        }
    }
}

static uint64_t kernel_run(unsigned repeat) {
    memcpy(paths, edges, sizeof paths);
    paths[0][1] += (int32_t)repeat;
    shorten();
    uint64_t sum = 0;
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++)
            sum = sum * 33 + (uint64_t)paths[i][j];
    }
    return sum;
}
