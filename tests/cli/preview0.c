/* What a program of 2019 does, in one: it imports all that it needs from wasi_unstable and says what it finds. starting.py compiles and runs it. */
#include <stddef.h>
#include <stdint.h>

#define WASI(name) __attribute__((import_module("wasi_unstable"), import_name(#name))) uint32_t name
WASI(args_sizes_get)(uint32_t *, uint32_t *);
WASI(args_get)(char **, char *);
WASI(environ_sizes_get)(uint32_t *, uint32_t *);
WASI(environ_get)(char **, char *);
WASI(clock_time_get)(uint32_t, uint64_t, uint64_t *);
WASI(fd_close)(uint32_t);
WASI(fd_fdstat_get)(uint32_t, void *);
WASI(fd_filestat_get)(uint32_t, void *);
WASI(fd_prestat_get)(uint32_t, uint32_t *);
WASI(fd_prestat_dir_name)(uint32_t, char *, uint32_t);
WASI(fd_read)(uint32_t, const void *, uint32_t, uint32_t *);
WASI(fd_readdir)(uint32_t, void *, uint32_t, uint64_t, uint32_t *);
WASI(fd_seek)(uint32_t, int64_t, uint32_t, uint64_t *);
WASI(fd_tell)(uint32_t, uint64_t *);
WASI(fd_write)(uint32_t, const void *, uint32_t, uint32_t *);
WASI(path_filestat_get)(uint32_t, uint32_t, const char *, uint32_t, void *);
WASI(path_open)(uint32_t, uint32_t, const char *, uint32_t, uint32_t, uint64_t, uint64_t, uint32_t, uint32_t *);
WASI(path_unlink_file)(uint32_t, const char *, uint32_t);
WASI(poll_oneoff)(const void *, void *, uint32_t, uint32_t *);
WASI(random_get)(void *, uint32_t);
WASI(sched_yield)(void);
__attribute__((import_module("wasi_unstable"), import_name("proc_exit"), noreturn)) void proc_exit(uint32_t);

struct piece {
    const void *bytes;
    uint32_t size;
};
struct filestat {
    uint64_t dev, ino;
    uint8_t type;
    uint32_t links;
    uint64_t size, accessed, modified, changed;
};
struct subscription {
    uint64_t userdata;
    uint8_t type;
    union {
        struct {
            uint64_t identifier;
            uint32_t id;
            uint64_t timeout, precision;
            uint16_t flags;
        } clock;
        uint32_t fd;
    };
};
struct event {
    uint64_t userdata;
    uint16_t error;
    uint8_t type;
    uint64_t size;
    uint16_t flags;
};
_Static_assert(sizeof(struct filestat) == 56 && offsetof(struct filestat, links) == 20, "filestat of preview 0");
_Static_assert(sizeof(struct subscription) == 56 && sizeof(struct event) == 32, "subscription and event of preview 0");

static uint32_t length(const char *text) {
    uint32_t size = 0;
    while (text[size])
        size++;
    return size;
}

static void say(const char *text) {
    struct piece piece = {text, length(text)};
    uint32_t moved;
    if (fd_write(1, &piece, 1, &moved) || moved != piece.size)
        proc_exit(99);
}

static void say_number(const char *what, uint64_t number) {
    char digits[24], *at = digits + sizeof digits - 1;
    *at = 0;
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    say(what);
    say(" ");
    say(at);
    say("\n");
}

/* Says them all; returns how many there are. */
static uint32_t say_strings(uint32_t (*sizes)(uint32_t *, uint32_t *), uint32_t (*get)(char **, char *)) {
    static char *pointers[16], bytes[1024];
    uint32_t count, size;
    if (sizes(&count, &size) || count > 16 || size > sizeof bytes || get(pointers, bytes))
        proc_exit(98);
    for (uint32_t i = 0; i < count; i++) {
        say(pointers[i]);
        say(i + 1 < count ? " " : "\n");
    }
    return count;
}

static void try_seek(uint32_t fd, const char *what, int64_t offset, uint32_t whence) {
    uint64_t at = 0;
    uint32_t error = fd_seek(fd, offset, whence, &at);
    say_number(what, error ? 1000 + error : at);
}

