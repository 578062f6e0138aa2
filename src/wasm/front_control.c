/* Blocks and branches: see front_internal.h.
 *
 * Merging. A label takes its values in the home slots from its block's base on. A branch copies them there, lowest first, which needs no
 * scratch slot: a value's home is never below its destination, and locals are never destinations. If many values are not in their homes, they are
 * first put there, on all paths: the next branch finds them there and moves them as a range. The end of a block that no branch refers to merges
 * nothing, so operands stay lazy across it. A conditional branch that has values to move is inverted and jumps over the moves, since the
 * operands stay where they are on the other path. */
#include "wasm/front_internal.h"

#include <string.h>

static struct type_list single_type(uint8_t code) {
    static const uint8_t vector[] = {MURRE_V128, MURRE_V128_HIGH};
    /* Every code, at its place: a list lives longer than the frames' array stays where it is. */
#define FOUR(n)    (n), (n) + 1, (n) + 2, (n) + 3
#define SIXTEEN(n) FOUR(n), FOUR((n) + 4), FOUR((n) + 8), FOUR((n) + 12)
#define MANY(n)    SIXTEEN(n), SIXTEEN((n) + 16), SIXTEEN((n) + 32), SIXTEEN((n) + 48)
    static const uint8_t codes[] = {MANY(0), MANY(64), MANY(128), MANY(192)};
    return code == MURRE_V128 ? (struct type_list){vector, 2, 1} : (struct type_list){&codes[code], 1, 1};
}

static struct type_list label_types(const struct frame *frame) {
    return frame->kind == FRAME_LOOP ? frame->params : frame->results;
}

static uint32_t use_label(struct murre_front *f, struct frame *frame) {
    if (frame->label == NO_LABEL)
        frame->label = f->label_count++;
    return frame->label;
}

bool front_push_frame(struct murre_front *f, enum frame_kind kind, struct type_list params, struct type_list results) {
    if (f->depth == MURRE_MAX_NESTING) {
        murre_error_set(f->error, MURRE_ERROR_LIMIT, f->offset, "blocks nested deeper than %d", MURRE_MAX_NESTING);
        return false;
    }
    if (!front_reserve(f, (void **)&f->frames, &f->frames_capacity, (uint64_t)f->depth + 1, sizeof *f->frames))
        return false;
    uint32_t height = f->height - params.count;
    f->frames[f->depth++] = (struct frame){
        .kind = (uint8_t)kind,
        .entered = f->emit,
        .height = height,
        .label = NO_LABEL,
        .else_label = NO_LABEL,
        .sets = f->set_count,
        .params = params,
        .results = results,
    };
    f->base = height;
    return true;
}

void front_pop_frame(struct murre_front *f) {
    f->depth--;
    f->base = f->depth ? front_frame(f)->height : 0;
}

static bool read_block_type(struct murre_front *f, struct type_list *params, struct type_list *results) {
    struct murre_reader *r = &f->reader;
    *params = *results = (struct type_list){0};
    if (r->next != r->end && *r->next == 0x40) {
        r->next++;
        return true;
    }
    if (r->next != r->end && (*r->next & 0xc0) == 0x40) { /* a value type: a one-byte negative number */
        uint8_t type;
        if (!front_read_valtype(f, r, &type))
            return false;
        *results = single_type(type);
        return true;
    }
    int64_t index = murre_read_s33(r);
    if (!murre_reader_ok(r))
        return false;
    if (index < 0 || index >= f->module->type_count) {
        front_fail(f, "unknown type %lld", (long long)index);
        return false;
    }
    if (!(f->supported >> MURRE_FEATURE_MULTI_VALUE & 1)) {
        front_fail_feature(f, MURRE_FEATURE_MULTI_VALUE);
        return false;
    }
    *params = front_params(&f->module->types[index]);
    *results = front_results(&f->module->types[index]);
    return true;
}

static void bind_loop(struct murre_front *f) {
    struct frame *frame = front_frame(f);
    uint32_t index = f->loop_count++;
    uint32_t label = use_label(f, frame);
    const struct murre_operand *live = NULL;
    uint32_t count = 0;
    if (f->sink->live_loop == index) {
        count = f->height;
        live = front_operands(f, &count);
        if (!live)
            return;
    }
    f->ops->loop(f->sink, label, index, live, count);
}

