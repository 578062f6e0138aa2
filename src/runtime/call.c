/* Calls between host, interpreter and compiled code: see call.h, and the native convention at the head of runtime.h.
 *
 *   murre_call_func      host → anything. Sets up the activation at which traps end.
 *   murre_call_native    C → compiled code, through murre_arch_enter. Sets up the run that backtraces walk.
 *   murre_call_exit      compiled code → interpreter or host, from murre_arch_exit.
 *   murre_call_host      interpreter → host.
 *
 * The register or stack slot of an argument depends only on its type's class: integers and references fill the integer
 * registers after the function itself, floats the float registers, and the rest goes on the stack, in order. */
#include "runtime/call.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/interrupt.h"
#include "runtime/store.h"
#include "runtime/thread.h"
#include "runtime/tier.h"
#include "runtime/trap.h"
#include "wasm/limits.h"

enum { RESULT_SLOTS = 2 * MURRE_MAX_RESULTS };

enum murre_status murre_call_init(struct murre_store *store, struct murre_error *error) {
    store->results = murre_alloc(&store->engine->allocator, RESULT_SLOTS * sizeof *store->results);
    if (!store->results)
        return murre_error_memory(error);
    enum murre_status status = murre_stack_init(&store->stack, store->engine->config.max_stack, &store->engine->stack_cache, error);
    if (status != MURRE_OK)
        murre_call_fini(store);
    return status;
}

void murre_call_fini(struct murre_store *store) {
    murre_interrupt_fini(store);
    murre_stack_fini(&store->stack, &store->engine->stack_cache);
    murre_free(&store->engine->allocator, store->results, RESULT_SLOTS * sizeof *store->results);
    store->results = NULL;
}

static bool is_float(murre_valtype type) {
    return type == MURRE_F32 || type == MURRE_F64;
}

static uint32_t most_slots(const struct murre_type *type) {
    return type->param_slots > type->result_slots ? type->param_slots : type->result_slots;
}

static bool has_room(const struct murre_store *store, uint32_t slots) {
    return (size_t)(store->stack.values_end - store->stack.top) >= slots;
}

/* ---- C to compiled code --------------------------------------------------------------------------------------------------------- */

static void enter(struct murre_store *store, void *entry, struct murre_arch_args *args) {
    struct murre_native_run run = {.outer = store->native, .args = args, .exit_frame = 0, .interp_frame = store->stack.frame};
    args->interrupt = (const volatile bool *)&store->interrupt;
    store->native = &run;
    murre_arch_enter(entry, args);
    store->native = run.outer;
}

/* What does not fit one register is in the store, slot by slot. */
static void take_results(struct murre_store *store, const struct murre_type *type, const struct murre_arch_args *args,
                         union murre_slot *slots) {
    if (type->result_slots == 1)
        slots->u64 = is_float(type->func.results[0]) ? args->float_result : args->int_result;
    else if (type->result_slots)
        memcpy(slots, store->results, type->result_slots * sizeof *slots);
}

/* Few integers (MURRE_SHAPE_INTS) need no sorting. */
static inline void place_ints(const struct murre_type *type, struct murre_arch_args *args, const union murre_slot *slots) {
    uint32_t count = type->func.param_count, shape = type->shape;
    for (uint32_t i = 0; i < count; i++, shape >>= 1)
        args->ints[i + 1] = shape & 1 ? slots[i].u32 : slots[i].u64;
    args->float_count = args->stack_count = 0;
}

/* A v128 travels as two integers: every slot has its place in a bank or on the stack. */
static void sort_arguments(struct murre_store *store, const struct murre_functype *type, struct murre_arch_args *args,
                           const union murre_slot *slots) {
    unsigned ints = 1, floats = 0, on_stack = 0;
    /* Above top nobody's values lie, and the trampoline copies them before anyone else runs. */
    uint64_t *stack = (uint64_t *)store->stack.top;
    for (uint32_t i = 0, slot = 0; i < type->param_count; i++)
        for (uint32_t end = slot + murre_valtype_slots(type->params[i]); slot < end; slot++) {
            uint64_t value = type->params[i] == MURRE_I32 ? slots[slot].u32 : slots[slot].u64;
            if (is_float(type->params[i]) && floats < murre_arch_float_registers)
                args->floats[floats++] = value;
            else if (!is_float(type->params[i]) && ints < murre_arch_int_registers)
                args->ints[ints++] = value;
            else
                stack[on_stack++] = value;
        }
    args->float_count = floats;
    args->stack_count = on_stack;
    args->stack = stack;
}

