/* The lazily tracked operand stack: see front_internal.h. */
#include "wasm/front_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void front_fail(struct murre_front *f, const char *format, ...) {
    char message[sizeof f->error->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    murre_error_set(f->error, MURRE_ERROR_INVALID, f->offset, "%s", message);
}

/* Also of a list's code. */
static struct murre_type_text code_text(const struct murre_front *f, uint8_t code) {
    return murre_type_text(code == MURRE_V128_HIGH ? MURRE_V128 : front_word(f, code));
}

void front_fail_type(struct murre_front *f, uint8_t want, uint8_t found) {
    front_fail(f, "type mismatch: expected %s, found %s", code_text(f, want).text, code_text(f, found).text);
}

/* Texts are kept out of what runs for every instruction: a function with an array has its return address guarded. */
static __attribute__((cold, noinline)) void fail_empty(struct murre_front *f, uint8_t want) {
    front_fail(f, "type mismatch: expected %s, the operand stack is empty", code_text(f, want).text);
}

void front_fail_feature(struct murre_front *f, enum murre_feature feature) {
    if (f->error->status != MURRE_OK)
        return;
    murre_error_set(f->error, MURRE_ERROR_UNSUPPORTED, f->offset, "%s", "");
    murre_error_features(f->error, (murre_features)1 << feature);
}

bool front_reserve(struct murre_front *f, void **array, uint32_t *capacity, uint64_t count, size_t size) {
    if (count <= *capacity)
        return true;
    uint64_t grown = *capacity ? (uint64_t)*capacity * 2 : 64;
    if (grown < count)
        grown = count;
    void *moved = grown <= UINT32_MAX ? murre_realloc(f->allocator, *array, *capacity * size, grown * size) : NULL;
    if (!moved) {
        murre_error_memory(f->error);
        return false;
    }
    *array = moved;
    *capacity = (uint32_t)grown;
    return true;
}

bool front_look(struct murre_front *f) {
    if (!f->look || !murre_look_stops(f->look))
        return true;
    murre_error_set(f->error, MURRE_ERROR_TIME, MURRE_NO_OFFSET, "no time is left");
    return false;
}

/* ---- the stack ---------------------------------------------------------------------------------------------------------- */

/* The three arrays grow together. */
bool front_grow_stack(struct murre_front *f, uint32_t count) {
    uint64_t wanted = (uint64_t)f->height + count;
    if (wanted <= f->stack_capacity)
        return true;
    if (wanted > MURRE_MAX_OPERANDS) {
        murre_error_set(f->error, MURRE_ERROR_LIMIT, f->offset, "more than %d operands on the stack", MURRE_MAX_OPERANDS);
        return false;
    }
    uint32_t capacity[3] = {f->stack_capacity, f->stack_capacity, f->stack_capacity};
    if (front_reserve(f, (void **)&f->types, &capacity[0], wanted, sizeof *f->types) &&
        front_reserve(f, (void **)&f->kinds, &capacity[1], wanted, sizeof *f->kinds) &&
        front_reserve(f, (void **)&f->values, &capacity[2], wanted, sizeof *f->values)) {
        f->stack_capacity = capacity[0];
        return true;
    }
    /* A failure after the first leaves blocks of different sizes: none is better. */
    murre_free(f->allocator, f->types, capacity[0] * sizeof *f->types);
    murre_free(f->allocator, f->kinds, capacity[1] * sizeof *f->kinds);
    murre_free(f->allocator, f->values, capacity[2] * sizeof *f->values);
    f->types = f->kinds = NULL;
    f->values = NULL;
    f->stack_capacity = f->height = 0;
    return false;
}

bool front_push_high(struct murre_front *f) {
    if (f->height == f->stack_capacity && !front_grow_stack(f, 1))
        return false;
    f->kinds[f->height] = ENTRY_TEMP;
    f->types[f->height++] = MURRE_V128_HIGH;
    return true;
}

struct entry front_popped_other(struct murre_front *f, murre_valtype want, struct entry e) {
    if (e.type == MURRE_V128_HIGH) {
        e = front_entry(f, --f->height);
        if (e.kind == ENTRY_LOCAL)
            f->pending[f->values[e.index].local] = f->values[e.index].link;
    }
    if (want != TYPE_ANY && e.type != TYPE_BOTTOM && e.type != want && !front_matches(f, e.type, (uint8_t)want))
        front_fail_type(f, (uint8_t)want, e.type);
    return e;
}

