/* What a host may ask of its engine and its stores: features, limits, no signals, an allocator that fails. In every tier. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/build.h"
#include "wasm.h"

/* Bytes; sanitizers take more. */
#if TEST_WITH_ADDRESS_SANITIZER || TEST_WITH_THREAD_SANITIZER
enum { SMALL_STACK = 1 << 20 };
#else
enum { SMALL_STACK = 64 * 1024 };
#endif

/*
(module
  (import "h" "f" (func $host (param i32) (result i32)))
  (memory (export "memory") 1)
  (table $t (export "table") 2 funcref)
  (func $spin (export "spin") (loop (br 0)))
  (func $deep (export "deep") (result i32) (i32.add (call $deep) (i32.const 1)))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "indirect") (param i32) (result i32) (call_indirect (result i32) (local.get 0)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "table grow") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0)))
  (func (export "sum") (param i32) (result i32) (local i32)
    (loop
      (local.set 1 (i32.add (local.get 1) (call $host (local.get 0))))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))
  (elem (i32.const 1) $deep)
  (data (i32.const 8) "data"))
*/
static const uint8_t guest[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x0d, 0x03, 0x60, 0x01, 0x7f, 0x01, 0x7f, 0x60, 0x00, 0x00, 0x60, 0x00, 0x01,
    0x7f, 0x02, 0x07, 0x01, 0x01, 0x68, 0x01, 0x66, 0x00, 0x00, 0x03, 0x08, 0x07, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x04,
    0x01, 0x70, 0x00, 0x02, 0x05, 0x03, 0x01, 0x00, 0x01, 0x07, 0x4c, 0x09, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00, 0x05,
    0x74, 0x61, 0x62, 0x6c, 0x65, 0x01, 0x00, 0x04, 0x73, 0x70, 0x69, 0x6e, 0x00, 0x01, 0x04, 0x64, 0x65, 0x65, 0x70, 0x00, 0x02, 0x04,
    0x6c, 0x6f, 0x61, 0x64, 0x00, 0x03, 0x08, 0x69, 0x6e, 0x64, 0x69, 0x72, 0x65, 0x63, 0x74, 0x00, 0x04, 0x04, 0x67, 0x72, 0x6f, 0x77,
    0x00, 0x05, 0x0a, 0x74, 0x61, 0x62, 0x6c, 0x65, 0x20, 0x67, 0x72, 0x6f, 0x77, 0x00, 0x06, 0x03, 0x73, 0x75, 0x6d, 0x00, 0x07, 0x09,
    0x07, 0x01, 0x00, 0x41, 0x01, 0x0b, 0x01, 0x02, 0x0a, 0x4e, 0x07, 0x07, 0x00, 0x03, 0x40, 0x0c, 0x00, 0x0b, 0x0b, 0x07, 0x00, 0x10,
    0x02, 0x41, 0x01, 0x6a, 0x0b, 0x07, 0x00, 0x20, 0x00, 0x28, 0x02, 0x00, 0x0b, 0x07, 0x00, 0x20, 0x00, 0x11, 0x02, 0x00, 0x0b, 0x06,
    0x00, 0x20, 0x00, 0x40, 0x00, 0x0b, 0x09, 0x00, 0xd0, 0x70, 0x20, 0x00, 0xfc, 0x0f, 0x00, 0x0b, 0x1b, 0x01, 0x01, 0x7f, 0x03, 0x40,
    0x20, 0x01, 0x20, 0x00, 0x10, 0x00, 0x6a, 0x21, 0x01, 0x20, 0x00, 0x41, 0x01, 0x6b, 0x22, 0x00, 0x0d, 0x00, 0x0b, 0x20, 0x01, 0x0b,
    0x0b, 0x0a, 0x01, 0x00, 0x41, 0x08, 0x0b, 0x04, 0x64, 0x61, 0x74, 0x61,
};

static const murre_valtype i32s[1] = {MURRE_I32};
static const struct murre_functype i32_to_i32 = {i32s, i32s, 1, 1};

static struct murre_trap *host(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)env, (void)caller;
    results[0].i32 = args[0].i32;
    return NULL;
}

