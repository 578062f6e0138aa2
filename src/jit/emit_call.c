/* Calls (4.4.10). The native convention is at the head of runtime/runtime.h. */
#include "jit/emit.h"

#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(((struct murre_func *)NULL)->type_id) == 4, "compared as 32 bits");
_Static_assert(sizeof(((struct murre_table *)NULL)->size) == 4, "compared as 32 bits");
_Static_assert(sizeof(union murre_slot) == 8, "results are 8 bytes apart");

/* ---- helpers ------------------------------------------------------------------------------------------------------ */

static MIR_type_t letter_type(char letter) {
    return letter == 'f' ? MIR_T_F : letter == 'd' ? MIR_T_D : MIR_T_I64;
}

static void declare_helper(struct murre_emit *e, enum murre_helper helper) {
    const struct murre_helper_info *info = &murre_helper_info[helper];
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    MIR_var_t vars[6];
    size_t count = strlen(info->params);
    for (size_t i = 0; i < count; i++)
        vars[i] = (MIR_var_t){.type = letter_type(info->params[i]), .name = names[i]};
    MIR_type_t result = letter_type(info->result);
    char name[64];
    snprintf(name, sizeof name, "%s_p", info->name);
    e->helper_protos[helper] = MIR_new_proto_arr(e->mir, name, info->result == 'v' ? 0 : 1, &result, count, vars);
    e->helper_imports[helper] = murre_mirctx_import(e->mir, info->name, info->function);
}

void murre_emit_helper(struct murre_emit *e, enum murre_helper helper, MIR_op_t result, const MIR_op_t *args) {
    if (e->helper_protos[helper] == NULL)
        declare_helper(e, helper);
    e->calls |= murre_helper_info[helper].takes_stack;
    MIR_op_t ops[9];
    size_t n = 0;
    ops[n++] = MIR_new_ref_op(e->mir, e->helper_protos[helper]);
    ops[n++] = MIR_new_ref_op(e->mir, e->helper_imports[helper]);
    if (murre_helper_info[helper].result != 'v')
        ops[n++] = result;
    for (size_t i = 0; murre_helper_info[helper].params[i] != '\0'; i++)
        ops[n++] = args[i];
    emit_append(e, MIR_new_insn_arr(e->mir, MIR_CALL, n, ops));
}

/* ---- calls -------------------------------------------------------------------------------------------------------- */

static MIR_item_t type_proto(struct murre_emit *e, uint32_t type_index) {
    if (e->type_protos == NULL)
        e->type_protos = murre_mirctx_alloc(((size_t)e->module->info.type_count + 1) * sizeof *e->type_protos);
    if (e->type_protos[type_index] != NULL)
        return e->type_protos[type_index];
    const struct murre_functype *type = &e->module->info.types[type_index].func;
    const struct murre_type *whole = &e->module->info.types[type_index];
    MIR_var_t *vars = murre_mirctx_alloc(((size_t)whole->param_slots + 1) * sizeof *vars);
    size_t count = 0;
    vars[count++] = (MIR_var_t){.type = MIR_T_I64, .name = "func"};
    for (uint32_t i = 0; i < type->param_count; i++) {
        bool vector = type->params[i] == MURRE_V128; /* its halves */
        vars[count++] = (MIR_var_t){.type = vector ? MIR_T_I64 : murre_emit_type(type->params[i]), .name = "a"};
        if (vector)
            vars[count++] = (MIR_var_t){.type = MIR_T_I64, .name = "a"};
    }
    bool has_result = whole->result_slots == 1;
    MIR_type_t result = has_result ? murre_emit_type(type->results[0]) : MIR_T_I64;
    char name[24];
    snprintf(name, sizeof name, "t%u", type_index);
    return e->type_protos[type_index] = MIR_new_proto_arr(e->mir, name, has_result ? 1 : 0, &result, count, vars);
}

