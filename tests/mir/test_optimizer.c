/* Faults of MIR's optimiser: each of these fails without the patch named. */
#include "support.h"

/* patches/06: a loop of one block whose phis exchange their values.
   i = n, a = 1, b = 2; do { t = a; a = b; b = t; } while (--i); return a * 10 + b */
static MIR_item_t emit_swap_loop(void *user, MIR_context_t mir, MIR_module_t module) {
    struct build b;
    test_begin(&b, mir, 'i', "i");
    MIR_reg_t i = test_new_reg(&b, 'i'), x = test_new_reg(&b, 'i'), y = test_new_reg(&b, 'i'), t = test_new_reg(&b, 'i');
    MIR_label_t loop = MIR_new_label(mir);
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, i), test_reg(&b, b.arg[0])));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, x), test_int(&b, 1)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, y), test_int(&b, 2)));
    test_insn(&b, loop);
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, t), test_reg(&b, x)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, x), test_reg(&b, y)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, y), test_reg(&b, t)));
    test_insn(&b, MIR_new_insn(mir, MIR_SUB, test_reg(&b, i), test_reg(&b, i), test_int(&b, 1)));
    test_insn(&b, MIR_new_insn(mir, MIR_BT, MIR_new_label_op(mir, loop), test_reg(&b, i)));
    test_insn(&b, MIR_new_insn(mir, MIR_MUL, test_reg(&b, x), test_reg(&b, x), test_int(&b, 10)));
    test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, x), test_reg(&b, x), test_reg(&b, y)));
    test_return(&b, test_reg(&b, x));
    return test_end(&b);
}

/* The quotient's previous value decides: for (;;) { q = n / 10; *p++ = n - q * 10; old = n; n = q; } while (old > 9) */
static MIR_item_t emit_digits(void *user, MIR_context_t mir, MIR_module_t module) {
    struct build b;
    test_begin(&b, mir, 'i', "ii"); /* n, address of bytes */
    MIR_reg_t n = test_new_reg(&b, 'i'), p = test_new_reg(&b, 'i'), q = test_new_reg(&b, 'i'), t = test_new_reg(&b, 'i');
    MIR_reg_t old = test_new_reg(&b, 'i');
    MIR_label_t loop = MIR_new_label(mir);
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, n), test_reg(&b, b.arg[0])));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, p), test_reg(&b, b.arg[1])));
    test_insn(&b, loop);
    test_insn(&b, MIR_new_insn(mir, MIR_UDIVS, test_reg(&b, q), test_reg(&b, n), test_int(&b, 10)));
    test_insn(&b, MIR_new_insn(mir, MIR_MULS, test_reg(&b, t), test_reg(&b, q), test_int(&b, 10)));
    test_insn(&b, MIR_new_insn(mir, MIR_SUBS, test_reg(&b, t), test_reg(&b, n), test_reg(&b, t)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, MIR_new_mem_op(mir, MIR_T_U8, 0, p, 0, 1), test_reg(&b, t)));
    test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, p), test_reg(&b, p), test_int(&b, 1)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, old), test_reg(&b, n)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, n), test_reg(&b, q)));
    test_insn(&b, MIR_new_insn(mir, MIR_UBGTS, MIR_new_label_op(mir, loop), test_reg(&b, old), test_int(&b, 9)));
    test_insn(&b, MIR_new_insn(mir, MIR_SUB, test_reg(&b, p), test_reg(&b, p), test_reg(&b, b.arg[1])));
    test_return(&b, test_reg(&b, p));
    return test_end(&b);
}

Test(optimizer, phis_of_a_one_block_loop_keep_their_copies) {
    for (unsigned level = 0; level < LEVELS; level++) {
        int64_t (*swap)(int64_t) = (int64_t(*)(int64_t))test_compile(level, emit_swap_loop, NULL);
        cr_assert(swap(1) == 21 && swap(2) == 12 && swap(7) == 21, "level %u", level);
        int64_t (*digits)(int64_t, uint8_t *) = (int64_t(*)(int64_t, uint8_t *))test_compile(level, emit_digits, NULL);
        uint8_t out[16] = {0};
        cr_assert(digits(1905, out) == 4 && memcmp(out, "\5\0\11\1", 4) == 0, "level %u", level);
    }
}

