/* Path resolution, with openat2 and by walking: both must give the same answers and neither may leave the folder. */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "wasi/resolve.h"

static char top[] = "/tmp/murre-resolve-XXXXXX"; /* holds "in", which is the folder, and "out", which must stay out of reach */
static int in = -1;

static void make_file(int dir, const char *path, const char *text) {
    int fd = openat(dir, path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    cr_assert(fd >= 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void set_up(void) {
    cr_assert(mkdtemp(top) != NULL);
    int outer = open(top, O_RDONLY | O_DIRECTORY);
    cr_assert_eq(mkdirat(outer, "in", 0755), 0);
    cr_assert_eq(mkdirat(outer, "out", 0755), 0);
    make_file(outer, "out/secret", "secret");
    in = openat(outer, "in", O_RDONLY | O_DIRECTORY);
    cr_assert(in >= 0);
    cr_assert_eq(mkdirat(in, "a", 0755), 0);
    cr_assert_eq(mkdirat(in, "a/b", 0755), 0);
    make_file(in, "file", "file");
    make_file(in, "a/b/deep", "deep");
    static const char *const links[][2] = {
        {"../out", "up"},
        {"../../../../../../../../etc", "etc"},
        {"a/../../out/secret", "sneaky"},
        {"file", "to-file"},
        {"a/b", "to-folder"},
        {"loop2", "loop1"},
        {"loop1", "loop2"},
        {"nowhere", "dangling"},
        {"..", "parent"},
        {"a/b/../../file", "dots"},
        {"a/b/", "to-folder-slash"},
        {"../out/new", "create-outside"},
        {"to-folder", "two-steps"},
        {"../file", "a/up-one"},
        {"../../out", "a/up-two"},
        {"./a/./b/.", "dotty"},
    };
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        cr_assert_eq(symlinkat(links[i][0], in, links[i][1]), 0);
    char absolute[64];
    snprintf(absolute, sizeof absolute, "%s/in/file", top);
    cr_assert_eq(symlinkat(absolute, in, "absolute"), 0);
    cr_assert_eq(symlinkat("/", in, "root"), 0);
    close(outer);
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw) {
    (void)stat, (void)type, (void)ftw;
    return remove(path);
}

static void tear_down(void) {
    close(in);
    nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

TestSuite(wasi_resolve, .init = set_up, .fini = tear_down);

static struct murre_wasi_resolver resolver_for(bool walk) {
    return (struct murre_wasi_resolver){.allocator = murre_allocator_libc, .walk = walk};
}

/* 0 when it opens, else the errno value. */
static int try(bool walk, const char *path, int flags) {
    struct murre_wasi_resolver resolver = resolver_for(walk);
    int fd = murre_wasi_resolve_open(&resolver, in, path, flags, 0644);
    if (fd < 0)
        return -fd;
    cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC, "%s closes on exec", path);
    close(fd);
    return 0;
}

struct row {
    const char *path;
    int flags;
    int expect; /* errno value */
};

static void check(const struct row *rows, size_t count) {
    for (size_t i = 0; i < count; i++)
        for (int walk = 0; walk <= 1; walk++) {
            int got = try(walk, rows[i].path, rows[i].flags);
            cr_expect_eq(got, rows[i].expect, "%s '%s' flags %#x: %s, not %s", walk ? "walk" : "openat2", rows[i].path,
                         (unsigned)rows[i].flags, strerror(got), strerror(rows[i].expect));
        }
}
#define CHECK(...)                                    \
    do {                                              \
        static const struct row rows[] = __VA_ARGS__; \
        check(rows, sizeof rows / sizeof *rows);      \
    } while (0)

Test(wasi_resolve, plain_paths_open) {
    CHECK({
        {"file", O_RDONLY, 0},
        {"a/b/deep", O_RDONLY, 0},
        {"./a//b/./deep", O_RDONLY, 0},
        {"a/../a/b/../b/deep", O_RDONLY, 0},
        {".", O_RDONLY | O_DIRECTORY, 0},
        {"a/..", O_RDONLY | O_DIRECTORY, 0},
        {"a/b/", O_RDONLY, 0},
        {"a/b///", O_RDONLY | O_DIRECTORY, 0},
        {"missing", O_RDONLY, ENOENT},
        {"missing/..", O_RDONLY, ENOENT},
        {"", O_RDONLY, ENOENT},
        {"file/x", O_RDONLY, ENOTDIR},
        {"file/", O_RDONLY, ENOTDIR},
        {"file/..", O_RDONLY, ENOTDIR},
        {"file/.", O_RDONLY, ENOTDIR},
        {"file", O_RDONLY | O_DIRECTORY, ENOTDIR},
        {"a", O_RDWR, EISDIR},
    });
}

Test(wasi_resolve, nothing_leads_out) {
    CHECK({
        {"..", O_RDONLY, EPERM},
        {"../out/secret", O_RDONLY, EPERM},
        {"a/../../out/secret", O_RDONLY, EPERM},
        {"a/b/../../../in/file", O_RDONLY, EPERM},
        {"/etc/passwd", O_RDONLY, EPERM},
        {"/", O_RDONLY, EPERM},
        {"//file", O_RDONLY, EPERM},
        {"up", O_RDONLY, EPERM},
        {"up/secret", O_RDONLY, EPERM},
        {"etc/passwd", O_RDONLY, EPERM},
        {"sneaky", O_RDONLY, EPERM},
        {"parent", O_RDONLY, EPERM},
        {"parent/out/secret", O_RDONLY, EPERM},
        {"a/up-two/secret", O_RDONLY, EPERM},
        {"absolute", O_RDONLY, EPERM},
        {"root", O_RDONLY, EPERM},
        {"root/etc/passwd", O_RDONLY, EPERM},
        {"create-outside", O_WRONLY | O_CREAT, EPERM},
        {"../out/new", O_WRONLY | O_CREAT, EPERM},
        {"up/new", O_WRONLY | O_CREAT, EPERM},
        {"up", O_PATH, EPERM},
        {"..", O_PATH, EPERM},
    });
    char path[64];
    snprintf(path, sizeof path, "%s/out/new", top);
    cr_expect_eq(access(path, F_OK), -1);
}

Test(wasi_resolve, links_inside_are_followed) {
    CHECK({
        {"to-file", O_RDONLY, 0},
        {"to-file", O_PATH, 0},
        {"to-folder/deep", O_RDONLY, 0},
        {"to-folder", O_RDONLY | O_DIRECTORY, 0},
        {"to-folder/", O_RDONLY, 0},
        {"to-folder/..", O_RDONLY, 0},
        {"to-folder/../b/deep", O_RDONLY, 0},
        {"two-steps/deep", O_RDONLY, 0},
        {"to-folder-slash/deep", O_RDONLY, 0},
        {"to-folder-slash", O_RDONLY, 0},
        {"dots", O_RDONLY, 0},
        {"dotty/deep", O_RDONLY, 0},
        {"a/up-one", O_RDONLY, 0},
        {"dangling", O_RDONLY, ENOENT},
        {"to-file/", O_RDONLY, ENOTDIR},
        {"to-file/x", O_RDONLY, ENOTDIR},
        {"to-file", O_RDONLY | O_DIRECTORY, ENOTDIR},
    });
}

Test(wasi_resolve, links_are_not_followed_when_asked) {
    CHECK({
        {"to-file", O_RDONLY | O_NOFOLLOW, ELOOP},
        {"to-folder", O_RDONLY | O_NOFOLLOW, ELOOP},
        {"to-folder", O_RDONLY | O_NOFOLLOW | O_DIRECTORY, ENOTDIR},
        {"up", O_RDONLY | O_NOFOLLOW, ELOOP},
        {"up", O_PATH | O_NOFOLLOW, 0},
        {"to-folder/deep", O_RDONLY | O_NOFOLLOW, 0},
        {"to-folder/", O_RDONLY | O_NOFOLLOW, 0},
        {"up/", O_RDONLY | O_NOFOLLOW, EPERM},
        {"a/..", O_RDONLY | O_NOFOLLOW, 0},
    });
}

Test(wasi_resolve, circles_of_links_end) {
    CHECK({
        {"loop1", O_RDONLY, ELOOP},
        {"loop1/x", O_RDONLY, ELOOP},
        {"loop1", O_PATH, ELOOP},
        {"loop1", O_WRONLY | O_CREAT, ELOOP},
    });
}

Test(wasi_resolve, creating_follows_the_rules) {
    CHECK({
        {"file", O_WRONLY | O_CREAT | O_EXCL, EEXIST},
        {"to-file", O_WRONLY | O_CREAT | O_EXCL, EEXIST},
        {"dangling", O_WRONLY | O_CREAT | O_EXCL, EEXIST},
        {"dangling", O_WRONLY | O_CREAT | O_NOFOLLOW, ELOOP},
        {"new/", O_WRONLY | O_CREAT, EISDIR},
        {".", O_WRONLY | O_CREAT, EISDIR},
        {"a", O_WRONLY | O_CREAT, EISDIR},
        {"missing/new", O_WRONLY | O_CREAT, ENOENT},
    });
}

Test(wasi_resolve, a_dangling_link_creates_its_target) {
    for (int walk = 0; walk <= 1; walk++) {
        unlinkat(in, "nowhere", 0);
        cr_expect_eq(try(walk, "dangling", O_WRONLY | O_CREAT), 0);
        cr_expect_eq(faccessat(in, "nowhere", F_OK, 0), 0);
    }
}

Test(wasi_resolve, long_names_and_long_chains_are_errors) {
    char name[512], path[8192] = "";
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    for (int walk = 0; walk <= 1; walk++)
        cr_expect_eq(try(walk, name, O_RDONLY), ENAMETOOLONG);
    for (int i = 0; i < 1000; i++)
        strcat(path, "a/../");
    strcat(path, "file");
    cr_expect_eq(try(true, path, O_RDONLY), 0);
    for (int i = 0; i < 50; i++) {
        char from[16], to[16];
        snprintf(from, sizeof from, "chain%d", i);
        snprintf(to, sizeof to, "chain%d", i + 1);
        cr_assert_eq(symlinkat(to, in, from), 0);
    }
    make_file(in, "chain50", "end");
    for (int walk = 0; walk <= 1; walk++) {
        cr_expect_eq(try(walk, "chain0", O_RDONLY), ELOOP);
        cr_expect_eq(try(walk, "chain10", O_RDONLY), 0);
    }
}

Test(wasi_resolve, the_walk_leaves_no_descriptor_open) {
    int before = open("/dev/null", O_RDONLY);
    close(before);
    try(true, "a/b/../../a/b/deep", O_RDONLY);
    try(true, "a/b/../../../x", O_RDONLY);
    try(true, "to-folder/nothing", O_RDONLY);
    try(true, "loop1", O_RDONLY);
    int after = open("/dev/null", O_RDONLY);
    close(after);
    cr_expect_eq(before, after);
}

Test(wasi_resolve, a_parent_and_a_name) {
    static const struct {
        const char *path, *name;
        bool plain, owned;
        int expect;
    } rows[] = {
        {"file", "file", true, false, 0},
        {"a/b", "b", true, true, 0},
        {"a/b/", "b/", false, true, 0},
        {"new//", "new//", false, false, 0},
        {"a/..", "..", false, true, 0},
        {".", ".", false, false, 0},
        {"..", "..", false, false, 0},
        {"a/b/.", ".", false, true, 0},
        {"up/secret", NULL, false, false, EPERM},
        {"../x", NULL, false, false, EPERM},
        {"/x", NULL, false, false, EPERM},
        {"", NULL, false, false, ENOENT},
        {"file/x", NULL, false, false, ENOTDIR},
        {"missing/x", NULL, false, false, ENOENT},
        {"...", "...", true, false, 0},
        {"up", "up", true, false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int walk = 0; walk <= 1; walk++) {
            struct murre_wasi_resolver resolver = resolver_for(walk);
            struct murre_wasi_parent parent;
            int got = murre_wasi_resolve_parent(&resolver, in, rows[i].path, &parent);
            cr_expect_eq(-got, rows[i].expect, "'%s' (%d): %s", rows[i].path, walk, strerror(-got));
            if (got != 0 || rows[i].expect != 0)
                continue;
            cr_expect_str_eq(parent.name, rows[i].name);
            cr_expect_eq(parent.plain, rows[i].plain, "'%s'", rows[i].path);
            cr_expect_eq(parent.owned, rows[i].owned, "'%s'", rows[i].path);
            murre_wasi_parent_fini(&parent);
        }
}

/* Someone moves a folder out of and back into the sandbox, and swaps a folder for a link that leads out. */
static atomic_bool stop;

static void *disturb(void *unused) {
    (void)unused;
    char inside[64], outside[64], swap[64], link[64];
    snprintf(inside, sizeof inside, "%s/in/a/b", top);
    snprintf(outside, sizeof outside, "%s/out/b", top);
    snprintf(swap, sizeof swap, "%s/in/swap", top);
    snprintf(link, sizeof link, "%s/in/link", top);
    while (!atomic_load(&stop)) {
        rename(inside, outside);
        rename(outside, inside);
        renameat2(AT_FDCWD, swap, AT_FDCWD, link, RENAME_EXCHANGE);
    }
    return NULL;
}

Test(wasi_resolve, races_do_not_lead_out, .timeout = 60) {
    struct stat secret, found;
    char path[64];
    snprintf(path, sizeof path, "%s/out/secret", top);
    cr_assert_eq(stat(path, &secret), 0);
    cr_assert_eq(mkdirat(in, "swap", 0755), 0);
    make_file(in, "swap/secret", "decoy");
    cr_assert_eq(symlinkat("../out", in, "link"), 0);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, disturb, NULL), 0);
    static const char *const paths[] = {"swap/secret", "link/secret", "a/b/../secret", "a/b/../../swap/secret", "a/b/../../out/secret"};
    for (int i = 0; i < 20000; i++) {
        struct murre_wasi_resolver resolver = resolver_for(i & 1);
        int fd = murre_wasi_resolve_open(&resolver, in, paths[i / 2 % 5], O_RDONLY, 0);
        if (fd < 0)
            continue;
        cr_assert_eq(fstat(fd, &found), 0);
        cr_assert_neq(found.st_ino, secret.st_ino, "got out by %s", paths[i / 2 % 5]);
        close(fd);
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
}
