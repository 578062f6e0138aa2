/* Raising traps: see trap.h.
 *
 * The backtrace goes over three kinds of frames, innermost first: the interpreter's waiting callers (store->stack), compiled frames (the
 * frame-pointer chain of a segment, call.h), and C frames in between, which are passed over. Segments and interpreter frames alternate:
 * frames above segment->interp_frame are younger than the segment's compiled frames. It ends at the innermost activation; when a host
 * function hands a trap of an inner activation on, the outer frames are added.
 *
 * When memory for a trap is short, a constant trap of its kind without frames takes its place. */
#include "runtime/trap.h"

#include <assert.h>
#include <string.h>

#include "runtime/call.h"
#include "runtime/interrupt.h"
#include "runtime/thread.h"

/* ---- trap objects --------------------------------------------------------------------------------------------------------------- */

static const char *const texts[MURRE_TRAP_COUNT] = {
    [MURRE_TRAP_UNREACHABLE] = "unreachable",
    [MURRE_TRAP_MEMORY_BOUNDS] = "out of bounds memory access",
    [MURRE_TRAP_TABLE_BOUNDS] = "out of bounds table access",
    [MURRE_TRAP_INDIRECT_BOUNDS] = "undefined element",
    [MURRE_TRAP_INDIRECT_NULL] = "uninitialized element",
    [MURRE_TRAP_INDIRECT_TYPE] = "indirect call type mismatch",
    [MURRE_TRAP_DIVIDE_ZERO] = "integer divide by zero",
    [MURRE_TRAP_INTEGER_OVERFLOW] = "integer overflow",
    [MURRE_TRAP_INVALID_CONVERSION] = "invalid conversion to integer",
    [MURRE_TRAP_STACK] = "call stack exhausted",
    [MURRE_TRAP_INTERRUPT] = "interrupted",
    [MURRE_TRAP_INVALID_CODE] = "invalid code",
    [MURRE_TRAP_MEMORY] = "out of memory",
    [MURRE_TRAP_HOST] = "host function failed",
    [MURRE_TRAP_EXIT] = "exit",
    [MURRE_TRAP_NULL_REFERENCE] = "null reference",
    [MURRE_TRAP_UNSUPPORTED] = "unsupported code",
};

const char *murre_trap_text(enum murre_trapkind kind) {
    return kind < MURRE_TRAP_COUNT ? texts[kind] : "trap";
}

/* Never written, in spite of the type that callers see. */
static const struct murre_trap constants[MURRE_TRAP_COUNT] = {
#define CONSTANT(id) [id] = {.kind = id, .exit_code = 134, .constant = true}
    CONSTANT(MURRE_TRAP_UNREACHABLE),
    CONSTANT(MURRE_TRAP_MEMORY_BOUNDS),
    CONSTANT(MURRE_TRAP_TABLE_BOUNDS),
    CONSTANT(MURRE_TRAP_INDIRECT_BOUNDS),
    CONSTANT(MURRE_TRAP_INDIRECT_NULL),
    CONSTANT(MURRE_TRAP_INDIRECT_TYPE),
    CONSTANT(MURRE_TRAP_DIVIDE_ZERO),
    CONSTANT(MURRE_TRAP_INTEGER_OVERFLOW),
    CONSTANT(MURRE_TRAP_INVALID_CONVERSION),
    CONSTANT(MURRE_TRAP_STACK),
    CONSTANT(MURRE_TRAP_INTERRUPT),
    CONSTANT(MURRE_TRAP_INVALID_CODE),
    CONSTANT(MURRE_TRAP_MEMORY),
    CONSTANT(MURRE_TRAP_HOST),
    CONSTANT(MURRE_TRAP_EXIT),
    CONSTANT(MURRE_TRAP_NULL_REFERENCE),
    CONSTANT(MURRE_TRAP_UNSUPPORTED),
#undef CONSTANT
};

struct murre_trap *murre_trap_of_kind(enum murre_trapkind kind) {
    return (struct murre_trap *)&constants[kind < MURRE_TRAP_COUNT ? kind : MURRE_TRAP_HOST];
}

