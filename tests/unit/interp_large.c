/* Functions whose register code outgrows its narrow fields: frames of more than 65,536 slots, branches over more than 32,767 words; and long runs
 * of every kind of jump, which would overflow the C stack if handlers did not call each other in tail position. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interp/regcode.h"
#include "support/build.h"

enum { I32 = 0x7f, I64 = 0x7e, F64 = 0x7c };

/* A module with one function of type (i32, f64) → i64, exported as "f", its body open behind the locals. */
static struct builder start(const uint8_t *locals, size_t size) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 2, 0x60, 2, I32, F64, 1, I64, 0x60, 3, I32, I64, I32, 1, I64);
    build_whole(&b, SECTION_FUNCTION, 2, 0, 1);
    build_whole(&b, SECTION_TABLE, 1, 0x70, 0, 1);
    build_whole(&b, SECTION_MEMORY, 1, 0, 1);
    build_whole(&b, SECTION_GLOBAL, 1, I64, 1, 0x42, 0, 0x0b);
    build_section(&b, SECTION_EXPORT);
    build(&b, 1);
    build_name(&b, "f");
    build(&b, 0, 0);
    build_close(&b);
    build_whole(&b, SECTION_ELEMENT, 1, 0, 0x41, 0, 0x0b, 1, 1);
    build_section(&b, SECTION_CODE);
    build(&b, 2);
    build_body(&b);
    build_raw(&b, locals, size);
    return b;
}

/* The second function: i64 of its first and third parameters' sum, and the second. */
static void finish(struct builder *b) {
    build(b, 0x0b);
    build_close(b);
    build_body(b);
    build(b, 0, 0x20, 0, 0x20, 2, 0x6a, 0xad, 0x20, 1, 0x7c, 0x0b);
    build_close(b);
    build_close(b);
}

struct run {
    struct murre_engine *engine;
    struct murre_store *store;
    struct murre_module *module;
    struct murre_instance *instance;
};

static struct run load(struct builder *b) {
    struct run run = {.engine = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO)};
    run.store = murre_store_new(run.engine, NULL);
    run.module = test_module(run.engine, b);
    run.instance = murre_instance_new(run.store, run.module, NULL, 0, NULL, NULL);
    cr_assert_not_null(run.instance);
    return run;
}

static void unload(struct run *run) {
    murre_store_delete(run->store);
    murre_module_unref(run->module);
    murre_engine_unref(run->engine);
}

static uint64_t call(struct run *run, int32_t x, double y) {
    union murre_slot slots[2] = {{.i32 = x}, {.f64 = y}};
    struct murre_trap *trap = murre_func_call(run->store, test_func(run->instance, "f"), slots);
    cr_assert_null(trap, "%s", trap ? murre_trap_message(trap) : "");
    return slots[0].u64;
}

static uint32_t mode_of(struct run *run) {
    const struct murre_regcode *code = atomic_load(&run->module->codes[0].regcode);
    cr_assert_not_null(code);
    return code->mode;
}

/* Local indices: 0 and 1 the parameters, 2 to 40,001 i64, from 40,002 i32 to 49,999. */
static const uint8_t many_locals[] = {2, 0xc0, 0xb8, 0x02, I64, 0x8e, 0x4e, I32};
enum { LAST_I64 = 40001, LAST_I32 = 49999, DEEP = 20000 };

static void get(struct builder *b, uint32_t local) {
    build(b, 0x20);
    build_u32(b, local);
}
static void set(struct builder *b, uint32_t local) {
    build(b, 0x21);
    build_u32(b, local);
}

/* Fills the operand stack with values in home slots. */
static void pile(struct builder *b) {
    for (int i = 0; i < DEEP; i++) {
        get(b, 0);
        build(b, 0x41, 1, 0x6a);
    }
}
static void unpile(struct builder *b, uint32_t into) {
    for (int i = 0; i < DEEP; i++) {
        get(b, into);
        build(b, 0x6a);
        set(b, into);
    }
}

