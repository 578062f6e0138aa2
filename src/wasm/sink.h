/* What the front end lowers a function to: a stream of operations with resolved operands. The builder of register code (src/interp) and the
 * MIR emitter (src/jit) are sinks; validation alone has none.
 *
 * Slots. A function's frame is numbered in slots of 8 bytes: first the parameters and locals (a v128 takes two), then the operand stack;
 * an operand has a home slot by its static height. A slot holds a value of one type at a time; the same temporary slot may hold another
 * type later. Values are where the front end says: a constant, a local's slot, or the home slot.
 *
 * Rules for a sink
 *  - dst may be the slot of an operand of the same operation: read all operands before writing dst. With values of two slots it may also be
 *    one slot off an operand's, for a copy or a select too.
 *  - Operations come only where code is reachable. A label is bound once; labels are numbered 0, 1, 2… as they are first mentioned.
 *  - All merges of values are explicit copies before the branch; at a label every live value is in its home slot or its local.
 *  - i32 and f32 values: the upper half of a slot or register is unspecified; extend where 64 bits are looked at (addresses above all).
 *  - Locals that are not parameters are zero when the function starts; the sink sees to it.
 *  - A sink reports failure (no memory, a limit) by murre_error_set on begin's error; the front end checks it now and then and stops.
 *  - Traps happen in program order: an operation that may trap is neither dropped nor moved across another effect. */
#ifndef MURRE_WASM_SINK_H
#define MURRE_WASM_SINK_H

#include "wasm/module.h"

enum murre_operand_kind { MURRE_OPERAND_CONST, MURRE_OPERAND_SLOT };

struct murre_operand {
    uint8_t kind;       /* enum murre_operand_kind */
    murre_valtype type; /* of a reference any word that is none of the number and vector types: sinks need not know more */
    uint32_t slot;      /* SLOT: a local's or a home slot. CONST: the home slot, where nothing lives; not that of an operand of ret, loop */
    /* CONST: the value; i32 and f32 in the low half, upper half zero. References: 0 is null. Of a v128 where in the module its 16 bytes are. */
    uint64_t bits;
};

/* What a branch or select asks. op is 0 (unused for any comparison): a is an i32, tested against zero. Else a comparison of opcodes.def
 * (class COMPARE, or I32_EQZ / I64_EQZ with b unused) of a and b. negate turns the answer round. */
struct murre_cond {
    enum murre_op op;
    bool negate;
    struct murre_operand a, b;
};
#define MURRE_COND_TEST MURRE_OP_UNREACHABLE /* row 0: no comparison */

/* What a load, store or bulk operation asks of a memory. The index is an operand of its own, an i32 or, with index64, an i64. */
struct murre_access {
    uint64_t offset; /* the effective address is zero-extended index + offset, without wrapping; 0 for bulk operations */
    uint32_t memory;
    uint8_t size;  /* bytes; 0 for bulk operations, which have an operand for it */
    uint8_t align; /* log2, as the instruction says: a hint, but for atomics */
    bool index64, atomic, shared;
};

/* Memory 0, not shared, by an index and offset of 32 bits: the one way that sinks know today, and the fast one. The front end hands out nothing else,
 * and refuses by its feature what would be; a sink fails at it. */
static inline bool murre_access_is_plain(const struct murre_access *access) {
    return access->memory == 0 && access->offset <= UINT32_MAX && !access->index64 && !access->atomic && !access->shared;
}

/* The lane that an instruction names, or the bytes of the operands that a shuffle takes. */
union murre_lanes {
    uint8_t lane;
    const uint8_t *bytes; /* sixteen, in the module: 0 to 15 of the first operand, 16 to 31 of the second */
};

/* Declared locals of one type, in a row. */
struct murre_local_group {
    uint32_t first, count; /* numbers of locals, parameters included */
    uint32_t slot;         /* of the first */
    murre_valtype type;
};

/* An operand of a call that is not in its home. */
struct murre_argument {
    uint32_t index; /* among the slots of the parameters: of a v128, the first */
    uint32_t slot;  /* its home */
    struct murre_operand operand;
};
/* The operands of a call. Those that args does not name are in their homes, from base on: of a thousand operands most may be. */
struct murre_arguments {
    const struct murre_argument *args; /* ascending */
    uint32_t count;
};

/* The argument of begin; valid until end or the front end has returned. */
struct murre_sink_func {
    const struct murre_module_info *module;
    uint32_t func_index;
    const struct murre_type *type;
    const struct murre_local_group *groups; /* of the declared locals; the parameters' slots are the first ones, in order */
    uint32_t group_count;
    uint32_t first_temp; /* first slot behind the locals */
    uint32_t body_size;  /* bytes of the body, for sizing */
    struct murre_error *error;
    /* The front end keeps this at the offset in the module of the instruction that is being lowered. */
    const uint32_t *offset;
};

struct murre_sink {
    const struct murre_sink_ops *ops;
    /* The loop whose header wants to know the live operands (for on-stack replacement); UINT32_MAX for none. */
    uint32_t live_loop;
};

/* Every entry is required. dst is a slot. */
struct murre_sink_ops {
    void (*begin)(struct murre_sink *sink, const struct murre_sink_func *func);
    /* slot_count: slots of the whole frame. Called when the body has been lowered without error. */
    void (*end)(struct murre_sink *sink, uint32_t slot_count);

