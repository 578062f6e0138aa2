/* Calls that name files by path, except path_open: create_directory, filestat_get, filestat_set_times, link, readlink, remove_directory,
 * rename, symlink, unlink_file. Rights and guest memory are checked here; the folder's kind does the rest. */
#include <string.h>

#include "wasi/budget.h"

/* A path argument: its folder's entry, what that can do, and text. */
struct place {
    struct murre_wasi_entry *folder;
    const struct murre_wasi_folder *act;
    struct murre_wasi_path path;
};

static murre_wasi_errno get_place(struct murre_wasi_call *call, uint32_t fd, uint64_t rights, uint32_t pointer, uint32_t size,
                                  struct place *place) {
    murre_wasi_errno error = WASI_SUCCESS;
    if (!murre_wasi_guest_path(call, pointer, size, &place->path, &error))
        return error;
    error = murre_wasi_fdtable_get_dir(&call->wasi->fds, fd, rights, &place->folder);
    if (error == WASI_SUCCESS)
        place->act = place->folder->kind->folder;
    return error;
}

/* Before a name is made, and afterwards. */
static murre_wasi_errno spend_name(struct murre_wasi_call *call, const struct place *place) {
    return murre_wasi_budget_spend(murre_wasi_budget(call->wasi, place->folder), MURRE_WASI_NAME_COST);
}
static murre_wasi_errno settle_name(struct murre_wasi_call *call, const struct place *place, murre_wasi_errno error) {
    return murre_wasi_budget_settle(murre_wasi_budget(call->wasi, place->folder), MURRE_WASI_NAME_COST, MURRE_WASI_NAME_COST, error);
}

/* ---- one path, not followed ----------------------------------------------------------------------------------------- */

murre_wasi_errno murre_wasi_path_create_directory(struct murre_wasi_call *call, const union murre_slot *args) {
    struct place place;
    murre_wasi_errno error = get_place(call, args[0].u32, WASI_RIGHT_PATH_CREATE_DIRECTORY, args[1].u32, args[2].u32, &place);
    if (error != WASI_SUCCESS || (error = spend_name(call, &place)) != WASI_SUCCESS)
        return error;
    return settle_name(call, &place, place.act->make_directory(call, place.folder, place.path.text));
}

murre_wasi_errno murre_wasi_path_remove_directory(struct murre_wasi_call *call, const union murre_slot *args) {
    struct place place;
    murre_wasi_errno error = get_place(call, args[0].u32, WASI_RIGHT_PATH_REMOVE_DIRECTORY, args[1].u32, args[2].u32, &place);
    return error != WASI_SUCCESS ? error : place.act->remove_directory(call, place.folder, place.path.text);
}

murre_wasi_errno murre_wasi_path_unlink_file(struct murre_wasi_call *call, const union murre_slot *args) {
    struct place place;
    murre_wasi_errno error = get_place(call, args[0].u32, WASI_RIGHT_PATH_UNLINK_FILE, args[1].u32, args[2].u32, &place);
    return error != WASI_SUCCESS ? error : place.act->unlink_file(call, place.folder, place.path.text);
}

/* ---- attributes ----------------------------------------------------------------------------------------------------- */

murre_wasi_errno murre_wasi_path_filestat_get(struct murre_wasi_call *call, const union murre_slot *args) {
    struct place place;
    struct murre_wasi_stat stat;
    uint8_t *result = murre_wasi_guest(call, args[4].u32, murre_wasi_filestat_size(call), 1, 8);
    if (result == NULL)
        return WASI_FAULT;
    murre_wasi_errno error = get_place(call, args[0].u32, WASI_RIGHT_PATH_FILESTAT_GET, args[2].u32, args[3].u32, &place);
    if (error == WASI_SUCCESS)
        error = place.act->stat(call, place.folder, place.path.text, args[1].u32 & WASI_LOOKUP_SYMLINK_FOLLOW, &stat);
    if (error == WASI_SUCCESS)
        murre_wasi_put_filestat(call, result, &stat);
    return error;
}

