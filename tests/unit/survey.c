/* Modules that cannot be run: what is shown of them, and how quickly the features that code needs are found. */
#include <criterion/criterion.h>
#include <string.h>

#include "runtime/runtime.h"
#include "support/build.h"
#include "wasm/scan.h"
#include "wasm/survey.h"
#include "wasm/types.h"
#include "wasm/walk.h"

/* A tag, a function with a vector, typed references; a body that waits. */
static struct builder lacking(void) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 2, 0x60, 0, 0, 0x60, 2, 0x7b, 0x64, 0x62, 0, 1, 0x63, 0x65, 0x6e);
    build_whole(&b, SECTION_IMPORT, 2, 1, 'm', 1, 't', 4, 0, 0, 1, 'm', 1, 'f', 0, 1);
    build_whole(&b, SECTION_FUNCTION, 1, 0);
    build_whole(&b, SECTION_EXPORT, 2, 1, 'x', 0, 1, 1, 'y', 1, 7);
    build_whole(&b, SECTION_CODE, 1, 5, 0, 0xfe, 3, 0, 0x0b);
    return b;
}

static void count(void *context) {
    ++*(int *)context;
}

static bool lacks(struct murre_module *module, const char *feature) {
    const char *found;
    for (uint32_t i = 0; (found = murre_module_missing(module, i)) != NULL; i++)
        if (strcmp(found, feature) == 0)
            return true;
    return false;
}

Test(survey, a_module_that_cannot_run_is_shown_but_not_instantiated) {
    struct murre_engine *engine = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO);
    struct murre_store *store = murre_store_new(engine, NULL);
    struct murre_linker *linker = murre_linker_new(engine, NULL);
    struct builder b = lacking();
    struct murre_error error, again;
    struct murre_import import;
    struct murre_export item;
    char text[48];
    int released = 0;
    struct murre_module *module = murre_module_survey(engine, b.bytes, b.size, count, &released, &error);
    cr_assert_not_null(module);
    cr_assert_eq(error.status, MURRE_ERROR_UNSUPPORTED);
    cr_assert(murre_module_import(module, 0, &import) && import.type.kind == MURRE_EXTERN_TAG && import.index == 0);
    cr_assert(murre_module_import(module, 1, &import) && import.type.func.param_count == 2);
    murre_valtype_text(import.type.func.params[1], text, sizeof text);
    cr_assert_str_eq(text, "(ref (exact 0))");
    murre_valtype_text(import.type.func.results[0], text, sizeof text);
    cr_assert_str_eq(text, "(ref null (shared any))");
    cr_assert(murre_module_export(module, 0, &item) && item.index == 1);
    cr_assert(murre_module_export(module, 1, &item) && item.type.kind == MURRE_EXTERN_TABLE && item.type.limits.min == 0);
    static const char *const features[] = {"exceptions", "gc", "atomics", "custom-descriptors", "shared-everything-threads"};
    for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
        cr_assert(lacks(module, features[i]), "%s", features[i]);
        cr_assert(strstr(error.message, features[i]), "%s", error.message);
    }
    cr_assert_not(lacks(module, "threads"));
    cr_assert_null(murre_instance_new(store, module, NULL, 0, NULL, &again));
    cr_assert(again.status == error.status && again.offset == error.offset && strcmp(again.message, error.message) == 0);
    cr_assert_null(murre_linker_instantiate(linker, store, module, NULL, &again));
    cr_assert_eq(again.status, MURRE_ERROR_UNSUPPORTED);
    cr_assert_eq(murre_module_validate(module, &again), MURRE_ERROR_UNSUPPORTED);
    murre_linker_delete(linker);
    murre_store_delete(store);
    murre_module_unref(module);
    cr_assert_eq(released, 1);
    build_free(&b);
    murre_engine_unref(engine);
}

Test(survey, a_module_that_can_run_is_an_ordinary_one) {
    struct murre_engine *engine = test_engine(MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO);
    struct murre_store *store = murre_store_new(engine, NULL);
    struct builder b = build_module();
    struct murre_error error;
    build_whole(&b, SECTION_TYPE, 1, 0x60, 0, 0);
    build_whole(&b, SECTION_FUNCTION, 1, 0);
    build_whole(&b, SECTION_EXPORT, 1, 1, 'f', 0, 0);
    build_whole(&b, SECTION_CODE, 1, 2, 0, 0x0b);
    struct murre_module *module = murre_module_survey(engine, b.bytes, b.size, NULL, NULL, &error);
    cr_assert(module && error.status == MURRE_OK && murre_module_missing(module, 0) == NULL);
    struct murre_instance *instance = murre_instance_new(store, module, NULL, 0, NULL, NULL);
    union murre_slot none[1];
    cr_assert(instance && murre_func_call(store, test_func(instance, "f"), none) == NULL);
    murre_module_unref(module);
    murre_store_delete(store);
    build_free(&b);
    murre_engine_unref(engine);
}

