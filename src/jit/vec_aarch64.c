/* Instructions on vectors as AArch64 does them: see vec.h. None so far: functions with vectors are interpreted. */
#include "jit/vec.h"

#include "mirctx.h"

bool murre_vec_has(enum murre_op op) {
    (void)op;
    return false;
}
