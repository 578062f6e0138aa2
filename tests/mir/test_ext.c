/* Every operation of ext.h against a plain C twin, at every level, with operands in registers, in memory and spilled. */
#include "support.h"

#include <math.h>

static const struct {
    const char *name;
    char result, first, second;
} ops[] = {
#define ROW(name, result, first, second, code) {#name, result, first, second},
    MURRE_EXT_LIST(ROW)
#undef ROW
};

static const enum murre_ext first_trapping = MURRE_EXT_I32_TRUNC_F32_S;

/* What a trapping truncation answers at its two labels. */
static const uint64_t invalid_mark = 0x1111111111111111, overflow_mark = 0x2222222222222222;

/* ---- The twins: bits in, bits out ------------------------------------------------------------------------------------- */

static float f32(uint64_t bits) {
    float f;
    memcpy(&f, &bits, 4);
    return f;
}

static double f64(uint64_t bits) {
    double d;
    memcpy(&d, &bits, 8);
    return d;
}

static uint64_t bits32(float f) {
    uint32_t bits;
    memcpy(&bits, &f, 4);
    return bits;
}

static uint64_t bits64(double d) {
    uint64_t bits;
    memcpy(&bits, &d, 8);
    return bits;
}

static double twin_min(double a, double b) {
    if (isnan(a) || isnan(b))
        return NAN;
    return a < b ? a : b < a ? b : signbit(a) ? a : b;
}

static double twin_max(double a, double b) {
    if (isnan(a) || isnan(b))
        return NAN;
    return a > b ? a : b > a ? b : signbit(a) ? b : a;
}

/* A truncation by index 0…7 (width, float type, sign); the marks where it would trap. */
static uint64_t twin_trunc(unsigned index, bool saturate, double x) {
    const bool wide = index >= 4, is_signed = index % 2 == 0;
    const double low = is_signed ? wide ? -0x1p63 : -0x1p31 : 0, high = is_signed ? wide ? 0x1p63 : 0x1p31 : wide ? 0x1p64 : 0x1p32;
    if (isnan(x))
        return saturate ? 0 : invalid_mark;
    const double t = trunc(x);
    if (t < low)
        return saturate ? is_signed ? wide ? (uint64_t)INT64_MIN : 0x80000000 : 0 : overflow_mark;
    if (t >= high)
        return saturate ? is_signed ? wide ? (uint64_t)INT64_MAX : 0x7fffffff : wide ? UINT64_MAX : 0xffffffff : overflow_mark;
    const uint64_t value = is_signed ? (uint64_t)(int64_t)t : (uint64_t)t;
    return wide ? value : (uint32_t)value;
}

static uint64_t twin_integer(enum murre_ext op, uint64_t a, uint64_t b) {
    const uint32_t x = (uint32_t)a;
    switch (op) {
    case MURRE_EXT_ROTL32: return x << (b & 31) | (b & 31 ? x >> (32 - (b & 31)) : 0) | (uint64_t)0;
    case MURRE_EXT_ROTR32: return (uint32_t)(x >> (b & 31) | (b & 31 ? x << (32 - (b & 31)) : 0));
    case MURRE_EXT_ROTL64: return a << (b & 63) | (b & 63 ? a >> (64 - (b & 63)) : 0);
    case MURRE_EXT_ROTR64: return a >> (b & 63) | (b & 63 ? a << (64 - (b & 63)) : 0);
    case MURRE_EXT_CLZ32: return x == 0 ? 32 : (uint64_t)__builtin_clz(x);
    case MURRE_EXT_CTZ32: return x == 0 ? 32 : (uint64_t)__builtin_ctz(x);
    case MURRE_EXT_POPCNT32: return (uint64_t)__builtin_popcount(x);
    case MURRE_EXT_CLZ64: return a == 0 ? 64 : (uint64_t)__builtin_clzll(a);
    case MURRE_EXT_CTZ64: return a == 0 ? 64 : (uint64_t)__builtin_ctzll(a);
    case MURRE_EXT_POPCNT64: return (uint64_t)__builtin_popcountll(a);
    case MURRE_EXT_I32_REINTERPRET_F32:
    case MURRE_EXT_F32_REINTERPRET_I32: return x;
    case MURRE_EXT_I64_REINTERPRET_F64:
    case MURRE_EXT_F64_REINTERPRET_I64: return a;
    case MURRE_EXT_F32_CONVERT_I32_S: return bits32((float)(int32_t)x);
    case MURRE_EXT_F32_CONVERT_I32_U: return bits32((float)x);
    case MURRE_EXT_F32_CONVERT_I64_S: return bits32((float)(int64_t)a);
    case MURRE_EXT_F32_CONVERT_I64_U: return bits32((float)a);
    case MURRE_EXT_F64_CONVERT_I32_S: return bits64((int32_t)x);
    case MURRE_EXT_F64_CONVERT_I32_U: return bits64(x);
    case MURRE_EXT_F64_CONVERT_I64_S: return bits64((double)(int64_t)a);
    default: return bits64((double)a);
    }
}

