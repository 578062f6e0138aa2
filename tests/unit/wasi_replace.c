/* The host's replacements of WASI's functions, and their calls of the originals. */
#include <criterion/criterion.h>
#include <string.h>

#include "support/build.h"
#include "wasi.h"
#include "wasi/abi.h"

static struct murre_engine *engine;
static struct murre_linker *linker;
static struct murre_store *store;
static struct murre_wasi *wasi;

static void set_up(void) {
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    engine = test_engine(MURRE_TIER_AUTO, MURRE_BOUNDS_AUTO);
    linker = murre_linker_new(engine, NULL);
    store = murre_store_new(engine, NULL);
    wasi = murre_wasi_new(&config, NULL);
    cr_assert(linker && store && wasi);
    cr_assert_eq(murre_wasi_define(wasi, linker, NULL), MURRE_OK);
}

static void tear_down(void) {
    murre_store_delete(store);
    murre_linker_delete(linker);
    murre_wasi_delete(wasi);
    murre_engine_unref(engine);
}

TestSuite(wasi_replace, .init = set_up, .fini = tear_down);

/* random_get and proc_exit as imports; "random" calls the first with what it gets, "exit" the second with 7. */
static struct murre_instance *make_guest(void) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 3, 0x60, 2, 0x7f, 0x7f, 1, 0x7f, 0x60, 1, 0x7f, 0, 0x60, 0, 0);
    build_section(&b, SECTION_IMPORT);
    build(&b, 2);
    build_name(&b, "wasi_snapshot_preview1");
    build_name(&b, "random_get");
    build(&b, 0, 0);
    build_name(&b, "wasi_snapshot_preview1");
    build_name(&b, "proc_exit");
    build(&b, 0, 1);
    build_close(&b);
    build_whole(&b, SECTION_FUNCTION, 2, 0, 2);
    build_whole(&b, SECTION_MEMORY, 1, 0, 1);
    build_section(&b, SECTION_EXPORT);
    build(&b, 3);
    build_name(&b, "memory");
    build(&b, 2, 0);
    build_name(&b, "random");
    build(&b, 0, 2);
    build_name(&b, "exit");
    build(&b, 0, 3);
    build_close(&b);
    build_whole(&b, SECTION_CODE, 2, 8, 0, 0x20, 0, 0x20, 1, 0x10, 0, 0x0b, 6, 0, 0x41, 7, 0x10, 1, 0x0b);
    struct murre_module *module = test_module(engine, &b);
    struct murre_error error;
    struct murre_instance *instance = murre_linker_instantiate(linker, store, module, NULL, &error);
    cr_assert(instance, "%s", error.message);
    murre_module_unref(module);
    return instance;
}

static uint8_t *bytes_of(struct murre_instance *instance) {
    struct murre_extern item;
    cr_assert(murre_instance_export(instance, "memory", 6, &item));
    return murre_memory_data(item.of.memory);
}

/* What random_get says, or -1 when it traps. */
static int call_random(struct murre_instance *instance, uint32_t pointer, uint32_t size) {
    union murre_slot slots[2] = {{.u32 = pointer}, {.u32 = size}};
    struct murre_trap *trap = murre_func_call(store, test_func(instance, "random"), slots);
    bool trapped = trap != NULL;
    murre_trap_delete(trap);
    return trapped ? -1 : slots[0].i32;
}

/* No randomness: for tests that must run the same each time. */
static struct murre_trap *not_random(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    uint64_t pointer = args[0].u32, size = args[1].u32;
    struct murre_memory *memory = murre_caller_memory(caller);
    if (pointer + size > murre_memory_size(memory))
        return murre_trap_new("not in memory");
    memset(murre_memory_data(memory) + pointer, *(const int *)env, size);
    results[0].i32 = WASI_SUCCESS;
    return NULL;
}

