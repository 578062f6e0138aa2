/* One module, many threads: each instantiates it in a store of its own and runs it hot, while the others do, while code is published, and while
 * instances come and go. */
#include <criterion/criterion.h>
#include <pthread.h>

#include "runtime/runtime.h"
#include "support/build.h"

enum { THREADS = 4, ROUNDS = 20 };

/* sum(n): 1 + 2 + … + n, by a loop that calls add. */
static struct murre_module *make(struct murre_engine *engine) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 1, 0x7f);
    build_whole(&b, SECTION_FUNCTION, 2, 0, 1);
    build_whole(&b, SECTION_MEMORY, 1, 0, 1);
    build_whole(&b, SECTION_EXPORT, 1, 3, 's', 'u', 'm', 0, 0);
    build_section(&b, SECTION_CODE);
    build(&b, 2);
    build_body(&b);
    build(&b, 1, 1, 0x7f,                                 /* sum in local 1 */
          0x03, 0x40, 0x20, 1, 0x20, 0, 0x10, 1, 0x21, 1, /* sum = add(sum, n) */
          0x41, 0, 0x20, 1, 0x36, 2, 0,                   /* memory[0] = sum */
          0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, /* while (--n) */
          0x41, 0, 0x28, 2, 0, 0x0b);
    build_close(&b);
    build_body(&b);
    build(&b, 0, 0x20, 0, 0x20, 1, 0x6a, 0x0b);
    build_close(&b);
    build_close(&b);
    return test_module(engine, &b);
}

static void *run(void *context) {
    struct murre_module *module = context;
    for (int round = 0; round < ROUNDS; round++) {
        struct murre_error error;
        struct murre_store *store = murre_store_new(module->engine, &error);
        cr_assert_not_null(store, "%s", error.message);
        struct murre_instance *instance = murre_instance_new(store, module, NULL, 0, NULL, &error);
        cr_assert_not_null(instance, "%s", error.message);
        struct murre_func *sum = test_func(instance, "sum");
        for (uint32_t n = 1; n < 300; n++) {
            union murre_slot slot = {.u32 = n};
            struct murre_trap *trap = murre_func_call(store, sum, &slot);
            cr_assert_null(trap);
            cr_assert_eq(slot.u32, n * (n + 1) / 2);
        }
        murre_store_delete(store);
    }
    return NULL;
}

Test(threads, share_a_module_in_every_tier) {
    FOR_EACH_TIER(tier) {
        struct murre_config config;
        murre_config_init(&config);
        config.tier = tier;
        config.entry_threshold = 50;
        config.loop_threshold = 50;
        struct murre_engine *engine = murre_engine_new(&config, NULL);
        cr_assert_not_null(engine);
        struct murre_module *module = make(engine);
        murre_engine_unref(engine);
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++)
            cr_assert_eq(pthread_create(&threads[i], NULL, run, module), 0);
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        murre_module_unref(module);
    }
}

/* The last reference to the module may go while its code is being compiled. */
Test(threads, modules_die_while_they_are_compiled) {
    struct murre_config config;
    murre_config_init(&config);
    config.entry_threshold = 5;
    config.loop_threshold = 5;
    struct murre_engine *engine = murre_engine_new(&config, NULL);
    cr_assert_not_null(engine);
    for (int round = 0; round < 50; round++) {
        struct murre_module *module = make(engine);
        struct murre_store *store = murre_store_new(engine, NULL);
        cr_assert_not_null(store);
        struct murre_instance *instance = murre_instance_new(store, module, NULL, 0, NULL, NULL);
        cr_assert_not_null(instance);
        murre_module_unref(module);
        struct murre_func *sum = test_func(instance, "sum");
        for (uint32_t n = 1; n < 50; n++) {
            union murre_slot slot = {.u32 = n};
            struct murre_trap *trap = murre_func_call(store, sum, &slot);
            cr_assert_null(trap);
        }
        murre_store_delete(store);
    }
    murre_engine_unref(engine);
}
