/* patches/13: the result of every 32-bit instruction is zero extended, whatever the optimiser makes of it. Random programs of
   32-bit operations, with the constants and repetitions that its transformations look for, against a plain C twin. */
#include "support.h"

enum { STEPS = 40, INPUTS = 4 };

struct step {
    MIR_insn_code_t code;
    int a, b; /* earlier values; b < 0: the constant */
    int64_t constant;
    bool branch; /* put into a block of its own */
};

struct program {
    struct step steps[STEPS];
};

static const MIR_insn_code_t codes[] = {MIR_ADDS,  MIR_SUBS,  MIR_MULS, MIR_ANDS, MIR_ORS,  MIR_XORS,  MIR_LSHS,
                                        MIR_RSHS,  MIR_URSHS, MIR_ADDS, MIR_SUBS, MIR_DIVS, MIR_UDIVS, MIR_MODS,
                                        MIR_UMODS, MIR_NEGS,  MIR_EQS,  MIR_ULTS, MIR_LTS,  MIR_GES};

static struct program random_program(void) {
    static const int64_t constants[] = {
        0, 1, 2, 3, 4, 8, 16, 31, 32, 33, -1, -2, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff0, 0x100000000, -0x80000000LL, 64, 255};
    struct program p;
    for (int i = 0; i < STEPS; i++) {
        const uint64_t r = test_random();
        struct step *s = &p.steps[i];
        s->code = codes[r % (sizeof codes / sizeof *codes)];
        s->a = (int)(r >> 8) % (i + INPUTS);
        s->a = s->a < 0 ? -s->a : s->a;
        s->b = r >> 40 & 1 ? -1 : (int)((r >> 41) % (uint64_t)(i + INPUTS));
        s->constant = constants[(r >> 52) % (sizeof constants / sizeof *constants)];
        s->branch = test_random() % 8 == 0;
        if (i > 0 && test_random() % 6 == 0) { /* the same once more */
            *s = p.steps[test_random() % (uint64_t)i];
        } else if (i > 0 && test_random() % 4 == 0) { /* a chain of additions */
            s->code = test_random() % 2 ? MIR_ADDS : MIR_SUBS;
            s->a = i + INPUTS - 1;
            s->b = -1;
        }
        const bool divides = s->code == MIR_DIVS || s->code == MIR_UDIVS || s->code == MIR_MODS || s->code == MIR_UMODS;
        if (divides) { /* by a constant that cannot trap */
            s->b = -1;
            if ((uint32_t)s->constant == 0 || (uint32_t)s->constant == 0xffffffff)
                s->constant = 8;
        }
    }
    return p;
}

static uint64_t twin(MIR_insn_code_t code, uint64_t a, uint64_t b) {
    const uint32_t x = (uint32_t)a, y = (uint32_t)b;
    switch (code) {
    case MIR_ADDS: return (uint32_t)(x + y);
    case MIR_SUBS: return (uint32_t)(x - y);
    case MIR_MULS: return (uint32_t)(x * y);
    case MIR_ANDS: return x & y;
    case MIR_ORS: return x | y;
    case MIR_XORS: return x ^ y;
    case MIR_LSHS: return (uint32_t)(x << (y & 31));
    case MIR_RSHS: return (uint32_t)((int32_t)x >> (y & 31));
    case MIR_URSHS: return x >> (y & 31);
    case MIR_DIVS: return (uint32_t)((int32_t)x / (int32_t)y);
    case MIR_UDIVS: return x / y;
    case MIR_MODS: return (uint32_t)((int32_t)x % (int32_t)y);
    case MIR_UMODS: return x % y;
    case MIR_NEGS: return (uint32_t)-x;
    case MIR_EQS: return x == y;
    case MIR_ULTS: return x < y;
    case MIR_LTS: return (int32_t)x < (int32_t)y;
    default: return (int32_t)x >= (int32_t)y;
    }
}