Test(interp_large, frames_beyond_sixteen_bits_work) {
    struct builder b = start(many_locals, sizeof many_locals);
    build(&b, 0x42);
    build_s64(&b, 1000);
    set(&b, LAST_I64);
    pile(&b);
    /* Out there: arithmetic of all kinds, memory, globals, selections, calls, branches with values. */
    get(&b, 0);
    build(&b, 0x41, 3, 0x6c); /* i32 x * 3 */
    build(&b, 0x22);
    build_u32(&b, LAST_I32);
    build(&b, 0x41, 16, 0x6a); /* + 16: an address */
    get(&b, LAST_I64);
    build(&b, 0x37, 3, 0); /* i64.store */
    get(&b, LAST_I32);
    build(&b, 0x29, 3, 16); /* i64.load offset=16 */
    get(&b, 1);
    build(&b, 0xb0, 0x7c); /* + i64.trunc_f64_s y */
    get(&b, LAST_I64);
    get(&b, LAST_I32);
    get(&b, 0);
    build(&b, 0x4a, 0x1b); /* select by LAST_I32 > x */
    get(&b, LAST_I64);
    build(&b, 0x7c);
    set(&b, 2); /* sum */
    get(&b, 0);
    get(&b, 2);
    get(&b, LAST_I32);
    build(&b, 0x10, 1); /* call 1 */
    build(&b, 0x24, 0); /* global.set */
    get(&b, 0);
    build(&b, 0x23, 0); /* global.get */
    get(&b, LAST_I32);
    build(&b, 0x41, 0, 0x11, 1, 0); /* call_indirect */
    set(&b, LAST_I64);
    build(&b, 0x02, I64, 0x20, 0, 0xac); /* block (result i64): x */
    get(&b, LAST_I32);
    get(&b, 0);
    build(&b, 0x4b, 0x0d, 0); /* br_if when LAST_I32 >u x */
    build(&b, 0x1a, 0x42, 0, 0x0b);
    get(&b, LAST_I64);
    build(&b, 0x7c);
    set(&b, LAST_I64);
    unpile(&b, LAST_I32);
    get(&b, LAST_I64);
    get(&b, LAST_I32);
    build(&b, 0xad, 0x7c);
    finish(&b);
    struct run run = load(&b);
    int32_t x = 5;
    double y = 7.5;
    uint64_t sum = 1000 + 7; /* loaded, converted */
    sum = 1000 + (15 > x ? sum : 1000);
    uint64_t first = (uint64_t)(x + 15) + sum;
    uint64_t second = (uint64_t)(x + 15) + first + (uint64_t)x;
    uint64_t all = second + 15 + (uint64_t)DEEP * 6;
    cr_assert_eq(call(&run, x, y), all, "%llu is not %llu", (unsigned long long)call(&run, x, y), (unsigned long long)all);
    cr_assert(mode_of(&run) & MURRE_BUILD_FAR);
    unload(&run);
}

/* Vectors in locals v and w, a number in n: every way of building instructions on them. */
static void vectors(struct builder *b, uint32_t v, uint32_t w, uint32_t n) {
#define VECTOR_CONST 0xfd, 0x0c, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
    get(b, 0);
    build(b, 0xfd, 0x11); /* i32x4.splat x */
    set(b, v);
    build(b, VECTOR_CONST);
    set(b, w);
    get(b, v);
    build(b, VECTOR_CONST, 0xfd, 0xae, 1); /* i32x4.add */
    set(b, v);
    build(b, VECTOR_CONST);
    get(b, v);
    build(b, 0xfd, 0xb1, 1); /* i32x4.sub */
    set(b, w);
    get(b, v);
    get(b, w);
    get(b, v);
    build(b, 0x41, 3, 0xfd, 0x8b, 1, 0xfd, 0x52); /* i16x8.shl by 3; bitselect */
    set(b, v);
    get(b, w);
    get(b, v);
    build(b, 0xfd, 0x0d, 0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31); /* shuffle */
    set(b, w);
    get(b, w);
    get(b, 0);
    build(b, 0xfd, 0x1c, 2); /* i32x4.replace_lane 2 */
    set(b, w);
    get(b, v);
    build(b, 0xfd, 0x16, 15); /* i8x16.extract_lane_u 15 */
    set(b, n);
    get(b, n);
    get(b, w);
    build(b, 0xfd, 0x0b, 4, 8); /* v128.store offset=8 */
    build(b, 0x41, 0xc0, 0);
    get(b, v);
    build(b, 0xfd, 0x0b, 4, 0x40); /* offset=64 */
    get(b, n);
    build(b, 0xfd, 0x00, 4, 8); /* v128.load */
    get(b, v);
    get(b, n);
    build(b, 0x1b); /* select */
    set(b, w);
    get(b, n);
    get(b, w);
    build(b, 0xfd, 0x57, 3, 8, 1); /* v128.load64_lane offset=8 */
    set(b, v);
    get(b, n);
    get(b, v);
    build(b, 0xfd, 0x58, 0, 8, 5); /* v128.store8_lane offset=8 */
    build(b, 0x02, 0x7b);          /* block (result v128) */
    get(b, w);
    build(b, VECTOR_CONST, 0xfd, 0x51); /* xor */
    get(b, n);
    build(b, 0x0d, 0, 0x1a); /* br_if, drop */
    get(b, v);
    build(b, 0x0b);
    get(b, v);
    build(b, 0xfd, 0xce, 1); /* i64x2.add */
    set(b, v);
    get(b, v);
    build(b, 0xfd, 0x1d, 0); /* i64x2.extract_lane */
    get(b, v);
    build(b, 0xfd, 0x1d, 1, 0x85); /* i64.xor */
    get(b, n);
    build(b, 0x29, 3, 8, 0x7c); /* i64.load; add */
    finish(b);
}

