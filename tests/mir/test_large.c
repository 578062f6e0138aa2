/* Sizes at which a machine's instructions no longer reach: frames, jump tables and the code between them, lists of arguments. AArch64 has
   offsets of 9 and 12 bits, constants of 12 bits to add, branches of 1 and tables of 1 MiB. */
#include "support.h"

/* ---- Frames ----------------------------------------------------------------------------------------------------------- */

struct frame_size {
    int values;  /* that live across a call; those of each third name are floats, doubles, integers */
    int in_args; /* the last of them on the stack, above the frame */
};

static int64_t plus_one(int64_t n) {
    return n + 1;
}

/* Every value is derived from the last argument, kept while something is called, and counted once more. */
static MIR_item_t emit_frame(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)module;
    const struct frame_size *size = user;
    MIR_type_t result = MIR_T_I64;
    MIR_op_t proto = MIR_new_ref_op(mir, MIR_new_proto(mir, "p", 1, &result, 1, MIR_T_I64, "n"));
    MIR_op_t callee = MIR_new_ref_op(mir, murre_mirctx_import(mir, "plus_one", (const void *)plus_one));
    MIR_reg_t *live = murre_mirctx_alloc((size_t)size->values * sizeof *live);
    static const char types[] = "fdi";
    struct build b;
    test_begin(&b, mir, 'i', size->in_args > 1 ? "iiiiiiiiiiii" : "i");
    MIR_reg_t sum = test_new_reg(&b, 'i'), t = test_new_reg(&b, 'i'), last = b.arg[size->in_args - 1];
    for (int i = 0; i < size->values; i++) {
        live[i] = test_new_reg(&b, types[i % 3]);
        test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, t), test_reg(&b, last), test_int(&b, i)));
        const MIR_insn_code_t code = i % 3 == 0 ? MIR_I2F : i % 3 == 1 ? MIR_I2D : MIR_MOV;
        test_insn(&b, MIR_new_insn(mir, code, test_reg(&b, live[i]), test_reg(&b, t)));
    }
    test_insn(&b, MIR_new_call_insn(mir, 4, proto, callee, test_reg(&b, sum), test_reg(&b, last)));
    for (int i = 0; i < size->values; i++) {
        const MIR_insn_code_t code = i % 3 == 0 ? MIR_F2I : i % 3 == 1 ? MIR_D2I : MIR_MOV;
        test_insn(&b, MIR_new_insn(mir, code, test_reg(&b, t), test_reg(&b, live[i])));
        test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, sum), test_reg(&b, sum), test_reg(&b, t)));
    }
    /* The arguments are still what they were. */
    for (int i = 0; i < size->in_args; i++)
        test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, sum), test_reg(&b, sum), test_reg(&b, b.arg[i])));
    test_return(&b, test_reg(&b, sum));
    return test_end(&b);
}

typedef int64_t twelve(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t);

static void check_frame(unsigned level, int values, int in_args) {
    struct frame_size size = {values, in_args};
    twelve *f = (twelve *)test_compile(level, emit_frame, &size);
    const int64_t k = values, first = in_args == 1 ? 12 : 1, last = 12, arguments = in_args == 1 ? last : 78;
    int64_t got = f(first, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, last);
    cr_assert(got == last + 1 + k * last + k * (k - 1) / 2 + arguments, "level %u, %d values, %d arguments", level, values, in_args);
}

/* Constants to add end at 4 KiB, scaled offsets at 32 KiB. */
Test(large, frames_hold_their_values) {
    static const int values[] = {0, 30, 31, 60, 255, 256, 257, 510, 511, 512, 600};
    for (unsigned level = 0; level < LEVELS; level++)
        for (size_t n = 0; n < sizeof values / sizeof *values; n++)
            for (int in_args = 1; in_args <= 12; in_args += 11)
                check_frame(level, values[n], in_args);
    for (unsigned level = 0; level < 2; level++) /* the others take minutes */
        check_frame(level, 4200, 12);
}

/* ---- Calls with more arguments than registers --------------------------------------------------------------------------- */

enum { CALL_ARGS = 24 };

static double many(int64_t a, double b, int64_t c, double d, int64_t e, double f, int64_t g, double h, int64_t i, double j, int64_t k,
                   double l, int64_t m, double n, int64_t o, double p, int64_t q, double r, int64_t s, double t, int64_t u, double v,
                   int64_t w, double x) {
    const double values[CALL_ARGS] = {(double)a, b, (double)c, d, (double)e, f, (double)g, h, (double)i, j, (double)k, l,
                                      (double)m, n, (double)o, p, (double)q, r, (double)s, t, (double)u, v, (double)w, x};
    double sum = 0;
    for (int at = 0; at < CALL_ARGS; at++)
        sum = sum * 3 + values[at];
    return sum;
}

