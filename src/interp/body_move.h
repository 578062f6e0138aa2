/* Code of handlers: copies, constants, selections, globals, references to functions (4.4.4 to 4.4.6). */
#ifndef MURRE_INTERP_BODY_MOVE_H
#define MURRE_INTERP_BODY_MOVE_H

#include "interp/handler.h"

BODY(COPY, {
    r->acc = r->fp[r->pc->b].u64;
    r->fp[r->pc->a].u64 = r->acc;
    r->pc += 1;
})
BODY(COPY_A, {
    r->fp[r->pc->a].u64 = r->acc;
    r->pc += 1;
})
BODY(COPY_AF64, {
    r->fp[r->pc->a].f64 = r->accd;
    r->pc += 1;
})
BODY(COPY_AF32, {
    r->fp[r->pc->a].u64 = murre_f32_bits(r->accf);
    r->pc += 1;
})
BODY(COPY2, {
    r->fp[r->pc->a].u64 = r->fp[r->pc->b].u64;
    r->acc = r->fp[r->pc->c].u64;
    r->fp[r->pc->a + 1].u64 = r->acc;
    r->pc += 1;
})
BODY(CONST, {
    r->fp[r->pc->a].u64 = IMM32(u64);
    r->pc += 1;
})
BODY(CONST64, {
    r->fp[r->pc->a].u64 = r->pc[1].u64;
    r->pc += 2;
})
BODY(ACC, {
    r->acc = r->fp[r->pc->a].u64;
    r->pc += 1;
})
BODY(ACC_CONST, {
    r->acc = IMM32(u64);
    r->pc += 1;
})
BODY(ACC_CONST64, {
    r->acc = r->pc[1].u64;
    r->pc += 2;
})
BODY(ACC_F64_CONST, {
    r->accd = r->pc[1].f64;
    r->pc += 2;
})
BODY(ACC_F32_CONST, {
    r->accf = murre_f32_of_bits(r->pc->bc);
    r->pc += 1;
})

/* A conditional move is wanted, not a branch: nobody can foretell the condition. And it is wanted between registers: with an operand in a slot
 * that has just been written, Zen 4 takes twice as long for floyd_warshall; so the asm, which is empty. */
#if __has_builtin(__builtin_unpredictable)
#define UNPREDICTABLE(x) __builtin_unpredictable(x)
#else
#define UNPREDICTABLE(x) __builtin_expect_with_probability(x, 1, 0.5)
#endif
#define SELECT(name, left, right, words)                       \
    BODY(name, {                                               \
        uint64_t x = left;                                     \
        uint64_t y = right;                                    \
        __asm__("" : "+r"(x), "+r"(y));                        \
        r->acc = UNPREDICTABLE((uint32_t)r->acc != 0) ? x : y; \
        r->fp[r->pc->a].u64 = r->acc;                          \
        r->pc += words;                                        \
    })
SELECT(SELECT_RR, r->fp[r->pc->b].u64, r->fp[r->pc->c].u64, 1)
SELECT(SELECT_RK, r->fp[r->pc->b].u64, r->pc[1].u64, 2)
SELECT(SELECT_KR, r->pc[1].u64, r->fp[r->pc->c].u64, 2)
SELECT(SELECT_KK, r->pc[1].u64, r->pc[2].u64, 3)

/* The value is a global's first member. */
_Static_assert(offsetof(struct murre_global, value) == 0, "a global starts with its value");
#define GLOBAL()        ((union murre_slot *)((char *)r->store->stack.instance + r->pc->bc))
#define GLOBAL_IMPORT() (*(union murre_slot **)((char *)r->store->stack.instance + r->pc->bc))

BODY(GLOBAL_GET, {
    r->acc = GLOBAL()->u64;
    r->fp[r->pc->a].u64 = r->acc;
    r->pc += 1;
})
BODY(GLOBAL_GET_IMPORT, {
    r->acc = GLOBAL_IMPORT()->u64;
    r->fp[r->pc->a].u64 = r->acc;
    r->pc += 1;
})
BODY(GLOBAL_SET_R, {
    GLOBAL()->u64 = r->fp[r->pc->a].u64;
    r->pc += 1;
})
BODY(GLOBAL_SET_A, {
    GLOBAL()->u64 = r->acc;
    r->pc += 1;
})
BODY(GLOBAL_SET_IMPORT_R, {
    GLOBAL_IMPORT()->u64 = r->fp[r->pc->a].u64;
    r->pc += 1;
})
BODY(GLOBAL_SET_IMPORT_A, {
    GLOBAL_IMPORT()->u64 = r->acc;
    r->pc += 1;
})

BODY(REF_FUNC, {
    r->acc = (uintptr_t)murre_instance_func(r->store->stack.instance, r->pc->bc);
    r->fp[r->pc->a].u64 = r->acc;
    r->pc += 1;
})

BODY(FAR_GET, {
    r->fp[r->pc->a].u64 = r->fp[r->pc->bc].u64;
    r->pc += 1;
})
BODY(FAR_PUT, {
    r->fp[r->pc->bc].u64 = r->fp[r->pc->a].u64;
    r->pc += 1;
})

#undef SELECT
#undef UNPREDICTABLE
#undef GLOBAL
#undef GLOBAL_IMPORT

#endif
