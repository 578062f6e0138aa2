/* Imports: what matches, what does not and how that is reported; the linker's names. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "runtime/runtime.h"
#include "support/build.h"

static struct murre_engine *engine;
static struct murre_store *store;
static struct murre_linker *linker;

static void setup(void) {
    engine = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO);
    store = murre_store_new(engine, NULL);
    linker = murre_linker_new(engine, NULL);
    cr_assert(store && linker);
}
static void teardown(void) {
    murre_linker_delete(linker);
    murre_store_delete(store);
    murre_engine_unref(engine);
}
TestSuite(link, .init = setup, .fini = teardown);

static const murre_valtype i32 = MURRE_I32, i64 = MURRE_I64;

static struct murre_trap *host(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)env, (void)caller, (void)args, (void)results;
    return NULL;
}

/* (import "m" "x" …): kind and type as given. */
#define IMPORTING(b, ...)                                                 \
    struct builder b = build_module();                                    \
    build_whole(&b, SECTION_TYPE, 2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 0, 0); \
    build_whole(&b, SECTION_IMPORT, 1, 1, 'm', 1, 'x', __VA_ARGS__)

static enum murre_status link_with(struct builder *b, const struct murre_extern *item, const char *words) {
    struct murre_module *module = test_module(engine, b);
    struct murre_error error = {.status = MURRE_OK};
    struct murre_instance *instance = murre_instance_new(store, module, item, item ? 1 : 0, NULL, &error);
    murre_module_unref(module);
    cr_assert_eq(instance != NULL, error.status == MURRE_OK);
    if (words)
        cr_assert_not_null(strstr(error.message, words), "\"%s\" is not in \"%s\"", words, error.message);
    return error.status;
}

static struct murre_extern func_of(const murre_valtype *params, uint32_t param_count, const murre_valtype *results, uint32_t result_count) {
    struct murre_functype type = {params, results, param_count, result_count};
    struct murre_func *func = murre_func_new(store, &type, host, NULL, NULL, NULL);
    cr_assert_not_null(func);
    return (struct murre_extern){.kind = MURRE_EXTERN_FUNC, .of.func = func};
}
static struct murre_extern table_of(murre_valtype type, struct murre_limits limits) {
    struct murre_table *table = murre_table_new(store, type, limits, NULL, NULL);
    cr_assert_not_null(table);
    return (struct murre_extern){.kind = MURRE_EXTERN_TABLE, .of.table = table};
}
static struct murre_extern memory_of(struct murre_limits limits) {
    struct murre_memory *memory = murre_memory_new(store, limits, NULL);
    cr_assert_not_null(memory);
    return (struct murre_extern){.kind = MURRE_EXTERN_MEMORY, .of.memory = memory};
}
static struct murre_extern global_of(murre_valtype type, bool is_mutable) {
    struct murre_global *global = murre_global_new(store, type, is_mutable, (const union murre_slot[2]){{.i64 = 5}, {.i64 = 6}}, NULL);
    cr_assert_not_null(global);
    return (struct murre_extern){.kind = MURRE_EXTERN_GLOBAL, .of.global = global};
}
static struct murre_limits at_least(uint64_t min) {
    return (struct murre_limits){.min = min};
}
static struct murre_limits between(uint64_t min, uint64_t max) {
    return (struct murre_limits){.min = min, .max = max, .has_max = true};
}

Test(link, a_host_function_needs_a_function) {
    struct murre_functype type = {NULL, NULL, 0, 0};
    struct murre_error error;
    cr_assert_null(murre_func_new(store, &type, NULL, NULL, NULL, &error));
    cr_assert_eq(error.status, MURRE_ERROR_ARGUMENT);
}

