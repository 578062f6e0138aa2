/* The builder: loads, stores, globals, references to functions, bulk operations. */
#include "interp/build.h"

/* Forms of LOAD and STORE in the order of ops.def. */
enum { LOAD_R, LOAD_RX, LOAD_A, LOAD_K };
enum { STORE_RR, STORE_RA, STORE_AR, STORE_KR, STORE_KA, STORE_RX, STORE_RI };

bool build_refused(struct builder *b, const struct murre_access *access) {
    if (murre_access_is_plain(access))
        return false;
    b->failed = true;
    (void)murre_error_set(b->func->error, MURRE_ERROR_UNSUPPORTED, *b->func->offset,
                          "accesses of this kind, of memory %u, are not interpreted", (unsigned)access->memory);
    return true;
}

void build_load(struct murre_sink *sink, enum murre_op op, uint32_t dst, struct murre_operand address, const struct murre_access *access) {
    struct builder *b = (struct builder *)sink;
    if (build_refused(b, access))
        return;
    if (is_vector_op(op)) {
        build_vector_load(b, op, dst, &address, (uint32_t)access->offset);
        return;
    }
    uint16_t first = murre_build_first_form[op];
    uint32_t offset = (uint32_t)access->offset;
    uint32_t word;
    if (is_const(&address) && (uint32_t)address.bits + access->offset <= UINT32_MAX) {
        uint32_t target = build_target(b, dst);
        word = b->count;
        build_emit32(b, 1, first + LOAD_K, target, (uint32_t)address.bits + offset);
    } else if (is_const(&address) || build_mirrored(b, &address)) {
        if (is_const(&address))
            build_acc_const(b, &address);
        else
            build_take(b, &address);
        uint32_t target = build_target(b, dst);
        word = b->count;
        build_emit32(b, 1, first + LOAD_A, target, offset);
    } else {
        uint32_t p = build_source(b, address.slot);
        uint32_t target = build_target(b, dst);
        bool far = offset > UINT16_MAX;
        word = b->count;
        union murre_word *at = build_emit(b, 1 + far, first + (far ? LOAD_RX : LOAD_R), target, p, far ? 0 : offset);
        if (far)
            at[1].u64 = offset;
    }
    build_result(b, accumulator_of(murre_op_info[op].result), dst, word, murre_build_t_forms[op]);
}

/* The value comes from a slot or an accumulator here; constants have been dealt with. */
static void store_value(struct builder *b, uint16_t first, const struct murre_operand *address, const struct murre_operand *value,
                        uint32_t offset) {
    if (build_mirrored(b, value) && !(value->type == MURRE_I32 && address->slot == value->slot)) {
        build_take(b, value);
        build_emit32(b, 1, first + STORE_RA, build_source(b, address->slot), offset);
    } else if (build_mirrored(b, address)) {
        build_take(b, address);
        build_emit32(b, 1, first + STORE_AR, build_source(b, value->slot), offset);
    } else {
        bool far = offset > UINT16_MAX;
        uint32_t p = build_source(b, address->slot);
        uint32_t q = build_source(b, value->slot);
        union murre_word *at = build_emit(b, 1 + far, first + (far ? STORE_RX : STORE_RR), p, q, far ? 0 : offset);
        if (far)
            at[1].u64 = offset;
    }
}

void build_store(struct murre_sink *sink, enum murre_op op, struct murre_operand address, struct murre_operand value,
                 const struct murre_access *access) {
    struct builder *b = (struct builder *)sink;
    if (build_refused(b, access))
        return;
    uint32_t offset = (uint32_t)access->offset;
    b->scratch = 0;
    if (is_vector_op(op)) {
        build_vector_store(b, &address, &value, offset);
        return;
    }
    if (is_const(&value) && op == MURRE_OP_F32_STORE) {
        op = MURRE_OP_I32_STORE;
        value.type = MURRE_I32;
    } else if (is_const(&value) && op == MURRE_OP_F64_STORE) {
        op = MURRE_OP_I64_STORE;
        value.type = MURRE_I64;
    }
    uint16_t first = murre_build_first_form[op];
    if (is_const(&address) && (uint32_t)address.bits + access->offset > UINT32_MAX) {
        /* It traps whatever is stored. */
        build_acc_const(b, &address);
        build_emit32(b, 1, first + STORE_AR, 0, offset);
    } else if (is_const(&address)) {
        uint32_t at = (uint32_t)address.bits + offset;
        if (is_const(&value)) {
            build_acc_const(b, &value);
            build_emit32(b, 1, first + STORE_KA, 0, at);
        } else if (build_mirrored(b, &value)) {
            build_take(b, &value);
            build_emit32(b, 1, first + STORE_KA, 0, at);
        } else {
            build_emit32(b, 1, first + STORE_KR, build_source(b, value.slot), at);
        }
    } else if (is_const(&value)) {
        if (fits16(signed_const(&value)) && offset <= UINT16_MAX) {
            build_emit(b, 1, first + STORE_RI, build_source(b, address.slot), (uint32_t)value.bits, offset);
        } else {
            uint32_t p = build_source(b, address.slot);
            build_acc_const(b, &value);
            build_emit32(b, 1, first + STORE_RA, p, offset);
        }
    } else {
        store_value(b, first, &address, &value, offset);
    }
}

/* Where a global is, from the start of the instance. */
static uint32_t global_offset(const struct builder *b, uint32_t global, bool *imported) {
    const struct murre_layout *layout = &b->module->layout;
    uint32_t imports = b->module->info.global_import_count;
    *imported = global < imports;
    return *imported ? layout->global_imports + global * (uint32_t)sizeof(struct murre_global *)
                     : layout->globals + (global - imports) * (uint32_t)sizeof(struct murre_global);
}

