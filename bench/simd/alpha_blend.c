/* Pixels of four bytes drawn over others with one alpha for each: d += (s - d) a / 255, rounded. */
#define KERNEL_REPEATS 720
#include "vec.h"

enum { PIXELS = 1 << 17 };
static uint8_t source[PIXELS * 4], target[PIXELS * 4];

static void kernel_setup(void) {
    for (int i = 0; i < PIXELS * 4; i++) {
        source[i] = (uint8_t)(random_u64() >> 30);
        target[i] = (uint8_t)(random_u64() >> 30);
    }
}

#ifdef VECTOR
/* x/255, rounded, of a product of two bytes. */
static inline u16x8 divide_255(u16x8 x) {
    x += splat_u16(128);
    return (x + (x >> 8)) >> 8;
}

NOINLINE static void blend(void) {
    const u8x16 alphas = {3, 3, 3, 3, 7, 7, 7, 7, 11, 11, 11, 11, 15, 15, 15, 15};
    for (size_t i = 0; i < sizeof target; i += 16) {
        u8x16 s = LOAD(u8x16, source + i), d = LOAD(u8x16, target + i), a = lookup(s, alphas), rest = ~a;
        u16x8 low = divide_255(widen_low_u8(s) * widen_low_u8(a) + widen_low_u8(d) * widen_low_u8(rest));
        u16x8 high = divide_255(widen_high_u8(s) * widen_high_u8(a) + widen_high_u8(d) * widen_high_u8(rest));
        STORE(target + i, narrow_u8((i16x8)low, (i16x8)high));
    }
}
#else
NOINLINE static void blend(void) {
    for (size_t i = 0; i < sizeof target; i += 4) {
        unsigned a = source[i + 3];
        for (size_t k = 0; k < 4; k++) {
            unsigned x = source[i + k] * a + target[i + k] * (255 - a) + 128;
            target[i + k] = (uint8_t)((x + (x >> 8)) >> 8);
        }
    }
}
#endif

static uint64_t kernel_run(unsigned repeat) {
    memset(source + repeat % 64 * 1024, (int)repeat * 5, 1024);
    blend();
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof target; i += 97)
        sum = mix_into(sum, target[i]);
    return sum;
}
