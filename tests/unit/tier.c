/* How functions climb, with a compiler that the test plays: its code is C functions of the native convention. */
#include "runtime/tier.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/build.h"
#include "support/space.h"

enum { I32 = 0x7f };

/* ---- the compiler that the test plays ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool held;                /* compilations wait while it is set */
    bool refuse, refuse_high; /* all, or what is compiled a second time */
    enum murre_status status; /* with which; MURRE_OK stands for MURRE_ERROR_LIMIT */
    const atomic_bool *cancel;
    bool until_cancelled; /* compilations run until then, and are refused */
    bool child;           /* a process without the compile threads */
    unsigned compiling, compiled, workers, dropped;
    uint32_t order[64]; /* functions in the order of their compilation; loops with 1000 added */
    int levels[64];
} fake = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* "Compiled" code: what the module's functions compute, plus 1000 so that it can be told apart. */
static uint64_t fake_code(struct murre_func *func, uint64_t a) {
    (void)func;
    return (uint32_t)a + 1000 + 1;
}
static uint64_t fake_high_code(struct murre_func *func, uint64_t a) {
    (void)func;
    return (uint32_t)a + 2000 + 1;
}
static uint64_t fake_loop(struct murre_func *func, union murre_slot *frame) {
    (void)func;
    return frame[0].u32 + 100000;
}

static void *fake_worker_new(void *jit, const atomic_bool *cancel) {
    (void)jit;
    pthread_mutex_lock(&fake.lock);
    fake.cancel = cancel;
    fake.workers++;
    pthread_mutex_unlock(&fake.lock);
    return &fake;
}
static void fake_worker_delete(void *worker) {
    (void)worker;
    pthread_mutex_lock(&fake.lock);
    fake.workers--;
    pthread_mutex_unlock(&fake.lock);
}
static void *fake_compile(void *worker, struct murre_module *module, uint32_t func_index, uint32_t loop, int level,
                          struct murre_error *error) {
    (void)worker, (void)module;
    pthread_mutex_lock(&fake.lock);
    fake.compiling++;
    pthread_cond_broadcast(&fake.changed);
    while (fake.held)
        pthread_cond_wait(&fake.changed, &fake.lock);
    bool cancelled = fake.until_cancelled;
    while (cancelled && !atomic_load(fake.cancel)) {
        pthread_mutex_unlock(&fake.lock);
        sched_yield();
        pthread_mutex_lock(&fake.lock);
    }
    fake.order[fake.compiled % 64] = func_index + (loop == UINT32_MAX ? 0 : 1000);
    fake.levels[fake.compiled % 64] = level;
    fake.compiled++;
    fake.compiling--;
    bool refuse = fake.refuse || cancelled || (fake.refuse_high && level > 1);
    pthread_cond_broadcast(&fake.changed);
    pthread_mutex_unlock(&fake.lock);
    if (refuse) {
        error->status = fake.status ? fake.status : MURRE_ERROR_LIMIT;
        snprintf(error->message, sizeof error->message, "not today");
        return NULL;
    }
    return loop != UINT32_MAX ? (void *)fake_loop : level > 1 ? (void *)fake_high_code : (void *)fake_code;
}
static void fake_drop_module(void *jit, struct murre_module *module) {
    (void)jit, (void)module;
    pthread_mutex_lock(&fake.lock);
    cr_assert_eq(fake.compiling, 0, "dropped while it is being compiled");
    fake.dropped++;
    pthread_mutex_unlock(&fake.lock);
}
static bool fake_find(void *jit, uintptr_t pc, struct murre_code_place *place) {
    (void)jit, (void)pc, (void)place;
    return false;
}
static uint64_t fake_offset(void *jit, uintptr_t pc) {
    (void)jit, (void)pc;
    return MURRE_NO_OFFSET;
}
static void fake_stop(void *jit) {
    (void)jit;
    if (!fake.child)
        cr_assert_eq(fake.workers, 0);
}
static const struct murre_jit_ops fake_ops = {
    .stop = fake_stop,
    .worker_new = fake_worker_new,
    .worker_delete = fake_worker_delete,
    .compile = fake_compile,
    .drop_module = fake_drop_module,
    .find = fake_find,
    .offset = fake_offset,
};

