/* Instantiation (4.5.4): see instance.h.
 *
 * An instance is one block: the struct, then what module->layout says, then one byte per segment for "dropped". Its own memories and tables
 * belong to the store. Steps: check the imports; allocate; initialise globals, in order; take its place among the module's instances; apply
 * active element segments, then data segments, in order (one that is out of bounds traps and leaves what the ones before it wrote); call
 * the start function. From the first segment on, others may hold references to the instance, so it lives as long as the store. */
#include "runtime/instance.h"

#include <string.h>

#include "base/pages.h"
#include "runtime/bulk.h"
#include "runtime/call.h"
#include "runtime/log.h"
#include "runtime/memory.h"
#include "runtime/store.h"
#include "runtime/table.h"
#include "runtime/tier.h"
#include "runtime/trap.h"
#include "runtime/types.h"

static bool add_part(uint64_t *size, uint32_t *offset, uint64_t count, uint64_t each) {
    if (*size > UINT32_MAX)
        return false;
    *offset = (uint32_t)*size;
    *size = (*size + count * each + 7) & ~(uint64_t)7;
    return true;
}

/* Counts are 32 bits wide and parts at most 64 bytes per entry, so the sums cannot overflow. */
enum murre_status murre_instance_layout(struct murre_layout *layout, const struct murre_module_info *info, struct murre_error *error) {
    uint64_t size = sizeof(struct murre_instance);
    if (!add_part(&size, &layout->func_imports, info->func_import_count, sizeof(struct murre_func *)) ||
        !add_part(&size, &layout->funcs, info->func_count - info->func_import_count, sizeof(struct murre_func)) ||
        !add_part(&size, &layout->global_imports, info->global_import_count, sizeof(struct murre_global *)) ||
        !add_part(&size, &layout->globals, info->global_count - info->global_import_count, sizeof(struct murre_global)) ||
        !add_part(&size, &layout->tables, info->table_count, sizeof(struct murre_table *)) ||
        !add_part(&size, &layout->memories, info->memory_count, sizeof(struct murre_memory *)))
        return murre_error_set(error, MURRE_ERROR_LIMIT, MURRE_NO_OFFSET, "the module's instances would be larger than 4 GiB");
    layout->size = size + info->data_count + info->elem_count;
    return MURRE_OK;
}

static void place_imports(struct murre_instance *instance, const struct murre_extern *imports) {
    const struct murre_module_info *info = &instance->module->info;
    const struct murre_layout *layout = &instance->module->layout;
    struct murre_func **funcs = murre_instance_at(instance, layout->func_imports);
    struct murre_table **tables = murre_instance_at(instance, layout->tables);
    struct murre_memory **memories = murre_instance_at(instance, layout->memories);
    struct murre_global **globals = murre_instance_at(instance, layout->global_imports);
    for (uint32_t i = 0; i < info->import_count; i++) {
        uint32_t index = info->imports[i].index;
        switch (info->imports[i].kind) {
        case MURRE_EXTERN_FUNC: funcs[index] = imports[i].of.func; break;
        case MURRE_EXTERN_TABLE: tables[index] = imports[i].of.table; break;
        case MURRE_EXTERN_MEMORY: memories[index] = imports[i].of.memory; break;
        case MURRE_EXTERN_GLOBAL: globals[index] = imports[i].of.global; break;
        }
    }
}

/* The module's own tables and memories. On failure those made so far are left in the instance. */
static enum murre_status make_own(struct murre_instance *instance, struct murre_error *error) {
    const struct murre_module_info *info = &instance->module->info;
    struct murre_table **tables = murre_instance_at(instance, instance->module->layout.tables);
    struct murre_memory **memories = murre_instance_at(instance, instance->module->layout.memories);
    struct murre_error local = {.status = MURRE_OK};
    if (!error)
        error = &local;
    for (uint32_t i = info->table_import_count; i < info->table_count; i++) {
        tables[i] = murre_table_create(instance->store, murre_types_word(instance->module, info->tables[i].type), info->tables[i].limits,
                                       NULL, error);
        if (!tables[i])
            return error->status;
    }
    for (uint32_t i = info->memory_import_count; i < info->memory_count; i++) {
        memories[i] = murre_memory_create(instance->store, info->memories[i], error);
        if (!memories[i])
            return error->status;
    }
    return MURRE_OK;
}

/* Takes back what make_own and allocate made: nothing refers to it yet. */
static void abandon(struct murre_instance *instance) {
    const struct murre_module_info *info = &instance->module->info;
    struct murre_table **tables = murre_instance_at(instance, instance->module->layout.tables);
    struct murre_memory **memories = murre_instance_at(instance, instance->module->layout.memories);
    for (uint32_t i = info->table_import_count; i < info->table_count && tables[i]; i++)
        murre_table_destroy(tables[i]);
    for (uint32_t i = info->memory_import_count; i < info->memory_count && memories[i]; i++)
        murre_memory_destroy(memories[i]);
    struct murre_module *module = instance->module;
    murre_free(&instance->store->engine->allocator, instance, instance->size);
    murre_module_unref(module);
}

