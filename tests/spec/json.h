/* A reader of JSON for the test runner: whole text in, tree out. Strings are decoded and terminated; numbers stay text. The tree lives until
 * json_free; the input may go. Depth is bounded by 64. */
#ifndef TESTS_SPEC_JSON_H
#define TESTS_SPEC_JSON_H

#include <stddef.h>

enum json_kind { JSON_NULL, JSON_TRUE, JSON_FALSE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_kind kind;
    const char *text;   /* NUMBER, STRING */
    size_t size;        /* of a STRING, which may hold zeros */
    const char *key;    /* when a member of an object */
    struct json *first; /* ARRAY, OBJECT */
    struct json *next;
    size_t count;
};

/* NULL when the text is no JSON. */
struct json *json_parse(const char *text, size_t size);
void json_free(struct json *root);
/* NULL when object is NULL or has no such member. */
const struct json *json_member(const struct json *object, const char *key);
/* The member's string or number as text; NULL when there is none. */
const char *json_text(const struct json *object, const char *key);

#endif