struct world {
    struct murre_engine *engine;
    struct murre_module *module;
    struct murre_store *store;
    struct murre_instance *instance; /* NULL: limits refused it */
    struct murre_error error;
};

static struct murre_instance *instantiate(struct world *w) {
    struct murre_linker *linker = murre_linker_new(w->engine, NULL);
    cr_assert_eq(murre_linker_define_func(linker, "h", "f", &i32_to_i32, host, NULL, NULL), MURRE_OK);
    struct murre_instance *instance = murre_linker_instantiate(linker, w->store, w->module, NULL, &w->error);
    murre_linker_delete(linker);
    return instance;
}

static struct world world_new(const struct murre_config *config, const struct murre_store_limits *limits) {
    struct world w = {.engine = murre_engine_new(config, NULL)};
    cr_assert(w.engine);
    w.module = murre_module_new(w.engine, guest, sizeof guest, NULL);
    w.store = murre_store_new(w.engine, NULL);
    cr_assert(w.module && w.store);
    if (limits)
        murre_store_set_limits(w.store, limits);
    w.instance = instantiate(&w);
    return w;
}

static void world_delete(struct world *w) {
    murre_store_delete(w->store);
    murre_module_unref(w->module);
    murre_engine_unref(w->engine);
}

/* Calls an export with one argument. The result, or -1000 less the kind of trap. */
static int32_t call(struct world *w, const char *name, int32_t argument) {
    union murre_slot slots[1] = {{.i32 = argument}};
    struct murre_trap *trap = murre_func_call(w->store, test_func(w->instance, name), slots);
    int32_t result = trap ? -1000 - (int32_t)murre_trap_kind(trap) : slots[0].i32;
    murre_trap_delete(trap);
    return result;
}

static struct murre_config config_of(enum murre_tier tier) {
    struct murre_config config;
    murre_config_init(&config);
    config.tier = tier;
    config.entry_threshold = 2;
    config.loop_threshold = 10;
    return config;
}

/* ---- features -------------------------------------------------------------------------------------------------------------------- */

static enum murre_status load_with(const struct murre_config *config, struct builder b, struct murre_error *error) {
    struct murre_engine *engine = murre_engine_new(config, NULL);
    struct murre_module *module = murre_module_new(engine, b.bytes, b.size, error);
    build_free(&b);
    murre_module_unref(module);
    murre_engine_unref(engine);
    return module ? MURRE_OK : error->status;
}

static struct builder two_results(void) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 0, 2, 0x7f, 0x7f);
    build_whole(&b, SECTION_FUNCTION, 1, 0);
    build_whole(&b, SECTION_CODE, 1, 6, 0, 0x41, 0, 0x41, 0, 0x0b);
    return b;
}

Test(embed, features_are_switched_off_by_name) {
    struct murre_config config;
    murre_config_init(&config);
    struct murre_error error;
    cr_assert_eq(load_with(&config, two_results(), &error), MURRE_OK);
    cr_assert(murre_config_set_feature(&config, "multi-value", false));
    cr_assert_eq(load_with(&config, two_results(), &error), MURRE_ERROR_UNSUPPORTED);
    cr_assert(strstr(error.message, "multi-value"));
    cr_assert(murre_config_set_feature(&config, "multi-value", true));
    cr_assert_eq(load_with(&config, two_results(), &error), MURRE_OK);
    cr_assert(!murre_config_set_feature(&config, "gc", true));
    cr_assert(!murre_config_set_feature(&config, "", false));
}

