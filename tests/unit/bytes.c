/* See bytes.h. */
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

static void put(struct bytes *b, const void *data, size_t size) {
    if (size > sizeof b->data - b->size)
        abort();
    if (size)
        memcpy(b->data + b->size, data, size);
    b->size += size;
}

static void put_leb(struct bytes *b, size_t value) {
    do {
        uint8_t byte = value & 0x7f;
        value >>= 7;
        byte |= value ? 0x80 : 0;
        put(b, &byte, 1);
    } while (value);
}

static void put_section(struct bytes *b, uint8_t id, const struct bytes *contents) {
    put(b, &id, 1);
    put_leb(b, contents->size);
    put(b, contents->data, contents->size);
}

void bytes_module(struct bytes *module, const char *params, const char *results, const uint8_t *body, size_t body_size) {
    struct bytes *section = malloc(sizeof *section);
    if (!section)
        abort();
    module->size = 0;
    put(module, "\0asm\1\0\0\0", 8);
    section->size = 0;
    put(section, "\1\x60", 2);
    put_leb(section, strlen(params));
    put(section, params, strlen(params));
    put_leb(section, strlen(results));
    put(section, results, strlen(results));
    put_section(module, 1, section);
    put(module, "\3\2\1\0", 4);         /* one function of type 0 */
    put(module, "\4\4\1\x70\0\x0a", 6); /* a table of ten funcref */
    put(module, "\5\3\1\0\1", 5);       /* a memory of one page */
    put(module, "\7\5\1\1f\0\0", 7);    /* exported as f */
    section->size = 0;
    put_leb(section, 1);
    put_leb(section, body_size);
    put(section, body, body_size);
    put_section(module, 10, section);
    free(section);
}
