/* Every instruction on vectors of jit/vec.h against its row of runtime/vector.def, at every level, with operands in registers, in memory and spilled,
 * with what the processor has and without. Where vectors are not compiled there is nothing to test, which the tests say. */
#include "support.h"

#include <math.h>

#include "jit/vec.h"
#include "runtime/vector.h"

struct input {
    union murre_v128 x, y, z;
    uint64_t number; /* an integer, or the bits of a float, by the instruction */
};

struct op {
    enum murre_op op;
    void (*twin)(const struct input *in, unsigned lane, union murre_v128 *out);
};

#define ARGS         const struct input *in, unsigned lane, union murre_v128 *out
#define NUMBER(type) number_##type(in)
static uint32_t number_u32(const struct input *in) {
    return (uint32_t)in->number;
}
static uint64_t number_u64(const struct input *in) {
    return in->number;
}
static float number_f32(const struct input *in) {
    return murre_f32_of_bits((uint32_t)in->number);
}
static double number_f64(const struct input *in) {
    return murre_f64_of_bits(in->number);
}
#define PUT(type, value) put_##type(value, out)
static void put_u32(uint32_t value, union murre_v128 *out) {
    *out = V_WORD(value);
}
static void put_i32(int32_t value, union murre_v128 *out) {
    put_u32((uint32_t)value, out);
}
static void put_u64(uint64_t value, union murre_v128 *out) {
    *out = V_WORD(value);
}
static void put_f32(float value, union murre_v128 *out) {
    *out = V_WORD(murre_f32_bits(value));
}
static void put_f64(double value, union murre_v128 *out) {
    *out = V_WORD(murre_f64_bits(value));
}

#define TWIN(id, ...)             \
    static void twin_##id(ARGS) { \
        (void)lane;               \
        __VA_ARGS__;              \
    }
#define VECTOR_UNARY(id, expr)          TWIN(id, *out = murre_vector_##id(in->x))
#define VECTOR_BINARY(id, expr)         TWIN(id, *out = murre_vector_##id(in->x, in->y))
#define VECTOR_TERNARY(id, expr)        TWIN(id, *out = murre_vector_##id(in->x, in->y, in->z))
#define VECTOR_SHIFT(id, expr)          TWIN(id, *out = murre_vector_##id(in->x, NUMBER(u32)))
#define VECTOR_TEST(id, expr)           TWIN(id, PUT(u32, murre_vector_##id(in->x)))
#define VECTOR_SPLAT(id, type, expr)    TWIN(id, *out = murre_vector_##id(NUMBER(type)))
#define VECTOR_EXTRACT(id, type, lanes) TWIN(id, PUT(type, murre_vector_##id(in->x, lane)))
#define VECTOR_REPLACE(id, type, lanes) TWIN(id, *out = murre_vector_##id(in->x, NUMBER(type), lane))
#define VECTOR_LOAD(id, memory, expr)   TWIN(id, *out = murre_vector_##id(&in->number))
#include "runtime/vector.def"

static const struct op ops[] = {
#define ROW(id)                         {MURRE_OP_##id, twin_##id},
#define VECTOR_UNARY(id, expr)          ROW(id)
#define VECTOR_BINARY(id, expr)         ROW(id)
#define VECTOR_TERNARY(id, expr)        ROW(id)
#define VECTOR_SHIFT(id, expr)          ROW(id)
#define VECTOR_TEST(id, expr)           ROW(id)
#define VECTOR_SPLAT(id, type, expr)    ROW(id)
#define VECTOR_EXTRACT(id, type, lanes) ROW(id)
#define VECTOR_REPLACE(id, type, lanes) ROW(id)
#define VECTOR_LOAD(id, memory, expr)   ROW(id)
#include "runtime/vector.def"
};
enum { OPS = sizeof ops / sizeof *ops };

/* ---- the code ----------------------------------------------------------------------------------------------------------- */

enum mode { IN_REGISTERS, FROM_MEMORY, SPILLED, INTO_FIRST, CONSTANT, MODES };
enum { PRESSURE = 20 };

struct vector_case {
    const struct op *op;
    enum mode mode;
    int64_t constant; /* of the count of a shift */
    union murre_lanes lanes;
};

static bool is_load(enum murre_op op) {
    return murre_op_info[op].class == MURRE_CLASS_LOAD;
}

static MIR_type_t register_type(uint8_t type) {
    return type == MURRE_V128 ? MIR_T_V128 : type == MURRE_F32 ? MIR_T_F : type == MURRE_F64 ? MIR_T_D : MIR_T_I64;
}

