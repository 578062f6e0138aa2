/* Backtraces as part of the log of a run: those of its traps, and those of the callers of host functions. */
#ifndef MURRE_FUZZ_FRAMES_H
#define MURRE_FUZZ_FRAMES_H

#include "diff/host_side.h"

/* Instance, function and offset of each frame. */
void fuzz_see_trap(struct fuzz_run *run, const struct murre_trap *trap);
void fuzz_see_callers(struct fuzz_run *run);

#endif
