/* The front end's state, shared by its files: front.c (driver and simple instructions), front_operand.c (the lazy operand stack),
 * front_control.c (blocks, branches), front_misc.c (variables, calls, references, tables, bulk operations), front_types.c (types of references).
 *
 * Time. The work for an instruction is bounded by its bytes, with one exception: a block, a branch or a call names a type of up to
 * a thousand values with two bytes. So lists of types are bytes (codes of value types), compared and copied as blocks of memory, and the
 * properties of operands are in separate arrays: types, kinds, and the rest, which only operands that are not in their homes need.
 * (A v128 has two entries in each, as it has two slots.) A thousand operands then take less than a hundred nanoseconds. A sink gets them as ranges of
 * homes, and each operand that is not in its home once: such an operand took bytes of its own. HACKING.md has the figures.
 *
 * Invariants
 *  - The home slot of place i of the stack is first_temp + i: front_slot. An operand has a place; a v128 has two, of types MURRE_V128 and
 *    MURRE_V128_HIGH, and what is known of it stands at the first: the second is always of kind TEMP. Counts and heights are in places.
 *  - An operand of kind TEMP has its value in its home slot. No operand below a block's base is of kind LOCAL while the block is open.
 *  - pending[x] heads a list of the stack's LOCAL operands that name local x, innermost first: link is the next one's index + 1, 0 ends.
 *    Operands are popped innermost first, so a popped one is the head. Between functions all of pending is 0.
 *  - An operand of kind COND is on top of the stack and its comparison in cond; only the very next instruction sees it.
 *  - emit: there is a sink and the code is reachable. Without it operands have no meaning but their type, and none of the innermost
 *    block's own is of kind LOCAL. */
#ifndef MURRE_WASM_FRONT_INTERNAL_H
#define MURRE_WASM_FRONT_INTERNAL_H

#include "wasm/front.h"
#include "wasm/limits.h"
#include "wasm/reader.h"
#include "wasm/types.h"

enum entry_kind { ENTRY_TEMP, ENTRY_CONST, ENTRY_LOCAL, ENTRY_COND };

/* The type of an operand taken from below an unreachable block's base: fits everything (appendix A.3). */
enum { TYPE_BOTTOM = 0, TYPE_ANY = 0 };
/* The code of MURRE_REF_BOTTOM. Codes of references that the binary format has none of one byte for are numbers: murre_ref_codes. */
enum { CODE_REF_BOTTOM = MURRE_REF };
enum { FRONT_MATCHED = 256 };
enum { NO_LABEL = UINT32_MAX, NO_ENTRY = UINT32_MAX };
/* Locals whose types are looked up in a table; those behind are found by their group. */
enum { TABLED_LOCALS = 4096 };
/* So many values at most are moved or returned one by one: more are put into their homes first, and named as ranges of slots. */
enum { FEW_VALUES = 4 };

/* What is known of an operand of kind CONST, LOCAL. */
union value {
    uint64_t bits;
    struct {
        uint32_t local, link;
    };
};

/* A popped operand. */
struct entry {
    uint32_t index; /* what was known of it stays there until something is pushed */
    uint8_t kind, type;
};

enum frame_kind { FRAME_FUNC, FRAME_BLOCK, FRAME_LOOP, FRAME_IF, FRAME_ELSE };

/* Types by their codes, a byte per slot. */
struct type_list {
    const uint8_t *types;
    uint32_t count;  /* of codes */
    uint32_t values; /* a v128 is one */
};

struct frame {
    uint8_t kind;
    bool entered;     /* emit was on when the block was entered */
    bool unreachable; /* the rest of the block cannot be reached */
    uint32_t height;  /* operands below the block's own */
    uint32_t label;   /* of the end, or of a loop's header; NO_LABEL until a branch wants it */
    uint32_t else_label;
    uint32_t stub; /* br_table: the label of the stub made for this target, while stub_serial is current */
    uint32_t stub_serial;
    uint32_t fits_serial; /* br_table: the types have been compared */
    uint32_t sets;        /* f->set_count when it was entered */
    struct type_list params, results;
};

