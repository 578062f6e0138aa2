/* Instantiation (4.5.4) and what belongs to it. One thread at a time, that of the store. */
#ifndef MURRE_RUNTIME_INSTANCE_H
#define MURRE_RUNTIME_INSTANCE_H

#include "runtime/runtime.h"

/* Computes where things lie in the instances of a module; MURRE_ERROR_LIMIT when they cannot. */
enum murre_status murre_instance_layout(struct murre_layout *layout, const struct murre_module_info *info,
                                        struct murre_error *error) MURRE_MUST_USE;
/* imports: one a import, in order. On MURRE_ERROR_TRAP, *trap (may be NULL: then it is dropped) gets the trap; the instance
 * stays with the store, because what it wrote into tables stays as well. Returns NULL on failure. */
struct murre_instance *murre_instance_create(struct murre_store *store, struct murre_module *module, const struct murre_extern *imports,
                                             size_t import_count, struct murre_trap **trap, struct murre_error *error) MURRE_MUST_USE;
/* Only for the store: after this nothing refers to the instance's functions and globals. */
void murre_instance_destroy(struct murre_instance *instance);
/* The object behind an export. */
struct murre_extern murre_instance_extern(struct murre_instance *instance, const struct murre_export_entry *entry);

/* Whether imports may stand for the module's imports (4.5.4, steps 1 to 5): kinds, types, limits, the store. See link.c. */
enum murre_status murre_instance_check_imports(struct murre_store *store, const struct murre_module *module,
                                               const struct murre_extern *imports, size_t import_count,
                                               struct murre_error *error) MURRE_MUST_USE;

/* The value of a validated constant expression (4.4.10); v128 fills both slots. False when memory is short. */
bool murre_instance_evaluate(struct murre_instance *instance, struct murre_constexpr expression, union murre_slot value[2]) MURRE_MUST_USE;

#endif