static void hold(bool held) {
    pthread_mutex_lock(&fake.lock);
    fake.held = held;
    pthread_cond_broadcast(&fake.changed);
    pthread_mutex_unlock(&fake.lock);
}

static void refuse_all(bool value) {
    pthread_mutex_lock(&fake.lock);
    fake.refuse = value;
    pthread_mutex_unlock(&fake.lock);
}

static unsigned compiled(void) {
    pthread_mutex_lock(&fake.lock);
    unsigned count = fake.compiled;
    pthread_mutex_unlock(&fake.lock);
    return count;
}

static void run_until_cancelled(bool value) {
    pthread_mutex_lock(&fake.lock);
    fake.until_cancelled = value;
    pthread_mutex_unlock(&fake.lock);
}

static void wait_for(const unsigned *counter, unsigned value) {
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 20;
    pthread_mutex_lock(&fake.lock);
    int status = 0;
    while (*counter < value && status == 0)
        status = pthread_cond_timedwait(&fake.changed, &fake.lock, &end);
    pthread_mutex_unlock(&fake.lock);
    cr_assert_eq(status, 0, "nothing was compiled");
}

static struct murre_engine *fake_engine(enum murre_tier tier, uint32_t threads, int level) {
    struct murre_config config;
    murre_config_init(&config);
    config.tier = MURRE_TIER_INTERP;
    config.entry_threshold = 10;
    config.loop_threshold = 10;
    config.compile_threads = threads;
    config.opt_level = level;
    struct murre_engine *engine = murre_engine_new(&config, NULL);
    cr_assert_not_null(engine);
    murre_tier_stop(engine);
    engine->config.tier = tier;
    engine->jit_ops = &fake_ops;
    engine->jit = &fake;
    cr_assert_eq(murre_tier_start(engine, NULL), MURRE_OK);
    return engine;
}

/* ---- modules ---- */

/* count functions of type i32 to i32, exported as "a", "b"…, each adding 1, with padding[i] times "nop; nop" before. The last loops n times and
 * returns n. */
static struct builder climb_module(uint32_t count, const uint32_t *padding) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 1, I32, 1, I32);
    build_section(&b, SECTION_FUNCTION);
    build_u32(&b, count + 1);
    for (uint32_t i = 0; i <= count; i++)
        build(&b, 0);
    build_close(&b);
    build_section(&b, SECTION_EXPORT);
    build_u32(&b, count + 1);
    for (uint32_t i = 0; i <= count; i++)
        build(&b, 1, (uint8_t)('a' + i), 0, (uint8_t)i);
    build_close(&b);
    build_section(&b, SECTION_CODE);
    build_u32(&b, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        build_body(&b);
        build(&b, 0);
        for (uint32_t n = 0; padding && n < padding[i]; n++)
            build(&b, 0x01, 0x01);
        build(&b, 0x20, 0, 0x41, 1, 0x6a, 0x0b);
        build_close(&b);
    }
    build_body(&b);
    build(&b, 1, 1, I32, 0x03, 0x40, 0x20, 1, 0x41, 1, 0x6a, 0x22, 1, 0x20, 0, 0x48, 0x0d, 0, 0x0b, 0x20, 1, 0x0b);
    build_close(&b);
    build_close(&b);
    return b;
}

static struct murre_instance *instance_of(struct murre_engine *engine, struct murre_module *module, struct murre_store **store) {
    *store = murre_store_new(engine, NULL);
    cr_assert_not_null(*store);
    struct murre_instance *instance = murre_instance_new(*store, module, NULL, 0, NULL, NULL);
    cr_assert_not_null(instance);
    return instance;
}

static uint32_t call(struct murre_store *store, struct murre_instance *instance, const char *name, uint32_t a) {
    union murre_slot slot = {.u32 = a};
    cr_assert_null(murre_func_call(store, test_func(instance, name), &slot));
    return slot.u32;
}