/* Where no instruction of the feature's own tells: in types, in a second table, in a block's type, in a constant expression. */
Test(embed, features_are_seen_in_types_tables_blocks_and_constants) {
    struct {
        struct builder module;
        const char *feature;
    } cases[] = {
        {build_module(), "reference-types"},
        {build_module(), "reference-types"},
        {build_module(), "multi-value"},
        {build_module(), "extended-const"},
    };
    build_whole(&cases[0].module, SECTION_TYPE, 1, 0x60, 1, 0x6f, 0);
    build_whole(&cases[1].module, SECTION_TABLE, 2, 0x70, 0, 1, 0x70, 0, 1);
    build_whole(&cases[2].module, SECTION_TYPE, 1, 0x60, 0, 0);
    build_whole(&cases[2].module, SECTION_FUNCTION, 1, 0);
    build_whole(&cases[2].module, SECTION_CODE, 1, 5, 0, 0x02, 0, 0x0b, 0x0b);
    build_whole(&cases[3].module, SECTION_GLOBAL, 1, 0x7f, 0, 0x41, 1, 0x41, 2, 0x6a, 0x0b);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct murre_config config;
        struct murre_error error;
        murre_config_init(&config);
        struct murre_engine *engine = murre_engine_new(&config, NULL);
        struct murre_module *module = murre_module_new(engine, cases[i].module.bytes, cases[i].module.size, &error);
        cr_assert(module, "%zu: %s", i, error.message);
        const char *used = murre_module_feature(module, 0);
        cr_expect(used && strcmp(used, cases[i].feature) == 0, "%zu: %s must be listed", i, cases[i].feature);
        murre_module_unref(module);
        murre_engine_unref(engine);
        cr_assert(murre_config_set_feature(&config, cases[i].feature, false));
        cr_expect_eq(load_with(&config, cases[i].module, &error), MURRE_ERROR_UNSUPPORTED, "%zu: %s", i, cases[i].feature);
    }
}

Test(embed, every_feature_has_a_name_that_is_taken) {
    struct murre_config config;
    murre_config_init(&config);
    uint32_t count = 0;
    for (const char *name; (name = murre_feature_at(count)); count++)
        cr_assert(murre_config_set_feature(&config, name, false));
    cr_assert_gt(count, 5);
    struct murre_engine *engine = murre_engine_new(&config, NULL);
    cr_assert(engine);
    murre_engine_unref(engine);
    config.features_off = UINT32_MAX;
    cr_assert(!murre_engine_new(&config, NULL));
}

/* ---- what is told ----------------------------------------------------------------------------------------------------------------- */

static unsigned told;

static void count_compiled(void *context, enum murre_loglevel level, const char *line) {
    cr_assert_eq(context, &told);
    cr_assert_eq(level, MURRE_LOG_DEBUG);
    cr_assert(strstr(line, "compiled at level") && strstr(line, "working memory given back"), "%s", line);
    __atomic_fetch_add(&told, 1, __ATOMIC_SEQ_CST);
}

Test(embed, compilations_are_told_to_who_wants_to_know) {
    for (enum murre_loglevel level = MURRE_LOG_WARNING; murre_has_compiler() && level <= MURRE_LOG_DEBUG; level++) {
        struct murre_config config = config_of(MURRE_TIER_JIT);
        config.log = count_compiled;
        config.log_context = &told;
        config.log_level = level;
        struct world w = world_new(&config, NULL);
        cr_assert_eq(call(&w, "sum", 10), 55);
        world_delete(&w);
        cr_assert_eq(told > 0, level == MURRE_LOG_DEBUG);
    }
    struct murre_config config = config_of(MURRE_TIER_AUTO);
    config.log_level = MURRE_LOG_DEBUG + 1;
    cr_assert(!murre_engine_new(&config, NULL));
}

/* ---- limits ---------------------------------------------------------------------------------------------------------------------- */

Test(embed, memory_stays_within_the_stores_limit) {
    FOR_EACH_TIER(tier) {
        struct murre_config config = config_of(tier);
        struct murre_store_limits limits = {.memory_bytes = 3 * 65536};
        struct world w = world_new(&config, &limits);
        cr_assert_eq(call(&w, "grow", 1), 1);
        struct murre_memory *other = murre_memory_new(w.store, (struct murre_limits){.min = 1}, NULL);
        cr_assert(other);
        cr_assert_eq(call(&w, "grow", 1), -1);
        cr_assert_eq(call(&w, "grow", 0), 2);
        cr_assert_eq(murre_memory_grow(other, 1), UINT64_MAX);
        cr_assert(!murre_memory_new(w.store, (struct murre_limits){.min = 1}, &w.error));
        cr_assert_eq(w.error.status, MURRE_ERROR_LIMIT);
        cr_assert(murre_memory_new(w.store, (struct murre_limits){.min = 0}, NULL));
        limits.memories = 3;
        murre_store_set_limits(w.store, &limits);
        cr_assert(!murre_memory_new(w.store, (struct murre_limits){.min = 0}, NULL));
        murre_store_set_limits(w.store, &(struct murre_store_limits){0});
        cr_assert_eq(call(&w, "grow", 5), 2);
        world_delete(&w);
    }
}

