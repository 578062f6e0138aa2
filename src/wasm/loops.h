/* Which loops of a function's body enclose another, for entering a running loop. Loops are numbered as in the front end: in the
 * order of their headers. */
#ifndef MURRE_WASM_LOOPS_H
#define MURRE_WASM_LOOPS_H

#include "wasm/module.h"

/* Writes the numbers of the loops around this one, outermost first; when there are more than capacity, the innermost of them. Returns how
 * many were written. The body must be valid. */
uint32_t murre_loop_nest(const struct murre_module_info *info, uint32_t func_index, uint32_t loop, uint32_t *nest, uint32_t capacity);

#endif
