/* The host's limits on a guest's descriptors and writes. */
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/wasi_guest.h"
#include "wasi/budget.h"

static char output[64];
static size_t output_size;

static int take(void *context, const void *bytes, size_t size) {
    (void)context;
    cr_assert(size <= sizeof output - output_size);
    memcpy(output + output_size, bytes, size);
    output_size += size;
    return 0;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw) {
    (void)stat, (void)type, (void)ftw;
    return remove(path);
}

/* A guest with a folder of the host, descriptor 3, and one in memory, 4. */
static void make_limited(const struct murre_wasi_config *limits) {
    struct murre_wasi_config config = *limits;
    if (strchr(guest_top, 'X') != NULL)
        cr_assert_not_null(mkdtemp(guest_top));
    const struct murre_wasi_preopen folders[] = {{.host = guest_top, .guest = "/host"}, {.guest = "/memory"}};
    config.preopens = folders;
    config.preopen_count = 2;
    config.out = config.err = (struct murre_wasi_stream){.kind = MURRE_WASI_CALLBACK, .write = take};
    make_guest(&config);
}

static void tear_down(void) {
    delete_guest();
    nftw(guest_top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
TestSuite(wasi_limits, .fini = tear_down);

static murre_wasi_errno write_to(uint32_t fd, uint32_t size, uint32_t *written) {
    put_iovec(2000, 4096, size);
    murre_wasi_put32(memory + 512, 0);
    murre_wasi_errno error = CALL(fd_write, fd, 2000, 1, 512);
    *written = murre_wasi_get32(memory + 512);
    return error;
}

static murre_wasi_errno make_folder(uint32_t dir, const char *name) {
    uint32_t size = put_text(1024, name);
    return CALL(path_create_directory, dir, 1024, size);
}

static murre_wasi_errno make_link(const char *text, uint32_t dir, const char *name) {
    uint32_t text_size = put_text(1024, text), size = put_text(1500, name);
    return CALL(path_symlink, 1024, text_size, dir, 1500, size);
}

Test(wasi_limits, so_many_descriptors_are_open_at_a_time) {
    make_limited(&(struct murre_wasi_config){.max_descriptors = 7});
    uint32_t one, two, fd;
    cr_assert_eq(open_at(3, "one", WASI_OFLAG_CREAT, OPEN_ALL, &one), WASI_SUCCESS);
    cr_assert_eq(open_at(4, "two", WASI_OFLAG_CREAT, OPEN_ALL, &two), WASI_SUCCESS);
    cr_expect_eq(open_at(3, "one", 0, OPEN_ALL, &fd), WASI_MFILE);
    cr_expect_eq(open_at(4, "two", 0, OPEN_ALL, &fd), WASI_MFILE);
    cr_expect_eq(CALL(fd_renumber, one, two), WASI_SUCCESS); /* closes one of them */
    cr_expect_eq(open_at(4, "two", 0, OPEN_ALL, &fd), WASI_SUCCESS);
    cr_expect_eq(open_at(4, "two", 0, OPEN_ALL, &fd), WASI_MFILE);
    cr_expect_eq(CALL(fd_close, 0), WASI_SUCCESS);
    cr_expect_eq(open_at(3, "one", 0, OPEN_ALL, &fd), WASI_SUCCESS);
    cr_expect_eq(fd, 0u);
}

Test(wasi_limits, what_it_starts_with_counts_and_is_there) {
    make_limited(&(struct murre_wasi_config){.max_descriptors = 2});
    uint32_t fd;
    cr_expect_eq(CALL(fd_fdstat_get, 4, 0), WASI_SUCCESS);
    cr_expect_eq(open_at(4, "file", WASI_OFLAG_CREAT, OPEN_ALL, &fd), WASI_MFILE);
}

Test(wasi_limits, so_many_bytes_go_to_the_standard_streams) {
    make_limited(&(struct murre_wasi_config){.max_output = 10});
    uint32_t written;
    memcpy(memory + 4096, "0123456789abcdef", 16);
    cr_expect_eq(write_to(1, 3, &written), WASI_SUCCESS);
    cr_expect_eq(written, 3u);
    /* Two buffers, of which the second is cut. */
    put_iovec(2000, 4096, 2);
    put_iovec(2008, 4096 + 10, 6);
    cr_expect_eq(CALL(fd_write, 2, 2000, 2, 512), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 512), 7u);
    cr_expect_eq(write_to(1, 1, &written), WASI_NOSPC);
    cr_expect_eq(write_to(2, 1, &written), WASI_NOSPC);
    cr_expect_eq(write_to(1, 0, &written), WASI_SUCCESS);
    cr_expect(output_size == 10 && memcmp(output, "01201abcde", 10) == 0, "%.*s", (int)output_size, output);
    cr_expect_eq(make_folder(3, "folder"), WASI_SUCCESS, "folders are another matter");
}

Test(wasi_limits, a_socket_as_output_counts_too) {
    int sockets[2];
    uint32_t written;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    struct murre_wasi_config config = {.max_output = 5, .out = {.kind = MURRE_WASI_FD, .fd = sockets[0]}};
    make_guest(&config);
    put_iovec(2000, 4096, 3);
    cr_expect_eq(CALL(sock_send, 1, 2000, 1, 0, 512), WASI_SUCCESS);
    cr_expect_eq(CALL(sock_send, 1, 2000, 1, 0, 512), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 512), 2u);
    cr_expect_eq(CALL(sock_send, 1, 2000, 1, 0, 512), WASI_NOSPC);
    cr_expect_eq(write_to(1, 1, &written), WASI_NOSPC);
    cr_expect_eq(recv(sockets[1], memory, SIZE, MSG_DONTWAIT), 5);
    close(sockets[0]);
    close(sockets[1]);
}