Test(link, functions_need_the_same_type) {
    struct murre_extern good = func_of(&i32, 1, &i32, 1), other = func_of(&i32, 1, &i64, 1), none = func_of(NULL, 0, NULL, 0);
    IMPORTING(a, 0, 0);
    cr_assert_eq(link_with(&a, &good, NULL), MURRE_OK);
    IMPORTING(b, 0, 0);
    cr_assert_eq(link_with(&b, &other, "incompatible import type: \"m\" \"x\""), MURRE_ERROR_LINK);
    IMPORTING(c, 0, 0);
    cr_assert_eq(link_with(&c, &none, "incompatible import type"), MURRE_ERROR_LINK);
    IMPORTING(d, 0, 1);
    cr_assert_eq(link_with(&d, &none, NULL), MURRE_OK);
}

Test(link, kinds_must_agree) {
    struct murre_extern memory = memory_of(at_least(1));
    IMPORTING(a, 0, 0);
    cr_assert_eq(link_with(&a, &memory, "a function is wanted, it is a memory"), MURRE_ERROR_LINK);
}

Test(link, missing_imports_are_told_by_name) {
    IMPORTING(a, 0, 0);
    cr_assert_eq(link_with(&a, NULL, "0 imports given"), MURRE_ERROR_LINK);
    struct murre_extern nothing = {.kind = MURRE_EXTERN_FUNC};
    IMPORTING(b, 0, 0);
    cr_assert_eq(link_with(&b, &nothing, "unknown import: \"m\" \"x\""), MURRE_ERROR_LINK);
}

