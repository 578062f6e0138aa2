/* Ending a run from outside, in every tier: requests from other threads and handlers, deadlines, blocking host calls. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/look.h"
#include "support/build.h"

enum { I32 = 0x7f };

static void sleep_ms(unsigned ms) {
    struct timespec time = {0, (long)ms * 1000000};
    nanosleep(&time, NULL);
}

/* Exports of type () to (): "spin", an endless loop; "calls", one that calls "leaf" for ever; "host", one that calls the host for ever;
 * "once", which calls the host once; "fill", which fills the memory for ever; "leaf", which does nothing. */
static struct builder spin_module(void) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 0, 0);
    build_whole(&b, SECTION_IMPORT, 1, 1, 'h', 1, 'f', 0, 0);
    build_whole(&b, SECTION_FUNCTION, 6, 0, 0, 0, 0, 0, 0);
    build_whole(&b, SECTION_MEMORY, 1, 0x00, 0x80, 8);
    build_section(&b, SECTION_EXPORT);
    build_u32(&b, 6);
    static const char *const names[] = {"spin", "calls", "host", "once", "fill", "leaf"};
    for (unsigned i = 0; i < 6; i++) {
        build_name(&b, names[i]);
        build(&b, 0x00, (uint8_t)(i + 1));
    }
    build_close(&b);
    build_whole(&b, SECTION_CODE, 6,                                                                                 /* */
                7, 0, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b,                                                               /* spin */
                9, 0, 0x03, 0x40, 0x10, 6, 0x0c, 0, 0x0b, 0x0b,                                                      /* calls */
                9, 0, 0x03, 0x40, 0x10, 0, 0x0c, 0, 0x0b, 0x0b,                                                      /* host */
                4, 0, 0x10, 0, 0x0b,                                                                                 /* once */
                19, 0, 0x03, 0x40, 0x41, 0, 0x41, 1, 0x41, 0x80, 0x80, 0x80, 0x20, 0xfc, 11, 0, 0x0c, 0, 0x0b, 0x0b, /* fill */
                2, 0, 0x0b);                                                                                         /* leaf */
    return b;
}

static int pipe_ends[2];
static volatile unsigned host_calls;

/* Blocks for ever, but for interrupts. */
static struct murre_trap *blocking_host(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)env, (void)args, (void)results;
    char byte;
    host_calls++;
    while (read(pipe_ends[0], &byte, 1) < 0 && errno == EINTR)
        if (murre_store_interrupt_pending(murre_caller_store(caller)))
            return NULL;
    return NULL;
}

static struct murre_trap *quick_host(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)env, (void)caller, (void)args, (void)results;
    host_calls++;
    return NULL;
}

static bool quiet; /* engines that do without signals */

static struct murre_instance *spin_instance(enum murre_tier tier, murre_host_fn host, struct murre_store **made) {
    struct murre_config config;
    murre_config_init(&config);
    config.tier = tier;
    config.entry_threshold = 10;
    config.loop_threshold = 10;
    config.no_signals = quiet;
    struct murre_engine *engine = murre_engine_new(&config, NULL);
    cr_assert_not_null(engine);
    struct murre_store *store = murre_store_new(engine, NULL);
    cr_assert_not_null(store);
    murre_engine_unref(engine);
    struct builder b = spin_module();
    struct murre_module *module = test_module(engine, &b);
    struct murre_functype type = {0};
    struct murre_extern import = {.kind = MURRE_EXTERN_FUNC, .of.func = murre_func_new(store, &type, host, store, NULL, NULL)};
    struct murre_instance *instance = murre_instance_new(store, module, &import, 1, NULL, NULL);
    cr_assert_not_null(instance);
    murre_module_unref(module);
    *made = store;
    return instance;
}

static void check_interrupted(struct murre_store *store, struct murre_instance *instance, const char *name) {
    union murre_slot slot;
    struct murre_trap *trap = murre_func_call(store, test_func(instance, name), &slot);
    cr_assert_not_null(trap, "%s", name);
    cr_assert_eq(murre_trap_kind(trap), MURRE_TRAP_INTERRUPT, "%s: %s", name, murre_trap_message(trap));
    murre_trap_delete(trap);
    cr_assert_null(murre_func_call(store, test_func(instance, "leaf"), &slot), "the next call runs");
}

static const char *const loops[] = {"spin", "calls", "host", "fill"};

struct request {
    struct murre_store *store;
    unsigned delay;
};

