/* A folder in memory, as murre_wasi_preopen describes it: a small file system of the guest's own, without any file of the host. Where hosts
 * differ, it behaves like this: folders are listed in the order in which names were created; reading sets no time; a file given as
 * read-only is immutable, as with chattr +i (PERM).
 *
 * nodes   files, folders, symbolic links; they exist while a name or a descriptor refers to them (and the root as long as the file system)
 * names   a folder's entries: one hash table for all, and in each folder a list in ascending order of their numbers, which are fd_readdir's cookies. A
 *         guest may keep these in 31 bits: when a folder has used up that many, its names are renumbered
 * bytes   of a file: one block. The host's bytes are borrowed until the guest changes them, then copied.
 * limit   in bytes, for everything that the guest makes the file system allocate: contents, names, nodes, table. Beyond it: NOSPC; if the
 *         allocator has no more: NOMEM; in both cases nothing has changed.
 *
 * Nothing here recurses deeper than MEMFS_LINKS. One thread at a time. */
#ifndef MURRE_WASI_MEMFS_H
#define MURRE_WASI_MEMFS_H

#include "wasi/kind.h"

#define MURRE_WASI_MEMFS_LINKS    40  /* symbolic links on the way of one path; Linux's number */
#define MURRE_WASI_MEMFS_NAME_MAX 255 /* as Linux has it */

struct murre_wasi_memfs {
    struct murre_allocator allocator;
    struct murre_wasi_memfs *next; /* of the same guest */
    char *guest;                   /* what the folder is called; terminated, owned */
    struct murre_wasi_node *root;
    uint64_t limit, used; /* bytes */
    uint64_t seed;        /* of the hash */
    struct murre_wasi_name **buckets;
    size_t bucket_count, name_count; /* bucket_count is a power of two */
    uint64_t next_ino, dev;
};

struct murre_wasi_node {
    struct murre_wasi_memfs *fs;
    uint8_t type;   /* WASI_FILETYPE_DIRECTORY, _REGULAR_FILE or _SYMBOLIC_LINK */
    bool immutable; /* given as read-only */
    uint32_t names; /* that it has; a folder has one at most, and the root none */
    uint32_t opens; /* descriptors, and one for the root */
    uint64_t ino;
    uint64_t accessed, modified, changed; /* nanoseconds since 1970 */
    union {
        struct { /* file, link (the text it leads to, not terminated) */
            uint8_t *bytes;
            size_t size, capacity; /* capacity 0: borrowed, not to be written */
        };
        struct {                          /* folder */
            struct murre_wasi_name *self; /* NULL: the root, or removed */
            struct murre_wasi_name *first, *last;
            uint32_t folders;    /* among its names */
            uint32_t last_order; /* of its names so far */
            uint64_t removals;   /* and other changes after which a name may be elsewhere in the list, or nowhere */
        };
    };
};

struct murre_wasi_name {
    struct murre_wasi_node *folder, *node;
    struct murre_wasi_name *previous, *next; /* in the folder */
    struct murre_wasi_name *chain;           /* in the bucket */
    uint64_t hash;
    uint32_t order, size;
    char text[]; /* terminated */
};

/* A piece of a path. */
struct murre_wasi_text {
    const char *at;
    size_t size;
};

/* Where a path leads: the folder of its last component and, where there is such a thing, the name and node. */
struct murre_wasi_found {
    struct murre_wasi_node *folder, *node; /* node NULL: nothing is there */
    struct murre_wasi_name *name;          /* NULL also for "." and ".." */
    struct murre_wasi_text text;           /* the last component; inside the path, or inside a link */
    bool slash;                            /* ends in a slash: must be a folder */
    uint8_t dots;                          /* 1: the last component is "."; 2: it is ".." */
};