Test(link, tables_match_by_element_type_and_limits) {
    struct {
        struct murre_extern item;
        bool fits;
    } cases[] = {
        {table_of(MURRE_FUNCREF, between(2, 8)), true},  {table_of(MURRE_FUNCREF, between(5, 5)), true},
        {table_of(MURRE_FUNCREF, between(1, 8)), false}, {table_of(MURRE_FUNCREF, between(2, 9)), false},
        {table_of(MURRE_FUNCREF, at_least(2)), false},   {table_of(MURRE_EXTERNREF, between(2, 8)), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        IMPORTING(b, 1, 0x70, 1, 2, 8);
        cr_assert_eq(link_with(&b, &cases[i].item, NULL) == MURRE_OK, cases[i].fits, "case %zu", i);
    }
    /* The size counts as it is now. */
    cr_assert_eq(murre_table_grow(cases[2].item.of.table, 1, NULL), 1);
    IMPORTING(b, 1, 0x70, 1, 2, 8);
    cr_assert_eq(link_with(&b, &cases[2].item, NULL), MURRE_OK);
}

Test(link, memories_match_by_limits) {
    struct {
        struct murre_extern item;
        bool fits;
    } cases[] = {
        {memory_of(between(1, 2)), true},  {memory_of(between(2, 2)), true}, {memory_of(between(0, 2)), false},
        {memory_of(between(1, 3)), false}, {memory_of(at_least(1)), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        IMPORTING(b, 2, 1, 1, 2);
        cr_assert_eq(link_with(&b, &cases[i].item, NULL) == MURRE_OK, cases[i].fits, "case %zu", i);
    }
    cr_assert_eq(murre_memory_grow(cases[2].item.of.memory, 1), 0);
    IMPORTING(b, 2, 1, 1, 2);
    cr_assert_eq(link_with(&b, &cases[2].item, NULL), MURRE_OK);
}

Test(link, globals_match_by_type_and_mutability) {
    struct murre_extern constant = global_of(MURRE_I32, false), variable = global_of(MURRE_I32, true), wide = global_of(MURRE_I64, false);
    IMPORTING(a, 3, 0x7f, 0);
    cr_assert_eq(link_with(&a, &constant, NULL), MURRE_OK);
    IMPORTING(b, 3, 0x7f, 0);
    cr_assert_eq(link_with(&b, &variable, "mutability"), MURRE_ERROR_LINK);
    IMPORTING(c, 3, 0x7f, 1);
    cr_assert_eq(link_with(&c, &constant, "incompatible import type"), MURRE_ERROR_LINK);
    IMPORTING(d, 3, 0x7f, 0);
    cr_assert_eq(link_with(&d, &wide, "incompatible import type"), MURRE_ERROR_LINK);
    IMPORTING(e, 3, 0x7f, 1);
    cr_assert_eq(link_with(&e, &variable, NULL), MURRE_OK);
}

Test(link, objects_of_another_store_are_refused) {
    struct murre_store *mine = store;
    store = murre_store_new(engine, NULL);
    struct murre_extern items[] = {func_of(&i32, 1, &i32, 1), table_of(MURRE_FUNCREF, at_least(0)), memory_of(at_least(0)),
                                   global_of(MURRE_I32, false)};
    struct murre_store *other = store;
    store = mine;
    IMPORTING(a, 0, 0);
    cr_assert_eq(link_with(&a, &items[0], "another store"), MURRE_ERROR_LINK);
    IMPORTING(b, 1, 0x70, 0, 0);
    cr_assert_eq(link_with(&b, &items[1], "another store"), MURRE_ERROR_LINK);
    IMPORTING(c, 2, 0, 0);
    cr_assert_eq(link_with(&c, &items[2], "another store"), MURRE_ERROR_LINK);
    IMPORTING(d, 3, 0x7f, 0);
    cr_assert_eq(link_with(&d, &items[3], "another store"), MURRE_ERROR_LINK);
    murre_store_delete(other);
}

/* ---- the linker ---- */

static struct murre_instance *instantiate(struct builder *b, struct murre_error *error) {
    struct murre_module *module = test_module(engine, b);
    struct murre_instance *instance = murre_linker_instantiate(linker, store, module, NULL, error);
    murre_module_unref(module);
    return instance;
}

Test(link, the_linker_finds_what_was_defined_last) {
    struct murre_extern narrow = global_of(MURRE_I32, false), wide = global_of(MURRE_I64, false);
    struct murre_error error = {.status = MURRE_OK};
    IMPORTING(a, 3, 0x7f, 0);
    cr_assert_null(instantiate(&a, &error));
    cr_assert_not_null(strstr(error.message, "unknown import"));
    cr_assert_eq(murre_linker_define(linker, "m", "x", wide, NULL), MURRE_OK);
    cr_assert_eq(murre_linker_define(linker, "mx", "", narrow, NULL), MURRE_OK);
    IMPORTING(b, 3, 0x7f, 0);
    cr_assert_null(instantiate(&b, NULL));
    cr_assert_eq(murre_linker_define(linker, "m", "x", narrow, NULL), MURRE_OK);
    IMPORTING(c, 3, 0x7f, 0);
    cr_assert_not_null(instantiate(&c, NULL));
}

Test(link, many_definitions_are_all_found) {
    enum { COUNT = 1000 };
    for (int i = 0; i < COUNT; i++) {
        char name[16];
        snprintf(name, sizeof name, "g%d", i);
        struct murre_extern item = {.kind = MURRE_EXTERN_GLOBAL};
        item.of.global = murre_global_new(store, MURRE_I32, false, &(const union murre_slot){.i32 = i}, NULL);
        cr_assert_eq(murre_linker_define(linker, "m", name, item, NULL), MURRE_OK);
    }
    struct builder b = build_module();
    build_section(&b, SECTION_IMPORT);
    build_u32(&b, COUNT);
    for (int i = COUNT - 1; i >= 0; i--) {
        char name[16];
        snprintf(name, sizeof name, "g%d", i);
        build_name(&b, "m");
        build_name(&b, name);
        build(&b, 3, 0x7f, 0);
    }
    build_close(&b);
    struct murre_instance *instance = instantiate(&b, NULL);
    cr_assert_not_null(instance);
    for (int i = 0; i < COUNT; i++)
        cr_assert_eq(murre_instance_global(instance, (uint32_t)i)->value[0].i32, COUNT - 1 - i);
}

Test(link, a_host_function_is_made_once_a_store) {
    struct murre_functype type = {&i32, &i32, 1, 1};
    cr_assert_eq(murre_linker_define_func(linker, "m", "x", &type, host, NULL, NULL), MURRE_OK);
    IMPORTING(a, 0, 0);
    IMPORTING(b, 0, 0);
    struct murre_instance *first = instantiate(&a, NULL), *second = instantiate(&b, NULL);
    cr_assert(first && second);
    cr_assert_eq(murre_instance_func(first, 0), murre_instance_func(second, 0));
    struct murre_store *mine = store;
    store = murre_store_new(engine, NULL);
    IMPORTING(c, 0, 0);
    struct murre_instance *third = instantiate(&c, NULL);
    cr_assert_not_null(third);
    cr_assert_neq(murre_instance_func(third, 0), murre_instance_func(first, 0));
    murre_store_delete(store);
    store = mine;
}

Test(link, an_instance_lends_its_exports) {
    struct builder exporting = build_module();
    build_whole(&exporting, SECTION_MEMORY, 1, 0, 1);
    build_whole(&exporting, SECTION_GLOBAL, 1, 0x7f, 0, 0x41, 42, 0x0b);
    build_whole(&exporting, SECTION_EXPORT, 2, 1, 'x', 3, 0, 3, 'm', 'e', 'm', 2, 0);
    struct murre_instance *exporter = test_instance(store, &exporting);
    cr_assert_eq(murre_linker_define_instance(linker, "m", exporter, NULL), MURRE_OK);
    IMPORTING(b, 3, 0x7f, 0);
    struct murre_instance *importer = instantiate(&b, NULL);
    cr_assert_not_null(importer);
    cr_assert_eq(murre_instance_global(importer, 0), murre_instance_global(exporter, 0));
    struct murre_extern item;
    cr_assert(murre_instance_export(exporter, "mem", 3, &item));
    cr_assert_eq(item.kind, MURRE_EXTERN_MEMORY);
    cr_assert_eq(item.of.memory, exporter->memory);
    cr_assert_not(murre_instance_export(exporter, "me", 2, &item));
    cr_assert(murre_instance_export_at(exporter, 0, &item));
    cr_assert_eq(item.kind, MURRE_EXTERN_GLOBAL);
    cr_assert_not(murre_instance_export_at(exporter, 2, &item));
}

Test(link, names_in_messages_are_cut_and_cleaned) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 0, 0);
    build_section(&b, SECTION_IMPORT);
    build(&b, 1);
    char name[600];
    memset(name, 'n', sizeof name);
    memcpy(name, "\033[31m", 5);
    name[sizeof name - 1] = 0;
    build_name(&b, name);
    build_name(&b, "x\n");
    build(&b, 0, 0);
    build_close(&b);
    struct murre_error error = {.status = MURRE_OK};
    cr_assert_null(instantiate(&b, &error));
    cr_assert_not_null(strstr(error.message, "unknown import: \"?[31mnnn"));
    cr_assert_not_null(strstr(error.message, "nn…\" \"x?\""), "%s", error.message);
}

