/* Function types made comparable by number: equal types of one engine have equal ids, whichever module or host function they come from, so
 * that an indirect call checks its signature with one comparison. Ids are reference-counted and free again at zero; 0 is never an id.
 * The functions take engine->lock themselves unless they say otherwise. */
#ifndef MURRE_RUNTIME_TYPES_H
#define MURRE_RUNTIME_TYPES_H

#include "runtime/runtime.h"

struct murre_type_registry *murre_types_new(const struct murre_allocator *allocator) MURRE_MUST_USE; /* NULL: no memory */
void murre_types_delete(struct murre_type_registry *registry);

/* One id for each of the module's types, all or none; MURRE_ERROR_LIMIT when they would make the registry more than *bytes larger. *bytes: by how
 * much they have. Types are equal when they stand at the same place of equal recursion groups. */
enum murre_status murre_types_intern_module(struct murre_engine *engine, const struct murre_module_info *info, uint32_t *ids,
                                            uint64_t *bytes) MURRE_MUST_USE;
void murre_types_release_module(struct murre_engine *engine, const struct murre_module_info *info, const uint32_t *ids);
/* The same of a type by itself, which names no type of a module; 0 when memory is short. */
uint32_t murre_types_intern(struct murre_engine *engine, const struct murre_functype *type) MURRE_MUST_USE;
void murre_types_release(struct murre_engine *engine, uint32_t id);
/* A value type of the module's as the engine knows it, with the id of the type that it names: for what modules share, tables and globals. */
murre_valtype murre_types_word(const struct murre_module *module, murre_valtype word);
/* Does each value of one such type belong to the other? */
bool murre_types_match(struct murre_engine *engine, murre_valtype sub, murre_valtype super);
/* Are references of the type functions? Of a module's words, too. */
bool murre_types_is_func(murre_valtype word);
/* Whether a reference that the embedder hands over is of the type, and its function of the store: one of another would dangle when that dies, and
 * run in the wrong one until then. True of numbers. */
bool murre_types_hold(const struct murre_store *store, murre_valtype word, void *ref);
/* Is one of the supertypes that the function's type declares the one with this id? */
bool murre_func_has_super(const struct murre_func *func, uint32_t type_id);
static inline bool murre_func_is_of(const struct murre_func *func, uint32_t type_id) {
    return func->type_id == type_id || murre_func_has_super(func, type_id);
}
/* Types that are in use, for tests. */
uint32_t murre_types_count(struct murre_engine *engine);

bool murre_types_equal(const struct murre_functype *a, const struct murre_functype *b);

#endif