static uint64_t twin_float(enum murre_ext op, uint64_t a, uint64_t b) {
    switch (op) {
    case MURRE_EXT_SQRT_F32: return bits32(sqrtf(f32(a)));
    case MURRE_EXT_CEIL_F32: return bits32(ceilf(f32(a)));
    case MURRE_EXT_FLOOR_F32: return bits32(floorf(f32(a)));
    case MURRE_EXT_TRUNC_F32: return bits32(truncf(f32(a)));
    case MURRE_EXT_NEAREST_F32: return bits32(rintf(f32(a)));
    case MURRE_EXT_ABS_F32: return (uint32_t)a & 0x7fffffff;
    case MURRE_EXT_NEG_F32: return (uint32_t)a ^ 0x80000000;
    case MURRE_EXT_MIN_F32: return bits32((float)twin_min(f32(a), f32(b)));
    case MURRE_EXT_MAX_F32: return bits32((float)twin_max(f32(a), f32(b)));
    case MURRE_EXT_COPYSIGN_F32: return ((uint32_t)a & 0x7fffffff) | ((uint32_t)b & 0x80000000);
    case MURRE_EXT_SQRT_F64: return bits64(sqrt(f64(a)));
    case MURRE_EXT_CEIL_F64: return bits64(ceil(f64(a)));
    case MURRE_EXT_FLOOR_F64: return bits64(floor(f64(a)));
    case MURRE_EXT_TRUNC_F64: return bits64(trunc(f64(a)));
    case MURRE_EXT_NEAREST_F64: return bits64(rint(f64(a)));
    case MURRE_EXT_ABS_F64: return a & INT64_MAX;
    case MURRE_EXT_NEG_F64: return a ^ (uint64_t)INT64_MIN;
    case MURRE_EXT_MIN_F64: return bits64(twin_min(f64(a), f64(b)));
    case MURRE_EXT_MAX_F64: return bits64(twin_max(f64(a), f64(b)));
    default: return (a & INT64_MAX) | (b & (uint64_t)INT64_MIN);
    }
}

static uint64_t twin(enum murre_ext op, uint64_t a, uint64_t b) {
    const double x = ops[op].first == 'f' ? f32(a) : f64(a);
    if (op >= first_trapping)
        return twin_trunc((unsigned)op - first_trapping, false, x);
    if (op >= MURRE_EXT_I32_TRUNC_SAT_F32_S)
        return twin_trunc((unsigned)op - MURRE_EXT_I32_TRUNC_SAT_F32_S, true, x);
    return ops[op].result == ops[op].first && ops[op].first != 'i' && ops[op].first != 'l' ? twin_float(op, a, b) : twin_integer(op, a, b);
}

/* ---- Results ---------------------------------------------------------------------------------------------------------- */

static bool is_nan(char type, uint64_t bits) {
    return type == 'f' ? isnan(f32(bits)) : type == 'd' && isnan(f64(bits));
}

static bool is_canonical(char type, uint64_t bits) {
    return type == 'f' ? ((uint32_t)bits & 0x7fffffff) == 0x7fc00000 : (bits & INT64_MAX) == 0x7ff8000000000000;
}

static bool keeps_payload(enum murre_ext op) {
    switch (op) {
    case MURRE_EXT_ABS_F32:
    case MURRE_EXT_ABS_F64:
    case MURRE_EXT_NEG_F32:
    case MURRE_EXT_NEG_F64:
    case MURRE_EXT_COPYSIGN_F32:
    case MURRE_EXT_COPYSIGN_F64:
    case MURRE_EXT_F32_REINTERPRET_I32:
    case MURRE_EXT_F64_REINTERPRET_I64: return true;
    default: return false;
    }
}

