/* Any bytes: decode, validate, describe, disassemble, switch features off, instantiate (except modules with a start function). Immediate and
 * deferred validation must agree on whether a module is valid, and where it is not; the description of a module must be consistent. Loading and
 * validating take a bounded time per byte (cost.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cost.h"
#include "host.h"
#include "runtime/runtime.h"

static void require(bool truth) {
    if (!truth)
        abort();
}

/* ---- what a module tells of itself ------------------------------------------------------------------------------------- */

/* Unicode, table 3-7: well-formed sequences. */
static size_t sequence_size(const uint8_t *text, size_t left) {
    uint8_t first = text[0], low = 0x80, high = 0xbf;
    size_t size = first < 0x80                     ? 1
                  : first >= 0xc2 && first <= 0xdf ? 2
                  : (first & 0xf0) == 0xe0         ? 3
                  : first >= 0xf0 && first <= 0xf4 ? 4
                                                   : 0;
    if (size == 0 || size > left)
        return 0;
    if (first == 0xe0)
        low = 0xa0;
    if (first == 0xed)
        high = 0x9f;
    if (first == 0xf0)
        low = 0x90;
    if (first == 0xf4)
        high = 0x8f;
    for (size_t i = 1; i < size; i++, low = 0x80, high = 0xbf)
        if (text[i] < low || text[i] > high)
            return 0;
    return size;
}

static void check_name(struct murre_name name) {
    for (size_t at = 0, step; at < name.size; at += step) {
        step = sequence_size((const uint8_t *)name.data + at, name.size - at);
        require(step != 0);
    }
}

static void check_line(void *context, const char *line) {
    size_t *lines = context;
    require(strpbrk(line, "\r\n") == NULL);
    ++*lines;
}

static void check_type(const struct murre_externtype *type) {
    switch (type->kind) {
    case MURRE_EXTERN_FUNC:
        for (uint32_t i = 0; i < type->func.param_count; i++)
            require(type->func.params[i] >= 0x40 && type->func.params[i] <= 0x7f);
        for (uint32_t i = 0; i < type->func.result_count; i++)
            require(type->func.results[i] >= 0x40 && type->func.results[i] <= 0x7f);
        break;
    case MURRE_EXTERN_TABLE:
    case MURRE_EXTERN_MEMORY: require(!type->limits.has_max || type->limits.min <= type->limits.max); break;
    case MURRE_EXTERN_GLOBAL: require(type->valtype >= 0x40 && type->valtype <= 0x7f); break;
    case MURRE_EXTERN_TAG: break;
    }
}

static void check_sections(const struct murre_module *module, size_t size) {
    struct murre_section section;
    uint64_t end = 8;
    uint32_t count = 0;
    for (; murre_module_section(module, count, &section); count++) {
        require(section.offset >= end && section.offset <= size && section.size <= size - section.offset);
        end = section.offset + section.size;
        check_name(section.name);
    }
    require(count == murre_module_section_count(module) && (count == 0 ? size == 8 : end == size));
}

static void describe(struct murre_module *module, size_t size, bool valid) {
    struct murre_import import;
    struct murre_export item;
    uint32_t imports = 0, exports = 0;
    size_t lines = 0;
    check_sections(module, size);
    for (; murre_module_import(module, imports, &import); imports++) {
        check_name(import.module);
        check_name(import.name);
        check_type(&import.type);
    }
    for (; murre_module_export(module, exports, &item); exports++) {
        check_name(item.name);
        check_type(&item.type);
    }
    require(imports == murre_module_import_count(module) && exports == murre_module_export_count(module));
    for (uint32_t i = 0; i < module->info.func_count; i++)
        check_name(murre_module_function_name(module, i));
    require(murre_module_function_name(module, module->info.func_count).size == 0);
    for (uint32_t i = module->info.func_import_count; i < module->info.func_count; i++)
        if (murre_module_disassemble(module, i, check_line, &lines, NULL) != MURRE_OK)
            require(!valid);
    require(murre_module_disassemble(module, module->info.func_count, check_line, &lines, NULL) != MURRE_OK);
}

/* ---- features ---------------------------------------------------------------------------------------------------------- */

static bool uses(struct murre_module *module, const char *feature) {
    const char *used;
    for (uint32_t i = 0; (used = murre_module_feature(module, i)) != NULL; i++)
        if (strcmp(used, feature) == 0)
            return true;
    return false;
}

static void load_with(const struct murre_config *config, const uint8_t *data, size_t size, enum murre_status wanted) {
    struct murre_error error;
    struct murre_engine *engine = murre_engine_new(config, &error);
    struct murre_module *module = engine ? murre_module_new(engine, data, size, &error) : NULL;
    if (error.status != wanted)
        fprintf(stderr, "%s instead of %s: %s\n", murre_status_name(error.status), murre_status_name(wanted), error.message);
    require(error.status == wanted);
    murre_module_unref(module);
    murre_engine_unref(engine);
}