/* More than one slot of results: the callee left them in store->results. A single one, a vector, goes to dst. */
static void fetch_results(struct murre_emit *e, const struct murre_functype *type, uint32_t base, uint32_t dst) {
    if (type->result_count == 1)
        base = dst;
    MIR_op_t results = murre_emit_scratch(e, EMIT_INT, 0);
    emit2(e, MIR_MOV, results, murre_emit_field(e, MIR_T_I64, murre_emit_instance(e), offsetof(struct murre_instance, results)));
    uint32_t slot = 0;
    for (uint32_t i = 0; i < type->result_count; i++) {
        enum emit_class class = murre_emit_class(type->results[i]);
        MIR_op_t from = MIR_new_mem_op(e->mir, murre_emit_memory_type(type->results[i]), (int64_t)slot * 8, results.u.reg, 0, 1);
        emit2(e, murre_emit_move_code(class), murre_emit_write(e, base + slot, class), from);
        slot += murre_valtype_slots(type->results[i]);
    }
}

/* ops[1] is the register for the entry. */
static MIR_insn_t call_entry(struct murre_emit *e, MIR_reg_t func, MIR_op_t *ops, size_t op_count) {
    emit2(e, MIR_MOV, ops[1], MIR_new_mem_op(e->mir, MIR_T_I64, offsetof(struct murre_func, entry), func, 0, 1));
    MIR_insn_t call = MIR_new_insn_arr(e->mir, MIR_CALL, op_count, ops);
    emit_append(e, call);
    return call;
}

/* A call of a function that may be the host's or another instance's: stores the caller and the callee (for a callee without a frame, see walk.h), sets
 * the memory register for the callee, and resets it afterwards. */
static void call_foreign(struct murre_emit *e, MIR_reg_t func, MIR_op_t *ops, size_t op_count) {
    MIR_reg_t instance = murre_emit_instance(e);
    MIR_op_t store = murre_emit_scratch(e, EMIT_INT, 0);
    emit2(e, MIR_MOV, store, murre_emit_field(e, MIR_T_I64, instance, offsetof(struct murre_instance, store)));
    emit2(e, MIR_MOV, MIR_new_mem_op(e->mir, MIR_T_I64, offsetof(struct murre_store, caller), store.u.reg, 0, 1), emit_reg(e, instance));
    emit2(e, MIR_MOV, MIR_new_mem_op(e->mir, MIR_T_I64, offsetof(struct murre_store, left), store.u.reg, 0, 1), emit_reg(e, func));
    emit2(e, MIR_MOV, emit_reg(e, murre_emit_memory(e)), murre_emit_field(e, MIR_T_I64, func, offsetof(struct murre_func, memory_base)));
    call_entry(e, func, ops, op_count)->origin |= MURRE_ORIGIN_LEAVES;
    if (e->module->info.memory_count != 0)
        emit2(e, MIR_MOV, emit_reg(e, murre_emit_memory(e)),
              murre_emit_field(e, MIR_T_I64, instance, offsetof(struct murre_instance, memory_base)));
}

/* Most likely the callee is of this instance; else the call is made out of line. */
static void call_any(struct murre_emit *e, MIR_reg_t func, MIR_op_t *ops, size_t op_count) {
    e->leaves = murre_emit_grow(e->leaves, e->leave_count, &e->leave_capacity, e->leave_count + 1, sizeof *e->leaves);
    struct emit_leave *leave = &e->leaves[e->leave_count++];
    *leave = (struct emit_leave){.label = murre_emit_new_label(e),
                                 .back = murre_emit_new_label(e),
                                 .func = func,
                                 .ops = ops,
                                 .op_count = op_count,
                                 .offset = *e->func->offset};
    emit3(e, MIR_BNE, emit_label_op(e, leave->label), murre_emit_field(e, MIR_T_I64, func, offsetof(struct murre_func, instance)),
          emit_reg(e, murre_emit_instance(e)));
    call_entry(e, func, ops, op_count);
    murre_emit_bind(e, leave->back);
}

