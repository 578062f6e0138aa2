/* The bits of NaNs (4.3.3, "NaN propagation"), where the specification leaves them open: in every tier, at every level of the compiler, however an
 * operand comes. With one NaN among its operands an operation gives that one, made quiet; with none, the same everywhere; with two of different
 * bits, one of the two. Operations on the sign alone change nothing else. README says where tiers differ: in which of two NaNs an addition or a
 * multiplication gives. The interpreter exchanges their operands where that saves an instruction (build_value.c), as does MIR. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runtime/runtime.h"
#include "support/build.h"
#include "wasm/opcode.h"

enum { F32 = 0x7d, F64 = 0x7c, VALUES = 9, LEVELS = 4 };

static const uint64_t values32[VALUES] = {0x7fc00000, 0xffc00000, 0x7fc12345, 0xffe54321, 0x7f800001,
                                          0xff812345, 0x3f800000, 0x7f800000, 0xff800000};
static const uint64_t values64[VALUES] = {
    0x7ff8000000000000, 0xfff8000000000000, 0x7ff8123456789abc, 0xfffedcba98765432, 0x7ff0000020000001,
    0xfff4123456789abc, 0x3ff0000000000000, 0x7ff0000000000000, 0xfff0000000000000,
};

static const uint64_t *values_of(uint8_t type) {
    return type == F32 ? values32 : values64;
}

static bool is_nan(uint8_t type, uint64_t bits) {
    return type == F32 ? (bits & 0x7fffffff) > 0x7f800000 : (bits & INT64_MAX) > 0x7ff0000000000000;
}

static uint64_t quiet(uint8_t type, uint64_t bits) {
    return bits | (type == F32 ? UINT64_C(1) << 22 : UINT64_C(1) << 51);
}

/* The NaN of another type: sign and as much as there is room for, from the top. */
static uint64_t converted(uint8_t from, uint8_t to, uint64_t bits) {
    if (from == to)
        return bits;
    if (from == F32)
        return (bits >> 31) << 63 | 0x7ff0000000000000 | (bits & 0x7fffff) << 29;
    return (bits >> 63) << 31 | 0x7f800000 | (bits >> 29 & 0x7fffff);
}

/* How an operand comes: from a parameter, from memory, or as a constant, the first of VALUES kinds. */
enum { LOCAL, LOADED, CONSTANT, WAYS = CONSTANT + VALUES };

static void operand(struct builder *b, uint8_t type, unsigned place, unsigned way) {
    if (way == LOCAL) {
        build(b, 0x20, (uint8_t)place);
    } else if (way == LOADED) {
        build(b, 0x41, (uint8_t)(8 * place), type == F32 ? 0x2a : 0x2b, 0, 0);
    } else {
        build(b, type == F32 ? 0x43 : 0x44);
        build_raw(b, &values_of(type)[way - CONSTANT], type == F32 ? 4 : 8);
    }
}

/* Where a result goes: it is returned, or lies in a local that an operand came from, and is returned from there. */
enum { RETURNED, TO_FIRST, TO_SECOND, GOALS };

static bool makes_sense(const struct murre_op_info *op, unsigned second, unsigned goal) {
    const bool binary = op->class == MURRE_CLASS_BINARY;
    return (binary || second == LOCAL) && (goal == RETURNED || (op->result == op->operand && (binary || goal == TO_FIRST)));
}

/* A function (operand, operand) → result for each combination, in the order of the loops; "put" stores both operands where LOADED looks. */
static struct builder module_of(const struct murre_op_info *op, uint32_t *count) {
    const uint8_t type = op->operand;
    *count = 0;
    for (unsigned i = 0; i < WAYS * WAYS * GOALS; i++)
        *count += makes_sense(op, i / GOALS % WAYS, i % GOALS);
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 2, 0x60, 2, type, type, 1, op->result, 0x60, 2, type, type, 0);
    build_section(&b, SECTION_FUNCTION);
    build_u32(&b, *count + 1);
    for (uint32_t i = 0; i < *count; i++)
        build(&b, 0);
    build(&b, 1);
    build_close(&b);
    build_whole(&b, SECTION_MEMORY, 1, 0, 1);
    build_section(&b, SECTION_EXPORT);
    build_u32(&b, *count + 1);
    for (uint32_t i = 0; i <= *count; i++) {
        char name[16];
        snprintf(name, sizeof name, "%u", (unsigned)i);
        build_name(&b, i == *count ? "put" : name);
        build(&b, 0);
        build_u32(&b, i);
    }
    build_close(&b);
    build_section(&b, SECTION_CODE);
    build_u32(&b, *count + 1);
    for (unsigned i = 0; i < WAYS * WAYS * GOALS; i++) {
        const unsigned first = i / (WAYS * GOALS), second = i / GOALS % WAYS, goal = i % GOALS;
        if (!makes_sense(op, second, goal))
            continue;
        build_body(&b);
        build(&b, 0);
        operand(&b, type, 0, first);
        if (op->class == MURRE_CLASS_BINARY)
            operand(&b, type, 1, second);
        build(&b, (uint8_t)op->code);
        if (goal != RETURNED)
            build(&b, 0x21, (uint8_t)(goal - TO_FIRST), 0x20, (uint8_t)(goal - TO_FIRST));
        build(&b, 0x0b);
        build_close(&b);
    }
    build_body(&b);
    build(&b, 0);
    for (uint8_t place = 0; place < 2; place++)
        build(&b, 0x41, (uint8_t)(8 * place), 0x20, place, type == F32 ? 0x38 : 0x39, 0, 0);
    build(&b, 0x0b);
    build_close(&b);
    build_close(&b);
    return b;
}

