/* An allocator that can be set to fail after a number of allocations, and that checks what is freed: sizes must be correct, and at
 * the end nothing may be left. Any thread. */
#ifndef MURRE_FUZZ_API_BUDGET_H
#define MURRE_FUZZ_API_BUDGET_H

#include <stdatomic.h>

#include "murre.h"

struct budget {
    _Atomic int64_t allowed; /* allocations that still succeed */
    _Atomic size_t live;     /* blocks */
};

struct murre_allocator budget_allocator(struct budget *budget);
/* Aborts when something is left. */
void budget_check(struct budget *budget);

#endif
