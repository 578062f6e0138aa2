/* File attributes and open flags between host, files in memory and guest. */
#ifndef MURRE_WASI_STAT_H
#define MURRE_WASI_STAT_H

#include <sys/stat.h>

#include "wasi/preview0.h"

#define MURRE_WASI_PAGE 4096 /* the least that a file system keeps for a part of a file */

struct murre_wasi_stat {
    uint64_t dev, ino, links, size;
    uint64_t accessed, modified, changed; /* nanoseconds since 1970 */
    uint8_t type;                         /* WASI_FILETYPE_… */
    bool sparse;                          /* less is kept for it than its size: there are holes */
};
/* result: murre_wasi_filestat_size bytes. */
void murre_wasi_put_filestat(const struct murre_wasi_call *call, uint8_t *result, const struct murre_wasi_stat *stat);
/* For utimensat. False when the flags contradict each other or are unknown. */
bool murre_wasi_set_times(struct timespec times[2], uint64_t atim, uint64_t mtim, uint32_t flags);
/* O_ flags of fdflags. */
int murre_wasi_host_flags(uint32_t flags);

#endif
