/* The first pass of a JSON reader: where structural characters stand outside strings, as bits of blocks of 16 bytes. */
#define KERNEL_REPEATS 180
#include "vec.h"

enum { BYTES = 1 << 20 };
static uint8_t text[BYTES];

static void kernel_setup(void) {
    static const char *const pieces[] = {"{\"name\": \"a longer value, with: commas\", ", "\"n\": [1, 2, 3.5e7, -12], ",
                                         "\"escaped\": \"a \\\"b\\\" {c}\", ", "\"deep\": {\"x\": {\"y\": [true, false, null]}}},\n",
                                         "    \"padding\" : \"................................\",\n"};
    size_t at = 0;
    while (at < BYTES) {
        const char *piece = pieces[random_u64() % 5];
        for (size_t i = 0; piece[i] && at < BYTES; i++)
            text[at++] = (uint8_t)piece[i];
    }
}

struct scan {
    uint64_t sum;
    unsigned structural;
    int in_string, escaped;
};

/* One character outside the fast path. */
static inline void step(struct scan *s, uint8_t c, size_t at) {
    if (s->in_string) {
        if (s->escaped)
            s->escaped = 0;
        else if (c == '\\')
            s->escaped = 1;
        else if (c == '"')
            s->in_string = 0;
    } else if (c == '"')
        s->in_string = 1;
    else if (c == '{' || c == '}' || c == '[' || c == ']' || c == ':' || c == ',') {
        s->structural++;
        s->sum += at ^ c;
    }
}

#ifdef VECTOR
/* '[' and ']' become '{' and '}' with the bit 0x20, and no other character does, but for two controls. */
NOINLINE static void scan(struct scan *s) {
    for (size_t at = 0; at < BYTES; at += 16) {
        u8x16 x = LOAD(u8x16, text + at), folded = x | splat_u8(0x20);
        unsigned quotes = bitmask_u8((u8x16)(x == splat_u8('"')));
        unsigned slashes = bitmask_u8((u8x16)(x == splat_u8('\\')));
        u8x16 structural =
            (u8x16)(folded == splat_u8('{')) | (u8x16)(folded == splat_u8('}')) | (u8x16)(x == splat_u8(':')) | (u8x16)(x == splat_u8(','));
        if (slashes || s->escaped) {
            for (size_t i = 0; i < 16; i++)
                step(s, text[at + i], at + i);
            continue;
        }
        /* Bit n of `inside`: an odd number of quotes up to n, with the state before. */
        unsigned inside = quotes;
        inside ^= inside << 1, inside ^= inside << 2, inside ^= inside << 4, inside ^= inside << 8;
        if (s->in_string)
            inside = ~inside;
        unsigned found = bitmask_u8(structural) & ~inside & 0xffff;
        s->in_string = inside >> 15 & 1;
        s->structural += (unsigned)__builtin_popcount(found);
        for (; found; found &= found - 1) {
            size_t i = at + (unsigned)__builtin_ctz(found);
            s->sum += i ^ text[i];
        }
    }
}
#else
NOINLINE static void scan(struct scan *s) {
    for (size_t at = 0; at < BYTES; at++)
        step(s, text[at], at);
}
#endif

static uint64_t kernel_run(unsigned repeat) {
    struct scan s = {.sum = repeat};
    text[repeat * 977 % BYTES] ^= 1;
    scan(&s);
    return mix_into(s.sum, s.structural);
}