/* (module (memory (export "m") 1) (data (i32.const 16) "\2a\00\00\00")
 *   (func (export "read") (param i32) (result i32) (i32.load (i32.add (local.get 0) (i32.const 16))))) */
static const uint8_t with_memory[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x06, 0x01, 0x60, 0x01, 0x7f, 0x01, 0x7f, 0x03, 0x02, 0x01, 0x00, 0x05, 0x03,
    0x01, 0x00, 0x01, 0x07, 0x0c, 0x02, 0x01, 0x6d, 0x02, 0x00, 0x04, 0x72, 0x65, 0x61, 0x64, 0x00, 0x00, 0x0a, 0x0c, 0x01, 0x0a, 0x00,
    0x20, 0x00, 0x41, 0x10, 0x6a, 0x28, 0x02, 0x00, 0x0b, 0x0b, 0x0a, 0x01, 0x00, 0x41, 0x10, 0x0b, 0x04, 0x2a, 0x00, 0x00, 0x00,
};
/* (module (import "a" "read" (func $read (param i32) (result i32))) (import "h" "log" (func $log (param i32)))
 *   (memory 1) (data (i32.const 16) "\63")
 *   (func (export "f") (param i32)
 *     (call $log (call $read (i32.const 0))) (call $log (i32.load (i32.const 16))) (call $log (call $read (i32.const 0))))) */
