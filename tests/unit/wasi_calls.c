/* The functions of WASI preview1, called directly on a made-up guest memory: pointers, buffer lists, descriptors, folders, polling. */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
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

static char top[] = "/tmp/murre-wasi-XXXXXX";
static char captured[256];
static size_t captured_size;

static int capture(void *context, const void *bytes, size_t size) {
    (void)context;
    if (size > sizeof captured - captured_size)
        return ENOSPC;
    memcpy(captured + captured_size, bytes, size);
    captured_size += size;
    return 0;
}

static void set_up_with(const struct murre_wasi_preopen *folder) {
    static const char *const args[] = {"prog", "one", ""};
    static const char *const env[] = {"A=b"};
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.args = args;
    config.arg_count = 3;
    config.env = env;
    config.env_count = 1;
    config.preopens = folder;
    config.preopen_count = 1;
    config.in = (struct murre_wasi_stream){.kind = MURRE_WASI_BYTES, .bytes = "input", .size = 5};
    config.out = (struct murre_wasi_stream){.kind = MURRE_WASI_CALLBACK, .write = capture};
    config.err = (struct murre_wasi_stream){.kind = MURRE_WASI_NULL};
    make_guest(&config);
}

static void set_up(void) {
    cr_assert(mkdtemp(top) != NULL);
    set_up_with(&(struct murre_wasi_preopen){.host = top, .guest = "/guest"});
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw) {
    (void)stat, (void)type, (void)ftw;
    return remove(path);
}

static void tear_down(void) {
    delete_guest();
    nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void set_up_memory(void) {
    set_up_with(&(struct murre_wasi_preopen){.guest = "/guest"});
}

TestSuite(wasi_calls, .init = set_up, .fini = tear_down);
TestSuite(wasi_memory, .init = set_up_memory, .fini = delete_guest);

/* A test that runs twice: the guest's folder is one of the host, or one in memory. */
#define FOLDER_TEST(name, ...)                           \
    static void name(void);                              \
    Test(wasi_calls, name __VA_OPT__(, ) __VA_ARGS__) {  \
        name();                                          \
    }                                                    \
    Test(wasi_memory, name __VA_OPT__(, ) __VA_ARGS__) { \
        name();                                          \
    }                                                    \
    static void name(void)

/* An empty file in the guest's folder. */
static void create(const char *name) {
    uint32_t fd;
    cr_assert_eq(open_at(3, name, WASI_OFLAG_CREAT | WASI_OFLAG_EXCL, 0, &fd), WASI_SUCCESS);
    cr_assert_eq(CALL(fd_close, fd), WASI_SUCCESS);
}

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

Test(wasi_calls, pointers_are_checked) {
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

Test(wasi_calls, buffer_lists_are_checked_entry_by_entry) {
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

Test(wasi_calls, arguments_and_environment_arrive) {
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

Test(wasi_calls, streams_in_memory_work) {
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
    cr_expect_eq(CALL(fd_write, 0, 0, 2, 16), WASI_NOTCAPABLE);
    cr_expect_eq(CALL(fd_read, 1, 0, 2, 16), WASI_NOTCAPABLE);
    cr_expect_eq(CALL(fd_seek, 0, 0, 1, 24), WASI_SPIPE);
}

/* ---- descriptors ----------------------------------------------------------------------------------------------------------- */

FOLDER_TEST(numbers_are_reused_from_below_and_without_bound) {
    uint32_t fd;
    cr_assert_eq(open_at(3, "file", WASI_OFLAG_CREAT, OPEN_ALL, &fd), WASI_SUCCESS);
    cr_expect_eq(fd, 4u);
    for (uint32_t i = 5; i < 300; i++) {
        cr_assert_eq(open_at(3, "file", 0, OPEN_ALL, &fd), WASI_SUCCESS);
        cr_assert_eq(fd, i);
    }
    cr_expect_eq(CALL(fd_close, 17), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_close, 17), WASI_BADF);
    cr_expect_eq(CALL(fd_close, 9), WASI_SUCCESS);
    open_at(3, "file", 0, OPEN_ALL, &fd);
    cr_expect_eq(fd, 9u);
    open_at(3, "file", 0, OPEN_ALL, &fd);
    cr_expect_eq(fd, 17u);
    cr_expect_eq(CALL(fd_close, UINT32_MAX), WASI_BADF);
}

Test(wasi_calls, renumber_moves_and_closes) {
    uint32_t a, b;
    open_at(3, "a", WASI_OFLAG_CREAT, OPEN_ALL, &a);
    open_at(3, "b", WASI_OFLAG_CREAT, OPEN_ALL, &b);
    int host = murre_wasi_fdtable_entry(&wasi->fds, a)->host, gone = murre_wasi_fdtable_entry(&wasi->fds, b)->host;
    cr_expect_eq(CALL(fd_renumber, a, a), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_renumber, a, 77), WASI_BADF);
    cr_expect_eq(CALL(fd_renumber, a, b), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_fdtable_entry(&wasi->fds, b)->host, host);
    cr_expect(murre_wasi_fdtable_entry(&wasi->fds, a) == NULL);
    cr_expect_eq(fcntl(gone, F_GETFD), -1);
    cr_expect_eq(CALL(fd_renumber, b, 1), WASI_SUCCESS, "also over a standard stream");
}

FOLDER_TEST(rights_can_only_shrink_and_are_inherited) {
    uint32_t dir, fd;
    cr_assert_eq(open_at(3, ".", WASI_OFLAG_DIRECTORY, WASI_RIGHTS_DIRECTORY, &dir), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_fdstat_set_rights, dir, WASI_RIGHT_PATH_OPEN | WASI_RIGHT_PATH_CREATE_FILE, WASI_RIGHT_FD_READ), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_fdstat_set_rights, dir, WASI_RIGHT_PATH_OPEN | WASI_RIGHT_FD_READDIR, 0), WASI_NOTCAPABLE);
    cr_expect_eq(open_at(dir, "f", WASI_OFLAG_CREAT, WASI_RIGHT_FD_WRITE, &fd), WASI_NOTCAPABLE);
    cr_assert_eq(open_at(dir, "f", WASI_OFLAG_CREAT, WASI_RIGHT_FD_READ | WASI_RIGHT_FD_SEEK, &fd), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_fdtable_entry(&wasi->fds, fd)->base, WASI_RIGHT_FD_READ);
    cr_expect_eq(open_at(dir, "f", WASI_OFLAG_TRUNC, 0, &fd), WASI_NOTCAPABLE);
    cr_expect_eq(CALL(path_unlink_file, dir, 1024, 1), WASI_NOTCAPABLE);
}

