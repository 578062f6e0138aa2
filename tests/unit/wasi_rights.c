/* Rights: recorded and reported, not enforced unless the host wants that; and the errors of descriptors that cannot do something. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/wasi_guest.h"

TestSuite(wasi_host, .init = set_up_host_folder, .fini = tear_down_host_folder);
TestSuite(wasi_memory, .init = set_up_memory_folder, .fini = delete_guest);

static uint64_t told(uint32_t fd) {
    cr_assert_eq(CALL(fd_fdstat_get, fd, 64), WASI_SUCCESS);
    return murre_wasi_get64(memory + 64 + 8);
}

static uint64_t passed_on(uint32_t fd) {
    cr_assert_eq(CALL(fd_fdstat_get, fd, 64), WASI_SUCCESS);
    return murre_wasi_get64(memory + 64 + 16);
}

static murre_wasi_errno write_text(uint32_t fd, const char *text) {
    put_iovec(0, 200, put_text(200, text));
    return CALL(fd_write, fd, 0, 1, 16);
}

static murre_wasi_errno read_some(uint32_t fd) {
    put_iovec(0, 200, 16);
    return CALL(fd_read, fd, 0, 1, 16);
}

/* A folder that was opened with these rights and passes these on. */
static uint32_t open_folder(const char *path, uint64_t base, uint64_t inheriting) {
    uint32_t size = put_text(1024, path);
    cr_assert_eq(CALL(path_open, 3, 0, 1024, size, WASI_OFLAG_DIRECTORY, base, inheriting, 0, 512), WASI_SUCCESS);
    return murre_wasi_get32(memory + 512);
}

FOLDER_TEST(a_file_opened_with_no_rights_is_read_and_written) {
    uint32_t fd;
    cr_assert_eq(open_at(3, "new", WASI_OFLAG_CREAT, 0, &fd), WASI_SUCCESS);
    cr_expect_eq(write_text(fd, "some text"), WASI_SUCCESS);
    cr_assert_eq(open_at(3, "new", 0, 0, &fd), WASI_SUCCESS);
    cr_expect_eq(write_text(fd, "more"), WASI_SUCCESS, "also one that was there");
    cr_expect_eq(CALL(fd_seek, fd, 0, 0, 24), WASI_SUCCESS);
    cr_expect_eq(read_some(fd), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 16), 9u);
    cr_expect_eq(memcmp(memory + 200, "more text", 9), 0);
    cr_expect_eq(CALL(fd_filestat_set_size, fd, 3), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_allocate, fd, 0, 8), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_filestat_get, fd, 64), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_filestat_set_times, fd, 0, 0, WASI_FSTFLAG_MTIM_NOW), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_pread, fd, 0, 1, 0, 16), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_sync, fd), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_advise, fd, 0, 0, 0), WASI_SUCCESS);
}

FOLDER_TEST(rights_are_told_as_they_were_asked_for) {
    uint32_t fd;
    const uint64_t some = WASI_RIGHT_FD_READ | WASI_RIGHT_FD_TELL;
    cr_assert_eq(open_at(3, "f", WASI_OFLAG_CREAT, some | WASI_RIGHT_PATH_OPEN, &fd), WASI_SUCCESS);
    cr_expect_eq(told(fd), some, "a file opens no paths");
    cr_expect_eq(passed_on(fd), 0u);
    fd = open_folder(".", WASI_RIGHT_PATH_OPEN | WASI_RIGHT_FD_SEEK, some);
    cr_expect_eq(told(fd), WASI_RIGHT_PATH_OPEN);
    cr_expect_eq(passed_on(fd), some);
}

