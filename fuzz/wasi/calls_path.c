/* The calls that name files by path: what each must return and do according to the model. */
#include <string.h>

#include "wasi/guest.h"

/* A path, the folder it starts from and where its last component lies. */
struct target {
    uint32_t fd;
    struct guest_path path;
    struct model_node *folder;
    bool usable; /* the path, and the folder with its rights */
    bool found;  /* place is set */
    struct model_place place;
};

static void take_target(struct guest *g, struct target *t, uint32_t at, uint64_t rights, struct model_errors *errors) {
    t->fd = guest_pick_fd(g);
    bool readable = guest_path(g, at, &t->path, errors);
    /* A path that cannot be used is refused before the folder is looked at. */
    t->folder = readable ? guest_folder(g, t->fd, rights, errors) : NULL;
    t->usable = readable && t->folder;
    t->found = false;
}

static void find_target(struct target *t, struct model_errors *errors) {
    if (t->usable)
        t->found = model_parent(t->folder, t->path.text, &t->place, errors);
}

/* Whether a name can be made at place; is_dir: a folder, which may be written with a slash behind; size: of what it holds. */
static void may_make(struct guest *g, const struct model_place *place, bool is_dir, size_t size, struct model_errors *errors) {
    if (place->last != MODEL_NAME || place->node)
        model_error(errors, WASI_EXIST);
    else if (place->dir->removed || (place->slash && !is_dir))
        model_error(errors, WASI_NOENT);
    else
        guest_needs_name(g, place, size, errors);
}

static void create_directory(struct guest *g) {
    struct model_errors errors = {0};
    struct target t;
    take_target(g, &t, PATHS, WASI_RIGHT_PATH_CREATE_DIRECTORY, &errors);
    find_target(&t, &errors);
    if (t.found)
        may_make(g, &t.place, true, 0, &errors);
    if (GUEST_CALL(g, path_create_directory, &errors, t.fd, t.path.pointer, t.path.size))
        model_add(&g->model, t.place.dir, t.place.name, MODEL_DIR, NULL, 0);
}

static void remove_directory(struct guest *g) {
    struct model_errors errors = {0};
    struct target t;
    take_target(g, &t, PATHS, WASI_RIGHT_PATH_REMOVE_DIRECTORY, &errors);
    find_target(&t, &errors);
    if (t.found) {
        if (t.place.last != MODEL_NAME)
            model_error(&errors, t.place.last == MODEL_DOT ? WASI_INVAL : WASI_NOTEMPTY);
        else if (!t.place.node)
            model_error(&errors, WASI_NOENT);
        else if (t.place.node->kind != MODEL_DIR)
            model_error(&errors, WASI_NOTDIR);
        else if (t.place.node->entry_count)
            model_error(&errors, WASI_NOTEMPTY);
    }
    if (GUEST_CALL(g, path_remove_directory, &errors, t.fd, t.path.pointer, t.path.size))
        model_detach(t.place.dir, t.place.name);
}

static void unlink_file(struct guest *g) {
    struct model_errors errors = {0};
    struct target t;
    take_target(g, &t, PATHS, WASI_RIGHT_PATH_UNLINK_FILE, &errors);
    find_target(&t, &errors);
    if (t.found) {
        if (t.place.last != MODEL_NAME || (t.place.node && t.place.node->kind == MODEL_DIR))
            model_error(&errors, WASI_ISDIR);
        else if (!t.place.node)
            model_error(&errors, WASI_NOENT);
        else if (t.place.slash)
            model_error(&errors, WASI_NOTDIR);
        else if (t.place.node->immutable)
            model_error(&errors, WASI_PERM);
    }
    if (GUEST_CALL(g, path_unlink_file, &errors, t.fd, t.path.pointer, t.path.size))
        model_detach(t.place.dir, t.place.name);
}

/* ---- two paths --------------------------------------------------------------------------------------------------------- */

static bool is_above(const struct model_node *node, const struct model_node *dir) {
    while (dir != node && dir->parent != dir)
        dir = dir->parent;
    return dir == node;
}

/* Between folders of different kinds nothing else is looked at. */
static void may_not_cross(const struct target *from, const struct target *to, struct model_errors *errors) {
    if (from->usable && to->usable && from->folder->volume != to->folder->volume)
        model_error(errors, WASI_XDEV);
}

