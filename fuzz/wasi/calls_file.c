/* Contents and positions: reading, writing, seeking, sizes, entries of folders. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "wasi/guest.h"
#include "wasi/world.h"

/* ---- buffer lists ------------------------------------------------------------------------------------------------------ */

enum { LIST_MAX = 80 };
struct list {
    uint32_t pointer, count;
    struct {
        uint32_t pointer, size;
    } items[LIST_MAX];
};

/* A few buffers, or more than murre takes at once. Now and then one that lies outside. */
static void take_list(struct guest *g, struct list *list) {
    uint8_t shape = guest_byte(g);
    list->count = shape < 200 ? shape % 4 : shape < 250 ? 1 + shape % 8 : LIST_MAX;
    list->pointer = LISTS + (shape >= 128 ? 4 : 0);
    for (uint32_t i = 0; i < list->count; i++) {
        uint8_t byte = list->count == LIST_MAX ? (uint8_t)(i * 37) : guest_byte(g);
        uint32_t size = byte < 128 ? byte % 24 : byte < 240 ? (byte - 128u) * 32 : (byte & 7u) * 1024;
        uint32_t pointer = byte % 3 == 0 ? GUEST_SIZE - size : 3072 + byte * 16u;
        if (byte == 255) {
            pointer = GUEST_SIZE;
            size = 1;
            g->bad_pointer = true;
        }
        list->items[i].pointer = pointer;
        list->items[i].size = size;
        guest_put32(g, list->pointer + 8 * i, pointer);
        guest_put32(g, list->pointer + 8 * i + 4, size);
    }
    if (shape == 251) {
        list->count = UINT32_MAX;
        g->bad_pointer = true;
    }
}

/* How many of the buffers count, and their sum: empty ones do not, and no more than murre takes. */
static size_t list_size(const struct list *list, uint32_t *used) {
    size_t total = 0, taken = 0;
    for (*used = 0; *used < list->count; ++*used) {
        if (list->items[*used].size && taken++ == MURRE_WASI_IOVECS)
            break;
        total += list->items[*used].size;
    }
    return total;
}

/* One buffer after the other, as they may overlap. */
static size_t scatter(struct guest *g, const struct list *list, const uint8_t *from, size_t left) {
    uint32_t used;
    size_t done = 0;
    list_size(list, &used);
    for (uint32_t i = 0; i < used && left; i++) {
        size_t size = list->items[i].size < left ? list->items[i].size : left;
        memcpy(g->shadow + list->items[i].pointer, from + done, size);
        done += size;
        left -= size;
    }
    return done;
}

static size_t gather(struct guest *g, const struct list *list, uint8_t *to, size_t left) {
    uint32_t used;
    size_t done = 0;
    list_size(list, &used);
    for (uint32_t i = 0; i < used && left; i++) {
        size_t size = list->items[i].size < left ? list->items[i].size : left;
        memcpy(to + done, g->shadow + list->items[i].pointer, size);
        done += size;
        left -= size;
    }
    return done;
}

/* ---- files may not grow without bound ------------------------------------------------------------------------------------ */

/* What a file that is to have more bytes than any may comes to. */
static unsigned too_large(const struct model_node *node) {
    return node->volume->memory ? WASI_NOSPC : WASI_FBIG;
}