struct entry front_pop_bottom(struct murre_front *f, murre_valtype want) {
    if (!front_frame(f)->unreachable) {
        if (want == TYPE_ANY)
            front_fail(f, "type mismatch: the operand stack is empty");
        else
            fail_empty(f, (uint8_t)want);
    }
    return (struct entry){.kind = ENTRY_TEMP, .type = (uint8_t)want};
}

/* ---- operands that are not in their homes ------------------------------------------------------------------------------------- */

_Static_assert(ENTRY_TEMP == 0, "kinds are looked at many at a time");
enum { KINDS_AT_ONCE = 32 };

static inline uint64_t word_at(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}
static inline bool are_home(const uint8_t *kinds) {
    return (word_at(kinds) | word_at(kinds + 8) | word_at(kinds + 16) | word_at(kinds + 24)) == 0;
}

/* The first operand from index on, below end, that is not in its home; end when there is none. */
static uint32_t next_lazy(const struct murre_front *f, uint32_t index, uint32_t end) {
    const uint32_t last = end < f->lazy_end ? end : f->lazy_end;
    if (index >= last)
        return end;
    while (last - index >= KINDS_AT_ONCE && are_home(&f->kinds[index]))
        index += KINDS_AT_ONCE;
    while (index < last && !f->kinds[index])
        index++;
    return index < last ? index : end;
}

/* The last one of them below index, from floor on; NO_ENTRY when there is none. */
static uint32_t previous_lazy(const struct murre_front *f, uint32_t index, uint32_t floor) {
    if (index > f->lazy_end)
        index = f->lazy_end;
    if (index <= floor)
        return NO_ENTRY;
    while (index - floor >= KINDS_AT_ONCE && are_home(&f->kinds[index - KINDS_AT_ONCE]))
        index -= KINDS_AT_ONCE;
    while (index > floor && !f->kinds[index - 1])
        index--;
    return index > floor ? index - 1 : NO_ENTRY;
}

uint32_t front_count_lazy(const struct murre_front *f, uint32_t count, uint32_t most) {
    uint32_t lazy = 0;
    for (uint32_t i = f->height - count; (i = next_lazy(f, i, f->height)) < f->height && lazy <= most; i++)
        lazy++;
    return lazy;
}

static void copy_home(struct murre_front *f, uint32_t index) {
    struct entry e = front_entry(f, index);
    f->ops->copy(f->sink, front_slot(f, index), front_operand(f, &e));
    f->kinds[index] = ENTRY_TEMP;
}

void front_flush_local(struct murre_front *f, uint32_t local) {
    if (!f->emit)
        return;
    for (uint32_t next = f->pending[local]; next;) {
        uint32_t index = next - 1;
        next = f->values[index].link;
        copy_home(f, index);
    }
    f->pending[local] = 0;
}

void front_flush_locals(struct murre_front *f) {
    if (!f->emit)
        return;
    for (uint32_t i = f->flushed; (i = next_lazy(f, i, f->height)) < f->height; i++)
        if (f->kinds[i] == ENTRY_LOCAL) {
            f->pending[f->values[i].local] = 0;
            copy_home(f, i);
        }
    if (f->flushed < f->height)
        f->flushed = f->height;
}

/* From the top down: a LOCAL operand is the head of its list. */
void front_to_homes(struct murre_front *f, uint32_t count) {
    if (!f->emit)
        return;
    for (uint32_t i = f->height; (i = previous_lazy(f, i, f->height - count)) != NO_ENTRY;) {
        if (f->kinds[i] == ENTRY_LOCAL)
            f->pending[f->values[i].local] = f->values[i].link;
        copy_home(f, i);
    }
    if (f->lazy_end > f->height - count)
        f->lazy_end = f->height - count;
}

void front_drop_to(struct murre_front *f, uint32_t height) {
    if (f->emit)
        for (uint32_t i = f->height; i > height && (i = previous_lazy(f, i, height)) != NO_ENTRY;)
            if (f->kinds[i] == ENTRY_LOCAL)
                f->pending[f->values[i].local] = f->values[i].link;
    f->height = height;
    if (f->lazy_end > height)
        f->lazy_end = height;
}

/* ---- lists of types ----------------------------------------------------------------------------------------------------- */

