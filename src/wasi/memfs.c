/* The file system in memory: nodes, names, contents, walking a path. See memfs.h. */
#include "wasi/memfs.h"

#include <string.h>
#include <time.h>

#include "base/hash.h"

#define FIRST_BUCKETS 64
#define LAST_DOTS     2 /* the orders of "." and ".." are 1 and 2 */

/* ---- allocation, counted --------------------------------------------------------------------------------------------- */

/* Counts the change from old to size bytes and makes it. On failure nothing has changed. */
static murre_wasi_errno resize_block(struct murre_wasi_memfs *fs, void **block, size_t old, size_t size) {
    if (size > old && size - old > fs->limit - fs->used)
        return WASI_NOSPC;
    void *moved = NULL;
    if (size == 0) {
        if (*block != NULL)
            murre_free(&fs->allocator, *block, old);
    } else {
        moved = murre_realloc(&fs->allocator, *block, old, size);
        if (moved == NULL)
            return WASI_NOMEM;
    }
    *block = moved;
    fs->used += size;
    fs->used -= old;
    return WASI_SUCCESS;
}

static murre_wasi_errno new_block(struct murre_wasi_memfs *fs, void **block, size_t size) {
    *block = NULL;
    murre_wasi_errno error = resize_block(fs, block, 0, size);
    if (error == WASI_SUCCESS)
        memset(*block, 0, size);
    return error;
}

static void free_block(struct murre_wasi_memfs *fs, void *block, size_t size) {
    resize_block(fs, &block, size, 0);
}

/* ---- times, attributes ------------------------------------------------------------------------------------------------- */

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return murre_wasi_nanoseconds(time.tv_sec, time.tv_nsec);
}

void murre_wasi_memfs_touch(struct murre_wasi_node *node) {
    node->modified = node->changed = now();
}

static void set_time(uint64_t *at, struct timespec time, uint64_t present) {
    if (time.tv_nsec == UTIME_NOW)
        *at = present;
    else if (time.tv_nsec != UTIME_OMIT)
        *at = murre_wasi_nanoseconds(time.tv_sec, time.tv_nsec);
}

murre_wasi_errno murre_wasi_memfs_set_times(struct murre_wasi_node *node, const struct timespec times[2]) {
    if (times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT)
        return WASI_SUCCESS;
    if (node->immutable)
        return WASI_PERM;
    node->changed = now();
    set_time(&node->accessed, times[0], node->changed);
    set_time(&node->modified, times[1], node->changed);
    return WASI_SUCCESS;
}

void murre_wasi_memfs_stat(const struct murre_wasi_node *node, struct murre_wasi_stat *stat) {
    *stat = (struct murre_wasi_stat){
        .dev = node->fs->dev,
        .ino = node->ino,
        .links = node->names,
        .accessed = node->accessed,
        .modified = node->modified,
        .changed = node->changed,
        .type = node->type,
    };
    if (!murre_wasi_memfs_is_folder(node))
        stat->size = node->size;
    else if (!murre_wasi_memfs_is_gone(node))
        stat->links = 2 + node->folders; /* its name, its ".", and the ".." of each */
}

/* ---- nodes --------------------------------------------------------------------------------------------------------------- */

murre_wasi_errno murre_wasi_memfs_make(struct murre_wasi_memfs *fs, uint8_t type, struct murre_wasi_node **node) {
    void *block;
    murre_wasi_errno error = new_block(fs, &block, sizeof **node);
    if (error != WASI_SUCCESS)
        return error;
    *node = block;
    (*node)->fs = fs;
    (*node)->type = type;
    (*node)->ino = fs->next_ino++;
    (*node)->opens = 1;
    murre_wasi_memfs_touch(*node);
    (*node)->accessed = (*node)->modified;
    return WASI_SUCCESS;
}

static void free_unused(struct murre_wasi_node *node) {
    if (node->names != 0 || node->opens != 0)
        return;
    if (!murre_wasi_memfs_is_folder(node) && node->capacity != 0)
        free_block(node->fs, node->bytes, node->capacity);
    free_block(node->fs, node, sizeof *node);
}

void murre_wasi_memfs_hold(struct murre_wasi_node *node) {
    node->opens++;
}

void murre_wasi_memfs_let_go(struct murre_wasi_node *node) {
    node->opens--;
    free_unused(node);
}

/* ---- contents ------------------------------------------------------------------------------------------------------------ */

uint64_t murre_wasi_memfs_room(const struct murre_wasi_node *node) {
    return node->capacity + (node->fs->limit - node->fs->used);
}