static void *request_later(void *argument) {
    struct request *request = argument;
    sleep_ms(request->delay);
    murre_store_interrupt(request->store);
    return NULL;
}

Test(interrupt, another_thread_ends_every_loop, .timeout = 60) {
    FOR_EACH_TIER(tier) {
        struct murre_store *store;
        struct murre_instance *instance = spin_instance(tier, quick_host, &store);
        for (unsigned round = 0; round < 6; round++)
            for (unsigned i = 0; i < sizeof loops / sizeof *loops; i++) {
                struct request request = {store, round * 4};
                pthread_t thread;
                cr_assert_eq(pthread_create(&thread, NULL, request_later, &request), 0);
                check_interrupted(store, instance, loops[i]);
                pthread_join(thread, NULL);
            }
        murre_store_delete(store);
    }
}

Test(interrupt, a_request_while_nothing_runs_ends_the_next_call) {
    FOR_EACH_TIER(tier) {
        struct murre_store *store;
        struct murre_instance *instance = spin_instance(tier, quick_host, &store);
        murre_store_interrupt(store);
        check_interrupted(store, instance, "leaf");
        murre_store_interrupt(store);
        check_interrupted(store, instance, "spin");
        murre_store_delete(store);
    }
}

/* The request comes at any moment of entering, leaving and running. */
static volatile bool stop_asking;
static void *ask_again_and_again(void *argument) {
    unsigned random = 1;
    while (!stop_asking) {
        murre_store_interrupt(argument);
        random = random * 1103515245 + 12345;
        struct timespec pause = {0, (long)(random >> 16 & 0x3fff)};
        nanosleep(&pause, NULL);
    }
    return NULL;
}

Test(interrupt, no_request_is_lost_and_none_does_harm, .timeout = 60) {
    FOR_EACH_TIER(tier) {
        struct murre_store *store;
        struct murre_instance *instance = spin_instance(tier, quick_host, &store);
        stop_asking = false;
        pthread_t thread;
        cr_assert_eq(pthread_create(&thread, NULL, ask_again_and_again, store), 0);
        for (unsigned i = 0; i < 1500; i++) {
            union murre_slot slot;
            const char *name = i % 5 < 4 ? loops[i % 3] : "once";
            struct murre_trap *trap = murre_func_call(store, test_func(instance, name), &slot);
            if (trap)
                cr_assert_eq(murre_trap_kind(trap), MURRE_TRAP_INTERRUPT);
            murre_trap_delete(trap);
        }
        stop_asking = true;
        pthread_join(thread, NULL);
        murre_store_delete(store);
    }
}

Test(interrupt, a_deadline_ends_every_loop, .timeout = 60) {
    FOR_EACH_TIER(tier) {
        struct murre_store *store;
        struct murre_instance *instance = spin_instance(tier, quick_host, &store);
        for (unsigned i = 0; i < sizeof loops / sizeof *loops; i++) {
            uint64_t start = murre_look_now();
            cr_assert_eq(murre_store_set_timeout(store, 50000000, NULL), MURRE_OK);
            check_interrupted(store, instance, loops[i]);
            uint64_t took = murre_look_now() - start;
            cr_assert_geq(took, 50000000);
            cr_assert_lt(took, 5000000000u, "%s took %llu ms", loops[i], (unsigned long long)(took / 1000000));
        }
        murre_store_delete(store);
    }
}

Test(interrupt, a_deadline_that_passes_between_calls_ends_the_next) {
    FOR_EACH_TIER(tier) {
        struct murre_store *store;
        struct murre_instance *instance = spin_instance(tier, quick_host, &store);
        union murre_slot slot;
        cr_assert_eq(murre_store_set_timeout(store, 300000000, NULL), MURRE_OK);
        cr_assert_null(murre_func_call(store, test_func(instance, "leaf"), &slot));
        sleep_ms(310);
        check_interrupted(store, instance, "leaf");
        murre_store_delete(store);
    }
}

Test(interrupt, a_cancelled_deadline_ends_nothing) {
    FOR_EACH_TIER(tier) {
        struct murre_store *store;
        struct murre_instance *instance = spin_instance(tier, quick_host, &store);
        union murre_slot slot;
        cr_assert_eq(murre_store_set_timeout(store, 3000000, NULL), MURRE_OK);
        cr_assert_eq(murre_store_set_timeout(store, 0, NULL), MURRE_OK);
        sleep_ms(10);
        cr_assert_null(murre_func_call(store, test_func(instance, "leaf"), &slot));
        cr_assert_eq(murre_store_set_timeout(store, 3000000, NULL), MURRE_OK);
        sleep_ms(10);
        cr_assert_eq(murre_store_set_timeout(store, UINT64_MAX, NULL), MURRE_OK, "never");
        cr_assert_null(murre_func_call(store, test_func(instance, "leaf"), &slot));
        murre_store_delete(store);
    }
}