void murre_emit_leaves(struct murre_emit *e) {
    for (uint32_t i = 0; i < e->leave_count; i++) {
        e->offset = e->leaves[i].offset;
        murre_emit_bind(e, e->leaves[i].label);
        call_foreign(e, e->leaves[i].func, e->leaves[i].ops, e->leaves[i].op_count);
        emit1(e, MIR_JMP, emit_label_op(e, e->leaves[i].back));
    }
}

enum callee { CALLEE_OWN, CALLEE_ITSELF, CALLEE_IMPORT, CALLEE_ANY };

/* func: a register with the struct murre_func. CALLEE_OWN: of this instance. CALLEE_ITSELF: the function being compiled, in its best
 * version. */
static void emit_call(struct murre_emit *e, uint32_t type_index, MIR_op_t func, enum callee callee, struct murre_arguments args,
                      uint32_t base, uint32_t dst) {
    const struct murre_type *whole = &e->module->info.types[type_index];
    const struct murre_functype *type = &whole->func;
    e->calls = true;
    murre_emit_memory(e); /* what is called finds it as it is: it must not be allocated here, used or not */
    MIR_op_t *ops = murre_mirctx_alloc(((size_t)whole->param_slots + 4) * sizeof *ops);
    size_t n = 0;
    ops[n++] = MIR_new_ref_op(e->mir, type_proto(e, type_index));
    ops[n++] = callee == CALLEE_ITSELF ? MIR_new_ref_op(e->mir, e->item) : murre_emit_scratch(e, EMIT_INT, 2);
    size_t result = n;
    if (whole->result_slots == 1)
        n++;
    ops[n++] = func;
    for (uint32_t i = 0, slot = 0, next = 0; i < type->param_count; slot += murre_valtype_slots(type->params[i++])) {
        struct murre_operand home = {MURRE_OPERAND_SLOT, type->params[i], base + slot, 0};
        MIR_op_t value = murre_emit_use_extended(e, next < args.count && args.args[next].index == slot ? args.args[next++].operand : home);
        if (type->params[i] == MURRE_V128) {
            ops[n] = emit_reg(e, murre_emit_new_reg(e, EMIT_INT));
            ops[n + 1] = emit_reg(e, murre_emit_new_reg(e, EMIT_INT));
            murre_vec_split(e->mir, e->item, ops[n], ops[n + 1], value);
            n += 2;
        } else {
            ops[n++] = value;
        }
    }
    if (whole->result_slots == 1)
        ops[result] = murre_emit_write(e, dst, murre_emit_class(type->results[0]));
    if (callee == CALLEE_IMPORT)
        call_foreign(e, func.u.reg, ops, n);
    else if (callee == CALLEE_ANY)
        call_any(e, func.u.reg, ops, n);
    else if (callee == CALLEE_OWN)
        call_entry(e, func.u.reg, ops, n);
    else
        emit_append(e, MIR_new_insn_arr(e->mir, MIR_CALL, n, ops));
    if (whole->result_slots > 1)
        fetch_results(e, type, base, dst);
}

/* The address of one of the instance's functions. */
static void func_address(struct murre_emit *e, MIR_op_t to, uint32_t func) {
    const struct murre_module_info *info = &e->module->info;
    MIR_reg_t instance = murre_emit_instance(e);
    if (func < info->func_import_count)
        emit2(e, MIR_MOV, to,
              murre_emit_field(e, MIR_T_I64, instance, (int64_t)e->module->layout.func_imports + (int64_t)func * (int64_t)sizeof(void *)));
    else
        emit3(
            e, MIR_ADD, to, emit_reg(e, instance),
            emit_int(e, (int64_t)e->module->layout.funcs + (int64_t)(func - info->func_import_count) * (int64_t)sizeof(struct murre_func)));
}

