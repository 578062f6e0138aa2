/* Configurations of WASI, and the one folder of the host that guests see. See wasi_setup.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/wasi_setup.h"

static void must(bool done, const char *what) {
    if (!done) {
        perror(what);
        abort();
    }
}

/* ---- the folder -------------------------------------------------------------------------------------------------------- */

/* Made at the first use, removed at exit (fuzz_wasi removes what a process has left that did not get there). It is only ever handed out read-only, so that every input finds it the same. */
static char folder[64];
static int folder_fd = -1;
static const char *const inside[] = {".", "a", "d", "d/a", "l", "out"};
enum { INSIDE = sizeof inside / sizeof *inside };
static struct stat made[INSIDE];

static void remove_folder(void) {
    for (unsigned i = INSIDE - 1; i > 0; i--)
        unlinkat(folder_fd, inside[i], i == 2 ? AT_REMOVEDIR : 0);
    rmdir(folder);
}

static void put_file(const char *name, const char *text) {
    int fd = openat(folder_fd, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
    must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), name);
    close(fd);
}

static const char *host_folder(void) {
    if (folder_fd >= 0)
        return folder;
    snprintf(folder, sizeof folder, "%s/murre-fuzz-%ld-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (long)getpid());
    must(mkdtemp(folder) != NULL, folder);
    folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(folder_fd >= 0 && mkdirat(folder_fd, "d", 0755) == 0, folder);
    atexit(remove_folder);
    put_file("a", "a file of the host");
    put_file("d/a", "");
    must(symlinkat("d/../a", folder_fd, "l") == 0 && symlinkat("..", folder_fd, "out") == 0, folder);
    for (unsigned i = 0; i < INSIDE; i++)
        must(fstatat(folder_fd, inside[i], &made[i], AT_SYMLINK_NOFOLLOW) == 0, inside[i]);
    return folder;
}

/* The time of the last change says all: whatever is done to a file, or to the names in a folder, sets it. */
void api_wasi_check_folder(void) {
    struct stat now;
    for (unsigned i = 0; folder_fd >= 0 && i < INSIDE; i++)
        api_require(fstatat(folder_fd, inside[i], &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_ino == made[i].st_ino &&
                        now.st_ctim.tv_sec == made[i].st_ctim.tv_sec && now.st_ctim.tv_nsec == made[i].st_ctim.tv_nsec,
                    "a folder that is read-only stays as it is");
}

/* ---- what the guest is given ------------------------------------------------------------------------------------------- */

static const char *const words[] = {"program", "", "an argument of several words", "A=b", "=", "PATH=/d:/e", "\xc3\xa9=\xff", "--"};
static const char *const guests[] = {"/", "tmp", "", "/d"};
enum { MOST_STRINGS = 8, WORDS = sizeof words / sizeof *words, GUESTS = sizeof guests / sizeof *guests };

static size_t choose_strings(struct api *a, const char **strings) {
    size_t count = api_byte(a->input) % (MOST_STRINGS + 1);
    for (size_t i = 0; i < count; i++)
        strings[i] = words[api_byte(a->input) % WORDS];
    return count;
}

/* Guests get copies of what they change. In constant memory, so that a write would be seen. */
static const char text[] = "what the file held at the beginning";
static const struct murre_wasi_file good_files[] = {
    {"a", text, sizeof text, false}, {"d/a", text, 4, false}, {"d/b", text, sizeof text, true}, {"d/deep/er/file", NULL, 0, false},
    {"e/", NULL, 0, false},          {"b", NULL, 0, true},    {"f/g/", NULL, 0, true},          {"d/.hidden", text, 1, false},
};
static char long_name[302];
static const struct murre_wasi_file bad_files[] = {
    {"", text, 4, false},        {"/", NULL, 0, false},           {"/a", text, 4, false},
    {"../a", text, 4, false},    {"d/./b", text, 4, false},       {"d//x", text, 4, false},
    {long_name, text, 4, false}, {"with bytes/", text, 4, false}, {"..", text, 4, false},
};
enum { GOOD = sizeof good_files / sizeof *good_files, BAD = sizeof bad_files / sizeof *bad_files };

static void choose_files(struct api *a, struct api_wasi_setup *setup, struct murre_wasi_preopen *preopen, struct murre_wasi_file *files) {
    uint8_t which = api_byte(a->input), mistake = api_byte(a->input);
    preopen->files = files;
    for (unsigned i = 0; i < GOOD; i++)
        if (which >> i & 1)
            files[preopen->file_count++] = good_files[i];
    if (mistake >= 250 && mistake < 253) {
        memset(long_name, 'n', sizeof long_name - 2);
        files[preopen->file_count++] = bad_files[api_byte(a->input) % BAD];
        setup->is_wrong = true;
    } else if (mistake >= 253 && which & 3) { /* there already, or in a place where it cannot be */
        bool has_a = which & 1;
        files[preopen->file_count++] = (struct murre_wasi_file){has_a ? "a" : "d", NULL, 0, false};
        files[preopen->file_count++] = (struct murre_wasi_file){has_a ? "a/b" : "d/a/b", NULL, 0, false};
        setup->is_wrong = true;
    }
}

static void choose_preopen(struct api *a, struct api_wasi_setup *setup, unsigned index) {
    static const uint64_t limits[] = {1, 4096, 100000, 1 << 20};
    struct murre_wasi_preopen *preopen = &setup->preopens[index];
    uint8_t how = api_byte(a->input);
    preopen->guest = guests[how % GUESTS];
    preopen->read_only = how & 4;
    preopen->limit = limits[how >> 3 & 3];
    if (how < 192) {
        choose_files(a, setup, preopen, setup->files[index]);
    } else {
        preopen->host = host_folder();
        preopen->read_only = true;
    }
    if (how >= 254) {
        preopen->host = "/dev/null";
        setup->is_wrong = true;
    }
}

/* ---- streams and sockets ----------------------------------------------------------------------------------------------- */

/* A file in memory that can neither grow nor shrink. */
static int small_file(void) {
    int fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    must(fd >= 0 && write(fd, text, sizeof text) == (ssize_t)sizeof text && lseek(fd, 0, SEEK_SET) == 0, "memfd_create");
    must(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0, "F_ADD_SEALS");
    return fd;
}

/* Something to read and then the end, so that nobody waits; writing fails. */
static int socket_with_bytes(void) {
    int ends[2];
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    must(send(ends[1], text, sizeof text, MSG_NOSIGNAL) == (ssize_t)sizeof text, "send");
    close(ends[1]);
    return ends[0];
}

static void choose_stream(struct api *a, struct api_wasi *wasi, struct api_wasi_setup *setup, struct murre_wasi_stream *stream,
                          bool input) {
    uint8_t how = api_byte(a->input);
    if (how >= 250) {
        static const struct murre_wasi_stream wrong[] = {
            {.kind = MURRE_WASI_FD, .fd = -1}, {.kind = MURRE_WASI_CALLBACK}, {.kind = MURRE_WASI_BYTES, .size = 1}};
        *stream = wrong[how % 3];
        setup->is_wrong = true;
    } else if (how >= 200) {
        if (wasi->fd < 0)
            wasi->fd = small_file();
        *stream = (struct murre_wasi_stream){.kind = MURRE_WASI_FD, .fd = wasi->fd};
    } else if (how >= 150) {
        stream->kind = MURRE_WASI_NULL;
    } else if (input) {
        *stream = (struct murre_wasi_stream){.kind = MURRE_WASI_BYTES, .bytes = how ? text : NULL, .size = how % sizeof text};
    } else {
        *stream = (struct murre_wasi_stream){.kind = MURRE_WASI_CALLBACK, .write = api_wasi_take_output, .context = wasi};
    }
}

void api_wasi_choose(struct api *a, struct api_wasi *wasi, struct api_wasi_setup *setup) {
    struct murre_wasi_config *config = &setup->config;
    memset(setup, 0, sizeof *setup);
    murre_wasi_config_init(config);
    uint8_t bits = api_byte(a->input);
    config->args = setup->args;
    config->arg_count = choose_strings(a, setup->args);
    config->env = setup->env;
    config->env_count = choose_strings(a, setup->env);
    choose_stream(a, wasi, setup, &config->in, true);
    choose_stream(a, wasi, setup, &config->out, false);
    choose_stream(a, wasi, setup, &config->err, false);
    config->preopens = setup->preopens;
    config->preopen_count = bits % 4;
    for (unsigned i = 0; i < config->preopen_count; i++)
        choose_preopen(a, setup, i);
    static const int closed = -1;
    if (bits & 16) {
        wasi->socket = socket_with_bytes();
        config->sockets = bits >= 240 ? &closed : &wasi->socket;
        config->socket_count = 1;
        setup->is_wrong |= bits >= 240;
    }
    config->no_openat2 = bits & 32;
    if (bits & 8) {
        config->max_descriptors = 6;
        config->max_output = 100;
        config->max_written = 10000;
    }
    if (!(bits & 64))
        config->allocator = budget_allocator(&a->budget);
}

void api_wasi_close(struct api_wasi *wasi) {
    int fds[] = {wasi->fd, wasi->socket};
    for (unsigned i = 0; i < 2; i++)
        api_require(fds[i] < 0 || close(fds[i]) == 0, "a borrowed descriptor is not closed");
    wasi->fd = wasi->socket = -1;
}