static _Noreturn void out_of_stack(struct murre_store *store, struct murre_func *func) {
    murre_trap_raise_interp(store, MURRE_TRAP_STACK, func, NULL);
}

void murre_call_native(struct murre_store *store, struct murre_func *func, union murre_slot *slots) {
    const struct murre_type *type = murre_func_signature(func);
    struct murre_arch_args args;
    if (__builtin_expect(!has_room(store, type->param_slots), false))
        out_of_stack(store, func);
    args.ints[0] = (uint64_t)(uintptr_t)func;
    sort_arguments(store, &type->func, &args, slots);
    /* The trampoline pushes them before the callee looks at its own room. */
    if (__builtin_expect((uintptr_t)__builtin_frame_address(0) < store->stack_limit + args.stack_count * sizeof *args.stack, false))
        out_of_stack(store, func);
    args.memory_base = (uint64_t)(uintptr_t)func->memory_base;
    enter(store, atomic_load_explicit(&func->entry, memory_order_acquire), &args);
    take_results(store, type, &args, slots);
}

void murre_call_osr(struct murre_store *store, struct murre_func *func, void *entry, union murre_slot *frame) {
    struct murre_arch_args args;
    args.ints[0] = (uint64_t)(uintptr_t)func;
    args.ints[1] = (uint64_t)(uintptr_t)frame;
    args.float_count = args.stack_count = 0;
    args.memory_base = (uint64_t)(uintptr_t)func->memory_base;
    atomic_fetch_add_explicit(&store->engine->loops_entered, 1, memory_order_relaxed);
    enter(store, entry, &args);
    take_results(store, murre_func_signature(func), &args, frame);
}

/* ---- to the host ---------------------------------------------------------------------------------------------------------------- */

/* A host function has returned while calls that it, or another coroutine, has made of this store have not: the activations, the value stack and
 * the C stacks no longer agree, and whatever ran on would run on another call's stack. */
static _Noreturn __attribute__((cold, noinline)) void out_of_order(void) {
    fputs("murre: calls of one store must end in the reverse order of their beginning\n", stderr);
    abort();
}

/* Behind a host function, which may have switched to other coroutines: what runs in this thread now is its caller's activation. */
static inline void back_from_host(const struct murre_store *store, struct murre_activation *activation) {
    if (__builtin_expect(store->activation != activation, false))
        out_of_order();
    murre_thread_current.activation = activation;
}

/* slots lie below store->stack.top, or elsewhere: calls back into Wasm leave them alone. */
static struct murre_trap *run_host(struct murre_store *store, struct murre_instance *instance, struct murre_func *func,
                                   union murre_slot *slots) {
    struct murre_host_func *host = (struct murre_host_func *)func;
    struct murre_caller caller = {store, instance};
    return host->fn(host->env, &caller, slots, slots);
}

void murre_call_host(struct murre_store *store, struct murre_instance *caller, struct murre_func *func, union murre_slot *slots) {
    if (__builtin_expect((uintptr_t)__builtin_frame_address(0) < store->stack_limit, false))
        out_of_stack(store, func);
    struct murre_activation *activation = store->activation;
    struct murre_trap *trap = run_host(store, caller, func, slots);
    back_from_host(store, activation);
    if (__builtin_expect(trap != NULL, false))
        murre_trap_raise_host(store, trap);
    if (__builtin_expect(atomic_load_explicit(&store->interrupt, memory_order_relaxed), false))
        murre_trap_raise_waiting(store, MURRE_TRAP_INTERRUPT);
}

/* ---- compiled code to C --------------------------------------------------------------------------------------------------------- */

/* Compiled code for func, in func->entry as well; NULL: there is none. */
static void *find_compiled(struct murre_func *func) {
    struct murre_instance *instance = func->instance;
    if (atomic_load_explicit(&func->entry, memory_order_relaxed) == (void *)murre_arch_exit_first)
        return murre_tier_compile_now(func) ? atomic_load_explicit(&func->entry, memory_order_acquire) : NULL;
    void *native = atomic_load_explicit(&func->code->native, memory_order_acquire);
    if (!native || instance->interpreted_only)
        return NULL;
    atomic_store_explicit(&func->entry, native, memory_order_release);
    return native;
}

