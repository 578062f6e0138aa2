/* wasm/front.h: what the front end refuses, and what it hands to a sink. A recording sink writes each operation as a line of text; slots are
 * s0, s1…, constants #n. */
#include <criterion/criterion.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "wasm/front.h"

enum { FEATURES = (1 << (MURRE_FEATURE_RELAXED_SIMD + 1)) - 1 };

struct recorder {
    struct murre_sink sink;
    char text[65536];
    size_t size;
};

static void record(struct murre_sink *sink, const char *format, ...) {
    struct recorder *r = (struct recorder *)sink;
    va_list arguments;
    va_start(arguments, format);
    r->size += (size_t)vsnprintf(r->text + r->size, sizeof r->text - r->size, format, arguments);
    va_end(arguments);
    cr_assert_lt(r->size, sizeof r->text);
}

static jmp_buf *leaving; /* where unreachable goes, as a compilation that is cancelled does */

static const char *show(struct murre_operand a) {
    static char texts[8][32];
    static int turn;
    char *text = texts[turn++ % 8];
    if (a.kind == MURRE_OPERAND_CONST)
        snprintf(text, 32, "#%lld", a.type == MURRE_I32 ? (long long)(int32_t)a.bits : (long long)a.bits);
    else
        snprintf(text, 32, "s%u", a.slot);
    return text;
}

static const char *name(enum murre_op op) {
    return murre_op_name(op);
}

static const char *show_cond(const struct murre_cond *c) {
    static char text[96];
    snprintf(text, sizeof text, "%s%s %s%s%s", c->negate ? "not " : "", c->op == MURRE_COND_TEST ? "test" : name(c->op), show(c->a),
             c->op == MURRE_COND_TEST || c->op == MURRE_OP_I64_EQZ ? "" : ",",
             c->op == MURRE_COND_TEST || c->op == MURRE_OP_I64_EQZ ? "" : show(c->b));
    return text;
}

