/* Traps in every tier: kinds, places, backtraces; and the process's own signal handlers beside ours. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/runtime.h"
#include "support/build.h"

enum { I32 = 0x7f };

static struct murre_store *new_store(enum murre_tier tier, enum murre_bounds bounds) {
    struct murre_engine *engine = test_engine(tier, bounds);
    struct murre_store *store = murre_store_new(engine, NULL);
    cr_assert_not_null(store);
    murre_engine_unref(engine);
    return store;
}

/* Each export traps in its own way. All are of type i32 to i32; "call" calls "load" through "between". */
static const struct body {
    const char *name;
    enum murre_trapkind kind;
    uint8_t code[24];
    uint8_t size, at; /* at: offset in the code of the instruction that traps */
} bodies[] = {
    {"unreachable", MURRE_TRAP_UNREACHABLE, {0x00, 0x0b}, 2, 0},
    {"load", MURRE_TRAP_MEMORY_BOUNDS, {0x20, 0, 0x28, 2, 0, 0x0b}, 6, 2},
    {"store", MURRE_TRAP_MEMORY_BOUNDS, {0x20, 0, 0x20, 0, 0x36, 2, 0, 0x20, 0, 0x0b}, 10, 4},
    {"far", MURRE_TRAP_MEMORY_BOUNDS, {0x20, 0, 0x28, 2, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x0b}, 10, 2},
    {"divide", MURRE_TRAP_DIVIDE_ZERO, {0x20, 0, 0x41, 0, 0x6d, 0x0b}, 6, 4},
    {"overflow", MURRE_TRAP_INTEGER_OVERFLOW, {0x41, 0x80, 0x80, 0x80, 0x80, 0x78, 0x41, 0x7f, 0x6d, 0x0b}, 10, 8},
    {"undefined", MURRE_TRAP_INDIRECT_BOUNDS, {0x20, 0, 0x41, 100, 0x11, 0, 0, 0x0b}, 8, 4},
    {"null", MURRE_TRAP_INDIRECT_NULL, {0x20, 0, 0x41, 1, 0x11, 0, 0, 0x0b}, 8, 4},
    {"mismatch", MURRE_TRAP_INDIRECT_TYPE, {0x41, 0, 0x11, 1, 0, 0x20, 0, 0x0b}, 8, 2},
    {"convert", MURRE_TRAP_INVALID_CONVERSION, {0x43, 0, 0, 0xc0, 0x7f, 0xa8, 0x0b}, 7, 5},
    {"fill", MURRE_TRAP_MEMORY_BOUNDS, {0x20, 0, 0x41, 0, 0x20, 0, 0xfc, 11, 0, 0x20, 0, 0x0b}, 12, 6},
    {"between", MURRE_TRAP_MEMORY_BOUNDS, {0x20, 0, 0x10, 1, 0x41, 1, 0x6a, 0x0b}, 8, 2},
    {"call", MURRE_TRAP_MEMORY_BOUNDS, {0x20, 0, 0x10, 11, 0x41, 1, 0x6a, 0x0b}, 8, 2},
};
enum { BODIES = sizeof bodies / sizeof bodies[0] };
static size_t body_offsets[BODIES]; /* of the code in the module */

static struct builder trap_module(void) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 2, 0x60, 1, I32, 1, I32, 0x60, 0, 0);
    build_section(&b, SECTION_FUNCTION);
    build_u32(&b, BODIES);
    for (unsigned i = 0; i < BODIES; i++)
        build(&b, 0);
    build_close(&b);
    build_whole(&b, SECTION_TABLE, 1, 0x70, 0x00, 2);
    build_whole(&b, SECTION_MEMORY, 1, 0x00, 1);
    build_section(&b, SECTION_EXPORT);
    build_u32(&b, BODIES);
    for (unsigned i = 0; i < BODIES; i++) {
        build_name(&b, bodies[i].name);
        build(&b, 0x00, (uint8_t)i);
    }
    build_close(&b);
    build_whole(&b, SECTION_ELEMENT, 1, 0, 0x41, 0, 0x0b, 1, 0);
    build_section(&b, SECTION_CODE);
    build_u32(&b, BODIES);
    for (unsigned i = 0; i < BODIES; i++) {
        build_body(&b);
        build(&b, 0);
        body_offsets[i] = b.size;
        build_raw(&b, bodies[i].code, bodies[i].size);
        build_close(&b);
    }
    build_close(&b);
    build_section(&b, SECTION_CUSTOM);
    build_name(&b, "name");
    build(&b, 1, 13, 2, 1, 4, 'l', 'o', 'a', 'd', 12, 4, 'c', 'a', 'l', 'l');
    build_close(&b);
    return b;
}

