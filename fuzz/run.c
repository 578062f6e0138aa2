/* A module run in two tiers, which must agree: every exported function without references in its type is called with a few values; results
 * and kinds of traps are compared, memories at the end. What ends by time, stack or memory is not compared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

static const uint64_t milliseconds = 1000000;

struct side {
    struct murre_engine *engine;
    struct murre_store *store;
    struct murre_instance *instance;
    struct murre_trap *trap;
    bool cut; /* ended by a limit: not comparable */
};

static bool is_limit(const struct murre_trap *trap) {
    enum murre_trapkind kind = trap ? murre_trap_kind(trap) : MURRE_TRAP_COUNT;
    return kind == MURRE_TRAP_INTERRUPT || kind == MURRE_TRAP_STACK || kind == MURRE_TRAP_MEMORY;
}

static bool start(struct side *side, enum murre_tier tier, const uint8_t *data, size_t size) {
    side->engine = fuzz_engine(tier, false, NULL);
    if (!side->engine)
        abort();
    struct murre_module *module = murre_module_new(side->engine, data, size, NULL);
    if (!module)
        return false;
    side->store = murre_store_new(side->engine, NULL);
    struct murre_extern *imports = side->store ? fuzz_imports(side->store, module) : NULL;
    if (imports && murre_store_set_timeout(side->store, 500 * milliseconds, NULL) == MURRE_OK)
        side->instance = murre_instance_new(side->store, module, imports, murre_module_import_count(module), &side->trap, NULL);
    side->cut = is_limit(side->trap);
    free(imports);
    murre_module_unref(module);
    return true;
}

static void finish(struct side *side) {
    murre_trap_delete(side->trap);
    murre_store_delete(side->store);
    murre_engine_unref(side->engine);
}

/* Differs by what a tier may choose: the bits of a NaN. */
static bool same(murre_valtype type, union murre_slot a, union murre_slot b) {
    switch (type) {
    case MURRE_I32: return a.u32 == b.u32;
    case MURRE_F32: return a.u32 == b.u32 || (a.f32 != a.f32 && b.f32 != b.f32);
    case MURRE_F64: return a.u64 == b.u64 || (a.f64 != a.f64 && b.f64 != b.f64);
    case MURRE_I64: return a.u64 == b.u64;
    default: return (a.ref == NULL) == (b.ref == NULL);
    }
}

static bool has_reference(const struct murre_functype *type) {
    for (uint32_t i = 0; i < type->param_count; i++)
        if (type->params[i] == MURRE_FUNCREF || type->params[i] == MURRE_EXTERNREF)
            return true;
    return false;
}

static struct murre_trap *call(struct side *side, struct murre_func *func, union murre_slot *slots) {
    if (murre_store_set_timeout(side->store, 500 * milliseconds, NULL) != MURRE_OK)
        abort();
    struct murre_trap *trap = murre_func_call(side->store, func, slots);
    side->cut |= is_limit(trap);
    return trap;
}

/* False when there is nothing to compare any more. */
static bool call_both(struct side *a, struct side *b, uint32_t export_, uint64_t seed) {
    struct murre_extern item[2];
    struct murre_functype type;
    if (!murre_instance_export_at(a->instance, export_, &item[0]) || !murre_instance_export_at(b->instance, export_, &item[1]))
        abort();
    murre_func_type(item[0].of.func, &type);
    if (has_reference(&type))
        return true;
    uint32_t count = (type.param_count > type.result_count ? type.param_count : type.result_count) + 1;
    union murre_slot *slots = calloc(2 * (size_t)count, sizeof *slots);
    if (!slots)
        abort();
    for (uint32_t i = 0; i < type.param_count; i++)
        slots[i].u64 = slots[count + i].u64 = seed * (i * 2 + 1);
    struct murre_trap *trap[2] = {call(a, item[0].of.func, slots), call(b, item[1].of.func, slots + count)};
    bool comparable = !a->cut && !b->cut;
    if (comparable) {
        bool agree = (trap[0] == NULL) == (trap[1] == NULL) && (!trap[0] || murre_trap_kind(trap[0]) == murre_trap_kind(trap[1]));
        for (uint32_t i = 0; agree && !trap[0] && i < type.result_count; i++)
            agree = same(type.results[i], slots[i], slots[count + i]);
        if (!agree) {
            fprintf(stderr, "export %u differs: %s, %s\n", (unsigned)export_, trap[0] ? murre_trap_message(trap[0]) : "results",
                    trap[1] ? murre_trap_message(trap[1]) : "results");
            abort();
        }
    }
    murre_trap_delete(trap[0]);
    murre_trap_delete(trap[1]);
    free(slots);
    return comparable;
}

static void compare_memories(struct side *a, struct side *b, uint32_t export_) {
    struct murre_extern item[2];
    if (!murre_instance_export_at(a->instance, export_, &item[0]) || !murre_instance_export_at(b->instance, export_, &item[1]))
        abort();
    uint64_t size = murre_memory_size(item[0].of.memory);
    if (size != murre_memory_size(item[1].of.memory) ||
        memcmp(murre_memory_data(item[0].of.memory), murre_memory_data(item[1].of.memory), size) != 0) {
        fprintf(stderr, "memory %u differs\n", (unsigned)export_);
        abort();
    }
}

static void compare(struct side *a, struct side *b) {
    static const uint64_t seeds[] = {0, 1, UINT64_MAX, 0x8000000080000000, 0x3ff8000040490fdb};
    struct murre_module *module = murre_instance_module(a->instance);
    struct murre_export item;
    for (unsigned s = 0; s < sizeof seeds / sizeof *seeds; s++)
        for (uint32_t i = 0; murre_module_export(module, i, &item); i++)
            if (item.type.kind == MURRE_EXTERN_FUNC && !call_both(a, b, i, seeds[s]))
                return;
    for (uint32_t i = 0; murre_module_export(module, i, &item); i++)
        if (item.type.kind == MURRE_EXTERN_MEMORY)
            compare_memories(a, b, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct side interp = {0}, other = {0};
    if (start(&interp, MURRE_TIER_INTERP, data, size) &&
        start(&other, murre_has_compiler() ? MURRE_TIER_JIT : MURRE_TIER_AUTO, data, size) && !interp.cut && !other.cut) {
        if ((interp.instance == NULL) != (other.instance == NULL))
            abort();
        if (interp.instance)
            compare(&interp, &other);
    }
    finish(&interp);
    finish(&other);
    return 0;
}
