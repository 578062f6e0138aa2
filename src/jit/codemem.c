/* Code memory; see codemem.h.

   Layout: the reservation is divided into granules of 64 bytes. A block starts on a granule with its header; one bit per
   granule says whether a committed block starts there, so that a lookup walks back over a bitmap and reads one header. Freed
   extents are kept sorted and merged; whole pages of a freed extent are given back to the system. */
#include "codemem.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "arch/arch.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

enum {
    GRANULE = 64,
    WORD_BITS = 64,
    HEADER = sizeof(struct murre_codeblock),
};

static const size_t default_reserve = (size_t)64 << 20;
static const size_t least_reserve = (size_t)1 << 20;

struct extent {
    size_t offset;
    size_t size;
};

struct murre_codemem {
    uint8_t *code;  /* executable mapping */
    uint8_t *alias; /* second mapping of the same memory, through which it is written; NULL when pages change their protection instead */
    size_t reserved;
    size_t unit;              /* blocks are multiples of this: a granule or a page */
    pid_t owner;              /* the process that may write */
    _Atomic uint64_t *starts; /* one bit a granule */
    size_t starts_bytes;
    pthread_mutex_t lock; /* guards what follows */
    size_t top;           /* everything from here on is free */
    struct extent *free;  /* sorted by offset, never adjacent, all below top */
    size_t free_count;
    size_t free_capacity;
    size_t used;
    size_t blocks;
    size_t kept;
};

static size_t round_up(size_t n, size_t unit) {
    return (n + unit - 1) / unit * unit;
}

/* ---- Forks ------------------------------------------------------------------------------------------------------------

   A child shares the memory that is mapped twice with its parent, and both run what was committed before the fork. The child never
   changes it, and has no second mapping: another thread may just have been writing at the fork, and nobody would close its window there.
   The parent goes on writing where nothing was, but what was there when it forked it leaves for good, because it
   cannot know how long the child lives. So forks are counted, those that have begun and those that are over: a block is given
   back only if as many have begun by then as were over when it was committed. That is right with several threads that fork,
   commit and free at once, since either count errs only towards keeping. vfork, posix_spawn and what is made of them (system,
   popen) do not run these handlers: their children run no compiled code. */

static _Atomic uint64_t forks_begun, forks_over;
static pthread_once_t count_once = PTHREAD_ONCE_INIT;

static void fork_begins(void) {
    atomic_fetch_add(&forks_begun, 1);
}

static void fork_is_over(void) {
    atomic_fetch_add(&forks_over, 1);
}

/* The other threads' forks, too, stayed with the parent. */
static void none_in_child(void) {
    atomic_store(&forks_over, atomic_load(&forks_begun));
}

static void count_forks(void) {
    /* They go with the library when it is unloaded: the C library registers them for the object that asks. Without memory for that
       nothing is given back from now on. */
    if (pthread_atfork(fork_begins, fork_is_over, none_in_child) != 0)
        fork_begins();
}

bool murre_codemem_inherited(const struct murre_codemem *mem) {
    return mem->owner != getpid();
}

/* ---- Mapping ---------------------------------------------------------------------------------------------------------- */

