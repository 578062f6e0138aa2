/* Whether bytes are UTF-8: runs of ASCII by sixteen; elsewhere three tables looked up by nibbles say which pairs cannot be. */
#define KERNEL_REPEATS 220
#include "vec.h"

enum { BYTES = 1 << 20 };
static uint8_t text[16 + BYTES + 16]; /* with zeros before and behind */

static void kernel_setup(void) {
    static const char *const pieces[] = {"plain words of seven bits, as most text is made of them. ", "\xc3\xa9t\xc3\xa9 na\xc3\xafve ",
                                         "\xe6\xb0\xb4\xe3\x81\xae\xe6\xb5\x81\xe3\x82\x8c", "\xf0\x9f\x98\x80\xf0\x9f\x9a\x80 ",
                                         "\xd0\xb4\xd0\xbe\xd0\xbc "};
    size_t at = 0;
    for (;;) {
        const char *piece = pieces[random_u64() % 5];
        size_t length = strlen(piece);
        if (at + length > BYTES)
            break;
        memcpy(text + 16 + at, piece, length);
        at += length;
    }
}

#ifdef VECTOR
/* What is wrong with a pair of bytes, one bit each; a pair is wrong where all three tables have the bit. The last is not
 * wrong by itself: it must agree with what the bytes two and three before ask for. */
enum { SHORT = 1, LONG = 2, OVERLONG_3 = 4, TOO_BIG = 8, SURROGATE = 16, OVERLONG_2 = 32, BIG_OR_OVERLONG_4 = 64, TWO_CONTINUE = 128 };

static u8x16 before(u8x16 now, u8x16 previous, int n) {
    switch (n) {
    case 1: return __builtin_shufflevector(previous, now, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
    case 2: return __builtin_shufflevector(previous, now, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
    default: return __builtin_shufflevector(previous, now, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28);
    }
}

static inline u8x16 wrong_in(u8x16 now, u8x16 previous) {
    enum { CARRY = SHORT | LONG | TWO_CONTINUE };
    const u8x16 first_high = {LONG,
                              LONG,
                              LONG,
                              LONG,
                              LONG,
                              LONG,
                              LONG,
                              LONG,
                              TWO_CONTINUE,
                              TWO_CONTINUE,
                              TWO_CONTINUE,
                              TWO_CONTINUE,
                              SHORT | OVERLONG_2,
                              SHORT,
                              SHORT | OVERLONG_3 | SURROGATE,
                              SHORT | TOO_BIG | BIG_OR_OVERLONG_4};
    enum { BIG = CARRY | TOO_BIG | BIG_OR_OVERLONG_4 };
    const u8x16 first_low = {CARRY | OVERLONG_3 | OVERLONG_2 | BIG_OR_OVERLONG_4,
                             CARRY | OVERLONG_2,
                             CARRY,
                             CARRY,
                             CARRY | TOO_BIG,
                             BIG,
                             BIG,
                             BIG,
                             BIG,
                             BIG,
                             BIG,
                             BIG,
                             BIG,
                             BIG | SURROGATE,
                             BIG,
                             BIG};
    enum { AFTER = LONG | OVERLONG_2 | TWO_CONTINUE };
    const u8x16 second_high = {SHORT,
                               SHORT,
                               SHORT,
                               SHORT,
                               SHORT,
                               SHORT,
                               SHORT,
                               SHORT,
                               AFTER | OVERLONG_3 | BIG_OR_OVERLONG_4,
                               AFTER | OVERLONG_3 | TOO_BIG,
                               AFTER | SURROGATE | TOO_BIG,
                               AFTER | SURROGATE | TOO_BIG,
                               SHORT,
                               SHORT,
                               SHORT,
                               SHORT};
    u8x16 first = before(now, previous, 1);
    u8x16 pairs = lookup(first_high, first >> 4) & lookup(first_low, first & splat_u8(15)) & lookup(second_high, now >> 4);
    u8x16 third = subtract_saturated_u8(before(now, previous, 2), splat_u8(0xe0 - 0x80));
    u8x16 fourth = subtract_saturated_u8(before(now, previous, 3), splat_u8(0xf0 - 0x80));
    return ((third | fourth) & splat_u8(0x80)) ^ pairs;
}

NOINLINE static int valid(void) {
    u8x16 wrong = splat_u8(0), previous = splat_u8(0);
    for (size_t at = 0; at < BYTES + 16; at += 16) {
        u8x16 now = LOAD(u8x16, text + 16 + at);
        if (bitmask_u8((u8x16)((i8x16)(now | previous) < 0)))
            wrong |= wrong_in(now, previous);
        previous = now;
    }
    return !any_bit(wrong);
}
#else
NOINLINE static int valid(void) {
    const uint8_t *p = text + 16, *end = p + BYTES + 16;
    while (p < end) {
        unsigned c = *p++, more, low = 0x80, high = 0xbf;
        if (c < 0x80)
            continue;
        if (c < 0xc2 || c > 0xf4)
            return 0;
        more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
        if (c == 0xe0)
            low = 0xa0;
        else if (c == 0xed)
            high = 0x9f;
        else if (c == 0xf0)
            low = 0x90;
        else if (c == 0xf4)
            high = 0x8f;
        for (; more; more--, low = 0x80, high = 0xbf, p++)
            if (p == end || *p < low || *p > high)
                return 0;
    }
    return 1;
}
#endif

/* Each repeat checks the text as it is, then with a byte changed late in it. */
static uint64_t kernel_run(unsigned repeat) {
    uint64_t sum = mix_into(repeat, (uint64_t)valid());
    uint64_t random = random_u64();
    size_t at = 16 + BYTES - 1 - random % 4096;
    uint8_t kept = text[at];
    text[at] = (uint8_t)(random >> 32);
    sum = mix_into(sum, (uint64_t)valid());
    text[at] = kept;
    return sum;
}
