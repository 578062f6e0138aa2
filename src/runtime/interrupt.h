/* Ending a run from outside: on request, or at a deadline. See interrupt.c. */
#ifndef MURRE_RUNTIME_INTERRUPT_H
#define MURRE_RUNTIME_INTERRUPT_H

#include "runtime/runtime.h"

/* Any thread; async-signal-safe. */
void murre_interrupt_request(struct murre_store *store);
/* nanoseconds from now; 0 cancels. */
enum murre_status murre_interrupt_set_timeout(struct murre_store *store, uint64_t nanoseconds, struct murre_error *error) MURRE_MUST_USE;
/* Cancels the deadline and frees store->deadline. The store is about to go. */
void murre_interrupt_fini(struct murre_store *store);

#endif
