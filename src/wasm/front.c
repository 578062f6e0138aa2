/* The front end's driver and the instructions that the table of opcodes describes: see front_internal.h for the state and its invariants,
 * sink.h for what comes out, HACKING.md for the idea. */
#include "wasm/front_internal.h"

#include <string.h>

struct murre_front *murre_front_new(const struct murre_allocator *allocator) {
    struct murre_front *f = murre_alloc_zero(allocator, sizeof *f);
    if (f)
        f->allocator = allocator;
    return f;
}

void murre_front_delete(struct murre_front *f) {
    if (!f)
        return;
    const struct murre_allocator *a = f->allocator;
    murre_free(a, f->types, f->stack_capacity * sizeof *f->types);
    murre_free(a, f->kinds, f->stack_capacity * sizeof *f->kinds);
    murre_free(a, f->values, f->stack_capacity * sizeof *f->values);
    murre_free(a, f->frames, f->frames_capacity * sizeof *f->frames);
    murre_free(a, f->groups, f->groups_capacity * sizeof *f->groups);
    murre_free(a, f->pending, f->pending_capacity * sizeof *f->pending);
    murre_free(a, f->arguments, f->arguments_capacity * sizeof *f->arguments);
    murre_free(a, f->operands, f->operands_capacity * sizeof *f->operands);
    murre_free(a, f->labels, f->labels_capacity * sizeof *f->labels);
    murre_free(a, f->was_set, f->was_set_capacity * sizeof *f->was_set);
    murre_free(a, f->sets, f->sets_capacity * sizeof *f->sets);
    murre_free(a, f, sizeof *f);
}

size_t murre_front_bytes(const struct murre_front *f) {
    return f->stack_capacity * (sizeof *f->types + sizeof *f->kinds + sizeof *f->values) + f->frames_capacity * sizeof *f->frames +
           f->groups_capacity * sizeof *f->groups + f->pending_capacity * sizeof *f->pending + f->operands_capacity * sizeof *f->operands +
           f->arguments_capacity * sizeof *f->arguments + f->labels_capacity * sizeof *f->labels +
           f->was_set_capacity * sizeof *f->was_set + f->sets_capacity * sizeof *f->sets;
}

void murre_front_set_look(struct murre_front *f, const struct murre_look *look) {
    f->look = look;
}

/* ---- locals ------------------------------------------------------------------------------------------------------------- */

/* What is new is 0, as all of it is between functions. */
static bool reserve_pending(struct murre_front *f, uint32_t count) {
    uint32_t before = f->pending_capacity;
    if (!f->sink || count <= before)
        return true;
    if (!front_reserve(f, (void **)&f->pending, &f->pending_capacity, count, sizeof *f->pending))
        return false;
    memset(f->pending + before, 0, (f->pending_capacity - before) * sizeof *f->pending);
    return true;
}

/* The group of a declared local. */
static const struct murre_local_group *group_of(const struct murre_front *f, uint32_t local) {
    uint32_t from = 0, to = f->group_count;
    while (to - from > 1) {
        uint32_t middle = from + (to - from) / 2;
        if (f->groups[middle].first <= local)
            from = middle;
        else
            to = middle;
    }
    return &f->groups[from];
}

/* Parameters are all in the table. */
_Static_assert((int)TABLED_LOCALS >= (int)MURRE_MAX_PARAMS, "a local that is not in the table is in a group");
uint32_t front_far_local_type(const struct murre_front *f, uint32_t local) {
    return group_of(f, local)->type;
}

/* When the first is asked for: many functions of a long type may never. */
static void find_param_slots(struct murre_front *f) {
    f->param_slots_known = true;
    for (uint32_t i = 0, slot = 0; i < f->type->func.param_count; i++) {
        f->param_slots[i] = (uint16_t)slot;
        slot += murre_valtype_slots(f->type->func.params[i]);
    }
}