struct murre_front {
    const struct murre_allocator *allocator;
    const struct murre_look *look; /* or NULL */
    /* Of the current function. */
    struct murre_reader reader;
    const struct murre_module_info *module;
    murre_features supported;
    struct murre_sink *sink;
    const struct murre_sink_ops *ops;
    struct murre_error *error;
    const struct murre_type *type;
    uint32_t offset; /* of the current instruction */
    uint32_t first_temp, max_height;
    uint32_t label_count, loop_count, table_serial;
    uint32_t base;          /* height of the innermost frame */
    const uint8_t *look_at; /* where to look next, or the end */
    bool emit;
    struct murre_cond cond;
    struct murre_sink_func func; /* what the sink was told */
    /* Growing arrays, kept from function to function. */
    uint8_t *types, *kinds; /* the operand stack */
    union value *values;
    uint32_t height, stack_capacity;
    uint32_t flushed;  /* operands below this index are not of kind LOCAL */
    uint32_t lazy_end; /* operands from this index on are of kind TEMP */
    struct frame *frames;
    uint32_t depth, frames_capacity;
    uint8_t local_types[TABLED_LOCALS];
    struct murre_local_group *groups; /* declared locals */
    uint32_t group_count, groups_capacity;
    uint32_t *pending; /* by local; all 0 between runs, unless left */
    bool left;         /* the last run with a sink did not come to its end */
    uint32_t local_count, pending_capacity;
    bool param_slots_known;
    uint16_t param_slots[MURRE_MAX_PARAMS]; /* of a type with a v128 */
    /* Types of references: front_types.c. */
    struct murre_ref_codes codes;    /* those of the module's lists, and those that the body has added */
    uint16_t matched[FRONT_MATCHED]; /* pairs of codes that have been found to match */
    uint32_t matches_left;
    bool exact;            /* what front_fits has compared was equal, too */
    bool has_unset;        /* there are locals without default */
    uint32_t plain_locals; /* local_count, or 0 where has_unset: all are looked at */
    uint64_t *was_set;     /* a bit for each local, of those without default; all 0 but for sets */
    uint32_t was_set_capacity;
    uint32_t *sets; /* locals set that had not been, innermost block last */
    uint32_t set_count, sets_capacity;
    struct murre_operand *operands; /* scratch */
    uint32_t operands_capacity;
    struct murre_argument *arguments; /* scratch */
    uint32_t arguments_capacity;
    uint32_t *labels; /* scratch */
    uint32_t labels_capacity;
};

static inline struct frame *front_frame(struct murre_front *f) {
    return &f->frames[f->depth - 1];
}

/* front.c: how an instruction accesses a memory of the module, whose number has been checked. */
struct murre_access front_access(const struct murre_front *f, uint32_t memory);

