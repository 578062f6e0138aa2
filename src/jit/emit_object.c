/* Globals, tables and bulk operations (4.4.5 to 4.4.7). */
#include "jit/emit.h"

#include <stdio.h>

_Static_assert(offsetof(struct murre_global, value) == 0, "a global's value comes first");

/* ---- globals ------------------------------------------------------------------------------------------------------ */

/* Each global that the module defines is a memory of its own; the imported ones may be the same, so they share an alias. */
static MIR_op_t global_operand(struct murre_emit *e, uint32_t global) {
    const struct murre_module_info *info = &e->module->info;
    MIR_type_t type = murre_emit_memory_type(info->globals[global].type);
    char name[24] = "globals";
    if (global < info->global_import_count) {
        MIR_op_t at = murre_emit_scratch(e, EMIT_INT, 0);
        emit2(e, MIR_MOV, at,
              murre_emit_field(e, MIR_T_I64, murre_emit_instance(e),
                               (int64_t)e->module->layout.global_imports + (int64_t)global * (int64_t)sizeof(void *)));
        return MIR_new_alias_mem_op(e->mir, type, 0, at.u.reg, 0, 1, MIR_alias(e->mir, name), 0);
    }
    snprintf(name, sizeof name, "global%u", global);
    int64_t offset =
        (int64_t)e->module->layout.globals + (int64_t)(global - info->global_import_count) * (int64_t)sizeof(struct murre_global);
    return MIR_new_alias_mem_op(e->mir, type, offset, murre_emit_instance(e), 0, 1, MIR_alias(e->mir, name), 0);
}

void murre_emit_global_get(struct murre_sink *sink, uint32_t dst, uint32_t global) {
    struct murre_emit *e = (struct murre_emit *)sink;
    murre_valtype type = e->module->info.globals[global].type;
    enum emit_class class = murre_emit_class(type);
    MIR_op_t from = global_operand(e, global);
    emit2(e, murre_emit_move_code(class), murre_emit_write(e, dst, class), from);
}

void murre_emit_global_set(struct murre_sink *sink, uint32_t global, struct murre_operand a) {
    struct murre_emit *e = (struct murre_emit *)sink;
    MIR_op_t value = murre_emit_use(e, a);
    MIR_op_t to = global_operand(e, global);
    emit2(e, murre_emit_move_code(murre_emit_class(e->module->info.globals[global].type)), to, value);
}

/* ---- tables ------------------------------------------------------------------------------------------------------- */

MIR_reg_t murre_emit_table(struct murre_emit *e, uint32_t table, unsigned scratch) {
    MIR_op_t reg = murre_emit_scratch(e, EMIT_INT, scratch);
    emit2(e, MIR_MOV, reg,
          murre_emit_field(e, MIR_T_I64, murre_emit_instance(e),
                           (int64_t)e->module->layout.tables + (int64_t)table * (int64_t)sizeof(void *)));
    return reg.u.reg;
}

MIR_op_t murre_emit_table_field(struct murre_emit *e, MIR_type_t type, MIR_reg_t base, MIR_reg_t index, int64_t offset) {
    return MIR_new_alias_mem_op(e->mir, type, offset, base, index, index == 0 ? 1 : 8, e->table_alias, 0);
}

/* An element, after its bounds check. */
static MIR_op_t table_element(struct murre_emit *e, uint32_t table, struct murre_operand index) {
    MIR_reg_t reg = murre_emit_table(e, table, 0);
    emit3(e, MIR_UBGES, murre_emit_trap(e, MURRE_TRAP_TABLE_BOUNDS), murre_emit_use(e, index),
          murre_emit_table_field(e, MIR_T_U32, reg, 0, offsetof(struct murre_table, size)));
    MIR_op_t which = murre_emit_use_extended(e, index);
    MIR_op_t elems = murre_emit_scratch(e, EMIT_INT, 0);
    emit2(e, MIR_MOV, elems, murre_emit_table_field(e, MIR_T_I64, reg, 0, offsetof(struct murre_table, elems)));
    if (which.mode == MIR_OP_INT)
        return murre_emit_table_field(e, MIR_T_I64, elems.u.reg, 0, which.u.i * 8);
    return murre_emit_table_field(e, MIR_T_I64, elems.u.reg, which.u.reg, 0);
}

/* ---- small constant copies and fills ------------------------------------------------------------------------------ */

enum { INLINE_BYTES = 64 };

static bool is_small(const struct murre_operand *count) {
    return count->kind == MURRE_OPERAND_CONST && (uint32_t)count->bits > 0 && (uint32_t)count->bits <= INLINE_BYTES;
}