static bool acceptable(enum murre_ext op, uint64_t a, uint64_t b, uint64_t want, uint64_t got) {
    const char type = ops[op].result;
    if (keeps_payload(op) || !is_nan(type, want))
        return got == want;
    if (!is_nan(type, got) || (type == 'f' && got >> 32 != 0))
        return false;
    /* Canonical operands give a canonical result; any other NaN gives one whose top bit is set. */
    const bool canonical =
        (!is_nan(type, a) || is_canonical(type, a)) && (ops[op].second == 0 || !is_nan(type, b) || is_canonical(type, b));
    return canonical ? is_canonical(type, got) : (got >> (type == 'f' ? 22 : 51) & 1) != 0;
}

/* ---- The function under test: out[0] = op(in[0], in[1]), out[1] = a sum over what was live ------------------------------ */

enum mode { IN_REGISTERS, FROM_MEMORY, SPILLED, CONSTANT_SECOND, MODES };
enum { PRESSURE = 24 };

struct ext_case {
    enum murre_ext op;
    enum mode mode;
    int64_t constant;
    bool supported;
};

static char register_type(char type) {
    return type == 'f' || type == 'd' ? type : 'i';
}

static MIR_insn_code_t move_code(char type) {
    return type == 'f' ? MIR_FMOV : type == 'd' ? MIR_DMOV : MIR_MOV;
}

static MIR_op_t place(struct build *b, char type, MIR_reg_t base, int64_t disp) {
    return MIR_new_mem_op(b->mir, type == 'f' ? MIR_T_F : type == 'd' ? MIR_T_D : MIR_T_I64, disp, base, 0, 1);
}

/* Values that must survive: a third of each kind of register and more. */
static void make_live(struct build *b, MIR_reg_t *ints, MIR_reg_t *floats) {
    for (int i = 0; i < PRESSURE; i++) {
        ints[i] = test_new_reg(b, 'i');
        floats[i] = test_new_reg(b, 'd');
        test_insn(b, MIR_new_insn(b->mir, MIR_ADD, test_reg(b, ints[i]), test_reg(b, b->arg[0]), test_int(b, i)));
        test_insn(b, MIR_new_insn(b->mir, MIR_I2D, test_reg(b, floats[i]), test_reg(b, ints[i])));
    }
}

static void sum_live(struct build *b, const MIR_reg_t *ints, const MIR_reg_t *floats) {
    MIR_reg_t sum = test_new_reg(b, 'i'), t = test_new_reg(b, 'i');
    test_insn(b, MIR_new_insn(b->mir, MIR_MOV, test_reg(b, sum), test_int(b, 0)));
    for (int i = 0; i < PRESSURE; i++) {
        test_insn(b, MIR_new_insn(b->mir, MIR_ADD, test_reg(b, sum), test_reg(b, sum), test_reg(b, ints[i])));
        test_insn(b, MIR_new_insn(b->mir, MIR_D2I, test_reg(b, t), test_reg(b, floats[i])));
        test_insn(b, MIR_new_insn(b->mir, MIR_SUB, test_reg(b, sum), test_reg(b, sum), test_reg(b, t)));
    }
    test_insn(b, MIR_new_insn(b->mir, MIR_MOV, place(b, 'l', b->arg[1], 8), test_reg(b, sum)));
}

static void emit_operation(struct build *b, struct ext_case *c, MIR_reg_t r, MIR_op_t x, MIR_op_t y) {
    MIR_context_t mir = b->mir;
    const char result = ops[c->op].result;
    c->supported = true;
    if (c->op >= first_trapping) {
        MIR_label_t invalid = MIR_new_label(mir), overflow = MIR_new_label(mir), out = MIR_new_label(mir);
        murre_ext_emit_trunc(mir, b->func, c->op, test_reg(b, r), x, invalid, overflow);
        test_insn(b, MIR_new_insn(mir, MIR_JMP, MIR_new_label_op(mir, out)));
        test_insn(b, invalid);
        test_insn(b, MIR_new_insn(mir, MIR_MOV, test_reg(b, r), test_int(b, (int64_t)invalid_mark)));
        test_insn(b, MIR_new_insn(mir, MIR_JMP, MIR_new_label_op(mir, out)));
        test_insn(b, overflow);
        test_insn(b, MIR_new_insn(mir, MIR_MOV, test_reg(b, r), test_int(b, (int64_t)overflow_mark)));
        test_insn(b, out);
    } else {
        c->supported = murre_ext_emit(mir, b->func, c->op, test_reg(b, r), x, y);
        cr_assert(c->supported == murre_ext_has(c->op));
        if (!c->supported)
            test_insn(b, MIR_new_insn(mir, move_code(result), test_reg(b, r),
                                      result == 'f'   ? MIR_new_float_op(mir, 0)
                                      : result == 'd' ? MIR_new_double_op(mir, 0)
                                                      : test_int(b, 0)));
    }
}

