/* A second instance of the module in the same store, so that calls, memories, tables and globals lead from one instance to the other. The twin
 * gets all its imports of the host; the guest gets some of the twin's things instead, and between the rounds of calls some functions in the
 * tables of each are replaced by the same functions of the other. */
#ifndef MURRE_FUZZ_TWIN_H
#define MURRE_FUZZ_TWIN_H

#include "diff/host_side.h"

/* The instance that this one is not; NULL when it does not run (yet), or instance is neither. */
struct murre_instance *fuzz_other(const struct fuzz_run *run, const struct murre_instance *instance);
/* As the log has it: FUZZ_OF_TWIN is added. */
uint32_t fuzz_func_index(const struct fuzz_run *run, const struct murre_func *func);
/* Takes of the twin what fits the guest's imports, as the plan chooses. Without a twin everything stays. */
void fuzz_link(const struct fuzz_run *run, struct murre_extern *imports);
/* In every table of functions that either has. */
void fuzz_exchange_funcs(const struct fuzz_run *run, uint64_t round);

#endif