/* One of many that may be asked for by a byte. */
static bool fits_one(struct murre_front *f, uint8_t found, uint8_t type) {
    if (!front_matches(f, found, type))
        return false;
    if (f->matches_left == 0)
        murre_error_set(f->error, MURRE_ERROR_LIMIT, f->offset, "too many operands of a block or call are of subtypes");
    else
        f->matches_left--;
    return f->matches_left;
}

/* A branch table may ask this of a thousand operands for each byte.
 *
 * What is of no type (TYPE_BOTTOM) has one place, though it stands for a v128, too, which has two. It comes only from a select of such operands in unreachable
 * code, so it is the lowest of its block, and there is one at most: what it is compared with is the second code of a v128 then, and the first is looked for
 * below the block's base, where everything is. */
static inline __attribute__((always_inline)) bool fit(struct murre_front *f, const uint8_t *found, const uint8_t *types, uint32_t count) {
    f->exact = count == 0 || memcmp(found, types, count) == 0;
    if (f->exact)
        return true;
    uint32_t i = 0, end;
    while (i < count) {
        for (; count - i >= 8 && word_at(found + i) == word_at(types + i); i += 8)
            ;
        for (end = count - i < 8 ? count : i + 8; i < end; i++)
            if (found[i] != types[i] && found[i] != TYPE_BOTTOM && !fits_one(f, found[i], types[i]))
                return false;
    }
    return true;
}

bool front_lists_match(struct murre_front *f, const uint8_t *found, const uint8_t *types, uint32_t count) {
    return fit(f, found, types, count);
}

bool front_fits(struct murre_front *f, struct type_list types) {
    const struct frame *frame = front_frame(f);
    uint32_t own = f->height - frame->height, there = own < types.count ? own : types.count;
    /* A stack that has never held anything has no arrays. */
    const uint8_t *found = there ? f->types + f->height - there : NULL, *want = there ? types.types + types.count - there : NULL;
    if (__builtin_expect(fit(f, found, want, there), 1)) {
        if (own >= types.count || frame->unreachable)
            return true;
        fail_empty(f, types.types[types.count - own - 1]);
        return false;
    }
    if (f->error->status != MURRE_OK)
        return false;
    uint32_t i = there; /* the innermost that does not fit */
    while (i > 1 && (found[i - 1] == want[i - 1] || found[i - 1] == TYPE_BOTTOM || front_matches(f, found[i - 1], want[i - 1])))
        i--;
    front_fail_type(f, want[i - 1], found[i - 1]);
    return false;
}

void front_expect(struct murre_front *f, struct type_list types) {
    if (types.count == 0 || !front_fits(f, types))
        return;
    const struct frame *frame = front_frame(f);
    if (f->height - frame->height >= types.count) {
        if (!f->exact)
            memcpy(f->types + f->height - types.count, types.types, types.count);
        return;
    }
    /* Fewer than wanted: right only where code is unreachable. What is missing is made. */
    front_drop_to(f, frame->height);
    front_push_list(f, types);
}

void front_push_list(struct murre_front *f, struct type_list types) {
    if (types.count == 0 || (f->height + types.count > f->stack_capacity && !front_grow_stack(f, types.count)))
        return;
    uint32_t index = f->height;
    memcpy(f->types + index, types.types, types.count);
    memset(f->kinds + index, ENTRY_TEMP, types.count);
    f->height += types.count;
    if (f->height > f->max_height)
        f->max_height = f->height;
}

/* True when the bytes ahead are a local.set or local.tee of a local of this type; moves behind them. Only one-byte indices: the others are
 * rare, and the general way is as right. */
static bool next_sets_local(struct murre_front *f, murre_valtype type, uint32_t *local, bool *keeps) {
    const uint8_t *p = f->reader.next;
    if (f->reader.end - p < 2 || (p[0] != 0x21 && p[0] != 0x22) || p[1] >= 0x80)
        return false;
    *keeps = p[0] == 0x22;
    *local = p[1];
    if (*local >= f->local_count || front_local_type(f, *local) != type)
        return false;
    f->reader.next += 2;
    if (f->has_unset)
        front_note_set(f, *local);
    return true;
}

/* Straight into a local where a local.set or local.tee follows, which is consumed with it; else the home slot of a new entry. Older entries
 * that name the local are saved first: the operation itself has not been emitted yet and reads its operands where they are. */