uint32_t front_far_local_slot(struct murre_front *f, uint32_t local) {
    if (local >= f->type->func.param_count) {
        const struct murre_local_group *group = group_of(f, local);
        return group->slot + (local - group->first) * murre_valtype_slots(group->type);
    }
    if (!f->param_slots_known)
        find_param_slots(f);
    return f->param_slots[local];
}

/* A group takes a few bytes whatever its count is, so that nothing here may depend on that; what does is bounded by the table. */
static bool add_locals(struct murre_front *f, murre_valtype type, uint32_t count) {
    if (count > MURRE_MAX_LOCALS || f->local_count + count > MURRE_MAX_LOCALS) {
        murre_error_set(f->error, MURRE_ERROR_LIMIT, f->offset, "too many locals: the limit is %d", MURRE_MAX_LOCALS);
        return false;
    }
    if (count == 0)
        return true;
    if (!front_reserve(f, (void **)&f->groups, &f->groups_capacity, (uint64_t)f->group_count + 1, sizeof *f->groups))
        return false;
    f->groups[f->group_count++] = (struct murre_local_group){f->local_count, count, f->first_temp, type};
    if (front_is_numbered((uint8_t)type) && !murre_is_nullable(front_word(f, (uint8_t)type)) && !front_add_unset(f, f->local_count + count))
        return false;
    if (f->local_count < TABLED_LOCALS) {
        uint32_t room = TABLED_LOCALS - f->local_count;
        memset(f->local_types + f->local_count, (int)type, count < room ? count : room);
    }
    f->local_count += count;
    f->first_temp += count * murre_valtype_slots(type);
    return true;
}

/* Parameters and declared locals (5.4.9 of the binary format: code section). */
static bool read_locals(struct murre_front *f) {
    struct murre_reader *r = &f->reader;
    f->local_count = f->type->func.param_count;
    f->first_temp = f->type->param_slots;
    f->group_count = 0;
    if (f->first_temp == f->local_count) {
        memcpy(f->local_types, murre_type_codes(f->type), f->local_count);
    } else {
        for (uint32_t i = 0; i < f->local_count; i++)
            f->local_types[i] = front_code(f, f->type->func.params[i]);
    }
    f->offset = (uint32_t)murre_reader_offset(r);
    uint32_t groups = murre_read_count(r, 2, MURRE_MAX_BODY_SIZE, "groups of locals");
    uint64_t declared = 0;
    for (uint32_t i = 0; i < groups && murre_reader_ok(r); i++) {
        uint32_t count = murre_read_u32(r);
        uint8_t type;
        if (!front_read_valtype(f, r, &type))
            return false;
        declared += count;
        if (declared > UINT32_MAX) {
            murre_reader_fail(r, "too many locals");
            return false;
        }
        if (!add_locals(f, type, count))
            return false;
    }
    return murre_reader_ok(r) && reserve_pending(f, f->local_count);
}

/* ---- instructions ------------------------------------------------------------------------------------------------------- */

static __attribute__((noinline)) void unary(struct murre_front *f, enum murre_op op, const struct murre_op_info *info) {
    struct entry a = front_pop(f, info->operand);
    if (!f->emit) {
        front_push(f, info->result);
        return;
    }
    if (op == MURRE_OP_I32_EQZ || op == MURRE_OP_I64_EQZ) {
        struct murre_cond cond;
        if (a.kind == ENTRY_COND) {
            cond = f->cond;
            cond.negate = !cond.negate;
        } else {
            cond = (struct murre_cond){.op = op, .a = front_operand(f, &a)};
        }
        front_push_cond(f, &cond);
        return;
    }
    struct murre_operand operand = front_operand(f, &a);
    uint32_t dst = front_push_result(f, info->result);
    f->ops->unary(f->sink, op, dst, operand);
}

