/* Tables: see table.h. Elements are in one array from the engine's allocator, doubled when it is full. */
#include "runtime/table.h"

#include "runtime/store.h"
#include "wasm/limits.h"

/* init is NULL for most elements of most tables: those stay zero pages until they are written. */
static void fill(void **elems, uint32_t count, void *init) {
    if (init)
        for (uint32_t i = 0; i < count; i++)
            elems[i] = init;
}

/* What the store and the engine allow. */
static bool has_room(const struct murre_store *store, uint64_t elements) {
    return murre_store_allows(store->limits.table_elements, store->table_elements, elements) &&
           murre_store_allows(store->engine->config.max_table_memory / sizeof(void *), store->table_elements, elements);
}

struct murre_table *murre_table_create(struct murre_store *store, murre_valtype type, struct murre_limits limits, void *init,
                                       struct murre_error *error) {
    const struct murre_allocator *allocator = &store->engine->allocator;
    if (!murre_is_ref(type) || (limits.has_max && limits.max < limits.min)) { /* of a module's it has been checked */
        murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "bad table type");
        return NULL;
    }
    if (limits.min > MURRE_MAX_TABLE_SIZE) {
        murre_error_set(error, MURRE_ERROR_LIMIT, MURRE_NO_OFFSET, "a table of %llu elements, the limit is %u",
                        (unsigned long long)limits.min, (unsigned)MURRE_MAX_TABLE_SIZE);
        return NULL;
    }
    if (!murre_store_allows(store->limits.tables, store->table_count, 1) ||
        !murre_store_allows(store->limits.table_elements, store->table_elements, limits.min)) {
        murre_error_set(error, MURRE_ERROR_LIMIT, MURRE_NO_OFFSET, "over the store's limit of tables");
        return NULL;
    }
    if (!has_room(store, limits.min)) {
        murre_error_set(error, MURRE_ERROR_LIMIT, MURRE_NO_OFFSET, "a table of %llu elements: tables may take %llu bytes together",
                        (unsigned long long)limits.min, (unsigned long long)store->engine->config.max_table_memory);
        return NULL;
    }
    struct murre_table *table = murre_alloc_zero(allocator, sizeof *table);
    void **elems = murre_alloc_array(allocator, limits.min, sizeof *elems);
    if (!table || !elems) {
        murre_free(allocator, table, sizeof *table);
        murre_free(allocator, elems, limits.min * sizeof *elems);
        murre_error_memory(error);
        return NULL;
    }
    fill(elems, (uint32_t)limits.min, init);
    *table = (struct murre_table){.elems = elems,
                                  .size = (uint32_t)limits.min,
                                  .capacity = (uint32_t)limits.min,
                                  .type = type,
                                  .limits = limits,
                                  .store = store,
                                  .next = store->tables};
    store->tables = table;
    store->table_elements += limits.min;
    store->table_count++;
    return table;
}

void murre_table_fill_new(struct murre_table *table, void *init) {
    fill(table->elems, table->size, init);
}

void murre_table_destroy(struct murre_table *table) {
    const struct murre_allocator *allocator = &table->store->engine->allocator;
    struct murre_table **link = &table->store->tables;
    while (*link != table)
        link = &(*link)->next;
    *link = table->next;
    table->store->table_elements -= table->size;
    table->store->table_count--;
    murre_free(allocator, table->elems, table->capacity * sizeof *table->elems);
    murre_free(allocator, table, sizeof *table);
}

static bool reserve(struct murre_table *table, uint32_t size) {
    if (size <= table->capacity)
        return true;
    const struct murre_allocator *allocator = &table->store->engine->allocator;
    /* No further than the table can get. */
    uint64_t most = (table->store->engine->config.max_table_memory / sizeof *table->elems) - table->store->table_elements + table->size;
    if (most > MURRE_MAX_TABLE_SIZE)
        most = MURRE_MAX_TABLE_SIZE;
    uint32_t doubled = table->capacity < most / 2 ? table->capacity * 2 : (uint32_t)most;
    uint32_t capacity = doubled > size ? doubled : size;
    void **elems = murre_realloc(allocator, table->elems, table->capacity * sizeof *elems, capacity * sizeof *elems);
    if (!elems)
        return false;
    table->elems = elems;
    table->capacity = capacity;
    return true;
}

uint32_t murre_table_grow_by(struct murre_table *table, uint32_t count, void *init) {
    uint64_t max = table->limits.has_max && table->limits.max < MURRE_MAX_TABLE_SIZE ? table->limits.max : MURRE_MAX_TABLE_SIZE;
    uint32_t old = table->size;
    struct murre_store *store = table->store;
    if (count > max - old || !has_room(store, count) || !reserve(table, old + count))
        return UINT32_MAX;
    store->table_elements += count;
    for (uint32_t i = 0; i < count; i++)
        table->elems[old + i] = init;
    table->size = old + count;
    return old;
}
