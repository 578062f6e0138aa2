/* Handlers: copies, constants, selections, globals, references to functions (4.4.4 to 4.4.6). */
#include "interp/handler.h"

HANDLER(COPY) {
    acc = fp[pc->b].u64;
    fp[pc->a].u64 = acc;
    NEXT(1);
}
HANDLER(COPY_A) {
    fp[pc->a].u64 = acc;
    NEXT(1);
}
HANDLER(COPY_AF64) {
    fp[pc->a].f64 = accd;
    NEXT(1);
}
HANDLER(COPY_AF32) {
    fp[pc->a].u64 = murre_f32_bits(accf);
    NEXT(1);
}
HANDLER(COPY2) {
    fp[pc->a].u64 = fp[pc->b].u64;
    acc = fp[pc->c].u64;
    fp[pc->a + 1].u64 = acc;
    NEXT(1);
}
HANDLER(CONST) {
    fp[pc->a].u64 = IMM32(u64);
    NEXT(1);
}
HANDLER(CONST64) {
    fp[pc->a].u64 = pc[1].u64;
    NEXT(2);
}
HANDLER(ACC) {
    acc = fp[pc->a].u64;
    NEXT(1);
}
HANDLER(ACC_CONST) {
    acc = IMM32(u64);
    NEXT(1);
}
HANDLER(ACC_CONST64) {
    acc = pc[1].u64;
    NEXT(2);
}
HANDLER(ACC_F64_CONST) {
    accd = pc[1].f64;
    NEXT(2);
}
HANDLER(ACC_F32_CONST) {
    accf = murre_f32_of_bits(pc->bc);
    NEXT(1);
}

#define SELECT(name, left, right, words)                                                                                                \
    HANDLER(name) {                                                                                                                     \
        uint64_t x = left;                                                                                                              \
        uint64_t y = right;                                                                                                             \
        acc = (uint32_t)acc ? x : y;                                                                                                    \
        fp[pc->a].u64 = acc;                                                                                                            \
        NEXT(words);                                                                                                                    \
    }
SELECT(SELECT_RR, fp[pc->b].u64, fp[pc->c].u64, 1)
SELECT(SELECT_RK, fp[pc->b].u64, pc[1].u64, 2)
SELECT(SELECT_KR, pc[1].u64, fp[pc->c].u64, 2)
SELECT(SELECT_KK, pc[1].u64, pc[2].u64, 3)

/* The value is a global's first member. */
_Static_assert(offsetof(struct murre_global, value) == 0, "a global starts with its value");
#define GLOBAL() ((union murre_slot *)((char *)store->stack.instance + pc->bc))
#define GLOBAL_IMPORT() (*(union murre_slot **)((char *)store->stack.instance + pc->bc))

HANDLER(GLOBAL_GET) {
    acc = GLOBAL()->u64;
    fp[pc->a].u64 = acc;
    NEXT(1);
}
HANDLER(GLOBAL_GET_IMPORT) {
    acc = GLOBAL_IMPORT()->u64;
    fp[pc->a].u64 = acc;
    NEXT(1);
}
HANDLER(GLOBAL_SET_R) {
    GLOBAL()->u64 = fp[pc->a].u64;
    NEXT(1);
}
HANDLER(GLOBAL_SET_A) {
    GLOBAL()->u64 = acc;
    NEXT(1);
}
HANDLER(GLOBAL_SET_IMPORT_R) {
    GLOBAL_IMPORT()->u64 = fp[pc->a].u64;
    NEXT(1);
}
HANDLER(GLOBAL_SET_IMPORT_A) {
    GLOBAL_IMPORT()->u64 = acc;
    NEXT(1);
}

HANDLER(REF_FUNC) {
    acc = (uintptr_t)murre_instance_func(store->stack.instance, pc->bc);
    fp[pc->a].u64 = acc;
    NEXT(1);
}

HANDLER(FAR_GET) {
    fp[pc->a].u64 = fp[pc->bc].u64;
    NEXT(1);
}
HANDLER(FAR_PUT) {
    fp[pc->bc].u64 = fp[pc->a].u64;
    NEXT(1);
}
