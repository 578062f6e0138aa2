/* What a descriptor is and may do: fd_fdstat_*, fd_filestat_*, fd_prestat_*, fd_advise, fd_allocate, fd_sync, fd_datasync, fd_close,
 * fd_renumber. */
#include <fcntl.h>
#include <string.h>

#include "wasi/budget.h"

/* ---- fdstat: {u8 type; u16 flags at 2; u64 base at 8; u64 inheriting at 16} --------------------------------------------- */

static const struct {
    uint16_t flag;
    int host;
} fdflags[] = {
    {WASI_FDFLAG_APPEND, O_APPEND}, {WASI_FDFLAG_NONBLOCK, O_NONBLOCK}, {WASI_FDFLAG_SYNC, O_SYNC},
    {WASI_FDFLAG_DSYNC, O_DSYNC},   {WASI_FDFLAG_RSYNC, O_RSYNC},
};

int murre_wasi_host_flags(uint32_t flags) {
    int host = 0;
    for (size_t i = 0; i < sizeof fdflags / sizeof *fdflags; i++)
        if (flags & fdflags[i].flag)
            host |= fdflags[i].host;
    return host;
}

/* O_SYNC includes O_DSYNC, and O_RSYNC is O_SYNC: the strongest is reported. */
static uint16_t guest_flags(int host) {
    uint16_t flags = 0;
    if (host & O_APPEND)
        flags |= WASI_FDFLAG_APPEND;
    if (host & O_NONBLOCK)
        flags |= WASI_FDFLAG_NONBLOCK;
    if ((host & O_SYNC) == O_SYNC)
        flags |= WASI_FDFLAG_SYNC;
    else if (host & O_DSYNC)
        flags |= WASI_FDFLAG_DSYNC;
    return flags;
}

murre_wasi_errno murre_wasi_fd_fdstat_get(struct murre_wasi_call *call, const union murre_slot *args) {
    uint8_t *result = murre_wasi_guest(call, args[1].u32, 24, 1, 8);
    if (result == NULL)
        return WASI_FAULT;
    struct murre_wasi_entry *entry = murre_wasi_fdtable_entry(&call->wasi->fds, args[0].u32);
    if (entry == NULL)
        return WASI_BADF;
    murre_wasi_errno error = murre_wasi_entry_learn_type(entry);
    if (error != WASI_SUCCESS)
        return error;
    int flags;
    error = entry->kind->get_flags(entry, &flags);
    if (error != WASI_SUCCESS)
        return error;
    memset(result, 0, 24);
    result[0] = entry->type;
    murre_wasi_put16(result + 2, guest_flags(flags));
    murre_wasi_put64(result + 8, murre_wasi_known_rights(call, entry->base));
    murre_wasi_put64(result + 16, murre_wasi_known_rights(call, entry->inheriting));
    return WASI_SUCCESS;
}

murre_wasi_errno murre_wasi_fd_fdstat_set_flags(struct murre_wasi_call *call, const union murre_slot *args) {
    struct murre_wasi_entry *entry;
    uint32_t flags = args[1].u32;
    murre_wasi_errno error = murre_wasi_fdtable_get(&call->wasi->fds, args[0].u32, WASI_RIGHT_FD_FDSTAT_SET_FLAGS, &entry);
    if (error != WASI_SUCCESS)
        return error;
    if (flags & ~(uint32_t)WASI_FDFLAGS_ALL)
        return WASI_INVAL;
    int now, wanted = murre_wasi_host_flags(flags);
    error = entry->kind->get_flags(entry, &now);
    if (error != WASI_SUCCESS)
        return error;
    /* Whether writes are synchronous is settled when a file is opened: Linux would ignore the change. */
    if ((wanted ^ now) & O_SYNC)
        return WASI_INVAL;
    return entry->kind->set_flags(entry, (now & ~(O_APPEND | O_NONBLOCK)) | (wanted & (O_APPEND | O_NONBLOCK)));
}

murre_wasi_errno murre_wasi_fd_fdstat_set_rights(struct murre_wasi_call *call, const union murre_slot *args) {
    struct murre_wasi_entry *entry = murre_wasi_fdtable_entry(&call->wasi->fds, args[0].u32);
    if (entry == NULL)
        return WASI_BADF;
    murre_wasi_errno error = murre_wasi_entry_learn_type(entry);
    if (error != WASI_SUCCESS)
        return error;
    if (args[1].u64 & ~entry->base || args[2].u64 & ~entry->inheriting)
        return WASI_NOTCAPABLE;
    /* What a guest gives up itself is refused from now on. */
    entry->allowed &= ~(entry->base & ~args[1].u64);
    entry->passes &= ~(entry->inheriting & ~args[2].u64);
    entry->base = args[1].u64;
    entry->inheriting = args[2].u64;
    return WASI_SUCCESS;
}

