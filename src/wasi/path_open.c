/* path_open. What the new descriptor may do is what was asked for, less what the folder does not pass on, less what a thing of that type
 * cannot do: guests ask for more than they need. Only reading and writing contents are refused outright when the folder forbids them. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "wasi/memory.h"
#include "wasi/stat.h"

#define READS  (WASI_RIGHT_FD_READ | WASI_RIGHT_FD_READDIR)
#define WRITES (WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_ALLOCATE | WASI_RIGHT_FD_FILESTAT_SET_SIZE)

struct request {
    bool follow;
    uint32_t oflags, fdflags;
    uint64_t base, inheriting;
};

static uint64_t needed_rights(const struct request *request) {
    uint64_t rights = WASI_RIGHT_PATH_OPEN;
    if (request->oflags & WASI_OFLAG_CREAT)
        rights |= WASI_RIGHT_PATH_CREATE_FILE;
    if (request->oflags & WASI_OFLAG_TRUNC)
        rights |= WASI_RIGHT_PATH_FILESTAT_SET_SIZE;
    return rights;
}

static int open_flags(const struct request *request) {
    int flags = murre_wasi_host_flags(request->fdflags);
    if (request->base & WRITES)
        flags |= request->base & READS ? O_RDWR : O_WRONLY;
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

/* A descriptor of the host, or minus an errno value. */
static int open_host(struct murre_wasi_call *call, int dir, const char *path, int flags) {
    int host;
    do {
        host = murre_wasi_resolve_open(&call->wasi->resolver, dir, path, flags, 0666);
        errno = host < 0 ? -host : 0;
    } while (host < 0 && murre_wasi_retry(call));
    return host;
}

murre_wasi_errno murre_wasi_path_open(struct murre_wasi_call *call, const union murre_slot *args) {
    const struct request request = {
        .follow = args[1].u32 & WASI_LOOKUP_SYMLINK_FOLLOW,
        .oflags = args[4].u32,
        .base = args[5].u64,
        .inheriting = args[6].u64,
        .fdflags = args[7].u32,
    };
    struct murre_wasi_path path;
    murre_wasi_errno error = WASI_FAULT;
    void *result = murre_wasi_guest(call, args[8].u32, 1, 4, 4);
    if (result == NULL || !murre_wasi_guest_path(call, args[2].u32, args[3].u32, &path, &error))
        return error;
    if (request.oflags & ~(uint32_t)WASI_OFLAGS_ALL || request.fdflags & ~(uint32_t)WASI_FDFLAGS_ALL)
        return WASI_INVAL;
    struct murre_wasi_entry *folder;
    error = murre_wasi_fdtable_get_dir(&call->wasi->fds, args[0].u32, needed_rights(&request), &folder);
    if (error != WASI_SUCCESS)
        return error;
    uint64_t contents = WASI_RIGHT_FD_READ | WASI_RIGHT_FD_WRITE;
    if (request.base & contents & ~folder->inheriting)
        return WASI_NOTCAPABLE;
    if ((request.oflags & (WASI_OFLAG_CREAT | WASI_OFLAG_DIRECTORY)) == (WASI_OFLAG_CREAT | WASI_OFLAG_DIRECTORY))
        return WASI_INVAL; /* kernels do not agree on what this means */
    struct request granted = request;
    granted.base &= folder->inheriting;
    granted.inheriting &= folder->inheriting;
    int host = open_host(call, folder->host, path.text, open_flags(&granted));
    if (host < 0)
        return murre_wasi_from_errno(-host);
    uint32_t fd;
    struct murre_wasi_entry *entry = murre_wasi_fdtable_add_host(&call->wasi->fds, host, &fd);
    if (entry == NULL)
        return murre_wasi_from_errno(errno);
    entry->base = granted.base;
    entry->inheriting = granted.inheriting;
    error = murre_wasi_entry_learn_type(entry);
    if (error != WASI_SUCCESS) {
        murre_wasi_fdtable_close(&call->wasi->fds, fd);
        return error;
    }
    murre_wasi_put32(result, fd);
    return WASI_SUCCESS;
}
