/* The MIR emitter: a sink of the front end that builds one MIR function per compilation. Internal to src/jit; after murre_emit_init the
 * front end drives sink.ops.
 *
 * Registers. A slot has a MIR register for each class of value that it ever holds: integers (i32, i64, references), floats, doubles,
 * vectors; made when first needed. A vector has two slots, and its register at the first. THE REGISTER OF A SLOT THAT HOLDS AN i32 IS ZERO EXTENDED, always: addresses rely on it (address.c). MIR's …S
 * instructions and all of ext.h give such results (deps/mir/README.md), and so do arguments and results of calls (runtime.h); every other
 * i32 is extended where it is made: signed loads and sign extensions, i64 wrapped to i32, constants, results of helpers.
 *
 * Order of the code. The body in order, then one return, then cold code: a call of the trap helper for each (kind, offset), and the code for
 * calls into another instance. Code for the very start (loading the instance, the stack check, zeroing locals) is inserted there at the end,
 * when it is known what is needed.
 *
 * All memory belongs to the compilation (murre_mirctx_alloc): a failure leaves by longjmp and nothing here needs releasing. */
#ifndef MURRE_JIT_EMIT_H
#define MURRE_JIT_EMIT_H

#include <mir.h>

#include "jit/ext.h"
#include "jit/helper.h"
#include "jit/mirctx.h"
#include "jit/site.h"
#include "jit/vec.h"
#include "runtime/runtime.h"

enum emit_class { EMIT_INT, EMIT_FLOAT, EMIT_DOUBLE, EMIT_VECTOR, EMIT_CLASSES };

enum { EMIT_NEST = 16 };

struct emit_slot {
    MIR_reg_t regs[EMIT_CLASSES]; /* 0: none yet */
    bool zeroed[EMIT_CLASSES];    /* a local that must be zero at entry */
    bool written[EMIT_CLASSES];   /* a local that was written on every path before it was read */
};

struct emit_trap {
    MIR_label_t label;
    uint32_t kind, offset;
};

/* A call whose callee turned out to be another instance's or the host's: it is made out of line, then back to behind the usual call. */
struct emit_leave {
    MIR_label_t label, back;
    MIR_reg_t func;
    MIR_op_t *ops; /* of the call */
    size_t op_count;
    uint32_t offset;
};

struct emit_live {
    uint32_t slot;
    murre_valtype type;
};

struct murre_emit {
    struct murre_sink sink; /* first */
    MIR_context_t mir;
    MIR_module_t mir_module;
    MIR_item_t item;
    MIR_func_t mir_func;
    struct murre_module *module;
    const struct murre_sink_func *func;
    uint32_t loop;        /* an on-stack-replacement entry for this loop, or UINT32_MAX */
    bool explicit_bounds; /* every access compares with the memory's size */
    bool direct_self;     /* calls of itself need not ask for a better version */

    struct emit_slot *slots;
    uint32_t slot_capacity;
    uint32_t first_temp;
    bool straight;             /* no label and no branch yet: what is written now dominates everything */
    bool calls;                /* compiled code, or C that takes more of the stack than a trap does: it checks the stack */
    bool has_loop, dispatches; /* a loop so far; a large branch table after one */
    uint32_t name;             /* for unique register names */

    MIR_reg_t func_reg;     /* first parameter */
    MIR_reg_t frame_reg;    /* second parameter of an entry into a loop */
    MIR_reg_t instance_reg; /* 0: not used so far */
    MIR_reg_t memory_reg;   /* the fixed register, 0: not used so far */
    MIR_reg_t result_reg;
    enum emit_class result_class;
    MIR_reg_t scratch[EMIT_CLASSES][4];

    MIR_label_t *labels;
    uint32_t label_capacity;
    MIR_label_t ret_label;
    MIR_label_t restart_label;            /* where a tail call of the function by itself goes; NULL until there is one */
    MIR_label_t osr_label;                /* header of the loop that is entered */
    uint32_t nest[EMIT_NEST], nest_count; /* the loops around it, outermost first: see bind_loop */
    MIR_label_t nest_labels[EMIT_NEST + 1];
    MIR_reg_t entering; /* 1 from entry until the loop is reached, then 0 */
    struct emit_live *osr_live;
    uint32_t osr_live_count;

    struct emit_trap *traps;
    uint32_t trap_count, trap_capacity;
    struct emit_leave *leaves;
    uint32_t leave_count, leave_capacity;
    MIR_item_t *type_protos; /* by type index */
    MIR_item_t helper_protos[MURRE_HELPER_COUNT], helper_imports[MURRE_HELPER_COUNT];
    MIR_alias_t memory_alias, instance_alias, table_alias; /* linear memory; what only the runtime changes; tables */
    MIR_alias_t callee_alias;                              /* the type of a function, which may be null */
    uint32_t offset;                                       /* of the instruction whose cold code is being emitted */
};

