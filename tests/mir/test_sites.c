/* patches/82 and 83: where code came from, and whose a frame is. */
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#include "arch/arch.h"
#include "support.h"

enum { MOST = 64 };
static struct murre_mirctx_site sites[MOST];
static size_t site_count;

static bool keep(void *user, const struct murre_mirctx_site *found, size_t count) {
    cr_assert(count <= MOST);
    memcpy(sites, found, count * sizeof *found);
    site_count = count;
    return true;
}

static uint32_t origin; /* of what is being made */

static const uint8_t *compile(unsigned level, murre_mirctx_emit *emit, void *user) {
    murre_mirctx_set_finish(test_ctx(), keep);
    const uint8_t *code = test_compile(level, emit, user);
    murre_mirctx_set_finish(test_ctx(), NULL);
    for (size_t i = 1; i < site_count; i++)
        cr_assert(sites[i - 1].pc <= sites[i].pc, "level %u: in order", level);
    return code;
}

/* ---- faults ------------------------------------------------------------------------------------------------------------- */

static sigjmp_buf escape;
static uintptr_t fault_pc;

static void on_fault(int number, siginfo_t *info, void *context) {
    fault_pc = murre_arch_context_pc(context);
    siglongjmp(escape, 1);
}

/* The origin that the site of a fault in f(p, 3) has, where nothing is at p; 0: it is none. */
static uint32_t fault_in(const uint8_t *code, enum murre_mirctx_site_kind kind) {
    static void *nothing;
    if (nothing == NULL)
        nothing = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO}, before;
    sigaction(SIGSEGV, &action, &before);
    if (sigsetjmp(escape, 1) == 0) {
        ((int64_t(*)(void *, int64_t))(uintptr_t)code)(nothing, 3);
        cr_assert_fail("no fault");
    }
    sigaction(SIGSEGV, &before, NULL);
    for (size_t i = 0; i < site_count; i++)
        if (sites[i].pc == fault_pc - (uintptr_t)code && sites[i].kind == kind)
            return sites[i].origin;
    return 0;
}

/* ---- origins ------------------------------------------------------------------------------------------------------------ */

static const void *returned_to;

static int64_t called(int64_t a) {
    returned_to = __builtin_return_address(0);
    return a + 1;
}

static MIR_op_t at(struct build *b, MIR_type_t type, const char *alias) {
    MIR_alias_t which = alias == NULL ? murre_mirctx_trap_alias(b->mir) : MIR_alias(b->mir, alias);
    return MIR_new_alias_mem_op(b->mir, type, 8, b->arg[0], 0, 1, which, 0);
}

static void begin(struct build *b, MIR_context_t mir) {
    MIR_set_origin(mir, &origin);
    MIR_set_fault_alias(mir, MIR_alias(mir, "fault"));
    origin = 1;
    test_begin(b, mir, 'i', "ii");
}

/* f(p, n) = called(p[1]) + p[1] (another alias) + p[1] (an alias that nobody asks about) */
static MIR_item_t emit_all(void *user, MIR_context_t mir, MIR_module_t module) {
    struct build b;
    MIR_type_t result = MIR_T_I64;
    MIR_var_t var = {.type = MIR_T_I64, .name = "x"};
    begin(&b, mir);
    MIR_reg_t sum = test_new_reg(&b, 'i'), t = test_new_reg(&b, 'i');
    origin = 10;
    EMIT(MOV, R(t), at(&b, MIR_T_I64, NULL));
    origin = 20;
    MIR_op_t ops[] = {MIR_new_ref_op(mir, MIR_new_proto_arr(mir, "p", 1, &result, 1, &var)),
                      MIR_new_ref_op(mir, murre_mirctx_import(mir, "called", (const void *)called)), R(sum), R(t)};
    test_insn(&b, MIR_new_insn_arr(mir, MIR_CALL, 4, ops));
    origin = 30;
    EMIT(MOV, R(t), at(&b, MIR_T_I64, "fault"));
    EMIT(ADD, R(sum), R(sum), R(t));
    origin = 40;
    EMIT(MOV, R(t), at(&b, MIR_T_I64, "other"));
    EMIT(ADD, R(sum), R(sum), R(t));
    origin = 0;
    test_return(&b, R(sum));
    return test_end(&b);
}

Test(sites, each_call_and_access_has_its_origin) {
    for (unsigned level = 0; level < LEVELS; level++) {
        const uint8_t *code = compile(level, emit_all, NULL);
        const int64_t place[] = {0, 5};
        cr_assert_eq(((int64_t(*)(const int64_t *, int64_t))(uintptr_t)code)(place, 3), 6 + 5 + 5);
        cr_assert_eq(site_count, 3, "level %u: %zu", level, site_count);
        const uint32_t origins[] = {10, 20, 30};
        const enum murre_mirctx_site_kind kinds[] = {MURRE_MIRCTX_TRAP, MURRE_MIRCTX_CALL, MURRE_MIRCTX_FAULT};
        for (size_t i = 0; i < 3; i++)
            cr_expect(sites[i].origin == origins[i] && sites[i].kind == kinds[i], "level %u: %u", level, sites[i].origin);
        cr_expect_eq((const void *)(code + sites[1].pc), returned_to, "level %u", level);
        cr_expect_eq(fault_in(code, MURRE_MIRCTX_TRAP), 10, "level %u", level);
    }
}