/* Another block of capacity bytes for the contents, which fit. */
static murre_wasi_errno set_capacity(struct murre_wasi_node *node, size_t capacity) {
    void *block = node->capacity != 0 ? node->bytes : NULL;
    const uint8_t *borrowed = node->bytes;
    murre_wasi_errno error = resize_block(node->fs, &block, node->capacity, capacity);
    if (error != WASI_SUCCESS)
        return error;
    if (node->capacity == 0 && node->size != 0 && capacity != 0)
        memcpy(block, borrowed, node->size);
    node->bytes = block;
    node->capacity = capacity;
    return WASI_SUCCESS;
}

murre_wasi_errno murre_wasi_memfs_reserve(struct murre_wasi_node *node, uint64_t size) {
    if (size < node->size)
        size = node->size;
    if (size <= node->capacity)
        return WASI_SUCCESS;
    if (size > murre_wasi_memfs_room(node))
        return WASI_NOSPC;
    /* Half as much again, so that a file written in small pieces is not copied each time. */
    if (set_capacity(node, size + size / 2) == WASI_SUCCESS)
        return WASI_SUCCESS;
    return set_capacity(node, size);
}

murre_wasi_errno murre_wasi_memfs_resize(struct murre_wasi_node *node, uint64_t size) {
    if (size > node->size) {
        murre_wasi_errno error = murre_wasi_memfs_reserve(node, size);
        if (error != WASI_SUCCESS)
            return error;
        memset(node->bytes + node->size, 0, size - node->size);
        node->size = size;
    } else {
        /* What is borrowed only looks shorter from now on. A block mostly empty is given back; when that fails, it stays. */
        node->size = size;
        if (size < node->capacity / 4 || size == 0)
            (void)(set_capacity(node, size) == WASI_SUCCESS);
    }
    murre_wasi_memfs_touch(node);
    return WASI_SUCCESS;
}

/* ---- names --------------------------------------------------------------------------------------------------------------- */

static uint64_t hash_of(const struct murre_wasi_node *folder, struct murre_wasi_text text) {
    return murre_hash(folder->fs->seed ^ folder->ino * 2, text.at, text.size);
}

static struct murre_wasi_name **bucket_of(const struct murre_wasi_memfs *fs, uint64_t hash) {
    return &fs->buckets[hash & (fs->bucket_count - 1)];
}

static struct murre_wasi_name *lookup(const struct murre_wasi_node *folder, struct murre_wasi_text text) {
    uint64_t hash = hash_of(folder, text);
    struct murre_wasi_name *name = *bucket_of(folder->fs, hash);
    while (name != NULL &&
           (name->hash != hash || name->folder != folder || name->size != text.size || memcmp(name->text, text.at, text.size) != 0))
        name = name->chain;
    return name;
}

static murre_wasi_errno set_buckets(struct murre_wasi_memfs *fs, size_t count) {
    void *block;
    murre_wasi_errno error = new_block(fs, &block, count * sizeof *fs->buckets);
    if (error != WASI_SUCCESS)
        return error;
    struct murre_wasi_name **old = fs->buckets;
    size_t old_count = fs->bucket_count;
    fs->buckets = block;
    fs->bucket_count = count;
    for (size_t i = 0; i < old_count; i++)
        for (struct murre_wasi_name *name = old[i], *next; name != NULL; name = next) {
            next = name->chain;
            name->chain = *bucket_of(fs, name->hash);
            *bucket_of(fs, name->hash) = name;
        }
    if (old != NULL)
        free_block(fs, old, old_count * sizeof *old);
    return WASI_SUCCESS;
}

static size_t name_bytes(size_t size) {
    return sizeof(struct murre_wasi_name) + size + 1;
}

/* What a folder's name brings to the folder that it is in. */
static void count_node(struct murre_wasi_name *name, int change) {
    struct murre_wasi_node *node = name->node;
    node->names += (uint32_t)change;
    node->changed = now();
    if (murre_wasi_memfs_is_folder(node)) {
        name->folder->folders += (uint32_t)change;
        node->self = change > 0 ? name : NULL;
    }
    murre_wasi_memfs_touch(name->folder);
}

/* The order of a new name, which comes last. */
static uint32_t next_order(struct murre_wasi_node *folder) {
    if (folder->last_order == 0)
        folder->last_order = LAST_DOTS;
    if (folder->last_order >= INT32_MAX) { /* there are far fewer names by now; a reader of the folder may miss some at this moment */
        folder->last_order = LAST_DOTS;
        for (struct murre_wasi_name *name = folder->first; name != NULL; name = name->next)
            name->order = ++folder->last_order;
        folder->removals++;
    }
    return ++folder->last_order;
}

