/* The functions of WASI preview1, called directly on a made-up guest memory: pointers, buffer lists, arguments, streams, clocks, polling, sockets,
 * and anything at all. What concerns folders is in wasi_folders.c. */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "unit/wasi_guest.h"
#include "wasi/kind.h"

TestSuite(wasi_host, .init = set_up_host_folder, .fini = tear_down_host_folder);
TestSuite(wasi_memory, .init = set_up_memory_folder, .fini = delete_guest);

/* ---- streams without bytes ---- */

static void set_up_empty(void) {
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.in = (struct murre_wasi_stream){.kind = MURRE_WASI_BYTES};
    make_guest(&config);
}

TestSuite(wasi_empty, .init = set_up_empty, .fini = delete_guest);

Test(wasi_empty, no_bytes_need_no_address) {
    put_iovec(0, 100, 3);
    cr_assert_eq(CALL(fd_read, 0, 0, 1, 16), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 16), 0u);
}

/* ---- memory -------------------------------------------------------------------------------------------------------------- */

Test(wasi_host, pointers_are_checked) {
    cr_expect(murre_wasi_guest(&call, 0, SIZE, 1, 1) == memory);
    cr_expect(murre_wasi_guest(&call, SIZE, 0, 1, 1) == memory + SIZE);
    cr_expect(murre_wasi_guest(&call, SIZE - 8, 2, 4, 4) == memory + SIZE - 8);
    static const struct {
        uint32_t pointer;
        uint64_t count;
        uint32_t size, align;
    } bad[] = {
        {SIZE + 1, 0, 1, 1}, {SIZE, 1, 1, 1}, {0, SIZE + 1, 1, 1},    {UINT32_MAX, 1, 1, 1}, {UINT32_MAX, 0, 1, 1}, {SIZE - 4, 2, 4, 4},
        {2, 1, 4, 4},        {4, 1, 8, 8},    {0, UINT32_MAX, 48, 8}, {0, UINT64_MAX, 2, 1}, {1, UINT64_MAX, 1, 1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_expect(murre_wasi_guest(&call, bad[i].pointer, bad[i].count, bad[i].size, bad[i].align) == NULL, "row %zu", i);
        cr_expect(trapped(), "row %zu", i);
    }
    struct murre_wasi_call none = {.wasi = wasi};
    cr_expect(murre_wasi_guest(&none, 0, 0, 1, 1) == NULL);
    murre_trap_delete(none.trap);
}

Test(wasi_host, buffer_lists_are_checked_entry_by_entry) {
    struct murre_wasi_iovecs iovecs;
    put_iovec(0, 100, 10);
    put_iovec(8, 200, 0);
    put_iovec(16, 300, 20);
    cr_assert(murre_wasi_guest_iovecs(&call, 0, 3, &iovecs));
    cr_expect_eq(iovecs.count, 2);
    cr_expect_eq(iovecs.total, 30u);
    cr_expect(iovecs.items[1].iov_base == memory + 300);
    put_iovec(16, SIZE - 10, 11);
    cr_expect(!murre_wasi_guest_iovecs(&call, 0, 3, &iovecs) && trapped());
    cr_expect(!murre_wasi_guest_iovecs(&call, 2, 1, &iovecs) && trapped());
    cr_expect(!murre_wasi_guest_iovecs(&call, 0, UINT32_MAX, &iovecs) && trapped());
    /* Also behind the point where the list is cut. */
    for (uint32_t i = 0; i < 200; i++)
        put_iovec(4096 + 8 * i, 0, i == 199 ? UINT32_MAX : 1);
    cr_expect(!murre_wasi_guest_iovecs(&call, 4096, 200, &iovecs) && trapped());
    cr_assert(murre_wasi_guest_iovecs(&call, 4096, 199, &iovecs));
    cr_expect_eq(iovecs.count, MURRE_WASI_IOVECS);
    /* Empty buffers do not use up the places. */
    for (uint32_t i = 0; i < 200; i++)
        put_iovec(4096 + 8 * i, 0, i == 199);
    cr_assert(murre_wasi_guest_iovecs(&call, 4096, 200, &iovecs));
    cr_expect_eq(iovecs.total, 1u);
}

FOLDER_TEST(results_are_not_written_on_failure) {
    memset(memory, 0xaa, 64);
    cr_expect_eq(CALL(fd_fdstat_get, 99, 0), WASI_BADF);
    cr_expect_eq(CALL(fd_filestat_get, 99, 0), WASI_BADF);
    cr_expect_eq(CALL(fd_tell, 99, 0), WASI_BADF);
    cr_expect_eq(CALL(clock_time_get, 77, 0, 0), WASI_INVAL);
    for (int i = 0; i < 64; i++)
        cr_expect_eq(memory[i], 0xaa);
}

/* A bad result pointer is noticed before anything has happened. */
FOLDER_TEST(nothing_happens_before_a_bad_pointer_is_noticed) {
    put_iovec(0, 100, 4);
    put_text(100, "text");
    CALL(fd_write, 1, 0, 1, SIZE - 2);
    cr_expect(trapped());
    cr_expect_eq(captured_size, 0u);
    CALL(fd_read, 0, 0, 1, 3);
    cr_expect(trapped());
    murre_wasi_put32(memory + 200, 99);
    cr_expect_eq(CALL(fd_read, 0, 0, 1, 200), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 200), 4u, "nothing had been read before");
    uint32_t size = put_text(1024, "created");
    CALL(path_open, 3, 0, 1024, size, WASI_OFLAG_CREAT, 0, 0, 0, SIZE);
    cr_expect(trapped());
    cr_expect_eq(CALL(path_filestat_get, 3, 0, 1024, size, 2048), WASI_NOENT);
}