static void begin(struct murre_sink *s, const struct murre_sink_func *f) {
    (void)s, (void)f;
}
static void end(struct murre_sink *s, uint32_t slots) {
    (void)s, (void)slots;
}
static void copy(struct murre_sink *s, uint32_t dst, struct murre_operand a) {
    record(s, "s%u = %s\n", dst, show(a));
}
static void copy_range(struct murre_sink *s, uint32_t dst, uint32_t src, const uint8_t *types, uint32_t n) {
    (void)types;
    record(s, "s%u… = s%u… (%u)\n", dst, src, n);
}
static void unary(struct murre_sink *s, enum murre_op op, uint32_t dst, struct murre_operand a) {
    record(s, "s%u = %s %s\n", dst, name(op), show(a));
}
static void binary(struct murre_sink *s, enum murre_op op, uint32_t dst, struct murre_operand a, struct murre_operand b) {
    record(s, "s%u = %s %s,%s\n", dst, name(op), show(a), show(b));
}
static void vector(struct murre_sink *s, enum murre_op op, uint32_t dst, const struct murre_operand *a, union murre_lanes lanes) {
    uint8_t class = murre_op_info[op].class;
    unsigned count = class == MURRE_CLASS_TERNARY ? 3 : class == MURRE_CLASS_EXTRACT ? 1 : 2;
    record(s, "s%u = %s", dst, name(op));
    for (unsigned i = 0; i < count; i++)
        record(s, "%c%s", i ? ',' : ' ', show(a[i]));
    if (class == MURRE_CLASS_SHUFFLE)
        record(s, " [%u…%u]", lanes.bytes[0], lanes.bytes[15]);
    else if (class != MURRE_CLASS_TERNARY)
        record(s, " [%u]", lanes.lane);
    record(s, "\n");
}
static void lane(struct murre_sink *s, enum murre_op op, uint32_t dst, struct murre_operand index, struct murre_operand v, uint8_t lane,
                 const struct murre_access *m) {
    record(s, "s%u = %s %s+%llu,%s [%u]\n", dst, name(op), show(index), (unsigned long long)m->offset, show(v), lane);
}
static void select_(struct murre_sink *s, uint32_t dst, const struct murre_cond *c, struct murre_operand a, struct murre_operand b) {
    record(s, "s%u = select %s ? %s : %s\n", dst, show_cond(c), show(a), show(b));
}
static void load(struct murre_sink *s, enum murre_op op, uint32_t dst, struct murre_operand a, const struct murre_access *m) {
    record(s, "s%u = %s %s+%llu\n", dst, name(op), show(a), (unsigned long long)m->offset);
}
static void store(struct murre_sink *s, enum murre_op op, struct murre_operand a, struct murre_operand v, const struct murre_access *m) {
    record(s, "%s %s+%llu = %s\n", name(op), show(a), (unsigned long long)m->offset, show(v));
}
static void global_get(struct murre_sink *s, uint32_t dst, uint32_t g) {
    record(s, "s%u = global %u\n", dst, g);
}
static void global_set(struct murre_sink *s, uint32_t g, struct murre_operand a) {
    record(s, "global %u = %s\n", g, show(a));
}
static void ref_func(struct murre_sink *s, uint32_t dst, uint32_t f) {
    record(s, "s%u = func %u\n", dst, f);
}
static void label(struct murre_sink *s, uint32_t l) {
    record(s, "L%u:\n", l);
}
static void loop(struct murre_sink *s, uint32_t l, uint32_t i, const struct murre_operand *live, uint32_t n) {
    record(s, "L%u: loop %u", l, i);
    for (uint32_t k = 0; k < n; k++)
        record(s, " %s", show(live[k]));
    record(s, "\n");
}
static void branch(struct murre_sink *s, uint32_t l) {
    record(s, "goto L%u\n", l);
}
static void branch_if(struct murre_sink *s, uint32_t l, const struct murre_cond *c) {
    record(s, "if %s goto L%u\n", show_cond(c), l);
}
static void branch_table(struct murre_sink *s, struct murre_operand a, const uint32_t *labels, uint32_t n) {
    record(s, "switch %s", show(a));
    for (uint32_t i = 0; i <= n; i++)
        record(s, " L%u", labels[i]);
    record(s, "\n");
}
static void ret(struct murre_sink *s, const struct murre_operand *a, uint32_t n) {
    record(s, "ret");
    for (uint32_t i = 0; i < n; i++)
        record(s, " %s", show(a[i]));
    record(s, "\n");
}
static void ret_range(struct murre_sink *s, uint32_t src, const uint8_t *types, uint32_t n) {
    (void)types;
    record(s, "ret s%u… (%u)\n", src, n);
}
static void unreachable(struct murre_sink *s) {
    if (leaving)
        longjmp(*leaving, 1);
    record(s, "unreachable\n");
}
static void call(struct murre_sink *s, uint32_t f, struct murre_arguments a, uint32_t base, uint32_t dst) {
    record(s, "s%u = call %u base s%u", dst, f, base);
    for (uint32_t i = 0; i < a.count; i++)
        record(s, " s%u(%u) = %s", a.args[i].slot, a.args[i].index, show(a.args[i].operand));
    record(s, "\n");
}
static void call_indirect(struct murre_sink *s, uint32_t t, uint32_t table, struct murre_operand i, struct murre_arguments a, uint32_t base,
                          uint32_t dst) {
    (void)a;
    record(s, "s%u = call_indirect type %u table %u [%s] base s%u\n", dst, t, table, show(i), base);
}
static void call_ref(struct murre_sink *s, uint32_t t, struct murre_operand f, bool nullable, struct murre_arguments a, uint32_t base,
                     uint32_t dst) {
    (void)a;
    record(s, "s%u = call_ref type %u %s%s base s%u\n", dst, t, show(f), nullable ? "" : " not null", base);
}
static void return_call(struct murre_sink *s, uint32_t f, struct murre_arguments a, uint32_t base) {
    record(s, "return call %u base s%u", f, base);
    for (uint32_t i = 0; i < a.count; i++)
        record(s, " s%u(%u) = %s", a.args[i].slot, a.args[i].index, show(a.args[i].operand));
    record(s, "\n");
}
static void return_call_indirect(struct murre_sink *s, uint32_t t, uint32_t table, struct murre_operand i, struct murre_arguments a,
                                 uint32_t base) {
    (void)a;
    record(s, "return call_indirect type %u table %u [%s] base s%u\n", t, table, show(i), base);
}
static void return_call_ref(struct murre_sink *s, uint32_t t, struct murre_operand f, bool nullable, struct murre_arguments a,
                            uint32_t base) {
    (void)a;
    record(s, "return call_ref type %u %s%s base s%u\n", t, show(f), nullable ? "" : " not null", base);
}
static void non_null(struct murre_sink *s, struct murre_operand a) {
    record(s, "not null %s\n", show(a));
}
static void bulk(struct murre_sink *s, enum murre_op op, uint32_t dst, const struct murre_operand *a, uint32_t i, uint32_t j,
                 const struct murre_access *accesses) {
    (void)accesses;
    (void)dst, (void)a;
    record(s, "%s %u %u\n", name(op), i, j);
}

