/* See tier_fake.h. */
#include "unit/tier_fake.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "support/build.h"

enum { I32 = 0x7f };

struct fake fake = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* ---- the compiler ---- */

/* "Compiled" code: what the functions of climb_module compute, told apart by what is added. */
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
static void *fake_compile(void *worker, struct murre_module *module, uint32_t func_index, uint32_t loop, int level, size_t *memory,
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
    fake.memory[fake.compiled % 64] = *memory;
    fake.compiled++;
    fake.compiling--;
    bool short_of_memory = *memory < fake.wants;
    bool refuse = short_of_memory || fake.refuse || cancelled || (fake.refuse_high && level > 1);
    pthread_cond_broadcast(&fake.changed);
    pthread_mutex_unlock(&fake.lock);
    if (short_of_memory)
        *memory = 0;
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
};

/* ---- what the test asks of it ---- */

void fake_hold(bool held) {
    pthread_mutex_lock(&fake.lock);
    fake.held = held;
    pthread_cond_broadcast(&fake.changed);
    pthread_mutex_unlock(&fake.lock);
}

void fake_refuse_all(bool refuse) {
    pthread_mutex_lock(&fake.lock);
    fake.refuse = refuse;
    pthread_mutex_unlock(&fake.lock);
}

unsigned fake_compiled(void) {
    pthread_mutex_lock(&fake.lock);
    unsigned count = fake.compiled;
    pthread_mutex_unlock(&fake.lock);
    return count;
}

void fake_run_until_cancelled(bool run) {
    pthread_mutex_lock(&fake.lock);
    fake.until_cancelled = run;
    pthread_mutex_unlock(&fake.lock);
}

void fake_wait_for(const unsigned *counter, unsigned value) {
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

void fake_count_warning(void *context, enum murre_loglevel level, const char *line) {
    (void)context;
    cr_assert_eq(level, MURRE_LOG_WARNING);
    cr_assert_not_null(strstr(line, "not today"));
    pthread_mutex_lock(&fake.lock);
    fake.warnings++;
    pthread_cond_broadcast(&fake.changed);
    pthread_mutex_unlock(&fake.lock);
}

struct murre_engine *fake_engine(enum murre_tier tier, uint32_t threads, int level) {
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

/* ---- what climbs ---- */

struct murre_module *climb_module(struct murre_engine *engine, uint32_t count, const uint32_t *padding) {
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
    return test_module(engine, &b);
}

void climb_enter(struct climb *c) {
    c->store = murre_store_new(c->engine, NULL);
    cr_assert_not_null(c->store);
    c->instance = murre_instance_new(c->store, c->module, NULL, 0, NULL, NULL);
    cr_assert_not_null(c->instance);
}

void climb_leave(struct climb *c) {
    murre_store_delete(c->store);
    c->store = NULL;
    c->instance = NULL;
}

struct climb climb_begin(enum murre_tier tier, uint32_t threads, int level, uint32_t count, const uint32_t *padding) {
    struct climb c = {.engine = fake_engine(tier, threads, level)};
    c.module = climb_module(c.engine, count, padding);
    climb_enter(&c);
    return c;
}

void climb_end(struct climb *c) {
    murre_module_unref(c->module);
    climb_leave(c);
    murre_engine_unref(c->engine);
}

uint32_t climb_call(const struct climb *c, const char *name, uint32_t a) {
    union murre_slot slot = {.u32 = a};
    cr_assert_null(murre_func_call(c->store, test_func(c->instance, name), &slot));
    return slot.u32;
}

void climb_heat(const struct climb *c, const char *name, unsigned calls) {
    for (unsigned i = 0; i < calls; i++)
        climb_call(c, name, i);
}

void climb_until(const struct climb *c, const char *name, uint32_t result) {
    for (unsigned i = 0; i < 10000 && climb_call(c, name, 0) != result; i++) {
        struct timespec pause = {0, 1000000};
        nanosleep(&pause, NULL);
    }
    cr_assert_eq(climb_call(c, name, 0), result);
}

struct murre_stats climb_stats(const struct climb *c) {
    struct murre_stats stats;
    murre_engine_stats(c->engine, &stats);
    return stats;
}
