/* The real folders around a sequence of calls, and what must be true of them afterwards:
 *
 *   BASE/                 made once a process, on a file system in memory where there is one, removed at exit, or by the next
 *                         process when this one did not get there
 *   BASE/secret, sibling/ the sentinels: nothing may ever change them
 *   BASE/box/             the guest's, filled anew for each sequence
 *
 * One thread. What goes wrong aborts with a line on standard error. */
#ifndef MURRE_FUZZ_WASI_WORLD_H
#define MURRE_FUZZ_WASI_WORLD_H

#include "wasi/model.h"

/* The path of the box, of its folder "shared". */
extern char world_box[64], world_shared[80];
/* Empties the box and fills it; model, which is initialised, is given the same contents. */
void world_reset(struct model *model);
/* The box is what the model says, and the sentinels are as they were. */
void world_check(const struct model *model);

#endif