/* What the access is part of. */
enum shape { ADDED, COMPARED, EXTENDED, TWICE_EXTENDED, CHANGED, SELECTED, STORED, CONVERTED, SHAPES };

/* The first access of each is number 100, other instructions around it are others. */
static MIR_item_t emit_shape(void *user, MIR_context_t mir, MIR_module_t module) {
    struct build b;
    begin(&b, mir);
    MIR_reg_t t = test_new_reg(&b, 'i'), u = test_new_reg(&b, 'i'), d = test_new_reg(&b, 'd');
    MIR_label_t past = MIR_new_label(mir);
    enum shape shape = *(const enum shape *)user;
    MIR_type_t type = shape == EXTENDED || shape == TWICE_EXTENDED ? MIR_T_U8 : MIR_T_I64;
    EMIT(MOV, R(u), R(b.arg[1]));
    if (shape == STORED) {
        EMIT(ADD, R(t), R(u), C(5));
        origin = 100;
        EMIT(MOV, at(&b, MIR_T_I64, NULL), R(t));
    } else {
        origin = 100;
        EMIT(MOV, R(t), at(&b, type, NULL));
    }
    origin = 200;
    switch (shape) {
    case ADDED: EMIT(ADD, R(u), R(u), R(t)); break;
    case COMPARED: EMIT(BLT, TO(past), R(u), R(t)); break;
    case EXTENDED: EMIT(EXT8, R(u), R(t)); break;
    case TWICE_EXTENDED:
        EMIT(UEXT8, R(t), R(t));
        origin = 201;
        EMIT(UEXT16, R(u), R(t));
        break;
    case CHANGED:
        EMIT(ADD, R(t), R(t), R(u));
        origin = 300;
        EMIT(MOV, at(&b, MIR_T_I64, NULL), R(t));
        break;
    case SELECTED:
        EMIT(EQ, R(t), R(t), R(u));
        origin = 300;
        EMIT(BT, TO(past), R(t));
        break;
    case CONVERTED:
        EMIT(I2D, R(d), R(t));
        origin = 300;
        EMIT(D2I, R(u), R(d));
        break;
    case STORED:
    default: break;
    }
    origin = 400;
    EMIT(ADD, R(u), R(u), C(1));
    test_insn(&b, past);
    test_return(&b, R(u));
    return test_end(&b);
}

Test(sites, an_access_in_another_instruction_keeps_its_origin) {
    for (unsigned level = 0; level < LEVELS; level++)
        for (enum shape shape = 0; shape < SHAPES; shape++) {
            const uint8_t *code = compile(level, emit_shape, &shape);
            cr_expect_eq(fault_in(code, MURRE_MIRCTX_TRAP), 100, "level %u, shape %d: %u", level, (int)shape,
                         fault_in(code, MURRE_MIRCTX_TRAP));
        }
}

/* ---- frames ------------------------------------------------------------------------------------------------------------- */

static int64_t look_at_caller(void) {
    const char *const *frame = __builtin_frame_address(0);
    return *(const int64_t *)(frame[0] + murre_arch_frame_func);
}

/* f(a, n) = look_at_caller() + a * (1 + 2 + … + pressure) + n */
static MIR_item_t emit_frame(void *user, MIR_context_t mir, MIR_module_t module) {
    struct build b;
    MIR_type_t result = MIR_T_I64;
    int pressure = *(const int *)user;
    MIR_set_frame_arg(mir, true);
    test_begin(&b, mir, 'i', "iiiiiiiiiii"); /* some on the stack */
    MIR_reg_t sum = test_new_reg(&b, 'i'), live[40];
    for (int i = 0; i < pressure; i++) {
        live[i] = test_new_reg(&b, 'i');
        EMIT(MUL, R(live[i]), R(b.arg[0]), C(i + 1));
    }
    EMIT(MOV, R(b.arg[0]), C(0));
    MIR_op_t ops[] = {MIR_new_ref_op(mir, MIR_new_proto_arr(mir, "p", 1, &result, 0, NULL)),
                      MIR_new_ref_op(mir, murre_mirctx_import(mir, "look", (const void *)look_at_caller)), R(sum)};
    test_insn(&b, MIR_new_insn_arr(mir, MIR_CALL, 3, ops));
    for (int i = 0; i < pressure; i++)
        EMIT(ADD, R(sum), R(sum), R(live[i]));
    EMIT(ADD, R(sum), R(sum), R(b.arg[10]));
    test_return(&b, R(sum));
    return test_end(&b);
}

typedef int64_t eleven(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t);

Test(sites, a_frame_keeps_the_first_argument) {
    for (unsigned level = 0; level < LEVELS; level++)
        for (int pressure = 0; pressure <= 39; pressure += 13) {
            eleven *f = (eleven *)test_compile(level, emit_frame, &pressure);
            int64_t value = INT64_C(0x123456789a), sum = pressure * (pressure + 1) / 2;
            cr_expect_eq(f(value, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3), value + value * sum + 3, "level %u, %d live", level, pressure);
        }
}
