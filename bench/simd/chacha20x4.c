/* ChaCha20 (RFC 8439), four blocks at once: a lane for each; rotations by 16 and 8 move bytes, the others shift. */
#define KERNEL_REPEATS 270
#include "vec.h"

enum { BYTES = 1 << 20, ROUNDS = 20 };
static uint32_t stream[BYTES / 4];

static void kernel_setup(void) {
}

#ifdef VECTOR
typedef u32x4 word;
#define ROTATE_16(x) (word) __builtin_shufflevector((u8x16)(x), (u8x16)(x), 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)
#define ROTATE_8(x)  (word) __builtin_shufflevector((u8x16)(x), (u8x16)(x), 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14)
enum { AT_ONCE = 4 };
#else
typedef uint32_t word;
#define ROTATE_16(x) ROTATE(x, 16)
#define ROTATE_8(x)  ROTATE(x, 8)
enum { AT_ONCE = 1 };
#endif
#define ROTATE(x, n) ((x) << (n) | (x) >> (32 - (n)))

#define QUARTER(a, b, c, d)                \
    do {                                   \
        a += b, d ^= a, d = ROTATE_16(d);  \
        c += d, b ^= c, b = ROTATE(b, 12); \
        a += b, d ^= a, d = ROTATE_8(d);   \
        c += d, b ^= c, b = ROTATE(b, 7);  \
    } while (0)

/* `start` has sixteen words, `out` takes AT_ONCE blocks of sixteen. */
NOINLINE static void blocks(uint32_t *out, const word *start) {
    word x0 = start[0], x1 = start[1], x2 = start[2], x3 = start[3], x4 = start[4], x5 = start[5], x6 = start[6], x7 = start[7];
    word x8 = start[8], x9 = start[9], x10 = start[10], x11 = start[11], x12 = start[12], x13 = start[13], x14 = start[14], x15 = start[15];
    for (int i = 0; i < ROUNDS; i += 2) {
        QUARTER(x0, x4, x8, x12);
        QUARTER(x1, x5, x9, x13);
        QUARTER(x2, x6, x10, x14);
        QUARTER(x3, x7, x11, x15);
        QUARTER(x0, x5, x10, x15);
        QUARTER(x1, x6, x11, x12);
        QUARTER(x2, x7, x8, x13);
        QUARTER(x3, x4, x9, x14);
    }
    word x[16] = {x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15};
#ifdef VECTOR
    for (int i = 0; i < 16; i += 4) {
        word a = x[i] + start[i], b = x[i + 1] + start[i + 1], c = x[i + 2] + start[i + 2], d = x[i + 3] + start[i + 3];
        word ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
        word ef = __builtin_shufflevector(a, b, 2, 6, 3, 7), gh = __builtin_shufflevector(c, d, 2, 6, 3, 7);
        STORE(out + i, (word)__builtin_shufflevector(ab, cd, 0, 1, 4, 5));
        STORE(out + 16 + i, (word)__builtin_shufflevector(ab, cd, 2, 3, 6, 7));
        STORE(out + 32 + i, (word)__builtin_shufflevector(ef, gh, 0, 1, 4, 5));
        STORE(out + 48 + i, (word)__builtin_shufflevector(ef, gh, 2, 3, 6, 7));
    }
#else
    for (int i = 0; i < 16; i++)
        out[i] = x[i] + start[i];
#endif
}

static uint64_t kernel_run(unsigned repeat) {
    word start[16];
    for (uint32_t i = 0; i < 16; i++)
        start[i] = (word){0} + (i < 4 ? 0x61707865u + i : 0x01020304u * i + repeat);
    for (uint32_t block = 0; block < BYTES / 64; block += AT_ONCE) {
#ifdef VECTOR
        start[12] = (word){block, block + 1, block + 2, block + 3};
#else
        start[12] = block;
#endif
        blocks(stream + block * 16, start);
    }
    uint64_t sum = 0;
    for (uint32_t i = 0; i < BYTES / 4; i += 61)
        sum = mix_into(sum, stream[i]);
    return sum;
}
