/* Guest pointers: bounds, alignment, buffer lists, paths. See memory.h. */
#include "wasi/memory.h"

#include <stdio.h>
#include <string.h>

static void *bad_pointer(struct murre_wasi_call *call, const char *what, uint32_t pointer, uint64_t size) {
    if (call->trap == NULL) {
        char message[128];
        snprintf(message, sizeof message, "wasi: %s pointer 0x%x (%llu bytes)", what, pointer, (unsigned long long)size);
        call->trap = murre_trap_new(message);
    }
    return NULL;
}

void *murre_wasi_guest(struct murre_wasi_call *call, uint32_t pointer, uint64_t count, uint32_t size, uint32_t align) {
    uint64_t bytes;
    if (__builtin_mul_overflow(count, (uint64_t)size, &bytes))
        bytes = UINT64_MAX;
    if (call->memory == NULL || pointer > call->memory_size || bytes > call->memory_size - pointer)
        return bad_pointer(call, "out-of-bounds", pointer, bytes);
    if (pointer % align != 0)
        return bad_pointer(call, "misaligned", pointer, bytes);
    return call->memory + pointer;
}

/* What lies behind in a longer list is not even looked at, which could take long: a short read or write. */
enum { LOOKED_AT = 1 << 20 };

bool murre_wasi_guest_iovecs(struct murre_wasi_call *call, uint32_t pointer, uint32_t count, struct murre_wasi_iovecs *iovecs) {
    const uint8_t *list = murre_wasi_guest(call, pointer, count, 8, 4);
    iovecs->count = 0;
    iovecs->total = 0;
    if (list == NULL)
        return false;
    for (uint32_t i = 0; i < count && i < LOOKED_AT; i++, list += 8) {
        uint32_t size = murre_wasi_get32(list + 4);
        void *base = murre_wasi_guest_bytes(call, murre_wasi_get32(list), size);
        if (base == NULL)
            return false;
        if (size > MURRE_WASI_IO_MAX - iovecs->total)
            size = (uint32_t)(MURRE_WASI_IO_MAX - iovecs->total);
        if (size == 0 || iovecs->count == MURRE_WASI_IOVECS)
            continue;
        iovecs->items[iovecs->count++] = (struct iovec){.iov_base = base, .iov_len = size};
        iovecs->total += size;
    }
    return true;
}

size_t murre_wasi_scatter(const struct murre_wasi_iovecs *iovecs, const uint8_t *from, size_t size) {
    size_t moved = 0;
    for (int i = 0; i < iovecs->count && moved < size; i++) {
        size_t part = iovecs->items[i].iov_len < size - moved ? iovecs->items[i].iov_len : size - moved;
        memcpy(iovecs->items[i].iov_base, from + moved, part);
        moved += part;
    }
    return moved;
}

bool murre_wasi_guest_path(struct murre_wasi_call *call, uint32_t pointer, uint32_t size, struct murre_wasi_path *path,
                           murre_wasi_errno *error) {
    const char *text = murre_wasi_guest_bytes(call, pointer, size);
    if (text == NULL) {
        *error = WASI_FAULT;
        return false;
    }
    if (size >= sizeof path->text) {
        *error = WASI_NAMETOOLONG;
        return false;
    }
    memcpy(path->text, text, size);
    path->text[size] = '\0';
    path->size = size;
    if (memchr(path->text, '\0', size) != NULL) {
        *error = WASI_INVAL;
        return false;
    }
    return true;
}