void murre_emit_call(struct murre_sink *sink, uint32_t func, struct murre_arguments args, uint32_t base, uint32_t dst) {
    struct murre_emit *e = (struct murre_emit *)sink;
    const struct murre_module_info *info = &e->module->info;
    if (func == e->func->func_index && e->direct_self) {
        emit_call(e, info->func_types[func], emit_reg(e, e->func_reg), CALLEE_ITSELF, args, base, dst);
        return;
    }
    MIR_op_t callee = murre_emit_scratch(e, EMIT_INT, 1);
    func_address(e, callee, func);
    emit_call(e, info->func_types[func], callee, func < info->func_import_count ? CALLEE_IMPORT : CALLEE_OWN, args, base, dst);
}

void murre_emit_ref_func(struct murre_sink *sink, uint32_t dst, uint32_t func) {
    struct murre_emit *e = (struct murre_emit *)sink;
    func_address(e, murre_emit_write(e, dst, EMIT_INT), func);
}

/* May a function of another type be of this one, too? */
static bool is_open(const struct murre_emit *e, uint32_t type) {
    const struct murre_module_info *info = &e->module->info;
    return info->subs != NULL && info->subs[murre_type_canon(info, type)].is_open;
}

static void check_subtype(struct murre_emit *e, MIR_op_t callee, MIR_op_t found, MIR_op_t wanted) {
    MIR_label_t same = murre_emit_new_label(e);
    emit3(e, MIR_BEQS, emit_label_op(e, same), found, wanted);
    MIR_op_t result = murre_emit_scratch(e, EMIT_INT, 0), helper_args[2] = {callee, wanted};
    murre_emit_helper(e, MURRE_HELPER_HAS_SUPER, result, helper_args);
    emit2(e, MIR_BFS, murre_emit_trap(e, MURRE_TRAP_INDIRECT_TYPE), result);
    murre_emit_bind(e, same);
}

/* The bounds, then the signature in one compare: a null entry faults there, at a tiny address, and the fault handler makes it the trap it is
 * (trap.h). Where the engine must not rely on faults it is asked for. */
void murre_emit_call_indirect(struct murre_sink *sink, uint32_t type, uint32_t table, struct murre_operand index,
                              struct murre_arguments args, uint32_t base, uint32_t dst) {
    struct murre_emit *e = (struct murre_emit *)sink;
    MIR_reg_t table_reg = murre_emit_table(e, table, 0);
    emit3(e, MIR_UBGES, murre_emit_trap(e, MURRE_TRAP_INDIRECT_BOUNDS), murre_emit_use(e, index),
          murre_emit_table_field(e, MIR_T_U32, table_reg, 0, offsetof(struct murre_table, size)));
    MIR_op_t elems = murre_emit_scratch(e, EMIT_INT, 0), callee = murre_emit_scratch(e, EMIT_INT, 1);
    MIR_op_t which = murre_emit_use_extended(e, index);
    emit2(e, MIR_MOV, elems, murre_emit_table_field(e, MIR_T_I64, table_reg, 0, offsetof(struct murre_table, elems)));
    MIR_op_t entry = which.mode == MIR_OP_INT ? murre_emit_table_field(e, MIR_T_I64, elems.u.reg, 0, which.u.i * 8)
                                              : murre_emit_table_field(e, MIR_T_I64, elems.u.reg, which.u.reg, 0);
    emit2(e, MIR_MOV, callee, entry);
    if (e->explicit_bounds)
        emit2(e, MIR_BF, murre_emit_trap(e, MURRE_TRAP_INDIRECT_NULL), callee);
    MIR_op_t found = MIR_new_alias_mem_op(e->mir, MIR_T_U32, offsetof(struct murre_func, type_id), callee.u.reg, 0, 1, e->callee_alias, 0);
    MIR_op_t wanted = emit_int(e, (int32_t)e->module->type_ids[type]);
    if (is_open(e, type))
        check_subtype(e, callee, found, wanted);
    else
        emit3(e, MIR_BNES, murre_emit_trap(e, MURRE_TRAP_INDIRECT_TYPE), found, wanted);
    emit_call(e, type, callee, CALLEE_ANY, args, base, dst);
}

