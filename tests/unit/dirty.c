/* Dirty upper halves of 32-bit values: an i32 lives in a 64-bit register or slot, and whatever made it (the host, a 64-bit value that is wrapped, an
 * operation that carries or extends its sign) may have left anything above bit 31. It must reach no address, index, count or condition.
 *
 * Every source of an i32 meets every use, each pair in a function of its own, in every tier and way of checking bounds. Every source gives
 * the first parameter's 32 bits back, so results are known: they are what the interpreter finds for values that are clean. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "runtime/runtime.h"
#include "support/build.h"

struct code {
    unsigned size;
    uint8_t bytes[48];
};
#define CODE(...)                                 \
    {                                             \
        sizeof((const uint8_t[]){__VA_ARGS__}), { \
            __VA_ARGS__                           \
        }                                         \
    }
#define NOTHING \
    {           \
        0, {    \
            0   \
        }       \
    }

/* Type numbers and functions of the module; local 0 is an i32, local 1 an i64 with the same low half, local 2 scratch. */
enum { FROM_HOST, TWO_FROM_HOST, PASS, WIDEN, NONE_TO_I64, TESTED, TYPES };
enum { HOST, HOST_TWO, SAME, WIDENED, FIRST_LEAF, FIRST_TEST = FIRST_LEAF + 3 };

#define A        0x20, 0
#define B_       0x20, 1
#define WRAP     0xa7
#define ADD      0x6a
#define MINUS_32 0x41, 0x60
#define PLUS_32  0x41, 32
#define I32(n)   0x41, n
#define AT_64    0x41, 0xc0, 0
#define AT_256   0x41, 0x80, 2

static const struct source {
    const char *name;
    struct code code;
} sources[] = {
    {"parameter", CODE(A)},
    {"wrapped parameter", CODE(B_, WRAP)},
    {"wrapped load", CODE(AT_256, B_, 0x37, 3, 0, AT_256, 0x29, 3, 0, WRAP)},
    {"load beside others", CODE(AT_256, B_, 0x37, 3, 0, AT_256, 0x28, 2, 0)},
    {"load with its sign", CODE(AT_256, A, MINUS_32, ADD, 0x3a, 0, 0, AT_256, 0x2c, 0, 0, PLUS_32, ADD)},
    {"host's result", CODE(A, B_, 0x10, HOST)},
    {"host's second result", CODE(A, B_, 0x10, HOST_TWO, 0x21, 2, 0x1a, 0x20, 2)},
    {"host's result by table", CODE(A, B_, I32(20), 0x11, FROM_HOST, 0)},
    {"function's result", CODE(B_, WRAP, 0x10, SAME)},
    {"global that the host has set", CODE(0x23, 0)},
    {"sum that carries", CODE(A, 0x41, 0x70, ADD, I32(16), ADD)},
    {"difference that borrows", CODE(A, PLUS_32, 0x6b, PLUS_32, ADD)},
    {"product", CODE(A, 0x41, 0x81, 0x80, 0x80, 0x80, 1, 0x6c)},
    {"sign extension", CODE(A, PLUS_32, 0x6b, 0xc0, PLUS_32, ADD)},
    {"conversion", CODE(A, 0xb7, 0x44, 0, 0, 0, 0, 0, 0, 0x40, 0xc0, 0xa0, 0xaa, PLUS_32, ADD)},
    {"selection", CODE(A, B_, WRAP, I32(0), 0x1b)},
    {"block's result", CODE(0x02, 0x7f, B_, WRAP, 0x0b)},
    {"local", CODE(B_, WRAP, 0x21, 2, 0x20, 2)},
    {"right shift", CODE(A, 0x41, 32, 0x75)},
};