/* f(in, out): out[i] = value i, all 64 bits. Inputs 0 and 1 are whatever lies there; 2 and 3 are constants. */
static MIR_item_t emit_program(void *user, MIR_context_t mir, MIR_module_t module) {
    const struct program *p = user;
    struct build b;
    test_begin(&b, mir, 'v', "ii");
    MIR_reg_t value[STEPS + INPUTS];
    for (int i = 0; i < STEPS + INPUTS; i++)
        value[i] = test_new_reg(&b, 'i');
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, value[0]), MIR_new_mem_op(mir, MIR_T_I64, 0, b.arg[0], 0, 1)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, value[1]), MIR_new_mem_op(mir, MIR_T_U32, 8, b.arg[0], 0, 1)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, value[2]), test_int(&b, 0xdeadbeef)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, value[3]), test_int(&b, 0x123456789abcdef0)));
    for (int i = 0; i < STEPS; i++) {
        const struct step *s = &p->steps[i];
        if (s->branch) {
            MIR_label_t next = MIR_new_label(mir);
            test_insn(&b, MIR_new_insn(mir, MIR_BEQ, MIR_new_label_op(mir, next), test_reg(&b, b.arg[0]), test_int(&b, 0)));
            test_insn(&b, next);
        }
        MIR_op_t dst = test_reg(&b, value[i + INPUTS]), x = test_reg(&b, value[s->a]);
        if (s->code == MIR_NEGS)
            test_insn(&b, MIR_new_insn(mir, s->code, dst, x));
        else
            test_insn(&b, MIR_new_insn(mir, s->code, dst, x, s->b < 0 ? test_int(&b, s->constant) : test_reg(&b, value[s->b])));
    }
    for (int i = 0; i < STEPS; i++)
        test_insn(&b, MIR_new_insn(mir, MIR_MOV, MIR_new_mem_op(mir, MIR_T_I64, i * 8, b.arg[1], 0, 1), test_reg(&b, value[i + INPUTS])));
    test_insn(&b, MIR_new_ret_insn(mir, 0));
    return test_end(&b);
}

static void check_program(const struct program *p, unsigned level) {
    void (*f)(const uint64_t *, uint64_t *) = (void (*)(const uint64_t *, uint64_t *))test_compile(level, emit_program, (void *)p);
    for (int round = 0; round < 4; round++) {
        uint64_t in[2] = {test_random(), round == 0 ? 0 : test_random()}, out[STEPS], value[STEPS + INPUTS];
        f(in, out);
        value[0] = in[0];
        value[1] = (uint32_t)in[1];
        value[2] = 0xdeadbeef;
        value[3] = 0x123456789abcdef0;
        for (int i = 0; i < STEPS; i++) {
            const struct step *s = &p->steps[i];
            const uint64_t want = twin(s->code, value[s->a], s->b < 0 ? (uint64_t)s->constant : value[s->b]);
            value[i + INPUTS] = want;
            cr_assert(out[i] == want, "level %u, step %d, code %d: %llx, not %llx", level, i, (int)s->code, (unsigned long long)out[i],
                      (unsigned long long)want);
        }
    }
}

Test(short_results, are_zero_extended) {
    for (int n = 0; n < 600; n++) {
        const struct program p = random_program();
        for (unsigned level = 0; level < LEVELS; level++)
            check_program(&p, level);
    }
}

/* An extension of what is extended already costs nothing, and an address made of it is right. */
static MIR_item_t emit_extended(void *user, MIR_context_t mir, MIR_module_t module) {
    struct build b;
    test_begin(&b, mir, 'i', "ii");
    MIR_reg_t t = test_new_reg(&b, 'i'), u = test_new_reg(&b, 'i');
    test_insn(&b, MIR_new_insn(mir, MIR_SUBS, test_reg(&b, t), test_reg(&b, b.arg[0]), test_reg(&b, b.arg[1])));
    if (*(bool *)user)
        test_insn(&b, MIR_new_insn(mir, MIR_UEXT32, test_reg(&b, u), test_reg(&b, t)));
    else
        test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, u), test_reg(&b, t)));
    test_return(&b, test_reg(&b, u));
    return test_end(&b);
}

Test(short_results, need_no_extension) {
    struct murre_mirctx_result with, without;
    bool extend = true;
    cr_assert(murre_mirctx_compile(test_ctx(), 2, emit_extended, &extend, NULL, &with) == MURRE_MIRCTX_OK);
    extend = false;
    cr_assert(murre_mirctx_compile(test_ctx(), 2, emit_extended, &extend, NULL, &without) == MURRE_MIRCTX_OK);
    cr_assert(with.code_size == without.code_size);
    cr_assert(memcmp(with.code, without.code, with.code_size) == 0);
    cr_assert(((uint64_t(*)(uint64_t, uint64_t))with.code)(1, 2) == 0xffffffff);
}
