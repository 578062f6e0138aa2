/* The signal handlers: hardware faults in compiled code, and interrupts. Process-wide, counted by engines. See signal.c. */
#ifndef MURRE_RUNTIME_SIGNAL_H
#define MURRE_RUNTIME_SIGNAL_H

#include <signal.h>

#include "runtime/runtime.h"

#define MURRE_INTERRUPT_SIGNAL SIGURG

/* Installs the handlers when the first engine comes. */
enum murre_status murre_signal_acquire(struct murre_error *error) MURRE_MUST_USE;
/* Puts back what was there before when the last engine goes, unless somebody else has put his own over ours since. */
void murre_signal_release(void);

#endif