/* Of the process, so only around calls that make files grow. */
static bool limited_call(struct guest *g, int index, const struct model_errors *errors) {
    struct rlimit old, small;
    static bool ignored;
    if (!ignored) {
        signal(SIGXFSZ, SIG_IGN);
        ignored = true;
    }
    if (getrlimit(RLIMIT_FSIZE, &old) != 0)
        abort();
    small = old;
    small.rlim_cur = WORLD_FILE_MAX;
    if (setrlimit(RLIMIT_FSIZE, &small) != 0)
        abort();
    bool done = guest_call(g, index, errors);
    if (setrlimit(RLIMIT_FSIZE, &old) != 0)
        abort();
    return done;
}
#define LIMITED_CALL(g, function, errors, ...)                                                    \
    (memcpy((g)->args, (const uint64_t[9]){__VA_ARGS__}, sizeof(g)->args), (g)->name = #function, \
     limited_call(g, MURRE_WASI_INDEX_##function, errors))

/* ---- transfers ----------------------------------------------------------------------------------------------------------- */

/* What all transfers have. */
struct transfer {
    uint32_t number, result;
    uint64_t offset; /* 0 without one */
    struct list list;
    struct guest_fd *fd; /* with the rights; or NULL */
    struct model_errors errors;
    bool far; /* at a place near the end of all that can be: file systems do not agree on what is too far */
};

/* What has no positions says so, or has lost the right with its type, or refuses the offset first. */
static void begin(struct guest *g, bool at_offset, uint64_t right, struct transfer *t) {
    t->errors = (struct model_errors){0};
    t->number = guest_pick_fd(g);
    t->offset = at_offset ? guest_number(g) : 0;
    take_list(g, &t->list);
    t->result = guest_pointer(g, 4, 4);
    t->fd = guest_with(g, t->number, right | (at_offset ? WASI_RIGHT_FD_SEEK : 0), &t->errors);
    uint64_t place = !at_offset && t->fd && t->fd->kind == GUEST_NODE ? t->fd->position : t->offset;
    t->far = place > INT64_MAX - (1 << 20) && place <= INT64_MAX;
    const struct guest_fd *any = guest_fd(g, t->number);
    if (any && at_offset && any->kind != GUEST_NODE) {
        model_error(&t->errors, WASI_SPIPE);
        model_error(&t->errors, WASI_BADF);
        model_error(&t->errors, WASI_NOTCAPABLE);
        model_error(&t->errors, WASI_INVAL);
    }
    if (t->fd && t->offset > INT64_MAX)
        model_error(&t->errors, WASI_INVAL);
    if (t->fd && !at_offset && t->fd->kind == GUEST_SOCKET)
        t->errors = GUEST_ANY;
}

static void read_(struct guest *g, bool at_offset) {
    struct transfer t;
    begin(g, at_offset, WASI_RIGHT_FD_READ, &t);
    const uint8_t *from = NULL;
    size_t left = 0;
    if (t.fd && t.fd->kind == GUEST_NODE) {
        const struct model_node *node = t.fd->node;
        uint64_t at = at_offset ? t.offset : t.fd->position;
        from = node->data + (at < node->size ? at : 0);
        left = at < node->size ? node->size - at : 0;
    } else if (t.fd && t.fd->kind == GUEST_INPUT) {
        from = (const uint8_t *)guest_input + t.fd->position;
        left = strlen(guest_input) - t.fd->position;
    }
    if (t.fd && t.far) {
        model_error(&t.errors, WASI_INVAL);
        model_error(&t.errors, WASI_OVERFLOW);
        model_error(&t.errors, WASI_SUCCESS);
    }
    bool done = at_offset ? GUEST_CALL(g, fd_pread, &t.errors, t.number, t.list.pointer, t.list.count, t.offset, t.result)
                          : GUEST_CALL(g, fd_read, &t.errors, t.number, t.list.pointer, t.list.count, t.result);
    if (!done)
        return;
    size_t moved = scatter(g, &t.list, from, left);
    if (!at_offset)
        t.fd->position += moved;
    murre_wasi_put32(g->shadow + t.result, (uint32_t)moved);
}

/* How many of size bytes at an offset are written: on the host those up to its limit. In memory all, or some where they do not fit into the
 * room that there was. */
static size_t written(struct guest *g, const struct model_node *node, uint64_t at, size_t size, uint64_t room, uint32_t result) {
    if (!node->volume->memory)
        return size < node->volume->file_max - at ? size : node->volume->file_max - at;
    size_t moved = murre_wasi_get32(g->memory + result);
    if (moved == 0 || moved > size || (moved < size && at + size <= room) || at + moved > node->volume->file_max)
        guest_wrong(g, "%zu bytes written of %zu, at %llu with room for %llu", moved, size, (unsigned long long)at,
                    (unsigned long long)room);
    return moved;
}

static void store(struct model_node *node, uint64_t at, const uint8_t *bytes, size_t size) {
    memcpy(node->data + at, bytes, size);
    node->borrowed = false;
    if (at + size > node->size)
        node->size = at + size;
    guest_time_changes(node);
}

/* Bytes at an offset in a file: whether there can be such an offset, and room. */
static void may_write(struct guest *g, const struct model_node *node, uint64_t at, size_t size, struct model_errors *errors) {
    if (!size)
        return;
    if (at >= node->volume->file_max)
        model_error(errors, too_large(node));
    else if (at + size > node->size)
        guest_needs(g, node->volume, at + size, errors);
    else if (node->borrowed)
        guest_needs(g, node->volume, node->size, errors);
    if (node->volume->memory && at + size > INT64_MAX)
        model_error(errors, WASI_FBIG);
}

static void write_(struct guest *g, bool at_offset) {
    static uint8_t bytes[LIST_MAX * 8192];
    struct transfer t;
    begin(g, at_offset, WASI_RIGHT_FD_WRITE, &t);
    size_t size = g->bad_pointer ? 0 : gather(g, &t.list, bytes, sizeof bytes);
    uint64_t at = 0, room = 0;
    if (t.fd && t.fd->kind == GUEST_NODE && t.offset <= INT64_MAX) {
        at = t.fd->append ? t.fd->node->size : at_offset ? t.offset : t.fd->position;
        room = guest_room(g, t.fd->node->volume);
        may_write(g, t.fd->node, at, size, &t.errors);
        if (t.far) {
            model_error(&t.errors, WASI_INVAL);
            model_error(&t.errors, WASI_OVERFLOW);
            if (!size || t.fd->append)
                model_error(&t.errors, WASI_SUCCESS);
        }
    }
    bool done = at_offset ? LIMITED_CALL(g, fd_pwrite, &t.errors, t.number, t.list.pointer, t.list.count, t.offset, t.result)
                          : LIMITED_CALL(g, fd_write, &t.errors, t.number, t.list.pointer, t.list.count, t.result);
    if (!done)
        return;
    if (t.fd->kind == GUEST_NODE && size) {
        size = written(g, t.fd->node, at, size, room, t.result);
        store(t.fd->node, at, bytes, size);
        if (!at_offset)
            t.fd->position = at + size;
    }
    murre_wasi_put32(g->shadow + t.result, (uint32_t)size);
    if (t.fd->kind == GUEST_SOCKET)
        guest_accept(g, t.result, 4);
}

/* ---- positions and sizes --------------------------------------------------------------------------------------------------- */

static void may_seek(struct guest_fd *fd, uint64_t rights, struct model_errors *errors) {
    guest_learn(fd);
    if (fd->kind != GUEST_NODE)
        model_error(errors, WASI_SPIPE);
    else if (!(fd->allowed & rights))
        model_error(errors, WASI_NOTCAPABLE);
    else if (!(fd->able & fd->allowed & rights))
        model_error(errors, guest_type(fd) == WASI_FILETYPE_DIRECTORY ? WASI_BADF : WASI_SPIPE);
}

static void seek(struct guest *g) {
    struct model_errors errors = {0};
    uint32_t number = guest_pick_fd(g), whence = guest_byte(g) % 4, result = guest_pointer(g, 8, 8);
    int64_t offset = (int64_t)guest_number(g), to = 0;
    struct guest_fd *fd = guest_fd(g, number);
    if (whence == 3)
        model_error(&errors, WASI_INVAL);
    else if (!fd)
        model_error(&errors, WASI_BADF);
    else if (!g->bad_pointer)
        may_seek(fd, WASI_RIGHT_FD_SEEK | (offset == 0 && whence == 1 ? WASI_RIGHT_FD_TELL : 0), &errors);
    if (!g->bad_pointer && !model_fails(&errors)) {
        int64_t from = whence == 0 ? 0 : whence == 1 ? (int64_t)fd->position : (int64_t)fd->node->size;
        if (__builtin_add_overflow(from, offset, &to) || to < 0) {
            model_error(&errors, WASI_INVAL);
            model_error(&errors, WASI_OVERFLOW);
        }
    }
    static const uint32_t whences0[] = {2, 0, 1, 3};
    if (GUEST_CALL(g, fd_seek, &errors, number, (uint64_t)offset, g->call.preview0 ? whences0[whence] : whence, result)) {
        fd->position = (uint64_t)to;
        murre_wasi_put64(g->shadow + result, fd->position);
    }
}

static void tell(struct guest *g) {
    struct model_errors errors = {0};
    uint32_t number = guest_pick_fd(g), result = guest_pointer(g, 8, 8);
    struct guest_fd *fd = guest_fd(g, number);
    if (!fd)
        model_error(&errors, WASI_BADF);
    else if (!g->bad_pointer)
        may_seek(fd, WASI_RIGHT_FD_SEEK | WASI_RIGHT_FD_TELL, &errors);
    if (GUEST_CALL(g, fd_tell, &errors, number, result))
        murre_wasi_put64(g->shadow + result, fd->position);
}

static void may_grow(struct guest *g, const struct model_node *node, uint64_t size, struct model_errors *errors) {
    if (size > INT64_MAX)
        model_error(errors, WASI_FBIG);
    else if (size > node->volume->file_max)
        model_error(errors, too_large(node));
    else if (size > node->size)
        guest_needs(g, node->volume, size, errors);
}

static void set_size(struct guest *g) {
    struct model_errors errors = {0};
    uint32_t number = guest_pick_fd(g);
    uint64_t size = guest_number(g);
    struct guest_fd *fd = guest_with_host(g, number, WASI_RIGHT_FD_FILESTAT_SET_SIZE, &errors);
    if (size > INT64_MAX)
        model_error(&errors, WASI_INVAL);
    else if (fd && fd->kind == GUEST_NODE)
        may_grow(g, fd->node, size, &errors);
    if (!LIMITED_CALL(g, fd_filestat_set_size, &errors, number, size))
        return;
    struct model_node *node = fd->node;
    if (size < node->size)
        memset(node->data + size, 0, node->size - size);
    else if (size > node->size)
        node->borrowed = false;
    node->size = size;
    guest_time_changes(node);
}

static void allocate(struct guest *g) {
    struct model_errors errors = {0};
    uint32_t number = guest_pick_fd(g);
    uint64_t offset = guest_number(g), size = guest_number(g);
    struct guest_fd *fd = guest_with_host(g, number, WASI_RIGHT_FD_ALLOCATE, &errors);
    if (offset > INT64_MAX || size > INT64_MAX || size == 0)
        model_error(&errors, WASI_INVAL);
    else if (fd && fd->kind == GUEST_NODE)
        may_grow(g, fd->node, offset + size, &errors);
    if (!LIMITED_CALL(g, fd_allocate, &errors, number, offset, size))
        return;
    if (offset + size > fd->node->size) {
        fd->node->size = offset + size;
        fd->node->borrowed = false;
    }
    guest_time_changes(fd->node);
}

static void advise(struct guest *g) {
    struct model_errors errors = {0};
    uint32_t number = guest_pick_fd(g), advice = guest_byte(g) % 8;
    uint64_t offset = guest_number(g), size = guest_number(g);
    guest_with_host(g, number, WASI_RIGHT_FD_ADVISE, &errors);
    if (advice > 5 || offset > INT64_MAX || size > INT64_MAX)
        model_error(&errors, WASI_INVAL);
    GUEST_CALL(g, fd_advise, &errors, number, offset, size, advice);
}

static void sync_(struct guest *g, bool data) {
    struct model_errors errors = {0};
    uint32_t number = guest_pick_fd(g);
    struct guest_fd *fd = guest_with_host(g, number, data ? WASI_RIGHT_FD_DATASYNC : WASI_RIGHT_FD_SYNC, &errors);
    if (fd && fd->kind == GUEST_SOCKET)
        model_error(&errors, WASI_INVAL);
    if (data)
        GUEST_CALL(g, fd_datasync, &errors, number);
    else
        GUEST_CALL(g, fd_sync, &errors, number);
}

/* ---- entries of folders ---------------------------------------------------------------------------------------------------- */

static void check_entry(struct guest *g, const struct model_node *dir, const char *name, uint8_t type) {
    static const uint8_t types[] = {WASI_FILETYPE_DIRECTORY, WASI_FILETYPE_REGULAR_FILE, WASI_FILETYPE_SYMBOLIC_LINK};
    const struct model_node *node = strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ? dir : model_child(dir, name);
    if (!node)
        guest_wrong(g, "lists what is not there: %s", name);
    if (type != types[node->kind])
        guest_wrong(g, "lists %s as something else", name);
}

/* In memory names are listed as they came to be, behind "." and "..". */
static const char *name_at(const struct model_node *dir, size_t index) {
    return index == 0 ? "." : index == 1 ? ".." : index - 2 < dir->entry_count ? dir->entries[index - 2].name : "nothing";
}

static void check_order(struct guest *g, const struct model_node *dir, const char *name, size_t index) {
    const char *there = name_at(dir, index);
    if (strcmp(name, there) != 0)
        guest_wrong(g, "lists %s, not %s, at %zu", name, there, index);
}

/* The entries of one answer. Returns how many have come by now; *cookie is behind the last of them. */
static size_t check_entries(struct guest *g, const struct model_node *dir, const uint8_t *at, uint32_t used, uint64_t *cookie,
                            size_t count) {
    while (used >= 24) {
        uint32_t size = murre_wasi_get32(at + 16);
        char name[256];
        if (size == 0 || size > 255)
            guest_wrong(g, "a name of %u bytes", size);
        if (used - 24 < size)
            break;
        memcpy(name, at + 24, size);
        name[size] = '\0';
        check_entry(g, dir, name, at[20]);
        if (dir->volume->memory)
            check_order(g, dir, name, count);
        *cookie = murre_wasi_get64(at);
        if (*cookie == 0 || *cookie > INT32_MAX)
            guest_wrong(g, "a cookie that a guest's long does not hold: %llx", (unsigned long long)*cookie);
        at += 24 + size;
        used -= 24 + size;
        count++;
    }
    return count;
}

/* How many names come before the first of an answer, which is whole. Nothing is known of cookies but that they lead to some. */
static size_t names_before(const struct model_node *dir, const uint8_t *at) {
    size_t index = 0, size = murre_wasi_get32(at + 16);
    while (index < dir->entry_count + 2 && (strlen(name_at(dir, index)) != size || memcmp(name_at(dir, index), at + 24, size) != 0))
        index++;
    return index;
}

/* On the host a cookie that was none may be refused, and a removed folder may still list what was read ahead. */
static void may_list(const struct model_node *dir, uint64_t cookie, uint32_t size, struct model_errors *errors) {
    if (!dir->volume->memory) {
        if (!dir->removed && !cookie)
            return;
        model_error(errors, WASI_NOENT);
        model_error(errors, WASI_INVAL);
        model_error(errors, WASI_SUCCESS);
        return;
    }
    if (cookie > INT64_MAX)
        model_error(errors, WASI_INVAL);
    if (dir->removed)
        model_error(errors, WASI_NOENT);
    if (dir->removed && !size) /* nothing is looked at */
        model_error(errors, WASI_SUCCESS);
}

/* All of a folder, from the start or from anywhere, through a buffer of one size. */
static void readdir_(struct guest *g) {
    struct model_errors errors = {0};
    uint32_t number = guest_pick_fd(g), size = guest_byte(g) * 8u, result = guest_pointer(g, 4, 4), buffer = GUEST_SIZE - size;
    uint8_t how = guest_byte(g);
    uint64_t cookie = how < 200 ? 0 : guest_number(g);
    const struct model_node *dir = guest_folder(g, number, WASI_RIGHT_FD_READDIR, &errors);
    if (model_error_in(&errors, WASI_NOTDIR))
        errors = (struct model_errors){0}, model_error(&errors, WASI_BADF);
    if (dir)
        may_list(dir, cookie, size, &errors);
    bool from_start = cookie == 0;
    size_t count = 0;
    for (int calls = 0; calls < 1000; calls++) {
        if (!GUEST_CALL(g, fd_readdir, &errors, number, buffer, size, cookie, result))
            return;
        guest_accept(g, buffer, size);
        guest_accept(g, result, 4);
        uint32_t used = murre_wasi_get32(g->memory + result);
        if (used > size)
            guest_wrong(g, "more bytes than there is room for");
        if (model_fails(&errors) || (result < buffer + used && buffer < result + 4)) /* or: the count lies over the entries */
            return;
        if (calls == 0 && !from_start) {
            if (used < 24 || used - 24 < murre_wasi_get32(g->memory + buffer + 16))
                return;
            count = names_before(dir, g->memory + buffer);
        }
        count = check_entries(g, dir, g->memory + buffer, used, &cookie, count);
        if (used < size || size < 24 + 255)
            break;
    }
    if (size >= 24 + 255 && count != dir->entry_count + 2)
        guest_wrong(g, "%zu entries instead of %zu", count, dir->entry_count + 2);
}

void calls_file(struct guest *g, int index) {
    switch (index) {
    case MURRE_WASI_INDEX_fd_read: read_(g, false); break;
    case MURRE_WASI_INDEX_fd_pread: read_(g, true); break;
    case MURRE_WASI_INDEX_fd_write: write_(g, false); break;
    case MURRE_WASI_INDEX_fd_pwrite: write_(g, true); break;
    case MURRE_WASI_INDEX_fd_seek: seek(g); break;
    case MURRE_WASI_INDEX_fd_tell: tell(g); break;
    case MURRE_WASI_INDEX_fd_filestat_set_size: set_size(g); break;
    case MURRE_WASI_INDEX_fd_allocate: allocate(g); break;
    case MURRE_WASI_INDEX_fd_advise: advise(g); break;
    case MURRE_WASI_INDEX_fd_sync: sync_(g, false); break;
    case MURRE_WASI_INDEX_fd_datasync: sync_(g, true); break;
    default: readdir_(g); break;
    }
}