Test(wasi_replace, a_function_of_the_host_takes_the_place) {
    int filler = 0x5a;
    cr_assert_eq(murre_wasi_replace(linker, "random_get", not_random, &filler, NULL), MURRE_OK);
    struct murre_instance *instance = make_guest();
    cr_expect_eq(call_random(instance, 100, 8), WASI_SUCCESS);
    for (int i = 0; i < 8; i++)
        cr_expect_eq(bytes_of(instance)[100 + i], 0x5a);
    cr_expect_eq(call_random(instance, 65530, 8), -1);
}

struct counted {
    int calls;
    bool refuse;
};

/* Looks on, and refuses when told to. */
static struct murre_trap *count(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    struct counted *counted = env;
    counted->calls++;
    if (counted->refuse) {
        results[0].i32 = WASI_ACCES;
        return NULL;
    }
    return murre_wasi_original(wasi, "random_get", caller, args, results);
}

Test(wasi_replace, the_original_can_be_called_through) {
    struct counted counted = {0};
    cr_assert_eq(murre_wasi_replace(linker, "random_get", count, &counted, NULL), MURRE_OK);
    struct murre_instance *instance = make_guest();
    cr_expect_eq(call_random(instance, 100, 32), WASI_SUCCESS);
    int zeros = 0;
    for (int i = 0; i < 32; i++)
        zeros += bytes_of(instance)[100 + i] == 0;
    cr_expect(zeros < 16);
    cr_expect_eq(call_random(instance, 65530, 8), -1, "the original's trap");
    counted.refuse = true;
    cr_expect_eq(call_random(instance, 100, 8), WASI_ACCES);
    cr_expect_eq(counted.calls, 3);
}

static struct murre_trap *exit_later(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    int *code = env;
    struct murre_trap *trap = murre_wasi_original(wasi, "proc_exit", caller, args, results);
    *code = murre_trap_exit_code(trap);
    return trap;
}

Test(wasi_replace, what_has_no_result_can_be_replaced_too) {
    int code = 0;
    cr_assert_eq(murre_wasi_replace(linker, "proc_exit", exit_later, &code, NULL), MURRE_OK);
    struct murre_instance *instance = make_guest();
    struct murre_trap *trap = murre_func_call(store, test_func(instance, "exit"), NULL);
    cr_assert(trap && murre_trap_kind(trap) == MURRE_TRAP_EXIT);
    cr_expect_eq(code, 7);
    murre_trap_delete(trap);
}

Test(wasi_replace, a_zero_byte_in_a_name_is_part_of_it) {
    static const char name[4096] = "random_get";
    for (size_t size = sizeof "random_get"; size <= sizeof name; size++)
        cr_assert(!murre_wasi_provides((struct murre_name){"wasi_snapshot_preview1", 22}, (struct murre_name){name, size}));
}

Test(wasi_replace, there_is_nothing_else_to_replace) {
    static const char *const names[] = {"fd_open", "", "random_ge", "random_gett", "zzz", "aaa", "Fd_read"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct murre_error error;
        cr_expect_eq(murre_wasi_replace(linker, names[i], not_random, NULL, &error), MURRE_ERROR_ARGUMENT);
        cr_expect(strstr(error.message, names[i]));
        cr_expect(!murre_wasi_provides((struct murre_name){"wasi_snapshot_preview1", 22}, (struct murre_name){names[i], strlen(names[i])}));
    }
#define FUNCTION(name, params) \
    cr_expect(murre_wasi_provides((struct murre_name){"wasi_snapshot_preview1", 22}, (struct murre_name){#name, sizeof #name - 1}), #name);
#define EXIT(name, params) FUNCTION(name, params)
#include "wasi/functions.def"
#undef FUNCTION
#undef EXIT
    struct murre_trap *trap = murre_wasi_original(wasi, "nothing", NULL, NULL, NULL);
    cr_expect(trap && murre_trap_kind(trap) == MURRE_TRAP_HOST);
    murre_trap_delete(trap);
}
