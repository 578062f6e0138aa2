/* A function's body as text: the flat form of the text format (chapter 6), one instruction per line, each with its offset in the module. */
#ifndef MURRE_WASM_DISASSEMBLE_H
#define MURRE_WASM_DISASSEMBLE_H

#include "wasm/module.h"

/* line is valid during the call and has no newline. func_index: a defined function; name: its own, or of size 0. MURRE_ERROR_MALFORMED
 * after the lines before the fault when the bytes cannot be read. */
enum murre_status murre_disassemble(const struct murre_module_info *info, uint32_t func_index, struct murre_name name,
                                    const struct murre_allocator *allocator, void (*sink)(void *context, const char *line), void *context,
                                    struct murre_error *error) MURRE_MUST_USE;

#endif
