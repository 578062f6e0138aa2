/* Folders of the host as a kind (kind.h): paths below them; reading them is in host_entries.c. The last component is resolved in its
 * folder without being followed. If the guest wants it followed, or writes "name/", "." or "..", the file is opened with O_PATH and
 * the operation applied to it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "wasi/host.h"

/* ---- looking up ------------------------------------------------------------------------------------------------------------ */

static int find_parent(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path, struct murre_wasi_parent *parent) {
    return murre_wasi_resolve_parent(&call->wasi->resolver, folder->host, path, parent);
}

/* O_PATH, following the last component. */
static int open_path(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path) {
    return murre_wasi_resolve_open(&call->wasi->resolver, folder->host, path, O_PATH, 0);
}

static int open_flags(const struct murre_wasi_open *request, bool write) {
    int flags = murre_wasi_host_flags(request->fdflags);
    if (write)
        flags |= request->read ? O_RDWR : O_WRONLY;
    if (request->oflags & WASI_OFLAG_CREAT)
        flags |= O_CREAT;
    if (request->oflags & WASI_OFLAG_DIRECTORY)
        flags |= O_DIRECTORY;
    if (request->oflags & WASI_OFLAG_EXCL)
        flags |= O_EXCL;
    if (request->oflags & WASI_OFLAG_TRUNC)
        flags |= O_TRUNC;
    if (!request->follow)
        flags |= O_NOFOLLOW;
    return flags;
}

static int open_for(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path, const struct murre_wasi_open *request,
                    bool write) {
    int host;
    do {
        host = murre_wasi_resolve_open(&call->wasi->resolver, folder->host, path, open_flags(request, write), 0666);
        errno = host < 0 ? -host : 0;
    } while (host < 0 && murre_wasi_retry(call));
    return host;
}

/* What may be there to be read all the same. */
static bool forbids_writing(int error) {
    return error == EACCES || error == EPERM || error == EROFS || error == EISDIR || error == ETXTBSY;
}