static __attribute__((noinline)) void binary(struct murre_front *f, enum murre_op op, const struct murre_op_info *info) {
    struct entry b = front_pop(f, info->class == MURRE_CLASS_SHIFT ? MURRE_I32 : info->operand);
    struct entry a = front_pop(f, info->operand);
    if (!f->emit) {
        front_push(f, info->result);
        return;
    }
    struct murre_operand a_operand = front_operand(f, &a), b_operand = front_operand(f, &b);
    if (info->class == MURRE_CLASS_COMPARE) {
        front_push_cond(f, &(struct murre_cond){.op = op, .a = a_operand, .b = b_operand});
        return;
    }
    uint32_t dst = front_push_result(f, info->result);
    f->ops->binary(f->sink, op, dst, a_operand, b_operand);
}

/* How an instruction accesses a memory of the module. */
struct murre_access front_access(const struct murre_front *f, uint32_t memory) {
    const struct murre_limits *limits = &f->module->memories[memory];
    return (struct murre_access){.memory = memory, .index64 = limits->is64, .shared = limits->shared};
}

/* access is filled where something is emitted. */
static bool read_access(struct murre_front *f, enum murre_op op, const struct murre_op_info *info, struct murre_access *access) {
    uint32_t flags = murre_read_u32(&f->reader);
    if (flags >= 64) {
        if (flags < 128)
            front_fail_feature(f, MURRE_FEATURE_MULTI_MEMORY);
        else
            murre_error_set(f->error, MURRE_ERROR_MALFORMED, f->offset, "malformed memop flags");
        return false;
    }
    uint32_t offset = murre_read_u32(&f->reader);
    if (!murre_reader_ok(&f->reader))
        return false;
    if (f->module->memory_count == 0) {
        front_fail(f, "unknown memory 0");
        return false;
    }
    if (flags > info->n) {
        front_fail(f, "alignment must not be larger than natural");
        return false;
    }
    if (f->emit) {
        *access = front_access(f, 0);
        access->offset = offset;
        access->size = (uint8_t)murre_op_access_size(op);
        access->align = (uint8_t)flags;
    }
    return true;
}

static __attribute__((noinline)) void load(struct murre_front *f, enum murre_op op, const struct murre_op_info *info) {
    struct murre_access access;
    if (!read_access(f, op, info, &access))
        return;
    struct entry address = front_pop(f, MURRE_I32);
    if (!f->emit) {
        front_push(f, info->result);
        return;
    }
    struct murre_operand operand = front_operand(f, &address);
    uint32_t dst = front_push_result(f, info->result);
    f->ops->load(f->sink, op, dst, operand, &access);
}

static __attribute__((noinline)) void store(struct murre_front *f, enum murre_op op, const struct murre_op_info *info) {
    struct murre_access access;
    if (!read_access(f, op, info, &access))
        return;
    struct entry value = front_pop(f, info->operand);
    struct entry address = front_pop(f, MURRE_I32);
    if (f->emit)
        f->ops->store(f->sink, op, front_operand(f, &address), front_operand(f, &value), &access);
}

/* ---- vectors (5.4.8) ---------------------------------------------------------------------------------------------------------- */

static bool read_lane(struct murre_front *f, enum murre_op op, union murre_lanes *lanes) {
    lanes->lane = murre_read_byte(&f->reader);
    if (lanes->lane < murre_op_lanes(op) || !murre_reader_ok(&f->reader))
        return murre_reader_ok(&f->reader);
    front_fail(f, "invalid lane index %u", lanes->lane);
    return false;
}

static bool read_shuffle(struct murre_front *f, union murre_lanes *lanes) {
    lanes->bytes = murre_read_bytes(&f->reader, 16);
    for (unsigned i = 0; lanes->bytes && i < 16; i++)
        if (lanes->bytes[i] >= 32) {
            front_fail(f, "invalid lane index %u", lanes->bytes[i]);
            return false;
        }
    return murre_reader_ok(&f->reader);
}

