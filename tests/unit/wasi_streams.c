/* What a guest may do to the files of its standard streams, which others share; and calls that wait, with signals and without. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "unit/wasi_guest.h"

static void make_streams(int in, int out) {
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.in = (struct murre_wasi_stream){.kind = MURRE_WASI_FD, .fd = in};
    config.out = (struct murre_wasi_stream){.kind = MURRE_WASI_FD, .fd = out};
    config.err = (struct murre_wasi_stream){.kind = MURRE_WASI_NULL};
    make_guest(&config);
}

static int make_file(const char *text) {
    char path[] = "/tmp/murre-stream-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    unlink(path);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    return fd;
}

/* The rights that fd_fdstat_get tells. */
static uint64_t rights_of(uint32_t fd) {
    cr_assert_eq(CALL(fd_fdstat_get, fd, 64), WASI_SUCCESS);
    return murre_wasi_get64(memory + 64 + 8);
}

static uint16_t flags_of(uint32_t fd) {
    cr_assert_eq(CALL(fd_fdstat_get, fd, 64), WASI_SUCCESS);
    return murre_wasi_get16(memory + 64 + 2);
}

Test(wasi_streams, output_is_written_on_and_nothing_else) {
    int in = make_file("input"), out = make_file("log\n");
    cr_assert_eq(fcntl(out, F_SETFL, O_APPEND), 0);
    make_streams(in, out);
    struct stat stat;
    cr_expect_eq(CALL(fd_filestat_set_size, 1, 0), WASI_BADF);
    cr_expect_eq(CALL(fd_allocate, 1, 0, 100), WASI_BADF);
    cr_expect_eq(CALL(fd_filestat_set_times, 1, 0, 0, WASI_FSTFLAG_MTIM), WASI_BADF);
    cr_expect_eq(CALL(fd_seek, 1, 0, 0, 512), WASI_SPIPE);
    put_iovec(0, 200, 4);
    put_text(200, "more");
    cr_expect_eq(CALL(fd_pwrite, 1, 0, 1, 0, 512), WASI_SPIPE);
    cr_expect_eq(CALL(fd_read, 1, 0, 1, 512), WASI_BADF);
    cr_expect_eq(CALL(fd_fdstat_set_flags, 1, 0), WASI_NOTSUP, "APPEND stays");
    cr_expect_eq(CALL(fd_write, 1, 0, 1, 512), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_sync, 1), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_datasync, 1), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_filestat_get, 1, 512), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get64(memory + 512 + 32), 8u);
    cr_assert_eq(fstat(out, &stat), 0);
    cr_expect_eq(stat.st_size, 8);
    cr_expect_eq(fcntl(out, F_GETFL) & O_APPEND, O_APPEND);
    delete_guest();
    close(in);
    close(out);
}

Test(wasi_streams, input_is_read_and_sought) {
    int in = make_file("input"), out = make_file("");
    make_streams(in, out);
    put_iovec(0, 200, 8);
    cr_expect_eq(CALL(fd_write, 0, 0, 1, 512), WASI_BADF, "though its description could");
    cr_expect_eq(CALL(fd_filestat_set_size, 0, 0), WASI_BADF);
    cr_expect_eq(CALL(fd_filestat_set_times, 0, 0, 0, WASI_FSTFLAG_MTIM), WASI_BADF);
    cr_expect_eq(CALL(fd_seek, 0, 1, 0, 512), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_read, 0, 0, 1, 512), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 512), 4u);
    cr_expect_eq(CALL(fd_tell, 0, 512), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get64(memory + 512), 5u);
    delete_guest();
    close(in);
    close(out);
}

/* Guests take a character device that can neither seek nor tell for a terminal. */
Test(wasi_streams, what_is_no_terminal_does_not_look_like_one) {
    int null = open("/dev/null", O_RDWR);
    make_streams(null, null);
    const uint64_t position = WASI_RIGHT_FD_SEEK | WASI_RIGHT_FD_TELL;
    cr_expect_neq(rights_of(0) & position, 0u);
    cr_expect_neq(rights_of(1) & position, 0u);
    cr_expect_eq(memory[64], WASI_FILETYPE_CHARACTER_DEVICE);
    delete_guest();
    close(null);
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0)
        return;
    make_streams(terminal, terminal);
    cr_expect_eq(rights_of(0) & position, 0u);
    cr_expect_eq(rights_of(1) & position, 0u);
    delete_guest();
    close(terminal);
}

