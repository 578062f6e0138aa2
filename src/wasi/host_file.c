/* Descriptors of the host as a kind (kind.h): system calls directly on the guest's buffers. Operations on paths are in host_folder.c. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wasi/host.h"
#include "wasi/wait.h"

/* ---- what it is --------------------------------------------------------------------------------------------------------- */

uint8_t murre_wasi_host_filetype(mode_t mode, int sock_type) {
    switch (mode & S_IFMT) {
    case S_IFBLK: return WASI_FILETYPE_BLOCK_DEVICE;
    case S_IFCHR: return WASI_FILETYPE_CHARACTER_DEVICE;
    case S_IFDIR: return WASI_FILETYPE_DIRECTORY;
    case S_IFREG: return WASI_FILETYPE_REGULAR_FILE;
    case S_IFLNK: return WASI_FILETYPE_SYMBOLIC_LINK;
    case S_IFSOCK: return sock_type == SOCK_DGRAM ? WASI_FILETYPE_SOCKET_DGRAM : WASI_FILETYPE_SOCKET_STREAM;
    default: return WASI_FILETYPE_UNKNOWN;
    }
}

void murre_wasi_host_stat(const struct stat *from, struct murre_wasi_stat *stat) {
    *stat = (struct murre_wasi_stat){
        .dev = from->st_dev,
        .ino = from->st_ino,
        .links = from->st_nlink,
        .size = (uint64_t)from->st_size,
        .accessed = murre_wasi_nanoseconds(from->st_atim.tv_sec, from->st_atim.tv_nsec),
        .modified = murre_wasi_nanoseconds(from->st_mtim.tv_sec, from->st_mtim.tv_nsec),
        .changed = murre_wasi_nanoseconds(from->st_ctim.tv_sec, from->st_ctim.tv_nsec),
        .type = murre_wasi_host_filetype(from->st_mode, 0),
        .sparse = (uint64_t)from->st_blocks * 512 + MURRE_WASI_PAGE <= (uint64_t)from->st_size,
    };
}

static uint64_t possible_rights(uint8_t type, int host) {
    switch (type) {
    case WASI_FILETYPE_DIRECTORY: return WASI_RIGHTS_DIRECTORY;
    case WASI_FILETYPE_REGULAR_FILE:
    case WASI_FILETYPE_BLOCK_DEVICE: return WASI_RIGHTS_FILE;
    case WASI_FILETYPE_CHARACTER_DEVICE: /* guests take one that cannot seek for a terminal */
        return isatty(host) ? WASI_RIGHTS_STREAM : WASI_RIGHTS_FILE;
    case WASI_FILETYPE_SOCKET_DGRAM:
    case WASI_FILETYPE_SOCKET_STREAM: return WASI_RIGHTS_SOCKET;
    default: return WASI_RIGHTS_STREAM;
    }
}

static murre_wasi_errno learn(const struct murre_wasi_entry *entry, uint8_t *type, uint64_t *possible) {
    struct stat stat;
    if (fstat(entry->host, &stat) != 0)
        return murre_wasi_from_errno(errno);
    int sock_type = SOCK_STREAM;
    socklen_t size = sizeof sock_type;
    if (S_ISSOCK(stat.st_mode))
        getsockopt(entry->host, SOL_SOCKET, SO_TYPE, &sock_type, &size);
    *type = murre_wasi_host_filetype(stat.st_mode, sock_type);
    *possible = possible_rights(*type, entry->host);
    return WASI_SUCCESS;
}

static murre_wasi_errno close_host(const struct murre_allocator *allocator, struct murre_wasi_entry *entry) {
    murre_wasi_errno error = WASI_SUCCESS;
    /* On Linux the descriptor is gone even when close is interrupted. */
    if (entry->owned && close(entry->host) != 0 && errno != EINTR)
        error = murre_wasi_from_errno(errno);
    if (entry->dir != NULL)
        murre_wasi_host_free_entries(allocator, entry->dir);
    return error;
}

/* ---- contents ------------------------------------------------------------------------------------------------------------ */

static ssize_t transfer_in(struct murre_wasi_entry *entry, const struct murre_wasi_iovecs *iovecs, uint64_t offset) {
    if (offset != MURRE_WASI_NO_OFFSET)
        return preadv(entry->host, iovecs->items, iovecs->count, (off_t)offset);
    if (iovecs->count == 1)
        return read(entry->host, iovecs->items[0].iov_base, iovecs->items[0].iov_len);
    return readv(entry->host, iovecs->items, iovecs->count);
}

/* A socket must not raise SIGPIPE in a host that has not asked for it. */
static ssize_t write_socket(struct murre_wasi_entry *entry, const struct murre_wasi_iovecs *iovecs, int how) {
    struct msghdr message = {.msg_iov = (struct iovec *)iovecs->items, .msg_iovlen = (size_t)iovecs->count};
    return sendmsg(entry->host, &message, MSG_NOSIGNAL | how);
}

static bool is_socket(struct murre_wasi_entry *entry) {
    return murre_wasi_entry_learn_type(entry) == WASI_SUCCESS &&
           (entry->type == WASI_FILETYPE_SOCKET_STREAM || entry->type == WASI_FILETYPE_SOCKET_DGRAM);
}

