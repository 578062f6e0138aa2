/* The builder: vectors. */
#include "interp/build.h"

static void refuse(struct murre_sink *sink) {
    struct builder *b = (struct builder *)sink;
    b->failed = true;
    murre_error_set(b->func->error, MURRE_ERROR_UNSUPPORTED, *b->func->offset, "needs feature: simd");
}

void build_vector(struct murre_sink *sink, enum murre_op op, uint32_t dst, const struct murre_operand *operands, union murre_lanes lanes) {
    (void)op, (void)dst, (void)operands, (void)lanes;
    refuse(sink);
}

void build_lane(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand index, struct murre_operand vector,
                uint8_t lane, const struct murre_access *access) {
    (void)op, (void)dst, (void)index, (void)vector, (void)lane, (void)access;
    refuse(sink);
}