Test(interp_large, vectors_in_frames_beyond_sixteen_bits_are_as_in_small_ones) {
    static const uint8_t many[] = {2, 0xc0, 0xb8, 0x02, 0x7b, 0x8e, 0x4e, I32}, few[] = {2, 2, 0x7b, 1, I32};
    struct builder far = start(many, sizeof many), near = start(few, sizeof few);
    vectors(&far, LAST_I64 - 1, LAST_I64, LAST_I32);
    vectors(&near, 2, 3, 4);
    struct run far_run = load(&far), near_run = load(&near);
    for (int32_t x = -3; x < 300; x += 100)
        cr_assert_eq(call(&far_run, x, 0), call(&near_run, x, 0), "%d", x);
    cr_assert(mode_of(&far_run) & MURRE_BUILD_FAR);
    cr_assert_not(mode_of(&near_run) & MURRE_BUILD_FAR);
    cr_assert_neq(call(&near_run, 7, 0), call(&near_run, 8, 0));
    unload(&far_run);
    unload(&near_run);
}

Test(interp_large, a_trap_in_a_large_frame_is_where_it_happens) {
    struct builder b = start(many_locals, sizeof many_locals);
    pile(&b);
    get(&b, LAST_I32);
    build(&b, 0x28, 2, 0);
    set(&b, LAST_I32);
    unpile(&b, LAST_I32);
    get(&b, 0);
    get(&b, LAST_I32);
    build(&b, 0x6d, 0xad); /* i32.div_s by zero: LAST_I32 is what it is */
    finish(&b);
    struct run run = load(&b);
    union murre_slot slots[2] = {{.i32 = -1}, {.f64 = 0}};
    struct murre_trap *trap = murre_func_call(run.store, test_func(run.instance, "f"), slots);
    cr_assert_not_null(trap);
    cr_assert_eq(murre_trap_kind(trap), MURRE_TRAP_DIVIDE_ZERO);
    struct murre_frame frame;
    cr_assert(murre_trap_frame(trap, 0, &frame));
    cr_assert_neq(frame.offset, MURRE_NO_OFFSET);
    cr_assert_eq(run.module->info.bytes[frame.offset], 0x6d);
    murre_trap_delete(trap);
    unload(&run);
}

/* Local 2: i64, local 3: i32. */
static const uint8_t few_locals[] = {2, 1, I64, 1, I32};
enum { FILLER = 40000 };

/* As many words as it takes. Leaves the locals as they are. */
static void filler(struct builder *b) {
    for (int i = 0; i < FILLER; i++)
        build(b, 0x20, 2, 0x42, 0, 0x7c, 0x21, 2);
}

/* Jumps over and back across the filler: a loop that ends when the counter reaches 10. compare: puts a condition on the stack. */
static void check_long(const uint8_t *compare, size_t size, uint64_t rounds) {
    struct builder b = start(few_locals, sizeof few_locals);
    build(&b, 0x03, 0x40);                      /* loop */
    build(&b, 0x20, 2, 0x42, 1, 0x7c, 0x21, 2); /* i64 counter += 1 */
    build(&b, 0x20, 3, 0x41, 1, 0x6a, 0x21, 3); /* i32 counter += 1 */
    build(&b, 0x02, 0x40);                      /* block */
    build_raw(&b, compare, size);
    build(&b, 0x45, 0x0d, 0); /* br_if over the filler when it does not hold */
    filler(&b);
    build_raw(&b, compare, size);
    build(&b, 0x0d, 1); /* back when it holds */
    build(&b, 0x0b, 0x0b, 0x20, 2);
    finish(&b);
    struct run run = load(&b);
    cr_assert_eq(call(&run, 10, 10), rounds);
    cr_assert(mode_of(&run) & MURRE_BUILD_LONG);
    unload(&run);
}

