/* The kinds of descriptors of the guest, as tables of operations: a descriptor of the host (host_file.c, host_folder.c), a stream
 * in memory (stream.c), a file or folder in memory (memfs_file.c, memfs_folder.c). The families of functions (fd_*.c, path*.c, poll.c) access
 * guest memory, check what the descriptor can do and write results; an operation does the work and knows nothing of guest
 * pointers. What a descriptor can do depends on its type and on how it was opened: operations on contents never get a folder, those of
 * folders (struct murre_wasi_folder) only get folders. System calls interrupted by a signal that is not murre's have been retried.
 *
 * An operation that is NULL does not exist for that kind: INVAL. */
#ifndef MURRE_WASI_KIND_H
#define MURRE_WASI_KIND_H

#include "wasi/fdtable.h"
#include "wasi/memory.h"
#include "wasi/stat.h"

#define MURRE_WASI_NO_OFFSET UINT64_MAX

/* Of path_open: checked, and cut to what the folder passes on. */
struct murre_wasi_open {
    bool follow;
    bool read, write; /* contents */
    bool try_write;   /* where that can be done; else without */
    uint32_t oflags, fdflags;
};

/* What a file that is open for these is able to do at most. */
static inline uint64_t murre_wasi_access(bool read, bool write) {
    return WASI_RIGHTS_ALL & ~(read ? 0 : WASI_RIGHT_FD_READ) & ~(write ? 0 : WASI_RIGHTS_WRITES);
}

/* An entry of a folder. name is good until the folder is asked again or changed. */
struct murre_wasi_dirent {
    uint64_t next; /* cookie of what follows */
    uint64_t ino;
    const char *name;
    uint32_t size;
    uint8_t type;
};

/* What a kind does with folders. entry and folder are one of the kind's, and a folder. */
struct murre_wasi_folder {
    /* Reading: go to a cookie; look at the next entry (false at the end, or with *error set); step over it. */
    murre_wasi_errno (*seek)(struct murre_wasi_call *call, struct murre_wasi_entry *entry, uint64_t cookie);
    bool (*peek)(struct murre_wasi_call *call, struct murre_wasi_entry *entry, struct murre_wasi_dirent *dirent, murre_wasi_errno *error);
    void (*take)(struct murre_wasi_entry *entry);

    /* Paths below it: terminated, as the guest wrote them. Without a request to follow, the last component is not followed. open
     * sets able by murre_wasi_access. */
    murre_wasi_errno (*open)(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path,
                             const struct murre_wasi_open *request, struct murre_wasi_entry **entry, uint32_t *fd);
    murre_wasi_errno (*make_directory)(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path);
    murre_wasi_errno (*remove_directory)(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path);
    murre_wasi_errno (*unlink_file)(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path);
    murre_wasi_errno (*stat)(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path, bool follow,
                             struct murre_wasi_stat *stat);
    murre_wasi_errno (*set_times)(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path, bool follow,
                                  const struct timespec times[2]);
    /* Both folders are of this kind. */
    murre_wasi_errno (*link)(struct murre_wasi_call *call, struct murre_wasi_entry *from, const char *from_path,
                             struct murre_wasi_entry *to, const char *to_path);
    murre_wasi_errno (*rename)(struct murre_wasi_call *call, struct murre_wasi_entry *from, const char *from_path,
                               struct murre_wasi_entry *to, const char *to_path);
    murre_wasi_errno (*symlink)(struct murre_wasi_call *call, const char *target, struct murre_wasi_entry *folder, const char *path);
    /* *got is cut to size. */
    murre_wasi_errno (*read_link)(struct murre_wasi_call *call, struct murre_wasi_entry *folder, const char *path, char *buffer,
                                  size_t size, size_t *got);
};

struct murre_wasi_kind {
    /* The type, and the rights that such a thing can have at most. */
    murre_wasi_errno (*learn)(const struct murre_wasi_entry *entry, uint8_t *type, uint64_t *possible);
    /* Gives back what the entry holds beyond its name; the allocator is the table's. */
    murre_wasi_errno (*close)(const struct murre_allocator *allocator, struct murre_wasi_entry *entry);

    /* offset MURRE_WASI_NO_OFFSET: at the position, which moves on. */
    murre_wasi_errno (*read)(struct murre_wasi_call *call, struct murre_wasi_entry *entry, const struct murre_wasi_iovecs *iovecs,
                             uint64_t offset, size_t *moved);
    murre_wasi_errno (*write)(struct murre_wasi_call *call, struct murre_wasi_entry *entry, const struct murre_wasi_iovecs *iovecs,
                              uint64_t offset, size_t *moved);
    bool positioned; /* has a position at all; else SPIPE */
    murre_wasi_errno (*seek)(struct murre_wasi_entry *entry, int64_t offset, int whence, uint64_t *position); /* SEEK_… */
    murre_wasi_errno (*get_flags)(struct murre_wasi_entry *entry, int *flags);                                /* O_… */
    murre_wasi_errno (*set_flags)(struct murre_wasi_entry *entry, int flags);
    murre_wasi_errno (*stat)(struct murre_wasi_entry *entry, struct murre_wasi_stat *stat);
    murre_wasi_errno (*set_size)(struct murre_wasi_call *call, struct murre_wasi_entry *entry, uint64_t size); /* at most INT64_MAX */
    murre_wasi_errno (*set_times)(struct murre_wasi_entry *entry, const struct timespec times[2]);             /* as futimens */
    murre_wasi_errno (*advise)(struct murre_wasi_entry *entry, uint64_t offset, uint64_t size, int advice);    /* POSIX_FADV_… */
    murre_wasi_errno (*allocate)(struct murre_wasi_call *call, struct murre_wasi_entry *entry, uint64_t offset, uint64_t size);
    murre_wasi_errno (*sync)(struct murre_wasi_call *call, struct murre_wasi_entry *entry, bool only_data);
    /* What poll_oneoff waits for: a descriptor of the host, or -1 for what is always ready; and how much can be read then. */
    int (*waits_for)(const struct murre_wasi_entry *entry);
    uint64_t (*readable)(const struct murre_wasi_entry *entry);

    const struct murre_wasi_folder *folder; /* where it can be one; else NULL */
};

extern const struct murre_wasi_kind murre_wasi_kind_host;
extern const struct murre_wasi_kind murre_wasi_kind_input; /* bytes in memory */
extern const struct murre_wasi_kind murre_wasi_kind_sink;  /* a callback takes the output */
extern const struct murre_wasi_kind murre_wasi_kind_empty; /* nothing to read, swallows output */
extern const struct murre_wasi_kind murre_wasi_kind_memfs; /* of a folder in memory */

#endif
