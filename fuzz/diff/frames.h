/* Backtraces among what can be seen of a run: of its traps, and of what waits for a host function. */
#ifndef MURRE_FUZZ_FRAMES_H
#define MURRE_FUZZ_FRAMES_H

#include "diff/host_side.h"

/* Instance, function and offset of each frame. */
void fuzz_see_trap(struct fuzz_run *run, const struct murre_trap *trap);
void fuzz_see_callers(struct fuzz_run *run);

#endif
