/* See build.h. */
#include "support/build.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct builder build_module(void) {
    struct builder b = {0};
    build(&b, 0x00, 'a', 's', 'm', 1, 0, 0, 0);
    return b;
}

void build_free(struct builder *b) {
    free(b->bytes);
    *b = (struct builder){0};
}

void build_raw(struct builder *b, const void *data, size_t size) {
    if (b->capacity - b->size < size) {
        b->capacity = (b->capacity + size) * 2;
        b->bytes = realloc(b->bytes, b->capacity);
        cr_assert_not_null(b->bytes);
    }
    if (size)
        memcpy(b->bytes + b->size, data, size);
    b->size += size;
}

void build_u32(struct builder *b, uint32_t value) {
    do {
        build(b, (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0)));
        value >>= 7;
    } while (value);
}

void build_s64(struct builder *b, int64_t value) {
    for (;;) {
        uint8_t low = value & 0x7f;
        value >>= 7;
        if ((value == 0 && !(low & 0x40)) || (value == -1 && low & 0x40)) {
            build(b, low);
            return;
        }
        build(b, (uint8_t)(low | 0x80));
    }
}

void build_name(struct builder *b, const char *name) {
    build_u32(b, (uint32_t)strlen(name));
    build_raw(b, name, strlen(name));
}

static void open_size(struct builder *b) {
    cr_assert_lt(b->depth, sizeof b->open / sizeof *b->open);
    b->open[b->depth++] = b->size;
    build(b, 0x80, 0x80, 0x80, 0x80, 0x00);
}

void build_section(struct builder *b, enum section id) {
    build(b, (uint8_t)id);
    open_size(b);
}

void build_body(struct builder *b) {
    open_size(b);
}

void build_close(struct builder *b) {
    cr_assert_gt(b->depth, 0);
    size_t at = b->open[--b->depth];
    uint32_t size = (uint32_t)(b->size - at - 5);
    for (unsigned i = 0; i < 5; i++)
        b->bytes[at + i] = (uint8_t)((size >> (7 * i) & 0x7f) | (i < 4 ? 0x80 : 0));
}

struct murre_engine *test_engine(enum murre_tier tier, enum murre_bounds bounds) {
    struct murre_config config;
    murre_config_init(&config);
    config.tier = tier;
    config.bounds = bounds;
    struct murre_error error = {.status = MURRE_OK};
    struct murre_engine *engine = murre_engine_new(&config, &error);
    cr_assert_not_null(engine, "%s", error.message);
    return engine;
}

struct murre_module *test_module(struct murre_engine *engine, struct builder *b) {
    struct murre_error error = {.status = MURRE_OK};
    struct murre_module *module = murre_module_new(engine, b->bytes, b->size, &error);
    cr_assert_not_null(module, "%s at %llu", error.message, (unsigned long long)error.offset);
    build_free(b);
    return module;
}

struct murre_instance *test_instance(struct murre_store *store, struct builder *b) {
    struct murre_error error = {.status = MURRE_OK};
    struct murre_module *module = test_module(murre_store_engine(store), b);
    struct murre_instance *instance = murre_instance_new(store, module, NULL, 0, NULL, &error);
    cr_assert_not_null(instance, "%s", error.message);
    murre_module_unref(module);
    return instance;
}

struct murre_func *test_func(struct murre_instance *instance, const char *name) {
    struct murre_extern item;
    cr_assert(murre_instance_export(instance, name, strlen(name), &item), "no export %s", name);
    cr_assert_eq(item.kind, MURRE_EXTERN_FUNC);
    return item.of.func;
}
