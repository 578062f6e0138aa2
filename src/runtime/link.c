/* Matching of imports (3.2.8, 4.5.4): what is offered must have the kind that is asked for and a type that matches, and belong to the same
 * store. Sizes of tables and memories count as they are now. Messages use the test suite's wording. */
#include "runtime/instance.h"
#include "runtime/store.h"
#include "runtime/types.h"
#include "wasm/limits.h"

static const char *kind_name(uint8_t kind) {
    static const char *const names[] = {"function", "table", "memory", "global", "tag"};
    return kind < sizeof names / sizeof *names ? names[kind] : "thing";
}

static bool limits_match(uint64_t size, const struct murre_limits *have, const struct murre_limits *want) {
    return size >= want->min && (!want->has_max || (have->has_max && have->max <= want->max));
}

static bool global_matches(const struct murre_module *module, const struct murre_global *have, const struct murre_global_type *want) {
    murre_valtype type = murre_types_word(module, want->type);
    return have->is_mutable == want->is_mutable &&
           (have->type == type || (!want->is_mutable && murre_types_match(module->engine, have->type, type)));
}

/* NULL, or what does not fit. */
static const char *mismatch(const struct murre_store *store, const struct murre_module *module, const struct murre_import_entry *want,
                            const struct murre_extern *have) {
    const struct murre_module_info *info = &module->info;
    static const char other_store[] = "it belongs to another store";
    switch (want->kind) {
    case MURRE_EXTERN_FUNC:
        if (murre_func_store(have->of.func) != store)
            return other_store;
        return murre_func_is_of(have->of.func, module->type_ids[info->func_types[want->index]]) ? NULL : "the function has another type";
    case MURRE_EXTERN_TABLE:
        if (have->of.table->store != store)
            return other_store;
        if (have->of.table->type != murre_types_word(module, info->tables[want->index].type))
            return "the table's elements have another type";
        return limits_match(have->of.table->size, &have->of.table->limits, &info->tables[want->index].limits)
                   ? NULL
                   : "the table's size or maximum does not fit";
    case MURRE_EXTERN_MEMORY:
        if (have->of.memory->store != store)
            return other_store;
        return limits_match(have->of.memory->size / MURRE_PAGE_SIZE, &have->of.memory->limits, &info->memories[want->index])
                   ? NULL
                   : "the memory's size or maximum does not fit";
    case MURRE_EXTERN_GLOBAL:
        if (have->of.global->store != store)
            return other_store;
        return global_matches(module, have->of.global, &info->globals[want->index]) ? NULL : "the global has another type or mutability";
    default: return "imports of this kind cannot be linked";
    }
}

enum murre_status murre_instance_check_imports(struct murre_store *store, const struct murre_module *module,
                                               const struct murre_extern *imports, size_t import_count, struct murre_error *error) {
    const struct murre_module_info *info = &module->info;
    if (import_count != info->import_count)
        return murre_error_set(error, MURRE_ERROR_LINK, MURRE_NO_OFFSET, "%zu imports given, the module has %u", import_count,
                               (unsigned)info->import_count);
    for (uint32_t i = 0; i < info->import_count; i++) {
        const struct murre_import_entry *want = &info->imports[i];
        if (!imports[i].of.func)
            return murre_error_set(error, MURRE_ERROR_LINK, MURRE_NO_OFFSET, "unknown import: %s %s", murre_quote(want->module).text,
                                   murre_quote(want->name).text);
        if (imports[i].kind != want->kind)
            return murre_error_set(error, MURRE_ERROR_LINK, MURRE_NO_OFFSET, "incompatible import type: %s %s: a %s is wanted, it is a %s",
                                   murre_quote(want->module).text, murre_quote(want->name).text, kind_name(want->kind),
                                   kind_name((uint8_t)imports[i].kind));
        const char *fault = mismatch(store, module, want, &imports[i]);
        if (fault)
            return murre_error_set(error, MURRE_ERROR_LINK, MURRE_NO_OFFSET, "incompatible import type: %s %s: %s",
                                   murre_quote(want->module).text, murre_quote(want->name).text, fault);
    }
    return MURRE_OK;
}
