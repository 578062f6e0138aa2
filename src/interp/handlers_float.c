/* Handlers: float instructions of two operands, their comparisons with the branches that are fused with them, and everything of one operand:
 * bit counts, extensions, rounding, conversions (4.3.3, 4.3.4). */
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
    MAKE(name##_RK, type, set, SLOT(type, pc->b), EXT_##type(pc[1]), 2, expr)                                                           \
    MAKE(name##_AR, type, set, ACC_##type, SLOT(type, pc->c), 1, expr)                                                                  \
    MAKE(name##_RA, type, set, SLOT(type, pc->b), ACC_##type, 1, expr)
#define FBINARY(id, type, expr)                                                                                                         \
    FORMS(id, type, SET_##type, expr)                                                                                                   \
    FORMS(T_##id, type, TSET_##type, expr)

#define COMPARE_FORMS(name, type, set, expr)                                                                                            \
    MAKE(name##_RR, type, set, SLOT(type, pc->b), SLOT(type, pc->c), 1, expr)                                                           \
    MAKE(name##_AR, type, set, ACC_##type, SLOT(type, pc->c), 1, expr)
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
    MAKE_BRANCH(name##_AR, type, point, ACC_##type, SLOT(type, pc->a), expr)
#define NO_POINT()
#define FCOMPARE(id, type, expr)                                                                                                        \
    COMPARE_FORMS(id, type, SET_u32, expr)                                                                                              \
    COMPARE_FORMS(T_##id, type, TSET_u32, expr)                                                                                         \
    BRANCH_FORMS(BR_##id, type, NO_POINT, expr)                                                                                         \
    BRANCH_FORMS(BACK_##id, type, INTERRUPT_POINT, expr)                                                                                \
    BRANCH_FORMS(BRN_##id, type, NO_POINT, !(expr))                                                                                     \
    BRANCH_FORMS(BACKN_##id, type, INTERRUPT_POINT, !(expr))

#define MAKE_UNARY(name, type, set, operand, expr)                                                                                      \
    HANDLER(name) {                                                                                                                     \
        type x = operand;                                                                                                               \
        set(expr);                                                                                                                      \
        NEXT(1);                                                                                                                        \
    }
#define UNARY(id, result, type, expr)                                                                                                   \
    MAKE_UNARY(id##_R, type, SET_##result, SLOT(type, pc->b), expr)                                                                     \
    MAKE_UNARY(id##_A, type, SET_##result, ACC_##type, expr)                                                                            \
    MAKE_UNARY(T_##id##_R, type, TSET_##result, SLOT(type, pc->b), expr)                                                                \
    MAKE_UNARY(T_##id##_A, type, TSET_##result, ACC_##type, expr)

#include "interp/ops.def"
