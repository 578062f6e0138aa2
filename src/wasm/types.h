/* Reading types (binary format, 5.3). A type of a feature that murre lacks sets MURRE_ERROR_UNSUPPORTED with the feature's name. */
#ifndef MURRE_WASM_TYPES_H
#define MURRE_WASM_TYPES_H

#include "wasm/reader.h"
#include "wasm/subtype.h"

/* What a type in the type section starts with. */
enum {
    MURRE_FORM_DESCRIBES = 0x4c,
    MURRE_FORM_DESCRIPTOR = 0x4d,
    MURRE_FORM_REC = 0x4e,
    MURRE_FORM_SUB_FINAL = 0x4f,
    MURRE_FORM_SUB = 0x50,
    MURRE_FORM_CONT = 0x5d,
    MURRE_FORM_ARRAY = 0x5e,
    MURRE_FORM_STRUCT = 0x5f,
    MURRE_FORM_FUNC = 0x60,
    MURRE_FORM_SHARED = 0x65,
};
/* What stands in front of a heap type. */
enum { MURRE_HEAP_EXACT = 0x62, MURRE_HEAP_SHARED = 0x65 };
/* Kinds of imports beside enum murre_externkind. The compact ones follow an empty name. */
enum { MURRE_KIND_EXACT_FUNC = 0x20, MURRE_KIND_COMPACT_TYPE = 0x7e, MURRE_KIND_COMPACT = 0x7f };

/* Words as in subtype.h. info: whose types an index may name. */
bool murre_read_valtype(struct murre_reader *r, const struct murre_module_info *info, murre_features supported, murre_valtype *type);
bool murre_read_reftype(struct murre_reader *r, const struct murre_module_info *info, murre_features supported, murre_valtype *type);
/* A heap type, such as the immediate of ref.null: the nullable reference to it. */
bool murre_read_heaptype(struct murre_reader *r, const struct murre_module_info *info, murre_features supported, murre_valtype *type);
/* Reads flags, minimum and maximum, of a memory or of a table. */
bool murre_read_limits(struct murre_reader *r, bool of_memory, struct murre_limits *limits);
/* Any type, for messages. */
struct murre_type_text {
    char text[48];
};
struct murre_type_text murre_type_text(murre_valtype type);
/* "func", "i31"…; NULL for what is none. heap: a code less 128. */
const char *murre_heap_name(int64_t heap);
/* The message of MURRE_ERROR_UNSUPPORTED: "needs feature: simd", "needs features: simd, threads". */
void murre_error_features(struct murre_error *error, murre_features features);
bool murre_reader_unsupported(struct murre_reader *r, uint64_t offset, enum murre_feature feature); /* returns false */
bool murre_reader_invalid(struct murre_reader *r, uint64_t offset, const char *format, ...)         /* returns false */
    __attribute__((format(printf, 3, 4)));

#endif
