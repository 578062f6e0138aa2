/* Loading modules from memory, their descriptions, and who owns what. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#include "runtime/runtime.h"
#include "support/build.h"

static struct builder sample(void) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 2, 0x60, 2, 0x7f, 0x7e, 1, 0x7d, 0x60, 0, 0);
    build_whole(&b, SECTION_IMPORT, 1, 3, 'e', 'n', 'v', 1, 'f', 0, 0);
    build_whole(&b, SECTION_FUNCTION, 1, 1);
    build_whole(&b, SECTION_TABLE, 1, 0x70, 1, 2, 3);
    build_whole(&b, SECTION_MEMORY, 1, 0, 1);
    build_whole(&b, SECTION_GLOBAL, 1, 0x7e, 1, 0x42, 9, 0x0b);
    build_whole(&b, SECTION_EXPORT, 4, 1, 'r', 0, 1, 1, 't', 1, 0, 1, 'm', 2, 0, 1, 'g', 3, 0);
    build_whole(&b, SECTION_CODE, 1, 2, 0, 0x0b);
    build_whole(&b, SECTION_CUSTOM, 4, 'n', 'o', 't', 'e', 1, 2, 3);
    return b;
}

/* A module whose only function does not validate. */
static struct builder invalid(void) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 0, 1, 0x7f);
    build_whole(&b, SECTION_FUNCTION, 1, 0);
    build_whole(&b, SECTION_CODE, 1, 2, 0, 0x0b);
    return b;
}

static bool named(struct murre_name name, const char *text) {
    return name.size == strlen(text) && memcmp(name.data, text, name.size) == 0;
}

/* Entries are in order; what is not ends the list. A name that is not UTF-8 is none, and costs the others nothing. */
Test(module, knows_the_names_of_functions_that_can_be_read) {
    struct murre_engine *engine = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO);
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 0, 0);
    build_whole(&b, SECTION_FUNCTION, 5, 0, 0, 0, 0, 0);
    build_whole(&b, SECTION_CODE, 5, 2, 0, 0x0b, 2, 0, 0x0b, 2, 0, 0x0b, 2, 0, 0x0b, 2, 0, 0x0b);
    build_whole(&b, SECTION_CUSTOM, 4, 'n', 'a', 'm', 'e', 1, 18, 5, 0, 1, 'a', 1, 2, 0xc3, 0x28, 3, 1, 'd', 2, 1, 'c', 4, 1, 'e', 0);
    struct murre_module *module = test_module(engine, &b);
    for (unsigned round = 0; round < 2; round++) {
        cr_assert(named(murre_module_function_name(module, 0), "a"));
        cr_assert(named(murre_module_function_name(module, 1), ""));
        cr_assert(named(murre_module_function_name(module, 2), ""));
        cr_assert(named(murre_module_function_name(module, 3), "d"));
        cr_assert(named(murre_module_function_name(module, 4), ""));
        cr_assert(named(murre_module_function_name(module, 5), ""));
        cr_assert(named(murre_module_function_name(module, UINT32_MAX), ""));
    }
    murre_module_unref(module);
    murre_engine_unref(engine);
}

Test(module, tells_its_imports_and_exports) {
    struct murre_engine *engine = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO);
    struct builder b = sample();
    struct murre_module *module = test_module(engine, &b);
    struct murre_import import;
    cr_assert_eq(murre_module_import_count(module), 1);
    cr_assert(murre_module_import(module, 0, &import));
    cr_assert(named(import.module, "env") && named(import.name, "f"));
    cr_assert_eq(import.type.kind, MURRE_EXTERN_FUNC);
    cr_assert_eq(import.type.func.param_count, 2);
    cr_assert_eq(import.type.func.params[1], MURRE_I64);
    cr_assert_eq(import.type.func.results[0], MURRE_F32);
    cr_assert_not(murre_module_import(module, 1, &import));
    struct murre_export item;
    cr_assert_eq(murre_module_export_count(module), 4);
    cr_assert(murre_module_export(module, 1, &item));
    cr_assert(named(item.name, "t"));
    cr_assert_eq(item.type.valtype, MURRE_FUNCREF);
    cr_assert_eq(item.type.limits.max, 3);
    cr_assert(murre_module_export(module, 2, &item));
    cr_assert_eq(item.type.kind, MURRE_EXTERN_MEMORY);
    cr_assert_not(item.type.limits.has_max);
    cr_assert(murre_module_export(module, 3, &item));
    cr_assert(item.type.is_mutable && item.type.valtype == MURRE_I64);
    cr_assert_not(murre_module_export(module, 4, &item));
    murre_module_unref(module);
    murre_engine_unref(engine);
}

