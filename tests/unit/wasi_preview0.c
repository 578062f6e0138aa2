/* Preview 0 (wasi_unstable) where it differs from preview 1, each difference beside the same call by the rules of preview 1. */
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "unit/wasi_guest.h"
#include "wasi/stat.h"

TestSuite(wasi_host, .init = set_up_host_folder, .fini = tear_down_host_folder);
TestSuite(wasi_memory, .init = set_up_memory_folder, .fini = delete_guest);

enum { MARK = 0xa5 };

/* A file of ten bytes, open, at position 4. */
static uint32_t open_file(void) {
    uint32_t fd;
    cr_assert_eq(open_at(3, "file", WASI_OFLAG_CREAT, WASI_RIGHTS_ALL, &fd), WASI_SUCCESS);
    put_text(2048, "0123456789");
    put_iovec(2000, 2048, 10);
    cr_assert_eq(CALL(fd_write, fd, 2000, 1, 512), WASI_SUCCESS);
    cr_assert_eq(CALL(fd_seek, fd, 4, 0, 512), WASI_SUCCESS);
    return fd;
}

FOLDER_TEST(preview0_counts_whence_from_the_current_position) {
    static const uint64_t reached[2][3] = {{1, 5, 11}, {5, 11, 1}}; /* one byte on from the start, from 4, from the end; from 4, … */
    for (int preview0 = 0; preview0 < 2; preview0++)
        for (uint32_t whence = 0; whence < 3; whence++) {
            call.preview0 = false;
            uint32_t fd = open_file();
            call.preview0 = preview0;
            cr_assert_eq(CALL(fd_seek, fd, 1, whence, 512), WASI_SUCCESS);
            cr_expect_eq(murre_wasi_get64(memory + 512), reached[preview0][whence], "preview %d, whence %u", !preview0, whence);
        }
    call.preview0 = true;
    uint32_t fd = 4;
    cr_expect_eq(CALL(fd_seek, fd, 0, 3, 512), WASI_INVAL);
}

static void expect_filestat(const uint8_t *at, bool preview0, uint32_t links) {
    size_t size = preview0 ? 56 : 64, rest = preview0 ? 24 : 32;
    cr_expect_neq(murre_wasi_get64(at + 8), 0u, "ino");
    cr_expect_eq(at[16], WASI_FILETYPE_REGULAR_FILE);
    if (preview0)
        cr_expect_eq(murre_wasi_get32(at + 20), links);
    else
        cr_expect_eq(murre_wasi_get64(at + 24), links);
    cr_expect_eq(murre_wasi_get64(at + rest), 10u, "size");
    for (int i = 1; i <= 3; i++) { /* the times, of which none is younger than now or older than this test */
        uint64_t seconds = murre_wasi_get64(at + rest + (size_t)(8 * i)) / 1000000000;
        cr_expect(seconds <= (uint64_t)time(NULL) && seconds + 1000 > (uint64_t)time(NULL));
    }
    cr_expect_eq(at[size], MARK, "nothing is written behind");
}

FOLDER_TEST(preview0_has_a_shorter_filestat) {
    uint32_t fd = open_file();
    uint32_t old = put_text(1024, "file"), new = put_text(1100, "second");
    cr_assert_eq(CALL(path_link, 3, 0, 1024, old, 3, 1100, new), WASI_SUCCESS);
    for (int preview0 = 0; preview0 < 2; preview0++) {
        call.preview0 = preview0;
        memset(memory + 4096, MARK, 256);
        cr_assert_eq(CALL(fd_filestat_get, fd, 4096), WASI_SUCCESS);
        expect_filestat(memory + 4096, preview0, 2);
        memset(memory + 4096, MARK, 256);
        cr_assert_eq(CALL(path_filestat_get, 3, 0, 1024, old, 4096), WASI_SUCCESS);
        expect_filestat(memory + 4096, preview0, 2);
    }
    /* So that it fits where the longer one would not. */
    cr_expect_eq(CALL(fd_filestat_get, fd, SIZE - 56), WASI_SUCCESS);
    cr_expect_eq(CALL(path_filestat_get, 3, 0, 1024, old, SIZE - 56), WASI_SUCCESS);
    cr_expect_not(trapped());
    call.preview0 = false;
    (void)CALL(fd_filestat_get, fd, SIZE - 56);
    cr_expect(trapped());
}

Test(wasi_host, preview0_has_only_so_many_links) {
    struct murre_wasi_stat stat = {.links = UINT64_C(1) << 40, .size = 9};
    call.preview0 = true;
    murre_wasi_put_filestat(&call, memory, &stat);
    cr_expect_eq(murre_wasi_get32(memory + 20), UINT32_MAX);
    cr_expect_eq(murre_wasi_get64(memory + 24), 9u);
}