/* ---- filestat: {u64 dev; u64 ino; u8 type; u64 nlink at 24; u64 size; u64 atim; u64 mtim; u64 ctim} ------------------------
 * In preview 0: {u64 dev; u64 ino; u8 type; u32 nlink at 20; u64 size; …}. */

void murre_wasi_put_filestat(const struct murre_wasi_call *call, uint8_t *result, const struct murre_wasi_stat *stat) {
    memset(result, 0, murre_wasi_filestat_size(call));
    murre_wasi_put64(result, stat->dev);
    murre_wasi_put64(result + 8, stat->ino);
    result[16] = stat->type;
    if (call->preview0) {
        murre_wasi_put32(result + 20, stat->links < UINT32_MAX ? (uint32_t)stat->links : UINT32_MAX);
        result += 24;
    } else {
        murre_wasi_put64(result + 24, stat->links);
        result += 32;
    }
    murre_wasi_put64(result, stat->size);
    murre_wasi_put64(result + 8, stat->accessed);
    murre_wasi_put64(result + 16, stat->modified);
    murre_wasi_put64(result + 24, stat->changed);
}

murre_wasi_errno murre_wasi_fd_filestat_get(struct murre_wasi_call *call, const union murre_slot *args) {
    uint8_t *result = murre_wasi_guest(call, args[1].u32, murre_wasi_filestat_size(call), 1, 8);
    if (result == NULL)
        return WASI_FAULT;
    struct murre_wasi_entry *entry;
    struct murre_wasi_stat stat;
    murre_wasi_errno error = murre_wasi_fdtable_get(&call->wasi->fds, args[0].u32, WASI_RIGHT_FD_FILESTAT_GET, &entry);
    if (error == WASI_SUCCESS)
        error = murre_wasi_entry_learn_type(entry);
    if (error == WASI_SUCCESS)
        error = entry->kind->stat(entry, &stat);
    if (error != WASI_SUCCESS)
        return error;
    stat.type = entry->type;
    murre_wasi_put_filestat(call, result, &stat);
    return WASI_SUCCESS;
}

murre_wasi_errno murre_wasi_fd_filestat_set_size(struct murre_wasi_call *call, const union murre_slot *args) {
    struct murre_wasi_entry *entry;
    murre_wasi_errno error = murre_wasi_fdtable_get(&call->wasi->fds, args[0].u32, WASI_RIGHT_FD_FILESTAT_SET_SIZE, &entry);
    if (error != WASI_SUCCESS)
        return error;
    if (entry->kind->set_size == NULL || args[1].u64 > INT64_MAX)
        return WASI_INVAL;
    uint64_t *left = murre_wasi_budget(call->wasi, entry), more = 0;
    struct murre_wasi_stat stat;
    if (left != NULL && entry->kind->stat(entry, &stat) == WASI_SUCCESS && args[1].u64 > stat.size)
        more = args[1].u64 - stat.size;
    error = murre_wasi_budget_spend(left, more);
    if (error != WASI_SUCCESS)
        return error;
    return murre_wasi_budget_settle(left, more, more, entry->kind->set_size(call, entry, args[1].u64));
}

static bool one_time(struct timespec *time, uint64_t nanoseconds, bool set, bool now) {
    if (set && now)
        return false;
    time->tv_sec = (time_t)(nanoseconds / 1000000000);
    time->tv_nsec = now ? UTIME_NOW : set ? (long)(nanoseconds % 1000000000) : UTIME_OMIT;
    return true;
}

bool murre_wasi_set_times(struct timespec times[2], uint64_t atim, uint64_t mtim, uint32_t flags) {
    return (flags & ~(uint32_t)WASI_FSTFLAGS_ALL) == 0 &&
           one_time(&times[0], atim, flags & WASI_FSTFLAG_ATIM, flags & WASI_FSTFLAG_ATIM_NOW) &&
           one_time(&times[1], mtim, flags & WASI_FSTFLAG_MTIM, flags & WASI_FSTFLAG_MTIM_NOW);
}

murre_wasi_errno murre_wasi_fd_filestat_set_times(struct murre_wasi_call *call, const union murre_slot *args) {
    struct murre_wasi_entry *entry;
    struct timespec times[2];
    murre_wasi_errno error = murre_wasi_fdtable_get(&call->wasi->fds, args[0].u32, WASI_RIGHT_FD_FILESTAT_SET_TIMES, &entry);
    if (error != WASI_SUCCESS)
        return error;
    if (entry->kind->set_times == NULL || !murre_wasi_set_times(times, args[1].u64, args[2].u64, args[3].u32))
        return WASI_INVAL;
    return entry->kind->set_times(entry, times);
}

/* ---- prestat: {u8 tag (0: a folder); u32 name size at 4} ------------------------------------------------------------------ */

/* Guests' libraries look at 3, 4, … with fd_prestat_get until the first BADF: whatever is not a preopened folder must say that. */
static struct murre_wasi_entry *get_preopen(struct murre_wasi_call *call, uint32_t fd) {
    struct murre_wasi_entry *entry = murre_wasi_fdtable_entry(&call->wasi->fds, fd);
    return entry != NULL && entry->is_preopen ? entry : NULL;
}

