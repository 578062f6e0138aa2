/* Linear memory. THE ONLY PLACE WHERE A LINEAR ADDRESS IS FORMED. An error here lets a guest out of its memory.
 *
 * address = base register + zero-extended 32-bit index + constant offset
 *
 * The base register is the same in all compiled code of the process (runtime.h) and is never computed with. The index is the register of a
 * slot that holds an i32, which is always zero extended (emit.h says how that is ensured), or a constant.
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

void murre_emit_check_access(const struct murre_access *access) {
    if (!murre_access_is_plain(access))
        murre_mirctx_fail("accesses of this kind, of memory %u, are not compiled", access->memory);
}

struct emit_address murre_emit_address(struct murre_emit *e, struct murre_operand address, const struct murre_access *access,
                                       uint32_t size) {
    murre_emit_check_access(access);
    MIR_op_t index = murre_emit_use_extended(e, address);
    if (e->explicit_bounds)
        check_bounds(e, index, access->offset + size);
    uint64_t offset = access->offset;
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

/* What an access has in memory, as MIR's type: unsigned where it need not be extended with the sign. */
static MIR_type_t memory_type(enum murre_op op) {
    static const MIR_type_t unsigned_types[] = {MIR_T_U8, MIR_T_U16, MIR_T_U32, MIR_T_I64},
                            signed_types[] = {MIR_T_I8, MIR_T_I16, MIR_T_I32};
    const struct murre_op_info *info = &murre_op_info[op];
    murre_valtype type = info->class == MURRE_CLASS_LOAD ? info->result : info->operand;
    if (type == MURRE_F32 || type == MURRE_F64 || type == MURRE_V128)
        return murre_emit_type(type);
    return murre_op_facts[op].is_signed ? signed_types[info->n] : unsigned_types[info->n];
}

void murre_emit_load(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand address,
                     const struct murre_access *access) {
    struct murre_emit *e = (struct murre_emit *)sink;
    enum emit_class class = murre_emit_class(murre_op_info[op].result);
    if (class == EMIT_VECTOR) {
        murre_emit_vector_load(e, op, dst, murre_emit_address(e, address, access, access->size));
        return;
    }
    MIR_op_t from = murre_emit_at(e, memory_type(op), murre_emit_address(e, address, access, access->size), 0);
    MIR_op_t to = murre_emit_write(e, dst, class);
    emit2(e, murre_emit_move_code(class), to, from);
    if (murre_op_facts[op].is_signed && murre_op_info[op].result == MURRE_I32)
        emit2(e, MIR_UEXT32, to, to);
}

void murre_emit_store(struct murre_sink *sink, enum murre_op op, struct murre_operand address, struct murre_operand value,
                      const struct murre_access *access) {
    struct murre_emit *e = (struct murre_emit *)sink;
    MIR_op_t from = murre_emit_use(e, value);
    MIR_op_t to = murre_emit_at(e, memory_type(op), murre_emit_address(e, address, access, access->size), 0);
    emit2(e, murre_emit_move_code(murre_emit_class(value.type)), to, from);
}