/* ---- arguments, streams --------------------------------------------------------------------------------------------------- */

Test(wasi_host, arguments_and_environment_arrive) {
    cr_assert_eq(CALL(args_sizes_get, 0, 4), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory), 3u);
    cr_expect_eq(murre_wasi_get32(memory + 4), 10u);
    cr_assert_eq(CALL(args_get, 16, 100), WASI_SUCCESS);
    cr_expect_eq(memcmp(memory + 100, "prog\0one\0", 10), 0);
    cr_expect_eq(murre_wasi_get32(memory + 20), 105u);
    cr_expect_eq(murre_wasi_get32(memory + 24), 109u);
    cr_assert_eq(CALL(environ_sizes_get, 0, 4), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 4), 4u);
    CALL(args_get, SIZE - 8, 100);
    cr_expect(trapped());
    CALL(args_get, 16, SIZE - 9);
    cr_expect(trapped());
}

Test(wasi_host, streams_in_memory_work) {
    put_iovec(0, 100, 3);
    put_iovec(8, 200, 100);
    cr_assert_eq(CALL(fd_read, 0, 0, 2, 16), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 16), 5u);
    cr_expect_eq(memcmp(memory + 100, "inp", 3), 0);
    cr_expect_eq(memcmp(memory + 200, "ut", 2), 0);
    cr_assert_eq(CALL(fd_read, 0, 0, 2, 16), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 16), 0u);
    cr_assert_eq(CALL(fd_write, 1, 0, 2, 16), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 16), 103u);
    cr_expect_eq(captured_size, 103u);
    cr_expect_eq(CALL(fd_write, 1, 0, 2, 16), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_write, 1, 0, 2, 16), WASI_SUCCESS, "in part: only the first bytes had room");
    cr_expect_eq(murre_wasi_get32(memory + 16), 3u);
    cr_expect_eq(captured_size, 209u);
    cr_expect_eq(CALL(fd_write, 1, 8, 1, 16), WASI_NOSPC);
    cr_expect_eq(captured_size, 209u);
    cr_expect_eq(CALL(fd_write, 2, 0, 2, 16), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_write, 0, 0, 2, 16), WASI_BADF);
    cr_expect_eq(CALL(fd_read, 1, 0, 2, 16), WASI_BADF);
    cr_expect_eq(CALL(fd_seek, 0, 0, 1, 24), WASI_SPIPE);
}

/* ---- clocks, polling, the rest ---------------------------------------------------------------------------------------------- */

static void put_clock(uint32_t at, uint64_t userdata, uint32_t id, uint64_t timeout, bool absolute) {
    memset(memory + at, 0, 48);
    murre_wasi_put64(memory + at, userdata);
    murre_wasi_put32(memory + at + 16, id);
    murre_wasi_put64(memory + at + 24, timeout);
    murre_wasi_put16(memory + at + 40, absolute);
}

static void put_descriptor(uint32_t at, uint64_t userdata, uint8_t type, uint32_t fd) {
    memset(memory + at, 0, 48);
    murre_wasi_put64(memory + at, userdata);
    memory[at + 8] = type;
    murre_wasi_put32(memory + at + 16, fd);
}

