/* Loads and stores as compiled WebAssembly makes them: a fixed base register, a zero-extended index, a constant offset. */
#include "jit/emit.h"
#include "support.h"

#if defined(__x86_64__)
#define BASE_REG "r15"
#else
#define BASE_REG "r28"
#endif

struct access {
    MIR_type_t type;
    int64_t disp;
    bool store;
};

static bool is_float(MIR_type_t type) {
    return type == MIR_T_F || type == MIR_T_D;
}

/* f(base, index, value as bits): sets the base register, accesses base + (u32)index + disp, restores the register. */
static MIR_item_t emit_access(void *user, MIR_context_t mir, MIR_module_t module) {
    const struct access *a = user;
    struct build b;
    test_begin(&b, mir, 'i', "iii");
    MIR_reg_t base = MIR_new_global_func_reg(mir, b.func->u.func, MIR_T_I64, "base", BASE_REG);
    MIR_reg_t saved = test_new_reg(&b, 'i'), index = test_new_reg(&b, 'i'), r = test_new_reg(&b, 'i');
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, saved), test_reg(&b, base)));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, base), test_reg(&b, b.arg[0])));
    test_insn(&b, MIR_new_insn(mir, MIR_UEXT32, test_reg(&b, index), test_reg(&b, b.arg[1])));
    MIR_op_t place = MIR_new_alias_mem_op(mir, a->type, a->disp, base, index, 1, murre_mirctx_trap_alias(mir), 0);
    MIR_op_t none = test_int(&b, 0);
    if (is_float(a->type)) {
        char letter = a->type == MIR_T_F ? 'f' : 'd';
        MIR_insn_code_t move = a->type == MIR_T_F ? MIR_FMOV : MIR_DMOV;
        MIR_reg_t v = test_new_reg(&b, letter);
        if (a->store) {
            murre_ext_emit(mir, b.func, letter == 'f' ? MURRE_EXT_F32_REINTERPRET_I32 : MURRE_EXT_F64_REINTERPRET_I64, test_reg(&b, v),
                           test_reg(&b, b.arg[2]), none);
            test_insn(&b, MIR_new_insn(mir, move, place, test_reg(&b, v)));
            test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, r), none));
        } else {
            test_insn(&b, MIR_new_insn(mir, move, test_reg(&b, v), place));
            murre_ext_emit(mir, b.func, letter == 'f' ? MURRE_EXT_I32_REINTERPRET_F32 : MURRE_EXT_I64_REINTERPRET_F64, test_reg(&b, r),
                           test_reg(&b, v), none);
        }
    } else if (a->store) {
        test_insn(&b, MIR_new_insn(mir, MIR_MOV, place, test_reg(&b, b.arg[2])));
        test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, r), none));
    } else {
        test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, r), place));
    }
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, base), test_reg(&b, saved)));
    test_return(&b, test_reg(&b, r));
    return test_end(&b);
}

static size_t size_of(MIR_type_t type) {
    switch (type) {
    case MIR_T_I8:
    case MIR_T_U8: return 1;
    case MIR_T_I16:
    case MIR_T_U16: return 2;
    case MIR_T_I32:
    case MIR_T_U32:
    case MIR_T_F: return 4;
    default: return 8;
    }
}

static uint64_t extended(MIR_type_t type, uint64_t v) {
    switch (type) {
    case MIR_T_I8: return (uint64_t)(int8_t)v;
    case MIR_T_U8: return (uint8_t)v;
    case MIR_T_I16: return (uint64_t)(int16_t)v;
    case MIR_T_U16: return (uint16_t)v;
    case MIR_T_I32: return (uint64_t)(int32_t)v;
    case MIR_T_U32:
    case MIR_T_F: return (uint32_t)v;
    default: return v;
    }
}

Test(address, every_type_and_offset_loads_and_stores) {
    const MIR_type_t types[] = {MIR_T_I8, MIR_T_U8, MIR_T_I16, MIR_T_U16, MIR_T_I32, MIR_T_U32, MIR_T_I64, MIR_T_F, MIR_T_D};
    const int64_t disps[] = {0,    1,    2,    3,     4,     8,     9,     12,    127,     128,        255,       256,
                             4094, 4095, 4096, 16380, 16384, 32760, 32768, 65535, 1 << 20, 0x7fffffff, 0xffffffff};
    for (unsigned level = 0; level < LEVELS; level++)
        for (size_t t = 0; t < sizeof types / sizeof *types; t++)
            for (size_t d = 0; d < sizeof disps / sizeof *disps; d++) {
                uint64_t buffer[4], want[4];
                for (int i = 0; i < 4; i++)
                    buffer[i] = want[i] = test_random();
                uint64_t value = test_random();
                uint32_t index = (uint32_t)test_random();
                char *base = (char *)buffer + 8 - disps[d] - (int64_t)index;
                uint64_t garbage = test_random() << 32; /* above the index: ignored */
                struct access a = {types[t], disps[d], false};
                uint64_t (*load)(char *, uint64_t, uint64_t) =
                    (uint64_t(*)(char *, uint64_t, uint64_t))test_compile(level, emit_access, &a);
                uint64_t got = load(base, index | garbage, 0);
                if (types[t] == MIR_T_F)
                    got = (uint32_t)got;
                cr_assert(got == extended(types[t], want[1]), "level %u type %d disp %lld", level, (int)types[t], (long long)disps[d]);
                a.store = true;
                uint64_t (*store)(char *, uint64_t, uint64_t) =
                    (uint64_t(*)(char *, uint64_t, uint64_t))test_compile(level, emit_access, &a);
                store(base, index | garbage, value);
                memcpy(&want[1], &value, size_of(types[t]));
                cr_assert(memcmp(buffer, want, sizeof want) == 0, "level %u type %d disp %lld", level, (int)types[t], (long long)disps[d]);
            }
}

