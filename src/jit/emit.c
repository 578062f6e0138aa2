/* See emit.h: registers, labels, constants, and the code around the body. */
#include "jit/emit.h"

#include <stdio.h>
#include <string.h>

#include "runtime/trap.h"
#include "wasm/loops.h"

_Static_assert(offsetof(struct murre_func, entry) == 0, "calls go through the first field");
_Static_assert(offsetof(struct murre_func, type_id) < 4096, "a null function faults in the null page");
_Static_assert(sizeof(((struct murre_instance *)NULL)->stack_limit) == 8, "compared as 64 bits");

/* The level above which tiers do not climb. */
enum { BEST_LEVEL = 2 };

/* ---- memory ------------------------------------------------------------------------------------------------------- */

void *murre_emit_grow(void *array, uint32_t count, uint32_t *capacity, uint32_t needed, size_t size) {
    if (needed <= *capacity)
        return array;
    uint32_t larger = *capacity < 16 ? 16 : *capacity * 2;
    if (larger < needed)
        larger = needed;
    void *grown = murre_mirctx_alloc((size_t)larger * size);
    if (count != 0)
        memcpy(grown, array, (size_t)count * size);
    *capacity = larger;
    return grown;
}

/* ---- types -------------------------------------------------------------------------------------------------------- */

enum emit_class murre_emit_class(murre_valtype type) {
    switch (type) {
    case MURRE_F32: return EMIT_FLOAT;
    case MURRE_F64: return EMIT_DOUBLE;
    case MURRE_V128: return EMIT_VECTOR;
    default: return EMIT_INT;
    }
}

static MIR_type_t class_type(enum emit_class class) {
    static const MIR_type_t types[EMIT_CLASSES] = {MIR_T_I64, MIR_T_F, MIR_T_D, MIR_T_V128};
    return types[class];
}

MIR_type_t murre_emit_type(murre_valtype type) {
    return class_type(murre_emit_class(type));
}

MIR_type_t murre_emit_memory_type(murre_valtype type) {
    return type == MURRE_I32 ? MIR_T_U32 : murre_emit_type(type);
}

MIR_insn_code_t murre_emit_move_code(enum emit_class class) {
    static const MIR_insn_code_t codes[EMIT_CLASSES] = {MIR_MOV, MIR_FMOV, MIR_DMOV, MIR_VMOV};
    return codes[class];
}

/* ---- registers ---------------------------------------------------------------------------------------------------- */