struct murre_trap *murre_trap_make(const struct murre_allocator *allocator, enum murre_trapkind kind, const char *message,
                                   const char *detail, const struct murre_trap_frame *frames, uint32_t frame_count) {
    size_t message_size = message ? strlen(message) : 0, detail_size = detail ? strlen(detail) : 0;
    size_t text_size = message || detail ? message_size + detail_size + sizeof ": " : 0;
    size_t frames_size = frame_count * sizeof *frames;
    if (detail && !message) {
        message = murre_trap_text(kind);
        message_size = strlen(message);
        text_size += message_size;
    }
    size_t size = sizeof(struct murre_trap) + frames_size + text_size;
    struct murre_trap *trap = murre_alloc(allocator, size);
    if (!trap)
        return NULL;
    *trap = (struct murre_trap){
        .kind = kind, .exit_code = 134, .depth = frame_count, .frame_count = frame_count, .allocator = *allocator, .size = size};
    if (frame_count)
        memcpy(trap->frames, frames, frames_size);
    if (message) {
        char *text = (char *)trap->frames + frames_size;
        memcpy(text, message, message_size);
        text[message_size] = 0;
        if (detail) {
            memcpy(text + message_size, ": ", 2);
            memcpy(text + message_size + 2, detail, detail_size + 1);
        }
        trap->message = text;
    }
    return trap;
}

/* ---- backtraces ----------------------------------------------------------------------------------------------------------------- */

struct walk {
    struct murre_store *store;
    uint32_t depth, count;
    struct murre_trap_frame frames[MURRE_TRAP_FRAMES];
};

static void note(struct walk *walk, struct murre_instance *instance, uint32_t func_index, bool native, const void *pc, uint64_t offset) {
    if (walk->depth < UINT32_MAX)
        walk->depth++;
    if (walk->count < MURRE_TRAP_FRAMES)
        walk->frames[walk->count++] = (struct murre_trap_frame){
            instance, func_index, atomic_load_explicit(&instance->module->code_drops, memory_order_relaxed), native, pc, offset, {0}};
}

/* The instance that compiled code at pc runs in: the code belongs to the module, so where a store has several instances of it, the first stands
 * for all. */
static bool note_native(struct walk *walk, uintptr_t pc, uint64_t offset, bool *frameless) {
    const struct murre_engine *engine = walk->store->engine;
    struct murre_code_place place;
    if (!engine->jit || !engine->jit_ops->find(engine->jit, pc, &place))
        return false;
    struct murre_instance *instance = walk->store->instances;
    while (instance && instance->module != place.module)
        instance = instance->next;
    if (instance)
        note(walk, instance, place.func_index, true, (const void *)pc, offset);
    if (frameless)
        *frameless = place.frameless;
    return true;
}

/* From one frame on, the callers. offset: of the first compiled function met, where it is known. */
static void walk_compiled(struct walk *walk, uintptr_t frame, uintptr_t end, uint64_t offset) {
    while (frame != end && frame < end && frame % sizeof(uintptr_t) == 0) {
        const uintptr_t *words = (const uintptr_t *)frame;
        if (note_native(walk, words[1] - 1, offset, NULL))
            offset = MURRE_NO_OFFSET;
        if (words[0] <= frame)
            return; /* not a chain; better short than lost */
        frame = words[0];
    }
}

static void walk_interpreted(struct walk *walk, const struct murre_interp_frame *top, const struct murre_interp_frame *bottom) {
    while (top > bottom) {
        top--;
        if (top->func)
            note(walk, top->func->instance, top->func->index, false, (const char *)top->pc - 1, MURRE_NO_OFFSET);
    }
}

/* What waits below the innermost function. fault: that stopped compiled code, or NULL; frame: of a C helper below which compiled code lies, or
 * 0. */
static void walk_rest(struct walk *walk, const struct murre_fault *fault, uintptr_t frame, uint64_t offset) {
    const struct murre_store *store = walk->store;
    const struct murre_activation *activation = store->activation;
    const struct murre_interp_frame *top = store->stack.frame;
    bool innermost = fault || frame;
    for (const struct murre_native_segment *segment = store->native;; segment = segment->outer) {
        bool last = segment == activation->native;
        walk_interpreted(walk, top, last ? activation->mark.frame : segment->interp_frame);
        if (last)
            return;
        bool frameless = false;
        if (innermost && fault) {
            note_native(walk, fault->pc, MURRE_NO_OFFSET, &frameless);
            if (frameless)
                note_native(walk, (fault->link ? fault->link : *(const uintptr_t *)fault->stack) - 1, MURRE_NO_OFFSET, NULL);
            frame = fault->frame;
        } else if (!innermost) {
            frame = segment->exit_frame;
        }
        if (frame)
            walk_compiled(walk, frame, segment->args->frame, offset);
        innermost = false;
        frame = 0;
        offset = MURRE_NO_OFFSET;
        top = segment->interp_frame;
    }
}

