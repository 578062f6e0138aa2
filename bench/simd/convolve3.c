/* A 3×3 convolution over bytes with weights 1 2 1, 2 4 2, 1 2 1: unaligned loads, widening, narrowing. */
#define KERNEL_REPEATS 480
#include "vec.h"

enum { WIDTH = 1024, HEIGHT = 512, STRIDE = WIDTH + 32 };
static uint8_t image[HEIGHT + 2][STRIDE], out[HEIGHT][WIDTH];

static void kernel_setup(void) {
    for (int y = 0; y < HEIGHT + 2; y++)
        for (int x = 0; x < STRIDE; x++)
            image[y][x] = (uint8_t)(random_u64() >> 50);
}

#ifdef VECTOR
static inline u16x8 column_low(u8x16 a, u8x16 b, u8x16 c) {
    return widen_low_u8(a) + (widen_low_u8(b) << 1) + widen_low_u8(c);
}

static inline u16x8 column_high(u8x16 a, u8x16 b, u8x16 c) {
    return widen_high_u8(a) + (widen_high_u8(b) << 1) + widen_high_u8(c);
}

NOINLINE static void row(int y) {
    for (int x = 0; x < WIDTH; x += 16) {
        u16x8 low = splat_u16(8), high = low;
        for (int k = 0; k < 3; k++) {
            u8x16 a = LOAD(u8x16, &image[y][x + k]), b = LOAD(u8x16, &image[y + 1][x + k]), c = LOAD(u8x16, &image[y + 2][x + k]);
            low += column_low(a, b, c) << (k == 1);
            high += column_high(a, b, c) << (k == 1);
        }
        STORE(&out[y][x], narrow_u8((i16x8)(low >> 4), (i16x8)(high >> 4)));
    }
}
#else
NOINLINE static void row(int y) {
    for (int x = 0; x < WIDTH; x++) {
        unsigned sum = 8;
        for (int k = 0; k < 3; k++)
            sum += (image[y][x + k] + 2u * image[y + 1][x + k] + image[y + 2][x + k]) << (k == 1);
        out[y][x] = (uint8_t)(sum >> 4);
    }
}
#endif

static uint64_t kernel_run(unsigned repeat) {
    memset(&image[repeat % HEIGHT][100], (int)repeat, 50);
    for (int y = 0; y < HEIGHT; y++)
        row(y);
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof out; i += 61)
        sum = mix_into(sum, (&out[0][0])[i]);
    return sum;
}
