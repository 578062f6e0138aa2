/* WASI's folders in memory: what the host gives and gets back, limits, memory that is short, and the same results as a folder of the host. */
#include <criterion/criterion.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/wasi_guest.h"
#include "wasi/memfs.h"

static const struct murre_wasi_file some_files[] = {
    {.path = "readme", .bytes = "hello", .size = 5},
    {.path = "lib/deep/module.py", .bytes = "pass", .size = 4, .read_only = true},
    {.path = "empty/"},
    {.path = "lib/other.py"},
};

static struct murre_wasi_preopen folder_of(const struct murre_wasi_file *files, size_t count) {
    return (struct murre_wasi_preopen){.guest = "/data", .files = files, .file_count = count};
}

static void make_with(const struct murre_wasi_preopen *folders, size_t count) {
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.preopens = folders;
    config.preopen_count = count;
    make_guest(&config);
}

static void set_up(void) {
    const struct murre_wasi_preopen folder = folder_of(some_files, sizeof some_files / sizeof *some_files);
    make_with(&folder, 1);
}

TestSuite(wasi_memfs, .init = set_up, .fini = delete_guest);

static void remake(const struct murre_wasi_preopen *folder) {
    delete_guest();
    make_with(folder, 1);
}

static murre_wasi_errno write_text(uint32_t fd, const char *text) {
    put_iovec(0, 4096, put_text(4096, text));
    return CALL(fd_write, fd, 0, 1, 16);
}

/* Writes a whole file; the first error. */
static murre_wasi_errno save(const char *path, const char *text) {
    uint32_t fd;
    murre_wasi_errno error = open_at(3, path, WASI_OFLAG_CREAT | WASI_OFLAG_TRUNC, WASI_RIGHT_FD_WRITE, &fd);
    if (error != WASI_SUCCESS)
        return error;
    error = write_text(fd, text);
    cr_assert_eq(CALL(fd_close, fd), WASI_SUCCESS);
    return error;
}

static bool holds(const char *path, const char *text) {
    struct murre_wasi_file file;
    return murre_wasi_read_file(wasi, "/data", path, &file) && file.size == strlen(text) && memcmp(file.bytes, text, file.size) == 0;
}

/* ---- the host's side ------------------------------------------------------------------------------------------------------ */

static char listing[512];

static void list(void *context, const struct murre_wasi_file *file) {
    (void)context;
    size_t at = strlen(listing);
    snprintf(listing + at, sizeof listing - at, "%s:%.*s%s ", file->path, (int)file->size, file->size ? (const char *)file->bytes : "",
             file->read_only ? "!" : "");
}

static const char *list_all(void) {
    listing[0] = '\0';
    cr_assert_eq(murre_wasi_each_file(wasi, "/data", list, NULL, NULL), MURRE_OK);
    return listing;
}

Test(wasi_memfs, the_host_sees_what_it_gave_and_what_the_guest_made) {
    cr_expect_str_eq(list_all(), "readme:hello lib/deep/module.py:pass! lib/other.py: empty/: ");
    cr_expect(holds("readme", "hello"));
    cr_expect_eq(save("empty/out", "written"), WASI_SUCCESS);
    cr_expect_eq(CALL(path_unlink_file, 3, 1024, put_text(1024, "readme")), WASI_SUCCESS);
    cr_expect_eq(CALL(path_symlink, 2048, put_text(2048, "empty/out"), 3, 1024, put_text(1024, "link")), WASI_SUCCESS);
    cr_expect_str_eq(list_all(), "lib/deep/module.py:pass! lib/other.py: empty/out:written ");
    cr_expect(holds("link", "written"));
    struct murre_wasi_file file;
    cr_expect(!murre_wasi_read_file(wasi, "/data", "readme", &file));
    cr_expect(!murre_wasi_read_file(wasi, "/data", "lib", &file));
    cr_expect(!murre_wasi_read_file(wasi, "/data", "link/", &file), "a file is no folder");
    cr_expect_eq(CALL(path_symlink, 2048, put_text(2048, "link/"), 3, 1024, put_text(1024, "slash")), WASI_SUCCESS);
    cr_expect(!murre_wasi_read_file(wasi, "/data", "slash", &file), "nor is it behind a link");
    cr_expect(!murre_wasi_read_file(wasi, "/data", "lib/../../x", &file));
    cr_expect(!murre_wasi_read_file(wasi, "/elsewhere", "link", &file));
    struct murre_error error;
    cr_expect_eq(murre_wasi_each_file(wasi, "/elsewhere", list, NULL, &error), MURRE_ERROR_ARGUMENT);
}