Test(wasi_calls, read_only_folders_stay_as_they_are) {
    const struct murre_wasi_preopen folder = {.host = top, .guest = "/", .read_only = true};
    uint32_t fd;
    cr_assert_eq(open_at(3, "present", WASI_OFLAG_CREAT, 0, &fd), WASI_SUCCESS);
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.preopens = &folder;
    config.preopen_count = 1;
    struct murre_wasi *other = make_wasi(&config);
    call.wasi = other;
    cr_expect_eq(open_at(3, "present", 0, WASI_RIGHT_FD_READ, &fd), WASI_SUCCESS);
    cr_expect_eq(open_at(3, "present", 0, WASI_RIGHT_FD_WRITE, &fd), WASI_NOTCAPABLE);
    cr_expect_eq(open_at(3, "present", WASI_OFLAG_TRUNC, 0, &fd), WASI_NOTCAPABLE);
    cr_expect_eq(open_at(3, "new", WASI_OFLAG_CREAT, 0, &fd), WASI_NOTCAPABLE);
    uint32_t size = put_text(1024, "present");
    cr_expect_eq(CALL(path_unlink_file, 3, 1024, size), WASI_NOTCAPABLE);
    cr_expect_eq(CALL(path_rename, 3, 1024, size, 3, 1024, size), WASI_NOTCAPABLE);
    cr_expect_eq(CALL(path_create_directory, 3, 1024, size), WASI_NOTCAPABLE);
    cr_expect_eq(CALL(path_filestat_set_times, 3, 0, 1024, size, 0, 0, WASI_FSTFLAG_ATIM_NOW), WASI_NOTCAPABLE);
    murre_wasi_delete(other);
    call.wasi = wasi;
}

Test(wasi_calls, a_missing_folder_is_an_error_with_its_name) {
    const struct murre_wasi_preopen folder = {.host = "/nowhere/at/all", .guest = "/"};
    struct murre_wasi_config config;
    struct murre_error error;
    murre_wasi_config_init(&config);
    config.preopens = &folder;
    config.preopen_count = 1;
    cr_assert(murre_wasi_new(&config, &error) == NULL);
    cr_expect_eq(error.status, MURRE_ERROR_IO);
    cr_expect(strstr(error.message, "/nowhere/at/all") != NULL);
}

