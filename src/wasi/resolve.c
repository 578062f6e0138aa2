/* Path resolution below a folder. resolve.h says what it promises; see walk below for how it keeps the promise without openat2. */
#include "wasi/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_SYMLINKS 40          /* as Linux has it */
#define MAX_TEXT     (64 * 1024) /* of the path with its symbolic links expanded */
#define RACE_RETRIES 16          /* openat2 gives EAGAIN when folders are renamed under a ".." */
#define OPEN_FOLDER  (O_PATH | O_DIRECTORY | O_CLOEXEC)

/* ---- with openat2 ------------------------------------------------------------------------------------------------ */

static int openat2_beneath(int dir, const char *path, int flags, mode_t mode) {
    struct open_how how = {
        .flags = (unsigned)flags,
        .mode = flags & O_CREAT ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    if (flags & O_PATH) /* openat2 is strict: these say nothing to O_PATH */
        how.flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    long fd = syscall(SYS_openat2, dir, path, &how, sizeof how);
    return fd < 0 ? -errno : (int)fd;
}

/* Old kernels say ENOSYS; some sandboxes say EPERM to calls they do not know, which it also means by itself. */
static bool lacks_openat2(int dir, int error) {
    return error == -ENOSYS || (error == -EPERM && openat2_beneath(dir, ".", OPEN_FOLDER, 0) == -EPERM);
}

/* ---- the walk ----------------------------------------------------------------------------------------------------- */

/* Folders from the start to where the walk is. ".." goes back to a folder that was really passed, so that moving folders about cannot
 * lead out. folders[0] is borrowed, the others are closed at the end. text is what is left to walk. */
struct walk {
    struct murre_wasi_resolver *resolver;
    int *folders;
    size_t depth, capacity;
    char *text; /* MAX_TEXT */
    size_t at;  /* text from here on is left */
    unsigned symlinks;
};

static int walk_top(const struct walk *walk) {
    return walk->folders[walk->depth - 1];
}

static int walk_push(struct walk *walk, int folder) {
    if (walk->depth == walk->capacity) {
        size_t capacity = walk->capacity * 2, size = sizeof *walk->folders;
        int *folders = murre_realloc(&walk->resolver->allocator, walk->folders, walk->capacity * size, capacity * size);
        if (folders == NULL) {
            close(folder);
            return -ENOMEM;
        }
        walk->folders = folders;
        walk->capacity = capacity;
    }
    walk->folders[walk->depth++] = folder;
    return 0;
}

static int walk_init(struct walk *walk, struct murre_wasi_resolver *resolver, int dir, const char *path) {
    *walk = (struct walk){.resolver = resolver, .capacity = 16};
    size_t size = strlen(path);
    if (size >= MAX_TEXT)
        return -ENAMETOOLONG;
    walk->folders = murre_alloc(&resolver->allocator, walk->capacity * sizeof *walk->folders);
    walk->text = murre_alloc(&resolver->allocator, MAX_TEXT);
    if (walk->folders == NULL || walk->text == NULL)
        return -ENOMEM;
    memcpy(walk->text, path, size + 1);
    walk->folders[walk->depth++] = dir;
    return 0;
}

static void walk_fini(struct walk *walk) {
    for (size_t i = 1; i < walk->depth; i++)
        close(walk->folders[i]);
    if (walk->folders != NULL)
        murre_free(&walk->resolver->allocator, walk->folders, walk->capacity * sizeof *walk->folders);
    if (walk->text != NULL)
        murre_free(&walk->resolver->allocator, walk->text, MAX_TEXT);
}

/* When name in the top folder is a symbolic link, puts its target in front of the rest (which starts at rest) and returns 1. Returns 0
 * when it is something else, minus an error when it must not be followed. */
static int walk_expand(struct walk *walk, const char *name, size_t rest) {
    char target[PATH_MAX];
    ssize_t size = readlinkat(walk_top(walk), name, target, sizeof target);
    if (size < 0)
        return errno == EINVAL ? 0 : -errno;
    if (size == 0)
        return -ENOENT;
    if (++walk->symlinks > MAX_SYMLINKS)
        return -ELOOP;
    if (target[0] == '/')
        return -EPERM;
    size_t tail = strlen(walk->text + rest);
    if ((size_t)size >= sizeof target || (size_t)size + 1 + tail + 1 > MAX_TEXT)
        return -ENAMETOOLONG;
    /* The rest starts with a slash, or is empty. */
    memmove(walk->text + size, walk->text + rest, tail + 1);
    memcpy(walk->text, target, (size_t)size);
    walk->at = 0;
    return 1;
}

/* The next component: its text, ended with a zero byte in name, and the position behind it. False at the end of the path. */
static bool walk_next(struct walk *walk, char name[NAME_MAX + 1], size_t *rest, int *error) {
    const char *text = walk->text;
    size_t at = walk->at + strspn(text + walk->at, "/");
    size_t size = strcspn(text + at, "/");
    walk->at = at;
    *rest = at + size;
    if (size > NAME_MAX) {
        *error = -ENAMETOOLONG;
        return false;
    }
    memcpy(name, text + at, size);
    name[size] = '\0';
    return size != 0;
}

static bool only_slashes(const char *text) {
    return text[strspn(text, "/")] == '\0';
}

/* Steps into the folder name, or expands it when it is a symbolic link. */
static int walk_enter(struct walk *walk, const char *name, size_t rest) {
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        if (name[1] == '.') {
            if (walk->depth == 1)
                return -EPERM;
            close(walk->folders[--walk->depth]);
        }
        walk->at = rest;
        return 0;
    }
    int folder = openat(walk_top(walk), name, OPEN_FOLDER | O_NOFOLLOW);
    if (folder >= 0) {
        walk->at = rest;
        return walk_push(walk, folder);
    }
    int error = -errno;
    if (error != -ENOTDIR && error != -ELOOP)
        return error;
    int expanded = walk_expand(walk, name, rest);
    return expanded == 1 ? 0 : expanded < 0 ? expanded : -ENOTDIR;
}

