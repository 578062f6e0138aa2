/* Folders in memory as a kind (kind.h): paths below them and reading them. The order of the checks is Linux's, so that a guest gets the
 * errors that it would get in a folder of the host; tests/unit/wasi_memfs.c compares the two. */
#include <errno.h>
#include <string.h>

#include "wasi/memfs.h"

/* ---- reading: cookie 1 follows ".", 2 follows "..", others the name of that order ---------------------------------------- */

static murre_wasi_errno seek(struct murre_wasi_call *call, struct murre_wasi_entry *entry, uint64_t cookie) {
    (void)call;
    entry->position = cookie;
    return WASI_SUCCESS;
}

/* The first name behind the cookie. */
static struct murre_wasi_name *name_behind(const struct murre_wasi_entry *entry) {
    const struct murre_wasi_node *folder = entry->node;
    struct murre_wasi_name *name = folder->first;
    if (entry->passed != NULL && entry->removals == folder->removals && entry->passed->order == entry->position)
        return entry->passed->next;
    while (name != NULL && name->order <= entry->position)
        name = name->next;
    return name;
}

static bool peek(struct murre_wasi_call *call, struct murre_wasi_entry *entry, struct murre_wasi_dirent *dirent, murre_wasi_errno *error) {
    (void)call;
    const struct murre_wasi_node *folder = entry->node;
    entry->ahead = NULL;
    if (murre_wasi_memfs_is_gone(folder)) {
        *error = WASI_NOENT;
        return false;
    }
    if (entry->position < 2) { /* ".." is reported as the folder itself, as host_entries.c does */
        uint64_t next = entry->position + 1;
        *dirent = (struct murre_wasi_dirent){next, folder->ino, "..", (uint32_t)next, folder->type};
        return true;
    }
    struct murre_wasi_name *name = name_behind(entry);
    if (name == NULL)
        return false;
    entry->ahead = name;
    *dirent = (struct murre_wasi_dirent){name->order, name->node->ino, name->text, name->size, name->node->type};
    return true;
}

static void take(struct murre_wasi_entry *entry) {
    entry->passed = entry->ahead;
    entry->removals = entry->node->removals;
    entry->position = entry->ahead != NULL ? entry->ahead->order : entry->position + 1;
}

/* ---- opening --------------------------------------------------------------------------------------------------------------- */

/* Why a component that was only looked up has no node. */
static murre_wasi_errno absent(const struct murre_wasi_found *found) {
    return found->text.size > MURRE_WASI_MEMFS_NAME_MAX && !murre_wasi_memfs_is_gone(found->folder) ? WASI_NAMETOOLONG : WASI_NOENT;
}

/* A new node with a name; a bad name is reported before a lack of room. On failure nothing is left of it. */
static murre_wasi_errno create(const struct murre_wasi_found *at, uint8_t type, struct murre_wasi_node **node) {
    if (at->text.size > MURRE_WASI_MEMFS_NAME_MAX || murre_wasi_memfs_is_gone(at->folder))
        return absent(at);
    murre_wasi_errno error = murre_wasi_memfs_make(at->folder->fs, type, node);
    if (error != WASI_SUCCESS)
        return error;
    error = murre_wasi_memfs_name(at->folder, at->text, *node);
    murre_wasi_memfs_let_go(*node);
    return error;
}

static murre_wasi_errno check_opened(const struct murre_wasi_found *found, const struct murre_wasi_open *request) {
    const struct murre_wasi_node *node = found->node;
    bool is_folder = murre_wasi_memfs_is_folder(node), create = request->oflags & WASI_OFLAG_CREAT;
    bool change = request->write || request->oflags & WASI_OFLAG_TRUNC;
    if (create && request->oflags & WASI_OFLAG_EXCL)
        return WASI_EXIST;
    if (create && is_folder)
        return WASI_ISDIR;
    if (node->type == WASI_FILETYPE_SYMBOLIC_LINK)
        return WASI_LOOP;
    if (!is_folder && (found->slash || request->oflags & WASI_OFLAG_DIRECTORY))
        return WASI_NOTDIR;
    if (is_folder && change)
        return WASI_ISDIR;
    return node->immutable && change ? WASI_PERM : WASI_SUCCESS;
}

