/* Random modules for comparing tiers: always valid, always ending, mostly free of traps. The same seed gives the same module.
 *
 * Functions f0 … f4 of type (i32, i64, f32, f64) → i64 call only lower ones; f4 is exported as "run". A memory of one page is exported as
 * "memory", a table of the functions is used by indirect calls. A NaN is made canonical before its bits can be seen. */
#ifndef MURRE_TESTS_RANDOM_MODULE_H
#define MURRE_TESTS_RANDOM_MODULE_H

#include "support/build.h"

struct builder random_module(uint64_t seed);

#endif
