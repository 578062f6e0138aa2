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
    struct murre_activation *volatile activation; /* of the store whose code runs, whenever compiled code does */
    struct murre_activation *volatile latest;     /* of all that have not ended, of any store */
    struct murre_fault fault;
    bool takes_signals; /* set up for them */
    void *signal_stack; /* ours, or NULL */
    size_t signal_stack_size;
    int timer; /* fires interrupts again; the kernel's id, -1: none */
};

extern __thread struct murre_thread murre_thread_current __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* The limit of a stack on which a call of the store waits for one on another. On the C stack of that one; innermost first. */
struct murre_other_stack {
    const struct murre_other_stack *outer;
    uintptr_t limit;
};

/* Sets the store's limit, in its instances, too. */
void murre_thread_set_limit(struct murre_store *store, uintptr_t limit);
/* The limit that calls of the store further out have on the stack that here lies on, which their callees share; 0: they run on others, or in
 * another thread. */
uintptr_t murre_thread_known_limit(const struct murre_store *store, uintptr_t here);
/* Makes the calling thread the one that runs the store: stack limit, thread id, deadline. */
void murre_thread_bind(struct murre_store *store);

/* True when the store is bound to this thread and its own stack, and has no limit of its own, which is counted anew from each call. here: an
 * address on the current stack. */
static inline bool murre_thread_is_bound(const struct murre_store *store, uintptr_t here) {
    const struct murre_thread *thread = &murre_thread_current;
    return !store->limits.stack_bytes && store->thread_serial == thread->serial && store->stack_limit == thread->stack_limit &&
           here - thread->stack_low < thread->stack_size;
}

/* A signal may come between any two of these steps, and its handler goes from latest outwards. */
static inline void murre_thread_push(struct murre_thread *thread, struct murre_activation *activation) {
    struct murre_activation *outer = thread->latest;
    activation->outer_of_thread = outer;
    activation->inner_of_thread = NULL;
    if (outer)
        outer->inner_of_thread = activation;
    atomic_signal_fence(memory_order_release);
    thread->latest = activation;
    thread->activation = activation;
}

/* What runs now is the host: any activation that has not ended will do, and each host function puts that of its caller back. */
static inline void murre_thread_pop(struct murre_thread *thread, struct murre_activation *activation) {
    struct murre_activation *outer = activation->outer_of_thread, *inner = activation->inner_of_thread;
    thread->activation = outer;
    if (__builtin_expect(inner != NULL, false))
        inner->outer_of_thread = outer;
    else
        thread->latest = outer;
    if (outer)
        outer->inner_of_thread = inner;
}

#endif
