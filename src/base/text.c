/* See text.h. */
#include "base/text.h"

#include <string.h>

/* Besides controls. Unicode's characters of format that turn text (bidirectional marks, embeddings, isolates) or have no width. In order. */
static const struct {
    uint32_t first, last;
} hidden[] = {
    {0x00ad, 0x00ad},   /* soft hyphen */
    {0x061c, 0x061c},   /* Arabic letter mark */
    {0x180e, 0x180e},   /* Mongolian vowel separator */
    {0x200b, 0x200f},   /* zero width, directional marks */
    {0x2028, 0x202e},   /* line and paragraph separators, embeddings and overrides */
    {0x2060, 0x206f},   /* word joiner, invisible operators, isolates, what is deprecated of that kind */
    {0xfeff, 0xfeff},   /* byte order mark */
    {0xfff9, 0xfffb},   /* interlinear annotations */
    {0xe0000, 0xe007f}, /* tags */
};

/* The character that starts with a byte of 0x80 or more; 0 when it is cut short. */
static uint32_t character(const unsigned char *text, size_t size, size_t *length) {
    size_t count = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (text[0] < 0xc2 || text[0] > 0xf4 || size < count)
        return 0;
    uint32_t code = text[0] & (0xffu >> (count + 1));
    for (size_t i = 1; i < count; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3f);
    }
    *length = count;
    return code;
}

size_t murre_text_hidden(const char *text, size_t size, uint32_t *code) {
    const unsigned char *bytes = (const unsigned char *)text;
    if (size == 0)
        return 0;
    *code = bytes[0];
    if (bytes[0] < 0x80)
        return bytes[0] < 0x20 || bytes[0] == 0x7f;
    size_t length = 0;
    *code = character(bytes, size, &length);
    if (length == 0)
        return 0;
    if (*code < 0xa0)
        return length; /* C1 */
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden && hidden[i].first <= *code; i++)
        if (*code <= hidden[i].last)
            return length;
    return 0;
}

size_t murre_text_cut(const char *text, size_t size, size_t limit) {
    if (size <= limit)
        return size;
    while (limit > 0 && ((unsigned char)text[limit] & 0xc0) == 0x80)
        limit--;
    return limit;
}

struct murre_quoted murre_quote(struct murre_name name) {
    struct murre_quoted quoted;
    size_t size = murre_text_cut(name.data, name.size, sizeof quoted.text - sizeof "\"…\"");
    char *to = quoted.text;
    *to++ = '"';
    for (size_t i = 0; i < size;) {
        uint32_t code;
        size_t length = murre_text_hidden(name.data + i, size - i, &code);
        *to++ = length != 0 ? '?' : name.data[i];
        i += length != 0 ? length : 1;
    }
    memcpy(to, size < name.size ? "…\"" : "\"", size < name.size ? sizeof "…\"" : sizeof "\"");
    return quoted;
}