Test(module, tells_its_sections) {
    struct murre_engine *engine = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO);
    struct builder b = sample();
    struct murre_module *module = test_module(engine, &b);
    struct murre_section section;
    cr_assert_eq(murre_module_section_count(module), 9);
    cr_assert(murre_module_section(module, 0, &section));
    cr_assert(named(section.name, "type"));
    cr_assert_eq(section.count, 2);
    cr_assert_eq(section.offset, 8 + 1 + 5);
    cr_assert(murre_module_section(module, 8, &section));
    cr_assert_eq(section.id, 0);
    cr_assert(named(section.name, "note"));
    cr_assert_not(murre_module_section(module, 9, &section));
    murre_module_unref(module);
    murre_engine_unref(engine);
}

static void count_release(void *context) {
    ++*(int *)context;
}

Test(module, borrowed_bytes_are_released_once_with_the_last_reference) {
    struct murre_engine *engine = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO);
    struct builder b = sample();
    int released = 0;
    struct murre_module *module = murre_module_new_borrowed(engine, b.bytes, b.size, count_release, &released, NULL);
    cr_assert_not_null(module);
    murre_engine_unref(engine); /* the module keeps it */
    murre_module_ref(module);
    murre_module_unref(module);
    cr_assert_eq(released, 0);
    murre_module_unref(module);
    cr_assert_eq(released, 1);
    build_free(&b);
}

Test(module, borrowed_bytes_stay_the_callers_on_failure) {
    struct murre_engine *engine = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO);
    int released = 0;
    struct builder b = invalid();
    struct murre_error error = {.status = MURRE_OK};
    cr_assert_null(murre_module_new_borrowed(engine, b.bytes, b.size, count_release, &released, &error));
    cr_assert_eq(error.status, MURRE_ERROR_INVALID);
    cr_assert_null(murre_module_new_borrowed(engine, b.bytes, 6, count_release, &released, NULL));
    cr_assert_null(murre_module_new_borrowed(engine, NULL, 0, count_release, &released, NULL));
    cr_assert_null(murre_module_new(engine, NULL, 0, NULL));
    cr_assert_eq(released, 0);
    build_free(&b);
    murre_engine_unref(engine);
}

Test(module, an_instance_keeps_its_module) {
    struct murre_engine *engine = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO);
    struct murre_store *store = murre_store_new(engine, NULL);
    struct builder b = build_module();
    build_whole(&b, SECTION_MEMORY, 1, 0, 1);
    struct murre_instance *instance = test_instance(store, &b);
    cr_assert_eq(murre_instance_module(instance)->engine, engine);
    murre_engine_unref(engine);
    murre_store_delete(store);
}

Test(module, deferred_validation_loads_and_validates_on_request) {
    struct murre_config config;
    murre_config_init(&config);
    config.tier = MURRE_TIER_INTERP;
    config.deferred_validation = true;
    struct murre_engine *engine = murre_engine_new(&config, NULL);
    struct builder b = invalid();
    struct murre_module *module = test_module(engine, &b);
    struct murre_error error = {.status = MURRE_OK};
    cr_assert_eq(murre_module_validate(module, &error), MURRE_ERROR_INVALID);
    cr_assert_neq(error.offset, MURRE_NO_OFFSET);
    cr_assert_eq(murre_module_validate(module, NULL), MURRE_ERROR_INVALID);
    murre_module_unref(module);
    struct builder good = sample();
    module = test_module(engine, &good);
    cr_assert_eq(murre_module_validate(module, NULL), MURRE_OK);
    murre_module_unref(module);
    murre_engine_unref(engine);
}

Test(module, features_are_found_in_bodies) {
    struct murre_config config;
    murre_config_init(&config);
    config.tier = MURRE_TIER_INTERP;
    config.deferred_validation = true;
    struct murre_engine *engine = murre_engine_new(&config, NULL);
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 1, 0x60, 1, 0x7f, 1, 0x7f);
    build_whole(&b, SECTION_FUNCTION, 3, 0, 0, 0);
    build_whole(&b, SECTION_MEMORY, 1, 0, 1);
    build_whole(&b, SECTION_CODE, 3,
                /* i32.extend8_s */ 5, 0, 0x20, 0, 0xc0, 0x0b,
                /* v128.const … drop; i32.trunc_sat_f32_s */
                34, 0, 0xfd, 0x0c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0x1a, 0x43, 0, 0, 0, 0, 0xfc, 0, 0x1a, 0x41, 0,
                0x1a, 0x41, 0, 0x0b,
                /* return_call 0 */ 6, 0, 0x20, 0, 0x12, 0, 0x0b);
    struct murre_module *module = test_module(engine, &b);
    static const char *const wanted[] = {"sign-extension", "saturating-float-to-int", "simd", "tail-call", NULL};
    for (uint32_t i = 0; i < 5; i++) {
        const char *name = murre_module_feature(module, i);
        cr_assert(wanted[i] ? name && strcmp(name, wanted[i]) == 0 : !name, "%u: %s", (unsigned)i, name ? name : "none");
    }
    murre_module_unref(module);
    murre_engine_unref(engine);
}

