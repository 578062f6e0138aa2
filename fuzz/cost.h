/* Time as an oracle: work in proportion to a module's bytes must stay below a given time per byte. */
#ifndef FUZZ_COST_H
#define FUZZ_COST_H

#include <stddef.h>

/* Does the work, and measures the thread's processor time. When it takes more than size bytes may, it is done again: a finding is what takes too
 * long each time. The bound depends on how this was built; MURRE_FUZZ_COST is another, in nanoseconds a byte. */
void fuzz_cost_bound(const char *what, void (*work)(void *context), void *context, size_t size);

#endif
