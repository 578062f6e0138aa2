/* Compiled code at the end of the stack: frames large and small, made, refused, trapping, calling C and stopped from outside at depths around it.
 * The stack is small, and behind its guard page lies memory that must stay as it is. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "support/build.h"

#if TEST_WITH_ADDRESS_SANITIZER || TEST_WITH_THREAD_SANITIZER
enum { STACK = 1 << 20 };
#elif defined(__aarch64__)
enum { STACK = 128 * 1024 }; /* the least that threads may have */
#else
enum { STACK = 64 * 1024 };
#endif
enum { GUARD = 64 * 1024, CANARY = 512 * 1024, PAINT = 0x5a };
enum { I32 = 0x7f, I64 = 0x7e };

/* ---- the module ------------------------------------------------------------------------------------------------------------------ */

enum act { ACT_NOTHING, ACT_LOAD, ACT_UNREACHABLE, ACT_FILL, ACT_GROW, ACT_SPIN };

/* What a leaf does while all its locals are alive. */
static const struct leaf {
    enum act act;
    uint32_t locals;
    enum murre_trapkind kind; /* that it ends in; MURRE_TRAP_COUNT: none */
} leaves[] = {
    {ACT_NOTHING, 1900, MURRE_TRAP_COUNT},
    {ACT_LOAD, 90, MURRE_TRAP_MEMORY_BOUNDS},
    {ACT_LOAD, 1900, MURRE_TRAP_MEMORY_BOUNDS},
    {ACT_UNREACHABLE, 90, MURRE_TRAP_UNREACHABLE},
    {ACT_UNREACHABLE, 1900, MURRE_TRAP_UNREACHABLE},
    {ACT_FILL, 90, MURRE_TRAP_MEMORY_BOUNDS},
    {ACT_FILL, 1900, MURRE_TRAP_MEMORY_BOUNDS},
    {ACT_GROW, 90, MURRE_TRAP_COUNT},
    {ACT_SPIN, 90, MURRE_TRAP_INTERRUPT},
    {ACT_SPIN, 1900, MURRE_TRAP_INTERRUPT},
};
enum { LEAVES = sizeof leaves / sizeof leaves[0], RECURSION = 2 * LEAVES };

static void build_act(struct builder *b, enum act act) {
    switch (act) {
    case ACT_NOTHING: break;
    case ACT_LOAD: build(b, 0x41, 0x7f, 0x28, 2, 0, 0x1a); break;
    /* if the first word of the memory is 0, which it is */
    case ACT_UNREACHABLE: build(b, 0x41, 0, 0x28, 2, 0, 0x45, 0x04, 0x40, 0x00, 0x0b); break;
    case ACT_FILL: build(b, 0x41, 0x7f, 0x41, 0, 0x41, 8, 0xfc, 11, 0); break;
    case ACT_GROW: build(b, 0x41, 0, 0x40, 0, 0x1a); break;
    case ACT_SPIN: build(b, 0x03, 0x40, 0x41, 0, 0x28, 2, 0, 0x45, 0x0d, 0, 0x0b); break;
    }
}

/* Locals i = memory[i]; act; memory[count - 1 - i] = local i. */
static void build_leaf(struct builder *b, const struct leaf *leaf) {
    build_body(b);
    build(b, 1);
    build_u32(b, leaf->locals);
    build(b, I64);
    for (uint32_t i = 0; i < leaf->locals; i++) {
        build(b, 0x41, 0, 0x29, 3);
        build_u32(b, i * 8);
        build(b, 0x21);
        build_u32(b, i);
    }
    build_act(b, leaf->act);
    for (uint32_t i = 0; i < leaf->locals; i++) {
        build(b, 0x41, 0, 0x20);
        build_u32(b, i);
        build(b, 0x37, 3);
        build_u32(b, (leaf->locals - 1 - i) * 8);
    }
    build(b, 0x0b);
    build_close(b);
}