/* patches/62: phis that exchange their values in a loop of two blocks, and are used in the first only.
   s = 0, a = 1, b = 2; for (;;) { s = s * 10 + a; if (n == 0) return s; n--; t = a; a = b; b = t; } */
static MIR_item_t emit_swap_in_two(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)module;
    struct build b;
    test_begin(&b, mir, 'i', "i");
    MIR_reg_t n = test_new_reg(&b, 'i'), x = test_new_reg(&b, 'i'), y = test_new_reg(&b, 'i'), t = test_new_reg(&b, 'i');
    MIR_reg_t s = test_new_reg(&b, 'i');
    MIR_label_t loop = MIR_new_label(mir), end = MIR_new_label(mir);
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, n), test_reg(&b, b.arg[0])));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, s), test_int(&b, 0)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, x), test_int(&b, 1)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, y), test_int(&b, 2)));
    test_insn(&b, loop);
    test_insn(&b, MIR_new_insn(mir, MIR_MUL, test_reg(&b, s), test_reg(&b, s), test_int(&b, 10)));
    test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, s), test_reg(&b, s), test_reg(&b, x)));
    test_insn(&b, MIR_new_insn(mir, MIR_BF, MIR_new_label_op(mir, end), test_reg(&b, n)));
    test_insn(&b, MIR_new_insn(mir, MIR_SUB, test_reg(&b, n), test_reg(&b, n), test_int(&b, 1)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, t), test_reg(&b, x)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, x), test_reg(&b, y)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, y), test_reg(&b, t)));
    test_insn(&b, MIR_new_insn(mir, MIR_JMP, MIR_new_label_op(mir, loop)));
    test_insn(&b, end);
    test_return(&b, test_reg(&b, s));
    return test_end(&b);
}

/* The address is formed in the first block, and used behind the loop, where the pointer has gone on.
   do { t = p + 8; p += 16; n -= n & 1 ? 3 : 1; } while (n > 0); return *t */
static MIR_item_t emit_address_behind(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user, (void)module;
    struct build b;
    test_begin(&b, mir, 'i', "ii"); /* rounds, address of words */
    MIR_reg_t n = test_new_reg(&b, 'i'), p = test_new_reg(&b, 'i'), t = test_new_reg(&b, 'i'), r = test_new_reg(&b, 'i');
    MIR_label_t loop = MIR_new_label(mir), even = MIR_new_label(mir), on = MIR_new_label(mir);
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, n), test_reg(&b, b.arg[0])));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, p), test_reg(&b, b.arg[1])));
    test_insn(&b, loop);
    test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, t), test_reg(&b, p), test_int(&b, 8)));
    test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, p), test_reg(&b, p), test_int(&b, 16)));
    test_insn(&b, MIR_new_insn(mir, MIR_AND, test_reg(&b, r), test_reg(&b, n), test_int(&b, 1)));
    test_insn(&b, MIR_new_insn(mir, MIR_BF, MIR_new_label_op(mir, even), test_reg(&b, r)));
    test_insn(&b, MIR_new_insn(mir, MIR_SUB, test_reg(&b, n), test_reg(&b, n), test_int(&b, 3)));
    test_insn(&b, MIR_new_insn(mir, MIR_JMP, MIR_new_label_op(mir, on)));
    test_insn(&b, even);
    test_insn(&b, MIR_new_insn(mir, MIR_SUB, test_reg(&b, n), test_reg(&b, n), test_int(&b, 1)));
    test_insn(&b, on);
    test_insn(&b, MIR_new_insn(mir, MIR_BGT, MIR_new_label_op(mir, loop), test_reg(&b, n), test_int(&b, 0)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, r), MIR_new_mem_op(mir, MIR_T_I64, 0, t, 0, 1)));
    test_return(&b, test_reg(&b, r));
    return test_end(&b);
}

Test(optimizer, uses_of_a_merged_phi_stay_in_its_block) {
    for (unsigned level = 0; level < LEVELS; level++) {
        int64_t (*swap)(int64_t) = (int64_t(*)(int64_t))test_compile(level, emit_swap_in_two, NULL);
        cr_assert(swap(0) == 1 && swap(1) == 12 && swap(4) == 12121, "level %u", level);
        int64_t (*behind)(int64_t, const int64_t *) = (int64_t(*)(int64_t, const int64_t *))test_compile(level, emit_address_behind, NULL);
        static const int64_t words[] = {10, 11, 12, 13, 14, 15, 16, 17, 18, 19};
        cr_assert(behind(1, words) == 11 && behind(2, words) == 13 && behind(4, words) == 13 && behind(6, words) == 17, "level %u", level);
    }
}

