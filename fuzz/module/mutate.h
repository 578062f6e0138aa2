/* Small changes of a valid module that mostly leave it valid: validate the result to be sure. */
#ifndef MURRE_FUZZ_MODULE_MUTATE_H
#define MURRE_FUZZ_MODULE_MUTATE_H

#include "module/generate.h"

/* One change somewhere. */
void fuzz_change(struct fuzz_gen *g);
/* A function of the donor is added to g's module, or takes the place of one of the same type. */
void fuzz_splice(struct fuzz_gen *g, const struct fuzz_module *donor);

#endif