/* A link that is not to be followed is one (LOOP) before it is no folder, though Linux sees it the other way. */
static bool is_link(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path) {
    struct murre_wasi_parent parent;
    struct stat stat;
    if (find_parent(call, folder, path, &parent) < 0)
        return false;
    bool is = parent.plain && fstatat(parent.dir, parent.name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(stat.st_mode);
    murre_wasi_parent_fini(&parent);
    return is;
}

static murre_wasi_errno open_file(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path,
                                  const struct murre_wasi_open *request, struct murre_wasi_entry **entry, uint32_t *fd) {
    bool write = request->write || (request->try_write && !(request->oflags & WASI_OFLAG_DIRECTORY));
    int host = open_for(call, folder, path, request, write);
    if (write && !request->write && forbids_writing(-host)) {
        write = false;
        host = open_for(call, folder, path, request, write);
    }
    if (host == -ENOTDIR && !request->follow && request->oflags & WASI_OFLAG_DIRECTORY && is_link(call, folder, path))
        host = -ELOOP;
    if (host < 0)
        return murre_wasi_from_errno(-host);
    if (murre_wasi_host_is_memory(host)) {
        close(host);
        return WASI_PERM;
    }
    *entry = murre_wasi_fdtable_add_host(&call->wasi->fds, host, fd);
    if (*entry == NULL)
        return murre_wasi_from_errno(errno);
    (*entry)->able = murre_wasi_access(request->read || !write, write);
    return WASI_SUCCESS;
}

/* ---- one path, not followed ------------------------------------------------------------------------------------------------- */

static murre_wasi_errno in_parent(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path,
                                  int (*act)(int dir, const char *name)) {
    struct murre_wasi_parent parent;
    int found = find_parent(call, folder, path, &parent);
    if (found < 0)
        return murre_wasi_from_errno(-found);
    murre_wasi_errno error = murre_wasi_host_outcome(act(parent.dir, parent.name));
    murre_wasi_parent_fini(&parent);
    return error;
}

static int make_in(int dir, const char *name) {
    return mkdirat(dir, name, 0777);
}
static int remove_in(int dir, const char *name) {
    return unlinkat(dir, name, AT_REMOVEDIR);
}
static int unlink_in(int dir, const char *name) {
    return unlinkat(dir, name, 0);
}

static murre_wasi_errno make_directory(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path) {
    return in_parent(call, folder, path, make_in);
}
static murre_wasi_errno remove_directory(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path) {
    return in_parent(call, folder, path, remove_in);
}
static murre_wasi_errno unlink_file(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path) {
    return in_parent(call, folder, path, unlink_in);
}

/* ---- attributes ----------------------------------------------------------------------------------------------------- */

/* The file's attributes; most files are no links, so that looking without following settles it. */
static int stat_place(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path, bool follow, struct stat *stat) {
    struct murre_wasi_parent parent;
    int result = find_parent(call, folder, path, &parent);
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
    int fd = open_path(call, folder, path);
    if (fd < 0)
        return fd;
    result = fstat(fd, stat) < 0 ? -errno : 0;
    close(fd);
    return result;
}

static murre_wasi_errno stat_path(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path, bool follow,
                                  struct murre_wasi_stat *stat) {
    struct stat host;
    int found = stat_place(call, folder, path, follow, &host);
    if (found < 0)
        return murre_wasi_from_errno(-found);
    murre_wasi_host_stat(&host, stat);
    return WASI_SUCCESS;
}

/* utimensat takes an O_PATH descriptor since Linux 5.8; before, and without /proc, times of what a link leads to cannot be set. */
static murre_wasi_errno set_times_followed(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path,
                                           const struct timespec times[2]) {
    int fd = open_path(call, folder, path);
    if (fd < 0)
        return murre_wasi_from_errno(-fd);
    int result = utimensat(fd, "", times, AT_EMPTY_PATH);
    if (result < 0 && errno == EINVAL) {
        char self[64];
        snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
        result = utimensat(AT_FDCWD, self, times, 0);
    }
    murre_wasi_errno error = murre_wasi_host_outcome(result);
    close(fd);
    return error;
}

static murre_wasi_errno set_times(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path, bool follow,
                                  const struct timespec times[2]) {
    struct murre_wasi_parent parent;
    if (follow)
        return set_times_followed(call, folder, path, times);
    int found = find_parent(call, folder, path, &parent);
    if (found < 0)
        return murre_wasi_from_errno(-found);
    murre_wasi_errno error = parent.plain ? murre_wasi_host_outcome(utimensat(parent.dir, parent.name, times, AT_SYMLINK_NOFOLLOW))
                                          : set_times_followed(call, folder, path, times);
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

static murre_wasi_errno in_parents(struct murre_wasi_call *call, struct murre_wasi_entry *from, const char *from_path,
                                   struct murre_wasi_entry *to, const char *to_path,
                                   int (*act)(const struct murre_wasi_parent *, const struct murre_wasi_parent *)) {
    struct murre_wasi_parent old, new;
    int found = find_parent(call, from, from_path, &old);
    if (found < 0)
        return murre_wasi_from_errno(-found);
    found = find_parent(call, to, to_path, &new);
    murre_wasi_errno error;
    if (found < 0) {
        error = murre_wasi_from_errno(-found);
    } else {
        error = murre_wasi_host_outcome(act(&old, &new));
        murre_wasi_parent_fini(&new);
    }
    murre_wasi_parent_fini(&old);
    return error;
}

static murre_wasi_errno link_file(struct murre_wasi_call *call, struct murre_wasi_entry *from, const char *from_path,
                                  struct murre_wasi_entry *to, const char *to_path) {
    return in_parents(call, from, from_path, to, to_path, link_in);
}
static murre_wasi_errno rename_file(struct murre_wasi_call *call, struct murre_wasi_entry *from, const char *from_path,
                                    struct murre_wasi_entry *to, const char *to_path) {
    return in_parents(call, from, from_path, to, to_path, rename_in);
}

static murre_wasi_errno make_link(struct murre_wasi_call *call, const char *target, struct murre_wasi_entry *folder, const char *path) {
    struct murre_wasi_parent parent;
    int found = find_parent(call, folder, path, &parent);
    if (found < 0)
        return murre_wasi_from_errno(-found);
    murre_wasi_errno error = murre_wasi_host_outcome(symlinkat(target, parent.dir, parent.name));
    murre_wasi_parent_fini(&parent);
    return error;
}

/* Follows no link, so that "name/", "." and ".." can only be folders: no links. */
static ssize_t read_text(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path, char *buffer, size_t size) {
    struct murre_wasi_parent parent;
    int found = find_parent(call, folder, path, &parent);
    if (found < 0)
        return found;
    ssize_t got = -EINVAL;
    if (parent.plain) {
        got = readlinkat(parent.dir, parent.name, buffer, size);
        got = got < 0 ? -errno : got;
    } else {
        int fd = open_path(call, folder, path);
        if (fd < 0)
            got = fd;
        else
            close(fd);
    }
    murre_wasi_parent_fini(&parent);
    return got;
}

static murre_wasi_errno read_link(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path, char *buffer,
                                  size_t size, size_t *got) {
    ssize_t result = read_text(call, folder, path, buffer, size);
    *got = (size_t)result;
    return result < 0 ? murre_wasi_from_errno((int)-result) : WASI_SUCCESS;
}

const struct murre_wasi_folder murre_wasi_folder_host = {
    .seek = murre_wasi_host_seek_entry,
    .peek = murre_wasi_host_peek_entry,
    .take = murre_wasi_host_take_entry,
    .open = open_file,
    .make_directory = make_directory,
    .remove_directory = remove_directory,
    .unlink_file = unlink_file,
    .stat = stat_path,
    .set_times = set_times,
    .link = link_file,
    .rename = rename_file,
    .symlink = make_link,
    .read_link = read_link,
};