static MIR_reg_t new_reg(struct build *b, MIR_type_t type) {
    return _MIR_new_temp_reg(b->mir, type, b->func->u.func);
}

static void move(struct build *b, MIR_type_t type, MIR_op_t to, MIR_op_t from) {
    MIR_insn_code_t code = type == MIR_T_V128 ? MIR_VMOV : type == MIR_T_F ? MIR_FMOV : type == MIR_T_D ? MIR_DMOV : MIR_MOV;
    test_insn(b, MIR_new_insn(b->mir, code, to, from));
}

/* The operands, as the class of the instruction has them: where each is in the input. */
static unsigned operands_of(enum murre_op op, MIR_type_t *types, int64_t *places) {
    const struct murre_op_info *info = &murre_op_info[op];
    const int64_t number = offsetof(struct input, number);
    if (is_load(op)) {
        types[0] = murre_vec_load_type(op);
        places[0] = number;
        return 1;
    }
    unsigned count = info->class == MURRE_CLASS_TERNARY                                       ? 3
                     : info->class == MURRE_CLASS_UNARY || info->class == MURRE_CLASS_EXTRACT ? 1
                                                                                              : 2;
    for (unsigned i = 0; i < count; i++) {
        uint8_t type = i == 1 && info->class == MURRE_CLASS_SHIFT     ? MURRE_I32
                       : i == 0 && info->class == MURRE_CLASS_REPLACE ? MURRE_V128
                                                                      : info->operand;
        types[i] = type == MURRE_I32 ? MIR_T_U32 : register_type(type);
        places[i] = type == MURRE_V128 ? (int64_t)i * 16 : number;
    }
    return count;
}

/* f(input, output, pool): the pool has PRESSURE vectors that live across the instruction; their sum goes behind the result. */
static MIR_item_t emit_case(void *user, MIR_context_t mir, MIR_module_t module) {
    const struct vector_case *c = user;
    struct build b;
    test_begin(&b, mir, 'v', "iii");
    MIR_type_t types[3];
    int64_t places[3];
    const unsigned count = operands_of(c->op->op, types, places);
    const MIR_type_t result = register_type(murre_op_info[c->op->op].result);
    MIR_op_t values[3];
    MIR_reg_t live[PRESSURE];
    for (unsigned i = 0; c->mode == SPILLED && i < PRESSURE; i++) {
        live[i] = new_reg(&b, MIR_T_V128);
        move(&b, MIR_T_V128, R(live[i]), AT(V128, i * 16, b.arg[2]));
    }
    for (unsigned i = 0; i < count; i++) {
        const MIR_type_t type = types[i];
        values[i] = R(new_reg(&b, type == MIR_T_U32 || type == MIR_T_U8 || type == MIR_T_U16 ? MIR_T_I64 : type));
        if (c->mode == CONSTANT && i == 1)
            values[i] = C(c->constant);
        else
            move(&b, type, values[i], MIR_new_mem_op(mir, type, places[i], b.arg[0], 0, 1));
    }
    if (c->mode != FROM_MEMORY) { /* another block, so that the loads stay where they are */
        MIR_label_t next = MIR_new_label(mir);
        test_insn(&b, MIR_new_insn(mir, MIR_BEQ, TO(next), R(b.arg[0]), C(0)));
        test_insn(&b, next);
    }
    MIR_op_t to = c->mode == INTO_FIRST && register_type(murre_op_info[c->op->op].result) == MIR_T_V128 && types[0] == MIR_T_V128
                      ? values[0]
                      : R(new_reg(&b, result));
    if (is_load(c->op->op))
        murre_vec_load(mir, b.func, c->op->op, to, values[0]);
    else
        murre_vec_emit(mir, b.func, c->op->op, to, values, c->lanes);
    if (result != MIR_T_V128) {
        EMIT(MOV, AT(I64, 0, b.arg[1]), C(0));
        EMIT(MOV, AT(I64, 8, b.arg[1]), C(0));
    }
    move(&b, result, MIR_new_mem_op(mir, result, 0, b.arg[1], 0, 1), to);
    if (c->mode == SPILLED) {
        for (unsigned i = 1; i < PRESSURE; i++)
            murre_vec_emit(mir, b.func, MURRE_OP_V128_XOR, R(live[0]), (const MIR_op_t[]){R(live[0]), R(live[i])}, (union murre_lanes){0});
        move(&b, MIR_T_V128, AT(V128, 16, b.arg[1]), R(live[0]));
    }
    test_insn(&b, MIR_new_ret_insn(mir, 0));
    return test_end(&b);
}

