/* Path resolution that cannot leave the folder it starts from: not by "..", not by symbolic links (absolute ones are refused), not by
 * /proc's magic links, and not when someone renames folders at the same time. If the kernel has openat2(2), it does the work
 * (RESOLVE_BENEATH); otherwise a walk opens one component after the other with O_NOFOLLOW and expands symbolic links itself.
 *
 * Paths are terminated strings without a leading folder: an absolute path is refused. A path that leads out gives EPERM. Functions return a
 * descriptor (closed on exec) or 0, else minus an errno value. EINTR is returned, not retried. */
#ifndef MURRE_WASI_RESOLVE_H
#define MURRE_WASI_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/alloc.h"

struct murre_wasi_resolver {
    struct murre_allocator allocator;
    bool walk; /* do without openat2: requested, or detected */
};

/* openat with these O_ flags. O_NOFOLLOW: the last component may be anything but a symbolic link (with O_PATH: also that). */
int murre_wasi_resolve_open(struct murre_wasi_resolver *resolver, int dir, const char *path, int flags, mode_t mode);

/* The folder that the last component lies in, and its name, for calls that do not follow it: mkdirat, unlinkat, renameat, symlinkat, the
 * new name of linkat. name keeps trailing slashes and may be "." or "..", which those calls refuse. Release with murre_wasi_parent_fini. */
struct murre_wasi_parent {
    int dir;
    bool owned;
    bool plain; /* name is a single component without trailing slash, not "." and not "..": safe for any call that does not follow it */
    const char *name; /* inside the path */
};
int murre_wasi_resolve_parent(struct murre_wasi_resolver *resolver, int dir, const char *path, struct murre_wasi_parent *parent);
void murre_wasi_parent_fini(struct murre_wasi_parent *parent);

#endif
