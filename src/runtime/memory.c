/* Linear memory: see memory.h. Sizes in bytes unless they are called pages.
 *
 * Guarded: PROT_NONE over 8 GiB and a Wasm page, so that 32-bit index + 32-bit offset + the access is always inside; existing pages become
 * readable and writable as the memory grows, and cost nothing until they are touched. Not guarded (explicit checks were requested, or
 * there is not enough address space): as much as the memory may use. Growing never moves the base. The memory owns the mapping;
 * murre_memory_destroy unmaps it, or caches a small one for the next memory of the engine. One thread at a time.
 *
 * If the process's address space is limited (RLIMIT_AS), others need some of it, too, above all other memories. Guard regions leave a quarter
 * of it free. A memory without one reserves little more than its size, at a place far from everything else, and extends the reservation as it grows:
 * the limit is on how much is mapped, not on where. If there is no such place, it reserves as much as it may use, or half, a quarter… of it, but
 * at least its minimum; the size that it can reach is then max_pages. */
#include "runtime/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "runtime/log.h"
#include "runtime/store.h"
#include "wasm/limits.h"

enum { HEADROOM = 64 << 20 };
static const uint64_t guarded_size = ((uint64_t)8 << 30) + MURRE_PAGE_SIZE;

static uint8_t *reserve(uint64_t size) {
    void *base = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return base == MAP_FAILED ? NULL : base;
}

/* The process's limit on its address space, or UINT64_MAX. */
static uint64_t space_limit(void) {
    struct rlimit limit;
    return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? limit.rlim_cur : UINT64_MAX;
}

/* Reserves size bytes if after that some address space is left for everything else. */
static uint8_t *reserve_with_headroom(uint64_t size) {
    uint64_t headroom = size / 4 < HEADROOM ? size / 4 : HEADROOM;
    uint8_t *base = reserve(size + headroom);
    if (base && headroom)
        munmap(base + size, headroom);
    return base;
}

/* The same, but where address space is limited a quarter of it must be left. */
static uint8_t *reserve_and_leave_a_quarter(uint64_t size) {
    uint64_t limit = space_limit(), left = limit == UINT64_MAX ? 0 : limit / 4 & ~(uint64_t)(MURRE_PAGE_SIZE - 1);
    uint8_t *base = reserve(size + left);
    if (base && left)
        munmap(base + size, left);
    return base;
}

/* Cached reservations are guarded; their number is that of the pages that are accessible, and zero. */
enum { MOST_CACHED_PAGES = 256 };

void murre_memory_drop_cache(struct murre_engine *engine) {
    for (uintptr_t kept; (kept = murre_cache_take(&engine->memory_cache));)
        munmap((void *)(kept & ~(uintptr_t)4095), guarded_size);
}

/* *committed: bytes from the base on that are accessible already. */
static uint8_t *reserve_guarded(struct murre_engine *engine, uint64_t *committed) {
    uintptr_t kept = murre_cache_take(&engine->memory_cache);
    *committed = (kept & 4095) * MURRE_PAGE_SIZE;
    if (kept)
        return (uint8_t *)(kept & ~(uintptr_t)4095);
    uint8_t *base = reserve_and_leave_a_quarter(guarded_size);
    if (!base) {
        murre_memory_drop_cache(engine);
        base = reserve_and_leave_a_quarter(guarded_size);
    }
    return base;
}

static void release(struct murre_memory *memory) {
    uint64_t pages = memory->size / MURRE_PAGE_SIZE;
    bool keep = memory->guarded && pages <= MOST_CACHED_PAGES &&
                (!memory->size || madvise(memory->base, memory->size, MADV_DONTNEED) == 0) &&
                murre_cache_put(&memory->store->engine->memory_cache, (uintptr_t)memory->base | pages);
    if (!keep)
        munmap(memory->base, memory->reserved);
}

/* The most pages that limits and the engine's configuration allow. */
static uint64_t allowed_pages(const struct murre_store *store, const struct murre_limits *limits) {
    uint64_t pages = MURRE_MAX_MEMORY_PAGES;
    if (limits->has_max && limits->max < pages)
        pages = limits->max;
    uint64_t bytes = store->engine->config.max_memory;
    if (bytes && bytes / MURRE_PAGE_SIZE < pages)
        pages = bytes / MURRE_PAGE_SIZE;
    return pages;
}

