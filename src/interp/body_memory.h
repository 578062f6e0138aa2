/* Code of handlers: loads and stores of memory 0 (4.4.7). Every access is compared with the memory's size: index and offset have 32 bits each, so
 * their sum with the access's size cannot wrap in 64 bits. */
#ifndef MURRE_INTERP_BODY_MEMORY_H
#define MURRE_INTERP_BODY_MEMORY_H

#include "interp/handler.h"

/* Unaligned, and of any effective type. */
#define UNALIGNED(type)       \
    struct unaligned_##type { \
        type value;           \
    } __attribute__((packed, may_alias));
UNALIGNED(u8) UNALIGNED(i8) UNALIGNED(u16) UNALIGNED(i16) UNALIGNED(u32) UNALIGNED(i32) UNALIGNED(u64) UNALIGNED(f32) UNALIGNED(f64)
#define AT(mem) (((struct unaligned_##mem *)(r->memory + address))->value)

#define MAKE_LOAD(name, type, mem, set, effective, words)     \
    BODY(name, {                                              \
        uint64_t address = effective;                         \
        if (UNLIKELY(address + sizeof(mem) > r->memory_size)) \
            return TRAP(MEMORY_BOUNDS);                       \
        set(AT(mem));                                         \
        r->pc += words;                                       \
    })
#define LOAD_FORMS(name, type, mem, set)                                             \
    MAKE_LOAD(name##_R, type, mem, set, (uint64_t)SLOT(u32, r->pc->b) + r->pc->c, 1) \
    MAKE_LOAD(name##_RX, type, mem, set, SLOT(u32, r->pc->b) + r->pc[1].u64, 2)      \
    MAKE_LOAD(name##_A, type, mem, set, (uint64_t)(uint32_t)r->acc + r->pc->bc, 1)   \
    MAKE_LOAD(name##_K, type, mem, set, r->pc->bc, 1)
#define LOAD(id, type, mem)               \
    LOAD_FORMS(id, type, mem, SET_##type) \
    LOAD_FORMS(T_##id, type, mem, TSET_##type)

#define MAKE_STORE(name, type, mem, effective, stored, words) \
    BODY(name, {                                              \
        uint64_t address = effective;                         \
        if (UNLIKELY(address + sizeof(mem) > r->memory_size)) \
            return TRAP(MEMORY_BOUNDS);                       \
        AT(mem) = (mem)(stored);                              \
        r->pc += words;                                       \
    })
#define IMMEDIATE_u32 IMM16(u32, r->pc->b)
#define IMMEDIATE_u64 IMM16(u64, r->pc->b)
#define IMMEDIATE_f32 murre_f32_of_bits(IMM16(u32, r->pc->b))
#define IMMEDIATE_f64 murre_f64_of_bits(IMM16(u64, r->pc->b))
#define STORE(id, type, mem)                                                                          \
    MAKE_STORE(id##_RR, type, mem, (uint64_t)SLOT(u32, r->pc->a) + r->pc->c, SLOT(type, r->pc->b), 1) \
    MAKE_STORE(id##_RA, type, mem, (uint64_t)SLOT(u32, r->pc->a) + r->pc->bc, ACC(type), 1)           \
    MAKE_STORE(id##_AR, type, mem, (uint64_t)(uint32_t)r->acc + r->pc->bc, SLOT(type, r->pc->a), 1)   \
    MAKE_STORE(id##_KR, type, mem, r->pc->bc, SLOT(type, r->pc->a), 1)                                \
    MAKE_STORE(id##_KA, type, mem, r->pc->bc, ACC(type), 1)                                           \
    MAKE_STORE(id##_RX, type, mem, SLOT(u32, r->pc->a) + r->pc[1].u64, SLOT(type, r->pc->b), 2)       \
    MAKE_STORE(id##_RI, type, mem, (uint64_t)SLOT(u32, r->pc->a) + r->pc->c, IMMEDIATE_##type, 1)

#include "interp/ops.def"

#undef UNALIGNED
#undef AT
#undef MAKE_LOAD
#undef LOAD_FORMS
#undef MAKE_STORE

#endif
