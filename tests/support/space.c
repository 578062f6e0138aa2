#include "support/space.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MOST_FILLERS = 4096 };
static const uint64_t most_space = (uint64_t)1 << 40, least_filler = 64 << 10;

static struct {
    void *start;
    uint64_t size;
} fillers[MOST_FILLERS];
static unsigned filler_count;

static void *occupy(uint64_t size) {
    void *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void limit(uint64_t extra) {
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    cr_assert_not_null(statm);
    cr_assert_eq(fscanf(statm, "%lu", &pages), 1);
    fclose(statm);
    struct rlimit limit = {0};
    cr_assert_eq(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) + extra;
    cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
}

/* All but a hole of extra bytes. */
static void fill(uint64_t extra) {
    void *hole = extra > 0 ? occupy(extra) : NULL;
    cr_assert(hole || extra == 0);
    for (uint64_t size = most_space; size >= least_filler; size /= 2) {
        void *p;
        while ((p = occupy(size)) != NULL) {
            cr_assert(size < most_space && filler_count < MOST_FILLERS, "there is too much address space to fill it");
            fillers[filler_count].start = p;
            fillers[filler_count++].size = size;
        }
    }
    if (hole)
        munmap(hole, extra);
}

void test_shorten_space(uint64_t extra) {
    limit(extra);
    const uint64_t more = extra + ((uint64_t)1 << 30);
    void *probe = occupy(more);
    if (!probe)
        return;
    munmap(probe, more);
    fill(extra);
}

void test_restore_space(void) {
    struct rlimit limit = {0};
    cr_assert_eq(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
    while (filler_count > 0) {
        filler_count--;
        munmap(fillers[filler_count].start, fillers[filler_count].size);
    }
}