void murre_emit_call_ref(struct murre_sink *sink, uint32_t type, struct murre_operand func, bool nullable, struct murre_arguments args,
                         uint32_t base, uint32_t dst) {
    struct murre_emit *e = (struct murre_emit *)sink;
    MIR_op_t callee = murre_emit_scratch(e, EMIT_INT, 1);
    emit2(e, MIR_MOV, callee, murre_emit_use(e, func));
    if (nullable)
        emit2(e, MIR_BF, murre_emit_trap(e, MURRE_TRAP_NULL_FUNCTION), callee);
    emit_call(e, type, callee, CALLEE_ANY, args, base, dst);
}

void murre_emit_non_null(struct murre_sink *sink, struct murre_operand a) {
    struct murre_emit *e = (struct murre_emit *)sink;
    emit2(e, MIR_BF, murre_emit_trap(e, MURRE_TRAP_NULL_REFERENCE), murre_emit_use(e, a));
}

void murre_emit_return_call(struct murre_sink *sink, uint32_t func, struct murre_arguments args, uint32_t base) {
    struct murre_emit *e = (struct murre_emit *)sink;
    if (func != e->func->func_index)
        murre_mirctx_fail("no code for tail calls");
    murre_emit_restart(e, args, base);
}

void murre_emit_return_call_indirect(struct murre_sink *sink, uint32_t type, uint32_t table, struct murre_operand index,
                                     struct murre_arguments args, uint32_t base) {
    (void)sink, (void)type, (void)table, (void)index, (void)args, (void)base;
    murre_mirctx_fail("no code for tail calls");
}

void murre_emit_return_call_ref(struct murre_sink *sink, uint32_t type, struct murre_operand func, bool nullable,
                                struct murre_arguments args, uint32_t base) {
    (void)sink, (void)type, (void)func, (void)nullable, (void)args, (void)base;
    murre_mirctx_fail("no code for tail calls");
}

/* Two results or more go to the store. */
static void put_result(struct murre_emit *e, MIR_op_t to, uint32_t slot, struct murre_operand result) {
    MIR_op_t value = murre_emit_use(e, result);
    emit2(e, murre_emit_move_code(murre_emit_class(result.type)),
          MIR_new_mem_op(e->mir, murre_emit_type(result.type), (int64_t)slot * 8, to.u.reg, 0, 1), value);
}

static MIR_op_t results_of_store(struct murre_emit *e) {
    MIR_op_t to = murre_emit_scratch(e, EMIT_INT, 0);
    emit2(e, MIR_MOV, to, murre_emit_field(e, MIR_T_I64, murre_emit_instance(e), offsetof(struct murre_instance, results)));
    return to;
}

void murre_emit_ret(struct murre_sink *sink, const struct murre_operand *results, uint32_t count) {
    struct murre_emit *e = (struct murre_emit *)sink;
    if (count == 1 && results[0].type != MURRE_V128) {
        MIR_op_t value = murre_emit_use_extended(e, results[0]);
        emit2(e, murre_emit_move_code(e->result_class), emit_reg(e, e->result_reg), value);
    } else if (count) {
        MIR_op_t to = results_of_store(e);
        for (uint32_t i = 0, slot = 0; i < count; slot += murre_valtype_slots(results[i++].type))
            put_result(e, to, slot, results[i]);
    }
    emit1(e, MIR_JMP, emit_label_op(e, e->ret_label));
}

void murre_emit_ret_range(struct murre_sink *sink, uint32_t src, const uint8_t *types, uint32_t count) {
    struct murre_emit *e = (struct murre_emit *)sink;
    MIR_op_t to = results_of_store(e);
    for (uint32_t i = 0; i < count; i += murre_valtype_slots(types[i]))
        put_result(e, to, i, (struct murre_operand){MURRE_OPERAND_SLOT, types[i], src + i, 0});
    emit1(e, MIR_JMP, emit_label_op(e, e->ret_label));
}
