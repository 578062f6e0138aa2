/* Shared by decode.c (sections, imports to globals), decode_types.c and decode_late.c (exports to data, code): readers of one section's contents each. They
 * report through the reader's error. */
#ifndef MURRE_WASM_DECODE_INTERNAL_H
#define MURRE_WASM_DECODE_INTERNAL_H

#include "wasm/constexpr.h"
#include "wasm/limits.h"
#include "wasm/types.h"

enum { MURRE_SECTION_KINDS = 14 };

struct decoder {
    struct murre_module_info *info;
    struct murre_reader reader; /* of the current section */
    murre_features supported;
    uint32_t body_count; /* of the code section */
    uint32_t declared_data_count;
    uint32_t section_count;               /* of the module, as far as it is well formed */
    uint32_t counts[MURRE_SECTION_KINDS]; /* entries of the first section of each kind, as it says */
    bool index_spaces;                    /* there is room for them */
};

/* Room for count elements from the module's arena, zeroed; NULL with the error set. */
void *decode_array(struct decoder *d, uint64_t count, size_t size);
void decode_use(struct decoder *d, enum murre_feature feature);
/* The error is set when index is not below count. */
/* A value type, its features noted. */
bool decode_value_type(struct decoder *d, murre_valtype *type);
bool decode_check_index(struct decoder *d, uint64_t offset, uint32_t index, uint32_t count, const char *what);

void decode_types(struct decoder *d);
void decode_exports(struct decoder *d);
void decode_start(struct decoder *d);
void decode_elems(struct decoder *d);
void decode_data_count(struct decoder *d);
void decode_code(struct decoder *d);
void decode_datas(struct decoder *d);

#endif
