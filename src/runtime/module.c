/* Modules: see module.h. A function's run-time data (struct murre_code) is zeroed memory that is not touched before the function's
 * first call, so that loading does not depend on the number of functions, except for what the decoder reads. */
#include "runtime/module.h"

#include "runtime/instance.h"
#include "runtime/tier.h"
#include "runtime/types.h"
#include "wasm/names.h"
#include "wasm/scan.h"
#include "wasm/survey.h"
#include "wasm/types.h"

static uint32_t defined(const struct murre_module *module) {
    return module->info.func_count - module->info.func_import_count;
}

/* Everything but the bytes, which stay the caller's. */
static void free_module(struct murre_module *module) {
    struct murre_engine *engine = module->engine;
    const struct murre_allocator *allocator = &engine->allocator;
    murre_free(allocator, module->codes, defined(module) * sizeof *module->codes);
    murre_free(allocator, module->type_ids, module->info.type_count * sizeof *module->type_ids);
    murre_names_delete(atomic_load_explicit(&module->names, memory_order_acquire), allocator);
    murre_module_fini(&module->info);
    murre_free(allocator, module, sizeof *module);
    murre_engine_unref(engine);
}

/* What is left for code when the module's declarations have taken what they take; never nothing. */
enum { LEAST_CODE = 4 << 20 };

static enum murre_status intern_types(struct murre_module *module, uint32_t *ids, struct murre_error *error) {
    const struct murre_module_info *info = &module->info;
    uint64_t most = murre_module_most_memory(info->size);
    uint64_t names = (uint64_t)info->func_count * sizeof(uint32_t); /* when somebody asks for one */
    uint64_t taken = info->arena.total + module->layout.size + info->type_count * sizeof *ids + names;
    uint64_t bytes = taken < most ? most - taken : 0;
    enum murre_status status = taken > most ? MURRE_ERROR_LIMIT : murre_types_intern_module(module->engine, info, ids, &bytes);
    if (status == MURRE_ERROR_LIMIT)
        return murre_error_set(error, status, MURRE_NO_OFFSET, "what the module declares takes more than %llu bytes",
                               (unsigned long long)most);
    if (status != MURRE_OK)
        return murre_error_memory(error);
    taken += bytes;
    module->code_limit = most > taken + LEAST_CODE ? most - taken : LEAST_CODE;
    if (module->engine->config.max_code_memory)
        module->code_limit = module->engine->config.max_code_memory;
    return MURRE_OK;
}

static enum murre_status complete(struct murre_module *module, struct murre_error *error) {
    struct murre_engine *engine = module->engine;
    enum murre_status status = murre_instance_layout(&module->layout, &module->info, error);
    if (status != MURRE_OK)
        return status;
    uint32_t *ids = murre_alloc_array(&engine->allocator, module->info.type_count, sizeof *ids);
    module->codes = murre_alloc_array(&engine->allocator, defined(module), sizeof *module->codes);
    status = ids && module->codes ? intern_types(module, ids, error) : murre_error_memory(error);
    if (status != MURRE_OK) {
        murre_free(&engine->allocator, ids, module->info.type_count * sizeof *ids);
        return status;
    }
    module->type_ids = ids;
    module->explicit_bounds = engine->config.bounds == MURRE_BOUNDS_EXPLICIT;
    return MURRE_OK;
}

/* Makes an error that names one missing feature name all of them. */
static void name_missing(const struct murre_engine *engine, murre_features used, struct murre_error *error) {
    murre_features missing = used & ~engine->features & ~((murre_features)1 << MURRE_FEATURE_MVP);
    if (error && error->status == MURRE_ERROR_UNSUPPORTED && missing)
        murre_error_features(error, missing);
}

/* Bodies are not validated yet. Where the module itself says that it uses features which are missing, its bodies are looked through for them, so
 * that it is refused before it has begun. */
static enum murre_status check_target_features(const struct murre_engine *engine, const struct murre_module_info *info,
                                               struct murre_error *error) {
    murre_features doubtful = murre_scan_target_features(info) & ~engine->features;
    if (!doubtful || !(murre_scan_bodies(info, doubtful) & doubtful))
        return MURRE_OK;
    murre_error_set(error, MURRE_ERROR_UNSUPPORTED, MURRE_NO_OFFSET, "%s", "");
    name_missing(engine, info->features | murre_scan_bodies(info, 0), error);
    return MURRE_ERROR_UNSUPPORTED;
}

static enum murre_status check_bodies(struct murre_module *module, struct murre_error *error) {
    if (module->engine->config.deferred_validation)
        return check_target_features(module->engine, &module->info, error);
    return murre_module_validate_bodies(module, error);
}

struct murre_module *murre_module_create(struct murre_engine *engine, const uint8_t *bytes, size_t size, void (*release)(void *context),
                                         void *context, struct murre_error *error) {
    struct murre_module *module = murre_alloc_zero(&engine->allocator, sizeof *module);
    if (!module) {
        murre_error_memory(error);
        return NULL;
    }
    struct murre_error local = {.status = MURRE_OK};
    if (!error)
        error = &local;
    if (murre_module_decode(&module->info, bytes, size, engine->features, &engine->allocator, error) != MURRE_OK) {
        if (error->status == MURRE_ERROR_UNSUPPORTED)
            name_missing(engine, murre_survey_features(bytes, size), error);
        murre_free(&engine->allocator, module, sizeof *module);
        return NULL;
    }
    module->engine = murre_engine_ref(engine);
    atomic_init(&module->references, 1);
    if (complete(module, error) != MURRE_OK || check_bodies(module, error) != MURRE_OK) {
        if (module->type_ids)
            murre_types_release_module(engine, &module->info, module->type_ids);
        free_module(module);
        return NULL;
    }
    module->release = release;
    module->release_context = context;
    return module;
}

