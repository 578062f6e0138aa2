/* The builder: start and end of functions, labels, branches, calls, returns. */
#include "interp/build.h"

#include <string.h>

enum { BRANCH_TEST = 4, BRANCH_INT = 8, BRANCH_FLOAT = 4, BRANCH_FLOAT_NEGATED = 8 }; /* from a family's first op, see ops.def */
enum { BACK_TEST = 2, BACK_INT = 4, BACK_FLOAT = 2 };                                 /* from BR_ to BACK_ */

/* ---- functions --------------------------------------------------------------------------------------------------- */

void build_begin(struct murre_sink *sink, const struct murre_sink_func *func) {
    struct builder *b = (struct builder *)sink;
    b->func = func;
    b->failed = false;
    b->param_slots = func->type->param_slots;
    b->count = 0;
    b->label_count = 0;
    b->bind_count = 0;
    b->fixup_count = 0;
    b->fixup_free = NO_FIXUP;
    build_forget(b);
    const struct murre_engine *engine = b->module->engine;
    if (engine->queue)
        build_emit32(b, 1, MURRE_RC_ENTER_COUNT, 0, engine->config.entry_threshold);
    uint32_t zeroed = func->first_temp - b->param_slots;
    if (zeroed && b->mode & MURRE_BUILD_FAR)
        zeroed += SCRATCH_SLOTS;
    if (zeroed > 4)
        build_emit32(b, 1, MURRE_RC_ZERO, b->param_slots, zeroed);
    else if (zeroed)
        build_emit(b, 1, (uint16_t)(MURRE_RC_ZERO1 + zeroed - 1), b->param_slots, 0, 0);
}

void build_end(struct murre_sink *sink, uint32_t slot_count) {
    struct builder *b = (struct builder *)sink;
    b->frame_slots = slot_count + (b->mode & MURRE_BUILD_FAR ? SCRATCH_SLOTS : 0);
    /* Instructions that trap for certain may name slot 0 for want of a better. */
    if (b->frame_slots == 0)
        b->frame_slots = 1;
    if (!b->failed)
        build_fuse(b);
}

/* ---- labels and branches ----------------------------------------------------------------------------------------- */

void build_label(struct murre_sink *sink, uint32_t label) {
    build_bind((struct builder *)sink, label);
}

void build_loop(struct murre_sink *sink, uint32_t label, uint32_t index, const struct murre_operand *live, uint32_t live_count) {
    (void)live, (void)live_count;
    struct builder *b = (struct builder *)sink;
    build_bind(b, label);
    const struct murre_engine *engine = b->module->engine;
    if (engine->queue && !(b->mode & MURRE_BUILD_FAR)) {
        union murre_word *word = build_emit32(b, 2, MURRE_RC_LOOP_COUNT, 0, index);
        word[1].low = word[1].high = engine->config.loop_threshold;
    }
}

void build_branch(struct murre_sink *sink, uint32_t label) {
    struct builder *b = (struct builder *)sink;
    uint32_t word = b->count;
    build_emit(b, 1, build_is_bound(b, label) ? MURRE_RC_BACK : MURRE_RC_BR, 0, 0, 0);
    build_reference(b, label, word, word * 4 + 2, true);
    build_forget(b);
}

static uint16_t branch_op(struct comparison c, bool back) {
    switch (c.kind) {
    case COMPARISON_TEST: return (uint16_t)(c.first + BRANCH_TEST + (back ? BACK_TEST : 0) + c.form);
    case COMPARISON_INT: return (uint16_t)(c.first + BRANCH_INT + (back ? BACK_INT : 0) + c.form);
    default: return (uint16_t)(c.first + (c.negate ? BRANCH_FLOAT_NEGATED : BRANCH_FLOAT) + (back ? BACK_FLOAT : 0) + c.form);
    }
}

