/* A module that can be changed: read from a decoded one, written back as bytes. The preparation, the generator and the mutator work on it.
 *
 * Indices count imports first, as in the binary format; items are only added at the end of their index space, so that existing indices stay
 * valid. Custom sections are dropped. Everything is in the module's arena and freed with it: fuzz_module_fini. A failed allocation ends the
 * process: a fuzzer has no use for an incomplete module. */
#ifndef MURRE_FUZZ_MODULE_H
#define MURRE_FUZZ_MODULE_H

#include "base/arena.h"
#include "wasm/module.h"
#include "wasm/subtype.h"
#include "wasm/walk.h"

/* Bytes that grow. */
struct fuzz_bytes {
    struct murre_arena *arena;
    uint8_t *data;
    size_t size, capacity;
};

/* A list of items of one size in an arena; `items` is typed by its owner. */
#define FUZZ_LIST(type)           \
    struct {                      \
        type *items;              \
        uint32_t count, capacity; \
    }

struct fuzz_span {
    const uint8_t *data;
    size_t size;
};

struct fuzz_import {
    struct murre_name module, name;
    uint8_t kind;
    uint32_t index; /* in the index space of its kind: types, limits are there */
};

struct fuzz_func {
    uint32_t type;
    FUZZ_LIST(murre_valtype) locals; /* value types, parameters not among them; unused for imports */
    struct fuzz_bytes code;          /* to the last end */
};

struct fuzz_global {
    struct murre_global_type type;
    struct fuzz_span init; /* end included; unused for imports */
};

struct fuzz_elem {
    uint8_t mode;
    murre_valtype type;
    uint32_t table;
    struct fuzz_span offset;
    FUZZ_LIST(struct fuzz_span) exprs;
};

struct fuzz_data {
    uint8_t mode;
    uint32_t memory;
    struct fuzz_span offset, bytes;
};

struct fuzz_module {
    struct murre_arena arena;
    FUZZ_LIST(struct murre_functype) types;
    FUZZ_LIST(struct fuzz_import) imports;
    FUZZ_LIST(struct fuzz_func) funcs;
    FUZZ_LIST(struct murre_table_type) tables;
    FUZZ_LIST(struct murre_limits) memories;
    FUZZ_LIST(struct fuzz_global) globals;
    FUZZ_LIST(struct murre_export_entry) exports;
    FUZZ_LIST(struct fuzz_elem) elems;
    FUZZ_LIST(struct fuzz_data) datas;
    uint32_t func_imports, table_imports, memory_imports, global_imports;
    uint32_t start; /* or UINT32_MAX */
};

void fuzz_module_init(struct fuzz_module *module);
/* Not read: modules with groups of types or supertypes, or with tables that say what they hold at first. */
static inline bool fuzz_module_can_read(const struct murre_module_info *info) {
    return !info->subs && !info->table_inits;
}
/* info must be of a valid module; nothing of it is referred to afterwards. */
void fuzz_module_read(struct fuzz_module *module, const struct murre_module_info *info);
void fuzz_module_fini(struct fuzz_module *module);
/* The binary format, in the module's arena. */
struct fuzz_span fuzz_module_write(struct fuzz_module *module);

void *fuzz_alloc(struct murre_arena *arena, size_t size); /* zeroed */
/* A new item at the end, zeroed. */
void *fuzz_list_add(struct murre_arena *arena, void *list, size_t item_size);
#define FUZZ_ADD(arena, list) ((__typeof__((list)->items))fuzz_list_add(arena, list, sizeof *(list)->items))

static inline const struct murre_functype *fuzz_func_type(const struct fuzz_module *module, uint32_t func) {
    return &module->types.items[module->funcs.items[func].type];
}
/* An index of an equal type; it is added where there is none. */
uint32_t fuzz_type_index(struct fuzz_module *module, const murre_valtype *params, uint32_t param_count, const murre_valtype *results,
                         uint32_t result_count);
/* The type's word, with the index that it names. */
murre_valtype fuzz_word_of(struct murre_walk_type type);
bool fuzz_same_type(const struct murre_functype *a, const struct murre_functype *b);
/* Value type of a parameter or local. */
murre_valtype fuzz_local_type(const struct fuzz_module *module, const struct fuzz_func *func, uint32_t index);
/* A new local's index. */
uint32_t fuzz_local_add(struct fuzz_module *module, struct fuzz_func *func, murre_valtype type);

struct fuzz_bytes fuzz_bytes_new(struct fuzz_module *module);
void fuzz_put_raw(struct fuzz_bytes *bytes, const void *data, size_t size);
void fuzz_put(struct fuzz_bytes *bytes, uint8_t byte);
void fuzz_put_u32(struct fuzz_bytes *bytes, uint32_t value);
void fuzz_put_s64(struct fuzz_bytes *bytes, int64_t value); /* also i32 and block types */
void fuzz_put_op(struct fuzz_bytes *bytes, enum murre_op op);
void fuzz_put_op_u32(struct fuzz_bytes *bytes, enum murre_op op, uint32_t immediate);
/* A value type, and the heap type of a reference. */
void fuzz_put_type(struct fuzz_bytes *bytes, murre_valtype type);
void fuzz_put_heap(struct fuzz_bytes *bytes, murre_valtype type);
/* A constant of a number type from its bits, or a null reference. */
void fuzz_put_const(struct fuzz_bytes *bytes, murre_valtype type, uint64_t bits);

#endif