/* patches/07: a narrow store followed by a load of the same place. */
struct narrow {
    MIR_type_t type;
    bool constant;
};

static MIR_item_t emit_narrow(void *user, MIR_context_t mir, MIR_module_t module) {
    const struct narrow *n = user;
    struct build b;
    test_begin(&b, mir, 'i', "ii"); /* value, address */
    MIR_reg_t v = test_new_reg(&b, 'i'), r = test_new_reg(&b, 'i'), s = test_new_reg(&b, 'i');
    MIR_op_t place = MIR_new_mem_op(mir, n->type, 0, b.arg[1], 0, 1);
    if (n->constant)
        test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, v), test_int(&b, 0x123456789abcdef0)));
    else
        test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, v), test_reg(&b, b.arg[0])));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, place, test_reg(&b, v)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, r), place));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, s), place)); /* a second load of the same store */
    test_insn(&b, MIR_new_insn(mir, MIR_XOR, test_reg(&b, s), test_reg(&b, s), test_reg(&b, v)));
    test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, r), test_reg(&b, r), test_reg(&b, s)));
    test_return(&b, test_reg(&b, r));
    return test_end(&b);
}

static int64_t narrowed(MIR_type_t type, int64_t v) {
    switch (type) {
    case MIR_T_I8: return (int8_t)v;
    case MIR_T_U8: return (uint8_t)v;
    case MIR_T_I16: return (int16_t)v;
    case MIR_T_U16: return (uint16_t)v;
    case MIR_T_I32: return (int32_t)v;
    case MIR_T_U32: return (uint32_t)v;
    default: return v;
    }
}

Test(optimizer, a_reload_of_a_narrow_store_is_extended) {
    const MIR_type_t types[] = {MIR_T_I8, MIR_T_U8, MIR_T_I16, MIR_T_U16, MIR_T_I32, MIR_T_U32, MIR_T_I64};
    for (unsigned level = 0; level < LEVELS; level++)
        for (size_t t = 0; t < sizeof types / sizeof *types; t++)
            for (int constant = 0; constant < 2; constant++) {
                struct narrow n = {types[t], constant != 0};
                int64_t (*f)(int64_t, void *) = (int64_t(*)(int64_t, void *))test_compile(level, emit_narrow, &n);
                int64_t place = -1, v = 0x123456789abcdef0, want = narrowed(types[t], v);
                cr_assert(f(v, &place) == want + (want ^ v), "level %u, type %d, constant %d", level, (int)types[t], constant);
            }
}

/* patches/08: accesses that can trap stay, and so does what was in memory before one traps. */
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

static sigjmp_buf trapped;

static void on_trap(int signal) {
    siglongjmp(trapped, signal);
}

/* What signal a call of f(a, b) raises, 0 for none. */
static int trap_of(int64_t (*f)(int64_t, int64_t), int64_t a, int64_t b) {
    struct sigaction action = {.sa_handler = on_trap, .sa_flags = SA_NODEFER}, old[3];
    sigaction(SIGSEGV, &action, &old[0]);
    sigaction(SIGFPE, &action, &old[1]);
    sigaction(SIGBUS, &action, &old[2]);
    int signal = sigsetjmp(trapped, 1);
    if (signal == 0)
        f(a, b);
    sigaction(SIGSEGV, &old[0], NULL);
    sigaction(SIGFPE, &old[1], NULL);
    sigaction(SIGBUS, &old[2], NULL);
    return signal;
}

static MIR_op_t trapping(struct build *b, MIR_type_t type, MIR_reg_t base, int64_t disp) {
    return MIR_new_alias_mem_op(b->mir, type, disp, base, 0, 1, murre_mirctx_trap_alias(b->mir), 0);
}