Test(wasi_limits, so_many_bytes_go_to_folders_of_the_host) {
    make_limited(&(struct murre_wasi_config){.max_written = 4 * MURRE_WASI_NAME_COST + 100});
    uint64_t *left = &wasi->written_left;
    uint32_t fd, again, written;
    cr_expect_eq(make_folder(3, "folder"), WASI_SUCCESS);
    cr_expect_eq(make_folder(3, "folder"), WASI_EXIST);
    cr_expect_eq(make_link("folder", 3, "link"), WASI_SUCCESS);
    cr_expect_eq(make_link("folder", 3, "link"), WASI_EXIST);
    cr_expect_eq(*left, 2u * MURRE_WASI_NAME_COST + 100);
    /* Only what comes to be costs; also through a link, in a folder that was opened, and behind a descriptor that was moved. */
    uint32_t inner;
    cr_assert_eq(open_at(3, "link", WASI_OFLAG_DIRECTORY, WASI_RIGHTS_ALL & ~WASI_RIGHT_FD_WRITE, &inner), WASI_SUCCESS);
    cr_assert_eq(open_at(inner, "file", WASI_OFLAG_CREAT, WASI_RIGHTS_ALL, &fd), WASI_SUCCESS);
    cr_assert_eq(open_at(3, "link/file", WASI_OFLAG_CREAT, WASI_RIGHTS_ALL, &again), WASI_SUCCESS);
    cr_expect_eq(open_at(3, "nowhere/file", WASI_OFLAG_CREAT, WASI_RIGHTS_ALL, &again), WASI_NOENT);
    cr_expect_eq(*left, MURRE_WASI_NAME_COST + 100u);
    cr_expect_eq(write_to(fd, 30, &written), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_filestat_set_size, fd, 20), WASI_SUCCESS);
    cr_expect_eq(*left, MURRE_WASI_NAME_COST + 70u);
    cr_expect_eq(CALL(fd_filestat_set_size, fd, 40), WASI_SUCCESS);
    cr_expect_eq(*left, MURRE_WASI_NAME_COST + 50u);
    cr_expect_eq(CALL(fd_filestat_set_size, fd, INT64_MAX), WASI_NOSPC);
    cr_expect_eq(CALL(fd_allocate, fd, 0, MURRE_WASI_NAME_COST), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_allocate, fd, 0, 51), WASI_NOSPC);
    cr_expect_eq(CALL(fd_renumber, fd, again), WASI_SUCCESS);
    put_iovec(2000, 4096, 40);
    cr_expect_eq(CALL(fd_pwrite, again, 2000, 1, 0, 512), WASI_SUCCESS);
    cr_expect_eq(write_to(again, 40, &written), WASI_SUCCESS);
    cr_expect_eq(written, 10u);
    /* Nothing is left, whatever goes away. */
    uint32_t size = put_text(1024, "link");
    cr_expect_eq(CALL(path_unlink_file, 3, 1024, size), WASI_SUCCESS);
    cr_expect_eq(write_to(again, 1, &written), WASI_NOSPC);
    cr_expect_eq(make_folder(3, "another"), WASI_NOSPC);
    cr_expect_eq(make_link("x", 3, "another"), WASI_NOSPC);
    cr_expect_eq(open_at(3, "another", WASI_OFLAG_CREAT, WASI_RIGHTS_ALL, &fd), WASI_NOSPC);
    uint32_t old = put_text(1024, "folder/file"), new = put_text(1500, "second");
    cr_expect_eq(CALL(path_link, 3, 0, 1024, old, 3, 1500, new), WASI_NOSPC);
    cr_expect_eq(open_at(3, "folder/file", WASI_OFLAG_CREAT, WASI_RIGHTS_ALL, &fd), WASI_SUCCESS, "what is there can be opened");
}

