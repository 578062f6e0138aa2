/* Cookies of fd_readdir: they fit into a guest's 32-bit long, and stay valid whatever is removed in between. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit/wasi_guest.h"
#include "wasi/memfs.h"

TestSuite(wasi_host, .init = set_up_host_folder, .fini = tear_down_host_folder);
TestSuite(wasi_memory, .init = set_up_memory_folder, .fini = delete_guest);

enum { BUFFER = 8192, MOST = 700, FILES = 300 };

/* What one reading met, in order; cookies[i] leads to names[i]. */
static char names[MOST][32];
static uint64_t cookies[MOST + 1];
static int met;

static void make_files(int from, int to) {
    char name[32];
    uint32_t fd;
    for (int i = from; i < to; i++) {
        snprintf(name, sizeof name, "file-%d", i);
        cr_assert_eq(open_at(3, name, WASI_OFLAG_CREAT, 0, &fd), WASI_SUCCESS);
        cr_assert_eq(CALL(fd_close, fd), WASI_SUCCESS);
    }
}

static void remove_file(const char *name) {
    cr_assert_eq(CALL(path_unlink_file, 3, 1024, put_text(1024, name)), WASI_SUCCESS);
}

/* The first entry behind a cookie; "" at the end. A guest's long has 32 bits, with a sign. */
static uint64_t entry_at(uint32_t dir, uint64_t cookie, char name[32]) {
    cookie = (uint64_t)(int64_t)(int32_t)cookie;
    cr_assert_eq(CALL(fd_readdir, dir, BUFFER, 24 + 31, cookie, 16), WASI_SUCCESS);
    uint32_t used = murre_wasi_get32(memory + 16);
    name[0] = '\0';
    if (used < 24)
        return cookie;
    uint32_t size = murre_wasi_get32(memory + BUFFER + 16);
    cr_assert(size < 32 && used >= 24 + size);
    memcpy(name, memory + BUFFER + 24, size);
    name[size] = '\0';
    return murre_wasi_get64(memory + BUFFER);
}

/* All of the folder, one entry per call. */
static void read_all(uint32_t dir) {
    met = 0;
    cookies[0] = 0;
    for (;;) {
        uint64_t next = entry_at(dir, cookies[met], names[met]);
        if (names[met][0] == '\0')
            return;
        cr_assert(next <= INT32_MAX, "%llx", (unsigned long long)next);
        cr_assert(++met < MOST, "the reading does not end");
        cookies[met] = next;
    }
}

static int count_named(const char *prefix) {
    int count = 0;
    for (int i = 0; i < met; i++)
        count += strncmp(names[i], prefix, strlen(prefix)) == 0;
    return count;
}

FOLDER_TEST(cookies_fit_32_bits_and_lead_back) {
    char name[32];
    make_files(0, FILES);
    read_all(3);
    cr_expect_eq(met, FILES + 2);
    cr_expect_eq(count_named("file-"), FILES);
    for (int i = 0; i < met; i++) {
        int at = i * 7919 % met;
        cr_expect_eq(entry_at(3, cookies[at], name), cookies[at + 1]);
        cr_expect_str_eq(name, names[at]);
    }
    entry_at(3, cookies[met], name);
    cr_expect_str_eq(name, "", "behind the last");
    entry_at(3, 1u << 30, name);
    cr_expect_str_eq(name, "", "no cookie that was given");
}

/* What the file system itself promises: places stay when other entries go. Kernels before 6.6 do not on tmpfs. */
static bool places_stay(void) {
    char path[64], first[32] = "";
    long places[8];
    snprintf(path, sizeof path, "%s", guest_top);
    DIR *dir = opendir(path);
    cr_assert(dir != NULL);
    int count = 0;
    for (struct dirent *entry; count < 8 && (entry = readdir(dir)) != NULL;) {
        if (count == 7)
            snprintf(first, sizeof first, "%.31s", entry->d_name);
        places[count++] = telldir(dir);
    }
    for (int i = 0; i < 4; i++) { /* the names are known from read_all */
        if (strncmp(names[i], "file-", 5) == 0)
            remove_file(names[i]);
    }
    seekdir(dir, places[6]);
    struct dirent *entry = readdir(dir);
    bool stay = entry != NULL && strcmp(entry->d_name, first) == 0;
    closedir(dir);
    return stay;
}

