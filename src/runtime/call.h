/* Calls between host, interpreter and compiled code. */
#ifndef MURRE_RUNTIME_CALL_H
#define MURRE_RUNTIME_CALL_H

#include "runtime/runtime.h"

/* A stretch of compiled frames between two pieces of C code, for backtraces. On the C stack of whoever entered it. */
struct murre_native_run {
    struct murre_native_run *outer;
    struct murre_arch_args *args;            /* args->frame: frame pointer of the entry trampoline, where the walk stops */
    uintptr_t exit_frame;                    /* frame pointer of the exit stub while compiled code waits for C; 0 while it runs */
    struct murre_interp_frame *interp_frame; /* store->stack.frame when the run was entered */
};

/* What a host function is handed as its caller. */
struct murre_caller {
    struct murre_store *store;
    struct murre_instance *instance; /* NULL when the host itself called it */
};

/* The parts of a store that calls need: value stack, results, deadline. A zeroed store with its engine set. */
enum murre_status murre_call_init(struct murre_store *store, struct murre_error *error);
void murre_call_fini(struct murre_store *store);

/* The host's call of any function, in any tier: murre_func_call. slots: arguments, then results. NULL or a trap. */
struct murre_trap *murre_call_func(struct murre_store *store, struct murre_func *func, union murre_slot *slots) MURRE_MUST_USE;

/* Calls func->entry (compiled code) with its arguments in slots; leaves the results there. From the interpreter and from activations.
 * store->stack.top and .frame must be up to date: code called in turn continues there. The interpreter's caller is on the frame stack, as
 * for any call (here and in murre_call_host), so that backtraces find it; in murre_call_osr it is not, because the frame is handed over.
 * Both stacks are as they were when the call returns; what lies above top may have been overwritten. */
void murre_call_native(struct murre_store *store, struct murre_func *func, union murre_slot *slots);
/* The same for an on-stack-replacement entry: the frame's slots are handed over as they are; results land at the start of them. */
void murre_call_osr(struct murre_store *store, struct murre_func *func, void *entry, union murre_slot *frame);
/* Calls a host function from the interpreter; caller: the instance that calls. Results replace the arguments in slots. */
void murre_call_host(struct murre_store *store, struct murre_instance *caller, struct murre_func *func, union murre_slot *slots);

#endif
