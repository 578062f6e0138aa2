/* fd_read, fd_write, fd_pread, fd_pwrite, fd_seek, fd_tell: straight system calls on the guest's buffers. Nothing is buffered, so that
 * output is never reordered and never lost, however the guest ends. Short reads and writes are the guest's to continue. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wasi/memory.h"

#define NO_OFFSET UINT64_MAX

/* ---- descriptors that are no host descriptors ----------------------------------------------------------------------- */

static ssize_t read_bytes(struct murre_wasi_entry *entry, const struct murre_wasi_iovecs *iovecs) {
    size_t total = 0;
    for (int i = 0; i < iovecs->count && entry->position < entry->size; i++) {
        size_t size = iovecs->items[i].iov_len, left = entry->size - entry->position;
        if (size > left)
            size = left;
        memcpy(iovecs->items[i].iov_base, entry->bytes + entry->position, size);
        entry->position += size;
        total += size;
    }
    return (ssize_t)total;
}

static ssize_t write_sink(struct murre_wasi_entry *entry, const struct murre_wasi_iovecs *iovecs) {
    for (int i = 0; i < iovecs->count; i++) {
        int error = entry->write(entry->context, iovecs->items[i].iov_base, iovecs->items[i].iov_len);
        if (error != 0) {
            errno = error;
            return -1;
        }
    }
    return (ssize_t)iovecs->total;
}

/* ---- one transfer --------------------------------------------------------------------------------------------------- */

static ssize_t read_host(struct murre_wasi_entry *entry, const struct murre_wasi_iovecs *iovecs, uint64_t offset) {
    if (offset != NO_OFFSET)
        return preadv(entry->host, iovecs->items, iovecs->count, (off_t)offset);
    if (iovecs->count == 1)
        return read(entry->host, iovecs->items[0].iov_base, iovecs->items[0].iov_len);
    return readv(entry->host, iovecs->items, iovecs->count);
}

/* A socket must not raise SIGPIPE in a host that has not asked for it. */
static ssize_t write_socket(struct murre_wasi_entry *entry, struct murre_wasi_iovecs *iovecs) {
    struct msghdr message = {.msg_iov = iovecs->items, .msg_iovlen = (size_t)iovecs->count};
    return sendmsg(entry->host, &message, MSG_NOSIGNAL);
}

static ssize_t write_host(struct murre_wasi_entry *entry, struct murre_wasi_iovecs *iovecs, uint64_t offset) {
    if (offset != NO_OFFSET)
        return pwritev(entry->host, iovecs->items, iovecs->count, (off_t)offset);
    if (murre_wasi_entry_learn_type(entry) == WASI_SUCCESS &&
        (entry->type == WASI_FILETYPE_SOCKET_STREAM || entry->type == WASI_FILETYPE_SOCKET_DGRAM))
        return write_socket(entry, iovecs);
    if (iovecs->count == 1)
        return write(entry->host, iovecs->items[0].iov_base, iovecs->items[0].iov_len);
    return writev(entry->host, iovecs->items, iovecs->count);
}

static ssize_t move(struct murre_wasi_entry *entry, struct murre_wasi_iovecs *iovecs, uint64_t offset, bool out) {
    switch (entry->kind) {
    case MURRE_WASI_HOST: return out ? write_host(entry, iovecs, offset) : read_host(entry, iovecs, offset);
    case MURRE_WASI_INPUT: return read_bytes(entry, iovecs);
    case MURRE_WASI_SINK: return write_sink(entry, iovecs);
    default: /* nothing to read; takes everything */ return out ? (ssize_t)iovecs->total : 0;
    }
}

