/* What the two files of the host's kind share. */
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

/* Operations of the kind, in host_folder.c. */
murre_wasi_errno murre_wasi_host_dir_seek(struct murre_wasi_call *call, struct murre_wasi_entry *entry, uint64_t cookie);
bool murre_wasi_host_dir_peek(struct murre_wasi_call *call, struct murre_wasi_entry *entry, struct murre_wasi_dirent *dirent,
                              murre_wasi_errno *error);
void murre_wasi_host_dir_take(struct murre_wasi_entry *entry);
murre_wasi_errno murre_wasi_host_open(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path,
                                      const struct murre_wasi_open *request, struct murre_wasi_entry **entry, uint32_t *fd);
murre_wasi_errno murre_wasi_host_make_directory(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path);
murre_wasi_errno murre_wasi_host_remove_directory(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path);
murre_wasi_errno murre_wasi_host_unlink_file(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path);
murre_wasi_errno murre_wasi_host_path_stat(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path, bool follow,
                                           struct murre_wasi_stat *stat);
murre_wasi_errno murre_wasi_host_path_set_times(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path,
                                                bool follow, const struct timespec times[2]);
murre_wasi_errno murre_wasi_host_link(struct murre_wasi_call *call, struct murre_wasi_entry *from, const char *from_path,
                                      struct murre_wasi_entry *to, const char *to_path);
murre_wasi_errno murre_wasi_host_rename(struct murre_wasi_call *call, struct murre_wasi_entry *from, const char *from_path,
                                        struct murre_wasi_entry *to, const char *to_path);
murre_wasi_errno murre_wasi_host_symlink(struct murre_wasi_call *call, const char *target, struct murre_wasi_entry *folder,
                                         const char *path);
murre_wasi_errno murre_wasi_host_read_link(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path, char *buffer,
                                           size_t size, size_t *got);

#endif