static int open_memfd(size_t size) {
    /* ftruncate beyond the limit on file sizes raises SIGXFSZ, which a library must not risk. */
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < size)
        return -1;
    int fd = memfd_create("murre-code", MFD_CLOEXEC | MFD_EXEC);
    if (fd < 0 && errno == EINVAL) /* a kernel before 6.3 */
        fd = memfd_create("murre-code", MFD_CLOEXEC);
    if (fd >= 0 && ftruncate(fd, (off_t)size) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int executable(void) {
    return PROT_READ | PROT_EXEC | murre_arch_code_protection();
}

static void *map_at(uintptr_t address, size_t size, int protection, int flags, int fd) {
    if (address != 0)
        flags |= MAP_FIXED_NOREPLACE;
    void *p = mmap((void *)address, size, protection, flags, fd, 0);
    if (p == MAP_FAILED)
        return NULL;
    if (address != 0 && (uintptr_t)p != address) { /* an old kernel takes the address for a hint */
        munmap(p, size);
        return NULL;
    }
    return p;
}

/* Maps near this library's text if it can, anywhere otherwise. */
static void *map_near_text(size_t size, int protection, int flags, int fd) {
    const size_t call_reach = murre_arch_call_reach, probe_step = murre_arch_call_probe_step;
    const uintptr_t text = (uintptr_t)&map_near_text / probe_step * probe_step;
    for (size_t distance = probe_step; distance + size + probe_step < call_reach; distance += probe_step) {
        void *p = NULL;
        if (text > distance + size)
            p = map_at(text - distance - size, size, protection, flags, fd);
        if (p == NULL)
            p = map_at(text + distance, size, protection, flags, fd);
        if (p != NULL)
            return p;
    }
    return map_at(0, size, protection, flags, fd);
}

static bool map_twice(struct murre_codemem *mem, size_t size) {
    int fd = open_memfd(size);
    if (fd < 0)
        return false;
    void *code = map_near_text(size, executable(), MAP_SHARED, fd);
    void *alias = code == NULL ? NULL : map_at(0, size, PROT_NONE, MAP_SHARED, fd);
    close(fd);
    if (alias == NULL || madvise(alias, size, MADV_DONTFORK) != 0) {
        if (alias != NULL)
            munmap(alias, size);
        if (code != NULL)
            munmap(code, size);
        return false;
    }
    mem->code = code;
    mem->alias = alias;
    mem->unit = GRANULE;
    return true;
}

static bool map_once(struct murre_codemem *mem, size_t size) {
    void *code = map_near_text(size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    if (code == NULL)
        return false;
    mem->code = code;
    mem->alias = NULL;
    mem->unit = (size_t)sysconf(_SC_PAGESIZE);
    return true;
}

static bool map_index(struct murre_codemem *mem) {
    mem->starts_bytes = round_up(mem->reserved / GRANULE / 8, (size_t)sysconf(_SC_PAGESIZE));
    mem->starts = map_at(0, mem->starts_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    return mem->starts != NULL;
}

static void unmap_code(struct murre_codemem *mem) {
    munmap(mem->code, mem->reserved);
    if (mem->alias != NULL && !murre_codemem_inherited(mem)) /* there is none in a child, perhaps something else */
        munmap(mem->alias, mem->reserved);
}

static struct murre_codemem *new_memory(size_t reserve, bool twice) {
    pthread_once(&count_once, count_forks);
    struct murre_codemem *mem = calloc(1, sizeof *mem);
    if (mem == NULL)
        return NULL;
    mem->owner = getpid();
    size_t size = round_up(reserve == 0 ? default_reserve : reserve, least_reserve);
    for (; size >= least_reserve; size = size / 2 / least_reserve * least_reserve) {
        if ((!twice || !map_twice(mem, size)) && !map_once(mem, size))
            continue;
        mem->reserved = size;
        if (map_index(mem) && pthread_mutex_init(&mem->lock, NULL) == 0)
            return mem;
        if (mem->starts != NULL)
            munmap(mem->starts, mem->starts_bytes);
        unmap_code(mem);
        break;
    }
    free(mem);
    return NULL;
}

struct murre_codemem *murre_codemem_new(size_t reserve) {
    return new_memory(reserve, true);
}

struct murre_codemem *murre_codemem_new_pages(size_t reserve) {
    return new_memory(reserve, false);
}

void murre_codemem_delete(struct murre_codemem *mem) {
    if (mem == NULL)
        return;
    unmap_code(mem); /* what another process has mapped stays there */
    munmap(mem->starts, mem->starts_bytes);
    if (!murre_codemem_inherited(mem)) /* a thread that is not here may hold it */
        pthread_mutex_destroy(&mem->lock);
    free(mem->free);
    free(mem);
}

/* ---- Writing, under the lock ------------------------------------------------------------------------------------------

   The pages that are written are writable meanwhile, through the second mapping or, where there is none, instead of being executable. No block
   that may run shares a page with one that is written in that way. */

struct window {
    uint8_t *start; /* whole pages */
    size_t size;
    uint8_t *write; /* where the requested offset is */
};

static bool open_window(const struct murre_codemem *mem, size_t offset, size_t size, struct window *window) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), first = offset / page * page;
    uint8_t *const base = mem->alias != NULL ? mem->alias : mem->code;
    *window = (struct window){.start = base + first, .size = round_up(offset + size, page) - first, .write = base + offset};
    return mprotect(window->start, window->size, PROT_READ | PROT_WRITE) == 0;
}

static bool close_window(const struct murre_codemem *mem, const struct window *window) {
    return mprotect(window->start, window->size, mem->alias != NULL ? PROT_NONE : executable()) == 0;
}

static bool write_block(const struct murre_codemem *mem, size_t offset, const uint8_t *bytes, size_t size) {
    struct window window;
    if (!open_window(mem, offset, size, &window))
        return false;
    memcpy(window.write, bytes, size);
    return close_window(mem, &window);
}

/* ---- Extents, under the lock ------------------------------------------------------------------------------------------ */

static bool take_extent(struct murre_codemem *mem, size_t size, size_t *offset) {
    for (size_t i = 0; i < mem->free_count; i++) {
        struct extent *e = &mem->free[i];
        if (e->size < size)
            continue;
        *offset = e->offset;
        e->offset += size;
        e->size -= size;
        if (e->size == 0)
            memmove(e, e + 1, (--mem->free_count - i) * sizeof *e);
        return true;
    }
    if (size > mem->reserved - mem->top)
        return false;
    *offset = mem->top;
    mem->top += size;
    return true;
}

/* Lets the system have the whole pages of an extent back. */
static void release_pages(struct murre_codemem *mem, size_t offset, size_t size) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t first = round_up(offset, page), end = (offset + size) / page * page;
    if (first >= end)
        return;
    struct window window;
    if (mem->alias == NULL) {
        madvise(mem->code + first, end - first, MADV_DONTNEED);
    } else if (open_window(mem, first, end - first, &window)) { /* the system asks for a mapping that may write */
        madvise(window.write, end - first, MADV_REMOVE);
        close_window(mem, &window);
    }
}