static struct murre_trap *trap_of(struct murre_store *store, struct murre_instance *instance, const char *name) {
    union murre_slot slot = {.u32 = 0xfffffff0};
    struct murre_trap *trap = murre_func_call(store, test_func(instance, name), &slot);
    cr_assert_not_null(trap, "%s", name);
    return trap;
}

Test(traps, every_kind_in_every_tier) {
    FOR_EACH_TIER(tier)
    FOR_EACH_BOUNDS(bounds) {
        struct murre_store *store = new_store(tier, bounds);
        struct builder b = trap_module();
        struct murre_instance *instance = test_instance(store, &b);
        for (unsigned round = 0; round < 4; round++)
            for (unsigned i = 0; i < BODIES; i++) {
                struct murre_trap *trap = trap_of(store, instance, bodies[i].name);
                cr_assert_eq(murre_trap_kind(trap), bodies[i].kind, "%s in tier %d: %s", bodies[i].name, tier, murre_trap_message(trap));
                cr_assert_eq(murre_trap_exit_code(trap), 134);
                uint32_t depth = i == BODIES - 1 ? 3 : i == BODIES - 2 ? 2 : 1;
                cr_assert_eq(murre_trap_depth(trap), depth, "%s in tier %d: %u", bodies[i].name, tier, murre_trap_depth(trap));
                struct murre_frame frame;
                cr_assert(murre_trap_frame(trap, depth - 1, &frame));
                cr_assert_eq(frame.instance, instance);
                cr_assert_eq(frame.func_index, i, "%s in tier %d: %u", bodies[i].name, tier, frame.func_index);
                if (tier == MURRE_TIER_INTERP || frame.offset != MURRE_NO_OFFSET)
                    cr_assert_eq(frame.offset, body_offsets[i] + bodies[i].at, "%s in tier %d: %zu", bodies[i].name, tier,
                                 (size_t)frame.offset);
                murre_trap_delete(trap);
            }
        murre_store_delete(store);
    }
}

Test(traps, frames_have_names) {
    FOR_EACH_TIER(tier) {
        struct murre_store *store = new_store(tier, MURRE_BOUNDS_AUTO);
        struct builder b = trap_module();
        struct murre_instance *instance = test_instance(store, &b);
        struct murre_trap *trap = trap_of(store, instance, "call");
        static const char *const names[] = {"load", "", "call"};
        for (uint32_t i = 0; i < 3; i++) {
            struct murre_frame frame;
            cr_assert(murre_trap_frame(trap, i, &frame));
            cr_assert_eq(frame.name.size, strlen(names[i]));
            cr_assert_eq(memcmp(frame.name.data ? frame.name.data : "", names[i], frame.name.size), 0);
        }
        murre_trap_delete(trap);
        murre_store_delete(store);
    }
}

static void leave_with_42(int number) {
    (void)number;
    _exit(42);
}

