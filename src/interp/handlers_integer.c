/* Handlers: integer instructions of two operands, and their comparisons, with the branches that are fused with them (4.3.2). */
#include "interp/handler.h"

#define MAKE(name, type, set, left, right, words, expr)                                                                                 \
    HANDLER(name) {                                                                                                                     \
        type x = left;                                                                                                                  \
        type y = right;                                                                                                                 \
        set(expr);                                                                                                                      \
        NEXT(words);                                                                                                                    \
    }
#define FORMS(name, type, set, expr)                                                                                                    \
    MAKE(name##_RR, type, set, SLOT(type, pc->b), SLOT(type, pc->c), 1, expr)                                                           \
    MAKE(name##_RI, type, set, SLOT(type, pc->b), IMM16(type, pc->c), 1, expr)                                                          \
    MAKE(name##_RK, type, set, SLOT(type, pc->b), EXT_##type(pc[1]), 2, expr)                                                           \
    MAKE(name##_AR, type, set, ACC_##type, SLOT(type, pc->c), 1, expr)                                                                  \
    MAKE(name##_RA, type, set, SLOT(type, pc->b), ACC_##type, 1, expr)                                                                  \
    MAKE(name##_AI, type, set, ACC_##type, IMM32(type), 1, expr)
#define BINARY(id, type, expr)                                                                                                          \
    FORMS(id, type, SET_##type, expr)                                                                                                   \
    FORMS(T_##id, type, TSET_##type, expr)

#define COMPARE_FORMS(name, type, set, expr)                                                                                            \
    MAKE(name##_RR, type, set, SLOT(type, pc->b), SLOT(type, pc->c), 1, expr)                                                           \
    MAKE(name##_RI, type, set, SLOT(type, pc->b), IMM16(type, pc->c), 1, expr)                                                          \
    MAKE(name##_AR, type, set, ACC_##type, SLOT(type, pc->c), 1, expr)                                                                  \
    MAKE(name##_AI, type, set, ACC_##type, IMM32(type), 1, expr)
#define MAKE_BRANCH(name, type, point, left, right, expr)                                                                               \
    HANDLER(name) {                                                                                                                     \
        type x = left;                                                                                                                  \
        type y = right;                                                                                                                 \
        if (expr) {                                                                                                                     \
            point();                                                                                                                    \
            NEXT((int16_t)pc->c);                                                                                                       \
        }                                                                                                                               \
        NEXT(1);                                                                                                                        \
    }
#define BRANCH_FORMS(name, type, point, expr)                                                                                           \
    MAKE_BRANCH(name##_RR, type, point, SLOT(type, pc->a), SLOT(type, pc->b), expr)                                                     \
    MAKE_BRANCH(name##_RI, type, point, SLOT(type, pc->a), IMM16(type, pc->b), expr)                                                    \
    MAKE_BRANCH(name##_AR, type, point, ACC_##type, SLOT(type, pc->a), expr)                                                            \
    MAKE_BRANCH(name##_AI, type, point, ACC_##type, IMM16(type, pc->a), expr)
#define NO_POINT()
#define COMPARE(id, type, expr)                                                                                                         \
    COMPARE_FORMS(id, type, SET_u32, expr)                                                                                              \
    COMPARE_FORMS(T_##id, type, TSET_u32, expr)                                                                                         \
    BRANCH_FORMS(BR_##id, type, NO_POINT, expr)                                                                                         \
    BRANCH_FORMS(BACK_##id, type, INTERRUPT_POINT, expr)

#define MAKE_TEST(name, type, set, operand, expr)                                                                                       \
    HANDLER(name) {                                                                                                                     \
        type x = operand;                                                                                                               \
        set(expr);                                                                                                                      \
        NEXT(1);                                                                                                                        \
    }
#define MAKE_TEST_BRANCH(name, type, point, operand, expr)                                                                              \
    HANDLER(name) {                                                                                                                     \
        type x = operand;                                                                                                               \
        if (expr) {                                                                                                                     \
            point();                                                                                                                    \
            NEXT((int32_t)pc->bc);                                                                                                      \
        }                                                                                                                               \
        NEXT(1);                                                                                                                        \
    }
#define TEST(id, type, expr)                                                                                                            \
    MAKE_TEST(id##_R, type, SET_u32, SLOT(type, pc->b), expr)                                                                           \
    MAKE_TEST(id##_A, type, SET_u32, ACC_##type, expr)                                                                                  \
    MAKE_TEST(T_##id##_R, type, TSET_u32, SLOT(type, pc->b), expr)                                                                      \
    MAKE_TEST(T_##id##_A, type, TSET_u32, ACC_##type, expr)                                                                             \
    MAKE_TEST_BRANCH(BR_##id##_R, type, NO_POINT, SLOT(type, pc->a), expr)                                                              \
    MAKE_TEST_BRANCH(BR_##id##_A, type, NO_POINT, ACC_##type, expr)                                                                     \
    MAKE_TEST_BRANCH(BACK_##id##_R, type, INTERRUPT_POINT, SLOT(type, pc->a), expr)                                                     \
    MAKE_TEST_BRANCH(BACK_##id##_A, type, INTERRUPT_POINT, ACC_##type, expr)

#include "interp/ops.def"