static void heat(struct murre_store *store, struct murre_instance *instance, const char *name, unsigned calls) {
    for (unsigned i = 0; i < calls; i++)
        call(store, instance, name, i);
}

static void until_result(struct murre_store *store, struct murre_instance *instance, const char *name, uint32_t result) {
    for (unsigned i = 0; i < 10000 && call(store, instance, name, 0) != result; i++) {
        struct timespec pause = {0, 1000000};
        nanosleep(&pause, NULL);
    }
    cr_assert_eq(call(store, instance, name, 0), result);
}

/* ---- tests ---- */

Test(tier, a_hot_function_is_compiled_for_all_instances) {
    struct murre_engine *engine = fake_engine(MURRE_TIER_AUTO, 1, 1);
    struct builder b = climb_module(2, NULL);
    struct murre_module *module = test_module(engine, &b);
    struct murre_store *one, *two, *three;
    struct murre_instance *first = instance_of(engine, module, &one), *second = instance_of(engine, module, &two);
    heat(one, first, "a", 5);
    cr_assert_eq(fake.compiled, 0);
    heat(one, first, "a", 20);
    until_result(one, first, "a", 1001);
    cr_assert_eq(call(two, second, "a", 5), 1006, "in the other store, too");
    struct murre_instance *third = instance_of(engine, module, &three);
    cr_assert_eq(call(three, third, "a", 5), 1006, "and in one that comes later");
    cr_assert_eq(call(one, first, "b", 5), 6, "but not the cold function");
    struct murre_stats stats;
    murre_engine_stats(engine, &stats);
    cr_assert_eq(stats.functions_compiled, 1);
    cr_assert_eq(stats.functions_refused, 0);
    murre_module_unref(module);
    murre_store_delete(one);
    murre_store_delete(two);
    cr_assert_eq(fake.dropped, 0);
    murre_store_delete(three);
    cr_assert_eq(fake.dropped, 1);
    murre_engine_unref(engine);
}

Test(tier, a_hot_loop_is_left_in_the_middle) {
    struct murre_engine *engine = fake_engine(MURRE_TIER_AUTO, 1, -1);
    struct builder b = climb_module(0, NULL);
    struct murre_module *module = test_module(engine, &b);
    struct murre_store *store;
    struct murre_instance *instance = instance_of(engine, module, &store);
    cr_assert_eq(call(store, instance, "a", 5), 5);
    /* The loop goes on until its compiled entry is there, which then returns n + 100000. */
    cr_assert_eq(call(store, instance, "a", 2000000000), 2000100000);
    struct murre_stats stats;
    murre_engine_stats(engine, &stats);
    cr_assert_eq(stats.loops_entered, 1);
    cr_assert_eq(fake.order[0], 1000);
    murre_module_unref(module);
    murre_store_delete(store);
    murre_engine_unref(engine);
}

static unsigned log_lines;
static void count_line(void *context, enum murre_loglevel level, const char *line) {
    (void)context;
    cr_assert_eq(level, MURRE_LOG_WARNING);
    cr_assert_not_null(strstr(line, "not today"));
    pthread_mutex_lock(&fake.lock);
    log_lines++;
    pthread_cond_broadcast(&fake.changed);
    pthread_mutex_unlock(&fake.lock);
}