murre_wasi_errno murre_wasi_fd_prestat_get(struct murre_wasi_call *call, const union murre_slot *args) {
    uint8_t *result = murre_wasi_guest(call, args[1].u32, 8, 1, 4);
    if (result == NULL)
        return WASI_FAULT;
    struct murre_wasi_entry *entry = get_preopen(call, args[0].u32);
    if (entry == NULL)
        return WASI_BADF;
    memset(result, 0, 8);
    murre_wasi_put32(result + 4, (uint32_t)entry->name_size);
    return WASI_SUCCESS;
}

murre_wasi_errno murre_wasi_fd_prestat_dir_name(struct murre_wasi_call *call, const union murre_slot *args) {
    uint8_t *result = murre_wasi_guest_bytes(call, args[1].u32, args[2].u32);
    if (result == NULL)
        return WASI_FAULT;
    struct murre_wasi_entry *entry = get_preopen(call, args[0].u32);
    if (entry == NULL)
        return murre_wasi_fdtable_entry(&call->wasi->fds, args[0].u32) == NULL ? WASI_BADF : WASI_NOTDIR;
    if (args[2].u32 < entry->name_size)
        return WASI_NAMETOOLONG;
    memcpy(result, entry->name, entry->name_size);
    return WASI_SUCCESS;
}

/* ---- the rest ---------------------------------------------------------------------------------------------------------- */

murre_wasi_errno murre_wasi_fd_advise(struct murre_wasi_call *call, const union murre_slot *args) {
    static const int advices[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                  POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
    struct murre_wasi_entry *entry;
    murre_wasi_errno error = murre_wasi_fdtable_get(&call->wasi->fds, args[0].u32, WASI_RIGHT_FD_ADVISE, &entry);
    if (error != WASI_SUCCESS)
        return error;
    if (entry->kind->advise == NULL || args[3].u32 >= sizeof advices / sizeof *advices || args[1].u64 > INT64_MAX ||
        args[2].u64 > INT64_MAX)
        return WASI_INVAL;
    return entry->kind->advise(entry, args[1].u64, args[2].u64, advices[args[3].u32]);
}

murre_wasi_errno murre_wasi_fd_allocate(struct murre_wasi_call *call, const union murre_slot *args) {
    struct murre_wasi_entry *entry;
    murre_wasi_errno error = murre_wasi_fdtable_get(&call->wasi->fds, args[0].u32, WASI_RIGHT_FD_ALLOCATE, &entry);
    if (error != WASI_SUCCESS)
        return error;
    if (entry->kind->allocate == NULL || args[1].u64 > INT64_MAX || args[2].u64 > INT64_MAX)
        return WASI_INVAL;
    uint64_t *left = murre_wasi_budget(call->wasi, entry);
    struct murre_wasi_budget_place place = {0};
    struct murre_wasi_stat stat;
    if (left != NULL) {
        error = entry->kind->stat(entry, &stat);
        if (error != WASI_SUCCESS)
            return error;
        place = (struct murre_wasi_budget_place){.at = args[1].u64, .end = stat.size, .sparse = stat.sparse};
    }
    uint64_t cost = murre_wasi_budget_cost(&place, args[2].u64);
    error = murre_wasi_budget_spend(left, cost);
    if (error != WASI_SUCCESS)
        return error;
    return murre_wasi_budget_settle(left, cost, cost, entry->kind->allocate(call, entry, args[1].u64, args[2].u64));
}

static murre_wasi_errno sync_with(struct murre_wasi_call *call, uint32_t fd, uint64_t rights, bool only_data) {
    struct murre_wasi_entry *entry;
    murre_wasi_errno error = murre_wasi_fdtable_get(&call->wasi->fds, fd, rights, &entry);
    if (error != WASI_SUCCESS)
        return error;
    return entry->kind->sync == NULL ? WASI_INVAL : entry->kind->sync(call, entry, only_data);
}

murre_wasi_errno murre_wasi_fd_sync(struct murre_wasi_call *call, const union murre_slot *args) {
    return sync_with(call, args[0].u32, WASI_RIGHT_FD_SYNC, false);
}

murre_wasi_errno murre_wasi_fd_datasync(struct murre_wasi_call *call, const union murre_slot *args) {
    return sync_with(call, args[0].u32, WASI_RIGHT_FD_DATASYNC, true);
}

murre_wasi_errno murre_wasi_fd_close(struct murre_wasi_call *call, const union murre_slot *args) {
    return murre_wasi_fdtable_close(&call->wasi->fds, args[0].u32);
}

murre_wasi_errno murre_wasi_fd_renumber(struct murre_wasi_call *call, const union murre_slot *args) {
    return murre_wasi_fdtable_move(&call->wasi->fds, args[0].u32, args[1].u32);
}