uint32_t front_push_result(struct murre_front *f, murre_valtype type) {
    uint32_t local;
    bool keeps;
    if (f->emit && next_sets_local(f, type, &local, &keeps)) {
        front_flush_local(f, local);
        if (keeps)
            front_push_local(f, type, local);
        return front_local_slot(f, local);
    }
    uint32_t index = front_push(f, type);
    return index != NO_ENTRY ? front_slot(f, index) : 0;
}

struct murre_operand *front_operands(struct murre_front *f, uint32_t *count) {
    if (!front_reserve(f, (void **)&f->operands, &f->operands_capacity, (uint64_t)*count + 1, sizeof *f->operands))
        return NULL;
    uint32_t found = 0;
    for (uint32_t i = f->height - *count; i < f->height; i++) {
        struct entry e = front_entry(f, i);
        if (e.type != MURRE_V128_HIGH)
            f->operands[found++] = front_operand(f, &e);
    }
    *count = found;
    return f->operands;
}

const struct murre_argument *front_arguments(struct murre_front *f, uint32_t count, uint32_t *lazy) {
    uint32_t first = f->height - count, found = 0;
    *lazy = 0;
    for (uint32_t i = first; (i = next_lazy(f, i, f->height)) < f->height; i++) {
        if (!front_reserve(f, (void **)&f->arguments, &f->arguments_capacity, (uint64_t)found + 1, sizeof *f->arguments))
            return NULL;
        struct entry e = front_entry(f, i);
        f->arguments[found++] = (struct murre_argument){i - first, front_slot(f, i), front_operand(f, &e)};
    }
    *lazy = found;
    return f->arguments;
}

/* op itself where there is none. */
static enum murre_op inverse(enum murre_op op) {
    return murre_op_facts[op].inverse ? (enum murre_op)murre_op_facts[op].inverse : op;
}

/* The instructions that take a comparison as it is: if, br_if, i32.eqz, select. */
static bool next_takes_cond(const struct murre_front *f) {
    if (f->reader.next == f->reader.end)
        return false;
    uint8_t byte = *f->reader.next;
    return byte == 0x04 || byte == 0x0d || byte == 0x45 || byte == 0x1b;
}

void front_push_cond(struct murre_front *f, const struct murre_cond *cond) {
    f->cond = *cond;
    if (next_takes_cond(f)) {
        uint32_t index = front_push(f, MURRE_I32);
        if (index != NO_ENTRY)
            f->kinds[index] = ENTRY_COND; /* of no branch's values: lazy_end need not know */
        return;
    }
    uint32_t dst = front_push_result(f, MURRE_I32);
    enum murre_op op = cond->op;
    if (op == MURRE_COND_TEST || op == MURRE_OP_I32_EQZ || op == MURRE_OP_I64_EQZ) {
        bool zero_is_true = (op != MURRE_COND_TEST) != cond->negate;
        enum murre_op test = op == MURRE_OP_I64_EQZ ? op : MURRE_OP_I32_EQZ;
        f->ops->unary(f->sink, test, dst, cond->a);
        if (!zero_is_true)
            f->ops->unary(f->sink, MURRE_OP_I32_EQZ, dst, (struct murre_operand){MURRE_OPERAND_SLOT, MURRE_I32, dst, 0});
        return;
    }
    enum murre_op wanted = cond->negate ? inverse(op) : op;
    f->ops->binary(f->sink, wanted, dst, cond->a, cond->b);
    if (cond->negate && wanted == op)
        f->ops->unary(f->sink, MURRE_OP_I32_EQZ, dst, (struct murre_operand){MURRE_OPERAND_SLOT, MURRE_I32, dst, 0});
}

struct murre_cond front_cond(struct murre_front *f, const struct entry *entry) {
    if (entry->kind != ENTRY_COND)
        return (struct murre_cond){.op = MURRE_COND_TEST, .a = front_operand(f, entry)};
    struct murre_cond cond = f->cond;
    if (cond.negate && inverse(cond.op) != cond.op) {
        cond.op = inverse(cond.op);
        cond.negate = false;
    }
    if (cond.op == MURRE_OP_I32_EQZ) {
        cond.op = MURRE_COND_TEST;
        cond.negate = !cond.negate;
    }
    return cond;
}