Test(embed, tables_stay_within_the_stores_limit) {
    FOR_EACH_TIER(tier) {
        struct murre_config config = config_of(tier);
        struct world w = world_new(&config, &(struct murre_store_limits){.table_elements = 10, .tables = 2});
        cr_assert_eq(call(&w, "table grow", 5), 2);
        struct murre_table *other = murre_table_new(w.store, MURRE_EXTERNREF, (struct murre_limits){.min = 3}, NULL, NULL);
        cr_assert(other);
        cr_assert_eq(call(&w, "table grow", 1), -1);
        cr_assert_eq(murre_table_grow(other, 1, NULL), UINT64_MAX);
        cr_assert(!murre_table_new(w.store, MURRE_EXTERNREF, (struct murre_limits){.min = 0}, NULL, &w.error));
        cr_assert_eq(w.error.status, MURRE_ERROR_LIMIT);
        world_delete(&w);
    }
}

Test(embed, instances_are_counted_and_refused_whole) {
    struct murre_config config = config_of(MURRE_TIER_AUTO);
    struct world w = world_new(&config, &(struct murre_store_limits){.instances = 2, .tables = 2});
    cr_assert(instantiate(&w));
    cr_assert(!instantiate(&w));
    cr_assert_eq(w.error.status, MURRE_ERROR_LIMIT);
    world_delete(&w);
    w = world_new(&config, &(struct murre_store_limits){.memory_bytes = 1000});
    cr_assert(!w.instance);
    cr_assert_eq(w.error.status, MURRE_ERROR_LIMIT);
    murre_store_set_limits(w.store, &(struct murre_store_limits){.tables = 1});
    cr_assert(instantiate(&w)); /* nothing of the refused one is left */
    world_delete(&w);
}

Test(embed, the_stack_stays_within_the_stores_limit) {
    FOR_EACH_TIER(tier) {
        struct murre_config config = config_of(tier);
        struct world w = world_new(&config, NULL);
        uint32_t depths[2];
        for (int i = 0; i < 2; i++) {
            union murre_slot slots[1];
            struct murre_trap *trap = murre_func_call(w.store, test_func(w.instance, "deep"), slots);
            cr_assert(trap && murre_trap_kind(trap) == MURRE_TRAP_STACK);
            depths[i] = murre_trap_depth(trap);
            murre_trap_delete(trap);
            murre_store_set_limits(w.store, &(struct murre_store_limits){.stack_bytes = 32 * 1024});
        }
        cr_assert_gt(depths[1], 50);
        cr_assert_lt(depths[1], 5000);
        cr_assert_lt(depths[1], depths[0]);
        cr_assert_eq(call(&w, "sum", 10), 55);
        world_delete(&w);
    }
}

/* ---- no signals ------------------------------------------------------------------------------------------------------------------ */

static bool untouched(int number) {
    struct sigaction action;
    sigaction(number, NULL, &action);
    return action.sa_handler == SIG_DFL;
}

static struct world quiet_world(enum murre_tier tier) {
    /* Whoever runs the tests may have handlers. */
    signal(SIGSEGV, SIG_DFL);
    signal(SIGBUS, SIG_DFL);
    struct murre_config config = config_of(tier);
    config.no_signals = true;
    return world_new(&config, NULL);
}

