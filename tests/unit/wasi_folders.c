/* WASI's folders and files by path and descriptor, called directly on a made-up guest memory: each test once on a folder of the host and once
 * on one in memory, where both must do the same. */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "unit/wasi_guest.h"
#include "wasi/kind.h"

TestSuite(wasi_host, .init = set_up_host_folder, .fini = tear_down_host_folder);
TestSuite(wasi_memory, .init = set_up_memory_folder, .fini = delete_guest);

/* An empty file in the guest's folder. */
static void create(const char *name) {
    uint32_t fd;
    cr_assert_eq(open_at(3, name, WASI_OFLAG_CREAT | WASI_OFLAG_EXCL, 0, &fd), WASI_SUCCESS);
    cr_assert_eq(CALL(fd_close, fd), WASI_SUCCESS);
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

Test(wasi_host, renumber_moves_and_closes) {
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

Test(wasi_host, a_missing_folder_is_an_error_with_its_name) {
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

Test(wasi_host, descriptors_do_not_leak_to_other_programs) {
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

/* ---- contents ---------------------------------------------------------------------------------------------------------------- */

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
    cr_expect_eq(CALL(fd_fdstat_set_flags, fd, WASI_FDFLAG_SYNC), WASI_INVAL);
    cr_expect_eq(CALL(fd_fdstat_get, fd, 1024), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get16(memory + 1026), WASI_FDFLAG_APPEND);
}