static murre_wasi_errno find_or_create(struct murre_wasi_node *folder, const char *path, const struct murre_wasi_open *request,
                                       struct murre_wasi_node **node) {
    struct murre_wasi_found found;
    bool create_it = request->oflags & WASI_OFLAG_CREAT;
    enum murre_wasi_last last = request->follow ? MURRE_WASI_LAST_FOLLOW : MURRE_WASI_LAST_KEEP;
    if (create_it)
        last = request->follow && !(request->oflags & WASI_OFLAG_EXCL) ? MURRE_WASI_LAST_CREATE : MURRE_WASI_LAST_CREATE_NEW;
    murre_wasi_errno error = murre_wasi_memfs_walk(folder, path, last, &found);
    if (error != WASI_SUCCESS)
        return error;
    *node = found.node;
    if (found.node != NULL)
        return check_opened(&found, request);
    return create_it ? create(&found, WASI_FILETYPE_REGULAR_FILE, node) : WASI_NOENT;
}

static murre_wasi_errno open_file(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path,
                                  const struct murre_wasi_open *request, struct murre_wasi_entry **entry, uint32_t *fd) {
    /* The descriptor first: a file that was created or cut is not to be given up for want of one. */
    *entry = murre_wasi_fdtable_add(&call->wasi->fds, &murre_wasi_kind_memfs, fd);
    if (*entry == NULL)
        return murre_wasi_from_errno(errno);
    struct murre_wasi_node *node;
    murre_wasi_errno error = find_or_create(folder->node, path, request, &node);
    if (error == WASI_SUCCESS && request->oflags & WASI_OFLAG_TRUNC)
        error = murre_wasi_memfs_resize(node, 0);
    /* A descriptor that leads nowhere closes like one of the folder. */
    (*entry)->node = error == WASI_SUCCESS ? node : folder->node;
    (*entry)->flags = murre_wasi_host_flags(request->fdflags);
    bool write = request->write || (request->try_write && !(*entry)->node->immutable);
    (*entry)->able = murre_wasi_access(request->read || !write, write);
    murre_wasi_memfs_hold((*entry)->node);
    if (error != WASI_SUCCESS)
        murre_wasi_fdtable_close(&call->wasi->fds, *fd);
    return error;
}

/* ---- making and removing ---------------------------------------------------------------------------------------------------- */

static murre_wasi_errno make_directory(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path) {
    (void)call;
    struct murre_wasi_found found;
    struct murre_wasi_node *node;
    murre_wasi_errno error = murre_wasi_memfs_walk(folder->node, path, MURRE_WASI_LAST_PARENT, &found);
    if (error != WASI_SUCCESS)
        return error;
    return found.node != NULL ? WASI_EXIST : create(&found, WASI_FILETYPE_DIRECTORY, &node);
}

static murre_wasi_errno remove_directory(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path) {
    (void)call;
    struct murre_wasi_found found;
    murre_wasi_errno error = murre_wasi_memfs_walk(folder->node, path, MURRE_WASI_LAST_PARENT, &found);
    if (error != WASI_SUCCESS)
        return error;
    if (found.dots != 0)
        return found.dots == 1 ? WASI_INVAL : WASI_NOTEMPTY;
    if (found.node == NULL)
        return absent(&found);
    if (!murre_wasi_memfs_is_folder(found.node))
        return WASI_NOTDIR;
    if (found.node->first != NULL)
        return WASI_NOTEMPTY;
    murre_wasi_memfs_unname(found.name);
    return WASI_SUCCESS;
}

static murre_wasi_errno unlink_file(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path) {
    (void)call;
    struct murre_wasi_found found;
    murre_wasi_errno error = murre_wasi_memfs_walk(folder->node, path, MURRE_WASI_LAST_PARENT, &found);
    if (error != WASI_SUCCESS)
        return error;
    if (found.dots != 0)
        return WASI_ISDIR;
    if (found.node == NULL)
        return absent(&found);
    if (murre_wasi_memfs_is_folder(found.node))
        return WASI_ISDIR;
    if (found.slash)
        return WASI_NOTDIR;
    if (found.node->immutable)
        return WASI_PERM;
    murre_wasi_memfs_unname(found.name);
    return WASI_SUCCESS;
}

