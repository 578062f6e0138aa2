/* Folders of the host that hold /proc: no guest gets the memory of a process through them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "unit/wasi_guest.h"
#include "wasi/host.h"

TestSuite(wasi_host, .init = set_up_host_folder, .fini = tear_down_host_folder);

static void look_into(const char *folder, bool no_openat2) {
    murre_wasi_delete(wasi);
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.preopens = &(struct murre_wasi_preopen){.host = folder, .guest = "/"};
    config.preopen_count = 1;
    config.no_openat2 = no_openat2;
    config.in = config.out = config.err = (struct murre_wasi_stream){.kind = MURRE_WASI_NULL};
    make_guest(&config);
}

static bool opens(const char *path) {
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

static void expect_refused(const char *path) {
    static const uint64_t rights[] = {0, WASI_RIGHT_FD_READ, WASI_RIGHT_FD_WRITE, WASI_RIGHT_FD_READ | WASI_RIGHT_FD_WRITE};
    uint32_t fd;
    for (size_t i = 0; i < sizeof rights / sizeof *rights; i++)
        cr_expect_eq(open_at(3, path, 0, rights[i], &fd), WASI_PERM, "%s with rights %llx", path, (unsigned long long)rights[i]);
}

static void look_for_memory(bool no_openat2) {
    char path[64];
    cr_assert(opens("/proc/self/mem"), "so that there is something to refuse");
    look_into("/proc", no_openat2);
    expect_refused("self/mem");
    expect_refused("thread-self/mem");
    snprintf(path, sizeof path, "%d/mem", (int)getpid());
    expect_refused(path);
    snprintf(path, sizeof path, "self/task/%d/mem", (int)gettid());
    expect_refused(path);
    uint32_t fd;
    cr_expect_eq(open_at(3, "self/environ", 0, WASI_RIGHT_FD_READ, &fd), WASI_PERM);
    cr_expect_eq(open_at(3, "self/auxv", 0, WASI_RIGHT_FD_READ, &fd), WASI_PERM);
    cr_expect_eq(open_at(3, "self/pagemap", 0, WASI_RIGHT_FD_READ, &fd), WASI_PERM);
    cr_expect_neq(open_at(3, "kcore", 0, WASI_RIGHT_FD_READ, &fd), WASI_SUCCESS);
    cr_expect_neq(open_at(3, "self/exe", 0, WASI_RIGHT_FD_READ, &fd), WASI_SUCCESS);
    cr_expect_neq(open_at(3, "self/root", 0, 0, &fd), WASI_SUCCESS);
    cr_expect_eq(open_at(3, "self/status", 0, WASI_RIGHT_FD_READ, &fd), WASI_SUCCESS, "what all may read");
    cr_expect_eq(open_at(3, "cpuinfo", 0, WASI_RIGHT_FD_READ, &fd), WASI_SUCCESS);
    cr_expect_eq(open_at(3, "self/oom_score_adj", 0, 0, &fd), WASI_SUCCESS);
}

Test(wasi_host, memory_of_processes_is_not_opened) {
    look_for_memory(false);
    delete_guest();
    call.trap = NULL;
    make_guest(&(struct murre_wasi_config){.in = {.kind = MURRE_WASI_NULL}});
    look_for_memory(true);
}

/* What is open or mapped is memory, too, as the code that runs is. */
Test(wasi_host, open_and_mapped_files_are_not_opened_by_their_links) {
    char path[64];
    uint32_t fd;
    int memory_file = memfd_create("memory", MFD_CLOEXEC);
    cr_assert_geq(memory_file, 0);
    for (int walk = 0; walk < 2; walk++) {
        look_into("/proc/self", walk);
        snprintf(path, sizeof path, "fd/%d", memory_file);
        cr_expect_neq(open_at(3, path, 0, 0, &fd), WASI_SUCCESS);
        cr_expect_neq(open_at(3, path, 0, WASI_RIGHT_FD_READ, &fd), WASI_SUCCESS);
        FILE *maps = fopen("/proc/self/maps", "r");
        char range[64];
        cr_assert(maps != NULL && fscanf(maps, "%63s", range) == 1);
        fclose(maps);
        snprintf(path, sizeof path, "map_files/%.40s", range);
        cr_expect_neq(open_at(3, path, 0, WASI_RIGHT_FD_READ, &fd), WASI_SUCCESS);
    }
    close(memory_file);
}

/* The file is what counts, not its path: another name of it, elsewhere. */
Test(wasi_host, links_do_not_lead_to_memory) {
    char link[64];
    uint32_t fd;
    snprintf(link, sizeof link, "%s/link", guest_top);
    cr_assert_eq(symlink("../../proc/self/mem", link), 0); /* from /tmp/… */
    look_into("/", false);
    cr_expect_eq(open_at(3, link + 1, 0, WASI_RIGHT_FD_READ, &fd), WASI_PERM);
    cr_expect_eq(open_at(3, "proc/self/../self/./mem", 0, 0, &fd), WASI_PERM);
}

Test(wasi_host, devices_of_memory_are_not_opened) {
    static const unsigned minors[] = {1, 2, 4, 6, 12};
    char path[64];
    uint32_t fd;
    int made = 0;
    for (size_t i = 0; i < sizeof minors / sizeof *minors; i++) {
        snprintf(path, sizeof path, "%s/device-%u", guest_top, minors[i]);
        if (mknod(path, S_IFCHR | 0666, makedev(1, minors[i])) != 0)
            continue;
        made++;
        int host = open(path, O_PATH | O_CLOEXEC); /* a system may have no such device, or open it for nobody */
        cr_assert_geq(host, 0);
        cr_expect(murre_wasi_host_is_memory(host), "minor %u", minors[i]);
        close(host);
        cr_expect_neq(open_at(3, strrchr(path, '/') + 1, 0, WASI_RIGHT_FD_READ, &fd), WASI_SUCCESS, "minor %u", minors[i]);
    }
    snprintf(path, sizeof path, "%s/null", guest_top);
    if (mknod(path, S_IFCHR | 0666, makedev(1, 3)) == 0 && opens(path))
        cr_expect_eq(open_at(3, "null", 0, 0, &fd), WASI_SUCCESS);
    if (made == 0)
        cr_skip_test("only root makes devices");
}

/* A private file of one's own is none of that. */
Test(wasi_host, private_files_are_opened) {
    char path[64];
    uint32_t fd;
    snprintf(path, sizeof path, "%s/private", guest_top);
    int host = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    cr_assert_geq(host, 0);
    close(host);
    cr_expect_eq(open_at(3, "private", 0, 0, &fd), WASI_SUCCESS);
}