static struct murre_instance *allocate(struct murre_store *store, struct murre_module *module) {
    struct murre_instance *instance = murre_alloc_zero(&store->engine->allocator, module->layout.size);
    if (!instance)
        return NULL;
    const struct murre_module_info *info = &module->info;
    instance->stack_limit = store->stack_limit;
    instance->results = store->results;
    instance->store = store;
    instance->module = murre_module_ref(module);
    instance->size = module->layout.size;
    instance->data_dropped =
        (uint8_t *)murre_instance_at(instance, module->layout.memories) + info->memory_count * sizeof(struct murre_memory *);
    instance->elem_dropped = instance->data_dropped + info->data_count;
    return instance;
}

static void init_funcs(struct murre_instance *instance) {
    const struct murre_module *module = instance->module;
    const struct murre_module_info *info = &module->info;
    struct murre_func *func = murre_instance_at(instance, module->layout.funcs);
    uint32_t imported = info->func_import_count;
    void *entry = murre_tier_first_entry(module->engine, NULL);
    murre_pages_populate(func, (info->func_count - imported) * sizeof *func);
    for (uint32_t i = imported; i < info->func_count; i++, func++) {
        atomic_init(&func->entry, entry);
        func->memory_base = instance->memory_base;
        func->instance = instance;
        func->code = &module->codes[i - imported];
        func->type_id = module->type_ids[info->func_types[i]];
        func->index = i;
    }
}

static bool init_globals(struct murre_instance *instance) {
    const struct murre_module_info *info = &instance->module->info;
    struct murre_global *global = murre_instance_at(instance, instance->module->layout.globals);
    for (uint32_t i = info->global_import_count; i < info->global_count; i++, global++) {
        global->type = murre_types_word(instance->module, info->globals[i].type);
        global->is_mutable = info->globals[i].is_mutable;
        global->store = instance->store;
        if (!murre_instance_evaluate(instance, info->global_inits[i - info->global_import_count], global->value))
            return false;
    }
    return true;
}

/* The elements of tables that say what they are at first. */
static bool init_tables(struct murre_instance *instance) {
    const struct murre_module_info *info = &instance->module->info;
    for (uint32_t i = info->table_import_count; info->table_inits && i < info->table_count; i++) {
        struct murre_constexpr expression = info->table_inits[i - info->table_import_count];
        union murre_slot value[2];
        if (!expression.size)
            continue;
        if (!murre_instance_evaluate(instance, expression, value))
            return false;
        murre_table_fill_new(murre_instance_table(instance, i), value->ref);
    }
    return true;
}

/* From here on the tier publishes compiled code to the instance. What has been published before is looked up here, under the same lock — but
 * not where nothing of the module can have been compiled, so that module->codes stays untouched. */
static void join_module(struct murre_instance *instance) {
    struct murre_module *module = instance->module;
    murre_tier_lock(module->engine);
    if (module->instance_count++ == 0)
        module->counted_store = instance->store;
    if (module->counted_store == instance->store)
        module->counted++;
    if (instance->memory && !instance->memory->guarded && !module->explicit_bounds) {
        if (module->bounds_decided)
            instance->interpreted_only = true;
        else
            module->explicit_bounds = true;
    }
    if (!instance->interpreted_only) {
        instance->next_of_module = module->instances;
        instance->link_of_module = &module->instances;
        if (module->instances)
            module->instances->link_of_module = &instance->next_of_module;
        module->instances = instance;
        struct murre_func *func = murre_instance_at(instance, module->layout.funcs);
        uint32_t count = module->bounds_decided ? module->info.func_count - module->info.func_import_count : 0;
        for (uint32_t i = 0; i < count; i++)
            atomic_init(&func[i].entry, murre_tier_first_entry(module->engine, &module->codes[i]));
    }
    murre_tier_unlock(module->engine);
    if (instance->interpreted_only)
        murre_log(module->engine, MURRE_LOG_WARNING, "an instance without guard region stays interpreted: its module's code relies on one");
}

static void leave_module(struct murre_instance *instance) {
    struct murre_module *module = instance->module;
    murre_tier_lock(module->engine);
    module->instance_count--;
    if (!instance->interpreted_only) {
        *instance->link_of_module = instance->next_of_module;
        if (instance->next_of_module)
            instance->next_of_module->link_of_module = instance->link_of_module;
    }
    if (module->counted_store == instance->store && --module->counted == 0)
        module->counted_store = NULL;
    if (module->instance_count == 1 && module->counted == 0 && module->instances) {
        module->counted_store = module->instances->store;
        module->counted = 1;
    }
    murre_tier_unlock(module->engine);
}

static struct murre_instance *make(struct murre_store *store, struct murre_module *module, const struct murre_extern *imports,
                                   struct murre_error *error) {
    struct murre_instance *instance = allocate(store, module);
    if (!instance) {
        murre_error_memory(error);
        return NULL;
    }
    place_imports(instance, imports);
    if (make_own(instance, error) != MURRE_OK) {
        abandon(instance);
        return NULL;
    }
    if (module->info.memory_count) {
        instance->memory = murre_instance_memory(instance, 0);
        instance->memory_base = instance->memory->base;
    }
    init_funcs(instance);
    if (!init_globals(instance) || !init_tables(instance)) {
        murre_error_memory(error);
        abandon(instance);
        return NULL;
    }
    join_module(instance);
    instance->next = store->instances;
    store->instances = instance;
    store->instance_count++;
    return instance;
}

