/* Names of functions (custom section "name", appendix A.4.1) by index. The section is read once, when a name is first requested. A name's characters are
 * checked once, when that name is first requested, so that long names of other functions cost nothing. Any thread. */
#ifndef MURRE_WASM_NAMES_H
#define MURRE_WASM_NAMES_H

#include <stdatomic.h>

#include "wasm/module.h"

struct murre_names {
    uint32_t count;             /* functions, imports first */
    _Atomic uint32_t offsets[]; /* in the module, of the name's size; 0: it has none */
};

/* Takes time in proportion to the number of functions; NULL without memory. */
struct murre_names *murre_names_new(const struct murre_module_info *info, const struct murre_allocator *allocator);
void murre_names_delete(struct murre_names *names, const struct murre_allocator *allocator); /* may be NULL */
/* Size 0 when there is none, or when it is not UTF-8. */
struct murre_name murre_names_get(struct murre_names *names, const struct murre_module_info *info, uint32_t func_index);

#endif
