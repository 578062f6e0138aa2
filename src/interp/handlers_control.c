/* Handlers: starts of functions, loop headers, jumps, returns (4.4.8, 4.4.10). */
#include "interp/body_control.h"

#include <string.h>

#include "runtime/call.h"
#include "runtime/tier.h"

LONE_HANDLER(ZERO1) {
    fp[pc->a].u64 = 0;
    MUSTTAIL return DISPATCH(pc + 1);
}
LONE_HANDLER(ZERO2) {
    union murre_slot *first = fp + pc->a;
    first[0].u64 = 0;
    first[1].u64 = 0;
    MUSTTAIL return DISPATCH(pc + 1);
}
LONE_HANDLER(ZERO3) {
    union murre_slot *first = fp + pc->a;
    first[0].u64 = 0;
    first[1].u64 = 0;
    first[2].u64 = 0;
    MUSTTAIL return DISPATCH(pc + 1);
}
LONE_HANDLER(ZERO4) {
    union murre_slot *first = fp + pc->a;
    first[0].u64 = 0;
    first[1].u64 = 0;
    first[2].u64 = 0;
    first[3].u64 = 0;
    MUSTTAIL return DISPATCH(pc + 1);
}
/* Four at least. */
LONE_HANDLER(ZERO) {
    union murre_slot *slot = fp + pc->a;
    union murre_slot *end = slot + pc->bc;
    do {
        slot[0].u64 = 0;
        slot[1].u64 = 0;
        slot[2].u64 = 0;
        slot[3].u64 = 0;
        slot += 4;
    } while (end - slot >= 4);
    while (slot < end)
        slot++->u64 = 0;
    MUSTTAIL return DISPATCH(pc + 1);
}

static __attribute__((noinline, cold)) HANDLER_ATTRIBUTES void enter_hot(PARAMS) {
    murre_tier_hot_function(store->stack.func);
    MUSTTAIL return DISPATCH(pc + 1);
}
LONE_HANDLER(ENTER_COUNT) {
    struct murre_code *code = store->stack.func->code;
    uint32_t heat = atomic_load_explicit(&code->heat, memory_order_relaxed) + 1;
    atomic_store_explicit(&code->heat, heat, memory_order_relaxed);
    if (__builtin_expect((int32_t)(heat - pc->bc) >= 0, 0))
        MUSTTAIL return GO(enter_hot);
    MUSTTAIL return DISPATCH(pc + 1);
}

/* The counter of a loop: shared by threads, and only a hint. */
static inline _Atomic uint32_t *loop_counter(const union murre_word *pc) {
    return (_Atomic uint32_t *)(uintptr_t)&pc[1].low;
}

/* Asks for compiled code; a function of its own, because a handler must not have a local whose address is taken. */
static __attribute__((noinline, cold)) void *ask_for_loop(struct murre_func *func, const union murre_word *pc) {
    uint32_t again;
    void *entry = murre_tier_hot_loop(func, pc->bc, &again);
    atomic_store_explicit(loop_counter(pc), again, memory_order_relaxed);
    return entry;
}

/* The loop goes on in compiled code if there is some; then the function's results are in slots 0 and up when it comes back. */
static __attribute__((noinline, cold)) HANDLER_ATTRIBUTES void loop_hot(PARAMS) {
    struct murre_func *func = store->stack.func;
    struct murre_instance *instance = store->stack.instance;
    void *entry = ask_for_loop(func, pc);
    if (!entry)
        MUSTTAIL return DISPATCH(pc + 2);
    store->stack.top = fp + atomic_load_explicit(&func->code->regcode, memory_order_relaxed)->frame_slots;
    murre_call_osr(store, func, entry, fp);
    store->stack.func = func;
    store->stack.instance = instance;
    memory_size = instance->memory ? instance->memory->size : 0;
    MUSTTAIL return GO(murre_interp_return);
}
LONE_HANDLER(LOOP_COUNT) {
    uint32_t left = atomic_load_explicit(loop_counter(pc), memory_order_relaxed) - 1;
    atomic_store_explicit(loop_counter(pc), left, memory_order_relaxed);
    if (__builtin_expect((int32_t)left < 0, 0))
        MUSTTAIL return GO(loop_hot);
    MUSTTAIL return DISPATCH(pc + 2);
}

HANDLER_ATTRIBUTES void murre_interp_return(PARAMS) {
    acc = fp[0].u64;
    accd = fp[0].f64;
    accf = fp[0].f32;
    LEAVE_FRAME();
    MUSTTAIL return DISPATCH(pc);
}

/* Results may change places with each other, so they are gathered first. */
static __attribute__((noinline)) void gather_results(const union murre_word *pc, union murre_slot *fp, struct murre_store *store) {
    union murre_slot *results = store->results;
    uint32_t count = pc->bc;
    const union murre_word *word = pc + 1;
    for (uint32_t i = 0; i < count; i++, word++) {
        if (word->u64)
            results[i] = fp[word->u64 >> 1];
        else
            results[i].u64 = (++word)->u64;
    }
    for (uint32_t i = 0; i < count; i++)
        fp[i] = results[i];
}
LONE_HANDLER(RET_MULTI) {
    gather_results(pc, fp, store);
    LEAVE_FRAME();
    MUSTTAIL return DISPATCH(pc);
}

LONE_HANDLER(RET_RANGE) {
    memmove(fp, fp + pc[1].u64, pc->bc * sizeof *fp);
    LEAVE_FRAME();
    MUSTTAIL return DISPATCH(pc);
}

LONE_HANDLER(UNREACHABLE) {
    MUSTTAIL return GO(TRAP(UNREACHABLE));
}
/* Whoever entered the loop gets control back. */
LONE_HANDLER(EXIT) {
    UNUSED_ARGS();
}

HANDLER(BR)
HANDLER(BACK)
HANDLER(BR_TABLE_R)
HANDLER(BR_TABLE_A)
HANDLER(RET)
HANDLER(RET_R)
HANDLER(RET_A)
HANDLER(RET_K)
HANDLER(RET_K64)
HANDLER(RET_F64_R)
HANDLER(RET_F64_A)
HANDLER(RET_F32_R)
HANDLER(RET_F32_A)
