/* Waiting for descriptors of the host. A system call that blocks ends when murre signals the thread (murre_wasi_retry). If there are no signals
 * (config.no_signals), nothing may block for long: a call that might is made when the descriptor is ready, and the wait for that is cut into slices.
 * The same applies to standard streams for which the guest has chosen whether they block: their descriptions may be shared with others, so that only
 * the entry knows. */
#ifndef MURRE_WASI_WAIT_H
#define MURRE_WASI_WAIT_H

#include "wasi/internal.h"

#define MURRE_WASI_SLICE 20 /* milliseconds */
/* So much goes into a pipe that is ready, without blocking (PIPE_BUF). */
#define MURRE_WASI_PIECE 4096

/* True when an interrupt sends no signal. */
bool murre_wasi_is_unsignalled(const struct murre_wasi_call *call);
/* True when reading, writing or accepting wants murre_wasi_await first. entry is a descriptor of the host. */
bool murre_wasi_must_await(const struct murre_wasi_call *call, struct murre_wasi_entry *entry);
/* Waits until the descriptor is ready for events (of poll(2)). AGAIN when it is not and the guest does not want to wait; INTR when murre wants to
 * interrupt. */
murre_wasi_errno murre_wasi_await(const struct murre_wasi_call *call, const struct murre_wasi_entry *entry, short events);
/* Behind a call that failed although the descriptor had been ready: true when it is to be waited for and made again. */
bool murre_wasi_await_again(const struct murre_wasi_entry *entry);

#endif