static const struct murre_sink_ops ops = {begin,
                                          end,
                                          copy,
                                          copy_range,
                                          unary,
                                          binary,
                                          vector,
                                          lane,
                                          select_,
                                          load,
                                          store,
                                          global_get,
                                          global_set,
                                          ref_func,
                                          label,
                                          loop,
                                          branch,
                                          branch_if,
                                          branch_table,
                                          ret,
                                          ret_range,
                                          unreachable,
                                          call,
                                          call_indirect,
                                          call_ref,
                                          return_call,
                                          return_call_indirect,
                                          return_call_ref,
                                          non_null,
                                          bulk};

static struct murre_error error;

static bool run_with(struct murre_front *front, const char *params, const char *results, const uint8_t *body, size_t size,
                     struct murre_sink *sink) {
    static struct bytes module;
    bytes_module(&module, params, results, body, size);
    struct murre_module_info info;
    error = (struct murre_error){0};
    cr_assert_eq(murre_module_decode(&info, module.data, module.size, FEATURES, &murre_allocator_libc, &error), MURRE_OK, "%s",
                 error.message);
    bool ok = murre_front_run(front, &info, 0, FEATURES, sink, &error) == MURRE_OK;
    murre_module_fini(&info);
    return ok;
}

static bool run(const char *params, const char *results, const uint8_t *body, size_t size, struct murre_sink *sink) {
    struct murre_front *front = murre_front_new(&murre_allocator_libc);
    bool ok = run_with(front, params, results, body, size, sink);
    murre_front_delete(front);
    return ok;
}

static void lowers(const char *params, const char *results, const uint8_t *body, size_t size, const char *expected) {
    static struct recorder recorder;
    recorder = (struct recorder){.sink = {&ops, 0}};
    cr_assert(run(params, results, body, size, &recorder.sink), "%s", error.message);
    cr_assert_str_eq(recorder.text, expected, "%s", recorder.text);
}

static void refuses(const char *params, const char *results, const uint8_t *body, size_t size, const char *message) {
    cr_assert_not(run(params, results, body, size, NULL));
    cr_assert(strncmp(error.message, message, strlen(message)) == 0, "%s", error.message);
    static struct recorder recorder;
    recorder = (struct recorder){.sink = {&ops, UINT32_MAX}};
    cr_assert_not(run(params, results, body, size, &recorder.sink), "with a sink, too");
}

Test(front, a_result_goes_straight_into_the_local_that_takes_it) {
    /* local0 = local0 + 1; return local0 */
    lowers(I32, I32, BODY(0, 0x20, 0, 0x41, 1, 0x6a, 0x21, 0, 0x20, 0, 0x0b), "s0 = i32.add s0,#1\nret s0\n");
}

