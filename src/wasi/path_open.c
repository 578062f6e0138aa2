/* path_open. What the new descriptor may do is what was asked for, less what the folder does not pass on, less what a thing of that type
 * cannot do: guests ask for more than they need. Only reading and writing contents are refused outright when the folder forbids them. */
#include "wasi/kind.h"

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

murre_wasi_errno murre_wasi_path_open(struct murre_wasi_call *call, const union murre_slot *args) {
    const struct request request = {
        .follow = args[1].u32 & WASI_LOOKUP_SYMLINK_FOLLOW,
        .oflags = args[4].u32,
        .base = murre_wasi_known_rights(call, args[5].u64),
        .inheriting = murre_wasi_known_rights(call, args[6].u64),
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
    uint64_t base = request.base & folder->inheriting;
    const struct murre_wasi_open granted = {
        .follow = request.follow,
        .read = base & READS,
        .write = base & WRITES,
        .oflags = request.oflags,
        .fdflags = request.fdflags,
    };
    uint64_t inheriting = request.inheriting & folder->inheriting;
    struct murre_wasi_entry *entry;
    uint32_t fd;
    error = folder->kind->folder->open(call, folder, path.text, &granted, &entry, &fd);
    if (error != WASI_SUCCESS)
        return error;
    entry->base = base;
    entry->inheriting = inheriting;
    error = murre_wasi_entry_learn_type(entry);
    if (error != WASI_SUCCESS) {
        murre_wasi_fdtable_close(&call->wasi->fds, fd);
        return error;
    }
    murre_wasi_put32(result, fd);
    return WASI_SUCCESS;
}
