/* Every numeric instruction has many forms in register code: operands from slots, constants, accumulators; results in slots or accumulators only;
 * comparisons as values, in branches forward and backward, in selections. All forms must agree with the plainest one, which the official suite
 * tests; and with the compiler's, since each test runs in every tier. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support/build.h"
#include "wasm/opcode.h"

enum source { FROM_SLOT, FROM_CONST, FROM_ACC, SOURCES };
/* What becomes of a value; comparisons go on with the others. */
enum use {
    RETURNED,
    SET_AND_GOT,
    USES,
    IN_IF = USES,
    IN_NEGATED_IF,
    IN_BR_IF,
    IN_NEGATED_BR_IF,
    IN_LOOP,
    IN_NEGATED_LOOP,
    IN_SELECT,
    IN_NEGATED_SELECT,
    COMPARE_USES
};

static void constant(struct builder *b, uint8_t type, uint64_t bits) {
    uint32_t low = (uint32_t)bits;
    switch (type) {
    case 0x7f:
        build(b, 0x41);
        build_s64(b, (int32_t)bits);
        break;
    case 0x7e:
        build(b, 0x42);
        build_s64(b, (int64_t)bits);
        break;
    case 0x7d:
        build(b, 0x43);
        build_raw(b, &low, 4);
        break;
    default:
        build(b, 0x44);
        build_raw(b, &bits, 8);
        break;
    }
}

static void operand(struct builder *b, uint8_t type, enum source source, uint8_t local, uint64_t bits) {
    if (source == FROM_CONST) {
        constant(b, type, bits);
        return;
    }
    build(b, 0x20, local);
    if (source == FROM_ACC) {
        if (type == 0x7f)
            build(b, 0x41, 0, 0x6a);
        else if (type == 0x7e)
            build(b, 0x42, 0, 0x7c);
        else if (type == 0x7d)
            build(b, 0x8c, 0x8c);
        else
            build(b, 0x9a, 0x9a);
    }
}

static void instruction(struct builder *b, const struct murre_op_info *info) {
    if (info->prefix)
        build(b, info->prefix);
    build_u32(b, info->code);
    if (!info->prefix) {
        /* One-byte opcodes are no LEB128. */
        b->size -= info->code >= 0x80 ? 2 : 1;
        build(b, (uint8_t)info->code);
    }
}

/* The value, or the condition's answer as an i32, is left on the stack. Local 2 is of the result's type, local 3 an i32. */
static void body(struct builder *b, const struct murre_op_info *info, enum source left, enum source right, enum use use,
                 const uint64_t *bits) {
    bool two = info->class != MURRE_CLASS_UNARY;
    bool negated = use == IN_NEGATED_IF || use == IN_NEGATED_BR_IF || use == IN_NEGATED_LOOP || use == IN_NEGATED_SELECT;
    if (use == IN_BR_IF || use == IN_NEGATED_BR_IF)
        build(b, 0x02, 0x7f, 0x41, 1); /* block (result i32), i32.const 1 */
    if (use == IN_LOOP || use == IN_NEGATED_LOOP)
        /* block, loop: the third time round it is left. */
        build(b, 0x02, 0x40, 0x03, 0x40, 0x20, 3, 0x41, 1, 0x6a, 0x22, 3, 0x41, 3, 0x4f, 0x0d, 1);
    if (use == IN_SELECT || use == IN_NEGATED_SELECT)
        build(b, 0x20, 3, 0x41, 5, 0x6a, 0x41, 7); /* 5 and 7 */
    operand(b, info->operand, left, 0, bits[0]);
    if (two)
        operand(b, info->operand, right, 1, bits[1]);
    instruction(b, info);
    if (negated)
        build(b, 0x45);
    switch (use) {
    case RETURNED:
    case COMPARE_USES: break;
    case SET_AND_GOT: build(b, 0x21, 2, 0x20, 2); break;
    case IN_IF:
    case IN_NEGATED_IF: build(b, 0x04, 0x7f, 0x41, 1, 0x05, 0x41, 0, 0x0b); break;
    case IN_BR_IF:
    case IN_NEGATED_BR_IF: build(b, 0x0d, 0, 0x1a, 0x41, 0, 0x0b); break;
    case IN_LOOP:
    case IN_NEGATED_LOOP:
        build(b, 0x0d, 0, 0x0b, 0x0b, 0x20, 3, 0x41, 1, 0x4b); /* br_if 0, end, end, local.get 3 > 1 */
        break;
    case IN_SELECT:
    case IN_NEGATED_SELECT:
        build(b, 0x1b, 0x41, 5, 0x46); /* is it 5? */
        break;
    }
    if (negated)
        build(b, 0x45);
}

static unsigned uses_of(const struct murre_op_info *info) {
    return info->result == 0x7f &&
                   (info->class == MURRE_CLASS_COMPARE || strstr(murre_op_name((enum murre_op)(info - murre_op_info)), "eqz"))
               ? COMPARE_USES
               : (unsigned)USES;
}

