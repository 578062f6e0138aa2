/* Host functions, which do what the input says while Wasm waits, calls of functions, and interrupts from another thread. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/objects.h"

enum { DEPTH = 3 };

static void finalized(void *env) {
    struct api_store *store = env;
    store->finalizers--;
}

struct murre_trap *api_act(struct api *a, struct api_store *store, struct murre_caller *caller) {
    struct murre_memory *memory = murre_caller_memory(caller);
    struct murre_instance *instance = murre_caller_instance(caller);
    switch (api_byte(a->input) % 16) {
    case 0: return murre_trap_new("a host function's own");
    case 1: return murre_trap_exit(api_byte(a->input));
    case 2:
        if (memory)
            murre_memory_grow(memory, api_byte(a->input) % 3);
        break;
    case 3: murre_store_interrupt(store->store); break;
    case 4: {
        struct api_item *item = api_pick_item(a, MURRE_EXTERN_FUNC, (int)(store - a->stores));
        if (item)
            api_call_nested(a, item);
        break;
    }
    case 5: {
        struct murre_extern item = {.kind = MURRE_EXTERN_MEMORY, .of.memory = memory};
        if (memory)
            api_add_item(a, (unsigned)(store - a->stores), item);
        break;
    }
    case 6:
        if (memory && murre_memory_size(memory))
            memset(murre_memory_data(memory), 1, murre_memory_size(memory) < 4096 ? murre_memory_size(memory) : 4096);
        break;
    case 7: api_require(!instance || murre_instance_module(instance) != NULL, "an instance knows its module"); break;
    case 8: {
        struct murre_global *global = murre_global_new(store->store, MURRE_I64, true, &(const union murre_slot){.u64 = 1}, NULL);
        if (global)
            api_add_item(a, (unsigned)(store - a->stores), (struct murre_extern){.kind = MURRE_EXTERN_GLOBAL, .of.global = global});
        break;
    }
    case 9: api_new_func(a); break;
    default: break;
    }
    return NULL;
}

/* (i32) -> (i32), for every store of a linker: gives back what it gets. */
static struct murre_trap *echo(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    struct api *a = env;
    struct api_store *store = murre_store_data(murre_caller_store(caller));
    union murre_slot argument = args[0];
    api_require(store->store == murre_caller_store(caller), "a caller knows its store");
    struct murre_trap *trap = api_act(a, store, caller);
    if (!trap)
        results[0] = argument;
    return trap;
}

/* Of any type: results are zero, references null. */
static struct murre_trap *zeros(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    struct api_store *store = env;
    (void)args;
    struct murre_trap *trap = api_act(store->api, store, caller);
    if (!trap)
        results[0].u64 = 0;
    return trap;
}

static struct murre_trap *forget(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)args, (void)results;
    struct api_store *store = env;
    return api_act(store->api, store, caller);
}

static const murre_valtype i32[] = {MURRE_I32}, refs[] = {MURRE_EXTERNREF, MURRE_FUNCREF}, mixed[] = {MURRE_F64, MURRE_I32, MURRE_F32};
static const struct {
    struct murre_functype type;
    murre_host_fn fn;
} kinds[] = {
    {{i32, i32, 1, 1}, zeros},
    {{refs, refs, 2, 1}, zeros},
    {{mixed, NULL, 3, 0}, forget},
    {{NULL, NULL, 0, 0}, forget},
};

void api_new_func(struct api *a) {
    int at = api_pick_store(a);
    uint8_t kind = api_byte(a->input) % 4;
    struct murre_error error;
    if (at < 0)
        return;
    struct api_store *store = &a->stores[at];
    struct murre_func *func = murre_func_new(store->store, &kinds[kind].type, kinds[kind].fn, store, finalized, &error);
    api_check_error(func != NULL, &error);
    if (!func)
        return;
    store->finalizers++;
    api_add_item(a, (unsigned)at, (struct murre_extern){.kind = MURRE_EXTERN_FUNC, .of.func = func});
}

void api_define_host(struct api *a, int linker) {
    static const murre_valtype params[] = {MURRE_EXTERNREF, MURRE_FUNCREF};
    static const struct murre_functype echo_type = {i32, i32, 1, 1}, ref_type = {params, params, 2, 1};
    uint8_t which = api_byte(a->input);
    struct murre_error error;
    bool reference = which & 1;
    api_check_error(murre_linker_define_func(a->linkers[linker].linker, which >= 240 ? "other" : "h", reference ? "r" : "f",
                                             reference ? &ref_type : &echo_type, echo, a, &error) == MURRE_OK,
                    &error);
}

/* ---- calling ----------------------------------------------------------------------------------------------------------- */

static void take_arguments(struct api *a, const struct murre_functype *type, int store, union murre_slot *slots) {
    for (uint32_t i = 0, at = 0; i < type->param_count; i++) {
        slots[at].u64 = api_number(a->input);
        if (type->params[i] == MURRE_FUNCREF) {
            struct api_item *item = slots[at].u64 & 1 ? api_pick_item(a, MURRE_EXTERN_FUNC, store) : NULL;
            slots[at].ref = item ? item->item.of.func : NULL;
        }
        at += murre_valtype_slots(type->params[i]);
    }
}

/* With a deadline, since functions may run for ever; without one that could be set they are not called. */
void api_call_func(struct api *a, struct api_item *item) {
    struct murre_func *func = item->item.of.func;
    struct api_store *store = &a->stores[item->store];
    struct murre_functype type;
    murre_func_type(func, &type);
    uint32_t count = (type.param_count > type.result_count ? type.param_count : type.result_count) * 2 + 1;
    union murre_slot *slots = calloc(count, sizeof *slots);
    if (!slots)
        abort();
    take_arguments(a, &type, (int)item->store, slots);
    if (murre_store_set_timeout(store->store, a->nanoseconds, NULL) == MURRE_OK) {
        store->depth++;
        struct murre_trap *trap = murre_func_call(store->store, func, slots);
        store->depth--;
        api_look_at_trap(a, trap);
        if (api_byte(a->input) & 1)
            api_require(murre_store_set_timeout(store->store, 0, NULL) == MURRE_OK, "a deadline can be taken back");
    }
    free(slots);
}

/* Whatever it did to the deadline, the call around it has one. */
void api_call_nested(struct api *a, struct api_item *item) {
    struct api_store *store = &a->stores[item->store];
    if (store->depth >= DEPTH)
        return;
    api_call_func(a, item);
    if (murre_store_set_timeout(store->store, a->nanoseconds, NULL) != MURRE_OK)
        murre_store_interrupt(store->store);
}

/* ---- from another thread ----------------------------------------------------------------------------------------------- */

static void *interrupt(void *store) {
    nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
    murre_store_interrupt(store);
    return NULL;
}

void api_interrupt(struct api *a) {
    struct api_item *item = api_pick_item(a, MURRE_EXTERN_FUNC, -1);
    pthread_t thread;
    if (!item)
        return;
    struct murre_store *store = a->stores[item->store].store;
    if (api_byte(a->input) < 128) { /* before anything runs */
        murre_store_interrupt(store);
        api_require(murre_store_interrupt_pending(store), "an interrupt waits until something runs");
        return;
    }
    if (pthread_create(&thread, NULL, interrupt, store) != 0)
        return;
    api_call_func(a, item);
    pthread_join(thread, NULL);
}
