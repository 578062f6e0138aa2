/* What fuzz targets need of a host: something for every import, and small engines. */
#ifndef MURRE_FUZZ_HOST_H
#define MURRE_FUZZ_HOST_H

#include "murre.h"

/* Small: 64 MiB a memory, 1 MiB of interpreter stack. NULL when memory is short (the allocator may be made to fail). */
struct murre_engine *fuzz_engine(enum murre_tier tier, bool deferred, const struct murre_allocator *allocator);
/* One object an import, in order: functions that return zeros, tables and memories of the wanted size, globals of zero. The caller frees the
 * list; NULL when there is none, or something cannot be had. */
struct murre_extern *fuzz_imports(struct murre_store *store, const struct murre_module *module);

#endif