/* What comes before the value and after it; the result is an i64. */
static const struct use {
    const char *name;
    struct code before, after;
} uses[] = {
    {"extension", NOTHING, CODE(0xad)}, /* first: compared with what is known */
    {"load's address", NOTHING, CODE(0x2d, 0, 0x80, 8, 0xad)},
    {"load's address, far offset", NOTHING, CODE(0x2d, 0, 0xf0, 0xff, 0xff, 0xff, 0x0f, 0xad)},
    {"store's address", CODE(I32(16), I32(0), 0x3a, 0, 0x80, 4), CODE(0x41, 0x37, 0x3a, 0, 0x80, 4, I32(16), 0x2d, 0, 0x80, 4, 0xad)},
    {"stored value", CODE(AT_64, 0x42, 0, 0x37, 3, 0, AT_64), CODE(0x36, 2, 0, AT_64, 0x29, 3, 0)},
    {"index of a call", NOTHING, CODE(0x11, NONE_TO_I64, 0)},
    {"table branch", CODE(0x02, 0x40, 0x02, 0x40),
     CODE(0x0e, 16, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0x0b, 0x42, 1, 0x0f, 0x0b, 0x42, 2)},
    {"condition of an if", NOTHING, CODE(0x04, 0x7e, 0x42, 1, 0x05, 0x42, 2, 0x0b)},
    {"condition of a branch", CODE(0x02, 0x40), CODE(0x0d, 0, 0x42, 1, 0x0f, 0x0b, 0x42, 2)},
    {"condition of a selection", CODE(0x42, 1, 0x42, 2), CODE(0x1b)},
    {"test for zero", NOTHING, CODE(0x45, 0xad)},
    {"comparison", NOTHING, CODE(I32(16), 0x46, 0xad)},
    {"comparison of order", NOTHING, CODE(I32(17), 0x49, 0xad)},
    {"conversion to f64", NOTHING, CODE(0xb8, 0xbd)},
    {"dividend", NOTHING, CODE(I32(3), 0x6e, 0xad)},
    {"shifted value", NOTHING, CODE(I32(4), 0x76, 0xad)},
    {"count of a shift", CODE(I32(1)), CODE(0x74, 0xad)},
    {"leading zeros", NOTHING, CODE(0x67, 0xad)},
    {"set bits", NOTHING, CODE(0x69, 0xad)},
    {"argument", NOTHING, CODE(0x10, WIDENED)},
    {"pages of memory.grow", NOTHING, CODE(0x40, 0, 0xad)},
    {"memory.fill, address", CODE(I32(16), 0x42, 0, 0x37, 3, 0), CODE(I32(0x3a), I32(3), 0xfc, 11, 0, I32(16), 0x29, 3, 0)},
    {"memory.fill, length", CODE(AT_64, 0x42, 0, 0x37, 3, 8, AT_64, I32(0x3a)), CODE(0xfc, 11, 0, AT_64, 0x29, 3, 8)},
    {"memory.copy, to", CODE(I32(16), 0x42, 0, 0x37, 3, 0), CODE(0x41, 0x80, 8, I32(4), 0xfc, 10, 0, 0, I32(16), 0x29, 3, 0)},
    {"memory.copy, from", CODE(AT_64), CODE(I32(8), 0xfc, 10, 0, 0, AT_64, 0x29, 3, 0)},
    {"memory.copy, length", CODE(AT_64, 0x42, 0, 0x37, 3, 8, AT_64, 0x41, 0x80, 8), CODE(0xfc, 10, 0, 0, AT_64, 0x29, 3, 8)},
    {"memory.init, to", CODE(I32(16), 0x42, 0, 0x37, 3, 0), CODE(I32(0), I32(4), 0xfc, 8, 1, 0, I32(16), 0x29, 3, 0)},
    {"memory.init, from", CODE(AT_64), CODE(I32(8), 0xfc, 8, 1, 0, AT_64, 0x29, 3, 0)},
    {"memory.init, length", CODE(AT_64, 0x42, 0, 0x37, 3, 8, AT_64, I32(0)), CODE(0xfc, 8, 1, 0, AT_64, 0x29, 3, 8)},
    {"table.get", NOTHING, CODE(0x25, 0, 0xd1, 0xad)},
    {"table.set", CODE(I32(16), 0xd2, FIRST_LEAF, 0x26, 1), CODE(0xd0, 0x70, 0x26, 1, I32(16), 0x25, 1, 0xd1, 0xad)},
    {"table.grow", CODE(0xd0, 0x70), CODE(0xfc, 15, 1, 0xad)},
    {"table.fill, index", CODE(I32(16), 0xd2, FIRST_LEAF, 0x26, 1), CODE(0xd0, 0x70, I32(1), 0xfc, 17, 1, I32(16), 0x25, 1, 0xd1, 0xad)},
    {"table.fill, length", CODE(I32(15), 0xd2, FIRST_LEAF, 0x26, 1, I32(0), 0xd0, 0x70), CODE(0xfc, 17, 1, I32(15), 0x25, 1, 0xd1, 0xad)},
    {"table.copy, to", CODE(I32(16), 0xd0, 0x70, 0x26, 1), CODE(I32(3), I32(1), 0xfc, 14, 1, 0, I32(16), 0x25, 1, 0xd1, 0xad)},
    {"table.copy, from", CODE(I32(3), 0xd0, 0x70, 0x26, 1, I32(3)), CODE(I32(1), 0xfc, 14, 1, 0, I32(3), 0x25, 1, 0xd1, 0xad)},
    {"table.copy, length", CODE(I32(15), 0xd0, 0x70, 0x26, 1, I32(0), I32(0)), CODE(0xfc, 14, 1, 0, I32(15), 0x25, 1, 0xd1, 0xad)},
    {"table.init, to", CODE(I32(16), 0xd0, 0x70, 0x26, 1), CODE(I32(0), I32(1), 0xfc, 12, 1, 1, I32(16), 0x25, 1, 0xd1, 0xad)},
    {"table.init, from", CODE(I32(3), 0xd0, 0x70, 0x26, 1, I32(3)), CODE(I32(1), 0xfc, 12, 1, 1, I32(3), 0x25, 1, 0xd1, 0xad)},
    {"table.init, length", CODE(I32(15), 0xd0, 0x70, 0x26, 1, I32(0), I32(0)), CODE(0xfc, 12, 1, 1, I32(15), 0x25, 1, 0xd1, 0xad)},
};