murre_wasi_errno murre_wasi_path_filestat_set_times(struct murre_wasi_call *call, const union murre_slot *args) {
    struct place place;
    struct timespec times[2];
    murre_wasi_errno error = get_place(call, args[0].u32, WASI_RIGHT_PATH_FILESTAT_SET_TIMES, args[2].u32, args[3].u32, &place);
    if (error != WASI_SUCCESS)
        return error;
    if (!murre_wasi_set_times(times, args[4].u64, args[5].u64, args[6].u32))
        return WASI_INVAL;
    bool follow = args[1].u32 & WASI_LOOKUP_SYMLINK_FOLLOW;
    if (args[6].u32 == 0) { /* utimensat with nothing to set would not even look whether the file is there */
        struct murre_wasi_stat stat;
        return place.act->stat(call, place.folder, place.path.text, follow, &stat);
    }
    return place.act->set_times(call, place.folder, place.path.text, follow, times);
}

/* ---- links ---------------------------------------------------------------------------------------------------------- */

murre_wasi_errno murre_wasi_path_link(struct murre_wasi_call *call, const union murre_slot *args) {
    struct place from, to;
    murre_wasi_errno error = get_place(call, args[0].u32, WASI_RIGHT_PATH_LINK_SOURCE, args[2].u32, args[3].u32, &from);
    if (error == WASI_SUCCESS)
        error = get_place(call, args[4].u32, WASI_RIGHT_PATH_LINK_TARGET, args[5].u32, args[6].u32, &to);
    if (error != WASI_SUCCESS)
        return error;
    if (args[1].u32 & WASI_LOOKUP_SYMLINK_FOLLOW)
        return WASI_INVAL;
    if (from.act != to.act)
        return WASI_XDEV;
    error = spend_name(call, &to);
    if (error != WASI_SUCCESS)
        return error;
    return settle_name(call, &to, from.act->link(call, from.folder, from.path.text, to.folder, to.path.text));
}

murre_wasi_errno murre_wasi_path_rename(struct murre_wasi_call *call, const union murre_slot *args) {
    struct place from, to;
    murre_wasi_errno error = get_place(call, args[0].u32, WASI_RIGHT_PATH_RENAME_SOURCE, args[1].u32, args[2].u32, &from);
    if (error == WASI_SUCCESS)
        error = get_place(call, args[3].u32, WASI_RIGHT_PATH_RENAME_TARGET, args[4].u32, args[5].u32, &to);
    if (error != WASI_SUCCESS)
        return error;
    if (from.act != to.act)
        return WASI_XDEV;
    return from.act->rename(call, from.folder, from.path.text, to.folder, to.path.text);
}

/* A link may hold any relative text: it is judged when it is followed. Absolute ones never lead anywhere and would mislead the host. */
murre_wasi_errno murre_wasi_path_symlink(struct murre_wasi_call *call, const union murre_slot *args) {
    struct murre_wasi_path target;
    struct place place;
    murre_wasi_errno error = WASI_SUCCESS;
    if (!murre_wasi_guest_path(call, args[0].u32, args[1].u32, &target, &error))
        return error;
    error = get_place(call, args[2].u32, WASI_RIGHT_PATH_SYMLINK, args[3].u32, args[4].u32, &place);
    if (error != WASI_SUCCESS)
        return error;
    if (target.text[0] == '/')
        return WASI_PERM;
    error = spend_name(call, &place);
    if (error != WASI_SUCCESS)
        return error;
    return settle_name(call, &place, place.act->symlink(call, target.text, place.folder, place.path.text));
}

murre_wasi_errno murre_wasi_path_readlink(struct murre_wasi_call *call, const union murre_slot *args) {
    struct place place;
    char link[MURRE_WASI_PATH_MAX];
    uint32_t size = args[4].u32;
    uint8_t *buffer = murre_wasi_guest_bytes(call, args[3].u32, size);
    void *used = murre_wasi_guest(call, args[5].u32, 1, 4, 4);
    if (buffer == NULL || used == NULL)
        return WASI_FAULT;
    size_t got;
    murre_wasi_errno error = get_place(call, args[0].u32, WASI_RIGHT_PATH_READLINK, args[1].u32, args[2].u32, &place);
    if (error == WASI_SUCCESS)
        error = place.act->read_link(call, place.folder, place.path.text, link, sizeof link, &got);
    if (error != WASI_SUCCESS)
        return error;
    if (got < size)
        size = (uint32_t)got;
    memcpy(buffer, link, size);
    murre_wasi_put32(used, size);
    return WASI_SUCCESS;
}