Test(wasi_streams, not_to_wait_is_the_guests_own_affair, .timeout = 60) {
    int in[2], out[2];
    cr_assert_eq(pipe(in), 0);
    cr_assert_eq(pipe(out), 0);
    for (int no_signals = 0; no_signals < 2; no_signals++) {
        make_streams(in[0], out[1]);
        call.store = a_store(no_signals);
        cr_expect_eq(CALL(fd_fdstat_set_flags, 0, WASI_FDFLAG_NONBLOCK), WASI_SUCCESS);
        cr_expect_eq(CALL(fd_fdstat_set_flags, 1, WASI_FDFLAG_NONBLOCK), WASI_SUCCESS);
        cr_expect_eq(flags_of(0), WASI_FDFLAG_NONBLOCK);
        cr_expect_eq(fcntl(in[0], F_GETFL) & O_NONBLOCK, 0);
        cr_expect_eq(fcntl(out[1], F_GETFL) & O_NONBLOCK, 0);
        put_iovec(0, 1024, 10000);
        cr_expect_eq(CALL(fd_read, 0, 0, 1, 512), WASI_AGAIN);
        cr_assert_eq(write(in[1], "ab", 2), 2);
        cr_expect_eq(CALL(fd_read, 0, 0, 1, 512), WASI_SUCCESS);
        cr_expect_eq(murre_wasi_get32(memory + 512), 2u);
        uint64_t written = 0;
        murre_wasi_errno error;
        while ((error = CALL(fd_write, 1, 0, 1, 512)) == WASI_SUCCESS)
            written += murre_wasi_get32(memory + 512);
        cr_expect_eq(error, WASI_AGAIN);
        cr_expect_geq(written, 4096u);
        cr_expect_eq(CALL(fd_fdstat_set_flags, 0, 0), WASI_SUCCESS);
        cr_expect_eq(flags_of(0), 0);
        /* The other way: the description does not wait, the guest does. */
        cr_assert_eq(fcntl(out[0], F_SETFL, O_NONBLOCK), 0);
        char bytes[4096];
        while (read(out[0], bytes, sizeof bytes) > 0)
            ;
        delete_guest();
    }
    for (int i = 0; i < 2; i++) {
        close(in[i]);
        close(out[i]);
    }
}

Test(wasi_streams, a_socket_works_both_ways) {
    int pair[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    make_streams(pair[0], pair[0]);
    put_iovec(0, 200, 2);
    put_text(200, "ab");
    cr_expect_eq(CALL(fd_write, 0, 0, 1, 512), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_fdstat_set_flags, 1, WASI_FDFLAG_NONBLOCK), WASI_SUCCESS);
    cr_expect_eq(CALL(sock_recv, 1, 0, 1, 0, 512, 520), WASI_AGAIN);
    cr_expect_eq(fcntl(pair[0], F_GETFL) & O_NONBLOCK, 0);
    cr_assert_eq(write(pair[1], "cd", 2), 2);
    cr_expect_eq(CALL(fd_read, 1, 0, 1, 512), WASI_SUCCESS);
    delete_guest();
    close(pair[0]);
    close(pair[1]);
}

/* ---- waiting ---- */

static void *request_soon(void *store) {
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    murre_store_interrupt(store);
    return NULL;
}

static void check_interrupted(murre_wasi_errno (*function)(struct murre_wasi_call *, const union murre_slot *), const uint64_t *args) {
    /* The request stays, since nothing runs in the store that would take it. */
    struct murre_store *store = murre_store_new(murre_store_engine(a_store(true)), NULL);
    cr_assert(store != NULL);
    call.store = store;
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, request_soon, store), 0);
    cr_expect_eq(function(&call, (const union murre_slot *)args), WASI_INTR);
    pthread_join(thread, NULL);
    murre_store_delete(store);
}

Test(wasi_streams, without_signals_every_wait_ends_on_request, .timeout = 60) {
    int in[2], out[2];
    cr_assert_eq(pipe(in), 0);
    cr_assert_eq(pipe(out), 0);
    make_streams(in[0], out[1]);
    /* An hour; for ever. */
    memset(memory, 0, 96);
    murre_wasi_put32(memory + 16, 1);
    murre_wasi_put64(memory + 24, UINT64_C(3600000000000));
    check_interrupted(murre_wasi_poll_oneoff, (const uint64_t[]){0, 1024, 1, 512});
    memset(memory, 0, 48);
    memory[8] = WASI_EVENTTYPE_FD_READ;
    check_interrupted(murre_wasi_poll_oneoff, (const uint64_t[]){0, 1024, 1, 512});
    put_iovec(0, 1024, 60000);
    check_interrupted(murre_wasi_fd_read, (const uint64_t[]){0, 0, 1, 512});
    call.store = a_store(true);
    cr_expect_eq(CALL(fd_write, 1, 0, 1, 512), WASI_SUCCESS);
    char byte = 0;
    cr_assert_eq(fcntl(out[1], F_SETFL, O_NONBLOCK), 0);
    while (write(out[1], memory, 4096) > 0 || write(out[1], &byte, 1) > 0)
        ;
    cr_assert_eq(fcntl(out[1], F_SETFL, 0), 0);
    check_interrupted(murre_wasi_fd_write, (const uint64_t[]){1, 0, 1, 512});
    delete_guest();
    int pair[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    make_streams(pair[0], pair[0]);
    put_iovec(0, 1024, 100);
    check_interrupted(murre_wasi_sock_recv, (const uint64_t[]){0, 0, 1, 0, 512, 520});
    delete_guest();
    for (int i = 0; i < 2; i++) {
        close(in[i]);
        close(out[i]);
        close(pair[i]);
    }
}
