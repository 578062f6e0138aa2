/* Linear memory. THE ONLY PLACE WHERE A LINEAR ADDRESS IS FORMED. An error here lets a guest out of its memory.
 *
 * address = base register + zero-extended 32-bit index + constant offset
 *
 * The base register is fixed for the whole process of compiled code (runtime.h) and is never computed with. The index is the register of a
 * slot that holds an i32, which is zero extended always (emit.h says how that is kept), or a constant.
 *
 * With guard pages nothing else is needed: index < 2^32 and offset + size < 2^32 + 16 keep the access inside the reservation (memory.h).
 * Otherwise index + offset + size, which cannot overflow 64 bits, is compared with the memory's size first. */
#include "jit/emit.h"

/* Left free at the end of the displacement, for accesses beside the first (inline copies). */
enum { DISPLACEMENT_SLACK = 256 };

_Static_assert(offsetof(struct murre_instance, memory_base) == 0, "restored after calls");
_Static_assert(sizeof(((struct murre_memory *)NULL)->size) == 8, "compared as 64 bits");

static void check_bounds(struct murre_emit *e, MIR_op_t index, uint64_t end) {
    MIR_op_t limit = murre_emit_scratch(e, EMIT_INT, 1), last = murre_emit_scratch(e, EMIT_INT, 2);
    emit2(e, MIR_MOV, limit, murre_emit_field(e, MIR_T_I64, murre_emit_instance(e), offsetof(struct murre_instance, memory)));
    emit2(e, MIR_MOV, limit, murre_emit_field(e, MIR_T_I64, limit.u.reg, offsetof(struct murre_memory, size)));
    MIR_op_t trap = murre_emit_trap(e, MURRE_TRAP_MEMORY_BOUNDS);
    if (index.mode == MIR_OP_INT) {
        emit2(e, MIR_MOV, last, emit_int(e, (int64_t)((uint64_t)index.u.i + end)));
    } else {
        emit3(e, MIR_ADD, last, index, emit_int(e, (int64_t)end));
    }
    emit3(e, MIR_UBGT, trap, last, limit);
}

struct emit_address murre_emit_address(struct murre_emit *e, struct murre_operand address, struct murre_memarg arg, uint32_t size) {
    if (arg.memory != 0 || address.type != MURRE_I32 || arg.offset > UINT32_MAX)
        murre_mirctx_fail("this memory access is not compiled");
    MIR_op_t index = murre_emit_use_extended(e, address);
    if (e->explicit_bounds)
        check_bounds(e, index, arg.offset + size);
    uint64_t offset = arg.offset;
    if (index.mode == MIR_OP_INT) {
        offset += (uint64_t)index.u.i;
        index.u.reg = 0;
    } else if (offset + DISPLACEMENT_SLACK > INT32_MAX) {
        MIR_op_t sum = murre_emit_scratch(e, EMIT_INT, 1);
        emit3(e, MIR_ADD, sum, index, emit_int(e, (int64_t)offset));
        return (struct emit_address){.base = murre_emit_memory(e), .index = sum.u.reg};
    } else {
        return (struct emit_address){.base = murre_emit_memory(e), .index = index.u.reg, .displacement = (int64_t)offset};
    }
    if (offset + DISPLACEMENT_SLACK > INT32_MAX) {
        MIR_op_t whole = murre_emit_scratch(e, EMIT_INT, 1);
        emit2(e, MIR_MOV, whole, emit_int(e, (int64_t)offset));
        return (struct emit_address){.base = murre_emit_memory(e), .index = whole.u.reg};
    }
    return (struct emit_address){.base = murre_emit_memory(e), .displacement = (int64_t)offset};
}

MIR_op_t murre_emit_at(struct murre_emit *e, MIR_type_t type, struct emit_address address, int64_t offset) {
    return MIR_new_alias_mem_op(e->mir, type, address.displacement + offset, address.base, address.index, 1, e->memory_alias, 0);
}

struct access {
    uint8_t type; /* MIR_type_t */
    uint8_t size;
    bool is_signed; /* a load of an i32 that comes sign extended to 64 bits */
};

static struct access access_of(enum murre_op op) {
    switch (op) {
    case MURRE_OP_I32_LOAD:
    case MURRE_OP_I64_LOAD32_U:
    case MURRE_OP_I32_STORE:
    case MURRE_OP_I64_STORE32: return (struct access){MIR_T_U32, 4, false};
    case MURRE_OP_I64_LOAD:
    case MURRE_OP_I64_STORE: return (struct access){MIR_T_I64, 8, false};
    case MURRE_OP_F32_LOAD:
    case MURRE_OP_F32_STORE: return (struct access){MIR_T_F, 4, false};
    case MURRE_OP_F64_LOAD:
    case MURRE_OP_F64_STORE: return (struct access){MIR_T_D, 8, false};
    case MURRE_OP_I32_LOAD8_S: return (struct access){MIR_T_I8, 1, true};
    case MURRE_OP_I64_LOAD8_S: return (struct access){MIR_T_I8, 1, false};
    case MURRE_OP_I32_LOAD8_U:
    case MURRE_OP_I64_LOAD8_U:
    case MURRE_OP_I32_STORE8:
    case MURRE_OP_I64_STORE8: return (struct access){MIR_T_U8, 1, false};
    case MURRE_OP_I32_LOAD16_S: return (struct access){MIR_T_I16, 2, true};
    case MURRE_OP_I64_LOAD16_S: return (struct access){MIR_T_I16, 2, false};
    case MURRE_OP_I32_LOAD16_U:
    case MURRE_OP_I64_LOAD16_U:
    case MURRE_OP_I32_STORE16:
    case MURRE_OP_I64_STORE16: return (struct access){MIR_T_U16, 2, false};
    case MURRE_OP_I64_LOAD32_S: return (struct access){MIR_T_I32, 4, false};
    default: murre_mirctx_fail("no code for %s", murre_op_name(op));
    }
}

void murre_emit_load(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand address, struct murre_memarg arg) {
    struct murre_emit *e = (struct murre_emit *)sink;
    struct access access = access_of(op);
    enum emit_class class = murre_emit_class(murre_op_info[op].result);
    MIR_op_t from = murre_emit_at(e, (MIR_type_t)access.type, murre_emit_address(e, address, arg, access.size), 0);
    MIR_op_t to = murre_emit_write(e, dst, class);
    emit2(e, murre_emit_move_code(class), to, from);
    if (access.is_signed)
        emit2(e, MIR_UEXT32, to, to);
}

void murre_emit_store(struct murre_sink *sink, enum murre_op op, struct murre_operand address, struct murre_operand value,
                      struct murre_memarg arg) {
    struct murre_emit *e = (struct murre_emit *)sink;
    struct access access = access_of(op);
    MIR_op_t from = murre_emit_use(e, value);
    MIR_op_t to = murre_emit_at(e, (MIR_type_t)access.type, murre_emit_address(e, address, arg, access.size), 0);
    emit2(e, murre_emit_move_code(murre_emit_class(value.type)), to, from);
}