static void make_name(char *buffer, char prefix, uint32_t number) {
    char digits[12];
    int n = 0;
    do {
        digits[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    *buffer++ = prefix;
    while (n > 0)
        *buffer++ = digits[--n];
    *buffer = '\0';
}

MIR_reg_t murre_emit_new_reg(struct murre_emit *e, enum emit_class class) {
    char name[16];
    make_name(name, 'r', e->name++);
    return MIR_new_func_reg(e->mir, e->mir_func, class_type(class), name);
}

MIR_op_t murre_emit_scratch(struct murre_emit *e, enum emit_class class, unsigned which) {
    MIR_reg_t *reg = &e->scratch[class][which & 3];
    if (*reg == 0)
        *reg = murre_emit_new_reg(e, class);
    return emit_reg(e, *reg);
}

static struct emit_slot *slot_at(struct murre_emit *e, uint32_t slot) {
    if (slot >= e->slot_capacity) {
        uint32_t count = e->slot_capacity;
        e->slots = murre_emit_grow(e->slots, count, &e->slot_capacity, slot + 1, sizeof *e->slots);
    }
    return &e->slots[slot];
}

static MIR_reg_t slot_reg(struct murre_emit *e, struct emit_slot *slot, enum emit_class class) {
    if (slot->regs[class] == 0)
        slot->regs[class] = murre_emit_new_reg(e, class);
    return slot->regs[class];
}

MIR_op_t murre_emit_read(struct murre_emit *e, uint32_t number, enum emit_class class) {
    struct emit_slot *slot = slot_at(e, number);
    if (number < e->first_temp && !slot->written[class])
        slot->zeroed[class] = true;
    return emit_reg(e, slot_reg(e, slot, class));
}

MIR_op_t murre_emit_write(struct murre_emit *e, uint32_t number, enum emit_class class) {
    struct emit_slot *slot = slot_at(e, number);
    if (number < e->first_temp && !slot->written[class] && !slot->zeroed[class]) {
        if (e->straight)
            slot->written[class] = true;
        else
            slot->zeroed[class] = true;
    }
    return emit_reg(e, slot_reg(e, slot, class));
}

bool murre_emit_is_slot(struct murre_operand operand, uint32_t slot) {
    return operand.kind == MURRE_OPERAND_SLOT && operand.slot == slot;
}

/* ---- operands ----------------------------------------------------------------------------------------------------- */

static MIR_op_t float_constant(struct murre_emit *e, enum emit_class class, uint64_t bits) {
    float narrow;
    double wide;
    if (class == EMIT_FLOAT) {
        uint32_t low = (uint32_t)bits;
        memcpy(&narrow, &low, sizeof narrow);
        return MIR_new_float_op(e->mir, narrow);
    }
    memcpy(&wide, &bits, sizeof wide);
    return MIR_new_double_op(e->mir, wide);
}

void murre_emit_zero(struct murre_emit *e, enum emit_class class, MIR_op_t reg) {
    static const uint8_t zeroes[16];
    if (class == EMIT_VECTOR)
        murre_vec_constant(e->mir, e->item, reg, zeroes);
    else
        emit2(e, murre_emit_move_code(class), reg, class == EMIT_INT ? emit_int(e, 0) : float_constant(e, class, 0));
}

MIR_op_t murre_emit_use(struct murre_emit *e, struct murre_operand operand) {
    enum emit_class class = murre_emit_class(operand.type);
    if (operand.kind == MURRE_OPERAND_SLOT)
        return murre_emit_read(e, operand.slot, class);
    if (class == EMIT_VECTOR)
        return murre_emit_vector_constant(e, operand.bits);
    if (class != EMIT_INT)
        return float_constant(e, class, operand.bits);
    return emit_int(e, operand.type == MURRE_I32 ? (int32_t)operand.bits : (int64_t)operand.bits);
}

MIR_op_t murre_emit_use_extended(struct murre_emit *e, struct murre_operand operand) {
    if (operand.kind == MURRE_OPERAND_CONST && operand.type == MURRE_I32)
        return emit_int(e, (int64_t)(uint32_t)operand.bits);
    return murre_emit_use(e, operand);
}

/* ---- labels ------------------------------------------------------------------------------------------------------- */

static MIR_label_t label_at(struct murre_emit *e, uint32_t label) {
    if (label >= e->label_capacity) {
        uint32_t count = e->label_capacity;
        e->labels = murre_emit_grow(e->labels, count, &e->label_capacity, label + 1, sizeof *e->labels);
    }
    if (e->labels[label] == NULL)
        e->labels[label] = MIR_new_label(e->mir);
    return e->labels[label];
}

MIR_op_t murre_emit_label(struct murre_emit *e, uint32_t label) {
    e->straight = false;
    return emit_label_op(e, label_at(e, label));
}

MIR_label_t murre_emit_new_label(struct murre_emit *e) {
    return MIR_new_label(e->mir);
}

void murre_emit_bind(struct murre_emit *e, MIR_label_t label) {
    emit_append(e, label);
}

static void bind_label(struct murre_sink *sink, uint32_t label) {
    struct murre_emit *e = (struct murre_emit *)sink;
    e->straight = false;
    emit_append(e, label_at(e, label));
}

/* Entering a loop in the middle must not spoil the loops around it. A jump from the entry straight to the header would give those a second
 * way in, so that MIR no longer takes them for loops, and would merge a second value of every local at the header. Instead the entry goes the
 * way that any pass goes: to the header of the outermost loop, and from header to header by a test of `entering` in each. */
static void pass_on(struct murre_emit *e, uint32_t index) {
    for (uint32_t i = 0; i < e->nest_count; i++)
        if (e->nest[i] == index) {
            emit_append(e, e->nest_labels[i]);
            emit2(e, MIR_BT, emit_label_op(e, e->nest_labels[i + 1]), emit_reg(e, e->entering));
        }
}

/* Behind the last of them. */
static void arrive(struct murre_emit *e) {
    if (e->nest_count == 0)
        return;
    emit_append(e, e->nest_labels[e->nest_count]);
    emit2(e, MIR_MOV, emit_reg(e, e->entering), emit_int(e, 0));
    emit1(e, MIR_JMP, emit_label_op(e, e->osr_label));
}

static void find_nest(struct murre_emit *e) {
    e->nest_count = murre_loop_nest(&e->module->info, e->func->func_index, e->loop, e->nest, EMIT_NEST);
    for (uint32_t i = 0; i <= e->nest_count; i++)
        e->nest_labels[i] = MIR_new_label(e->mir);
    if (e->nest_count)
        e->entering = murre_emit_new_reg(e, EMIT_INT);
}

/* Without signals nobody stops a loop but itself. In a helper, because MIR might move a load out of the loop. */
static void poll(struct murre_emit *e) {
    if (!e->module->engine->config.no_signals)
        return;
    MIR_op_t instance = emit_reg(e, murre_emit_instance(e));
    murre_emit_helper(e, MURRE_HELPER_POLL, instance, &instance);
}

static void bind_loop(struct murre_sink *sink, uint32_t label, uint32_t index, const struct murre_operand *live, uint32_t live_count) {
    struct murre_emit *e = (struct murre_emit *)sink;
    e->has_loop = true;
    bind_label(sink, label);
    pass_on(e, index);
    poll(e);
    if (index != e->loop)
        return;
    e->osr_label = label_at(e, label);
    e->osr_live = murre_mirctx_alloc(((size_t)live_count + 1) * sizeof *e->osr_live);
    for (uint32_t i = 0; i < live_count; i++)
        if (live[i].kind == MURRE_OPERAND_SLOT)
            e->osr_live[e->osr_live_count++] = (struct emit_live){.slot = live[i].slot, .type = live[i].type};
}

static MIR_op_t trap_at(struct murre_emit *e, enum murre_trapkind kind, uint32_t offset) {
    for (uint32_t i = e->trap_count; i > 0 && e->traps[i - 1].offset == offset; i--)
        if (e->traps[i - 1].kind == (uint32_t)kind)
            return emit_label_op(e, e->traps[i - 1].label);
    e->traps = murre_emit_grow(e->traps, e->trap_count, &e->trap_capacity, e->trap_count + 1, sizeof *e->traps);
    struct emit_trap *trap = &e->traps[e->trap_count++];
    *trap = (struct emit_trap){.label = MIR_new_label(e->mir), .kind = (uint32_t)kind, .offset = offset};
    return emit_label_op(e, trap->label);
}

MIR_op_t murre_emit_trap(struct murre_emit *e, enum murre_trapkind kind) {
    return trap_at(e, kind, *e->func->offset);
}

/* ---- fixed values ------------------------------------------------------------------------------------------------- */

MIR_reg_t murre_emit_instance(struct murre_emit *e) {
    if (e->instance_reg == 0)
        e->instance_reg = MIR_new_func_reg(e->mir, e->mir_func, MIR_T_I64, "instance");
    return e->instance_reg;
}

MIR_reg_t murre_emit_memory(struct murre_emit *e) {
    if (e->memory_reg == 0)
        e->memory_reg = MIR_new_global_func_reg(e->mir, e->mir_func, MIR_T_I64, "memory", murre_arch_mir_memory_register);
    return e->memory_reg;
}

MIR_op_t murre_emit_field(struct murre_emit *e, MIR_type_t type, MIR_reg_t base, int64_t offset) {
    return MIR_new_alias_mem_op(e->mir, type, offset, base, 0, 1, e->instance_alias, 0);
}

/* ---- moves -------------------------------------------------------------------------------------------------------- */

static void emit_copy(struct murre_sink *sink, uint32_t dst, struct murre_operand a) {
    struct murre_emit *e = (struct murre_emit *)sink;
    enum emit_class class = murre_emit_class(a.type);
    MIR_op_t value = murre_emit_use_extended(e, a);
    if (!murre_emit_is_slot(a, dst))
        emit2(e, murre_emit_move_code(class), murre_emit_write(e, dst, class), value);
}

static void emit_copy_range(struct murre_sink *sink, uint32_t dst, uint32_t src, const uint8_t *types, uint32_t count) {
    for (uint32_t i = 0; i < count; i += murre_valtype_slots(types[i]))
        emit_copy(sink, dst + i, (struct murre_operand){MURRE_OPERAND_SLOT, types[i], src + i, 0});
}

static void emit_unreachable(struct murre_sink *sink) {
    struct murre_emit *e = (struct murre_emit *)sink;
    emit1(e, MIR_JMP, murre_emit_trap(e, MURRE_TRAP_UNREACHABLE));
}

/* ---- starting again ----------------------------------------------------------------------------------------------- */

/* Arguments to their homes, then all of them to the parameters: some may be made of others. Declared locals are set to zero out of line. */
void murre_emit_restart(struct murre_emit *e, struct murre_arguments args, uint32_t base) {
    const struct murre_functype *type = &e->func->type->func;
    e->has_loop = true;
    for (uint32_t i = 0; i < args.count; i++)
        emit_copy(&e->sink, args.args[i].slot, args.args[i].operand);
    for (uint32_t i = 0, slot = 0; i < type->param_count; slot += murre_valtype_slots(type->params[i++]))
        emit_copy(&e->sink, slot, (struct murre_operand){MURRE_OPERAND_SLOT, type->params[i], base + slot, 0});
    poll(e);
    if (!e->restart_label)
        e->restart_label = MIR_new_label(e->mir);
    e->straight = false;
    emit1(e, MIR_JMP, emit_label_op(e, e->restart_label));
}

/* Behind the body. In code that is entered at a loop no local has been set to zero yet. */
static void emit_restart_block(struct murre_emit *e, MIR_label_t body) {
    murre_emit_bind(e, e->restart_label);
    for (uint32_t i = 0; i < e->func->group_count; i++) {
        const struct murre_local_group *group = &e->func->groups[i];
        enum emit_class class = murre_emit_class(group->type);
        for (uint32_t k = 0; k < group->count; k++) {
            struct emit_slot *slot = slot_at(e, group->slot + k * murre_valtype_slots(group->type));
            if (slot->regs[class] != 0 && (slot->zeroed[class] || e->loop != UINT32_MAX))
                murre_emit_zero(e, class, emit_reg(e, slot->regs[class]));
        }
    }
    emit1(e, MIR_JMP, emit_label_op(e, body));
}

/* ---- begin and end ------------------------------------------------------------------------------------------------ */

static void begin(struct murre_sink *sink, const struct murre_sink_func *func) {
    struct murre_emit *e = (struct murre_emit *)sink;
    e->func = func;
    MIR_set_origin(e->mir, func->offset);
    e->first_temp = func->first_temp;
    e->slots = murre_emit_grow(NULL, 0, &e->slot_capacity, func->first_temp + 16, sizeof *e->slots);
    const struct murre_functype *type = &func->type->func;
    bool entry_of_loop = e->loop != UINT32_MAX;
    uint32_t params = entry_of_loop ? 1 : func->type->param_slots;
    MIR_var_t *vars = murre_mirctx_alloc(((size_t)params + 1) * sizeof *vars);
    char *names = murre_mirctx_alloc(((size_t)params + 1) * 16);
    for (uint32_t i = 0; i <= params; i++) {
        make_name(names + (size_t)i * 16, 'p', i);
        vars[i].name = names + (size_t)i * 16;
        vars[i].type = MIR_T_I64; /* also of the halves of a vector */
    }
    for (uint32_t i = 0, slot = 0; !entry_of_loop && i < type->param_count; slot += murre_valtype_slots(type->params[i++]))
        if (type->params[i] != MURRE_V128)
            vars[slot + 1].type = murre_emit_type(type->params[i]);
    MIR_type_t result = MIR_T_I64;
    bool has_result = func->type->result_slots == 1;
    if (has_result) {
        e->result_class = murre_emit_class(type->results[0]);
        result = class_type(e->result_class);
    }
    e->item = MIR_new_func_arr(e->mir, "f", has_result ? 1 : 0, &result, (size_t)params + 1, vars);
    e->mir_func = e->item->u.func;
    e->func_reg = 1;
    if (entry_of_loop) {
        e->frame_reg = 2;
    } else {
        for (uint32_t i = 0, slot = 0; i < type->param_count; slot += murre_valtype_slots(type->params[i++])) {
            enum emit_class class = murre_emit_class(type->params[i]);
            e->slots[slot].regs[class] = class == EMIT_VECTOR ? murre_emit_new_reg(e, class) : slot + 2;
            e->slots[slot].written[class] = true;
        }
    }
    if (has_result)
        e->result_reg = murre_emit_new_reg(e, e->result_class);
    e->ret_label = MIR_new_label(e->mir);
    if (entry_of_loop)
        find_nest(e);
}

/* One block a trap; none returns, so each falls into the next and the last goes to the return, with a result for MIR's peace. */
static void emit_traps(struct murre_emit *e) {
    if (e->trap_count == 0)
        return;
    for (uint32_t i = 0; i < e->trap_count; i++) {
        e->offset = e->traps[i].offset;
        murre_emit_bind(e, e->traps[i].label);
        MIR_op_t kind = emit_int(e, e->traps[i].kind);
        murre_emit_helper(e, MURRE_HELPER_TRAP, kind, &kind);
    }
    if (e->result_reg != 0)
        murre_emit_zero(e, e->result_class, emit_reg(e, e->result_reg));
    emit1(e, MIR_JMP, emit_label_op(e, e->ret_label));
}

static void load_slot(struct murre_emit *e, uint32_t number, murre_valtype type) {
    enum emit_class class = murre_emit_class(type);
    MIR_op_t from = MIR_new_mem_op(e->mir, murre_emit_memory_type(type), (int64_t)number * 8, e->frame_reg, 0, 1);
    emit2(e, murre_emit_move_code(class), emit_reg(e, slot_reg(e, slot_at(e, number), class)), from);
}

static void emit_local(struct murre_emit *e, uint32_t number, murre_valtype type) {
    enum emit_class class = murre_emit_class(type);
    struct emit_slot *slot = slot_at(e, number);
    if (slot->regs[class] == 0)
        return;
    if (e->loop != UINT32_MAX)
        load_slot(e, number, type);
    else if (slot->zeroed[class])
        murre_emit_zero(e, class, emit_reg(e, slot->regs[class]));
    else if (class == EMIT_VECTOR && number < e->func->type->param_slots) /* it came as two integers */
        murre_vec_join(e->mir, e->item, emit_reg(e, slot->regs[class]), emit_reg(e, number + 2), emit_reg(e, number + 3));
}

static void emit_locals(struct murre_emit *e) {
    const struct murre_functype *type = &e->func->type->func;
    for (uint32_t i = 0, slot = 0; i < type->param_count; slot += murre_valtype_slots(type->params[i++]))
        emit_local(e, slot, type->params[i]);
    for (uint32_t i = 0; i < e->func->group_count; i++) {
        const struct murre_local_group *group = &e->func->groups[i];
        for (uint32_t k = 0; k < group->count; k++)
            emit_local(e, group->slot + k * murre_valtype_slots(group->type), group->type);
    }
    for (uint32_t i = 0; i < e->osr_live_count; i++)
        load_slot(e, e->osr_live[i].slot, e->osr_live[i].type);
}

/* overflow, interrupt: where to go, or of no mode. */
static void emit_prologue(struct murre_emit *e, MIR_op_t overflow, MIR_op_t interrupt) {
    if (e->instance_reg != 0)
        emit2(e, MIR_MOV, emit_reg(e, e->instance_reg), murre_emit_field(e, MIR_T_I64, e->func_reg, offsetof(struct murre_func, instance)));
    if (e->calls) {
        /* The frame is set up by now: for what is larger than SMALL_FRAME see check_large_frames. */
        MIR_op_t stack = murre_emit_scratch(e, EMIT_INT, 0);
        murre_ext_emit_stack_pointer(e->mir, e->item, stack);
        emit3(e, MIR_UBLT, overflow, stack, murre_emit_field(e, MIR_T_I64, e->instance_reg, offsetof(struct murre_instance, stack_limit)));
    }
    if (interrupt.mode == MIR_OP_LABEL) {
        MIR_op_t asked = murre_emit_scratch(e, EMIT_INT, 0);
        emit2(e, MIR_MOV, asked, murre_emit_field(e, MIR_T_I64, e->instance_reg, offsetof(struct murre_instance, store)));
        emit2(e, MIR_BT, interrupt, murre_emit_field(e, MIR_T_U8, asked.u.reg, offsetof(struct murre_store, interrupt)));
    }
    emit_locals(e);
    if (e->loop == UINT32_MAX)
        return;
    if (e->nest_count)
        emit2(e, MIR_MOV, emit_reg(e, e->entering), emit_int(e, 1));
    emit1(e, MIR_JMP, emit_label_op(e, e->nest_count ? e->nest_labels[0] : e->osr_label));
}

static void end(struct murre_sink *sink, uint32_t slot_count) {
    struct murre_emit *e = (struct murre_emit *)sink;
    (void)slot_count;
    if (e->loop != UINT32_MAX && e->osr_label == NULL)
        murre_mirctx_fail("no loop %u", e->loop);
    murre_emit_bind(e, e->ret_label);
    MIR_op_t result = emit_reg(e, e->result_reg);
    emit_append(e, MIR_new_insn_arr(e->mir, MIR_RET, e->result_reg != 0 ? 1 : 0, &result));
    MIR_op_t overflow = {0}, interrupt = {0};
    uint32_t start, end_of_body;
    murre_module_body(&e->module->info, e->func->func_index, &start, &end_of_body);
    if (e->calls) {
        overflow = trap_at(e, MURRE_TRAP_STACK, start);
        murre_emit_instance(e);
    }
    /* Without signals nobody stops a recursion but itself. */
    if (e->calls && e->module->engine->config.no_signals)
        interrupt = trap_at(e, MURRE_TRAP_INTERRUPT, start);
    arrive(e);
    MIR_label_t body = e->restart_label ? MIR_new_label(e->mir) : NULL;
    if (body)
        emit_restart_block(e, body);
    MIR_set_origin(e->mir, &e->offset);
    murre_emit_leaves(e);
    emit_traps(e);
    MIR_set_origin(e->mir, NULL);
    /* The prologue is built like anything else, then moved to the front, last instruction first. */
    MIR_insn_t last = DLIST_TAIL(MIR_insn_t, e->mir_func->insns);
    emit_prologue(e, overflow, interrupt);
    if (body)
        murre_emit_bind(e, body);
    for (MIR_insn_t insn; (insn = DLIST_TAIL(MIR_insn_t, e->mir_func->insns)) != last;) {
        DLIST_REMOVE(MIR_insn_t, e->mir_func->insns, insn);
        MIR_prepend_insn(e->mir, e->item, insn);
    }
    MIR_finish_func(e->mir);
}

static const struct murre_sink_ops emit_ops = {
    .begin = begin,
    .end = end,
    .copy = emit_copy,
    .copy_range = emit_copy_range,
    .unary = murre_emit_unary,
    .binary = murre_emit_binary,
    .vector = murre_emit_vector,
    .lane = murre_emit_lane,
    .select = murre_emit_select,
    .load = murre_emit_load,
    .store = murre_emit_store,
    .global_get = murre_emit_global_get,
    .global_set = murre_emit_global_set,
    .ref_func = murre_emit_ref_func,
    .label = bind_label,
    .loop = bind_loop,
    .branch = murre_emit_branch,
    .branch_if = murre_emit_branch_if,
    .branch_table = murre_emit_branch_table,
    .ret = murre_emit_ret,
    .ret_range = murre_emit_ret_range,
    .unreachable = emit_unreachable,
    .call = murre_emit_call,
    .call_indirect = murre_emit_call_indirect,
    .call_ref = murre_emit_call_ref,
    .return_call = murre_emit_return_call,
    .return_call_indirect = murre_emit_return_call_indirect,
    .return_call_ref = murre_emit_return_call_ref,
    .non_null = murre_emit_non_null,
    .bulk = murre_emit_bulk,
};

/* The room for C code below the stack's limit (thread.c) is not for compiled frames. A function that calls compares its stack pointer with
 * the limit, but when it has set up its frame, and a leaf does not ask. Both may only take little then; how much a function takes is known when
 * its registers are allocated, so MIR checks what takes more, at its very start. */
static const size_t SMALL_FRAME = 1024;

static void check_large_frames(MIR_context_t mir) {
    MIR_set_stack_check(mir, (MIR_stack_check_t){.handler = (const void *)murre_trap_raise_entry,
                                                 .size = SMALL_FRAME,
                                                 .pointer = offsetof(struct murre_func, instance),
                                                 .limit = offsetof(struct murre_instance, stack_limit)});
}

void murre_emit_init(struct murre_emit *emit, MIR_context_t mir, MIR_module_t mir_module, struct murre_module *module, uint32_t loop,
                     int level) {
    *emit = (struct murre_emit){
        .sink = {.ops = &emit_ops, .live_loop = loop},
        .mir = mir,
        .mir_module = mir_module,
        .module = module,
        .loop = loop,
        .explicit_bounds = module->explicit_bounds,
        .direct_self = loop == UINT32_MAX && level >= BEST_LEVEL,
        .straight = true,
    };
    check_large_frames(mir);
    emit->memory_alias = murre_mirctx_trap_alias(mir);
    emit->instance_alias = MIR_alias(mir, "instance");
    emit->table_alias = MIR_alias(mir, "table");
    emit->callee_alias = MIR_alias(mir, "callee");
    MIR_set_fault_alias(mir, emit->callee_alias);
    MIR_set_frame_arg(mir, true);
}