static murre_wasi_errno transfer(struct murre_wasi_call *call, uint32_t fd, uint32_t list, uint32_t count, uint64_t offset, uint32_t result,
                                 uint64_t rights) {
    bool out = (rights & WASI_RIGHT_FD_WRITE) != 0;
    struct murre_wasi_entry *entry;
    void *moved = murre_wasi_guest(call, result, 1, 4, 4);
    struct murre_wasi_iovecs iovecs;
    if (moved == NULL || !murre_wasi_guest_iovecs(call, list, count, &iovecs))
        return WASI_FAULT;
    murre_wasi_errno error = murre_wasi_fdtable_get(&call->wasi->fds, fd, rights, &entry);
    if (error != WASI_SUCCESS)
        return error;
    if (offset != NO_OFFSET) {
        if (entry->kind != MURRE_WASI_HOST)
            return WASI_SPIPE;
        if (offset > INT64_MAX)
            return WASI_INVAL;
    }
    ssize_t size;
    do
        size = move(entry, &iovecs, offset, out);
    while (size < 0 && murre_wasi_retry(call));
    if (size < 0)
        return murre_wasi_from_errno(errno);
    murre_wasi_put32(moved, (uint32_t)size);
    return WASI_SUCCESS;
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
    return transfer(call, args[0].u32, args[1].u32, args[2].u32, clamp_offset(args[3].u64), args[4].u32,
                    WASI_RIGHT_FD_READ | WASI_RIGHT_FD_SEEK);
}

/* On a file opened for appending Linux appends, wherever the offset points; so does the guest's. */
murre_wasi_errno murre_wasi_fd_pwrite(struct murre_wasi_call *call, const union murre_slot *args) {
    return transfer(call, args[0].u32, args[1].u32, args[2].u32, clamp_offset(args[3].u64), args[4].u32,
                    WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_SEEK);
}

/* ---- positions ------------------------------------------------------------------------------------------------------ */

static murre_wasi_errno seek(struct murre_wasi_call *call, uint32_t fd, int64_t offset, int whence, uint32_t result, uint64_t rights) {
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
    if (entry->kind != MURRE_WASI_HOST)
        return WASI_SPIPE;
    if ((entry->base & rights) != rights) {
        bool positioned = entry->type == WASI_FILETYPE_REGULAR_FILE || entry->type == WASI_FILETYPE_DIRECTORY ||
                          entry->type == WASI_FILETYPE_BLOCK_DEVICE;
        return positioned ? WASI_NOTCAPABLE : WASI_SPIPE;
    }
    off_t at = lseek(entry->host, offset, whence);
    if (at < 0)
        return murre_wasi_from_errno(errno);
    murre_wasi_put64(position, (uint64_t)at);
    return WASI_SUCCESS;
}

murre_wasi_errno murre_wasi_fd_seek(struct murre_wasi_call *call, const union murre_slot *args) {
    static const int whences[] = {SEEK_SET, SEEK_CUR, SEEK_END};
    uint32_t whence = args[2].u32;
    if (whence >= sizeof whences / sizeof *whences)
        return WASI_INVAL;
    /* Asking where one is needs less than moving. */
    bool tell = args[1].i64 == 0 && whences[whence] == SEEK_CUR;
    struct murre_wasi_entry *entry = murre_wasi_fdtable_entry(&call->wasi->fds, args[0].u32);
    uint64_t rights = tell && entry != NULL && entry->base & WASI_RIGHT_FD_TELL ? WASI_RIGHT_FD_TELL : WASI_RIGHT_FD_SEEK;
    return seek(call, args[0].u32, args[1].i64, whences[whence], args[3].u32, rights);
}

murre_wasi_errno murre_wasi_fd_tell(struct murre_wasi_call *call, const union murre_slot *args) {
    struct murre_wasi_entry *entry = murre_wasi_fdtable_entry(&call->wasi->fds, args[0].u32);
    uint64_t rights = entry != NULL && entry->base & WASI_RIGHT_FD_SEEK ? WASI_RIGHT_FD_SEEK : WASI_RIGHT_FD_TELL; /* either will do */
    return seek(call, args[0].u32, 0, SEEK_CUR, args[1].u32, rights);
}