/* How the last component is treated. Otherwise a path that ends in a slash is followed, but for PARENT. */
enum murre_wasi_last {
    MURRE_WASI_LAST_KEEP,       /* a symbolic link is the node */
    MURRE_WASI_LAST_FOLLOW,     /* a symbolic link is followed, also to where nothing is */
    MURRE_WASI_LAST_PARENT,     /* only looked up in its folder: "." and ".." have no node */
    MURRE_WASI_LAST_CREATE,     /* as FOLLOW, of a file to be created: what ends in a slash, also in a link, is no file (ISDIR) */
    MURRE_WASI_LAST_CREATE_NEW, /* the same, but a link is not followed */
};
/* Walks path from folder, never above it. */
murre_wasi_errno murre_wasi_memfs_walk(struct murre_wasi_node *folder, const char *path, enum murre_wasi_last last,
                                       struct murre_wasi_found *found);

/* An empty file system without limit; NULL when there is no memory. guest is copied. */
struct murre_wasi_memfs *murre_wasi_memfs_new(const struct murre_allocator *allocator, const char *guest, uint64_t dev);
void murre_wasi_memfs_delete(struct murre_wasi_memfs *fs);
/* As the host describes a file: ARGUMENT when the path cannot be, or is given twice. */
enum murre_status murre_wasi_memfs_add(struct murre_wasi_memfs *fs, const struct murre_wasi_file *file, struct murre_error *error);
/* What path has; it may be NULL. */
const struct murre_wasi_node *murre_wasi_memfs_find(const struct murre_wasi_memfs *fs, const char *path);
/* False when there is no memory for a path. */
bool murre_wasi_memfs_visit(const struct murre_wasi_memfs *fs, void (*visit)(void *context, const struct murre_wasi_file *file),
                            void *context);

/* A node without a name yet: it goes when it is let go. folder: that it will be in. */
murre_wasi_errno murre_wasi_memfs_make(struct murre_wasi_memfs *fs, uint8_t type, struct murre_wasi_node **node);
/* Counts a descriptor, or a look, and gives it up again, which frees what nobody has any more. */
void murre_wasi_memfs_hold(struct murre_wasi_node *node);
void murre_wasi_memfs_let_go(struct murre_wasi_node *node);
/* A new name for a node in a folder that has no such name. NOENT when the folder has been removed. */
murre_wasi_errno murre_wasi_memfs_name(struct murre_wasi_node *folder, struct murre_wasi_text text, struct murre_wasi_node *node);
/* Takes a name away; the node goes with its last one. */
void murre_wasi_memfs_unname(struct murre_wasi_name *name);
/* A name leads to another node from now on. */
void murre_wasi_memfs_rename_to(struct murre_wasi_name *name, struct murre_wasi_node *node);
/* Changes the size of a file: what is new is zero. Contents that are written to must be made the file system's own by reserve first. */
murre_wasi_errno murre_wasi_memfs_resize(struct murre_wasi_node *node, uint64_t size);
murre_wasi_errno murre_wasi_memfs_reserve(struct murre_wasi_node *node, uint64_t size);
/* How large the file could become. */
uint64_t murre_wasi_memfs_room(const struct murre_wasi_node *node);
/* Contents or a folder's list have changed just now. */
void murre_wasi_memfs_touch(struct murre_wasi_node *node);
/* As futimens; PERM for what is immutable, unless nothing is to be set. */
murre_wasi_errno murre_wasi_memfs_set_times(struct murre_wasi_node *node, const struct timespec times[2]);
void murre_wasi_memfs_stat(const struct murre_wasi_node *node, struct murre_wasi_stat *stat);

static inline bool murre_wasi_memfs_is_folder(const struct murre_wasi_node *node) {
    return node->type == WASI_FILETYPE_DIRECTORY;
}

/* A folder that has been removed, and lives because it is open. */
static inline bool murre_wasi_memfs_is_gone(const struct murre_wasi_node *folder) {
    return folder->self == NULL && folder != folder->fs->root;
}

extern const struct murre_wasi_folder murre_wasi_folder_memfs; /* memfs_folder.c */

#endif
