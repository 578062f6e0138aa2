/* Code of handlers: integer instructions of two operands, and their comparisons, with the branches that are fused with them (4.3.2). */
#ifndef MURRE_INTERP_BODY_INTEGER_H
#define MURRE_INTERP_BODY_INTEGER_H

#include "interp/handler.h"

#define FORMS(name, type, set, expr)                                                        \
    BINARY_BODY(name##_RR, type, set, SLOT(type, r->pc->b), SLOT(type, r->pc->c), 1, expr)  \
    BINARY_BODY(name##_RI, type, set, SLOT(type, r->pc->b), IMM16(type, r->pc->c), 1, expr) \
    BINARY_BODY(name##_RK, type, set, SLOT(type, r->pc->b), EXT(type), 2, expr)             \
    BINARY_BODY(name##_AR, type, set, ACC(type), SLOT(type, r->pc->c), 1, expr)             \
    BINARY_BODY(name##_RA, type, set, SLOT(type, r->pc->b), ACC(type), 1, expr)             \
    BINARY_BODY(name##_AI, type, set, ACC(type), IMM32(type), 1, expr)
#define BINARY(id, type, expr)        \
    FORMS(id, type, SET_##type, expr) \
    FORMS(T_##id, type, TSET_##type, expr)

#define RARE_BINARY(id, type, expr) FORMS(id, type, SET_##type, expr)

#define COMPARE_FORMS(name, type, set, expr)                                                \
    BINARY_BODY(name##_RR, type, set, SLOT(type, r->pc->b), SLOT(type, r->pc->c), 1, expr)  \
    BINARY_BODY(name##_RI, type, set, SLOT(type, r->pc->b), IMM16(type, r->pc->c), 1, expr) \
    BINARY_BODY(name##_AR, type, set, ACC(type), SLOT(type, r->pc->c), 1, expr)             \
    BINARY_BODY(name##_AI, type, set, ACC(type), IMM32(type), 1, expr)
#define BRANCH_FORMS(name, type, point, expr)                                                \
    BINARY_BRANCH(name##_RR, type, point, SLOT(type, r->pc->a), SLOT(type, r->pc->b), expr)  \
    BINARY_BRANCH(name##_RI, type, point, SLOT(type, r->pc->a), IMM16(type, r->pc->b), expr) \
    BINARY_BRANCH(name##_AR, type, point, ACC(type), SLOT(type, r->pc->a), expr)             \
    BINARY_BRANCH(name##_AI, type, point, ACC(type), IMM16(type, r->pc->a), expr)
#define COMPARE(id, type, expr)                 \
    COMPARE_FORMS(id, type, SET_u32, expr)      \
    COMPARE_FORMS(T_##id, type, TSET_u32, expr) \
    BRANCH_FORMS(BR_##id, type, NEVER, expr)    \
    BRANCH_FORMS(BACK_##id, type, INTERRUPTED, expr)

#define MAKE_TEST(name, type, set, operand, expr) \
    BODY(name, {                                  \
        type x = operand;                         \
        set(expr);                                \
        r->pc += 1;                               \
    })
#define MAKE_TEST_BRANCH(name, type, point, operand, expr)    \
    INLINE(name) {                                            \
        struct regs registers = REGS_OF_ARGS;                 \
        struct regs *r = &registers;                          \
        type x = operand;                                     \
        if (expr) {                                           \
            if (point())                                      \
                MUSTTAIL return GO(murre_interp_interrupted); \
            MUSTTAIL return DISPATCH(pc + (int32_t)pc->bc);   \
        }                                                     \
        MUSTTAIL return DISPATCH(pc + 1);                     \
    }
#define TEST(id, type, expr)                                                       \
    MAKE_TEST(id##_R, type, SET_u32, SLOT(type, r->pc->b), expr)                   \
    MAKE_TEST(id##_A, type, SET_u32, ACC(type), expr)                              \
    MAKE_TEST(T_##id##_R, type, TSET_u32, SLOT(type, r->pc->b), expr)              \
    MAKE_TEST(T_##id##_A, type, TSET_u32, ACC(type), expr)                         \
    MAKE_TEST_BRANCH(BR_##id##_R, type, NEVER, SLOT(type, r->pc->a), expr)         \
    MAKE_TEST_BRANCH(BR_##id##_A, type, NEVER, ACC(type), expr)                    \
    MAKE_TEST_BRANCH(BACK_##id##_R, type, INTERRUPTED, SLOT(type, r->pc->a), expr) \
    MAKE_TEST_BRANCH(BACK_##id##_A, type, INTERRUPTED, ACC(type), expr)

#include "interp/ops.def"

#undef FORMS
#undef COMPARE_FORMS
#undef BRANCH_FORMS
#undef MAKE_TEST
#undef MAKE_TEST_BRANCH

#endif
