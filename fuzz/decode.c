/* Any bytes: decode, validate, describe, list, instantiate (modules that start something excepted). At once and deferred must agree on what is
 * valid, and a list of a valid module never ends in an error. */
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "runtime/runtime.h"

static void ignore(void *context, const char *line) {
    *(size_t *)context += strlen(line);
}

static void describe(struct murre_module *module, bool valid) {
    struct murre_import import;
    struct murre_export item;
    struct murre_section section;
    size_t size = 0;
    for (uint32_t i = 0; murre_module_import(module, i, &import); i++)
        size += import.name.size;
    for (uint32_t i = 0; murre_module_export(module, i, &item); i++)
        size += item.name.size;
    for (uint32_t i = 0; murre_module_section(module, i, &section); i++)
        size += section.name.size;
    for (uint32_t i = 0; murre_module_feature(module, i); i++)
        size++;
    for (uint32_t i = module->info.func_import_count; i < module->info.func_count; i++)
        if (murre_module_disassemble(module, i, ignore, &size, NULL) != MURRE_OK && valid)
            abort();
}

static void instantiate(struct murre_engine *engine, struct murre_module *module) {
    struct murre_store *store = murre_store_new(engine, NULL);
    if (!store)
        return;
    struct murre_extern *imports = fuzz_imports(store, module);
    struct murre_trap *trap = NULL;
    struct murre_error error;
    if (imports && !murre_instance_new(store, module, imports, murre_module_import_count(module), &trap, &error))
        if (error.status == MURRE_OK || (error.status == MURRE_ERROR_TRAP) != (trap != NULL))
            abort();
    murre_trap_delete(trap);
    free(imports);
    murre_store_delete(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct murre_engine *strict = fuzz_engine(MURRE_TIER_INTERP, false, NULL), *deferred = fuzz_engine(MURRE_TIER_INTERP, true, NULL);
    if (!strict || !deferred)
        abort();
    struct murre_error error, later;
    struct murre_module *module = murre_module_new(strict, data, size, &error);
    struct murre_module *lazy = murre_module_new(deferred, data, size, &later);
    if ((module == NULL) != (error.status != MURRE_OK) || (lazy == NULL) != (later.status != MURRE_OK) || (module && !lazy))
        abort();
    if (lazy) {
        if ((murre_module_validate(lazy, &later) == MURRE_OK) != (module != NULL))
            abort();
        if (!module && (later.status != error.status || later.offset != error.offset))
            abort();
        describe(lazy, module != NULL);
    }
    if (module && module->info.start == UINT32_MAX)
        instantiate(strict, module);
    murre_module_unref(module);
    murre_module_unref(lazy);
    murre_engine_unref(strict);
    murre_engine_unref(deferred);
    return 0;
}
