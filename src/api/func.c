/* Functions, calls, and what a host function can find out about its caller. */
#include "runtime/call.h"
#include "runtime/store.h"

struct murre_func *murre_func_new(struct murre_store *store, const struct murre_functype *type, murre_host_fn fn, void *env,
                                  void (*finalize)(void *env), struct murre_error *error) {
    murre_error_clear(error);
    if (!fn) {
        murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "no function to make one of");
        return NULL;
    }
    return murre_store_host_func(store, type, fn, env, finalize, error);
}

void murre_func_type(const struct murre_func *func, struct murre_functype *type) {
    *type = murre_func_signature(func)->func;
}

struct murre_trap *murre_func_call(struct murre_store *store, struct murre_func *func, union murre_slot *slots) {
    return murre_call_func(store, func, slots);
}

struct murre_store *murre_caller_store(const struct murre_caller *caller) {
    return caller->store;
}

struct murre_instance *murre_caller_instance(const struct murre_caller *caller) {
    return caller->instance;
}

struct murre_memory *murre_caller_memory(const struct murre_caller *caller) {
    return caller->instance ? caller->instance->memory : NULL;
}
