/* A module loaded and instantiated while allocations fail: the first two bytes of the input say how many succeed, the rest is the module. All
 * failures must be reported, and everything that was allocated must be freed. */
#include <stdlib.h>

#include "host.h"
#include "runtime/runtime.h"

struct budget {
    size_t allowed, live;
};

static void *budget_alloc(void *context, size_t size) {
    struct budget *budget = context;
    if (!budget->allowed)
        return NULL;
    void *block = malloc(size);
    if (block) {
        budget->allowed--;
        budget->live += size;
    }
    return block;
}
static void *budget_realloc(void *context, void *old, size_t old_size, size_t new_size) {
    struct budget *budget = context;
    if (!budget->allowed)
        return NULL;
    void *block = realloc(old, new_size);
    if (block) {
        budget->allowed--;
        budget->live += new_size - old_size;
    }
    return block;
}
static void budget_free(void *context, void *block, size_t size) {
    struct budget *budget = context;
    budget->live -= size;
    free(block);
}

static void run(struct murre_engine *engine, const uint8_t *data, size_t size) {
    struct murre_error error;
    struct murre_module *module = murre_module_new(engine, data, size, &error);
    struct murre_store *store = module && module->info.start == UINT32_MAX ? murre_store_new(engine, NULL) : NULL;
    struct murre_extern *imports = store ? fuzz_imports(store, module) : NULL;
    struct murre_trap *trap = NULL;
    if (imports && !murre_instance_new(store, module, imports, murre_module_import_count(module), &trap, &error) && error.status == MURRE_OK)
        abort();
    murre_trap_delete(trap);
    free(imports);
    murre_store_delete(store);
    murre_module_unref(module);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2)
        return 0;
    struct budget budget = {.allowed = data[0] | (size_t)data[1] << 8};
    struct murre_allocator allocator = {budget_alloc, budget_realloc, budget_free, &budget};
    struct murre_engine *engine = fuzz_engine(MURRE_TIER_INTERP, false, &allocator);
    if (engine)
        run(engine, data + 2, size - 2);
    murre_engine_unref(engine);
    if (budget.live)
        abort();
    return 0;
}