static uint64_t clock_now(clockid_t id) {
    struct timespec time;
    clock_gettime(id, &time);
    return murre_wasi_nanoseconds(time.tv_sec, time.tv_nsec);
}

Test(wasi_host, clocks_wait_as_long_as_they_should) {
    static const uint64_t wait = 30000000;
    for (int absolute = 0; absolute <= 1; absolute++)
        for (uint32_t id = 0; id <= 1; id++) {
            uint64_t start = clock_now(CLOCK_MONOTONIC);
            uint64_t from = absolute ? clock_now(id == 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC) : 0;
            put_clock(0, 7, id, from + wait, absolute);
            put_clock(48, 8, id, absolute ? UINT64_MAX : UINT64_MAX - 5, absolute);
            cr_assert_eq(CALL(poll_oneoff, 0, 1024, 2, 512), WASI_SUCCESS);
            cr_expect_eq(murre_wasi_get32(memory + 512), 1u);
            cr_expect_eq(murre_wasi_get64(memory + 1024), 7u);
            uint64_t took = clock_now(CLOCK_MONOTONIC) - start;
            cr_expect(took >= wait - 1000000 && took < wait + 2000000000, "%llu", (unsigned long long)took);
        }
    put_clock(0, 7, 1, 5, true);
    cr_expect_eq(CALL(poll_oneoff, 0, 1024, 1, 512), WASI_SUCCESS);
}

/* The rest of a test on a memory of its own. */
static uint8_t *enlarge(size_t size) {
    uint8_t *large = calloc(1, size);
    cr_assert_not_null(large);
    call.memory = large;
    call.memory_size = size;
    return large;
}

static murre_wasi_errno call_large_poll(void) {
    struct murre_wasi_call before = call;
    uint8_t *large = enlarge(65537 * 80 + 8);
    murre_wasi_errno error = CALL(poll_oneoff, 0, 65537 * 48, 65537, 65537 * 80);
    free(large);
    call = before;
    return error;
}

Test(wasi_host, much_randomness_can_be_interrupted) {
    enum { LARGE = 3 << 20 };
    struct murre_engine *engine = murre_engine_new(NULL, NULL);
    struct murre_store *store = murre_store_new(engine, NULL);
    cr_assert_not_null(store);
    uint8_t *large = enlarge(LARGE);
    call.store = store;
    cr_expect_eq(CALL(random_get, 0, LARGE), WASI_SUCCESS);
    memset(large + LARGE - 32, 0, 32);
    murre_store_interrupt(store);
    cr_expect_eq(CALL(random_get, 0, LARGE), WASI_INTR);
    cr_expect_eq(memcmp(large + LARGE - 32, (uint8_t[32]){0}, 32), 0, "the end is not reached");
    free(large);
    murre_store_delete(store);
    murre_engine_unref(engine);
}

Test(wasi_host, polling_reports_what_is_ready_and_what_is_wrong) {
    put_descriptor(0, 1, WASI_EVENTTYPE_FD_READ, 0);
    put_descriptor(48, 2, WASI_EVENTTYPE_FD_WRITE, 1);
    put_descriptor(96, 3, WASI_EVENTTYPE_FD_READ, 99);
    put_clock(144, 4, 2, 1, false);
    put_clock(192, 5, 1, UINT64_MAX, false);
    cr_assert_eq(CALL(poll_oneoff, 0, 1024, 5, 512), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 512), 4u);
    static const struct {
        uint64_t userdata;
        uint16_t error;
        uint8_t type;
        uint64_t size;
    } expect[] = {{1, 0, 1, 5}, {2, 0, 2, 1}, {3, WASI_BADF, 1, 0}, {4, WASI_NOTSUP, 0, 0}};
    for (int i = 0; i < 4; i++) {
        const uint8_t *event = memory + 1024 + 32 * i;
        cr_expect_eq(murre_wasi_get64(event), expect[i].userdata);
        cr_expect_eq(murre_wasi_get16(event + 8), expect[i].error);
        cr_expect_eq(event[10], expect[i].type);
        cr_expect_eq(murre_wasi_get64(event + 16), expect[i].size);
    }
    cr_expect_eq(CALL(poll_oneoff, 0, 1024, 0, 512), WASI_INVAL);
    cr_expect_eq(call_large_poll(), WASI_NOMEM);
    memory[8] = 3;
    cr_expect_eq(CALL(poll_oneoff, 0, 1024, 1, 512), WASI_INVAL);
}

