/* What this AArch64 processor has beyond the baseline, as the kernel tells. Any thread. */
#include <pthread.h>
#include <sys/auxv.h>

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

void murre_arch_pause(void) {
    __asm__ volatile("yield");
}