/* How the callee is reached (a constant behind the code where it is far) must leave every argument register alone. */
static MIR_item_t emit_call_of_many(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)module;
    MIR_type_t result = MIR_T_D;
    MIR_var_t vars[CALL_ARGS];
    MIR_op_t ops[CALL_ARGS + 3];
    for (int i = 0; i < CALL_ARGS; i++)
        vars[i] = (MIR_var_t){.type = i % 2 ? MIR_T_D : MIR_T_I64, .name = "x"};
    ops[0] = MIR_new_ref_op(mir, MIR_new_proto_arr(mir, "p", 1, &result, CALL_ARGS, vars));
    ops[1] = MIR_new_ref_op(mir, murre_mirctx_import(mir, "many", (const void *)many));
    struct build b;
    test_begin(&b, mir, 'd', "id");
    MIR_reg_t sum = test_new_reg(&b, 'd');
    ops[2] = test_reg(&b, sum);
    for (int i = 0; i < CALL_ARGS; i++) {
        MIR_reg_t value = test_new_reg(&b, i % 2 ? 'd' : 'i');
        MIR_op_t constant = i % 2 ? MIR_new_double_op(mir, i) : test_int(&b, i);
        test_insn(&b, MIR_new_insn(mir, i % 2 ? MIR_DADD : MIR_ADD, test_reg(&b, value), test_reg(&b, b.arg[i % 2]), constant));
        ops[3 + i] = test_reg(&b, value);
    }
    test_insn(&b, MIR_new_insn_arr(mir, MIR_CALL, CALL_ARGS + 3, ops));
    test_insn(&b, MIR_new_insn(mir, MIR_DADD, test_reg(&b, sum), test_reg(&b, sum), test_reg(&b, b.arg[1])));
    test_return(&b, test_reg(&b, sum));
    return test_end(&b);
}

Test(large, calls_pass_every_argument) {
    double want = 0.5;
    double sum = 0;
    for (int i = 0; i < CALL_ARGS; i++)
        sum = sum * 3 + (i % 2 ? 0.5 : 100) + i;
    for (unsigned level = 0; level < LEVELS; level++) {
        double (*f)(int64_t, double) = (double (*)(int64_t, double))test_compile(level, emit_call_of_many, NULL);
        cr_assert(f(100, 0.5) == sum + want, "level %u", level);
    }
}

/* ---- Code of more than a MiB -------------------------------------------------------------------------------------------- */

enum { STEPS = 13 };

static uint64_t step_constant(int target, int step) {
    return ((uint64_t)target * STEPS + (uint64_t)step + 1) * 0x9e3779b97f4a7c15;
}

/* Each target is some four hundred bytes or more: long constants that are added and xored. All branch back to the start and out. */
static MIR_item_t emit_wide_switch(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)module;
    const int targets = *(const int *)user;
    struct build b;
    test_begin(&b, mir, 'i', "ii");
    MIR_reg_t r = test_new_reg(&b, 'i'), n = test_new_reg(&b, 'i');
    MIR_op_t *ops = murre_mirctx_alloc((size_t)(targets + 1) * sizeof *ops);
    MIR_label_t again = MIR_new_label(mir), out = MIR_new_label(mir);
    ops[0] = test_reg(&b, n);
    for (int i = 0; i < targets; i++)
        ops[i + 1] = MIR_new_label_op(mir, MIR_new_label(mir));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, n), test_reg(&b, b.arg[0])));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, r), test_int(&b, 0)));
    test_insn(&b, again);
    test_insn(&b, MIR_new_insn(mir, MIR_UBGE, MIR_new_label_op(mir, out), test_reg(&b, n), test_int(&b, targets)));
    test_insn(&b, MIR_new_insn_arr(mir, MIR_SWITCH, (size_t)targets + 1, ops));
    for (int i = 0; i < targets; i++) {
        test_insn(&b, ops[i + 1].u.label);
        for (int step = 0; step < STEPS; step++) {
            MIR_op_t constant = test_int(&b, (int64_t)step_constant(i, step));
            test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, r), test_reg(&b, r), constant));
            test_insn(&b, MIR_new_insn(mir, MIR_XOR, test_reg(&b, r), test_reg(&b, r), constant));
        }
        test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, n), test_reg(&b, n), test_reg(&b, b.arg[1])));
        test_insn(&b, MIR_new_insn(mir, MIR_BLT, MIR_new_label_op(mir, again), test_reg(&b, r), test_int(&b, 0)));
        test_insn(&b, MIR_new_insn(mir, MIR_JMP, MIR_new_label_op(mir, out)));
    }
    test_insn(&b, out);
    test_return(&b, test_reg(&b, r));
    return test_end(&b);
}

