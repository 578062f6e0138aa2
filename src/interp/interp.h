/* The interpreter's interface for src/api: the table of its operations. */
#ifndef MURRE_INTERP_INTERP_H
#define MURRE_INTERP_INTERP_H

#include "runtime/runtime.h"

extern const struct murre_interp_ops murre_interp_ops;

#endif
