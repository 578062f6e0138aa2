/* fd_readdir. The kind chooses cookies, so that they stay valid from one buffer to the next and when the folder changes; 0 is the start. They fit
 * into 31 bits, since guests keep them in a long (telldir). A name that does not fit is cut at the end of the guest's buffer; the guest then
 * continues from there with the next call. */
#include <string.h>

#include "wasi/kind.h"

#define DIRENT 24 /* {u64 next; u64 ino; u32 name size; u8 type} */

/* Copies as much of size bytes as fits. */
static void put(uint8_t *buffer, uint32_t capacity, uint32_t *used, const void *bytes, uint32_t size) {
    uint32_t fits = size < capacity - *used ? size : capacity - *used;
    memcpy(buffer + *used, bytes, fits);
    *used += fits;
}

murre_wasi_errno murre_wasi_fd_readdir(struct murre_wasi_call *call, const union murre_slot *args) {
    uint32_t capacity = args[2].u32, used = 0;
    uint8_t *buffer = murre_wasi_guest_bytes(call, args[1].u32, capacity);
    void *result = murre_wasi_guest(call, args[4].u32, 1, 4, 4);
    if (buffer == NULL || result == NULL)
        return WASI_FAULT;
    struct murre_wasi_entry *entry;
    murre_wasi_errno error = murre_wasi_fdtable_get_dir(&call->wasi->fds, args[0].u32, WASI_RIGHT_FD_READDIR, &entry);
    if (error == WASI_NOTDIR) /* no folder stream, as POSIX's readdir has it: libraries tell by it that there is nothing to list */
        return WASI_BADF;
    if (error == WASI_SUCCESS)
        error = args[3].u64 > INT64_MAX ? WASI_INVAL : entry->kind->folder->seek(call, entry, args[3].u64);
    if (error != WASI_SUCCESS)
        return error;
    struct murre_wasi_dirent from;
    while (used < capacity && entry->kind->folder->peek(call, entry, &from, &error)) {
        uint8_t header[DIRENT] = {0};
        murre_wasi_put64(header, from.next);
        murre_wasi_put64(header + 8, from.ino);
        murre_wasi_put32(header + 16, from.size);
        header[20] = from.type;
        bool fits = capacity - used >= DIRENT + from.size;
        put(buffer, capacity, &used, header, DIRENT);
        put(buffer, capacity, &used, from.name, from.size);
        if (!fits)
            break;
        entry->kind->folder->take(entry);
    }
    if (error != WASI_SUCCESS && used == 0)
        return error;
    murre_wasi_put32(result, used);
    return WASI_SUCCESS;
}
