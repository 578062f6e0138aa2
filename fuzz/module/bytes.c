/* Growing arrays of bytes and lists, and the encoding of integers and instructions (binary format, 5.2 and 5.4). */
#include <stdlib.h>
#include <string.h>

#include "module/module.h"

void *fuzz_alloc(struct murre_arena *arena, size_t size) {
    void *block = murre_arena_alloc(arena, size ? size : 1);
    if (!block)
        abort();
    return memset(block, 0, size);
}

void *fuzz_list_add(struct murre_arena *arena, void *list, size_t item_size) {
    FUZZ_LIST(char) *any = list;
    if (any->count == any->capacity) {
        any->capacity = any->capacity * 2 + 4;
        char *grown = fuzz_alloc(arena, any->capacity * item_size);
        if (any->count)
            memcpy(grown, any->items, any->count * item_size);
        any->items = grown;
    }
    return any->items + any->count++ * item_size;
}

struct fuzz_bytes fuzz_bytes_new(struct fuzz_module *module) {
    return (struct fuzz_bytes){.arena = &module->arena};
}

void fuzz_put_raw(struct fuzz_bytes *bytes, const void *data, size_t size) {
    if (bytes->capacity - bytes->size < size) {
        bytes->capacity = (bytes->capacity + size) * 2 + 32;
        uint8_t *grown = fuzz_alloc(bytes->arena, bytes->capacity);
        if (bytes->size)
            memcpy(grown, bytes->data, bytes->size);
        bytes->data = grown;
    }
    if (size)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

void fuzz_put(struct fuzz_bytes *bytes, uint8_t byte) {
    fuzz_put_raw(bytes, &byte, 1);
}

void fuzz_put_u32(struct fuzz_bytes *bytes, uint32_t value) {
    for (; value > 0x7f; value >>= 7)
        fuzz_put(bytes, (uint8_t)(value | 0x80));
    fuzz_put(bytes, (uint8_t)value);
}

void fuzz_put_s64(struct fuzz_bytes *bytes, int64_t value) {
    for (; value < -64 || value > 63; value >>= 7)
        fuzz_put(bytes, (uint8_t)((uint8_t)value | 0x80));
    fuzz_put(bytes, (uint8_t)value & 0x7f);
}

void fuzz_put_op(struct fuzz_bytes *bytes, enum murre_op op) {
    const struct murre_op_info *info = &murre_op_info[op];
    if (info->prefix) {
        fuzz_put(bytes, info->prefix);
        fuzz_put_u32(bytes, info->code);
    } else {
        fuzz_put(bytes, (uint8_t)info->code);
    }
}

void fuzz_put_op_u32(struct fuzz_bytes *bytes, enum murre_op op, uint32_t immediate) {
    fuzz_put_op(bytes, op);
    fuzz_put_u32(bytes, immediate);
}

void fuzz_put_heap(struct fuzz_bytes *bytes, murre_valtype type) {
    if (murre_is_concrete(type))
        fuzz_put_s64(bytes, murre_ref_index(type));
    else
        fuzz_put(bytes, murre_is_long_ref(type) ? (uint8_t)murre_ref_index(type) : (uint8_t)type);
}

void fuzz_put_type(struct fuzz_bytes *bytes, murre_valtype type) {
    fuzz_put(bytes, (uint8_t)type);
    if (murre_is_long_ref(type))
        fuzz_put_heap(bytes, type);
}

void fuzz_put_const(struct fuzz_bytes *bytes, murre_valtype type, uint64_t bits) {
    switch (type) {
    case MURRE_I32:
        fuzz_put_op(bytes, MURRE_OP_I32_CONST);
        fuzz_put_s64(bytes, (int32_t)bits);
        break;
    case MURRE_I64:
        fuzz_put_op(bytes, MURRE_OP_I64_CONST);
        fuzz_put_s64(bytes, (int64_t)bits);
        break;
    case MURRE_F32:
    case MURRE_F64:
        fuzz_put_op(bytes, type == MURRE_F32 ? MURRE_OP_F32_CONST : MURRE_OP_F64_CONST);
        for (unsigned i = 0; i < (type == MURRE_F32 ? 4u : 8u); i++)
            fuzz_put(bytes, (uint8_t)(bits >> (8 * i)));
        break;
    case MURRE_V128: /* the upper half follows from the lower */
        fuzz_put_op(bytes, MURRE_OP_V128_CONST);
        for (unsigned i = 0; i < 16; i++)
            fuzz_put(bytes, (uint8_t)((i < 8 ? bits : bits * 0x9e3779b97f4a7c15) >> (8 * (i % 8))));
        break;
    default:
        fuzz_put_op(bytes, MURRE_OP_REF_NULL);
        fuzz_put_heap(bytes, type);
        break;
    }
}