static void may_rename(const struct model_place *from, const struct model_place *to, struct model_errors *errors) {
    if (from->last != MODEL_NAME || to->last != MODEL_NAME) {
        model_error(errors, WASI_BUSY);
        return;
    }
    if (!from->node || to->dir->removed) {
        model_error(errors, WASI_NOENT);
        if (!from->node)
            return;
    }
    bool is_dir = from->node->kind == MODEL_DIR;
    if (!is_dir && (from->slash || to->slash))
        model_error(errors, WASI_NOTDIR);
    if (is_dir && is_above(from->node, to->dir))
        model_error(errors, WASI_INVAL);
    if (from->node->immutable && to->node != from->node)
        model_error(errors, WASI_PERM);
    if (!to->node)
        return;
    if (to->node->kind == MODEL_DIR && is_above(to->node, from->dir))
        model_error(errors, WASI_NOTEMPTY);
    if (to->node == from->node)
        return;
    if (to->node->immutable)
        model_error(errors, WASI_PERM);
    if (is_dir && to->node->kind != MODEL_DIR)
        model_error(errors, WASI_NOTDIR);
    if (!is_dir && to->node->kind == MODEL_DIR)
        model_error(errors, WASI_ISDIR);
    if (to->node->kind == MODEL_DIR && to->node->entry_count)
        model_error(errors, WASI_NOTEMPTY);
}

/* A name that is too long is noticed when it is looked up: what else is wrong may be noticed before. special: of ".", "..". */
static void may_be_noticed_before(const struct target *from, const struct target *to, unsigned special, struct model_errors *errors) {
    if (!from->usable || !to->usable || (from->found && to->found) || !model_error_in(errors, WASI_NAMETOOLONG))
        return;
    if ((from->found && from->place.last != MODEL_NAME) || (to->found && to->place.last != MODEL_NAME))
        model_error(errors, special);
    else if (from->found && !from->place.node)
        model_error(errors, WASI_NOENT);
}

static void rename_(struct guest *g) {
    struct model_errors errors = {0};
    struct target from, to;
    take_target(g, &from, PATHS, WASI_RIGHT_PATH_RENAME_SOURCE, &errors);
    take_target(g, &to, SECOND_PATH, WASI_RIGHT_PATH_RENAME_TARGET, &errors);
    find_target(&from, &errors);
    find_target(&to, &errors);
    if (from.found && to.found)
        may_rename(&from.place, &to.place, &errors);
    may_be_noticed_before(&from, &to, WASI_BUSY, &errors);
    may_not_cross(&from, &to, &errors);
    if (to.found && !to.place.node)
        guest_needs_name(g, &to.place, 0, &errors);
    if (!GUEST_CALL(g, path_rename, &errors, from.fd, from.path.pointer, from.path.size, to.fd, to.path.pointer, to.path.size) ||
        from.place.node == to.place.node)
        return;
    struct model_node *node = from.place.node;
    bool known = node->mtim_known;
    model_detach(from.place.dir, from.place.name);
    (to.place.node ? model_replace : model_attach)(to.place.dir, to.place.name, node);
    node->mtim_known = known && node->kind != MODEL_DIR; /* a folder's own ".." may count as a change of it */
}

static void link_(struct guest *g) {
    struct model_errors errors = {0};
    struct target from, to;
    uint32_t flags = guest_byte(g) >= 240;
    take_target(g, &from, PATHS, WASI_RIGHT_PATH_LINK_SOURCE, &errors);
    take_target(g, &to, SECOND_PATH, WASI_RIGHT_PATH_LINK_TARGET, &errors);
    if (flags)
        model_error(&errors, WASI_INVAL);
    find_target(&from, &errors);
    find_target(&to, &errors);
    if (from.found && to.found) {
        if (from.place.last != MODEL_NAME || from.place.slash || (from.place.node && from.place.node->kind == MODEL_DIR))
            model_error(&errors, WASI_PERM);
        else if (!from.place.node)
            model_error(&errors, WASI_NOENT);
        else if (from.place.node->immutable)
            model_error(&errors, WASI_PERM);
        may_make(g, &to.place, false, 0, &errors);
    }
    may_be_noticed_before(&from, &to, WASI_PERM, &errors);
    size_t length = strlen(from.path.text);
    if (from.usable && to.usable && length && from.path.text[length - 1] == '/' && model_error_in(&errors, WASI_NAMETOOLONG))
        model_error(&errors, WASI_PERM); /* for the slash, before or after */
    may_not_cross(&from, &to, &errors);
    if (GUEST_CALL(g, path_link, &errors, from.fd, flags, from.path.pointer, from.path.size, to.fd, to.path.pointer, to.path.size)) {
        bool known = from.place.node->mtim_known;
        model_attach(to.place.dir, to.place.name, from.place.node);
        from.place.node->mtim_known = known;
    }
}

