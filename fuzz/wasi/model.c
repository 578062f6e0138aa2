/* See model.h. Paths are resolved as path_resolution(7) and openat2(2) with RESOLVE_BENEATH describe. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "wasi/abi.h"

enum { NAME_SIZE = 255, LINKS_FOLLOWED = 40, TEXT_SIZE = 1 << 18 };

void model_error(struct model_errors *errors, unsigned error) {
    errors->bits[error / 64] |= UINT64_C(1) << error % 64;
}

bool model_error_in(const struct model_errors *errors, unsigned error) {
    return error < 128 && errors->bits[error / 64] >> error % 64 & 1;
}

/* ---- nodes ------------------------------------------------------------------------------------------------------------- */

static void *need(void *block) {
    if (!block)
        abort();
    return block;
}

static struct model_node *new_node(struct model *model, const struct model_volume *volume, enum model_kind kind) {
    struct model_node *node = need(calloc(1, sizeof *node));
    node->kind = kind;
    node->volume = volume;
    node->next = model->nodes;
    model->nodes = node;
    return node;
}

void model_init(struct model *model) {
    *model = (struct model){0};
}

struct model_volume *model_add_volume(struct model *model, bool memory, size_t file_max) {
    struct model_volume *volume = &model->volumes[model->volume_count++];
    *volume = (struct model_volume){.memory = memory, .file_max = file_max, .top = new_node(model, volume, MODEL_DIR)};
    volume->top->parent = volume->top;
    return volume;
}

void model_fini(struct model *model) {
    for (struct model_node *node = model->nodes, *next; node; node = next) {
        next = node->next;
        for (size_t i = 0; i < node->entry_count; i++)
            free(node->entries[i].name);
        free(node->entries);
        free(node->data);
        free(node);
    }
}

static struct model_entry *find(const struct model_node *dir, const char *name) {
    for (size_t i = 0; i < dir->entry_count; i++)
        if (strcmp(dir->entries[i].name, name) == 0)
            return &dir->entries[i];
    return NULL;
}

struct model_node *model_child(const struct model_node *dir, const char *name) {
    const struct model_entry *entry = find(dir, name);
    return entry ? entry->node : NULL;
}

static void gain_name(struct model_node *dir, struct model_node *node) {
    dir->mtim_known = false;
    node->links++;
    if (node->kind == MODEL_DIR) {
        node->parent = dir;
        node->removed = false;
    }
}

static void lose_name(struct model_node *dir, struct model_node *node) {
    dir->mtim_known = false;
    node->links--;
    if (node->kind == MODEL_DIR) {
        node->removed = true;
        node->mtim_known = false;
    }
}

void model_attach(struct model_node *dir, const char *name, struct model_node *node) {
    dir->entries = need(realloc(dir->entries, (dir->entry_count + 1) * sizeof *dir->entries));
    dir->entries[dir->entry_count++] = (struct model_entry){need(strdup(name)), node};
    gain_name(dir, node);
}

void model_detach(struct model_node *dir, const char *name) {
    struct model_entry *entry = find(dir, name), *end = dir->entries + dir->entry_count--;
    struct model_node *node = entry->node;
    free(entry->name);
    memmove(entry, entry + 1, (size_t)(end - (entry + 1)) * sizeof *entry);
    lose_name(dir, node);
}

void model_replace(struct model_node *dir, const char *name, struct model_node *node) {
    struct model_entry *entry = find(dir, name);
    lose_name(dir, entry->node);
    entry->node = node;
    gain_name(dir, node);
}

struct model_node *model_add(struct model *model, struct model_node *dir, const char *name, enum model_kind kind, const void *data,
                             size_t size) {
    struct model_node *node = new_node(model, dir->volume, kind);
    if (kind != MODEL_DIR)
        node->data = need(calloc(1, kind == MODEL_FILE ? dir->volume->file_max : size + 1));
    if (size)
        memcpy(node->data, data, size);
    node->size = size;
    model_attach(dir, name, node);
    return node;
}

uint32_t model_links(const struct model_node *node) {
    if (node->kind != MODEL_DIR)
        return node->links;
    uint32_t count = node->removed ? 0 : 2;
    for (size_t i = 0; i < node->entry_count; i++)
        count += node->entries[i].node->kind == MODEL_DIR;
    return count;
}

/* ---- paths ------------------------------------------------------------------------------------------------------------- */

static bool fail(struct model_errors *errors, unsigned error) {
    model_error(errors, error);
    return false;
}

/* One walk: what is left of the text, with the texts of links put in front of it. */
struct walk {
    struct model_node *from, *dir;
    char *text;
    unsigned links;
};

