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

void front_fail_type(struct murre_front *f, murre_valtype want, murre_valtype found) {
    front_fail(f, "type mismatch: expected %s, found %s", murre_valtype_name(want), murre_valtype_name(found));
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

bool front_grow_stack(struct murre_front *f) {
    if (f->height >= MURRE_MAX_OPERANDS) {
        murre_error_set(f->error, MURRE_ERROR_LIMIT, f->offset, "more than %d operands on the stack", MURRE_MAX_OPERANDS);
        return false;
    }
    return front_reserve(f, (void **)&f->stack, &f->stack_capacity, (uint64_t)f->height + 1, sizeof *f->stack);
}

struct entry front_pop_bottom(struct murre_front *f, murre_valtype want) {
    if (!front_frame(f)->unreachable) {
        if (want == TYPE_ANY)
            front_fail(f, "type mismatch: the operand stack is empty");
        else
            front_fail(f, "type mismatch: expected %s, the operand stack is empty", murre_valtype_name(want));
    }
    return (struct entry){.kind = ENTRY_TEMP, .type = want, .slot = f->first_temp};
}

static void copy_home(struct murre_front *f, struct entry *e) {
    f->ops->copy(f->sink, e->slot, front_operand(f, e));
    e->kind = ENTRY_TEMP;
}

void front_flush_local(struct murre_front *f, uint32_t local) {
    if (!f->emit)
        return;
    for (uint32_t next = f->pending[local]; next;) {
        struct entry *e = &f->stack[next - 1];
        next = e->link;
        copy_home(f, e);
    }
    f->pending[local] = 0;
}

void front_flush_locals(struct murre_front *f) {
    if (!f->emit)
        return;
    for (uint32_t i = f->flushed; i < f->height; i++)
        if (f->stack[i].kind == ENTRY_LOCAL) {
            f->pending[f->stack[i].local] = 0;
            copy_home(f, &f->stack[i]);
        }
    f->flushed = f->height;
}

/* Entries of kind LOCAL above this one may stay in its local's list, so the list is walked: innermost first, and this entry is close to the
 * head since it is about to be merged. */
void front_to_home(struct murre_front *f, uint32_t index) {
    struct entry *e = &f->stack[index];
    if (!f->emit || e->kind == ENTRY_TEMP)
        return;
    if (e->kind == ENTRY_LOCAL) {
        uint32_t *link = &f->pending[e->local];
        while (*link != index + 1)
            link = &f->stack[*link - 1].link;
        *link = e->link;
    }
    copy_home(f, e);
}

void front_drop_to(struct murre_front *f, uint32_t height) {
    while (f->height > height)
        front_unlink(f, &f->stack[--f->height]);
    if (f->flushed > f->height)
        f->flushed = f->height;
}

void front_expect(struct murre_front *f, struct type_list types) {
    if (types.count == 0)
        return;
    const struct frame *frame = front_frame(f);
    uint32_t own = f->height - frame->height;
    if (own >= types.count) {
        struct entry *e = &f->stack[f->height - types.count];
        for (uint32_t i = 0; i < types.count; i++) {
            if (e[i].type != types.types[i]) {
                if (e[i].type != TYPE_BOTTOM) {
                    front_fail_type(f, types.types[i], e[i].type);
                    return;
                }
                e[i].type = types.types[i];
            }
        }
        return;
    }
    /* Fewer than wanted: right only where code is unreachable. What is there must fit, what is missing is made. */
    front_pop_list(f, types);
    front_push_list(f, types);
}

void front_push_list(struct murre_front *f, struct type_list types) {
    for (uint32_t i = 0; i < types.count; i++)
        if (!front_push(f, types.types[i]))
            return;
}

void front_pop_list(struct murre_front *f, struct type_list types) {
    for (uint32_t i = types.count; i-- && f->error->status == MURRE_OK;)
        front_pop(f, types.types[i]);
}

/* True when the bytes ahead are a local.set or local.tee of a local of this type; moves behind them. Only one-byte indices: the others are
 * rare, and the general way is as right. */
static bool next_sets_local(struct murre_front *f, murre_valtype type, uint32_t *local, bool *keeps) {
    const uint8_t *p = f->reader.next;
    if (f->reader.end - p < 2 || (p[0] != 0x21 && p[0] != 0x22) || p[1] >= 0x80)
        return false;
    *keeps = p[0] == 0x22;
    *local = p[1];
    if (*local >= f->local_count || f->locals[*local] != type)
        return false;
    f->reader.next += 2;
    return true;
}

/* Straight into a local where a local.set or local.tee follows, which is consumed with it; else the home slot of a new entry. Older entries
 * that name the local are saved first: the operation itself has not been emitted yet and reads its operands where they are. */
uint32_t front_push_result(struct murre_front *f, murre_valtype type) {
    uint32_t local;
    bool keeps;
    if (f->emit && next_sets_local(f, type, &local, &keeps)) {
        front_flush_local(f, local);
        if (keeps) {
            struct entry *e = front_push(f, type);
            if (e) {
                e->kind = ENTRY_LOCAL;
                e->local = local;
                e->link = f->pending[local];
                f->pending[local] = f->height;
            }
        }
        return f->local_slots[local];
    }
    struct entry *e = front_push(f, type);
    return e ? e->slot : 0;
}

struct murre_operand *front_operands(struct murre_front *f, uint32_t count) {
    if (!front_reserve(f, (void **)&f->operands, &f->operands_capacity, (uint64_t)count + 1, sizeof *f->operands))
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        f->operands[i] = front_operand(f, &f->stack[f->height - count + i]);
    return f->operands;
}

static enum murre_op inverse(enum murre_op op) {
    switch (op) {
#define PAIR(a, b)                          \
    case MURRE_OP_##a: return MURRE_OP_##b; \
    case MURRE_OP_##b: return MURRE_OP_##a;
        PAIR(I32_EQ, I32_NE)
        PAIR(I32_LT_S, I32_GE_S)
        PAIR(I32_LT_U, I32_GE_U)
        PAIR(I32_GT_S, I32_LE_S)
        PAIR(I32_GT_U, I32_LE_U)
        PAIR(I64_EQ, I64_NE)
        PAIR(I64_LT_S, I64_GE_S)
        PAIR(I64_LT_U, I64_GE_U)
        PAIR(I64_GT_S, I64_LE_S)
        PAIR(I64_GT_U, I64_LE_U)
        PAIR(F32_EQ, F32_NE)
        PAIR(F64_EQ, F64_NE)
#undef PAIR
    default: return op; /* the order of floats has no inverse: NaN */
    }
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
        struct entry *e = front_push(f, MURRE_I32);
        if (e)
            e->kind = ENTRY_COND;
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
