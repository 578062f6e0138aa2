/* Modules from the embedder's side. Thread safe. What a module contains is in inspect.c. */
#include "runtime/module.h"

#include <string.h>

#include "wasm/limits.h"

/* A copy of the module's bytes; outlives the engine. */
struct copy {
    struct murre_allocator allocator;
    size_t size; /* all of it */
    uint8_t bytes[];
};

static void free_copy(void *context) {
    struct copy *copy = context;
    struct murre_allocator allocator = copy->allocator;
    murre_free(&allocator, copy, copy->size);
}

static enum murre_status check_size(size_t size, struct murre_error *error) {
    if (size > MURRE_MAX_MODULE_SIZE)
        return murre_error_set(error, MURRE_ERROR_LIMIT, MURRE_NO_OFFSET, "a module of %zu bytes, the limit is %u", size,
                               (unsigned)MURRE_MAX_MODULE_SIZE);
    return MURRE_OK;
}

struct murre_module *murre_module_new(struct murre_engine *engine, const void *bytes, size_t size, struct murre_error *error) {
    murre_error_clear(error);
    if (check_size(size, error) != MURRE_OK)
        return NULL;
    struct copy *copy = murre_alloc(&engine->allocator, sizeof *copy + size);
    if (!copy) {
        murre_error_memory(error);
        return NULL;
    }
    copy->allocator = engine->allocator;
    copy->size = sizeof *copy + size;
    if (size)
        memcpy(copy->bytes, bytes, size);
    struct murre_module *module = murre_module_create(engine, copy->bytes, size, free_copy, copy, error);
    if (!module)
        free_copy(copy);
    return module;
}

struct murre_module *murre_module_new_borrowed(struct murre_engine *engine, const void *bytes, size_t size, void (*release)(void *context),
                                               void *context, struct murre_error *error) {
    murre_error_clear(error);
    static const uint8_t none[1];
    if (check_size(size, error) != MURRE_OK)
        return NULL;
    return murre_module_create(engine, size ? bytes : none, size, release, context, error);
}

struct murre_module *murre_module_survey(struct murre_engine *engine, const void *bytes, size_t size, void (*release)(void *context),
                                         void *context, struct murre_error *error) {
    static const uint8_t none[1];
    struct murre_error local;
    if (!error)
        error = &local;
    murre_error_clear(error);
    if (check_size(size, error) != MURRE_OK)
        return NULL;
    return murre_module_look_at(engine, size ? bytes : none, size, release, context, error);
}

enum murre_status murre_module_validate(struct murre_module *module, struct murre_error *error) {
    murre_error_clear(error);
    return murre_module_validate_bodies(module, error);
}
