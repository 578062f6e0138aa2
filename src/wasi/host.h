/* Shared by the two files of the host's kind. */
#ifndef MURRE_WASI_HOST_H
#define MURRE_WASI_HOST_H

#include <errno.h>

#include "wasi/kind.h"

/* After a system call that says -1 for failure. */
static inline murre_wasi_errno murre_wasi_host_outcome(int64_t result) {
    return result < 0 ? murre_wasi_from_errno(errno) : WASI_SUCCESS;
}
/* The file type of a mode. sock_type: of getsockopt, when it is a socket. */
uint8_t murre_wasi_host_filetype(mode_t mode, int sock_type);
void murre_wasi_host_stat(const struct stat *from, struct murre_wasi_stat *stat);

extern const struct murre_wasi_folder murre_wasi_folder_host; /* host_folder.c */

/* host_memory.c: true for a file that was opened when it gives the memory, or the environment, of a process or of the machine: the guest would be out
 * of its own. fd is not changed. */
bool murre_wasi_host_is_memory(int fd);

/* host_entries.c: reading a folder, as kind.h has it, and giving up what that takes. */
murre_wasi_errno murre_wasi_host_seek_entry(struct murre_wasi_call *call, struct murre_wasi_entry *entry, uint64_t cookie);
bool murre_wasi_host_peek_entry(struct murre_wasi_call *call, struct murre_wasi_entry *entry, struct murre_wasi_dirent *dirent,
                                murre_wasi_errno *error);
void murre_wasi_host_take_entry(struct murre_wasi_entry *entry);
void murre_wasi_host_free_entries(const struct murre_allocator *allocator, struct murre_wasi_dirbuf *dir);

#endif
