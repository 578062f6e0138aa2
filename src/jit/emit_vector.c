/* Vectors (4.3.6, 4.4.8): from the sink's operations to vec.h. */
#include "jit/emit.h"

MIR_op_t murre_emit_vector_constant(struct murre_emit *e, uint64_t bits) {
    MIR_op_t reg = emit_reg(e, murre_emit_new_reg(e, EMIT_VECTOR));
    murre_vec_constant(e->mir, e->item, reg, e->module->info.bytes + bits);
    return reg;
}

static void check(enum murre_op op) {
    if (!murre_vec_has(op))
        murre_mirctx_fail("no code for %s", murre_op_name(op));
}

/* A register, but for constants of integers. */
static MIR_op_t use(struct murre_emit *e, struct murre_operand a) {
    MIR_op_t value = murre_emit_use_extended(e, a);
    if (value.mode != MIR_OP_FLOAT && value.mode != MIR_OP_DOUBLE)
        return value;
    enum emit_class class = murre_emit_class(a.type);
    MIR_op_t reg = murre_emit_scratch(e, class, 0);
    emit2(e, murre_emit_move_code(class), reg, value);
    return reg;
}

void murre_emit_vector(struct murre_sink *sink, enum murre_op op, uint32_t dst, const struct murre_operand *operands,
                       union murre_lanes lanes) {
    struct murre_emit *e = (struct murre_emit *)sink;
    static const uint8_t counts[] = {
        [MURRE_CLASS_UNARY] = 1,   [MURRE_CLASS_EXTRACT] = 1, [MURRE_CLASS_BINARY] = 2,  [MURRE_CLASS_SHIFT] = 2,
        [MURRE_CLASS_REPLACE] = 2, [MURRE_CLASS_SHUFFLE] = 2, [MURRE_CLASS_TERNARY] = 3,
    };
    MIR_op_t values[3];
    check(op);
    for (unsigned i = 0; i < counts[murre_op_info[op].class]; i++)
        values[i] = use(e, operands[i]);
    murre_vec_emit(e->mir, e->item, op, murre_emit_write(e, dst, murre_emit_class(murre_op_info[op].result)), values, lanes);
}

void murre_emit_vector_load(struct murre_emit *e, enum murre_op op, uint32_t dst, struct emit_address from) {
    check(op);
    if (op == MURRE_OP_V128_LOAD) {
        MIR_op_t memory = murre_emit_at(e, MIR_T_V128, from, 0);
        emit2(e, MIR_VMOV, murre_emit_write(e, dst, EMIT_VECTOR), memory);
        return;
    }
    const MIR_type_t type = murre_vec_load_type(op);
    enum emit_class class = type == MIR_T_F ? EMIT_FLOAT : type == MIR_T_D ? EMIT_DOUBLE : EMIT_INT;
    MIR_op_t number = murre_emit_scratch(e, class, 0);
    emit2(e, murre_emit_move_code(class), number, murre_emit_at(e, type, from, 0));
    murre_vec_load(e->mir, e->item, op, murre_emit_write(e, dst, EMIT_VECTOR), number);
}

/* As an access of a number, and the lane of a register. */
void murre_emit_lane(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand index, struct murre_operand vector,
                     uint8_t lane, const struct murre_access *access) {
    static const enum murre_op extract[] = {MURRE_OP_I8X16_EXTRACT_LANE_U, MURRE_OP_I16X8_EXTRACT_LANE_U, MURRE_OP_I32X4_EXTRACT_LANE,
                                            MURRE_OP_I64X2_EXTRACT_LANE},
                               replace[] = {MURRE_OP_I8X16_REPLACE_LANE, MURRE_OP_I16X8_REPLACE_LANE, MURRE_OP_I32X4_REPLACE_LANE,
                                            MURRE_OP_I64X2_REPLACE_LANE};
    static const MIR_type_t types[] = {MIR_T_U8, MIR_T_U16, MIR_T_U32, MIR_T_I64};
    struct murre_emit *e = (struct murre_emit *)sink;
    const uint8_t log = murre_op_info[op].n;
    check(op);
    MIR_op_t value = use(e, vector), number = emit_reg(e, murre_emit_new_reg(e, EMIT_INT));
    MIR_op_t memory = murre_emit_at(e, types[log], murre_emit_address(e, index, access, access->size), 0);
    const union murre_lanes lanes = {.lane = lane};
    if (murre_op_info[op].class == MURRE_CLASS_STORE_LANE) {
        murre_vec_emit(e->mir, e->item, extract[log], number, &value, lanes);
        emit2(e, MIR_MOV, memory, number);
    } else {
        emit2(e, MIR_MOV, number, memory);
        murre_vec_emit(e->mir, e->item, replace[log], murre_emit_write(e, dst, EMIT_VECTOR), (const MIR_op_t[]){value, number}, lanes);
    }
}
