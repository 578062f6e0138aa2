/* The builder of register code: a sink of the front end (wasm/sink.h), in four files: build.c (words, labels, accumulators), build_value.c
 * (copies, numeric instructions, selections), build_memory.c (loads, stores, globals, bulk operations), build_control.c (branches, calls,
 * returns).
 *
 * Deterministic: the same function in the same mode gives the same words; that is how a position in them is mapped to an offset in the module
 * later on (watch).
 *
 * Accumulators. mirror[k] is the slot whose value accumulator k holds; an operand in that slot is taken from the accumulator. An operand that the front
 * end has popped and that is not a local is dead after its use: if it was taken from the accumulator, the instruction that made it need not
 * write its slot at all and is changed in place to its T_ form (maker, maker_delta). At labels and calls the mirrors end.
 *
 * Modes (enum murre_build_mode). A function is built in the plain mode. If a field turns out to be too narrow, the build sets needs and continues
 * with meaningless words, and murre_interp_build builds again. In the mode FAR the slots behind the parameters are moved up by eight scratch slots (three vectors and a number),
 * accumulators are not tracked, and loops cannot be entered from outside. */
#ifndef MURRE_INTERP_BUILD_H
#define MURRE_INTERP_BUILD_H

#include "interp/regcode.h"
#include "wasm/front.h"

enum accumulator { ACC_INT, ACC_F64, ACC_F32, ACC_COUNT };
enum { NO_SLOT = UINT32_MAX, NO_WORD = UINT32_MAX, NO_FIXUP = UINT32_MAX, SCRATCH_SLOTS = 8 };

enum { FUSE_SLOTS = 1024 };

struct fixup {
    uint32_t from;  /* the branch's first word */
    uint32_t where; /* its distance: 16-bit units from the start of the code */
    uint32_t next;  /* of the same label */
    bool wide;      /* 32 bits */
};

struct label {
    uint32_t word;  /* NO_WORD until bound */
    uint32_t fixup; /* list */
};

struct builder {
    struct murre_sink sink; /* first */
    const struct murre_allocator *allocator;
    struct murre_front *front;
    /* Of the current function. */
    struct murre_module *module;
    const struct murre_sink_func *func;
    bool failed;  /* no memory, or too much code; func->error is set */
    bool no_room; /* it is what is left of the module's limit that is too little */
    uint32_t mode, needs;
    uint32_t frame_slots;
    uint32_t param_slots;
    uint32_t scratch; /* FAR: scratch slots in use by the current operation */
    uint32_t count;   /* words */
    uint64_t most;    /* words that the function's code may take: code that moves many results at each branch grows without bounds */
    uint64_t room;    /* bytes that this may take, code and all arrays: what is left of the module's limit */
    struct murre_look look;
    /* Words whose offsets are requested, ascending; the next of them, or NO_WORD; the offset of the instruction that was emitted last. */
    const uint32_t *watch_words;
    uint64_t *watch_offsets;
    uint32_t watch_count, watch_next, watch;
    uint64_t watched;
    uint32_t mirror[ACC_COUNT];
    uint32_t maker[ACC_COUNT]; /* word of the instruction that made it, or NO_WORD */
    uint16_t maker_delta[ACC_COUNT];
    uint32_t last_copy;          /* word of a COPY that the next may join, or NO_WORD */
    union murre_word nowhere[4]; /* what is written when there is no memory; instructions with more extension words look at failed */
    struct label no_label;
    uint16_t fuse[FUSE_SLOTS];                    /* hash table of pairs: index + 1 */
    uint8_t fuse_first[(MURRE_RC_COUNT + 7) / 8]; /* a bit an opcode that starts pairs */
    /* Growing arrays, kept from function to function. */
    union murre_word *words;
    uint32_t capacity;
    struct label *labels;
    uint32_t label_count, label_capacity;
    uint32_t *binds; /* words where labels are bound, ascending */
    uint32_t bind_count, bind_capacity;
    struct fixup *fixups;
    uint32_t fixup_count, fixup_capacity, fixup_free;
};

/* Instructions of vectors only. */
static inline bool is_vector_op(enum murre_op op) {
    return murre_op_info[op].prefix == 0xfd;
}
/* The first form of an instruction of the families of ops.def; 0 where there is none. */
extern const uint16_t murre_build_first_form[MURRE_OP_COUNT];
/* How much further its T_ forms are; 0: it has none. */
extern const uint8_t murre_build_t_forms[MURRE_OP_COUNT];

