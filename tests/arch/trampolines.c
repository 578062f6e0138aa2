/* The trampolines, unwinding and landing, each beside its portable twin. Linked with src/arch alone: the C functions that the trampolines call
 * are this file's. */
#include <criterion/criterion.h>
#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "arch/shapes.h"
#include "support/build.h"

uint64_t test_values[TEST_MOST_VALUES];
uint64_t test_result;
static unsigned seen;

void test_seen(void) {
    seen++;
}

/* ---- what the trampolines call ---- */

static const struct shape *exit_shape;
static uint64_t exit_values[TEST_MOST_VALUES];
static void *exit_target;
static uintptr_t exit_frame_of_caller;
static volatile bool interrupt;
static struct murre_arch_context landing_context;
static unsigned interrupts, landings;

void *murre_call_exit(struct murre_arch_exit_frame *frame) {
    cr_assert_eq((uintptr_t)frame % 16, 0);
    cr_assert_eq((uintptr_t)__builtin_frame_address(0) % 16, 0);
    frame->interrupt = &interrupt;
    twin_unsort(exit_shape, frame, exit_values);
    exit_frame_of_caller = *(uintptr_t *)frame->frame;
    frame->int_result = frame->float_result = test_result;
    /* Whatever C leaves in the registers must not matter. */
    memset(frame->ints + (exit_target ? murre_arch_int_registers : 0), 0x55, exit_target ? 0 : sizeof frame->ints);
    return exit_target;
}

void murre_trap_interrupted(const volatile bool *flag) {
    cr_assert_eq(flag, &interrupt);
    interrupts++;
    murre_arch_unwind(&landing_context);
}

void murre_trap_landed(void) {
    cr_assert_eq((uintptr_t)__builtin_frame_address(0) % 16, 0);
    landings++;
    murre_arch_unwind(&landing_context);
}

static uint64_t random_state;
static uint64_t random_next(void) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return random_state ^ random_state >> 29;
}

/* Bits that survive the way through a float variable: no signalling NaN. */
static uint64_t value_of(char type) {
    uint64_t bits = random_next();
    if (type == 'f')
        return bits & 0xbfffffff;
    return type == 'd' ? bits & 0xbfffffffffffffff : bits;
}

static void fill(const struct shape *shape, uint64_t *values) {
    values[0] = random_next();
    for (unsigned i = 0; shape->params[i]; i++)
        values[i + 1] = value_of(shape->params[i]);
    test_result = value_of(shape->result);
}

static uint64_t low(char type, uint64_t bits) {
    return type == 'f' ? (uint32_t)bits : bits;
}

static void check_values(const struct shape *shape, const uint64_t *got, const uint64_t *want) {
    cr_assert_eq(got[0], want[0]);
    for (unsigned i = 0; shape->params[i]; i++)
        cr_assert_eq(low(shape->params[i], got[i + 1]), low(shape->params[i], want[i + 1]), "%s, parameter %u", shape->params, i);
}

static void check_result(const struct shape *shape, const struct murre_arch_args *args, uint64_t want) {
    if (shape->result == 'i')
        cr_assert_eq(args->int_result, want);
    else if (shape->result != 'v')
        cr_assert_eq(low(shape->result, args->float_result), low(shape->result, want));
}

Test(trampolines, entering_equals_the_call_that_c_makes) {
    for (unsigned round = 0; round < 20; round++)
        for (unsigned i = 0; i < test_shape_count; i++) {
            const struct test_shape *test = &test_shapes[i];
            uint64_t values[TEST_MOST_VALUES], stack[TEST_MOST_VALUES], by_twin[TEST_MOST_VALUES];
            fill(&test->shape, values);
            uint64_t twin_result = test->caller(test->callee, values);
            memcpy(by_twin, test_values, sizeof by_twin);
            memset(test_values, 0, sizeof test_values);
            struct murre_arch_args args;
            twin_sort(&test->shape, values, &args, stack);
            args.interrupt = &interrupt;
            seen = 0;
            murre_arch_enter(test->callee, &args);
            cr_assert_eq(seen, 1);
            check_values(&test->shape, test_values, by_twin);
            check_values(&test->shape, test_values, values);
            check_result(&test->shape, &args, twin_result);
        }
}