Test(interp_large, branches_beyond_sixteen_bits_work) {
    static const uint8_t less[] = {0x20, 3, 0x20, 0, 0x48}, less_imm[] = {0x20, 3, 0x41, 10, 0x48}, greater[] = {0x20, 0, 0x20, 3, 0x4a};
    static const uint8_t large[] = {0x20, 2, 0x42, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x56}; /* i64 > large: never */
    static const uint8_t floats[] = {0x20, 3, 0xb7, 0x20, 1, 0x63}, test[] = {0x41, 10, 0x20, 3, 0x6b};
    check_long(less, sizeof less, 10);
    check_long(less_imm, sizeof less_imm, 10);
    check_long(greater, sizeof greater, 10);
    check_long(large, sizeof large, 1);
    check_long(floats, sizeof floats, 10);
    /* A test has 32 bits for its distance anyway, but the block's other branch may not. */
    struct builder b = start(few_locals, sizeof few_locals);
    build(&b, 0x03, 0x40, 0x20, 3, 0x41, 1, 0x6a, 0x21, 3);
    filler(&b);
    build_raw(&b, test, sizeof test);
    build(&b, 0x0d, 0, 0x0b, 0x20, 3, 0xad);
    finish(&b);
    struct run run = load(&b);
    cr_assert_eq(call(&run, 0, 0), 10);
    unload(&run);
}

Test(interp_large, floats_keep_their_sense_over_long_branches) {
    /* !(x < NaN) is not x >= NaN. */
    static const uint8_t never[] = {0x20, 1, 0x20, 1, 0x63};
    struct builder b = start(few_locals, sizeof few_locals);
    build(&b, 0x02, 0x40);
    build_raw(&b, never, sizeof never);
    build(&b, 0x45, 0x0d, 0);
    filler(&b);
    build(&b, 0x42, 1, 0x0f, 0x0b, 0x42, 2);
    finish(&b);
    struct run run = load(&b);
    cr_assert_eq(call(&run, 0, __builtin_nan("")), 2);
    unload(&run);
}

/* Ten million rounds of jumps, calls, table jumps, memory, bulk operations. */
Test(interp_large, handlers_do_not_use_up_the_stack) {
    struct builder b = start(few_locals, sizeof few_locals);
    build(&b, 0x03, 0x40);
    build(&b, 0x20, 3, 0x41, 1, 0x6a, 0x21, 3);
    build(&b, 0x02, 0x40, 0x02, 0x40, 0x20, 3, 0x41, 1, 0x71, 0x0e, 1, 0, 1, 0x0b, 0x0b);    /* br_table */
    build(&b, 0x20, 3, 0x20, 2, 0x41, 1, 0x10, 1, 0x21, 2);                                  /* call */
    build(&b, 0x20, 3, 0x20, 2, 0x41, 1, 0x41, 0, 0x11, 1, 0, 0x21, 2);                      /* call_indirect */
    build(&b, 0x41, 8, 0x20, 2, 0x37, 3, 0, 0x41, 8, 0x29, 3, 0, 0x24, 0, 0x23, 0, 0x21, 2); /* memory, global */
    build(&b, 0x41, 16, 0x41, 0, 0x41, 8, 0xfc, 11, 0, 0x3f, 0, 0x1a);                       /* memory.fill, memory.size */
    build(&b, 0x20, 3, 0x41, 0xc0, 0x84, 0x3d, 0x48, 0x0d, 0, 0x0b, 0x20, 3, 0xad);          /* until a million */
    finish(&b);
    struct run run = load(&b);
    cr_assert_eq(call(&run, 0, 0), 1000000);
    unload(&run);
}

static void count_line(void *context, const char *line) {
    cr_assert_not_null(line);
    ++*(unsigned *)context;
}

Test(interp_large, register_code_can_be_shown) {
    struct builder b = start(few_locals, sizeof few_locals);
    build(&b, 0x20, 0, 0xad);
    finish(&b);
    struct run run = load(&b);
    call(&run, 1, 0);
    unsigned lines = 0;
    murre_interp_dump(atomic_load(&run.module->codes[0].regcode), count_line, &lines);
    cr_assert_geq(lines, 2);
    unload(&run);
}

/* ---- no memory in the middle of an instruction ------------------------------------------------------------------------------------- */

enum { BRINK = 8 };       /* bytes behind every block, which must stay as they are */
static size_t most_bytes; /* that a block may grow to */
static bool over_the_brink;

static void *brink_of(void *block, size_t size) {
    return block ? memset((char *)block + size, 0x5a, BRINK) : NULL;
}

static void check_brink(const void *block, size_t size) {
    for (size_t i = 0; block && i < BRINK; i++)
        over_the_brink |= ((const char *)block)[size + i] != 0x5a;
}

static void *brink_alloc(void *context, size_t size) {
    (void)context;
    void *block = calloc(1, size + BRINK);
    brink_of(block, size);
    return block;
}