static void unsort_arguments(const struct murre_functype *type, const struct murre_arch_exit_frame *frame, union murre_slot *slots) {
    unsigned ints = 1, floats = 0;
    const uint64_t *stack = frame->stack;
    for (uint32_t i = 0; i < type->param_count; i++)
        for (unsigned left = murre_valtype_slots(type->params[i]); left > 0; left--, slots++) {
            if (is_float(type->params[i]))
                slots->u64 = floats < murre_arch_float_registers ? frame->floats[floats++] : *stack++;
            else
                slots->u64 = ints < murre_arch_int_registers ? frame->ints[ints++] : *stack++;
        }
}

static void give_results(struct murre_store *store, const struct murre_type *type, struct murre_arch_exit_frame *frame,
                         const union murre_slot *slots) {
    if (type->result_slots == 1)
        frame->int_result = frame->float_result = type->func.results[0] == MURRE_I32 ? slots->u32 : slots->u64;
    else if (type->result_slots)
        memcpy(store->results, slots, type->result_slots * sizeof *slots);
}

static __attribute__((noinline)) void *run_interpreted(struct murre_arch_exit_frame *frame, struct murre_func *func) {
    struct murre_store *store = func->instance->store;
    frame->interrupt = (const volatile bool *)&store->interrupt;
    struct murre_native_run *run = store->native;
    run->exit_frame = frame->frame;
    void *native = find_compiled(func);
    if (native) {
        run->exit_frame = 0;
        return native;
    }
    const struct murre_type *type = murre_func_signature(func);
    uint32_t room = most_slots(type);
    if (__builtin_expect((uintptr_t)frame < store->stack_limit || !has_room(store, room), false))
        out_of_stack(store, func);
    union murre_slot *slots = store->stack.top;
    unsort_arguments(&type->func, frame, slots);
    store->engine->interp->run(store, func, slots);
    store->stack.top = slots;
    give_results(store, type, frame, slots);
    run->exit_frame = 0;
    return NULL;
}

/* ---- compiled code to the host: no sorting for few integers, one look at the interrupt flag (in murre_arch_exit) --------------------- */

/* A function of its own, which has less to save. */
static __attribute__((noinline)) void *call_host(struct murre_arch_exit_frame *frame, struct murre_host_func *host) {
    struct murre_store *store = host->store;
    frame->interrupt = (const volatile bool *)&store->interrupt;
    struct murre_native_run *run = store->native;
    run->exit_frame = frame->frame;
    const struct murre_type *type = &host->type;
    uint32_t room = most_slots(type);
    if (__builtin_expect((uintptr_t)frame < store->stack_limit || !has_room(store, room), false))
        out_of_stack(store, &host->func);
    union murre_slot *slots = store->stack.top;
    bool plain = type->shape & MURRE_SHAPE_INTS;
    if (plain)
        for (uint32_t i = 0; i < type->func.param_count; i++)
            slots[i].u64 = frame->ints[i + 1];
    else
        unsort_arguments(&type->func, frame, slots);
    store->stack.top = slots + room;
    struct murre_caller caller = {store, store->caller};
    struct murre_activation *activation = store->activation;
    struct murre_trap *trap = host->fn(host->env, &caller, slots, slots);
    back_from_host(store, activation);
    if (__builtin_expect(trap != NULL, false))
        murre_trap_raise_host(store, trap);
    store->stack.top = slots;
    give_results(store, type, frame, slots);
    run->exit_frame = 0;
    return NULL;
}

void *murre_call_exit(struct murre_arch_exit_frame *frame) {
    struct murre_func *func = (struct murre_func *)(uintptr_t)frame->ints[0];
    if (__builtin_expect(!func->instance, true))
        return call_host(frame, (struct murre_host_func *)func);
    return run_interpreted(frame, func);
}

/* ---- the host's call ------------------------------------------------------------------------------------------------------------ */

struct call {
    struct murre_store *store;
    struct murre_func *func;
    union murre_slot *slots;
};

/* What travels in registers only is entered right from here; traps end at the activation. */
static void call_compiled(struct murre_activation *activation, const struct murre_type *type, struct murre_func *func,
                          union murre_slot *slots) {
    struct murre_store *store = activation->store;
    struct murre_arch_args args;
    struct murre_native_run run = {.outer = activation->native, .args = &args, .exit_frame = 0, .interp_frame = activation->mark.frame};
    args.ints[0] = (uint64_t)(uintptr_t)func;
    bool plain = type->shape & MURRE_SHAPE_INTS;
    if (plain)
        place_ints(type, &args, slots);
    else
        sort_arguments(store, &type->func, &args, slots);
    args.memory_base = (uint64_t)(uintptr_t)func->memory_base;
    args.interrupt = (const volatile bool *)&store->interrupt;
    store->native = &run;
    if (murre_arch_call(&activation->context, atomic_load_explicit(&func->entry, memory_order_acquire), &args) != 0)
        return;
    store->native = activation->native;
    if (!plain)
        take_results(store, type, &args, slots);
    else if (type->func.result_count)
        slots->u64 = args.int_result;
}

