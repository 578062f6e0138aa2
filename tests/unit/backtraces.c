/* Backtraces: kind, function, instance and offset of every frame are the same in each tier, at each level, with either way of checking bounds.
 *
 * Modules are made at random. Each function of a module takes a number and calls one that is chosen by it, with one less: of its own, by the table, by an
 * import (another instance's of the same module, in the same store), or by way of the host; the last one traps. The interpreter's backtrace is what the
 * others are compared with; of the modules' making alone it is known how deep it must be, which is looked at, too.
 *
 * MURRE_BACKTRACES=COUNT makes so many modules (60), MURRE_BACKTRACES_SEED others. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/runtime.h"
#include "support/build.h"

enum { I32 = 0x7f, I64 = 0x7e, F64 = 0x7c };
/* What the host is asked for by a negative number: an address that is none, or a trap of its own. */
enum { ASK_POINTER = -1, ASK_TRAP = -2 };
enum { FUNCS = 12, IMPORTS = 3, HOST = 0, INSTANCES = 3, DEPTH = 9, TRAPS = 18 };
static const char *const import_names[IMPORTS] = {"host", "a", "b"};

static uint64_t state;

static uint32_t any(uint32_t below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

/* ---- a module ------------------------------------------------------------------------------------------------------------------- */

/* Leaves an i32 on the stack, or traps. */
static void trapping(struct builder *b, uint32_t which) {
    switch (which) {
    case 0: build(b, 0x00); break;                                                                    /* unreachable */
    case 1: build(b, 0x41, 0x70, 0x28, 2, 8); break;                                                  /* i32.load */
    case 2: build(b, 0x41, 0x70, 0x42, 1, 0x37, 3, 16, 0x41, 1); break;                               /* i64.store */
    case 3: build(b, 0x20, 0, 0x41, 0, 0x6d); break;                                                  /* i32.div_s */
    case 4: build(b, 0x41, 0x80, 0x80, 0x80, 0x80, 0x78, 0x41, 0x7f, 0x6d); break;                    /* overflows */
    case 5: build(b, 0x41, 1, 0x41, 60, 0x11, 0, 0); break;                                           /* call_indirect of null */
    case 6: build(b, 0x41, 1, 0x41, 0xf0, 0, 0x11, 0, 0); break;                                      /* outside */
    case 7: build(b, 0x41, 0, 0x11, 1, 0, 0x41, 0); break;                                            /* of another type */
    case 8: build(b, 0x41, 0x70, 0x41, 1, 0x20, 1, 0xfc, 11, 0, 0x41, 0); break;                      /* memory.fill */
    case 9: build(b, 0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f, 0xaa); break;                                /* i32.trunc_f64_s */
    case 10: build(b, 0x41, 0xf0, 0, 0x25, 0, 0x1a, 0x41, 0); break;                                  /* table.get */
    case 11: build(b, 0x20, 1, 0x41, 0x70, 0x2d, 0, 0, 0x6a, 0x20, 1, 0x6c); break;                   /* a load within sums */
    case 12: build(b, 0x41, 0x70, 0x41, 0x70, 0x28, 2, 0, 0x20, 1, 0x6a, 0x36, 2, 0, 0x41, 0); break; /* load, add, store */
    case 13: build(b, 0x41, 0x7f, 0x10, HOST, 0x28, 2, 0); break;                                     /* what the host points to */
    case 14: build(b, 0x41, 0x7e, 0x10, HOST); break;                                                 /* the host's trap */
    case 15: build(b, 0x41, 0x7f, 0x41, HOST, 0x11, 0, 0, 0x42, 0, 0x37, 3, 0, 0x41, 0); break;       /* by the table, stored to */
    case 16:
        build(b, 0x02, 0x40, 0x02, 0x40, 0x20, 0, 0x0e, 1, 1, 0, 0x0b, 0x00, 0x0b, 0x41, 0, 0x41, 0, 0x70);
        break;                                                                                                /* br_table, rem_u */
    default: build(b, 0x20, 0, 0x41, 0x70, 0x2c, 0, 4, 0x48, 0x04, I32, 0x41, 1, 0x05, 0x41, 2, 0x0b); break; /* a load that is compared */
    }
}

/* Something that is no call and does not trap, on local 1. */
static void work(struct builder *b) {
    switch (any(6)) {
    case 0: build(b, 0x20, 1, 0x41, 3, 0x6c, 0x21, 1); break;
    case 1: build(b, 0x20, 1, 0x41, 0xff, 0, 0x71, 0x2d, 0, 1, 0x21, 1); break;
    case 2: build(b, 0x20, 1, 0x41, 0xff, 0, 0x71, 0x20, 1, 0x36, 2, 0); break;
    case 3: build(b, 0x20, 1, 0x67, 0x20, 0, 0x6a, 0x21, 1); break;
    case 4: build(b, 0x20, 2, 0x20, 1, 0xac, 0x7c, 0x21, 2); break;
    default: build(b, 0x20, 3, 0x20, 1, 0xb7, 0xa0, 0x21, 3); break;
    }
}

/* Calls with local 0 less one; the result is added to local 1. */
static void calling(struct builder *b) {
    build(b, 0x20, 0, 0x41, 1, 0x6b);
    switch (any(4)) {
    case 0: build(b, 0x10, HOST); break;
    case 1: build(b, 0x10, (uint8_t)(1 + any(IMPORTS - 1))); break;
    case 2: build(b, 0x41, (uint8_t)any(IMPORTS + FUNCS), 0x11, 0, 0); break;
    default: build(b, 0x10, (uint8_t)(IMPORTS + any(FUNCS))); break;
    }
    build(b, 0x20, 1, 0x6a, 0x21, 1);
}

/* Where nothing is to be called any more. */
static void trapping_at_the_end(struct builder *b) {
    build(b, 0x20, 0, 0x45, 0x04, 0x40); /* if (local 0 == 0) */
    trapping(b, any(TRAPS));
    build(b, 0x21, 1, 0x0b);
}

/* A few turns of a loop around it: the interpreter may go over to compiled code there. */
static void body(struct builder *b) {
    static const uint8_t locals[] = {4, 1, I32, 1, I64, 1, F64, 1, I32};
    bool loops = any(3) == 0, within = any(2);
    build_body(b);
    build_raw(b, locals, sizeof locals);
    for (uint32_t i = any(4); i > 0; i--)
        work(b);
    if (!loops || !within)
        trapping_at_the_end(b);
    if (loops) {
        build(b, 0x03, 0x40);
        if (within) {
            build(b, 0x20, 4, 0x41, 0xd0, 0, 0x4a, 0x04, 0x40); /* in its 81st turn */
            trapping_at_the_end(b);
            build(b, 0x0b);
        }
        build(b, 0x20, 4, 0x41, 1, 0x6a, 0x22, 4, 0x41, 0xe4, 0, 0x48, 0x0d, 0, 0x0b); /* counts to 100 */
    }
    calling(b);
    for (uint32_t i = any(4); i > 0; i--)
        work(b);
    build(b, 0x20, 1, 0x20, 2, 0xa7, 0x6a, 0x20, 3, 0xfc, 2, 0x6a, 0x0b);
    build_close(b);
}

static void leaf(struct builder *b) {
    static const uint8_t locals[] = {4, 1, I32, 1, I64, 1, F64, 1, I32};
    build_body(b);
    build_raw(b, locals, sizeof locals);
    if (any(2))
        work(b);
    trapping(b, 1 + any(2) + (any(2) ? 10 : 0));
    build(b, 0x0b);
    build_close(b);
}

static struct builder a_module(void) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 2, 0x60, 1, I32, 1, I32, 0x60, 0, 0);
    build_section(&b, SECTION_IMPORT);
    build_u32(&b, IMPORTS);
    for (unsigned i = 0; i < IMPORTS; i++) {
        build_name(&b, "m");
        build_name(&b, import_names[i]);
        build(&b, 0x00, 0x00);
    }
    build_close(&b);
    build_section(&b, SECTION_FUNCTION);
    build_u32(&b, FUNCS);
    for (unsigned i = 0; i < FUNCS; i++)
        build(&b, 0);
    build_close(&b);
    build_whole(&b, SECTION_TABLE, 1, 0x70, 0x00, 64);
    build_whole(&b, SECTION_MEMORY, 1, 0x00, 1);
    build_section(&b, SECTION_EXPORT);
    build_u32(&b, FUNCS);
    for (unsigned i = 0; i < FUNCS; i++) {
        build_name(&b, (const char[]){(char)('a' + i), 0});
        build(&b, 0x00, (uint8_t)(IMPORTS + i));
    }
    build_close(&b);
    build_section(&b, SECTION_ELEMENT);
    build(&b, 1, 0, 0x41, 0, 0x0b, IMPORTS + FUNCS);
    for (unsigned i = 0; i < IMPORTS + FUNCS; i++)
        build(&b, (uint8_t)i);
    build_close(&b);
    build_section(&b, SECTION_CODE);
    build_u32(&b, FUNCS);
    for (unsigned i = 0; i < FUNCS; i++)
        if (any(4) == 0)
            leaf(&b);
        else
            body(&b);
    build_close(&b);
    return b;
}

