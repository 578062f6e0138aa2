/* Processes that share compiled code: whichever releases it first, parent or child, must leave the other's alone. With the real compiler; what a
 * child does without compile threads is in tier_queue.c, code memory by itself in mir/test_codemem.c. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/runtime.h"
#include "support/build.h"

enum { I32 = 0x7f, STEPS = 1500 };

/* a(x), of so many steps that its code fills pages; seed tells modules apart. */
static uint32_t constant(uint32_t seed, uint32_t step) {
    return seed * 0x9e3779b1u + step * 0x85ebca6bu;
}

static uint32_t expected(uint32_t seed, uint32_t x) {
    uint32_t value = x;
    for (uint32_t i = 0; i < STEPS; i++)
        value = (value ^ constant(seed, i)) * (x | 1);
    return value;
}

static struct builder module_of(uint32_t seed) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 1, I32, 1, I32);
    build_whole(&b, SECTION_FUNCTION, 1, 0);
    build_whole(&b, SECTION_EXPORT, 1, 1, 'a', 0, 0);
    build_section(&b, SECTION_CODE);
    build(&b, 1);
    build_body(&b);
    build(&b, 0, 0x20, 0);
    for (uint32_t i = 0; i < STEPS; i++) {
        build(&b, 0x41);
        build_s64(&b, (int32_t)constant(seed, i));
        build(&b, 0x73, 0x20, 0, 0x41, 1, 0x72, 0x6c);
    }
    build(&b, 0x0b);
    build_close(&b);
    build_close(&b);
    return b;
}

struct world {
    struct murre_engine *engine;
    struct murre_module *module;
    struct murre_store *store;
    struct murre_instance *instance;
    uint32_t seed;
};

static bool works(const struct world *w) {
    union murre_slot slot = {.u32 = 12345};
    return !murre_func_call(w->store, test_func(w->instance, "a"), &slot) && slot.u32 == expected(w->seed, 12345);
}

static void load(struct world *w, struct murre_engine *engine, uint32_t seed) {
    struct builder b = module_of(seed);
    *w = (struct world){.engine = engine, .module = test_module(engine, &b), .store = murre_store_new(engine, NULL), .seed = seed};
    w->instance = murre_instance_new(w->store, w->module, NULL, 0, NULL, NULL);
    cr_assert(w->instance && works(w));
}

/* Where the function's code is, which has to be compiled. */
static const void *code_of(const struct world *w) {
    const struct murre_func *func = test_func(w->instance, "a");
    const void *native = atomic_load(&func->code->native);
    cr_assert(native && atomic_load(&func->entry) == native);
    return native;
}

static void unload(struct world *w) {
    murre_store_delete(w->store);
    murre_module_unref(w->module);
}

static struct murre_engine *compiling_engine(void) {
    if (!murre_has_compiler()) {
        puts("skipped: forks with compiled code, in a build without a compiler: 1");
        cr_skip();
    }
    return test_engine(MURRE_TIER_JIT, MURRE_BOUNDS_AUTO);
}

static void expect_good_child(pid_t child) {
    int status = 0;
    cr_assert(child > 0 && waitpid(child, &status, 0) == child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
}

Test(fork, a_child_that_lets_go_leaves_its_parents_code) {
    struct murre_engine *engine = compiling_engine();
    struct world w, later;
    load(&w, engine, 1);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        if (!works(&w))
            _exit(1);
        unload(&w);
        murre_engine_unref(engine);
        _exit(0);
    }
    expect_good_child(child);
    cr_assert(works(&w));
    load(&later, engine, 2);
    cr_assert(works(&w) && works(&later));
    unload(&later);
    unload(&w);
    murre_engine_unref(engine);
}

/* The child looks when its parent has let go, and says how it went by its exit status. */
static pid_t child_that_waits(const struct world *w, int *go) {
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        alarm(40);
        char byte;
        close(ends[1]);
        bool told = read(ends[0], &byte, 1) == 0;
        _exit(told && works(w) ? 0 : 1);
    }
    close(ends[0]);
    *go = ends[1];
    return child;
}

Test(fork, a_parent_that_lets_go_leaves_its_childs_code, .timeout = 60) {
    struct murre_engine *engine = compiling_engine();
    struct world w, other, again;
    load(&w, engine, 1);
    const char *shared = code_of(&w);
    int go;
    pid_t child = child_that_waits(&w, &go);
    unload(&w);
    /* What is compiled now gets another place, and that is used again. */
    load(&other, engine, 2);
    const char *own = code_of(&other);
    cr_assert(own != shared);
    unload(&other);
    load(&again, engine, 3);
    cr_assert_eq((const void *)own, code_of(&again));
    close(go);
    expect_good_child(child);
    unload(&again);
    murre_engine_unref(engine);
}

Test(fork, a_parent_whose_engine_goes_leaves_its_childs_code, .timeout = 60) {
    struct murre_engine *engine = compiling_engine();
    struct world w;
    load(&w, engine, 1);
    int go;
    pid_t child = child_that_waits(&w, &go);
    unload(&w);
    murre_engine_unref(engine);
    close(go);
    expect_good_child(child);
}

Test(fork, a_child_compiles_with_an_engine_of_its_own, .timeout = 60) {
    struct murre_engine *engine = compiling_engine();
    struct world w;
    load(&w, engine, 1);
#if defined(TEST_EMULATED) || defined(__SANITIZE_THREAD__)
    /* The emulator: see interrupt.c. The sanitizer ends a child of a process with threads that starts one. */
    puts("skipped: threads of children of fork, where those are not supported: 1");
#else
    pid_t child = fork();
    if (child == 0) {
        alarm(40);
        struct world first, second;
        struct murre_engine *own = compiling_engine();
        load(&first, own, 2);
        const void *place = code_of(&first);
        unload(&first);
        load(&second, own, 3);
        bool good = code_of(&second) == place && works(&w);
        unload(&second);
        murre_engine_unref(own);
        unload(&w);
        murre_engine_unref(engine);
        _exit(good ? 0 : 1);
    }
    expect_good_child(child);
#endif
    cr_assert(works(&w));
    unload(&w);
    murre_engine_unref(engine);
}
