/* How functions move up through the tiers: what the counts lead to in each tier, and what happens to functions that are refused. Waiting and
 * cancelled requests are in tier_queue.c. */
#include "unit/tier_fake.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <time.h>

Test(tier, a_hot_function_is_compiled_for_all_instances) {
    struct climb one = climb_begin(MURRE_TIER_AUTO, 1, 1, 2, NULL), two = one, three = one;
    climb_enter(&two);
    climb_heat(&one, "a", 5);
    cr_assert_eq(fake.compiled, 0);
    climb_heat(&one, "a", 20);
    climb_until(&one, "a", 1001);
    cr_assert_eq(climb_call(&two, "a", 5), 1006, "in the other store, too");
    climb_enter(&three);
    cr_assert_eq(climb_call(&three, "a", 5), 1006, "and in one that comes later");
    cr_assert_eq(climb_call(&one, "b", 5), 6, "but not the cold function");
    struct murre_stats stats = climb_stats(&one);
    cr_assert_eq(stats.functions_compiled, 1);
    cr_assert_eq(stats.functions_refused, 0);
    murre_module_unref(one.module);
    climb_leave(&one);
    climb_leave(&two);
    cr_assert_eq(fake.dropped, 0);
    climb_leave(&three);
    cr_assert_eq(fake.dropped, 1);
    murre_engine_unref(one.engine);
}

Test(tier, a_hot_loop_is_left_in_the_middle) {
    struct climb c = climb_begin(MURRE_TIER_AUTO, 1, -1, 0, NULL);
    cr_assert_eq(climb_call(&c, "a", 5), 5);
    /* The loop goes on until its compiled entry is there, which then returns n + 100000. */
    cr_assert_eq(climb_call(&c, "a", 2000000000), 2000100000);
    struct murre_stats stats = climb_stats(&c);
    cr_assert_eq(stats.loops_entered, 1);
    cr_assert_eq(fake.order[0], 1000);
    climb_end(&c);
}

Test(tier, what_is_refused_stays_interpreted) {
    struct climb c = climb_begin(MURRE_TIER_AUTO, 1, -1, 1, NULL);
    c.engine->config.log = fake_count_warning;
    fake.refuse = true;
    climb_heat(&c, "a", 20);
    fake_wait_for(&fake.compiled, 1);
    cr_assert_eq(climb_call(&c, "b", 1000), 1000);
    fake_wait_for(&fake.warnings, 2);
    climb_heat(&c, "a", 100);
    cr_assert_eq(climb_call(&c, "b", 1000), 1000);
    cr_assert_eq(atomic_load(&c.module->codes[0].refused), MURRE_ERROR_LIMIT);
    cr_assert_eq(atomic_load(&atomic_load(&c.module->codes[1].osr)->refused), MURRE_ERROR_LIMIT);
    murre_module_unref(c.module);
    climb_leave(&c);
    cr_assert_eq(fake.compiled, 2, "nothing is asked for twice");
    cr_assert_eq(fake.warnings, 2);
    struct murre_stats stats = climb_stats(&c);
    cr_assert_eq(stats.functions_refused, 1);
    murre_engine_unref(c.engine);
}

static void until_equal(const _Atomic uint8_t *value, uint8_t wanted) {
    for (unsigned i = 0; i < 10000 && atomic_load(value) != wanted; i++) {
        struct timespec pause = {0, 1000000};
        nanosleep(&pause, NULL);
    }
    cr_assert_eq(atomic_load(value), wanted);
}

Test(tier, what_memory_was_short_for_is_asked_for_again, .timeout = 60) {
    struct climb c = climb_begin(MURRE_TIER_AUTO, 1, 1, 2, NULL);
    fake.refuse = true;
    fake.status = MURRE_ERROR_MEMORY;
    climb_heat(&c, "a", 10);
    until_equal(&c.module->codes[0].refused, MURRE_ERROR_MEMORY);
    until_equal(&c.module->codes[0].queued, 0);
    cr_assert_eq(climb_call(&c, "c", 20), 20);
    struct murre_osr *loop = atomic_load(&c.module->codes[2].osr);
    until_equal(&loop->refused, MURRE_ERROR_MEMORY);
    until_equal(&loop->asked, 0);
    struct murre_stats stats = climb_stats(&c);
    cr_assert(stats.functions_refused == 1 && stats.functions_compiled == 0);
    fake_refuse_all(false);
    climb_until(&c, "a", 1001);
    uint32_t result = climb_call(&c, "c", 300);
    cr_assert(result == 300 || result == 100300, "%u", (unsigned)result);
    for (int i = 0; i < 10000 && !atomic_load(&loop->entry); i++)
        sched_yield();
    cr_assert_eq(climb_call(&c, "c", 300), 100300);
    stats = climb_stats(&c);
    cr_assert(stats.functions_refused == 0 && stats.functions_compiled == 1);
    /* But not for ever. */
    fake_refuse_all(true);
    unsigned before = fake_compiled();
    for (int i = 0; i < 300; i++) {
        climb_heat(&c, "b", 10);
        until_equal(&c.module->codes[1].queued, 0);
    }
    cr_assert_eq(fake_compiled() - before, 8, "%u times", fake_compiled() - before);
    climb_end(&c);
}