static void give_extent(struct murre_codemem *mem, size_t offset, size_t size) {
    release_pages(mem, offset, size);
    size_t i = 0;
    while (i < mem->free_count && mem->free[i].offset < offset)
        i++;
    const bool joins_before = i > 0 && mem->free[i - 1].offset + mem->free[i - 1].size == offset;
    const bool joins_after = i < mem->free_count && offset + size == mem->free[i].offset;
    if (joins_before && joins_after) {
        mem->free[i - 1].size += size + mem->free[i].size;
        memmove(&mem->free[i], &mem->free[i + 1], (--mem->free_count - i) * sizeof *mem->free);
    } else if (joins_before) {
        mem->free[i - 1].size += size;
    } else if (joins_after) {
        mem->free[i].offset = offset;
        mem->free[i].size += size;
    } else if (offset + size != mem->top) {
        if (mem->free_count == mem->free_capacity) {
            const size_t capacity = mem->free_capacity == 0 ? 16 : mem->free_capacity * 2;
            struct extent *grown = realloc(mem->free, capacity * sizeof *grown);
            if (grown == NULL)
                return; /* the extent is lost, nothing else */
            mem->free = grown;
            mem->free_capacity = capacity;
        }
        memmove(&mem->free[i + 1], &mem->free[i], (mem->free_count++ - i) * sizeof *mem->free);
        mem->free[i] = (struct extent){offset, size};
    } else {
        mem->top = offset;
    }
    if (mem->free_count > 0) {
        const struct extent *last = &mem->free[mem->free_count - 1];
        if (last->offset + last->size == mem->top) {
            mem->top = last->offset;
            mem->free_count--;
        }
    }
}

/* ---- Blocks ----------------------------------------------------------------------------------------------------------- */

static size_t block_size(const struct murre_codemem *mem, size_t code_size) {
    return round_up(HEADER + code_size, mem->unit);
}

bool murre_codemem_begin(struct murre_codemem *mem, size_t size, struct murre_codewrite *out) {
    if (size > mem->reserved || murre_codemem_inherited(mem))
        return false;
    size_t offset;
    pthread_mutex_lock(&mem->lock);
    const bool found = take_extent(mem, block_size(mem, size), &offset);
    pthread_mutex_unlock(&mem->lock);
    if (!found)
        return false;
    uint8_t *buffer = malloc(HEADER + size);
    if (buffer == NULL) {
        pthread_mutex_lock(&mem->lock);
        give_extent(mem, offset, block_size(mem, size));
        pthread_mutex_unlock(&mem->lock);
        return false;
    }
    *out = (struct murre_codewrite){.code = mem->code + offset + HEADER, .write = buffer + HEADER, .size = size};
    return true;
}

void murre_codemem_abandon(struct murre_codemem *mem, const struct murre_codewrite *block) {
    free(block->write - HEADER);
    if (murre_codemem_inherited(mem))
        return;
    pthread_mutex_lock(&mem->lock);
    give_extent(mem, (size_t)(block->code - HEADER - mem->code), block_size(mem, block->size));
    pthread_mutex_unlock(&mem->lock);
}

