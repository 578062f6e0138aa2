/* Faults of MIR's register allocation and of what follows it: each of these fails without the patch named. */
#include "support.h"

#include "arch/arch.h"

/* patches/63: more registers in moves than coalescing keeps conflicts of, each move from a value that lives on beside the sum.
   n times: old = p[2]; new = old; new += 1; p[0] += old; p[1] += new */
static MIR_item_t emit_many_moves(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)module;
    struct build b;
    test_begin(&b, mir, 'v', "i");
    for (int i = 0; i < *(const int *)user; i++) {
        MIR_reg_t old = test_new_reg(&b, 'i'), new = test_new_reg(&b, 'i');
        EMIT(MOV, R(old), AT(I64, 16, b.arg[0]));
        EMIT(MOV, R(new), R(old));
        EMIT(ADD, R(new), R(new), C(1));
        EMIT(ADD, AT(I64, 0, b.arg[0]), AT(I64, 0, b.arg[0]), R(old));
        EMIT(ADD, AT(I64, 8, b.arg[0]), AT(I64, 8, b.arg[0]), R(new));
    }
    test_insn(&b, MIR_new_ret_insn(mir, 0));
    return test_end(&b);
}

Test(registers, with_unknown_conflicts_are_not_joined) {
    int few = 10, many = 5100; /* 10,200 registers; MIR knows the conflicts of 10,000 */
    for (int turn = 0; turn < 2; turn++) {
        const int *count = turn == 0 ? &few : &many;
        void (*f)(int64_t *) = (void (*)(int64_t *))test_compile(2, emit_many_moves, (void *)count);
        int64_t p[] = {0, 0, 5};
        f(p);
        cr_assert(p[0] == 5 * *count && p[1] == 6 * *count, "%d moves", *count);
    }
}

/* patches/64: a register that is stored at an address which it forms itself. */
static MIR_item_t emit_index_stored(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)module;
    struct build b;
    test_begin(&b, mir, 'v', "i");
    MIR_reg_t t = test_new_reg(&b, 'i');
    EMIT(MOV, R(t), C(8));
    EMIT(MOV, MIR_new_mem_op(mir, MIR_T_I64, 0, b.arg[0], t, 1), R(t));
    test_insn(&b, MIR_new_ret_insn(mir, 0));
    return test_end(&b);
}

Test(registers, that_form_an_address_keep_their_definition) {
    for (unsigned level = 0; level < LEVELS; level++) {
        void (*f)(int64_t *) = (void (*)(int64_t *))test_compile(level, emit_index_stored, NULL);
        int64_t p[] = {0, 0, 0};
        f(p);
        cr_assert(p[0] == 0 && p[1] == 8 && p[2] == 0, "level %u", level);
    }
}

/* patches/52: floats that are compared while every vector register is taken. */
enum { FLOATS = 20 };

static MIR_item_t emit_float_equality(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)module;
    struct build b;
    test_begin(&b, mir, 'i', "i"); /* FLOATS floats; the results follow them */
    MIR_reg_t x[FLOATS], r = test_new_reg(&b, 'i');
    for (int i = 0; i < FLOATS; i++) {
        x[i] = test_new_reg(&b, 'f');
        EMIT(FMOV, R(x[i]), AT(F, i * 4, b.arg[0]));
    }
    for (int i = 0; i < FLOATS; i++) {
        test_insn(&b, MIR_new_insn(mir, i % 2 ? MIR_FEQ : MIR_FNE, R(r), R(x[i]), R(x[(i * 7 + 3) % FLOATS])));
        EMIT(MOV, AT(I64, (FLOATS + i * 2) * 4, b.arg[0]), R(r));
    }
    test_return(&b, C(0));
    return test_end(&b);
}

Test(registers, of_floats_are_compared_whatever_their_number) {
    for (unsigned level = 0; level < LEVELS; level++) {
        int64_t (*f)(float *) = (int64_t(*)(float *))test_compile(level, emit_float_equality, NULL);
        struct {
            float x[FLOATS];
            int64_t r[FLOATS];
        } s;
        for (int i = 0; i < FLOATS; i++)
            s.x[i] = (float)(i % 3);
        f(s.x);
        for (int i = 0; i < FLOATS; i++) {
            const bool equal = s.x[i] == s.x[(i * 7 + 3) % FLOATS];
            cr_assert(s.r[i] == (i % 2 ? equal : !equal), "level %u, number %d", level, i);
        }
    }
}

/* patches/50 and patches/24: instructions whose operands are all spilled, or are one spilled register several times. With the larger number
   slots are out of AArch64's reach, and each takes a register for its address. */
