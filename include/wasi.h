/* murre: WASI preview1 (module wasi_snapshot_preview1) for programs that run in murre, and preview 0 (wasi_unstable) for those of 2019.
 *
 * A struct murre_wasi is one guest's view of the world: its arguments, its environment, its descriptors. It belongs to one store at a
 * time, is used by one thread at a time, and must outlive the stores in which its linker instantiates.
 *
 * The guest sees only what the configuration names. Paths are resolved below the preopened folders; no symbolic link and no ".."
 * leads out of one.
 *
 * The library does not touch process-wide state and changes no signal disposition. A host that writes to pipes should ignore SIGPIPE, so
 * that the guest gets the error PIPE instead of ending the process (sockets never raise it), and SIGXFSZ if the size of files is limited
 * (error FBIG).
 *
 * A program starts with its export _initialize, if it has one, which is called once; then its export _start, the entry of a command, is called, or
 * other exports as the host likes. The host makes all of these calls. */
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
    MURRE_WASI_NULL,    /* end of file for reading; what is written is discarded */
    MURRE_WASI_BYTES,   /* input only: reads bytes[0, size), borrowed */
    MURRE_WASI_CALLBACK /* output only: every write is passed to write */
};

/* The source or target of one of the guest's standard streams. Zero is "inherit". The guest reads from it (and seeks, if possible) or writes to it, but
 * cannot change the size, times and position of a target. Descriptions of the host, which others may share, keep their flags: NONBLOCK applies to the
 * guest only, and APPEND stays as it is (error NOTSUP). A socket given as fd works both ways. */
struct murre_wasi_stream {
    enum murre_wasi_streamkind kind;
    int fd;
    const void *bytes;
    size_t size;
    /* Takes size bytes; returns 0, or an errno value (of errno.h) that the guest gets. */
    int (*write)(void *context, const void *bytes, size_t size);
    void *context;
};

/* A file of a folder in memory. The folders on its path need no entries of their own; a path that ends in '/', without bytes, is an empty
 * folder. */
struct murre_wasi_file {
    const char *path; /* "lib/site.py": relative, without "." and ".." */
    const void *bytes;
    size_t size;
    bool read_only; /* the guest can neither change nor remove it (error PERM) */
};

/* A folder that the guest sees under the name in guest: one of the host or, if host is NULL, one in memory, which starts with files and touches no file
 * of the host. The guest works in it as in any other: it makes, removes and renames files, folders and links, as long as what it adds
 * takes no more than limit (error NOSPC). murre_wasi_read_file and murre_wasi_each_file show what it leaves there.
 *
 * Files that give access to the memory of a process or of the machine cannot be opened in a folder of the host (/proc/self/mem, the environment of
 * a process, /dev/mem: error PERM). */
struct murre_wasi_preopen {
    const char *host;
    const char *guest;
    bool read_only;                      /* nothing in it can be changed (error NOTCAPABLE) */
    const struct murre_wasi_file *files; /* of a folder in memory */
    size_t file_count;
    uint64_t limit; /* bytes, of contents and names and what manages them; 0: 64 MiB */
};

/* Rights. Those that a guest requests when it opens something are recorded and reported (fd_fdstat_get), but not enforced: a guest may do in a folder
 * what the folder itself allows. Reading and writing depend on how a file was opened, as in POSIX (error BADF); a file opened with neither right is
 * opened for whatever is possible. With enforce_rights each call needs its right, rights only shrink from folder to file (error NOTCAPABLE), and
 * programs that request too few fail; the interface was meant to work like this until rights were dropped from it in 2022.
 *
 * Everything is borrowed until murre_wasi_new returns, except streams' bytes and contexts and the bytes of files in memory, which must
 * outlive the object (the guest's changes go to copies). */
