/* The folders in memory of a sequence: filling them, and comparing them with the model. See world.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wasi/world.h"

/* ---- filling ----------------------------------------------------------------------------------------------------------- */

/* Of these, where some files cannot be changed. */
static bool is_immutable(const char *path) {
    return strcmp(path, "file") == 0 || strcmp(path, "dir/sub/g") == 0;
}

/* Empty folders in "c", so many that names which the guest adds make the table grow. */
enum { CROWD = 44 };
static const char *crowd_path(int i) {
    static char paths[CROWD][8];
    if (i < 8)
        snprintf(paths[i], sizeof paths[i], "c/%s/", (const char *const[]){"a", "b", "c", "d", "f", "g", "in", "up"}[i]);
    else
        snprintf(paths[i], sizeof paths[i], "c/%d/", i);
    return paths[i];
}

size_t world_memory_files(struct murre_wasi_file files[WORLD_MEMORY_FILES], bool read_only, bool crowded) {
    size_t count = 0;
    for (size_t i = 0; i < world_content_count; i++) {
        const char *path = world_contents[i].path, *text = world_contents[i].text;
        if (!world_contents[i].link)
            files[count++] = (struct murre_wasi_file){
                .path = path, .bytes = text, .size = text ? strlen(text) : 0, .read_only = read_only && is_immutable(path)};
    }
    if (crowded)
        files[count++] = (struct murre_wasi_file){.path = "c/"};
    for (int i = 0; crowded && i < CROWD; i++)
        files[count++] = (struct murre_wasi_file){.path = crowd_path(i)};
    return count;
}

void world_fill_memory(struct murre_wasi *wasi, uint32_t fd, const struct murre_wasi_file *files, size_t count, struct model *model,
                       const struct model_volume *volume) {
    struct murre_wasi_call call = {.wasi = wasi};
    struct murre_wasi_entry *folder = murre_wasi_fdtable_entry(&wasi->fds, fd);
    for (size_t i = 0; i < count; i++) {
        struct model_node *node = world_put_model(model, volume, &(struct world_content){files[i].path, files[i].bytes, false});
        node->immutable = files[i].read_only;
        node->borrowed = node->kind == MODEL_FILE;
    }
    for (size_t i = 0; i < world_content_count; i++) {
        const struct world_content *content = &world_contents[i];
        if (!content->link)
            continue;
        if (folder->kind->folder->symlink(&call, content->text, folder, content->path) != WASI_SUCCESS)
            world_wrong("cannot be made", content->path);
        world_put_model(model, volume, content);
    }
}

/* ---- what the file system is ------------------------------------------------------------------------------------------- */

static bool same_bytes(const struct murre_wasi_node *node, const struct model_node *model) {
    return node->size == model->size && (node->size == 0 || memcmp(node->bytes, model->data, node->size) == 0);
}

static void check_node(const char *name, const struct murre_wasi_node *node, const struct model_node *model) {
    static const uint8_t types[] = {WASI_FILETYPE_DIRECTORY, WASI_FILETYPE_REGULAR_FILE, WASI_FILETYPE_SYMBOLIC_LINK};
    struct murre_wasi_stat stat;
    murre_wasi_memfs_stat(node, &stat);
    if (stat.type != types[model->kind] || node->immutable != model->immutable)
        world_wrong("is of another kind", name);
    if (stat.links != model_links(model))
        world_wrong("has another number of links", name);
    if ((model->mtim_known && stat.modified != model->mtim) || (model->atim_known && stat.accessed != model->atim))
        world_wrong("has another time", name);
    if (model->kind != MODEL_DIR && !same_bytes(node, model))
        world_wrong("holds something else", name);
    if (node->opens != (node == node->fs->root))
        world_wrong("is held, and nobody has it open", name);
}

/* Returns the bytes of what lies beneath, each thing once. */
static uint64_t check_folder(const struct murre_wasi_node *folder, const struct model_node *model) {
    uint64_t used = 0;
    const struct murre_wasi_name *name = folder->first;
    for (size_t i = 0; i < model->entry_count; i++, name = name->next) {
        const struct model_entry *entry = &model->entries[i];
        if (!name || strcmp(name->text, entry->name) != 0)
            world_wrong("is missing, or not in its place", entry->name);
        used += sizeof *name + name->size + 1;
        check_node(name->text, name->node, entry->node);
        if (!entry->node->met)
            used += sizeof *name->node + (entry->node->kind == MODEL_DIR ? check_folder(name->node, entry->node) : name->node->capacity);
        entry->node->met = true;
    }
    if (name)
        world_wrong("should not be there", name->text);
    return used;
}

static void forget(const struct model_node *dir) {
    for (size_t i = 0; i < dir->entry_count; i++) {
        dir->entries[i].node->met = false;
        if (dir->entries[i].node->kind == MODEL_DIR)
            forget(dir->entries[i].node);
    }
}

/* ---- what the host sees ------------------------------------------------------------------------------------------------ */

/* Files and empty folders beneath a folder: what is shown. */
static size_t count_shown(const struct model_node *dir) {
    size_t count = 0;
    for (size_t i = 0; i < dir->entry_count; i++) {
        const struct model_node *node = dir->entries[i].node;
        count += node->kind == MODEL_DIR ? node->entry_count ? count_shown(node) : 1 : node->kind == MODEL_FILE;
    }
    return count;
}

struct visit {
    const struct model_volume *volume;
    size_t count;
};

static bool is_file(const struct murre_wasi_file *file, const struct model_node *node) {
    return node && node->kind == MODEL_FILE && file->size == node->size &&
           (!file->size || memcmp(file->bytes, node->data, file->size) == 0) && file->read_only == node->immutable;
}

static void visit(void *context, const struct murre_wasi_file *file) {
    struct visit *visit = context;
    static struct model_place place;
    struct model_errors errors = {0};
    size_t size = strlen(file->path);
    bool is_folder = file->path[size - 1] == '/';
    visit->count++;
    if (!model_resolve(visit->volume->top, file->path, false, false, &place, &errors) ||
        (is_folder ? place.node->kind != MODEL_DIR || place.node->entry_count || file->size : !is_file(file, place.node)))
        world_wrong("is shown", file->path);
}

/* By its name in the top folder, links followed. */
static void check_read(const struct murre_wasi *wasi, const char *guest, const struct model_volume *volume, const char *name) {
    static struct model_place place;
    struct model_errors errors = {0};
    struct murre_wasi_file file;
    bool there = model_resolve(volume->top, name, true, false, &place, &errors) && place.node->kind == MODEL_FILE;
    if (murre_wasi_read_file(wasi, guest, name, &file) != there || (there && !is_file(&file, place.node)))
        world_wrong("is read as something else", name);
}

void world_check_memory(const struct murre_wasi *wasi, const struct murre_wasi_memfs *fs, const struct model_volume *volume) {
    check_node(fs->guest, fs->root, volume->top);
    uint64_t used = check_folder(fs->root, volume->top) + sizeof *fs->root + fs->bucket_count * sizeof *fs->buckets;
    forget(volume->top);
    if (used != fs->used)
        world_wrong("counts other bytes than it uses", fs->guest);
    struct visit seen = {.volume = volume};
    if (murre_wasi_each_file(wasi, fs->guest, visit, &seen, NULL) != MURRE_OK || seen.count != count_shown(volume->top))
        world_wrong("does not show what is in it", fs->guest);
    for (size_t i = 0; i < volume->top->entry_count; i++)
        check_read(wasi, fs->guest, volume, volume->top->entries[i].name);
}
