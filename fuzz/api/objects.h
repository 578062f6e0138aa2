/* Pools of the embedding interface's objects, and the calls on them. When an object is deleted, the objects in it leave the pools, so that no call
 * uses them. */
#ifndef MURRE_FUZZ_API_OBJECTS_H
#define MURRE_FUZZ_API_OBJECTS_H

#include "api/api.h"
#include "api/budget.h"
#include "wasi.h"

enum { ENGINES = 2, MODULES = 6, STORES = 3, LINKERS = 2, INSTANCES = 8, ITEMS = 40, TRAPS = 4, WASIS = 3, WASI_FUNCTIONS = 46 };

struct api;
struct api_store {
    struct murre_store *store;
    unsigned engine;
    struct api *api;
    unsigned depth; /* of calls into it */
    int finalizers; /* that have to run when it dies */
    struct murre_store_limits limits;
};
struct api_item {
    struct murre_extern item;
    unsigned store; /* the item is free when it is STORES */
};
struct api_wasi {
    struct murre_wasi *wasi;
    struct api *api;
    int store;      /* that it belongs to: one that a linker with it has instantiated in; -1: none yet */
    int fd, socket; /* that it borrows; -1: none */
};
/* Of a function in the place of one of WASI's. */
struct api_stand_in {
    struct api *api;
    unsigned function;
};
struct api {
    struct api_input *input;
    uint64_t nanoseconds; /* for each entry into Wasm */
    struct budget budget;
    struct murre_engine *engines[ENGINES];
    struct murre_config configs[ENGINES];
    struct {
        struct murre_module *module;
        unsigned engine;
    } modules[MODULES];
    struct api_store stores[STORES];
    struct {
        struct murre_linker *linker;
        unsigned engine;
        unsigned stores; /* a bit for each store that something defined lives in */
        unsigned wasis;  /* a bit for each that is defined */
    } linkers[LINKERS];
    struct {
        struct murre_instance *instance;
        unsigned store;
    } instances[INSTANCES];
    struct api_item items[ITEMS];
    struct murre_trap *traps[TRAPS];
    struct api_wasi wasis[WASIS];
    struct api_stand_in stand_ins[WASI_FUNCTIONS];
    unsigned item_next, instance_next;
};

/* A choice among what there is; -1 when there is nothing. */
int api_pick_engine(struct api *a);
int api_pick_module(struct api *a);
int api_pick_store(struct api *a);
int api_pick_linker(struct api *a);
int api_pick_instance(struct api *a);
/* Of a kind, in any store or in one. */
struct api_item *api_pick_item(struct api *a, int kind, int store);

void api_add_item(struct api *a, unsigned store, struct murre_extern item);
void api_add_instance(struct api *a, unsigned store, struct murre_instance *instance);
void api_drop_store(struct api *a, unsigned store);
void api_drop_linker(struct api *a, unsigned linker);
void api_drop_engine(struct api *a, unsigned engine);
/* A trap that a call gave: looked at, then kept or deleted. */
void api_look_at_trap(struct api *a, struct murre_trap *trap);
/* made: the call gave what it should. Otherwise error must tell why. */
void api_check_error(bool made, const struct murre_error *error);
/* Memory may have run out on purpose. */
bool api_is_short(struct api *a);

/* calls.c: one call each. host.c: host functions, calls of functions. */
void api_call(struct api *a, uint8_t which);
/* What a host function may do; it keeps no pointer to what the program holds: items may go while it runs, stores may not. The trap to end with,
 * or NULL. */
struct murre_trap *api_act(struct api *a, struct api_store *store, struct murre_caller *caller);
void api_new_func(struct api *a);
void api_call_func(struct api *a, struct api_item *item);
/* The same while the store runs, but for calls that are nested too deeply. */
void api_call_nested(struct api *a, struct api_item *item);
void api_interrupt(struct api *a);
void api_define_host(struct api *a, int linker);

/* wasi_calls.c: calls of wasi.h, and what they and other calls must know of each other. */
void api_wasi_call(struct api *a, uint8_t which);
/* A linker is about to instantiate in a store. False when something defined in it belongs to another one. */
bool api_wasi_claim(struct api *a, int linker, int store);
/* A store is gone. */
void api_wasi_release(struct api *a, unsigned store);
/* With the store and the linkers that use it. */
void api_drop_wasi(struct api *a, unsigned wasi);

#endif