/* How a child ends that calls through an element of a table which is this address. */
static int call_through(uintptr_t element, enum murre_bounds bounds) {
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, leave_with_42);
        struct murre_store *store = new_store(MURRE_TIER_JIT, bounds);
        struct builder b = trap_module();
        struct murre_instance *instance = test_instance(store, &b);
        store->tables->elems[1] = (void *)element;
        union murre_slot slot = {.u32 = 0};
        struct murre_trap *trap = murre_func_call(store, test_func(instance, "null"), &slot);
        _exit(trap && murre_trap_kind(trap) == MURRE_TRAP_INDIRECT_NULL ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Anything else would be a fault of the engine's or of the host's, which must not look like one of the guest's. */
Test(traps, only_a_null_element_is_an_uninitialized_one) {
    FOR_EACH_BOUNDS(bounds) {
        cr_expect_eq(call_through(0, bounds), 0);
        cr_expect_eq(call_through(16, bounds), 42, "in the first page");
        /* Not canonical: the kernel tells no address. Not in the highest byte, which AArch64 ignores. */
        cr_expect_eq(call_through((uintptr_t)1 << 52, bounds), 42, "not canonical");
    }
}

/* How a child ends whose compiled load faults at this address, its memory being elsewhere than the store says. */
static int load_at(uint32_t address) {
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, leave_with_42);
        struct murre_store *store = new_store(MURRE_TIER_JIT, MURRE_BOUNDS_GUARD);
        struct builder b = trap_module();
        struct murre_func *func = test_func(test_instance(store, &b), "load");
        func->memory_base = NULL;
        union murre_slot slot = {.u32 = address};
        _exit(murre_func_call(store, func, &slot) ? 1 : 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* The instruction tells which trap a fault is, not the address: where the type of a null function would be, an access of memory finds none. */
Test(traps, an_access_of_memory_is_no_call_of_null_wherever_it_faults) {
    if (murre_has_compiler()) {
        cr_expect_eq(load_at(offsetof(struct murre_func, type_id)), 42);
        cr_expect_eq(load_at(4096), 42);
    }
}

Test(traps, a_trap_outlives_its_engine) {
    struct murre_store *store = new_store(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO);
    struct builder b = trap_module();
    struct murre_trap *trap = trap_of(store, test_instance(store, &b), "load");
    murre_store_delete(store);
    cr_assert_str_eq(murre_trap_message(trap), "out of bounds memory access");
    murre_trap_delete(trap);
}

Test(traps, a_code_invalid_at_its_first_call_is_a_trap_ever_after) {
    FOR_EACH_TIER(tier) {
        struct murre_config config;
        murre_config_init(&config);
        config.tier = tier;
        config.deferred_validation = true;
        struct murre_engine *engine = murre_engine_new(&config, NULL);
        struct murre_store *store = murre_store_new(engine, NULL);
        murre_engine_unref(engine);
        struct builder b = build_module();
        build_whole(&b, SECTION_TYPE, 1, 0x60, 1, I32, 1, I32);
        build_whole(&b, SECTION_FUNCTION, 2, 0, 0);
        build_whole(&b, SECTION_EXPORT, 1, 1, 'f', 0, 1);
        build_whole(&b, SECTION_CODE, 2, 3, 0, 0x6a, 0x0b, 6, 0, 0x20, 0, 0x10, 0, 0x0b);
        struct murre_instance *instance = test_instance(store, &b);
        for (unsigned round = 0; round < 3; round++) {
            struct murre_trap *trap = trap_of(store, instance, "f");
            cr_assert_eq(murre_trap_kind(trap), MURRE_TRAP_INVALID_CODE);
            cr_assert_eq(strncmp(murre_trap_message(trap), "invalid code: ", 14), 0, "%s", murre_trap_message(trap));
            cr_assert_eq(murre_trap_depth(trap), 2, "tier %d: %u", tier, murre_trap_depth(trap));
            murre_trap_delete(trap);
        }
        murre_store_delete(store);
    }
}

/* ---- memory is short ---- */

static bool refuse;
static void *moody_alloc(void *context, size_t size) {
    (void)context;
    return refuse ? NULL : malloc(size);
}
static void *moody_realloc(void *context, void *old, size_t old_size, size_t new_size) {
    (void)context, (void)old_size;
    return refuse ? NULL : realloc(old, new_size);
}
static void moody_free(void *context, void *block, size_t size) {
    (void)context, (void)size;
    free(block);
}

Test(traps, without_memory_they_are_still_raised) {
    FOR_EACH_TIER(tier) {
        struct murre_config config;
        murre_config_init(&config);
        config.tier = tier;
        config.allocator = (struct murre_allocator){moody_alloc, moody_realloc, moody_free, NULL};
        struct murre_engine *engine = murre_engine_new(&config, NULL);
        struct murre_store *store = murre_store_new(engine, NULL);
        murre_engine_unref(engine);
        struct builder b = trap_module();
        struct murre_instance *instance = test_instance(store, &b);
        murre_trap_delete(trap_of(store, instance, "call"));
        refuse = true;
        struct murre_trap *trap = trap_of(store, instance, "call");
        refuse = false;
        cr_assert_eq(murre_trap_kind(trap), MURRE_TRAP_MEMORY_BOUNDS);
        cr_assert_str_eq(murre_trap_message(trap), "out of bounds memory access");
        cr_assert_eq(murre_trap_frame_count(trap), 0);
        murre_trap_delete(trap);
        murre_store_delete(store);
    }
}

/* ---- other people's handlers ---- */

static sigjmp_buf jump;
static volatile sig_atomic_t handled;
static siginfo_t handled_info;
static void *page;

static void host_handler(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    handled++;
    handled_info = *info;
    siglongjmp(jump, 1);
}

static void install(int number, void (*handler)(int, siginfo_t *, void *)) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(number, &action, NULL);
}

static void fault_outside(void) {
    if (sigsetjmp(jump, 1) == 0)
        *(volatile char *)page = 1;
}

Test(traps, a_fault_that_is_not_ours_goes_to_the_handler_before) {
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    install(SIGSEGV, host_handler);
    FOR_EACH_TIER(tier) {
        struct murre_store *store = new_store(tier, MURRE_BOUNDS_AUTO);
        struct builder b = trap_module();
        struct murre_instance *instance = test_instance(store, &b);
        murre_trap_delete(trap_of(store, instance, "load"));
        handled = 0;
        fault_outside();
        cr_assert_eq(handled, 1);
        cr_assert_eq(handled_info.si_addr, page);
        murre_trap_delete(trap_of(store, instance, "load"));
        cr_assert_eq(handled, 1);
        murre_store_delete(store);
        struct sigaction now;
        sigaction(SIGSEGV, NULL, &now);
        cr_assert_eq(now.sa_sigaction, host_handler, "what was there is there again");
    }
}

Test(traps, a_handler_put_over_ours_stays) {
    struct murre_store *store = new_store(MURRE_TIER_AUTO, MURRE_BOUNDS_AUTO);
    install(SIGSEGV, host_handler);
    murre_store_delete(store);
    struct sigaction now;
    sigaction(SIGSEGV, NULL, &now);
    cr_assert_eq(now.sa_sigaction, host_handler);
}

/* A host function faults while Wasm waits for it. */
static struct murre_trap *faulting_host(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)env, (void)caller, (void)args, (void)results;
    *(volatile char *)page = 1;
    return NULL;
}