Test(front, a_local_read_before_it_is_overwritten_keeps_its_value) {
    /* local0; local0 = 7; add */
    lowers(I32, I32, BODY(0, 0x20, 0, 0x41, 7, 0x21, 0, 0x20, 0, 0x6a, 0x0b), "s1 = s0\ns0 = #7\ns1 = i32.add s1,s0\nret s1\n");
}

Test(front, the_old_value_is_saved_before_an_operation_that_writes_the_local) {
    /* local0; local0 = local0 * local0; sub */
    lowers(I32, I32, BODY(0, 0x20, 0, 0x20, 0, 0x20, 0, 0x6c, 0x21, 0, 0x20, 0, 0x6b, 0x0b),
           "s1 = s0\ns0 = i32.mul s0,s0\ns1 = i32.sub s1,s0\nret s1\n");
}

Test(front, tee_leaves_the_local_on_the_stack) {
    lowers(I32 I32, I32, BODY(0, 0x20, 0, 0x41, 2, 0x6a, 0x22, 1, 0x20, 1, 0x6c, 0x0b), "s1 = i32.add s0,#2\ns2 = i32.mul s1,s1\nret s2\n");
}

Test(front, a_comparison_is_fused_with_its_branch) {
    /* block; local0 < local1; br_if 0; local0 = 5; end; local0 */
    lowers(I32 I32, I32, BODY(0, 0x02, 0x40, 0x20, 0, 0x20, 1, 0x48, 0x0d, 0, 0x41, 5, 0x21, 0, 0x0b, 0x20, 0, 0x0b),
           "if i32.lt_s s0,s1 goto L0\ns0 = #5\nL0:\nret s0\n");
}

Test(front, eqz_turns_a_comparison_round) {
    lowers(I32 I32, I32, BODY(0, 0x02, 0x40, 0x20, 0, 0x20, 1, 0x48, 0x45, 0x0d, 0, 0x41, 5, 0x21, 0, 0x0b, 0x20, 0, 0x0b),
           "if i32.ge_s s0,s1 goto L0\ns0 = #5\nL0:\nret s0\n");
}

Test(front, eqz_of_an_order_of_floats_is_a_negation_because_of_nan) {
    lowers(F64 F64, I32, BODY(0, 0x20, 0, 0x20, 1, 0x63, 0x45, 0x04, 0x7f, 0x41, 1, 0x05, 0x41, 2, 0x0b, 0x0b),
           "if f64.lt s0,s1 goto L0\ns2 = #1\ngoto L1\nL0:\ns2 = #2\nL1:\nret s2\n");
    lowers(F64 F64, I32, BODY(0, 0x20, 0, 0x20, 1, 0x63, 0x45, 0x0b), "s2 = f64.lt s0,s1\ns2 = i32.eqz s2\nret s2\n");
}

Test(front, a_block_that_no_branch_leaves_merges_nothing) {
    lowers(I32, I32, BODY(0, 0x02, 0x7f, 0x20, 0, 0x0b, 0x0b), "ret s0\n");
}

Test(front, values_of_a_branch_are_moved_to_the_labels_homes) {
    /* block (result i32): 9, local0, local1 on the stack; br_if 0 with local1 only */
    lowers(I32 I32, I32, BODY(0, 0x02, 0x7f, 0x20, 1, 0x20, 0, 0x0d, 0, 0x1a, 0x41, 3, 0x0b, 0x0b),
           "if not test s0 goto L0\ns2 = s1\ngoto L1\nL0:\ns2 = #3\nL1:\nret s2\n");
}

Test(front, br_table_reaches_labels_that_want_moves_through_stubs) {
    /* block block: local0 br_table 0 1 2(function) */
    lowers(I32, "", BODY(0, 0x02, 0x40, 0x02, 0x40, 0x20, 0, 0x0e, 2, 0, 1, 2, 0x0b, 0x01, 0x0b, 0x0b),
           "switch s0 L0 L1 L2\nL2:\nret\nL0:\nL1:\nret\n");
}

