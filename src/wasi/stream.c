/* Streams in memory as kinds (kind.h): bytes to read, a callback that takes output, nothing at all. They have no position and no attributes. */
#include <fcntl.h>
#include <string.h>

#include "wasi/kind.h"

static murre_wasi_errno learn(const struct murre_wasi_entry *entry, uint8_t *type, uint64_t *possible) {
    (void)entry;
    *type = WASI_FILETYPE_UNKNOWN;
    *possible = WASI_RIGHTS_STREAM;
    return WASI_SUCCESS;
}

static murre_wasi_errno close_stream(const struct murre_allocator *allocator, struct murre_wasi_entry *entry) {
    (void)allocator, (void)entry;
    return WASI_SUCCESS;
}

static murre_wasi_errno read_bytes(struct murre_wasi_call *call, struct murre_wasi_entry *entry, const struct murre_wasi_iovecs *iovecs,
                                   uint64_t offset, size_t *moved) {
    (void)call, (void)offset;
    *moved = 0;
    if (entry->at < entry->size) /* there may be no bytes at all */
        *moved = murre_wasi_scatter(iovecs, entry->bytes + entry->at, entry->size - entry->at);
    entry->at += *moved;
    return WASI_SUCCESS;
}

static murre_wasi_errno read_nothing(struct murre_wasi_call *call, struct murre_wasi_entry *entry, const struct murre_wasi_iovecs *iovecs,
                                     uint64_t offset, size_t *moved) {
    (void)call, (void)entry, (void)iovecs, (void)offset;
    *moved = 0;
    return WASI_SUCCESS;
}

/* What was taken before an error counts as a short write, so that the guest does not write it twice. The callback may call the guest, which
 * may close the descriptor. */
static murre_wasi_errno write_callback(struct murre_wasi_call *call, struct murre_wasi_entry *entry, const struct murre_wasi_iovecs *iovecs,
                                       uint64_t offset, size_t *moved) {
    (void)call, (void)offset;
    int (*write)(void *context, const void *bytes, size_t size) = entry->write;
    void *context = entry->context;
    *moved = 0;
    for (int i = 0; i < iovecs->count; i++) {
        int error = write(context, iovecs->items[i].iov_base, iovecs->items[i].iov_len);
        if (error != 0 && *moved == 0)
            return murre_wasi_from_errno(error);
        if (error != 0)
            break;
        *moved += iovecs->items[i].iov_len;
    }
    return WASI_SUCCESS;
}

static murre_wasi_errno write_nowhere(struct murre_wasi_call *call, struct murre_wasi_entry *entry, const struct murre_wasi_iovecs *iovecs,
                                      uint64_t offset, size_t *moved) {
    (void)call, (void)entry, (void)offset;
    *moved = iovecs->total;
    return WASI_SUCCESS;
}

static murre_wasi_errno get_flags(struct murre_wasi_entry *entry, int *flags) {
    (void)entry;
    *flags = 0;
    return WASI_SUCCESS;
}

static murre_wasi_errno set_flags(struct murre_wasi_entry *entry, int flags) {
    (void)entry;
    return flags == 0 ? WASI_SUCCESS : WASI_NOTSUP;
}

static murre_wasi_errno stat_stream(struct murre_wasi_entry *entry, struct murre_wasi_stat *stat) {
    *stat = (struct murre_wasi_stat){.links = 1, .size = entry->size};
    return WASI_SUCCESS;
}

static int waits_for_nothing(const struct murre_wasi_entry *entry) {
    (void)entry;
    return -1;
}

static uint64_t readable(const struct murre_wasi_entry *entry) {
    return entry->size - entry->at;
}

#define STREAM(in, out)                                                                                                  \
    {                                                                                                                    \
        .learn = learn, .close = close_stream, .read = in, .write = out, .get_flags = get_flags, .set_flags = set_flags, \
        .stat = stat_stream, .waits_for = waits_for_nothing, .readable = readable,                                       \
    }
const struct murre_wasi_kind murre_wasi_kind_input = STREAM(read_bytes, write_nowhere);
const struct murre_wasi_kind murre_wasi_kind_sink = STREAM(read_nothing, write_callback);
const struct murre_wasi_kind murre_wasi_kind_empty = STREAM(read_nothing, write_nowhere);