static MIR_item_t emit_dead_load(void *user, MIR_context_t mir, MIR_module_t module) {
    struct build b;
    test_begin(&b, mir, 'i', "ii");
    MIR_reg_t r = test_new_reg(&b, 'i');
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, r), trapping(&b, *(MIR_type_t *)user, b.arg[0], 0)));
    test_return(&b, test_reg(&b, b.arg[1]));
    return test_end(&b);
}

Test(optimizer, a_dead_load_still_traps) {
    void *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (unsigned level = 0; level < LEVELS; level++)
        for (MIR_type_t type = MIR_T_I8; type <= MIR_T_U64; type++) {
            int64_t (*f)(int64_t, int64_t) = (int64_t(*)(int64_t, int64_t))test_compile(level, emit_dead_load, &type);
            int64_t place = 5;
            cr_assert(f((intptr_t)&place, 6) == 6);
            cr_assert(trap_of(f, (intptr_t)page, 0) == SIGSEGV, "level %u", level);
        }
}

#if defined(__x86_64__) /* AArch64 does not trap */
static MIR_item_t emit_dead_division(void *user, MIR_context_t mir, MIR_module_t module) {
    struct build b;
    test_begin(&b, mir, 'i', "ii");
    MIR_reg_t r = test_new_reg(&b, 'i');
    test_insn(&b, MIR_new_insn(mir, *(MIR_insn_code_t *)user, test_reg(&b, r), test_reg(&b, b.arg[0]), test_reg(&b, b.arg[1])));
    test_return(&b, test_reg(&b, b.arg[1]));
    return test_end(&b);
}

Test(optimizer, a_dead_division_still_traps) {
    MIR_insn_code_t codes[] = {MIR_DIV, MIR_DIVS, MIR_UDIV, MIR_UDIVS, MIR_MOD, MIR_MODS, MIR_UMOD, MIR_UMODS};
    for (unsigned level = 0; level < LEVELS; level++)
        for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
            int64_t (*f)(int64_t, int64_t) = (int64_t(*)(int64_t, int64_t))test_compile(level, emit_dead_division, &codes[i]);
            cr_assert(trap_of(f, 5, 2) == 0 && trap_of(f, 5, 0) == SIGFPE, "level %u, code %d", level, (int)codes[i]);
        }
}
#endif

/* *a = 1; trap at b unless it is readable; *a = 2. The place a: of the load's alias, of another, of any. */
enum place_alias { ALIAS_OF_LOAD, ALIAS_OTHER, ALIAS_ANY, PLACE_ALIASES };

static MIR_item_t emit_store_trap_store(void *user, MIR_context_t mir, MIR_module_t module) {
    struct build b;
    test_begin(&b, mir, 'i', "ii");
    MIR_reg_t r = test_new_reg(&b, 'i');
    const MIR_alias_t aliases[PLACE_ALIASES] = {
        [ALIAS_OF_LOAD] = murre_mirctx_trap_alias(mir),
        [ALIAS_OTHER] = MIR_alias(mir, "other"),
        [ALIAS_ANY] = 0,
    };
    MIR_op_t place = MIR_new_alias_mem_op(mir, MIR_T_I32, 4, b.arg[0], 0, 1, aliases[*(enum place_alias *)user], 0);
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, place, test_int(&b, 1)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, r), trapping(&b, MIR_T_I64, b.arg[1], 0)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, place, test_int(&b, 2)));
    test_return(&b, test_reg(&b, r));
    return test_end(&b);
}

Test(optimizer, a_store_before_a_trap_stays) {
    void *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (unsigned level = 0; level < LEVELS; level++)
        for (enum place_alias alias = 0; alias < PLACE_ALIASES; alias++) {
            int64_t (*f)(int64_t, int64_t) = (int64_t(*)(int64_t, int64_t))test_compile(level, emit_store_trap_store, &alias);
            int32_t place[2] = {0, 0};
            cr_assert(trap_of(f, (intptr_t)place, (intptr_t)page) == SIGSEGV && place[1] == 1, "level %u, alias %d", level, (int)alias);
            int64_t other = 9;
            cr_assert(f((intptr_t)place, (intptr_t)&other) == 9 && place[1] == 2, "level %u", level);
        }
}

