/* File attributes between host and guest, for descriptors and paths alike. */
#ifndef MURRE_WASI_STAT_H
#define MURRE_WASI_STAT_H

#include <sys/stat.h>

#include "wasi/internal.h"

#define MURRE_WASI_FILESTAT 64 /* bytes of a filestat, aligned to 8 */
void murre_wasi_put_filestat(uint8_t *result, const struct stat *stat, uint8_t type);
/* For utimensat. False when the flags contradict each other or are unknown. */
bool murre_wasi_set_times(struct timespec times[2], uint64_t atim, uint64_t mtim, uint32_t flags);
/* O_ flags of fdflags. */
int murre_wasi_host_flags(uint32_t flags);

#endif