Test(tier, what_is_refused_stays_interpreted) {
    struct murre_engine *engine = fake_engine(MURRE_TIER_AUTO, 1, -1);
    engine->config.log = count_line;
    struct builder b = climb_module(1, NULL);
    struct murre_module *module = test_module(engine, &b);
    struct murre_store *store;
    struct murre_instance *instance = instance_of(engine, module, &store);
    fake.refuse = true;
    heat(store, instance, "a", 20);
    wait_for(&fake.compiled, 1);
    cr_assert_eq(call(store, instance, "b", 1000), 1000);
    wait_for(&log_lines, 2);
    heat(store, instance, "a", 100);
    cr_assert_eq(call(store, instance, "b", 1000), 1000);
    cr_assert_eq(atomic_load(&module->codes[0].refused), MURRE_ERROR_LIMIT);
    cr_assert_eq(atomic_load(&atomic_load(&module->codes[1].osr)->refused), MURRE_ERROR_LIMIT);
    murre_module_unref(module);
    murre_store_delete(store);
    cr_assert_eq(fake.compiled, 2, "nothing is asked for twice");
    cr_assert_eq(log_lines, 2);
    struct murre_stats stats;
    murre_engine_stats(engine, &stats);
    cr_assert_eq(stats.functions_refused, 1);
    murre_engine_unref(engine);
}

static void until_equal(const _Atomic uint8_t *value, uint8_t wanted) {
    for (unsigned i = 0; i < 10000 && atomic_load(value) != wanted; i++) {
        struct timespec pause = {0, 1000000};
        nanosleep(&pause, NULL);
    }
    cr_assert_eq(atomic_load(value), wanted);
}

Test(tier, what_memory_was_short_for_is_asked_for_again, .timeout = 60) {
    struct murre_engine *engine = fake_engine(MURRE_TIER_AUTO, 1, 1);
    struct builder b = climb_module(2, NULL);
    struct murre_module *module = test_module(engine, &b);
    struct murre_store *store;
    struct murre_instance *instance = instance_of(engine, module, &store);
    struct murre_stats stats;
    fake.refuse = true;
    fake.status = MURRE_ERROR_MEMORY;
    heat(store, instance, "a", 10);
    until_equal(&module->codes[0].refused, MURRE_ERROR_MEMORY);
    until_equal(&module->codes[0].queued, 0);
    cr_assert_eq(call(store, instance, "c", 20), 20);
    struct murre_osr *loop = atomic_load(&module->codes[2].osr);
    until_equal(&loop->refused, MURRE_ERROR_MEMORY);
    until_equal(&loop->asked, 0);
    murre_engine_stats(engine, &stats);
    cr_assert(stats.functions_refused == 1 && stats.functions_compiled == 0);
    refuse_all(false);
    until_result(store, instance, "a", 1001);
    uint32_t result = call(store, instance, "c", 300);
    cr_assert(result == 300 || result == 100300, "%u", (unsigned)result);
    for (int i = 0; i < 10000 && !atomic_load(&loop->entry); i++)
        sched_yield();
    cr_assert_eq(call(store, instance, "c", 300), 100300);
    murre_engine_stats(engine, &stats);
    cr_assert(stats.functions_refused == 0 && stats.functions_compiled == 1);
    /* But not for ever. */
    refuse_all(true);
    unsigned before = compiled();
    for (int i = 0; i < 300; i++) {
        heat(store, instance, "b", 10);
        until_equal(&module->codes[1].queued, 0);
    }
    cr_assert_eq(compiled() - before, 8, "%u times", compiled() - before);
    murre_module_unref(module);
    murre_store_delete(store);
    murre_engine_unref(engine);
}

Test(tier, the_hotter_and_the_smaller_go_first) {
    struct murre_engine *engine = fake_engine(MURRE_TIER_AUTO, 1, 2);
    static const uint32_t padding[] = {0, 5000, 0, 0};
    struct builder b = climb_module(4, padding);
    struct murre_module *module = test_module(engine, &b);
    struct murre_store *store;
    struct murre_instance *instance = instance_of(engine, module, &store);
    hold(true);
    heat(store, instance, "a", 20);
    wait_for(&fake.compiling, 1);
    heat(store, instance, "b", 20);  /* large */
    heat(store, instance, "c", 20);  /* small */
    heat(store, instance, "d", 200); /* small and hot */
    hold(false);
    wait_for(&fake.compiled, 4);
    static const uint32_t order[] = {0, 3, 2, 1};
    for (unsigned i = 0; i < 4; i++)
        cr_assert_eq(fake.order[i], order[i], "%u: %u", i, fake.order[i]);
    murre_module_unref(module);
    murre_store_delete(store);
    murre_engine_unref(engine);
}