static void symlink_(struct guest *g) {
    struct model_errors errors = {0};
    struct guest_path text;
    struct target t;
    bool readable = guest_path(g, SECOND_PATH, &text, &errors);
    take_target(g, &t, PATHS, WASI_RIGHT_PATH_SYMLINK, &errors);
    if (readable && text.text[0] == '/')
        model_error(&errors, WASI_PERM);
    if (readable && text.size == 0)
        model_error(&errors, WASI_NOENT);
    find_target(&t, &errors);
    if (t.found)
        may_make(g, &t.place, false, text.size, &errors);
    if (GUEST_CALL(g, path_symlink, &errors, text.pointer, text.size, t.fd, t.path.pointer, t.path.size))
        model_add(&g->model, t.place.dir, t.place.name, MODEL_LINK, text.text, text.size);
}

static void readlink_(struct guest *g) {
    struct model_errors errors = {0};
    struct target t;
    struct model_place whole;
    uint32_t size = guest_byte(g) % 64, buffer = GUEST_SIZE - size - guest_byte(g) % 8, used = guest_pointer(g, 4, 4);
    take_target(g, &t, PATHS, WASI_RIGHT_PATH_READLINK, &errors);
    find_target(&t, &errors);
    if (t.found && (t.place.last != MODEL_NAME || t.place.slash)) { /* a folder, if anything */
        if (model_resolve(t.folder, t.path.text, true, false, &whole, &errors))
            model_error(&errors, WASI_INVAL);
    } else if (t.found && !t.place.node) {
        model_error(&errors, WASI_NOENT);
    } else if (t.found && t.place.node->kind != MODEL_LINK) {
        model_error(&errors, WASI_INVAL);
    }
    if (!GUEST_CALL(g, path_readlink, &errors, t.fd, t.path.pointer, t.path.size, buffer, size, used))
        return;
    uint32_t moved = size < t.place.node->size ? size : (uint32_t)t.place.node->size;
    memcpy(g->shadow + buffer, t.place.node->data, moved);
    murre_wasi_put32(g->shadow + used, moved);
}

/* ---- attributes -------------------------------------------------------------------------------------------------------- */

/* The node that a call with attributes means. "name/", "." and ".." are followed always. */
static struct model_node *attributed(struct target *t, bool follow, struct model_errors *errors) {
    find_target(t, errors);
    if (!t->found)
        return NULL;
    bool plain = t->place.last == MODEL_NAME && !t->place.slash;
    return model_resolve(t->folder, t->path.text, follow || !plain, false, &t->place, errors) ? t->place.node : NULL;
}

static void filestat_get(struct guest *g) {
    struct model_errors errors = {0};
    struct target t;
    uint32_t flags = guest_byte(g) & 1, size = murre_wasi_filestat_size(&g->call), result = guest_pointer(g, size, 8);
    take_target(g, &t, PATHS, WASI_RIGHT_PATH_FILESTAT_GET, &errors);
    const struct model_node *node = attributed(&t, flags, &errors);
    if (!GUEST_CALL(g, path_filestat_get, &errors, t.fd, flags, t.path.pointer, t.path.size, result))
        return;
    guest_accept(g, result, size);
    guest_check_stat(g, result, node);
}

static void filestat_set_times(struct guest *g) {
    struct model_errors errors = {0};
    struct target t;
    uint32_t flags = guest_byte(g) & 1, which = guest_byte(g) % 20;
    uint64_t atim = guest_number(g), mtim = guest_number(g);
    take_target(g, &t, PATHS, WASI_RIGHT_PATH_FILESTAT_SET_TIMES, &errors);
    if (which > 15 || (which & 3) == 3 || which >> 2 == 3)
        model_error(&errors, WASI_INVAL);
    struct model_node *node = attributed(&t, flags, &errors);
    if (node && node->immutable && which)
        model_error(&errors, WASI_PERM);
    if (!GUEST_CALL(g, path_filestat_set_times, &errors, t.fd, flags, t.path.pointer, t.path.size, atim, mtim, which))
        return;
    guest_set_times(node, which, atim, mtim);
}

