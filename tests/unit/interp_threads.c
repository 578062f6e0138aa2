/* Register code is shared: several threads, each with a store of its own, call the functions of one module for the first time at once. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>

#include "interp/regcode.h"
#include "support/build.h"

enum { FUNCTIONS = 120, THREADS = 4, ROUNDS = 20 };

/* f(n) of function i is i + f(n) of function i + 1; the last one returns n. "f" is the first. Function 60 is invalid if wanted. */
static struct builder chain(bool broken) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 1, 0x7e, 1, 0x7e);
    build_section(&b, SECTION_FUNCTION);
    build_u32(&b, FUNCTIONS);
    for (int i = 0; i < FUNCTIONS; i++)
        build(&b, 0);
    build_close(&b);
    build_section(&b, SECTION_EXPORT);
    build(&b, 1);
    build_name(&b, "f");
    build(&b, 0, 0);
    build_close(&b);
    build_section(&b, SECTION_CODE);
    build_u32(&b, FUNCTIONS);
    for (uint32_t i = 0; i < FUNCTIONS; i++) {
        build_body(&b);
        build(&b, 0, 0x20, 0);
        if (i + 1 < FUNCTIONS) {
            build(&b, 0x10);
            build_u32(&b, i + 1);
            build(&b, 0x42);
            build_s64(&b, i);
            build(&b, 0x7c);
        }
        if (broken && i == 60)
            build(&b, 0x6a);
        build(&b, 0x0b);
        build_close(&b);
    }
    build_close(&b);
    return b;
}

struct job {
    struct murre_engine *engine;
    struct murre_module *module;
    pthread_barrier_t *barrier;
    bool broken;
    bool good;
};

static void *run(void *argument) {
    struct job *job = argument;
    struct murre_store *store = murre_store_new(job->engine, NULL);
    struct murre_instance *instance = murre_instance_new(store, job->module, NULL, 0, NULL, NULL);
    struct murre_func *func = test_func(instance, "f");
    pthread_barrier_wait(job->barrier);
    union murre_slot slots[1] = {{.i64 = 5}};
    struct murre_trap *trap = murre_func_call(store, func, slots);
    if (job->broken)
        job->good = trap && murre_trap_kind(trap) == MURRE_TRAP_INVALID_CODE;
    else
        job->good = !trap && slots[0].i64 == 5 + (FUNCTIONS - 2) * (FUNCTIONS - 1) / 2;
    murre_trap_delete(trap);
    murre_store_delete(store);
    return NULL;
}

static void race(bool broken) {
    struct murre_config config;
    murre_config_init(&config);
    config.tier = MURRE_TIER_INTERP;
    config.deferred_validation = true;
    struct murre_engine *engine = murre_engine_new(&config, NULL);
    cr_assert_not_null(engine);
    for (int round = 0; round < ROUNDS; round++) {
        struct builder b = chain(broken);
        struct murre_module *module = test_module(engine, &b);
        pthread_barrier_t barrier;
        pthread_barrier_init(&barrier, NULL, THREADS);
        pthread_t threads[THREADS];
        struct job jobs[THREADS];
        for (int i = 0; i < THREADS; i++) {
            jobs[i] = (struct job){.engine = engine, .module = module, .barrier = &barrier, .broken = broken};
            cr_assert_eq(pthread_create(&threads[i], NULL, run, &jobs[i]), 0);
        }
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        for (int i = 0; i < THREADS; i++)
            cr_assert(jobs[i].good);
        pthread_barrier_destroy(&barrier);
        murre_module_unref(module);
    }
    struct murre_stats stats;
    murre_engine_stats(engine, &stats);
    cr_assert_eq(stats.functions_interpreted, ROUNDS * (broken ? 60 : FUNCTIONS));
    cr_assert_eq(stats.register_code_bytes, 0, "register code goes with its module");
    murre_engine_unref(engine);
}

Test(interp_threads, first_calls_may_race) {
    race(false);
}
Test(interp_threads, first_calls_of_an_invalid_function_may_race) {
    race(true);
}

/* A trap's offset is found by building the function again; with sequences of instructions in one word. */
Test(interp_threads, offsets_are_found_again) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 2, 0x7f, 0x7f, 1, 0x7f);
    build_whole(&b, SECTION_FUNCTION, 1, 0);
    build_whole(&b, SECTION_MEMORY, 1, 0, 1);
    build_section(&b, SECTION_EXPORT);
    build(&b, 1);
    build_name(&b, "f");
    build(&b, 0, 0);
    build_close(&b);
    build_section(&b, SECTION_CODE);
    build(&b, 1);
    build_body(&b);
    /* Loads at p, p + 4, (p + 8 by way of an add), and a division by q. */
    build(&b, 0, 0x20, 0, 0x28, 2, 0, 0x20, 0, 0x28, 2, 4, 0x6a, 0x20, 0, 0x41, 8, 0x6a, 0x28, 2, 0, 0x6a, 0x20, 1, 0x6d, 0x0b);
    build_close(&b);
    build_close(&b);
    static const struct {
        uint32_t p, q;
        uint8_t code, immediate; /* of the instruction that traps; its last immediate, for loads */
    } rows[] = {{65536, 1, 0x28, 0}, {65529, 1, 0x28, 4}, {65525, 1, 0x28, 0}, {0, 0, 0x6d, 0}};
    struct murre_engine *engine = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO);
    struct murre_store *store = murre_store_new(engine, NULL);
    struct murre_module *module = test_module(engine, &b);
    struct murre_instance *instance = murre_instance_new(store, module, NULL, 0, NULL, NULL);
    uint64_t last = 0;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        union murre_slot slots[2] = {{.u32 = rows[i].p}, {.u32 = rows[i].q}};
        struct murre_trap *trap = murre_func_call(store, test_func(instance, "f"), slots);
        cr_assert_not_null(trap);
        struct murre_frame frame;
        cr_assert(murre_trap_frame(trap, 0, &frame));
        cr_assert_gt(frame.offset, last);
        last = frame.offset;
        cr_assert_eq(module->info.bytes[frame.offset], rows[i].code);
        if (rows[i].code == 0x28)
            cr_assert_eq(module->info.bytes[frame.offset + 2], rows[i].immediate);
        murre_trap_delete(trap);
    }
    murre_module_unref(module);
    murre_store_delete(store);
    murre_engine_unref(engine);
}
