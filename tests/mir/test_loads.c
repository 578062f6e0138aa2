/* Faults of MIR's value numbering that concern loads: each of these fails without the patch named. */
#include "support.h"

/* patches/65: a load whose value is used again both by loads of its own alias, which are told from it as memory, and by loads of another,
   which are told from it as expressions.
   a = *p; s = a; if (b) s += *p (other alias); s += *p; if (c) s += *p (other alias); return s */
static MIR_item_t emit_two_aliases(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)module;
    struct build b;
    test_begin(&b, mir, 'i', "iii");
    MIR_reg_t sum = test_new_reg(&b, 'i'), t = test_new_reg(&b, 'i');
    MIR_op_t own = MIR_new_mem_op(mir, MIR_T_I64, 8, b.arg[0], 0, 1);
    MIR_op_t other = MIR_new_alias_mem_op(mir, MIR_T_I64, 8, b.arg[0], 0, 1, MIR_alias(mir, "other"), 0);
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, t), own));
    test_insn(&b, MIR_new_insn(mir, MIR_URSH, test_reg(&b, sum), test_reg(&b, t), test_int(&b, 16)));
    for (int i = 1; i <= 2; i++) {
        MIR_label_t past = MIR_new_label(mir);
        test_insn(&b, MIR_new_insn(mir, MIR_BFS, MIR_new_label_op(mir, past), test_reg(&b, b.arg[i])));
        test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, t), other));
        test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, sum), test_reg(&b, sum), test_reg(&b, t)));
        test_insn(&b, past);
        test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, t), own));
        test_insn(&b, MIR_new_insn(mir, MIR_URSH, test_reg(&b, t), test_reg(&b, t), test_int(&b, 16)));
        test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, sum), test_reg(&b, sum), test_reg(&b, t)));
    }
    test_return(&b, test_reg(&b, sum));
    return test_end(&b);
}

Test(loads, are_used_again_as_memory_and_as_expressions) {
    for (unsigned level = 0; level < LEVELS; level++) {
        int64_t (*f)(const int64_t *, int64_t, int64_t) =
            (int64_t(*)(const int64_t *, int64_t, int64_t))test_compile(level, emit_two_aliases, NULL);
        const int64_t place[] = {1, 0x70000};
        for (int64_t b = 0; b < 2; b++)
            for (int64_t c = 0; c < 2; c++)
                cr_assert(f(place, b, c) == 3 * 7 + (b + c) * 0x70000, "level %u, %d, %d", level, (int)b, (int)c);
    }
}