static __attribute__((noinline)) void vector(struct murre_front *f, enum murre_op op, const struct murre_op_info *info) {
    union murre_lanes lanes = {.bytes = NULL};
    if (info->imm == MURRE_IMM_LANE ? !read_lane(f, op, &lanes) : info->imm == MURRE_IMM_SHUFFLE && !read_shuffle(f, &lanes))
        return;
    uint32_t count = info->class == MURRE_CLASS_TERNARY ? 3 : info->class == MURRE_CLASS_EXTRACT ? 1 : 2;
    struct murre_operand operands[3];
    for (uint32_t i = count; i--;) {
        struct entry e = front_pop(f, i == 0 ? MURRE_V128 : info->operand);
        operands[i] = front_operand(f, &e);
    }
    if (!f->emit) {
        front_push(f, info->result);
        return;
    }
    uint32_t dst = front_push_result(f, info->result);
    f->ops->vector(f->sink, op, dst, operands, lanes);
}

static __attribute__((noinline)) void lane(struct murre_front *f, enum murre_op op, const struct murre_op_info *info) {
    struct murre_access access;
    union murre_lanes lanes;
    if (!read_access(f, op, info, &access) || !read_lane(f, op, &lanes))
        return;
    struct entry value = front_pop(f, MURRE_V128);
    struct entry address = front_pop(f, MURRE_I32);
    if (!f->emit) {
        if (info->result)
            front_push(f, info->result);
        return;
    }
    struct murre_operand index = front_operand(f, &address), operand = front_operand(f, &value);
    uint32_t dst = info->result ? front_push_result(f, info->result) : 0;
    f->ops->lane(f->sink, op, dst, index, operand, lanes.lane, &access);
}