static void expect_traps(struct world *w) {
    for (int round = 0; round < 20; round++) {
        cr_assert_eq(call(w, "load", 65536), -1000 - MURRE_TRAP_MEMORY_BOUNDS);
        cr_assert_eq(call(w, "load", -1), -1000 - MURRE_TRAP_MEMORY_BOUNDS);
        cr_assert_eq(call(w, "indirect", 0), -1000 - MURRE_TRAP_INDIRECT_NULL);
        cr_assert_eq(call(w, "load", 8), 0x61746164);
    }
    cr_assert_eq(call(w, "deep", 0), -1000 - MURRE_TRAP_STACK);
    cr_assert_eq(call(w, "sum", 100), 5050);
}

Test(embed, without_signals_no_handler_is_installed_and_traps_are_the_same) {
    FOR_EACH_TIER(tier) {
        struct world w = quiet_world(tier);
        expect_traps(&w);
        cr_assert(untouched(SIGSEGV) && untouched(SIGBUS) && untouched(SIGURG));
        world_delete(&w);
    }
    struct murre_config config = config_of(MURRE_TIER_AUTO);
    config.no_signals = true;
    config.bounds = MURRE_BOUNDS_GUARD;
    cr_assert(!murre_engine_new(&config, NULL));
}

static void *trap_in_thread(void *w) {
    expect_traps(w);
    return NULL;
}

Test(embed, small_stacks_do_with_and_without_signals) {
    FOR_EACH_TIER(tier)
    for (int quiet = 0; quiet < 2; quiet++) {
        struct murre_config config = config_of(tier);
        config.no_signals = quiet;
        struct world w = world_new(&config, NULL);
        pthread_t thread;
        pthread_attr_t attr;
        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, SMALL_STACK);
        cr_assert_eq(pthread_create(&thread, &attr, trap_in_thread, &w), 0);
        pthread_join(thread, NULL);
        pthread_attr_destroy(&attr);
        world_delete(&w);
    }
}

static void *interrupt_soon(void *store) {
    struct timespec time = {0, 30000000};
    nanosleep(&time, NULL);
    murre_store_interrupt(store);
    return NULL;
}

Test(embed, without_signals_loops_end_on_request_and_at_deadlines, .timeout = 60) {
    FOR_EACH_TIER(tier) {
        struct world w = quiet_world(tier);
        for (int round = 0; round < 2; round++) {
            pthread_t thread;
            cr_assert_eq(pthread_create(&thread, NULL, interrupt_soon, w.store), 0);
            cr_assert_eq(call(&w, "spin", 0), -1000 - MURRE_TRAP_INTERRUPT);
            pthread_join(thread, NULL);
            cr_assert_eq(murre_store_set_timeout(w.store, 20000000, NULL), MURRE_OK);
            cr_assert_eq(call(&w, "spin", 0), -1000 - MURRE_TRAP_INTERRUPT);
            cr_assert_eq(call(&w, "sum", 3), 6);
        }
        cr_assert_eq(murre_store_set_timeout(w.store, 1000000, NULL), MURRE_OK);
        cr_assert_eq(murre_store_set_timeout(w.store, 0, NULL), MURRE_OK);
        struct timespec time = {0, 5000000};
        nanosleep(&time, NULL);
        cr_assert_eq(call(&w, "sum", 3), 6); /* cancelled */
        cr_assert_eq(murre_store_set_timeout(w.store, 1000000, NULL), MURRE_OK);
        nanosleep(&time, NULL);
        cr_assert_eq(call(&w, "sum", 3), -1000 - MURRE_TRAP_INTERRUPT); /* passed meanwhile */
        cr_assert_eq(call(&w, "sum", 3), 6);
        cr_assert_eq(murre_store_set_timeout(w.store, 60000000000, NULL), MURRE_OK);
        murre_store_interrupt(w.store); /* does not end the deadline */
        cr_assert_eq(call(&w, "sum", 3), -1000 - MURRE_TRAP_INTERRUPT);
        cr_assert(untouched(SIGURG));
        world_delete(&w);
    }
}

/* ---- the standard C API ---------------------------------------------------------------------------------------------------------- */

