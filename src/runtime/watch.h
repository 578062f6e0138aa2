/* Sets a flag at a given time, from a thread of its own: deadlines of stores whose engine has no signals. See watch.c. */
#ifndef MURRE_RUNTIME_WATCH_H
#define MURRE_RUNTIME_WATCH_H

#include <stdatomic.h>

#include "murre.h"

struct murre_watch;

/* The thread starts with the first moment. flag outlives the watch. NULL: no memory. */
struct murre_watch *murre_watch_new(const struct murre_allocator *allocator, atomic_bool *flag) MURRE_MUST_USE;
/* Sets the flag at that moment (CLOCK_MONOTONIC, nanoseconds) instead of any earlier one. False when there is no thread to be had. */
bool murre_watch_set(struct murre_watch *watch, uint64_t moment) MURRE_MUST_USE;
/* Whether it has set the flag since somebody last asked. */
bool murre_watch_fired(struct murre_watch *watch);
/* Behind this the flag is not set any more. True when it has been and nobody has asked. */
bool murre_watch_cancel(struct murre_watch *watch);
void murre_watch_delete(struct murre_watch *watch);

#endif