/* A valid module loads without the features that it does not use, and without any of those that it uses it does not. */
static void switch_features(struct murre_module *module, const uint8_t *data, size_t size) {
    struct murre_config config, least;
    const char *feature;
    murre_config_init(&least);
    least.tier = MURRE_TIER_INTERP;
    for (uint32_t i = 0; (feature = murre_feature_at(i)) != NULL; i++) {
        if (!uses(module, feature)) {
            require(murre_config_set_feature(&least, feature, false));
            continue;
        }
        murre_config_init(&config);
        config.tier = MURRE_TIER_INTERP;
        require(murre_config_set_feature(&config, feature, false));
        load_with(&config, data, size, MURRE_ERROR_UNSUPPORTED);
    }
    load_with(&least, data, size, MURRE_OK);
}

/* ---- the rest ---------------------------------------------------------------------------------------------------------- */

static void instantiate(struct murre_engine *engine, struct murre_module *module) {
    struct murre_store *store = murre_store_new(engine, NULL);
    if (!store)
        return;
    struct murre_extern *imports = fuzz_imports(store, module);
    struct murre_trap *trap = NULL;
    struct murre_error error;
    if (imports && !murre_instance_new(store, module, imports, murre_module_import_count(module), &trap, &error))
        require(error.status != MURRE_OK && (error.status == MURRE_ERROR_TRAP) == (trap != NULL));
    murre_trap_delete(trap);
    free(imports);
    murre_store_delete(store);
}

struct loading {
    struct murre_engine *engine;
    const uint8_t *data;
    size_t size;
    struct murre_error error;
    struct murre_module *module;
};

static void load(void *context) {
    struct loading *loading = context;
    murre_module_unref(loading->module);
    loading->module = murre_module_new(loading->engine, loading->data, loading->size, &loading->error);
}

static void released(void *context) {
    ++*(int *)context;
}

/* Whatever the bytes are, what can be read of them is shown; it says the same of them as loading does. */
static void look_at(struct murre_engine *engine, const uint8_t *data, size_t size, const struct murre_error *expected) {
    struct murre_error error;
    struct murre_import import;
    struct murre_export item;
    struct murre_section section;
    int releases = 0;
    size_t lines = 0;
    char type[48];
    struct murre_module *module = murre_module_survey(engine, data, size, released, &releases, &error);
    require(module && error.status == expected->status && strcmp(error.message, expected->message) == 0);
    for (uint32_t i = 0; murre_module_section(module, i, &section); i++) {
        check_name(section.name);
        require(section.offset + section.size <= size);
    }
    for (uint32_t i = 0; murre_module_import(module, i, &import); i++) {
        check_name(import.module);
        check_name(import.name);
        murre_valtype_text(import.type.valtype, type, sizeof type);
    }
    for (uint32_t i = 0; murre_module_export(module, i, &item); i++) {
        check_name(item.name);
        for (uint32_t n = 0; n < item.type.func.param_count; n++)
            murre_valtype_text(item.type.func.params[n], type, sizeof type);
    }
    for (uint32_t i = module->info.func_import_count; i < module->info.func_count; i++) {
        check_name(murre_module_function_name(module, i));
        if (murre_module_disassemble(module, i, check_line, &lines, NULL) == MURRE_ERROR_ARGUMENT)
            abort();
    }
    require(error.status == MURRE_OK || murre_module_validate(module, NULL) == error.status);
    murre_module_unref(module);
    require(releases == 1);
}

static bool count_text(void *context, const char *text, size_t size) {
    require(text && size);
    *(size_t *)context += size;
    return true;
}

/* What loads can be printed; the text of anything is bounded by its bytes, indentation and locals included. */
static void print(struct murre_engine *engine, const uint8_t *data, size_t size, bool loads) {
    for (uint32_t flags = 0; flags <= (MURRE_PRINT_OFFSETS | MURRE_PRINT_FOLDED); flags++) {
        size_t printed = 0;
        enum murre_status status = murre_binary_to_text(engine, data, size, flags, count_text, &printed, NULL);
        require(status == MURRE_OK || status == MURRE_ERROR_LIMIT || !loads);
        require(printed <= ((size_t)16 << 20) + size * 512);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct murre_engine *strict = fuzz_engine(false), *deferred = fuzz_engine(true);
    require(strict && deferred);
    struct murre_error error, later;
    int releases = 0;
    struct loading loading = {.engine = strict, .data = data, .size = size};
    fuzz_cost_bound("loading and validating", load, &loading, size);
    struct murre_module *module = loading.module;
    error = loading.error;
    print(strict, data, size, module != NULL);
    struct murre_module *lazy = murre_module_new_borrowed(deferred, data, size, released, &releases, &later);
    require((module == NULL) == (error.status != MURRE_OK) && (lazy == NULL) == (later.status != MURRE_OK) && (!module || lazy));
    if (lazy) {
        describe(lazy, size, module != NULL);
        require((murre_module_validate(lazy, &later) == MURRE_OK) == (module != NULL));
        require(module || (later.status == error.status && later.offset == error.offset));
    }
    require(error.status == MURRE_OK || error.offset == MURRE_NO_OFFSET || error.offset <= size);
    look_at(strict, data, size, &error);
    if (module) {
        describe(module, size, true);
        switch_features(module, data, size);
        if (module->info.start == UINT32_MAX)
            instantiate(strict, module);
    }
    require(releases == 0);
    murre_module_unref(module);
    murre_module_unref(lazy);
    require(releases == (lazy != NULL));
    murre_engine_unref(strict);
    murre_engine_unref(deferred);
    return 0;
}