Test(tier, a_large_function_rises_a_second_time) {
    struct murre_engine *engine = fake_engine(MURRE_TIER_AUTO, 1, -1);
    static const uint32_t padding[] = {0, 10000};
    struct builder b = climb_module(2, padding);
    struct murre_module *module = test_module(engine, &b);
    struct murre_store *store;
    struct murre_instance *instance = instance_of(engine, module, &store);
    heat(store, instance, "a", 20);
    wait_for(&fake.compiled, 1);
    cr_assert_eq(fake.levels[0], 2, "a small one is compiled well at once");
    heat(store, instance, "b", 200); /* in proportion to its size */
    wait_for(&fake.compiled, 3);
    cr_assert_eq(fake.order[1], 1);
    cr_assert_eq(fake.levels[1], 1);
    cr_assert_eq(fake.order[2], 1);
    cr_assert_eq(fake.levels[2], 2);
    until_result(store, instance, "b", 2001);
    struct murre_stats stats;
    murre_engine_stats(engine, &stats);
    cr_assert_eq(stats.functions_compiled, 2, "counted once");
    murre_module_unref(module);
    murre_store_delete(store);
    murre_engine_unref(engine);
}

static unsigned refused_again;
static void count_refused_again(void *context, enum murre_loglevel level, const char *line) {
    (void)context;
    if (level == MURRE_LOG_INFO && strstr(line, "not compiled again at level 2: not today"))
        __atomic_fetch_add(&refused_again, 1, __ATOMIC_SEQ_CST);
}

Test(tier, a_second_compilation_that_is_refused_is_told_to_who_wants_to_know, .timeout = 60) {
    static const uint32_t padding[] = {10000};
    fake.refuse_high = true;
    for (int level = MURRE_LOG_WARNING; level <= MURRE_LOG_INFO; level++) {
        struct murre_engine *engine = fake_engine(MURRE_TIER_AUTO, 1, -1);
        engine->config.log = count_refused_again;
        engine->config.log_level = (enum murre_loglevel)level;
        struct builder b = climb_module(1, padding);
        struct murre_module *module = test_module(engine, &b);
        struct murre_store *store;
        struct murre_instance *instance = instance_of(engine, module, &store);
        unsigned before = fake.compiled;
        heat(store, instance, "a", 200);
        wait_for(&fake.compiled, before + 2);
        while (level == MURRE_LOG_INFO && !__atomic_load_n(&refused_again, __ATOMIC_SEQ_CST))
            sched_yield();
        murre_module_unref(module);
        murre_store_delete(store);
        murre_engine_unref(engine);
        cr_assert_eq(refused_again, level == MURRE_LOG_INFO);
    }
}

Test(tier, a_second_compilation_makes_way, .timeout = 60) {
    struct murre_engine *engine = fake_engine(MURRE_TIER_AUTO, 1, -1);
    static const uint32_t padding[] = {0, 5000};
    struct builder b = climb_module(2, padding);
    struct murre_module *module = test_module(engine, &b);
    struct murre_store *store;
    struct murre_instance *instance = instance_of(engine, module, &store);
    heat(store, instance, "b", 20);
    wait_for(&fake.compiled, 1);
    run_until_cancelled(true); /* it rises until somebody asks for something else */
    wait_for(&fake.compiling, 1);
    run_until_cancelled(false);
    struct timespec pause = {0, 1000000};
    nanosleep(&pause, NULL);
    heat(store, instance, "a", 20);
    until_result(store, instance, "a", 2001);
    until_result(store, instance, "b", 2001);
    murre_module_unref(module);
    murre_store_delete(store);
    murre_engine_unref(engine);
}

static void *drop(void *module) {
    murre_module_unref(module);
    return NULL;
}

