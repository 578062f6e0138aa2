/* Calls on stacks that the thread was not made with: recursion through the host ends there, calls of several stores may interleave, those of one
 * store may not. In every tier. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "support/build.h"
#if TEST_WITH_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif

/* Bytes. The lowest page is a guard. */
enum { STACK = 1 << 20, PAGE = 4096 };

/* ---- coroutines ---- */

struct coroutine {
    ucontext_t here, back; /* where it waits, and who goes on then */
    void *stack;
    const void *resumer; /* the stack of who goes on then; for the sanitizer */
    size_t resumer_size;
    bool ended;
    struct murre_store *store;
    struct murre_instance *instance;
    const char *function; /* that it calls */
    struct murre_trap *trap;
};

static struct coroutine *current;

/* The sanitizer is told of every switch: it takes back the frames that a trap has left only on the stack that it knows of. */
static void leave(void **frames, const void *stack, size_t size) {
#if TEST_WITH_ADDRESS_SANITIZER
    __sanitizer_start_switch_fiber(frames, stack, size);
#else
    (void)frames, (void)stack, (void)size;
#endif
}

static void arrive(void *frames, struct coroutine *c) {
#if TEST_WITH_ADDRESS_SANITIZER
    __sanitizer_finish_switch_fiber(frames, c ? &c->resumer : NULL, c ? &c->resumer_size : NULL);
#else
    (void)frames, (void)c;
#endif
}

static void resume(struct coroutine *c) {
    struct coroutine *before = current;
    void *frames = NULL;
    current = c;
    leave(&frames, c->stack, STACK);
    cr_assert_eq(swapcontext(&c->back, &c->here), 0);
    arrive(frames, NULL);
    current = before;
}

static void wait_here(void) {
    struct coroutine *c = current;
    void *frames = NULL;
    leave(&frames, c->resumer, c->resumer_size);
    cr_assert_eq(swapcontext(&c->here, &c->back), 0);
    arrive(frames, c);
}

static void body(void) {
    struct coroutine *c = current;
    union murre_slot slot;
    arrive(NULL, c);
    c->trap = murre_func_call(c->store, test_func(c->instance, c->function), &slot);
    c->ended = true;
    leave(NULL, c->resumer, c->resumer_size);
}

static void start(struct coroutine *c, const char *function) {
    c->function = function;
    c->ended = false;
    c->stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(c->stack, MAP_FAILED);
    cr_assert_eq(mprotect(c->stack, PAGE, PROT_NONE), 0);
    cr_assert_eq(getcontext(&c->here), 0);
    c->here.uc_stack.ss_sp = c->stack;
    c->here.uc_stack.ss_size = STACK;
    c->here.uc_link = &c->back;
    makecontext(&c->here, body, 0);
    resume(c);
}

/* Its stack goes at once: whoever still pointed there would be found out. */
static void finish(struct coroutine *c) {
    cr_assert(c->ended);
    munmap(c->stack, STACK);
}

/* ---- guests ---- */

static struct coroutine worlds[2];

/* "again" of the store that the coroutine runs. */
static struct murre_trap *recurse(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)args, (void)results;
    unsigned *depth = env;
    ++*depth;
    union murre_slot slot;
    return murre_func_call(murre_caller_store(caller), test_func(worlds[0].instance, "again"), &slot);
}

static struct coroutine side;

/* The same, from yet another stack at every second level. */
static struct murre_trap *alternate(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    unsigned *depth = env;
    if (*depth > 100000 || ++*depth % 2)
        return recurse(env, caller, args, results);
    struct coroutine *outer = current;
    if (outer == &side)
        return recurse(env, caller, args, results);
    struct coroutine before = side;
    side.store = worlds[0].store;
    side.instance = worlds[0].instance;
    start(&side, "again");
    finish(&side);
    struct murre_trap *trap = side.trap;
    side = before;
    return trap;
}

static struct murre_trap *yield(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)env, (void)caller, (void)args, (void)results;
    wait_here();
    return NULL;
}

/* Exports of type () to (): "again" calls the host; "fault" does, then loads what lies out of bounds; "spin" does, then loops for as long as the memory
 * begins with zero. */
