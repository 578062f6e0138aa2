/* Reads a body instruction by instruction, with its immediates, by the table of opcodes alone: for listings and for finding out what a
 * module uses. It checks only that the bytes can be read; indices may be out of range. Knows every instruction of opcodes.def. */
#ifndef MURRE_WASM_WALK_H
#define MURRE_WASM_WALK_H

#include "wasm/module.h"
#include "wasm/reader.h"

/* A value type as it stands in the bytes: its code, and behind 0x63 and 0x64 (references) a heap type. */
struct murre_walk_type {
    uint8_t code;
    bool exact, shared; /* the heap type; shared also with the short forms of references */
    int64_t heap;       /* an index, or negative: a heap type's code less 128 */
};
enum { MURRE_WALK_REF_NULL = 0x63, MURRE_WALK_REF = 0x64 };

struct murre_instruction {
    enum murre_op op;
    uint64_t offset;               /* of its opcode, in the module */
    uint32_t index[3];             /* immediates that are indices, labels or counts, in the order of the bytes; memory of a memarg in [0] */
    uint32_t align;                /* memarg: log2; flag bits removed */
    uint64_t bits;                 /* constants (i32 sign-extended), offset of a memarg */
    int64_t type;                  /* block type: an index, or negative: a type's code less 128; heap type (casts: the second) */
    struct murre_walk_type result; /* of a block, where type is negative */
    murre_features features;       /* its own and those of its immediates */
    uint8_t lane;                  /* lane, fence, flags of a cast, order of memory */
    uint32_t count;                /* of labels without the default, types, catches, handlers; they lie in the bytes from list on */
    const uint8_t *list;           /* also the 16 bytes of v128.const and of a shuffle */
};

/* Sets r at the body of a defined function; returns how many groups of locals it declares, which are to be read first. */
uint32_t murre_walk_begin(struct murre_reader *r, const struct murre_module_info *info, uint32_t func_index, struct murre_error *error);
bool murre_walk_locals(struct murre_reader *r, uint32_t *count, struct murre_walk_type *type);
/* False at the end of the body, and when the bytes are malformed: then the error is set. */
bool murre_walk_next(struct murre_reader *r, struct murre_instruction *instruction);
/* The pieces of lists: from a reader that was set at list. */
void murre_walk_list(struct murre_reader *r, const struct murre_module_info *info, const struct murre_instruction *instruction,
                     struct murre_error *error);
struct murre_walk_type murre_walk_type(struct murre_reader *r);

/* Of an instruction without its immediates: mostly one. */
murre_features murre_walk_op_features(enum murre_op op);
murre_features murre_walk_type_features(struct murre_walk_type type);
/* As types.h packs it, for murre_valtype_text. */
murre_valtype murre_walk_pack(struct murre_walk_type type);

#endif