/* ---- configurations -------------------------------------------------------------------------------------------------------------- */

static const struct configuration {
    const char *name;
    enum murre_tier tier;
    enum murre_bounds bounds;
    int level, rounds; /* in tier auto code is compiled meanwhile */
    bool only_loops;   /* no function is hot, but every loop: so they are entered in the middle */
} configurations[] = {
    {"interp, explicit", MURRE_TIER_INTERP, MURRE_BOUNDS_EXPLICIT, -1, 1, false},
    {"jit 0", MURRE_TIER_JIT, MURRE_BOUNDS_AUTO, 0, 1, false},
    {"jit 1", MURRE_TIER_JIT, MURRE_BOUNDS_AUTO, 1, 1, false},
    {"jit 2", MURRE_TIER_JIT, MURRE_BOUNDS_AUTO, 2, 1, false},
    {"jit 3", MURRE_TIER_JIT, MURRE_BOUNDS_AUTO, 3, 1, false},
    {"jit 0, explicit", MURRE_TIER_JIT, MURRE_BOUNDS_EXPLICIT, 0, 1, false},
    {"jit 1, explicit", MURRE_TIER_JIT, MURRE_BOUNDS_EXPLICIT, 1, 1, false},
    {"jit 2, explicit", MURRE_TIER_JIT, MURRE_BOUNDS_EXPLICIT, 2, 1, false},
    {"jit 3, explicit", MURRE_TIER_JIT, MURRE_BOUNDS_EXPLICIT, 3, 1, false},
    {"auto", MURRE_TIER_AUTO, MURRE_BOUNDS_AUTO, -1, 3, false},
    {"auto, explicit", MURRE_TIER_AUTO, MURRE_BOUNDS_EXPLICIT, -1, 3, false},
    {"auto, loops", MURRE_TIER_AUTO, MURRE_BOUNDS_AUTO, -1, 3, true},
    {"auto, loops, explicit", MURRE_TIER_AUTO, MURRE_BOUNDS_EXPLICIT, -1, 3, true},
};

