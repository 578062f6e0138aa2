/* murre: WASI preview1 (module wasi_snapshot_preview1) for programs that run in murre.
 *
 * A struct murre_wasi is one guest's view of the world: its arguments, its environment, its descriptors. It belongs to one store at a
 * time, is used by one thread at a time, and must outlive the stores in which its linker instantiates.
 *
 * The guest sees nothing but what the configuration names. Paths are resolved beneath the preopened folders; no symbolic link and no ".."
 * leads out of one.
 *
 * Process-wide state is left alone: the library changes no signal disposition. A host that writes to pipes should ignore SIGPIPE, so that
 * the guest gets the error PIPE instead of the process its end. Sockets never raise it. */
#ifndef MURRE_WASI_H
#define MURRE_WASI_H

#include "murre.h"

#ifdef __cplusplus
extern "C" {
#endif

struct murre_wasi;

enum murre_wasi_streamkind {
    MURRE_WASI_INHERIT, /* the process's own descriptor of that number */
    MURRE_WASI_FD,      /* fd: borrowed, never closed */
    MURRE_WASI_NULL,    /* end of file for reading, swallows what is written */
    MURRE_WASI_BYTES,   /* input only: reads bytes[0, size), borrowed */
    MURRE_WASI_CALLBACK /* output only: every write is handed to write */
};

/* Where one of the guest's standard streams leads. Zero is "inherit". */
struct murre_wasi_stream {
    enum murre_wasi_streamkind kind;
    int fd;
    const void *bytes;
    size_t size;
    /* Takes size bytes; returns 0, or an errno value (of errno.h) that the guest gets. */
    int (*write)(void *context, const void *bytes, size_t size);
    void *context;
};

/* A folder of the host that the guest sees under another name. */
struct murre_wasi_preopen {
    const char *host;
    const char *guest;
    bool read_only;
};

/* Everything is borrowed until murre_wasi_new returns, except streams' bytes and contexts, which must outlive the object. */
struct murre_wasi_config {
    const char *const *args; /* the program's name first */
    size_t arg_count;
    const char *const *env; /* "NAME=value" */
    size_t env_count;
    const struct murre_wasi_preopen *preopens; /* become descriptors 3, 4, … */
    size_t preopen_count;
    const int *sockets; /* open sockets, borrowed; become the descriptors that follow */
    size_t socket_count;
    struct murre_wasi_stream in, out, err; /* descriptors 0, 1, 2 */
    struct murre_allocator allocator;      /* alloc NULL: the C library's */
    bool no_openat2;                       /* resolve paths without openat2(2), as on kernels that lack it; for tests */
};

/* All zero: no arguments, no environment, no folders, the process's own standard streams. */
MURRE_API void murre_wasi_config_init(struct murre_wasi_config *config);
/* Opens the folders. Returns NULL and fills error: MURRE_ERROR_IO when one cannot be opened, MURRE_ERROR_ARGUMENT, MURRE_ERROR_MEMORY. */
MURRE_API struct murre_wasi *murre_wasi_new(const struct murre_wasi_config *config, struct murre_error *error) MURRE_MUST_USE;
/* Closes what the guest left open, except borrowed descriptors. */
MURRE_API void murre_wasi_delete(struct murre_wasi *wasi);
/* True when murre_wasi_define defines such a function. */
MURRE_API bool murre_wasi_provides(struct murre_name module, struct murre_name name);
/* Defines all functions of wasi_snapshot_preview1. */
MURRE_API enum murre_status murre_wasi_define(struct murre_wasi *wasi, struct murre_linker *linker,
                                              struct murre_error *error) MURRE_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