Test(wasi_calls, descriptors_do_not_leak_to_other_programs) {
    uint32_t fd;
    cr_assert_eq(open_at(3, "file", WASI_OFLAG_CREAT, OPEN_ALL, &fd), WASI_SUCCESS);
    cr_expect(fcntl(murre_wasi_fdtable_entry(&wasi->fds, fd)->host, F_GETFD) & FD_CLOEXEC);
    cr_expect(fcntl(murre_wasi_fdtable_entry(&wasi->fds, 3)->host, F_GETFD) & FD_CLOEXEC);
}

/* ---- folders -------------------------------------------------------------------------------------------------------------- */

/* Reads the folder through a buffer of some size and counts the files "f<number>". */
static uint32_t count_entries(uint32_t fd, uint32_t capacity, bool *seen, uint32_t files) {
    uint64_t cookie = 0;
    uint32_t count = 0;
    for (;;) {
        cr_assert_eq(CALL(fd_readdir, fd, 2048, capacity, cookie, 512), WASI_SUCCESS);
        uint32_t used = murre_wasi_get32(memory + 512), at = 0;
        cr_assert(used <= capacity);
        while (used - at >= 24) {
            uint32_t size = murre_wasi_get32(memory + 2048 + at + 16);
            if (used - at < 24 + size)
                break;
            char name[256] = "";
            memcpy(name, memory + 2048 + at + 24, size);
            if (name[0] == 'f') {
                uint32_t number = (uint32_t)strtoul(name + 1, NULL, 10);
                cr_assert(number < files && !seen[number], "%s twice", name);
                seen[number] = true;
            }
            cookie = murre_wasi_get64(memory + 2048 + at);
            count++;
            at += 24 + size;
        }
        if (used < capacity)
            return count;
    }
}

FOLDER_TEST(folders_are_read_whole_whatever_the_buffer) {
    enum { FILES = 500 };
    char path[64];
    for (int i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "f%d", i);
        create(path);
    }
    static const uint32_t capacities[] = {28, 29, 40, 63, 100, 256, 4096, 4097, 30000};
    for (size_t i = 0; i < sizeof capacities / sizeof *capacities; i++) {
        bool seen[FILES] = {false};
        cr_expect_eq(count_entries(3, capacities[i], seen, FILES), FILES + 2u, "buffer of %u", capacities[i]);
    }
}

/* Removing what has been read, as rm -r does, must not make the reader miss anything. */
FOLDER_TEST(folders_can_be_emptied_while_they_are_read) {
    enum { FILES = 300 };
    char path[64];
    for (int i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "f%03d", i);
        create(path);
    }
    uint64_t cookie = 0;
    int removed = 0;
    for (;;) {
        cr_assert_eq(CALL(fd_readdir, 3, 2048, 100, cookie, 512), WASI_SUCCESS);
        uint32_t used = murre_wasi_get32(memory + 512), at = 0, size;
        while (used - at >= 24 && used - at >= 24 + (size = murre_wasi_get32(memory + 2048 + at + 16))) {
            cookie = murre_wasi_get64(memory + 2048 + at);
            if (memory[2048 + at + 24] == 'f')
                removed += CALL(path_unlink_file, 3, 2048 + at + 24, size) == WASI_SUCCESS;
            at += 24 + size;
        }
        if (used < 100)
            break;
    }
    cr_expect_eq(removed, FILES);
}

FOLDER_TEST(the_number_of_what_is_above_is_not_told) {
    cr_assert_eq(CALL(fd_filestat_get, 3, 0), WASI_SUCCESS);
    uint64_t here = murre_wasi_get64(memory + 8);
    cr_assert_eq(CALL(fd_readdir, 3, 2048, 4096, 0, 512), WASI_SUCCESS);
    uint32_t used = murre_wasi_get32(memory + 512), size;
    for (uint32_t at = 0; at < used; at += 24 + size) {
        size = murre_wasi_get32(memory + 2048 + at + 16);
        cr_expect_eq(murre_wasi_get64(memory + 2048 + at + 8), here);
    }
}

/* ---- paths ------------------------------------------------------------------------------------------------------------------ */

FOLDER_TEST(paths_with_a_zero_or_too_long_are_refused) {
    uint32_t fd;
    memcpy(memory + 1024, "a\0b", 3);
    cr_expect_eq(CALL(path_open, 3, 0, 1024, 3, 0, 0, 0, 0, 512), WASI_INVAL);
    memset(memory + 1024, 'x', 5000);
    cr_expect_eq(CALL(path_open, 3, 0, 1024, 5000, 0, 0, 0, 0, 512), WASI_NAMETOOLONG);
    cr_expect_eq(CALL(path_open, 3, 0, 1024, 4095, 0, 0, 0, 0, 512), WASI_NAMETOOLONG);
    cr_expect_eq(open_at(3, "", 0, 0, &fd), WASI_NOENT);
    CALL(path_open, 3, 0, SIZE - 1, 2, 0, 0, 0, 0, 512);
    cr_expect(trapped());
}

