/* Float and double constants are stored with the code, bit for bit. */
#include "support.h"

static const double doubles[] = {0.0, -0.0, 1.0, 0.1, -1e300, 4.9e-324};

static MIR_item_t emit_doubles(void *user, MIR_context_t mir, MIR_module_t module) {
    /* r = (((x * c0) + c1) * …): all constants in one function, then c itself at the index asked for. */
    const double *c = user;
    struct build b;
    test_begin(&b, mir, 'd', "d");
    MIR_reg_t r = test_new_reg(&b, 'd'), s = test_new_reg(&b, 'd');
    test_insn(&b, MIR_new_insn(mir, MIR_DMOV, test_reg(&b, r), MIR_new_double_op(mir, c[0])));
    test_insn(&b, MIR_new_insn(mir, MIR_DADD, test_reg(&b, s), test_reg(&b, b.arg[0]), MIR_new_double_op(mir, c[1])));
    test_insn(&b, MIR_new_insn(mir, MIR_DMUL, test_reg(&b, r), test_reg(&b, r), test_reg(&b, s)));
    test_return(&b, test_reg(&b, r));
    return test_end(&b);
}

static MIR_item_t emit_float(void *user, MIR_context_t mir, MIR_module_t module) {
    struct build b;
    test_begin(&b, mir, 'f', "f");
    MIR_reg_t r = test_new_reg(&b, 'f');
    test_insn(&b, MIR_new_insn(mir, MIR_FMOV, test_reg(&b, r), MIR_new_float_op(mir, *(const float *)user)));
    test_insn(&b, MIR_new_insn(mir, MIR_FSUB, test_reg(&b, r), test_reg(&b, b.arg[0]), test_reg(&b, r)));
    test_return(&b, test_reg(&b, r));
    return test_end(&b);
}

Test(constants, doubles_keep_their_bits) {
    for (unsigned level = 0; level < LEVELS; level++)
        for (size_t i = 0; i < 6; i++)
            for (size_t j = 0; j < 6; j++) {
                double c[2] = {doubles[i], doubles[j]};
                double (*f)(double) = (double (*)(double))test_compile(level, emit_doubles, c);
                double want = c[0] * (-0.0 + c[1]), got = f(-0.0);
                cr_assert(memcmp(&want, &got, 8) == 0, "level %u: %g, %g", level, c[0], c[1]);
            }
}

Test(constants, floats_keep_their_bits) {
    const float floats[] = {0.0f, -0.0f, 3.25f, -1e-45f};
    for (unsigned level = 0; level < LEVELS; level++)
        for (size_t i = 0; i < 4; i++) {
            float c = floats[i];
            float (*f)(float) = (float (*)(float))test_compile(level, emit_float, &c);
            float want = -0.0f - c, got = f(-0.0f);
            cr_assert(memcmp(&want, &got, 4) == 0, "level %u: %g", level, c);
        }
}

/* The code outlives everything that MIR allocated: compile others in between. */
Test(constants, live_as_long_as_the_code) {
    double c[2] = {0.5, 0.25}, d[2] = {7.0, 9.0};
    double (*f)(double) = (double (*)(double))test_compile(2, emit_doubles, c);
    for (int i = 0; i < 10; i++)
        test_compile(2, emit_doubles, d);
    cr_assert(f(1.0) == 0.625);
}

/* +0.0 and -0.0 are two constants in one function. */
static MIR_item_t emit_zeros(void *user, MIR_context_t mir, MIR_module_t module) {
    struct build b;
    test_begin(&b, mir, 'd', "i");
    MIR_reg_t r = test_new_reg(&b, 'd'), s = test_new_reg(&b, 'd');
    MIR_label_t other = MIR_new_label(mir);
    test_insn(&b, MIR_new_insn(mir, MIR_DMOV, test_reg(&b, r), MIR_new_double_op(mir, 0.0)));
    test_insn(&b, MIR_new_insn(mir, MIR_DMOV, test_reg(&b, s), MIR_new_double_op(mir, -0.0)));
    test_insn(&b, MIR_new_insn(mir, MIR_BF, MIR_new_label_op(mir, other), test_reg(&b, b.arg[0])));
    test_insn(&b, MIR_new_insn(mir, MIR_DMOV, test_reg(&b, r), test_reg(&b, s)));
    test_insn(&b, other);
    test_return(&b, test_reg(&b, r));
    return test_end(&b);
}

Test(constants, zeros_of_both_signs_differ) {
    for (unsigned level = 0; level < LEVELS; level++) {
        double (*f)(int64_t) = (double (*)(int64_t))test_compile(level, emit_zeros, NULL);
        cr_assert(!__builtin_signbit(f(0)) && __builtin_signbit(f(1)), "level %u", level);
    }
}