static int status_of_fault(enum murre_tier tier, int number) {
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        struct murre_store *store = new_store(tier, MURRE_BOUNDS_AUTO);
        struct builder b = build_module();
        build_whole(&b, SECTION_TYPE, 1, 0x60, 0, 0);
        build_whole(&b, SECTION_IMPORT, 1, 1, 'h', 1, 'f', 0, 0);
        build_whole(&b, SECTION_FUNCTION, 1, 0);
        build_whole(&b, SECTION_EXPORT, 1, 1, 'f', 0, 1);
        build_whole(&b, SECTION_CODE, 1, 4, 0, 0x10, 0, 0x0b);
        struct murre_module *module = test_module(murre_store_engine(store), &b);
        struct murre_functype type = {0};
        struct murre_extern import = {.kind = MURRE_EXTERN_FUNC, .of.func = murre_func_new(store, &type, faulting_host, NULL, NULL, NULL)};
        struct murre_instance *instance = murre_instance_new(store, module, &import, 1, NULL, NULL);
        union murre_slot slot;
        if (number)
            raise(number);
        else
            murre_trap_delete(murre_func_call(store, test_func(instance, "f"), &slot));
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    return status;
}

Test(traps, a_fault_of_the_host_is_no_trap, .disabled = TEST_WITH_ADDRESS_SANITIZER) {
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    FOR_EACH_TIER(tier) {
        int status = status_of_fault(tier, 0);
        cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "tier %d: status %x", tier, status);
        status = status_of_fault(tier, SIGSEGV);
        cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "sent, tier %d: status %x", tier, status);
        status = status_of_fault(tier, SIGURG);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

static void *trap_in_thread(void *argument) {
    /* With every signal blocked, as hosts do in their threads. */
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    enum murre_tier tier = *(enum murre_tier *)argument;
    struct murre_store *store = new_store(tier, MURRE_BOUNDS_AUTO);
    struct builder b = trap_module();
    struct murre_instance *instance = test_instance(store, &b);
    for (unsigned i = 0; i < 200; i++) {
        struct murre_trap *trap = trap_of(store, instance, bodies[i % BODIES].name);
        cr_assert_eq(murre_trap_kind(trap), bodies[i % BODIES].kind);
        murre_trap_delete(trap);
    }
    murre_store_delete(store);
    return NULL;
}

Test(traps, threads_trap_side_by_side) {
    FOR_EACH_TIER(tier) {
        pthread_t threads[4];
        for (unsigned i = 0; i < 4; i++)
            cr_assert_eq(pthread_create(&threads[i], NULL, trap_in_thread, &tier), 0);
        for (unsigned i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
    }
}