static MIR_item_t emit_case(void *user, MIR_context_t mir, MIR_module_t module) {
    struct ext_case *c = user;
    const char result = ops[c->op].result, first = ops[c->op].first, second = ops[c->op].second;
    struct build b;
    test_begin(&b, mir, 'v', "ii");
    MIR_reg_t ints[PRESSURE], floats[PRESSURE];
    MIR_reg_t x = test_new_reg(&b, register_type(first)), y = test_new_reg(&b, register_type(second));
    MIR_reg_t r = test_new_reg(&b, register_type(result));
    test_insn(&b, MIR_new_insn(mir, move_code(first), test_reg(&b, x), place(&b, first, b.arg[0], 0)));
    if (second != 0)
        test_insn(&b, MIR_new_insn(mir, move_code(second), test_reg(&b, y), place(&b, second, b.arg[0], 8)));
    if (c->mode == SPILLED)
        make_live(&b, ints, floats);
    if (c->mode != FROM_MEMORY) { /* another block, so that the loads stay where they are */
        MIR_label_t next = MIR_new_label(mir);
        test_insn(&b, MIR_new_insn(mir, MIR_BEQ, MIR_new_label_op(mir, next), test_reg(&b, b.arg[0]), test_int(&b, 0)));
        test_insn(&b, next);
    }
    emit_operation(&b, c, r, test_reg(&b, x), c->mode == CONSTANT_SECOND ? test_int(&b, c->constant) : test_reg(&b, y));
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, place(&b, 'l', b.arg[1], 0), test_int(&b, 0)));
    test_insn(&b, MIR_new_insn(mir, move_code(result), place(&b, result, b.arg[1], 0), test_reg(&b, r)));
    if (c->mode == SPILLED)
        sum_live(&b, ints, floats);
    test_insn(&b, MIR_new_ret_insn(mir, 0));
    return test_end(&b);
}

static uint64_t operand(char type) {
    static const uint64_t ints[] = {0,
                                    1,
                                    2,
                                    31,
                                    32,
                                    33,
                                    63,
                                    64,
                                    65,
                                    0x7fffffff,
                                    0x80000000,
                                    0xffffffff,
                                    0x100000000,
                                    INT64_MAX,
                                    (uint64_t)INT64_MIN,
                                    UINT64_MAX,
                                    0x8000000000000400,
                                    0x8000000000000401,
                                    0xfffffffffffffbff};
    static const double floats[] = {
        0,          0.5,          0.9,          1,      1.5,    2.5,           0x1p31, 0x1p31 - 1,    0x1p31 - 0.5, 0x1p32,
        0x1p32 - 1, 0x1p32 - 0.5, 0x1p52 + 0.5, 0x1p53, 0x1p63, 0x1p63 - 1024, 0x1p64, 0x1p64 - 2048, 1e300,        4.9e-324,
        INFINITY};
    const uint64_t random = test_random();
    if (type == 'i' || type == 'l')
        return random % 3 == 0   ? test_random()
               : random % 3 == 1 ? test_random() >> (random >> 8) % 64
                                 : ints[random / 3 % (sizeof ints / sizeof *ints)];
    double d = floats[random / 64 % (sizeof floats / sizeof *floats)];
    if (random & 1)
        d = -d;
    switch (random >> 1 & 7) {
    case 0: return type == 'f' ? bits32(NAN) ^ (random >> 32 & 0x80000000) : bits64(NAN) ^ (random & (uint64_t)INT64_MIN);
    case 1: return type == 'f' ? 0x7f800000 | (random >> 40) | 1 : 0x7ff0000000000000 | random >> 13 | 1;
    case 2: return type == 'f' ? (uint32_t)(test_random() >> 20) : test_random();
    case 3: return type == 'f' ? bits32((float)(int64_t)test_random()) : bits64((double)(int64_t)test_random());
    default: return type == 'f' ? bits32((float)d) : bits64(d);
    }
}