Test(survey, a_body_whose_size_is_cut_is_empty) {
    struct builder b = build_module();
    build_whole(&b, SECTION_TYPE, 2, 0x60, 0, 0, 0x5f, 0);
    build_whole(&b, SECTION_FUNCTION, 2, 0, 0);
    build_whole(&b, SECTION_CODE, 2, 2, 0, 0x0b, 0xff); /* the second body's size */
    build_whole(&b, SECTION_CUSTOM, 1, 'x', 0xff, 0x7f);
    struct murre_module_info info;
    cr_assert(murre_survey_module(&info, b.bytes, b.size, &murre_allocator_libc));
    cr_assert(info.func_count == 2 && info.bodies[0] != 0 && info.bodies[1] == 0);
    for (uint32_t i = 0; i < info.func_count; i++) {
        uint32_t start, end;
        murre_module_body(&info, i, &start, &end);
        cr_assert(start <= end && end <= info.size);
    }
    murre_module_fini(&info);
    build_free(&b);
}

/* ---- when memory is short ---- */

static int allocations;

static void *fail_alloc(void *context, size_t size) {
    return allocations-- > 0 ? murre_allocator_libc.alloc(context, size) : NULL;
}
static void *fail_realloc(void *context, void *old, size_t old_size, size_t new_size) {
    return allocations-- > 0 ? murre_allocator_libc.realloc(context, old, old_size, new_size) : NULL;
}

Test(survey, short_memory_is_an_error) {
    struct murre_allocator allocator = murre_allocator_libc;
    allocator.alloc = fail_alloc;
    allocator.realloc = fail_realloc;
    struct builder b = lacking();
    bool done = false;
    int last = -1;
    for (int limit = 0; !done && limit < 1000; limit++) {
        struct murre_module_info info;
        allocations = limit;
        done = murre_survey_module(&info, b.bytes, b.size, &allocator);
        if (done)
            murre_module_fini(&info);
        last = limit;
    }
    cr_assert(done && last > 0, "%d", last);
    build_free(&b);
}

/* ---- scanning ---- */

/* Features by the slow way. */
static murre_features walked(const struct murre_module_info *info, uint32_t func) {
    struct murre_error error = {.status = MURRE_OK};
    struct murre_reader r;
    struct murre_instruction i;
    struct murre_walk_type type;
    murre_features features = 0;
    uint32_t locals;
    for (uint32_t groups = murre_walk_begin(&r, info, func, &error); groups; groups--) {
        cr_assert(murre_walk_locals(&r, &locals, &type));
        features |= murre_walk_type_features(type);
    }
    while (murre_walk_next(&r, &i))
        features |= i.features;
    return features;
}

static uint64_t seed;

static uint32_t below(uint32_t limit) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % limit;
}

/* Instructions of the first version, with immediates of every length, and now and then others; sometimes cut short. */
static void random_body(struct builder *b) {
    static const uint8_t plain[] = {0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b, 0x45, 0x6a, 0x7c, 0xa7, 0xc0, 0xd1};
    static const uint8_t one[] = {0x0c, 0x0d, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0xd2};
    build_body(b);
    build(b, 0);
    for (uint32_t left = below(40); left; left--) {
        uint32_t value = below(2) ? below(64) : below(0x7fffffff);
        switch (below(12)) {
        case 0: build(b, plain[below(sizeof plain)]); break;
        case 1:
            build(b, one[below(sizeof one)]);
            build_u32(b, value);
            break;
        case 2:
            build(b, (uint8_t)(0x28 + below(0x17)), (uint8_t)below(4));
            build_u32(b, value);
            break;
        case 3:
            build(b, 0x41);
            build_s64(b, (int32_t)value * (below(2) ? 1 : -1));
            break;
        case 4:
            build(b, 0x42);
            build_s64(b, below(2) ? INT64_MIN : (int64_t)value << below(32));
            break;
        case 5: build(b, 0x43, 0xfd, 0xfe, 0xfb, 0xfc); break;
        case 6: build(b, 0x44, 0xfd, 0xfe, 0xfb, 0xfc, 0x12, 0xfd, 0xfe, 0xfb); break;
        case 7: build(b, 0x02, below(2) ? 0x40 : 0x7f); break;
        case 8: build(b, 0x0e, 2, 0, 1, 0); break;
        case 9:
            build(b, 0x11);
            build_u32(b, value);
            build(b, (uint8_t)below(2));
            break;
        case 10: build(b, 0xfc, 0x0a, 0, 0); break;
        default:
            switch (below(14)) {
            case 0: build(b, 0xfd, 0x80, 0x02); break;
            case 1: build(b, 0xfe, 0x10, 2, 0); break;
            case 2: build(b, 0x28, 0x42, 1, 0); break;
            case 3: build(b, 0x02, 0x64, 0x70); break;
            case 4: build(b, 0xd0, 0x6e); break;
            case 5: build(b, 0x15, 0); break;
            case 6: build(b, 0x1c, 1, 0x7b); break;
            case 7: build(b, 0x3f, 1); break;
            }
        }
    }
    if (below(8))
        build(b, 0x0b);
    else
        build(b, 0x42, 0x80, 0x80); /* an integer that the body cuts */
    build_close(b);
}