/* To what is ready: no more than goes without blocking. */
static ssize_t transfer_piece(struct murre_wasi_entry *entry, const struct murre_wasi_iovecs *iovecs) {
    if (is_socket(entry))
        return write_socket(entry, iovecs, MSG_DONTWAIT);
    int i = 0;
    while (i + 1 < iovecs->count && iovecs->items[i].iov_len == 0)
        i++;
    if (i >= iovecs->count)
        return writev(entry->host, iovecs->items, iovecs->count);
    size_t size = iovecs->items[i].iov_len;
    return write(entry->host, iovecs->items[i].iov_base, size < MURRE_WASI_PIECE ? size : MURRE_WASI_PIECE);
}

static ssize_t transfer_out(struct murre_wasi_entry *entry, const struct murre_wasi_iovecs *iovecs, uint64_t offset) {
    if (offset != MURRE_WASI_NO_OFFSET)
        return pwritev(entry->host, iovecs->items, iovecs->count, (off_t)offset);
    if (is_socket(entry))
        return write_socket(entry, iovecs, 0);
    if (iovecs->count == 1)
        return write(entry->host, iovecs->items[0].iov_base, iovecs->items[0].iov_len);
    return writev(entry->host, iovecs->items, iovecs->count);
}

/* ---- much at a time ---------------------------------------------------------------------------------------------------------- */

/* Linux finishes reading and writing a file whatever signal comes, and 2 GB take seconds. So much is moved at a time, and between two pieces murre
 * looks whether it is to stop. Pipes, sockets and terminals end at a signal by themselves, and some keep what is written at once together. */
enum { LARGE = 1 << 20 };

static bool goes_in_pieces(struct murre_wasi_entry *entry, const struct murre_wasi_iovecs *iovecs) {
    return iovecs->total > LARGE && murre_wasi_entry_learn_type(entry) == WASI_SUCCESS &&
           (entry->type == WASI_FILETYPE_REGULAR_FILE || entry->type == WASI_FILETYPE_BLOCK_DEVICE);
}

/* What is next of the buffers: rest loses it. */
static void take_piece(struct murre_wasi_iovecs *rest, int *first, struct murre_wasi_iovecs *piece) {
    piece->count = 0;
    piece->total = 0;
    while (*first < rest->count && piece->total < LARGE) {
        struct iovec *item = &rest->items[*first];
        size_t size = item->iov_len < LARGE - piece->total ? item->iov_len : LARGE - piece->total;
        piece->items[piece->count++] = (struct iovec){.iov_base = item->iov_base, .iov_len = size};
        piece->total += size;
        item->iov_base = (char *)item->iov_base + size;
        item->iov_len -= size;
        *first += item->iov_len == 0;
    }
}

/* What was moved before an error or an interrupt counts. */
static murre_wasi_errno transfer_pieces(struct murre_wasi_call *call, struct murre_wasi_entry *entry,
                                        const struct murre_wasi_iovecs *iovecs, uint64_t offset, bool out, size_t *moved) {
    struct murre_wasi_iovecs rest = *iovecs, piece;
    int first = 0;
    *moved = 0;
    for (;;) {
        ssize_t size;
        take_piece(&rest, &first, &piece);
        uint64_t at = offset != MURRE_WASI_NO_OFFSET ? offset + *moved : offset;
        do
            size = out ? transfer_out(entry, &piece, at) : transfer_in(entry, &piece, at);
        while (size < 0 && murre_wasi_retry(call));
        if (size < 0)
            return *moved != 0 ? WASI_SUCCESS : murre_wasi_host_outcome(size);
        *moved += (size_t)size;
        if ((size_t)size < piece.total || first == rest.count || murre_store_interrupt_pending(call->store))
            return WASI_SUCCESS;
    }
}

/* ---- reading and writing ----------------------------------------------------------------------------------------------------- */

static murre_wasi_errno read_host(struct murre_wasi_call *call, struct murre_wasi_entry *entry, const struct murre_wasi_iovecs *iovecs,
                                  uint64_t offset, size_t *moved) {
    if (goes_in_pieces(entry, iovecs))
        return transfer_pieces(call, entry, iovecs, offset, false, moved);
    bool await = offset == MURRE_WASI_NO_OFFSET && murre_wasi_must_await(call, entry);
    ssize_t size;
    do {
        murre_wasi_errno error = await ? murre_wasi_await(call, entry, POLLIN) : WASI_SUCCESS;
        if (error != WASI_SUCCESS)
            return error;
        size = transfer_in(entry, iovecs, offset);
    } while (size < 0 && (murre_wasi_retry(call) || (await && murre_wasi_await_again(entry))));
    *moved = (size_t)size;
    return murre_wasi_host_outcome(size);
}

