/* Linked into what runs compiled code under QEMU's user-mode emulation.
 *
 * QEMU finds out that code has changed when somebody writes to the page it runs from. Code memory is written through a second mapping, which
 * QEMU does not connect with the first, and before version 8.1 it ignores the instructions that maintain caches as well: it would go on with its
 * translation of what lay there before. So here cache maintenance also makes the pages writable for a moment, which drops the translations. On a
 * real processor the instructions do it. A range that nobody flushes stays stale here, as it could there.
 *
 * Any thread, and children of a fork: without a lock, as the mappings that count are few. */
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* What mmap is called for files of any size, as everything here is compiled. */
void *__real_mmap64(void *address, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *address, size_t size, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *address, size_t size);
int __wrap_munmap(void *address, size_t size);
void __real___clear_cache(void *start, void *end);
void __wrap___clear_cache(void *start, void *end);

enum { MOST = 256 };
static struct {
    _Atomic uintptr_t start; /* 0: not in use */
    uintptr_t size;
    int protection;
} code[MOST];

void *__wrap_mmap64(void *address, size_t size, int protection, int flags, int fd, off_t offset) {
    void *p = __real_mmap64(address, size, protection, flags, fd, offset);
    if (p == MAP_FAILED || !(protection & PROT_EXEC) || !(flags & MAP_SHARED))
        return p;
    for (size_t i = 0; i < MOST; i++) {
        uintptr_t unused = 0;
        if (!atomic_compare_exchange_strong(&code[i].start, &unused, (uintptr_t)p))
            continue;
        code[i].size = size; /* nothing can be written there before this returns */
        code[i].protection = protection;
        return p;
    }
    abort();
}

int __wrap_munmap(void *address, size_t size) {
    for (size_t i = 0; i < MOST; i++) {
        uintptr_t start = (uintptr_t)address;
        if (atomic_compare_exchange_strong(&code[i].start, &start, 0))
            break;
    }
    return __real_munmap(address, size);
}

void __wrap___clear_cache(void *start, void *end) {
    __real___clear_cache(start, end);
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)start & ~(page - 1);
    const size_t size = ((uintptr_t)end - first + page - 1) & ~(page - 1);
    for (size_t i = 0; i < MOST; i++)
        if (first - atomic_load(&code[i].start) < code[i].size && atomic_load(&code[i].start) &&
            (mprotect((void *)first, size, PROT_READ | PROT_WRITE | PROT_EXEC) != 0 ||
             mprotect((void *)first, size, code[i].protection) != 0))
            abort();
}