enum {
    SOURCES = sizeof sources / sizeof *sources,
    USES = sizeof uses / sizeof *uses,
    PAIRS = SOURCES * USES,
};

static void put(struct builder *b, const struct code *code) {
    build_raw(b, code->bytes, code->size);
}

static void put_head(struct builder *b) {
    build_section(b, SECTION_TYPE);
    build(b, TYPES);
    build(b, 0x60, 2, 0x7f, 0x7e, 1, 0x7f);       /* FROM_HOST */
    build(b, 0x60, 2, 0x7f, 0x7e, 2, 0x7f, 0x7f); /* TWO_FROM_HOST */
    build(b, 0x60, 1, 0x7f, 1, 0x7f);             /* PASS */
    build(b, 0x60, 1, 0x7f, 1, 0x7e);             /* WIDEN */
    build(b, 0x60, 0, 1, 0x7e);                   /* NONE_TO_I64 */
    build(b, 0x60, 2, 0x7f, 0x7e, 1, 0x7e);       /* TESTED */
    build_close(b);
    build_whole(b, SECTION_IMPORT, 2, 0, 0, 0, FROM_HOST, 0, 0, 0, TWO_FROM_HOST);
    build_section(b, SECTION_FUNCTION);
    build_u32(b, FIRST_TEST - SAME + PAIRS);
    build(b, PASS, WIDEN, NONE_TO_I64, NONE_TO_I64, NONE_TO_I64);
    for (unsigned i = 0; i < PAIRS; i++)
        build(b, TESTED);
    build_close(b);
    build_whole(b, SECTION_TABLE, 2, 0x70, 1, 32, 32, 0x70, 1, 32, 32);
    build_whole(b, SECTION_MEMORY, 1, 1, 1, 1);
    build_whole(b, SECTION_GLOBAL, 1, 0x7f, 1, 0x41, 0, 0x0b);
    build_section(b, SECTION_EXPORT);
    build_u32(b, PAIRS + 1);
    build_name(b, "global");
    build(b, 3, 0);
    for (unsigned i = 0; i < PAIRS; i++) {
        char name[16];
        snprintf(name, sizeof name, "%u", i);
        build_name(b, name);
        build(b, 0);
        build_u32(b, FIRST_TEST + i);
    }
    build_close(b);
}

