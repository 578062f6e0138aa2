/* The Mandelbrot set in float, four points at once, until all four have left. */
#define KERNEL_REPEATS 36
#include "vec.h"

enum { WIDTH = 256, HEIGHT = 192, LIMIT = 200 };

static void kernel_setup(void) {
}

static float real_of(int x) {
    return (float)x * (3.0f / WIDTH) - 2.25f;
}

#ifdef VECTOR
NOINLINE static void four(int x, float ci, int32_t *counts) {
    const f32x4 cr = {real_of(x), real_of(x + 1), real_of(x + 2), real_of(x + 3)};
    f32x4 zr = splat_f32(0), zi = zr;
    i32x4 count = {0};
    for (int n = 0; n < LIMIT; n++) {
        f32x4 r2 = zr * zr, i2 = zi * zi;
        i32x4 inside = (i32x4)(r2 + i2 <= splat_f32(4));
        if (!any_bit((u8x16)inside))
            break;
        count -= inside;
        /* A point that has left stays where it was. */
        f32x4 product = zr * zi;
        zi = (f32x4)select_bits((u8x16)inside, (u8x16)(product + product + splat_f32(ci)), (u8x16)zi);
        zr = (f32x4)select_bits((u8x16)inside, (u8x16)(r2 - i2 + cr), (u8x16)zr);
    }
    STORE(counts, count);
}
#else
NOINLINE static void four(int x, float ci, int32_t *counts) {
    for (int lane = 0; lane < 4; lane++) {
        float cr = real_of(x + lane), zr = 0, zi = 0;
        int n = 0;
        for (; n < LIMIT; n++) {
            float r2 = zr * zr, i2 = zi * zi;
            if (!(r2 + i2 <= 4))
                break;
            float product = zr * zi;
            zi = product + product + ci;
            zr = r2 - i2 + cr;
        }
        counts[lane] = n;
    }
}
#endif

static uint64_t kernel_run(unsigned repeat) {
    uint64_t sum = repeat;
    int32_t counts[4];
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x += 4) {
            four(x, (float)y * (2.5f / HEIGHT) - 1.25f, counts);
            for (int lane = 0; lane < 4; lane++)
                sum = mix_into(sum, (uint64_t)counts[lane]);
        }
    return sum;
}
