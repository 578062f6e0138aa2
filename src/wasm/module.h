/* A decoded module (binary format, 5.5). Immutable once murre_module_decode has returned; any thread may read it. Everything points into
 * the module's bytes or into its arena. Indices count imports first, as the specification has them. */
#ifndef MURRE_WASM_MODULE_H
#define MURRE_WASM_MODULE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/look.h"
#include "wasm/opcode.h"

/* A bit an enum murre_feature. */
typedef uint32_t murre_features;

struct murre_type {
    struct murre_functype func;         /* a decoded type's: behind the results lie the codes, see murre_type_codes */
    uint32_t param_slots, result_slots; /* 8-byte slots; v128 takes two */
    uint32_t shape;                     /* murre_type_shape, for calls; 0 says nothing */
};

/* The second slot of a v128 in a list of codes. No value type has this code. */
enum { MURRE_V128_HIGH = 0x01 };

/* The types of parameters and then of results, a byte per slot: as the binary format codes them, or by the number that murre_ref_code has given a
 * reference. A v128 is two, MURRE_V128 and MURRE_V128_HIGH. Of types that murre_module_decode has made. */
static inline const uint8_t *murre_type_codes(const struct murre_type *type) {
    return (const uint8_t *)(type->func.results + type->func.result_count);
}

/* Bits of a type's shape. Below them: a bit a parameter that is an i32, where MURRE_SHAPE_INTS. */
enum {
    MURRE_SHAPE_REGISTERS = 1 << 16, /* at most 5 integers or references and 8 floats: none travels on the stack */
    MURRE_SHAPE_INTS = 1 << 17,      /* the same without floats, and at most one result, which is no float */
};

/* What a type says of itself besides: see murre_module_info.subs. */
struct murre_subtype {
    uint32_t super; /* the first of the types equal to it, as murre_type_canon has it; MURRE_NO_TYPE: none */
    uint32_t group; /* the first type of its recursion group; the group ends where the next one starts */
    uint8_t depth;  /* how many types lie above it */
    bool is_open;   /* it may have subtypes: it is not final */
};
#define MURRE_NO_TYPE UINT32_MAX

struct murre_table_type {
    murre_valtype type;
    struct murre_limits limits;
};

struct murre_global_type {
    murre_valtype type;
    bool is_mutable;
};

/* A constant expression (3.3.10): its bytes, end opcode included, validated. */
struct murre_constexpr {
    uint32_t offset, size;
};

struct murre_import_entry {
    struct murre_name module, name;
    uint8_t kind;   /* enum murre_externkind */
    uint32_t index; /* in the index space of that kind */
};

struct murre_export_entry {
    struct murre_name name;
    uint8_t kind;
    uint32_t index;
};

enum murre_segment_mode { MURRE_SEGMENT_ACTIVE, MURRE_SEGMENT_PASSIVE, MURRE_SEGMENT_DECLARATIVE };

struct murre_elem_segment {
    uint8_t mode;
    murre_valtype type;
    uint32_t table;                /* active */
    struct murre_constexpr offset; /* active */
    uint32_t count;
    const uint32_t *funcs;               /* count function indices, or NULL: then */
    const struct murre_constexpr *exprs; /* count expressions */
};

struct murre_data_segment {
    uint8_t mode;
    uint32_t memory;               /* active */
    struct murre_constexpr offset; /* active */
    const uint8_t *bytes;
    uint32_t size;
};

/* Not kept, but read when somebody asks: there may be a section for every three bytes. */
struct murre_section_entry {
    uint8_t id;
    struct murre_name name;
    uint32_t offset, size; /* of the contents */
    uint32_t count;
};

struct murre_module_info {
    const uint8_t *bytes;
    size_t size;
    struct murre_arena arena;
    murre_features features; /* used, as far as sections tell; bodies are not looked at */

    struct murre_type *types;
    uint32_t type_count;
    struct murre_subtype *subs;        /* by type index; NULL: each is final, and a group of its own */
    uint32_t *canon;                   /* by type index, the first equal type's; NULL: no two are equal */
    struct murre_ref_codes *ref_codes; /* of the words in lists of types (subtype.h); NULL: none is a long reference */
    struct murre_import_entry *imports;
    uint32_t import_count;
    uint32_t *func_types; /* type index by function index */
    uint32_t func_count, func_import_count;
    struct murre_table_type *tables;
    uint32_t table_count, table_import_count;
    struct murre_limits *memories; /* pages */
    uint32_t memory_count, memory_import_count;
    struct murre_global_type *globals;
    struct murre_constexpr *global_inits; /* by index less global_import_count */
    struct murre_constexpr *table_inits;  /* by index less table_import_count, of size 0: null; NULL: all are */
    uint32_t global_count, global_import_count;
    uint32_t *tag_types; /* type index by tag index */
    uint32_t tag_count;
    struct murre_export_entry *exports;
    uint32_t export_count;
    uint32_t start; /* function index, or UINT32_MAX */
    struct murre_elem_segment *elems;
    uint32_t elem_count;
    struct murre_data_segment *datas;
    uint32_t data_count;
    bool has_data_count;
    uint32_t *bodies;   /* by function index less func_import_count: offset of the body's size field */
    uint32_t *sections; /* where each starts, its id and size; murre_module_section_at finds the rest */
    uint32_t section_count;
    /* Functions that ref.func may name: those in elements, exports and global initialisers (3.4.10, C.refs). One bit per function. */
    uint64_t *declared;
    /* Contents of the custom sections "name" and "target_features"; size 0 where there is none. */
    uint32_t name_offset, name_size, target_offset, target_size;
};

/* Reads sections and checks everything but function bodies. supported: features that may be used. On failure info holds nothing. The bytes
 * must outlive info. */
enum murre_status murre_module_decode(struct murre_module_info *info, const uint8_t *bytes, size_t size, murre_features supported,
                                      const struct murre_allocator *allocator, struct murre_error *error) MURRE_MUST_USE;
void murre_module_fini(struct murre_module_info *info);
/* index is below section_count. */
struct murre_section_entry murre_module_section_at(const struct murre_module_info *info, uint32_t index);
/* Bytes that a module of that size may make the engine keep for it, besides what it asks for by running (memories, tables): what the decoder
 * keeps, an instance, and code. See MURRE_MODULE_MEMORY. */
uint64_t murre_module_most_memory(size_t size);

/* See MURRE_SHAPE_REGISTERS. */
uint32_t murre_type_shape(const struct murre_functype *type);
static inline const struct murre_type *murre_module_func_type(const struct murre_module_info *info, uint32_t index) {
    return &info->types[info->func_types[index]];
}
/* Offsets of first byte and end of the body (without its size field). The size was checked at decoding. */
void murre_module_body(const struct murre_module_info *info, uint32_t func_index, uint32_t *start, uint32_t *end);

/* Of a value type, a packed word (subtype.h). */
static inline bool murre_is_ref(murre_valtype type) {
    return (uint8_t)type >= 0x63 && (uint8_t)type <= 0x75;
}
/* The first type of the module that is equal to this one: an equal group's, at the same place. */
static inline uint32_t murre_type_canon(const struct murre_module_info *info, uint32_t type) {
    return info->canon ? info->canon[type] : type;
}
/* With what follows from it; the arrays stay the caller's. */
struct murre_type murre_type_of(const struct murre_functype *type);
/* "i32", "funcref"… */
const char *murre_valtype_name(murre_valtype type);
/* "type", "data count"…; "unknown" for what the decoder refuses. */
const char *murre_section_name(uint8_t id);

#endif