/* ---- a world: instances of it, which call one another ------------------------------------------------------------------------------ */

struct world {
    struct murre_store *store;
    struct murre_instance *instances[INSTANCES];
    unsigned made;
    uint32_t host_seed;
    /* Of the last call of the host: its callers. */
    uint32_t looks, seen;
    struct {
        struct murre_instance *instance;
        uint32_t func;
        uint64_t offset;
    } callers[64];
};

static struct murre_func *func_of(struct murre_instance *instance, uint32_t which) {
    return test_func(instance, (const char[]){(char)('a' + which % FUNCS), 0});
}

/* What the host sees of its callers; counted, and compared with what a trap says of them later on. */
static void look_at_callers(struct world *world, struct murre_instance *caller) {
    struct murre_backtrace *backtrace = murre_store_backtrace(world->store);
    struct murre_frame frame;
    world->looks++;
    world->seen = murre_backtrace_frame_count(backtrace);
    cr_assert(world->seen > 0 && world->seen == murre_backtrace_depth(backtrace));
    cr_assert(murre_backtrace_frame(backtrace, 0, &frame));
    cr_assert_eq(frame.instance, caller);
    cr_assert_not(murre_backtrace_frame(backtrace, world->seen, &frame));
    for (uint32_t i = 0; i < world->seen; i++) {
        cr_assert(murre_backtrace_frame(backtrace, i, &frame));
        world->callers[i].instance = frame.instance;
        world->callers[i].func = frame.func_index;
        world->callers[i].offset = frame.offset;
    }
    murre_backtrace_delete(backtrace);
}