FOLDER_TEST(links_do_not_help_out) {
    uint32_t fd, size = put_text(2048, "../../etc/passwd");
    cr_assert_eq(CALL(path_symlink, 2048, size, 3, 2100, put_text(2100, "link")), WASI_SUCCESS);
    cr_expect_eq(open_at(3, "link", 0, WASI_RIGHT_FD_READ, &fd), WASI_PERM);
    cr_expect_eq(CALL(path_filestat_get, 3, 1, 2100, 4, 0), WASI_PERM);
    cr_expect_eq(CALL(path_filestat_get, 3, 0, 2100, 4, 0), WASI_SUCCESS);
    cr_expect_eq(memory[16], WASI_FILETYPE_SYMBOLIC_LINK);
    cr_expect_eq(CALL(path_filestat_set_times, 3, 1, 2100, 4, 0, 0, WASI_FSTFLAG_ATIM_NOW), WASI_PERM);
    /* "link/" follows even where links are not followed. */
    cr_expect_eq(CALL(path_filestat_get, 3, 0, 2104, put_text(2104, "link/"), 0), WASI_PERM);
    cr_expect_eq(CALL(path_filestat_get, 3, 0, 2104, put_text(2104, ".."), 0), WASI_PERM);
    cr_expect_eq(CALL(path_readlink, 3, 2104, put_text(2104, "link/"), 3000, 100, 512), WASI_PERM);
    cr_expect_eq(CALL(path_filestat_set_times, 3, 0, 2104, put_text(2104, "link/"), 0, 0, WASI_FSTFLAG_ATIM_NOW), WASI_PERM);
    cr_expect_eq(CALL(path_filestat_set_times, 3, 0, 2104, put_text(2104, ".."), 0, 0, WASI_FSTFLAG_ATIM_NOW), WASI_PERM);
    cr_expect_eq(CALL(path_link, 3, 0, 2104, put_text(2104, "link/"), 3, 2200, put_text(2200, "hard")), WASI_PERM);
    cr_expect_neq(CALL(path_create_directory, 3, 2104, put_text(2104, "link/")), WASI_SUCCESS);
    cr_expect_neq(CALL(path_remove_directory, 3, 2104, put_text(2104, "..")), WASI_SUCCESS);
    cr_expect_neq(CALL(path_rename, 3, 2104, put_text(2104, ".."), 3, 2200, put_text(2200, "moved")), WASI_SUCCESS);
    cr_expect_eq(CALL(path_create_directory, 3, 2104, put_text(2104, "../made")), WASI_PERM);
    cr_expect_eq(CALL(path_symlink, 2104, put_text(2104, "/etc"), 3, 2200, put_text(2200, "absolute")), WASI_PERM);
}

FOLDER_TEST(times_are_set_through_links_and_on_links) {
    uint32_t fd;
    cr_assert_eq(open_at(3, "file", WASI_OFLAG_CREAT, 0, &fd), WASI_SUCCESS);
    cr_assert_eq(CALL(path_symlink, 2048, put_text(2048, "file"), 3, 2100, put_text(2100, "link")), WASI_SUCCESS);
    cr_assert_eq(CALL(path_filestat_set_times, 3, 1, 2100, 4, 0, 12345678901, WASI_FSTFLAG_MTIM), WASI_SUCCESS);
    cr_assert_eq(CALL(path_filestat_set_times, 3, 0, 2100, 4, 0, 777, WASI_FSTFLAG_MTIM), WASI_SUCCESS);
    cr_assert_eq(CALL(path_filestat_get, 3, 1, 2100, 4, 0), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get64(memory + 48), 12345678901u);
    cr_assert_eq(CALL(path_filestat_get, 3, 0, 2100, 4, 0), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get64(memory + 48), 777u);
    cr_expect_eq(CALL(path_filestat_set_times, 3, 0, 2100, 4, 0, 0, 16), WASI_INVAL);
}

FOLDER_TEST(setting_no_time_fails_on_a_missing_file) {
    cr_assert_eq(CALL(path_symlink, 2048, put_text(2048, "nowhere"), 3, 2100, put_text(2100, "link")), WASI_SUCCESS);
    cr_expect_eq(CALL(path_filestat_set_times, 3, 0, 2100, 4, 0, 0, 0), WASI_SUCCESS, "of the link");
    cr_expect_eq(CALL(path_filestat_set_times, 3, 1, 2100, 4, 0, 0, 0), WASI_NOENT);
    cr_expect_eq(CALL(path_filestat_set_times, 3, 0, 2048, 7, 0, 0, 0), WASI_NOENT);
}