void front_block(struct murre_front *f, enum murre_op op) {
    struct type_list params, results;
    struct entry test = {0};
    if (!read_block_type(f, &params, &results))
        return;
    if (op == MURRE_OP_IF)
        test = front_pop(f, MURRE_I32);
    front_expect(f, params);
    if (!murre_reader_ok(&f->reader))
        return;
    front_flush_locals(f);
    /* A loop's parameters, and those of an if (whose other arm starts from them), are wanted in their homes. */
    if (op != MURRE_OP_BLOCK)
        front_to_homes(f, params.count);
    enum frame_kind kind = op == MURRE_OP_BLOCK ? FRAME_BLOCK : op == MURRE_OP_LOOP ? FRAME_LOOP : FRAME_IF;
    if (!front_push_frame(f, kind, params, results))
        return;
    if (op == MURRE_OP_LOOP && !f->emit)
        f->loop_count++; /* numbered alike however much of the function is reachable */
    if (!f->emit)
        return;
    if (op == MURRE_OP_LOOP)
        bind_loop(f);
    if (op == MURRE_OP_IF) {
        struct murre_cond cond = front_cond(f, &test);
        cond.negate = !cond.negate;
        front_frame(f)->else_label = f->label_count++;
        f->ops->branch_if(f->sink, front_frame(f)->else_label, &cond);
    }
}

/* Checks that exactly the block's results are there. */
static bool check_results(struct murre_front *f, const struct frame *frame) {
    front_expect(f, frame->results);
    if (f->error->status == MURRE_OK && f->height != frame->height + frame->results.count)
        front_fail(f, "type mismatch: %u operands left over at the end of a block", f->height - frame->height - frame->results.count);
    return f->error->status == MURRE_OK;
}

static void restart(struct murre_front *f, struct type_list types, uint32_t height) {
    front_drop_to(f, height);
    front_push_list(f, types);
}

void front_else(struct murre_front *f) {
    struct frame *frame = front_frame(f);
    if (frame->kind != FRAME_IF) {
        front_fail(f, "else without if");
        return;
    }
    if (!check_results(f, frame))
        return;
    if (f->emit) {
        front_to_homes(f, frame->results.count);
        f->ops->branch(f->sink, use_label(f, frame));
    }
    if (__builtin_expect(f->set_count > frame->sets, 0))
        front_forget_sets(f, frame->sets);
    restart(f, frame->params, frame->height);
    frame->kind = FRAME_ELSE;
    frame->unreachable = false;
    f->emit = frame->entered;
    if (f->emit) {
        f->ops->label(f->sink, frame->else_label);
        frame->else_label = NO_LABEL;
    }
}

/* Many values that a branch or return takes, into their homes. */
static void gather(struct murre_front *f, uint32_t count) {
    if (f->emit && count > FEW_VALUES && front_count_lazy(f, count, FEW_VALUES) > FEW_VALUES)
        front_to_homes(f, count);
}

/* On this path only: what the operand stack knows is left alone, since the other way of a conditional branch goes on with it. */
static void emit_return(struct murre_front *f, uint32_t count) {
    if (count > FEW_VALUES) {
        uint32_t lazy;
        const struct murre_argument *args = front_arguments(f, count, &lazy);
        for (uint32_t i = 0; i < lazy; i++)
            f->ops->copy(f->sink, args[i].slot, args[i].operand);
        f->ops->ret_range(f->sink, front_slot(f, f->height - count), f->types + f->height - count, count);
        return;
    }
    const struct murre_operand *operands = front_operands(f, &count);
    if (operands)
        f->ops->ret(f->sink, operands, count);
}

static void end_function(struct murre_front *f, struct frame *frame) {
    if (f->emit)
        emit_return(f, frame->results.count);
    front_drop_to(f, 0);
    front_pop_frame(f);
}

/* Of an if without else: its parameters are its results on the way that is not there. */
static bool passes_through(struct murre_front *f, struct type_list params, struct type_list results) {
    return params.count == results.count && front_lists_match(f, params.types, results.types, params.count);
}

void front_end(struct murre_front *f) {
    struct frame *frame = front_frame(f);
    if (!check_results(f, frame))
        return;
    if (frame->kind == FRAME_FUNC) {
        end_function(f, frame);
        return;
    }
    if (frame->kind == FRAME_IF && !passes_through(f, frame->params, frame->results)) {
        front_fail(f, "type mismatch: an if without else must leave its parameters as they are");
        return;
    }
    if (__builtin_expect(f->set_count > frame->sets, 0))
        front_forget_sets(f, frame->sets);
    bool falls_through = f->emit;
    bool merges = frame->entered && frame->kind != FRAME_LOOP && (frame->label != NO_LABEL || frame->kind == FRAME_IF);
    if (merges) {
        if (falls_through)
            front_to_homes(f, frame->results.count);
        if (frame->kind == FRAME_IF)
            f->ops->label(f->sink, frame->else_label);
        if (frame->label != NO_LABEL)
            f->ops->label(f->sink, frame->label);
    }
    if (!falls_through)
        restart(f, frame->results, frame->height);
    f->emit = falls_through || merges;
    front_pop_frame(f);
}

void front_set_unreachable(struct murre_front *f) {
    struct frame *frame = front_frame(f);
    front_drop_to(f, frame->height);
    frame->unreachable = true;
    f->emit = false;
}

