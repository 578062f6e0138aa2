/* Handlers: calls (4.4.8, 4.4.10), and the traps of all handlers.
 *
 * The fast path enters a callee of the same instance that has register code: it leaves its caller on the stack of frames and continues in the
 * callee, in the same activation of C. Everything else goes through murre_interp_call_slow: first calls, compiled code, the host, other
 * instances, and calls that trap. */
#include "interp/handler.h"

#include <string.h>

#include "runtime/call.h"
#include "runtime/store.h"
#include "runtime/tier.h"
#include "runtime/trap.h"
#include "runtime/types.h"

/* Code of the instructions that no function has. */
static const union murre_word leave_word[1] = {{.op = MURRE_RC_LEAVE}};

/* The caller is set aside and rc entered: DISPATCH(pc) follows. The stacks have room. */
#define ENTER(rc, target, base, next)                          \
    do {                                                       \
        struct murre_interp_frame *frame = store->stack.frame; \
        frame->pc = (next);                                    \
        frame->slots = fp;                                     \
        frame->func = store->stack.func;                       \
        store->stack.frame = frame + 1;                        \
        store->stack.func = (target);                          \
        fp = (base);                                           \
        pc = (rc)->code;                                       \
    } while (0)

HANDLER_ATTRIBUTES static inline bool has_room(const struct murre_store *store, const union murre_slot *slots,
                                               const struct murre_regcode *rc, unsigned frames) {
    return (!rc || (size_t)((const char *)store->stack.values_end - (const char *)slots) >= (size_t)rc->frame_slots * sizeof *slots) &&
           store->stack.frame + frames <= store->stack.frames_end;
}

/* Is a callee of the running instance, whose register code is rc, more than to be entered? */
#define IS_FAR(callee, slots, rc)                                                                             \
    UNLIKELY(murre_tier_is_native(callee) || atomic_load_explicit(&store->interrupt, memory_order_relaxed) || \
             !has_room(store, slots, rc, 1))
/* What murre_interp_call_slow wants: GO there follows. */
#define CALL_FAR(target, slots, next)        \
    do {                                     \
        store->stack.callee = (target);      \
        store->stack.callee_slots = (slots); \
        pc = (next);                         \
    } while (0)
/* The register code of the callee is kept in the call's own code: one for all instances, and there as long as this code is (drop.c). */
static inline _Atomic(struct murre_regcode *) *call_cache(const union murre_word *pc) {
    return (_Atomic(struct murre_regcode *) *)(uintptr_t)&pc[1];
}
#define CALLEE() ((struct murre_func *)((char *)store->stack.instance + pc->bc))

/* The first call from here, or the callee is not interpreted. */
static __attribute__((noinline, cold)) HANDLER_ATTRIBUTES void call_first(struct murre_store *store, const union murre_word *pc) {
    struct murre_func *callee = CALLEE();
    if (store->engine->config.tier != MURRE_TIER_JIT && !murre_tier_is_native(callee))
        atomic_store_explicit(call_cache(pc), murre_interp_lower(store, callee->instance->module, callee->index), memory_order_release);
}
static __attribute__((noinline, cold)) HANDLER_ATTRIBUTES void call_near_first(PARAMS) {
    call_first(store, pc);
    CALL_FAR(CALLEE(), fp + pc->a, pc + 2);
    MUSTTAIL return GO(murre_interp_call_slow);
}
static __attribute__((noinline, cold)) HANDLER_ATTRIBUTES void call_near_first_x(PARAMS) {
    call_first(store, pc);
    CALL_FAR(CALLEE(), fp + pc[2].u64, pc + 3);
    MUSTTAIL return GO(murre_interp_call_slow);
}