Test(front, a_loop_tells_what_is_live_at_its_header) {
    /* 7, local0 on the stack; loop; end; add */
    lowers(I32, I32, BODY(0, 0x41, 7, 0x20, 0, 0x03, 0x40, 0x0b, 0x6a, 0x0b), "s2 = s0\nL0: loop 0 #7 s2\ns1 = i32.add #7,s2\nret s1\n");
}

Test(front, nothing_is_lowered_where_code_is_unreachable) {
    lowers("", I32, BODY(0, 0x00, 0x41, 1, 0x1a, 0x02, 0x7f, 0x41, 2, 0x0b, 0x0b), "unreachable\n");
    lowers(I32, I32, BODY(0, 0x02, 0x7f, 0x20, 0, 0x0c, 0, 0x41, 1, 0x0b, 0x0b), "s1 = s0\ngoto L0\nL0:\nret s1\n");
}

Test(front, arguments_and_results_of_a_call_share_their_homes) {
    lowers(I32, I32, BODY(0, 0x41, 3, 0x20, 0, 0x10, 0, 0x6a, 0x0b), "s2 = call 0 base s2 s2(0) = s0\ns1 = i32.add #3,s2\nret s1\n");
}

Test(front, select_takes_a_comparison) {
    lowers(I32 I32, I32, BODY(0, 0x20, 0, 0x20, 1, 0x20, 0, 0x20, 1, 0x4b, 0x1b, 0x0b), "s2 = select i32.gt_u s0,s1 ? s0 : s1\nret s2\n");
}

/* A vector has two slots and two places on the stack. */

#define SIXTEEN 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15

Test(front, slots_behind_a_vector_are_counted_in_twos) {
    /* local0: v128, local1: i32, local2: v128, local3: i32 */
    lowers(V128 I32, V128,
           BODY(2, 1, 0x7b, 1, 0x7f, 0x20, 0, 0x20, 1, 0xfd, 0xab, 1, 0x21, 2, 0x20, 1, 0x21, 3, 0x20, 2, 0x20, 0, 0xfd, 0xae, 1, 0x0b),
           "s3 = i32x4.shl s0,s2\ns5 = s2\ns6 = i32x4.add s3,s0\nret s6\n");
}

Test(front, a_vector_is_popped_whole) {
    lowers(V128, I32, BODY(0, 0x41, 7, 0x20, 0, 0xfd, 0x4d, 0x1a, 0x0b), "s3 = v128.not s0\nret #7\n");
    lowers(V128 I32, V128, BODY(0, 0x20, 0, 0x20, 0, 0xfd, 0x4d, 0x20, 1, 0x1b, 0x0b),
           "s5 = v128.not s0\ns3 = select test s2 ? s0 : s5\nret s3\n");
    lowers(V128, I32, BODY(0, 0x20, 0, 0xfd, 0x1b, 3, 0x0b), "s2 = i32x4.extract_lane s0 [3]\nret s2\n");
    lowers(V128 I64, V128, BODY(0, 0x20, 0, 0x20, 1, 0xfd, 0x1e, 1, 0x0b), "s3 = i64x2.replace_lane s0,s2 [1]\nret s3\n");
    lowers(V128 V128, V128, BODY(0, 0x20, 1, 0x20, 0, 0xfd, 0x0d, SIXTEEN, 0x0b), "s4 = i8x16.shuffle s2,s0 [0…15]\nret s4\n");
    lowers(V128, V128, BODY(0, 0x20, 0, 0x20, 0, 0x20, 0, 0xfd, 0x52, 0x0b), "s2 = v128.bitselect s0,s0,s0\nret s2\n");
}

