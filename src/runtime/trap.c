/* Raising traps: see trap.h. A backtrace is a walk (walk.h) to the innermost activation; when a host function passes on a trap of an inner activation,
 * the outer frames are added. */
#include "runtime/trap.h"

#include <assert.h>
#include <string.h>

#include "runtime/call.h"
#include "runtime/interrupt.h"
#include "runtime/module.h"
#include "runtime/thread.h"
#include "runtime/walk.h"

/* ---- backtraces ----------------------------------------------------------------------------------------------------------------- */

struct backtrace {
    struct murre_store *store;
    uint32_t depth, count;
    struct murre_trap_frame frames[MURRE_TRAP_FRAMES];
};

static void note(struct backtrace *trace, const struct murre_stackwalk_frame *frame) {
    if (trace->depth < UINT32_MAX)
        trace->depth++;
    if (trace->count == MURRE_TRAP_FRAMES)
        return;
    struct murre_instance *instance = frame->func->instance;
    uint32_t drops = atomic_load_explicit(&instance->module->code_drops, memory_order_relaxed);
    trace->frames[trace->count++] =
        (struct murre_trap_frame){instance, frame->func->index, drops, frame->native, frame->pc, frame->offset, {0}};
}

static void note_rest(struct backtrace *trace, struct murre_stackwalk *walk) {
    struct murre_stackwalk_frame frame;
    while (murre_stackwalk_next(walk, &frame))
        note(trace, &frame);
}

static void note_callers(struct backtrace *trace) {
    struct murre_stackwalk walk;
    murre_stackwalk_from_host(&walk, trace->store);
    note_rest(trace, &walk);
}

/* From the frame of the function that this is part of. */
static inline __attribute__((always_inline)) void note_compiled(struct backtrace *trace) {
    struct murre_stackwalk walk;
    murre_stackwalk_from_helper(&walk, trace->store, (uintptr_t)__builtin_frame_address(0));
    note_rest(trace, &walk);
}

/* Of a function that has not begun: the start of its body. */
static uint64_t offset_at_entry(const struct murre_func *func) {
    uint32_t start, end;
    murre_module_body(&func->instance->module->info, func->index, &start, &end);
    return start;
}

/* ---- raising -------------------------------------------------------------------------------------------------------------------- */

struct murre_trap *murre_trap_of_callers(struct murre_store *store) {
    struct backtrace trace = {.store = store};
    if (store->activation) {
        struct murre_stackwalk walk;
        murre_stackwalk_from_host(&walk, store);
        walk.all = true;
        note_rest(&trace, &walk);
    }
    struct murre_trap *trap = murre_trap_make(&store->engine->allocator, MURRE_TRAP_HOST, NULL, NULL, trace.frames, trace.count);
    if (trap)
        trap->depth = trace.depth;
    return trap;
}

static _Noreturn void unwind(struct murre_store *store, struct murre_trap *trap) {
    struct murre_activation *activation = store->activation;
    activation->trap = trap;
    store->native = activation->native;
    store->stack.top = activation->mark.top;
    store->stack.frame = activation->mark.frame;
    if (trap->kind == MURRE_TRAP_STACK)
        murre_stack_trim(&store->stack);
    murre_arch_unwind(&activation->context);
}

static _Noreturn void finish(struct backtrace *trace, enum murre_trapkind kind, const char *detail) {
    struct murre_store *store = trace->store;
    if (kind == MURRE_TRAP_INTERRUPT)
        murre_interrupt_taken(store);
    struct murre_trap *trap = murre_trap_make(&store->engine->allocator, kind, NULL, detail, trace->frames, trace->count);
    if (trap)
        trap->depth = trace->depth;
    else
        trap = murre_trap_of_kind(kind);
    unwind(store, trap);
}

/* Why func, which is to be interpreted, cannot be. */
static const char *no_room_for(const struct murre_func *func) {
    bool refused = func && func->instance && atomic_load_explicit(&func->instance->module->code_refused, memory_order_relaxed);
    return refused ? "the module's register code takes more than its limit (max_code_memory)" : NULL;
}

void murre_trap_raise_interp(struct murre_store *store, enum murre_trapkind kind, struct murre_func *func, const void *pc) {
    assert(store->activation);
    struct backtrace trace = {.store = store};
    const struct murre_error *failure = NULL;
    if (kind == MURRE_TRAP_INVALID_CODE && func && func->code)
        failure = atomic_load_explicit(&func->code->failure, memory_order_acquire);
    if (failure && failure->status == MURRE_ERROR_UNSUPPORTED)
        kind = MURRE_TRAP_UNSUPPORTED;
    if (func && func->instance)
        note(&trace, &(struct murre_stackwalk_frame){func, false, pc,
                                                     failure ? failure->offset
                                                     : pc    ? MURRE_NO_OFFSET
                                                             : offset_at_entry(func)});
    note_callers(&trace);
    finish(&trace, kind, failure ? failure->message : kind == MURRE_TRAP_MEMORY ? no_room_for(func) : NULL);
}

void murre_trap_raise_native(struct murre_store *store, enum murre_trapkind kind) {
    assert(store->activation);
    struct backtrace trace = {.store = store};
    note_compiled(&trace);
    finish(&trace, kind, NULL);
}

void murre_trap_raise_entry(struct murre_func *func) {
    struct murre_store *store = func->instance->store;
    assert(store->activation);
    struct backtrace trace = {.store = store};
    note(&trace, &(struct murre_stackwalk_frame){func, true, NULL, offset_at_entry(func)});
    note_compiled(&trace);
    finish(&trace, MURRE_TRAP_STACK, NULL);
}

void murre_trap_raise_waiting(struct murre_store *store, enum murre_trapkind kind) {
    assert(store->activation);
    struct backtrace trace = {.store = store};
    note_callers(&trace);
    finish(&trace, kind, NULL);
}

void murre_trap_interrupted(const volatile bool *interrupt) {
    struct murre_store *store = (struct murre_store *)((uintptr_t)interrupt - offsetof(struct murre_store, interrupt));
    murre_trap_raise_native(store, MURRE_TRAP_INTERRUPT);
}

void murre_trap_landed(void) {
    struct murre_thread *thread = &murre_thread_current;
    struct backtrace trace = {.store = thread->activation->store};
    struct murre_stackwalk walk;
    murre_stackwalk_from_fault(&walk, trace.store, &thread->fault);
    note_rest(&trace, &walk);
    finish(&trace, thread->fault.kind, NULL);
}

void murre_trap_raise_host(struct murre_store *store, struct murre_trap *trap) {
    assert(store->activation);
    struct backtrace trace = {.store = store};
    if (!trap->constant) {
        trace.depth = trap->depth;
        trace.count = trap->frame_count;
        memcpy(trace.frames, trap->frames, trap->frame_count * sizeof *trace.frames);
    }
    note_callers(&trace);
    struct murre_trap *longer =
        trap->constant ? NULL : murre_trap_make(&trap->allocator, trap->kind, trap->message, NULL, trace.frames, trace.count);
    if (longer) {
        longer->exit_code = trap->exit_code;
        longer->depth = trace.depth;
        murre_trap_delete(trap);
        trap = longer;
    }
    unwind(store, trap);
}