Test(trampolines, the_exit_stub_sees_what_c_passes) {
    exit_target = NULL;
    for (unsigned round = 0; round < 20; round++)
        for (unsigned i = 0; i < test_shape_count; i++) {
            const struct test_shape *test = &test_shapes[i];
            uint64_t values[TEST_MOST_VALUES];
            fill(&test->shape, values);
            exit_shape = &test->shape;
            uint64_t twin_result = test->caller(test->callee, values);
            uint64_t result = test->caller((void *)(round % 2 ? murre_arch_exit : murre_arch_exit_first), values);
            check_values(&test->shape, exit_values, values);
            cr_assert_eq(low(test->shape.result, result), low(test->shape.result, twin_result));
        }
}

Test(trampolines, the_exit_stub_forwards_to_compiled_code) {
    for (unsigned i = 0; i < test_shape_count; i++) {
        const struct test_shape *test = &test_shapes[i];
        uint64_t values[TEST_MOST_VALUES];
        fill(&test->shape, values);
        exit_shape = &test->shape;
        exit_target = test->callee;
        seen = 0;
        uint64_t result = test->caller((void *)murre_arch_exit, values);
        cr_assert_eq(seen, 1);
        check_values(&test->shape, test_values, values);
        if (test->shape.result != 'v')
            cr_assert_eq(low(test->shape.result, result), low(test->shape.result, test_result));
    }
}

Test(trampolines, entering_the_exit_stub_goes_round) {
    exit_target = NULL;
    for (unsigned i = 0; i < test_shape_count; i++) {
        const struct shape *shape = &test_shapes[i].shape;
        uint64_t values[TEST_MOST_VALUES], stack[TEST_MOST_VALUES];
        fill(shape, values);
        exit_shape = shape;
        struct murre_arch_args args;
        twin_sort(shape, values, &args, stack);
        args.interrupt = &interrupt;
        murre_arch_enter((void *)murre_arch_exit, &args);
        check_values(shape, exit_values, values);
        check_result(shape, &args, test_result);
        cr_assert_eq(exit_frame_of_caller, args.frame, "the chain of frames leads to the trampoline");
    }
}

/* ---- unwinding ---- */

struct unwinding {
    int (*protect)(struct murre_arch_context *, void (*)(void *), void *);
    __attribute__((noreturn)) void (*unwind)(struct murre_arch_context *);
    struct murre_arch_context outer, inner;
    unsigned depth;
    bool to_outer;
    unsigned steps;
};

static void dig(void *argument) {
    struct unwinding *u = argument;
    volatile char ballast[512];
    memset((char *)ballast, (int)u->depth, sizeof ballast);
    if (u->depth > 100)
        return; /* never; it tells the compiler that this may end */
    if (u->depth--) {
        dig(u);
        return;
    }
    u->unwind(u->to_outer ? &u->outer : &u->inner);
}

static void do_nothing(void *argument) {
    ((struct unwinding *)argument)->steps++;
}

static void nest(void *argument) {
    struct unwinding *u = argument;
    u->depth = 20;
    u->steps += 10;
    if (u->protect(&u->inner, dig, u) == 1)
        u->steps += 100;
}

static unsigned steps_of(struct unwinding *u) {
    double kept = (double)u->depth + 0.5;
    u->steps = 0;
    cr_assert_eq(u->protect(&u->outer, do_nothing, u), 0);
    u->to_outer = false;
    cr_assert_eq(u->protect(&u->outer, nest, u), 0);
    u->to_outer = true;
    cr_assert_eq(u->protect(&u->outer, nest, u), 1);
    cr_assert_eq(kept, 0.5);
    return u->steps;
}

Test(trampolines, unwinding_equals_longjmp) {
    struct unwinding ours = {.protect = murre_arch_protect, .unwind = murre_arch_unwind};
    struct unwinding twin = {.protect = twin_protect, .unwind = twin_unwind};
    cr_assert_eq(steps_of(&ours), steps_of(&twin));
    cr_assert_eq(ours.steps, 121);
}

/* ---- interrupts and landing ---- */