static inline enum accumulator accumulator_of(murre_valtype type) {
    return type == MURRE_F64 ? ACC_F64 : type == MURRE_F32 ? ACC_F32 : ACC_INT;
}
static inline bool is_const(const struct murre_operand *a) {
    return a->kind == MURRE_OPERAND_CONST;
}
static inline bool fits16(int64_t x) {
    return x == (int16_t)x;
}
static inline bool fits32(int64_t x) {
    return x == (int32_t)x;
}
/* A constant as the signed number that an immediate of its type is. */
static inline int64_t signed_const(const struct murre_operand *a) {
    return a->type == MURRE_I32 || a->type == MURRE_F32 ? (int32_t)a->bits : (int64_t)a->bits;
}

/* build.c */
bool build_grow(struct builder *b, uint32_t words);
/* An instruction is about to be emitted, and offsets are requested. */
void build_watch(struct builder *b);
/* Starts an instruction of `words` words and returns its first; its fields are set, extension words are not. */
static inline union murre_word *build_emit(struct builder *b, uint32_t words, uint16_t op, uint32_t a, uint32_t bb, uint32_t c) {
    if (__builtin_expect(b->capacity - b->count < words, 0) && !build_grow(b, words))
        return b->nowhere;
    if (__builtin_expect(b->watch != NO_WORD, 0))
        build_watch(b);
    union murre_word *word = b->words + b->count;
    b->count += words;
    b->last_copy = NO_WORD;
    word->op = op;
    word->a = (uint16_t)a;
    word->b = (uint16_t)bb;
    word->c = (uint16_t)c;
    return word;
}
static inline union murre_word *build_emit32(struct builder *b, uint32_t words, uint16_t op, uint32_t a, uint32_t bc) {
    return build_emit(b, words, op, a, bc & 0xffff, bc >> 16);
}
/* The frame's slot of a slot of the front end, any width. */
static inline uint32_t build_slot(const struct builder *b, uint32_t slot) {
    return __builtin_expect(b->mode & MURRE_BUILD_FAR, 0) && slot >= b->param_slots ? slot + SCRATCH_SLOTS : slot;
}
uint32_t build_far_source(struct builder *b, uint32_t slot);
uint32_t build_far_target(struct builder *b, uint32_t slot);
void build_far_put(struct builder *b, uint32_t slot);
/* A slot as an operand's field: within 16 bits, if need be by way of a scratch slot. Before the instruction is emitted. */
static inline uint32_t build_source(struct builder *b, uint32_t slot) {
    return __builtin_expect(b->mode == 0 && slot <= UINT16_MAX, 1) ? slot : build_far_source(b, slot);
}
/* The same of a result; build_result follows. */
static inline uint32_t build_target(struct builder *b, uint32_t slot) {
    return __builtin_expect(b->mode == 0 && slot <= UINT16_MAX, 1) ? slot : build_far_target(b, slot);
}
/* The instruction just emitted, at word `maker`, leaves a result in dst and in the accumulator; with delta it has a T_ form. */
void build_result(struct builder *b, enum accumulator k, uint32_t dst, uint32_t maker, uint16_t delta);
/* dst was written, but no accumulator holds the value. */
void build_clobber(struct builder *b, uint32_t dst);
void build_forget(struct builder *b); /* all accumulators */
/* Control may go elsewhere from here, where operands are expected in their slots. */
static inline void build_pin(struct builder *b) {
    for (int k = 0; k < ACC_COUNT; k++)
        b->maker[k] = NO_WORD;
}
/* True when the accumulator of the operand's kind holds it. */
static inline bool build_mirrored(const struct builder *b, const struct murre_operand *a) {
    return a->kind == MURRE_OPERAND_SLOT && b->mirror[accumulator_of(a->type)] == a->slot;
}
/* The mirrored operand, popped by the front end, is taken from the accumulator. */
void build_take(struct builder *b, const struct murre_operand *a);
/* Puts a constant into the accumulator of its kind. */
void build_acc_const(struct builder *b, const struct murre_operand *a);
/* A branch at word `from` to a label, distance in 16-bit unit `where`. */
void build_reference(struct builder *b, uint32_t label, uint32_t from, uint32_t where, bool wide);
bool build_is_bound(struct builder *b, uint32_t label);
void build_bind(struct builder *b, uint32_t label);

