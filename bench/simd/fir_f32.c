/* A filter of finite impulse response over float samples: 32 taps, four outputs at once, unaligned loads. */
#define KERNEL_REPEATS 1500
#include "vec.h"

enum { SAMPLES = 1 << 15, TAPS = 32 };
static float in[SAMPLES + TAPS], out[SAMPLES], taps[TAPS];

static void kernel_setup(void) {
    for (int i = 0; i < SAMPLES + TAPS; i++)
        in[i] = (float)random_unit() * 2 - 1;
    for (int i = 0; i < TAPS; i++)
        taps[i] = (float)random_unit() / TAPS;
}

NOINLINE static void filter(void) {
#ifdef VECTOR
    for (int i = 0; i < SAMPLES; i += 8) {
        f32x4 low = splat_f32(0), high = low;
        for (int t = 0; t < TAPS; t++) {
            f32x4 tap = splat_f32(taps[t]);
            low += tap * LOAD(f32x4, in + i + t);
            high += tap * LOAD(f32x4, in + i + t + 4);
        }
        STORE(out + i, low);
        STORE(out + i + 4, high);
    }
#else
    for (int i = 0; i < SAMPLES; i += 2) {
        float low = 0, high = 0;
        for (int t = 0; t < TAPS; t++) {
            low += taps[t] * in[i + t];
            high += taps[t] * in[i + t + 1];
        }
        out[i] = low, out[i + 1] = high;
    }
#endif
}

static uint64_t kernel_run(unsigned repeat) {
    taps[repeat % TAPS] += 0x1p-10f;
    filter();
    uint64_t sum = 0;
    for (int i = 0; i < SAMPLES; i += 7)
        sum = mix_into(sum, double_bits((double)out[i]));
    return sum;
}