/* ---- inputs and answers ------------------------------------------------------------------------------------------------- */

static uint64_t some_word(void) {
    static const uint64_t borders[] = {0, UINT64_MAX, 0x8080808080808080, 0x7f7f7f7f7f7f7f7f, 0x8000800080008000, 0x7fff7fff7fff7fff,
                                       0x8000000080000000, 0x7fffffff7fffffff, 0x8000000000000000, 0x7fffffffffffffff, 0x0001000100010001,
                                       /* floats: 1, -1.5, infinities, NaNs, 2^31 and its like, one half, subnormal */
                                       0x3f8000003f800000, 0xbfc00000bfc00000, 0x7f8000007f800000, 0xff8000007fc00000, 0x7fa00001ff800001,
                                       0x4f0000004effffff, 0xcf000000cf000001, 0x4f8000004f7fffff, 0x3f000000bf000000, 0x0000000180000001,
                                       0x3ff0000000000000, 0xbff8000000000000, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
                                       0x7ff0000000000001, 0x41e0000000000000, 0x41dfffffffe00000, 0xc1e0000000200000, 0x41f0000000000000,
                                       0x41efffffffe00000, 0x3fe0000000000000, 0x4330000000000001, 0x1011121314151617};
    const uint64_t random = test_random();
    switch (random % 4) {
    case 0: return test_random();
    case 1:
        return borders[random / 4 % (sizeof borders / sizeof *borders)] << 32 |
               borders[random / 256 % (sizeof borders / sizeof *borders)] >> 32;
    case 2: return (test_random() & 0x0f0f0f0f0f0f0f0f) + (test_random() & 0x1010101010101010);
    default: return borders[random / 4 % (sizeof borders / sizeof *borders)];
    }
}

static union murre_v128 some_vector(void) {
    return (union murre_v128){.u64 = {some_word(), some_word()}};
}

static bool has_float_lanes(enum murre_op op) {
    const char *name = murre_op_name(op);
    const size_t shape = strcspn(name, ".");
    static const char *const compared[] = {".eq", ".ne", ".lt", ".gt", ".le", ".ge"};
    if (name[0] != 'f')
        return false;
    for (size_t i = 0; i < 6; i++)
        if (strcmp(name + shape, compared[i]) == 0)
            return false;
    return true;
}

/* Bit for bit, but for what a NaN is. */
static bool acceptable(enum murre_op op, union murre_v128 want, union murre_v128 got) {
    if (memcmp(&want, &got, sizeof want) == 0)
        return true;
    if (!has_float_lanes(op))
        return false;
    if (strncmp(murre_op_name(op), "f32", 3) == 0) {
        for (int i = 0; i < 4; i++)
            if (want.u32[i] != got.u32[i] && !(isnan(want.f32[i]) && isnan(got.f32[i])))
                return false;
        return true;
    }
    for (int i = 0; i < 2; i++)
        if (want.u64[i] != got.u64[i] && !(isnan(want.f64[i]) && isnan(got.f64[i])))
            return false;
    return true;
}

static void check_case(unsigned level, struct vector_case *c, int rounds) {
    void (*f)(const struct input *, union murre_v128 *, const union murre_v128 *) =
        (void (*)(const struct input *, union murre_v128 *, const union murre_v128 *))test_compile(level, emit_case, c);
    union murre_v128 pool[PRESSURE], sum = {.u64 = {0, 0}};
    for (int i = 0; i < PRESSURE; i++) {
        pool[i] = some_vector();
        sum.u64 ^= pool[i].u64;
    }
    for (int round = 0; round < rounds; round++) {
        struct input in = {some_vector(), some_vector(), some_vector(), some_word()};
        union murre_v128 out[2] = {{.u64 = {0, 0}}, sum}, want;
        if (round % 4 == 0)
            in.y = in.x;
        f(&in, out, pool);
        if (c->mode == CONSTANT)
            in.number = (uint64_t)c->constant;
        c->op->twin(&in, c->lanes.lane, &want);
        cr_assert(acceptable(c->op->op, want, out[0]),
                  "%s level %u mode %d lane %d: %016llx%016llx, %016llx%016llx, %llx: %016llx%016llx, not %016llx%016llx",
                  murre_op_name(c->op->op), level, (int)c->mode, c->lanes.lane, (unsigned long long)in.x.u64[1],
                  (unsigned long long)in.x.u64[0], (unsigned long long)in.y.u64[1], (unsigned long long)in.y.u64[0],
                  (unsigned long long)in.number, (unsigned long long)out[0].u64[1], (unsigned long long)out[0].u64[0],
                  (unsigned long long)want.u64[1], (unsigned long long)want.u64[0]);
        cr_assert(memcmp(&out[1], &sum, sizeof sum) == 0, "%s level %u mode %d: a live value was lost", murre_op_name(c->op->op), level,
                  (int)c->mode);
    }
}