murre_wasi_errno murre_wasi_memfs_name(struct murre_wasi_node *folder, struct murre_wasi_text text, struct murre_wasi_node *node) {
    struct murre_wasi_memfs *fs = folder->fs;
    if (murre_wasi_memfs_is_gone(folder))
        return WASI_NOENT;
    if (text.size > MURRE_WASI_MEMFS_NAME_MAX)
        return WASI_NAMETOOLONG;
    void *block;
    murre_wasi_errno error = new_block(fs, &block, name_bytes(text.size));
    if (error != WASI_SUCCESS)
        return error;
    /* A table that cannot grow is slower, no more. */
    if (fs->name_count >= fs->bucket_count)
        (void)(set_buckets(fs, fs->bucket_count * 2) == WASI_SUCCESS);
    struct murre_wasi_name *name = block;
    *name = (struct murre_wasi_name){
        .folder = folder,
        .node = node,
        .previous = folder->last,
        .hash = hash_of(folder, text),
        .order = next_order(folder),
        .size = (uint32_t)text.size,
    };
    memcpy(name->text, text.at, text.size);
    name->text[text.size] = '\0';
    name->chain = *bucket_of(fs, name->hash);
    *bucket_of(fs, name->hash) = name;
    *(folder->last != NULL ? &folder->last->next : &folder->first) = name;
    folder->last = name;
    fs->name_count++;
    count_node(name, 1);
    return WASI_SUCCESS;
}

void murre_wasi_memfs_unname(struct murre_wasi_name *name) {
    struct murre_wasi_node *folder = name->folder, *node = name->node;
    struct murre_wasi_memfs *fs = folder->fs;
    struct murre_wasi_name **link = bucket_of(fs, name->hash);
    while (*link != name)
        link = &(*link)->chain;
    *link = name->chain;
    *(name->previous != NULL ? &name->previous->next : &folder->first) = name->next;
    *(name->next != NULL ? &name->next->previous : &folder->last) = name->previous;
    folder->removals++;
    fs->name_count--;
    count_node(name, -1);
    free_block(fs, name, name_bytes(name->size));
    free_unused(node);
}

void murre_wasi_memfs_rename_to(struct murre_wasi_name *name, struct murre_wasi_node *node) {
    struct murre_wasi_node *old = name->node;
    count_node(name, -1);
    name->node = node;
    count_node(name, 1);
    free_unused(old);
}

/* ---- walking --------------------------------------------------------------------------------------------------------------- */

struct walk {
    struct murre_wasi_node *start;
    int links; /* followed so far */
};

static murre_wasi_errno walk_from(struct walk *walk, struct murre_wasi_node *folder, struct murre_wasi_text path, enum murre_wasi_last last,
                                  struct murre_wasi_found *found);

static murre_wasi_errno walk_link(struct walk *walk, struct murre_wasi_node *folder, const struct murre_wasi_node *link,
                                  enum murre_wasi_last last, struct murre_wasi_found *found) {
    if (++walk->links > MURRE_WASI_MEMFS_LINKS)
        return WASI_LOOP;
    const struct murre_wasi_text target = {(const char *)link->bytes, link->size};
    return walk_from(walk, folder, target, last, found);
}

/* ".." of the folder where the path starts is not the guest's. */
static murre_wasi_errno walk_up(struct walk *walk, struct murre_wasi_node **folder) {
    if (*folder == walk->start || (*folder)->self == NULL)
        return WASI_PERM;
    *folder = (*folder)->self->folder;
    return WASI_SUCCESS;
}

/* A component that is not the last: the folder it leads to. */
static murre_wasi_errno walk_into(struct walk *walk, struct murre_wasi_node **folder, struct murre_wasi_text text) {
    struct murre_wasi_name *name = lookup(*folder, text);
    struct murre_wasi_node *node = name != NULL ? name->node : NULL;
    if (node != NULL && node->type == WASI_FILETYPE_SYMBOLIC_LINK) {
        struct murre_wasi_found found;
        murre_wasi_errno error = walk_link(walk, *folder, node, MURRE_WASI_LAST_FOLLOW, &found);
        if (error != WASI_SUCCESS)
            return error;
        node = found.node;
    }
    if (node == NULL)
        return WASI_NOENT;
    if (!murre_wasi_memfs_is_folder(node))
        return WASI_NOTDIR;
    *folder = node;
    return WASI_SUCCESS;
}

