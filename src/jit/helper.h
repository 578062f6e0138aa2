/* The C functions that compiled code calls, in one table: name, result, parameters ('l' a 64-bit integer or pointer, of which an i32 fills
 * the low half and leaves the upper unspecified; 'f' float; 'd' double; 'v' none). Those that may trap raise the trap themselves; where, the call's site tells. (What functions with large frames jump to is murre_trap_raise_entry.) */
#ifndef MURRE_JIT_HELPER_H
#define MURRE_JIT_HELPER_H

#include "jit/ext.h"
#include "runtime/runtime.h"

#define MURRE_HELPERS(X)                                   \
    X(TRAP, murre_helper_trap, 'v', "l")                   \
    X(POLL, murre_helper_poll, 'v', "l")                   \
    X(MEMORY_INIT, murre_helper_memory_init, 'v', "lllll") \
    X(MEMORY_COPY, murre_helper_memory_copy, 'v', "lllll") \
    X(MEMORY_FILL, murre_helper_memory_fill, 'v', "lllll") \
    X(MEMORY_GROW, murre_helper_memory_grow, 'l', "lll")   \
    X(DATA_DROP, murre_helper_data_drop, 'v', "ll")        \
    X(TABLE_INIT, murre_helper_table_init, 'v', "lllll")   \
    X(TABLE_COPY, murre_helper_table_copy, 'v', "lllll")   \
    X(TABLE_FILL, murre_helper_table_fill, 'v', "lllll")   \
    X(TABLE_GROW, murre_helper_table_grow, 'l', "llll")    \
    X(ELEM_DROP, murre_helper_elem_drop, 'v', "ll")        \
    X(POPCNT32, murre_helper_popcnt32, 'l', "l")           \
    X(POPCNT64, murre_helper_popcnt64, 'l', "l")           \
    X(CEIL_F32, murre_helper_ceil_f32, 'f', "f")           \
    X(FLOOR_F32, murre_helper_floor_f32, 'f', "f")         \
    X(TRUNC_F32, murre_helper_trunc_f32, 'f', "f")         \
    X(NEAREST_F32, murre_helper_nearest_f32, 'f', "f")     \
    X(CEIL_F64, murre_helper_ceil_f64, 'd', "d")           \
    X(FLOOR_F64, murre_helper_floor_f64, 'd', "d")         \
    X(TRUNC_F64, murre_helper_trunc_f64, 'd', "d")         \
    X(NEAREST_F64, murre_helper_nearest_f64, 'd', "d")

enum murre_helper {
#define X(id, function, result, params) MURRE_HELPER_##id,
    MURRE_HELPERS(X)
#undef X
        MURRE_HELPER_COUNT
};

struct murre_helper_info {
    const char *name;
    const void *function;
    char result;
    const char *params;
};
extern const struct murre_helper_info murre_helper_info[MURRE_HELPER_COUNT];

/* The helper that does what an extension operation does, for a processor that lacks it; MURRE_HELPER_COUNT when none is needed. */
enum murre_helper murre_helper_for_ext(enum murre_ext op);

#endif
