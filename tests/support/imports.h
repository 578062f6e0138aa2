/* Something for every import of a module, so that it can be instantiated. Functions and the values of globals are the caller's to choose; tables
 * and memories are of the wanted size, tables full of null references. */
#ifndef MURRE_TESTS_IMPORTS_H
#define MURRE_TESTS_IMPORTS_H

#include "murre.h"

struct test_importer {
    /* place: among all imports, not only functions. NULL when there can be none. */
    struct murre_func *(*func)(void *context, struct murre_store *store, const struct murre_import *import, uint32_t place);
    union murre_slot (*global)(void *context, const struct murre_import *import);
    void *context;
};

/* One object an import, in order. The caller frees the list; NULL when memory is short or something cannot be had. */
struct murre_extern *test_imports(struct murre_store *store, const struct murre_module *module, const struct test_importer *importer);

#endif
