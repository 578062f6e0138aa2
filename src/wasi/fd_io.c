/* fd_read, fd_write, fd_pread, fd_pwrite, fd_seek, fd_tell. Nothing is buffered, so that output is never reordered and never lost, however
 * the guest ends. After short reads and writes the guest must continue. */
#include <unistd.h>

#include "wasi/budget.h"

#define NO_OFFSET MURRE_WASI_NO_OFFSET

/* right: to read or to write. */
static murre_wasi_errno transfer(struct murre_wasi_call *call, uint32_t fd, uint32_t list, uint32_t count, uint64_t offset, uint32_t result,
                                 uint64_t right) {
    bool out = right == WASI_RIGHT_FD_WRITE;
    struct murre_wasi_entry *entry;
    void *moved = murre_wasi_guest(call, result, 1, 4, 4);
    struct murre_wasi_iovecs iovecs;
    if (moved == NULL || !murre_wasi_guest_iovecs(call, list, count, &iovecs))
        return WASI_FAULT;
    murre_wasi_errno error = murre_wasi_fdtable_get(&call->wasi->fds, fd, right, &entry);
    if (error != WASI_SUCCESS)
        return error;
    if (offset != NO_OFFSET) {
        if (!(entry->allowed & WASI_RIGHT_FD_SEEK))
            return WASI_NOTCAPABLE;
        if (!entry->kind->positioned || !(entry->able & WASI_RIGHT_FD_SEEK))
            return WASI_SPIPE;
        if (offset > INT64_MAX)
            return WASI_INVAL;
    }
    uint64_t *left = out ? murre_wasi_budget(call->wasi, entry) : NULL;
    struct murre_wasi_budget_place place;
    error = murre_wasi_budget_place(left, entry, offset, &place);
    if (error == WASI_SUCCESS)
        error = murre_wasi_budget_cut(left, &place, &iovecs);
    if (error != WASI_SUCCESS)
        return error;
    size_t size = 0;
    error = (out ? entry->kind->write : entry->kind->read)(call, entry, &iovecs, offset, &size);
    if (left != NULL)
        murre_wasi_budget_settle(left, murre_wasi_budget_cost(&place, iovecs.total), murre_wasi_budget_cost(&place, size), error);
    if (error == WASI_SUCCESS)
        murre_wasi_put32(moved, (uint32_t)size);
    return error;
}

murre_wasi_errno murre_wasi_fd_read(struct murre_wasi_call *call, const union murre_slot *args) {
    return transfer(call, args[0].u32, args[1].u32, args[2].u32, NO_OFFSET, args[3].u32, WASI_RIGHT_FD_READ);
}

murre_wasi_errno murre_wasi_fd_write(struct murre_wasi_call *call, const union murre_slot *args) {
    return transfer(call, args[0].u32, args[1].u32, args[2].u32, NO_OFFSET, args[3].u32, WASI_RIGHT_FD_WRITE);
}

/* An offset of all ones is out of range like all that are over 2^63. */
static uint64_t clamp_offset(uint64_t offset) {
    return offset == NO_OFFSET ? NO_OFFSET - 1 : offset;
}

murre_wasi_errno murre_wasi_fd_pread(struct murre_wasi_call *call, const union murre_slot *args) {
    return transfer(call, args[0].u32, args[1].u32, args[2].u32, clamp_offset(args[3].u64), args[4].u32, WASI_RIGHT_FD_READ);
}

/* On a file opened for appending Linux appends, wherever the offset points; so does every kind. */
murre_wasi_errno murre_wasi_fd_pwrite(struct murre_wasi_call *call, const union murre_slot *args) {
    return transfer(call, args[0].u32, args[1].u32, args[2].u32, clamp_offset(args[3].u64), args[4].u32, WASI_RIGHT_FD_WRITE);
}

/* ---- positions ------------------------------------------------------------------------------------------------------ */

/* Why a descriptor does not. either: one of these rights would do. A folder has no position that could be set. */
static murre_wasi_errno refuse_seek(const struct murre_wasi_entry *entry, uint64_t either) {
    bool is_folder = entry->type == WASI_FILETYPE_DIRECTORY;
    bool positioned = is_folder || entry->type == WASI_FILETYPE_REGULAR_FILE || entry->type == WASI_FILETYPE_BLOCK_DEVICE;
    if (positioned && !(entry->allowed & either))
        return WASI_NOTCAPABLE;
    return is_folder ? WASI_BADF : WASI_SPIPE;
}

static murre_wasi_errno seek(struct murre_wasi_call *call, uint32_t fd, int64_t offset, int whence, uint32_t result, uint64_t either) {
    struct murre_wasi_entry *entry = murre_wasi_fdtable_entry(&call->wasi->fds, fd);
    void *position = murre_wasi_guest(call, result, 1, 8, 8);
    if (position == NULL)
        return WASI_FAULT;
    if (entry == NULL)
        return WASI_BADF;
    /* What a standard stream is decides whether it has a position; pipes and terminals say SPIPE, not NOTCAPABLE. */
    murre_wasi_errno error = murre_wasi_entry_learn_type(entry);
    if (error != WASI_SUCCESS)
        return error;
    if (!entry->kind->positioned)
        return WASI_SPIPE;
    if (!(entry->allowed & entry->able & either))
        return refuse_seek(entry, either);
    uint64_t at;
    error = entry->kind->seek(entry, offset, whence, &at);
    if (error == WASI_SUCCESS)
        murre_wasi_put64(position, at);
    return error;
}

murre_wasi_errno murre_wasi_fd_seek(struct murre_wasi_call *call, const union murre_slot *args) {
    static const int whences1[] = {SEEK_SET, SEEK_CUR, SEEK_END}, whences0[] = {SEEK_CUR, SEEK_END, SEEK_SET};
    const int *whences = call->preview0 ? whences0 : whences1;
    uint32_t whence = args[2].u32;
    if (whence >= sizeof whences1 / sizeof *whences1)
        return WASI_INVAL;
    /* Asking where one is needs less than moving. */
    bool tell = args[1].i64 == 0 && whences[whence] == SEEK_CUR;
    return seek(call, args[0].u32, args[1].i64, whences[whence], args[3].u32, WASI_RIGHT_FD_SEEK | (tell ? WASI_RIGHT_FD_TELL : 0));
}

murre_wasi_errno murre_wasi_fd_tell(struct murre_wasi_call *call, const union murre_slot *args) {
    return seek(call, args[0].u32, 0, SEEK_CUR, args[1].u32, WASI_RIGHT_FD_SEEK | WASI_RIGHT_FD_TELL);
}
