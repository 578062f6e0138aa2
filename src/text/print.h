/* A module's bytes as text (chapter 6 of the specification): what a parser of the format turns into the same bytes again, custom sections aside.
 * Reads any module of the proposals that opcodes.def knows, whether it can be run or not; checks that bytes can be read, not that they are valid. */
#ifndef MURRE_TEXT_PRINT_H
#define MURRE_TEXT_PRINT_H

#include "murre.h"

/* flags: of enum murre_print_flag. Text is handed over in pieces, in order; false from write ends with MURRE_ERROR_ARGUMENT. What was written
 * before a fault stays. */
enum murre_status murre_text_print(const uint8_t *bytes, size_t size, uint32_t flags, const struct murre_allocator *allocator,
                                   bool (*write)(void *context, const char *text, size_t size), void *context,
                                   struct murre_error *error) MURRE_MUST_USE;

#endif