void build_branch_if(struct murre_sink *sink, uint32_t label, const struct murre_cond *cond) {
    struct builder *b = (struct builder *)sink;
    bool back = build_is_bound(b, label);
    bool test = cond->op == MURRE_COND_TEST || cond->op == MURRE_OP_I32_EQZ || cond->op == MURRE_OP_I64_EQZ;
    struct murre_cond turned = *cond;
    bool jump_over = b->mode & MURRE_BUILD_LONG && !test;
    b->scratch = 0;
    if (jump_over)
        turned.negate = !turned.negate;
    struct comparison c = build_comparison(b, &turned, 16);
    uint32_t word = b->count;
    if (c.kind == COMPARISON_TEST)
        build_emit(b, 1, branch_op(c, back && !jump_over), c.p, 0, 0);
    else
        build_emit(b, 1, branch_op(c, back && !jump_over), c.p, c.q, 0);
    if (jump_over) {
        union murre_word *over = b->failed ? b->nowhere : &b->words[word];
        if (c.kind == COMPARISON_TEST)
            over->bc = 2;
        else
            over->c = 2;
        word = b->count;
        build_emit(b, 1, back ? MURRE_RC_BACK : MURRE_RC_BR, 0, 0, 0);
        build_reference(b, label, word, word * 4 + 2, true);
    } else if (c.kind == COMPARISON_TEST) {
        build_reference(b, label, word, word * 4 + 2, true);
    } else {
        build_reference(b, label, word, word * 4 + 3, false);
    }
    build_pin(b);
}

void build_branch_table(struct murre_sink *sink, struct murre_operand index, const uint32_t *labels, uint32_t count) {
    struct builder *b = (struct builder *)sink;
    uint16_t op = MURRE_RC_BR_TABLE_A;
    uint32_t p = 0;
    b->scratch = 0;
    if (is_const(&index)) {
        build_acc_const(b, &index);
    } else if (build_mirrored(b, &index)) {
        build_take(b, &index);
    } else {
        p = build_source(b, index.slot);
        op = MURRE_RC_BR_TABLE_R;
    }
    uint32_t word = b->count;
    uint32_t targets = count + 1;
    uint32_t words = 1 + (targets + 1) / 2;
    build_emit32(b, words, op, p, count);
    if (b->failed)
        return;
    b->words[word + words - 1].u64 = 0;
    for (uint32_t i = 0; i < targets; i++)
        build_reference(b, labels[i], word, (word + 1) * 4 + i * 2, true);
    build_forget(b);
}

void build_unreachable(struct murre_sink *sink) {
    struct builder *b = (struct builder *)sink;
    build_emit(b, 1, MURRE_RC_UNREACHABLE, 0, 0, 0);
    build_forget(b);
}

/* ---- returns ----------------------------------------------------------------------------------------------------- */

static void return_one(struct builder *b, const struct murre_operand *a) {
    static const uint16_t from_slot[ACC_COUNT] = {MURRE_RC_RET_R, MURRE_RC_RET_F64_R, MURRE_RC_RET_F32_R};
    static const uint16_t from_acc[ACC_COUNT] = {MURRE_RC_RET_A, MURRE_RC_RET_F64_A, MURRE_RC_RET_F32_A};
    enum accumulator k = accumulator_of(a->type);
    if (is_const(a)) {
        if (k == ACC_INT && fits32(signed_const(a)))
            build_emit32(b, 1, MURRE_RC_RET_K, 0, (uint32_t)a->bits);
        else
            build_emit(b, 2, MURRE_RC_RET_K64, 0, 0, 0)[1].u64 = a->bits;
    } else if (build_mirrored(b, a)) {
        build_take(b, a);
        build_emit(b, 1, from_acc[k], 0, 0, 0);
    } else {
        build_emit(b, 1, from_slot[k], build_source(b, a->slot), 0, 0);
    }
}

/* By slots: of a vector, two. */
static void return_several(struct builder *b, const struct murre_operand *results, uint32_t count) {
    uint32_t word = b->count, words = 1, slots = 0;
    for (uint32_t i = 0; i < count; i++) {
        slots += murre_valtype_slots(results[i].type);
        words += murre_valtype_slots(results[i].type) * (1 + is_const(&results[i]));
    }
    build_emit32(b, words, MURRE_RC_RET_MULTI, 0, slots);
    if (b->failed)
        return;
    for (uint32_t i = 0; i < count; i++) {
        const struct murre_operand *a = &results[i];
        for (uint32_t half = 0; half < murre_valtype_slots(a->type); half++) {
            b->words[++word].u64 = is_const(a) ? 0 : (build_slot(b, a->slot) + half) * (uint64_t)2 + 1;
            if (is_const(a) && a->type == MURRE_V128)
                memcpy(&b->words[++word], b->module->info.bytes + a->bits + half * 8, 8);
            else if (is_const(a))
                b->words[++word].u64 = a->bits;
        }
    }
}