struct murre_wasi_config {
    const char *const *args; /* the program's name first */
    size_t arg_count;
    const char *const *env; /* "NAME=value" */
    size_t env_count;
    const struct murre_wasi_preopen *preopens; /* become descriptors 3, 4, … */
    size_t preopen_count;
    const int *sockets; /* open sockets, borrowed, made non-blocking (O_NONBLOCK); become the descriptors that follow */
    size_t socket_count;
    struct murre_wasi_stream in, out, err; /* descriptors 0, 1, 2 */
    struct murre_allocator allocator;      /* alloc NULL: the C library's */
    uint32_t max_descriptors;              /* open at the same time, including those that it starts with (error MFILE); 0: 65,536 */
    uint64_t max_output;                   /* bytes that it may write to its standard streams together (error NOSPC); 0: no limit */
    /* Bytes that it may write in folders of the host. Each file, folder and link that it makes counts as 4 KiB more, and the growth of a file counts,
     * written or not; in a file with holes, whole pages of 4 KiB count (error NOSPC). Removing something gives nothing back. 0: no limit. */
    uint64_t max_written;
    bool enforce_rights; /* refuse calls for which a guest has no right (error NOTCAPABLE); see above */
    bool no_openat2;     /* resolve paths without openat2(2), as on kernels that lack it; for tests */
};

/* All zero: no arguments, no environment, no folders, the process's own standard streams. */
MURRE_API void murre_wasi_config_init(struct murre_wasi_config *config);
/* Opens the folders. Returns NULL and fills error: MURRE_ERROR_IO when one cannot be opened, MURRE_ERROR_ARGUMENT (also when a file in memory
 * cannot have its path), MURRE_ERROR_MEMORY. */
MURRE_API struct murre_wasi *murre_wasi_new(const struct murre_wasi_config *config, struct murre_error *error) MURRE_MUST_USE;
/* Closes what the guest left open, except borrowed descriptors. */
MURRE_API void murre_wasi_delete(struct murre_wasi *wasi);
/* True when murre_wasi_define defines such a function, or murre_wasi_define_preview0 (module wasi_unstable). */
MURRE_API bool murre_wasi_provides(struct murre_name module, struct murre_name name);
/* Defines all functions of wasi_snapshot_preview1. */
MURRE_API enum murre_status murre_wasi_define(struct murre_wasi *wasi, struct murre_linker *linker,
                                              struct murre_error *error) MURRE_MUST_USE;
/* Defines all functions of wasi_unstable, on the same descriptors. They are a second way to do everything that the guest may do: a host that
 * replaces functions of preview 1 to observe or refuse calls should not define them. */
MURRE_API enum murre_status murre_wasi_define_preview0(struct murre_wasi *wasi, struct murre_linker *linker,
                                                       struct murre_error *error) MURRE_MUST_USE;

/* ---- functions of the host's own --------------------------------------------------------------------------------- */

/* After murre_wasi_define: fn(env, …) instead of the function called name ("clock_time_get"), for what the linker instantiates from now on.
 * Arguments and results are the interface's: results[0].i32 takes an error of it (0: success), except in proc_exit, which has no
 * result. env must outlive the stores that the linker instantiates in. MURRE_ERROR_ARGUMENT when there is no such function. */
MURRE_API enum murre_status murre_wasi_replace(struct murre_linker *linker, const char *name, murre_host_fn fn, void *env,
                                               struct murre_error *error) MURRE_MUST_USE;
/* Does what the function called name does by itself; for replacements that only observe, change arguments or results, or refuse some calls.
 * caller, args and results as the host function got them, or arrays of its own. Returns NULL, or the trap that ends the guest, for the host
 * function to return (or to delete). */
MURRE_API struct murre_trap *murre_wasi_original(struct murre_wasi *wasi, const char *name, struct murre_caller *caller,
                                                 const union murre_slot *args, union murre_slot *results) MURRE_MUST_USE;

/* ---- files in memory --------------------------------------------------------------------------------------------- */

/* The file at path in the folder in memory that the guest sees under the name in guest (the first, if there are several); links are followed. False
 * when there is no such folder or file. file->bytes are valid until the guest runs again; file->path is the caller's path. Not while the guest runs
 * in another thread. */
MURRE_API bool murre_wasi_read_file(const struct murre_wasi *wasi, const char *guest, const char *path, struct murre_wasi_file *file);
/* Calls visit for every file and every empty folder (path ends in '/'), in the order in which they were made, each folder in its place; not for
 * symbolic links. The results can be used as the files of another configuration. file and its path are valid during the call. MURRE_ERROR_ARGUMENT
 * when there is no such folder in memory, MURRE_ERROR_MEMORY (visit may have been called by then). visit must not let the guest run. Not while the
 * guest runs in another thread. */
MURRE_API enum murre_status murre_wasi_each_file(const struct murre_wasi *wasi, const char *guest,
                                                 void (*visit)(void *context, const struct murre_wasi_file *file), void *context,
                                                 struct murre_error *error) MURRE_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
