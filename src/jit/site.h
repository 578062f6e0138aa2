/* Fills a function's table of sites (runtime/site.h) from the generator's reports. */
#ifndef MURRE_JIT_SITE_H
#define MURRE_JIT_SITE_H

#include "jit/mirctx.h"
#include "runtime/site.h"

/* In an origin, beside the offset of the Wasm instruction, which is below: a call that leaves the instance. */
#define MURRE_ORIGIN_LEAVES UINT32_C(0x80000000)

/* faults: accesses may fault; else they compare before, and no fault of theirs is a trap. NULL: no memory. */
struct murre_sites *murre_jit_sites(const struct murre_allocator *allocator, const struct murre_mirctx_site *sites, size_t count,
                                    bool faults);

#endif