void front_return(struct murre_front *f) {
    struct type_list results = f->frames[0].results;
    front_expect(f, results);
    if (!murre_reader_ok(&f->reader))
        return;
    if (f->emit)
        emit_return(f, results.count);
    front_set_unreachable(f);
}

static struct frame *target(struct murre_front *f, uint32_t depth) {
    if (depth >= f->depth) {
        front_fail(f, "unknown label %u", depth);
        return NULL;
    }
    return &f->frames[f->depth - 1 - depth];
}

/* Are the label's values where it wants them? Heights are static, so this is so for all or none of those that are in their homes. */
static bool values_in_place(const struct murre_front *f, const struct frame *to, uint32_t count) {
    return to->height + count == f->height && front_count_lazy(f, count, 0) == 0;
}

/* Moves the label's values, of which few are not in their homes. */
static void emit_moves(struct murre_front *f, const struct frame *to, uint32_t count) {
    const uint32_t first = f->height - count, from = front_slot(f, first), base = front_slot(f, to->height);
    uint32_t lazy;
    const struct murre_argument *args = front_arguments(f, count, &lazy);
    for (uint32_t i = 0, next = 0; i < count;) {
        uint32_t end = next < lazy ? args[next].index : count; /* up to there they are in their homes */
        uint32_t src = front_slot(f, first + i), dst = base + (src - from);
        if (end == i) {
            i += murre_valtype_slots(args[next].operand.type);
            f->ops->copy(f->sink, dst, args[next++].operand);
        } else if (src == dst) {
            i = end;
        } else if (end - i > FEW_VALUES) {
            f->ops->copy_range(f->sink, dst, src, f->types + first + i, end - i);
            i = end;
        } else {
            murre_valtype type = f->types[first + i];
            f->ops->copy(f->sink, dst, (struct murre_operand){MURRE_OPERAND_SLOT, type, src, 0});
            i += murre_valtype_slots(type);
        }
    }
}

/* Moves the label's values and goes there. */
static void emit_branch(struct murre_front *f, struct frame *to, uint32_t count) {
    if (to->kind == FRAME_FUNC) {
        emit_return(f, count);
        return;
    }
    emit_moves(f, to, count);
    f->ops->branch(f->sink, use_label(f, to));
}

void front_br(struct murre_front *f) {
    struct frame *to = target(f, murre_read_u32(&f->reader));
    if (!to)
        return;
    struct type_list types = label_types(to);
    front_expect(f, types);
    if (!murre_reader_ok(&f->reader))
        return;
    if (f->emit) {
        gather(f, types.count);
        emit_branch(f, to, types.count);
    }
    front_set_unreachable(f);
}

/* Goes to the label where cond is true, with the values that it takes; those stay where they are on the other path. */
static void emit_branch_if(struct murre_front *f, struct frame *to, uint32_t count, struct murre_cond cond) {
    gather(f, count);
    if (to->kind != FRAME_FUNC && values_in_place(f, to, count)) {
        f->ops->branch_if(f->sink, use_label(f, to), &cond);
        return;
    }
    uint32_t skip = f->label_count++;
    cond.negate = !cond.negate;
    f->ops->branch_if(f->sink, skip, &cond);
    emit_branch(f, to, count);
    f->ops->label(f->sink, skip);
}

void front_br_if(struct murre_front *f) {
    struct frame *to = target(f, murre_read_u32(&f->reader));
    if (!to)
        return;
    struct entry test = front_pop(f, MURRE_I32);
    struct type_list types = label_types(to);
    front_expect(f, types);
    if (!f->emit || !murre_reader_ok(&f->reader))
        return;
    struct murre_cond cond = front_cond(f, &test);
    emit_branch_if(f, to, types.count, cond);
}

/* Pops a reference; false, with the error set, where there is none. One that is a constant is put into its home: conditions ask slots. */
static bool pop_reference(struct murre_front *f, struct entry *e) {
    if (f->emit && f->height > f->base && f->kinds[f->height - 1] == ENTRY_CONST)
        front_to_homes(f, 1);
    *e = front_pop(f, TYPE_ANY);
    if (f->error->status == MURRE_OK && e->type != TYPE_BOTTOM && !front_is_ref(e->type))
        front_fail(f, "type mismatch: expected a reference, found %s", murre_type_text(front_word(f, e->type)).text);
    return f->error->status == MURRE_OK;
}

static uint8_t not_null(struct murre_front *f, uint8_t code) {
    return code == TYPE_BOTTOM ? CODE_REF_BOTTOM : front_code(f, murre_ref_not_null(front_word(f, code)));
}

static struct murre_cond is_null(struct murre_front *f, const struct entry *e) {
    return (struct murre_cond){.op = MURRE_OP_I64_EQZ, .a = front_operand(f, e)};
}

