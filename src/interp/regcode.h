/* Register code: what the builder makes from a function and the handlers run.
 *
 * A function's code is a sequence of 8-byte words. An instruction is one word, {op, a, b, c}, and for some ops one or more extension words. a,
 * b, c are slots of the frame, 16-bit immediates, or together 32-bit ones, as ops.def says of each family. Branch distances count words
 * from the branch's first word.
 *
 * Three registers hold the latest results in addition to the slots ("accumulators"): acc (integers and references; an i32 may have any upper
 * half), f64 and f32. Every instruction with a result leaves it in the accumulator of its kind, and, unless its name starts with T_, in its
 * destination slot. Forms with A read an accumulator where the others read a slot. The builder tracks which slot each accumulator mirrors;
 * at labels they mirror nothing.
 *
 * Slots are always written as 64 bits, so that a later read of either width is served from the store buffer.
 *
 * Register code is shared by all instances of a module, and by threads; only counters of loops and callees' code in it are written. */
#ifndef MURRE_INTERP_REGCODE_H
#define MURRE_INTERP_REGCODE_H

#include "runtime/runtime.h"

union murre_word {
    struct {
        uint16_t op, a, b, c;
    };
    struct {
        uint16_t op1, a1;
        uint32_t bc;
    };
    struct {
        uint32_t low, high;
    };
    uint64_t u64;
    float f32;
    double f64;
};
_Static_assert(sizeof(union murre_word) == 8, "a word of register code is 8 bytes");

struct murre_regcode {
    uint32_t frame_slots; /* of the whole frame, parameters and operand stack included */
    uint32_t word_count;
    uint32_t mode; /* bits of enum murre_build_mode: how it had to be built */
    uint32_t reserved;
    union murre_word code[];
};

/* What a function with register code takes besides: its struct murre_code, which is touched then, and what an allocator adds to a block. It
 * counts where functions are tiny and many. */
enum { MURRE_REGCODE_OVERHEAD = sizeof(struct murre_code) + 16 };

static inline size_t murre_regcode_size(const struct murre_regcode *code) {
    return sizeof *code + code->word_count * sizeof *code->code;
}

enum murre_rc {
#define OP(name) MURRE_RC_##name,
#include "interp/ops.def"
    MURRE_RC_COUNT
};
_Static_assert(MURRE_RC_COUNT <= 65536, "an opcode fits 16 bits");

/* What the builder may have to do for large functions; found out by building, then building again. */
enum murre_build_mode {
    MURRE_BUILD_LONG = 1, /* conditional branches jump over an unconditional one, whose distance has 32 bits */
    MURRE_BUILD_FAR = 2,  /* slots beyond 16 bits are reached through scratch slots */
};

extern const char *const murre_rc_names[MURRE_RC_COUNT];

/* Validates and lowers a function. NULL and error set on failure; MURRE_ERROR_TIME when look has ended it; *no_room: for want of room
 * within the module's limit of code. The caller publishes or frees it. */
struct murre_regcode *murre_interp_build(struct murre_module *module, uint32_t func_index, struct murre_look look, bool *no_room,
                                         struct murre_error *error);
void murre_interp_free(struct murre_module *module, struct murre_regcode *code);
/* Offsets in the module of the Wasm instructions that words of the function's register code, built in that mode, belong to. words:
 * ascending. Those that look leaves no time for stay as they are. */
void murre_interp_offsets(struct murre_module *module, uint32_t func_index, uint32_t mode, const uint32_t *words, uint64_t *offsets,
                          uint32_t count, struct murre_look look);
/* The function's register code, lowered now if it has not been. NULL: code->failure is set, or memory is short, or the store has been
 * interrupted. store, which runs: may drop other register code of the module, where there is no room; NULL: none. */
struct murre_regcode *murre_interp_lower(struct murre_store *store, struct murre_module *module, uint32_t func_index);
/* The trap that this is then. */
enum murre_trapkind murre_interp_why_not(const struct murre_store *store, const struct murre_code *code);
/* Its calls find their callees' register code anew. No other thread runs it. */
void murre_interp_forget_callees(struct murre_regcode *code);
/* Drops the module's register code, all but that of functions which store->stack says are running, so that there is room again. False: it
 * is shared with other stores, which may be running it, or nothing could be dropped. The store's thread, in the interpreter. (drop.c) */
bool murre_interp_make_room(struct murre_store *store, struct murre_module *module);
/* Prints register code, a line an instruction, for tests and for looking at it. */
void murre_interp_dump(const struct murre_regcode *code, void (*sink)(void *context, const char *line), void *context);

#endif