/* ---- opening ----------------------------------------------------------------------------------------------------------- */

/* The input's rights: all, of a file, a few, any. */
static uint64_t take_rights(struct guest *g) {
    static const uint64_t sets[] = {WASI_RIGHTS_ALL,
                                    WASI_RIGHTS_ALL & ~(WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_ALLOCATE | WASI_RIGHT_FD_FILESTAT_SET_SIZE),
                                    WASI_RIGHTS_FILE,
                                    WASI_RIGHTS_DIRECTORY,
                                    WASI_RIGHT_FD_READ,
                                    WASI_RIGHT_FD_READ | WASI_RIGHT_FD_WRITE,
                                    WASI_RIGHT_FD_READ | WASI_RIGHT_FD_TELL,
                                    WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_SEEK,
                                    WASI_RIGHT_FD_ALLOCATE | WASI_RIGHT_FD_FILESTAT_SET_SIZE,
                                    0};
    uint8_t byte = guest_byte(g);
    return byte < 250 ? sets[byte % 10] : guest_number(g);
}

/* What opening a thing that is there comes to. */
static void may_open(const struct model_place *place, uint32_t oflags, bool writes, struct model_errors *errors) {
    const struct model_node *node = place->node;
    bool create = oflags & WASI_OFLAG_CREAT, exclusive = create && oflags & WASI_OFLAG_EXCL, truncate = oflags & WASI_OFLAG_TRUNC;
    if (exclusive)
        model_error(errors, WASI_EXIST);
    if (node->kind == MODEL_DIR && (create || writes || truncate))
        model_error(errors, WASI_ISDIR);
    if (node->kind != MODEL_DIR && oflags & WASI_OFLAG_DIRECTORY)
        model_error(errors, WASI_NOTDIR);
    if (node->kind == MODEL_LINK)
        model_error(errors, WASI_LOOP);
    if (node->immutable && (writes || truncate))
        model_error(errors, WASI_PERM);
}

/* A path_open: what is asked for, and what it comes to. */
struct opening {
    uint32_t flags, oflags, fdflags, result;
    uint64_t base, inheriting;
    bool reads, writes, may_write;
    struct guest_fd fd;
};

static void take_opening(struct guest *g, struct opening *o) {
    *o = (struct opening){.fd.kind = GUEST_NODE};
    o->flags = guest_byte(g) & 1;
    o->oflags = guest_byte(g) % 18;
    o->fdflags = guest_byte(g);
    o->fdflags = o->fdflags < 128 ? 0 : o->fdflags % 33;
    o->base = take_rights(g);
    o->inheriting = take_rights(g);
    o->base = murre_wasi_known_rights(&g->call, o->base);
    o->inheriting = murre_wasi_known_rights(&g->call, o->inheriting);
    o->result = guest_pointer(g, 4, 4);
}

/* Of the folder. */
static uint64_t rights_to_open(const struct opening *o) {
    uint64_t needed = WASI_RIGHT_PATH_OPEN;
    if (o->oflags & WASI_OFLAG_CREAT)
        needed |= WASI_RIGHT_PATH_CREATE_FILE;
    if (o->oflags & WASI_OFLAG_TRUNC)
        needed |= WASI_RIGHT_PATH_FILESTAT_SET_SIZE;
    return needed;
}

/* The rights that the new descriptor gets from the folder's, and what they let it do. */
static void inherit(const struct guest *g, struct opening *o, const struct guest_fd *from) {
    const uint64_t reading = WASI_RIGHT_FD_READ | WASI_RIGHT_FD_READDIR;
    struct guest_fd *fd = &o->fd;
    fd->base = o->base & from->passes;
    fd->inheriting = o->inheriting & from->passes;
    fd->allowed = g->enforces ? fd->base : from->passes;
    fd->passes = g->enforces ? fd->inheriting : from->passes;
    o->writes = fd->base & (g->enforces ? WASI_RIGHTS_WRITES : WASI_RIGHT_FD_WRITE);
    o->reads = fd->base & reading || !o->writes;
    o->may_write = !g->enforces && from->passes & WASI_RIGHT_FD_WRITE && !(fd->base & reading);
}

