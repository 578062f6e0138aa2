/* Descriptors of files and folders in memory as a kind (kind.h). Operations on paths are in memfs_folder.c. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "wasi/memfs.h"

static murre_wasi_errno learn(const struct murre_wasi_entry *entry, uint8_t *type, uint64_t *possible) {
    *type = entry->node->type;
    *possible = murre_wasi_memfs_is_folder(entry->node) ? WASI_RIGHTS_DIRECTORY : WASI_RIGHTS_FILE;
    return WASI_SUCCESS;
}

static murre_wasi_errno close_node(const struct murre_allocator *allocator, struct murre_wasi_entry *entry) {
    (void)allocator;
    murre_wasi_memfs_let_go(entry->node);
    return WASI_SUCCESS;
}

/* ---- contents ------------------------------------------------------------------------------------------------------------ */

static murre_wasi_errno read_file(struct murre_wasi_call *call, struct murre_wasi_entry *entry, const struct murre_wasi_iovecs *iovecs,
                                  uint64_t offset, size_t *moved) {
    (void)call;
    const struct murre_wasi_node *node = entry->node;
    uint64_t from = offset == MURRE_WASI_NO_OFFSET ? entry->position : offset;
    *moved = from < node->size ? murre_wasi_scatter(iovecs, node->bytes + from, node->size - from) : 0;
    if (offset == MURRE_WASI_NO_OFFSET)
        entry->position += *moved;
    return WASI_SUCCESS;
}

/* Room for size bytes at an offset, or for as many as there is room for. What lies between the end and there becomes zero. */
static murre_wasi_errno make_room(struct murre_wasi_node *node, uint64_t at, size_t *size) {
    uint64_t end, room = murre_wasi_memfs_room(node);
    if (__builtin_add_overflow(at, (uint64_t)*size, &end) || end > INT64_MAX)
        return WASI_FBIG;
    if (end > room) {
        if (at >= room || room < node->size)
            return WASI_NOSPC;
        *size = (size_t)(room - at);
        end = room;
    }
    murre_wasi_errno error = murre_wasi_memfs_reserve(node, end);
    if (error == WASI_SUCCESS && at > node->size)
        memset(node->bytes + node->size, 0, (size_t)(at - node->size));
    return error;
}

static murre_wasi_errno write_file(struct murre_wasi_call *call, struct murre_wasi_entry *entry, const struct murre_wasi_iovecs *iovecs,
                                   uint64_t offset, size_t *moved) {
    (void)call;
    struct murre_wasi_node *node = entry->node;
    uint64_t at = entry->flags & O_APPEND ? node->size : offset == MURRE_WASI_NO_OFFSET ? entry->position : offset;
    size_t left = iovecs->total;
    *moved = 0;
    if (left == 0)
        return WASI_SUCCESS;
    murre_wasi_errno error = make_room(node, at, &left);
    if (error != WASI_SUCCESS)
        return error;
    for (int i = 0; i < iovecs->count && left > 0; i++) {
        size_t size = iovecs->items[i].iov_len < left ? iovecs->items[i].iov_len : left;
        memcpy(node->bytes + at + *moved, iovecs->items[i].iov_base, size);
        *moved += size;
        left -= size;
    }
    if (at + *moved > node->size)
        node->size = at + *moved;
    if (offset == MURRE_WASI_NO_OFFSET)
        entry->position = at + *moved;
    murre_wasi_memfs_touch(node);
    return WASI_SUCCESS;
}

static murre_wasi_errno seek(struct murre_wasi_entry *entry, int64_t offset, int whence, uint64_t *position) {
    uint64_t from = whence == SEEK_CUR ? entry->position : whence == SEEK_END ? entry->node->size : 0;
    int64_t to;
    if (__builtin_add_overflow((int64_t)from, offset, &to) || to < 0)
        return WASI_INVAL;
    *position = entry->position = (uint64_t)to;
    return WASI_SUCCESS;
}

static murre_wasi_errno set_size(struct murre_wasi_call *call, struct murre_wasi_entry *entry, uint64_t size) {
    (void)call;
    return murre_wasi_memfs_resize(entry->node, size);
}

static murre_wasi_errno allocate(struct murre_wasi_call *call, struct murre_wasi_entry *entry, uint64_t offset, uint64_t size) {
    (void)call;
    if (size == 0)
        return WASI_INVAL;
    if (offset + size > INT64_MAX)
        return WASI_FBIG;
    return offset + size <= entry->node->size ? WASI_SUCCESS : murre_wasi_memfs_resize(entry->node, offset + size);
}

static murre_wasi_errno sync_file(struct murre_wasi_call *call, struct murre_wasi_entry *entry, bool only_data) {
    (void)call, (void)entry, (void)only_data;
    return WASI_SUCCESS;
}

static murre_wasi_errno advise(struct murre_wasi_entry *entry, uint64_t offset, uint64_t size, int advice) {
    (void)entry, (void)offset, (void)size, (void)advice;
    return WASI_SUCCESS;
}

/* ---- attributes ---------------------------------------------------------------------------------------------------------- */

static murre_wasi_errno get_flags(struct murre_wasi_entry *entry, int *flags) {
    *flags = entry->flags;
    return WASI_SUCCESS;
}

static murre_wasi_errno set_flags(struct murre_wasi_entry *entry, int flags) {
    entry->flags = flags;
    return WASI_SUCCESS;
}

static murre_wasi_errno stat_node(struct murre_wasi_entry *entry, struct murre_wasi_stat *stat) {
    murre_wasi_memfs_stat(entry->node, stat);
    return WASI_SUCCESS;
}

static murre_wasi_errno set_times(struct murre_wasi_entry *entry, const struct timespec times[2]) {
    return murre_wasi_memfs_set_times(entry->node, times);
}

static int waits_for_nothing(const struct murre_wasi_entry *entry) {
    (void)entry;
    return -1;
}

static uint64_t readable(const struct murre_wasi_entry *entry) {
    const struct murre_wasi_node *node = entry->node;
    return !murre_wasi_memfs_is_folder(node) && entry->position < node->size ? node->size - entry->position : 0;
}

const struct murre_wasi_kind murre_wasi_kind_memfs = {
    .learn = learn,
    .close = close_node,
    .read = read_file,
    .write = write_file,
    .positioned = true,
    .seek = seek,
    .get_flags = get_flags,
    .set_flags = set_flags,
    .stat = stat_node,
    .set_size = set_size,
    .set_times = set_times,
    .advise = advise,
    .allocate = allocate,
    .sync = sync_file,
    .waits_for = waits_for_nothing,
    .readable = readable,
    .folder = &murre_wasi_folder_memfs,
};