enum { FEW_LIVE = 40, MANY_LIVE = 2200 };
struct spilled {
    char type;
    int live;
};

static MIR_item_t emit_spilled(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)module;
    const char type = ((const struct spilled *)user)->type;
    const int live = ((const struct spilled *)user)->live;
    struct build b;
    test_begin(&b, mir, 'v', "i");
    static MIR_reg_t x[MANY_LIVE], n[MANY_LIVE];
    const bool whole = type == 'i';
    const MIR_insn_code_t move = whole ? MIR_MOV : MIR_DMOV;
    for (int i = 0; i < live; i++) {
        x[i] = test_new_reg(&b, type);
        n[i] = test_new_reg(&b, 'i');
        test_insn(&b, MIR_new_insn(mir, move, R(x[i]), MIR_new_mem_op(mir, whole ? MIR_T_I64 : MIR_T_D, i * 8, b.arg[0], 0, 1)));
        EMIT(MOV, R(n[i]), AT(I64, (live + i) * 8, b.arg[0]));
    }
    for (int i = 0; i < live; i++)
        test_insn(&b, MIR_new_insn(mir, whole ? MIR_ADD : MIR_DADD, R(x[i]), R(x[i]), R(x[i])));
    for (int i = 0; i + 2 < live; i += 3)
        murre_ext_emit_select(mir, b.func, whole ? 'l' : 'd', R(x[i]), R(n[i]), R(x[i + 1]), R(x[i + 2]));
    for (int i = 0; i < live; i++) {
        test_insn(&b, MIR_new_insn(mir, move, MIR_new_mem_op(mir, whole ? MIR_T_I64 : MIR_T_D, i * 8, b.arg[0], 0, 1), R(x[i])));
        EMIT(MOV, AT(I64, (live + i) * 8, b.arg[0]), R(n[i]));
    }
    test_insn(&b, MIR_new_ret_insn(mir, 0));
    return test_end(&b);
}

Test(registers, that_are_spilled_may_be_every_operand) {
    static union {
        int64_t i;
        double d;
    } s[2 * MANY_LIVE]; /* the values, then the conditions */
    for (unsigned level = 0; level < LEVELS; level++)
        for (int kind = 0; kind < 4; kind++) {
            const bool whole = kind % 2;
            struct spilled spilled = {whole ? 'i' : 'd', kind < 2 ? FEW_LIVE : MANY_LIVE};
            const int live = spilled.live;
            void (*f)(void *) = (void (*)(void *))test_compile(level, emit_spilled, &spilled);
            for (int i = 0; i < live; i++) {
                if (whole)
                    s[i].i = i + 1;
                else
                    s[i].d = i + 1;
                s[live + i].i = i & 1;
            }
            f(s);
            for (int i = 0; i < live; i++) {
                const int from = i % 3 == 0 && i + 2 < live ? s[live + i].i != 0 ? i + 1 : i + 2 : i;
                cr_assert(whole ? s[i].i == 2 * (from + 1) : s[i].d == 2 * (from + 1), "level %u, number %d of %d", level, i, live);
                cr_assert(s[live + i].i == (i & 1), "level %u, condition %d of %d", level, i, live);
            }
        }
}

/* patches/24: selections whose operands are all spilled to where AArch64's offsets from the frame do not reach (16 KiB for floats,
   32 KiB for doubles), so that each needs a register for its address. For each third i: p[i] = p[FAR + i % FEW_LIVE] ? p[i + 1] : p[i + 2] */
enum { FAR = 4500 };

static MIR_item_t emit_far_selections(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)module;
    const char type = *(const char *)user;
    const MIR_type_t in_memory = type == 'f' ? MIR_T_F : MIR_T_D;
    const MIR_insn_code_t move = type == 'f' ? MIR_FMOV : MIR_DMOV;
    struct build b;
    test_begin(&b, mir, 'v', "i");
    MIR_reg_t *x = murre_mirctx_alloc(FAR * sizeof *x), n[FEW_LIVE];
    for (int i = 0; i < FEW_LIVE; i++) {
        n[i] = test_new_reg(&b, 'i');
        EMIT(MOV, R(n[i]), AT(I64, (FAR + i) * 8, b.arg[0]));
    }
    for (int i = 0; i < FAR; i++) {
        x[i] = test_new_reg(&b, type);
        test_insn(&b, MIR_new_insn(mir, move, R(x[i]), MIR_new_mem_op(mir, in_memory, i * 8, b.arg[0], 0, 1)));
    }
    for (int i = 0; i + 2 < FAR; i += 3)
        murre_ext_emit_select(mir, b.func, type, R(x[i]), R(n[i % FEW_LIVE]), R(x[i + 1]), R(x[i + 2]));
    for (int i = 0; i < FAR; i++)
        test_insn(&b, MIR_new_insn(mir, move, MIR_new_mem_op(mir, in_memory, i * 8, b.arg[0], 0, 1), R(x[i])));
    test_insn(&b, MIR_new_ret_insn(mir, 0));
    return test_end(&b);
}