/* Leaves, then for each one "dive": n ? dive(n - 1) : leaf(); then "fib", recursion without a loop. */
static struct murre_module *edge_module(struct murre_engine *engine) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 3, 0x60, 0, 0, 0x60, 1, I32, 0, 0x60, 1, I32, 1, I32);
    build_section(&b, SECTION_FUNCTION);
    build_u32(&b, 2 * LEAVES + 1);
    for (unsigned i = 0; i <= 2 * LEAVES; i++)
        build(&b, i < LEAVES ? 0 : i < RECURSION ? 1 : 2);
    build_close(&b);
    build_whole(&b, SECTION_MEMORY, 1, 0x00, 1);
    build_section(&b, SECTION_EXPORT);
    build_u32(&b, LEAVES + 1);
    for (unsigned i = 0; i <= LEAVES; i++) {
        build_name(&b, (char[]){(char)('a' + i), '\0'});
        build(&b, 0x00);
        build_u32(&b, LEAVES + i);
    }
    build_close(&b);
    build_section(&b, SECTION_CODE);
    build_u32(&b, 2 * LEAVES + 1);
    for (unsigned i = 0; i < LEAVES; i++)
        build_leaf(&b, &leaves[i]);
    for (uint8_t i = 0; i < LEAVES; i++) {
        build_body(&b);
        build(&b, 0, 0x20, 0, 0x45, 0x04, 0x40, 0x10, i, 0x05, 0x20, 0, 0x41, 1, 0x6b, 0x10, (uint8_t)(LEAVES + i), 0x0b, 0x0b);
        build_close(&b);
    }
    build_body(&b);
    build(&b, 0, 0x20, 0, 0x41, 2, 0x48, 0x04, I32, 0x20, 0, 0x05);
    build(&b, 0x20, 0, 0x41, 1, 0x6b, 0x10, RECURSION, 0x20, 0, 0x41, 2, 0x6b, 0x10, RECURSION, 0x6a, 0x0b, 0x0b);
    build_close(&b);
    build_close(&b);
    return test_module(engine, &b);
}

/* ---- a world --------------------------------------------------------------------------------------------------------------------- */

enum way { WAY_GUARDS, WAY_EXPLICIT, WAY_QUIET, WAYS };
static const char *const ways[WAYS] = {"guards", "explicit bounds", "no signals"};

struct world {
    struct murre_engine *engine;
    struct murre_store *store;
    struct murre_instance *instance;
};

static struct world world_new(enum murre_tier tier, enum way way) {
    struct murre_config config;
    murre_config_init(&config);
    config.tier = tier;
    config.entry_threshold = 10;
    config.max_code_memory = (uint64_t)1 << 30;
    config.opt_level = 0; /* large frames are made soonest */
    config.bounds = way == WAY_EXPLICIT ? MURRE_BOUNDS_EXPLICIT : MURRE_BOUNDS_AUTO;
    config.no_signals = way == WAY_QUIET;
    struct world w = {.engine = murre_engine_new(&config, NULL)};
    cr_assert_not_null(w.engine);
    struct murre_module *module = edge_module(w.engine);
    w.store = murre_store_new(w.engine, NULL);
    w.instance = murre_instance_new(w.store, module, NULL, 0, NULL, NULL);
    cr_assert_not_null(w.instance);
    murre_module_unref(module);
    return w;
}

static void world_delete(struct world *w) {
    murre_store_delete(w->store);
    murre_engine_unref(w->engine);
}

/* The kind of trap that the export ends in, MURRE_TRAP_COUNT: none. */
static enum murre_trapkind kind_of(struct world *w, unsigned export, int32_t n, uint64_t timeout) {
    union murre_slot slot = {.i32 = n};
    if (timeout && murre_store_set_timeout(w->store, timeout, NULL) != MURRE_OK)
        return MURRE_TRAP_HOST;
    struct murre_trap *trap = murre_func_call(w->store, test_func(w->instance, (char[]){(char)('a' + export), '\0'}), &slot);
    enum murre_trapkind kind = trap ? murre_trap_kind(trap) : MURRE_TRAP_COUNT;
    murre_trap_delete(trap);
    return kind;
}

/* ---- on the small stack ---------------------------------------------------------------------------------------------------------- */

struct sweep {
    struct world *world;
    unsigned leaf;
    uint64_t timeout;
    int32_t deepest;           /* that the leaf was reached at */
    int32_t wrong_at;          /* or -1 */
    enum murre_trapkind wrong; /* what came there */
};

/* True when the leaf was reached. */
static bool at_depth(struct sweep *s, int32_t depth) {
    enum murre_trapkind kind = kind_of(s->world, s->leaf, depth, s->timeout);
    if (kind != leaves[s->leaf].kind && kind != MURRE_TRAP_STACK && s->wrong_at < 0) {
        s->wrong_at = depth;
        s->wrong = kind;
    }
    return kind == leaves[s->leaf].kind;
}

