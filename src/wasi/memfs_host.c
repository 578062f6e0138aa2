/* The host's side of a folder in memory: filling it, and reading its contents. See memfs.h. */
#include <string.h>

#include "base/error.h"
#include "wasi/memfs.h"

/* ---- filling --------------------------------------------------------------------------------------------------------- */

static enum murre_status refuse(const struct murre_wasi_memfs *fs, const struct murre_wasi_file *file, const char *why,
                                struct murre_error *error) {
    const struct murre_name path = {file->path, strlen(file->path)};
    return murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "folder %.40s: file %s %s", fs->guest, murre_quote(path).text,
                           why);
}

/* Makes a thing in the folder and names it. */
static struct murre_wasi_node *add_node(struct murre_wasi_node *folder, struct murre_wasi_text text, uint8_t type) {
    struct murre_wasi_node *node;
    if (murre_wasi_memfs_make(folder->fs, type, &node) != WASI_SUCCESS)
        return NULL;
    murre_wasi_errno named = murre_wasi_memfs_name(folder, text, node);
    murre_wasi_memfs_let_go(node);
    return named == WASI_SUCCESS ? node : NULL;
}

static bool good_component(struct murre_wasi_text text) {
    bool dots = (text.size == 1 && text.at[0] == '.') || (text.size == 2 && text.at[0] == '.' && text.at[1] == '.');
    return text.size != 0 && text.size <= MURRE_WASI_MEMFS_NAME_MAX && !dots;
}

static void fill_file(struct murre_wasi_node *node, const struct murre_wasi_file *file) {
    node->bytes = (uint8_t *)file->bytes; /* capacity 0: not written to */
    node->size = file->size;
    node->immutable = file->read_only;
}

enum murre_status murre_wasi_memfs_add(struct murre_wasi_memfs *fs, const struct murre_wasi_file *file, struct murre_error *error) {
    struct murre_wasi_node *folder = fs->root;
    const char *at = file->path;
    for (;;) {
        struct murre_wasi_text text = {at, strcspn(at, "/")};
        bool is_file = at[text.size] == '\0';
        if (!good_component(text))
            return refuse(fs, file, "cannot be named so", error);
        char name[MURRE_WASI_MEMFS_NAME_MAX + 1];
        memcpy(name, text.at, text.size);
        name[text.size] = '\0';
        struct murre_wasi_found found;
        if (murre_wasi_memfs_walk(folder, name, MURRE_WASI_LAST_KEEP, &found) != WASI_SUCCESS)
            return refuse(fs, file, "cannot be named so", error);
        if (found.node != NULL && (is_file || !murre_wasi_memfs_is_folder(found.node)))
            return refuse(fs, file, "is there already, or is a folder", error);
        if (found.node == NULL)
            found.node = add_node(folder, text, is_file ? WASI_FILETYPE_REGULAR_FILE : WASI_FILETYPE_DIRECTORY);
        if (found.node == NULL)
            return murre_error_memory(error);
        if (is_file) {
            fill_file(found.node, file);
            return MURRE_OK;
        }
        folder = found.node;
        at += text.size + 1;
        if (*at == '\0') /* a folder by itself */
            return file->size == 0 ? MURRE_OK : refuse(fs, file, "has bytes, but its name is a folder's", error);
    }
}

/* ---- looking ----------------------------------------------------------------------------------------------------------- */

const struct murre_wasi_node *murre_wasi_memfs_find(const struct murre_wasi_memfs *fs, const char *path) {
    struct murre_wasi_found found;
    if (murre_wasi_memfs_walk(fs->root, path, MURRE_WASI_LAST_FOLLOW, &found) != WASI_SUCCESS)
        return NULL;
    return found.slash && found.node != NULL && !murre_wasi_memfs_is_folder(found.node) ? NULL : found.node;
}

/* Text that grows: the path to where a visit is. */
struct path {
    const struct murre_allocator *allocator;
    char *text;
    size_t size, capacity;
};

static bool path_push(struct path *path, const struct murre_wasi_name *name) {
    size_t needed = path->size + name->size + 2;
    if (needed > path->capacity) {
        char *text = murre_realloc(path->allocator, path->text, path->capacity, needed * 2);
        if (text == NULL)
            return false;
        path->text = text;
        path->capacity = needed * 2;
    }
    memcpy(path->text + path->size, name->text, name->size);
    path->size += name->size;
    if (murre_wasi_memfs_is_folder(name->node))
        path->text[path->size++] = '/';
    path->text[path->size] = '\0';
    return true;
}

static void path_pop(struct path *path, const struct murre_wasi_name *name) {
    path->size -= name->size + (murre_wasi_memfs_is_folder(name->node) ? 1 : 0);
}

static void show(const struct murre_wasi_name *name, const struct path *path,
                 void (*visit)(void *context, const struct murre_wasi_file *file), void *context) {
    const struct murre_wasi_node *node = name->node;
    struct murre_wasi_file file = {.path = path->text};
    if (murre_wasi_memfs_is_folder(node) ? node->first != NULL : node->type != WASI_FILETYPE_REGULAR_FILE)
        return;
    if (!murre_wasi_memfs_is_folder(node)) {
        file.bytes = node->bytes;
        file.size = node->size;
        file.read_only = node->immutable;
    }
    visit(context, &file);
}

/* Down, along, and up again, without recursion: guests nest folders as deeply as they like. */
bool murre_wasi_memfs_visit(const struct murre_wasi_memfs *fs, void (*visit)(void *context, const struct murre_wasi_file *file),
                            void *context) {
    struct path path = {.allocator = &fs->allocator};
    struct murre_wasi_name *name = fs->root->first;
    bool good = true;
    while (name != NULL && (good = path_push(&path, name))) {
        show(name, &path, visit, context);
        if (murre_wasi_memfs_is_folder(name->node) && name->node->first != NULL) {
            name = name->node->first;
            continue;
        }
        path_pop(&path, name);
        while (name->next == NULL && name->folder->self != NULL) {
            name = name->folder->self;
            path_pop(&path, name);
        }
        name = name->next;
    }
    if (path.text != NULL)
        murre_free(&fs->allocator, path.text, path.capacity);
    return good;
}