Test(tier, a_module_may_go_while_it_is_compiled) {
    for (unsigned round = 0; round < 20; round++) {
        struct murre_engine *engine = fake_engine(MURRE_TIER_AUTO, 2, -1);
        struct builder b = climb_module(5, NULL);
        struct murre_module *module = test_module(engine, &b);
        struct murre_store *store;
        struct murre_instance *instance = instance_of(engine, module, &store);
        unsigned before = fake.compiled, dropped = fake.dropped;
        hold(true);
        static const char *const names[] = {"a", "b", "c", "d", "e"};
        for (unsigned i = 0; i < 5; i++)
            heat(store, instance, names[i], 20);
        wait_for(&fake.compiling, 2);
        murre_store_delete(store);
        pthread_t dropper;
        cr_assert_eq(pthread_create(&dropper, NULL, drop, module), 0);
        struct timespec pause = {0, 2000000};
        nanosleep(&pause, NULL);
        cr_assert_eq(fake.dropped, dropped, "it waits");
        hold(false);
        pthread_join(dropper, NULL);
        cr_assert_eq(fake.dropped, dropped + 1);
        cr_assert_leq(fake.compiled - before, 5);
        murre_engine_unref(engine);
        cr_assert_eq(fake.workers, 0);
    }
}

Test(tier, what_nobody_waits_for_is_cancelled, .timeout = 60) {
    for (unsigned round = 0; round < 2; round++) {
        struct murre_engine *engine = fake_engine(MURRE_TIER_AUTO, 1, -1);
        engine->config.log = count_line;
        struct builder b = climb_module(2, NULL);
        struct murre_module *module = test_module(engine, &b), *other = NULL;
        struct murre_store *store;
        struct murre_instance *instance = instance_of(engine, module, &store);
        log_lines = 0;
        run_until_cancelled(true);
        heat(store, instance, "a", 20);
        heat(store, instance, "b", 20);
        murre_store_delete(store);
        if (round == 0) {
            /* The engine lives on, and compiles for another module. */
            murre_module_unref(module);
            run_until_cancelled(false);
            b = climb_module(1, NULL);
            other = test_module(engine, &b);
            instance = instance_of(engine, other, &store);
            heat(store, instance, "a", 20);
            until_result(store, instance, "a", 2001);
            murre_store_delete(store);
        }
        murre_module_unref(round == 0 ? other : module);
        struct murre_stats stats;
        murre_engine_stats(engine, &stats);
        cr_assert_eq(stats.functions_refused, 0);
        cr_assert_eq(log_lines, 0);
        murre_engine_unref(engine);
        run_until_cancelled(false);
    }
}

Test(tier, in_tier_jit_nothing_runs_before_it_is_compiled) {
    struct murre_engine *engine = fake_engine(MURRE_TIER_JIT, 1, 1);
    struct builder b = climb_module(2, NULL);
    struct murre_module *module = test_module(engine, &b);
    struct murre_store *store;
    struct murre_instance *instance = instance_of(engine, module, &store);
    cr_assert_eq(call(store, instance, "a", 1), 1002);
    cr_assert_eq(fake.compiled, 1);
    cr_assert_eq(call(store, instance, "a", 2), 1003);
    cr_assert_eq(fake.compiled, 1);
    fake.refuse = true;
    cr_assert_eq(call(store, instance, "b", 1), 2, "but for what is refused");
    cr_assert_eq(call(store, instance, "b", 1), 2);
    cr_assert_eq(fake.compiled, 2);
    struct murre_stats stats;
    murre_engine_stats(engine, &stats);
    cr_assert_eq(stats.functions_refused, 1);
    murre_module_unref(module);
    murre_store_delete(store);
    murre_engine_unref(engine);
}