/* As Go's os.Root and Zig's Dir.openDir do: a folder is opened for looking up only, and everything is done from it. */
FOLDER_TEST(a_folder_opened_with_no_rights_does_what_a_folder_does) {
    uint32_t fd, size, dir = open_folder(".", 0, 0);
    cr_assert_eq(open_at(dir, "f", WASI_OFLAG_CREAT | WASI_OFLAG_TRUNC, WASI_RIGHT_FD_WRITE, &fd), WASI_SUCCESS);
    cr_expect_eq(write_text(fd, "text"), WASI_SUCCESS);
    cr_expect_eq(open_at(dir, "f", WASI_OFLAG_TRUNC, WASI_RIGHT_FD_READ, &fd), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_filestat_get, fd, 64), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get64(memory + 64 + 32), 0u, "cut");
    cr_expect_eq(CALL(fd_filestat_get, dir, 64), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_readdir, dir, 4096, 512, 0, 16), WASI_SUCCESS);
    size = put_text(1024, "d");
    cr_expect_eq(CALL(path_create_directory, dir, 1024, size), WASI_SUCCESS);
    cr_expect_eq(CALL(path_filestat_get, dir, 0, 1024, size, 64), WASI_SUCCESS);
    cr_expect_eq(CALL(path_filestat_set_times, dir, 0, 1024, size, 0, 0, WASI_FSTFLAG_MTIM_NOW), WASI_SUCCESS);
    cr_expect_eq(CALL(path_rename, dir, 1024, size, dir, 1024 + put_text(1024, "de") - 1, 1), WASI_SUCCESS);
    cr_expect_eq(CALL(path_symlink, 1024, 1, dir, 1032, put_text(1032, "l")), WASI_SUCCESS);
    cr_expect_eq(CALL(path_readlink, dir, 1032, 1, 64, 8, 16), WASI_SUCCESS);
    cr_expect_eq(CALL(path_link, dir, 0, 1040, put_text(1040, "fg") - 1, dir, 1041, 1), WASI_SUCCESS);
    cr_expect_eq(CALL(path_unlink_file, dir, 1040, 1), WASI_SUCCESS);
    cr_expect_eq(CALL(path_remove_directory, dir, 1025, 1), WASI_SUCCESS);
}

/* Reading and writing are no rights but how the file was opened. */
FOLDER_TEST(what_is_opened_to_be_read_is_not_written) {
    uint32_t fd;
    cr_assert_eq(open_at(3, "f", WASI_OFLAG_CREAT, WASI_RIGHT_FD_READ, &fd), WASI_SUCCESS);
    cr_expect_eq(write_text(fd, "text"), WASI_BADF);
    cr_expect_eq(CALL(fd_pwrite, fd, 0, 1, 0, 16), WASI_BADF);
    cr_expect_eq(CALL(fd_allocate, fd, 0, 8), WASI_BADF);
    cr_expect_eq(CALL(fd_filestat_set_size, fd, 8), WASI_INVAL);
    cr_assert_eq(open_at(3, "f", 0, WASI_RIGHTS_ALL & ~WASI_RIGHT_FD_WRITE, &fd), WASI_SUCCESS);
    cr_expect_eq(write_text(fd, "text"), WASI_BADF, "as Go opens for reading");
    cr_assert_eq(open_at(3, "f", 0, WASI_RIGHT_FD_WRITE, &fd), WASI_SUCCESS);
    cr_expect_eq(read_some(fd), WASI_BADF);
    cr_expect_eq(CALL(fd_pread, fd, 0, 1, 0, 16), WASI_BADF);
    cr_expect_eq(write_text(fd, "text"), WASI_SUCCESS);
}

FOLDER_TEST(a_folder_is_opened_with_rights_to_write_that_are_not_needed) {
    uint32_t fd;
    cr_expect_eq(open_at(3, ".", WASI_OFLAG_DIRECTORY, WASI_RIGHTS_ALL & ~WASI_RIGHT_FD_WRITE, &fd), WASI_SUCCESS);
    cr_expect_eq(open_at(3, ".", 0, WASI_RIGHTS_ALL & ~WASI_RIGHT_FD_WRITE, &fd), WASI_SUCCESS);
    cr_expect_eq(open_at(3, ".", 0, 0, &fd), WASI_SUCCESS);
    cr_expect_eq(open_at(3, ".", 0, WASI_RIGHT_FD_WRITE, &fd), WASI_ISDIR);
    cr_expect_eq(open_at(3, "missing", 0, 0, &fd), WASI_NOENT);
}