/* 56 bytes: userdata, tag, and the clock: identifier, id, timeout, precision, flags. */
static void put_clock(uint32_t at, uint64_t userdata, uint32_t id, uint64_t timeout, bool absolute) {
    memset(memory + at, 0, 56);
    murre_wasi_put64(memory + at, userdata);
    murre_wasi_put64(memory + at + 16, 3); /* the identifier, which would be the id of a clock that nobody can wait for */
    murre_wasi_put32(memory + at + 24, id);
    murre_wasi_put64(memory + at + 32, timeout);
    murre_wasi_put16(memory + at + 48, absolute ? WASI_SUBCLOCKFLAG_ABSTIME : 0);
}

static void put_descriptor(uint32_t at, uint64_t userdata, uint8_t type, uint32_t fd) {
    memset(memory + at, 0, 56);
    murre_wasi_put64(memory + at, userdata);
    memory[at + 8] = type;
    murre_wasi_put32(memory + at + 16, fd);
}

static void expect_event(uint32_t at, uint64_t userdata, murre_wasi_errno error, uint8_t type, uint64_t size) {
    cr_expect_eq(murre_wasi_get64(memory + at), userdata);
    cr_expect_eq(murre_wasi_get16(memory + at + 8), error);
    cr_expect_eq(memory[at + 10], type);
    cr_expect_eq(murre_wasi_get64(memory + at + 16), size);
}

FOLDER_TEST(preview0_has_longer_subscriptions) {
    call.preview0 = true;
    put_clock(0, 1, 1, UINT64_MAX, false); /* never */
    put_descriptor(56, 2, WASI_EVENTTYPE_FD_READ, 0);
    put_descriptor(112, 3, WASI_EVENTTYPE_FD_WRITE, 1);
    put_clock(168, 4, 2, 1, false); /* CPU time */
    put_descriptor(224, 5, WASI_EVENTTYPE_FD_READ, 99);
    cr_assert_eq(CALL(poll_oneoff, 0, 1024, 5, 512), WASI_SUCCESS);
    cr_assert_eq(murre_wasi_get32(memory + 512), 4u);
    expect_event(1024, 2, WASI_SUCCESS, WASI_EVENTTYPE_FD_READ, 5);
    expect_event(1056, 3, WASI_SUCCESS, WASI_EVENTTYPE_FD_WRITE, 1);
    expect_event(1088, 4, WASI_NOTSUP, WASI_EVENTTYPE_CLOCK, 0);
    expect_event(1120, 5, WASI_BADF, WASI_EVENTTYPE_FD_READ, 0);
    /* Times, of both kinds. */
    for (int absolute = 0; absolute < 2; absolute++) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        uint64_t from = absolute ? murre_wasi_nanoseconds(now.tv_sec, now.tv_nsec) : 0;
        put_clock(0, 7, 0, absolute ? UINT64_MAX : UINT64_MAX - 5, absolute);
        put_clock(56, 8, 0, from + 20000000, absolute);
        cr_assert_eq(CALL(poll_oneoff, 0, 1024, 2, 512), WASI_SUCCESS);
        cr_expect_eq(murre_wasi_get32(memory + 512), 1u);
        expect_event(1024, 8, WASI_SUCCESS, WASI_EVENTTYPE_CLOCK, 0);
    }
    /* Where the array ends. */
    put_clock(SIZE - 56, 9, 1, 0, false);
    cr_expect_eq(CALL(poll_oneoff, SIZE - 56, 1024, 1, 512), WASI_SUCCESS);
    cr_expect_not(trapped());
    (void)CALL(poll_oneoff, SIZE - 48, 1024, 1, 512);
    cr_expect(trapped());
}

Test(wasi_preview0, preview0_knows_no_accepting) {
    int sockets[2];
    struct murre_wasi_config config;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    murre_wasi_config_init(&config);
    config.sockets = sockets;
    config.socket_count = 1;
    make_guest(&config);
    cr_assert_eq(CALL(fd_fdstat_get, 3, 0), WASI_SUCCESS);
    uint64_t rights = murre_wasi_get64(memory + 8);
    cr_expect(rights & WASI_RIGHT_SOCK_ACCEPT);
    call.preview0 = true;
    cr_assert_eq(CALL(fd_fdstat_get, 3, 0), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get64(memory + 8), rights & ~WASI_RIGHT_SOCK_ACCEPT);
    delete_guest();
    close(sockets[0]);
    close(sockets[1]);
}

static bool provides(const char *module, const char *name) {
    return murre_wasi_provides((struct murre_name){module, strlen(module)}, (struct murre_name){name, strlen(name)});
}

Test(wasi_preview0, preview0_has_all_functions_but_sock_accept) {
    static const char *const names[] = {
#define FUNCTION(name, params) #name,
#define EXIT(name, params)     #name,
#include "wasi/functions.def"
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cr_expect(provides("wasi_snapshot_preview1", names[i]));
        cr_expect_eq(provides("wasi_unstable", names[i]), strcmp(names[i], "sock_accept") != 0, "%s", names[i]);
    }
    cr_expect_not(provides("wasi_unstable", "thread_spawn"));
    cr_expect_not(provides("wasi_unstable_preview0", "fd_write"));
}
