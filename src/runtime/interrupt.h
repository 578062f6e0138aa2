/* Ending a run from outside: on request, or at a deadline. See interrupt.c. */
#ifndef MURRE_RUNTIME_INTERRUPT_H
#define MURRE_RUNTIME_INTERRUPT_H

#include <signal.h>

#include "runtime/runtime.h"
#include "runtime/thread.h"

/* Any thread; async-signal-safe. */
void murre_interrupt_request(struct murre_store *store);
/* nanoseconds from now; 0 cancels. */
enum murre_status murre_interrupt_set_timeout(struct murre_store *store, uint64_t nanoseconds, struct murre_error *error) MURRE_MUST_USE;
/* Cancels the deadline and frees store->deadline. The store is about to go. */
void murre_interrupt_fini(struct murre_store *store);

/* Sets store->interrupt when the deadline has passed. When a call begins, with its activation in place: from then on the timer does it. */
void murre_interrupt_check_deadline(struct murre_store *store);
/* The trap has been raised: the request is done. */
void murre_interrupt_taken(struct murre_store *store);
/* The store runs in another thread from now on. */
void murre_interrupt_thread_change(struct murre_store *store, const struct murre_thread *thread);
void murre_interrupt_thread_exit(struct murre_thread *thread);
/* When a thread first runs Wasm: makes the timer that murre_interrupt_again needs, which may not be had when it is needed. */
void murre_interrupt_prepare(struct murre_thread *thread);

/* For the signal handler. True when the signal was sent by this file; then it has nothing to say to anyone else's handler. Sent by a
 * deadline's timer, it sets store->interrupt of the store that it belongs to, if that runs in this thread. */
bool murre_interrupt_signalled(const siginfo_t *info);
/* The thread was not where it can be stopped: signals it again soon. It may be about to block in the kernel, or in a helper. */
void murre_interrupt_again(struct murre_thread *thread);

#endif