FOLDER_TEST(what_a_guest_gives_up_stays_given_up) {
    uint32_t fd, dir = open_folder(".", WASI_RIGHTS_DIRECTORY, WASI_RIGHTS_ALL);
    cr_assert_eq(open_at(dir, "f", WASI_OFLAG_CREAT, WASI_RIGHTS_FILE, &fd), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_fdstat_set_rights, fd, WASI_RIGHT_FD_WRITE, 0), WASI_SUCCESS);
    cr_expect_eq(read_some(fd), WASI_NOTCAPABLE);
    cr_expect_eq(CALL(fd_seek, fd, 0, 0, 24), WASI_NOTCAPABLE);
    cr_expect_eq(CALL(fd_pwrite, fd, 0, 1, 0, 16), WASI_NOTCAPABLE);
    cr_expect_eq(write_text(fd, "text"), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_fdstat_set_rights, fd, WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_READ, 0), WASI_NOTCAPABLE);
    cr_expect_eq(CALL(fd_fdstat_set_rights, dir, WASI_RIGHTS_DIRECTORY & ~WASI_RIGHT_PATH_UNLINK_FILE, WASI_RIGHT_FD_READ), WASI_SUCCESS);
    cr_expect_eq(CALL(path_unlink_file, dir, 1024, 1), WASI_NOTCAPABLE);
    cr_expect_eq(open_at(dir, "f", 0, WASI_RIGHT_FD_WRITE, &fd), WASI_NOTCAPABLE);
    cr_assert_eq(open_at(dir, "f", 0, 0, &fd), WASI_SUCCESS);
    cr_expect_eq(write_text(fd, "text"), WASI_NOTCAPABLE);
    cr_expect_eq(read_some(fd), WASI_SUCCESS);
}

/* ---- where rights are enforced ------------------------------------------------------------------------------------------- */

static void enforce_in(const struct murre_wasi_preopen *folder) {
    delete_guest();
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.preopens = folder;
    config.preopen_count = 1;
    config.enforce_rights = true;
    config.in = config.out = (struct murre_wasi_stream){.kind = MURRE_WASI_NULL};
    make_guest(&config);
}

static void rights_only_shrink(void) {
    uint32_t dir, fd;
    cr_assert_eq(open_at(3, ".", WASI_OFLAG_DIRECTORY, WASI_RIGHTS_DIRECTORY, &dir), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_fdstat_set_rights, dir, WASI_RIGHT_PATH_OPEN | WASI_RIGHT_PATH_CREATE_FILE, WASI_RIGHT_FD_READ), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_fdstat_set_rights, dir, WASI_RIGHT_PATH_OPEN | WASI_RIGHT_FD_READDIR, 0), WASI_NOTCAPABLE);
    cr_expect_eq(open_at(dir, "f", WASI_OFLAG_CREAT, WASI_RIGHT_FD_WRITE, &fd), WASI_NOTCAPABLE);
    cr_assert_eq(open_at(dir, "f", WASI_OFLAG_CREAT, WASI_RIGHT_FD_READ | WASI_RIGHT_FD_SEEK, &fd), WASI_SUCCESS);
    cr_expect_eq(told(fd), WASI_RIGHT_FD_READ);
    cr_expect_eq(CALL(fd_filestat_get, fd, 64), WASI_NOTCAPABLE);
    cr_expect_eq(CALL(fd_seek, fd, 0, 0, 24), WASI_NOTCAPABLE);
    cr_expect_eq(write_text(fd, "text"), WASI_NOTCAPABLE);
    cr_expect_eq(open_at(dir, "f", WASI_OFLAG_TRUNC, 0, &fd), WASI_NOTCAPABLE);
    cr_expect_eq(CALL(path_unlink_file, dir, 1024, 1), WASI_NOTCAPABLE);
    cr_expect_eq(write_text(0, "text"), WASI_NOTCAPABLE);
    cr_expect_eq(read_some(1), WASI_NOTCAPABLE);
}

Test(wasi_host, rights_are_enforced_where_the_host_asks_for_it) {
    enforce_in(&(struct murre_wasi_preopen){.host = guest_top, .guest = "/"});
    rights_only_shrink();
}

