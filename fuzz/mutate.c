/* See mutate.h. The changes are those that find most in binary formats: bits and bytes, numbers at limits, pieces moved, repeated, removed
 * or taken from another input. */
#include "mutate.h"

#include <string.h>

uint64_t fuzz_random(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static size_t below(uint64_t *state, size_t bound) {
    return bound ? (size_t)(fuzz_random(state) % bound) : 0;
}

/* A length that is short most of the time. */
static size_t piece(uint64_t *state, size_t bound) {
    size_t size = 1 + below(state, (size_t)1 << below(state, 8));
    return size < bound ? size : bound;
}

static size_t insert(uint8_t *data, size_t size, size_t max, size_t at, const uint8_t *bytes, size_t count) {
    if (count > max - size)
        count = max - size;
    memmove(data + at + count, data + at, size - at);
    if (bytes)
        memcpy(data + at, bytes, count);
    return size + count;
}

/* A copy of a piece of data itself; through a buffer, since it may move. */
static size_t repeat(uint8_t *data, size_t size, size_t max, uint64_t *state) {
    uint8_t copy[256];
    size_t count = piece(state, size < sizeof copy ? size : sizeof copy), from = below(state, size - count + 1);
    memcpy(copy, data + from, count);
    return insert(data, size, max, below(state, size + 1), copy, count);
}

static void set_number(uint8_t *data, size_t size, uint64_t *state) {
    static const uint64_t borders[] = {0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, UINT64_MAX};
    uint64_t number = borders[below(state, sizeof borders / sizeof *borders)];
    size_t width = (size_t)1 << below(state, 4), at = below(state, size);
    if (width > size - at)
        width = size - at;
    memcpy(data + at, &number, width);
}

static size_t change(uint8_t *data, size_t size, size_t max, const uint8_t *other, size_t other_size, uint64_t *state) {
    if (size == 0) {
        uint8_t byte = (uint8_t)fuzz_random(state);
        return insert(data, 0, max, 0, &byte, 1);
    }
    size_t at = below(state, size);
    switch (below(state, 9)) {
    case 0: data[at] ^= (uint8_t)(1 << below(state, 8)); break;
    case 1: data[at] = (uint8_t)fuzz_random(state); break;
    case 2: data[at] = (uint8_t)(data[at] + below(state, 17) - 8); break;
    case 3: set_number(data, size, state); break;
    case 4: return repeat(data, size, max, state);
    case 5: { /* remove */
        size_t count = piece(state, size - at);
        memmove(data + at, data + at + count, size - at - count);
        return size - count;
    }
    case 6: { /* overwrite with a piece of another input */
        size_t from = below(state, other_size), count = other_size ? piece(state, other_size - from) : 0;
        memcpy(data + at, other + from, count < size - at ? count : size - at);
        break;
    }
    case 7: { /* insert a piece of another input */
        size_t from = below(state, other_size), count = other_size ? piece(state, other_size - from) : 0;
        return insert(data, size, max, at, other + from, count);
    }
    default: { /* swap two bytes */
        size_t with = below(state, size);
        uint8_t byte = data[at];
        data[at] = data[with];
        data[with] = byte;
    }
    }
    return size;
}

size_t fuzz_mutate(uint8_t *data, size_t size, size_t max, const uint8_t *other, size_t other_size, uint64_t *state) {
    for (size_t n = 1 + below(state, 8); n; n--)
        size = change(data, size, max, other, other_size, state);
    return size;
}
