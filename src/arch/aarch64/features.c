/* What this AArch64 processor has beyond the baseline, as the kernel reports it. Any thread. */
#include <errno.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch/arch.h"

enum {
    HAS_ATOMICS = 1 << 8, /* HWCAP_ATOMICS */
    HAS_BTI = 1 << 17,    /* HWCAP2_BTI */
    GUARDED = 0x10,       /* PROT_BTI */
};

static struct murre_arch_features features;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void detect(void) {
    features.lse = getauxval(AT_HWCAP) & HAS_ATOMICS;
    features.bti = getauxval(AT_HWCAP2) & HAS_BTI;
}

const struct murre_arch_features *murre_arch_features(void) {
    pthread_once(&once, detect);
    return &features;
}

int murre_arch_code_protection(void) {
    return murre_arch_features()->bti ? GUARDED : 0;
}

/* Code that another processor runs asks for three things on AArch64 (the architecture's rules for concurrent modification and execution). The
 * writer: stores, data cache cleaned to the point of unification, barrier, instruction caches invalidated for the address it runs at (which
 * reaches all processors of the inner shareable domain), barrier; __builtin___clear_cache does so in codemem.c. The runner: a context
 * synchronization event after that, because it may hold in its pipeline what it fetched there before, on a guess or when other code lay there.
 * An indirect branch is no such event, nor is loading the entry with acquire. So the kernel is asked to let every thread of the process have
 * one: it interrupts those that run, and its way back to them is one; the others come through the kernel anyway.
 *
 * The same call is a full memory barrier for each of them. So whoever finds the new entry, compiled code with its plain load included, also sees
 * the constants beside the code (loads relative to pc, which no dependency orders behind the load of the entry) and the block's header and
 * bit, which its signal handler looks up.
 *
 * Where it fails (a kernel before 4.16, a filter on system calls, an emulator, which does without) all that remains is time: a thread would have
 * to keep stale instructions from before the writer's barriers until it loads the entry. No processor is known to, but the architecture allows
 * it. Nothing of this can be judged under emulation. */
void murre_arch_publish_code(void) {
    enum { REGISTER_SYNC_CORE = 1 << 6, SYNC_CORE = 1 << 5 }; /* linux/membarrier.h */
    if (syscall(SYS_membarrier, SYNC_CORE, 0, 0) != 0 && errno == EPERM && syscall(SYS_membarrier, REGISTER_SYNC_CORE, 0, 0) == 0)
        syscall(SYS_membarrier, SYNC_CORE, 0, 0);
}

void murre_arch_pause(void) {
    __asm__ volatile("yield");
}
