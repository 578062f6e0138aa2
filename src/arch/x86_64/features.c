/* What this x86-64 processor has beyond the baseline, by CPUID. Read once; any thread. */
#include <cpuid.h>
#include <pthread.h>

#include "arch/arch.h"

static struct murre_arch_features features;
static pthread_once_t once = PTHREAD_ONCE_INIT;

enum { XCR0_SSE = 2, XCR0_AVX = 4 };

static uint32_t xcr0(void) {
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static void detect(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d))
        return;
    features.popcnt = c & bit_POPCNT;
    features.sse41 = c & bit_SSE4_1;
    features.sse42 = c & bit_SSE4_2;
    bool wide = (c & bit_OSXSAVE) && (xcr0() & (XCR0_SSE | XCR0_AVX)) == (XCR0_SSE | XCR0_AVX);
    features.avx = wide && (c & bit_AVX);
    features.fma = wide && (c & bit_FMA);
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        features.bmi1 = b & bit_BMI;
        features.bmi2 = b & bit_BMI2;
        features.avx2 = features.avx && (b & bit_AVX2);
    }
    if (__get_cpuid(0x80000001u, &a, &b, &c, &d))
        features.lzcnt = c & bit_LZCNT;
}

const struct murre_arch_features *murre_arch_features(void) {
    pthread_once(&once, detect);
    return &features;
}

int murre_arch_code_protection(void) {
    return 0;
}

/* Instruction fetch is coherent with stores, and the address is published with release order. */
void murre_arch_publish_code(void) {
}

void murre_arch_pause(void) {
    __builtin_ia32_pause();
}
