/* See world.h. */
#include "wasi/world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char world_box[64], world_shared[80];
static char base[48];
static int box = -1;

void world_wrong(const char *what, const char *name) {
    fprintf(stderr, "the world is not as it should be: %s: %s\n", what, name);
    abort();
}

static void must(bool done, const char *what) {
    if (!done) {
        perror(what);
        abort();
    }
}

/* ---- sentinels --------------------------------------------------------------------------------------------------------- */

static const char *const sentinel_names[] = {"secret", "sibling", "sibling/file", "sibling/folder", "sibling/link"};
enum { SENTINELS = sizeof sentinel_names / sizeof *sentinel_names };
static struct stat sentinels[SENTINELS], base_stat;
static const char secret[] = "nobody may read this";

static int look(const char *name, struct stat *stat) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", base, name);
    return lstat(path, stat);
}

static bool same(const struct stat *a, const struct stat *b) {
    return a->st_ino == b->st_ino && a->st_mode == b->st_mode && a->st_nlink == b->st_nlink && a->st_uid == b->st_uid &&
           a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* The folder's own times change with the names in it; a file's change times with everything. */
void world_check(void) {
    struct stat now;
    for (int i = 0; i < SENTINELS; i++)
        if (look(sentinel_names[i], &now) != 0 || !same(&now, &sentinels[i]))
            world_wrong("touched", sentinel_names[i]);
    if (look(".", &now) != 0 || !same(&now, &base_stat))
        world_wrong("touched", base);
    char path[128], text[sizeof secret + 1];
    snprintf(path, sizeof path, "%s/secret", base);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof text) != sizeof secret - 1 || memcmp(text, secret, sizeof secret - 1) != 0)
        world_wrong("changed", "secret");
    close(fd);
}

/* ---- making and removing ----------------------------------------------------------------------------------------------- */

/* Takes everything out of a folder, however deep, and closes it. */
static void empty(int dir) {
    DIR *stream = fdopendir(dir);
    must(stream != NULL, "fdopendir");
    for (struct dirent *entry; (entry = readdir(stream));) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || unlinkat(dir, name, 0) == 0)
            continue;
        int inner = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        must(inner >= 0, name);
        empty(inner);
        must(unlinkat(dir, name, AT_REMOVEDIR) == 0, name);
    }
    closedir(stream);
}

static void remove_world(void) {
    empty(open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    rmdir(base);
}

/* What processes have left that did not get to their end: BASE names its process. */
static void remove_stale(const char *parent) {
    static const char prefix[] = "murre-fuzz-";
    DIR *stream = opendir(parent);
    must(stream != NULL, parent);
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (strncmp(entry->d_name, prefix, sizeof prefix - 1) != 0)
            continue;
        pid_t process = (pid_t)strtol(entry->d_name + sizeof prefix - 1, NULL, 10);
        if (process <= 0 || kill(process, 0) == 0 || errno != ESRCH)
            continue;
        int dir = openat(dirfd(stream), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (dir >= 0)
            empty(dir);
        unlinkat(dirfd(stream), entry->d_name, AT_REMOVEDIR);
    }
    closedir(stream);
}

static void put_file(int dir, const char *name, const char *text) {
    int fd = openat(dir, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
    must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), name);
    close(fd);
}

