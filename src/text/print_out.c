/* The printer's output: a buffer that is handed over when it is full; numbers, strings, floats. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "text/print_internal.h"

enum { INDENT = 2, DEEPEST_INDENT = 50, SMALL = 64 };

void print_flush(struct printer *p) {
    if (p->used && !p->failed && !p->write(p->context, p->out, p->used)) {
        p->failed = true;
        if (p->error->status == MURRE_OK)
            (void)murre_error_set(p->error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "the text could not be written");
    }
    p->used = 0;
}

/* Room for a few characters. */
static char *room(struct printer *p, size_t size) {
    if (OUT_SIZE - p->used < size)
        print_flush(p);
    return p->out + p->used;
}

void print_bytes(struct printer *p, const char *text, size_t size) {
    while (size > OUT_SIZE - p->used) {
        size_t part = OUT_SIZE - p->used;
        memcpy(p->out + p->used, text, part);
        p->used += part;
        text += part;
        size -= part;
        print_flush(p);
    }
    if (size)
        memcpy(p->out + p->used, text, size);
    p->used += size;
}

void print_text(struct printer *p, const char *text) {
    print_bytes(p, text, strlen(text));
}

void print_char(struct printer *p, char c) {
    *room(p, 1) = c;
    p->used++;
}

void print_unsigned(struct printer *p, uint64_t value) {
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    memcpy(room(p, sizeof digits), digits + at, sizeof digits - at);
    p->used += sizeof digits - at;
}

