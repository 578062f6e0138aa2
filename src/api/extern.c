/* Memories, tables and globals from the embedder's side. */
#include <string.h>

#include "runtime/memory.h"
#include "runtime/store.h"
#include "runtime/table.h"
#include "runtime/types.h"

struct murre_memory *murre_memory_new(struct murre_store *store, struct murre_limits limits, struct murre_error *error) {
    murre_error_clear(error);
    return murre_memory_create(store, limits, error);
}

uint8_t *murre_memory_data(const struct murre_memory *memory) {
    return memory->base;
}

uint64_t murre_memory_size(const struct murre_memory *memory) {
    return memory->size;
}

uint64_t murre_memory_grow(struct murre_memory *memory, uint64_t pages) {
    return (uint64_t)murre_memory_grow_pages(memory, pages);
}

void murre_memory_limits(const struct murre_memory *memory, struct murre_limits *limits) {
    *limits = memory->limits;
}

struct murre_table *murre_table_new(struct murre_store *store, murre_valtype type, struct murre_limits limits, void *init,
                                    struct murre_error *error) {
    murre_error_clear(error);
    if (type != MURRE_FUNCREF && type != MURRE_EXTERNREF) {
        murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "bad table type");
        return NULL;
    }
    if (!murre_types_hold(store, type, init)) {
        murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "the function belongs to another store");
        return NULL;
    }
    return murre_table_create(store, type, limits, init, error);
}

uint64_t murre_table_size(const struct murre_table *table) {
    return table->size;
}

bool murre_table_get(const struct murre_table *table, uint64_t index, void **ref) {
    if (index >= table->size)
        return false;
    *ref = table->elems[index];
    return true;
}

bool murre_table_set(struct murre_table *table, uint64_t index, void *ref) {
    if (index >= table->size || !murre_types_hold(table->store, table->type, ref))
        return false;
    table->elems[index] = ref;
    return true;
}

uint64_t murre_table_grow(struct murre_table *table, uint64_t count, void *init) {
    bool possible = count < UINT32_MAX && murre_types_hold(table->store, table->type, init);
    uint32_t old = possible ? murre_table_grow_by(table, (uint32_t)count, init) : UINT32_MAX;
    return old == UINT32_MAX ? UINT64_MAX : old;
}

struct murre_global *murre_global_new(struct murre_store *store, murre_valtype type, bool is_mutable, const union murre_slot *value,
                                      struct murre_error *error) {
    murre_error_clear(error);
    if (!murre_types_hold(store, type, value->ref)) {
        murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "the function belongs to another store");
        return NULL;
    }
    return murre_store_global(store, type, is_mutable, value, error);
}

void murre_global_get(const struct murre_global *global, union murre_slot *value) {
    memcpy(value, global->value, murre_valtype_slots(global->type) * sizeof *value);
}

bool murre_global_set(struct murre_global *global, const union murre_slot *value) {
    if (!global->is_mutable || !murre_types_hold(global->store, global->type, value->ref))
        return false;
    memcpy(global->value, value, murre_valtype_slots(global->type) * sizeof *value);
    return true;
}

void murre_extern_type(const struct murre_extern *item, struct murre_externtype *type) {
    *type = (struct murre_externtype){.kind = item->kind};
    switch (item->kind) {
    case MURRE_EXTERN_FUNC: murre_func_type(item->of.func, &type->func); break;
    case MURRE_EXTERN_TABLE:
        type->limits = item->of.table->limits;
        type->valtype = item->of.table->type;
        break;
    case MURRE_EXTERN_MEMORY: type->limits = item->of.memory->limits; break;
    case MURRE_EXTERN_GLOBAL:
        type->valtype = item->of.global->type;
        type->is_mutable = item->of.global->is_mutable;
        break;
    case MURRE_EXTERN_TAG: break;
    }
}
