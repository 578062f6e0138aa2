/* The guest's descriptors. Their numbers are independent of the host's. A new descriptor gets the lowest free number, as in
 * POSIX. What a descriptor can do depends on its kind (kind.h). Host descriptors that an entry owns are above 2 and are closed on exec. One
 * thread at a time. */
#ifndef MURRE_WASI_FDTABLE_H
#define MURRE_WASI_FDTABLE_H

#include "base/alloc.h"
#include "wasi.h"
#include "wasi/abi.h"

struct murre_wasi_kind;
struct murre_wasi_node;
struct murre_wasi_name;

/* What is known of a directory that the guest reads: raw records of getdents64, read ahead, and the places that cookies stand for. */
struct murre_wasi_dirbuf {
    uint64_t *places; /* by cookie: where the file system goes on behind it (d_off); places[0] is the start */
    uint32_t count, capacity;
    uint64_t at;    /* the cookie in front of the record at next */
    uint64_t ahead; /* the cookie behind it; 0: not looked at */
    uint32_t known; /* places up to here lie before the record, in the order of the last reading */
    size_t next, end;
    bool in_order; /* ahead follows known */
    bool valid;    /* the directory stands behind the records; else at does not say where anything is */
    char bytes[4096] __attribute__((aligned(8)));
};

enum { MURRE_WASI_BUDGET_NONE, MURRE_WASI_BUDGET_OUTPUT, MURRE_WASI_BUDGET_FOLDER };

struct murre_wasi_entry {
    const struct murre_wasi_kind *kind; /* kind.h; NULL: free */
    uint8_t type;                       /* WASI_FILETYPE_…; meaningful when has_type */
    bool has_type;                      /* the type, and the rights that follow from it, are looked up when first needed */
    bool is_preopen;                    /* name is set */
    uint64_t base, inheriting; /* rights as reported to the guest: those that it requested, limited to those that such a file can have */
    uint64_t allowed, passes;  /* rights that are not refused, to this entry and to what is opened from it */
    uint64_t able;             /* what is possible, as rights, by its type and how it was opened */
    uint8_t budget;            /* MURRE_WASI_BUDGET_…: what writing to it, or making things in it, is counted by (budget.h) */
    char *name;                /* of a preopened folder, terminated; owned */
    size_t name_size;
    union {
        struct { /* a descriptor of the host */
            int host;
            bool owned;                    /* close it with the entry */
            bool shared;                   /* a standard stream, whose description others may use: its flags stay as they are */
            bool own_flags, nonblock;      /* of such a one: the guest has set nonblock, which only this entry knows of */
            struct murre_wasi_dirbuf *dir; /* owned; NULL until the directory is read */
        };
        struct {                  /* a stream in memory */
            const uint8_t *bytes; /* input */
            size_t size, at;
            int (*write)(void *context, const void *bytes, size_t size); /* output */
            void *context;
        };
        struct { /* a file or folder in memory: memfs.h */
            struct murre_wasi_node *node;
            uint64_t position; /* in the file; in the folder: the cookie of what comes next */
            int flags;         /* O_… */
            /* Names of the folder, good while nothing has been removed from it: the one that position follows, and the one looked at. */
            struct murre_wasi_name *passed, *ahead;
            uint64_t removals;
        };
    };
};

/* Entries live in pages that do not move, so that pointers stay good while others are opened; they end with murre_wasi_fdtable_close. */
#define MURRE_WASI_FD_PAGE  32
#define MURRE_WASI_FD_LIMIT 65536 /* what is in memory has no limit of the system's */
struct murre_wasi_fdpage {
    uint32_t used; /* one bit per entry */
    struct murre_wasi_entry entries[MURRE_WASI_FD_PAGE];
};
struct murre_wasi_fdtable {
    struct murre_allocator allocator;
    bool enforce_rights; /* allowed and passes are the requested rights */
    struct murre_wasi_fdpage **pages;
    uint32_t page_count, page_capacity;
    uint32_t used, limit; /* entries */
};

void murre_wasi_fdtable_init(struct murre_wasi_fdtable *table, const struct murre_allocator *allocator);
void murre_wasi_fdtable_fini(struct murre_wasi_fdtable *table);
/* A zeroed entry of kind at the lowest free number. NULL, with errno set, when there is no memory or there are too many. */
struct murre_wasi_entry *murre_wasi_fdtable_add(struct murre_wasi_fdtable *table, const struct murre_wasi_kind *kind,
                                                uint32_t *fd) MURRE_MUST_USE;
/* An owned host descriptor; moved above 2 when it is not. On failure it is closed and errno is set. */
struct murre_wasi_entry *murre_wasi_fdtable_add_host(struct murre_wasi_fdtable *table, int host, uint32_t *fd) MURRE_MUST_USE;
/* The rights of an entry that comes from the host, and what it is able to do: as much as base says. */
void murre_wasi_fdtable_grant(const struct murre_wasi_fdtable *table, struct murre_wasi_entry *entry, uint64_t base, uint64_t inheriting);
/* NULL when there is no such descriptor. */
struct murre_wasi_entry *murre_wasi_fdtable_entry(const struct murre_wasi_fdtable *table, uint32_t fd);
/* The entry when it exists and all this may and can be done. *entry is set on success only. Otherwise NOTCAPABLE for what it may not; and for what it
 * cannot, INVAL where that is the size of a file that is open for reading, else BADF. */
murre_wasi_errno murre_wasi_fdtable_get(struct murre_wasi_fdtable *table, uint32_t fd, uint64_t rights, struct murre_wasi_entry **entry);
/* The same for what must be a directory: NOTDIR comes first. */
murre_wasi_errno murre_wasi_fdtable_get_dir(struct murre_wasi_fdtable *table, uint32_t fd, uint64_t rights,
                                            struct murre_wasi_entry **entry);
/* Frees the number. Returns what close(2) said. */
murre_wasi_errno murre_wasi_fdtable_close(struct murre_wasi_fdtable *table, uint32_t fd);
/* from becomes to; what to was is closed. Both must exist. */
murre_wasi_errno murre_wasi_fdtable_move(struct murre_wasi_fdtable *table, uint32_t from, uint32_t to);
/* Finds out what the entry is, and takes away what this cannot have or do. */
murre_wasi_errno murre_wasi_entry_learn_type(struct murre_wasi_entry *entry);
#endif