void build_global_get(struct murre_sink *sink, uint32_t dst, uint32_t global) {
    struct builder *b = (struct builder *)sink;
    bool imported;
    uint32_t offset = global_offset(b, global, &imported);
    if (b->module->info.globals[global].type == MURRE_V128) {
        build_vector_global_get(b, dst, imported, offset);
        return;
    }
    build_emit32(b, 1, imported ? MURRE_RC_GLOBAL_GET_IMPORT : MURRE_RC_GLOBAL_GET, build_target(b, dst), offset);
    build_result(b, ACC_INT, dst, NO_WORD, 0);
}

void build_global_set(struct murre_sink *sink, uint32_t global, struct murre_operand a) {
    struct builder *b = (struct builder *)sink;
    bool imported;
    uint32_t offset = global_offset(b, global, &imported);
    b->scratch = 0;
    if (a.type == MURRE_V128) {
        build_vector_global_set(b, &a, imported, offset);
        return;
    }
    if (is_const(&a)) {
        /* The accumulator of integers takes the bits of floats as well. */
        a.type = a.type == MURRE_F32 ? MURRE_I32 : MURRE_I64;
        build_acc_const(b, &a);
    } else if (b->mirror[ACC_INT] == a.slot) {
        if (accumulator_of(a.type) == ACC_INT)
            build_take(b, &a);
    } else {
        uint32_t p = build_source(b, a.slot);
        build_emit32(b, 1, imported ? MURRE_RC_GLOBAL_SET_IMPORT_R : MURRE_RC_GLOBAL_SET_R, p, offset);
        return;
    }
    build_emit32(b, 1, imported ? MURRE_RC_GLOBAL_SET_IMPORT_A : MURRE_RC_GLOBAL_SET_A, 0, offset);
}

void build_ref_func(struct murre_sink *sink, uint32_t dst, uint32_t func) {
    struct builder *b = (struct builder *)sink;
    build_emit32(b, 1, MURRE_RC_REF_FUNC, build_target(b, dst), func);
    build_result(b, ACC_INT, dst, NO_WORD, 0);
}

void build_bulk(struct murre_sink *sink, enum murre_op op, uint32_t dst, const struct murre_operand *operands, uint32_t immediate,
                uint32_t immediate2, const struct murre_access *accesses) {
    struct builder *b = (struct builder *)sink;
    if (accesses && (build_refused(b, &accesses[0]) || (op == MURRE_OP_MEMORY_COPY && build_refused(b, &accesses[1]))))
        return;
    static const struct {
        uint16_t op;
        uint8_t operands;
        bool result;
    } rows[] = {
        {MURRE_RC_MEMORY_GROW, 1, true},  {MURRE_RC_MEMORY_INIT, 3, false}, {MURRE_RC_DATA_DROP, 0, false},
        {MURRE_RC_MEMORY_COPY, 3, false}, {MURRE_RC_MEMORY_FILL, 3, false}, {MURRE_RC_TABLE_GET, 1, true},
        {MURRE_RC_TABLE_SET, 2, false},   {MURRE_RC_TABLE_INIT, 3, false},  {MURRE_RC_ELEM_DROP, 0, false},
        {MURRE_RC_TABLE_COPY, 3, false},  {MURRE_RC_TABLE_GROW, 2, true},   {MURRE_RC_TABLE_SIZE, 0, true},
        {MURRE_RC_TABLE_FILL, 3, false},
    };
    if (op == MURRE_OP_MEMORY_SIZE) {
        uint32_t target = build_target(b, dst);
        build_emit(b, 1, MURRE_RC_MEMORY_SIZE, target, 0, 0);
        build_result(b, ACC_INT, dst, NO_WORD, 0);
        return;
    }
    unsigned row;
    switch (op) {
    case MURRE_OP_MEMORY_GROW: row = 0; break;
    case MURRE_OP_MEMORY_INIT: row = 1; break;
    case MURRE_OP_DATA_DROP: row = 2; break;
    case MURRE_OP_MEMORY_COPY: row = 3; break;
    case MURRE_OP_MEMORY_FILL: row = 4; break;
    case MURRE_OP_TABLE_GET: row = 5; break;
    case MURRE_OP_TABLE_SET: row = 6; break;
    case MURRE_OP_TABLE_INIT: row = 7; break;
    case MURRE_OP_ELEM_DROP: row = 8; break;
    case MURRE_OP_TABLE_COPY: row = 9; break;
    case MURRE_OP_TABLE_GROW: row = 10; break;
    case MURRE_OP_TABLE_SIZE: row = 11; break;
    default: row = 12; break; /* TABLE_FILL */
    }
    unsigned count = rows[row].operands, constants = 0;
    for (unsigned i = 0; i < count; i++)
        constants |= (unsigned)is_const(&operands[i]) << i;
    uint32_t target = rows[row].result ? build_target(b, dst) : 0;
    uint32_t word = b->count;
    build_emit(b, 2 + count, rows[row].op, target, constants, 2 + count);
    if (b->failed)
        return;
    b->words[word + 1].low = immediate;
    b->words[word + 1].high = immediate2;
    for (unsigned i = 0; i < count; i++)
        b->words[word + 2 + i].u64 = is_const(&operands[i]) ? operands[i].bits : build_slot(b, operands[i].slot);
    /* The accumulators do not survive; the makers of what they held must not be changed any more. */
    build_forget(b);
    if (rows[row].result)
        build_clobber(b, dst);
}
