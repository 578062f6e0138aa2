/* How much a guest may write, if the host has set a limit: to its standard streams, and in folders of the host (folders in memory have a limit of
 * their own). What was written counts, not what exists: removing something gives nothing back. The growth of a file counts, written or
 * not; and if a file already has holes, the whole pages that are written, since filling a hole takes them. A write that does not fit is cut short;
 * the next one, and everything else that would go beyond the limit, gets the error NOSPC. */
#ifndef MURRE_WASI_BUDGET_H
#define MURRE_WASI_BUDGET_H

#include "wasi/kind.h"

/* What making a file, folder or link costs, in bytes: a file system keeps something for each. */
#define MURRE_WASI_NAME_COST 4096

/* What is left for writing to an entry, or for making things in it; NULL when that is not counted. */
uint64_t *murre_wasi_budget(struct murre_wasi *wasi, const struct murre_wasi_entry *entry);
/* Bytes are taken before something is done, since what is done may come back here (a callback that takes output may call the guest). left may be
 * NULL everywhere. */

/* Where something is to be written. */
struct murre_wasi_budget_place {
    uint64_t at, end; /* end: of the file; both 0 for what is no file */
    bool sparse;      /* there are holes before the end */
};
/* offset: MURRE_WASI_NO_OFFSET for the position. left NULL: not looked up. */
murre_wasi_errno murre_wasi_budget_place(const uint64_t *left, struct murre_wasi_entry *entry, uint64_t offset,
                                         struct murre_wasi_budget_place *place);
/* What writing so many bytes there costs. */
uint64_t murre_wasi_budget_cost(const struct murre_wasi_budget_place *place, uint64_t bytes);

/* Cuts the buffers to what is left, and takes what they cost. NOSPC when nothing can be written, although something is to be. */
murre_wasi_errno murre_wasi_budget_cut(uint64_t *left, const struct murre_wasi_budget_place *place, struct murre_wasi_iovecs *iovecs);
/* Takes bytes; NOSPC, and nothing is taken, when there are not so many. */
murre_wasi_errno murre_wasi_budget_spend(uint64_t *left, uint64_t bytes);
/* After something for which bytes were taken, of which it has used so many: all is used for nothing when it failed. Returns error. */
murre_wasi_errno murre_wasi_budget_settle(uint64_t *left, uint64_t bytes, uint64_t used, murre_wasi_errno error);

#endif
