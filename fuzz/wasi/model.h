/* A model of Linux's file systems, each below a folder: names, kinds, contents, links. It knows nothing of murre and makes no
 * system call. Errors are collected, not ordered: if several things are wrong, any of their errors is correct.
 *
 * Nodes belong to the model and exist until model_fini; a node without a name may still be held by an open descriptor. */
#ifndef MURRE_FUZZ_WASI_MODEL_H
#define MURRE_FUZZ_WASI_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum model_kind { MODEL_DIR, MODEL_FILE, MODEL_LINK };

/* Errors of the interface (abi.h) that are allowed; WASI_SUCCESS among them where an outcome is open. */
struct model_errors {
    uint64_t bits[2];
};
void model_error(struct model_errors *errors, unsigned error);
bool model_error_in(const struct model_errors *errors, unsigned error);
static inline bool model_fails(const struct model_errors *errors) {
    return errors->bits[0] || errors->bits[1];
}

/* One file system: a folder of the host, or a folder in memory, whose ways include/wasi.h and src/wasi/memfs.h settle where hosts differ. Nothing
 * is linked or renamed from one to another. */
struct model_volume {
    bool memory;
    size_t file_max; /* bytes that a file may reach */
    struct model_node *top;
};

struct model_entry {
    char *name;
    struct model_node *node;
};
struct model_node {
    enum model_kind kind;
    const struct model_volume *volume;
    struct model_node *next;     /* all nodes of the model */
    uint32_t links;              /* names of a file or link */
    struct model_node *parent;   /* kind DIR; of the top and of a removed folder itself */
    bool removed;                /* kind DIR */
    struct model_entry *entries; /* in the order in which the names came to be */
    size_t entry_count;
    uint8_t *data; /* of a file: the volume's file_max, zero behind size; of a link: its text, terminated */
    size_t size;
    bool immutable;              /* given as read-only */
    bool borrowed;               /* contents are the host's, to be copied before they are written to */
    bool mtim_known, atim_known; /* set by a call and not changed since */
    uint64_t mtim, atim;
    bool met; /* for who walks the names: false in between */
};

enum { MODEL_VOLUMES = 3 };
struct model {
    struct model_node *nodes;
    struct model_volume volumes[MODEL_VOLUMES];
    size_t volume_count;
};

void model_init(struct model *model);
void model_fini(struct model *model);
/* Adds a file system with nothing in it. */
struct model_volume *model_add_volume(struct model *model, bool memory, size_t file_max);
/* Adds a name; the node's links count it. */
struct model_node *model_add(struct model *model, struct model_node *dir, const char *name, enum model_kind kind, const void *data,
                             size_t size);
void model_attach(struct model_node *dir, const char *name, struct model_node *node);
/* Takes a name away, and marks a folder as removed. */
void model_detach(struct model_node *dir, const char *name);
/* A name leads to another node from now on. */
void model_replace(struct model_node *dir, const char *name, struct model_node *node);
struct model_node *model_child(const struct model_node *dir, const char *name);
uint32_t model_links(const struct model_node *node); /* as stat(2) counts them */

/* Where a path leads. name: the last component, without its trailing slashes; empty for "." and "..", where node is the folder itself. */
struct model_place {
    struct model_node *dir;
    char name[4096];
    enum { MODEL_NAME, MODEL_DOT, MODEL_DOTDOT } last;
    bool slash;              /* behind the last component */
    struct model_node *node; /* of the name, not followed; NULL where there is none */
};
/* The folder of the last component, as mkdirat and its like see it. False with an error. */
bool model_parent(struct model_node *from, const char *path, struct model_place *place, struct model_errors *errors);
/* All of the path. follow: the last component too; with a slash behind it, it is always followed and must be a folder. On success place->node
 * is what was found, or NULL where only the last name is missing (which is an error unless create): place->dir and name tell where. */
bool model_resolve(struct model_node *from, const char *path, bool follow, bool create, struct model_place *place,
                   struct model_errors *errors);

#endif