/* ---- raising -------------------------------------------------------------------------------------------------------------------- */

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

static _Noreturn void finish(struct walk *walk, enum murre_trapkind kind, const char *detail) {
    struct murre_store *store = walk->store;
    if (kind == MURRE_TRAP_INTERRUPT)
        murre_interrupt_taken(store);
    struct murre_trap *trap = murre_trap_make(&store->engine->allocator, kind, NULL, detail, walk->frames, walk->count);
    if (trap)
        trap->depth = walk->depth;
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
    struct walk walk = {.store = store};
    const struct murre_error *failure = NULL;
    if (kind == MURRE_TRAP_INVALID_CODE && func && func->code)
        failure = atomic_load_explicit(&func->code->failure, memory_order_acquire);
    if (failure && failure->status == MURRE_ERROR_UNSUPPORTED)
        kind = MURRE_TRAP_UNSUPPORTED;
    if (func && func->instance)
        note(&walk, func->instance, func->index, false, pc, failure ? failure->offset : MURRE_NO_OFFSET);
    walk_rest(&walk, NULL, 0, MURRE_NO_OFFSET);
    finish(&walk, kind, failure ? failure->message : kind == MURRE_TRAP_MEMORY ? no_room_for(func) : NULL);
}

void murre_trap_raise_native(struct murre_store *store, enum murre_trapkind kind, uint64_t offset) {
    assert(store->activation);
    struct walk walk = {.store = store};
    walk_rest(&walk, NULL, (uintptr_t)__builtin_frame_address(0), offset);
    finish(&walk, kind, NULL);
}

void murre_trap_raise_entry(struct murre_func *func) {
    struct murre_instance *instance = func->instance;
    assert(instance->store->activation);
    struct walk walk = {.store = instance->store};
    uint32_t start, end;
    murre_module_body(&instance->module->info, func->index, &start, &end);
    note(&walk, instance, func->index, true, NULL, end - 1);
    walk_rest(&walk, NULL, (uintptr_t)__builtin_frame_address(0), MURRE_NO_OFFSET);
    finish(&walk, MURRE_TRAP_STACK, NULL);
}

void murre_trap_raise_waiting(struct murre_store *store, enum murre_trapkind kind) {
    assert(store->activation);
    struct walk walk = {.store = store};
    walk_rest(&walk, NULL, 0, MURRE_NO_OFFSET);
    finish(&walk, kind, NULL);
}

void murre_trap_interrupted(const volatile bool *interrupt) {
    struct murre_store *store = (struct murre_store *)((uintptr_t)interrupt - offsetof(struct murre_store, interrupt));
    murre_trap_raise_native(store, MURRE_TRAP_INTERRUPT, MURRE_NO_OFFSET);
}

void murre_trap_landed(void) {
    struct murre_thread *thread = &murre_thread_current;
    struct walk walk = {.store = thread->activation->store};
    walk_rest(&walk, &thread->fault, 0, MURRE_NO_OFFSET);
    finish(&walk, thread->fault.kind, NULL);
}

void murre_trap_raise_host(struct murre_store *store, struct murre_trap *trap) {
    assert(store->activation);
    struct walk walk = {.store = store};
    if (!trap->constant) {
        walk.depth = trap->depth;
        walk.count = trap->frame_count;
        memcpy(walk.frames, trap->frames, trap->frame_count * sizeof *walk.frames);
    }
    walk_rest(&walk, NULL, 0, MURRE_NO_OFFSET);
    struct murre_trap *longer =
        trap->constant ? NULL : murre_trap_make(&trap->allocator, trap->kind, trap->message, NULL, walk.frames, walk.count);
    if (longer) {
        longer->exit_code = trap->exit_code;
        longer->depth = walk.depth;
        murre_trap_delete(trap);
        trap = longer;
    }
    unwind(store, trap);
}