struct counting {
    size_t live, blocks, allowed;
};
static void *counting_alloc(void *context, size_t size) {
    struct counting *c = context;
    if (!c->allowed)
        return NULL;
    c->allowed--;
    c->live += size;
    c->blocks++;
    return malloc(size);
}
static void *counting_realloc(void *context, void *old, size_t old_size, size_t new_size) {
    struct counting *c = context;
    if (!c->allowed)
        return NULL;
    c->allowed--;
    c->live += new_size - old_size;
    return realloc(old, new_size);
}
static void counting_free(void *context, void *block, size_t size) {
    struct counting *c = context;
    c->live -= size;
    c->blocks--;
    free(block);
}

/* From loading to the last release, with every allocation failing in turn: an error each time, and nothing is left. */
Test(module, every_allocation_may_fail) {
    bool done = false;
    for (size_t allowed = 0; !done; allowed++) {
        cr_assert_lt(allowed, 10000);
        struct counting counting = {.allowed = allowed};
        struct murre_config config;
        murre_config_init(&config);
        config.tier = MURRE_TIER_INTERP;
        config.allocator = (struct murre_allocator){counting_alloc, counting_realloc, counting_free, &counting};
        struct murre_error error = {.status = MURRE_OK};
        struct murre_engine *engine = murre_engine_new(&config, &error);
        if (engine) {
            struct builder b = sample();
            struct murre_store *store = murre_store_new(engine, &error);
            struct murre_linker *linker = store ? murre_linker_new(engine, &error) : NULL;
            struct murre_module *module = linker ? murre_module_new(engine, b.bytes, b.size, &error) : NULL;
            const murre_valtype params[] = {MURRE_I32, MURRE_I64}, result = MURRE_F32;
            struct murre_functype type = {params, &result, 2, 1};
            struct murre_instance *instance = NULL;
            if (module && murre_linker_define_func(linker, "env", "f", &type, (murre_host_fn)abort, NULL, &error) == MURRE_OK)
                instance = murre_linker_instantiate(linker, store, module, NULL, &error);
            done = instance != NULL;
            murre_module_unref(module);
            murre_linker_delete(linker);
            murre_store_delete(store);
            murre_engine_unref(engine);
            build_free(&b);
        }
        cr_assert_eq(error.status, done ? MURRE_OK : MURRE_ERROR_MEMORY, "%zu: %s", allowed, error.message);
        cr_assert_eq(counting.blocks, 0, "%zu", allowed);
        cr_assert_eq(counting.live, 0, "%zu", allowed);
    }
}

static void *load_often(void *context) {
    struct murre_engine *engine = context;
    for (int i = 0; i < 200; i++) {
        struct builder b = sample();
        murre_module_unref(test_module(engine, &b));
    }
    return NULL;
}

Test(module, loading_is_thread_safe) {
    struct murre_engine *engine = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, load_often, engine), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    murre_engine_unref(engine);
}

Test(module, bad_configurations_are_refused) {
    struct murre_config config;
    struct murre_error error = {.status = MURRE_OK};
    murre_config_init(&config);
    config.opt_level = 4;
    cr_assert_null(murre_engine_new(&config, &error));
    cr_assert_eq(error.status, MURRE_ERROR_ARGUMENT);
    if (!murre_has_compiler()) {
        murre_config_init(&config);
        config.tier = MURRE_TIER_JIT;
        error = (struct murre_error){.status = MURRE_OK};
        cr_assert_null(murre_engine_new(&config, &error));
        cr_assert_eq(error.status, MURRE_ERROR_UNSUPPORTED);
    }
}

/* ---- a module's instances ------------------------------------------------------------------------------------------------------------ */

static unsigned instances_of(const struct murre_module *module) {
    unsigned count = 0;
    struct murre_instance *const *link = &module->instances;
    for (; *link; link = &(*link)->next_of_module, count++)
        cr_assert_eq((*link)->link_of_module, link);
    return count;
}

Test(module, instances_leave_it_in_any_order) {
    enum { COUNT = 5 };
    struct murre_engine *engine = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO);
    struct builder b = build_module();
    struct murre_module *module = test_module(engine, &b);
    for (unsigned first = 0; first < COUNT; first++)
        for (unsigned step = 1; step < COUNT; step++) {
            struct murre_store *stores[COUNT];
            for (unsigned i = 0; i < COUNT; i++) {
                stores[i] = murre_store_new(engine, NULL);
                cr_assert_not_null(murre_instance_new(stores[i], module, NULL, 0, NULL, NULL));
            }
            for (unsigned i = 0; i < COUNT; i++) {
                cr_assert_eq(instances_of(module), COUNT - i);
                murre_store_delete(stores[(first + i * step) % COUNT]);
            }
            cr_assert_eq(instances_of(module), 0);
        }
    murre_module_unref(module);
    murre_engine_unref(engine);
}