Test(wasi_memfs, what_the_host_gave_is_copied_before_it_is_changed) {
    char bytes[] = "original";
    const struct murre_wasi_file files[] = {{.path = "a", .bytes = bytes, .size = 8}, {.path = "b", .bytes = bytes, .size = 8}};
    const struct murre_wasi_preopen folder = folder_of(files, 2);
    remake(&folder);
    uint32_t fd;
    cr_assert_eq(open_at(3, "a", 0, WASI_RIGHTS_ALL, &fd), WASI_SUCCESS);
    cr_expect_eq(write_text(fd, "ORI"), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_filestat_set_size, fd, 10), WASI_SUCCESS);
    struct murre_wasi_file file;
    cr_assert(murre_wasi_read_file(wasi, "/data", "a", &file));
    cr_expect(file.size == 10 && memcmp(file.bytes, "ORIginal\0", 10) == 0);
    cr_assert_eq(open_at(3, "b", 0, WASI_RIGHTS_ALL, &fd), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_filestat_set_size, fd, 4), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_filestat_set_size, fd, 6), WASI_SUCCESS);
    cr_assert(murre_wasi_read_file(wasi, "/data", "b", &file));
    cr_expect(file.size == 6 && memcmp(file.bytes, "orig\0", 6) == 0);
    cr_expect_str_eq(bytes, "original");
}

