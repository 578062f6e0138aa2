/* The functions that stand in for instructions which a processor may lack (the rows HELPER of wasm/numeric.def): each as compiled code calls it, beside
 * what the interpreter gives. */
#include "support.h"

#include "jit/helper.h"
#include "support/build.h"

static const uint64_t samples[] = {
    0,
    1,
    0xffffffff,
    0x8000000000000000,
    0xffffffffffffffff,
    0x3f000000 /* 0.5f */,
    0xbfc00000 /* -1.5f */,
    0x40200000 /* 2.5f */,
    0x80000000,
    0x7f800001,
    0xff800000,
    0x4b7fffff,
    0x3fe0000000000000 /* 0.5 */,
    0xbff8000000000000 /* -1.5 */,
    0x4004000000000000 /* 2.5 */,
    0x7ff0000000000001,
    0xfff0000000000000,
    0x432fffffffffffff,
};
enum { SAMPLES = sizeof samples / sizeof *samples };

static bool is_nan(murre_valtype type, union murre_slot value) {
    return type == MURRE_F32 ? value.f32 != value.f32 : type == MURRE_F64 && value.f64 != value.f64;
}

/* A function "f" that is one unary instruction. */
static struct murre_instance *instance_of(struct murre_store *store, enum murre_op op) {
    const struct murre_op_info *info = &murre_op_info[op];
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 1, info->operand, 1, info->result);
    build_whole(&b, SECTION_FUNCTION, 1, 0);
    build_whole(&b, SECTION_EXPORT, 1, 1, 'f', 0, 0);
    build_section(&b, SECTION_CODE);
    build_u32(&b, 1);
    build_body(&b);
    build(&b, 0, 0x20, 0, (uint8_t)info->code, 0x0b);
    build_close(&b);
    build_close(&b);
    return test_instance(store, &b);
}

static union murre_slot call(struct murre_store *store, struct murre_instance *instance, uint64_t operand) {
    union murre_slot slots[1] = {{.u64 = operand}};
    cr_assert_null(murre_func_call(store, test_func(instance, "f"), slots));
    return slots[0];
}

Test(helpers, give_what_the_interpreter_gives) {
    murre_ext_mask_features(MURRE_EXT_LZCNT | MURRE_EXT_BMI1 | MURRE_EXT_POPCNT | MURRE_EXT_SSE41);
    struct murre_engine *interp = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO), *jit = test_engine(MURRE_TIER_JIT, MURRE_BOUNDS_AUTO);
    unsigned rows = 0;
    for (enum murre_op op = 0; op < MURRE_OP_COUNT; op++) {
        if (murre_helper_for(op) == MURRE_HELPER_COUNT)
            continue;
        struct murre_store *one = murre_store_new(interp, NULL), *other = murre_store_new(jit, NULL);
        struct murre_instance *right = instance_of(one, op), *compiled = instance_of(other, op);
        for (unsigned i = 0; i < SAMPLES; i++) {
            murre_valtype type = murre_op_info[op].operand;
            uint64_t operand = type == MURRE_I32 || type == MURRE_F32 ? (uint32_t)samples[i] : samples[i];
            union murre_slot want = call(one, right, operand), got = call(other, compiled, operand);
            cr_expect(want.u64 == got.u64 || (is_nan(murre_op_info[op].result, want) && is_nan(murre_op_info[op].result, got)),
                      "%s of %llx: %llx, not %llx", murre_op_name(op), (unsigned long long)operand, (unsigned long long)got.u64,
                      (unsigned long long)want.u64);
        }
        murre_store_delete(one);
        murre_store_delete(other);
        rows++;
    }
    cr_expect_eq(rows, 10);
    murre_engine_unref(interp);
    murre_engine_unref(jit);
    murre_ext_mask_features(0);
}

/* Whatever ext.h does not do on an old processor has a row: nothing is refused there. */
Test(helpers, there_is_one_for_every_instruction_that_an_old_processor_lacks) {
    murre_ext_mask_features(MURRE_EXT_LZCNT | MURRE_EXT_BMI1 | MURRE_EXT_POPCNT | MURRE_EXT_SSE41);
    unsigned lacking = 0, rows = 0;
    for (enum murre_ext op = 0; op < MURRE_EXT_COUNT; op++)
        lacking += !murre_ext_has(op);
    murre_ext_mask_features(0);
    for (enum murre_op op = 0; op < MURRE_OP_COUNT; op++)
        rows += murre_helper_for(op) != MURRE_HELPER_COUNT;
    cr_expect(lacking == rows || lacking == 0, "%u are lacking, %u rows", lacking, rows); /* AArch64 lacks none */
}