static const uint8_t with_memory_of_its_own[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x0a, 0x02, 0x60, 0x01, 0x7f, 0x01, 0x7f, 0x60, 0x01, 0x7f,
    0x00, 0x02, 0x12, 0x02, 0x01, 0x61, 0x04, 0x72, 0x65, 0x61, 0x64, 0x00, 0x00, 0x01, 0x68, 0x03, 0x6c, 0x6f, 0x67,
    0x00, 0x01, 0x03, 0x02, 0x01, 0x01, 0x05, 0x03, 0x01, 0x00, 0x01, 0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x02, 0x0a,
    0x17, 0x01, 0x15, 0x00, 0x41, 0x00, 0x10, 0x00, 0x10, 0x01, 0x41, 0x10, 0x28, 0x02, 0x00, 0x10, 0x01, 0x41, 0x00,
    0x10, 0x00, 0x10, 0x01, 0x0b, 0x0b, 0x0a, 0x01, 0x00, 0x41, 0x10, 0x0b, 0x04, 0x63, 0x00, 0x00, 0x00,
};

static struct murre_trap *note(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)caller, (void)results;
    uint32_t *noted = env;
    *noted = *noted * 1000 + args->u32;
    return NULL;
}

static void read_both_memories(enum murre_tier tier, int level, enum murre_bounds bounds) {
    struct murre_config config;
    murre_config_init(&config);
    config.tier = tier;
    config.opt_level = level;
    config.bounds = bounds;
    struct murre_engine *engine = murre_engine_new(&config, NULL);
    struct murre_store *store = murre_store_new(engine, NULL);
    struct murre_linker *linker = murre_linker_new(engine, NULL);
    struct murre_module *a = murre_module_new(engine, with_memory, sizeof with_memory, NULL);
    struct murre_module *b = murre_module_new(engine, with_memory_of_its_own, sizeof with_memory_of_its_own, NULL);
    cr_assert(store && linker && a && b);
    static const murre_valtype i32 = MURRE_I32;
    const struct murre_functype type = {.params = &i32, .param_count = 1};
    uint32_t noted = 0;
    cr_assert_eq(murre_linker_define_func(linker, "h", "log", &type, note, &noted, NULL), MURRE_OK);
    struct murre_instance *first = murre_linker_instantiate(linker, store, a, NULL, NULL);
    cr_assert_eq(murre_linker_define_instance(linker, "a", first, NULL), MURRE_OK);
    struct murre_instance *second = murre_linker_instantiate(linker, store, b, NULL, NULL);
    struct murre_extern f;
    cr_assert(murre_instance_export(second, "f", 1, &f));
    union murre_slot slot = {.u64 = 0};
    cr_assert_null(murre_func_call(store, f.of.func, &slot));
    cr_assert_eq(noted, 42099042, "tier %d, level %d, bounds %d: %u", (int)tier, level, (int)bounds, noted);
    murre_module_unref(a);
    murre_module_unref(b);
    murre_linker_delete(linker);
    murre_store_delete(store);
    murre_engine_unref(engine);
}

Test(link, a_function_of_another_instance_finds_its_own_memory) {
    static const enum murre_bounds bounds[] = {MURRE_BOUNDS_AUTO, MURRE_BOUNDS_EXPLICIT};
    for (unsigned i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        read_both_memories(MURRE_TIER_INTERP, -1, bounds[i]);
        if (murre_has_compiler())
            for (int level = -1; level <= 3; level++)
                read_both_memories(MURRE_TIER_JIT, level, bounds[i]);
    }
}