Test(tier, nobody_waits_for_a_compilation_beyond_the_deadline, .timeout = 60) {
    struct murre_engine *engine = fake_engine(MURRE_TIER_JIT, 1, 1);
    struct builder b = climb_module(1, NULL);
    struct murre_module *module = test_module(engine, &b);
    struct murre_store *store;
    struct murre_instance *instance = instance_of(engine, module, &store);
    hold(true);
    cr_assert_eq(murre_store_set_timeout(store, 20000000, NULL), MURRE_OK);
    union murre_slot slot = {.u32 = 1};
    struct murre_trap *trap = murre_func_call(store, test_func(instance, "a"), &slot);
    cr_assert(trap && murre_trap_kind(trap) == MURRE_TRAP_INTERRUPT);
    murre_trap_delete(trap);
    cr_assert_eq(fake.compiled, 0);
    hold(false);
    wait_for(&fake.compiled, 1);
    cr_assert_eq(call(store, instance, "a", 1), 1002);
    murre_module_unref(module);
    murre_store_delete(store);
    murre_engine_unref(engine);
}

static int status_in_child(void (*act)(struct murre_engine *, struct murre_module *), struct murre_engine *engine,
                           struct murre_module *module) {
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        fake.child = true;
        act(engine, module);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    return status;
}

static void live_in_child(struct murre_engine *engine, struct murre_module *module) {
    struct murre_store *store;
    struct murre_instance *instance = instance_of(engine, module, &store);
    if (call(store, instance, "a", 1) != 1002 || call(store, instance, "b", 1) != 2)
        _exit(1);
    heat(store, instance, "b", 100);
    if (call(store, instance, "b", 1) != 2 || call(store, instance, "c", 100) != 100)
        _exit(2);
    murre_store_delete(store);
    murre_module_unref(module);
    murre_engine_unref(engine);
}

Test(tier, a_child_process_goes_on_without_compile_threads) {
    struct murre_engine *engine = fake_engine(MURRE_TIER_AUTO, 1, 1);
    struct builder b = climb_module(2, NULL);
    struct murre_module *module = test_module(engine, &b);
    struct murre_store *store;
    struct murre_instance *instance = instance_of(engine, module, &store);
    heat(store, instance, "a", 20);
    until_result(store, instance, "a", 1001);
    murre_store_delete(store);
    /* While a compile thread holds every lock that it may hold. */
    pthread_mutex_lock(&engine->lock);
    int status = status_in_child(live_in_child, engine, module);
    pthread_mutex_unlock(&engine->lock);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
    murre_module_unref(module);
    murre_engine_unref(engine);
}

static void *wait_for_ever(void *unused) {
    for (;;)
        pause();
    return unused;
}

/* The C library keeps stacks of threads that have ended (after fork: of all threads): they would do without new address space. */
static void use_up_stacks_at_rest(void) {
    static const size_t sizes[] = {256 << 10, 512 << 10, 1 << 20, 2 << 20, 4 << 20, 8 << 20, 16 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        pthread_attr_t attr;
        pthread_t thread;
        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, sizes[i]);
        while (pthread_create(&thread, &attr, wait_for_ever, NULL) == 0)
            ;
        pthread_attr_destroy(&attr);
    }
}

static bool told_of_threads;
static void look_for_threads(void *context, enum murre_loglevel level, const char *line) {
    (void)context;
    told_of_threads |= level == MURRE_LOG_WARNING && strstr(line, "0 of 1 compile threads") != NULL;
}

static void live_without_threads(struct murre_engine *engine, struct murre_module *module) {
    engine->config.log = look_for_threads;
    struct murre_store *store;
    struct murre_instance *instance = instance_of(engine, module, &store);
    heat(store, instance, "a", 9);
    test_shorten_space(0);
    use_up_stacks_at_rest();
    heat(store, instance, "a", 100);
    if (call(store, instance, "a", 1) != 2)
        _exit(1);
    if (!told_of_threads)
        _exit(2);
    murre_store_delete(store);
    murre_module_unref(module);
    murre_engine_unref(engine);
}

Test(tier, without_a_thread_everything_stays_interpreted, .disabled = TEST_WITH_ADDRESS_SANITIZER) {
    struct murre_engine *engine = fake_engine(MURRE_TIER_AUTO, 1, 1);
    struct builder b = climb_module(2, NULL);
    struct murre_module *module = test_module(engine, &b);
    int status = status_in_child(live_without_threads, engine, module);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
    murre_module_unref(module);
    murre_engine_unref(engine);
}