Test(wasi_memory, rights_are_enforced_where_the_host_asks_for_it) {
    enforce_in(&(struct murre_wasi_preopen){.guest = "/"});
    rights_only_shrink();
}

/* ---- read-only folders --------------------------------------------------------------------------------------------------- */

static void nothing_changes(void) {
    uint32_t fd;
    cr_expect_eq(open_at(3, "present", 0, WASI_RIGHT_FD_READ, &fd), WASI_SUCCESS);
    cr_expect_eq(write_text(fd, "x"), WASI_NOTCAPABLE);
    cr_expect_eq(CALL(fd_filestat_set_size, fd, 0), WASI_NOTCAPABLE);
    cr_expect_eq(CALL(fd_filestat_set_times, fd, 0, 0, WASI_FSTFLAG_MTIM_NOW), WASI_NOTCAPABLE);
    cr_expect_eq(open_at(3, "present", 0, WASI_RIGHT_FD_WRITE, &fd), WASI_NOTCAPABLE);
    cr_expect_eq(open_at(3, "present", WASI_OFLAG_TRUNC, 0, &fd), WASI_NOTCAPABLE);
    cr_expect_eq(open_at(3, "new", WASI_OFLAG_CREAT, 0, &fd), WASI_NOTCAPABLE);
    cr_assert_eq(open_at(3, "present", 0, 0, &fd), WASI_SUCCESS);
    cr_expect_eq(write_text(fd, "x"), WASI_NOTCAPABLE);
    cr_expect_eq(CALL(fd_allocate, fd, 0, 100), WASI_NOTCAPABLE);
    cr_expect_eq(read_some(fd), WASI_SUCCESS);
    uint32_t dir = open_folder(".", 0, 0);
    cr_expect_eq(open_at(dir, "present", WASI_OFLAG_TRUNC, 0, &fd), WASI_NOTCAPABLE);
    cr_expect_eq(open_at(dir, "present", 0, WASI_RIGHT_FD_WRITE, &fd), WASI_NOTCAPABLE);
    uint32_t size = put_text(1024, "present");
    for (int i = 0; i < 2; i++, dir = 3) {
        cr_expect_eq(CALL(path_unlink_file, dir, 1024, size), WASI_NOTCAPABLE);
        cr_expect_eq(CALL(path_rename, dir, 1024, size, dir, 1024, size), WASI_NOTCAPABLE);
        cr_expect_eq(CALL(path_link, dir, 0, 1024, size, dir, 1024, 3), WASI_NOTCAPABLE);
        cr_expect_eq(CALL(path_symlink, 1024, size, dir, 1024, 3), WASI_NOTCAPABLE);
        cr_expect_eq(CALL(path_remove_directory, dir, 1024, size), WASI_NOTCAPABLE);
        cr_expect_eq(CALL(path_create_directory, dir, 1024, size), WASI_NOTCAPABLE);
        cr_expect_eq(CALL(path_filestat_set_times, dir, 0, 1024, size, 0, 0, WASI_FSTFLAG_ATIM_NOW), WASI_NOTCAPABLE);
    }
}

Test(wasi_host, read_only_folders_stay_as_they_are) {
    const struct murre_wasi_preopen folder = {.host = guest_top, .guest = "/", .read_only = true};
    uint32_t fd;
    cr_assert_eq(open_at(3, "present", WASI_OFLAG_CREAT, 0, &fd), WASI_SUCCESS);
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.preopens = &folder;
    config.preopen_count = 1;
    struct murre_wasi *other = make_wasi(&config);
    call.wasi = other;
    nothing_changes();
    murre_wasi_delete(other);
    call.wasi = wasi;
}

Test(wasi_memory, read_only_folders_stay_as_they_are) {
    static const struct murre_wasi_file file = {.path = "present", .bytes = "text", .size = 4};
    delete_guest();
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.preopens = &(struct murre_wasi_preopen){.guest = "/", .files = &file, .file_count = 1, .read_only = true};
    config.preopen_count = 1;
    make_guest(&config);
    nothing_changes();
}

