/* Calls that name files by path, but for path_open: create_directory, filestat_get, filestat_set_times, link, readlink, remove_directory,
 * rename, symlink, unlink_file. The last component is resolved in its folder without being followed; where the guest wants it followed, or
 * writes "name/", "." or "..", the file is opened with O_PATH and asked itself. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wasi/memory.h"
#include "wasi/stat.h"

/* A path argument: its folder's entry and text. */
struct place {
    struct murre_wasi_entry *folder;
    struct murre_wasi_path path;
};

static murre_wasi_errno get_place(struct murre_wasi_call *call, uint32_t fd, uint64_t rights, uint32_t pointer, uint32_t size,
                                  struct place *place) {
    murre_wasi_errno error = WASI_SUCCESS;
    if (!murre_wasi_guest_path(call, pointer, size, &place->path, &error))
        return error;
    return murre_wasi_fdtable_get_dir(&call->wasi->fds, fd, rights, &place->folder);
}

static int find_parent(struct murre_wasi_call *call, const struct place *place, struct murre_wasi_parent *parent) {
    return murre_wasi_resolve_parent(&call->wasi->resolver, place->folder->host, place->path.text, parent);
}

/* O_PATH, following the last component. */
static int open_path(struct murre_wasi_call *call, const struct place *place) {
    return murre_wasi_resolve_open(&call->wasi->resolver, place->folder->host, place->path.text, O_PATH, 0);
}

/* After a system call that says -1 for failure. */
static murre_wasi_errno outcome(int result) {
    return result < 0 ? murre_wasi_from_errno(errno) : WASI_SUCCESS;
}

/* ---- one path, not followed ----------------------------------------------------------------------------------------- */

static int make_directory(int dir, const char *name) {
    return mkdirat(dir, name, 0777);
}
static int remove_directory(int dir, const char *name) {
    return unlinkat(dir, name, AT_REMOVEDIR);
}
static int unlink_file(int dir, const char *name) {
    return unlinkat(dir, name, 0);
}

static murre_wasi_errno in_parent(struct murre_wasi_call *call, const union murre_slot *args, uint64_t rights,
                                  int (*act)(int dir, const char *name)) {
    struct place place;
    struct murre_wasi_parent parent;
    murre_wasi_errno error = get_place(call, args[0].u32, rights, args[1].u32, args[2].u32, &place);
    if (error != WASI_SUCCESS)
        return error;
    int found = find_parent(call, &place, &parent);
    if (found < 0)
        return murre_wasi_from_errno(-found);
    error = outcome(act(parent.dir, parent.name));
    murre_wasi_parent_fini(&parent);
    return error;
}

murre_wasi_errno murre_wasi_path_create_directory(struct murre_wasi_call *call, const union murre_slot *args) {
    return in_parent(call, args, WASI_RIGHT_PATH_CREATE_DIRECTORY, make_directory);
}

murre_wasi_errno murre_wasi_path_remove_directory(struct murre_wasi_call *call, const union murre_slot *args) {
    return in_parent(call, args, WASI_RIGHT_PATH_REMOVE_DIRECTORY, remove_directory);
}

murre_wasi_errno murre_wasi_path_unlink_file(struct murre_wasi_call *call, const union murre_slot *args) {
    return in_parent(call, args, WASI_RIGHT_PATH_UNLINK_FILE, unlink_file);
}

/* ---- attributes ----------------------------------------------------------------------------------------------------- */

