/* Base64: twelve bytes become sixteen characters. */
#define KERNEL_REPEATS 480
#include "vec.h"

enum { BYTES = 3 << 18, CHARS = BYTES / 3 * 4 };
static uint8_t in[BYTES + 4];
static uint8_t out[CHARS];

static void kernel_setup(void) {
    for (int i = 0; i < BYTES; i++)
        in[i] = (uint8_t)(random_u64() >> 40);
}

#ifdef VECTOR
NOINLINE static void encode(void) {
    /* Each lane of 32 bits takes three bytes, the first highest; then six bits go to each byte, the first lowest. */
    const u8x16 spread = {2, 1, 0, 255, 5, 4, 3, 255, 8, 7, 6, 255, 11, 10, 9, 255};
    /* What a number needs to become its character, by class: 'a'-26 for class 0, '0'-52 for 1 to 10, '+'-62, '/'-63, 'A'. */
    const u8x16 offsets = {71, 252, 252, 252, 252, 252, 252, 252, 252, 252, 252, 237, 240, 65, 0, 0};
    for (size_t i = 0, o = 0; i < BYTES; i += 12, o += 16) {
        u32x4 x = (u32x4)lookup(LOAD(u8x16, in + i), spread);
        u32x4 six = (x >> 18 & splat_u32(63)) | (x >> 4 & splat_u32(63u << 8)) | (x << 10 & splat_u32(63u << 16)) |
                    (x << 24 & splat_u32(63u << 24));
        u8x16 numbers = (u8x16)six;
        u8x16 class = subtract_saturated_u8(numbers, splat_u8(51));
        class |= (u8x16)(numbers < splat_u8(26)) & splat_u8(13);
        STORE(out + o, numbers + lookup(offsets, class));
    }
}
#else
NOINLINE static void encode(void) {
    static const char table[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0, o = 0; i < BYTES; i += 3, o += 4) {
        unsigned x = (unsigned)in[i] << 16 | (unsigned)in[i + 1] << 8 | in[i + 2];
        out[o] = (uint8_t)table[x >> 18];
        out[o + 1] = (uint8_t)table[x >> 12 & 63];
        out[o + 2] = (uint8_t)table[x >> 6 & 63];
        out[o + 3] = (uint8_t)table[x & 63];
    }
}
#endif

static uint64_t kernel_run(unsigned repeat) {
    in[repeat * 31 % BYTES]++;
    encode();
    uint64_t sum = 0, word;
    for (size_t i = 0; i < CHARS; i += 136) {
        memcpy(&word, out + i, sizeof word);
        sum = mix_into(sum, word);
    }
    return sum;
}
