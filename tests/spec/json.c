/* See json.h. All nodes and strings come from one growing list of blocks that hangs off the root. */
#include "json.h"

#include <stdlib.h>
#include <string.h>

struct block {
    struct block *older;
    size_t used, size;
    char bytes[];
};

struct root {
    struct json value; /* first, so that the tree's address is the root's */
    struct block *blocks;
};

struct parser {
    const char *next, *end;
    struct block *blocks;
    int depth;
};

enum { BLOCK_SIZE = 64 * 1024, MAX_DEPTH = 64 };

static void *take(struct parser *p, size_t size) {
    size = (size + 15) & ~(size_t)15;
    if (!p->blocks || p->blocks->size - p->blocks->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        struct block *block = malloc(sizeof *block + room);
        if (!block)
            abort();
        *block = (struct block){p->blocks, 0, room};
        p->blocks = block;
    }
    void *bytes = p->blocks->bytes + p->blocks->used;
    p->blocks->used += size;
    return memset(bytes, 0, size);
}

static void skip_space(struct parser *p) {
    while (p->next < p->end && strchr(" \t\r\n", *p->next))
        p->next++;
}

static size_t put_utf8(char *out, unsigned code) {
    if (code < 0x80)
        return out[0] = (char)code, 1;
    if (code < 0x800)
        return out[0] = (char)(0xc0 | code >> 6), out[1] = (char)(0x80 | (code & 0x3f)), 2;
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

static int hex4(struct parser *p, unsigned *code) {
    static const char digits[] = "0123456789abcdef";
    *code = 0;
    for (int i = 0; i < 4; i++) {
        const char *digit =
            p->next < p->end && *p->next ? strchr(digits, *p->next | ('A' <= *p->next && *p->next <= 'F' ? 0x20 : 0)) : NULL;
        if (!digit)
            return 0;
        *code = *code << 4 | (unsigned)(digit - digits);
        p->next++;
    }
    return 1;
}

/* The digits of \u, and a second escape where they are the first half of a surrogate pair: what lies beyond U+FFFF. Half a pair is an error. */
static int unicode_escape(struct parser *p, unsigned *code) {
    unsigned low;
    if (!hex4(p, code))
        return 0;
    if (*code < 0xd800 || *code > 0xdfff)
        return 1;
    if (*code > 0xdbff || p->end - p->next < 2 || p->next[0] != '\\' || p->next[1] != 'u')
        return 0;
    p->next += 2;
    if (!hex4(p, &low) || low < 0xdc00 || low > 0xdfff)
        return 0;
    *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
    return 1;
}

static const char *parse_string(struct parser *p, size_t *size) {
    const char *start = ++p->next;
    while (p->next < p->end && *p->next != '"')
        p->next += *p->next == '\\' ? 2 : 1;
    if (p->next >= p->end)
        return NULL;
    const char *end = p->next;
    char *text = take(p, (size_t)(end - start) + 1), *out = text;
    for (p->next = start; p->next < end;) {
        char c = *p->next++;
        if (c != '\\') {
            *out++ = c;
            continue;
        }
        c = *p->next++;
        unsigned code;
        switch (c) {
        case 'n': *out++ = '\n'; break;
        case 't': *out++ = '\t'; break;
        case 'r': *out++ = '\r'; break;
        case 'b': *out++ = '\b'; break;
        case 'f': *out++ = '\f'; break;
        case 'u':
            if (!unicode_escape(p, &code))
                return NULL;
            out += put_utf8(out, code);
            break;
        default: *out++ = c;
        }
    }
    p->next = end + 1;
    *size = (size_t)(out - text);
    return text;
}

static int parse_value(struct parser *p, struct json *value);

static int parse_list(struct parser *p, struct json *value, char close) {
    struct json **tail = &value->first;
    p->next++;
    for (;;) {
        skip_space(p);
        if (p->next < p->end && *p->next == close)
            return p->next++, 1;
        struct json *item = take(p, sizeof *item);
        if (close == '}') {
            if (p->next == p->end || *p->next != '"' || !(item->key = parse_string(p, &item->size)))
                return 0;
            skip_space(p);
            if (p->next == p->end || *p->next++ != ':')
                return 0;
        }
        if (!parse_value(p, item))
            return 0;
        *tail = item;
        tail = &item->next;
        value->count++;
        skip_space(p);
        if (p->next < p->end && *p->next == ',')
            p->next++;
        else if (p->next == p->end || *p->next != close)
            return 0;
    }
}

static int parse_word(struct parser *p, struct json *value) {
    static const struct {
        const char *word;
        enum json_kind kind;
    } words[] = {{"null", JSON_NULL}, {"true", JSON_TRUE}, {"false", JSON_FALSE}};
    for (size_t i = 0; i < 3; i++) {
        size_t size = strlen(words[i].word);
        if ((size_t)(p->end - p->next) >= size && memcmp(p->next, words[i].word, size) == 0) {
            p->next += size;
            value->kind = words[i].kind;
            return 1;
        }
    }
    const char *start = p->next;
    while (p->next < p->end && strchr("+-.eE0123456789", *p->next))
        p->next++;
    if (start == p->next)
        return 0;
    char *text = take(p, (size_t)(p->next - start) + 1);
    memcpy(text, start, (size_t)(p->next - start));
    value->kind = JSON_NUMBER;
    value->text = text;
    return 1;
}

static int parse_value(struct parser *p, struct json *value) {
    skip_space(p);
    if (p->next == p->end || p->depth == MAX_DEPTH)
        return 0;
    int ok;
    p->depth++;
    switch (*p->next) {
    case '{':
        value->kind = JSON_OBJECT;
        ok = parse_list(p, value, '}');
        break;
    case '[':
        value->kind = JSON_ARRAY;
        ok = parse_list(p, value, ']');
        break;
    case '"':
        value->kind = JSON_STRING;
        ok = (value->text = parse_string(p, &value->size)) != NULL;
        break;
    default: ok = parse_word(p, value);
    }
    p->depth--;
    return ok;
}

struct json *json_parse(const char *text, size_t size) {
    struct parser p = {.next = text, .end = text + size};
    struct root *root = calloc(1, sizeof *root);
    if (!root)
        abort();
    int ok = parse_value(&p, &root->value);
    skip_space(&p);
    root->blocks = p.blocks;
    if (ok && p.next == p.end)
        return &root->value;
    json_free(&root->value);
    return NULL;
}

void json_free(struct json *value) {
    struct root *root = (struct root *)value;
    if (!root)
        return;
    for (struct block *block = root->blocks; block;) {
        struct block *older = block->older;
        free(block);
        block = older;
    }
    free(root);
}

const struct json *json_member(const struct json *object, const char *key) {
    for (const struct json *item = object ? object->first : NULL; item; item = item->next)
        if (item->key && strcmp(item->key, key) == 0)
            return item;
    return NULL;
}

const char *json_text(const struct json *object, const char *key) {
    const struct json *item = json_member(object, key);
    return item ? item->text : NULL;
}
