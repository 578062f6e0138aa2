/* fd_readdir. Cookies are the file system's own (d_off), so that they stay good over buffer borders, across changes to the folder, and
 * for as long as the host keeps them good; 0 is the start. Entries already read from the host wait in the descriptor's dirbuf. A name that
 * does not fit is cut at the end of the guest's buffer, which the guest takes for "ask again from there". */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wasi/memory.h"

#define DIRENT 24 /* {u64 next; u64 ino; u32 name size; u8 type} */

/* What lies above a preopened folder is none of the guest's business, not even its number: ".." is told as ".". */
static uint64_t shown_ino(const struct murre_wasi_entry *entry, const struct dirent64 *from) {
    struct stat stat;
    if (strcmp(from->d_name, "..") == 0)
        return fstat(entry->host, &stat) == 0 ? stat.st_ino : 0;
    return from->d_ino;
}

static uint8_t shown_type(const struct murre_wasi_entry *entry, const struct dirent64 *from) {
    struct stat stat;
    if (from->d_type != DT_UNKNOWN)
        return murre_wasi_filetype(DTTOIF(from->d_type), 0);
    if (fstatat(entry->host, from->d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
        return WASI_FILETYPE_UNKNOWN;
    return murre_wasi_filetype(stat.st_mode, 0);
}

/* Copies as much of size bytes as fits. */
static void put(uint8_t *buffer, uint32_t capacity, uint32_t *used, const void *bytes, uint32_t size) {
    uint32_t fits = size < capacity - *used ? size : capacity - *used;
    memcpy(buffer + *used, bytes, fits);
    *used += fits;
}

static murre_wasi_errno prepare(struct murre_wasi_call *call, struct murre_wasi_entry *entry, uint64_t cookie) {
    if (entry->dir == NULL) {
        entry->dir = murre_alloc_zero(&call->wasi->allocator, sizeof *entry->dir);
        if (entry->dir == NULL)
            return WASI_NOMEM;
    }
    struct murre_wasi_dirbuf *dir = entry->dir;
    if (dir->valid && cookie != 0 && dir->cookie == cookie)
        return WASI_SUCCESS;
    dir->valid = false;
    dir->next = dir->end = 0;
    if (cookie > INT64_MAX)
        return WASI_INVAL;
    if (lseek(entry->host, (off_t)cookie, SEEK_SET) < 0)
        return murre_wasi_from_errno(errno);
    dir->cookie = cookie;
    dir->valid = true;
    return WASI_SUCCESS;
}

/* The next record of the host, or NULL at the end or on an error. */
static const struct dirent64 *peek(struct murre_wasi_call *call, struct murre_wasi_entry *entry, murre_wasi_errno *error) {
    struct murre_wasi_dirbuf *dir = entry->dir;
    if (dir->next == dir->end) {
        ssize_t got;
        do
            got = getdents64(entry->host, dir->bytes, sizeof dir->bytes);
        while (got < 0 && murre_wasi_retry(call));
        dir->next = 0;
        dir->end = got > 0 ? (size_t)got : 0;
        if (got < 0) {
            dir->valid = false;
            *error = murre_wasi_from_errno(errno);
        }
        if (got <= 0)
            return NULL;
    }
    return (const struct dirent64 *)(dir->bytes + dir->next);
}

murre_wasi_errno murre_wasi_fd_readdir(struct murre_wasi_call *call, const union murre_slot *args) {
    uint32_t capacity = args[2].u32, used = 0;
    uint8_t *buffer = murre_wasi_guest_bytes(call, args[1].u32, capacity);
    void *result = murre_wasi_guest(call, args[4].u32, 1, 4, 4);
    if (buffer == NULL || result == NULL)
        return WASI_FAULT;
    struct murre_wasi_entry *entry;
    murre_wasi_errno error = murre_wasi_fdtable_get_dir(&call->wasi->fds, args[0].u32, WASI_RIGHT_FD_READDIR, &entry);
    if (error == WASI_SUCCESS)
        error = prepare(call, entry, args[3].u64);
    if (error != WASI_SUCCESS)
        return error;
    struct murre_wasi_dirbuf *dir = entry->dir;
    while (used < capacity) {
        const struct dirent64 *from = peek(call, entry, &error);
        if (from == NULL)
            break;
        uint8_t header[DIRENT] = {0};
        uint32_t size = (uint32_t)strlen(from->d_name);
        murre_wasi_put64(header, (uint64_t)from->d_off);
        murre_wasi_put64(header + 8, shown_ino(entry, from));
        murre_wasi_put32(header + 16, size);
        header[20] = shown_type(entry, from);
        bool fits = capacity - used >= DIRENT + size;
        put(buffer, capacity, &used, header, DIRENT);
        put(buffer, capacity, &used, from->d_name, size);
        if (!fits)
            break;
        dir->cookie = (uint64_t)from->d_off;
        dir->next += from->d_reclen;
    }
    if (error != WASI_SUCCESS && used == 0)
        return error;
    murre_wasi_put32(result, used);
    return WASI_SUCCESS;
}
