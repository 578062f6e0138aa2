/* Makes valid code and modules from random numbers. The code that the mutator inserts comes from here as well.
 *
 * A body is made top down: a value of a type is an instruction whose operands are values, a statement leaves the stack as it was. Depth and size
 * are bounded; runs need not end by themselves (fuzz/diff/prepare.h sees to that), but mostly do, and mostly without a trap. */
#ifndef MURRE_FUZZ_GENERATE_H
#define MURRE_FUZZ_GENERATE_H

#include "module/module.h"
#include "module/random.h"

/* What a branch to an open block takes. */
struct fuzz_label {
    const murre_valtype *types;
    uint32_t count;
};

struct fuzz_gen {
    struct fuzz_random random;
    struct fuzz_module *module;
    uint32_t func; /* that the code is for */
    struct fuzz_bytes *out;
    FUZZ_LIST(struct fuzz_label) labels; /* innermost last */
    int size;                            /* instructions left, about; may be overdrawn a little */
    unsigned loops;                      /* open ones */
    bool vectors;                        /* may be used */
};

static inline struct fuzz_func *fuzz_gen_func(struct fuzz_gen *g) {
    return &g->module->funcs.items[g->func];
}

/* values.c */
void fuzz_gen_value(struct fuzz_gen *g, murre_valtype type, unsigned depth);
void fuzz_gen_values(struct fuzz_gen *g, const murre_valtype *types, uint32_t count, unsigned depth);
void fuzz_gen_leaf(struct fuzz_gen *g, murre_valtype type);
/* Bits of a constant of a type, often a border; for references those of null. */
uint64_t fuzz_gen_bits(struct fuzz_random *random, murre_valtype type);
uint64_t fuzz_gen_offset(struct fuzz_random *random, unsigned natural);
murre_valtype fuzz_gen_type(struct fuzz_gen *g);
uint32_t fuzz_gen_local(struct fuzz_gen *g, murre_valtype type);
/* Pops a value of the type: into a local, a global, or away. */
void fuzz_gen_pop(struct fuzz_gen *g, murre_valtype type);
void fuzz_gen_store(struct fuzz_gen *g, unsigned depth);
/* A random instruction of a class and a result type, or MURRE_OP_COUNT. */
enum murre_op fuzz_gen_op(struct fuzz_random *random, enum murre_op_class class, murre_valtype result);

/* control.c */
void fuzz_gen_statement(struct fuzz_gen *g, unsigned depth);
void fuzz_gen_statements(struct fuzz_gen *g, unsigned depth);
/* Opens a block of a type, and closes it. */
void fuzz_gen_open(struct fuzz_gen *g, enum murre_op op, const murre_valtype *params, uint32_t param_count, const murre_valtype *results,
                   uint32_t result_count);
void fuzz_gen_close(struct fuzz_gen *g);
/* Closes a loop, of which g->loops counts one, that goes round until the counter, a local of i32, is 0. */
void fuzz_gen_count_down(struct fuzz_gen *g, uint32_t counter);
/* A value through a block, an if or a switch. */
void fuzz_gen_block_value(struct fuzz_gen *g, murre_valtype type, unsigned depth);

/* pressure.c */
/* A loop with branch tables in which more integers live than there are registers. */
void fuzz_gen_pressed_table(struct fuzz_gen *g);

/* calls.c */
/* A call of a function that gives a value of this type first, which stays on the stack; false when there is none: nothing is put. */
bool fuzz_gen_call_value(struct fuzz_gen *g, murre_valtype type, unsigned depth);
/* A call of any function; its results are popped. */
void fuzz_gen_call(struct fuzz_gen *g, unsigned depth);
/* Bulk and table instructions, memory.grow: whole statements. */
void fuzz_gen_bulk(struct fuzz_gen *g, unsigned depth);

/* make.c */
/* Fills func's body, which was empty. */
void fuzz_gen_body(struct fuzz_gen *g, uint32_t func, int size);
void fuzz_gen_module(struct fuzz_module *module, uint64_t seed);
/* So that ref.func may name any function: a declarative segment, unless there is one of all. */
void fuzz_declare_all(struct fuzz_module *module);
uint32_t fuzz_add_func(struct fuzz_module *module, uint32_t type);
uint32_t fuzz_add_global(struct fuzz_gen *g, murre_valtype type, bool is_mutable);
void fuzz_add_data(struct fuzz_gen *g);
void fuzz_add_elem(struct fuzz_gen *g);
void fuzz_add_table(struct fuzz_gen *g, murre_valtype type);
uint32_t fuzz_gen_functype(struct fuzz_gen *g);

#endif