Test(interrupt, a_deadline_follows_the_store_to_another_thread, .timeout = 60) {
    FOR_EACH_TIER(tier) {
        struct murre_store *store;
        struct murre_instance *instance = spin_instance(tier, quick_host, &store);
        union murre_slot slot;
        cr_assert_null(murre_func_call(store, test_func(instance, "leaf"), &slot));
        struct spin {
            struct murre_store *store;
            struct murre_instance *instance;
        } spin = {store, instance};
        cr_assert_eq(murre_store_set_timeout(store, 30000000, NULL), MURRE_OK);
        pthread_t thread;
        extern void *spin_in_thread(void *);
        cr_assert_eq(pthread_create(&thread, NULL, spin_in_thread, &spin), 0);
        pthread_join(thread, NULL);
        murre_store_delete(store);
    }
}

void *spin_in_thread(void *argument);
void *spin_in_thread(void *argument) {
    struct {
        struct murre_store *store;
        struct murre_instance *instance;
    } *spin = argument;
    check_interrupted(spin->store, spin->instance, "spin");
    return NULL;
}

Test(interrupt, a_blocking_host_call_is_woken, .timeout = 60) {
    cr_assert_eq(pipe(pipe_ends), 0);
    FOR_EACH_TIER(tier) {
        struct murre_store *store;
        struct murre_instance *instance = spin_instance(tier, blocking_host, &store);
        cr_assert_eq(murre_store_set_timeout(store, 20000000, NULL), MURRE_OK);
        check_interrupted(store, instance, "once");
        struct request request = {store, 20};
        pthread_t thread;
        cr_assert_eq(pthread_create(&thread, NULL, request_later, &request), 0);
        check_interrupted(store, instance, "host");
        pthread_join(thread, NULL);
        murre_store_delete(store);
    }
}

/* ---- where signals cannot be sent again ---- */

/* Exports of type () to (), endless loops of one operation each that compiled code asks C for. */
static const char *const operations[] = {"table.fill", "memory.copy", "memory.init", "memory.grow", "table.grow", "data.drop", "elem.drop"};
enum { OPERATIONS = sizeof operations / sizeof *operations };

static struct builder operation_module(void) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 0, 0);
    build_whole(&b, SECTION_FUNCTION, OPERATIONS, 0, 0, 0, 0, 0, 0, 0);
    build_whole(&b, SECTION_TABLE, 1, 0x70, 0, 0x80, 1);
    build_whole(&b, SECTION_MEMORY, 1, 0, 1);
    build_section(&b, SECTION_EXPORT);
    build_u32(&b, OPERATIONS);
    for (unsigned i = 0; i < OPERATIONS; i++) {
        build_name(&b, operations[i]);
        build(&b, 0x00, (uint8_t)i);
    }
    build_close(&b);
    build_whole(&b, SECTION_ELEMENT, 1, 1, 0, 0);
    build_whole(&b, SECTION_DATA_COUNT, 1);
    build_whole(&b, SECTION_CODE, OPERATIONS,                                                            /* */
                17, 0, 0x03, 0x40, 0x41, 0, 0xd0, 0x70, 0x41, 0xff, 0, 0xfc, 17, 0, 0x0c, 0, 0x0b, 0x0b, /* table.fill */
                17, 0, 0x03, 0x40, 0x41, 0, 0x41, 0, 0x41, 8, 0xfc, 10, 0, 0, 0x0c, 0, 0x0b, 0x0b,       /* memory.copy */
                17, 0, 0x03, 0x40, 0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 8, 0, 0, 0x0c, 0, 0x0b, 0x0b,        /* memory.init */
                12, 0, 0x03, 0x40, 0x41, 0, 0x40, 0, 0x1a, 0x0c, 0, 0x0b, 0x0b,                          /* memory.grow */
                15, 0, 0x03, 0x40, 0xd0, 0x70, 0x41, 0, 0xfc, 15, 0, 0x1a, 0x0c, 0, 0x0b, 0x0b,          /* table.grow */
                10, 0, 0x03, 0x40, 0xfc, 9, 0, 0x0c, 0, 0x0b, 0x0b,                                      /* data.drop */
                10, 0, 0x03, 0x40, 0xfc, 13, 0, 0x0c, 0, 0x0b, 0x0b);                                    /* elem.drop */
    build_whole(&b, SECTION_DATA, 1, 1, 1, 'd');
    return b;
}

