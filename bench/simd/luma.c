/* Brightness of planar colours in bytes, and its minimum and maximum: plain C that compilers turn into vectors themselves. */
#define KERNEL_REPEATS 2000
#include "../kernels/kernel.h"

enum { N = 1 << 18 };
static uint8_t red[N], green[N], blue[N], grey[N];

static void kernel_setup(void) {
    for (int i = 0; i < N; i++) {
        red[i] = (uint8_t)(random_u64() >> 33);
        green[i] = (uint8_t)(random_u64() >> 33);
        blue[i] = (uint8_t)(random_u64() >> 33);
    }
}

NOINLINE static void luma(const uint8_t *restrict r, const uint8_t *restrict g, const uint8_t *restrict b, uint8_t *restrict to) {
    for (int i = 0; i < N; i++)
        to[i] = (uint8_t)((uint16_t)(77 * r[i] + 150 * g[i] + 29 * b[i] + 127) >> 8);
}

NOINLINE static unsigned range(const uint8_t *from) {
    uint8_t low = 255, high = 0;
    for (int i = 0; i < N; i++) {
        low = from[i] < low ? from[i] : low;
        high = from[i] > high ? from[i] : high;
    }
    return (unsigned)high << 8 | low;
}

static uint64_t kernel_run(unsigned repeat) {
    memset(green + repeat % 200 * 1024, (int)(repeat * 3), 1024);
    luma(red, green, blue, grey);
    uint64_t sum = range(grey);
    for (int i = 0; i < N; i += 41)
        sum = mix_into(sum, grey[i]);
    return sum;
}
