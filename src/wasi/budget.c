/* See budget.h. */
#include "wasi/budget.h"

uint64_t *murre_wasi_budget(struct murre_wasi *wasi, const struct murre_wasi_entry *entry) {
    uint64_t *left = entry->budget == MURRE_WASI_BUDGET_OUTPUT   ? &wasi->output_left
                     : entry->budget == MURRE_WASI_BUDGET_FOLDER ? &wasi->written_left
                                                                 : NULL;
    return left != NULL && *left != MURRE_WASI_UNLIMITED ? left : NULL;
}

static void cut(struct murre_wasi_iovecs *iovecs, size_t room) {
    iovecs->total = room;
    for (int i = 0; i < iovecs->count; i++) {
        if (iovecs->items[i].iov_len >= room) {
            iovecs->items[i].iov_len = room;
            iovecs->count = i + 1;
            return;
        }
        room -= iovecs->items[i].iov_len;
    }
}

murre_wasi_errno murre_wasi_budget_cut(uint64_t *left, struct murre_wasi_iovecs *iovecs) {
    if (left == NULL)
        return WASI_SUCCESS;
    if (*left == 0 && iovecs->total != 0)
        return WASI_NOSPC;
    if (iovecs->total > *left)
        cut(iovecs, (size_t)*left);
    *left -= iovecs->total;
    return WASI_SUCCESS;
}

murre_wasi_errno murre_wasi_budget_spend(uint64_t *left, uint64_t bytes) {
    if (left == NULL)
        return WASI_SUCCESS;
    if (bytes > *left)
        return WASI_NOSPC;
    *left -= bytes;
    return WASI_SUCCESS;
}

murre_wasi_errno murre_wasi_budget_settle(uint64_t *left, uint64_t bytes, uint64_t used, murre_wasi_errno error) {
    if (left != NULL)
        *left += error != WASI_SUCCESS ? bytes : bytes - used;
    return error;
}