/* Tables: 0, 3 and 16 hold something, and 20 the host; table.init has 32 functions; memory's bytes from 1024 on differ. */
static void put_elements(struct builder *b) {
    build_section(b, SECTION_ELEMENT);
    build(b, 5, 0, 0x41, 0, 0x0b, 1, FIRST_LEAF + 1, 1);
    build(b, 0, 32);
    for (unsigned i = 0; i < 32; i++)
        build(b, FIRST_LEAF);
    build(b, 0, 0x41, 3, 0x0b, 1, FIRST_LEAF + 2, 0, 0x41, 15, 0x0b, 2, FIRST_LEAF + 2, FIRST_LEAF);
    build(b, 0, 0x41, 20, 0x0b, 1, HOST);
    build_close(b);
    build_whole(b, SECTION_DATA_COUNT, 2);
}

static void put_bodies(struct builder *b) {
    build_section(b, SECTION_CODE);
    build_u32(b, FIRST_TEST - SAME + PAIRS);
    build(b, 4, 0, 0x20, 0, 0x0b);
    build(b, 5, 0, 0x20, 0, 0xad, 0x0b);
    for (uint8_t i = 0; i < 3; i++)
        build(b, 4, 0, 0x42, (uint8_t)(i + 10), 0x0b);
    for (unsigned i = 0; i < PAIRS; i++) {
        const struct use *use = &uses[i % USES];
        build_body(b);
        build(b, 1, 1, 0x7f);
        put(b, &use->before);
        put(b, &sources[i / USES].code);
        put(b, &use->after);
        build(b, 0x0b);
        build_close(b);
    }
    build_close(b);
}

static struct murre_module *make(struct murre_engine *engine) {
    struct builder b = build_module();
    put_head(&b);
    put_elements(&b);
    put_bodies(&b);
    build_section(&b, SECTION_DATA);
    build(&b, 2, 0, 0x41, 0x80, 8, 0x0b, 64);
    for (uint8_t i = 0; i < 64; i++)
        build(&b, (uint8_t)(i * 7 + 3));
    build(&b, 1, 32);
    for (uint8_t i = 0; i < 32; i++)
        build(&b, (uint8_t)(i * 5 + 1));
    build_close(&b);
    return test_module(engine, &b);
}

/* What the host leaves above its 32 bits. */
static uint64_t dirt;

static struct murre_trap *from_host(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)env;
    (void)caller;
    const uint32_t value = args[0].u32;
    cr_assert_eq(args[1].u64, dirt | value);
    results[0].u64 = results[1].u64 = dirt | value;
    return NULL;
}

static struct murre_trap *one_from_host(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    union murre_slot both[2];
    struct murre_trap *trap = from_host(env, caller, args, both);
    results[0] = both[0];
    return trap;
}

static struct murre_instance *instantiate(struct murre_store *store, struct murre_module *module) {
    static const murre_valtype in[2] = {MURRE_I32, MURRE_I64}, out[2] = {MURRE_I32, MURRE_I32};
    const struct murre_functype one = {in, out, 2, 1}, two = {in, out, 2, 2};
    struct murre_extern imports[2] = {
        {.kind = MURRE_EXTERN_FUNC, .of.func = murre_func_new(store, &one, one_from_host, NULL, NULL, NULL)},
        {.kind = MURRE_EXTERN_FUNC, .of.func = murre_func_new(store, &two, from_host, NULL, NULL, NULL)},
    };
    struct murre_error error = {.status = MURRE_OK};
    struct murre_instance *instance = murre_instance_new(store, module, imports, 2, NULL, &error);
    cr_assert_not_null(instance, "%s", error.message);
    return instance;
}

static const uint32_t values[] = {16, 0, 0xfffffff0};
enum { VALUES = sizeof values / sizeof *values };

