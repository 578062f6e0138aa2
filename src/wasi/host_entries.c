/* Reading folders of the host. A file system's own positions (d_off) take 64 bits, but guests keep a cookie in a 32-bit long. So cookies are numbers,
 * given in the order in which entries are found, and the position for each number is kept as long as the descriptor. A cookie stays valid
 * whatever is added to or removed from the folder, as far as the file system's positions do.
 *
 * An entry that is found again, in another reading, gets its old number, which is searched for a short way from the number of the entry before it; if
 * it is not there, the entry gets a new number. Beyond MOST_PLACES, or without memory for more, cookies only count entries from the last position. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "wasi/host.h"

enum {
    MOST_PLACES = 1 << 18, /* 2 MiB per descriptor */
    FIRST_PLACES = 64,
    LOOKED_AT = 64, /* entries that may have gone between two that are there still */
};

/* The guest must not learn what is above a preopened folder, not even its inode number: ".." is reported as ".". */
static uint64_t shown_ino(const struct murre_wasi_entry *entry, const struct dirent64 *from) {
    struct stat stat;
    if (strcmp(from->d_name, "..") == 0)
        return fstat(entry->host, &stat) == 0 ? stat.st_ino : 0;
    return from->d_ino;
}

static uint8_t shown_type(const struct murre_wasi_entry *entry, const struct dirent64 *from) {
    struct stat stat;
    if (from->d_type != DT_UNKNOWN)
        return murre_wasi_host_filetype(DTTOIF(from->d_type), 0);
    if (fstatat(entry->host, from->d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
        return WASI_FILETYPE_UNKNOWN;
    return murre_wasi_host_filetype(stat.st_mode, 0);
}

/* ---- places ---------------------------------------------------------------------------------------------------------------- */

void murre_wasi_host_free_entries(const struct murre_allocator *allocator, struct murre_wasi_dirbuf *dir) {
    if (dir->places != NULL)
        murre_free(allocator, dir->places, dir->capacity * sizeof *dir->places);
    murre_free(allocator, dir, sizeof *dir);
}

static bool add_place(const struct murre_allocator *allocator, struct murre_wasi_dirbuf *dir, uint64_t place) {
    if (dir->count == MOST_PLACES)
        return false;
    if (dir->count == dir->capacity) {
        uint32_t capacity = dir->capacity == 0 ? FIRST_PLACES : dir->capacity * 2;
        uint64_t *places = murre_realloc(allocator, dir->places, dir->capacity * sizeof *dir->places, capacity * sizeof *dir->places);
        if (places == NULL)
            return false;
        dir->places = places;
        dir->capacity = capacity;
    }
    dir->places[dir->count++] = place;
    return true;
}

/* The cookie of a place that follows the one that was taken last; 0 when none can be given. Sets in_order. */
static uint64_t number_of(const struct murre_allocator *allocator, struct murre_wasi_dirbuf *dir, uint64_t place) {
    uint32_t from = dir->known + 1;
    dir->in_order = true;
    for (uint32_t i = from; i < dir->count && i < from + LOOKED_AT; i++)
        if (dir->places[i] == place)
            return i;
    dir->in_order = from == dir->count;
    if (dir->at < dir->count && add_place(allocator, dir, place))
        return dir->count - 1;
    dir->in_order = false;
    return dir->known + 1 == dir->count ? dir->at + 1 : 0; /* counted */
}

static struct murre_wasi_dirbuf *get_dir(struct murre_wasi_call *call, struct murre_wasi_entry *entry) {
    if (entry->dir != NULL)
        return entry->dir;
    const struct murre_allocator *allocator = &call->wasi->allocator;
    struct murre_wasi_dirbuf *dir = murre_alloc_zero(allocator, sizeof *dir);
    if (dir != NULL && !add_place(allocator, dir, 0)) {
        murre_wasi_host_free_entries(allocator, dir);
        return NULL;
    }
    return entry->dir = dir;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------------ */

/* Reads on when all records have been taken. False at the end and on an error. */
static bool fill(struct murre_wasi_call *call, struct murre_wasi_entry *entry, murre_wasi_errno *error) {
    struct murre_wasi_dirbuf *dir = entry->dir;
    if (dir->next < dir->end)
        return true;
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
    return got > 0;
}

static const struct dirent64 *record(const struct murre_wasi_dirbuf *dir) {
    return (const struct dirent64 *)(dir->bytes + dir->next);
}

/* Over the entries that the cookie counts from the last place on. */
static murre_wasi_errno count_to(struct murre_wasi_call *call, struct murre_wasi_entry *entry, uint64_t cookie) {
    struct murre_wasi_dirbuf *dir = entry->dir;
    murre_wasi_errno error = WASI_SUCCESS;
    while (dir->at < cookie && fill(call, entry, &error)) {
        dir->next += record(dir)->d_reclen;
        dir->at++;
        if (murre_store_interrupt_pending(call->store))
            return WASI_INTR;
    }
    dir->at = cookie;
    return error;
}

murre_wasi_errno murre_wasi_host_seek_entry(struct murre_wasi_call *call, struct murre_wasi_entry *entry, uint64_t cookie) {
    struct murre_wasi_dirbuf *dir = get_dir(call, entry);
    if (dir == NULL)
        return WASI_NOMEM;
    if (dir->valid && cookie != 0 && dir->at == cookie)
        return WASI_SUCCESS;
    if (cookie == 0 && dir->count == MOST_PLACES)
        dir->count = 1; /* the next reading has room again */
    dir->valid = false;
    dir->ahead = 0;
    dir->next = dir->end = 0;
    uint32_t place = cookie < dir->count ? (uint32_t)cookie : dir->count - 1;
    if (lseek(entry->host, (off_t)dir->places[place], SEEK_SET) < 0)
        return murre_wasi_from_errno(errno);
    dir->at = dir->known = place;
    dir->valid = true;
    return count_to(call, entry, cookie);
}

bool murre_wasi_host_peek_entry(struct murre_wasi_call *call, struct murre_wasi_entry *entry, struct murre_wasi_dirent *dirent,
                                murre_wasi_errno *error) {
    struct murre_wasi_dirbuf *dir = entry->dir;
    if (!fill(call, entry, error))
        return false;
    const struct dirent64 *from = record(dir);
    if (dir->ahead == 0)
        dir->ahead = number_of(&call->wasi->allocator, dir, (uint64_t)from->d_off);
    if (dir->ahead == 0) {
        *error = WASI_NOMEM;
        return false;
    }
    *dirent = (struct murre_wasi_dirent){
        .next = dir->ahead,
        .ino = shown_ino(entry, from),
        .name = from->d_name,
        .size = (uint32_t)strlen(from->d_name),
        .type = shown_type(entry, from),
    };
    return true;
}

void murre_wasi_host_take_entry(struct murre_wasi_entry *entry) {
    struct murre_wasi_dirbuf *dir = entry->dir;
    if (dir->in_order)
        dir->known = (uint32_t)dir->ahead;
    dir->at = dir->ahead;
    dir->ahead = 0;
    dir->next += record(dir)->d_reclen;
}