/* ---- attributes -------------------------------------------------------------------------------------------------------------- */

static murre_wasi_errno find_existing(struct murre_wasi_entry *folder, const char *path, bool follow, struct murre_wasi_node **node) {
    struct murre_wasi_found found;
    murre_wasi_errno error = murre_wasi_memfs_walk(folder->node, path, follow ? MURRE_WASI_LAST_FOLLOW : MURRE_WASI_LAST_KEEP, &found);
    if (error != WASI_SUCCESS)
        return error;
    *node = found.node;
    if (found.node == NULL)
        return WASI_NOENT;
    return found.slash && !murre_wasi_memfs_is_folder(found.node) ? WASI_NOTDIR : WASI_SUCCESS;
}

static murre_wasi_errno stat_path(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path, bool follow,
                                  struct murre_wasi_stat *stat) {
    (void)call;
    struct murre_wasi_node *node;
    murre_wasi_errno error = find_existing(folder, path, follow, &node);
    if (error == WASI_SUCCESS)
        murre_wasi_memfs_stat(node, stat);
    return error;
}

static murre_wasi_errno set_times(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path, bool follow,
                                  const struct timespec times[2]) {
    (void)call;
    struct murre_wasi_node *node;
    murre_wasi_errno error = find_existing(folder, path, follow, &node);
    return error != WASI_SUCCESS ? error : murre_wasi_memfs_set_times(node, times);
}

/* ---- links, renaming --------------------------------------------------------------------------------------------------------- */

static murre_wasi_errno find_parents(struct murre_wasi_entry *from, const char *from_path, struct murre_wasi_entry *to, const char *to_path,
                                     struct murre_wasi_found *old, struct murre_wasi_found *new) {
    murre_wasi_errno error = murre_wasi_memfs_walk(from->node, from_path, MURRE_WASI_LAST_PARENT, old);
    return error != WASI_SUCCESS ? error : murre_wasi_memfs_walk(to->node, to_path, MURRE_WASI_LAST_PARENT, new);
}

/* A name for something that is no folder. */
static murre_wasi_errno check_new_name(const struct murre_wasi_found *found) {
    if (found->node != NULL)
        return WASI_EXIST;
    if (absent(found) == WASI_NAMETOOLONG)
        return WASI_NAMETOOLONG;
    return found->slash || murre_wasi_memfs_is_gone(found->folder) ? WASI_NOENT : WASI_SUCCESS;
}

static murre_wasi_errno link_file(struct murre_wasi_call *call, struct murre_wasi_entry *from, const char *from_path,
                                  struct murre_wasi_entry *to, const char *to_path) {
    (void)call;
    struct murre_wasi_found old, new;
    murre_wasi_errno error = find_parents(from, from_path, to, to_path, &old, &new);
    if (error != WASI_SUCCESS)
        return error;
    if (old.dots != 0 || old.slash)
        return WASI_PERM;
    if (old.node == NULL)
        return absent(&old);
    error = check_new_name(&new);
    if (error != WASI_SUCCESS)
        return error;
    if (old.folder->fs != new.folder->fs)
        return WASI_XDEV;
    if (murre_wasi_memfs_is_folder(old.node) || old.node->immutable)
        return WASI_PERM;
    return murre_wasi_memfs_name(new.folder, new.text, old.node);
}

/* node is a folder that the other one is in, at whatever depth, or is itself. */
static bool contains(const struct murre_wasi_node *node, const struct murre_wasi_node *folder) {
    while (folder != node && folder->self != NULL)
        folder = folder->self->folder;
    return folder == node;
}