Test(wasi_memfs, files_that_cannot_be_are_refused_with_their_names) {
    static const struct {
        const char *first, *second;
    } bad[] = {{"/a", NULL},  {"", NULL}, {"a/../b", NULL}, {".", NULL},  {"..", NULL}, {"a//b", NULL},
               {"./a", NULL}, {"a", "a"}, {"a", "a/b"},     {"a/b", "a"}, {"a", "a/"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct murre_wasi_file files[] = {{.path = bad[i].first}, {.path = bad[i].second}};
        const struct murre_wasi_preopen folder = folder_of(files, bad[i].second != NULL ? 2 : 1);
        struct murre_wasi_config config;
        struct murre_error error;
        murre_wasi_config_init(&config);
        config.preopens = &folder;
        config.preopen_count = 1;
        cr_expect(murre_wasi_new(&config, &error) == NULL, "row %zu", i);
        cr_expect_eq(error.status, MURRE_ERROR_ARGUMENT);
        cr_expect(strstr(error.message, "/data") != NULL, "%s", error.message);
    }
    const struct murre_wasi_file file = {.path = "a/", .bytes = "x", .size = 1};
    const struct murre_wasi_preopen folder = folder_of(&file, 1);
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.preopens = &folder;
    config.preopen_count = 1;
    cr_expect(murre_wasi_new(&config, NULL) == NULL);
}

/* ---- what is read-only ------------------------------------------------------------------------------------------------------ */

Test(wasi_memfs, read_only_files_stay_as_they_are_and_where_they_are) {
    static const char *const path = "lib/deep/module.py";
    uint32_t fd, size = put_text(2048, path);
    cr_expect_eq(open_at(3, path, 0, WASI_RIGHT_FD_WRITE, &fd), WASI_PERM);
    cr_expect_eq(open_at(3, path, WASI_OFLAG_TRUNC, WASI_RIGHT_FD_READ, &fd), WASI_PERM);
    cr_expect_eq(CALL(path_unlink_file, 3, 2048, size), WASI_PERM);
    cr_expect_eq(CALL(path_rename, 3, 2048, size, 3, 1024, put_text(1024, "moved")), WASI_PERM);
    cr_expect_eq(CALL(path_rename, 3, 1024, put_text(1024, "readme"), 3, 2048, size), WASI_PERM);
    cr_expect_eq(CALL(path_link, 3, 0, 2048, size, 3, 1024, put_text(1024, "hard")), WASI_PERM);
    cr_expect_eq(CALL(path_filestat_set_times, 3, 0, 2048, size, 0, 0, WASI_FSTFLAG_MTIM), WASI_PERM);
    cr_assert_eq(
        open_at(3, path, 0, WASI_RIGHTS_ALL & ~(WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_ALLOCATE | WASI_RIGHT_FD_FILESTAT_SET_SIZE), &fd),
        WASI_SUCCESS);
    cr_expect_eq(CALL(fd_filestat_set_times, fd, 0, 0, WASI_FSTFLAG_MTIM), WASI_PERM);
    cr_expect_eq(CALL(fd_filestat_set_times, fd, 0, 0, 0), WASI_SUCCESS, "nothing to set");
    cr_expect_eq(CALL(path_filestat_set_times, 3, 0, 2048, size, 0, 0, 0), WASI_SUCCESS, "nothing to set");
    cr_expect(holds(path, "pass"));
}

Test(wasi_memfs, read_only_folders_stay_as_they_are) {
    struct murre_wasi_preopen folder = folder_of(some_files, 2);
    folder.read_only = true;
    remake(&folder);
    uint32_t fd, size;
    cr_expect_eq(open_at(3, "readme", 0, WASI_RIGHT_FD_READ, &fd), WASI_SUCCESS);
    cr_expect_eq(open_at(3, "readme", 0, WASI_RIGHT_FD_WRITE, &fd), WASI_NOTCAPABLE);
    cr_expect_eq(open_at(3, "new", WASI_OFLAG_CREAT, 0, &fd), WASI_NOTCAPABLE);
    size = put_text(1024, "readme");
    cr_expect_eq(CALL(path_unlink_file, 3, 1024, size), WASI_NOTCAPABLE);
}

/* ---- limits ------------------------------------------------------------------------------------------------------------------ */

Test(wasi_memfs, contents_end_at_the_limit) {
    struct murre_wasi_preopen folder = folder_of(some_files, 1);
    folder.limit = 20000;
    remake(&folder);
    uint32_t fd;
    cr_assert_eq(open_at(3, "big", WASI_OFLAG_CREAT, WASI_RIGHTS_ALL, &fd), WASI_SUCCESS);
    put_iovec(0, 0, 3000);
    uint64_t total = 0;
    murre_wasi_errno error;
    while ((error = CALL(fd_write, fd, 0, 1, 16)) == WASI_SUCCESS)
        total += murre_wasi_get32(memory + 16);
    cr_expect_eq(error, WASI_NOSPC);
    cr_expect(total > 19000 && total < 20000, "%llu", (unsigned long long)total);
    cr_expect_eq(CALL(fd_filestat_get, fd, 1024), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get64(memory + 1024 + 32), total, "short writes are told");
    cr_expect_eq(CALL(fd_filestat_set_size, fd, UINT64_C(1) << 50), WASI_NOSPC);
    cr_expect_eq(CALL(fd_allocate, fd, 0, UINT64_C(1) << 50), WASI_NOSPC);
    cr_expect_eq(CALL(fd_allocate, fd, INT64_MAX, INT64_MAX), WASI_FBIG);
    cr_expect_eq(CALL(fd_pwrite, fd, 0, 1, UINT64_C(1) << 50, 16), WASI_NOSPC);
    cr_expect_eq(CALL(fd_pwrite, fd, 0, 1, INT64_MAX, 16), WASI_FBIG);
    cr_expect_neq(
        save("readme", "what is there already cannot be copied, since there is no room for it at all; but it can be made shorter"),
        WASI_SUCCESS);
    cr_expect_eq(CALL(fd_filestat_set_size, fd, 100), WASI_SUCCESS);
    cr_expect_eq(save("readme", "room again"), WASI_SUCCESS);
    cr_expect(holds("readme", "room again"));
}

Test(wasi_memfs, names_and_folders_end_at_the_limit_and_leave_it_when_they_go) {
    struct murre_wasi_preopen folder = folder_of(NULL, 0);
    folder.limit = 100000;
    remake(&folder);
    const struct murre_wasi_memfs *fs = wasi->memory_folders;
    uint64_t at_first = fs->used;
    int counts[2];
    for (int round = 0; round < 2; round++) {
        char name[32];
        int count = 0;
        for (;; count++) {
            uint32_t size = (uint32_t)snprintf(name, sizeof name, "a folder called %d", count);
            put_text(1024, name);
            murre_wasi_errno error = CALL(path_create_directory, 3, 1024, size);
            cr_expect(fs->used <= fs->limit);
            if (error == WASI_SUCCESS)
                continue;
            cr_expect_eq(error, WASI_NOSPC);
            break;
        }
        counts[round] = count;
        for (int i = 0; i < count; i++)
            cr_expect_eq(CALL(path_remove_directory, 3, 1024, (uint32_t)snprintf((char *)memory + 1024, 32, "a folder called %d", i)),
                         WASI_SUCCESS);
    }
    cr_expect(counts[0] > 200 && counts[0] < 1000, "%d", counts[0]);
    cr_expect(counts[1] > counts[0] * 3 / 4);
    cr_expect(fs->used < at_first + 20000, "all but the table");
}

Test(wasi_memfs, descriptors_are_bounded) {
    uint32_t fd;
    murre_wasi_errno error;
    uint32_t count = 4;
    while ((error = open_at(3, "readme", 0, WASI_RIGHT_FD_READ, &fd)) == WASI_SUCCESS)
        count++;
    cr_expect_eq(error, WASI_MFILE);
    cr_expect_eq(count, MURRE_WASI_FD_LIMIT);
    cr_expect_eq(CALL(fd_close, 1000), WASI_SUCCESS);
    cr_expect_eq(open_at(3, "readme", 0, WASI_RIGHT_FD_READ, &fd), WASI_SUCCESS);
    cr_expect_eq(fd, 1000u);
}

static void deep(void *context, const struct murre_wasi_file *file) {
    size_t *deepest = context, size = strlen(file->path);
    if (size > *deepest)
        *deepest = size;
}

/* Deep folders and long chains of links must not need a deep stack. */
Test(wasi_memfs, depth_costs_no_stack) {
    uint32_t fd = 3, next;
    for (int i = 0; i < 50000; i++) {
        cr_assert_eq(CALL(path_create_directory, fd, 1024, put_text(1024, "d")), WASI_SUCCESS);
        cr_assert_eq(open_at(fd, "d", WASI_OFLAG_DIRECTORY,
                             WASI_RIGHTS_ALL & ~WASI_RIGHT_FD_WRITE & ~WASI_RIGHT_FD_ALLOCATE & ~WASI_RIGHT_FD_FILESTAT_SET_SIZE, &next),
                     WASI_SUCCESS);
        if (fd != 3)
            cr_assert_eq(CALL(fd_close, fd), WASI_SUCCESS);
        fd = next;
    }
    size_t deepest = 0;
    cr_assert_eq(murre_wasi_each_file(wasi, "/data", deep, &deepest, NULL), MURRE_OK);
    cr_expect_eq(deepest, 100000u);
    cr_expect_eq(CALL(path_rename, 3, 1024, put_text(1024, "d"), fd, 2048, put_text(2048, "e")), WASI_INVAL, "not into itself");
}

/* ---- several folders ----------------------------------------------------------------------------------------------------------- */

Test(wasi_memfs, folders_of_both_kinds_stand_side_by_side) {
    char top[] = "/tmp/murre-memfs-XXXXXX";
    cr_assert(mkdtemp(top) != NULL);
    const struct murre_wasi_preopen folders[] = {
        {.guest = "/data", .files = some_files, .file_count = 1}, {.host = top, .guest = "/host"}, {.guest = "/tmp"}};
    delete_guest();
    make_with(folders, 3);
    uint32_t size = put_text(1024, "readme");
    for (uint32_t to = 4; to <= 5; to++) {
        cr_expect_eq(CALL(path_rename, 3, 1024, size, to, 1024, size), WASI_XDEV);
        cr_expect_eq(CALL(path_link, 3, 0, 1024, size, to, 1024, size), WASI_XDEV);
    }
    cr_expect_eq(CALL(path_filestat_get, 3, 0, 1024, size, 0), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_filestat_get, 5, 64), WASI_SUCCESS);
    cr_expect_neq(murre_wasi_get64(memory), murre_wasi_get64(memory + 64), "devices differ");
    cr_expect_eq(CALL(fd_prestat_get, 5, 0), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_prestat_get, 6, 0), WASI_BADF);
    rmdir(top);
}