    void (*copy)(struct murre_sink *sink, uint32_t dst, struct murre_operand a); /* also constants and references */
    /* count slots from src on to those from dst on, which is below: as if one after the other, the lowest first. types: a code per slot, see murre_type_codes;
     * no v128 is cut. */
    void (*copy_range)(struct murre_sink *sink, uint32_t dst, uint32_t src, const uint8_t *types, uint32_t count);
    void (*unary)(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand a); /* classes UNARY, REF_IS_NULL */
    void (*binary)(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand a,
                   struct murre_operand b); /* BINARY, COMPARE, SHIFT */
    /* TERNARY, with operands deepest first: three; EXTRACT: one; REPLACE, SHUFFLE: two. lanes: of the last three. */
    void (*vector)(struct murre_sink *sink, enum murre_op op, uint32_t dst, const struct murre_operand *operands, union murre_lanes lanes);
    /* LOAD_LANE, STORE_LANE (dst is not used). */
    void (*lane)(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand index, struct murre_operand vector,
                 uint8_t lane, const struct murre_access *access);
    /* cond ? a : b */
    void (*select)(struct murre_sink *sink, uint32_t dst, const struct murre_cond *cond, struct murre_operand a, struct murre_operand b);
    void (*load)(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand index, const struct murre_access *access);
    void (*store)(struct murre_sink *sink, enum murre_op op, struct murre_operand index, struct murre_operand value,
                  const struct murre_access *access);
    void (*global_get)(struct murre_sink *sink, uint32_t dst, uint32_t global);
    void (*global_set)(struct murre_sink *sink, uint32_t global, struct murre_operand a);
    void (*ref_func)(struct murre_sink *sink, uint32_t dst, uint32_t func);

    void (*label)(struct murre_sink *sink, uint32_t label); /* binds it here */
    /* Binds the label of a loop's header. index counts the function's loops in order. live are the operands on the stack, outermost first:
     * those of kind SLOT are in their home slots. All locals are live as well. A loop can be entered here with all slots in a frame.
     * Only the loop that sink->live_loop names gets its operands: for others live is NULL and live_count 0, which keeps the cost of loops on a
     * deep stack linear. */
    void (*loop)(struct murre_sink *sink, uint32_t label, uint32_t index, const struct murre_operand *live, uint32_t live_count);
    void (*branch)(struct murre_sink *sink, uint32_t label);
    void (*branch_if)(struct murre_sink *sink, uint32_t label, const struct murre_cond *cond);
    /* labels[min(index, count)]: count + 1 labels, the last the default. */
    void (*branch_table)(struct murre_sink *sink, struct murre_operand index, const uint32_t *labels, uint32_t count);
    void (*ret)(struct murre_sink *sink, const struct murre_operand *results, uint32_t count);
    /* The same of many: they are in count slots from src on. types: a code per slot. */
    void (*ret_range)(struct murre_sink *sink, uint32_t src, const uint8_t *types, uint32_t count);
    void (*unreachable)(struct murre_sink *sink);

    /* base is the home slot of the first argument and of the first result: results are expected in the home
     * slots from base on — but a single result in dst, which may be a local instead. Slots from base on hold nothing else that lives. */
    void (*call)(struct murre_sink *sink, uint32_t func, struct murre_arguments args, uint32_t base, uint32_t dst);
    void (*call_indirect)(struct murre_sink *sink, uint32_t type, uint32_t table, struct murre_operand index, struct murre_arguments args,
                          uint32_t base, uint32_t dst);
    /* The same of a function by reference; nullable: it traps with MURRE_TRAP_NULL_FUNCTION where that is null. */
    void (*call_ref)(struct murre_sink *sink, uint32_t type, struct murre_operand func, bool nullable, struct murre_arguments args,
                     uint32_t base, uint32_t dst);
    /* Tail calls: the callee takes the function's place, and its results are the function's. */
    void (*return_call)(struct murre_sink *sink, uint32_t func, struct murre_arguments args, uint32_t base);
    void (*return_call_indirect)(struct murre_sink *sink, uint32_t type, uint32_t table, struct murre_operand index,
                                 struct murre_arguments args, uint32_t base);
    void (*return_call_ref)(struct murre_sink *sink, uint32_t type, struct murre_operand func, bool nullable, struct murre_arguments args,
                            uint32_t base);
    /* Traps with MURRE_TRAP_NULL_REFERENCE where the reference is null. */
    void (*non_null)(struct murre_sink *sink, struct murre_operand a);

    /* The remaining operations of memories, tables and segments. immediates in the order of the text format; operands as popped, deepest
     * first (0 to 3); dst where there is a result. op is one of MEMORY_SIZE, MEMORY_GROW, MEMORY_INIT (data, memory), DATA_DROP,
     * MEMORY_COPY (destination, source), MEMORY_FILL, TABLE_GET, TABLE_SET, TABLE_INIT (elem, table), ELEM_DROP,
     * TABLE_COPY (destination, source), TABLE_GROW, TABLE_SIZE, TABLE_FILL. accesses: the memory, of MEMORY_COPY the destination and the source;
     * NULL where there is none. */
    void (*bulk)(struct murre_sink *sink, enum murre_op op, uint32_t dst, const struct murre_operand *operands, uint32_t immediate,
                 uint32_t immediate2, const struct murre_access *accesses);
};

#endif