/* The file's attributes; most files are no links, so that looking without following settles it. */
static int stat_place(struct murre_wasi_call *call, const struct place *place, bool follow, struct stat *stat) {
    struct murre_wasi_parent parent;
    int result = find_parent(call, place, &parent);
    if (result < 0)
        return result;
    bool settled = false;
    if (parent.plain) {
        result = fstatat(parent.dir, parent.name, stat, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
        settled = result < 0 || !follow || !S_ISLNK(stat->st_mode);
    }
    murre_wasi_parent_fini(&parent);
    if (settled)
        return result;
    int fd = open_path(call, place);
    if (fd < 0)
        return fd;
    result = fstat(fd, stat) < 0 ? -errno : 0;
    close(fd);
    return result;
}

murre_wasi_errno murre_wasi_path_filestat_get(struct murre_wasi_call *call, const union murre_slot *args) {
    struct place place;
    struct stat stat;
    uint8_t *result = murre_wasi_guest(call, args[4].u32, MURRE_WASI_FILESTAT, 1, 8);
    if (result == NULL)
        return WASI_FAULT;
    murre_wasi_errno error = get_place(call, args[0].u32, WASI_RIGHT_PATH_FILESTAT_GET, args[2].u32, args[3].u32, &place);
    if (error != WASI_SUCCESS)
        return error;
    int found = stat_place(call, &place, args[1].u32 & WASI_LOOKUP_SYMLINK_FOLLOW, &stat);
    if (found < 0)
        return murre_wasi_from_errno(-found);
    murre_wasi_put_filestat(result, &stat, murre_wasi_filetype(stat.st_mode, 0));
    return WASI_SUCCESS;
}

/* utimensat takes an O_PATH descriptor since Linux 5.8; before, and without /proc, times of what a link leads to cannot be set. */
static murre_wasi_errno set_times_followed(struct murre_wasi_call *call, const struct place *place, const struct timespec times[2]) {
    int fd = open_path(call, place);
    if (fd < 0)
        return murre_wasi_from_errno(-fd);
    int result = utimensat(fd, "", times, AT_EMPTY_PATH);
    if (result < 0 && errno == EINVAL) {
        char self[64];
        snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
        result = utimensat(AT_FDCWD, self, times, 0);
    }
    murre_wasi_errno error = outcome(result);
    close(fd);
    return error;
}

murre_wasi_errno murre_wasi_path_filestat_set_times(struct murre_wasi_call *call, const union murre_slot *args) {
    struct place place;
    struct timespec times[2];
    struct murre_wasi_parent parent;
    murre_wasi_errno error = get_place(call, args[0].u32, WASI_RIGHT_PATH_FILESTAT_SET_TIMES, args[2].u32, args[3].u32, &place);
    if (error != WASI_SUCCESS)
        return error;
    if (!murre_wasi_set_times(times, args[4].u64, args[5].u64, args[6].u32))
        return WASI_INVAL;
    bool follow = args[1].u32 & WASI_LOOKUP_SYMLINK_FOLLOW;
    if (args[6].u32 == 0) { /* utimensat with nothing to set would not even look whether the file is there */
        struct stat stat;
        return murre_wasi_from_errno(-stat_place(call, &place, follow, &stat));
    }
    if (follow)
        return set_times_followed(call, &place, times);
    int found = find_parent(call, &place, &parent);
    if (found < 0)
        return murre_wasi_from_errno(-found);
    error =
        parent.plain ? outcome(utimensat(parent.dir, parent.name, times, AT_SYMLINK_NOFOLLOW)) : set_times_followed(call, &place, times);
    murre_wasi_parent_fini(&parent);
    return error;
}

/* ---- links ---------------------------------------------------------------------------------------------------------- */

/* The source is not followed, which is what link(2) does. "name/" can only be a folder, which cannot be linked to. */
static int link_in(const struct murre_wasi_parent *from, const struct murre_wasi_parent *to) {
    if (!from->plain) {
        errno = EPERM;
        return -1;
    }
    return linkat(from->dir, from->name, to->dir, to->name, 0);
}
static int rename_in(const struct murre_wasi_parent *from, const struct murre_wasi_parent *to) {
    return renameat(from->dir, from->name, to->dir, to->name);
}

static murre_wasi_errno in_parents(struct murre_wasi_call *call, const struct place *from, const struct place *to,
                                   int (*act)(const struct murre_wasi_parent *, const struct murre_wasi_parent *)) {
    struct murre_wasi_parent old, new;
    int found = find_parent(call, from, &old);
    if (found < 0)
        return murre_wasi_from_errno(-found);
    found = find_parent(call, to, &new);
    murre_wasi_errno error;
    if (found < 0) {
        error = murre_wasi_from_errno(-found);
    } else {
        error = outcome(act(&old, &new));
        murre_wasi_parent_fini(&new);
    }
    murre_wasi_parent_fini(&old);
    return error;
}

murre_wasi_errno murre_wasi_path_link(struct murre_wasi_call *call, const union murre_slot *args) {
    struct place from, to;
    murre_wasi_errno error = get_place(call, args[0].u32, WASI_RIGHT_PATH_LINK_SOURCE, args[2].u32, args[3].u32, &from);
    if (error == WASI_SUCCESS)
        error = get_place(call, args[4].u32, WASI_RIGHT_PATH_LINK_TARGET, args[5].u32, args[6].u32, &to);
    if (error != WASI_SUCCESS)
        return error;
    if (args[1].u32 & WASI_LOOKUP_SYMLINK_FOLLOW)
        return WASI_INVAL;
    return in_parents(call, &from, &to, link_in);
}

murre_wasi_errno murre_wasi_path_rename(struct murre_wasi_call *call, const union murre_slot *args) {
    struct place from, to;
    murre_wasi_errno error = get_place(call, args[0].u32, WASI_RIGHT_PATH_RENAME_SOURCE, args[1].u32, args[2].u32, &from);
    if (error == WASI_SUCCESS)
        error = get_place(call, args[3].u32, WASI_RIGHT_PATH_RENAME_TARGET, args[4].u32, args[5].u32, &to);
    if (error != WASI_SUCCESS)
        return error;
    return in_parents(call, &from, &to, rename_in);
}

/* A link may hold any relative text: it is judged when it is followed. Absolute ones never lead anywhere and would mislead the host. */
murre_wasi_errno murre_wasi_path_symlink(struct murre_wasi_call *call, const union murre_slot *args) {
    struct murre_wasi_path target;
    struct place place;
    struct murre_wasi_parent parent;
    murre_wasi_errno error = WASI_SUCCESS;
    if (!murre_wasi_guest_path(call, args[0].u32, args[1].u32, &target, &error))
        return error;
    error = get_place(call, args[2].u32, WASI_RIGHT_PATH_SYMLINK, args[3].u32, args[4].u32, &place);
    if (error != WASI_SUCCESS)
        return error;
    if (target.text[0] == '/')
        return WASI_PERM;
    int found = find_parent(call, &place, &parent);
    if (found < 0)
        return murre_wasi_from_errno(-found);
    error = outcome(symlinkat(target.text, parent.dir, parent.name));
    murre_wasi_parent_fini(&parent);
    return error;
}

/* Follows no link, so that "name/", "." and ".." can only be folders: no links. */
static ssize_t read_link(struct murre_wasi_call *call, const struct place *place, char *buffer, size_t size) {
    struct murre_wasi_parent parent;
    int found = find_parent(call, place, &parent);
    if (found < 0)
        return found;
    ssize_t got = -EINVAL;
    if (parent.plain) {
        got = readlinkat(parent.dir, parent.name, buffer, size);
        got = got < 0 ? -errno : got;
    } else {
        int fd = open_path(call, place);
        if (fd < 0)
            got = fd;
        else
            close(fd);
    }
    murre_wasi_parent_fini(&parent);
    return got;
}

murre_wasi_errno murre_wasi_path_readlink(struct murre_wasi_call *call, const union murre_slot *args) {
    struct place place;
    char link[MURRE_WASI_PATH_MAX];
    uint32_t size = args[4].u32;
    uint8_t *buffer = murre_wasi_guest_bytes(call, args[3].u32, size);
    void *used = murre_wasi_guest(call, args[5].u32, 1, 4, 4);
    if (buffer == NULL || used == NULL)
        return WASI_FAULT;
    murre_wasi_errno error = get_place(call, args[0].u32, WASI_RIGHT_PATH_READLINK, args[1].u32, args[2].u32, &place);
    if (error != WASI_SUCCESS)
        return error;
    ssize_t got = read_link(call, &place, link, sizeof link);
    if (got < 0)
        return murre_wasi_from_errno((int)-got);
    if ((size_t)got < size)
        size = (uint32_t)got;
    memcpy(buffer, link, size);
    murre_wasi_put32(used, size);
    return WASI_SUCCESS;
}