/* What has no name any more lives while it is open. */
Test(wasi_memfs, what_is_open_outlives_its_name) {
    uint32_t file, folder, fd;
    cr_assert_eq(open_at(3, "readme", 0, WASI_RIGHTS_ALL, &file), WASI_SUCCESS);
    cr_assert_eq(open_at(3, "empty", WASI_OFLAG_DIRECTORY, OPEN_ALL & ~WASI_RIGHT_FD_ALLOCATE & ~WASI_RIGHT_FD_FILESTAT_SET_SIZE, &folder),
                 WASI_SUCCESS);
    cr_expect_eq(CALL(path_unlink_file, 3, 1024, put_text(1024, "readme")), WASI_SUCCESS);
    cr_expect_eq(CALL(path_remove_directory, 3, 1024, put_text(1024, "empty")), WASI_SUCCESS);
    put_iovec(0, 4096, 100);
    cr_expect_eq(CALL(fd_read, file, 0, 1, 16), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get32(memory + 16), 5u);
    cr_expect_eq(write_text(file, " there"), WASI_SUCCESS);
    cr_expect_eq(CALL(fd_filestat_get, file, 0), WASI_SUCCESS);
    cr_expect_eq(murre_wasi_get64(memory + 24), 0u, "no links");
    cr_expect_eq(murre_wasi_get64(memory + 32), 11u);
    cr_expect_eq(open_at(folder, "new", WASI_OFLAG_CREAT, 0, &fd), WASI_NOENT);
    cr_expect_eq(open_at(folder, "..", 0, 0, &fd), WASI_PERM);
    cr_expect_eq(CALL(fd_close, file), WASI_SUCCESS);
}