Test(embed, the_standard_api_may_be_configured_and_limited) {
    FOR_EACH_TIER(tier) {
        wasm_config_t *config = wasm_config_new();
        murre_wasm_config(config)->tier = tier;
        cr_assert(murre_config_set_feature(murre_wasm_config(config), "multi-value", false));
        wasm_engine_t *engine = wasm_engine_new_with_config(config);
        wasm_store_t *store = wasm_store_new(engine);
        struct builder b = two_results();
        wasm_byte_vec_t binary = {b.size, (wasm_byte_t *)b.bytes};
        cr_assert(!wasm_module_validate(store, &binary));
        build_free(&b);
        murre_store_set_limits(murre_wasm_store(store), &(struct murre_store_limits){.memory_bytes = 65536});
        wasm_limits_t one_page = {1, wasm_limits_max_default};
        wasm_memorytype_t *type = wasm_memorytype_new(&one_page);
        wasm_memory_t *memory = wasm_memory_new(store, type);
        cr_assert(memory && !wasm_memory_grow(memory, 1) && !wasm_memory_new(store, type));
        wasm_memory_delete(memory);
        wasm_memorytype_delete(type);
        wasm_store_delete(store);
        wasm_engine_delete(engine);
    }
}

/* ---- memory that is short -------------------------------------------------------------------------------------------------------- */

struct budget {
    pthread_mutex_t lock; /* compile threads allocate as well */
    size_t count, fails_at, live;
};

/* One fails. */
static bool spend(struct budget *budget) {
    return budget->count++ != budget->fails_at;
}

static void *budget_alloc(void *context, size_t size) {
    struct budget *budget = context;
    pthread_mutex_lock(&budget->lock);
    void *block = spend(budget) ? malloc(size) : NULL;
    budget->live += block ? size : 0;
    pthread_mutex_unlock(&budget->lock);
    return block;
}

static void *budget_realloc(void *context, void *old, size_t old_size, size_t new_size) {
    struct budget *budget = context;
    pthread_mutex_lock(&budget->lock);
    void *block = spend(budget) ? realloc(old, new_size) : NULL;
    budget->live += block ? new_size - old_size : 0;
    pthread_mutex_unlock(&budget->lock);
    return block;
}

static void budget_free(void *context, void *block, size_t size) {
    struct budget *budget = context;
    pthread_mutex_lock(&budget->lock);
    budget->live -= block ? size : 0;
    pthread_mutex_unlock(&budget->lock);
    free(block);
}

/* Load, instantiate, compile, call. True when everything went through. What fails once for want of memory goes well the next time. */
static bool everything(struct murre_config *config) {
    struct murre_error error = {.status = MURRE_OK};
    struct murre_engine *engine = murre_engine_new(config, &error);
    struct murre_module *module = engine ? murre_module_new(engine, guest, sizeof guest, &error) : NULL;
    struct murre_store *store = module ? murre_store_new(engine, &error) : NULL;
    struct murre_linker *linker = store ? murre_linker_new(engine, &error) : NULL;
    struct murre_instance *instance = NULL;
    struct murre_trap *trap = NULL;
    if (linker && murre_linker_define_func(linker, "h", "f", &i32_to_i32, host, NULL, &error) == MURRE_OK)
        instance = murre_linker_instantiate(linker, store, module, &trap, &error);
    cr_assert(instance || error.status == MURRE_ERROR_MEMORY || (error.status == MURRE_ERROR_TRAP && trap), "%s", error.message);
    bool good = instance != NULL;
    if (instance) {
        struct murre_extern sum;
        cr_assert(murre_instance_export(instance, "sum", 3, &sum));
        for (int i = 0; i < 3; i++) {
            union murre_slot slots[1] = {{.i32 = 100}};
            trap = murre_func_call(store, sum.of.func, slots);
            cr_assert(trap ? good && murre_trap_kind(trap) == MURRE_TRAP_MEMORY : slots[0].i32 == 5050);
            good = good && !trap;
            murre_trap_delete(trap);
        }
    } else {
        murre_trap_delete(trap);
    }
    murre_linker_delete(linker);
    murre_store_delete(store);
    murre_module_unref(module);
    murre_engine_unref(engine);
    return good;
}

