/* The interpreter's stacks: see stack.h. One mapping holds both, values above, each with a guard page behind its end. */
#include "runtime/stack.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const uint64_t default_bytes = 16 * 1024 * 1024, least_bytes = 64 * 1024, most_bytes = (uint64_t)1 << 36;

enum { cached_values = 1024, cached_frames = 128 }; /* slots; frames: what the host's calls of small functions touch */

/* A frame for every eight slots: recursion with less than that in each frame is rare, and 6 bytes in 22 are cheap. */
static size_t frame_bytes(uint64_t value_bytes, size_t page) {
    size_t bytes = (size_t)(value_bytes / (8 * sizeof(union murre_slot)) * sizeof(struct murre_interp_frame));
    return (bytes + page - 1) & ~(page - 1);
}

static uint64_t wanted_bytes(uint64_t bytes, size_t page) {
    if (!bytes)
        bytes = default_bytes;
    if (bytes < least_bytes)
        bytes = least_bytes;
    if (bytes > most_bytes)
        bytes = most_bytes;
    return (bytes + page - 1) & ~(uint64_t)(page - 1);
}

/* The parts of a mapping for that many bytes of values. */
static void set_up(struct murre_stack *stack, void *memory, uint64_t bytes, size_t page) {
    char *start = memory;
    size_t frames = frame_bytes(bytes, page);
    memset(stack, 0, sizeof *stack);
    stack->frames = stack->frame = memory;
    /* One is left behind the end: for the caller of what there was no room for. */
    stack->frames_end = stack->frames_mapped = stack->frames + frames / sizeof(struct murre_interp_frame) - 1;
    stack->values = stack->top = (union murre_slot *)(start + frames + page);
    stack->values_end = stack->values_mapped = stack->values + bytes / sizeof(union murre_slot);
}

enum murre_status murre_stack_init(struct murre_stack *stack, uint64_t bytes, struct murre_cache *cache, struct murre_error *error) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint64_t wanted = wanted_bytes(bytes, page);
    void *memory = (void *)murre_cache_take(cache);
    if (memory) {
        set_up(stack, memory, wanted, page);
        stack->whole = true;
        return MURRE_OK;
    }
    /* Where address space is short, a smaller stack is better than none. */
    for (bytes = wanted;; bytes = (bytes / 2 + page - 1) & ~(uint64_t)(page - 1)) {
        memory = mmap(NULL, frame_bytes(bytes, page) + bytes + 2 * page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory != MAP_FAILED)
            break;
        if (bytes <= least_bytes)
            return murre_error_set(error, MURRE_ERROR_MEMORY, MURRE_NO_OFFSET, "no address space for the stack");
    }
    char *start = memory;
    size_t frames = frame_bytes(bytes, page);
    if (mprotect(start + frames, page, PROT_NONE) != 0 || mprotect(start + frames + page + bytes, page, PROT_NONE) != 0) {
        munmap(memory, frames + bytes + 2 * page);
        return murre_error_memory(error);
    }
    set_up(stack, memory, bytes, page);
    stack->whole = bytes == wanted;
    return MURRE_OK;
}

/* What is kept keeps the pages that any run touches, and no more. */
static void shrink(struct murre_stack *stack) {
    murre_stack_limit(stack, 0);
    stack->top = stack->values + cached_values;
    stack->frame = stack->frames + cached_frames;
    murre_stack_trim(stack);
}

void murre_stack_fini(struct murre_stack *stack, struct murre_cache *cache) {
    if (!stack->frames)
        return;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (stack->whole)
        shrink(stack);
    if (!stack->whole || !murre_cache_put(cache, (uintptr_t)stack->frames))
        munmap(stack->frames, (size_t)((char *)stack->values_mapped - (char *)stack->frames) + page);
    memset(stack, 0, sizeof *stack);
}

void murre_stack_drop_cache(struct murre_cache *cache, uint64_t bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    bytes = wanted_bytes(bytes, page);
    for (uintptr_t kept; (kept = murre_cache_take(cache));)
        munmap((void *)kept, frame_bytes(bytes, page) + bytes + 2 * page);
}

void murre_stack_limit(struct murre_stack *stack, uint64_t bytes) {
    uint64_t slots = bytes / sizeof(union murre_slot), frames = bytes / sizeof(struct murre_interp_frame);
    bool fewer_slots = bytes && slots < (uint64_t)(stack->values_mapped - stack->values);
    bool fewer_frames = bytes && frames < (uint64_t)(stack->frames_mapped - stack->frames);
    stack->values_end = fewer_slots ? stack->values + slots : stack->values_mapped;
    stack->frames_end = fewer_frames ? stack->frames + frames : stack->frames_mapped;
}

void murre_stack_trim(struct murre_stack *stack) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *values = (char *)(((uintptr_t)stack->top + page - 1) & ~(uintptr_t)(page - 1));
    char *frames = (char *)(((uintptr_t)stack->frame + page - 1) & ~(uintptr_t)(page - 1));
    madvise(values, (size_t)((char *)stack->values_mapped - values), MADV_DONTNEED);
    madvise(frames, (size_t)((char *)stack->values - page - frames), MADV_DONTNEED);
}