/* Exports f0, f1…: every combination of sources and uses. */
static uint32_t module(struct builder *b, const struct murre_op_info *info, const uint64_t *bits) {
    bool two = info->class != MURRE_CLASS_UNARY;
    uint32_t count = SOURCES * (two ? SOURCES : 1) * uses_of(info);
    *b = build_module();
    build_whole(b, SECTION_TYPE, 1, 0x60, 2, info->operand, info->operand, 1, info->result);
    build_section(b, SECTION_FUNCTION);
    build_u32(b, count);
    for (uint32_t i = 0; i < count; i++)
        build(b, 0);
    build_close(b);
    build_section(b, SECTION_EXPORT);
    build_u32(b, count);
    for (uint32_t i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%u", i);
        build_name(b, name);
        build(b, 0);
        build_u32(b, i);
    }
    build_close(b);
    build_section(b, SECTION_CODE);
    build_u32(b, count);
    for (uint32_t i = 0; i < count; i++) {
        build_body(b);
        build(b, 2, 1, info->result, 1, 0x7f);
        enum use use = i % uses_of(info);
        uint32_t sources = i / uses_of(info);
        body(b, info, sources % SOURCES, sources / SOURCES, use, bits);
        build(b, 0x0b);
        build_close(b);
    }
    build_close(b);
    return count;
}

struct outcome {
    bool trapped;
    enum murre_trapkind kind;
    union murre_slot value;
};

static struct outcome call(struct murre_store *store, struct murre_instance *instance, uint32_t index, const uint64_t *bits) {
    char name[16];
    snprintf(name, sizeof name, "f%u", index);
    union murre_slot slots[2] = {{.u64 = bits[0]}, {.u64 = bits[1]}};
    struct murre_trap *trap = murre_func_call(store, test_func(instance, name), slots);
    struct outcome outcome = {.trapped = trap != NULL, .value = slots[0]};
    if (trap)
        outcome.kind = murre_trap_kind(trap);
    murre_trap_delete(trap);
    return outcome;
}

static bool agree(const struct outcome *a, const struct outcome *b, uint8_t type) {
    if (a->trapped || b->trapped)
        return a->trapped == b->trapped && a->kind == b->kind;
    switch (type) {
    case 0x7f: return a->value.u32 == b->value.u32;
    case 0x7d: return a->value.u32 == b->value.u32 || (a->value.f32 != a->value.f32 && b->value.f32 != b->value.f32);
    case 0x7c: return a->value.u64 == b->value.u64 || (a->value.f64 != a->value.f64 && b->value.f64 != b->value.f64);
    default: return a->value.u64 == b->value.u64;
    }
}

static void check(struct murre_engine *engine, const struct murre_op_info *info, const uint64_t *bits) {
    struct murre_store *store = murre_store_new(engine, NULL);
    struct builder b;
    uint32_t count = module(&b, info, bits);
    struct murre_module *built = test_module(engine, &b);
    struct murre_instance *instance = murre_instance_new(store, built, NULL, 0, NULL, NULL);
    cr_assert_not_null(instance);
    struct outcome plain = call(store, instance, 0, bits);
    for (uint32_t i = 1; i < count; i++) {
        struct outcome other = call(store, instance, i, bits);
        uint32_t sources = i / uses_of(info);
        cr_assert(agree(&plain, &other, info->result), "%s of %llx, %llx: left %u, right %u, use %u: %llx is not %llx",
                  murre_op_name((enum murre_op)(info - murre_op_info)), (unsigned long long)bits[0], (unsigned long long)bits[1],
                  sources % SOURCES, sources / SOURCES, i % uses_of(info), (unsigned long long)other.value.u64,
                  (unsigned long long)plain.value.u64);
    }
    murre_module_unref(built);
    murre_store_delete(store);
}

static const uint64_t i32s[] = {0, 1, 7, 0xffffffff, 0x7fffffff, 0x80000000, 0x8000, 0xffff7fff, 0x12345678};
static const uint64_t i64s[] = {0,      1,          0xffffffffffffffff, 0x7fffffffffffffff, 0x8000000000000000,
                                0x8000, 0x80000000, 0xffffffff7fffffff, 0x123456789abcdef};
static const uint64_t f32s[] = {0, 0x80000000, 0x3f800000, 0xc0490fdb, 0x7f800000, 0xff800000, 0x7fc00000, 0x4f000000, 0x40200000};
static const uint64_t f64s[] = {0,
                                0x8000000000000000,
                                0x3ff0000000000000,
                                0xc00921fb54442d18,
                                0x7ff0000000000000,
                                0xfff0000000000000,
                                0x7ff8000000000000,
                                0x41e0000000000000,
                                0x4004000000000000};
enum { VALUES = sizeof i32s / sizeof i32s[0] };

static const uint64_t *values_of(uint8_t type) {
    return type == 0x7f ? i32s : type == 0x7e ? i64s : type == 0x7d ? f32s : f64s;
}

static void check_class(enum murre_op_class class) {
    FOR_EACH_TIER(tier) {
        struct murre_engine *engine = test_engine(tier, MURRE_BOUNDS_AUTO);
        for (unsigned op = 0; op < MURRE_OP_COUNT; op++) {
            const struct murre_op_info *info = &murre_op_info[op];
            if (info->class != class || info->prefix == 0xfd) /* vectors have no such forms */
                continue;
            const uint64_t *values = values_of(info->operand);
            /* The compiler takes its time: fewer values there. */
            unsigned step = tier == MURRE_TIER_JIT ? 4 : 1;
            for (unsigned i = 0; i < VALUES; i += step) {
                for (unsigned j = 0; j < (class == MURRE_CLASS_UNARY ? 1 : VALUES); j += step)
                    check(engine, info, (const uint64_t[]){values[i], values[j]});
            }
        }
        murre_engine_unref(engine);
    }
}

Test(interp_forms, of_one_operand_agree) {
    check_class(MURRE_CLASS_UNARY);
}
Test(interp_forms, of_two_operands_agree) {
    check_class(MURRE_CLASS_BINARY);
}
Test(interp_forms, of_comparisons_agree) {
    check_class(MURRE_CLASS_COMPARE);
}
