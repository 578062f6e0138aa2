/* Constant expressions (3.3.10, 4.4.10 with extended constant expressions), evaluated over bytes that the decoder has validated: opcodes,
 * indices and stack heights are known to be correct. An expression may be as deep as the module is long, so the operands are on a stack that
 * grows; the first few need no allocation. */
#include <string.h>

#include "runtime/instance.h"
#include "wasm/reader.h"

enum { INLINE_OPERANDS = 16 };

struct operand {
    union murre_slot value[2];
};

struct evaluation {
    struct murre_instance *instance;
    const struct murre_allocator *allocator;
    struct operand *operands; /* own or first */
    uint32_t size, capacity;
    struct operand first[INLINE_OPERANDS];
};

static bool grow(struct evaluation *e) {
    uint32_t capacity = e->capacity * 2;
    bool own = e->operands != e->first;
    struct operand *operands = own ? murre_realloc(e->allocator, e->operands, e->capacity * sizeof *operands, capacity * sizeof *operands)
                                   : murre_alloc(e->allocator, capacity * sizeof *operands);
    if (!operands)
        return false;
    if (!own)
        memcpy(operands, e->first, sizeof e->first);
    e->operands = operands;
    e->capacity = capacity;
    return true;
}

static struct operand *push(struct evaluation *e) {
    if (e->size == e->capacity && !grow(e))
        return NULL;
    struct operand *operand = &e->operands[e->size++];
    memset(operand, 0, sizeof *operand);
    return operand;
}

static void arithmetic(struct evaluation *e, enum murre_op op) {
    uint64_t b = e->operands[--e->size].value[0].u64;
    union murre_slot *a = &e->operands[e->size - 1].value[0];
    switch (op) {
    case MURRE_OP_I32_ADD: a->u64 = (uint32_t)(a->u64 + b); break;
    case MURRE_OP_I32_SUB: a->u64 = (uint32_t)(a->u64 - b); break;
    case MURRE_OP_I32_MUL: a->u64 = (uint32_t)(a->u64 * b); break;
    case MURRE_OP_I64_ADD: a->u64 += b; break;
    case MURRE_OP_I64_SUB: a->u64 -= b; break;
    case MURRE_OP_I64_MUL: a->u64 *= b; break;
    default: __builtin_unreachable();
    }
}

/* The only one of them with a prefix is v128.const. */
static enum murre_op read_op(struct murre_reader *r) {
    enum murre_op op = murre_op_by_byte[murre_read_byte(r)];
    if (op != MURRE_OP_COUNT)
        return op;
    murre_read_u32(r);
    return MURRE_OP_V128_CONST;
}

/* An instruction that takes no operands; value, of two slots, is zeroed. */
static void constant(struct murre_instance *instance, enum murre_op op, struct murre_reader *r, union murre_slot *value) {
    switch (op) {
    case MURRE_OP_I32_CONST: value->u64 = (uint32_t)murre_read_s32(r); break;
    case MURRE_OP_I64_CONST: value->i64 = murre_read_s64(r); break;
    case MURRE_OP_F32_CONST: value->u64 = murre_read_fixed32(r); break;
    case MURRE_OP_F64_CONST: value->u64 = murre_read_fixed64(r); break;
    case MURRE_OP_V128_CONST:
        value[0].u64 = murre_read_fixed64(r);
        value[1].u64 = murre_read_fixed64(r);
        break;
    case MURRE_OP_REF_NULL: murre_read_s33(r); break;
    case MURRE_OP_REF_FUNC: value->ref = murre_instance_func(instance, murre_read_u32(r)); break;
    case MURRE_OP_GLOBAL_GET: memcpy(value, murre_instance_global(instance, murre_read_u32(r))->value, sizeof(struct operand)); break;
    default: __builtin_unreachable();
    }
}

static bool run(struct evaluation *e, struct murre_reader *r) {
    for (;;) {
        enum murre_op op = read_op(r);
        switch (op) {
        case MURRE_OP_END: return true;
        case MURRE_OP_I32_ADD:
        case MURRE_OP_I32_SUB:
        case MURRE_OP_I32_MUL:
        case MURRE_OP_I64_ADD:
        case MURRE_OP_I64_SUB:
        case MURRE_OP_I64_MUL: arithmetic(e, op); break;
        default: {
            struct operand *operand = push(e);
            if (!operand)
                return false;
            constant(e->instance, op, r, operand->value);
        }
        }
    }
}

static bool evaluate_long(struct murre_instance *instance, struct murre_constexpr expression, union murre_slot value[2]) {
    const struct murre_module_info *info = &instance->module->info;
    struct murre_error error = {.status = MURRE_OK};
    struct murre_reader reader = {info->bytes, info->bytes + expression.offset, info->bytes + expression.offset + expression.size, &error};
    struct evaluation evaluation = {.instance = instance, .allocator = &instance->store->engine->allocator, .capacity = INLINE_OPERANDS};
    evaluation.operands = evaluation.first;
    bool done = run(&evaluation, &reader);
    if (done)
        memcpy(value, evaluation.operands[0].value, sizeof evaluation.operands[0].value);
    if (evaluation.operands != evaluation.first)
        murre_free(evaluation.allocator, evaluation.operands, evaluation.capacity * sizeof *evaluation.operands);
    return done;
}

bool murre_instance_evaluate(struct murre_instance *instance, struct murre_constexpr expression, union murre_slot value[2]) {
    const struct murre_module_info *info = &instance->module->info;
    struct murre_error error; /* never written: only its status is read */
    error.status = MURRE_OK;
    struct murre_reader reader = {info->bytes, info->bytes + expression.offset, info->bytes + expression.offset + expression.size, &error};
    /* Nearly all are one instruction. */
    value[0].u64 = value[1].u64 = 0;
    constant(instance, read_op(&reader), &reader, value);
    if (*reader.next == murre_op_info[MURRE_OP_END].code)
        return true;
    return evaluate_long(instance, expression, value);
}