/* Of a function of the module's own. Accumulators do not pass: one register more for this. */
#define CALL_HANDLER(name, base, words, first)                                                       \
    LONE_HANDLER(name) {                                                                             \
        acc = 0;                                                                                     \
        struct murre_func *callee = CALLEE();                                                        \
        union murre_slot *slots = fp + (base);                                                       \
        const struct murre_regcode *rc = atomic_load_explicit(call_cache(pc), memory_order_acquire); \
        if (UNLIKELY(!rc))                                                                           \
            MUSTTAIL return GO(first);                                                               \
        if (IS_FAR(callee, slots, rc)) {                                                             \
            CALL_FAR(callee, slots, pc + (words));                                                   \
            MUSTTAIL return GO(murre_interp_call_slow);                                              \
        }                                                                                            \
        ENTER(rc, callee, slots, pc + (words));                                                      \
        MUSTTAIL return DISPATCH(pc);                                                                \
    }
CALL_HANDLER(CALL, pc->a, 2, call_near_first)
CALL_HANDLER(CALL_X, pc[2].u64, 3, call_near_first_x)

LONE_HANDLER(CALL_IMPORT) {
    CALL_FAR(*(struct murre_func **)((char *)store->stack.instance + pc->bc), fp + pc->a, pc + 1);
    MUSTTAIL return GO(murre_interp_call_slow);
}
LONE_HANDLER(CALL_IMPORT_X) {
    CALL_FAR(*(struct murre_func **)((char *)store->stack.instance + pc->bc), fp + pc[1].u64, pc + 2);
    MUSTTAIL return GO(murre_interp_call_slow);
}

/* Calls the function that the statements have found as `callee`, in register code if it is there and the function is of the running instance. */
#define REFERENCE_HANDLER(name, base, words, ...)                                                            \
    LONE_HANDLER(name) {                                                                                     \
        struct murre_instance *instance = store->stack.instance;                                             \
        struct murre_func *callee;                                                                           \
        __VA_ARGS__                                                                                          \
        union murre_slot *slots = fp + (base);                                                               \
        if (UNLIKELY(callee->instance != instance)) {                                                        \
            CALL_FAR(callee, slots, pc + (words));                                                           \
            MUSTTAIL return GO(murre_interp_call_slow);                                                      \
        }                                                                                                    \
        acc = 0;                                                                                             \
        const struct murre_regcode *rc = atomic_load_explicit(&callee->code->regcode, memory_order_acquire); \
        if (UNLIKELY(!rc) || IS_FAR(callee, slots, rc)) {                                                    \
            CALL_FAR(callee, slots, pc + (words));                                                           \
            MUSTTAIL return GO(murre_interp_call_slow);                                                      \
        }                                                                                                    \
        ENTER(rc, callee, slots, pc + (words));                                                              \
        MUSTTAIL return DISPATCH(pc);                                                                        \
    }

/* Another type than the call names may be a subtype of it. The function is called as a far one then. */
static __attribute__((noinline, cold)) HANDLER_ATTRIBUTES bool finds_subtype(struct murre_store *store, const union murre_word *pc,
                                                                             uint32_t index) {
    const struct murre_table *table = *(struct murre_table **)((char *)store->stack.instance + pc[1].high);
    struct murre_func *callee = table->elems[index];
    store->stack.callee = callee;
    return murre_func_has_super(callee, pc[1].low);
}

