/* Reads files into memory. A plain file is mapped privately and read-only, so that only the parts in use are read; a pipe is read to its end.
 *
 * A mapping shows what is written to the file later, but code that has been validated must not change. So a file that the program may
 * write to is read instead: any file if the program has a folder to write in (links and mounts may lead there under other names), and the one that a
 * standard stream writes to.
 *
 * If somebody shortens a file while it is mapped, touching the missing part raises SIGBUS. Nothing can be saved then: the handler says so
 * and ends the process. murre's own handler, installed later, passes on what is not its own. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

#define MAX_SIZE (UINT64_C(1) << 30) /* of a module, as the JavaScript interface limits it */

static void on_bus_error(int number, siginfo_t *info, void *context) {
    static const char message[] = "murre: the file changed while it was used, or memory failed\n";
    (void)context;
    if (info->si_code <= 0) { /* sent by somebody, who expects what it does by itself */
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    if (write(STDERR_FILENO, message, sizeof message - 1) < 0)
        _exit(CLI_FAILED);
    _exit(CLI_FAILED);
}

void cli_watch_files(void) {
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
    sigaction(SIGBUS, &action, NULL);
}

static bool fail(const char *name, const char *why) {
    cli_error("%s: %s", name, why);
    return false;
}

static bool map(int fd, size_t size, struct cli_file *file) {
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return false;
    file->bytes = bytes;
    file->size = size;
    file->mapped = true;
    return true;
}

/* expected: bytes, or 0. */
static bool read_all(int fd, size_t expected, struct cli_file *file) {
    size_t capacity = 0;
    for (;;) {
        if (file->size == capacity) {
            /* One more, so that the end is seen without growing. */
            capacity = capacity != 0 ? capacity * 2 : expected != 0 ? expected + 1 : 65536;
            void *bytes = realloc(file->bytes, capacity);
            if (bytes == NULL)
                return fail(file->name, "out of memory");
            file->bytes = bytes;
        }
        ssize_t got = read(fd, (char *)file->bytes + file->size, capacity - file->size);
        if (got == 0)
            return true;
        if (got < 0 && errno != EINTR)
            return fail(file->name, strerror(errno));
        if (got > 0)
            file->size += (size_t)got;
        if (file->size > MAX_SIZE)
            return fail(file->name, "larger than 1 GiB");
    }
}

/* Whether a standard stream may write to this file. */
static bool is_stream(const struct stat *file) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        struct stat stream;
        int flags = fcntl(fd, F_GETFL);
        if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && fstat(fd, &stream) == 0 && stream.st_dev == file->st_dev &&
            stream.st_ino == file->st_ino)
            return true;
    }
    return false;
}

static bool load_fd(int fd, bool may_change, struct cli_file *file) {
    struct stat stat;
    if (fstat(fd, &stat) != 0)
        return fail(file->name, strerror(errno));
    if (S_ISDIR(stat.st_mode))
        return fail(file->name, strerror(EISDIR));
    bool plain = S_ISREG(stat.st_mode) && fd != STDIN_FILENO;
    if (S_ISREG(stat.st_mode) && (uint64_t)stat.st_size > MAX_SIZE)
        return fail(file->name, "larger than 1 GiB");
    if (plain && stat.st_size > 0 && !may_change && !is_stream(&stat) && map(fd, (size_t)stat.st_size, file))
        return true;
    return read_all(fd, plain ? (size_t)stat.st_size : 0, file);
}

bool cli_load(const char *name, bool may_change, struct cli_file *file) {
    bool standard = strcmp(name, "-") == 0;
    *file = (struct cli_file){.name = standard ? "standard input" : name};
    int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return fail(name, strerror(errno));
    bool loaded = load_fd(fd, may_change, file);
    if (!standard)
        close(fd);
    if (loaded && cli_inflate(file) && cli_plausible(file))
        return true;
    cli_unload(file);
    return false;
}

void cli_unload(struct cli_file *file) {
    if (file->mapped)
        munmap(file->bytes, file->size);
    else
        free(file->bytes);
    file->bytes = NULL;
}

static void release(void *context) {
    cli_unload(context);
    free(context);
}

/* The file, to be released; NULL when there is none. */
static struct cli_file *load(const char *name, bool may_change) {
    struct cli_file *file = malloc(sizeof *file);
    if (file == NULL) {
        cli_error("out of memory");
        return NULL;
    }
    if (cli_load(name, may_change, file))
        return file;
    free(file);
    return NULL;
}

struct murre_module *cli_module(struct murre_engine *engine, const char *name, bool may_change) {
    struct murre_error error = {0};
    struct cli_file *file = load(name, may_change);
    if (file == NULL)
        return NULL;
    struct murre_module *module = murre_module_new_borrowed(engine, file->bytes, file->size, release, file, &error);
    if (module == NULL) {
        cli_error_file(file->name, &error);
        release(file);
    }
    return module;
}

struct murre_module *cli_survey(struct murre_engine *engine, const char *name, struct murre_error *error) {
    struct cli_file *file = load(name, false);
    if (file == NULL)
        return NULL;
    struct murre_module *module = murre_module_survey(engine, file->bytes, file->size, release, file, error);
    if (module == NULL) {
        cli_error_file(file->name, error);
        release(file);
    }
    return module;
}