Test(front, a_vector_that_is_saved_or_merged_is_moved_whole) {
    /* local0; local0 = ~local0; xor */
    lowers(V128, V128, BODY(0, 0x20, 0, 0x20, 0, 0xfd, 0x4d, 0x21, 0, 0x20, 0, 0xfd, 0x51, 0x0b),
           "s2 = s0\ns0 = v128.not s0\ns2 = v128.xor s2,s0\nret s2\n");
    /* block (result v128): 1, ~local0 at one place further; br 0 */
    lowers(V128, V128, BODY(0, 0x02, 0x7b, 0x41, 1, 0x20, 0, 0xfd, 0x4d, 0x0c, 0, 0x0b, 0x0b),
           "s3 = v128.not s0\ns2 = s3\ngoto L0\nL0:\nret s2\n");
    /* a constant tells where its bytes are: behind two instructions of the body */
    static struct recorder recorder;
    recorder = (struct recorder){.sink = {&ops, 0}};
    cr_assert(run("", V128, BODY(0, 0xfd, 0x0c, SIXTEEN, 0x0b), &recorder.sink), "%s", error.message);
    cr_assert_str_eq(recorder.text, "ret #44\n", "%s", recorder.text);
}

Test(front, arguments_behind_a_vector_are_counted_in_slots) {
    lowers(V128 I32, V128, BODY(0, 0x20, 0, 0x20, 1, 0x10, 0, 0x0b), "s3 = call 0 base s3 s3(0) = s0 s5(2) = s2\nret s3\n");
}

Test(front, lanes_of_memory) {
    lowers(V128, V128, BODY(0, 0x41, 8, 0x20, 0, 0xfd, 0x56, 2, 4, 3, 0x0b), "s2 = v128.load32_lane #8+4,s0 [3]\nret s2\n");
    lowers(V128, "", BODY(0, 0x41, 8, 0x20, 0, 0xfd, 0x5b, 3, 4, 1, 0x0b), "s0 = v128.store64_lane #8+4,s0 [1]\nret\n");
    lowers("", V128, BODY(0, 0x41, 8, 0xfd, 0x00, 0, 4, 0x0b), "s0 = v128.load #8+4\nret s0\n");
}

Test(front, vectors_are_checked) {
    refuses(V128, I32, BODY(0, 0x20, 0, 0x0b), "type mismatch: expected i32, found v128");
    refuses(I32, V128, BODY(0, 0x20, 0, 0x0b), "type mismatch: expected v128, found i32");
    refuses(I64 I64, V128, BODY(0, 0x20, 0, 0x20, 1, 0x0b), "type mismatch: expected v128, found i64");
    refuses(V128, I64 I64, BODY(0, 0x20, 0, 0x0b), "type mismatch: expected i64, found v128");
    refuses(V128, I32, BODY(0, 0x20, 0, 0xfd, 0x1b, 4, 0x0b), "invalid lane index 4");
    refuses(V128, V128, BODY(0, 0x41, 8, 0x20, 0, 0xfd, 0x56, 2, 4, 4, 0x0b), "invalid lane index 4");
    refuses(V128, V128, BODY(0, 0x41, 8, 0x20, 0, 0xfd, 0x56, 3, 4, 3, 0x0b), "alignment must not be larger than natural");
    refuses(V128, V128, BODY(0, 0x20, 0, 0x20, 0, 0xfd, 0x0d, 32, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0x0b),
            "invalid lane index 32");
    /* As many slots, not as many values. */
    refuses("", I32 I32, BODY(0, 0x02, 0x00, 0x02, 0x7b, 0x00, 0x41, 0, 0x0e, 1, 0, 1, 0x0b, 0x1a, 0x00, 0x0b, 0x0b),
            "type mismatch: br_table targets differ in arity");
}