#define INDIRECT_HANDLER(name, index_value, base, words)                                       \
    static __attribute__((noinline, cold)) HANDLER_ATTRIBUTES void other_type_##name(PARAMS) { \
        if (!finds_subtype(store, pc, (index_value)))                                          \
            MUSTTAIL return GO(TRAP(INDIRECT_TYPE));                                           \
        store->stack.callee_slots = fp + (base);                                               \
        pc += (words);                                                                         \
        MUSTTAIL return GO(murre_interp_call_slow);                                            \
    }                                                                                          \
    REFERENCE_HANDLER(name, base, words, {                                                     \
        uint32_t index = (index_value);                                                        \
        struct murre_table *table = *(struct murre_table **)((char *)instance + pc[1].high);   \
        if (UNLIKELY(index >= table->size))                                                    \
            MUSTTAIL return GO(TRAP(INDIRECT_BOUNDS));                                         \
        callee = table->elems[index];                                                          \
        if (UNLIKELY(!callee))                                                                 \
            MUSTTAIL return GO(TRAP(INDIRECT_NULL));                                           \
        if (UNLIKELY(callee->type_id != pc[1].low))                                            \
            MUSTTAIL return GO(other_type_##name);                                             \
    })
INDIRECT_HANDLER(CALL_INDIRECT_R, fp[pc->b].u32, pc->a, 2)
INDIRECT_HANDLER(CALL_INDIRECT_A, (uint32_t)acc, pc->a, 2)
INDIRECT_HANDLER(CALL_INDIRECT_X, fp[pc->b].u32, pc[2].u64, 3)

#define REF_HANDLER(name, base, words)               \
    REFERENCE_HANDLER(name, base, words, {           \
        callee = fp[pc->b].ref;                      \
        if (UNLIKELY(!callee))                       \
            MUSTTAIL return GO(TRAP(NULL_FUNCTION)); \
    })
REF_HANDLER(CALL_REF, pc->a, 1)
REF_HANDLER(CALL_REF_X, pc[1].u64, 2)

LONE_HANDLER(CALL_NULL) {
    MUSTTAIL return GO(TRAP(NULL_FUNCTION));
}
LONE_HANDLER(NON_NULL) {
    if (UNLIKELY(!fp[pc->a].ref))
        MUSTTAIL return GO(TRAP(NULL_REFERENCE));
    MUSTTAIL return DISPATCH(pc + 1);
}

static _Noreturn void raise(struct murre_store *store, enum murre_trapkind kind, const union murre_word *next) {
    murre_trap_raise_interp(store, kind, store->stack.func, (const char *)next - 1);
}

/* The running function becomes a waiting caller. There is room for one behind the end (stack.c). */
static void set_aside(struct murre_store *store, const union murre_word *next, union murre_slot *fp) {
    *store->stack.frame++ = (struct murre_interp_frame){.pc = next, .slots = fp, .func = store->stack.func};
}

/* No room for the callee: it is where the trap is, as in compiled code; the host has no place of its own. */
static _Noreturn void out_of_stack(struct murre_store *store, const union murre_word *next, union murre_slot *fp) {
    struct murre_func *callee = store->stack.callee;
    if (!callee->instance)
        raise(store, MURRE_TRAP_STACK, next);
    set_aside(store, next, fp);
    murre_trap_raise_interp(store, MURRE_TRAP_STACK, callee, NULL);
}

/* Calls out of the loop. Nested runs of the loop change the state that is kept here. */
static void call_out(struct murre_store *store, const union murre_word *next, union murre_slot *fp) {
    struct murre_func *callee = store->stack.callee;
    union murre_slot *slots = store->stack.callee_slots;
    struct murre_func *func = store->stack.func;
    struct murre_instance *instance = store->stack.instance;
    store->stack.top = fp + atomic_load_explicit(&func->code->regcode, memory_order_relaxed)->frame_slots;
    if (!has_room(store, NULL, NULL, 1))
        out_of_stack(store, next, fp);
    set_aside(store, next, fp);
    if (!callee->instance)
        murre_call_host(store, instance, callee, slots);
    else
        murre_call_native(store, callee, slots);
    store->stack.frame--;
    store->stack.func = func;
    store->stack.instance = instance;
    store->stack.callee_slots = slots;
}

/* next: behind the call. Returns register code to enter, or NULL when the call is done. */
static __attribute__((noinline)) const struct murre_regcode *resolve(struct murre_store *store, const union murre_word *next,
                                                                     union murre_slot *fp) {
    struct murre_func *callee = store->stack.callee;
    union murre_slot *slots = store->stack.callee_slots;
    if (atomic_load_explicit(&store->interrupt, memory_order_relaxed))
        raise(store, MURRE_TRAP_INTERRUPT, next);
    if (callee->instance && !murre_tier_is_native(callee)) {
        struct murre_engine *engine = store->engine;
        const struct murre_regcode *rc = NULL;
        if (engine->config.tier != MURRE_TIER_JIT || !murre_tier_compile_now(callee)) {
            rc = murre_interp_lower(store, callee->instance->module, callee->index);
            if (!rc) {
                enum murre_trapkind kind = murre_interp_why_not(store, callee->code);
                if (kind != MURRE_TRAP_INVALID_CODE)
                    raise(store, kind, next);
                set_aside(store, next, fp);
                murre_trap_raise_interp(store, MURRE_TRAP_INVALID_CODE, callee, NULL);
            }
            if (!has_room(store, slots, rc, 2))
                out_of_stack(store, next, fp);
            return rc;
        }
    }
    call_out(store, next, fp);
    return NULL;
}

HANDLER_ATTRIBUTES void murre_interp_call_slow(PARAMS) {
    const struct murre_regcode *rc = resolve(store, pc, fp);
    struct murre_instance *instance = store->stack.instance;
    union murre_slot *slots = store->stack.callee_slots;
    if (!rc) {
        memory_size = instance->memory ? instance->memory->size : 0;
        acc = slots[0].u64;
        accd = slots[0].f64;
        accf = slots[0].f32;
        MUSTTAIL return DISPATCH(pc);
    }
    struct murre_func *callee = store->stack.callee;
    if (callee->instance == instance) {
        ENTER(rc, callee, slots, pc);
        MUSTTAIL return DISPATCH(pc);
    }
    struct murre_interp_frame *frame = store->stack.frame;
    *frame = (struct murre_interp_frame){.pc = pc, .slots = fp, .func = store->stack.func};
    store->stack.frame = frame + 1;
    store->stack.func = NULL;
    store->stack.instance = callee->instance;
    memory = callee->instance->memory_base;
    memory_size = callee->instance->memory ? callee->instance->memory->size : 0;
    ENTER(rc, callee, slots, leave_word);
    MUSTTAIL return DISPATCH(pc);
}

/* ---- tail calls: the callee takes the frame, and nothing is left on the stack of frames ---- */

/* The arguments go to the start of the frame. */
#define MOVE_ARGUMENTS(word) memmove(fp, fp + (word).low, (word).high * sizeof *fp)

/* As call_out does; but who calls is gone. */
static void tail_out(struct murre_store *store, union murre_slot *fp) {
    struct murre_func *callee = store->stack.callee;
    struct murre_instance *instance = store->stack.instance;
    const struct murre_type *type = murre_func_signature(callee);
    uint32_t room = type->param_slots > type->result_slots ? type->param_slots : type->result_slots;
    if ((size_t)(store->stack.values_end - fp) < room)
        murre_trap_raise_interp(store, MURRE_TRAP_STACK, callee->instance ? callee : NULL, NULL);
    store->stack.top = fp + room;
    if (!callee->instance)
        murre_call_host(store, instance, callee, fp);
    else
        murre_call_native(store, callee, fp);
    store->stack.instance = instance;
}

/* next: behind the call. Register code to enter, or NULL when the call is done. */
static __attribute__((noinline)) const struct murre_regcode *resolve_tail(struct murre_store *store, const union murre_word *next,
                                                                          union murre_slot *fp) {
    struct murre_func *callee = store->stack.callee;
    if (atomic_load_explicit(&store->interrupt, memory_order_relaxed))
        raise(store, MURRE_TRAP_INTERRUPT, next);
    if (!callee->instance || murre_tier_is_native(callee) ||
        (store->engine->config.tier == MURRE_TIER_JIT && murre_tier_compile_now(callee))) {
        tail_out(store, fp);
        return NULL;
    }
    const struct murre_regcode *rc = murre_interp_lower(store, callee->instance->module, callee->index);
    if (!rc)
        murre_trap_raise_interp(store, murre_interp_why_not(store, callee->code), callee, NULL);
    if (!has_room(store, fp, rc, 2))
        murre_trap_raise_interp(store, MURRE_TRAP_STACK, callee, NULL);
    return rc;
}

static __attribute__((noinline)) HANDLER_ATTRIBUTES void tail_slow(PARAMS) {
    const struct murre_regcode *rc = resolve_tail(store, pc, fp);
    struct murre_instance *instance = store->stack.instance;
    if (!rc) {
        memory_size = instance->memory ? instance->memory->size : 0;
        MUSTTAIL return GO(murre_interp_return);
    }
    struct murre_func *callee = store->stack.callee;
    store->stack.func = callee;
    pc = rc->code;
    if (callee->instance == instance)
        MUSTTAIL return DISPATCH(pc);
    /* Whoever waits for the function is to go on in its own instance: a mark sees to it, where there is none. */
    struct murre_interp_frame *frame = store->stack.frame;
    if (frame[-1].func) {
        *frame = (struct murre_interp_frame){.pc = leave_word, .slots = fp, .func = NULL};
        store->stack.frame = frame + 1;
    }
    store->stack.instance = callee->instance;
    memory = callee->instance->memory_base;
    memory_size = callee->instance->memory ? callee->instance->memory->size : 0;
    MUSTTAIL return DISPATCH(pc);
}

/* store->stack.callee takes the place of the running function; its arguments are in the frame. pc: behind the call. */
static HANDLER_ATTRIBUTES void tail(PARAMS) {
    struct murre_func *callee = store->stack.callee;
    acc = 0;
    if (UNLIKELY(callee->instance != store->stack.instance))
        MUSTTAIL return GO(tail_slow);
    const struct murre_regcode *rc = atomic_load_explicit(&callee->code->regcode, memory_order_acquire);
    if (UNLIKELY(!rc) || IS_FAR(callee, fp, rc))
        MUSTTAIL return GO(tail_slow);
    store->stack.func = callee;
    pc = rc->code;
    MUSTTAIL return DISPATCH(pc);
}

LONE_HANDLER(RETURN_CALL) {
    store->stack.callee = CALLEE();
    MOVE_ARGUMENTS(pc[1]);
    pc += 2;
    MUSTTAIL return GO(tail);
}
LONE_HANDLER(RETURN_CALL_IMPORT) {
    store->stack.callee = *(struct murre_func **)((char *)store->stack.instance + pc->bc);
    MOVE_ARGUMENTS(pc[1]);
    pc += 2;
    MUSTTAIL return GO(tail);
}
LONE_HANDLER(RETURN_CALL_REF) {
    struct murre_func *callee = fp[pc->b].ref;
    if (UNLIKELY(!callee))
        MUSTTAIL return GO(TRAP(NULL_FUNCTION));
    store->stack.callee = callee;
    MOVE_ARGUMENTS(pc[1]);
    pc += 2;
    MUSTTAIL return GO(tail);
}
LONE_HANDLER(RETURN_CALL_INDIRECT) {
    uint32_t index = fp[pc->b].u32;
    struct murre_table *table = *(struct murre_table **)((char *)store->stack.instance + pc[1].high);
    if (UNLIKELY(index >= table->size))
        MUSTTAIL return GO(TRAP(INDIRECT_BOUNDS));
    struct murre_func *callee = table->elems[index];
    if (UNLIKELY(!callee))
        MUSTTAIL return GO(TRAP(INDIRECT_NULL));
    if (UNLIKELY(callee->type_id != pc[1].low) && !finds_subtype(store, pc, index))
        MUSTTAIL return GO(TRAP(INDIRECT_TYPE));
    store->stack.callee = callee;
    MOVE_ARGUMENTS(pc[2]);
    pc += 3;
    MUSTTAIL return GO(tail);
}

/* Back in the instance that called. */
LONE_HANDLER(LEAVE) {
    struct murre_interp_frame *frame = store->stack.frame - 1;
    struct murre_instance *instance = frame->func->instance;
    store->stack.frame = frame;
    store->stack.func = frame->func;
    store->stack.instance = instance;
    memory = instance->memory_base;
    memory_size = instance->memory ? instance->memory->size : 0;
    pc = frame->pc;
    fp = frame->slots;
    MUSTTAIL return DISPATCH(pc);
}

#define X(kind)                                                                   \
    __attribute__((cold)) void murre_interp_trap_##kind(PARAMS) {                 \
        UNUSED_ARGS();                                                            \
        murre_trap_raise_interp(store, MURRE_TRAP_##kind, store->stack.func, pc); \
    }
TRAPS(X)
#undef X

__attribute__((cold)) void murre_interp_interrupted(PARAMS) {
    UNUSED_ARGS();
    murre_trap_raise_interp(store, MURRE_TRAP_INTERRUPT, store->stack.func, pc);
}
