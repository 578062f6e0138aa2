/* What this AArch64 processor has beyond the baseline, as the kernel tells. Any thread. */
#include <errno.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch/arch.h"

enum { HAS_ATOMICS = 1 << 8 }; /* HWCAP_ATOMICS */

static struct murre_arch_features features;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void detect(void) {
    features.lse = getauxval(AT_HWCAP) & HAS_ATOMICS;
}

const struct murre_arch_features *murre_arch_features(void) {
    pthread_once(&once, detect);
    return &features;
}

/* Flushing caches makes the code visible to every processor's instruction fetch, but a processor that has fetched from there already (on a wrong
 * guess, say) must also throw away what it has in flight: the kernel lets every thread of ours do so. Where it cannot (before 4.16, or under an
 * emulator, which needs none of this) nothing is lost in practice: threads pass through the kernel or a trampoline's indirect branch long
 * after. Emulation cannot judge this. */
void murre_arch_publish_code(void) {
    enum { REGISTER_SYNC_CORE = 1 << 6, SYNC_CORE = 1 << 5 }; /* linux/membarrier.h */
    if (syscall(SYS_membarrier, SYNC_CORE, 0, 0) != 0 && errno == EPERM && syscall(SYS_membarrier, REGISTER_SYNC_CORE, 0, 0) == 0)
        syscall(SYS_membarrier, SYNC_CORE, 0, 0);
}

void murre_arch_pause(void) {
    __asm__ volatile("yield");
}