void murre_instance_destroy(struct murre_instance *instance) {
    struct murre_module *module = instance->module;
    leave_module(instance);
    murre_free(&instance->store->engine->allocator, instance, instance->size);
    murre_module_unref(module);
}

/* MURRE_TRAP_COUNT when all went well; MURRE_TRAP_MEMORY when an expression could not be evaluated. */
static enum murre_trapkind apply_elems(struct murre_instance *instance) {
    const struct murre_module_info *info = &instance->module->info;
    for (uint32_t i = 0; i < info->elem_count; i++) {
        const struct murre_elem_segment *segment = &info->elems[i];
        if (segment->mode == MURRE_SEGMENT_ACTIVE) {
            union murre_slot offset[2];
            if (!murre_instance_evaluate(instance, segment->offset, offset))
                return MURRE_TRAP_MEMORY;
            enum murre_trapkind kind = murre_bulk_table_init(instance, i, segment->table, offset->u32, 0, segment->count);
            if (kind != MURRE_TRAP_COUNT)
                return kind;
        }
        if (segment->mode != MURRE_SEGMENT_PASSIVE)
            murre_bulk_elem_drop(instance, i);
    }
    return MURRE_TRAP_COUNT;
}

static enum murre_trapkind apply_datas(struct murre_instance *instance) {
    const struct murre_module_info *info = &instance->module->info;
    for (uint32_t i = 0; i < info->data_count; i++) {
        const struct murre_data_segment *segment = &info->datas[i];
        if (segment->mode != MURRE_SEGMENT_ACTIVE)
            continue;
        union murre_slot offset[2];
        if (!murre_instance_evaluate(instance, segment->offset, offset))
            return MURRE_TRAP_MEMORY;
        const struct murre_memory *memory = murre_instance_memory(instance, segment->memory);
        if (murre_memory_in_bounds(memory, offset->u32, segment->size))
            murre_pages_populate(memory->base + offset->u32, segment->size);
        enum murre_trapkind kind = murre_bulk_memory_init(instance, i, segment->memory, offset->u32, 0, segment->size);
        if (kind != MURRE_TRAP_COUNT)
            return kind;
        murre_bulk_data_drop(instance, i);
    }
    return MURRE_TRAP_COUNT;
}

static struct murre_trap *call_start(struct murre_instance *instance) {
    uint32_t start = instance->module->info.start;
    union murre_slot none[1];
    return start == UINT32_MAX ? NULL : murre_call_func(instance->store, murre_instance_func(instance, start), none);
}

struct murre_instance *murre_instance_create(struct murre_store *store, struct murre_module *module, const struct murre_extern *imports,
                                             size_t import_count, struct murre_trap **trap, struct murre_error *error) {
    if (trap)
        *trap = NULL;
    if (module->engine != store->engine) {
        murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "the module belongs to another engine than the store");
        return NULL;
    }
    if (module->fault.status != MURRE_OK) {
        murre_error_set(error, module->fault.status, module->fault.offset, "%s", module->fault.message);
        return NULL;
    }
    if (murre_instance_check_imports(store, module, imports, import_count, error) != MURRE_OK)
        return NULL;
    if (!murre_store_allows(store->limits.instances, store->instance_count, 1)) {
        murre_error_set(error, MURRE_ERROR_LIMIT, MURRE_NO_OFFSET, "over the store's limit of instances");
        return NULL;
    }
    struct murre_instance *instance = make(store, module, imports, error);
    if (!instance)
        return NULL;
    enum murre_trapkind kind = apply_elems(instance);
    if (kind == MURRE_TRAP_COUNT)
        kind = apply_datas(instance);
    struct murre_trap *ended = NULL;
    if (kind != MURRE_TRAP_COUNT)
        ended = murre_trap_of_kind(kind);
    else if (!(ended = call_start(instance)))
        return instance;
    murre_error_set(error, MURRE_ERROR_TRAP, MURRE_NO_OFFSET, "%s", ended ? murre_trap_message(ended) : murre_trap_text(kind));
    if (trap)
        *trap = ended;
    else
        murre_trap_delete(ended);
    return NULL;
}

struct murre_extern murre_instance_extern(struct murre_instance *instance, const struct murre_export_entry *entry) {
    struct murre_extern item = {.kind = entry->kind};
    switch (entry->kind) {
    case MURRE_EXTERN_FUNC: item.of.func = murre_instance_func(instance, entry->index); break;
    case MURRE_EXTERN_TABLE: item.of.table = murre_instance_table(instance, entry->index); break;
    case MURRE_EXTERN_MEMORY: item.of.memory = murre_instance_memory(instance, entry->index); break;
    case MURRE_EXTERN_GLOBAL: item.of.global = murre_instance_global(instance, entry->index); break;
    }
    return item;
}
