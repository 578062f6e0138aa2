/* What the engine knows of a thread that runs Wasm: one static thread-local struct, so that signal handlers may read it. */
#ifndef MURRE_RUNTIME_THREAD_H
#define MURRE_RUNTIME_THREAD_H

#include "runtime/runtime.h"

/* Where compiled code was stopped; the signal handler fills it, murre_trap_landed reads it. */
struct murre_fault {
    enum murre_trapkind kind;
    uintptr_t pc, frame, stack, link;
};

struct murre_thread {
    uint64_t serial; /* never used twice, so that a thread that has taken over another's address is noticed; 0: not set up */
    int id;          /* the kernel's */
    /* The stack that the thread was made with, in bytes; limit lies some room for C code above low. */
    uintptr_t stack_low, stack_size, stack_limit;
    struct murre_activation *volatile activation; /* innermost, of any store */
    struct murre_fault fault;
    bool takes_signals;  /* set up for them */
    void *signal_stack; /* ours, or NULL */
    size_t signal_stack_size;
    int timer; /* fires interrupts again; the kernel's id, -1: none */
};

extern __thread struct murre_thread murre_thread_current __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* For the time of a call on another stack within a call: sets the store's limit, as it was before, in its instances. */
void murre_thread_set_limit(struct murre_store *store, uintptr_t limit);
/* Makes the calling thread the one that runs the store: stack limit, thread id, deadline. */
void murre_thread_bind(struct murre_store *store);

/* True when the store is bound to this thread and its stack, and has no limit of its own, which is counted anew from each call. here: an address on the current stack. */
static inline bool murre_thread_is_bound(const struct murre_store *store, uintptr_t here) {
    const struct murre_thread *thread = &murre_thread_current;
    return !store->limits.stack_bytes && store->thread_serial == thread->serial && here - thread->stack_low < thread->stack_size;
}

#endif