enum { REQUESTS = 10 };

struct looping {
    struct murre_store *store;
    struct murre_instance *instance;
    atomic_uint begun, ended;
};

static void *loop_on(void *argument) {
    struct looping *looping = argument;
    union murre_slot slot;
    for (unsigned i = 0; i < OPERATIONS * REQUESTS; i++) {
        atomic_fetch_add(&looping->begun, 1);
        struct murre_trap *trap = murre_func_call(looping->store, test_func(looping->instance, operations[i / REQUESTS]), &slot);
        cr_assert_not_null(trap, "%s", operations[i / REQUESTS]);
        cr_assert_eq(murre_trap_kind(trap), MURRE_TRAP_INTERRUPT, "%s: %s", operations[i / REQUESTS], murre_trap_message(trap));
        murre_trap_delete(trap);
        atomic_fetch_add(&looping->ended, 1);
    }
    return NULL;
}

/* The system refuses timers and the queueing of signals, so that the thread is interrupted once, wherever it is. */
Test(interrupt, one_signal_is_enough_for_short_operations, .timeout = 60) {
    struct rlimit limit;
    cr_assert_eq(getrlimit(RLIMIT_SIGPENDING, &limit), 0);
    limit.rlim_cur = 0;
    cr_assert_eq(setrlimit(RLIMIT_SIGPENDING, &limit), 0);
    FOR_EACH_TIER(tier) {
        struct murre_engine *engine = test_engine(tier, MURRE_BOUNDS_AUTO);
        struct looping looping = {.store = murre_store_new(engine, NULL)};
        cr_assert_not_null(looping.store);
        struct builder b = operation_module();
        looping.instance = test_instance(looping.store, &b);
        pthread_t thread;
        cr_assert_eq(pthread_create(&thread, NULL, loop_on, &looping), 0);
        for (unsigned i = 0; i < OPERATIONS * REQUESTS; i++) {
            while (atomic_load(&looping.begun) <= i)
                sleep_ms(1);
            sleep_ms(2);
            murre_store_interrupt(looping.store);
            while (atomic_load(&looping.ended) <= i)
                sleep_ms(1);
        }
        pthread_join(thread, NULL);
        murre_store_delete(looping.store);
        murre_engine_unref(engine);
    }
}

/* ---- from a handler ---- */

static struct murre_store *alarm_store;
static void on_alarm(int number) {
    (void)number;
    murre_store_interrupt(alarm_store);
}

Test(interrupt, a_signal_handler_may_ask, .timeout = 60) {
    signal(SIGALRM, on_alarm);
    FOR_EACH_TIER(tier) {
        struct murre_store *store;
        struct murre_instance *instance = spin_instance(tier, quick_host, &store);
        alarm_store = store;
        for (unsigned i = 0; i < sizeof loops / sizeof *loops; i++) {
            ualarm(20000, 0);
            check_interrupted(store, instance, loops[i]);
        }
        murre_store_delete(store);
    }
}

static volatile unsigned urgent;
static void on_urgent(int number) {
    (void)number;
    urgent++;
}

Test(interrupt, the_hosts_own_use_of_the_signal_goes_on) {
    signal(SIGURG, on_urgent);
    struct murre_store *store;
    struct murre_instance *instance = spin_instance(MURRE_TIER_AUTO, quick_host, &store);
    raise(SIGURG);
    cr_assert_eq(urgent, 1);
    murre_store_interrupt(store);
    check_interrupted(store, instance, "leaf");
    cr_assert_eq(urgent, 1, "ours are not passed on");
    raise(SIGURG);
    cr_assert_eq(urgent, 2);
    murre_store_delete(store);
    raise(SIGURG);
    cr_assert_eq(urgent, 3);
}

/* ---- children ---- */

/* Whether a call ends by an interrupt. */
static bool is_interrupted(struct murre_store *store, struct murre_instance *instance, const char *name) {
    union murre_slot slot;
    struct murre_trap *trap = murre_func_call(store, test_func(instance, name), &slot);
    bool is = trap && murre_trap_kind(trap) == MURRE_TRAP_INTERRUPT;
    murre_trap_delete(trap);
    return is;
}