void front_as_non_null(struct murre_front *f) {
    struct entry e;
    if (!pop_reference(f, &e))
        return;
    if (f->emit && front_may_be_null(f, e.type))
        f->ops->non_null(f->sink, front_operand(f, &e));
    front_push_again(f, &e, not_null(f, e.type));
}

void front_br_on_null(struct murre_front *f) {
    struct frame *to = target(f, murre_read_u32(&f->reader));
    struct entry e;
    if (!to || !pop_reference(f, &e))
        return;
    struct type_list types = label_types(to);
    struct murre_cond cond = {0};
    if (f->emit)
        cond = is_null(f, &e);
    front_expect(f, types);
    if (f->error->status != MURRE_OK)
        return;
    if (f->emit && front_may_be_null(f, e.type))
        emit_branch_if(f, to, types.count, cond);
    e.index = f->height;
    front_push_again(f, &e, not_null(f, e.type));
}

void front_br_on_non_null(struct murre_front *f) {
    struct frame *to = target(f, murre_read_u32(&f->reader));
    struct entry e;
    if (!to || !pop_reference(f, &e))
        return;
    front_push_again(f, &e, not_null(f, e.type));
    struct type_list types = label_types(to);
    if (types.count == 0 || !front_is_ref(types.types[types.count - 1])) {
        front_fail(f, "type mismatch: the label takes no reference");
        return;
    }
    front_expect(f, types);
    if (f->error->status != MURRE_OK)
        return;
    if (f->emit) {
        struct murre_cond cond = is_null(f, &e);
        cond.negate = true;
        emit_branch_if(f, to, types.count, cond);
    }
    front_pop(f, TYPE_ANY);
}

/* The label that br_table jumps to for a target: its own, or that of a stub which moves the values, made once per target. */
static uint32_t table_label(struct murre_front *f, struct frame *to, uint32_t count) {
    if (to->kind != FRAME_FUNC && values_in_place(f, to, count))
        return use_label(f, to);
    if (to->stub_serial != f->table_serial) {
        to->stub_serial = f->table_serial;
        to->stub = f->label_count++;
    }
    return to->stub;
}

/* Stubs follow the table; those that it made carry its serial. */
static void emit_stubs(struct murre_front *f, const uint32_t *depths, uint32_t count, uint32_t arity) {
    for (uint32_t i = 0; i <= count; i++) {
        struct frame *to = &f->frames[f->depth - 1 - depths[i]];
        if (to->stub_serial != f->table_serial || f->error->status != MURRE_OK)
            continue;
        to->stub_serial = 0;
        f->ops->label(f->sink, to->stub);
        emit_branch(f, to, arity);
    }
}

enum { TARGETS_A_LOOK = 4096 };

/* The stack is left alone: in unreachable code each target may see other types in what is missing. */
static bool check_targets(struct murre_front *f, const uint32_t *depths, uint32_t count) {
    const struct frame *last = target(f, depths[count]);
    uint32_t arity = last ? label_types(last).values : 0;
    f->table_serial++;
    for (uint32_t i = 0; i <= count && f->error->status == MURRE_OK; i++) {
        struct frame *to = target(f, depths[i]);
        if (!to || (i % TARGETS_A_LOOK == TARGETS_A_LOOK - 1 && !front_look(f)))
            return false;
        if (to->fits_serial == f->table_serial)
            continue;
        to->fits_serial = f->table_serial;
        if (label_types(to).values == arity)
            (void)front_fits(f, label_types(to));
        else
            front_fail(f, "type mismatch: br_table targets differ in arity");
    }
    return f->error->status == MURRE_OK;
}

void front_br_table(struct murre_front *f) {
    struct murre_reader *r = &f->reader;
    struct entry index = front_pop(f, MURRE_I32);
    uint32_t count = murre_read_count(r, 1, MURRE_MAX_BRANCH_TABLE, "br_table targets");
    /* First half: labels for the sink; second half: depths. */
    uint64_t entries = (uint64_t)count + 1;
    if (!murre_reader_ok(r) || !front_reserve(f, (void **)&f->labels, &f->labels_capacity, 2 * entries, sizeof *f->labels))
        return;
    uint32_t *depths = f->labels + entries;
    for (uint32_t i = 0; i <= count; i++)
        depths[i] = murre_read_u32(r);
    if (!murre_reader_ok(r))
        return;
    if (!check_targets(f, depths, count))
        return;
    const uint32_t arity = label_types(target(f, depths[count])).count;
    if (f->emit) {
        gather(f, arity);
        for (uint32_t i = 0; i <= count; i++)
            f->labels[i] = table_label(f, target(f, depths[i]), arity);
    }
    if (f->emit) {
        f->ops->branch_table(f->sink, front_operand(f, &index), f->labels, count);
        emit_stubs(f, depths, count, arity);
    }
    front_set_unreachable(f);
}
