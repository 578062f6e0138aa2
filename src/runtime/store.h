/* A store's life. One thread at a time. */
#ifndef MURRE_RUNTIME_STORE_H
#define MURRE_RUNTIME_STORE_H

#include "runtime/runtime.h"

struct murre_store *murre_store_create(struct murre_engine *engine, struct murre_error *error) MURRE_MUST_USE;
void murre_store_destroy(struct murre_store *store);

/* Whether adding that much to what is used stays within a limit of the store; 0: no limit. */
static inline bool murre_store_allows(uint64_t limit, uint64_t used, uint64_t more) {
    return limit == 0 || (used <= limit && more <= limit - used);
}
struct murre_func *murre_store_host_func(struct murre_store *store, const struct murre_functype *type, murre_host_fn fn, void *env,
                                         void (*finalize)(void *env), struct murre_error *error) MURRE_MUST_USE;
/* The signature of any function. Lives as long as the function. */
static inline const struct murre_type *murre_func_signature(const struct murre_func *func) {
    return func->instance ? murre_module_func_type(&func->instance->module->info, func->index)
                          : &((const struct murre_host_func *)func)->type;
}
struct murre_store *murre_func_store(const struct murre_func *func);
/* Ends the process with a message when a call of the store has not returned: what runs would run on in freed memory. */
void murre_store_check_idle(const struct murre_store *store);
/* Of a host function. */
enum murre_status murre_functype_check(const struct murre_functype *type, struct murre_error *error);
struct murre_global *murre_store_global(struct murre_store *store, murre_valtype type, bool is_mutable, const union murre_slot *value,
                                        struct murre_error *error) MURRE_MUST_USE;

#endif