/* r = *b; *a = 7; return r + 1: the load must not sink below the store, even to memory of another alias. */
static MIR_item_t emit_load_store_use(void *user, MIR_context_t mir, MIR_module_t module) {
    struct build b;
    test_begin(&b, mir, 'i', "ii");
    MIR_reg_t r = test_new_reg(&b, 'i');
    MIR_op_t place = MIR_new_alias_mem_op(mir, MIR_T_I64, 0, b.arg[0], 0, 1, MIR_alias(mir, "other"), 0);
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, r), trapping(&b, MIR_T_I64, b.arg[1], 0)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, place, test_int(&b, 7)));
    test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, r), test_reg(&b, b.arg[0]), test_reg(&b, r)));
    test_return(&b, test_reg(&b, r));
    return test_end(&b);
}

Test(optimizer, a_load_does_not_sink_below_a_store) {
    void *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (unsigned level = 0; level < LEVELS; level++) {
        int64_t (*f)(int64_t, int64_t) = (int64_t(*)(int64_t, int64_t))test_compile(level, emit_load_store_use, NULL);
        int64_t place = 0;
        cr_assert(trap_of(f, (intptr_t)&place, (intptr_t)page) == SIGSEGV && place == 0, "level %u", level);
    }
}

/* patches/08: with identical accesses the second one is still removed; patches/09 folds constants without dividing. */
static MIR_item_t emit_constant_division(void *user, MIR_context_t mir, MIR_module_t module) {
    struct build b;
    test_begin(&b, mir, 'i', "i");
    MIR_reg_t r = test_new_reg(&b, 'i'), s = test_new_reg(&b, 'i');
    MIR_insn_code_t code = *(MIR_insn_code_t *)user;
    bool narrow = code == MIR_DIVS || code == MIR_MODS;
    MIR_label_t skip = MIR_new_label(mir);
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, r), test_int(&b, narrow ? INT32_MIN : INT64_MIN)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, s), test_int(&b, -1)));
    test_insn(&b, MIR_new_insn(mir, MIR_BT, MIR_new_label_op(mir, skip), test_reg(&b, b.arg[0])));
    test_insn(&b, MIR_new_insn(mir, code, test_reg(&b, r), test_reg(&b, r), test_reg(&b, s)));
    test_insn(&b, skip);
    test_return(&b, test_reg(&b, r));
    return test_end(&b);
}

Test(optimizer, the_compiler_survives_an_overflowing_constant_division) {
    MIR_insn_code_t codes[] = {MIR_DIV, MIR_DIVS, MIR_MOD, MIR_MODS};
    for (unsigned level = 0; level < LEVELS; level++)
        for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
            int64_t (*f)(int64_t) = (int64_t(*)(int64_t))test_compile(level, emit_constant_division, &codes[i]);
            cr_assert(f(1) < 0);
        }
}

/* patches/09: counts beyond the width, and negative ones, which no instruction of AArch64 takes as they are. */
struct constant_shift {
    MIR_insn_code_t code;
    int64_t count;
};

static MIR_item_t emit_constant_shift(void *user, MIR_context_t mir, MIR_module_t module) {
    const struct constant_shift *shift = user;
    struct build b;
    test_begin(&b, mir, 'i', "i");
    MIR_reg_t r = test_new_reg(&b, 'i');
    test_insn(&b, MIR_new_insn(mir, shift->code, R(r), R(b.arg[0]), C(shift->count)));
    test_return(&b, R(r));
    return test_end(&b);
}

static uint64_t shifted(const struct constant_shift *shift, uint64_t value) {
    switch (shift->code) {
    case MIR_LSH: return value << (shift->count & 63);
    case MIR_RSH: return (uint64_t)((int64_t)value >> (shift->count & 63));
    case MIR_URSH: return value >> (shift->count & 63);
    case MIR_LSHS: return (uint32_t)value << (shift->count & 31);
    case MIR_RSHS: return (uint32_t)((int32_t)value >> (shift->count & 31));
    default: return (uint32_t)value >> (shift->count & 31);
    }
}

