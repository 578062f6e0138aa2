/* The host for fuzz_decode: a definition for every import, and small engines. */
#ifndef MURRE_FUZZ_HOST_H
#define MURRE_FUZZ_HOST_H

#include "murre.h"

/* Small, and interpreting: 64 MiB a memory, 1 MiB of stack. NULL when memory is short. */
struct murre_engine *fuzz_engine(bool deferred_validation);
/* One object an import, in order: functions that return zeros, tables and memories of the wanted size, globals of zero. The caller frees the
 * list; NULL when there is none, or something cannot be had. */
struct murre_extern *fuzz_imports(struct murre_store *store, const struct murre_module *module);

#endif
