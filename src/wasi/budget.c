/* See budget.h. */
#include "wasi/budget.h"

#include <fcntl.h>
#include <unistd.h>

uint64_t *murre_wasi_budget(struct murre_wasi *wasi, const struct murre_wasi_entry *entry) {
    uint64_t *left = entry->budget == MURRE_WASI_BUDGET_OUTPUT   ? &wasi->output_left
                     : entry->budget == MURRE_WASI_BUDGET_FOLDER ? &wasi->written_left
                                                                 : NULL;
    return left != NULL && *left != MURRE_WASI_UNLIMITED ? left : NULL;
}

static uint64_t page_of(uint64_t at) {
    return at & ~(uint64_t)(MURRE_WASI_PAGE - 1);
}

/* Where the last page begins that has a part of the file, and ends. */
static uint64_t pages_end(const struct murre_wasi_budget_place *place) {
    return page_of(place->end + MURRE_WASI_PAGE - 1);
}

murre_wasi_errno murre_wasi_budget_place(const uint64_t *left, struct murre_wasi_entry *entry, uint64_t offset,
                                         struct murre_wasi_budget_place *place) {
    struct murre_wasi_stat stat;
    int flags = 0;
    *place = (struct murre_wasi_budget_place){0};
    if (left == NULL)
        return WASI_SUCCESS;
    murre_wasi_errno error = murre_wasi_entry_learn_type(entry);
    if (error != WASI_SUCCESS || entry->type != WASI_FILETYPE_REGULAR_FILE)
        return error;
    uint64_t at = offset;
    if (offset == MURRE_WASI_NO_OFFSET)
        error = entry->kind->seek(entry, 0, SEEK_CUR, &at);
    if (error == WASI_SUCCESS)
        error = entry->kind->stat(entry, &stat);
    if (error == WASI_SUCCESS && (at > stat.size || stat.sparse))
        error = entry->kind->get_flags(entry, &flags);
    if (error == WASI_SUCCESS)
        *place = (struct murre_wasi_budget_place){.at = flags & O_APPEND ? stat.size : at, .end = stat.size, .sparse = stat.sparse};
    return error;
}

uint64_t murre_wasi_budget_cost(const struct murre_wasi_budget_place *place, uint64_t bytes) {
    uint64_t to = place->at + bytes;
    if (bytes == 0)
        return 0;
    if (place->at >= place->end)
        return to - place->end;
    if (!place->sparse)
        return bytes;
    uint64_t covered = pages_end(place);
    return (to > covered ? to : page_of(to + MURRE_WASI_PAGE - 1)) - page_of(place->at);
}

/* How many bytes cost no more than what is left. */
static uint64_t affordable(const struct murre_wasi_budget_place *place, uint64_t left) {
    if (place->at >= place->end)
        return left > place->at - place->end ? left - (place->at - place->end) : 0;
    if (!place->sparse)
        return left;
    uint64_t to = page_of(place->at) + left;
    if (to < pages_end(place))
        to = page_of(to);
    return to > place->at ? to - place->at : 0;
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

murre_wasi_errno murre_wasi_budget_cut(uint64_t *left, const struct murre_wasi_budget_place *place, struct murre_wasi_iovecs *iovecs) {
    if (left == NULL || iovecs->total == 0)
        return WASI_SUCCESS;
    if (murre_wasi_budget_cost(place, iovecs->total) > *left) {
        uint64_t bytes = affordable(place, *left);
        if (bytes == 0)
            return WASI_NOSPC;
        if (bytes < iovecs->total)
            cut(iovecs, (size_t)bytes);
    }
    *left -= murre_wasi_budget_cost(place, iovecs->total);
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
