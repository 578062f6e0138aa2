/* Operations on memories, tables and segments that both tiers call (4.4.5 to 4.4.7). Each checks all bounds first. Those that return a
 * trap kind return MURRE_TRAP_COUNT on success, and MURRE_TRAP_INTERRUPT when they are done and the run is to end. Indices are those of the
 * instance's index spaces. */
#ifndef MURRE_RUNTIME_BULK_H
#define MURRE_RUNTIME_BULK_H

#include "runtime/runtime.h"

enum murre_trapkind murre_bulk_memory_init(struct murre_instance *instance, uint32_t data, uint32_t memory, uint32_t d, uint32_t s,
                                           uint32_t n);
enum murre_trapkind murre_bulk_memory_copy(struct murre_instance *instance, uint32_t to, uint32_t from, uint32_t d, uint32_t s, uint32_t n);
enum murre_trapkind murre_bulk_memory_fill(struct murre_instance *instance, uint32_t memory, uint32_t d, uint32_t value, uint32_t n);
void murre_bulk_data_drop(struct murre_instance *instance, uint32_t data);
uint32_t murre_bulk_memory_size(struct murre_instance *instance, uint32_t memory);                 /* pages */
uint32_t murre_bulk_memory_grow(struct murre_instance *instance, uint32_t memory, uint32_t pages); /* old size or UINT32_MAX */

enum murre_trapkind murre_bulk_table_get(struct murre_instance *instance, uint32_t table, uint32_t index, void **ref);
enum murre_trapkind murre_bulk_table_set(struct murre_instance *instance, uint32_t table, uint32_t index, void *ref);
uint32_t murre_bulk_table_grow(struct murre_instance *instance, uint32_t table, void *init, uint32_t count); /* old size or UINT32_MAX */
enum murre_trapkind murre_bulk_table_fill(struct murre_instance *instance, uint32_t table, uint32_t d, void *ref, uint32_t n);
enum murre_trapkind murre_bulk_table_copy(struct murre_instance *instance, uint32_t to, uint32_t from, uint32_t d, uint32_t s, uint32_t n);
enum murre_trapkind murre_bulk_table_init(struct murre_instance *instance, uint32_t elem, uint32_t table, uint32_t d, uint32_t s,
                                          uint32_t n);
void murre_bulk_elem_drop(struct murre_instance *instance, uint32_t elem);

#endif
