/* How much a guest may write, where the host has said so: to its standard streams, and in folders of the host (folders in memory have a limit of
 * their own). What counts is what was written, not what is there: removing something gives nothing back. A write that does not fit is cut short,
 * and the next one, like all else that would go beyond, gets the error NOSPC. */
#ifndef MURRE_WASI_BUDGET_H
#define MURRE_WASI_BUDGET_H

#include "wasi/kind.h"

/* What making a file, folder or link costs, in bytes: a file system keeps something for each. */
#define MURRE_WASI_NAME_COST 4096

/* What is left for writing to an entry, or for making things in it; NULL when that is not counted. */
uint64_t *murre_wasi_budget(struct murre_wasi *wasi, const struct murre_wasi_entry *entry);
/* Bytes are taken before something is done, since what is done may come back here (a callback that takes output may call the guest). left may be
 * NULL everywhere. */

/* Cuts the buffers to what is left, and takes that. NOSPC when it is nothing, although something is to be written. */
murre_wasi_errno murre_wasi_budget_cut(uint64_t *left, struct murre_wasi_iovecs *iovecs);
/* Takes bytes; NOSPC, and nothing is taken, when there are not so many. */
murre_wasi_errno murre_wasi_budget_spend(uint64_t *left, uint64_t bytes);
/* After something for which bytes were taken, of which it has used so many: all is used for nothing when it failed. Returns error. */
murre_wasi_errno murre_wasi_budget_settle(uint64_t *left, uint64_t bytes, uint64_t used, murre_wasi_errno error);

#endif