/* Calls some function of some instance in turn. */
static struct murre_trap *host(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    struct world *world = env;
    if (args[0].i32 == ASK_TRAP)
        return murre_trap_new("the host does not want to");
    if (args[0].i32 == ASK_POINTER) {
        results[0].u64 = 0xfffffff0;
        return NULL;
    }
    look_at_callers(world, murre_caller_instance(caller));
    uint32_t which = world->host_seed = world->host_seed * 1664525 + 1013904223;
    union murre_slot slot = args[0];
    struct murre_trap *trap = murre_func_call(world->store, func_of(world->instances[which / 64 % world->made], which / 4096), &slot);
    results[0] = slot;
    return trap;
}

static struct murre_extern func_extern(struct murre_func *func) {
    return (struct murre_extern){.kind = MURRE_EXTERN_FUNC, .of.func = func};
}

static struct murre_module *make_module(const struct configuration *configuration, const struct builder *bytes) {
    struct murre_config config;
    murre_config_init(&config);
    config.tier = configuration->tier;
    config.bounds = configuration->bounds;
    config.opt_level = configuration->level;
    if (configuration->tier == MURRE_TIER_AUTO) {
        config.entry_threshold = configuration->only_loops ? 1 << 30 : 1;
        config.loop_threshold = 1;
    }
    struct murre_engine *engine = murre_engine_new(&config, NULL);
    struct murre_error error;
    struct murre_module *module = murre_module_new(engine, bytes->bytes, bytes->size, &error);
    cr_assert_not_null(module, "%s", error.message);
    murre_engine_unref(engine);
    return module;
}

/* The first instance imports the host only, the others each the functions of the one before. */
static void make_world(struct world *world, struct murre_module *module) {
    struct murre_error error;
    world->store = murre_store_new(module->engine, NULL);
    cr_assert_not_null(world->store);
    const murre_valtype one = MURRE_I32;
    const struct murre_functype type = {.params = &one, .param_count = 1, .results = &one, .result_count = 1};
    struct murre_extern imports[IMPORTS];
    for (unsigned i = 0; i < IMPORTS; i++)
        imports[i] = func_extern(murre_func_new(world->store, &type, host, world, NULL, &error));
    for (world->made = 0; world->made < INSTANCES;) {
        struct murre_trap *trap = NULL;
        struct murre_instance *instance = murre_instance_new(world->store, module, imports, IMPORTS, &trap, &error);
        cr_assert_not_null(instance, "%s", error.message);
        world->instances[world->made++] = instance;
        for (unsigned i = 1; i < IMPORTS; i++)
            imports[i] = func_extern(func_of(instance, world->made * 5 + i));
    }
}

static void make_world_of(struct world *world, const struct configuration *configuration, const struct builder *bytes) {
    struct murre_module *module = make_module(configuration, bytes);
    make_world(world, module);
    murre_module_unref(module);
}

/* ---- comparing -------------------------------------------------------------------------------------------------------------------- */

struct told {
    enum murre_trapkind kind;
    uint32_t depth, count;
    struct {
        uint32_t instance, func;
        uint64_t offset;
    } frames[64];
};

/* False: a busy machine left no time for the offsets of interpreted frames (resolve.c). */
static bool try_to_tell(struct world *world, uint32_t entry, uint32_t number, struct told *told) {
    bool complete = true;
    world->seen = 0;
    memset(told, 0, sizeof *told);
    world->host_seed = entry * 7 + number;
    union murre_slot slot = {.u32 = number};
    struct murre_trap *trap = murre_func_call(world->store, func_of(world->instances[INSTANCES - 1], entry), &slot);
    cr_assert_not_null(trap, "each of them ends in a trap");
    told->kind = murre_trap_kind(trap);
    told->depth = murre_trap_depth(trap);
    told->count = murre_trap_frame_count(trap);
    for (uint32_t i = 0; i < told->count; i++) {
        struct murre_frame frame;
        cr_assert(murre_trap_frame(trap, i, &frame));
        uint32_t which = 0;
        while (which < INSTANCES && world->instances[which] != frame.instance)
            which++;
        told->frames[i].instance = which;
        told->frames[i].func = frame.func_index;
        told->frames[i].offset = frame.offset;
        complete &= frame.offset != MURRE_NO_OFFSET;
        /* The outer frames are the callers of the last host function. */
        uint32_t inner = told->count - world->seen;
        if (i < inner)
            continue;
        complete &= world->callers[i - inner].offset != MURRE_NO_OFFSET;
        cr_assert(world->callers[i - inner].instance == frame.instance && world->callers[i - inner].func == frame.func_index);
        cr_assert(!complete || world->callers[i - inner].offset == frame.offset);
    }
    murre_trap_delete(trap);
    return complete;
}