static void enter_callee(void *argument) {
    struct murre_arch_args args = {.interrupt = &interrupt};
    murre_arch_enter(argument, &args);
}

Test(trampolines, a_set_flag_keeps_the_callee_from_running) {
    interrupt = true;
    interrupts = seen = 0;
    cr_assert_eq(murre_arch_protect(&landing_context, enter_callee, test_shapes[0].callee), 1);
    cr_assert_eq(interrupts, 1);
    cr_assert_eq(seen, 0);
    exit_shape = &test_shapes[0].shape;
    exit_target = NULL;
    interrupt = false;
    cr_assert_eq(murre_arch_protect(&landing_context, enter_callee, (void *)murre_arch_exit), 0);
}

static volatile uintptr_t bad_address = 8;

static void *faulting_callee(void) {
    *(volatile int *)bad_address = 1;
    return NULL;
}

static uintptr_t fault_stack;

static void on_fault(int number, siginfo_t *info, void *context) {
    (void)number;
    cr_assert_eq(info->si_addr, (void *)8);
    fault_stack = murre_arch_context_stack(context);
    cr_assert_gt(murre_arch_context_frame(context), fault_stack - 256);
    cr_assert_not(murre_arch_in_window(murre_arch_context_pc(context)));
    murre_arch_context_land(context);
}

Test(trampolines, a_fault_lands_with_registers_kept) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    interrupt = false;
    for (unsigned i = 0; i < 4; i++) {
        volatile uint64_t here = random_next();
        uint64_t before = here;
        cr_assert_eq(murre_arch_protect(&landing_context, enter_callee, (void *)faulting_callee), 1);
        cr_assert_eq(here, before);
        cr_assert_eq(landings, i + 1);
        cr_assert_lt(fault_stack, (uintptr_t)__builtin_frame_address(0));
        sigset_t mask;
        sigprocmask(SIG_BLOCK, NULL, &mask);
        cr_assert_not(sigismember(&mask, SIGSEGV), "the mask is the thread's own again");
    }
}

/* A thread is stopped again and again while it goes through the trampolines: wherever it is stopped after the flag was set, it ends. */
static volatile bool stop_all;
static volatile unsigned rounds;

static void on_tick(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)info;
    interrupt = true;
    if (murre_arch_in_window(murre_arch_context_pc(context)))
        murre_arch_context_land(context);
}

static void go_round(void *argument) {
    (void)argument;
    exit_shape = &test_shapes[0].shape;
    for (;;) {
        struct murre_arch_args args = {.interrupt = &interrupt};
        murre_arch_enter((void *)murre_arch_exit, &args);
        rounds++;
    }
}

static void *tick(void *thread) {
    while (!stop_all) {
        pthread_kill(*(pthread_t *)thread, SIGUSR1);
        struct timespec pause = {0, 20000};
        nanosleep(&pause, NULL);
    }
    return NULL;
}

Test(trampolines, an_interrupt_ends_the_run_wherever_it_comes) {
    struct sigaction action = {.sa_sigaction = on_tick, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    exit_target = NULL;
    pthread_t self = pthread_self(), ticker;
    cr_assert_eq(pthread_create(&ticker, NULL, tick, &self), 0);
    interrupts = landings = 0;
    for (unsigned i = 0; i < 500; i++) {
        interrupt = false;
        cr_assert_eq(murre_arch_protect(&landing_context, go_round, NULL), 1);
    }
    stop_all = true;
    pthread_join(ticker, NULL);
    cr_assert_eq(interrupts + landings, 500);
}

Test(trampolines, floating_point_modes_are_left_alone) {
    fesetround(FE_UPWARD);
    struct murre_arch_args args = {.interrupt = &interrupt};
    interrupt = false;
    murre_arch_enter(test_shapes[0].callee, &args);
    cr_assert_eq(fegetround(), FE_UPWARD);
    fesetround(FE_TONEAREST);
}

Test(trampolines, features_do_not_contradict_each_other) {
    const struct murre_arch_features *features = murre_arch_features();
    cr_assert_eq(features, murre_arch_features());
    cr_assert(!features->avx2 || features->avx);
    cr_assert(!features->fma || features->avx);
    murre_arch_pause();
    murre_arch_publish_code();
}
