/* A made-up guest for tests of WASI's functions, which are called directly: its memory, its view of the world, shorthands. */
#ifndef MURRE_TESTS_WASI_GUEST_H
#define MURRE_TESTS_WASI_GUEST_H

#include <criterion/criterion.h>

#include "wasi/memory.h"

#define SIZE 65536
extern uint8_t memory[SIZE];
extern struct murre_wasi *wasi;
extern struct murre_wasi_call call; /* of wasi, on memory, unless a test changes it */

/* CALL(fd_close, 3): arguments as 64-bit numbers. */
#define CALL(name, ...) murre_wasi_##name(&call, (const union murre_slot *)(const uint64_t[]){__VA_ARGS__})

#define OPEN_ALL (WASI_RIGHTS_ALL & ~WASI_RIGHT_FD_WRITE)

/* Ends the test when there is an error. */
struct murre_wasi *make_wasi(const struct murre_wasi_config *config);
/* A store of an engine with or without signals; never deleted. */
struct murre_store *a_store(bool no_signals);
/* Makes wasi and call. */
void make_guest(const struct murre_wasi_config *config);
void delete_guest(void);

/* A guest with arguments, an environment, streams in memory and one folder, "/guest", descriptor 3: of the host (guest_top, made anew), or in
 * memory. The files that use them declare the suites:
 *
 *   TestSuite(wasi_host, .init = set_up_host_folder, .fini = tear_down_host_folder);
 *   TestSuite(wasi_memory, .init = set_up_memory_folder, .fini = delete_guest); */
extern char guest_top[];
extern char captured[256]; /* what the guest wrote to its standard output */
extern size_t captured_size;
void set_up_host_folder(void);
void tear_down_host_folder(void);
void set_up_memory_folder(void);

/* A test that runs in both. */
#define FOLDER_TEST(name, ...)                           \
    static void name(void);                              \
    Test(wasi_host, name __VA_OPT__(, ) __VA_ARGS__) {   \
        name();                                          \
    }                                                    \
    Test(wasi_memory, name __VA_OPT__(, ) __VA_ARGS__) { \
        name();                                          \
    }                                                    \
    static void name(void)

/* Copies a text without its end; returns its size. */
uint32_t put_text(uint32_t at, const char *text);
void put_iovec(uint32_t at, uint32_t pointer, uint32_t size);
/* path_open, following links, with all rights to pass on. The path goes to 1024, the result to 512. */
murre_wasi_errno open_at(uint32_t dir, const char *path, uint32_t oflags, uint64_t rights, uint32_t *fd);
/* Whether the last calls set a trap; forgets it. */
bool trapped(void);

#endif