static bool is_gone(int i) {
    return i % 3 == 0 && strncmp(names[i], "file-", 5) == 0;
}

static void expect_cookies_to_lead_to_what_is_left(uint32_t dir) {
    char name[32];
    for (int i = 0; i < met; i++) {
        int left = i;
        while (left < met && is_gone(left))
            left++;
        entry_at(dir, cookies[i], name);
        cr_expect_str_eq(name, left < met ? names[left] : "", "behind cookie %d", i);
    }
}

FOLDER_TEST(cookies_stay_good_when_entries_go) {
    make_files(0, FILES);
    read_all(3);
    if (murre_wasi_fdtable_entry(&wasi->fds, 3)->kind == &murre_wasi_kind_host) {
        if (!places_stay())
            cr_skip_test("the file system's own places do not stay");
        read_all(3);
    }
    uint32_t dir;
    cr_assert_eq(open_at(3, ".", WASI_OFLAG_DIRECTORY, 0, &dir), WASI_SUCCESS);
    read_all(dir);
    for (int i = 0; i < met; i++)
        if (is_gone(i))
            remove_file(names[i]);
    expect_cookies_to_lead_to_what_is_left(dir);
    /* Another reading, of what is left and new, takes none of the old cookies away. */
    make_files(FILES, FILES + 50);
    char name[32];
    int again = 0;
    for (uint64_t cookie = 0; again < MOST; again++) {
        cookie = entry_at(dir, cookie, name);
        if (name[0] == '\0')
            break;
    }
    cr_expect(again < MOST);
    for (int i = FILES; i < FILES + 50; i++) {
        snprintf(name, sizeof name, "file-%d", i);
        remove_file(name);
    }
    expect_cookies_to_lead_to_what_is_left(dir);
}

FOLDER_TEST(a_folder_is_emptied_while_it_is_read) {
    char name[32];
    uint64_t cookie = 0;
    int removed = 0;
    make_files(0, FILES);
    for (int i = 0; i < MOST; i++) {
        cookie = entry_at(3, cookie, name);
        if (name[0] == '\0')
            break;
        if (name[0] != '.') {
            remove_file(name);
            removed++;
        }
    }
    cr_expect_eq(removed, FILES);
}

/* ---- without room for places -------------------------------------------------------------------------------------------------- */

static void *alloc(void *context, size_t size) {
    (void)context;
    return malloc(size);
}

/* Places of 64 entries, and no more. */
static void *realloc_little(void *context, void *block, size_t old, size_t size) {
    (void)context, (void)old;
    return size > 64 * sizeof(uint64_t) ? NULL : realloc(block, size);
}

static void release(void *context, void *block, size_t size) {
    (void)context, (void)size;
    free(block);
}

Test(wasi_host, cookies_are_counted_where_there_is_no_memory_for_places) {
    make_files(0, FILES);
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.preopens = &(struct murre_wasi_preopen){.host = guest_top, .guest = "/"};
    config.preopen_count = 1;
    config.allocator = (struct murre_allocator){.alloc = alloc, .realloc = realloc_little, .free = release};
    delete_guest();
    make_guest(&config);
    read_all(3);
    cr_expect_eq(met, FILES + 2);
    cr_expect_leq(murre_wasi_fdtable_entry(&wasi->fds, 3)->dir->count, 64u);
    char name[32];
    for (int i = 0; i < met; i++) {
        int at = i * 7919 % met;
        cr_expect_eq(entry_at(3, cookies[at], name), cookies[at + 1]);
        cr_expect_str_eq(name, names[at]);
    }
}

/* ---- in memory ------------------------------------------------------------------------------------------------------------------ */

Test(wasi_memory, a_folder_that_has_had_two_thousand_million_names_begins_again) {
    make_files(0, 5);
    wasi->memory_folders->root->last_order = INT32_MAX - 2;
    make_files(5, 10);
    read_all(3);
    cr_expect_eq(met, 12);
    for (int i = 0; i < 10; i++) {
        char name[32];
        snprintf(name, sizeof name, "file-%d", i);
        cr_expect_str_eq(names[i + 2], name);
    }
    remove_file("file-3");
    make_files(3, 4);
    read_all(3);
    cr_expect_str_eq(names[11], "file-3");
}