/* ---- emit.c: registers, labels, the function's frame -------------------------------------------------------------- */

void murre_emit_init(struct murre_emit *emit, MIR_context_t mir, MIR_module_t mir_module, struct murre_module *module, uint32_t loop,
                     int level);

static inline void emit_append(struct murre_emit *e, MIR_insn_t insn) {
    MIR_append_insn(e->mir, e->item, insn);
}
static inline void emit1(struct murre_emit *e, MIR_insn_code_t code, MIR_op_t a) {
    emit_append(e, MIR_new_insn_arr(e->mir, code, 1, &a));
}
static inline void emit2(struct murre_emit *e, MIR_insn_code_t code, MIR_op_t a, MIR_op_t b) {
    MIR_op_t ops[2] = {a, b};
    emit_append(e, MIR_new_insn_arr(e->mir, code, 2, ops));
}
static inline void emit3(struct murre_emit *e, MIR_insn_code_t code, MIR_op_t a, MIR_op_t b, MIR_op_t c) {
    MIR_op_t ops[3] = {a, b, c};
    emit_append(e, MIR_new_insn_arr(e->mir, code, 3, ops));
}
static inline MIR_op_t emit_reg(struct murre_emit *e, MIR_reg_t reg) {
    return MIR_new_reg_op(e->mir, reg);
}
static inline MIR_op_t emit_int(struct murre_emit *e, int64_t value) {
    return MIR_new_int_op(e->mir, value);
}
static inline MIR_op_t emit_label_op(struct murre_emit *e, MIR_label_t label) {
    return MIR_new_label_op(e->mir, label);
}

enum emit_class murre_emit_class(murre_valtype type);
MIR_type_t murre_emit_type(murre_valtype type);        /* of a register, parameter or result */
MIR_type_t murre_emit_memory_type(murre_valtype type); /* of a value in a slot in memory */
MIR_insn_code_t murre_emit_move_code(enum emit_class class);
/* reg = 0, of its class. */
void murre_emit_zero(struct murre_emit *e, enum emit_class class, MIR_op_t reg);

/* A fresh register; murre_emit_scratch: one of four shared ones a class, for a value that dies before the next operation. */
MIR_reg_t murre_emit_new_reg(struct murre_emit *e, enum emit_class class);
MIR_op_t murre_emit_scratch(struct murre_emit *e, enum emit_class class, unsigned which);
/* A slot as a source, as a destination. Whoever writes an i32 sees to its upper half. */
MIR_op_t murre_emit_read(struct murre_emit *e, uint32_t slot, enum emit_class class);
MIR_op_t murre_emit_write(struct murre_emit *e, uint32_t slot, enum emit_class class);

/* An operand as a source. murre_emit_use: an i32 constant comes sign extended, which is shortest: good for …S instructions and where the
 * upper half is unspecified. murre_emit_use_extended: it comes zero extended, as registers are. */
MIR_op_t murre_emit_use(struct murre_emit *e, struct murre_operand operand);
MIR_op_t murre_emit_use_extended(struct murre_emit *e, struct murre_operand operand);
bool murre_emit_is_slot(struct murre_operand operand, uint32_t slot);

MIR_op_t murre_emit_label(struct murre_emit *e, uint32_t label);
/* A label of the emitter's own. */
MIR_label_t murre_emit_new_label(struct murre_emit *e);
void murre_emit_bind(struct murre_emit *e, MIR_label_t label);
/* The label of the trap at the instruction that is being lowered. */
MIR_op_t murre_emit_trap(struct murre_emit *e, enum murre_trapkind kind);

MIR_reg_t murre_emit_instance(struct murre_emit *e);
MIR_reg_t murre_emit_memory(struct murre_emit *e);
/* A field at an offset from a register. The fields that are constant while an instance lives, or that only calls change, are "instance". */
MIR_op_t murre_emit_field(struct murre_emit *e, MIR_type_t type, MIR_reg_t base, int64_t offset);

/* Grows a compilation's array; the old one stays in the arena. */
void *murre_emit_grow(void *array, uint32_t count, uint32_t *capacity, uint32_t needed, size_t size);

/* ---- the families ------------------------------------------------------------------------------------------------- */

void murre_emit_unary(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand a);
void murre_emit_binary(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand a, struct murre_operand b);
void murre_emit_divide(struct murre_emit *e, enum murre_op op, uint32_t dst, struct murre_operand a, struct murre_operand b);