/* With a folder and a path that can be used. */
static void expect_opening(struct guest *g, struct opening *o, struct target *t, struct model_errors *errors) {
    const struct guest_fd *from = guest_fd(g, t->fd);
    bool create = o->oflags & WASI_OFLAG_CREAT, follow = o->flags && !(create && o->oflags & WASI_OFLAG_EXCL);
    if (o->base & (WASI_RIGHT_FD_READ | WASI_RIGHT_FD_WRITE) & ~from->passes)
        model_error(errors, WASI_NOTCAPABLE);
    if (create && o->oflags & WASI_OFLAG_DIRECTORY)
        model_error(errors, WASI_INVAL);
    inherit(g, o, from);
    if (!model_resolve(t->folder, t->path.text, follow, create, &t->place, errors))
        return;
    if (t->place.node)
        may_open(&t->place, o->oflags, o->writes, errors);
    else if (t->place.dir->removed)
        model_error(errors, WASI_NOENT);
    else
        guest_needs_name(g, &t->place, 0, errors);
}

/* What the model has of it when the call has succeeded. */
static void note_opened(struct guest *g, struct opening *o, struct target *t) {
    struct guest_fd *fd = &o->fd;
    if (!t->place.node)
        t->place.node = model_add(&g->model, t->place.dir, t->place.name, MODEL_FILE, NULL, 0);
    if (o->oflags & WASI_OFLAG_TRUNC) {
        memset(t->place.node->data, 0, t->place.node->size);
        t->place.node->size = 0;
        guest_time_changes(t->place.node);
    }
    fd->node = t->place.node;
    fd->able = WASI_RIGHTS_ALL & ~(o->reads ? 0 : WASI_RIGHT_FD_READ);
    if (!o->writes && !(o->may_write && !fd->node->immutable))
        fd->able &= ~WASI_RIGHTS_WRITES;
    fd->append = o->fdflags & WASI_FDFLAG_APPEND;
    fd->nonblock = o->fdflags & WASI_FDFLAG_NONBLOCK;
    fd->sync = o->fdflags & (WASI_FDFLAG_SYNC | WASI_FDFLAG_RSYNC) ? 2 : o->fdflags & WASI_FDFLAG_DSYNC ? 1 : 0;
    guest_learn(fd);
    murre_wasi_put32(g->shadow + o->result, guest_add_fd(g, *fd));
}

static void open_(struct guest *g) {
    struct model_errors errors = {0};
    struct opening o;
    struct target t = {0};
    take_opening(g, &o);
    bool strange = o.oflags & ~(uint32_t)WASI_OFLAGS_ALL || o.fdflags & ~(uint32_t)WASI_FDFLAGS_ALL;
    t.fd = guest_pick_fd(g);
    bool readable = guest_path(g, PATHS, &t.path, &errors);
    if (strange)
        model_error(&errors, WASI_INVAL);
    t.folder = readable && !strange ? guest_folder(g, t.fd, rights_to_open(&o), &errors) : NULL;
    if (t.folder)
        expect_opening(g, &o, &t, &errors);
    if (GUEST_CALL(g, path_open, &errors, t.fd, o.flags, t.path.pointer, t.path.size, o.oflags, o.base, o.inheriting, o.fdflags, o.result))
        note_opened(g, &o, &t);
}

void calls_path(struct guest *g, int index) {
    switch (index) {
    case MURRE_WASI_INDEX_path_create_directory: create_directory(g); break;
    case MURRE_WASI_INDEX_path_remove_directory: remove_directory(g); break;
    case MURRE_WASI_INDEX_path_unlink_file: unlink_file(g); break;
    case MURRE_WASI_INDEX_path_rename: rename_(g); break;
    case MURRE_WASI_INDEX_path_link: link_(g); break;
    case MURRE_WASI_INDEX_path_symlink: symlink_(g); break;
    case MURRE_WASI_INDEX_path_readlink: readlink_(g); break;
    case MURRE_WASI_INDEX_path_filestat_get: filestat_get(g); break;
    case MURRE_WASI_INDEX_path_filestat_set_times: filestat_set_times(g); break;
    default: open_(g); break;
    }
}
