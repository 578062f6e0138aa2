/* memchr and strlen over lines of some dozens of bytes and over a long run. */
#define KERNEL_REPEATS 800
#include "vec.h"

enum { BYTES = 1 << 20 };
static uint8_t text[BYTES + 16];

static void kernel_setup(void) {
    for (int i = 0; i < BYTES; i++) {
        uint64_t r = random_u64() >> 20;
        text[i] = i < BYTES / 2 && r % 70 == 0 ? '\n' : (uint8_t)(' ' + r % 90);
    }
}

/* How far behind `p` the first such byte is; one is there. Reads up to 15 bytes behind it. */
NOINLINE static size_t find(const uint8_t *p, uint8_t wanted) {
#ifdef VECTOR
    for (size_t at = 0;; at += 16) {
        unsigned found = bitmask_u8((u8x16)(LOAD(u8x16, p + at) == splat_u8(wanted)));
        if (found)
            return at + (unsigned)__builtin_ctz(found);
    }
#else
    size_t at = 0;
    while (p[at] != wanted)
        at++;
    return at;
#endif
}

static uint64_t kernel_run(unsigned repeat) {
    uint64_t sum = repeat;
    size_t at = 0;
    text[BYTES - 1 - repeat] = 0;
    size_t length = find(text, 0);
    text[length - 1] = '\n';
    while (at < length) {
        size_t step = find(text + at, '\n');
        sum = sum * 31 + step;
        at += step + 1;
    }
    return mix_into(sum, length);
}
