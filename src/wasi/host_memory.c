/* Files that give access to memory. A folder that contains /proc, as with --dir=/, would give a guest that writes to /proc/self/mem the whole process,
 * whatever else confines it. The opened file decides, not its path. Refused are:
 *
 * - on procfs, files that only their owner may read or write: mem of every process and thread, environ, auxv, pagemap, syscall, stack,
 *   kcore, kmsg… The kernel sets these modes, and nobody changes them. Files that everybody may read describe processes but give no access to them.
 * - memory devices: mem, kmem, port, core, oldmem (in Linux's list of devices, major 1).
 *
 * Links of procfs to open files, mapped files, and a process's root (fd/, map_files/, exe, root) are not followed at all
 * (resolve.h). */
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "wasi/host.h"

static bool is_memory_device(dev_t device) {
    enum { MEMORY = 1, MEM = 1, KMEM = 2, PORT = 4, CORE = 6, OLDMEM = 12 };
    unsigned number = minor(device);
    return major(device) == MEMORY && (number == MEM || number == KMEM || number == PORT || number == CORE || number == OLDMEM);
}

bool murre_wasi_host_is_memory(int fd) {
    struct stat stat;
    struct statfs system;
    if (fstat(fd, &stat) != 0)
        return true;
    if (S_ISCHR(stat.st_mode))
        return is_memory_device(stat.st_rdev);
    if (!S_ISREG(stat.st_mode) || stat.st_mode & (S_IRWXG | S_IRWXO))
        return false;
    return fstatfs(fd, &system) != 0 || system.f_type == PROC_SUPER_MAGIC;
}