/* ---- the rest ----------------------------------------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) void special(struct murre_front *f, enum murre_op op) {
    switch (op) {
    case MURRE_OP_UNREACHABLE:
        if (f->emit)
            f->ops->unreachable(f->sink);
        front_set_unreachable(f);
        break;
    case MURRE_OP_NOP: break;
    case MURRE_OP_BLOCK:
    case MURRE_OP_LOOP:
    case MURRE_OP_IF: front_block(f, op); break;
    case MURRE_OP_ELSE: front_else(f); break;
    case MURRE_OP_END: front_end(f); break;
    case MURRE_OP_BR: front_br(f); break;
    case MURRE_OP_BR_IF: front_br_if(f); break;
    case MURRE_OP_BR_TABLE: front_br_table(f); break;
    case MURRE_OP_RETURN: front_return(f); break;
    case MURRE_OP_CALL: front_call(f); break;
    case MURRE_OP_CALL_INDIRECT: front_call_indirect(f); break;
    case MURRE_OP_CALL_REF: front_call_ref(f); break;
    case MURRE_OP_RETURN_CALL:
    case MURRE_OP_RETURN_CALL_INDIRECT:
    case MURRE_OP_RETURN_CALL_REF: front_return_call(f, op); break;
    case MURRE_OP_REF_AS_NON_NULL: front_as_non_null(f); break;
    case MURRE_OP_BR_ON_NULL: front_br_on_null(f); break;
    case MURRE_OP_BR_ON_NON_NULL: front_br_on_non_null(f); break;
    case MURRE_OP_DROP: front_pop(f, TYPE_ANY); break;
    case MURRE_OP_SELECT:
    case MURRE_OP_SELECT_T: front_select(f, op); break;
    case MURRE_OP_GLOBAL_GET:
    case MURRE_OP_GLOBAL_SET: front_global(f, op); break;
    case MURRE_OP_REF_NULL:
    case MURRE_OP_REF_IS_NULL:
    case MURRE_OP_REF_FUNC: front_reference(f, op); break;
    case MURRE_OP_MEMORY_SIZE:
    case MURRE_OP_MEMORY_GROW:
    case MURRE_OP_MEMORY_INIT:
    case MURRE_OP_MEMORY_COPY:
    case MURRE_OP_MEMORY_FILL:
    case MURRE_OP_DATA_DROP: front_memory(f, op); break;
    case MURRE_OP_TABLE_GET:
    case MURRE_OP_TABLE_SET:
    case MURRE_OP_TABLE_INIT:
    case MURRE_OP_TABLE_COPY:
    case MURRE_OP_TABLE_GROW:
    case MURRE_OP_TABLE_SIZE:
    case MURRE_OP_TABLE_FILL:
    case MURRE_OP_ELEM_DROP: front_table(f, op); break;
    default: __builtin_unreachable();
    }
}

static __attribute__((noinline)) void constant(struct murre_front *f, enum murre_op op) {
    struct murre_reader *r = &f->reader;
    switch (op) {
    case MURRE_OP_I32_CONST: front_push_const(f, MURRE_I32, (uint32_t)murre_read_s32(r)); break;
    case MURRE_OP_I64_CONST: front_push_const(f, MURRE_I64, (uint64_t)murre_read_s64(r)); break;
    case MURRE_OP_F32_CONST: front_push_const(f, MURRE_F32, murre_read_fixed32(r)); break;
    case MURRE_OP_F64_CONST: front_push_const(f, MURRE_F64, murre_read_fixed64(r)); break;
    default: {
        uint64_t offset = murre_reader_offset(r);
        if (murre_read_bytes(r, 16))
            front_push_const(f, MURRE_V128, offset);
        break;
    }
    }
}

static enum murre_op read_op(struct murre_front *f) {
    uint8_t byte = murre_read_byte(&f->reader);
    enum murre_op op = murre_op_by_byte[byte];
    if (__builtin_expect(op != MURRE_OP_COUNT, 1) || !murre_reader_ok(&f->reader))
        return op;
    if (byte >= 0xfb && byte <= 0xfe) {
        uint32_t code = murre_read_u32(&f->reader);
        if (!murre_reader_ok(&f->reader))
            return MURRE_OP_COUNT;
        op = murre_op_by_prefix(byte, code);
        if (op == MURRE_OP_COUNT)
            murre_error_set(f->error, MURRE_ERROR_MALFORMED, f->offset, "illegal opcode 0x%02x 0x%02x", byte, code);
        return op;
    }
    murre_error_set(f->error, MURRE_ERROR_MALFORMED, f->offset, "illegal opcode 0x%02x", byte);
    return op;
}

/* One jump an instruction: a case for each row of the table, and within it everything that the row says is a constant. */
static inline void lower_op(struct murre_front *f, enum murre_op op) {
#define CLASS_LOCAL(id)      front_local(f, MURRE_OP_##id)
#define CLASS_CONST(id)      constant(f, MURRE_OP_##id)
#define CLASS_UNARY(id)      unary(f, MURRE_OP_##id, &murre_op_info[MURRE_OP_##id])
#define CLASS_BINARY(id)     binary(f, MURRE_OP_##id, &murre_op_info[MURRE_OP_##id])
#define CLASS_COMPARE(id)    binary(f, MURRE_OP_##id, &murre_op_info[MURRE_OP_##id])
#define CLASS_LOAD(id)       load(f, MURRE_OP_##id, &murre_op_info[MURRE_OP_##id])
#define CLASS_STORE(id)      store(f, MURRE_OP_##id, &murre_op_info[MURRE_OP_##id])
#define CLASS_SHIFT(id)      binary(f, MURRE_OP_##id, &murre_op_info[MURRE_OP_##id])
#define CLASS_TERNARY(id)    vector(f, MURRE_OP_##id, &murre_op_info[MURRE_OP_##id])
#define CLASS_EXTRACT(id)    vector(f, MURRE_OP_##id, &murre_op_info[MURRE_OP_##id])
#define CLASS_REPLACE(id)    vector(f, MURRE_OP_##id, &murre_op_info[MURRE_OP_##id])
#define CLASS_SHUFFLE(id)    vector(f, MURRE_OP_##id, &murre_op_info[MURRE_OP_##id])
#define CLASS_LOAD_LANE(id)  lane(f, MURRE_OP_##id, &murre_op_info[MURRE_OP_##id])
#define CLASS_STORE_LANE(id) lane(f, MURRE_OP_##id, &murre_op_info[MURRE_OP_##id])
#define CLASS_SPECIAL(id)    special(f, MURRE_OP_##id)
#define CLASS_LATER(id)      front_fail_feature(f, murre_op_info[MURRE_OP_##id].feature)
    switch (op) {
#define OP(id, name, prefix, code, class, imm, result, operand, n, feature)                                 \
    case MURRE_OP_##id:                                                                                     \
        if (!(MURRE_FEATURE_##feature == MURRE_FEATURE_MVP || f->supported >> MURRE_FEATURE_##feature & 1)) \
            front_fail_feature(f, MURRE_FEATURE_##feature);                                                 \
        else                                                                                                \
            CLASS_##class(id);                                                                              \
        break;
#include "wasm/opcodes.def"
#undef OP
    case MURRE_OP_COUNT: break; /* refused by read_op */
    }
}

enum { BYTES_A_LOOK = 16384 }; /* less than three milliseconds */

/* At the body's end, or where it is time to look. */
static bool go_on(struct murre_front *f) {
    size_t left = murre_reader_left(&f->reader);
    f->look_at = f->reader.next + (left < BYTES_A_LOOK ? left : BYTES_A_LOOK);
    if (left)
        return front_look(f);
    murre_error_set(f->error, MURRE_ERROR_MALFORMED, f->offset, "unexpected end of function: END opcode expected");
    return false;
}

static void lower_body(struct murre_front *f) {
    while (f->depth && f->error->status == MURRE_OK) {
        f->offset = (uint32_t)murre_reader_offset(&f->reader);
        if (__builtin_expect(f->reader.next >= f->look_at, 0) && !go_on(f))
            return;
        enum murre_op op = read_op(f);
        lower_op(f, op);
    }
    if (f->error->status == MURRE_OK && f->reader.next != f->reader.end)
        murre_error_set(f->error, MURRE_ERROR_MALFORMED, murre_reader_offset(&f->reader),
                        "section size mismatch: junk after the end of a function");
}

enum murre_status murre_front_run(struct murre_front *f, const struct murre_module_info *module, uint32_t func_index,
                                  murre_features supported, struct murre_sink *sink, struct murre_error *error) {
    struct murre_error local_error = {0};
    uint32_t start, end;
    murre_module_body(module, func_index, &start, &end);
    f->error = &local_error;
    f->reader = (struct murre_reader){module->bytes, module->bytes + start, module->bytes + end, f->error};
    f->module = module;
    f->supported = supported;
    f->sink = sink;
    f->ops = sink ? sink->ops : NULL;
    f->type = murre_module_func_type(module, func_index);
    f->offset = start;
    f->param_slots_known = false;
    f->label_count = f->loop_count = f->height = f->flushed = f->depth = f->lazy_end = 0;
    f->max_height = 1;
    f->look_at = NULL;
    f->table_serial = 0;
    f->emit = sink != NULL;
    front_begin_types(f, end - start);
    /* The run before may have been left in its middle: by an error, or by its sink, which need not return (a compilation that is cancelled). */
    if (f->left && f->pending)
        memset(f->pending, 0, f->pending_capacity * sizeof *f->pending);
    f->left = sink != NULL;
    if (read_locals(f)) {
        f->func = (struct murre_sink_func){
            .module = module,
            .func_index = func_index,
            .type = f->type,
            .groups = f->groups,
            .group_count = f->group_count,
            .first_temp = f->first_temp,
            .body_size = end - start,
            .error = f->error,
            .offset = &f->offset,
        };
        if (sink)
            f->ops->begin(sink, &f->func);
        f->plain_locals = f->has_unset ? 0 : f->local_count;
        if (front_push_frame(f, FRAME_FUNC, (struct type_list){0}, front_results(f->type)))
            lower_body(f);
        if (sink && f->error->status == MURRE_OK)
            f->ops->end(sink, f->first_temp + f->max_height + 1);
    }
    enum murre_status status = local_error.status;
    f->left = status != MURRE_OK && sink;
    if (status != MURRE_OK && error)
        *error = local_error;
    return status;
}
