/* The facts of numeric.def, compared with what the instructions do (the expressions of interp/ops.def) and with their names. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "runtime/numeric.h"
#include "runtime/runtime.h"
#include "wasm/opcode.h"

/* Where an instruction has no result (a division by zero) it is asked for none. */
static bool evaluate(enum murre_op op, union murre_slot a, union murre_slot b, union murre_slot *result) {
    *result = (union murre_slot){.u64 = 0};
    switch (op) {
#define COMPARE(id, type, expr)                          \
    case MURRE_OP_##id: {                                \
        const __typeof__(a.type) x = a.type, y = b.type; \
        result->u32 = expr;                              \
        return true;                                     \
    }
#define FCOMPARE COMPARE
#define BINARY(id, type_, expr)                             \
    case MURRE_OP_##id: {                                   \
        const __typeof__(a.type_) x = a.type_, y = b.type_; \
        result->type_ = expr;                               \
        return true;                                        \
    }
#define FBINARY BINARY
#define RARE_BINARY(id, type, expr)
#define RARE_FBINARY(id, type, expr)
#define UNARY(id, result, type, expr)
#define RARE_UNARY(id, result, type, expr)
#define LOAD(id, type, mem)
#define STORE(id, type, mem)
#define TEST(id, type, expr)
#include "interp/ops.def"
    default: return false;
    }
}

/* Sample values of every type: as bits. */
static const uint64_t samples[] = {
    0,
    1,
    2,
    5,
    31,
    32,
    63,
    64,
    0x7fffffff,
    0x80000000,
    0xffffffff,
    0x8000000000000000,
    0x7fffffffffffffff,
    0xffffffffffffffff,
    0x3f800000,
    0xbf800000,
    0x7fc00000,
    0x7f800000,
    0x3ff0000000000000,
    0xbff0000000000000,
    0x7ff8000000000000,
    0x7ff0000000000000,
    0x4008000000000000,
};
enum { SAMPLES = sizeof samples / sizeof *samples };

static bool is_nan(murre_valtype type, union murre_slot value) {
    return type == MURRE_F32 ? isnan(value.f32) : type == MURRE_F64 && isnan(value.f64);
}

Test(facts, comparisons_have_the_inverse_and_the_swapped_form_that_their_meaning_gives) {
    unsigned compared = 0;
    for (enum murre_op op = 0; op < MURRE_OP_COUNT; op++) {
        if (murre_op_info[op].class != MURRE_CLASS_COMPARE)
            continue;
        const struct murre_op_facts *facts = &murre_op_facts[op];
        bool ordered = strstr(murre_op_name(op), ".eq") == NULL && strstr(murre_op_name(op), ".ne") == NULL;
        bool is_float = murre_op_info[op].operand == MURRE_F32 || murre_op_info[op].operand == MURRE_F64;
        cr_expect_eq(facts->inverse == 0, ordered && is_float, "%s", murre_op_name(op));
        for (unsigned i = 0; i < SAMPLES; i++)
            for (unsigned k = 0; k < SAMPLES; k++) {
                union murre_slot a = {.u64 = samples[i]}, b = {.u64 = samples[k]}, holds, other;
                cr_assert(evaluate(op, a, b, &holds), "%s", murre_op_name(op));
                cr_assert(evaluate((enum murre_op)facts->swapped, b, a, &other), "%s", murre_op_name(op));
                cr_expect_eq(holds.u32, other.u32, "%s swapped", murre_op_name(op));
                if (!facts->inverse)
                    continue;
                cr_assert(evaluate((enum murre_op)facts->inverse, a, b, &other));
                cr_expect_neq(holds.u32, other.u32, "%s inverse", murre_op_name(op));
            }
        compared++;
    }
    cr_expect_eq(compared, 32);
}

/* Both ways: what is said to commute does, and what does is said to. */
Test(facts, what_commutes_is_what_gives_the_same_the_other_way_round) {
    for (enum murre_op op = 0; op < MURRE_OP_COUNT; op++) {
        union murre_slot there, back;
        if (murre_op_info[op].class != MURRE_CLASS_BINARY ||
            !evaluate(op, (union murre_slot){.u64 = 1}, (union murre_slot){.u64 = 1}, &there))
            continue;
        bool same = true;
        for (unsigned i = 0; i < SAMPLES; i++)
            for (unsigned k = 0; k < SAMPLES; k++) {
                union murre_slot a = {.u64 = samples[i]}, b = {.u64 = samples[k]};
                evaluate(op, a, b, &there);
                evaluate(op, b, a, &back);
                same &= there.u64 == back.u64 || (is_nan(murre_op_info[op].result, there) && is_nan(murre_op_info[op].result, back));
            }
        cr_expect_eq(murre_op_facts[op].commutes, same, "%s", murre_op_name(op));
    }
}

Test(facts, accesses_are_as_wide_and_signed_as_their_names_say) {
    unsigned accesses = 0;
    for (enum murre_op op = 0; op < MURRE_OP_COUNT; op++) {
        const char *name = murre_op_name(op);
        bool load = murre_op_info[op].class == MURRE_CLASS_LOAD, store = murre_op_info[op].class == MURRE_CLASS_STORE;
        const char *end = name + strlen(name);
        cr_expect_eq(murre_op_facts[op].is_signed, load && strcmp(end - 2, "_s") == 0, "%s", name);
        if (!load && !store)
            continue;
        const char *width = strstr(name, load ? "load" : "store") + (load ? 4 : 5);
        char *lanes = NULL;
        uint32_t bits = *width ? (uint32_t)strtoul(width, &lanes, 10) : (uint32_t)strtoul(name + 1, NULL, 10);
        if (lanes && *lanes == 'x')
            bits *= (uint32_t)strtoul(lanes + 1, NULL, 10);
        cr_expect_eq(murre_op_access_size(op) * 8, bits, "%s", name);
        accesses++;
    }
    cr_expect_eq(accesses, 14 + 9 + 14, "of numbers, of vectors");
}