bool murre_codemem_commit(struct murre_codemem *mem, const struct murre_codewrite *block, void *owner, bool frameless) {
    if (murre_codemem_inherited(mem)) {
        murre_codemem_abandon(mem, block);
        return false;
    }
    const struct murre_codeblock header = {
        .magic = MURRE_CODEBLOCK_MAGIC,
        .code_size = (uint32_t)block->size,
        .owner = owner,
        .frameless = frameless,
        .forks = atomic_load(&forks_over),
    };
    uint8_t *const buffer = block->write - HEADER;
    const size_t offset = (size_t)(block->code - HEADER - mem->code);
    memcpy(buffer, &header, HEADER);
    pthread_mutex_lock(&mem->lock);
    const bool written = write_block(mem, offset, buffer, HEADER + block->size);
    if (written) {
        mem->used += block_size(mem, block->size);
        mem->blocks++;
    }
    pthread_mutex_unlock(&mem->lock);
    if (!written) {
        murre_codemem_abandon(mem, block);
        return false;
    }
    free(buffer);
    /* Nothing on x86-64. On AArch64 instruction fetch does not see stores by itself. The address at which the code runs is the one that
       counts: data caches behave as physically tagged, so that cleaning by it also writes back what came through the other mapping, but
       instruction caches may be indexed by virtual address, and would keep what they have if only the other one were invalidated. What
       threads on other processors need besides is done by murre_arch_publish_code, before anybody gets the address. */
    __builtin___clear_cache((char *)block->code, (char *)block->code + block->size);
    const size_t granule = offset / GRANULE;
    atomic_fetch_or_explicit(&mem->starts[granule / WORD_BITS], (uint64_t)1 << granule % WORD_BITS, memory_order_release);
    return true;
}

void murre_codemem_free(struct murre_codemem *mem, const void *code) {
    if (murre_codemem_inherited(mem))
        return;
    const size_t offset = (size_t)((const uint8_t *)code - HEADER - mem->code);
    const size_t granule = offset / GRANULE;
    const struct murre_codeblock *header = (const struct murre_codeblock *)(mem->code + offset);
    const size_t size = block_size(mem, header->code_size);
    const bool shared = mem->alias != NULL && header->forks != atomic_load(&forks_begun);
    atomic_fetch_and_explicit(&mem->starts[granule / WORD_BITS], ~((uint64_t)1 << granule % WORD_BITS), memory_order_release);
    pthread_mutex_lock(&mem->lock);
    mem->used -= size;
    mem->blocks--;
    if (shared)
        mem->kept += size;
    else
        give_extent(mem, offset, size);
    pthread_mutex_unlock(&mem->lock);
}

/* ---- Lookup: no lock, no call ----------------------------------------------------------------------------------------- */

bool murre_codemem_contains(const struct murre_codemem *mem, uintptr_t pc) {
    return pc - (uintptr_t)mem->code < mem->reserved;
}

const struct murre_codeblock *murre_codemem_find(const struct murre_codemem *mem, uintptr_t pc) {
    const size_t offset = pc - (uintptr_t)mem->code;
    if (offset >= mem->reserved)
        return NULL;
    size_t granule = offset / GRANULE;
    size_t index = granule / WORD_BITS;
    uint64_t word = atomic_load_explicit(&mem->starts[index], memory_order_acquire);
    word &= ~(uint64_t)0 >> (WORD_BITS - 1 - granule % WORD_BITS); /* starts at or before pc */
    while (word == 0) {
        if (index == 0)
            return NULL;
        word = atomic_load_explicit(&mem->starts[--index], memory_order_acquire);
    }
    granule = index * WORD_BITS + (WORD_BITS - 1 - (size_t)__builtin_clzll(word));
    const struct murre_codeblock *block = (const struct murre_codeblock *)(mem->code + granule * GRANULE);
    return pc - (uintptr_t)murre_codeblock_code(block) < block->code_size ? block : NULL;
}

void murre_codemem_stats(struct murre_codemem *mem, struct murre_codemem_stats *out) {
    pthread_mutex_lock(&mem->lock);
    *out = (struct murre_codemem_stats){.reserved = mem->reserved, .used = mem->used, .blocks = mem->blocks, .kept = mem->kept};
    pthread_mutex_unlock(&mem->lock);
}