/* ---- memory that is short -------------------------------------------------------------------------------------------------------- */

struct budget {
    size_t count, fails_at, live;
};

static void *budget_alloc(void *context, size_t size) {
    struct budget *budget = context;
    void *block = budget->count++ == budget->fails_at ? NULL : malloc(size);
    budget->live += block != NULL ? size : 0;
    return block;
}

static void *budget_realloc(void *context, void *old, size_t old_size, size_t new_size) {
    struct budget *budget = context;
    void *block = budget->count++ == budget->fails_at ? NULL : realloc(old, new_size);
    budget->live += block != NULL ? new_size - old_size : 0;
    return block;
}

static void budget_free(void *context, void *block, size_t size) {
    struct budget *budget = context;
    budget->live -= size;
    free(block);
}

/* Whether a call did what it should; else it must say NOMEM, and *good is lost. */
static bool step(murre_wasi_errno error, bool *good) {
    cr_assert(error == WASI_SUCCESS || error == WASI_NOMEM, "%d", error);
    *good &= error == WASI_SUCCESS;
    return error == WASI_SUCCESS;
}

/* Some of everything that allocates. */
static bool use_everything(void) {
    bool good = true;
    if (step(save("a", "some text"), &good))
        cr_assert(holds("a", "some text"));
    if (step(CALL(path_create_directory, 3, 1024, put_text(1024, "folder")), &good) && step(save("folder/b", "other"), &good) &&
        step(CALL(path_rename, 3, 1024, put_text(1024, "folder/b"), 3, 2048, put_text(2048, "c")), &good))
        cr_assert(holds("c", "other"));
    step(CALL(path_symlink, 1024, put_text(1024, "readme"), 3, 2048, put_text(2048, "link")), &good);
    step(CALL(path_link, 3, 0, 1024, put_text(1024, "readme"), 3, 2048, put_text(2048, "hard")), &good);
    uint32_t fd;
    if (step(open_at(3, "readme", 0, WASI_RIGHTS_ALL, &fd), &good)) {
        step(CALL(fd_filestat_set_size, fd, 10000), &good);
        step(CALL(fd_filestat_set_size, fd, 10), &good);
        step(CALL(fd_close, fd), &good);
    }
    for (int i = 0; i < 70; i++) { /* more than the first table and the first page of descriptors take */
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        step(open_at(3, name, WASI_OFLAG_CREAT, 0, &fd), &good);
    }
    size_t ignored = 0;
    enum murre_status status = murre_wasi_each_file(wasi, "/data", deep, &ignored, NULL);
    cr_assert(status == MURRE_OK || status == MURRE_ERROR_MEMORY);
    return good && status == MURRE_OK;
}