Test(optimizer, shifts_by_any_constant_count_modulo_the_width) {
    static const MIR_insn_code_t codes[] = {MIR_LSH, MIR_RSH, MIR_URSH, MIR_LSHS, MIR_RSHS, MIR_URSHS};
    static const int64_t counts[] = {1, 31, 32, 63, 64, 69, -1, -3, -32, -64, INT64_MIN};
    const uint64_t value = 0x8123456789abcdef;
    for (unsigned level = 0; level < LEVELS; level++)
        for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
            for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
                struct constant_shift shift = {codes[i], counts[k]};
                uint64_t (*f)(uint64_t) = (uint64_t(*)(uint64_t))test_compile(level, emit_constant_shift, &shift);
                cr_assert(f(value) == shifted(&shift, value), "level %u, shift %zu by %lld", level, i, (long long)counts[k]);
            }
}

/* patches/56: (x + 32) of 32 bits, plus 4 of 64 bits. */
static MIR_item_t emit_two_widths(void *user, MIR_context_t mir, MIR_module_t module) {
    struct build b;
    test_begin(&b, mir, 'i', "i");
    MIR_reg_t inner = test_new_reg(&b, 'i'), outer = test_new_reg(&b, 'i');
    test_insn(&b, MIR_new_insn(mir, MIR_ADDS, test_reg(&b, inner), test_reg(&b, b.arg[0]), test_int(&b, 32)));
    test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, outer), test_reg(&b, inner), test_int(&b, 4)));
    test_return(&b, test_reg(&b, outer));
    return test_end(&b);
}

Test(optimizer, a_sum_of_32_bits_inside_one_of_64_wraps) {
    for (unsigned level = 0; level < LEVELS; level++) {
        int64_t (*sum)(int64_t) = (int64_t(*)(int64_t))test_compile(level, emit_two_widths, NULL);
        cr_assert(sum(1) == 37 && sum(0xfffffff0) == 0x14, "level %u", level);
    }
}

/* patches/23: a loop whose only entry is a jump table that stands just before it. */
static MIR_item_t emit_loop_behind_switch(void *user, MIR_context_t mir, MIR_module_t module) {
    struct build b;
    test_begin(&b, mir, 'i', "ii");
    MIR_reg_t x = test_new_reg(&b, 'i'), y = test_new_reg(&b, 'i'), t = test_new_reg(&b, 'i');
    MIR_label_t loop = MIR_new_label(mir), out = MIR_new_label(mir), other = MIR_new_label(mir);
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, x), test_reg(&b, b.arg[0])));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, y), test_int(&b, 0)));
    MIR_op_t ops[] = {test_reg(&b, b.arg[1]), MIR_new_label_op(mir, out), MIR_new_label_op(mir, loop), MIR_new_label_op(mir, other)};
    test_insn(&b, MIR_new_insn_arr(mir, MIR_SWITCH, 4, ops));
    test_insn(&b, loop);
    test_insn(&b, MIR_new_insn(mir, MIR_MUL, test_reg(&b, t), test_reg(&b, b.arg[0]), test_reg(&b, b.arg[1]))); /* invariant */
    test_insn(&b, MIR_new_insn(mir, MIR_ADD, test_reg(&b, y), test_reg(&b, y), test_reg(&b, t)));
    test_insn(&b, MIR_new_insn(mir, MIR_SUB, test_reg(&b, x), test_reg(&b, x), test_int(&b, 1)));
    test_insn(&b, MIR_new_insn(mir, MIR_BGT, MIR_new_label_op(mir, loop), test_reg(&b, x), test_int(&b, 0)));
    test_insn(&b, MIR_new_insn(mir, MIR_JMP, MIR_new_label_op(mir, out)));
    test_insn(&b, other);
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, y), test_int(&b, -1)));
    test_insn(&b, out);
    test_return(&b, test_reg(&b, y));
    return test_end(&b);
}

Test(optimizer, a_jump_table_does_not_jump_over_a_preheader) {
    for (unsigned level = 0; level < LEVELS; level++) {
        int64_t (*f)(int64_t, int64_t) = (int64_t(*)(int64_t, int64_t))test_compile(level, emit_loop_behind_switch, NULL);
        cr_assert(f(6, 1) == 36 && f(6, 0) == 0 && f(6, 2) == -1, "level %u: %lld", level, (long long)f(6, 1));
    }
}