Test(embed, any_one_allocation_may_fail, .timeout = 120) {
    FOR_EACH_TIER(tier)
    for (int deferred = 0; deferred < 2; deferred++) {
        struct budget budget = {.lock = PTHREAD_MUTEX_INITIALIZER};
        struct murre_config config = config_of(tier);
        config.deferred_validation = deferred;
        config.allocator = (struct murre_allocator){budget_alloc, budget_realloc, budget_free, &budget};
        bool reached = true;
        for (budget.fails_at = 0; reached && budget.fails_at < 2000; budget.fails_at++) {
            budget.count = 0;
            bool good = everything(&config);
            cr_assert_eq(budget.live, 0);
            reached = budget.count > budget.fails_at;
            cr_assert(reached || good);
        }
        cr_assert(!reached, "so many allocations?");
    }
}

/* ---- mistakes of the embedder's ------------------------------------------------------------------------------------------------------ */

static struct murre_trap *deletes(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)env, (void)args, (void)results;
    murre_store_delete(murre_caller_store(caller));
    return NULL;
}

/* A module whose "f" calls the host's function. */
static struct murre_instance *calls_host(struct murre_engine *engine, struct murre_store *store, murre_host_fn fn) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 0, 0);
    build_whole(&b, SECTION_IMPORT, 1, 1, 'h', 1, 'f', 0, 0);
    build_whole(&b, SECTION_FUNCTION, 1, 0);
    build_whole(&b, SECTION_EXPORT, 1, 1, 'f', 0, 1);
    build_whole(&b, SECTION_CODE, 1, 4, 0, 0x10, 0, 0x0b);
    struct murre_module *module = test_module(engine, &b);
    struct murre_extern import = {.kind = MURRE_EXTERN_FUNC,
                                  .of.func = murre_func_new(store, &(struct murre_functype){0}, fn, NULL, NULL, NULL)};
    struct murre_instance *instance = murre_instance_new(store, module, &import, 1, NULL, NULL);
    cr_assert_not_null(instance);
    murre_module_unref(module);
    return instance;
}

Test(embed, a_function_is_called_in_its_own_store_only) {
    FOR_EACH_TIER(tier) {
        struct murre_engine *engine = test_engine(tier, MURRE_BOUNDS_AUTO);
        struct murre_store *store = murre_store_new(engine, NULL), *other = murre_store_new(engine, NULL);
        struct murre_func *funcs[] = {test_func(calls_host(engine, store, deletes), "f"),
                                      murre_func_new(store, &(struct murre_functype){0}, deletes, NULL, NULL, NULL)};
        for (uint32_t i = 0; i < 2; i++) {
            struct murre_trap *trap = murre_func_call(other, funcs[i], NULL);
            cr_assert_not_null(trap);
            cr_assert_str_eq(murre_trap_message(trap), "the function belongs to another store");
            murre_trap_delete(trap);
        }
        murre_store_delete(other);
        murre_store_delete(store);
        murre_engine_unref(engine);
    }
}

Test(embed, a_store_is_not_deleted_while_it_runs, .signal = SIGABRT) {
    struct murre_engine *engine = test_engine(MURRE_TIER_AUTO, MURRE_BOUNDS_AUTO);
    struct murre_store *store = murre_store_new(engine, NULL);
    murre_trap_delete(murre_func_call(store, test_func(calls_host(engine, store, deletes), "f"), NULL));
}

Test(embed, a_linker_takes_no_types_that_there_are_none_of) {
    struct murre_engine *engine = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO);
    struct murre_linker *linker = murre_linker_new(engine, NULL);
    struct murre_functype type = {.params = (const murre_valtype[]){5}, .param_count = 1};
    struct murre_error error;
    cr_assert_eq(murre_linker_define_func(linker, "h", "f", &type, deletes, NULL, &error), MURRE_ERROR_ARGUMENT);
    cr_assert_str_eq(error.message, "parameter 0: no such type");
    murre_linker_delete(linker);
    murre_engine_unref(engine);
}