static murre_wasi_errno walk_last(struct walk *walk, struct murre_wasi_node *folder, enum murre_wasi_last last,
                                  struct murre_wasi_found *found) {
    murre_wasi_errno error = WASI_SUCCESS;
    if (found->dots == 2 && last != MURRE_WASI_LAST_PARENT)
        error = walk_up(walk, &folder);
    found->folder = folder;
    if (found->dots != 0) {
        found->node = folder;
        return error;
    }
    bool create = last == MURRE_WASI_LAST_CREATE || last == MURRE_WASI_LAST_CREATE_NEW;
    if (create && found->slash)
        return WASI_ISDIR;
    found->name = lookup(folder, found->text);
    found->node = found->name != NULL ? found->name->node : NULL;
    bool follow = last == MURRE_WASI_LAST_FOLLOW || last == MURRE_WASI_LAST_CREATE || (last == MURRE_WASI_LAST_KEEP && found->slash);
    if (!follow || found->node == NULL || found->node->type != WASI_FILETYPE_SYMBOLIC_LINK)
        return WASI_SUCCESS;
    bool slash = found->slash;
    error = walk_link(walk, folder, found->node, create ? MURRE_WASI_LAST_CREATE : MURRE_WASI_LAST_FOLLOW, found);
    found->slash |= slash;
    return error;
}

static murre_wasi_errno walk_from(struct walk *walk, struct murre_wasi_node *folder, struct murre_wasi_text path, enum murre_wasi_last last,
                                  struct murre_wasi_found *found) {
    if (path.size == 0)
        return WASI_NOENT;
    if (path.at[0] == '/')
        return WASI_PERM;
    size_t at = 0;
    for (;;) {
        size_t start = at;
        while (at < path.size && path.at[at] != '/')
            at++;
        struct murre_wasi_text text = {path.at + start, at - start};
        bool slash = at < path.size;
        while (at < path.size && path.at[at] == '/')
            at++;
        /* One that is only looked up in its folder is refused when it is needed there, as systems do. */
        if (text.size > MURRE_WASI_MEMFS_NAME_MAX && (at < path.size || last != MURRE_WASI_LAST_PARENT))
            return murre_wasi_memfs_is_gone(folder) ? WASI_NOENT : WASI_NAMETOOLONG;
        uint8_t dots = text.at[0] != '.' || text.size > 2 || (text.size == 2 && text.at[1] != '.') ? 0 : (uint8_t)text.size;
        if (at == path.size) {
            *found = (struct murre_wasi_found){.text = text, .slash = slash, .dots = dots};
            return walk_last(walk, folder, last, found);
        }
        murre_wasi_errno error = dots == 1 ? WASI_SUCCESS : dots == 2 ? walk_up(walk, &folder) : walk_into(walk, &folder, text);
        if (error != WASI_SUCCESS)
            return error;
    }
}

murre_wasi_errno murre_wasi_memfs_walk(struct murre_wasi_node *folder, const char *path, enum murre_wasi_last last,
                                       struct murre_wasi_found *found) {
    struct walk walk = {.start = folder};
    return walk_from(&walk, folder, (struct murre_wasi_text){path, strlen(path)}, last, found);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------- */

struct murre_wasi_memfs *murre_wasi_memfs_new(const struct murre_allocator *allocator, const char *guest, uint64_t dev) {
    struct murre_wasi_memfs *fs = murre_alloc_zero(allocator, sizeof *fs);
    if (fs == NULL)
        return NULL;
    *fs = (struct murre_wasi_memfs){
        .allocator = *allocator,
        .limit = UINT64_MAX,
        .seed = murre_hash_seed(),
        .next_ino = 1,
        .dev = dev,
    };
    size_t size = strlen(guest) + 1;
    fs->guest = murre_alloc(allocator, size);
    if (fs->guest != NULL)
        memcpy(fs->guest, guest, size);
    if (fs->guest == NULL || set_buckets(fs, FIRST_BUCKETS) != WASI_SUCCESS ||
        murre_wasi_memfs_make(fs, WASI_FILETYPE_DIRECTORY, &fs->root) != WASI_SUCCESS) {
        murre_wasi_memfs_delete(fs);
        return NULL;
    }
    return fs;
}

/* No descriptors are left. Everything but the root has a name, so that the table leads to it; folders need not be empty. */
void murre_wasi_memfs_delete(struct murre_wasi_memfs *fs) {
    struct murre_allocator allocator = fs->allocator;
    for (size_t i = 0; i < fs->bucket_count; i++)
        for (struct murre_wasi_name *name = fs->buckets[i], *next; name != NULL; name = next) {
            next = name->chain;
            name->node->names--;
            free_unused(name->node);
            free_block(fs, name, name_bytes(name->size));
        }
    if (fs->root != NULL)
        murre_wasi_memfs_let_go(fs->root);
    if (fs->buckets != NULL)
        free_block(fs, fs->buckets, fs->bucket_count * sizeof *fs->buckets);
    if (fs->guest != NULL)
        murre_free(&allocator, fs->guest, strlen(fs->guest) + 1);
    murre_free(&allocator, fs, sizeof *fs);
}