/* A file that may only be read, by nobody's asking. (Root may write to it.) */
Test(wasi_host, a_file_that_may_only_be_read_is_opened_with_no_rights) {
    uint32_t fd;
    cr_assert_eq(open_at(3, "f", WASI_OFLAG_CREAT, 0, &fd), WASI_SUCCESS);
    cr_assert_eq(fchmod(murre_wasi_fdtable_entry(&wasi->fds, fd)->host, 0444), 0);
    cr_assert_eq(open_at(3, "f", 0, 0, &fd), WASI_SUCCESS);
    cr_expect_eq(read_some(fd), WASI_SUCCESS);
    cr_expect_eq(write_text(fd, "x"), geteuid() == 0 ? WASI_SUCCESS : WASI_BADF);
}

Test(wasi_memory, a_read_only_file_is_opened_with_no_rights) {
    static const struct murre_wasi_file file = {.path = "fixed", .bytes = "text", .size = 4, .read_only = true};
    delete_guest();
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.preopens = &(struct murre_wasi_preopen){.guest = "/", .files = &file, .file_count = 1};
    config.preopen_count = 1;
    make_guest(&config);
    uint32_t fd;
    cr_assert_eq(open_at(3, "fixed", 0, 0, &fd), WASI_SUCCESS);
    cr_expect_eq(write_text(fd, "x"), WASI_BADF);
    cr_expect_eq(read_some(fd), WASI_SUCCESS);
    cr_expect_eq(open_at(3, "fixed", 0, WASI_RIGHT_FD_WRITE, &fd), WASI_PERM);
}

/* ---- wrong kinds of descriptor --------------------------------------------------------------------------------------------- */

/* What follows the choices of other engines, on which guests' libraries depend; doc/wasi.md has all of them. */
FOLDER_TEST(what_is_no_folder_is_no_stream_of_entries) {
    uint32_t fd;
    cr_assert_eq(open_at(3, "f", WASI_OFLAG_CREAT, 0, &fd), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_readdir, fd, 4096, 512, 0, 16), WASI_BADF);
    cr_expect_eq(CALL(fd_readdir, 1, 4096, 512, 0, 16), WASI_BADF);
    cr_expect_eq(CALL(path_filestat_get, fd, 0, 1024, 1, 64), WASI_NOTDIR);
    cr_expect_eq(CALL(fd_prestat_dir_name, fd, 64, 8), WASI_NOTDIR);
    cr_expect_eq(CALL(fd_prestat_dir_name, 99, 64, 8), WASI_BADF);
    cr_expect_eq(CALL(fd_prestat_get, fd, 64), WASI_BADF);
}

FOLDER_TEST(a_folder_has_no_contents_and_no_position) {
    cr_expect_eq(read_some(3), WASI_BADF);
    cr_expect_eq(write_text(3, "x"), WASI_BADF);
    cr_expect_eq(CALL(fd_pread, 3, 0, 1, 0, 16), WASI_BADF);
    cr_expect_eq(CALL(fd_pwrite, 3, 0, 1, 0, 16), WASI_BADF);
    cr_expect_eq(CALL(fd_seek, 3, 0, 0, 24), WASI_BADF);
    cr_expect_eq(CALL(fd_tell, 3, 24), WASI_BADF);
    cr_expect_eq(CALL(fd_filestat_set_size, 3, 0), WASI_BADF);
    cr_expect_eq(CALL(fd_allocate, 3, 0, 8), WASI_BADF);
    cr_expect_eq(CALL(fd_advise, 3, 0, 8, 0), WASI_BADF);
}

FOLDER_TEST(a_link_that_is_not_followed_is_a_link_before_it_is_no_folder) {
    uint32_t size = put_text(1024, "l"), target = put_text(1032, "target");
    cr_assert_eq(CALL(path_symlink, 1032, target, 3, 1024, size), WASI_SUCCESS);
    cr_expect_eq(CALL(path_open, 3, 0, 1024, size, WASI_OFLAG_DIRECTORY, 0, 0, 0, 512), WASI_LOOP);
    cr_expect_eq(CALL(path_open, 3, 0, 1024, size, 0, 0, 0, 0, 512), WASI_LOOP);
}