static void say_stat(const char *what, uint32_t error, const struct filestat *stat) {
    say(what);
    say_number(": error", error);
    say_number(" type", stat->type);
    say_number(" links", stat->links);
    say_number(" size", stat->size);
    uint64_t now;
    clock_time_get(0, 1, &now);
    say_number(" times are of today", stat->accessed <= now && stat->modified <= now && stat->changed <= now &&
                                          stat->accessed + 86400000000000 > now && stat->modified + 86400000000000 > now &&
                                          stat->changed + 86400000000000 > now);
}

static void try_files(void) {
    static char name[64], buffer[64];
    uint32_t prestat[2], fd, moved;
    say_number("prestat: error", fd_prestat_get(3, prestat));
    say_number(" size", prestat[1]);
    say_number(" error", fd_prestat_dir_name(3, name, prestat[1]));
    say(name);
    say("\n");
    say_number("no more: error", fd_prestat_get(4, prestat));
    say_number("open: error", path_open(3, 1, "text", 4, 0, 0x1fffffff & ~0x40, 0x1fffffff, 0, &fd));
    uint8_t fdstat[24];
    say_number("fdstat: error", fd_fdstat_get(fd, fdstat));
    say_number(" type", fdstat[0]);
    try_seek(fd, "from the end", -3, 1);
    try_seek(fd, "from there", 1, 0);
    try_seek(fd, "from the start", 2, 2);
    try_seek(fd, "from before it", -1, 2);
    uint64_t at;
    say_number("tell: error", fd_tell(fd, &at));
    say_number(" at", at);
    struct piece piece = {buffer, 4};
    say_number("read: error", fd_read(fd, &piece, 1, &moved));
    say_number(" bytes", moved);
    buffer[moved] = 0;
    say(buffer);
    say("\n");
    struct {
        struct filestat stat;
        uint64_t behind;
    } place = {.behind = 12345};
    uint32_t error = fd_filestat_get(fd, &place.stat);
    say_stat("filestat", error, &place.stat);
    error = path_filestat_get(3, 1, "text", 4, &place.stat);
    say_stat("filestat of a path", error, &place.stat);
    say_number("behind", place.behind);
    say_number("close: error", fd_close(fd));
    say_number("missing: error", path_open(3, 1, "none", 4, 0, 2, 2, 0, &fd));
    say_number("unlink: error", path_unlink_file(3, "text", 4));
}

static void try_readdir(void) {
    static _Alignas(8) uint8_t bytes[512];
    uint32_t used = 0, error = fd_readdir(3, bytes, sizeof bytes, 0, &used), names = 0;
    for (uint32_t at = 0; at + 24 <= used; names++)
        at += 24 + *(const uint32_t *)(const void *)(bytes + at + 16);
    say_number("readdir: error", error);
    say_number(" names", names);
}

/* count: of subscriptions, of which the second comes true first, or the only one. */
static void try_poll(uint32_t count) {
    struct subscription in[3] = {
        {.userdata = 11, .type = 0, .clock = {.identifier = 2, .id = 1, .timeout = UINT64_C(3600000000000)}},
        {.userdata = 12, .type = 0, .clock = {.identifier = 2, .id = 1, .timeout = 20000000}},
        {.userdata = 13, .type = 0, .clock = {.identifier = 3, .id = 0, .timeout = UINT64_C(3600000000000)}},
    };
    struct event out[3];
    uint32_t events = 0;
    uint64_t before, after;
    clock_time_get(1, 1, &before);
    uint32_t error = poll_oneoff(count == 1 ? in + 1 : in, out, count, &events);
    clock_time_get(1, 1, &after);
    say_number("poll: error", error);
    if (error)
        return;
    say_number(" events", events);
    say_number(" userdata", out[0].userdata);
    say_number(" error", out[0].error);
    say_number(" type", out[0].type);
    say_number(" in time", after - before >= 20000000 && after - before < UINT64_C(60000000000));
    in[0] = (struct subscription){.userdata = 14, .type = 2, .fd = 1};
    say_number("poll for output: error", poll_oneoff(in, out, 1, &events));
    say_number(" userdata", out[0].userdata);
    say_number(" type", out[0].type);
}

__attribute__((export_name("_start"))) void start(void) {
    uint64_t random[4] = {0};
    if (say_strings(args_sizes_get, args_get) == 1) {
        try_poll(3);
        proc_exit(0);
    }
    say_strings(environ_sizes_get, environ_get);
    try_files();
    try_readdir();
    try_poll(1);
    say_number("random: error", random_get(random, sizeof random));
    say_number(" some", (random[0] | random[1] | random[2] | random[3]) != 0);
    say_number("yield: error", sched_yield());
    proc_exit(42);
}
