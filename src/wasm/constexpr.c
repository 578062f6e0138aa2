/* See constexpr.h. The operand types are kept in a small array that moves to the heap when an expression is deep. */
#include "wasm/constexpr.h"

#include <string.h>

struct type_stack {
    const struct murre_allocator *allocator;
    murre_valtype small[16];
    murre_valtype *types;
    uint32_t count, capacity;
};

static bool push(struct murre_reader *r, struct type_stack *s, murre_valtype type) {
    if (s->count == s->capacity) {
        murre_valtype *grown = murre_alloc_array(s->allocator, (size_t)s->capacity * 2, sizeof *grown);
        if (!grown) {
            murre_error_memory(r->error);
            return false;
        }
        memcpy(grown, s->types, s->count * sizeof *grown);
        if (s->types != s->small)
            murre_free(s->allocator, s->types, s->capacity * sizeof *s->types);
        s->types = grown;
        s->capacity *= 2;
    }
    s->types[s->count++] = type;
    return true;
}

static bool arithmetic(struct murre_reader *r, struct type_stack *s, struct murre_module_info *info, uint64_t offset,
                       murre_features supported, murre_valtype type) {
    info->features |= (murre_features)1 << MURRE_FEATURE_EXTENDED_CONST;
    if (!(supported >> MURRE_FEATURE_EXTENDED_CONST & 1))
        return murre_reader_unsupported(r, offset, MURRE_FEATURE_EXTENDED_CONST);
    if (s->count < 2 || s->types[s->count - 1] != type || s->types[s->count - 2] != type)
        return murre_reader_invalid(r, offset, "type mismatch in a constant expression");
    s->count--;
    return true;
}

static bool global_get(struct murre_reader *r, struct type_stack *s, const struct murre_module_info *info, uint32_t limit) {
    uint64_t offset = murre_reader_offset(r);
    uint32_t global = murre_read_u32(r);
    if (!murre_reader_ok(r))
        return false;
    if (global >= limit)
        return murre_reader_invalid(r, offset, "unknown global %u", global);
    if (info->globals[global].is_mutable)
        return murre_reader_invalid(r, offset, "constant expression required: global %u is mutable", global);
    return push(r, s, info->globals[global].type);
}

static bool ref_func(struct murre_reader *r, struct type_stack *s, const struct murre_module_info *info) {
    uint64_t offset = murre_reader_offset(r);
    uint32_t func = murre_read_u32(r);
    if (!murre_reader_ok(r))
        return false;
    if (func >= info->func_count)
        return murre_reader_invalid(r, offset, "unknown function %u", func);
    info->declared[func / 64] |= (uint64_t)1 << (func % 64);
    return push(r, s, murre_ref_to(murre_type_canon(info, info->func_types[func]), false));
}

static bool step(struct murre_reader *r, struct type_stack *s, struct murre_module_info *info, murre_features supported,
                 uint32_t global_limit, uint64_t offset, enum murre_op op) {
    murre_valtype type;
    switch (op) {
    case MURRE_OP_I32_CONST: murre_read_s32(r); return murre_reader_ok(r) && push(r, s, MURRE_I32);
    case MURRE_OP_I64_CONST: murre_read_s64(r); return murre_reader_ok(r) && push(r, s, MURRE_I64);
    case MURRE_OP_F32_CONST: murre_read_fixed32(r); return murre_reader_ok(r) && push(r, s, MURRE_F32);
    case MURRE_OP_F64_CONST: murre_read_fixed64(r); return murre_reader_ok(r) && push(r, s, MURRE_F64);
    case MURRE_OP_V128_CONST:
        info->features |= (murre_features)1 << MURRE_FEATURE_SIMD;
        if (!(supported >> MURRE_FEATURE_SIMD & 1))
            return murre_reader_unsupported(r, offset, MURRE_FEATURE_SIMD);
        return murre_read_bytes(r, 16) && push(r, s, MURRE_V128);
    case MURRE_OP_REF_NULL: return murre_read_heaptype(r, info, supported, &type) && push(r, s, type);
    case MURRE_OP_REF_FUNC: return ref_func(r, s, info);
    case MURRE_OP_GLOBAL_GET: return global_get(r, s, info, global_limit);
    case MURRE_OP_I32_ADD:
    case MURRE_OP_I32_SUB:
    case MURRE_OP_I32_MUL: return arithmetic(r, s, info, offset, supported, MURRE_I32);
    case MURRE_OP_I64_ADD:
    case MURRE_OP_I64_SUB:
    case MURRE_OP_I64_MUL: return arithmetic(r, s, info, offset, supported, MURRE_I64);
    default: return murre_reader_invalid(r, offset, "constant expression required");
    }
}

static bool read_all(struct murre_reader *r, struct type_stack *s, struct murre_module_info *info, murre_features supported,
                     murre_valtype want, uint32_t global_limit) {
    for (;;) {
        uint64_t offset = murre_reader_offset(r);
        uint8_t byte = murre_read_byte(r);
        if (!murre_reader_ok(r))
            return false;
        enum murre_op op = murre_op_by_byte[byte];
        if (op == MURRE_OP_END) {
            if (s->count != 1 || !murre_subtype(info, s->types[0], want))
                return murre_reader_invalid(r, offset, "type mismatch: a constant expression of type %s is wanted",
                                            murre_type_text(want).text);
            return true;
        }
        if (byte == 0xfd)
            op = murre_op_by_prefix(byte, murre_read_u32(r));
        if (byte == 0xfb)
            return murre_reader_unsupported(r, offset, MURRE_FEATURE_GC);
        if (op == MURRE_OP_COUNT && byte != 0xfc && byte != 0xfe) {
            r->next = r->start + offset;
            murre_reader_fail(r, "illegal opcode");
            return false;
        }
        if (!step(r, s, info, supported, global_limit, offset, op))
            return false;
    }
}

bool murre_read_constexpr(struct murre_reader *r, struct murre_module_info *info, murre_features supported, murre_valtype want,
                          uint32_t global_limit, struct murre_constexpr *expression) {
    struct type_stack stack = {.allocator = info->arena.allocator, .capacity = sizeof stack.small / sizeof *stack.small};
    stack.types = stack.small;
    uint64_t start = murre_reader_offset(r);
    bool ok = read_all(r, &stack, info, supported, want, global_limit);
    if (stack.types != stack.small)
        murre_free(stack.allocator, stack.types, stack.capacity * sizeof *stack.types);
    *expression = (struct murre_constexpr){(uint32_t)start, (uint32_t)(murre_reader_offset(r) - start)};
    return ok;
}
