/* Faults of MIR's optimiser in its SSA form, at level 2 and above: each of these fails without the patch named, if one is. */
#include "support.h"

#include "arch/arch.h"

/* An address whose base and index are both arguments. */
static MIR_item_t emit_argument_address(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)module;
    struct build b;
    test_begin(&b, mir, 'i', "ii");
    MIR_reg_t t = test_new_reg(&b, 'i'), r = test_new_reg(&b, 'i');
    EMIT(ADD, R(t), R(b.arg[0]), R(b.arg[1]));
    EMIT(MOV, R(r), AT(I64, 8, t));
    test_return(&b, R(r));
    return test_end(&b);
}

Test(ssa, an_address_is_made_of_two_arguments) {
    for (unsigned level = 0; level < LEVELS; level++) {
        int64_t (*f)(const int64_t *, int64_t) = (int64_t(*)(const int64_t *, int64_t))test_compile(level, emit_argument_address, NULL);
        const int64_t p[] = {1, 2, 3};
        cr_assert(f(p, 0) == 2 && f(p, 8) == 3, "level %u", level);
    }
}

/* patches/14: an address whose base is a register of the machine, set before the function, and whose index is computed in it.
   if (p) return p; return *(memory + *p + 8) */
static MIR_item_t emit_register_address(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)module;
    struct build b;
    test_begin(&b, mir, 'i', "i");
    MIR_reg_t base = MIR_new_global_func_reg(mir, b.func->u.func, MIR_T_I64, "memory", murre_arch_mir_memory_register);
    MIR_reg_t index = test_new_reg(&b, 'i'), t = test_new_reg(&b, 'i'), r = test_new_reg(&b, 'i');
    MIR_label_t out = MIR_new_label(mir);
    EMIT(MOV, R(r), R(b.arg[0]));
    EMIT(BT, TO(out), R(b.arg[0]));
    EMIT(MOV, R(index), AT(I64, 0, b.arg[0]));
    EMIT(ADD, R(t), R(base), R(index));
    EMIT(MOV, R(r), AT(I64, 8, t));
    test_insn(&b, out);
    test_return(&b, R(r));
    return test_end(&b);
}

Test(ssa, an_address_is_made_of_a_register_of_the_machine) {
    for (unsigned level = 0; level < LEVELS; level++) {
        int64_t (*f)(int64_t) = (int64_t(*)(int64_t))test_compile(level, emit_register_address, NULL);
        cr_assert(f(7) == 7, "level %u", level);
    }
}

/* patches/25: a loop whose body stands before its head, behind a branch: its way in is the head's second edge.
   s = 100; n = p[0]; if (n) for (;;) { s += n; n -= 1; if (!n) break; p[0] = s; } return s */
static MIR_item_t emit_entered_from_behind(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)module;
    struct build b;
    test_begin(&b, mir, 'i', "i");
    MIR_reg_t n = test_new_reg(&b, 'i'), s = test_new_reg(&b, 'i');
    MIR_label_t start = MIR_new_label(mir), body = MIR_new_label(mir), head = MIR_new_label(mir), out = MIR_new_label(mir);
    EMIT(JMP, TO(start));
    test_insn(&b, body);
    EMIT(MOV, AT(I64, 0, b.arg[0]), R(s));
    EMIT(JMP, TO(head));
    test_insn(&b, start);
    EMIT(MOV, R(n), AT(I64, 0, b.arg[0]));
    EMIT(MOV, R(s), C(100));
    EMIT(BF, TO(out), R(n));
    test_insn(&b, head);
    EMIT(ADD, R(s), R(s), R(n));
    EMIT(SUB, R(n), R(n), C(1));
    EMIT(BT, TO(body), R(n));
    test_insn(&b, out);
    test_return(&b, R(s));
    return test_end(&b);
}

Test(ssa, a_loop_entered_from_behind_starts_with_its_first_values) {
    for (unsigned level = 0; level < LEVELS; level++) {
        int64_t (*f)(int64_t *) = (int64_t(*)(int64_t *))test_compile(level, emit_entered_from_behind, NULL);
        int64_t p[] = {0, 1, 4};
        cr_assert(f(&p[0]) == 100 && f(&p[1]) == 101 && f(&p[2]) == 110 && p[2] == 109, "level %u", level);
    }
}

