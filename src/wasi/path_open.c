/* path_open. Rights are recorded: those that were requested, limited to those that the folder passes on and that a file of that type can have. They are
 * not enforced by themselves; only what a folder does not pass on (a read-only one, or one whose guest has given up rights) is refused. But reading and
 * writing depend on how a file is opened, as in POSIX: a request for neither gets whatever is possible. */
#include "wasi/budget.h"

#define READS (WASI_RIGHT_FD_READ | WASI_RIGHT_FD_READDIR)

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

static struct murre_wasi_open how_to_open(const struct murre_wasi_fdtable *table, const struct murre_wasi_entry *folder,
                                          const struct request *request) {
    uint64_t base = request->base & folder->passes;
    struct murre_wasi_open open = {
        .follow = request->follow,
        .read = base & READS,
        .write = base & (table->enforce_rights ? WASI_RIGHTS_WRITES : WASI_RIGHT_FD_WRITE),
        .oflags = request->oflags,
        .fdflags = request->fdflags,
    };
    if (!table->enforce_rights && !open.read && !open.write) {
        open.read = true;
        open.try_write = folder->passes & WASI_RIGHT_FD_WRITE;
    }
    return open;
}

/* Whether something is counted, and it would come to be. */
static bool makes_file(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path,
                       const struct murre_wasi_open *open) {
    struct murre_wasi_stat stat;
    return open->oflags & WASI_OFLAG_CREAT && murre_wasi_budget(call->wasi, folder) != NULL &&
           folder->kind->folder->stat(call, folder, path, open->follow, &stat) == WASI_NOENT;
}

static void record_rights(const struct murre_wasi_fdtable *table, const struct murre_wasi_entry *folder, const struct request *request,
                          struct murre_wasi_entry *entry) {
    entry->base = request->base & folder->passes;
    entry->inheriting = request->inheriting & folder->passes;
    entry->allowed = table->enforce_rights ? entry->base : folder->passes;
    entry->passes = table->enforce_rights ? entry->inheriting : folder->passes;
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
    if (request.base & (WASI_RIGHT_FD_READ | WASI_RIGHT_FD_WRITE) & ~folder->passes)
        return WASI_NOTCAPABLE;
    if ((request.oflags & (WASI_OFLAG_CREAT | WASI_OFLAG_DIRECTORY)) == (WASI_OFLAG_CREAT | WASI_OFLAG_DIRECTORY))
        return WASI_INVAL; /* kernels do not agree on what this means */
    const struct murre_wasi_open granted = how_to_open(&call->wasi->fds, folder, &request);
    struct murre_wasi_entry *entry;
    uint32_t fd;
    uint64_t *left = makes_file(call, folder, path.text, &granted) ? murre_wasi_budget(call->wasi, folder) : NULL;
    error = murre_wasi_budget_spend(left, MURRE_WASI_NAME_COST);
    if (error != WASI_SUCCESS)
        return error;
    error = folder->kind->folder->open(call, folder, path.text, &granted, &entry, &fd);
    if (murre_wasi_budget_settle(left, MURRE_WASI_NAME_COST, MURRE_WASI_NAME_COST, error) != WASI_SUCCESS)
        return error;
    entry->budget = folder->budget;
    record_rights(&call->wasi->fds, folder, &request, entry);
    error = murre_wasi_entry_learn_type(entry);
    if (error != WASI_SUCCESS) {
        murre_wasi_fdtable_close(&call->wasi->fds, fd);
        return error;
    }
    murre_wasi_put32(result, fd);
    return WASI_SUCCESS;
}
