/* patches/10: distances between a branch and its target, which MIR estimates before it knows them. */
#include "support.h"

struct distance {
    int before, between; /* operations in front of the branch, and behind it */
    int tables;          /* jump tables there, each of one entry */
};

/* s = x; s += 1000…; if (!s) goto out; s ^= x…; switch (y) { next: } next: …; out: return s */
static MIR_item_t emit_branch_over_tables(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)module;
    const struct distance *d = user;
    struct build b;
    test_begin(&b, mir, 'i', "ii");
    MIR_reg_t s = test_new_reg(&b, 'i');
    MIR_label_t out = MIR_new_label(mir);
    EMIT(MOV, R(s), R(b.arg[0]));
    for (int i = 0; i < d->before; i++)
        EMIT(ADD, R(s), R(s), C(1000));
    EMIT(BF, TO(out), R(s));
    for (int i = 0; i < d->between; i++)
        test_insn(&b, MIR_new_insn(mir, i % 2 ? MIR_SUB : MIR_XOR, R(s), R(s), R(b.arg[i % 2])));
    for (int i = 0; i < d->tables; i++) {
        MIR_label_t next = MIR_new_label(mir);
        MIR_op_t ops[] = {R(b.arg[1]), TO(next)};
        test_insn(&b, MIR_new_insn_arr(mir, MIR_SWITCH, 2, ops));
        test_insn(&b, next);
        for (int k = 0; k <= i % 3; k++) /* so that not every table happens to be aligned */
            EMIT(ADD, R(s), R(s), R(b.arg[1]));
    }
    test_insn(&b, out);
    test_return(&b, R(s));
    return test_end(&b);
}

Test(reach, a_branch_over_jump_tables_knows_their_alignment) {
    for (unsigned level = 0; level < LEVELS; level++)
        for (int tables = 1; tables <= 5; tables++)
            for (int before = 0; before < 2; before++)
                for (int between = 0; between < 36; between++) {
                    struct distance d = {before, between, tables};
                    int64_t (*f)(int64_t, int64_t) = (int64_t(*)(int64_t, int64_t))test_compile(level, emit_branch_over_tables, &d);
                    int64_t s = 77 + before * 1000;
                    for (int i = 0; i < between; i += 2)
                        s ^= 77;
                    cr_assert(f(-before * 1000, 0) == 0 && f(77, 0) == s, "level %u, %d + %d operations, %d tables", level, before, between,
                              tables);
                }
}
