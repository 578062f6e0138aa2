/* Text from modules that is shown to people: which characters must not reach a terminal unescaped. */
#ifndef MURRE_BASE_TEXT_H
#define MURRE_BASE_TEXT_H

#include "murre.h"

/* How many bytes at the start of text (of size bytes) are a character that moves the cursor, turns the direction of writing or cannot be
 * seen: controls (C0, DEL, C1), U+200B to U+200F, U+2028 to U+202E, U+2060 to U+2069, U+FEFF and their like. 0 for all others, and for bytes
 * that are no UTF-8. *code: the character. */
size_t murre_text_hidden(const char *text, size_t size, uint32_t *code);
/* The longest start of a text that is at most limit bytes and does not end within a character. */
size_t murre_text_cut(const char *text, size_t size, size_t limit);

/* A name for a message: in quotes, cut where it is long, with ? for what must not be printed. */
struct murre_quoted {
    char text[72];
};
struct murre_quoted murre_quote(struct murre_name name);

#endif