Test(registers, that_are_spilled_out_of_reach_may_be_every_operand) {
    static struct {
        union {
            float f;
            double d;
        } x[FAR];
        int64_t n[FEW_LIVE];
    } s;
    for (unsigned level = 0; level < LEVELS; level++)
        for (const char *type = "fd"; *type != 0; type++) {
            void (*f)(void *) = (void (*)(void *))test_compile(level, emit_far_selections, (void *)type);
            for (int i = 0; i < FAR; i++)
                if (*type == 'f')
                    s.x[i].f = (float)i;
                else
                    s.x[i].d = i;
            for (int i = 0; i < FEW_LIVE; i++)
                s.n[i] = i & 1;
            f(&s);
            for (int i = 0; i < FAR; i++) {
                const int from = i % 3 != 0 ? i : i % FEW_LIVE % 2 != 0 ? i + 1 : i + 2;
                cr_assert((*type == 'f' ? s.x[i].f : s.x[i].d) == from, "level %u, type %c, number %d", level, *type, i);
            }
        }
}

/* patches/51: a return behind a branch, in a function with a register of all code. */
#if defined(__x86_64__)
#define GLOBAL_REG "r15"
#else
#define GLOBAL_REG "r27"
#endif

static MIR_item_t emit_return_after_branch(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)module;
    struct build b;
    test_begin(&b, mir, 'v', "i");
    MIR_new_global_func_reg(mir, b.func->u.func, MIR_T_I64, "base", GLOBAL_REG);
    MIR_reg_t t = test_new_reg(&b, 'i');
    MIR_label_t loop = MIR_new_label(mir);
    test_insn(&b, loop);
    EMIT(MOV, R(t), AT(I64, 0, b.arg[0]));
    EMIT(SUB, R(t), R(t), C(1));
    EMIT(MOV, AT(I64, 0, b.arg[0]), R(t));
    EMIT(BT, TO(loop), R(t));
    test_insn(&b, MIR_new_ret_insn(mir, 0));
    return test_end(&b);
}

Test(registers, of_all_code_are_used_at_a_return_behind_a_branch) {
    for (unsigned level = 0; level < LEVELS; level++) {
        void (*f)(int64_t *) = (void (*)(int64_t *))test_compile(level, emit_return_after_branch, NULL);
        int64_t n = 5;
        f(&n);
        cr_assert(n == 0, "level %u", level);
    }
}

/* patches/70: old = memory; memory = x; y = callee(); memory = old; return y, or loop for ever. */
struct around_call {
    const void *callee;
    bool returns;
};

static MIR_item_t emit_around_call(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)module;
    const struct around_call *c = user;
    MIR_type_t result = MIR_T_I64;
    MIR_op_t proto = MIR_new_ref_op(mir, MIR_new_proto_arr(mir, "p", 1, &result, 0, NULL));
    MIR_op_t callee = MIR_new_ref_op(mir, murre_mirctx_import(mir, "callee", c->callee));
    struct build b;
    test_begin(&b, mir, 'i', "i");
    MIR_reg_t memory = MIR_new_global_func_reg(mir, b.func->u.func, MIR_T_I64, "memory", murre_arch_mir_memory_register);
    MIR_reg_t old = test_new_reg(&b, 'i'), y = test_new_reg(&b, 'i');
    MIR_label_t loop = MIR_new_label(mir);
    EMIT(MOV, R(old), R(memory));
    EMIT(MOV, R(memory), R(b.arg[0]));
    test_insn(&b, MIR_new_call_insn(mir, 3, proto, callee, R(y)));
    EMIT(MOV, R(memory), R(old));
    if (c->returns) {
        test_return(&b, R(y));
    } else {
        test_insn(&b, loop);
        EMIT(JMP, TO(loop));
    }
    return test_end(&b);
}

static uint64_t memory_register(void) {
    uint64_t value;
#if defined(__x86_64__)
    __asm__ volatile("mov %%r15, %0" : "=r"(value));
#else
    __asm__ volatile("mov %0, x27" : "=r"(value));
#endif
    return value;
}

