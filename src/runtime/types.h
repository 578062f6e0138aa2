/* Function types made comparable by number: equal types of one engine have equal ids, whichever module or host function they come from, so
 * that an indirect call checks its signature with one comparison. Ids are reference-counted and free again at zero; 0 is never an id.
 * The functions take engine->lock themselves unless they say otherwise. */
#ifndef MURRE_RUNTIME_TYPES_H
#define MURRE_RUNTIME_TYPES_H

#include "runtime/runtime.h"

struct murre_type_registry *murre_types_new(const struct murre_allocator *allocator) MURRE_MUST_USE; /* NULL: no memory */
void murre_types_delete(struct murre_type_registry *registry);

/* One id per type, all or none: false when memory is short. */
bool murre_types_intern(struct murre_engine *engine, const struct murre_type *types, uint32_t count, uint32_t *ids) MURRE_MUST_USE;
/* The same; MURRE_ERROR_LIMIT when the types would make the registry more than *bytes larger. *bytes: by how much they have. */
enum murre_status murre_types_intern_within(struct murre_engine *engine, const struct murre_type *types, uint32_t count, uint32_t *ids,
                                            uint64_t *bytes) MURRE_MUST_USE;
void murre_types_release(struct murre_engine *engine, const uint32_t *ids, uint32_t count);
/* Types that are in use, for tests. */
uint32_t murre_types_count(struct murre_engine *engine);

bool murre_types_equal(const struct murre_functype *a, const struct murre_functype *b);

#endif