struct outcome {
    enum murre_trapkind trap; /* MURRE_TRAP_COUNT: none */
    uint64_t result;
};

static struct outcome run(struct murre_instance *instance, unsigned pair, uint32_t value) {
    char name[16];
    snprintf(name, sizeof name, "%u", pair);
    struct murre_extern global;
    cr_assert(murre_instance_export(instance, "global", 6, &global));
    union murre_slot slots[2] = {{.u64 = dirt | value}, {.u64 = dirt | value}};
    cr_assert(murre_global_set(global.of.global, slots));
    struct murre_func *func = test_func(instance, name);
    struct murre_trap *trap = murre_func_call(instance->store, func, slots);
    struct outcome outcome = {trap ? murre_trap_kind(trap) : MURRE_TRAP_COUNT, trap ? 0 : slots[0].u64};
    murre_trap_delete(trap);
    return outcome;
}

/* Calls every pair, in this order, with every value. */
static void run_all(enum murre_tier tier, enum murre_bounds bounds, unsigned rounds, bool compare, struct outcome (*outcomes)[VALUES]) {
    struct murre_config config;
    murre_config_init(&config);
    config.tier = tier;
    config.bounds = bounds;
    config.entry_threshold = 1;
    struct murre_engine *engine = murre_engine_new(&config, NULL);
    cr_assert_not_null(engine);
    struct murre_store *store = murre_store_new(engine, NULL);
    struct murre_module *module = make(engine);
    struct murre_instance *instance = instantiate(store, module);
    for (unsigned round = 0; round < rounds; round++)
        for (unsigned i = 0; i < PAIRS; i++)
            for (unsigned v = 0; v < VALUES; v++) {
                const struct outcome got = run(instance, i, values[v]);
                if (compare)
                    cr_assert(got.trap == outcomes[i][v].trap && got.result == outcomes[i][v].result,
                              "tier %d, bounds %d: %s as %s, %#x: trap %d, %#llx instead of %d, %#llx", tier, bounds,
                              sources[i / USES].name, uses[i % USES].name, (unsigned)values[v], got.trap, (unsigned long long)got.result,
                              outcomes[i][v].trap, (unsigned long long)outcomes[i][v].result);
                else
                    outcomes[i][v] = got;
                if (i % USES == 0)
                    cr_assert(got.trap == MURRE_TRAP_COUNT && got.result == values[v], "%s", sources[i / USES].name);
            }
    if (tier == MURRE_TIER_JIT)
        cr_assert_geq(engine->functions_compiled, PAIRS);
    murre_module_unref(module);
    murre_store_delete(store);
    murre_engine_unref(engine);
}

Test(dirty, upper_halves_of_32_bit_values_never_count) {
    static struct outcome outcomes[PAIRS][VALUES];
    dirt = 0;
    run_all(MURRE_TIER_INTERP, MURRE_BOUNDS_EXPLICIT, 1, false, outcomes);
    /* Not the same for all, or nothing would be shown: a value, zero and what lies outside differ wherever one of them is good. */
    for (unsigned i = 0; i < PAIRS; i++) {
        const struct outcome *o = outcomes[i];
        const bool differ = o[0].trap != o[1].trap || o[0].result != o[1].result || o[0].trap != o[2].trap || o[0].result != o[2].result;
        cr_assert(differ || o[0].trap != MURRE_TRAP_COUNT, "%s as %s", sources[i / USES].name, uses[i % USES].name);
    }
    static const uint64_t dirts[] = {0xffffffff00000000, 0x100000000, 0x7fff80000000000};
    for (unsigned d = 0; d < sizeof dirts / sizeof *dirts; d++)
        FOR_EACH_TIER(tier) for (enum murre_bounds bounds = MURRE_BOUNDS_GUARD; bounds <= MURRE_BOUNDS_EXPLICIT; bounds++) {
            dirt = dirts[d] & ~(uint64_t)UINT32_MAX;
            run_all(tier, bounds, tier == MURRE_TIER_AUTO ? 2 : 1, true, outcomes);
        }
}