/* The stack pointer is at hand: its distance to a local of ours is small. */
static MIR_item_t emit_stack_pointer(void *user, MIR_context_t mir, MIR_module_t module) {
    struct build b;
    test_begin(&b, mir, 'i', "i");
    MIR_reg_t sp = test_new_reg(&b, 'i'), r = test_new_reg(&b, 'i');
    MIR_label_t below = MIR_new_label(mir);
    murre_ext_emit_stack_pointer(mir, b.func, test_reg(&b, sp));
    test_insn(&b, MIR_new_insn(mir, MIR_UBLT, MIR_new_label_op(mir, below), test_reg(&b, sp), test_reg(&b, b.arg[0])));
    test_return(&b, test_int(&b, 0));
    test_insn(&b, below);
    test_insn(&b, MIR_new_insn(mir, MIR_SUB, test_reg(&b, r), test_reg(&b, b.arg[0]), test_reg(&b, sp)));
    test_return(&b, test_reg(&b, r));
    return test_end(&b);
}

Test(address, the_stack_pointer_can_be_compared) {
    for (unsigned level = 0; level < LEVELS; level++) {
        int64_t (*f)(int64_t) = (int64_t(*)(int64_t))test_compile(level, emit_stack_pointer, NULL);
        char here;
        int64_t distance = f((intptr_t)&here);
        cr_assert(distance > 0 && distance < 4096, "level %u: %lld", level, (long long)distance);
        cr_assert(f((intptr_t)&here - (1 << 20)) == 0);
    }
}

/* ---- Jump tables ------------------------------------------------------------------------------------------------------ */

struct table {
    size_t entries, targets;
};

static MIR_item_t emit_switch(void *user, MIR_context_t mir, MIR_module_t module) {
    const struct table *t = user;
    struct build b;
    test_begin(&b, mir, 'i', "i");
    MIR_reg_t r = test_new_reg(&b, 'i');
    MIR_op_t *ops = murre_mirctx_alloc((t->entries + 1) * sizeof *ops);
    MIR_label_t *labels = murre_mirctx_alloc(t->targets * sizeof *labels);
    for (size_t i = 0; i < t->targets; i++)
        labels[i] = MIR_new_label(mir);
    ops[0] = test_reg(&b, b.arg[0]);
    for (size_t i = 0; i < t->entries; i++)
        ops[i + 1] = MIR_new_label_op(mir, labels[i % t->targets]);
    MIR_label_t out = MIR_new_label(mir), wrong = MIR_new_label(mir);
    test_insn(&b, MIR_new_insn(mir, MIR_UBGE, MIR_new_label_op(mir, wrong), test_reg(&b, b.arg[0]), test_int(&b, (int64_t)t->entries)));
    test_insn(&b, MIR_new_insn_arr(mir, MIR_SWITCH, t->entries + 1, ops));
    for (size_t i = 0; i < t->targets; i++) {
        test_insn(&b, labels[i]);
        test_insn(&b, MIR_new_insn(mir, MIR_MUL, test_reg(&b, r), test_reg(&b, b.arg[0]), test_int(&b, (int64_t)i + 3)));
        test_insn(&b, MIR_new_insn(mir, MIR_JMP, MIR_new_label_op(mir, out)));
    }
    test_insn(&b, wrong);
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, r), test_int(&b, -1)));
    test_insn(&b, out);
    test_return(&b, test_reg(&b, r));
    return test_end(&b);
}

Test(address, jump_tables_of_every_size_jump) {
    const struct table tables[] = {{1, 1}, {2, 2}, {5, 3}, {12, 4}, {13, 5}, {14, 2}, {15, 7}, {200, 200}, {1000, 10}, {65536, 5}};
    for (unsigned level = 0; level < LEVELS; level++)
        for (size_t n = 0; n < sizeof tables / sizeof *tables; n++) {
            struct table t = tables[n];
            int64_t (*f)(int64_t) = (int64_t(*)(int64_t))test_compile(level, emit_switch, &t);
            for (size_t i = 0; i < t.entries; i += 1 + t.entries / 500)
                cr_assert(f((int64_t)i) == (int64_t)(i * (i % t.targets + 3)), "level %u, %zu entries", level, t.entries);
            cr_assert(f((int64_t)t.entries) == -1);
        }
}

/* ---- What is no plain access ------------------------------------------------------------------------------------------ */

static MIR_item_t emit_checked(void *user, MIR_context_t mir, MIR_module_t module) {
    struct build b;
    murre_emit_check_access(user);
    test_begin(&b, mir, 'i', "i");
    test_return(&b, R(b.arg[0]));
    return test_end(&b);
}

Test(address, of_what_is_no_plain_access_is_not_formed) {
    struct murre_access accesses[] = {
        {.size = 4, .offset = UINT32_MAX},
        {.memory = 1},
        {.offset = UINT64_C(1) << 32},
        {.index64 = true},
        {.atomic = true},
        {.shared = true},
    };
    for (size_t i = 0; i < sizeof accesses / sizeof *accesses; i++) {
        struct murre_mirctx_result result;
        enum murre_mirctx_status status = murre_mirctx_compile(test_ctx(), 1, emit_checked, &accesses[i], NULL, &result);
        cr_expect_eq(status, i == 0 ? MURRE_MIRCTX_OK : MURRE_MIRCTX_REFUSED, "access %zu: %s", i, result.message);
    }
}
