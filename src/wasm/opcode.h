/* Instructions as numbers, and what is known of each (opcodes.def expanded). Read-only after start; any thread. */
#ifndef MURRE_WASM_OPCODE_H
#define MURRE_WASM_OPCODE_H

#include <stdbool.h>
#include <stdint.h>

enum murre_op {
#define OP(id, name, prefix, code, class, imm, result, operand, n, feature) MURRE_OP_##id,
#include "wasm/opcodes.def"
#undef OP
    MURRE_OP_COUNT
};

enum murre_op_class {
    MURRE_CLASS_SPECIAL,
    MURRE_CLASS_LOCAL,
    MURRE_CLASS_CONST,
    MURRE_CLASS_UNARY,
    MURRE_CLASS_BINARY,
    MURRE_CLASS_COMPARE,
    MURRE_CLASS_LOAD,
    MURRE_CLASS_STORE,
    MURRE_CLASS_TERNARY,
    MURRE_CLASS_SHIFT,
    MURRE_CLASS_EXTRACT,
    MURRE_CLASS_REPLACE,
    MURRE_CLASS_SHUFFLE,
    MURRE_CLASS_LOAD_LANE,
    MURRE_CLASS_STORE_LANE,
    MURRE_CLASS_LATER,
};

enum murre_imm {
    MURRE_IMM_NONE,
    MURRE_IMM_BLOCK,
    MURRE_IMM_LABEL,
    MURRE_IMM_LABELS,
    MURRE_IMM_FUNC,
    MURRE_IMM_CALL_INDIRECT,
    MURRE_IMM_LOCAL,
    MURRE_IMM_GLOBAL,
    MURRE_IMM_TABLE,
    MURRE_IMM_REFTYPE,
    MURRE_IMM_SELECT,
    MURRE_IMM_MEMARG,
    MURRE_IMM_MEMORY,
    MURRE_IMM_I32,
    MURRE_IMM_I64,
    MURRE_IMM_F32,
    MURRE_IMM_F64,
    MURRE_IMM_DATA_MEMORY,
    MURRE_IMM_DATA,
    MURRE_IMM_MEMORY_MEMORY,
    MURRE_IMM_ELEM_TABLE,
    MURRE_IMM_ELEM,
    MURRE_IMM_TABLE_TABLE,
    MURRE_IMM_TAG,
    MURRE_IMM_TYPE,
    MURRE_IMM_TRY_TABLE,
    MURRE_IMM_TYPE_INDEX, /* a type, and an index or count */
    MURRE_IMM_CAST,       /* flags, a label, two heap types */
    MURRE_IMM_LANE,       /* a byte */
    MURRE_IMM_MEMARG_LANE,
    MURRE_IMM_V128,             /* sixteen bytes */
    MURRE_IMM_SHUFFLE,          /* sixteen lanes, a byte each */
    MURRE_IMM_HANDLERS,         /* a type; handlers of suspensions */
    MURRE_IMM_TAG_HANDLERS,     /* a type, a tag; handlers */
    MURRE_IMM_ORDER_INDEX,      /* an order of memory, an index */
    MURRE_IMM_ORDER_TYPE_INDEX, /* an order of memory, a type, an index */
};

/* In the order in which `murre inspect` lists them. Threads are shared memories; atomics, the instructions, do without as well. */
#define MURRE_FEATURES(X)                               \
    X(MVP, "mvp")                                       \
    X(MUTABLE_GLOBALS, "mutable-globals")               \
    X(SIGN_EXTENSION, "sign-extension")                 \
    X(SATURATING_CONVERSION, "saturating-float-to-int") \
    X(MULTI_VALUE, "multi-value")                       \
    X(BULK_MEMORY, "bulk-memory")                       \
    X(REFERENCE_TYPES, "reference-types")               \
    X(EXTENDED_CONST, "extended-const")                 \
    X(SIMD, "simd")                                     \
    X(RELAXED_SIMD, "relaxed-simd")                     \
    X(TAIL_CALL, "tail-call")                           \
    X(LEGACY_EXCEPTIONS, "legacy-exceptions")           \
    X(EXCEPTIONS, "exceptions")                         \
    X(FUNCTION_REFERENCES, "function-references")       \
    X(GC, "gc")                                         \
    X(MEMORY64, "memory64")                             \
    X(MULTI_MEMORY, "multi-memory")                     \
    X(ATOMICS, "atomics")                               \
    X(THREADS, "threads")                               \
    X(WIDE_ARITHMETIC, "wide-arithmetic")               \
    X(CUSTOM_PAGE_SIZES, "custom-page-sizes")           \
    X(COMPACT_IMPORTS, "compact-imports")               \
    X(CUSTOM_DESCRIPTORS, "custom-descriptors")         \
    X(STACK_SWITCHING, "stack-switching")               \
    X(SHARED_EVERYTHING, "shared-everything-threads")   \
    X(MEMORY_CONTROL, "memory-control")                 \
    X(HALF_PRECISION, "half-precision")

enum murre_feature {
#define X(id, name) MURRE_FEATURE_##id,
    MURRE_FEATURES(X)
#undef X
        MURRE_FEATURE_COUNT
};

struct murre_op_info {
    uint8_t prefix;
    uint8_t class;   /* enum murre_op_class */
    uint8_t imm;     /* enum murre_imm */
    uint8_t result;  /* value type, or 0 */
    uint8_t operand; /* value type, or 0 */
    uint8_t n;       /* natural alignment of loads and stores, size of a lane, log2 of bytes */
    uint8_t feature; /* enum murre_feature */
    uint16_t code;
};

/* No pointers, so that nothing has to be relocated at start. */
extern const struct murre_op_info murre_op_info[MURRE_OP_COUNT];
/* numeric.def: all zero where nothing is known. */
struct murre_op_facts {
    uint16_t inverse, swapped; /* of comparisons: an enum murre_op; inverse is 0 where there is none */
    bool commutes;
    bool is_signed; /* a load that extends with the sign */
};
extern const struct murre_op_facts murre_op_facts[MURRE_OP_COUNT];
/* Lanes of a vector that an instruction with a lane knows. */
static inline uint32_t murre_op_lanes(enum murre_op op) {
    return UINT32_C(16) >> murre_op_info[op].n;
}
/* Bytes that a load or store accesses. */
static inline uint32_t murre_op_access_size(enum murre_op op) {
    return UINT32_C(1) << murre_op_info[op].n;
}
/* By first byte: an enum murre_op; MURRE_OP_COUNT for bytes that are no instruction and for prefixes. */
extern const uint16_t murre_op_by_byte[256];
/* MURRE_OP_COUNT when there is no such instruction. */
uint16_t murre_op_by_prefix(uint8_t prefix, uint32_t code);
const char *murre_op_name(enum murre_op op);
const char *murre_feature_name(enum murre_feature feature);

#endif