static void make_world(void) {
    const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    remove_stale(parent);
    snprintf(base, sizeof base, "%s/murre-fuzz-%ld-XXXXXX", parent, (long)getpid());
    must(mkdtemp(base) != NULL, base);
    atexit(remove_world);
    snprintf(world_box, sizeof world_box, "%s/box", base);
    snprintf(world_shared, sizeof world_shared, "%s/shared", world_box);
    int dir = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(dir >= 0 && mkdirat(dir, "box", 0755) == 0 && mkdirat(dir, "sibling", 0755) == 0, base);
    must(mkdirat(dir, "sibling/folder", 0755) == 0 && symlinkat("../secret", dir, "sibling/link") == 0, base);
    put_file(dir, "secret", secret);
    put_file(dir, "sibling/file", "a file");
    close(dir);
    box = open(world_box, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(box >= 0, world_box);
    for (int i = 0; i < SENTINELS; i++)
        must(look(sentinel_names[i], &sentinels[i]) == 0, sentinel_names[i]);
    must(look(".", &base_stat) == 0, base);
}

const struct world_content world_contents[] = {
    {"file", "0123456789abcdef", false},
    {"dir/", NULL, false},
    {"dir/f", "inner", false},
    {"dir/sub/", NULL, false},
    {"dir/sub/g", "", false},
    {"dir/in", "../file", true},
    {"dir/up", "../../secret", true},
    {"shared/", NULL, false},
    {"shared/g", "shared", false},
    {"out", "../secret", true},
    {"parent", "..", true},
    {"sideways", "../sibling", true},
    {"etc", "../../../../../../../../etc", true},
    {"loop", "loop", true},
    {"here", ".", true},
    {"dirlink", "dir/", true},
    {"dangling", "new", true},
    {"around", "dir/../../box/file", true},
};
const size_t world_content_count = sizeof world_contents / sizeof *world_contents;

struct model_node *world_put_model(struct model *model, const struct model_volume *volume, const struct world_content *content) {
    struct model_node *dir = volume->top;
    const char *text = content->text;
    char copy[64];
    snprintf(copy, sizeof copy, "%s", content->path);
    char *name = copy;
    for (char *slash; (slash = strchr(name, '/')) && slash[1]; name = slash + 1) {
        *slash = '\0';
        dir = model_child(dir, name);
    }
    name[strcspn(name, "/")] = '\0';
    return model_add(model, dir, name, content->link ? MODEL_LINK : text ? MODEL_FILE : MODEL_DIR, text, text ? strlen(text) : 0);
}

void world_make(void) {
    if (box < 0)
        make_world();
}

void world_fill_box(struct model *model, const struct model_volume *volume) {
    empty(openat(box, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (size_t i = 0; i < world_content_count; i++) {
        const char *path = world_contents[i].path, *text = world_contents[i].text;
        if (!text)
            must(mkdirat(box, path, 0755) == 0, path);
        else if (world_contents[i].link)
            must(symlinkat(text, box, path) == 0, path);
        else
            put_file(box, path, text);
        world_put_model(model, volume, &world_contents[i]);
    }
    char absolute[80];
    snprintf(absolute, sizeof absolute, "%s/secret", base);
    must(symlinkat(absolute, box, "abs") == 0, "abs");
    model_add(model, volume->top, "abs", MODEL_LINK, absolute, strlen(absolute));
}

/* ---- comparing --------------------------------------------------------------------------------------------------------- */

static void check_contents(int dir, const char *name, const struct model_node *node) {
    static uint8_t bytes[WORLD_FILE_MAX + 1];
    ssize_t size;
    if (node->kind == MODEL_LINK) {
        size = readlinkat(dir, name, (char *)bytes, sizeof bytes);
    } else {
        int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        size = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
        close(fd);
    }
    if (size < 0 || (size_t)size != node->size || (size && memcmp(bytes, node->data, node->size) != 0))
        world_wrong("holds something else", name);
}

static void check_dir(int dir, const struct model_node *node);

static void check_node(int dir, const char *name, const struct model_node *node) {
    static const mode_t modes[] = {[MODEL_DIR] = S_IFDIR, [MODEL_FILE] = S_IFREG, [MODEL_LINK] = S_IFLNK};
    struct stat stat;
    if (fstatat(dir, name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
        world_wrong("is missing", name);
    if ((stat.st_mode & S_IFMT) != modes[node->kind])
        world_wrong("is of another kind", name);
    if (stat.st_nlink != model_links(node))
        world_wrong("has another number of links", name);
    if (node->mtim_known && (uint64_t)stat.st_mtim.tv_sec * 1000000000 + (uint64_t)stat.st_mtim.tv_nsec != node->mtim)
        world_wrong("has another time", name);
    if (node->kind != MODEL_DIR) {
        check_contents(dir, name, node);
        return;
    }
    int inner = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    must(inner >= 0, name);
    check_dir(inner, node);
}

/* Closes dir. */
static void check_dir(int dir, const struct model_node *node) {
    DIR *stream = fdopendir(dir);
    must(stream != NULL, "fdopendir");
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        if (!model_child(node, entry->d_name))
            world_wrong("should not be there", entry->d_name);
    }
    if (count != node->entry_count)
        world_wrong("names are missing in a folder", count ? "some" : "all");
    for (size_t i = 0; i < node->entry_count; i++)
        check_node(dir, node->entries[i].name, node->entries[i].node);
    closedir(stream);
}

void world_check_box(const struct model_volume *volume) {
    check_dir(openat(box, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), volume->top);
}
