/* What fuzz_diff can do without a fuzzing engine: see options.c. */
#ifndef MURRE_FUZZ_OPTIONS_H
#define MURRE_FUZZ_OPTIONS_H

#include "diff/prepare.h"

/* The module that the sides run for this input; false when the input is not a valid module. Release prepared. */
bool fuzz_prepared(const uint8_t *data, size_t size, struct fuzz_module *prepared, struct fuzz_plan *plan);

#endif
