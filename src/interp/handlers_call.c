/* Handlers: calls (4.4.8, 4.4.10), and the traps of all handlers.
 *
 * The fast path enters a callee of the same instance that has register code: it leaves its caller on the stack of frames and goes on in the
 * callee, in the same activation of C. Everything else goes through murre_interp_call_slow: first calls, compiled code, the host, other
 * instances, and what traps. */
#include "interp/handler.h"
#include "runtime/call.h"
#include "runtime/tier.h"
#include "runtime/trap.h"

/* Code of the instructions that no function has. */
static const union murre_word leave_word[1] = {{.op = MURRE_RC_LEAVE}};

/* Goes on in rc, with the caller set aside. The stacks have room. */
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
        DISPATCH();                                            \
    } while (0)

HANDLER_ATTRIBUTES static inline bool has_room(const struct murre_store *store, const union murre_slot *slots,
                                               const struct murre_regcode *rc, unsigned frames) {
    return (!rc || (size_t)((const char *)store->stack.values_end - (const char *)slots) >= (size_t)rc->frame_slots * sizeof *slots) &&
           store->stack.frame + frames <= store->stack.frames_end;
}

/* callee is of the running instance, rc its register code or NULL. */
#define CALL_NEAR(target, regcode, base, next, without)                                                                            \
    do {                                                                                                                           \
        acc = 0; /* accumulators do not pass: one register more for this */                                                        \
        struct murre_func *near_callee = (target);                                                                                 \
        union murre_slot *near_base = (base);                                                                                      \
        const struct murre_regcode *rc = (regcode);                                                                                \
        if (__builtin_expect(!rc, 0))                                                                                              \
            without;                                                                                                               \
        if (__builtin_expect(murre_tier_is_native(near_callee) || atomic_load_explicit(&store->interrupt, memory_order_relaxed) || \
                                 !has_room(store, near_base, rc, 1),                                                               \
                             0))                                                                                                   \
            CALL_FAR(near_callee, near_base, next);                                                                                \
        ENTER(rc, near_callee, near_base, next);                                                                                   \
    } while (0)
#define CALL_FAR(target, slots, next)        \
    do {                                     \
        store->stack.callee = (target);      \
        store->stack.callee_slots = (slots); \
        pc = (next);                         \
        GO(murre_interp_call_slow);          \
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
}
static __attribute__((noinline, cold)) HANDLER_ATTRIBUTES void call_near_first_x(PARAMS) {
    call_first(store, pc);
    CALL_FAR(CALLEE(), fp + pc[2].u64, pc + 3);
}

LONE_HANDLER(CALL) {
    CALL_NEAR(CALLEE(), atomic_load_explicit(call_cache(pc), memory_order_acquire), fp + pc->a, pc + 2, GO(call_near_first));
}
LONE_HANDLER(CALL_IMPORT) {
    CALL_FAR(*(struct murre_func **)((char *)store->stack.instance + pc->bc), fp + pc->a, pc + 1);
}

#define CALL_INDIRECT(index_value, base, words)                                                                          \
    do {                                                                                                                 \
        uint32_t index = (index_value);                                                                                  \
        struct murre_instance *instance = store->stack.instance;                                                         \
        struct murre_table *table = *(struct murre_table **)((char *)instance + pc[1].high);                             \
        GO_TRAP_IF(index >= table->size, INDIRECT_BOUNDS);                                                               \
        struct murre_func *callee = table->elems[index];                                                                 \
        GO_TRAP_IF(!callee, INDIRECT_NULL);                                                                              \
        GO_TRAP_IF(callee->type_id != pc[1].low, INDIRECT_TYPE);                                                         \
        if (__builtin_expect(callee->instance != instance, 0))                                                           \
            CALL_FAR(callee, fp + (base), pc + (words));                                                                 \
        CALL_NEAR(callee, atomic_load_explicit(&callee->code->regcode, memory_order_acquire), fp + (base), pc + (words), \
                  CALL_FAR(callee, fp + (base), pc + (words)));                                                          \
    } while (0)

LONE_HANDLER(CALL_X) {
    CALL_NEAR(CALLEE(), atomic_load_explicit(call_cache(pc), memory_order_acquire), fp + pc[2].u64, pc + 3, GO(call_near_first_x));
}
LONE_HANDLER(CALL_IMPORT_X) {
    CALL_FAR(*(struct murre_func **)((char *)store->stack.instance + pc->bc), fp + pc[1].u64, pc + 2);
}

LONE_HANDLER(CALL_INDIRECT_R) {
    CALL_INDIRECT(fp[pc->b].u32, pc->a, 2);
}
LONE_HANDLER(CALL_INDIRECT_A) {
    CALL_INDIRECT((uint32_t)acc, pc->a, 2);
}
LONE_HANDLER(CALL_INDIRECT_X) {
    CALL_INDIRECT(fp[pc->b].u32, pc[2].u64, 3);
}

/* What the slow path found. */
enum outcome { CALLED, ENTER_NEAR, ENTER_FAR, TRAP_HERE };

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
        DISPATCH();
    }
    struct murre_func *callee = store->stack.callee;
    if (callee->instance == instance)
        ENTER(rc, callee, slots, pc);
    struct murre_interp_frame *frame = store->stack.frame;
    *frame = (struct murre_interp_frame){.pc = pc, .slots = fp, .func = store->stack.func};
    store->stack.frame = frame + 1;
    store->stack.func = NULL;
    store->stack.instance = callee->instance;
    memory = callee->instance->memory_base;
    memory_size = callee->instance->memory ? callee->instance->memory->size : 0;
    ENTER(rc, callee, slots, leave_word);
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
    DISPATCH();
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
