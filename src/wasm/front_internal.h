/* The front end's state, shared by its files: front.c (driver and simple instructions), front_operand.c (the lazy operand stack),
 * front_control.c (blocks, branches), front_misc.c (variables, calls, references, tables, bulk operations).
 *
 * Invariants
 *  - stack[i].slot is the home slot of operand i: the sum of the widths of the operands below it plus first_temp.
 *  - An entry of kind TEMP has its value in its home slot. No entry below a block's base is of kind LOCAL while the block is open.
 *  - pending[x] heads a list of the stack's LOCAL entries that name local x, innermost first: link is the next one's index + 1, 0 ends.
 *    Entries are popped innermost first, so a popped one is the head.
 *  - An entry of kind COND is on top of the stack and its comparison in cond; only the very next instruction sees it.
 *  - emit: there is a sink and the code is reachable. Without it entries have no meaning but their type. */
#ifndef MURRE_WASM_FRONT_INTERNAL_H
#define MURRE_WASM_FRONT_INTERNAL_H

#include "wasm/front.h"
#include "wasm/limits.h"
#include "wasm/reader.h"
#include "wasm/types.h"

enum entry_kind { ENTRY_CONST, ENTRY_LOCAL, ENTRY_TEMP, ENTRY_COND };

/* The type of an operand taken from below an unreachable block's base: fits everything (appendix A.3). */
enum { TYPE_BOTTOM = 0, TYPE_ANY = 0 };
enum { NO_LABEL = UINT32_MAX };

struct entry {
    uint8_t kind;
    murre_valtype type;
    uint32_t slot;
    uint32_t link;
    union {
        uint64_t bits;
        uint32_t local;
    };
};

enum frame_kind { FRAME_FUNC, FRAME_BLOCK, FRAME_LOOP, FRAME_IF, FRAME_ELSE };

struct type_list {
    const murre_valtype *types;
    uint32_t count;
};

struct frame {
    uint8_t kind;
    bool entered;     /* emit was on when the block was entered */
    bool unreachable; /* the rest of the block cannot be reached */
    uint32_t height;  /* operands below the block's own */
    uint32_t slot;    /* home slot of the first operand of its own */
    uint32_t label;   /* of the end, or of a loop's header; NO_LABEL until a branch wants it */
    uint32_t else_label;
    uint32_t stub; /* br_table: the label of the stub made for this target, while stub_serial is current */
    uint32_t stub_serial;
    struct type_list params, results;
};

struct murre_front {
    const struct murre_allocator *allocator;
    /* Of the function at hand. */
    struct murre_reader reader;
    const struct murre_module_info *module;
    murre_features supported;
    struct murre_sink *sink;
    const struct murre_sink_ops *ops;
    struct murre_error *error;
    const struct murre_type *type;
    uint32_t offset; /* of the instruction at hand */
    uint32_t first_temp, max_slot;
    uint32_t label_count, loop_count, stub_serial;
    uint32_t base; /* height of the innermost frame */
    bool emit;
    struct murre_cond cond;
    struct murre_sink_func func; /* what the sink was told */
    /* Growing arrays, kept from function to function. */
    struct entry *stack;
    uint32_t height, stack_capacity;
    uint32_t flushed; /* entries below this index are not of kind LOCAL */
    struct frame *frames;
    uint32_t depth, frames_capacity;
    murre_valtype *locals;
    uint32_t *local_slots, *pending;
    uint32_t local_count, locals_capacity;
    struct murre_operand *operands; /* scratch */
    uint32_t operands_capacity;
    uint32_t *labels; /* scratch */
    uint32_t labels_capacity;
};

static inline struct frame *front_frame(struct murre_front *f) {
    return &f->frames[f->depth - 1];
}

