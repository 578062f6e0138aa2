/* The front end: one pass over a function's body that validates it (3.3, appendix A.3) and, with a sink, lowers it. See front.c. */
#ifndef MURRE_WASM_FRONT_H
#define MURRE_WASM_FRONT_H

#include "base/look.h"
#include "wasm/sink.h"

/* Scratch space, reused from function to function. One thread at a time. */
struct murre_front;
struct murre_front *murre_front_new(const struct murre_allocator *allocator) MURRE_MUST_USE; /* NULL: no memory */
void murre_front_delete(struct murre_front *front);
/* Of scratch memory that it keeps for the next function. */
size_t murre_front_bytes(const struct murre_front *front);

/* Until further notice: runs look at look (borrowed; NULL: at nothing) every few thousand instructions, and end with MURRE_ERROR_TIME when it
 * stops them. */
void murre_front_set_look(struct murre_front *front, const struct murre_look *look);

/* sink may be NULL: validation only. supported: features that may be used. func_index counts imports and names a defined function. */
enum murre_status murre_front_run(struct murre_front *front, const struct murre_module_info *module, uint32_t func_index,
                                  murre_features supported, struct murre_sink *sink, struct murre_error *error) MURRE_MUST_USE;

#endif