Test(registers, of_all_code_are_set_for_what_is_called) {
    for (unsigned level = 0; level < LEVELS; level++) {
        struct around_call returns = {(const void *)memory_register, true}, loops = {(const void *)memory_register, false};
        uint64_t (*f)(uint64_t) = (uint64_t(*)(uint64_t))test_compile(level, emit_around_call, &returns);
        uint64_t seen = f(0x123456789abcdef0);
        cr_assert(seen == 0x123456789abcdef0, "level %u: %#llx", level, (unsigned long long)seen);
        test_compile(level, emit_around_call, &loops);
    }
}

/* patches/61: a comparison selects, each of its operands spilled: x[i] = x[i] < x[i + 1] ? x[i + 2] : x[i + 3], of 64 or 32 bits. */
static MIR_item_t emit_compare_select(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)module;
    bool *emitted = user;
    struct build b;
    test_begin(&b, mir, 'v', "i");
    MIR_reg_t x[FEW_LIVE];
    for (int i = 0; i < FEW_LIVE; i++) {
        x[i] = test_new_reg(&b, 'i');
        EMIT(MOV, R(x[i]), AT(I64, i * 8, b.arg[0]));
    }
    for (int i = 0; i + 3 < FEW_LIVE; i++)
        *emitted =
            murre_ext_emit_compare_select(mir, b.func, i % 2 ? MIR_LTS : MIR_LT, R(x[i]), R(x[i]), R(x[i + 1]), R(x[i + 2]), R(x[i + 3]));
    for (int i = 0; i < FEW_LIVE; i++)
        EMIT(MOV, AT(I64, i * 8, b.arg[0]), R(x[i]));
    test_insn(&b, MIR_new_ret_insn(mir, 0));
    return test_end(&b);
}

Test(registers, that_are_spilled_may_be_compared_and_selected) {
    for (unsigned level = 0; level < LEVELS; level++) {
        bool emitted = false;
        void (*f)(int64_t *) = (void (*)(int64_t *))test_compile(level, emit_compare_select, &emitted);
#if defined(__x86_64__)
        cr_assert(emitted);
#endif
        int64_t want[FEW_LIVE], got[FEW_LIVE];
        for (int i = 0; i < FEW_LIVE; i++)
            want[i] = got[i] = (int64_t)(test_random() >> (i % 3 * 20));
        for (int i = 0; emitted && i + 3 < FEW_LIVE; i++) {
            const bool less = i % 2 ? (int32_t)want[i] < (int32_t)want[i + 1] : want[i] < want[i + 1];
            want[i] = less ? want[i + 2] : want[i + 3];
        }
        f(got);
        cr_assert(memcmp(got, want, sizeof got) == 0, "level %u", level);
    }
}

/* patches/66: do { chosen = count ? yes : no; sum += kept; count--; kept = chosen; } while (count). The selection must not go down to the move, behind the
   new value of its condition; kept is read between the two, so that the selection cannot be made in its register. */
static MIR_item_t emit_selection_above_its_condition(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)module;
    struct build b;
    test_begin(&b, mir, 'i', "iii");
    MIR_reg_t count = b.arg[0], no = b.arg[1], yes = b.arg[2];
    MIR_reg_t kept = test_new_reg(&b, 'i'), chosen = test_new_reg(&b, 'i'), sum = test_new_reg(&b, 'i');
    MIR_label_t again = MIR_new_label(mir);
    EMIT(MOV, R(kept), C(5));
    EMIT(MOV, R(sum), C(0));
    test_insn(&b, again);
    EMIT(SEL, R(chosen), R(no), R(yes), R(count));
    EMIT(ADD, R(sum), R(sum), R(kept));
    EMIT(SUB, R(count), R(count), C(1));
    EMIT(MOV, R(kept), R(chosen));
    EMIT(BT, TO(again), R(count));
    EMIT(ADD, R(sum), R(sum), R(kept));
    test_return(&b, R(sum));
    return test_end(&b);
}

Test(registers, of_a_selection_are_what_they_were_when_it_was_made) {
    for (unsigned level = 0; level < LEVELS; level++) {
        int64_t (*f)(int64_t, int64_t, int64_t) =
            (int64_t(*)(int64_t, int64_t, int64_t))test_compile(level, emit_selection_above_its_condition, NULL);
        cr_assert(f(3, 100, 1000) == 3005, "level %u: %lld", level, (long long)f(3, 100, 1000));
    }
}
