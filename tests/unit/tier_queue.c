/* The queue of compilations: order, cancellation, waiting callers, what a child of a fork does without compile threads, and what happens when there
 * are none. */
#include "runtime/tier_queue.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/build.h"
#include "support/space.h"
#include "unit/tier_fake.h"

Test(tier_queue, the_hotter_and_the_smaller_go_first) {
    static const uint32_t padding[] = {0, 5000, 0, 0};
    struct climb c = climb_begin(MURRE_TIER_AUTO, 1, 2, 4, padding);
    fake_hold(true);
    climb_heat(&c, "a", 20);
    fake_wait_for(&fake.compiling, 1);
    climb_heat(&c, "b", 20);  /* large */
    climb_heat(&c, "c", 20);  /* small */
    climb_heat(&c, "d", 200); /* small and hot */
    fake_hold(false);
    fake_wait_for(&fake.compiled, 4);
    static const uint32_t order[] = {0, 3, 2, 1};
    for (unsigned i = 0; i < 4; i++)
        cr_assert_eq(fake.order[i], order[i], "%u: %u", i, fake.order[i]);
    climb_end(&c);
}

static unsigned refused_again;
static void count_refused_again(void *context, enum murre_loglevel level, const char *line) {
    (void)context;
    if (level == MURRE_LOG_INFO && strstr(line, "not compiled again at level 2: not today"))
        __atomic_fetch_add(&refused_again, 1, __ATOMIC_SEQ_CST);
}

Test(tier_queue, a_second_compilation_that_is_refused_is_told_to_who_wants_to_know, .timeout = 60) {
    static const uint32_t padding[] = {10000};
    fake.refuse_high = true;
    for (int level = MURRE_LOG_WARNING; level <= MURRE_LOG_INFO; level++) {
        struct climb c = climb_begin(MURRE_TIER_AUTO, 1, -1, 1, padding);
        c.engine->config.log = count_refused_again;
        c.engine->config.log_level = (enum murre_loglevel)level;
        unsigned before = fake.compiled;
        climb_heat(&c, "a", 200);
        fake_wait_for(&fake.compiled, before + 2);
        while (level == MURRE_LOG_INFO && !__atomic_load_n(&refused_again, __ATOMIC_SEQ_CST))
            sched_yield();
        climb_end(&c);
        cr_assert_eq(refused_again, level == MURRE_LOG_INFO);
    }
}

Test(tier_queue, a_second_compilation_makes_way, .timeout = 60) {
    static const uint32_t padding[] = {0, 5000};
    struct climb c = climb_begin(MURRE_TIER_AUTO, 1, -1, 2, padding);
    climb_heat(&c, "b", 20);
    fake_wait_for(&fake.compiled, 1);
    fake_run_until_cancelled(true); /* it recompiled until somebody asks for something else */
    fake_wait_for(&fake.compiling, 1);
    fake_run_until_cancelled(false);
    struct timespec pause = {0, 1000000};
    nanosleep(&pause, NULL);
    climb_heat(&c, "a", 20);
    climb_until(&c, "a", 2001);
    climb_until(&c, "b", 2001);
    climb_end(&c);
}

static void *drop(void *module) {
    murre_module_unref(module);
    return NULL;
}

Test(tier_queue, compilations_at_once_share_what_the_module_allows) {
    struct climb c = climb_begin(MURRE_TIER_AUTO, 5, -1, 5, NULL);
    fake_hold(true);
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    for (unsigned i = 0; i < 5; i++)
        climb_heat(&c, names[i], 10);
    fake_wait_for(&fake.compiling, 3);
    struct timespec pause = {0, 20000000};
    nanosleep(&pause, NULL);
    pthread_mutex_lock(&fake.lock);
    unsigned compiling = fake.compiling;
    pthread_mutex_unlock(&fake.lock);
    cr_assert_eq(compiling, 3, "three times 8 MiB of 27: the others wait");
    fake_hold(false);
    fake_wait_for(&fake.compiled, 5);
    climb_end(&c);
}

Test(tier_queue, a_module_may_go_while_it_is_compiled) {
    for (unsigned round = 0; round < 20; round++) {
        struct climb c = climb_begin(MURRE_TIER_AUTO, 2, -1, 5, NULL);
        unsigned before = fake.compiled, dropped = fake.dropped;
        fake_hold(true);
        static const char *const names[] = {"a", "b", "c", "d", "e"};
        for (unsigned i = 0; i < 5; i++)
            climb_heat(&c, names[i], 20);
        fake_wait_for(&fake.compiling, 2);
        climb_leave(&c);
        pthread_t dropper;
        cr_assert_eq(pthread_create(&dropper, NULL, drop, c.module), 0);
        struct timespec pause = {0, 2000000};
        nanosleep(&pause, NULL);
        cr_assert_eq(fake.dropped, dropped, "it waits");
        fake_hold(false);
        pthread_join(dropper, NULL);
        cr_assert_eq(fake.dropped, dropped + 1);
        cr_assert_leq(fake.compiled - before, 5);
        murre_engine_unref(c.engine);
        cr_assert_eq(fake.workers, 0);
    }
}

