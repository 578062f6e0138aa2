/* See site.h. */
#include "jit/site.h"

#include "base/alloc.h"
#include "wasm/limits.h"

_Static_assert(MURRE_MAX_MODULE_SIZE < MURRE_ORIGIN_LEAVES, "every offset leaves room for the mark");

static enum murre_site_kind kind_of(const struct murre_mirctx_site *site) {
    switch (site->kind) {
    case MURRE_MIRCTX_TRAP: return MURRE_SITE_MEMORY;
    case MURRE_MIRCTX_FAULT: return MURRE_SITE_CALLEE;
    default: return site->origin & MURRE_ORIGIN_LEAVES ? MURRE_SITE_LEAVE : MURRE_SITE_CALL;
    }
}

struct murre_sites *murre_jit_sites(const struct murre_allocator *allocator, const struct murre_mirctx_site *sites, size_t count,
                                    bool faults) {
    struct murre_site *kept = murre_alloc_array(allocator, count, sizeof *kept);
    if (kept == NULL)
        return NULL;
    size_t kept_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct murre_mirctx_site site = sites[i];
        if (site.kind == MURRE_MIRCTX_CALL || faults)
            kept[kept_count++] = (struct murre_site){.pc = site.pc, .offset = site.origin & ~MURRE_ORIGIN_LEAVES, .kind = kind_of(&site)};
    }
    struct murre_sites *table = murre_sites_new(allocator, kept, kept_count);
    murre_free(allocator, kept, count * sizeof *kept);
    return table;
}