/* In unreachable code an operand of no type stands for a vector, too, though it has one place. */
Test(front, an_operand_of_no_type_stands_for_a_vector) {
    lowers("", V128, BODY(0, 0x00, 0x1b, 0x0b), "unreachable\n");
    lowers("", V128, BODY(0, 0x00, 0x1b, 0xfd, 0x4d, 0x0b), "unreachable\n");
    lowers("", V128 I32, BODY(0, 0x00, 0x1b, 0x41, 0, 0x0b), "unreachable\n");
    lowers("", V128, BODY(0, 0x02, 0x7b, 0x00, 0x1b, 0x41, 1, 0x0d, 0, 0x0b, 0x0b), "unreachable\n");
    lowers("", I64 V128, BODY(0, 0x00, 0x1b, 0x0b), "unreachable\n");
    refuses("", V128, BODY(0, 0x00, 0x1b, 0x41, 1, 0x0b), "type mismatch: expected v128, found i32");
    refuses("", V128, BODY(0, 0x00, 0x1b, 0x1b, 0x20, 0, 0x0b), "unknown local 0");
    refuses("", V128, BODY(0, 0x02, 0x40, 0x00, 0x1b, 0x0b, 0x00, 0x0b), "type mismatch: 1 operands left over");
}

Test(front, br_table_targets_must_agree_on_arity) {
    refuses(I32, "", BODY(0, 0x02, 0x7f, 0x41, 0, 0x20, 0, 0x0e, 1, 0, 1, 0x0b, 0x1a, 0x0b),
            "type mismatch: br_table targets differ in arity");
}

Test(front, operands_must_have_the_types_that_are_wanted) {
    refuses(F32, I32, BODY(0, 0x20, 0, 0x41, 1, 0x6a, 0x0b), "type mismatch: expected i32, found f32");
    refuses("", I32, BODY(0, 0x6a, 0x0b), "type mismatch: expected i32, the operand stack is empty");
    refuses("", "", BODY(0, 0x41, 0, 0x0b), "type mismatch: 1 operands left over");
}

Test(front, operands_below_a_block_are_out_of_reach) {
    refuses("", I32, BODY(0, 0x41, 1, 0x02, 0x40, 0x1a, 0x0b, 0x41, 1, 0x0b), "type mismatch: the operand stack is empty");
}

Test(front, an_if_without_else_leaves_its_parameters_as_they_are) {
    refuses(I32, I32, BODY(0, 0x20, 0, 0x04, 0x7f, 0x41, 1, 0x0b, 0x0b), "type mismatch: an if without else");
}

Test(front, code_behind_the_last_end_is_refused) {
    refuses("", "", BODY(0, 0x0b, 0x01), "section size mismatch");
    refuses("", "", BODY(0, 0x01), "unexpected end of function");
}

Test(front, later_features_are_refused_by_name) {
    refuses("", "", BODY(0, 0x12, 0, 0x0b), "needs feature: tail-call");
    refuses("", "", BODY(0, 0xfe, 0x03, 0, 0x0b), "needs feature: atomics");
    refuses("", "", BODY(0, 0xfb, 0x00, 0, 0x0b), "needs feature: gc");
}

Test(front, too_many_locals_are_refused_before_room_is_made_for_them) {
    refuses("", "", BODY(1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x0b), "too many locals");
}

Test(front, errors_carry_the_offset_of_the_instruction) {
    cr_assert_not(run("", I32, BODY(0, 0x01, 0x01, 0x6a, 0x0b), NULL));
    /* 8 header, 7 type (no parameters), 4 function, 6 table, 5 memory, 7 export, code: id, size, count, body size, locals, two nops */
    cr_assert_eq(error.offset, 8 + 7 + 4 + 6 + 5 + 7 + 5 + 2, "%llu", (unsigned long long)error.offset);
}

/* Many values are moved as ranges of homes. */

#define SIX   I32 I32 I32 I32 I32 I32
#define ZEROS 0x41, 0, 0x41, 0, 0x41, 0, 0x41, 0, 0x41, 0, 0x41, 0

Test(front, many_values_are_put_into_their_homes_once_and_moved_as_a_range) {
    /* 9 below six constants; local0: br_if to the function's label, twice */
    lowers(I32, SIX, BODY(0, ZEROS, 0x20, 0, 0x0d, 0, 0x20, 0, 0x0d, 0, 0x0b),
           "s6 = #0\ns5 = #0\ns4 = #0\ns3 = #0\ns2 = #0\ns1 = #0\nif not test s0 goto L0\nret s1… (6)\nL0:\n"
           "if not test s0 goto L1\nret s1… (6)\nL1:\nret s1… (6)\n");
}