static void check_case(unsigned level, struct ext_case *c) {
    void (*f)(const uint64_t *, uint64_t *) = (void (*)(const uint64_t *, uint64_t *))test_compile(level, emit_case, c);
    if (!c->supported)
        return;
    for (int i = 0; i < 200; i++) {
        uint64_t in[2] = {operand(ops[c->op].first), operand(ops[c->op].second)}, out[2] = {1, 0};
        if (ops[c->op].second == ops[c->op].first && i % 8 == 0)
            in[1] = in[0];
        f(in, out);
        const uint64_t second = c->mode == CONSTANT_SECOND ? (uint64_t)c->constant : in[1];
        const uint64_t want = twin(c->op, in[0], second);
        cr_assert(acceptable(c->op, in[0], second, want, out[0]), "%s level %u mode %d: %llx %llx: %llx, not %llx", ops[c->op].name, level,
                  (int)c->mode, (unsigned long long)in[0], (unsigned long long)second, (unsigned long long)out[0],
                  (unsigned long long)want);
        cr_assert(out[1] == 0, "%s level %u mode %d: a live value was lost", ops[c->op].name, level, (int)c->mode);
    }
}

static void check_all(void) {
    for (unsigned level = 0; level < LEVELS; level++)
        for (enum murre_ext op = 0; op < MURRE_EXT_COUNT; op++)
            for (enum mode mode = 0; mode < MODES; mode++) {
                struct ext_case c = {.op = op, .mode = mode};
                if (mode == CONSTANT_SECOND && op > MURRE_EXT_ROTR64)
                    continue;
                const int64_t constants[] = {0, 1, 7, 31, 32, 63, 64, 100, -3, 200};
                for (size_t i = 0; i < (mode == CONSTANT_SECOND ? sizeof constants / sizeof *constants : 1); i++) {
                    c.constant = constants[i];
                    check_case(level, &c);
                }
            }
}

Test(ext, every_operation_equals_its_twin) {
    check_all();
}

Test(ext, every_operation_equals_its_twin_on_an_old_cpu) {
    murre_ext_mask_features(MURRE_EXT_LZCNT | MURRE_EXT_BMI1 | MURRE_EXT_POPCNT | MURRE_EXT_SSE41);
    check_all();
    murre_ext_mask_features(0);
}

/* ---- Selection -------------------------------------------------------------------------------------------------------- */

static MIR_item_t emit_select(void *user, MIR_context_t mir, MIR_module_t module) {
    struct ext_case *c = user; /* op: a type letter */
    const char type = (char)c->op;
    struct build b;
    test_begin(&b, mir, 'v', "ii");
    MIR_reg_t ints[PRESSURE], floats[PRESSURE];
    MIR_reg_t yes = test_new_reg(&b, register_type(type)), no = test_new_reg(&b, register_type(type));
    MIR_reg_t r = test_new_reg(&b, register_type(type)), condition = test_new_reg(&b, 'i');
    test_insn(&b, MIR_new_insn(mir, MIR_MOV, test_reg(&b, condition), place(&b, 'l', b.arg[0], 16)));
    test_insn(&b, MIR_new_insn(mir, move_code(type), test_reg(&b, no), place(&b, type, b.arg[0], 8)));
    test_insn(&b, MIR_new_insn(mir, move_code(type), test_reg(&b, yes), place(&b, type, b.arg[0], 0)));
    if (c->mode == SPILLED)
        make_live(&b, ints, floats);
    murre_ext_emit_select(mir, b.func, type, test_reg(&b, r), test_reg(&b, condition), test_reg(&b, yes), test_reg(&b, no));
    test_insn(&b, MIR_new_insn(mir, move_code(type), place(&b, type, b.arg[1], 0), test_reg(&b, r)));
    if (c->mode == SPILLED)
        sum_live(&b, ints, floats);
    test_insn(&b, MIR_new_ret_insn(mir, 0));
    return test_end(&b);
}

Test(ext, selection_looks_at_32_bits) {
    const char types[] = "lfd";
    for (unsigned level = 0; level < LEVELS; level++)
        for (const char *type = types; *type != '\0'; type++)
            for (enum mode mode = IN_REGISTERS; mode <= SPILLED; mode++) {
                struct ext_case c = {.op = (enum murre_ext) * type, .mode = mode};
                void (*f)(const uint64_t *, uint64_t *) = (void (*)(const uint64_t *, uint64_t *))test_compile(level, emit_select, &c);
                const uint64_t conditions[] = {0, 1, 0x80000000, 0xffffffff00000000, 0xffffffff00000001};
                for (size_t i = 0; i < 5; i++) {
                    uint64_t in[3] = {test_random(), test_random(), conditions[i]}, out[2] = {0, 0};
                    f(in, out);
                    const uint64_t want = in[(uint32_t)conditions[i] != 0 ? 0 : 1];
                    cr_assert(memcmp(&out[0], &want, *type == 'f' ? 4 : 8) == 0 && out[1] == 0, "level %u, %c, %d", level, *type,
                              (int)mode);
                }
            }
}