static bool expand(struct walk *walk, const struct model_node *link, const char *rest, struct model_errors *errors) {
    const char *text = (const char *)link->data;
    if (++walk->links > LINKS_FOLLOWED)
        return fail(errors, WASI_LOOP);
    if (text[0] == '/')
        return fail(errors, WASI_PERM);
    size_t size = strlen(text), tail = strlen(rest);
    char *joined = need(malloc(size + tail + 1));
    memcpy(joined, text, size);
    memcpy(joined + size, rest, tail + 1);
    free(walk->text);
    walk->text = joined;
    return true;
}

/* Steps into name, which something follows. Sets *expanded when a link took its place. */
static bool enter(struct walk *walk, const char *name, const char *rest, bool *expanded, struct model_errors *errors) {
    *expanded = false;
    if (strcmp(name, ".") == 0)
        return true;
    if (strcmp(name, "..") == 0) {
        if (walk->dir == walk->from)
            return fail(errors, WASI_PERM);
        walk->dir = walk->dir->parent;
        return true;
    }
    struct model_node *node = model_child(walk->dir, name);
    if (!node)
        return fail(errors, WASI_NOENT);
    if (node->kind == MODEL_LINK) {
        *expanded = true;
        return expand(walk, node, rest, errors);
    }
    if (node->kind != MODEL_DIR)
        return fail(errors, WASI_NOTDIR);
    walk->dir = node;
    return true;
}

/* The last component, in walk->dir. False to go on with a link's text, or with an error. */
static bool finish(struct walk *walk, const char *name, const char *rest, bool follow, bool create, struct model_place *place,
                   struct model_errors *errors) {
    bool expanded;
    *place = (struct model_place){.dir = walk->dir, .slash = *rest == '/'};
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        if (!enter(walk, name, rest, &expanded, errors))
            return false;
        place->last = name[1] ? MODEL_DOTDOT : MODEL_DOT;
        place->dir = place->node = walk->dir;
        return true;
    }
    strcpy(place->name, name);
    if (create && place->slash)
        return fail(errors, WASI_ISDIR);
    place->node = model_child(walk->dir, name);
    if (!place->node)
        return create || fail(errors, WASI_NOENT);
    if (place->node->kind == MODEL_LINK && (follow || place->slash)) {
        expand(walk, place->node, rest, errors);
        return false;
    }
    if (place->slash && place->node->kind != MODEL_DIR)
        return fail(errors, WASI_NOTDIR);
    return true;
}

static bool go(struct walk *walk, bool follow, bool create, struct model_place *place, struct model_errors *errors) {
    char name[NAME_SIZE + 1];
    const char *at = walk->text;
    for (;;) {
        size_t size = strcspn(at += strspn(at, "/"), "/");
        const char *rest = at + size;
        if (size > NAME_SIZE) {
            if (walk->dir->removed)
                model_error(errors, WASI_NOENT);
            return fail(errors, WASI_NAMETOOLONG);
        }
        memcpy(name, at, size);
        name[size] = '\0';
        bool expanded = false;
        if (rest[strspn(rest, "/")] == '\0') {
            if (finish(walk, name, rest, follow, create, place, errors))
                return true;
            expanded = true;
        } else if (!enter(walk, name, rest, &expanded, errors)) {
            return false;
        }
        if (model_fails(errors))
            return false;
        at = expanded ? walk->text : rest;
    }
}

bool model_resolve(struct model_node *from, const char *path, bool follow, bool create, struct model_place *place,
                   struct model_errors *errors) {
    if (path[0] == '/')
        return fail(errors, WASI_PERM);
    if (path[0] == '\0')
        return fail(errors, WASI_NOENT);
    struct walk walk = {.from = from, .dir = from, .text = need(strdup(path))};
    struct model_errors own = {0};
    bool found = go(&walk, follow, create, place, &own);
    errors->bits[0] |= own.bits[0];
    errors->bits[1] |= own.bits[1];
    free(walk.text);
    return found;
}

bool model_parent(struct model_node *from, const char *path, struct model_place *place, struct model_errors *errors) {
    if (path[0] == '/')
        return fail(errors, WASI_PERM);
    size_t size = strlen(path), end = size;
    if (size == 0)
        return fail(errors, WASI_NOENT);
    while (path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    struct model_node *dir = from;
    if (start > 0) {
        char *folder = need(strdup(path));
        folder[start] = '\0';
        bool found = model_resolve(from, folder, true, false, place, errors);
        free(folder);
        if (!found)
            return false;
        dir = place->node;
    }
    *place = (struct model_place){.dir = dir, .slash = end < size};
    memcpy(place->name, path + start, end - start);
    if (strcmp(place->name, ".") == 0 || strcmp(place->name, "..") == 0) {
        place->last = place->name[1] ? MODEL_DOTDOT : MODEL_DOT;
        place->name[0] = '\0';
        return true;
    }
    if (end - start > NAME_SIZE) {
        if (dir->removed)
            model_error(errors, WASI_NOENT);
        return fail(errors, WASI_NAMETOOLONG);
    }
    place->node = model_child(dir, place->name);
    return true;
}