Test(tier, a_compilation_may_work_with_what_size_and_heat_allow, .timeout = 60) {
    struct climb c = climb_begin(MURRE_TIER_AUTO, 1, -1, 1, NULL);
    const size_t mib = 1 << 20;
    fake.wants = 17 * mib;
    static const uint8_t refused_at[] = {1, 2};
    for (unsigned hits = 1; hits <= 3; hits++) {
        climb_heat(&c, "a", 10);
        until_equal(&c.module->codes[0].queued, 0);
    }
    cr_assert_eq(atomic_load(&c.module->codes[0].refused), MURRE_ERROR_MEMORY, "it may be asked for again");
    cr_assert_eq(fake_compiled(), 2 * sizeof refused_at, "at both levels, each time");
    for (unsigned i = 0; i < sizeof refused_at; i++) {
        cr_assert(fake.levels[2 * i] == 2 && fake.levels[2 * i + 1] == 1);
        cr_assert(fake.memory[2 * i] / mib == 8u * refused_at[i], "%zu bytes", fake.memory[2 * i]);
    }
    climb_heat(&c, "a", 10);
    until_equal(&c.module->codes[0].queued, 0);
    climb_until(&c, "a", 2001);
    cr_assert_leq(fake.memory[4], c.module->code_limit * 3 / 4, "no more than the module's limit leaves");
    cr_assert_geq(fake.memory[4], fake.wants);
    climb_end(&c);
}

Test(tier, what_takes_more_memory_than_there_will_be_is_refused_for_good, .timeout = 60) {
    struct climb c = climb_begin(MURRE_TIER_AUTO, 1, -1, 1, NULL);
    fake.wants = (size_t)1 << 30;
    for (unsigned hits = 1; hits <= 20; hits++) {
        climb_heat(&c, "a", 10);
        until_equal(&c.module->codes[0].queued, 0);
    }
    cr_assert_eq(atomic_load(&c.module->codes[0].refused), MURRE_ERROR_LIMIT);
    cr_assert_eq(fake_compiled(), 6, "with 8 MiB, 16, and all there is");
    climb_end(&c);
}

Test(tier, a_large_function_rises_a_second_time) {
    static const uint32_t padding[] = {0, 10000};
    struct climb c = climb_begin(MURRE_TIER_AUTO, 1, -1, 2, padding);
    climb_heat(&c, "a", 20);
    fake_wait_for(&fake.compiled, 1);
    cr_assert_eq(fake.levels[0], 2, "a small one is compiled well at once");
    climb_heat(&c, "b", 200); /* in proportion to its size */
    fake_wait_for(&fake.compiled, 3);
    cr_assert_eq(fake.order[1], 1);
    cr_assert_eq(fake.levels[1], 1);
    cr_assert_eq(fake.order[2], 1);
    cr_assert_eq(fake.levels[2], 2);
    climb_until(&c, "b", 2001);
    struct murre_stats stats = climb_stats(&c);
    cr_assert_eq(stats.functions_compiled, 2, "counted once");
    climb_end(&c);
}

Test(tier, in_tier_jit_nothing_runs_before_it_is_compiled) {
    struct climb c = climb_begin(MURRE_TIER_JIT, 1, 1, 2, NULL);
    cr_assert_eq(climb_call(&c, "a", 1), 1002);
    cr_assert_eq(fake.compiled, 1);
    cr_assert_eq(climb_call(&c, "a", 2), 1003);
    cr_assert_eq(fake.compiled, 1);
    fake.refuse = true;
    cr_assert_eq(climb_call(&c, "b", 1), 2, "but for what is refused");
    cr_assert_eq(climb_call(&c, "b", 1), 2);
    cr_assert_eq(fake.compiled, 2);
    struct murre_stats stats = climb_stats(&c);
    cr_assert_eq(stats.functions_refused, 1);
    climb_end(&c);
}
