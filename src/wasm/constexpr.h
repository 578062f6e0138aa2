/* Constant expressions (validation, 3.3.10): extended constant expressions included. */
#ifndef MURRE_WASM_CONSTEXPR_H
#define MURRE_WASM_CONSTEXPR_H

#include "wasm/types.h"

/* Reads and validates an expression of type want, its end included. Globals below global_limit may be read when they are immutable.
 * Functions that ref.func names are marked in info->declared, features used in info->features. False: r's error is set. */
bool murre_read_constexpr(struct murre_reader *r, struct murre_module_info *info, murre_features supported, murre_valtype want,
                          uint32_t global_limit, struct murre_constexpr *expression);

#endif