static murre_wasi_errno write_host(struct murre_wasi_call *call, struct murre_wasi_entry *entry, const struct murre_wasi_iovecs *iovecs,
                                   uint64_t offset, size_t *moved) {
    if (goes_in_pieces(entry, iovecs))
        return transfer_pieces(call, entry, iovecs, offset, true, moved);
    bool await = offset == MURRE_WASI_NO_OFFSET && murre_wasi_must_await(call, entry);
    ssize_t size;
    do {
        murre_wasi_errno error = await ? murre_wasi_await(call, entry, POLLOUT) : WASI_SUCCESS;
        if (error != WASI_SUCCESS)
            return error;
        size = await ? transfer_piece(entry, iovecs) : transfer_out(entry, iovecs, offset);
    } while (size < 0 && (murre_wasi_retry(call) || (await && murre_wasi_await_again(entry))));
    *moved = (size_t)size;
    return murre_wasi_host_outcome(size);
}

static murre_wasi_errno seek(struct murre_wasi_entry *entry, int64_t offset, int whence, uint64_t *position) {
    off_t at = lseek(entry->host, offset, whence);
    *position = (uint64_t)at;
    return murre_wasi_host_outcome(at);
}

static murre_wasi_errno set_size(struct murre_wasi_call *call, struct murre_wasi_entry *entry, uint64_t size) {
    int result;
    do
        result = ftruncate(entry->host, (off_t)size);
    while (result != 0 && murre_wasi_retry(call));
    return murre_wasi_host_outcome(result);
}

static murre_wasi_errno allocate(struct murre_wasi_call *call, struct murre_wasi_entry *entry, uint64_t offset, uint64_t size) {
    int result;
    do
        result = fallocate(entry->host, 0, (off_t)offset, (off_t)size);
    while (result != 0 && murre_wasi_retry(call));
    return murre_wasi_host_outcome(result);
}

static murre_wasi_errno sync_host(struct murre_wasi_call *call, struct murre_wasi_entry *entry, bool only_data) {
    int result;
    do
        result = only_data ? fdatasync(entry->host) : fsync(entry->host);
    while (result != 0 && murre_wasi_retry(call));
    return murre_wasi_host_outcome(result);
}

static murre_wasi_errno advise(struct murre_wasi_entry *entry, uint64_t offset, uint64_t size, int advice) {
    return murre_wasi_from_errno(posix_fadvise(entry->host, (off_t)offset, (off_t)size, advice));
}

/* ---- attributes ---------------------------------------------------------------------------------------------------------- */

static murre_wasi_errno get_flags(struct murre_wasi_entry *entry, int *flags) {
    *flags = fcntl(entry->host, F_GETFL);
    if (*flags >= 0 && entry->own_flags)
        *flags = (*flags & ~O_NONBLOCK) | (entry->nonblock ? O_NONBLOCK : 0);
    return murre_wasi_host_outcome(*flags);
}

/* Where a stream's writes go is up to who made its description, and whoever shares that would see it block, or not. */
static murre_wasi_errno set_own_flags(struct murre_wasi_entry *entry, int flags) {
    int now = fcntl(entry->host, F_GETFL);
    if (now < 0)
        return murre_wasi_from_errno(errno);
    if ((now ^ flags) & O_APPEND)
        return WASI_NOTSUP;
    entry->own_flags = true;
    entry->nonblock = flags & O_NONBLOCK;
    return WASI_SUCCESS;
}

static murre_wasi_errno set_flags(struct murre_wasi_entry *entry, int flags) {
    return entry->shared ? set_own_flags(entry, flags) : murre_wasi_host_outcome(fcntl(entry->host, F_SETFL, flags));
}

static murre_wasi_errno stat_host(struct murre_wasi_entry *entry, struct murre_wasi_stat *stat) {
    struct stat host;
    if (fstat(entry->host, &host) != 0)
        return murre_wasi_from_errno(errno);
    murre_wasi_host_stat(&host, stat);
    return WASI_SUCCESS;
}

static murre_wasi_errno set_times(struct murre_wasi_entry *entry, const struct timespec times[2]) {
    return murre_wasi_host_outcome(futimens(entry->host, times));
}

/* ---- readiness ----------------------------------------------------------------------------------------------------------- */

static int waits_for(const struct murre_wasi_entry *entry) {
    return entry->host;
}

/* As far as it is known; 1 otherwise, since an event says that something can be done. */
static uint64_t readable(const struct murre_wasi_entry *entry) {
    struct stat stat;
    int bytes;
    if (fstat(entry->host, &stat) == 0 && S_ISREG(stat.st_mode)) {
        off_t at = lseek(entry->host, 0, SEEK_CUR);
        return at >= 0 && at < stat.st_size ? (uint64_t)(stat.st_size - at) : 0;
    }
    return ioctl(entry->host, FIONREAD, &bytes) == 0 && bytes >= 0 ? (uint64_t)bytes : 1;
}

const struct murre_wasi_kind murre_wasi_kind_host = {
    .learn = learn,
    .close = close_host,
    .read = read_host,
    .write = write_host,
    .positioned = true,
    .seek = seek,
    .get_flags = get_flags,
    .set_flags = set_flags,
    .stat = stat_host,
    .set_size = set_size,
    .set_times = set_times,
    .advise = advise,
    .allocate = allocate,
    .sync = sync_host,
    .waits_for = waits_for,
    .readable = readable,
    .folder = &murre_wasi_folder_host,
};