/* front_operand.c */
void front_fail(struct murre_front *f, const char *format, ...) __attribute__((cold, format(printf, 2, 3)));
void front_fail_type(struct murre_front *f, murre_valtype want, murre_valtype found) __attribute__((cold));
void front_fail_feature(struct murre_front *f, enum murre_feature feature) __attribute__((cold));
/* Makes *array hold count elements at least; false, with the error set, when there is no memory. */
bool front_reserve(struct murre_front *f, void **array, uint32_t *capacity, uint64_t count, size_t size);
bool front_grow_stack(struct murre_front *f);
/* Takes an operand from below the block's base, which is right only where code is unreachable. */
struct entry front_pop_bottom(struct murre_front *f, murre_valtype want);
void front_flush_local(struct murre_front *f, uint32_t local); /* copies all entries that name the local to their homes */
void front_flush_locals(struct murre_front *f);                /* the same for every local */
void front_to_home(struct murre_front *f, uint32_t index);     /* one entry, whatever it is */
/* Drops operands down to a height. */
void front_drop_to(struct murre_front *f, uint32_t height);
/* Checks that the innermost types.count operands have these types, and leaves them on the stack with exactly these types. */
void front_expect(struct murre_front *f, struct type_list types);
/* Pushes values that are in their homes. */
void front_push_list(struct murre_front *f, struct type_list types);
/* Where the result of an operation goes; pushes it. See there. */
uint32_t front_push_result(struct murre_front *f, murre_valtype type);
/* The innermost count entries as operands in f->operands; NULL without memory. */
struct murre_operand *front_operands(struct murre_front *f, uint32_t count);
void front_pop_list(struct murre_front *f, struct type_list types);
/* A comparison of popped operands: kept for the next instruction where it can use it, else emitted. */
void front_push_cond(struct murre_front *f, const struct murre_cond *cond);
/* A popped i32 as a condition. */
struct murre_cond front_cond(struct murre_front *f, const struct entry *entry);

/* front_control.c; each reads its immediates */
/* Keeps f->base; frames are left by front_pop_frame. */
bool front_push_frame(struct murre_front *f, enum frame_kind kind, struct type_list params, struct type_list results);
void front_pop_frame(struct murre_front *f);
void front_block(struct murre_front *f, enum murre_op op);
void front_else(struct murre_front *f);
void front_end(struct murre_front *f);
void front_br(struct murre_front *f);
void front_br_if(struct murre_front *f);
void front_br_table(struct murre_front *f);
void front_return(struct murre_front *f);
void front_set_unreachable(struct murre_front *f);

/* front_misc.c */
bool front_read_valtype(struct murre_front *f, struct murre_reader *r, murre_valtype *type);
void front_local(struct murre_front *f, enum murre_op op);
void front_global(struct murre_front *f, enum murre_op op);
void front_call(struct murre_front *f);
void front_call_indirect(struct murre_front *f);
void front_select(struct murre_front *f, enum murre_op op);
void front_reference(struct murre_front *f, enum murre_op op);
void front_memory(struct murre_front *f, enum murre_op op); /* size, grow, init, copy, fill, data.drop */
void front_table(struct murre_front *f, enum murre_op op);

static inline struct murre_operand front_operand(const struct murre_front *f, const struct entry *e) {
    if (e->kind == ENTRY_CONST)
        return (struct murre_operand){MURRE_OPERAND_CONST, e->type, 0, e->bits};
    return (struct murre_operand){MURRE_OPERAND_SLOT, e->type, e->kind == ENTRY_LOCAL ? f->local_slots[e->local] : e->slot, 0};
}

static inline uint32_t front_next_slot(const struct murre_front *f) {
    return f->height ? f->stack[f->height - 1].slot + murre_type_slots(f->stack[f->height - 1].type) : f->first_temp;
}

/* Pushes an entry of kind TEMP, to be changed by the caller; NULL without memory. */
static inline struct entry *front_push(struct murre_front *f, murre_valtype type) {
    if (__builtin_expect(f->height == f->stack_capacity, 0) && !front_grow_stack(f))
        return NULL;
    uint32_t slot = front_next_slot(f);
    struct entry *e = &f->stack[f->height++];
    e->kind = ENTRY_TEMP;
    e->type = type;
    e->slot = slot;
    if (slot + 2 > f->max_slot)
        f->max_slot = slot + 2;
    return e;
}

static inline void front_push_const(struct murre_front *f, murre_valtype type, uint64_t bits) {
    struct entry *e = front_push(f, type);
    if (e) {
        e->kind = ENTRY_CONST;
        e->bits = bits;
    }
}

static inline void front_unlink(struct murre_front *f, const struct entry *e) {
    if (e->kind == ENTRY_LOCAL)
        f->pending[e->local] = e->link;
}

static inline struct entry front_pop(struct murre_front *f, murre_valtype want) {
    if (__builtin_expect(f->height > f->base, 1)) {
        struct entry *e = &f->stack[--f->height];
        if (f->flushed > f->height)
            f->flushed = f->height;
        front_unlink(f, e);
        if (__builtin_expect(e->type != want, 0) && want != TYPE_ANY && e->type != TYPE_BOTTOM)
            front_fail_type(f, want, e->type);
        return *e;
    }
    return front_pop_bottom(f, want);
}

#endif