/* Under murre_arch_protect. */
static void run(void *argument) {
    const struct call *call = argument;
    struct murre_store *store = call->store;
    struct murre_func *func = call->func;
    if (murre_tier_is_native(func)) {
        murre_call_native(store, func, call->slots);
        return;
    }
    const struct murre_type *type = murre_func_signature(func);
    if (!has_room(store, most_slots(type)))
        out_of_stack(store, func);
    union murre_slot *slots = store->stack.top;
    /* A caller of a function without either may have no slots at all. */
    if (type->param_slots)
        memcpy(slots, call->slots, type->param_slots * sizeof *slots);
    store->engine->interp->run(store, func, slots);
    if (type->result_slots)
        memcpy(call->slots, slots, type->result_slots * sizeof *slots);
    store->stack.top = slots;
}

static struct murre_trap *interrupted(struct murre_store *store) {
    murre_interrupt_taken(store);
    return murre_trap_of_kind(MURRE_TRAP_INTERRUPT);
}

static struct murre_trap *call_wasm(struct murre_store *store, struct murre_func *func, union murre_slot *slots) {
    struct murre_thread *thread = &murre_thread_current;
    const struct murre_type *type = murre_func_signature(func);
    struct call call = {store, func, slots};
    struct murre_activation activation;
    activation.outer = store->activation;
    activation.store = store;
    activation.trap = NULL;
    activation.mark = (struct murre_stack_mark){store->stack.top, store->stack.frame};
    activation.native = store->native;
    store->activation = &activation;
    murre_thread_push(thread, &activation);
    /* Behind the activation's coming into being: a deadline that passes from here on finds it. */
    if (__builtin_expect(store->deadline != NULL, false))
        murre_interrupt_check_deadline(store);
    if (__builtin_expect(atomic_load_explicit(&store->interrupt, memory_order_relaxed), false))
        activation.trap = interrupted(store);
    else if (murre_tier_is_native(func) && (type->shape & MURRE_SHAPE_REGISTERS))
        call_compiled(&activation, type, func, slots);
    else
        murre_arch_protect(&activation.context, run, &call);
    if (__builtin_expect(store->activation != &activation, false))
        out_of_order();
    murre_thread_pop(thread, &activation);
    store->activation = activation.outer;
    return activation.trap;
}

static inline struct murre_trap *call_bound(struct murre_store *store, struct murre_func *func, union murre_slot *slots, uintptr_t here) {
    if (__builtin_expect(here < store->stack_limit, false))
        return murre_trap_of_kind(MURRE_TRAP_STACK);
    if (!func->instance)
        return run_host(store, NULL, func, slots);
    return call_wasm(store, func, slots);
}

/* The first call in this thread, or one on another stack than the thread's own. */
static __attribute__((noinline)) struct murre_trap *call_unbound(struct murre_store *store, struct murre_func *func,
                                                                 union murre_slot *slots) {
    uintptr_t here = (uintptr_t)__builtin_frame_address(0), known = murre_thread_known_limit(store, here);
    /* What a call further out may use of this stack is for all that it calls. */
    if (known && known == store->stack_limit)
        return call_bound(store, func, slots, here);
    const struct murre_other_stack other = {store->other_stacks, store->stack_limit};
    bool nested = store->activation != NULL;
    if (nested)
        store->other_stacks = &other;
    if (known)
        murre_thread_set_limit(store, known);
    else
        murre_thread_bind(store);
    struct murre_trap *trap = call_bound(store, func, slots, here);
    if (nested) {
        store->other_stacks = other.outer;
        murre_thread_set_limit(store, other.limit);
    }
    return trap;
}

struct murre_trap *murre_call_func(struct murre_store *store, struct murre_func *func, union murre_slot *slots) {
    if (__builtin_expect(murre_func_store(func) != store, false))
        return murre_trap_new("the function belongs to another store");
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (__builtin_expect(!murre_thread_is_bound(store, here), false))
        return call_unbound(store, func, slots);
    return call_bound(store, func, slots, here);
}
