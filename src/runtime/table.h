/* Tables (4.2.7). A table's elements move when it grows; its struct does not. Owned by the store. */
#ifndef MURRE_RUNTIME_TABLE_H
#define MURRE_RUNTIME_TABLE_H

#include "runtime/runtime.h"

struct murre_table *murre_table_create(struct murre_store *store, murre_valtype type, struct murre_limits limits, void *init,
                                       struct murre_error *error) MURRE_MUST_USE;
/* Sets all elements of a table that nothing has written to yet. */
void murre_table_fill_new(struct murre_table *table, void *init);
void murre_table_destroy(struct murre_table *table);
/* Old size, or UINT32_MAX when it cannot: over its maximum, over MURRE_MAX_TABLE_SIZE, or no memory. */
uint32_t murre_table_grow_by(struct murre_table *table, uint32_t count, void *init);
static inline bool murre_table_in_bounds(const struct murre_table *table, uint64_t index, uint64_t count) {
    return count <= table->size && index <= table->size - count;
}

#endif