Test(tier_queue, what_nobody_waits_for_is_cancelled, .timeout = 60) {
    for (unsigned round = 0; round < 2; round++) {
        struct climb c = climb_begin(MURRE_TIER_AUTO, 1, -1, 2, NULL);
        c.engine->config.log = fake_count_warning;
        fake.warnings = 0;
        fake_run_until_cancelled(true);
        climb_heat(&c, "a", 20);
        climb_heat(&c, "b", 20);
        climb_leave(&c);
        if (round == 0) {
            /* The engine lives on, and compiles for another module. */
            murre_module_unref(c.module);
            fake_run_until_cancelled(false);
            c.module = climb_module(c.engine, 1, NULL);
            climb_enter(&c);
            climb_heat(&c, "a", 20);
            climb_until(&c, "a", 2001);
            climb_leave(&c);
        }
        murre_module_unref(c.module);
        struct murre_stats stats = climb_stats(&c);
        cr_assert_eq(stats.functions_refused, 0);
        cr_assert_eq(fake.warnings, 0);
        murre_engine_unref(c.engine);
        fake_run_until_cancelled(false);
    }
}

Test(tier_queue, nobody_waits_for_a_compilation_beyond_the_deadline, .timeout = 60) {
    struct climb c = climb_begin(MURRE_TIER_JIT, 1, 1, 1, NULL);
    fake_hold(true);
    cr_assert_eq(murre_store_set_timeout(c.store, 20000000, NULL), MURRE_OK);
    union murre_slot slot = {.u32 = 1};
    struct murre_trap *trap = murre_func_call(c.store, test_func(c.instance, "a"), &slot);
    cr_assert(trap && murre_trap_kind(trap) == MURRE_TRAP_INTERRUPT);
    murre_trap_delete(trap);
    cr_assert_eq(fake.compiled, 0);
    fake_hold(false);
    fake_wait_for(&fake.compiled, 1);
    cr_assert_eq(climb_call(&c, "a", 1), 1002);
    climb_end(&c);
}

/* What the child of a fork does, which has no store yet. */
static void expect_good_child(void (*act)(struct climb *), struct climb *c) {
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        fake.child = true;
        climb_enter(c);
        act(c);
        climb_leave(c);
        murre_module_unref(c->module);
        murre_engine_unref(c->engine);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
}

static void live_in_child(struct climb *c) {
    if (climb_call(c, "a", 1) != 1002 || climb_call(c, "b", 1) != 2)
        _exit(1);
    climb_heat(c, "b", 100);
    if (climb_call(c, "b", 1) != 2 || climb_call(c, "c", 100) != 100)
        _exit(2);
}

Test(tier_queue, a_child_process_goes_on_without_compile_threads) {
    struct climb c = climb_begin(MURRE_TIER_AUTO, 1, 1, 2, NULL);
    climb_heat(&c, "a", 20);
    climb_until(&c, "a", 1001);
    climb_leave(&c);
    /* While a compile thread holds every lock that it may hold. */
    pthread_mutex_lock(&c.engine->lock);
    expect_good_child(live_in_child, &c);
    pthread_mutex_unlock(&c.engine->lock);
    murre_module_unref(c.module);
    murre_engine_unref(c.engine);
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

static void live_without_threads(struct climb *c) {
    c->engine->config.log = look_for_threads;
    climb_heat(c, "a", 9);
    test_shorten_space(0);
    use_up_stacks_at_rest();
    climb_heat(c, "a", 100);
    if (climb_call(c, "a", 1) != 2)
        _exit(1);
    if (!told_of_threads)
        _exit(2);
}

Test(tier_queue, without_a_thread_everything_stays_interpreted, .disabled = TEST_WITH_ADDRESS_SANITIZER) {
    struct climb c = {.engine = fake_engine(MURRE_TIER_AUTO, 1, 1)};
    c.module = climb_module(c.engine, 2, NULL);
    expect_good_child(live_without_threads, &c);
    murre_module_unref(c.module);
    murre_engine_unref(c.engine);
}
