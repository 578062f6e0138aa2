/* Instructions on vectors as AArch64 does them: see vec.h. None so far: the emitter refuses functions with vectors, whatever it asks for, and they stay
 * interpreted. */
#include "jit/vec.h"

#include "mirctx.h"

bool murre_vec_has(enum murre_op op) {
    (void)op;
    return false;
}

void murre_vec_emit(MIR_context_t mir, MIR_item_t func, enum murre_op op, MIR_op_t dst, const MIR_op_t *operands, union murre_lanes lanes) {
    (void)mir, (void)func, (void)op, (void)dst, (void)operands, (void)lanes;
    murre_mirctx_fail("no code for vectors");
}
MIR_type_t murre_vec_load_type(enum murre_op op) {
    (void)op;
    murre_mirctx_fail("no code for vectors");
}
void murre_vec_load(MIR_context_t mir, MIR_item_t func, enum murre_op op, MIR_op_t dst, MIR_op_t number) {
    (void)mir, (void)func, (void)op, (void)dst, (void)number;
    murre_mirctx_fail("no code for vectors");
}

void murre_vec_constant(MIR_context_t mir, MIR_item_t func, MIR_op_t dst, const uint8_t *bytes) {
    (void)mir, (void)func, (void)dst, (void)bytes;
    murre_mirctx_fail("no code for vectors");
}
void murre_vec_join(MIR_context_t mir, MIR_item_t func, MIR_op_t dst, MIR_op_t low, MIR_op_t high) {
    (void)mir, (void)func, (void)dst, (void)low, (void)high;
    murre_mirctx_fail("no code for vectors");
}
void murre_vec_split(MIR_context_t mir, MIR_item_t func, MIR_op_t low, MIR_op_t high, MIR_op_t a) {
    (void)mir, (void)func, (void)low, (void)high, (void)a;
    murre_mirctx_fail("no code for vectors");
}

void murre_vec_mask_features(unsigned missing) {
    (void)missing;
}