/* Looks for the deepest, then, where it does not take its time, at every depth around it. */
static void *sweep(void *argument) {
    struct sweep *s = argument;
    s->wrong_at = s->deepest = -1;
    int32_t high = STACK / 16;
    while (high - s->deepest > 1) {
        int32_t middle = s->deepest + (high - s->deepest) / 2;
        *(at_depth(s, middle) ? &s->deepest : &high) = middle;
    }
    for (int32_t depth = s->deepest - 50; depth <= s->deepest + 100 && !s->timeout && s->wrong_at < 0; depth++)
        if (at_depth(s, depth) != (depth <= s->deepest))
            s->wrong_at = depth, s->wrong = MURRE_TRAP_STACK;
    return NULL;
}

/* Runs on a stack of its own; false when something was written behind the guard. */
static bool on_small_stack(size_t size, void *(*fn)(void *), void *argument) {
    unsigned char *whole = mmap(NULL, CANARY + GUARD + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(whole, MAP_FAILED);
    memset(whole, PAINT, CANARY);
    /* One page of guard, as threads have: what is behind it is ours to look at. */
    cr_assert_eq(mprotect(whole + CANARY, GUARD, PROT_NONE), 0);
    cr_assert_eq(mprotect(whole + CANARY, GUARD - 4096, PROT_READ | PROT_WRITE), 0);
    memset(whole + CANARY, PAINT, GUARD - 4096);
    pthread_t thread;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    cr_assert_eq(pthread_attr_setstack(&attr, whole + CANARY + GUARD, size), 0);
    cr_assert_eq(pthread_create(&thread, &attr, fn, argument), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attr);
    bool kept = true;
    for (size_t i = 0; i < CANARY + GUARD - 4096; i++)
        kept &= whole[i] == PAINT;
    munmap(whole, CANARY + GUARD + size);
    return kept;
}

static void check_leaf(struct world *w, enum way way, unsigned leaf, uint64_t timeout) {
    /* Compiled here, where there is room for the compiler. */
    cr_assert_eq(kind_of(w, leaf, 1, timeout), leaves[leaf].kind, "%s, leaf %u", ways[way], leaf);
    struct sweep s = {.world = w, .leaf = leaf, .timeout = timeout};
    cr_assert(on_small_stack(STACK, sweep, &s), "%s, leaf %u: written behind the stack", ways[way], leaf);
    cr_assert_lt(s.wrong_at, 0, "%s, leaf %u, depth %d: trap %d", ways[way], leaf, s.wrong_at, s.wrong);
    cr_assert_gt(s.deepest, 100, "%s, leaf %u: %d", ways[way], leaf, s.deepest);
}

Test(stack_edge, leaves_end_as_they_should_or_find_no_room_at_any_depth) {
    if (!murre_has_compiler())
        return;
    for (enum way way = 0; way < WAYS; way++) {
        struct world w = world_new(MURRE_TIER_JIT, way);
        for (unsigned leaf = 0; leaf < LEAVES; leaf++)
            if (leaves[leaf].act != ACT_SPIN)
                check_leaf(&w, way, leaf, 0);
        struct murre_stats stats;
        murre_engine_stats(w.engine, &stats);
        cr_assert_eq(stats.functions_refused, 0);
        world_delete(&w);
    }
}

Test(stack_edge, deadlines_end_leaves_at_the_end_of_the_stack) {
    if (!murre_has_compiler())
        return;
    for (enum way way = 0; way < WAYS; way++) {
        struct world w = world_new(MURRE_TIER_JIT, way);
        for (unsigned leaf = 0; leaf < LEAVES; leaf++)
            if (leaves[leaf].act == ACT_SPIN)
                check_leaf(&w, way, leaf, 20000000);
        world_delete(&w);
    }
}

Test(stack_edge, a_store_with_less_stack_than_its_thread_refuses_large_frames_above_its_limit) {
    if (!murre_has_compiler())
        return;
    for (enum way way = 0; way < WAYS; way++) {
        struct world w = world_new(MURRE_TIER_JIT, way);
        murre_store_set_limits(w.store, &(struct murre_store_limits){.stack_bytes = 64 * 1024});
        cr_assert_eq(kind_of(&w, 2, 0, 0), MURRE_TRAP_MEMORY_BOUNDS, "%s", ways[way]);
        murre_store_set_limits(w.store, &(struct murre_store_limits){.stack_bytes = 12 * 1024});
        cr_assert_eq(kind_of(&w, 2, 0, 0), MURRE_TRAP_STACK, "%s", ways[way]);
        cr_assert_eq(kind_of(&w, 1, 0, 0), MURRE_TRAP_MEMORY_BOUNDS, "%s", ways[way]);
        world_delete(&w);
    }
}

Test(stack_edge, the_function_without_room_heads_the_backtrace) {
    if (!murre_has_compiler())
        return;
    struct world w = world_new(MURRE_TIER_JIT, WAY_GUARDS);
    murre_store_set_limits(w.store, &(struct murre_store_limits){.stack_bytes = 12 * 1024});
    union murre_slot slot = {.i32 = 3};
    struct murre_trap *trap = murre_func_call(w.store, test_func(w.instance, "c"), &slot);
    cr_assert_not_null(trap);
    cr_assert_eq(murre_trap_kind(trap), MURRE_TRAP_STACK);
    cr_assert_eq(murre_trap_depth(trap), 5);
    for (uint32_t i = 0; i < 5; i++) {
        struct murre_frame frame;
        cr_assert(murre_trap_frame(trap, i, &frame));
        cr_assert_eq(frame.func_index, i == 0 ? 2 : LEAVES + 2);
        cr_assert(i != 0 || frame.offset != MURRE_NO_OFFSET);
    }
    murre_trap_delete(trap);
    world_delete(&w);
}

Test(stack_edge, recursion_without_loops_ends_at_a_deadline) {
    FOR_EACH_TIER(tier)
    for (enum way way = 0; way < WAYS; way++) {
        struct world w = world_new(tier, way);
        cr_assert_eq(kind_of(&w, LEAVES, 20, 0), MURRE_TRAP_COUNT); /* hot */
        cr_assert_eq(kind_of(&w, LEAVES, 80, 50000000), MURRE_TRAP_INTERRUPT, "tier %d, %s", tier, ways[way]);
        world_delete(&w);
    }
}

/* ---- many arguments, passed on a stack that has little room for them --------------------------------------------------------------- */

#if defined(__aarch64__) || TEST_WITH_ADDRESS_SANITIZER || defined(__SANITIZE_THREAD__)
enum { LITTLE = STACK };
#else
enum { LITTLE = 16 * 1024 };
#endif
enum { PARAMS = 1000 };

/* "f": takes PARAMS numbers and returns the last. */
static struct murre_module *params_module(struct murre_engine *engine) {
    struct builder b = build_module();
    build_section(&b, SECTION_TYPE);
    build(&b, 1, 0x60);
    build_u32(&b, PARAMS);
    for (unsigned i = 0; i < PARAMS; i++)
        build(&b, I64);
    build(&b, 1, I64);
    build_close(&b);
    build_whole(&b, SECTION_FUNCTION, 1, 0);
    build_whole(&b, SECTION_EXPORT, 1, 1, 'f', 0x00, 0);
    build_section(&b, SECTION_CODE);
    build(&b, 1);
    build_body(&b);
    build(&b, 0, 0x20);
    build_u32(&b, PARAMS - 1);
    build(&b, 0x0b);
    build_close(&b);
    build_close(&b);
    return test_module(engine, &b);
}

struct descent {
    struct murre_store *store;
    struct murre_func *func;
    union murre_slot *slots;
    unsigned returned, no_room, wrong;
};

/* Goes down the stack, calling at every step, until a few calls have found no room. */
static void *descend(void *argument) {
    struct descent *d = argument;
    volatile char step[256];
    step[0] = 1;
    d->slots[PARAMS - 1].u64 = 42;
    struct murre_trap *trap = murre_func_call(d->store, d->func, d->slots);
    d->returned += !trap;
    d->no_room += trap != NULL;
    d->wrong += trap ? murre_trap_kind(trap) != MURRE_TRAP_STACK : d->slots[0].u64 != 42;
    murre_trap_delete(trap);
    if (d->no_room < 8)
        descend(d);
    step[1] = step[0];
    return NULL;
}

Test(stack_edge, many_arguments_find_room_or_the_call_traps) {
    FOR_EACH_TIER(tier) {
        struct world w = {.engine = test_engine(tier, MURRE_BOUNDS_AUTO)};
        struct murre_module *module = params_module(w.engine);
        w.store = murre_store_new(w.engine, NULL);
        w.instance = murre_instance_new(w.store, module, NULL, 0, NULL, NULL);
        murre_module_unref(module);
        static union murre_slot slots[PARAMS];
        struct descent d = {.store = w.store, .func = test_func(w.instance, "f"), .slots = slots};
        cr_assert_null(murre_func_call(d.store, d.func, slots)); /* compiled here, where there is room for the compiler */
        cr_assert(on_small_stack(LITTLE, descend, &d));
        cr_assert_eq(d.wrong, 0);
        cr_assert_gt(d.no_room, 0);
        world_delete(&w);
    }
}
