/* Code of handlers: float instructions of two operands, their comparisons with the branches that are fused with them, and everything of one operand:
 * bit counts, extensions, rounding, conversions (4.3.3, 4.3.4). */
#ifndef MURRE_INTERP_BODY_FLOAT_H
#define MURRE_INTERP_BODY_FLOAT_H

#include "interp/handler.h"

#define FORMS(name, type, set, expr)                                                       \
    BINARY_BODY(name##_RR, type, set, SLOT(type, r->pc->b), SLOT(type, r->pc->c), 1, expr) \
    BINARY_BODY(name##_RK, type, set, SLOT(type, r->pc->b), EXT(type), 2, expr)            \
    BINARY_BODY(name##_AR, type, set, ACC(type), SLOT(type, r->pc->c), 1, expr)            \
    BINARY_BODY(name##_RA, type, set, SLOT(type, r->pc->b), ACC(type), 1, expr)
#define FBINARY(id, type, expr)       \
    FORMS(id, type, SET_##type, expr) \
    FORMS(T_##id, type, TSET_##type, expr)

#define RARE_FBINARY(id, type, expr) FORMS(id, type, SET_##type, expr)

#define COMPARE_FORMS(name, type, set, expr)                                               \
    BINARY_BODY(name##_RR, type, set, SLOT(type, r->pc->b), SLOT(type, r->pc->c), 1, expr) \
    BINARY_BODY(name##_AR, type, set, ACC(type), SLOT(type, r->pc->c), 1, expr)
#define BRANCH_FORMS(name, type, point, expr)                                               \
    BINARY_BRANCH(name##_RR, type, point, SLOT(type, r->pc->a), SLOT(type, r->pc->b), expr) \
    BINARY_BRANCH(name##_AR, type, point, ACC(type), SLOT(type, r->pc->a), expr)
#define FCOMPARE(id, type, expr)                     \
    COMPARE_FORMS(id, type, SET_u32, expr)           \
    COMPARE_FORMS(T_##id, type, TSET_u32, expr)      \
    BRANCH_FORMS(BR_##id, type, NEVER, expr)         \
    BRANCH_FORMS(BACK_##id, type, INTERRUPTED, expr) \
    BRANCH_FORMS(BRN_##id, type, NEVER, !(expr))     \
    BRANCH_FORMS(BACKN_##id, type, INTERRUPTED, !(expr))

#define MAKE_UNARY(name, type, set, operand, expr) \
    BODY(name, {                                   \
        type x = operand;                          \
        set(expr);                                 \
        r->pc += 1;                                \
    })
#define UNARY(id, result, type, expr)                                       \
    MAKE_UNARY(id##_R, type, SET_##result, SLOT(type, r->pc->b), expr)      \
    MAKE_UNARY(id##_A, type, SET_##result, ACC(type), expr)                 \
    MAKE_UNARY(T_##id##_R, type, TSET_##result, SLOT(type, r->pc->b), expr) \
    MAKE_UNARY(T_##id##_A, type, TSET_##result, ACC(type), expr)

#define RARE_UNARY(id, result, type, expr)                             \
    MAKE_UNARY(id##_R, type, SET_##result, SLOT(type, r->pc->b), expr) \
    MAKE_UNARY(id##_A, type, SET_##result, ACC(type), expr)

#include "interp/ops.def"

#undef FORMS
#undef COMPARE_FORMS
#undef BRANCH_FORMS
#undef MAKE_UNARY

#endif