/* Opens the last component. Returns a descriptor, minus an error, or INT_MIN when a symbolic link has been expanded and the walk goes on. */
static int walk_open_last(struct walk *walk, const char *name, size_t rest, int flags, mode_t mode) {
    bool slash = walk->text[rest] == '/';
    if (slash && flags & O_CREAT)
        return -EISDIR;
    if (slash)
        flags = (flags | O_DIRECTORY) & ~O_NOFOLLOW; /* "link/" is what the link leads to */
    int fd = openat(walk_top(walk), name, flags | O_NOFOLLOW, mode);
    int error = fd < 0 ? -errno : 0;
    if (flags & O_NOFOLLOW)
        return fd < 0 ? error : fd;
    if (fd >= 0 && flags & O_PATH && !(flags & O_DIRECTORY)) { /* O_PATH opens the link itself */
        struct stat stat;
        if (fstat(fd, &stat) != 0 || !S_ISLNK(stat.st_mode))
            return fd;
        close(fd);
        error = -ELOOP;
    } else if (fd >= 0) {
        return fd;
    }
    if (error != -ELOOP && error != -ENOTDIR)
        return error;
    int expanded = walk_expand(walk, name, rest);
    return expanded == 1 ? INT_MIN : expanded < 0 ? expanded : error;
}

/* The path ends in "." or "..": the folder itself. */
static int walk_open_here(struct walk *walk, int flags) {
    if (flags & O_CREAT)
        return flags & O_EXCL ? -EEXIST : -EISDIR;
    int fd = openat(walk_top(walk), ".", flags & ~O_NOFOLLOW);
    return fd < 0 ? -errno : fd;
}

static int walk_open(struct walk *walk, int flags, mode_t mode) {
    char name[NAME_MAX + 1];
    size_t rest;
    int error = 0;
    if (walk->text[0] == '\0')
        return -ENOENT;
    for (;;) {
        if (walk->text[walk->at] == '/' && walk->at == 0)
            return -EPERM;
        if (!walk_next(walk, name, &rest, &error))
            return error != 0 ? error : walk_open_here(walk, flags);
        bool special = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
        if (!special && only_slashes(walk->text + rest)) {
            int fd = walk_open_last(walk, name, rest, flags, mode);
            if (fd != INT_MIN)
                return fd;
        } else {
            error = walk_enter(walk, name, rest);
            if (error != 0)
                return error;
        }
    }
}

/* ---- public ------------------------------------------------------------------------------------------------------- */

int murre_wasi_resolve_open(struct murre_wasi_resolver *resolver, int dir, const char *path, int flags, mode_t mode) {
    flags |= O_CLOEXEC | O_NOCTTY;
    if (path[0] == '/')
        return -EPERM;
    for (int tries = 0; !resolver->walk && tries < RACE_RETRIES; tries++) {
        int fd = openat2_beneath(dir, path, flags, mode);
        if (fd >= 0)
            return fd;
        if (fd == -EXDEV)
            return -EPERM;
        if (fd == -ENOSYS || fd == -EPERM)
            resolver->walk = lacks_openat2(dir, fd);
        if (fd != -EAGAIN && !resolver->walk)
            return fd;
    }
    struct walk walk;
    int result = walk_init(&walk, resolver, dir, path);
    if (result == 0)
        result = walk_open(&walk, flags, mode);
    walk_fini(&walk);
    return result;
}

int murre_wasi_resolve_parent(struct murre_wasi_resolver *resolver, int dir, const char *path, struct murre_wasi_parent *parent) {
    *parent = (struct murre_wasi_parent){.dir = dir};
    if (path[0] == '/')
        return -EPERM;
    size_t size = strlen(path), end = size;
    if (size == 0)
        return -ENOENT;
    while (path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    parent->name = path + start;
    bool dots = (end - start == 1 && path[start] == '.') || (end - start == 2 && path[start] == '.' && path[start + 1] == '.');
    parent->plain = end == size && !dots;
    if (start == 0)
        return 0;
    char *folder = murre_alloc(&resolver->allocator, start + 1);
    if (folder == NULL)
        return -ENOMEM;
    memcpy(folder, path, start);
    folder[start] = '\0';
    int fd = murre_wasi_resolve_open(resolver, dir, folder, OPEN_FOLDER, 0);
    murre_free(&resolver->allocator, folder, start + 1);
    if (fd < 0)
        return fd;
    parent->dir = fd;
    parent->owned = true;
    return 0;
}

void murre_wasi_parent_fini(struct murre_wasi_parent *parent) {
    if (parent->owned)
        close(parent->dir);
    parent->owned = false;
}