static void check_op(const struct op *op, unsigned level, enum mode mode) {
    const uint8_t class = murre_op_info[op->op].class;
    const bool has_lane = class == MURRE_CLASS_EXTRACT || class == MURRE_CLASS_REPLACE;
    struct vector_case c = {.op = op, .mode = mode};
    if (mode == CONSTANT && class != MURRE_CLASS_SHIFT)
        return;
    static const int64_t counts[] = {0, 1, 7, 8, 15, 31, 33, 63, 64, 255};
    const unsigned cases = has_lane ? murre_op_lanes(op->op) : mode == CONSTANT ? 10 : 1;
    for (unsigned i = 0; i < cases; i++) {
        c.lanes.bytes = NULL;
        if (has_lane)
            c.lanes.lane = (uint8_t)i;
        c.constant = counts[i % 10];
        check_case(level, &c, 60);
    }
}

static unsigned check_all(void) {
    unsigned checked = 0;
    for (unsigned i = 0; i < OPS; i++) {
        if (!murre_vec_has(ops[i].op))
            continue;
        checked++;
        for (unsigned level = 0; level < LEVELS; level++)
            for (enum mode mode = 0; mode < MODES; mode++)
                check_op(&ops[i], level, mode);
    }
    return checked;
}

Test(vector, every_instruction_equals_its_twin) {
    if (!murre_vec_has(MURRE_OP_V128_NOT))
        cr_skip_test("this processor's vectors are not compiled");
    cr_assert_geq(check_all(), OPS - 4, "all but fused products at least");
}

Test(vector, every_instruction_equals_its_twin_on_an_old_cpu) {
    if (!murre_vec_has(MURRE_OP_V128_NOT))
        cr_skip_test("this processor's vectors are not compiled");
    murre_vec_mask_features(MURRE_VEC_AVX | MURRE_VEC_AVX2 | MURRE_VEC_FMA);
    cr_assert_geq(check_all(), OPS - 4);
    murre_vec_mask_features(0);
}

/* ---- shuffles: by sixteen lanes --------------------------------------------------------------------------------------------------- */

static const uint8_t *shuffled;
static void twin_shuffle(const struct input *in, unsigned lane, union murre_v128 *out) {
    *out = murre_v128_shuffle(in->x, in->y, shuffled);
}

static void check_shuffle(const uint8_t *bytes) {
    static const struct op op = {MURRE_OP_I8X16_SHUFFLE, twin_shuffle};
    shuffled = bytes;
    for (unsigned level = 0; level < LEVELS; level += 2) {
        struct vector_case c = {.op = &op, .mode = IN_REGISTERS, .lanes.bytes = bytes};
        check_case(level, &c, 4);
    }
}

Test(vector, shuffles_of_all_kinds_equal_their_twin) {
    if (!murre_vec_has(MURRE_OP_V128_NOT))
        cr_skip_test("this processor's vectors are not compiled");
    uint8_t bytes[16];
    for (unsigned start = 0; start < 32; start++) { /* bytes in a row */
        for (unsigned i = 0; i < 16; i++)
            bytes[i] = (uint8_t)((start + i) % 32);
        check_shuffle(bytes);
    }
    for (unsigned size = 1; size <= 8; size *= 2) /* lanes of both in turn */
        for (unsigned first = 0; first < 4; first++) {
            for (unsigned i = 0; i < 16; i++) {
                unsigned lane = i / size, from = lane / 2 + first % 2 * (8 / size);
                bytes[i] = (uint8_t)(from * size + i % size + ((lane % 2) ^ (first / 2)) * 16);
            }
            check_shuffle(bytes);
        }
    for (unsigned n = 0; n < 300; n++) { /* doublewords of any, bytes of one or of both */
        const uint64_t random = test_random();
        for (unsigned i = 0; i < 16; i++)
            bytes[i] = n % 3 == 0   ? (uint8_t)((random >> i / 4 * 3 & 7) * 4 + i % 4)
                       : n % 3 == 1 ? (uint8_t)(test_random() % 16 + random % 2 * 16)
                                    : (uint8_t)(test_random() % 32);
        check_shuffle(bytes);
    }
}