/* front_operand.c */
void front_fail(struct murre_front *f, const char *format, ...) __attribute__((cold, format(printf, 2, 3)));
void front_fail_type(struct murre_front *f, uint8_t want, uint8_t found) __attribute__((cold));
void front_fail_feature(struct murre_front *f, enum murre_feature feature) __attribute__((cold));
/* Makes *array hold count elements at least; false, with the error set, when there is no memory. */
bool front_reserve(struct murre_front *f, void **array, uint32_t *capacity, uint64_t count, size_t size);
/* Room for so many more operands. */
bool front_grow_stack(struct murre_front *f, uint32_t count);
/* The operand whose last place has been popped, and is not of the type wanted: any is, it is a v128, or an error. */
struct entry front_popped_other(struct murre_front *f, murre_valtype want, struct entry e);
/* Takes an operand from below the block's base, which is right only where code is unreachable. */
struct entry front_pop_bottom(struct murre_front *f, murre_valtype want);
void front_flush_local(struct murre_front *f, uint32_t local); /* copies all operands that name the local to their homes */
void front_flush_locals(struct murre_front *f);                /* the same for every local */
/* The innermost count operands into their homes, whatever they are. */
void front_to_homes(struct murre_front *f, uint32_t count);
/* Of the innermost count operands, how many are not in their homes; up to most + 1. */
uint32_t front_count_lazy(const struct murre_front *f, uint32_t count, uint32_t most);
/* Drops operands down to a height. */
void front_drop_to(struct murre_front *f, uint32_t height);
/* Checks that the innermost types.count operands have these types, and leaves them on the stack with exactly these types. */
void front_expect(struct murre_front *f, struct type_list types);
/* Do words of one list match those of another? */
bool front_lists_match(struct murre_front *f, const uint8_t *found, const uint8_t *types, uint32_t count);
/* Only checks. */
bool front_fits(struct murre_front *f, struct type_list types);
/* Pushes values that are in their homes. */
void front_push_list(struct murre_front *f, struct type_list types);
/* Where the result of an operation goes; pushes it. See there. */
uint32_t front_push_result(struct murre_front *f, murre_valtype type);
/* The operands in the innermost *count places in f->operands, and in *count how many they are; NULL without memory. */
struct murre_operand *front_operands(struct murre_front *f, uint32_t *count);
/* Those of the operands in the innermost count places that are not in their homes, as arguments of a call; NULL without memory. */
const struct murre_argument *front_arguments(struct murre_front *f, uint32_t count, uint32_t *lazy);
/* A comparison of popped operands: kept for the next instruction where it can use it, else emitted. */
void front_push_cond(struct murre_front *f, const struct murre_cond *cond);
/* A popped i32 as a condition. */
struct murre_cond front_cond(struct murre_front *f, const struct entry *entry);
/* False, with the error set, when the work is to end: see front.h. */
bool front_look(struct murre_front *f);

/* front_types.c */
void front_begin_types(struct murre_front *f, uint32_t body_size);
uint8_t front_number(struct murre_front *f, murre_valtype word);
/* The code of the type of a reference to a function. */
uint8_t front_func_code(struct murre_front *f, uint32_t func);
/* Is each value of one code's type one of the other's? They differ. */
bool front_matches(struct murre_front *f, uint8_t found, uint8_t want);
bool front_add_unset(struct murre_front *f, uint32_t end);   /* there are some below end */
void front_check_set(struct murre_front *f, uint32_t local); /* an error where it is not set */
void front_note_set(struct murre_front *f, uint32_t local);
void front_forget_sets(struct murre_front *f, uint32_t count); /* all but the first */

static inline bool front_is_ref(uint8_t code) {
    return code > MURRE_V128_HIGH && (code < MURRE_V128 || code > MURRE_I32);
}
static inline bool front_is_numbered(uint8_t code) {
    return code > MURRE_I32 || (code > MURRE_V128_HIGH && code <= MURRE_REF);
}
/* A code of a value type, and back. */
static inline uint8_t front_code(struct murre_front *f, murre_valtype word) {
    return __builtin_expect(!murre_is_long_ref(word), 1) ? (uint8_t)word : front_number(f, word);
}
static inline murre_valtype front_word(const struct murre_front *f, uint8_t code) {
    return code == CODE_REF_BOTTOM ? MURRE_REF_BOTTOM : front_is_numbered(code) ? f->codes.words[code] : code;
}

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
void front_br_on_null(struct murre_front *f);
void front_br_on_non_null(struct murre_front *f);
void front_return(struct murre_front *f);
void front_set_unreachable(struct murre_front *f);

/* front_misc.c */
/* The type's code. */
bool front_read_valtype(struct murre_front *f, struct murre_reader *r, uint8_t *code);
void front_local(struct murre_front *f, enum murre_op op);
void front_global(struct murre_front *f, enum murre_op op);
void front_call(struct murre_front *f);
void front_call_indirect(struct murre_front *f);
void front_call_ref(struct murre_front *f);
void front_return_call(struct murre_front *f, enum murre_op op);
void front_as_non_null(struct murre_front *f);
/* Pushes an operand that has just been popped once more, as of another type. */
void front_push_again(struct murre_front *f, const struct entry *e, uint8_t type);
void front_select(struct murre_front *f, enum murre_op op);
void front_reference(struct murre_front *f, enum murre_op op);
void front_memory(struct murre_front *f, enum murre_op op); /* size, grow, init, copy, fill, data.drop */
void front_table(struct murre_front *f, enum murre_op op);