/* A loop that is left out because its condition is constant, where x and y change places: its phis become moves of each other. */
static MIR_item_t emit_swap_in_dead_loop(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user;
    (void)module;
    struct build b;
    test_begin(&b, mir, 'i', "ii");
    MIR_reg_t never = test_new_reg(&b, 'i'), x = test_new_reg(&b, 'i'), y = test_new_reg(&b, 'i'), swap = test_new_reg(&b, 'i'),
              sum = test_new_reg(&b, 'i');
    MIR_label_t loop = MIR_new_label(mir), end = MIR_new_label(mir);
    EMIT(MOV, R(never), C(0));
    EMIT(MOV, R(sum), R(b.arg[0]));
    EMIT(MOV, R(x), R(b.arg[0]));
    EMIT(MOV, R(y), R(b.arg[1]));
    EMIT(BF, TO(end), R(never));
    test_insn(&b, loop);
    EMIT(ADD, R(sum), R(x), C(5));
    EMIT(MOV, R(swap), R(x));
    EMIT(MOV, R(x), R(y));
    EMIT(MOV, R(y), R(swap));
    EMIT(BLT, TO(loop), R(sum), R(b.arg[1]));
    test_insn(&b, end);
    test_return(&b, R(sum));
    return test_end(&b);
}

Test(optimizer, moves_in_a_loop_that_is_never_entered_may_go_round, .timeout = 20) {
    for (unsigned level = 0; level < LEVELS; level++) {
        int64_t (*code)(int64_t, int64_t) = (int64_t(*)(int64_t, int64_t))test_compile(level, emit_swap_in_dead_loop, NULL);
        cr_assert(code(7, 9) == 7, "level %u", level);
    }
}

static void add_to(int64_t *place) {
    *place += 1000;
}

/* patches/76: what stands behind "again" is copied to the block at the end, which jumps there: x = *p; if (x < 0) return -1; *p = x - 64;
   add_to(p); if (x < -1000) return -1;
   return *p + x. */
static MIR_item_t emit_copied_call(void *user, MIR_context_t mir, MIR_module_t module) {
    (void)user;
    (void)module;
    struct build b;
    MIR_item_t proto = MIR_new_proto(mir, "p", 0, NULL, 1, MIR_T_I64, "a");
    MIR_item_t callee = murre_mirctx_import(mir, "add_to", (const void *)add_to);
    test_begin(&b, mir, 'i', "ii");
    MIR_reg_t x = test_new_reg(&b, 'i'), y = test_new_reg(&b, 'i');
    MIR_label_t again = MIR_new_label(mir), far = MIR_new_label(mir), wrong = MIR_new_label(mir), out = MIR_new_label(mir);
    MIR_op_t place = AT(I64, 0, b.arg[0]);
    EMIT(MOV, R(y), C(0));
    EMIT(BT, TO(far), R(b.arg[1]));
    test_insn(&b, again);
    EMIT(MOV, R(x), place);
    EMIT(BLT, TO(wrong), R(x), C(0));
    EMIT(SUB, R(x), R(x), C(64));
    EMIT(MOV, place, R(x));
    test_insn(&b, MIR_new_call_insn(mir, 3, MIR_new_ref_op(mir, proto), MIR_new_ref_op(mir, callee), R(b.arg[0])));
    EMIT(BLT, TO(wrong), R(x), C(-1000));
    EMIT(ADD, R(y), R(y), place);
    EMIT(ADD, R(y), R(y), R(x));
    test_insn(&b, out);
    test_return(&b, R(y));
    test_insn(&b, far);
    for (int i = 0; i < 8; i++) { /* of some size, since copies grow in proportion */
        EMIT(MUL, R(y), R(y), R(b.arg[1]));
        EMIT(ADD, R(y), R(y), R(b.arg[1]));
    }
    EMIT(AND, R(y), R(y), C(0));
    EMIT(JMP, TO(again));
    test_insn(&b, wrong);
    EMIT(MOV, R(y), C(-1));
    EMIT(JMP, TO(out));
    return test_end(&b);
}

Test(optimizer, memory_is_read_again_behind_a_call_that_was_copied) {
    for (unsigned level = 0; level < LEVELS; level++) {
        int64_t (*code)(int64_t *, int64_t) = (int64_t(*)(int64_t *, int64_t))test_compile(level, emit_copied_call, NULL);
        for (int64_t way = 0; way < 2; way++) {
            int64_t place = 100;
            cr_assert(code(&place, way) == 1036 + 36 && place == 1036, "level %u, way %lld", level, (long long)way);
        }
    }
}