static void *brink_realloc(void *context, void *block, size_t old_size, size_t size) {
    (void)context;
    check_brink(block, old_size);
    if (size > most_bytes && size > old_size)
        return NULL;
    block = realloc(block, size + BRINK);
    brink_of(block, size);
    return block;
}

static void brink_free(void *context, void *block, size_t size) {
    (void)context;
    check_brink(block, size);
    free(block);
}

/* A comparison that is negated is made of two instructions, the second of which changes the first when it comes. */
Test(interp_large, nothing_is_written_behind_register_code_that_cannot_grow) {
    for (unsigned fill = 0; fill < 300; fill++) {
        struct murre_config config;
        murre_config_init(&config);
        config.tier = MURRE_TIER_INTERP;
        config.allocator = (struct murre_allocator){brink_alloc, brink_realloc, brink_free, NULL};
        most_bytes = SIZE_MAX;
        struct run run = {.engine = murre_engine_new(&config, NULL)};
        cr_assert_not_null(run.engine);
        run.store = murre_store_new(run.engine, NULL);
        struct builder b = start((const uint8_t[]){1, 1, I64}, 3);
        for (unsigned i = 0; i < fill; i++)
            build(&b, 0x20, 2, 0x42, 1, 0x7c, 0x1a); /* a word: local + 1, dropped */
        for (unsigned i = 0; i < 4; i++) {
            build(&b, 0x20, 2, 0x50, 0x45, 0x1a);                            /* !!(local == 0) */
            build(&b, 0x20, 1, 0x20, 1, 0x63, 0x45, 0x1a);                   /* !(number < number) */
            build(&b, 0x02, 0x40, 0x20, 2, 0x50, 0x45, 0x0d, 0, 0x01, 0x0b); /* a branch on the first */
        }
        build(&b, 0x42, 0);
        finish(&b);
        run.module = test_module(run.engine, &b);
        run.instance = murre_instance_new(run.store, run.module, NULL, 0, NULL, NULL);
        cr_assert_not_null(run.instance);
        union murre_slot slots[2] = {{.i32 = 1}, {.f64 = 1}};
        most_bytes = 512; /* words of the builder: 64, 128, … */
        struct murre_trap *trap = murre_func_call(run.store, test_func(run.instance, "f"), slots);
        cr_assert(!trap || murre_trap_kind(trap) == MURRE_TRAP_MEMORY, "%u: %s", fill, murre_trap_message(trap));
        cr_assert(trap || fill < 100, "%u: there was memory after all", fill);
        murre_trap_delete(trap);
        unload(&run);
        cr_assert_not(over_the_brink, "after %u", fill);
    }
}

/* A branch that moves 1,000 results is four bytes: it may not be a thousand instructions. */
Test(interp_large, a_branch_that_moves_a_thousand_values_is_one_instruction) {
    enum { RESULTS = 1000 };
    for (unsigned branches = 10; branches <= 10000; branches *= 1000) {
        struct builder b = build_module();
        build_section(&b, SECTION_TYPE);
        build(&b, 2, 0x60, 1, I32);
        build_u32(&b, RESULTS);
        for (unsigned i = 0; i < RESULTS; i++)
            build(&b, I64);
        build(&b, 0x60, 1, I32, 0);
        build_close(&b);
        build_whole(&b, SECTION_FUNCTION, 2, 0, 1);
        build_whole(&b, SECTION_EXPORT, 1, 1, 'f', 0, 1);
        build_section(&b, SECTION_CODE);
        build(&b, 2);
        build_body(&b);
        build(&b, 0);
        for (unsigned i = 0; i < RESULTS; i++)
            build(&b, 0x42, 1);
        for (unsigned i = 0; i < branches; i++)
            build(&b, 0x20, 0, 0x0d, 0);
        build(&b, 0x0b);
        build_close(&b);
        build_body(&b);
        build(&b, 0, 0x20, 0, 0x10, 0);
        for (unsigned i = 0; i < RESULTS; i++)
            build(&b, 0x1a);
        build(&b, 0x0b);
        build_close(&b);
        build_close(&b);
        struct run run = load(&b);
        for (unsigned round = 0; round < 2; round++) {
            union murre_slot slot = {.i32 = 1};
            struct murre_trap *trap = murre_func_call(run.store, test_func(run.instance, "f"), &slot);
            cr_assert_null(trap, "%s", murre_trap_message(trap));
        }
        struct murre_stats stats;
        murre_engine_stats(run.engine, &stats);
        cr_assert_lt(stats.register_code_bytes, 8 * (4 * RESULTS + 4 * branches), "%llu", (unsigned long long)stats.register_code_bytes);
        unload(&run);
    }
}