void build_ret(struct murre_sink *sink, const struct murre_operand *results, uint32_t count) {
    struct builder *b = (struct builder *)sink;
    b->scratch = 0;
    if (count == 0) {
        build_emit(b, 1, MURRE_RC_RET, 0, 0, 0);
    } else if (count == 1 && results[0].type != MURRE_V128) {
        return_one(b, &results[0]);
    } else {
        return_several(b, results, count);
    }
    build_forget(b);
}

void build_ret_range(struct murre_sink *sink, uint32_t src, const uint8_t *types, uint32_t count) {
    (void)types;
    struct builder *b = (struct builder *)sink;
    build_emit32(b, 2, MURRE_RC_RET_RANGE, 0, count)[1].u64 = build_slot(b, src);
    build_forget(b);
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

/* Arguments to the slots where the callee's frame starts. */
static void put_arguments(struct builder *b, struct murre_arguments args) {
    for (uint32_t i = 0; i < args.count; i++)
        build_copy(&b->sink, args.args[i].slot, args.args[i].operand);
}

/* The callee has left its results; a single one in the accumulator of its kind as well. */
static void take_results(struct builder *b, const struct murre_type *type, uint32_t base, uint32_t dst) {
    build_forget(b);
    if (type->func.result_count != 1)
        return;
    murre_valtype result = type->func.results[0];
    if (!(b->mode & MURRE_BUILD_FAR) && result != MURRE_V128)
        b->mirror[accumulator_of(result)] = base;
    build_copy(&b->sink, dst, (struct murre_operand){MURRE_OPERAND_SLOT, result, base, 0});
}

/* base may be a slot out of the reach of 16 bits. */
static bool is_far_base(struct builder *b, uint32_t base) {
    if (build_slot(b, base) <= UINT16_MAX)
        return false;
    b->needs |= MURRE_BUILD_FAR;
    return true;
}

/* Of an imported function's pointer, or of the function, from the start of the instance. */
static uint32_t func_offset(const struct builder *b, uint32_t func) {
    const struct murre_layout *layout = &b->module->layout;
    uint32_t imported = b->module->info.func_import_count;
    return func < imported ? layout->func_imports + func * (uint32_t)sizeof(struct murre_func *)
                           : layout->funcs + (func - imported) * (uint32_t)sizeof(struct murre_func);
}

void build_call(struct murre_sink *sink, uint32_t func, struct murre_arguments args, uint32_t base, uint32_t dst) {
    struct builder *b = (struct builder *)sink;
    const struct murre_module_info *info = &b->module->info;
    const struct murre_type *type = murre_module_func_type(info, func);
    put_arguments(b, args);
    bool imported = func < info->func_import_count;
    uint32_t offset = func_offset(b, func);
    bool far = is_far_base(b, base);
    uint32_t field = far ? 0 : build_slot(b, base);
    union murre_word *last;
    if (imported) {
        last = build_emit32(b, 1 + far, far ? MURRE_RC_CALL_IMPORT_X : MURRE_RC_CALL_IMPORT, field, offset) + far;
    } else {
        union murre_word *word = build_emit32(b, 2 + far, far ? MURRE_RC_CALL_X : MURRE_RC_CALL, field, offset);
        word[1].u64 = 0;
        last = word + 1 + far;
    }
    if (far)
        last->u64 = build_slot(b, base);
    take_results(b, type, base, dst);
}

void build_call_indirect(struct murre_sink *sink, uint32_t type_index, uint32_t table, struct murre_operand index,
                         struct murre_arguments args, uint32_t base, uint32_t dst) {
    struct builder *b = (struct builder *)sink;
    const struct murre_type *type = &b->module->info.types[type_index];
    put_arguments(b, args);
    b->scratch = 0;
    bool far = is_far_base(b, base);
    uint16_t op = MURRE_RC_CALL_INDIRECT_R;
    uint32_t p = 0;
    if (is_const(&index) && far) {
        /* A scratch slot: far is so only in the mode FAR, or the build is in vain. */
        p = b->param_slots;
        build_emit32(b, 1, MURRE_RC_CONST, p, (uint32_t)index.bits);
    } else if (is_const(&index)) {
        build_acc_const(b, &index);
        op = MURRE_RC_CALL_INDIRECT_A;
    } else if (!far && build_mirrored(b, &index)) {
        build_take(b, &index);
        op = MURRE_RC_CALL_INDIRECT_A;
    } else {
        p = build_source(b, index.slot);
    }
    union murre_word *word = build_emit(b, far ? 3 : 2, far ? MURRE_RC_CALL_INDIRECT_X : op, far ? 0 : build_slot(b, base), p, 0);
    word[1].low = b->module->type_ids[type_index];
    word[1].high = b->module->layout.tables + table * (uint32_t)sizeof(struct murre_table *);
    if (far)
        word[2].u64 = build_slot(b, base);
    take_results(b, type, base, dst);
}

void build_call_ref(struct murre_sink *sink, uint32_t type_index, struct murre_operand func, bool nullable, struct murre_arguments args,
                    uint32_t base, uint32_t dst) {
    (void)nullable;
    struct builder *b = (struct builder *)sink;
    put_arguments(b, args);
    b->scratch = 0;
    if (is_const(&func)) {
        build_emit(b, 1, MURRE_RC_CALL_NULL, 0, 0, 0);
    } else {
        bool far = is_far_base(b, base);
        uint32_t p = build_source(b, func.slot);
        union murre_word *word = build_emit(b, 1 + far, far ? MURRE_RC_CALL_REF_X : MURRE_RC_CALL_REF, far ? 0 : build_slot(b, base), p, 0);
        if (far)
            word[1].u64 = build_slot(b, base);
    }
    take_results(b, &b->module->info.types[type_index], base, dst);
}

void build_non_null(struct murre_sink *sink, struct murre_operand a) {
    struct builder *b = (struct builder *)sink;
    b->scratch = 0;
    build_emit(b, 1, MURRE_RC_NON_NULL, build_source(b, a.slot), 0, 0);
    build_pin(b);
}

/* ---- tail calls -------------------------------------------------------------------------------------------------- */

static void put_range(struct builder *b, union murre_word *word, const struct murre_type *type, uint32_t base) {
    word->low = build_slot(b, base);
    word->high = type->param_slots;
    build_forget(b);
}

void build_return_call(struct murre_sink *sink, uint32_t func, struct murre_arguments args, uint32_t base) {
    struct builder *b = (struct builder *)sink;
    const struct murre_module_info *info = &b->module->info;
    put_arguments(b, args);
    bool imported = func < info->func_import_count;
    union murre_word *word = build_emit32(b, 2, imported ? MURRE_RC_RETURN_CALL_IMPORT : MURRE_RC_RETURN_CALL, 0, func_offset(b, func));
    put_range(b, word + 1, murre_module_func_type(info, func), base);
}

/* An operand that is not to be in an accumulator. A constant goes to the slot behind the arguments, where it has its home. */
static uint32_t operand_slot(struct builder *b, const struct murre_operand *a, uint32_t home) {
    if (is_const(a))
        build_copy(&b->sink, home, *a);
    b->scratch = 0;
    return build_source(b, is_const(a) ? home : a->slot);
}

void build_return_call_indirect(struct murre_sink *sink, uint32_t type_index, uint32_t table, struct murre_operand index,
                                struct murre_arguments args, uint32_t base) {
    struct builder *b = (struct builder *)sink;
    const struct murre_type *type = &b->module->info.types[type_index];
    put_arguments(b, args);
    uint32_t p = operand_slot(b, &index, base + type->param_slots);
    union murre_word *word = build_emit(b, 3, MURRE_RC_RETURN_CALL_INDIRECT, 0, p, 0);
    word[1].low = b->module->type_ids[type_index];
    word[1].high = b->module->layout.tables + table * (uint32_t)sizeof(struct murre_table *);
    put_range(b, word + 2, type, base);
}

void build_return_call_ref(struct murre_sink *sink, uint32_t type_index, struct murre_operand func, bool nullable,
                           struct murre_arguments args, uint32_t base) {
    (void)nullable;
    struct builder *b = (struct builder *)sink;
    const struct murre_type *type = &b->module->info.types[type_index];
    put_arguments(b, args);
    uint32_t p = operand_slot(b, &func, base + type->param_slots);
    put_range(b, build_emit(b, 2, MURRE_RC_RETURN_CALL_REF, 0, p, 0) + 1, type, base);
}