Test(scan, finds_what_walking_finds) {
    for (seed = 1; seed < 300; seed += 7) {
        uint64_t start = seed;
        struct builder b = build_module();
        uint32_t count = below(20) + 1;
        build_whole(&b, SECTION_TYPE, 1, 0x60, 0, 0);
        build_section(&b, SECTION_FUNCTION);
        build_u32(&b, count);
        for (uint32_t i = 0; i < count; i++)
            build(&b, 0);
        build_close(&b);
        build_section(&b, SECTION_CODE);
        build_u32(&b, count);
        for (uint32_t i = 0; i < count; i++)
            random_body(&b);
        build_close(&b);
        struct murre_module_info info;
        struct murre_scan scan;
        murre_features all = 0;
        cr_assert_eq(murre_module_decode(&info, b.bytes, b.size, UINT32_MAX, &murre_allocator_libc, NULL), MURRE_OK);
        murre_scan_init(&scan);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t from, to;
            const murre_features mvp = (murre_features)1 << MURRE_FEATURE_MVP; /* an instruction that is cut counts as one of it */
            murre_features expected = walked(&info, i) | mvp;
            murre_module_body(&info, i, &from, &to);
            /* Also where the bytes end with the body, so that none may be read behind it. */
            murre_features found = murre_scan_body(&scan, info.bytes, info.bytes + from, info.bytes + to, info.bytes + to) | mvp;
            cr_assert_eq(found, expected, "seed %llu, function %u: %x, not %x", (unsigned long long)start, i, found, expected);
            all |= expected;
        }
        cr_assert_eq(murre_scan_bodies(&info, 0), all, "seed %llu", (unsigned long long)start);
        for (unsigned feature = 0; feature < MURRE_FEATURE_COUNT; feature++) {
            murre_features bit = (murre_features)1 << feature;
            cr_assert_eq(murre_scan_bodies(&info, bit) & bit, all & bit);
        }
        murre_module_fini(&info);
        build_free(&b);
        seed = start;
    }
}

Test(scan, target_features_are_read_and_may_be_damaged) {
    struct builder b = build_module();
    build_whole(&b, SECTION_CUSTOM, 15, 't', 'a', 'r', 'g', 'e', 't', '_', 'f', 'e', 'a', 't', 'u', 'r', 'e', 's', 3, '+', 7, 's', 'i', 'm',
                'd', '1', '2', '8', '-', 2, 'g', 'c', '+', 9, 't', 'a', 'i', 'l', '-');
    struct murre_module_info info;
    cr_assert_eq(murre_module_decode(&info, b.bytes, b.size, 0, &murre_allocator_libc, NULL), MURRE_OK);
    cr_assert_eq(murre_scan_target_features(&info), (murre_features)1 << MURRE_FEATURE_SIMD);
    murre_module_fini(&info);
    build_free(&b);
}

Test(types, all_missing_features_fit_a_message_or_are_cut) {
    struct murre_error error = {.status = MURRE_ERROR_UNSUPPORTED};
    murre_error_features(&error, (murre_features)1 << MURRE_FEATURE_GC);
    cr_assert_str_eq(error.message, "needs feature: gc");
    murre_error_features(&error, (murre_features)1 << MURRE_FEATURE_GC | (murre_features)1 << MURRE_FEATURE_SIMD);
    cr_assert_str_eq(error.message, "needs features: simd, gc");
    murre_error_features(&error, ((murre_features)1 << MURRE_FEATURE_COUNT) - 1);
    size_t size = strlen(error.message);
    cr_assert(size > 200 && strcmp(error.message + size - 5, ", \xe2\x80\xa6") == 0, "%s", error.message);
}