void print_signed(struct printer *p, int64_t value) {
    if (value < 0)
        print_char(p, '-');
    print_unsigned(p, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

static const char hex_digits[] = "0123456789abcdef";

static size_t put_hex(char *to, uint64_t value) {
    unsigned shift = 60;
    while (shift && !(value >> shift))
        shift -= 4;
    size_t size = 0;
    for (;; shift -= 4) {
        to[size++] = hex_digits[value >> shift & 15];
        if (!shift)
            return size;
    }
}

static void indent(struct printer *p, uint32_t depth) {
    size_t spaces = INDENT * (depth < DEEPEST_INDENT ? depth : DEEPEST_INDENT);
    memset(room(p, spaces), ' ', spaces);
    p->used += spaces;
}

void print_line(struct printer *p, uint64_t offset, uint32_t depth) {
    enum { WIDTH = 6 };
    char *to = room(p, SMALL);
    size_t size = 0;
    to[size++] = '\n';
    if (p->offsets) {
        memcpy(to + size, "(;@", 3);
        size += 3;
        size_t digits = put_hex(to + size, offset);
        size += digits;
        for (; digits < WIDTH; digits++)
            to[size++] = ' ';
        memcpy(to + size, ";)", 2);
        size += 2;
    }
    p->used += size;
    p->lines++;
    indent(p, depth);
}

void print_bare_line(struct printer *p, uint32_t depth) {
    static const char blank[] = "\n           ";
    print_bytes(p, blank, p->offsets ? sizeof blank - 1 : 1);
    indent(p, depth);
}

/* ---- floating point ---- */

static void print_nan(struct printer *p, bool negative, uint64_t payload, uint64_t quiet) {
    print_text(p, negative ? "-nan" : "nan");
    if (payload == quiet)
        return;
    char *to = room(p, SMALL);
    memcpy(to, ":0x", 3);
    p->used += 3 + put_hex(to + 3, payload);
}

/* fraction: bits behind the point, the highest at bit 63. As C's %a, whatever the locale. */
static void print_hex_float(struct printer *p, bool negative, unsigned first, uint64_t fraction, int exponent) {
    if (negative)
        print_char(p, '-');
    print_text(p, first ? "0x1" : "0x0");
    if (fraction)
        print_char(p, '.');
    for (; fraction; fraction <<= 4)
        print_char(p, hex_digits[fraction >> 60]);
    print_text(p, exponent < 0 ? "p-" : "p+");
    print_unsigned(p, (uint64_t)(exponent < 0 ? -exponent : exponent));
}

/* A comment for people: the shortest decimal form of a few that is the value. */
static void print_decimal(struct printer *p, double value, const int *precisions, bool single) {
    char text[SMALL];
    for (; *precisions; precisions++) {
        snprintf(text, sizeof text, "%.*g", *precisions, value);
        if (single ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value)
            break;
    }
    print_text(p, " (;=");
    print_text(p, text);
    print_text(p, ";)");
}

void print_f32(struct printer *p, uint32_t bits) {
    static const int precisions[] = {6, 8, 9, 0};
    bool negative = bits >> 31;
    uint32_t fraction = bits & 0x7fffff, biased = bits >> 23 & 0xff;
    if (biased == 0xff && fraction) {
        print_nan(p, negative, fraction, 0x400000);
    } else if (biased == 0xff) {
        print_text(p, negative ? "-inf" : "inf");
    } else {
        int exponent = (int)biased - 127;
        if (!biased && fraction) { /* subnormal: normalised, as the specification's grammar takes any */
            unsigned shift = (unsigned)__builtin_clz(fraction) - 8;
            fraction = fraction << shift & 0x7fffff;
            exponent = -126 - (int)shift;
            print_hex_float(p, negative, 1, (uint64_t)fraction << 41, exponent);
        } else {
            print_hex_float(p, negative, biased != 0, (uint64_t)fraction << 41, biased ? exponent : 0);
        }
        float value;
        memcpy(&value, &bits, sizeof value);
        print_decimal(p, (double)value, precisions, true);
    }
}

void print_f64(struct printer *p, uint64_t bits) {
    static const int precisions[] = {6, 15, 17, 0};
    bool negative = bits >> 63;
    uint64_t fraction = bits & 0xfffffffffffff;
    unsigned biased = bits >> 52 & 0x7ff;
    if (biased == 0x7ff && fraction) {
        print_nan(p, negative, fraction, 0x8000000000000);
    } else if (biased == 0x7ff) {
        print_text(p, negative ? "-inf" : "inf");
    } else {
        int exponent = (int)biased - 1023;
        if (!biased && fraction) {
            unsigned shift = (unsigned)__builtin_clzll(fraction) - 11;
            print_hex_float(p, negative, 1, fraction << shift << 12, -1022 - (int)shift);
        } else {
            print_hex_float(p, negative, biased != 0, fraction << 12, biased ? exponent : 0);
        }
        double value;
        memcpy(&value, &bits, sizeof value);
        print_decimal(p, value, precisions, false);
    }
}

/* ---- strings ---- */

void print_data(struct printer *p, const uint8_t *data, size_t size) {
    print_char(p, '"');
    for (size_t i = 0; i < size; i++) {
        char *to = room(p, 3);
        uint8_t c = data[i];
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
            to[0] = (char)c;
            p->used++;
        } else {
            to[0] = '\\';
            to[1] = hex_digits[c >> 4];
            to[2] = hex_digits[c & 15];
            p->used += 3;
        }
    }
    print_char(p, '"');
}

void print_string(struct printer *p, struct murre_name name) {
    print_char(p, '"');
    size_t shown = 0; /* up to here */
    for (size_t i = 0; i < name.size;) {
        uint32_t code = (uint8_t)name.data[i];
        size_t hidden = murre_text_hidden(name.data + i, name.size - i, &code);
        if (!hidden && name.data[i] != '"' && name.data[i] != '\\') {
            i++;
            continue;
        }
        print_bytes(p, name.data + shown, i - shown);
        print_text(p, "\\u{");
        p->used += put_hex(room(p, SMALL), code);
        print_char(p, '}');
        shown = i += hidden ? hidden : 1;
    }
    print_bytes(p, name.data + shown, name.size - shown);
    print_char(p, '"');
}

/* ---- limits and memory ---- */

bool print_afford(struct printer *p, uint64_t characters) {
    if (p->spent + characters > p->budget)
        return false;
    p->spent += characters;
    return true;
}

void print_out_of_memory(struct printer *p) {
    p->failed = true;
    if (p->error->status == MURRE_OK)
        (void)murre_error_memory(p->error);
}

void *print_grow(struct printer *p, struct print_vector *vector, size_t size) {
    if (vector->capacity - vector->size < size) {
        size_t capacity = (vector->capacity + size) * 2 + SMALL;
        void *data = murre_realloc(p->allocator, vector->data, vector->capacity, capacity);
        if (!data) {
            print_out_of_memory(p);
            return NULL;
        }
        vector->data = data;
        vector->capacity = capacity;
    }
    void *place = (char *)vector->data + vector->size;
    vector->size += size;
    return place;
}

void print_free(struct printer *p, struct print_vector *vector) {
    if (vector->data)
        murre_free(p->allocator, vector->data, vector->capacity);
    *vector = (struct print_vector){0};
}