static void tell(struct world *world, uint32_t entry, uint32_t number, struct told *told) {
    for (int tries = 0; tries < 20 && !try_to_tell(world, entry, number, told); tries++)
        ;
}

static void print(const char *what, const struct told *told) {
    fprintf(stderr, "%s: trap %d, %u frames\n", what, (int)told->kind, told->depth);
    for (uint32_t i = 0; i < told->count; i++)
        fprintf(stderr, "  %u: instance %u function %u at %lld\n", i, told->frames[i].instance, told->frames[i].func,
                (long long)told->frames[i].offset);
}

static const struct configuration plain = {"interp", MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO, -1, 1, false};

static void compare(const struct builder *bytes, const struct configuration *configuration, struct told told[FUNCS][DEPTH],
                    unsigned number) {
    struct world world;
    make_world_of(&world, configuration, bytes);
    for (int round = 0; round < configuration->rounds; round++)
        for (uint32_t entry = 0; entry < FUNCS; entry++)
            for (uint32_t depth = 0; depth < DEPTH; depth++) {
                struct told now;
                tell(&world, entry, depth, &now);
                if (memcmp(&now, &told[entry][depth], sizeof now) == 0)
                    continue;
                print("interp", &told[entry][depth]);
                print(configuration->name, &now);
                cr_assert_fail("module %u, %s, function %u of %u", number, configuration->name, entry, depth);
            }
    murre_store_delete(world.store);
}

static unsigned wanted(const char *name, unsigned otherwise) {
    const char *text = getenv(name);
    return text ? (unsigned)strtoul(text, NULL, 0) : otherwise;
}

Test(backtraces, are_the_same_in_every_tier) {
    unsigned count = wanted("MURRE_BACKTRACES", 60);
    static struct told told[FUNCS][DEPTH];
    size_t traps = 0, frames = 0;
    for (unsigned i = 0; i < count; i++) {
        state = (wanted("MURRE_BACKTRACES_SEED", 1) * UINT64_C(1000003) + i + 1) * UINT64_C(0x9e3779b97f4a7c15);
        struct builder bytes = a_module();
        struct world world;
        make_world_of(&world, &plain, &bytes);
        for (uint32_t entry = 0; entry < FUNCS; entry++)
            for (uint32_t depth = 0; depth < DEPTH; depth++) {
                struct told *of = &told[entry][depth];
                tell(&world, entry, depth, of);
                traps++;
                frames += of->count;
                cr_assert(of->depth == of->count && of->count >= 1 && of->count <= depth + 1);
                cr_assert(of->frames[of->count - 1].instance == INSTANCES - 1 && of->frames[of->count - 1].func == IMPORTS + entry);
                for (uint32_t k = 0; k < of->count; k++)
                    cr_assert(of->frames[k].instance < INSTANCES && of->frames[k].offset < bytes.size);
            }
        murre_store_delete(world.store);
        for (size_t k = 0; k < (murre_has_compiler() ? sizeof configurations / sizeof *configurations : 1); k++)
            compare(&bytes, &configurations[k], told, i);
        build_free(&bytes);
    }
    fprintf(stderr, "%u modules, %zu traps with %zu frames, each in %zu configurations\n", count, traps, frames,
            sizeof configurations / sizeof *configurations);
}

/* ---- stores side by side --------------------------------------------------------------------------------------------------------- */

static struct told expected[FUNCS][DEPTH];

/* In its own store of the engine that all share. */
static void *run_beside(void *module) {
    struct world world;
    make_world(&world, module);
    for (int round = 0; round < 4; round++)
        for (uint32_t entry = 0; entry < FUNCS; entry++)
            for (uint32_t depth = 0; depth < DEPTH; depth++) {
                struct told now;
                tell(&world, entry, depth, &now);
                cr_assert_eq(memcmp(&now, &expected[entry][depth], sizeof now), 0, "function %u of %u", entry, depth);
            }
    murre_store_delete(world.store);
    return NULL;
}

