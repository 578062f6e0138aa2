/* The dot products of dot_i8 with inputs of seven bits, by relaxed SIMD's dot product of bytes. Build: -mrelaxed-simd */
#define KERNEL_REPEATS 10000
#include "vec.h"

enum { ROWS = 512, COLUMNS = 1024 };
static int8_t weights[ROWS][COLUMNS], input[COLUMNS];
static int32_t result[ROWS];

static void kernel_setup(void) {
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++)
            weights[i][j] = (int8_t)(random_u64() >> 37);
    for (int j = 0; j < COLUMNS; j++)
        input[j] = (int8_t)(random_u64() >> 37 & 127);
}

NOINLINE static int32_t dot(const int8_t *a, const int8_t *b) {
#ifdef VECTOR
    i32x4 even = {0}, odd = {0};
    for (int j = 0; j < COLUMNS; j += 32) {
        even = relaxed_dot_add(LOAD(i8x16, a + j), LOAD(i8x16, b + j), even);
        odd = relaxed_dot_add(LOAD(i8x16, a + j + 16), LOAD(i8x16, b + j + 16), odd);
    }
    even += odd;
    return even[0] + even[1] + even[2] + even[3];
#else
    int32_t sum = 0;
    for (int j = 0; j < COLUMNS; j++)
        sum += a[j] * b[j];
    return sum;
#endif
}

static uint64_t kernel_run(unsigned repeat) {
    input[repeat % COLUMNS] ^= 5;
    uint64_t sum = 0;
    for (int i = 0; i < ROWS; i++)
        result[i] = dot(weights[i], input);
    for (int i = 0; i < ROWS; i += 3)
        sum = mix_into(sum, (uint32_t)result[i]);
    return sum;
}
