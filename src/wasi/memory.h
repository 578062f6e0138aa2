/* The only place where guest pointers are checked. A pointer is a u32 offset into the caller's memory. As the interface requires
 * (witx "Pointers"), using a pointer that is misaligned or out of bounds ends the guest with a trap; these functions then set call->trap
 * and return false or NULL. */
#ifndef MURRE_WASI_MEMORY_H
#define MURRE_WASI_MEMORY_H

#include <sys/uio.h>

#include "wasi/internal.h"

/* count elements of size bytes each at pointer, aligned to align. Any count and size up to 32 bits. NULL: trap set. */
void *murre_wasi_guest(struct murre_wasi_call *call, uint32_t pointer, uint64_t count, uint32_t size, uint32_t align);
/* Bytes without alignment. */
static inline void *murre_wasi_guest_bytes(struct murre_wasi_call *call, uint32_t pointer, uint32_t size) {
    return murre_wasi_guest(call, pointer, size, 1, 1);
}

/* A buffer list of the guest (an array of {u32 pointer, u32 size}), checked entry by entry, as the system's. Empty buffers are left out.
 * The list is cut at MURRE_WASI_IOVECS buffers, which reads and writes may: they return how much they moved. */
#define MURRE_WASI_IOVECS 64
struct murre_wasi_iovecs {
    struct iovec items[MURRE_WASI_IOVECS];
    int count;
    size_t total; /* bytes in items; at most MURRE_WASI_IO_MAX */
};
/* So that a count of bytes fits every result. */
#define MURRE_WASI_IO_MAX 0x7ffff000u
bool murre_wasi_guest_iovecs(struct murre_wasi_call *call, uint32_t pointer, uint32_t count, struct murre_wasi_iovecs *iovecs);
/* Copies as much of size bytes as the buffers hold; returns how much. */
size_t murre_wasi_scatter(const struct murre_wasi_iovecs *iovecs, const uint8_t *from, size_t size);

/* A path, copied and terminated. */
#define MURRE_WASI_PATH_MAX 4096
struct murre_wasi_path {
    char text[MURRE_WASI_PATH_MAX];
    size_t size;
};
/* Sets *error to NAMETOOLONG, or INVAL when it has a zero byte inside, and returns false; also false with call->trap set. */
bool murre_wasi_guest_path(struct murre_wasi_call *call, uint32_t pointer, uint32_t size, struct murre_wasi_path *path,
                           murre_wasi_errno *error);

/* Stores at any alignment of the host. */
static inline void murre_wasi_put16(void *at, uint16_t value) {
    __builtin_memcpy(at, &value, sizeof value);
}
static inline void murre_wasi_put32(void *at, uint32_t value) {
    __builtin_memcpy(at, &value, sizeof value);
}
static inline void murre_wasi_put64(void *at, uint64_t value) {
    __builtin_memcpy(at, &value, sizeof value);
}
static inline uint16_t murre_wasi_get16(const void *at) {
    uint16_t value;
    __builtin_memcpy(&value, at, sizeof value);
    return value;
}
static inline uint32_t murre_wasi_get32(const void *at) {
    uint32_t value;
    __builtin_memcpy(&value, at, sizeof value);
    return value;
}
static inline uint64_t murre_wasi_get64(const void *at) {
    uint64_t value;
    __builtin_memcpy(&value, at, sizeof value);
    return value;
}

#endif