Test(backtraces, of_three_stores_in_three_threads_name_the_instances_of_their_own) {
    for (uint64_t seed = 1; seed <= (wanted("MURRE_BACKTRACES", 60) < 60 ? 1 : 4); seed++) { /* an emulator takes its time */
        state = seed * UINT64_C(0x9e3779b97f4a7c15);
        struct builder bytes = a_module();
        struct world world;
        make_world_of(&world, &plain, &bytes);
        for (uint32_t entry = 0; entry < FUNCS; entry++)
            for (uint32_t depth = 0; depth < DEPTH; depth++)
                tell(&world, entry, depth, &expected[entry][depth]);
        murre_store_delete(world.store);
        FOR_EACH_TIER(tier) {
            struct murre_module *module =
                make_module(&(struct configuration){.tier = tier, .bounds = MURRE_BOUNDS_AUTO, .level = -1}, &bytes);
            pthread_t threads[3];
            for (int i = 0; i < 3; i++)
                cr_assert_eq(pthread_create(&threads[i], NULL, run_beside, module), 0);
            for (int i = 0; i < 3; i++)
                pthread_join(threads[i], NULL);
            murre_module_unref(module);
        }
        build_free(&bytes);
    }
}

/* ---- interrupts --------------------------------------------------------------------------------------------------------------------- */

enum { LEAF, FIB, FOREVER };

/* leaf: a load; fib: the doubly recursive function, by leaf in the end; forever: calls fib(20) for ever. */
static struct builder a_busy_module(void) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 1, I32, 1, I32);
    build_whole(&b, SECTION_FUNCTION, 3, 0, 0, 0);
    build_whole(&b, SECTION_MEMORY, 1, 0x00, 1);
    build_whole(&b, SECTION_EXPORT, 1, 1, 'f', 0x00, FOREVER);
    build_section(&b, SECTION_CODE);
    build_u32(&b, 3);
    build_body(&b);
    build(&b, 0, 0x20, 0, 0x28, 2, 0, 0x20, 0, 0x6a, 0x0b);
    build_close(&b);
    build_body(&b);
    build(&b, 0, 0x20, 0, 0x41, 2, 0x48, 0x04, I32, 0x20, 0, 0x10, LEAF, 0x05);
    build(&b, 0x20, 0, 0x41, 1, 0x6b, 0x10, FIB, 0x20, 0, 0x41, 2, 0x6b, 0x10, FIB, 0x6a, 0x0b, 0x0b);
    build_close(&b);
    build_body(&b);
    build(&b, 0, 0x03, 0x40, 0x41, 20, 0x10, FIB, 0x1a, 0x0c, 0, 0x0b, 0x41, 0, 0x0b);
    build_close(&b);
    build_close(&b);
    return b;
}

static void *interrupt_later(void *store) {
    nanosleep(&(struct timespec){.tv_nsec = (long)any(2000000)}, NULL);
    murre_store_interrupt(store);
    return NULL;
}

/* Wherever the interrupt comes: in prologues, epilogues, leaves, trampolines. */
Test(backtraces, of_interrupts_have_only_functions_that_run) {
    state = 12345;
    FOR_EACH_TIER(tier) {
        struct murre_engine *engine = test_engine(tier, MURRE_BOUNDS_AUTO);
        struct murre_store *store = murre_store_new(engine, NULL);
        struct builder b = a_busy_module();
        struct murre_instance *instance = test_instance(store, &b);
        for (unsigned round = 0; round < 100; round++) {
            pthread_t thread;
            union murre_slot slot = {.u32 = 0};
            cr_assert_eq(pthread_create(&thread, NULL, interrupt_later, store), 0);
            struct murre_trap *trap = murre_func_call(store, test_func(instance, "f"), &slot);
            pthread_join(thread, NULL);
            cr_assert_not_null(trap);
            cr_assert_eq(murre_trap_kind(trap), MURRE_TRAP_INTERRUPT);
            uint32_t count = murre_trap_frame_count(trap);
            cr_assert(count <= 22, "%u frames", count);
            struct murre_frame frame;
            for (uint32_t i = 0; murre_trap_frame(trap, i, &frame); i++) {
                cr_assert_eq(frame.instance, instance);
                cr_assert(i == count - 1 ? frame.func_index == FOREVER : frame.func_index == FIB || (i == 0 && frame.func_index == LEAF),
                          "tier %d: frame %u of %u is function %u", (int)tier, i, count, frame.func_index);
            }
            murre_trap_delete(trap);
        }
        murre_store_delete(store);
        murre_engine_unref(engine);
    }
}