Test(front, operands_in_their_homes_are_no_arguments) {
    /* f(f(1, local1)…): of the second call's operands only the constant is named */
    lowers(I32 I32, I32 I32, BODY(0, 0x20, 0, 0x20, 1, 0x10, 0, 0x1a, 0x41, 7, 0x10, 0, 0x0b),
           "s2 = call 0 base s2 s2(0) = s0 s3(1) = s1\ns2 = call 0 base s2 s3(1) = #7\nret s2 s3\n");
}

Test(front, a_local_far_behind_is_found_by_its_group) {
    /* two groups: 20,000 i32, 20,000 i64; the last of each */
    lowers(I32, I64, BODY(2, 0xa0, 0x9c, 1, 0x7f, 0xa0, 0x9c, 1, 0x7e, 0x20, 0xa0, 0x9c, 1, 0x1a, 0x20, 0xc0, 0xb8, 2, 0x0b),
           "ret s40000\n");
    refuses(I32, I32, BODY(2, 0xa0, 0x9c, 1, 0x7f, 0xa0, 0x9c, 1, 0x7e, 0x20, 0xc0, 0xb8, 2, 0x0b),
            "type mismatch: expected i32, found i64");
    refuses(I32, I32, BODY(2, 0xa0, 0x9c, 1, 0x7f, 0xa0, 0x9c, 1, 0x7e, 0x20, 0xc1, 0xb8, 2, 0x0b), "unknown local 40001");
}

Test(front, unreachable_operands_of_no_type_fit_every_label) {
    /* block (result i32): unreachable; select; br_table 0 0; end */
    cr_assert(run("", I32, BODY(0, 0x02, 0x7f, 0x00, 0x1b, 0x41, 0, 0x0e, 1, 0, 0, 0x0b, 0x0b), NULL), "%s", error.message);
    refuses("", I32, BODY(0, 0x02, 0x7f, 0x00, 0x42, 0, 0x41, 0, 0x0e, 1, 0, 0, 0x0b, 0x0b), "type mismatch: expected i32, found i64");
}

Test(front, a_run_that_is_to_stop_ends_with_time) {
    static struct bytes module;
    atomic_bool asked = true;
    const struct murre_look look = {.asked = &asked};
    bytes_module(&module, "", "", BODY(0, 0x01, 0x0b));
    struct murre_module_info info;
    cr_assert_eq(murre_module_decode(&info, module.data, module.size, FEATURES, &murre_allocator_libc, NULL), MURRE_OK);
    struct murre_front *front = murre_front_new(&murre_allocator_libc);
    murre_front_set_look(front, &look);
    cr_assert_eq(murre_front_run(front, &info, 0, FEATURES, NULL, NULL), MURRE_ERROR_TIME);
    asked = false;
    cr_assert_eq(murre_front_run(front, &info, 0, FEATURES, NULL, NULL), MURRE_OK);
    murre_front_delete(front);
    murre_module_fini(&info);
}

Test(front, a_run_that_its_sink_has_left_leaves_nothing_to_the_next) {
    static struct recorder recorder;
    struct murre_front *front = murre_front_new(&murre_allocator_libc);
    jmp_buf here;
    recorder = (struct recorder){.sink = {&ops, 0}};
    leaving = &here;
    if (setjmp(here) == 0)
        run_with(front, I32, I32, BODY(0, 0x20, 0, 0x20, 0, 0x00, 0x0b), &recorder.sink); /* the local stands twice on the stack */
    leaving = NULL;
    recorder = (struct recorder){.sink = {&ops, 0}};
    cr_assert(run_with(front, I32, I32, BODY(0, 0x41, 7, 0x21, 0, 0x20, 0, 0x0b), &recorder.sink));
    cr_assert_str_eq(recorder.text, "s0 = #7\nret s0\n", "%s", recorder.text);
    murre_front_delete(front);
}