/* patches/57: an extension in a loop that is never entered, as constants tell. */
static MIR_item_t emit_unreachable_extension(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)module;
    struct build b;
    test_begin(&b, mir, 'i', "ii");
    MIR_reg_t x = test_new_reg(&b, 'i'), zero = test_new_reg(&b, 'i'), t = test_new_reg(&b, 'i');
    MIR_label_t loop = MIR_new_label(mir), out = MIR_new_label(mir);
    EMIT(MOV, R(zero), C(0));
    EMIT(MOV, R(x), R(b.arg[0]));
    EMIT(BF, TO(out), R(zero));
    test_insn(&b, loop);
    EMIT(UEXT8, R(x), R(x));
    EMIT(MOV, R(t), AT(I64, 0, b.arg[1]));
    EMIT(BT, TO(loop), R(t));
    test_insn(&b, out);
    test_return(&b, R(x));
    return test_end(&b);
}

Test(ssa, an_extension_in_an_unreachable_loop_does_no_harm) {
    for (unsigned level = 0; level < LEVELS; level++) {
        int64_t (*f)(int64_t, int64_t *) = (int64_t(*)(int64_t, int64_t *))test_compile(level, emit_unreachable_extension, NULL);
        cr_assert(f(1000, NULL) == 1000, "level %u", level);
    }
}

/* patches/54: an invariant that is used behind the loop, together with what is known only there.
   do { a = x * y; s += a; } while (--n); return s + a * *p */
static MIR_item_t emit_invariant_behind(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)module;
    struct build b;
    test_begin(&b, mir, 'i', "iiii");
    MIR_reg_t a = test_new_reg(&b, 'i'), s = test_new_reg(&b, 'i'), n = test_new_reg(&b, 'i'), z = test_new_reg(&b, 'i');
    MIR_label_t loop = MIR_new_label(mir);
    EMIT(MOV, R(s), C(0));
    EMIT(MOV, R(n), R(b.arg[2]));
    test_insn(&b, loop);
    EMIT(MUL, R(a), R(b.arg[0]), R(b.arg[1]));
    EMIT(ADD, R(s), R(s), R(a));
    EMIT(SUB, R(n), R(n), C(1));
    EMIT(BT, TO(loop), R(n));
    EMIT(MOV, R(z), AT(I64, 0, b.arg[3]));
    EMIT(MUL, R(z), R(a), R(z));
    EMIT(ADD, R(s), R(s), R(z));
    test_return(&b, R(s));
    return test_end(&b);
}

Test(ssa, what_uses_an_invariant_behind_the_loop_stays_there) {
    for (unsigned level = 0; level < LEVELS; level++) {
        int64_t (*f)(int64_t, int64_t, int64_t, const int64_t *) =
            (int64_t(*)(int64_t, int64_t, int64_t, const int64_t *))test_compile(level, emit_invariant_behind, NULL);
        const int64_t z = 11;
        cr_assert(f(3, 5, 2, &z) == 30 + 165, "level %u", level);
    }
}

/* patches/55: an AND whose first operand is a constant, and an extension of it. */
static MIR_item_t emit_extended_and(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)module;
    const bool used_twice = *(const bool *)user;
    struct build b;
    test_begin(&b, mir, 'i', "i");
    MIR_reg_t c = test_new_reg(&b, 'i'), t = test_new_reg(&b, 'i'), r = test_new_reg(&b, 'i');
    EMIT(MOV, R(c), C(0xff0));
    EMIT(AND, R(t), R(c), R(b.arg[0]));
    EMIT(UEXT8, R(r), R(t));
    if (used_twice)
        EMIT(ADD, R(r), R(r), R(t));
    test_return(&b, R(r));
    return test_end(&b);
}

Test(ssa, an_and_of_a_constant_is_extended) {
    for (unsigned level = 0; level < LEVELS; level++)
        for (int twice = 0; twice < 2; twice++) {
            bool used_twice = twice != 0;
            int64_t (*f)(int64_t) = (int64_t(*)(int64_t))test_compile(level, emit_extended_and, &used_twice);
            cr_assert(f(0x12345) == 0x40 + (used_twice ? 0x340 : 0), "level %u", level);
        }
}