static int64_t run_wide_switch(int targets, int64_t n, int64_t step) {
    uint64_t r = 0;
    do {
        if (n >= targets)
            break;
        for (int i = 0; i < STEPS; i++) {
            r += step_constant((int)n, i);
            r ^= step_constant((int)n, i);
        }
        n += step;
    } while ((int64_t)r < 0);
    return (int64_t)r;
}

/* A conditional branch of AArch64 reaches 1 MiB: what is larger may be refused, but for nothing else. */
Test(large, jump_tables_and_branches_reach_over_their_targets) {
    static const int sizes[] = {2, 300, 1500, 3000};
    static int owner;
    for (unsigned level = 0; level < 2; level++) /* large functions are compiled at no other */
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            int targets = sizes[i];
            struct murre_mirctx_result result;
            enum murre_mirctx_status status = murre_mirctx_compile(test_ctx(), level, emit_wide_switch, &targets, &owner, &result);
            if (targets == 3000 && strcmp(result.message, "function too big for its branches") == 0)
                continue;
            cr_assert(status == MURRE_MIRCTX_OK, "level %u, %d targets: %s", level, targets, result.message);
            int64_t (*f)(int64_t, int64_t) = (int64_t(*)(int64_t, int64_t))result.code;
            for (int64_t start = 0; start <= targets; start++)
                cr_assert(f(start, 7) == run_wide_switch(targets, start, 7), "level %u, from %d of %d", level, (int)start, targets);
        }
}

/* ---- Blocks in a row -------------------------------------------------------------------------------------------------- */

/* Each block is left in the middle: none can be joined with the next. */
static MIR_item_t emit_blocks_in_a_row(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)module;
    struct build b;
    test_begin(&b, mir, 'i', "ii");
    for (int i = 0; i < *(const int *)user; i++) {
        MIR_label_t next = MIR_new_label(mir);
        test_insn(&b, MIR_new_insn(mir, MIR_BT, MIR_new_label_op(mir, next), test_reg(&b, b.arg[0])));
        test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, b.arg[1]), test_reg(&b, b.arg[1]), test_int(&b, 1)));
        test_insn(&b, next);
    }
    test_return(&b, test_reg(&b, b.arg[1]));
    return test_end(&b);
}

/* patches/67: they are more than a stack of 8 MiB has frames for. */
Test(large, many_blocks_in_a_row_need_no_stack) {
    int blocks = 120000;
    struct murre_mirctx_result result;
    enum murre_mirctx_status status = murre_mirctx_compile(test_ctx(), 1, emit_blocks_in_a_row, &blocks, NULL, &result);
    cr_assert(status == MURRE_MIRCTX_OK || status == MURRE_MIRCTX_BUDGET ||
                  strcmp(result.message, "function too big for its branches") == 0,
              "%s", result.message);
    if (status == MURRE_MIRCTX_OK) {
        int64_t (*f)(int64_t, int64_t) = (int64_t(*)(int64_t, int64_t))result.code;
        cr_assert(f(0, 5) == 5 + blocks && f(1, 5) == 5);
    }
}

/* ---- Labels in a row -------------------------------------------------------------------------------------------------- */

/* Nested blocks that end at one place, each of them left from the innermost. */
static MIR_item_t emit_nested_ends(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)module;
    static MIR_label_t ends[400000];
    const int blocks = *(const int *)user;
    struct build b;
    test_begin(&b, mir, 'i', "ii");
    for (int i = 0; i < blocks; i++) {
        ends[i] = MIR_new_label(mir);
        test_insn(&b, MIR_new_insn(mir, MIR_BT, MIR_new_label_op(mir, ends[i]), test_reg(&b, b.arg[0])));
        test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, b.arg[1]), test_reg(&b, b.arg[1]), test_int(&b, 1)));
    }
    for (int i = blocks; i > 0; i--)
        test_insn(&b, ends[i - 1]);
    test_return(&b, test_reg(&b, b.arg[1]));
    return test_end(&b);
}

/* patches/72: walking along the row for each branch took longer than a compilation may. */
Test(large, labels_in_a_row_are_one_place) {
    struct murre_mirctx_result result;
    int blocks = 150000;
    enum murre_mirctx_status status = murre_mirctx_compile(test_ctx(), 0, emit_nested_ends, &blocks, NULL, &result);
    if (strcmp(result.message, "function too big for its branches") == 0)
        return; /* on AArch64 */
    cr_assert(status == MURRE_MIRCTX_OK, "%s", result.message);
    int64_t (*f)(int64_t, int64_t) = (int64_t(*)(int64_t, int64_t))result.code;
    cr_assert(f(0, 5) == 5 + blocks && f(1, 5) == 5);
}