Test(wasi_host, many_subscriptions_at_once_even_when_arrays_overlap) {
    for (uint32_t i = 0; i < 400; i++)
        put_descriptor(i * 48, i, WASI_EVENTTYPE_FD_WRITE, i == 399 ? 1 : 2);
    cr_assert_eq(CALL(poll_oneoff, 0, 8, 400, 60000), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 60000), 400u);
    for (uint32_t i = 0; i < 400; i++)
        cr_assert_eq(murre_wasi_get64(memory + 8 + i * 32), i);
}

Test(wasi_host, sockets_talk_and_other_things_are_none) {
    int pair[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.sockets = pair;
    config.socket_count = 1;
    struct murre_wasi *other = make_wasi(&config);
    call.wasi = other;
    put_iovec(0, 100, put_text(100, "hello"));
    cr_expect_eq(CALL(sock_send, 3, 0, 1, 0, 16), WASI_SUCCESS);
    char text[8];
    cr_expect_eq(read(pair[1], text, sizeof text), 5);
    cr_expect_eq(write(pair[1], "world!", 6), 6);
    put_iovec(0, 200, 3);
    cr_expect_eq(CALL(sock_recv, 3, 0, 1, WASI_RIFLAG_PEEK, 16, 20), WASI_SUCCESS);
    cr_expect_eq(CALL(sock_recv, 3, 0, 1, 0, 16, 20), WASI_SUCCESS);
    cr_expect_eq(memcmp(memory + 200, "wor", 3), 0);
    cr_expect_eq(CALL(fd_read, 3, 0, 1, 16), WASI_SUCCESS);
    cr_expect_eq(memcmp(memory + 200, "ld!", 3), 0);
    cr_expect_eq(CALL(fd_prestat_get, 3, 24), WASI_BADF);
    cr_expect_eq(CALL(sock_shutdown, 3, 4), WASI_INVAL);
    cr_expect_eq(CALL(sock_shutdown, 3, WASI_SDFLAG_WR), WASI_SUCCESS);
    close(pair[1]);
    cr_expect_eq(CALL(fd_write, 3, 0, 1, 16), WASI_PIPE, "and no signal");
    cr_expect_eq(CALL(sock_send, 2, 0, 1, 0, 16), WASI_NOTSOCK);
    cr_expect_eq(CALL(sock_accept, 77, 0, 16), WASI_BADF);
    murre_wasi_delete(other);
    call.wasi = wasi;
    cr_expect_neq(fcntl(pair[0], F_GETFD), -1, "it was only lent");
    close(pair[0]);
}

Test(wasi_host, connections_are_accepted_polled_and_closed, .timeout = 60) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", guest_top);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(listener, 1), 0);
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.sockets = &listener;
    config.socket_count = 1;
    struct murre_wasi *other = make_wasi(&config);
    call.wasi = other;
    cr_expect_eq(CALL(sock_accept, 3, 0, 16), WASI_AGAIN, "nobody is there, and nothing waits");
    cr_expect_eq(CALL(fd_fdstat_get, 3, 1024), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get16(memory + 1026), WASI_FDFLAG_NONBLOCK);
    cr_assert_eq(connect(client, (struct sockaddr *)&address, sizeof address), 0);
    put_descriptor(0, 9, WASI_EVENTTYPE_FD_READ, 3);
    cr_expect_eq(CALL(poll_oneoff, 0, 1024, 1, 512), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get16(memory + 1024 + 8), WASI_SUCCESS);
    cr_assert_eq(CALL(sock_accept, 3, WASI_FDFLAG_NONBLOCK, 16), WASI_SUCCESS);
    uint32_t fd = murre_wasi_get32(memory + 16);
    cr_expect_eq(fd, 4u);
    put_iovec(0, 200, 10);
    cr_expect_eq(CALL(fd_read, fd, 0, 1, 16), WASI_AGAIN, "as asked for");
    cr_expect_eq(CALL(fd_fdstat_get, fd, 1024), WASI_SUCCESS);
    cr_expect_eq(memory[1024], WASI_FILETYPE_SOCKET_STREAM);
    cr_expect_eq(murre_wasi_get16(memory + 1026), WASI_FDFLAG_NONBLOCK);
    cr_expect_eq(CALL(fd_fdstat_set_flags, fd, 0), WASI_SUCCESS);
    cr_expect_eq(CALL(sock_accept, fd, 0, 16), WASI_INVAL, "it does not listen");
    close(client);
    cr_expect_eq(CALL(fd_read, fd, 0, 1, 16), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 16), 0u);
    put_descriptor(0, 9, WASI_EVENTTYPE_FD_READ, fd);
    cr_expect_eq(CALL(poll_oneoff, 0, 1024, 1, 512), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get16(memory + 1024 + 24), WASI_EVENTRWFLAG_HANGUP);
    cr_expect_eq(CALL(fd_close, fd), WASI_SUCCESS);
    cr_expect_eq(CALL(sock_accept, 3, 1 << 7, 16), WASI_INVAL);
    murre_wasi_delete(other);
    call.wasi = wasi;
    close(listener);
}