struct world {
    struct murre_engine *engine;
    struct murre_store *store;
    struct murre_instance *instance;
    uint32_t count;
};

static struct world world_of(const struct murre_op_info *op, enum murre_tier tier, int level) {
    struct world w;
    struct murre_config config;
    murre_config_init(&config);
    config.tier = tier;
    config.opt_level = level;
    struct builder b = module_of(op, &w.count);
    w.engine = murre_engine_new(&config, NULL);
    w.store = murre_store_new(w.engine, NULL);
    w.instance = test_instance(w.store, &b);
    return w;
}

static void leave(struct world *w) {
    murre_store_delete(w->store);
    murre_engine_unref(w->engine);
}

static uint64_t call(const struct world *w, const char *name, const struct murre_op_info *op, uint64_t x, uint64_t y) {
    union murre_slot slots[2] = {{.u64 = x}, {.u64 = y}};
    cr_assert(!murre_func_call(w->store, test_func(w->instance, name), slots));
    return op->result == F32 ? slots[0].u32 : slots[0].u64;
}

/* Whether one operand's bits decide; *wanted is then what the result has to be. */
static bool decided(const struct murre_op_info *op, uint64_t x, uint64_t y, uint64_t *wanted) {
    const bool second = op->class == MURRE_CLASS_BINARY && is_nan(op->operand, y);
    if (is_nan(op->operand, x) == second && quiet(op->operand, x) != quiet(op->operand, y))
        return false;
    *wanted = quiet(op->result, converted(op->operand, op->result, second ? y : x));
    return true;
}

static bool changes_sign_only(const struct murre_op_info *op) {
    const char *name = murre_op_name((enum murre_op)(op - murre_op_info));
    return strstr(name, "abs") || strstr(name, "neg") || strstr(name, "copysign");
}

/* One operation on two values in one way: expected is what the interpreter gives for it with operands from parameters. */
static void judge(const struct murre_op_info *op, const char *where, uint64_t x, uint64_t y, uint64_t found, uint64_t expected) {
    uint64_t wanted = expected;
    const bool any = is_nan(op->operand, x) || (op->class == MURRE_CLASS_BINARY && is_nan(op->operand, y));
    if (any && !changes_sign_only(op) && !decided(op, x, y, &wanted))
        wanted = found == quiet(op->operand, x) || found == quiet(op->operand, y) ? found : expected;
    cr_assert(found == wanted, "%s, %s of %" PRIx64 ", %" PRIx64 ": %" PRIx64 " is not %" PRIx64, where,
              murre_op_name((enum murre_op)(op - murre_op_info)), x, y, found, wanted);
}

static void check(const struct murre_op_info *op, enum murre_tier tier, int level) {
    struct world w = world_of(op, tier, level), plain = world_of(op, MURRE_TIER_INTERP, 0);
    const uint64_t *values = values_of(op->operand);
    uint32_t function = 0;
    for (unsigned i = 0; i < WAYS * WAYS * GOALS; i++) {
        const unsigned first = i / (WAYS * GOALS), second = i / GOALS % WAYS;
        if (!makes_sense(op, second, i % GOALS))
            continue;
        char name[16], where[80];
        snprintf(name, sizeof name, "%u", (unsigned)function++);
        snprintf(where, sizeof where, "tier %d, level %d, operands %u and %u, goal %u", tier, level, first, second, i % GOALS);
        for (unsigned k = 0; k < VALUES * VALUES; k++) {
            const unsigned left = k / VALUES, right = k % VALUES;
            if ((first >= CONSTANT && left != first - CONSTANT) || (second >= CONSTANT && right != second - CONSTANT))
                continue;
            (void)call(&w, "put", op, values[left], values[right]);
            const uint64_t found = call(&w, name, op, values[left], values[right]);
            judge(op, where, values[left], values[right], found, call(&plain, "0", op, values[left], values[right]));
        }
    }
    cr_assert_eq(function, w.count);
    leave(&w);
    leave(&plain);
}

static bool gives_floats(const struct murre_op_info *op) {
    return (op->class == MURRE_CLASS_UNARY || op->class == MURRE_CLASS_BINARY) && op->prefix == 0 &&
           (op->operand == F32 || op->operand == F64) && (op->result == F32 || op->result == F64);
}

static void check_all(enum murre_tier tier, int level) {
    unsigned operations = 0;
    for (unsigned op = 0; op < MURRE_OP_COUNT; op++)
        if (gives_floats(&murre_op_info[op])) {
            check(&murre_op_info[op], tier, level);
            operations++;
        }
    cr_assert_eq(operations, 30);
}

Test(nan, one_nan_decides_in_the_interpreter_however_operands_come) {
    check_all(MURRE_TIER_INTERP, 0);
}

static void check_level(int level) {
    if (!murre_has_compiler()) {
        puts("skipped: NaNs in compiled code, in a build without a compiler: 1");
        cr_skip();
    }
    check_all(MURRE_TIER_JIT, level);
}

Test(nan, one_nan_decides_in_code_of_level_0, .timeout = 120) {
    check_level(0);
}

Test(nan, one_nan_decides_in_code_of_level_1, .timeout = 120) {
    check_level(1);
}

Test(nan, one_nan_decides_in_code_of_level_2, .timeout = 120) {
    check_level(2);
}

Test(nan, one_nan_decides_in_code_of_level_3, .timeout = 120) {
    check_level(3);
}