FOLDER_TEST(flags_that_do_not_exist_are_refused) {
    uint32_t size = put_text(1024, "file");
    cr_expect_eq(CALL(path_open, 3, 0, 1024, size, 1 << 4, 0, 0, 0, 512), WASI_INVAL);
    cr_expect_eq(CALL(path_open, 3, 0, 1024, size, WASI_OFLAG_CREAT, 0, 0, 1 << 5, 512), WASI_INVAL);
    cr_expect_eq(CALL(path_open, 3, 0, 1024, size, WASI_OFLAG_CREAT | WASI_OFLAG_DIRECTORY, 0, 0, 0, 512), WASI_INVAL);
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

Test(wasi_calls, clocks_wait_as_long_as_they_should) {
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

Test(wasi_calls, much_randomness_can_be_interrupted) {
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

Test(wasi_calls, polling_reports_what_is_ready_and_what_is_wrong) {
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

Test(wasi_calls, many_subscriptions_at_once_even_when_arrays_overlap) {
    for (uint32_t i = 0; i < 400; i++)
        put_descriptor(i * 48, i, WASI_EVENTTYPE_FD_WRITE, i == 399 ? 1 : 2);
    cr_assert_eq(CALL(poll_oneoff, 0, 8, 400, 60000), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 60000), 400u);
    for (uint32_t i = 0; i < 400; i++)
        cr_assert_eq(murre_wasi_get64(memory + 8 + i * 32), i);
}

Test(wasi_calls, sockets_talk_and_other_things_are_none) {
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

Test(wasi_calls, connections_are_accepted_polled_and_closed) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", top);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(listener, 1), 0);
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.sockets = &listener;
    config.socket_count = 1;
    struct murre_wasi *other = make_wasi(&config);
    call.wasi = other;
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
    cr_expect_eq(CALL(sock_accept, fd, 0, 16), WASI_NOTCAPABLE);
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

Test(wasi_calls, signals_end_the_guest_alone) {
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

FOLDER_TEST(positions_sizes_and_transfers_on_files) {
    uint32_t fd;
    cr_assert_eq(open_at(3, "file", WASI_OFLAG_CREAT, WASI_RIGHTS_ALL, &fd), WASI_SUCCESS);
    put_iovec(0, 100, put_text(100, "0123456789"));
    cr_assert_eq(CALL(fd_write, fd, 0, 1, 16), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_seek, fd, (uint64_t)-3, 2, 24), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get64(memory + 24), 7u);
    cr_expect_eq(CALL(fd_seek, fd, (uint64_t)-1, 0, 24), WASI_INVAL);
    cr_expect_eq(CALL(fd_seek, fd, 0, 3, 24), WASI_INVAL);
    cr_expect_eq(CALL(fd_tell, fd, 24), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get64(memory + 24), 7u);
    cr_expect_eq(CALL(fd_pread, fd, 0, 1, 4, 16), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 16), 6u);
    cr_expect_eq(CALL(fd_pread, fd, 0, 1, UINT64_MAX, 16), WASI_INVAL);
    cr_expect_eq(CALL(fd_pwrite, fd, 0, 1, UINT64_MAX / 2 + 1, 16), WASI_INVAL);
    cr_expect_eq(CALL(fd_filestat_set_size, fd, 3), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_filestat_set_size, fd, UINT64_MAX), WASI_INVAL);
    cr_expect_eq(CALL(fd_filestat_get, fd, 1024), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get64(memory + 1024 + 32), 3u);
    cr_expect_eq(CALL(fd_advise, fd, 0, 0, 6), WASI_INVAL);
    cr_expect_eq(CALL(fd_advise, fd, 0, 0, 1), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_allocate, fd, 0, 0), WASI_INVAL);
    cr_expect_eq(CALL(fd_sync, fd), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_datasync, fd), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_fdstat_set_flags, fd, WASI_FDFLAG_APPEND), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_fdstat_set_flags, fd, WASI_FDFLAG_SYNC), WASI_NOTSUP);
    cr_expect_eq(CALL(fd_fdstat_get, fd, 1024), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get16(memory + 1026), WASI_FDFLAG_APPEND);
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
            const struct murre_wasi_preopen folder = {.host = host ? top : NULL, .guest = "/", .read_only = i % 3000 == 0};
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