struct murre_module *murre_module_look_at(struct murre_engine *engine, const uint8_t *bytes, size_t size, void (*release)(void *context),
                                          void *context, struct murre_error *error) {
    struct murre_module *module = murre_module_create(engine, bytes, size, release, context, error);
    if (module || error->status == MURRE_ERROR_MEMORY)
        return module;
    module = murre_alloc_zero(&engine->allocator, sizeof *module);
    if (!module || !murre_survey_module(&module->info, bytes, size, &engine->allocator)) {
        murre_free(&engine->allocator, module, sizeof *module);
        if (error->status != MURRE_ERROR_LIMIT) {
            error->status = MURRE_OK;
            murre_error_memory(error);
        }
        return NULL;
    }
    module->fault = *error;
    module->engine = murre_engine_ref(engine);
    module->release = release;
    module->release_context = context;
    atomic_init(&module->references, 1);
    atomic_init(&module->used, module->info.features | (murre_features)1 << MURRE_FEATURE_MVP);
    return module;
}

murre_features murre_module_features(struct murre_module *module) {
    const murre_features mvp = (murre_features)1 << MURRE_FEATURE_MVP;
    murre_features features = atomic_load_explicit(&module->used, memory_order_relaxed);
    if (!features) {
        features = module->info.features | murre_scan_bodies(&module->info, 0) | mvp;
        atomic_store_explicit(&module->used, features, memory_order_relaxed);
    }
    return features & ~mvp;
}

struct murre_module *murre_module_ref(struct murre_module *module) {
    atomic_fetch_add_explicit(&module->references, 1, memory_order_relaxed);
    return module;
}

/* No instance is left, so no thread runs its code; only the compile threads may still read it. */
static void drop_code(struct murre_module *module) {
    struct murre_engine *engine = module->engine;
    const struct murre_allocator *allocator = &engine->allocator;
    murre_tier_drop_module(module);
    for (uint32_t i = 0, count = defined(module); i < count; i++) {
        struct murre_code *code = &module->codes[i];
        struct murre_regcode *regcode = atomic_load_explicit(&code->regcode, memory_order_relaxed);
        struct murre_error *failure = atomic_load_explicit(&code->failure, memory_order_relaxed);
        if (regcode)
            engine->interp->drop(module, regcode);
        murre_free(allocator, failure, sizeof *failure);
        for (struct murre_osr *osr = atomic_load_explicit(&code->osr, memory_order_relaxed), *next; osr; osr = next) {
            next = osr->next;
            murre_free(allocator, osr, sizeof *osr);
        }
    }
    if (engine->jit)
        engine->jit_ops->drop_module(engine->jit, module);
}

void murre_module_unref(struct murre_module *module) {
    if (!module || atomic_fetch_sub_explicit(&module->references, 1, memory_order_acq_rel) != 1)
        return;
    if (module->fault.status == MURRE_OK) {
        drop_code(module);
        murre_types_release_module(module->engine, &module->info, module->type_ids);
    }
    void (*release)(void *) = module->release;
    void *context = module->release_context;
    free_module(module);
    if (release)
        release(context);
}

enum murre_status murre_module_validate_bodies(struct murre_module *module, struct murre_error *error) {
    if (module->fault.status != MURRE_OK) {
        if (error)
            *error = module->fault;
        return module->fault.status;
    }
    if (atomic_load_explicit(&module->all_validated, memory_order_acquire))
        return MURRE_OK;
    struct murre_front *front = murre_front_new(&module->engine->allocator);
    if (!front)
        return murre_error_memory(error);
    enum murre_status status = MURRE_OK;
    struct murre_error local = {.status = MURRE_OK};
    for (uint32_t i = module->info.func_import_count; i < module->info.func_count && status == MURRE_OK; i++)
        status = murre_front_run(front, &module->info, i, module->engine->features, NULL, error ? error : &local);
    murre_front_delete(front);
    if (status == MURRE_ERROR_UNSUPPORTED)
        name_missing(module->engine, murre_module_features(module), error);
    if (status == MURRE_OK)
        atomic_store_explicit(&module->all_validated, true, memory_order_release);
    return status;
}

struct murre_name murre_module_name(struct murre_module *module, uint32_t func_index) {
    const struct murre_allocator *allocator = &module->engine->allocator;
    struct murre_names *names = atomic_load_explicit(&module->names, memory_order_acquire);
    if (!names) {
        struct murre_names *made = murre_names_new(&module->info, allocator);
        if (!made)
            return (struct murre_name){0};
        if (atomic_compare_exchange_strong_explicit(&module->names, &names, made, memory_order_acq_rel, memory_order_acquire))
            names = made;
        else
            murre_names_delete(made, allocator);
    }
    return murre_names_get(names, &module->info, func_index);
}

uint64_t murre_module_code_room(const struct murre_module *module) {
    const struct murre_engine *engine = module->engine;
    uint64_t used = atomic_load_explicit(&module->code_bytes, memory_order_relaxed);
    uint64_t room = used < module->code_limit ? module->code_limit - used : 0;
    if (!engine->config.max_code_memory)
        return room;
    used = atomic_load_explicit(&engine->code_bytes, memory_order_relaxed) +
           atomic_load_explicit(&engine->register_code_bytes, memory_order_relaxed);
    uint64_t of_engine = used < engine->config.max_code_memory ? engine->config.max_code_memory - used : 0;
    return room < of_engine ? room : of_engine;
}

bool murre_module_decide_bounds(struct murre_module *module) {
    murre_tier_lock(module->engine);
    module->bounds_decided = true;
    bool explicit_bounds = module->explicit_bounds;
    murre_tier_unlock(module->engine);
    return explicit_bounds;
}