Test(wasi_memfs, any_one_allocation_may_fail) {
    const struct murre_wasi_preopen folder = folder_of(some_files, sizeof some_files / sizeof *some_files);
    struct budget budget = {0};
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.preopens = &folder;
    config.preopen_count = 1;
    config.allocator = (struct murre_allocator){budget_alloc, budget_realloc, budget_free, &budget};
    delete_guest();
    bool reached = true;
    for (budget.fails_at = 0; reached; budget.fails_at++) {
        struct murre_error error;
        budget.count = 0;
        bool good = false;
        wasi = murre_wasi_new(&config, &error);
        cr_assert(wasi != NULL || error.status == MURRE_ERROR_MEMORY);
        if (wasi != NULL) {
            call = (struct murre_wasi_call){.wasi = wasi, .store = a_store(false), .memory = memory, .memory_size = SIZE};
            good = use_everything();
            murre_wasi_delete(wasi);
        }
        cr_assert_eq(budget.live, 0);
        reached = budget.count > budget.fails_at;
        cr_assert(reached || good);
    }
    cr_expect(budget.fails_at > 100, "%zu", budget.fails_at);
    set_up();
}

/* ---- the same as a folder of the host ------------------------------------------------------------------------------------------ */

static struct murre_wasi *worlds[2]; /* a folder of the host, one in memory */
static uint64_t random_state;
static bool long_names; /* without openat2 murre refuses them before Linux sees that the folder has been removed */

static uint32_t random_below(uint32_t bound) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 20) % bound);
}

static const char *random_path(void) {
    static char long_name[400];
    static const char *const paths[] = {"a",        "b",       "c",           "d",    "a/b",   "a/c",  "b/a",     "a/b/c",
                                        "./a",      "a/",      "a/.",         "a/..", "..",    "../a", "b/../a",  "a/../..",
                                        ".",        "./",      "../",         "a//b", "c/./a", "/a",   "",        "c/",
                                        "d/../a/b", "b/c/d/a", "a/b/../../c", "c/d",  "b/",    "a/b/", "a/./b/.."};
    memset(long_name, 'x', 300);
    uint32_t choice = random_below(sizeof paths / sizeof *paths + long_names);
    return choice == sizeof paths / sizeof *paths ? long_name : paths[choice];
}

/* What does not depend on the file system: no numbers, no times; of folders neither links nor size. */
static void mask_filestat(uint8_t *stat) {
    memset(stat, 0, 16);
    memset(stat + 40, 0, 24);
    if (stat[16] == WASI_FILETYPE_DIRECTORY)
        memset(stat + 24, 0, 16);
}

/* The names of a folder in order, with their types; one call that takes all. */
static murre_wasi_errno read_sorted(uint32_t fd) {
    murre_wasi_errno error = CALL(fd_readdir, fd, 8192, 8192, 0, 512);
    if (error != WASI_SUCCESS)
        return error;
    char names[64][300];
    int count = 0;
    uint32_t used = murre_wasi_get32(memory + 512);
    for (uint32_t at = 0; at < used && count < 64; count++) {
        uint32_t size = murre_wasi_get32(memory + 8192 + at + 16);
        snprintf(names[count], sizeof names[count], "%.*s|%d", (int)size, (const char *)memory + 8192 + at + 24, memory[8192 + at + 20]);
        at += 24 + size;
    }
    qsort(names, (size_t)count, sizeof *names, (int (*)(const void *, const void *))strcmp);
    memset(memory + 8192, 0, 8192);
    for (int i = 0, at = 8192; i < count; i++)
        at += sprintf((char *)memory + at, "%s,", names[i]);
    return error;
}

struct step {
    uint32_t kind, fd, other, oflags, follow, whence, size;
    uint16_t fdflags;
    uint64_t rights, offset;
    const char *path, *second;
};

static struct step random_step(void) {
    struct step step = {.kind = random_below(22), .fd = 3 + random_below(6), .other = 3 + random_below(6)};
    if (random_below(2)) /* mostly at the top */
        step.fd = 3;
    if (random_below(2))
        step.other = 3;
    step.path = random_path();
    step.second = random_path();
    step.oflags = random_below(16);
    step.follow = random_below(2);
    step.fdflags = random_below(3) == 0 ? WASI_FDFLAG_APPEND : 0;
    step.rights = WASI_RIGHTS_ALL;
    if (random_below(2))
        step.rights &= ~(WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_ALLOCATE | WASI_RIGHT_FD_FILESTAT_SET_SIZE);
    if (random_below(4) == 0)
        step.rights &= ~(WASI_RIGHT_FD_READ | WASI_RIGHT_FD_READDIR);
    step.whence = random_below(4);
    step.offset = random_below(8) == 0 ? (uint64_t) - (int64_t)random_below(100) : random_below(2000);
    step.size = random_below(600);
    return step;
}

