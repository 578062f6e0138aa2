/* patches/11: compiled frames are linked by the frame pointer, as codemem.h and ext.h promise. */
#include "support.h"

struct frame {
    const struct frame *caller;
    const void *return_address;
};

static const void *seen[64];
static size_t seen_count;

/* Called by compiled code: records the compiled functions on the stack. */
static int64_t walk(void) {
    seen_count = 0;
    const struct frame *frame = __builtin_frame_address(0);
    for (int depth = 0; depth < 40; depth++, frame = frame->caller) {
        const struct murre_codeblock *block = murre_codemem_find(test_codemem(), (uintptr_t)frame->return_address - 1);
        if (block == NULL)
            break;
        seen[seen_count++] = block->owner;
    }
    return 7;
}

struct caller {
    const void *callee;
    int pressure;  /* how many values live across the call */
    int arguments; /* passed on, so that some travel on the stack */
};

/* f(n) = callee(n, n, …) + n * (1 + 2 + … + pressure) */
static MIR_item_t emit_caller(void *user, MIR_context_t mir, MIR_module_t module) {
    const struct caller *c = user;
    MIR_type_t result = MIR_T_I64;
    MIR_var_t vars[12];
    MIR_op_t ops[16];
    for (int i = 0; i < c->arguments; i++)
        vars[i] = (MIR_var_t){.type = MIR_T_I64, .name = "x"};
    ops[0] = MIR_new_ref_op(mir, MIR_new_proto_arr(mir, "p", 1, &result, (size_t)c->arguments, vars));
    ops[1] = MIR_new_ref_op(mir, murre_mirctx_import(mir, "callee", c->callee));
    struct build b;
    test_begin(&b, mir, 'i', c->arguments > 1 ? "iiiiiiiiiiii" : "i");
    MIR_reg_t sum = test_new_reg(&b, 'i'), live[40];
    for (int i = 0; i < c->pressure; i++) {
        live[i] = test_new_reg(&b, 'i');
        test_insn(&b, MIR_new_insn(mir, MIR_MUL, test_reg(&b, live[i]), test_reg(&b, b.arg[c->arguments - 1]), test_int(&b, i + 1)));
    }
    ops[2] = test_reg(&b, sum);
    for (int i = 0; i < c->arguments; i++)
        ops[3 + i] = test_reg(&b, b.arg[i]);
    test_insn(&b, MIR_new_insn_arr(mir, MIR_CALL, (size_t)c->arguments + 3, ops));
    for (int i = 0; i < c->pressure; i++)
        test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, sum), test_reg(&b, sum), test_reg(&b, live[i])));
    test_return(&b, test_reg(&b, sum));
    return test_end(&b);
}

typedef int64_t twelve(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t);

Test(frames, are_linked_through_every_caller) {
    static int owner[8];
    for (unsigned level = 0; level < LEVELS; level++)
        for (int round = 0; round < 8; round++) {
            const int pressure = round / 2 * 13, arguments = round % 2 == 0 ? 1 : 12;
            const void *callee = (const void *)walk;
            for (int i = 0; i < 8; i++) {
                struct caller c = {callee, pressure, arguments};
                struct murre_mirctx_result result;
                cr_assert(murre_mirctx_compile(test_ctx(), level, emit_caller, &c, &owner[i], &result) == MURRE_MIRCTX_OK, "%s",
                          result.message);
                callee = result.code;
            }
            int64_t got = ((twelve *)callee)(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
            cr_assert(got == 7 + 8 * (pressure * (pressure + 1) / 2), "level %u", level);
            cr_assert(seen_count == 8, "level %u, pressure %d: %zu frames", level, pressure, seen_count);
            for (size_t i = 0; i < 8; i++)
                cr_assert(seen[i] == &owner[i]);
        }
}

/* A function that calls itself by its own item: a direct call. */
static MIR_item_t emit_fib(void *user, MIR_context_t mir, MIR_module_t module) {
    MIR_type_t result = MIR_T_I64;
    MIR_op_t proto = MIR_new_ref_op(mir, MIR_new_proto(mir, "p", 1, &result, 1, MIR_T_I64, "n"));
    struct build b;
    test_begin(&b, mir, 'i', "i");
    MIR_reg_t x = test_new_reg(&b, 'i'), y = test_new_reg(&b, 'i');
    MIR_label_t more = MIR_new_label(mir);
    test_insn(&b, MIR_new_insn(mir, MIR_BGE, MIR_new_label_op(mir, more), test_reg(&b, b.arg[0]), test_int(&b, 2)));
    test_return(&b, test_reg(&b, b.arg[0]));
    test_insn(&b, more);
    test_insn(&b, MIR_new_insn(mir, MIR_SUB, test_reg(&b, x), test_reg(&b, b.arg[0]), test_int(&b, 1)));
    test_insn(&b, MIR_new_call_insn(mir, 4, proto, MIR_new_ref_op(mir, b.func), test_reg(&b, x), test_reg(&b, x)));
    test_insn(&b, MIR_new_insn(mir, MIR_SUB, test_reg(&b, y), test_reg(&b, b.arg[0]), test_int(&b, 2)));
    test_insn(&b, MIR_new_call_insn(mir, 4, proto, MIR_new_ref_op(mir, b.func), test_reg(&b, y), test_reg(&b, y)));
    test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, x), test_reg(&b, x), test_reg(&b, y)));
    test_return(&b, test_reg(&b, x));
    return test_end(&b);
}

Test(frames, a_function_calls_itself) {
    for (unsigned level = 0; level < LEVELS; level++) {
        int64_t (*f)(int64_t) = (int64_t(*)(int64_t))test_compile(level, emit_fib, NULL);
        cr_assert(f(20) == 6765, "level %u", level);
    }
}

/* Leaves of every width: with some, every register is taken and nothing spilled, the link register of AArch64 too. */
static MIR_item_t emit_wide_leaf(void *user, MIR_context_t mir, MIR_module_t module) {
    const int width = *(const int *)user;
    struct build b;
    test_begin(&b, mir, 'i', "i");
    MIR_reg_t r[32] = {0};
    for (int i = 0; i < width; i++) {
        r[i] = test_new_reg(&b, 'i');
        test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, r[i]), test_reg(&b, b.arg[0]), test_int(&b, 1000 + i * i)));
    }
    for (int i = width - 1; i > 0; i--)
        test_insn(&b, MIR_new_insn(mir, MIR_XOR, test_reg(&b, r[0]), test_reg(&b, r[0]), test_reg(&b, r[i])));
    test_return(&b, test_reg(&b, r[0]));
    return test_end(&b);
}

Test(frames, a_leaf_may_use_every_register) {
    for (unsigned level = 0; level < LEVELS; level++)
        for (int width = 1; width < 32; width++) {
            int64_t want = 0;
            for (int i = 0; i < width; i++)
                want ^= 3 + 1000 + i * i;
            int64_t (*f)(int64_t) = (int64_t(*)(int64_t))test_compile(level, emit_wide_leaf, &width);
            cr_assert(f(3) == want, "level %u, width %d", level, width);
        }
}
