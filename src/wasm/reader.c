/* See reader.h. LEB128 is of 5.2.2: at most ceil(N/7) bytes, and the unused bits of the last byte must extend the value. */
#include "wasm/reader.h"

#include <string.h>

void murre_reader_fail(struct murre_reader *r, const char *reason) {
    murre_error_set(r->error, MURRE_ERROR_MALFORMED, murre_reader_offset(r), "%s", reason);
    r->end = r->next;
}

static uint64_t read_unsigned(struct murre_reader *r, unsigned bits) {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        if (r->next == r->end) {
            murre_reader_fail(r, "unexpected end");
            return 0;
        }
        uint8_t byte = *r->next;
        unsigned left = bits - shift;
        if (left < 7 && (byte & 0x7f) >> left) {
            murre_reader_fail(r, byte & 0x80 ? "integer representation too long" : "integer too large");
            return 0;
        }
        if (left <= 7 && byte & 0x80) {
            murre_reader_fail(r, "integer representation too long");
            return 0;
        }
        r->next++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
}

static int64_t read_signed(struct murre_reader *r, unsigned bits) {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        if (r->next == r->end) {
            murre_reader_fail(r, "unexpected end");
            return 0;
        }
        uint8_t byte = *r->next;
        unsigned left = bits - shift;
        if (left <= 7) {
            if (byte & 0x80) {
                murre_reader_fail(r, "integer representation too long");
                return 0;
            }
            /* All bits from the sign bit on must be alike. */
            unsigned top = (byte & 0x7f) >> (left - 1);
            unsigned ones = 0x7f >> (left - 1);
            if (top != 0 && top != ones) {
                murre_reader_fail(r, "integer too large");
                return 0;
            }
        }
        r->next++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            unsigned used = shift + 7;
            return used < 64 ? (int64_t)(value << (64 - used)) >> (64 - used) : (int64_t)value;
        }
    }
}

uint32_t murre_read_u32_slow(struct murre_reader *r) {
    return (uint32_t)read_unsigned(r, 32);
}
uint64_t murre_read_u64(struct murre_reader *r) {
    return read_unsigned(r, 64);
}
int32_t murre_read_s32_slow(struct murre_reader *r) {
    return (int32_t)read_signed(r, 32);
}
int64_t murre_read_s33(struct murre_reader *r) {
    return read_signed(r, 33);
}
int64_t murre_read_s64_slow(struct murre_reader *r) {
    return read_signed(r, 64);
}

const uint8_t *murre_read_bytes(struct murre_reader *r, size_t size) {
    if (murre_reader_left(r) < size) {
        murre_reader_fail(r, "unexpected end");
        return NULL;
    }
    const uint8_t *bytes = r->next;
    r->next += size;
    return bytes;
}

uint32_t murre_read_fixed32(struct murre_reader *r) {
    const uint8_t *b = murre_read_bytes(r, 4);
    return b ? (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24 : 0;
}

uint64_t murre_read_fixed64(struct murre_reader *r) {
    uint64_t low = murre_read_fixed32(r);
    return low | (uint64_t)murre_read_fixed32(r) << 32;
}

uint32_t murre_read_count(struct murre_reader *r, uint32_t least, uint32_t limit, const char *what) {
    uint64_t offset = murre_reader_offset(r);
    uint32_t count = murre_read_u32(r);
    if ((uint64_t)count * least > murre_reader_left(r)) {
        murre_reader_fail(r, "unexpected end: length out of bounds");
        return 0;
    }
    if (count > limit) {
        murre_error_set(r->error, MURRE_ERROR_LIMIT, offset, "%u %s, the limit is %u", count, what, limit);
        r->end = r->next;
        return 0;
    }
    return count;
}

/* RFC 3629: no surrogates, no overlong forms, nothing over U+10FFFF. */
static bool is_utf8(const uint8_t *s, size_t size) {
    const uint8_t *end = s + size;
    while (s < end) {
        uint64_t eight;
        for (; (size_t)(end - s) >= sizeof eight; s += sizeof eight) { /* most names are ASCII */
            memcpy(&eight, s, sizeof eight);
            if (eight & 0x8080808080808080)
                break;
        }
        if (s == end)
            break;
        uint8_t first = *s++;
        if (first < 0x80)
            continue;
        unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
        if (first < 0xc2 || first > 0xf4 || (size_t)(end - s) < more)
            return false;
        uint8_t low = 0x80, high = 0xbf;
        if (first == 0xe0)
            low = 0xa0;
        if (first == 0xed)
            high = 0x9f;
        if (first == 0xf0)
            low = 0x90;
        if (first == 0xf4)
            high = 0x8f;
        if (*s < low || *s > high)
            return false;
        for (s++; --more; s++)
            if ((*s & 0xc0) != 0x80)
                return false;
    }
    return true;
}

struct murre_name murre_read_name(struct murre_reader *r) {
    uint32_t size = murre_read_u32(r);
    const uint8_t *bytes = murre_read_bytes(r, size);
    if (!bytes)
        return (struct murre_name){0};
    if (!is_utf8(bytes, size)) {
        r->next = bytes;
        murre_reader_fail(r, "malformed UTF-8 encoding");
        return (struct murre_name){0};
    }
    return (struct murre_name){(const char *)bytes, size};
}
