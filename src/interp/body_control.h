/* Code of handlers: jumps and returns (4.4.8, 4.4.10). */
#ifndef MURRE_INTERP_BODY_CONTROL_H
#define MURRE_INTERP_BODY_CONTROL_H

#include "interp/handler.h"

INLINE(BR) {
    MUSTTAIL return DISPATCH(pc + (int32_t)pc->bc);
}
INLINE(BACK) {
    if (INTERRUPTED())
        MUSTTAIL return GO(murre_interp_interrupted);
    MUSTTAIL return DISPATCH(pc + (int32_t)pc->bc);
}

static inline const union murre_word *table_target(const union murre_word *pc, uint32_t index) {
    uint32_t count = pc->bc;
    const int32_t *distances = (const int32_t *)(pc + 1);
    return pc + distances[index < count ? index : count];
}
INLINE(BR_TABLE_R) {
    if (INTERRUPTED())
        MUSTTAIL return GO(murre_interp_interrupted);
    pc = table_target(pc, fp[pc->a].u32);
    MUSTTAIL return DISPATCH(pc);
}
INLINE(BR_TABLE_A) {
    if (INTERRUPTED())
        MUSTTAIL return GO(murre_interp_interrupted);
    pc = table_target(pc, (uint32_t)acc);
    MUSTTAIL return DISPATCH(pc);
}

/* The caller goes on: DISPATCH(pc) follows. */
#define LEAVE_FRAME()                                              \
    do {                                                           \
        struct murre_interp_frame *frame = store->stack.frame - 1; \
        store->stack.frame = frame;                                \
        store->stack.func = frame->func;                           \
        pc = frame->pc;                                            \
        fp = frame->slots;                                         \
    } while (0)

INLINE(RET) {
    LEAVE_FRAME();
    MUSTTAIL return DISPATCH(pc);
}
INLINE(RET_R) {
    acc = fp[pc->a].u64;
    fp[0].u64 = acc;
    LEAVE_FRAME();
    MUSTTAIL return DISPATCH(pc);
}
INLINE(RET_A) {
    fp[0].u64 = acc;
    LEAVE_FRAME();
    MUSTTAIL return DISPATCH(pc);
}
INLINE(RET_K) {
    acc = (uint64_t)(int32_t)pc->bc;
    fp[0].u64 = acc;
    LEAVE_FRAME();
    MUSTTAIL return DISPATCH(pc);
}
INLINE(RET_K64) {
    fp[0].u64 = pc[1].u64;
    acc = fp[0].u64;
    accd = fp[0].f64;
    accf = fp[0].f32;
    LEAVE_FRAME();
    MUSTTAIL return DISPATCH(pc);
}
INLINE(RET_F64_R) {
    accd = fp[pc->a].f64;
    fp[0].f64 = accd;
    LEAVE_FRAME();
    MUSTTAIL return DISPATCH(pc);
}
INLINE(RET_F64_A) {
    fp[0].f64 = accd;
    LEAVE_FRAME();
    MUSTTAIL return DISPATCH(pc);
}
INLINE(RET_F32_R) {
    accf = fp[pc->a].f32;
    fp[0].u64 = murre_f32_bits(accf);
    LEAVE_FRAME();
    MUSTTAIL return DISPATCH(pc);
}
INLINE(RET_F32_A) {
    fp[0].u64 = murre_f32_bits(accf);
    LEAVE_FRAME();
    MUSTTAIL return DISPATCH(pc);
}

#endif
