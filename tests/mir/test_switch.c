/* Jump tables of all sizes: every index from the number of labels but one on goes to the last label, whatever it is (patches/74). */
#include "support.h"

/* Returns the number of the label that an index leads to; behind the jump everything is in use, so that the index is not kept. */
static MIR_item_t emit_labels(void *user, MIR_context_t mir, MIR_module_t module) {
    const int labels = *(const int *)user;
    struct build b;
    test_begin(&b, mir, 'i', "i");
    MIR_op_t *ops = murre_mirctx_alloc((size_t)(labels + 1) * sizeof *ops);
    MIR_label_t end = MIR_new_label(mir);
    MIR_reg_t result = test_new_reg(&b, 'i');
    ops[0] = R(b.arg[0]);
    for (int i = 1; i <= labels; i++)
        ops[i] = TO(MIR_new_label(mir));
    test_insn(&b, MIR_new_insn_arr(mir, MIR_SWITCH, (size_t)labels + 1, ops));
    for (int i = 1; i <= labels; i++) {
        test_insn(&b, ops[i].u.label);
        EMIT(MOV, R(result), C(i - 1));
        EMIT(JMP, TO(end));
    }
    test_insn(&b, end);
    test_return(&b, R(result));
    return test_end(&b);
}

Test(switch, any_index_beyond_the_table_takes_the_last_label) {
    static const int sizes[] = {1, 2, 3, 5, 128, 129, 130, 4096, 4097, 4098, 6000};
    static const uint64_t far[] = {UINT32_MAX, (uint64_t)1 << 32, (uint64_t)INT64_MAX, (uint64_t)1 << 63, UINT64_MAX, UINT64_MAX - 1};
    for (unsigned level = 0; level < LEVELS; level++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            int labels = sizes[s];
            uint64_t (*f)(uint64_t) = (uint64_t(*)(uint64_t))test_compile(level, emit_labels, &labels);
            const uint64_t last = (uint64_t)labels - 1;
            for (uint64_t i = 0; i < last + 3; i++)
                cr_assert(f(i) == (i < last ? i : last), "level %u, %d labels, index %llu", level, labels, (unsigned long long)i);
            for (size_t i = 0; i < sizeof far / sizeof *far; i++)
                cr_assert(f(far[i]) == last, "level %u, %d labels, index %llx", level, labels, (unsigned long long)far[i]);
        }
}
