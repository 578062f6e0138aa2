/* The C functions that compiled code calls, in one table: name, result, parameters ('l': a 64-bit integer or pointer; an i32 fills
 * its low half and leaves the upper half unspecified; 'f': float; 'd': double; 'v': none). Those that may trap raise the trap themselves; the call's
 * site says where. (Functions with large frames that find no stack jump to murre_trap_raise_entry.) */
#ifndef MURRE_JIT_HELPER_H
#define MURRE_JIT_HELPER_H

#include "runtime/runtime.h"
#include "wasm/opcode.h"

/* The last column: whether it takes stack, so that its caller must check for room first. Traps always have the room below the stack's limit. */
#define MURRE_HELPERS(X)                                         \
    X(TRAP, murre_helper_trap, 'v', "l", false)                  \
    X(POLL, murre_helper_poll, 'v', "l", false)                  \
    X(MEMORY_INIT, murre_helper_memory_init, 'v', "lllll", true) \
    X(MEMORY_COPY, murre_helper_memory_copy, 'v', "lllll", true) \
    X(MEMORY_FILL, murre_helper_memory_fill, 'v', "lllll", true) \
    X(MEMORY_GROW, murre_helper_memory_grow, 'l', "lll", true)   \
    X(DATA_DROP, murre_helper_data_drop, 'v', "ll", true)        \
    X(TABLE_INIT, murre_helper_table_init, 'v', "lllll", true)   \
    X(TABLE_COPY, murre_helper_table_copy, 'v', "lllll", true)   \
    X(TABLE_FILL, murre_helper_table_fill, 'v', "lllll", true)   \
    X(TABLE_GROW, murre_helper_table_grow, 'l', "llll", true)    \
    X(ELEM_DROP, murre_helper_elem_drop, 'v', "ll", true)        \
    X(HAS_SUPER, murre_helper_has_super, 'l', "ll", false)

/* Behind these come the functions that stand in for an instruction that the processor may lack, named as the instruction: rows of numeric.def.
 * They take next to no stack. */
enum murre_helper {
#define X(id, function, result, params, takes_stack) MURRE_HELPER_##id,
    MURRE_HELPERS(X)
#undef X
#define HELPER(id, result, operand, function) MURRE_HELPER_##id,
#include "wasm/numeric.def"
        MURRE_HELPER_COUNT
};

struct murre_helper_info {
    const char *name;
    const void *function;
    const char *params;
    char result;
    bool takes_stack;
};
extern const struct murre_helper_info murre_helper_info[MURRE_HELPER_COUNT];

/* What stands in for an instruction; MURRE_HELPER_COUNT where every processor has code for it. */
enum murre_helper murre_helper_for(enum murre_op op);

#endif