static murre_wasi_errno take(const struct step *s) {
    uint32_t size = put_text(1024, s->path), second = put_text(2048, s->second);
    murre_wasi_errno error;
    put_iovec(0, 4096, s->size);
    put_iovec(8, 5000, s->size / 2);
    switch (s->kind) {
    case 0:
    case 1:
    case 2:
    case 3:
        return CALL(path_open, s->fd, s->follow, 1024, size,
                    s->oflags & ~(uint32_t)(s->kind < 2 ? 0 : WASI_OFLAG_EXCL | WASI_OFLAG_DIRECTORY), s->rights, WASI_RIGHTS_ALL,
                    s->fdflags, 512);
    case 4: return s->fd == 3 ? WASI_SUCCESS : CALL(fd_close, s->fd);
    case 5: return CALL(fd_write, s->fd, 0, 2, 512);
    case 6: return CALL(fd_read, s->fd, 0, 2, 512);
    case 7: return CALL(fd_pread, s->fd, 0, 2, s->offset, 512);
    case 8: return CALL(fd_pwrite, s->fd, 0, 2, s->offset, 512);
    case 9: return CALL(fd_seek, s->fd, s->offset, s->whence, 512);
    case 10: return CALL(fd_filestat_set_size, s->fd, s->offset);
    case 11:
        error = CALL(fd_filestat_get, s->fd, 512);
        mask_filestat(memory + 512);
        return error;
    case 12:
        error = CALL(path_filestat_get, s->fd, s->follow, 1024, size, 512);
        mask_filestat(memory + 512);
        return error;
    case 13: return CALL(path_create_directory, s->fd, 1024, size);
    case 14: return CALL(path_remove_directory, s->fd, 1024, size);
    case 15: return CALL(path_unlink_file, s->fd, 1024, size);
    case 16: return CALL(path_rename, s->fd, 1024, size, s->other, 2048, second);
    case 17: return CALL(path_link, s->fd, 0, 1024, size, s->other, 2048, second);
    case 18: return CALL(path_symlink, 1024, size, s->fd, 2048, second);
    case 19: return CALL(path_readlink, s->fd, 1024, size, 8192, 500, 512);
    case 20: return read_sorted(s->fd);
    default: return CALL(path_filestat_set_times, s->fd, s->follow, 1024, size, 5, 7, WASI_FSTFLAG_ATIM | WASI_FSTFLAG_MTIM);
    }
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw) {
    (void)stat, (void)type, (void)ftw;
    return remove(path);
}

static void compare(uint64_t seed, bool no_openat2) {
    char top[] = "/tmp/murre-memfs-XXXXXX";
    cr_assert(mkdtemp(top) != NULL);
    const struct murre_wasi_preopen folders[] = {{.host = top, .guest = "/"}, {.guest = "/"}};
    for (int i = 0; i < 2; i++) {
        struct murre_wasi_config config;
        murre_wasi_config_init(&config);
        config.preopens = &folders[i];
        config.preopen_count = 1;
        config.no_openat2 = no_openat2;
        worlds[i] = make_wasi(&config);
    }
    static uint8_t before[SIZE], after[SIZE];
    random_state = seed;
    long_names = !no_openat2;
    memset(memory, 0, SIZE);
    for (int i = 0; i < 3000; i++) {
        struct step one = random_step();
        murre_wasi_errno errors[2];
        memcpy(before, memory, SIZE);
        call.wasi = worlds[0];
        errors[0] = take(&one);
        memcpy(after, memory, SIZE);
        memcpy(memory, before, SIZE);
        call.wasi = worlds[1];
        errors[1] = take(&one);
        cr_assert(errors[0] == errors[1] && memcmp(memory, after, SIZE) == 0,
                  "seed %llu, step %d: kind %u fd %u/%u '%.20s' '%.20s' oflags %u follow %u: host %d, memory %d", (unsigned long long)seed,
                  i, one.kind, one.fd, one.other, one.path, one.second, one.oflags, one.follow, errors[0], errors[1]);
    }
    for (int i = 0; i < 2; i++)
        murre_wasi_delete(worlds[i]);
    nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    call.wasi = wasi;
}

Test(wasi_memfs, random_calls_give_what_a_folder_of_the_host_gives, .timeout = 120) {
    for (uint64_t seed = 1; seed <= 100; seed++)
        compare(seed * 0x9e3779b97f4a7c15u, seed % 4 == 0);
}
