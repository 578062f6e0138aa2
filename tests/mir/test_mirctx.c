#include "support.h"

#include <pthread.h>

static MIR_item_t emit_add(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)module;
    struct build b;
    test_begin(&b, mir, 'i', "ii");
    MIR_reg_t r = test_new_reg(&b, 'i');
    test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, r), test_reg(&b, b.arg[0]), test_reg(&b, b.arg[1])));
    test_return(&b, test_reg(&b, r));
    return test_end(&b);
}

Test(mirctx, compiles_and_runs_at_every_level) {
    for (unsigned level = 0; level < LEVELS; level++) {
        int64_t (*f)(int64_t, int64_t) = (int64_t(*)(int64_t, int64_t))test_compile(level, emit_add, NULL);
        cr_assert(f(40, 2) == 42);
    }
}

/* What can go wrong, and that the context compiles on afterwards. */

static MIR_item_t emit_nothing(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)mir, (void)module;
    return NULL;
}

static MIR_item_t emit_failure(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)mir, (void)module;
    murre_mirctx_fail("no %s today", "code");
}

static MIR_item_t emit_too_much(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)mir, (void)module;
    murre_mirctx_over("%d slots are too many", 1000);
}

static MIR_item_t emit_wrong_operands(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)module;
    struct build b;
    test_begin(&b, mir, 'i', "id");
    test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, b.arg[0]), test_reg(&b, b.arg[0]), test_reg(&b, b.arg[1])));
    test_return(&b, test_reg(&b, b.arg[0]));
    return test_end(&b);
}

static MIR_item_t emit_greed(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)mir, (void)module;
    for (int i = 0; i < 1 << 20; i++)
        memset(murre_mirctx_alloc(1 << 20), 1, 1 << 20);
    return NULL;
}

/* patches/02: an instruction that no machine has. */
static MIR_item_t emit_unknown_insn(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)module;
    MIR_type_t result = MIR_T_I64;
    MIR_var_t argument = {.type = MIR_T_I64, .name = "a"};
    _MIR_register_unspec_insn(mir, 4711, "nonesuch", 1, &result, 1, 0, &argument);
    struct build b;
    test_begin(&b, mir, 'i', "i");
    MIR_op_t ops[] = {C(4711), R(test_new_reg(&b, 'i')), R(b.arg[0])};
    test_insn(&b, MIR_new_insn_arr(mir, MIR_UNSPEC, 3, ops));
    test_return(&b, ops[1]);
    return test_end(&b);
}

/* `*user` additions: code of any size. */
static MIR_item_t emit_sum(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)module;
    struct build b;
    test_begin(&b, mir, 'i', "ii");
    for (int i = 0; i < *(const int *)user; i++) {
        test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, b.arg[0]), test_reg(&b, b.arg[0]), test_reg(&b, b.arg[1])));
        test_insn(&b, MIR_new_insn(mir, MIR_XOR, test_reg(&b, b.arg[1]), test_reg(&b, b.arg[0]), test_int(&b, i)));
    }
    test_return(&b, test_reg(&b, b.arg[0]));
    return test_end(&b);
}

static void check_refusal(struct murre_mirctx *ctx, murre_mirctx_emit *emit, void *user, enum murre_mirctx_status want) {
    for (unsigned level = 0; level < LEVELS; level++) {
        struct murre_mirctx_result result;
        enum murre_mirctx_status status = murre_mirctx_compile(ctx, level, emit, user, NULL, &result);
        cr_assert(status == want, "level %u: %s: %s", level, murre_mirctx_status_name(status), result.message);
        cr_assert(result.message[0] != '\0');
        status = murre_mirctx_compile(ctx, level, emit_add, NULL, NULL, &result);
        cr_assert(status == MURRE_MIRCTX_OK, "level %u, afterwards: %s", level, result.message);
        cr_assert(result.message[0] == '\0');
        cr_assert(((int64_t(*)(int64_t, int64_t))result.code)(-3, 2) == -1);
    }
}

Test(mirctx, refuses_and_goes_on) {
    check_refusal(test_ctx(), emit_nothing, NULL, MURRE_MIRCTX_REFUSED);
    check_refusal(test_ctx(), emit_failure, NULL, MURRE_MIRCTX_REFUSED);
    check_refusal(test_ctx(), emit_too_much, NULL, MURRE_MIRCTX_BUDGET);
    check_refusal(test_ctx(), emit_wrong_operands, NULL, MURRE_MIRCTX_REFUSED);
}

/* patches/75: a function that looks as if it had been generated before. */
static MIR_item_t emit_generated(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)module;
    struct build b;
    test_begin(&b, mir, 'i', "i");
    test_return(&b, R(b.arg[0]));
    MIR_item_t item = test_end(&b);
    item->data = item;
    return item;
}

Test(mirctx, refuses_what_a_check_of_mir_finds) {
    murre_mirctx_checks_refuse();
    check_refusal(test_ctx(), emit_generated, NULL, MURRE_MIRCTX_REFUSED);
}

Test(mirctx, refuses_an_instruction_without_code) {
    check_refusal(test_ctx(), emit_unknown_insn, NULL, MURRE_MIRCTX_REFUSED);
}