/* build_value.c */
struct comparison {
    uint16_t first; /* the family's first op */
    uint8_t form;   /* 0: RR or, of a test, R; and so on */
    uint8_t kind;   /* enum comparison_kind */
    bool negate;    /* COMPARISON_FLOAT only */
    uint32_t p, q;  /* operand fields as the form has them; q may be an immediate */
};
enum comparison_kind { COMPARISON_TEST, COMPARISON_INT, COMPARISON_FLOAT };
/* Operands are taken; what an immediate of immediate_bits cannot hold goes to an accumulator. */
struct comparison build_comparison(struct builder *b, const struct murre_cond *cond, unsigned immediate_bits);
void build_copy(struct murre_sink *sink, uint32_t dst, struct murre_operand a);
void build_copy_range(struct murre_sink *sink, uint32_t dst, uint32_t src, const uint8_t *types, uint32_t count);
void build_unary(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand a);
void build_binary(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand a, struct murre_operand b);
void build_select(struct murre_sink *sink, uint32_t dst, const struct murre_cond *cond, struct murre_operand a, struct murre_operand b);

/* build_vector.c */
void build_vector_copy(struct builder *b, uint32_t dst, const struct murre_operand *a);
void build_vector_select(struct builder *b, uint32_t dst, const struct murre_operand *x, const struct murre_operand *y);
void build_vector_global_get(struct builder *b, uint32_t dst, bool imported, uint32_t offset);
void build_vector_global_set(struct builder *b, const struct murre_operand *a, bool imported, uint32_t offset);
/* Classes UNARY, BINARY, SHIFT; y may be NULL. */
void build_vector_operation(struct builder *b, enum murre_op op, uint32_t dst, const struct murre_operand *x,
                            const struct murre_operand *y);
void build_vector_load(struct builder *b, enum murre_op op, uint32_t dst, const struct murre_operand *index, uint32_t offset);
void build_vector_store(struct builder *b, const struct murre_operand *index, const struct murre_operand *value, uint32_t offset);
void build_vector(struct murre_sink *sink, enum murre_op op, uint32_t dst, const struct murre_operand *operands, union murre_lanes lanes);
void build_lane(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand index, struct murre_operand vector,
                uint8_t lane, const struct murre_access *access);

/* build_memory.c */
/* True when register code has no instruction for the access: the build fails. */
bool build_refused(struct builder *b, const struct murre_access *access);
void build_load(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand address, const struct murre_access *access);
void build_store(struct murre_sink *sink, enum murre_op op, struct murre_operand address, struct murre_operand value,
                 const struct murre_access *access);
void build_global_get(struct murre_sink *sink, uint32_t dst, uint32_t global);
void build_global_set(struct murre_sink *sink, uint32_t global, struct murre_operand a);
void build_ref_func(struct murre_sink *sink, uint32_t dst, uint32_t func);
void build_bulk(struct murre_sink *sink, enum murre_op op, uint32_t dst, const struct murre_operand *operands, uint32_t immediate,
                uint32_t immediate2, const struct murre_access *accesses);

/* build_control.c */
void build_begin(struct murre_sink *sink, const struct murre_sink_func *func);
void build_end(struct murre_sink *sink, uint32_t slot_count);
void build_label(struct murre_sink *sink, uint32_t label);
void build_loop(struct murre_sink *sink, uint32_t label, uint32_t index, const struct murre_operand *live, uint32_t live_count);
void build_branch(struct murre_sink *sink, uint32_t label);
void build_branch_if(struct murre_sink *sink, uint32_t label, const struct murre_cond *cond);
void build_branch_table(struct murre_sink *sink, struct murre_operand index, const uint32_t *labels, uint32_t count);
void build_ret(struct murre_sink *sink, const struct murre_operand *results, uint32_t count);
void build_ret_range(struct murre_sink *sink, uint32_t src, const uint8_t *types, uint32_t count);
void build_unreachable(struct murre_sink *sink);
void build_call(struct murre_sink *sink, uint32_t func, struct murre_arguments args, uint32_t base, uint32_t dst);
void build_call_indirect(struct murre_sink *sink, uint32_t type, uint32_t table, struct murre_operand index, struct murre_arguments args,
                         uint32_t base, uint32_t dst);

void build_call_ref(struct murre_sink *sink, uint32_t type, struct murre_operand func, bool nullable, struct murre_arguments args,
                    uint32_t base, uint32_t dst);
void build_return_call(struct murre_sink *sink, uint32_t func, struct murre_arguments args, uint32_t base);
void build_return_call_indirect(struct murre_sink *sink, uint32_t type, uint32_t table, struct murre_operand index,
                                struct murre_arguments args, uint32_t base);
void build_return_call_ref(struct murre_sink *sink, uint32_t type, struct murre_operand func, bool nullable, struct murre_arguments args,
                           uint32_t base);
void build_non_null(struct murre_sink *sink, struct murre_operand a);

/* build_fuse.c */
void build_fuse_init(struct builder *b);
void build_fuse(struct builder *b);

/* A builder with its front end. NULL: no memory. */
struct builder *builder_new(const struct murre_allocator *allocator);
void builder_delete(struct builder *b);

#endif
