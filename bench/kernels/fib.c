/* Doubly recursive Fibonacci: the cost of a call and a return. */
#define KERNEL_REPEATS 60
#include "kernel.h"

NOINLINE static uint32_t fib(uint32_t n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static void kernel_setup(void) {
}

static uint64_t kernel_run(unsigned repeat) {
    return fib(32 + (repeat & 1));
}
