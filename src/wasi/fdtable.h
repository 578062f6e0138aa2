/* The guest's descriptors. Numbers are the guest's own and say nothing about the host's. A new descriptor gets the lowest free number, as
 * POSIX has it. Host descriptors that an entry owns are above 2 and close on exec. One thread at a time. */
#ifndef MURRE_WASI_FDTABLE_H
#define MURRE_WASI_FDTABLE_H

#include <sys/types.h>

#include "base/alloc.h"
#include "wasi.h"
#include "wasi/abi.h"

enum murre_wasi_entrykind {
    MURRE_WASI_FREE,
    MURRE_WASI_HOST,  /* host: a descriptor of the host */
    MURRE_WASI_INPUT, /* bytes in memory */
    MURRE_WASI_SINK,  /* a callback takes the output */
    MURRE_WASI_EMPTY, /* nothing to read, swallows output */
};

/* What has been read of a directory ahead of the guest: raw records of getdents64. */
struct murre_wasi_dirbuf {
    uint64_t cookie; /* of the entry at next: where the directory must be read on from */
    size_t next, end;
    bool valid; /* cookie is known */
    char bytes[4096] __attribute__((aligned(8)));
};

struct murre_wasi_entry {
    enum murre_wasi_entrykind kind;
    uint8_t type;    /* WASI_FILETYPE_…; meaningful when has_type */
    bool has_type;   /* the type, and the rights that follow from it, are looked up when first needed */
    bool owned;      /* close the host's descriptor with the entry */
    bool is_preopen; /* name is set */
    int host;
    uint64_t base, inheriting; /* rights */
    char *name;                /* of a preopened folder, terminated; owned */
    size_t name_size;
    struct murre_wasi_dirbuf *dir; /* owned; NULL until the directory is read */
    const uint8_t *bytes;          /* kind INPUT */
    size_t size, position;
    int (*write)(void *context, const void *bytes, size_t size); /* kind SINK */
    void *context;
};

/* Entries live in pages that do not move, so that pointers stay good while others are opened; they end with murre_wasi_fdtable_close. */
#define MURRE_WASI_FD_PAGE 32
struct murre_wasi_fdpage {
    uint32_t used; /* a bit an entry */
    struct murre_wasi_entry entries[MURRE_WASI_FD_PAGE];
};
struct murre_wasi_fdtable {
    struct murre_allocator allocator;
    struct murre_wasi_fdpage **pages;
    uint32_t page_count, page_capacity;
};

void murre_wasi_fdtable_init(struct murre_wasi_fdtable *table, const struct murre_allocator *allocator);
void murre_wasi_fdtable_fini(struct murre_wasi_fdtable *table);
/* A zeroed entry of kind at the lowest free number; NULL when there is no memory. */
struct murre_wasi_entry *murre_wasi_fdtable_add(struct murre_wasi_fdtable *table, enum murre_wasi_entrykind kind,
                                                uint32_t *fd) MURRE_MUST_USE;
/* An owned host descriptor; moved above 2 when it is not. On failure it is closed and errno is set. */
struct murre_wasi_entry *murre_wasi_fdtable_add_host(struct murre_wasi_fdtable *table, int host, uint32_t *fd) MURRE_MUST_USE;
/* NULL when there is no such descriptor. */
struct murre_wasi_entry *murre_wasi_fdtable_entry(const struct murre_wasi_fdtable *table, uint32_t fd);
/* The entry when it exists and has all these rights. *entry is set on success only. */
murre_wasi_errno murre_wasi_fdtable_get(struct murre_wasi_fdtable *table, uint32_t fd, uint64_t rights, struct murre_wasi_entry **entry);
/* The same for what must be a directory: NOTDIR comes before NOTCAPABLE. */
murre_wasi_errno murre_wasi_fdtable_get_dir(struct murre_wasi_fdtable *table, uint32_t fd, uint64_t rights,
                                            struct murre_wasi_entry **entry);
/* Frees the number. Returns what close(2) said. */
murre_wasi_errno murre_wasi_fdtable_close(struct murre_wasi_fdtable *table, uint32_t fd);
/* from becomes to; what to was is closed. Both must exist. */
murre_wasi_errno murre_wasi_fdtable_move(struct murre_wasi_fdtable *table, uint32_t from, uint32_t to);
/* Finds out what the entry is, and takes away the rights that this cannot have. */
murre_wasi_errno murre_wasi_entry_learn_type(struct murre_wasi_entry *entry);
/* The file type of a host mode. sock_type: of getsockopt, when it is a socket. */
uint8_t murre_wasi_filetype(mode_t mode, int sock_type);

#endif