static void make(struct coroutine *c, enum murre_tier tier, murre_host_fn host, void *env) {
    struct murre_engine *engine = test_engine(tier, MURRE_BOUNDS_AUTO);
    c->store = murre_store_new(engine, NULL);
    cr_assert_not_null(c->store);
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 0, 0);
    build_whole(&b, SECTION_IMPORT, 1, 1, 'h', 1, 'f', 0, 0);
    build_whole(&b, SECTION_FUNCTION, 3, 0, 0, 0);
    build_whole(&b, SECTION_MEMORY, 1, 0, 1);
    build_section(&b, SECTION_EXPORT);
    build_u32(&b, 3);
    static const char *const names[] = {"again", "fault", "spin"};
    for (unsigned i = 0; i < 3; i++) {
        build_name(&b, names[i]);
        build(&b, 0x00, (uint8_t)(i + 1));
    }
    build_close(&b);
    build_whole(&b, SECTION_CODE, 3,                                                         /* */
                4, 0, 0x10, 0, 0x0b,                                                         /* again */
                10, 0, 0x10, 0, 0x41, 0x7f, 0x28, 0, 0, 0x1a, 0x0b,                          /* fault */
                15, 0, 0x10, 0, 0x03, 0x40, 0x41, 0, 0x28, 0, 0, 0x45, 0x0d, 0, 0x0b, 0x0b); /* spin */
    struct murre_module *module = test_module(engine, &b);
    struct murre_functype type = {0};
    struct murre_extern import = {.kind = MURRE_EXTERN_FUNC, .of.func = murre_func_new(c->store, &type, host, env, NULL, NULL)};
    c->instance = murre_instance_new(c->store, module, &import, 1, NULL, NULL);
    cr_assert_not_null(c->instance);
    murre_module_unref(module);
    murre_engine_unref(engine);
}

static void check_trap(struct murre_trap *trap, enum murre_trapkind kind) {
    cr_assert_not_null(trap);
    cr_assert_eq(murre_trap_kind(trap), kind, "%s", murre_trap_message(trap));
    murre_trap_delete(trap);
}

/* ---- recursion ---- */

Test(coroutines, recursion_through_the_host_ends) {
    FOR_EACH_TIER(tier)
    for (uint64_t bytes = 0; bytes <= 32 * 1024; bytes += 32 * 1024) {
        unsigned depth = 0;
        make(&worlds[0], tier, recurse, &depth);
        murre_store_set_limits(worlds[0].store, &(struct murre_store_limits){.stack_bytes = bytes});
        for (unsigned round = 0; round < 2; round++) {
            depth = 0;
            start(&worlds[0], "again");
            finish(&worlds[0]);
            check_trap(worlds[0].trap, MURRE_TRAP_STACK);
            cr_assert_gt(depth, 5);
            cr_assert_lt(depth, 2000);
            /* The thread's own stack is known, and larger. */
            unsigned before = depth;
            union murre_slot slot;
            depth = 0;
            check_trap(murre_func_call(worlds[0].store, test_func(worlds[0].instance, "again"), &slot), MURRE_TRAP_STACK);
            if (bytes == 0)
                cr_assert_gt(depth, 2 * before);
        }
        murre_store_delete(worlds[0].store);
    }
}

Test(coroutines, recursion_over_two_stacks_ends) {
    FOR_EACH_TIER(tier) {
        unsigned depth = 0;
        make(&worlds[0], tier, alternate, &depth);
        start(&worlds[0], "again");
        finish(&worlds[0]);
        check_trap(worlds[0].trap, MURRE_TRAP_STACK);
        cr_assert_lt(depth, 5000);
        murre_store_delete(worlds[0].store);
    }
}

/* ---- interleaving ---- */

Test(coroutines, calls_of_two_stores_interleave, .timeout = 60) {
    FOR_EACH_TIER(tier) {
        for (unsigned i = 0; i < 2; i++)
            make(&worlds[i], tier, yield, NULL);
        for (unsigned order = 0; order < 4; order++) {
            struct coroutine *first = &worlds[order & 1], *second = &worlds[!(order & 1)];
            start(first, order & 2 ? "fault" : "again");
            start(second, "fault");
            resume(first);
            finish(first);
            if (order & 2)
                check_trap(first->trap, MURRE_TRAP_MEMORY_BOUNDS);
            else
                cr_assert_null(first->trap);
            raise(SIGURG); /* its handler looks at what runs in the thread */
            resume(second);
            finish(second);
            check_trap(second->trap, MURRE_TRAP_MEMORY_BOUNDS);
            raise(SIGURG);
        }
        /* Each is ended by its own deadline. */
        start(&worlds[0], "spin");
        start(&worlds[1], "spin");
        cr_assert_eq(murre_store_set_timeout(worlds[0].store, 20000000, NULL), MURRE_OK);
        resume(&worlds[0]);
        finish(&worlds[0]);
        check_trap(worlds[0].trap, MURRE_TRAP_INTERRUPT);
        cr_assert_eq(murre_store_set_timeout(worlds[1].store, 20000000, NULL), MURRE_OK);
        resume(&worlds[1]);
        finish(&worlds[1]);
        check_trap(worlds[1].trap, MURRE_TRAP_INTERRUPT);
        for (unsigned i = 0; i < 2; i++)
            murre_store_delete(worlds[i].store);
    }
}

Test(coroutines, calls_of_one_store_that_interleave_end_the_process_at_once) {
    FOR_EACH_TIER(tier) {
        pid_t child = fork();
        cr_assert_geq(child, 0);
        if (child == 0) {
            if (!freopen("/dev/null", "w", stderr))
                _exit(1);
            make(&worlds[0], tier, yield, NULL);
            worlds[1] = worlds[0];
            start(&worlds[0], "again");
            start(&worlds[1], "again");
            resume(&worlds[0]);
            _exit(0);
        }
        int status;
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}