/* How the bytes are cut: eights, then at most one four, one two, one one. */
static uint32_t piece_at(uint32_t offset, uint32_t count) {
    uint32_t left = count - offset;
    return left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

static MIR_type_t piece_type(uint32_t piece) {
    return piece == 8 ? MIR_T_I64 : piece == 4 ? MIR_T_U32 : piece == 2 ? MIR_T_U16 : MIR_T_U8;
}

/* An access to the last byte first: with guard pages, all of the range or none of it must be written. A memory ends at a page boundary and
 * the range is shorter than a page, so if its last byte is inside, all of it is, or it starts below the memory, which cannot be. */
static struct emit_address range(struct murre_emit *e, struct murre_operand start, const struct murre_access *access, uint32_t count,
                                 unsigned copy) {
    struct emit_address address = murre_emit_address(e, start, access, count);
    /* Two ranges are live at once, and the address's scratch register is shared. */
    if (address.index != 0) {
        MIR_op_t own = murre_emit_scratch(e, EMIT_INT, copy);
        emit2(e, MIR_MOV, own, emit_reg(e, address.index));
        address.index = own.u.reg;
    }
    return address;
}

/* All loads before all stores, so overlap does not matter. If the source is out of bounds a load traps; the destination is tried by loading
 * its last byte. */
static void small_copy(struct murre_emit *e, const struct murre_operand *operands, const struct murre_access *accesses) {
    uint32_t count = (uint32_t)operands[2].bits;
    struct emit_address to = range(e, operands[0], &accesses[0], count, 0);
    struct emit_address from = range(e, operands[1], &accesses[1], count, 3);
    MIR_op_t values[INLINE_BYTES / 8 + 3];
    MIR_op_t last = emit_reg(e, murre_emit_new_reg(e, EMIT_INT));
    emit2(e, MIR_MOV, last, murre_emit_at(e, MIR_T_U8, to, count - 1));
    uint32_t n = 0;
    for (uint32_t at = 0; at < count; at += piece_at(at, count)) {
        values[n] = emit_reg(e, murre_emit_new_reg(e, EMIT_INT));
        emit2(e, MIR_MOV, values[n++], murre_emit_at(e, piece_type(piece_at(at, count)), from, at));
    }
    n = 0;
    for (uint32_t at = 0; at < count; at += piece_at(at, count))
        emit2(e, MIR_MOV, murre_emit_at(e, piece_type(piece_at(at, count)), to, at), values[n++]);
}

static void small_fill(struct murre_emit *e, const struct murre_operand *operands, const struct murre_access *access) {
    uint32_t count = (uint32_t)operands[2].bits;
    MIR_op_t pattern = emit_reg(e, murre_emit_new_reg(e, EMIT_INT));
    const uint64_t ones = UINT64_C(0x0101010101010101);
    if (operands[1].kind == MURRE_OPERAND_CONST) {
        emit2(e, MIR_MOV, pattern, emit_int(e, (int64_t)((operands[1].bits & 0xff) * ones)));
    } else {
        emit2(e, MIR_UEXT8, pattern, murre_emit_use(e, operands[1]));
        if (count > 1)
            emit3(e, MIR_MUL, pattern, pattern, emit_int(e, (int64_t)ones));
    }
    struct emit_address to = range(e, operands[0], access, count, 0);
    /* The last piece first, for the same reason. */
    uint32_t at = count;
    while (at > 0) {
        uint32_t piece = at % 8 == 0 ? 8 : at % 2 != 0 ? 1 : at % 4 != 0 ? 2 : 4;
        at -= piece;
        emit2(e, MIR_MOV, murre_emit_at(e, piece_type(piece), to, at), pattern);
    }
}

/* ---- the rest ----------------------------------------------------------------------------------------------------- */

static MIR_op_t pair(struct murre_emit *e, uint32_t first, uint32_t second) {
    return emit_int(e, (int64_t)((uint64_t)first << 32 | second));
}

/* instance, first, three operands */
static void five(struct murre_emit *e, enum murre_helper helper, MIR_op_t first, const struct murre_operand *operands) {
    MIR_op_t args[5] = {emit_reg(e, murre_emit_instance(e)), first, murre_emit_use(e, operands[0]), murre_emit_use(e, operands[1]),
                        murre_emit_use(e, operands[2])};
    murre_emit_helper(e, helper, args[0], args);
}

static void memory_size(struct murre_emit *e, uint32_t dst) {
    MIR_op_t at = murre_emit_scratch(e, EMIT_INT, 0);
    emit2(e, MIR_MOV, at, murre_emit_field(e, MIR_T_I64, murre_emit_instance(e), offsetof(struct murre_instance, memory)));
    emit2(e, MIR_MOV, at, MIR_new_mem_op(e->mir, MIR_T_I64, offsetof(struct murre_memory, size), at.u.reg, 0, 1));
    emit3(e, MIR_URSH, murre_emit_write(e, dst, EMIT_INT), at, emit_int(e, 16));
}

static void grow(struct murre_emit *e, enum murre_helper helper, uint32_t dst, uint32_t object, const struct murre_operand *operands,
                 unsigned count) {
    MIR_op_t args[4] = {emit_reg(e, murre_emit_instance(e)), emit_int(e, object)};
    for (unsigned i = 0; i < count; i++)
        args[i + 2] = murre_emit_use(e, operands[i]);
    MIR_op_t result = murre_emit_write(e, dst, EMIT_INT);
    murre_emit_helper(e, helper, result, args);
    emit2(e, MIR_UEXT32, result, result);
}

static void drop(struct murre_emit *e, enum murre_helper helper, uint32_t segment) {
    MIR_op_t args[2] = {emit_reg(e, murre_emit_instance(e)), emit_int(e, segment)};
    murre_emit_helper(e, helper, args[0], args);
}

void murre_emit_bulk(struct murre_sink *sink, enum murre_op op, uint32_t dst, const struct murre_operand *operands, uint32_t immediate,
                     uint32_t immediate2, const struct murre_access *accesses) {
    struct murre_emit *e = (struct murre_emit *)sink;
    if (accesses != NULL) {
        murre_emit_check_access(&accesses[0]);
        if (op == MURRE_OP_MEMORY_COPY)
            murre_emit_check_access(&accesses[1]);
    }
    switch (op) {
    case MURRE_OP_MEMORY_SIZE: memory_size(e, dst); return;
    case MURRE_OP_MEMORY_GROW: grow(e, MURRE_HELPER_MEMORY_GROW, dst, immediate, operands, 1); return;
    case MURRE_OP_MEMORY_INIT: five(e, MURRE_HELPER_MEMORY_INIT, emit_int(e, immediate), operands); return;
    case MURRE_OP_MEMORY_COPY:
        if (is_small(&operands[2]))
            small_copy(e, operands, accesses);
        else
            five(e, MURRE_HELPER_MEMORY_COPY, pair(e, immediate, immediate2), operands);
        return;
    case MURRE_OP_MEMORY_FILL:
        if (is_small(&operands[2]))
            small_fill(e, operands, &accesses[0]);
        else
            five(e, MURRE_HELPER_MEMORY_FILL, emit_int(e, immediate), operands);
        return;
    case MURRE_OP_DATA_DROP: drop(e, MURRE_HELPER_DATA_DROP, immediate); return;
    case MURRE_OP_ELEM_DROP: drop(e, MURRE_HELPER_ELEM_DROP, immediate); return;
    case MURRE_OP_TABLE_INIT: five(e, MURRE_HELPER_TABLE_INIT, pair(e, immediate, immediate2), operands); return;
    case MURRE_OP_TABLE_COPY: five(e, MURRE_HELPER_TABLE_COPY, pair(e, immediate, immediate2), operands); return;
    case MURRE_OP_TABLE_FILL: five(e, MURRE_HELPER_TABLE_FILL, emit_int(e, immediate), operands); return;
    case MURRE_OP_TABLE_GROW: grow(e, MURRE_HELPER_TABLE_GROW, dst, immediate, operands, 2); return;
    case MURRE_OP_TABLE_SIZE: {
        MIR_reg_t table = murre_emit_table(e, immediate, 0);
        emit2(e, MIR_MOV, murre_emit_write(e, dst, EMIT_INT),
              murre_emit_table_field(e, MIR_T_U32, table, 0, offsetof(struct murre_table, size)));
        return;
    }
    case MURRE_OP_TABLE_GET: {
        MIR_op_t from = table_element(e, immediate, operands[0]);
        emit2(e, MIR_MOV, murre_emit_write(e, dst, EMIT_INT), from);
        return;
    }
    case MURRE_OP_TABLE_SET: {
        MIR_op_t value = murre_emit_use(e, operands[1]);
        MIR_op_t to = table_element(e, immediate, operands[0]);
        emit2(e, MIR_MOV, to, value);
        return;
    }
    default: murre_mirctx_fail("no code for %s", murre_op_name(op));
    }
}
