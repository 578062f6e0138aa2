/* Shared by the families of functions: the object, one call's context, the helpers that they all use.
 *
 * A function of the interface is  murre_wasi_errno murre_wasi_NAME(struct murre_wasi_call *, const union murre_slot *args)  and accesses
 * guest memory only through memory.h. If a guest pointer is bad, the helper sets call->trap and the function returns at once (its result is not
 * used). Results are written only when everything has succeeded, so all result pointers are checked before anything is
 * done that cannot be undone. */
#ifndef MURRE_WASI_INTERNAL_H
#define MURRE_WASI_INTERNAL_H

#include "base/alloc.h"
#include "wasi.h"
#include "wasi/abi.h"
#include "wasi/fdtable.h"
#include "wasi/resolve.h"

struct murre_wasi_call;
typedef murre_wasi_errno (*murre_wasi_fn)(struct murre_wasi_call *call, const union murre_slot *args);

/* What a linker's definition points to. */
struct murre_wasi_binding {
    struct murre_wasi *wasi;
    murre_wasi_fn fn;
    bool preview0;
};

enum {
#define FUNCTION(name, params) MURRE_WASI_INDEX_##name,
#define EXIT(name, params)     MURRE_WASI_INDEX_##name,
#include "wasi/functions.def"
#undef FUNCTION
#undef EXIT
    MURRE_WASI_FUNCTIONS
};

/* Strings one behind the other, each with its terminator. */
struct murre_wasi_strings {
    char *bytes;
    size_t size;
    size_t count;
};

#define MURRE_WASI_UNLIMITED UINT64_MAX

struct murre_wasi {
    struct murre_allocator allocator;
    struct murre_wasi_strings args, env;
    struct murre_wasi_fdtable fds;
    struct murre_wasi_resolver resolver;
    struct murre_wasi_memfs *memory_folders; /* a list, first come first */
    uint64_t output_left, written_left;      /* bytes (budget.h), or MURRE_WASI_UNLIMITED */
    struct murre_wasi_binding bindings[MURRE_WASI_FUNCTIONS];
    struct murre_wasi_binding *preview0; /* as many, owned; NULL until a linker asks for them */
};

/* One call from the guest. On the C stack. */
struct murre_wasi_call {
    struct murre_wasi *wasi;
    struct murre_store *store;
    uint8_t *memory; /* of the caller; its size cannot change during the call */
    uint64_t memory_size;
    bool preview0;           /* by the rules of wasi_unstable (preview0.h) */
    struct murre_trap *trap; /* ends the guest; becomes murre's */
};

/* The interface's number for one of errno.h. */
murre_wasi_errno murre_wasi_from_errno(int error);
/* After a failed system call: true when it should simply be made again, that is, when a signal came that is not murre's interrupt. */
bool murre_wasi_retry(const struct murre_wasi_call *call);
/* Nanoseconds of a time, as the interface counts; times before 1970 are 0, times after 2554 the largest. */
uint64_t murre_wasi_nanoseconds(int64_t seconds, int64_t nanoseconds);

#define FUNCTION(name, params) murre_wasi_errno murre_wasi_##name(struct murre_wasi_call *call, const union murre_slot *args);
#define EXIT(name, params)     FUNCTION(name, params)
#include "wasi/functions.def"
#undef FUNCTION
#undef EXIT

#endif