/* Types of the module's, as codes. */
static inline struct type_list front_params(const struct murre_type *type) {
    return (struct type_list){murre_type_codes(type), type->param_slots, type->func.param_count};
}
static inline struct type_list front_results(const struct murre_type *type) {
    return (struct type_list){murre_type_codes(type) + type->param_slots, type->result_slots, type->func.result_count};
}

uint32_t front_far_local_type(const struct murre_front *f, uint32_t local);
uint32_t front_far_local_slot(struct murre_front *f, uint32_t local);
static inline uint32_t front_local_type(const struct murre_front *f, uint32_t local) {
    return __builtin_expect(local < TABLED_LOCALS, 1) ? f->local_types[local] : front_far_local_type(f, local);
}
/* Where no local takes two slots, a local's number is its slot. Else parameters are looked up in a table. */
static inline uint32_t front_local_slot(struct murre_front *f, uint32_t local) {
    return __builtin_expect(f->local_count == f->first_temp, 1) ? local : front_far_local_slot(f, local);
}

/* The home of operand index, which may be the next to be pushed. */
static inline uint32_t front_slot(const struct murre_front *f, uint32_t index) {
    return f->first_temp + index;
}

/* A reference's code. */
static inline bool front_may_be_null(const struct murre_front *f, uint8_t code) {
    return !front_is_numbered(code) || murre_is_nullable(front_word(f, code));
}

static inline struct murre_operand front_operand(struct murre_front *f, const struct entry *e) {
    if (e->kind == ENTRY_CONST)
        return (struct murre_operand){MURRE_OPERAND_CONST, e->type, front_slot(f, e->index), f->values[e->index].bits};
    uint32_t slot = e->kind == ENTRY_LOCAL ? front_local_slot(f, f->values[e->index].local) : front_slot(f, e->index);
    return (struct murre_operand){MURRE_OPERAND_SLOT, e->type, slot, 0};
}
/* One that is on the stack. */
static inline struct entry front_entry(const struct murre_front *f, uint32_t index) {
    return (struct entry){index, f->kinds[index], f->types[index]};
}

/* The second place of a v128; grown for by its first. False without memory. */
bool front_push_high(struct murre_front *f);

/* Pushes an operand of kind TEMP, to be changed by the caller; NO_ENTRY without memory. */
static inline uint32_t front_push(struct murre_front *f, murre_valtype type) {
    if (__builtin_expect(f->height == f->stack_capacity, 0) && !front_grow_stack(f, 1))
        return NO_ENTRY;
    uint32_t index = f->height++;
    f->kinds[index] = ENTRY_TEMP;
    f->types[index] = (uint8_t)type;
    if (__builtin_expect(type == MURRE_V128, 0) && !front_push_high(f))
        return NO_ENTRY;
    if (f->height > f->max_height)
        f->max_height = f->height;
    return index;
}

static inline void front_push_const(struct murre_front *f, murre_valtype type, uint64_t bits) {
    uint32_t index = front_push(f, type);
    if (index != NO_ENTRY) {
        f->kinds[index] = ENTRY_CONST;
        f->lazy_end = index + 1;
        f->values[index].bits = bits;
    }
}

static inline void front_push_local(struct murre_front *f, murre_valtype type, uint32_t local) {
    uint32_t index = front_push(f, type);
    if (index != NO_ENTRY) {
        f->kinds[index] = ENTRY_LOCAL;
        f->lazy_end = index + 1;
        f->values[index].local = local;
        f->values[index].link = f->pending[local];
        f->pending[local] = index + 1;
        if (f->flushed > index)
            f->flushed = index;
    }
}

/* A popped operand's value is where it was until the next one is pushed: front_operand comes before front_push…. */
static inline struct entry front_pop(struct murre_front *f, murre_valtype want) {
    if (__builtin_expect(f->height > f->base, 1)) {
        uint32_t index = --f->height;
        struct entry e = front_entry(f, index);
        if (e.kind == ENTRY_LOCAL)
            f->pending[f->values[index].local] = f->values[index].link;
        return __builtin_expect(e.type == want, 1) ? e : front_popped_other(f, want, e);
    }
    return front_pop_bottom(f, want);
}

#endif