static void expect_good_child(pid_t child) {
    int status = 0;
    pid_t gone;
    while ((gone = waitpid(child, &status, 0)) < 0 && errno == EINTR) /* the parent's own deadline */
        ;
    cr_assert_eq(gone, child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
}

Test(interrupt, a_child_process_is_ended_as_its_parent_is, .timeout = 60) {
#ifdef TEST_EMULATED
    /* QEMU 7.2 ends by an assertion of its own (vcpu_init_hook, cpu == current_cpu), or hangs, where a child of fork starts a thread that
     * interrupts it: so it does without murre, when a program with two threads forks and its child does no more than pthread_create and
     * pthread_kill. */
    puts("skipped: interrupts in children of fork, under emulation: 1");
    cr_skip();
#endif
    for (int round = 0; round < 2; round++) {
        quiet = round;
        FOR_EACH_TIER(tier) {
            struct murre_store *store;
            struct murre_instance *instance = spin_instance(tier, quick_host, &store);
            cr_assert_eq(murre_store_set_timeout(store, 30000000, NULL), MURRE_OK);
            check_interrupted(store, instance, "spin");
            cr_assert_eq(murre_store_set_timeout(store, 50000000, NULL), MURRE_OK);
            pid_t child = fork();
            if (child == 0) {
                alarm(50);                                    /* nobody is to be left behind */
                if (!is_interrupted(store, instance, "spin")) /* by the parent's deadline */
                    _exit(1);
                if (murre_store_set_timeout(store, 30000000, NULL) != MURRE_OK || !is_interrupted(store, instance, "spin"))
                    _exit(2);
                pthread_t thread;
                struct request request = {store, 30};
                if (pthread_create(&thread, NULL, request_later, &request) != 0 || !is_interrupted(store, instance, "spin"))
                    _exit(3);
                pthread_join(thread, NULL);
                murre_store_delete(store);
                _exit(0);
            }
            expect_good_child(child);
            check_interrupted(store, instance, "spin");
            murre_store_delete(store);
        }
    }
}

static struct murre_trap *forking_host(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)env, (void)caller, (void)args, (void)results;
    static pid_t child = -1;
    if (child == 0)
        return NULL;
    child = fork();
    if (child == 0)
        return NULL;
    expect_good_child(child);
    return murre_trap_exit(7);
}

Test(interrupt, a_child_that_is_born_within_a_call_is_ended, .timeout = 60) {
    FOR_EACH_TIER(tier) {
        struct murre_store *store;
        struct murre_instance *instance = spin_instance(tier, forking_host, &store);
        union murre_slot slot;
        pid_t parent = getpid();
        cr_assert_eq(murre_store_set_timeout(store, 100000000, NULL), MURRE_OK);
        struct murre_trap *trap = murre_func_call(store, test_func(instance, "host"), &slot);
        if (getpid() != parent)
            _exit(trap && murre_trap_kind(trap) == MURRE_TRAP_INTERRUPT ? 0 : 1);
        cr_assert(trap && (murre_trap_kind(trap) == MURRE_TRAP_EXIT || murre_trap_kind(trap) == MURRE_TRAP_INTERRUPT));
        murre_trap_delete(trap);
        murre_store_delete(store);
    }
}

/* ---- instantiation ---- */

Test(interrupt, a_deadline_covers_the_start_function, .timeout = 60) {
    FOR_EACH_TIER(tier) {
        struct murre_engine *engine = test_engine(tier, MURRE_BOUNDS_AUTO);
        struct murre_store *store = murre_store_new(engine, NULL);
        struct builder b = build_module();
        build_whole(&b, SECTION_TYPE, 1, 0x60, 0, 0);
        build_whole(&b, SECTION_FUNCTION, 1, 0);
        build_whole(&b, SECTION_START, 0);
        build_whole(&b, SECTION_CODE, 1, 7, 0, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b);
        struct murre_module *module = test_module(engine, &b);
        cr_assert_eq(murre_store_set_timeout(store, 30000000, NULL), MURRE_OK);
        struct murre_trap *trap = NULL;
        struct murre_error error;
        cr_assert_null(murre_instance_new(store, module, NULL, 0, &trap, &error));
        cr_assert_eq(error.status, MURRE_ERROR_TRAP);
        cr_assert_eq(murre_trap_kind(trap), MURRE_TRAP_INTERRUPT);
        murre_trap_delete(trap);
        murre_store_delete(store);
        murre_module_unref(module);
        murre_engine_unref(engine);
    }
}