/* Places for reservations that may be extended: 8 GiB apart, in a part of the address space that systems leave empty unless they are asked. */
static const uint64_t first_place = (uint64_t)1 << 44, place_size = (uint64_t)1 << 33;
enum { PLACES = 1 << 12, PLACES_TRIED = 16 };

static uint8_t *reserve_apart(struct murre_engine *engine, uint64_t size) {
    for (unsigned i = 0; i < PLACES_TRIED; i++) {
        uint32_t place = atomic_fetch_add_explicit(&engine->memory_places, 1, memory_order_relaxed);
        void *wanted = (void *)(uintptr_t)(first_place + (engine->first_memory_place + place) % PLACES * place_size);
        void *base = mmap(wanted, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (base == wanted)
            return base;
        if (base == MAP_FAILED)
            return NULL;
        munmap(base, size); /* the place is taken, or there is none of that number */
    }
    return NULL;
}

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* Linux 4.17; older kernels ignore it and take the address as a hint, which is as good */
#endif

/* Makes the reservation hold size bytes, and some address space be left. */
static bool extend(struct murre_memory *memory, uint64_t size) {
    if (size <= memory->reserved)
        return true;
    if (!memory->extends)
        return false;
    uint64_t most = memory->max_pages * MURRE_PAGE_SIZE, twice = memory->reserved * 2 < most ? memory->reserved * 2 : most;
    for (uint64_t wanted = twice > size ? twice : size;; wanted = size) {
        uint64_t more = wanted - memory->reserved, headroom = more / 4 < HEADROOM ? more / 4 : HEADROOM;
        uint8_t *end = memory->base + memory->reserved;
        void *base = mmap(end, more + headroom, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        if (base == end) {
            if (headroom)
                munmap(end + more, headroom);
            memory->reserved = wanted;
            return true;
        }
        if (base != MAP_FAILED)
            munmap(base, more + headroom);
        if (wanted == size)
            return false;
    }
}

/* Without guards: at least min pages, at most most pages. Sets base, reserved and max_pages. */
static bool reserve_unguarded(struct murre_memory *memory, uint64_t min, uint64_t most) {
    if (space_limit() != UINT64_MAX && most > min) {
        memory->reserved = (min ? min : 1) * MURRE_PAGE_SIZE;
        memory->base = reserve_apart(memory->store->engine, memory->reserved);
        memory->max_pages = most;
        memory->extends = memory->base != NULL;
        if (memory->base)
            return true;
    }
    for (uint64_t pages = most; pages > min; pages /= 2) {
        memory->base = reserve_with_headroom(pages * MURRE_PAGE_SIZE);
        if (memory->base) {
            memory->max_pages = pages;
            memory->reserved = pages * MURRE_PAGE_SIZE;
            return true;
        }
    }
    /* An empty memory has a base as well, so that NULL always means "no memory". */
    memory->reserved = (min ? min : 1) * MURRE_PAGE_SIZE;
    memory->base = reserve(memory->reserved);
    memory->max_pages = min;
    return memory->base != NULL;
}

static enum murre_status reserve_memory(struct murre_memory *memory, uint64_t *committed, struct murre_error *error) {
    *committed = 0;
    enum murre_bounds bounds = memory->store->engine->config.bounds;
    uint64_t most = allowed_pages(memory->store, &memory->limits);
    uint64_t min = memory->limits.min;
    if (min > most)
        return murre_error_set(error, MURRE_ERROR_MEMORY, MURRE_NO_OFFSET, "a memory of %llu pages is over the limit of %llu",
                               (unsigned long long)min, (unsigned long long)most);
    if (bounds != MURRE_BOUNDS_EXPLICIT) {
        memory->base = reserve_guarded(memory->store->engine, committed);
        if (memory->base) {
            memory->guarded = true;
            memory->reserved = guarded_size;
            memory->max_pages = most;
            return MURRE_OK;
        }
        if (bounds == MURRE_BOUNDS_AUTO)
            murre_log(memory->store->engine, MURRE_LOG_WARNING, "no address space for a guard region, bounds are compared: %s",
                      strerror(errno));
        else
            return murre_error_set(error, MURRE_ERROR_MEMORY, MURRE_NO_OFFSET, "no address space for a guarded memory: %s",
                                   strerror(errno));
    }
    if (!reserve_unguarded(memory, min, most))
        return murre_error_set(error, MURRE_ERROR_MEMORY, MURRE_NO_OFFSET, "no address space for a memory of %llu pages: %s",
                               (unsigned long long)min, strerror(errno));
    return MURRE_OK;
}

/* From old_size on. */
static bool commit(struct murre_memory *memory, uint64_t old_size, uint64_t new_size) {
    if (new_size < old_size)
        return mprotect(memory->base + new_size, old_size - new_size, PROT_NONE) == 0;
    return new_size == old_size || mprotect(memory->base + old_size, new_size - old_size, PROT_READ | PROT_WRITE) == 0;
}

struct murre_memory *murre_memory_create(struct murre_store *store, struct murre_limits limits, struct murre_error *error) {
    if (limits.is64 || limits.shared) {
        murre_error_set(error, MURRE_ERROR_UNSUPPORTED, MURRE_NO_OFFSET, "needs feature: %s", limits.is64 ? "memory64" : "threads");
        return NULL;
    }
    if (limits.min > MURRE_MAX_MEMORY_PAGES || (limits.has_max && (limits.max > MURRE_MAX_MEMORY_PAGES || limits.max < limits.min))) {
        murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "memory limits out of range");
        return NULL;
    }
    if (!murre_store_allows(store->limits.memories, store->memory_count, 1) ||
        !murre_store_allows(store->limits.memory_bytes, store->memory_bytes, limits.min * MURRE_PAGE_SIZE)) {
        murre_error_set(error, MURRE_ERROR_LIMIT, MURRE_NO_OFFSET, "over the store's limit of memory");
        return NULL;
    }
    struct murre_memory *memory = murre_alloc_zero(&store->engine->allocator, sizeof *memory);
    if (!memory) {
        murre_error_memory(error);
        return NULL;
    }
    memory->limits = limits;
    memory->store = store;
    uint64_t committed;
    if (reserve_memory(memory, &committed, error) != MURRE_OK) {
        murre_free(&store->engine->allocator, memory, sizeof *memory);
        return NULL;
    }
    uint64_t size = limits.min * MURRE_PAGE_SIZE;
    if (!commit(memory, committed, size)) {
        murre_error_set(error, MURRE_ERROR_MEMORY, MURRE_NO_OFFSET, "no memory for %llu pages: %s", (unsigned long long)limits.min,
                        strerror(errno));
        munmap(memory->base, memory->reserved);
        murre_free(&store->engine->allocator, memory, sizeof *memory);
        return NULL;
    }
    memory->size = size;
    memory->next = store->memories;
    store->memories = memory;
    store->memory_bytes += size;
    store->memory_count++;
    return memory;
}

void murre_memory_destroy(struct murre_memory *memory) {
    struct murre_memory **link = &memory->store->memories;
    while (*link != memory)
        link = &(*link)->next;
    *link = memory->next;
    memory->store->memory_bytes -= memory->size;
    memory->store->memory_count--;
    release(memory);
    murre_free(&memory->store->engine->allocator, memory, sizeof *memory);
}

int64_t murre_memory_grow_pages(struct murre_memory *memory, uint64_t pages) {
    uint64_t old = memory->size / MURRE_PAGE_SIZE;
    if (pages > memory->max_pages - old)
        return -1;
    if (pages) {
        uint64_t size = memory->size + pages * MURRE_PAGE_SIZE;
        struct murre_store *store = memory->store;
        if (!murre_store_allows(store->limits.memory_bytes, store->memory_bytes, size - memory->size) || !extend(memory, size) ||
            !commit(memory, memory->size, size))
            return -1;
        store->memory_bytes += size - memory->size;
        memory->size = size;
    }
    return (int64_t)old;
}
