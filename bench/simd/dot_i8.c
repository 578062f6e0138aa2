/* Dot products of signed bytes, as a quantised network has them: a matrix of weights times a vector. */
#define KERNEL_REPEATS 5000
#include "vec.h"

enum { ROWS = 512, COLUMNS = 1024 };
static int8_t weights[ROWS][COLUMNS], input[COLUMNS];
static int32_t result[ROWS];

static void kernel_setup(void) {
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++)
            weights[i][j] = (int8_t)(random_u64() >> 37);
    for (int j = 0; j < COLUMNS; j++)
        input[j] = (int8_t)(random_u64() >> 37);
}

NOINLINE static int32_t dot(const int8_t *a, const int8_t *b) {
#ifdef VECTOR
    i32x4 low = {0}, high = {0};
    for (int j = 0; j < COLUMNS; j += 16) {
        i8x16 x = LOAD(i8x16, a + j), y = LOAD(i8x16, b + j);
        low += dot_i16(widen_low_i8(x), widen_low_i8(y));
        high += dot_i16(widen_high_i8(x), widen_high_i8(y));
    }
    low += high;
    return low[0] + low[1] + low[2] + low[3];
#else
    int32_t sum = 0;
    for (int j = 0; j < COLUMNS; j++)
        sum += a[j] * b[j];
    return sum;
#endif
}

static uint64_t kernel_run(unsigned repeat) {
    input[repeat % COLUMNS]++;
    uint64_t sum = 0;
    for (int i = 0; i < ROWS; i++)
        result[i] = dot(weights[i], input);
    for (int i = 0; i < ROWS; i += 3)
        sum = mix_into(sum, (uint32_t)result[i]);
    return sum;
}