Test(mirctx, keeps_to_its_budget) {
    struct murre_mirctx *ctx = murre_mirctx_new(test_codemem(), (size_t)128 << 20);
    cr_assert(ctx != NULL);
    murre_mirctx_set_budget(ctx, 8 << 20);
    check_refusal(ctx, emit_greed, NULL, MURRE_MIRCTX_BUDGET);
    int many = 30000;
    check_refusal(ctx, emit_sum, &many, MURRE_MIRCTX_BUDGET);
    murre_mirctx_set_budget(ctx, (size_t)128 << 20);
    struct murre_mirctx_result result;
    cr_assert(murre_mirctx_compile(ctx, 0, emit_sum, &many, NULL, &result) == MURRE_MIRCTX_OK);
    cr_assert(result.peak_memory > 8 << 20);
    murre_mirctx_delete(ctx);
}

/* patches/69: values that all live through a loop, the sum of which comes back. MIR takes hardly any memory while it allocates registers. */
static MIR_item_t emit_live_values(void *user, MIR_context_t mir, MIR_module_t module) {
    enum { VALUES = 1000 };
    (void)user, (void)module;
    struct build b;
    test_begin(&b, mir, 'i', "i");
    MIR_reg_t values[VALUES];
    for (int i = 0; i < VALUES; i++) {
        values[i] = murre_mirctx_reg(mir, b.func, MIR_T_I64);
        EMIT(MOV, R(values[i]), C(i));
    }
    MIR_label_t again = MIR_new_label(mir);
    test_insn(&b, again);
    for (int i = 0; i < VALUES; i++)
        EMIT(ADD, R(values[i]), R(values[i]), R(b.arg[0]));
    EMIT(SUB, R(b.arg[0]), R(b.arg[0]), C(1));
    EMIT(BT, TO(again), R(b.arg[0]));
    for (int i = 1; i < VALUES; i++)
        EMIT(ADD, R(values[0]), R(values[0]), R(values[i]));
    test_return(&b, R(values[0]));
    return test_end(&b);
}

/* Nobody can be so quick; where MIR does not look, nobody notices. */
Test(mirctx, takes_no_more_time_than_it_may) {
    struct murre_mirctx *ctx = murre_mirctx_new(test_codemem(), 0);
    cr_assert(ctx != NULL);
    murre_mirctx_set_time(ctx, 1);
    check_refusal(ctx, emit_live_values, NULL, MURRE_MIRCTX_BUDGET);
    murre_mirctx_set_time(ctx, 0);
    for (unsigned level = 0; level < LEVELS; level++) {
        struct murre_mirctx_result result;
        enum murre_mirctx_status status = murre_mirctx_compile(ctx, level, emit_live_values, NULL, NULL, &result);
        cr_assert(status == MURRE_MIRCTX_OK, "level %u: %s", level, result.message);
        cr_assert(((int64_t(*)(int64_t))result.code)(2) == 999 * 1000 / 2 + 3000);
    }
    murre_mirctx_delete(ctx);
}

static atomic_bool cancel_now;

static MIR_item_t emit_cancelled(void *user, MIR_context_t mir, MIR_module_t module) {
    MIR_item_t function = emit_live_values(user, mir, module);
    atomic_store(&cancel_now, true);
    return function;
}

Test(mirctx, ends_when_it_is_cancelled) {
    struct murre_mirctx *ctx = murre_mirctx_new(test_codemem(), 0);
    cr_assert(ctx != NULL);
    murre_mirctx_set_cancel(ctx, &cancel_now);
    for (unsigned level = 0; level < LEVELS; level++) {
        struct murre_mirctx_result result;
        cr_assert(murre_mirctx_compile(ctx, level, emit_cancelled, NULL, NULL, &result) == MURRE_MIRCTX_REFUSED);
        cr_assert(strcmp(result.message, "cancelled") == 0, "level %u: %s", level, result.message);
        atomic_store(&cancel_now, false);
        cr_assert(murre_mirctx_compile(ctx, level, emit_add, NULL, NULL, &result) == MURRE_MIRCTX_OK);
    }
    murre_mirctx_delete(ctx);
}

Test(mirctx, stops_where_the_code_memory_ends) {
    struct murre_codemem *mem = murre_codemem_new(64 << 10);
    cr_assert(mem != NULL);
    struct murre_codemem_stats stats;
    murre_codemem_stats(mem, &stats);
    struct murre_mirctx *ctx = murre_mirctx_new(mem, 0);
    cr_assert(ctx != NULL);
    int many = (int)(stats.reserved / 4);
    struct murre_mirctx_result result;
    cr_assert(murre_mirctx_compile(ctx, 0, emit_sum, &many, NULL, &result) == MURRE_MIRCTX_NO_CODE);
    check_refusal(ctx, emit_failure, NULL, MURRE_MIRCTX_REFUSED);
    murre_mirctx_delete(ctx);
    murre_codemem_delete(mem);
}

/* patches/27: what is common to all contexts is made once. Only the thread sanitizer sees a fault here. */
static void *make_context(void *codemem) {
    struct murre_mirctx *ctx = murre_mirctx_new(codemem, 0);
    struct murre_mirctx_result result;
    const bool ok = ctx != NULL && murre_mirctx_compile(ctx, 2, emit_add, NULL, NULL, &result) == MURRE_MIRCTX_OK;
    murre_mirctx_delete(ctx);
    return ok ? codemem : NULL;
}

Test(mirctx, contexts_are_made_in_threads_at_once) {
    pthread_t threads[4];
    struct murre_codemem *mem = test_codemem();
    for (int i = 0; i < 4; i++)
        cr_assert(pthread_create(&threads[i], NULL, make_context, mem) == 0);
    for (int i = 0; i < 4; i++) {
        void *result;
        cr_assert(pthread_join(threads[i], &result) == 0 && result == mem);
    }
}