Test(wasi_host, signals_end_the_guest_alone) {
    cr_expect_eq(CALL(proc_raise, 6), WASI_SUCCESS);
    cr_assert(call.trap != NULL);
    cr_expect_eq(murre_trap_kind(call.trap), MURRE_TRAP_EXIT);
    cr_expect_eq(murre_trap_exit_code(call.trap), 134);
    cr_expect(trapped());
    cr_expect_eq(CALL(proc_raise, 16), WASI_SUCCESS);
    cr_expect_eq(CALL(proc_raise, 18), WASI_NOTSUP);
    cr_expect_eq(CALL(proc_raise, 31), WASI_INVAL);
    cr_expect(!trapped());
}

/* ---- anything at all --------------------------------------------------------------------------------------------------------- */

static uint64_t random_state = 88172645463325252;

static uint64_t random_bits(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Mostly plausible: small descriptors, pointers into memory, sizes that fit. */
static uint64_t random_argument(void) {
    uint64_t bits = random_bits();
    switch (bits >> 60) {
    case 0: return bits;
    case 1: return (uint32_t)bits;
    case 2: return SIZE - (bits & 31);
    case 3:
    case 4:
    case 5: return bits & 0xfff8;
    case 6:
    case 7: return 1024 + (bits & 0xff);
    default: return bits & 7;
    }
}

/* Names that exist, so that calls get far; lengths are arguments of their own. */
static void scatter_texts(void) {
    static const char *const texts[] = {"a/b", "../x", "link", "a", "file", ".", "dir/", "b/../a"};
    for (uint32_t i = 0; i < 16; i++)
        put_text(1024 + 8 * (uint32_t)(random_bits() & 31), texts[random_bits() & 7]);
}

/* Nothing that a guest passes may harm the host; what waits is made not to. */
FOLDER_TEST(random_calls_do_no_harm, .timeout = 120) {
    bool host = wasi->memory_folders == NULL;
    struct rlimit limit = {1 << 20, 1 << 20};
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_IGN);
    for (int i = 0; i < 200000; i++) {
        int function = (int)(random_bits() % MURRE_WASI_FUNCTIONS);
        uint64_t args[9];
        for (int j = 0; j < 9; j++)
            args[j] = random_argument();
        if (i % 16 == 0)
            scatter_texts();
        if (function == MURRE_WASI_INDEX_poll_oneoff) {
            uint32_t at = (uint32_t)(random_bits() & 0x7ff8);
            put_clock(at, 1, 1, 1, false);
            put_descriptor(at + 48, 2, 1 + (uint8_t)(random_bits() & 1), (uint32_t)(random_bits() & 7));
            args[0] = at;
            args[2] = 1 + (random_bits() & 1);
        }
        if (function == MURRE_WASI_INDEX_random_get)
            args[1] &= 0xffff;
        wasi->bindings[function].fn(&call, (const union murre_slot *)args);
        trapped();
        if (i % 1000 == 0 && murre_wasi_fdtable_entry(&wasi->fds, 3) == NULL) { /* a fresh view of the world */
            murre_wasi_delete(wasi);
            const struct murre_wasi_preopen folder = {.host = host ? guest_top : NULL, .guest = "/", .read_only = i % 3000 == 0};
            struct murre_wasi_config config;
            murre_wasi_config_init(&config);
            config.preopens = &folder;
            config.preopen_count = 1;
            config.in.kind = config.out.kind = config.err.kind = MURRE_WASI_NULL;
            config.no_openat2 = i % 2000 == 0;
            call.wasi = wasi = make_wasi(&config);
        }
    }
}