void murre_emit_compare(struct murre_emit *e, enum murre_op op, uint32_t dst, struct murre_operand a, struct murre_operand b);
void murre_emit_select(struct murre_sink *sink, uint32_t dst, const struct murre_cond *cond, struct murre_operand a,
                       struct murre_operand b);
void murre_emit_branch(struct murre_sink *sink, uint32_t label);
void murre_emit_branch_if(struct murre_sink *sink, uint32_t label, const struct murre_cond *cond);
void murre_emit_branch_table(struct murre_sink *sink, struct murre_operand index, const uint32_t *labels, uint32_t count);

void murre_emit_load(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand address,
                     const struct murre_access *access);
void murre_emit_store(struct murre_sink *sink, enum murre_op op, struct murre_operand address, struct murre_operand value,
                      const struct murre_access *access);
/* A checked address of size bytes; the operand is good for several accesses by murre_emit_at. */
struct emit_address {
    MIR_reg_t base, index;
    int64_t displacement;
};
struct emit_address murre_emit_address(struct murre_emit *e, struct murre_operand address, const struct murre_access *access,
                                       uint32_t size);
/* Leaves the compilation where the access is not plain. */
void murre_emit_check_access(const struct murre_access *access);
MIR_op_t murre_emit_at(struct murre_emit *e, MIR_type_t type, struct emit_address address, int64_t offset);

void murre_emit_call(struct murre_sink *sink, uint32_t func, struct murre_arguments args, uint32_t base, uint32_t dst);
void murre_emit_call_indirect(struct murre_sink *sink, uint32_t type, uint32_t table, struct murre_operand index,
                              struct murre_arguments args, uint32_t base, uint32_t dst);
void murre_emit_ret(struct murre_sink *sink, const struct murre_operand *results, uint32_t count);
void murre_emit_call_ref(struct murre_sink *sink, uint32_t type, struct murre_operand func, bool nullable, struct murre_arguments args,
                         uint32_t base, uint32_t dst);
/* A tail call of the function by itself: the function starts again. */
void murre_emit_restart(struct murre_emit *e, struct murre_arguments args, uint32_t base);
void murre_emit_return_call(struct murre_sink *sink, uint32_t func, struct murre_arguments args, uint32_t base);
void murre_emit_return_call_indirect(struct murre_sink *sink, uint32_t type, uint32_t table, struct murre_operand index,
                                     struct murre_arguments args, uint32_t base);
void murre_emit_return_call_ref(struct murre_sink *sink, uint32_t type, struct murre_operand func, bool nullable,
                                struct murre_arguments args, uint32_t base);
void murre_emit_non_null(struct murre_sink *sink, struct murre_operand a);
void murre_emit_ret_range(struct murre_sink *sink, uint32_t src, const uint8_t *types, uint32_t count);
/* The cold parts of indirect calls. */
void murre_emit_leaves(struct murre_emit *e);
/* args: as many as the helper has parameters. result is ignored for a helper without one. */
void murre_emit_helper(struct murre_emit *e, enum murre_helper helper, MIR_op_t result, const MIR_op_t *args);

void murre_emit_global_get(struct murre_sink *sink, uint32_t dst, uint32_t global);
void murre_emit_global_set(struct murre_sink *sink, uint32_t global, struct murre_operand a);
void murre_emit_ref_func(struct murre_sink *sink, uint32_t dst, uint32_t func);
void murre_emit_bulk(struct murre_sink *sink, enum murre_op op, uint32_t dst, const struct murre_operand *operands, uint32_t immediate,
                     uint32_t immediate2, const struct murre_access *accesses);
/* emit_vector.c */
void murre_emit_vector(struct murre_sink *sink, enum murre_op op, uint32_t dst, const struct murre_operand *operands,
                       union murre_lanes lanes);
void murre_emit_lane(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand index, struct murre_operand vector,
                     uint8_t lane, const struct murre_access *access);
void murre_emit_vector_load(struct murre_emit *e, enum murre_op op, uint32_t dst, struct emit_address from);
/* A v128 constant in a register of its own: bits as in an operand. */
MIR_op_t murre_emit_vector_constant(struct murre_emit *e, uint64_t bits);
/* The instance's table, as a register; a field of it or one of its elements. */
MIR_reg_t murre_emit_table(struct murre_emit *e, uint32_t table, unsigned scratch);
MIR_op_t murre_emit_table_field(struct murre_emit *e, MIR_type_t type, MIR_reg_t base, MIR_reg_t index, int64_t offset);

#endif