static murre_wasi_errno check_rename(const struct murre_wasi_found *old, const struct murre_wasi_found *new) {
    if (old->folder->fs != new->folder->fs)
        return WASI_XDEV;
    if (old->dots != 0 || new->dots != 0)
        return WASI_BUSY;
    if (old->node == NULL)
        return absent(old);
    if (new->node == NULL && (murre_wasi_memfs_is_gone(new->folder) || absent(new) == WASI_NAMETOOLONG))
        return absent(new);
    bool is_folder = murre_wasi_memfs_is_folder(old->node);
    if (!is_folder && (old->slash || new->slash))
        return WASI_NOTDIR;
    if (is_folder && contains(old->node, new->folder))
        return WASI_INVAL;
    if (new->node == NULL)
        return old->node->immutable ? WASI_PERM : WASI_SUCCESS;
    if (murre_wasi_memfs_is_folder(new->node) && contains(new->node, old->folder))
        return WASI_NOTEMPTY;
    if (old->node == new->node)
        return WASI_SUCCESS;
    if (old->node->immutable || new->node->immutable)
        return WASI_PERM;
    if (is_folder != murre_wasi_memfs_is_folder(new->node))
        return is_folder ? WASI_NOTDIR : WASI_ISDIR;
    return is_folder && new->node->first != NULL ? WASI_NOTEMPTY : WASI_SUCCESS;
}

static murre_wasi_errno rename_file(struct murre_wasi_call *call, struct murre_wasi_entry *from, const char *from_path,
                                    struct murre_wasi_entry *to, const char *to_path) {
    (void)call;
    struct murre_wasi_found old, new;
    murre_wasi_errno error = find_parents(from, from_path, to, to_path, &old, &new);
    if (error == WASI_SUCCESS)
        error = check_rename(&old, &new);
    if (error != WASI_SUCCESS || old.node == new.node)
        return error;
    /* A folder has one name at a time, and a node is not to go between the two. */
    struct murre_wasi_node *node = old.node;
    murre_wasi_memfs_hold(node);
    if (new.name != NULL) {
        murre_wasi_memfs_unname(old.name);
        murre_wasi_memfs_rename_to(new.name, node);
    } else {
        error = murre_wasi_memfs_name(new.folder, new.text, node);
        if (error == WASI_SUCCESS) {
            struct murre_wasi_name *self = murre_wasi_memfs_is_folder(node) ? node->self : NULL;
            murre_wasi_memfs_unname(old.name);
            if (self != NULL)
                node->self = self;
        }
    }
    murre_wasi_memfs_let_go(node);
    return error;
}

static murre_wasi_errno make_link(struct murre_wasi_call *call, const char *target, struct murre_wasi_entry *folder, const char *path) {
    (void)call;
    struct murre_wasi_found found;
    struct murre_wasi_node *node;
    murre_wasi_errno error = murre_wasi_memfs_walk(folder->node, path, MURRE_WASI_LAST_PARENT, &found);
    if (error != WASI_SUCCESS)
        return error;
    if (target[0] == '\0')
        return WASI_NOENT;
    error = check_new_name(&found);
    if (error != WASI_SUCCESS)
        return error;
    error = murre_wasi_memfs_make(found.folder->fs, WASI_FILETYPE_SYMBOLIC_LINK, &node);
    if (error != WASI_SUCCESS)
        return error;
    size_t size = strlen(target);
    error = murre_wasi_memfs_resize(node, size);
    if (error == WASI_SUCCESS) {
        memcpy(node->bytes, target, size);
        error = murre_wasi_memfs_name(found.folder, found.text, node);
    }
    murre_wasi_memfs_let_go(node);
    return error;
}

/* Follows no link, so that "name/", "." and ".." can only be folders: no links. */
static murre_wasi_errno read_link(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path, char *buffer,
                                  size_t size, size_t *got) {
    (void)call;
    struct murre_wasi_node *node;
    murre_wasi_errno error = find_existing(folder, path, false, &node);
    if (error != WASI_SUCCESS)
        return error;
    if (node->type != WASI_FILETYPE_SYMBOLIC_LINK)
        return WASI_INVAL;
    *got = node->size < size ? node->size : size;
    memcpy(buffer, node->bytes, *got);
    return WASI_SUCCESS;
}

const struct murre_wasi_folder murre_wasi_folder_memfs = {
    .seek = seek,
    .peek = peek,
    .take = take,
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
