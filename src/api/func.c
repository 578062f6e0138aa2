/* Functions, calls, and what a host function can find out about its caller. */
#include "runtime/call.h"
#include "runtime/store.h"
#include "runtime/types.h"
#include "wasm/subtype.h"

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

/* References that compiled code is going to rely on. */
static __attribute__((noinline)) struct murre_trap *check_arguments(struct murre_store *store, const struct murre_func *func,
                                                                    const union murre_slot *slots) {
    const struct murre_functype *type = &murre_func_signature(func)->func;
    for (uint32_t i = 0; i < type->param_count; slots += murre_valtype_slots(type->params[i++]))
        if (murre_is_long_ref(type->params[i]) &&
            !murre_types_hold(store, murre_types_word(func->instance->module, type->params[i]), slots->ref))
            return murre_trap_new("an argument is not of its parameter's type");
    return NULL;
}

struct murre_trap *murre_func_call(struct murre_store *store, struct murre_func *func, union murre_slot *slots) {
    if (__builtin_expect(func->instance && func->instance->module->info.ref_codes && murre_func_store(func) == store, false)) {
        struct murre_trap *trap = check_arguments(store, func, slots);
        if (trap)
            return trap;
    }
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