Test(wasi_limits, what_lies_between_a_files_end_and_a_write_counts) {
    make_limited(&(struct murre_wasi_config){.max_written = MURRE_WASI_NAME_COST + 100000});
    uint64_t *left = &wasi->written_left;
    uint32_t fd, written;
    cr_assert_eq(open_at(3, "file", WASI_OFLAG_CREAT, WASI_RIGHTS_ALL, &fd), WASI_SUCCESS);
    put_iovec(2000, 4096, 10);
    cr_expect_eq(CALL(fd_pwrite, fd, 2000, 1, UINT64_C(1) << 43, 512), WASI_NOSPC);
    cr_expect_eq(CALL(fd_pwrite, fd, 2000, 1, 9990, 512), WASI_SUCCESS);
    cr_expect_eq(*left, 90000u);
    cr_expect_eq(CALL(fd_seek, fd, 20000, 0, 520), WASI_SUCCESS);
    cr_expect_eq(write_to(fd, 10, &written), WASI_SUCCESS);
    cr_expect_eq(*left, 79990u);
    cr_expect_eq(CALL(fd_allocate, fd, UINT64_C(1) << 40, 1), WASI_NOSPC);
    cr_expect_eq(CALL(fd_allocate, fd, 30009, 1), WASI_SUCCESS);
    cr_expect_eq(*left, 69990u);
    cr_expect_eq(CALL(fd_pwrite, fd, 2000, 1, 30010 + 69985, 512), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 512), 5u, "cut to what is left");
    cr_expect_eq(*left, 0u);
}

Test(wasi_limits, memory_folders_have_their_own_limit) {
    make_limited(&(struct murre_wasi_config){.max_written = 1, .max_output = 1});
    uint32_t fd, written;
    cr_assert_eq(make_folder(4, "folder"), WASI_SUCCESS);
    cr_assert_eq(open_at(4, "folder/file", WASI_OFLAG_CREAT, WASI_RIGHTS_ALL, &fd), WASI_SUCCESS);
    cr_expect_eq(write_to(fd, 1000, &written), WASI_SUCCESS);
    cr_expect_eq(written, 1000u);
}

/* Output that writes output. */
static int nested(void *context, const void *bytes, size_t size) {
    uint32_t written;
    (void)context;
    output_size += size;
    if (*(const char *)bytes == 'a') {
        memory[4096] = 'b';
        cr_expect_eq(write_to(2, 4, &written), WASI_SUCCESS);
        cr_expect_eq(written, 2u);
    }
    return 0;
}

Test(wasi_limits, output_that_calls_back_cannot_write_more) {
    const struct murre_wasi_stream stream = {.kind = MURRE_WASI_CALLBACK, .write = nested};
    make_guest(&(struct murre_wasi_config){.max_output = 6, .out = stream, .err = stream});
    uint32_t written;
    memory[4096] = 'a';
    output_size = 0;
    cr_expect_eq(write_to(1, 4, &written), WASI_SUCCESS);
    cr_expect_eq(output_size, 6u);
    cr_expect_eq(write_to(1, 1, &written), WASI_NOSPC);
}

/* Linux itself finishes moving what a file gives, however much it is. */
Test(wasi_limits, a_large_transfer_stops_at_an_interrupt) {
    enum { COUNT = 25, EACH = 50000, PIECE = 1 << 20 };
    make_limited(&(struct murre_wasi_config){0});
    uint32_t fd;
    cr_assert_eq(open_at(3, "file", WASI_OFLAG_CREAT, WASI_RIGHTS_ALL, &fd), WASI_SUCCESS);
    for (uint32_t i = 0; i < COUNT; i++)
        put_iovec(60000 + 8 * i, 4096, EACH);
    cr_expect_eq(CALL(fd_write, fd, 60000, COUNT, 512), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 512), (uint32_t)COUNT * EACH, "nothing stops it");
    murre_store_interrupt(call.store);
    cr_expect_eq(CALL(fd_write, fd, 60000, COUNT, 512), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 512), (uint32_t)PIECE);
    cr_expect_eq(CALL(fd_pread, fd, 60000, COUNT, 0, 512), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 512), (uint32_t)PIECE);
    uint64_t position;
    cr_expect_eq(CALL(fd_tell, fd, 520), WASI_SUCCESS);
    memcpy(&position, memory + 520, sizeof position);
    cr_expect_eq(position, (uint64_t)COUNT * EACH + PIECE);
}
