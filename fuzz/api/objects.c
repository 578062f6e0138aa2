/* See objects.h. */
#include "api/objects.h"

#include <string.h>

/* ---- choosing ---------------------------------------------------------------------------------------------------------- */

#define PICK(pool, count, field)                 \
    unsigned first = api_byte(a->input) % count; \
    for (unsigned i = 0; i < count; i++)         \
        if (a->pool[(first + i) % count].field)  \
            return (int)((first + i) % count);   \
    return -1

int api_pick_engine(struct api *a) {
    unsigned first = api_byte(a->input) % ENGINES;
    for (unsigned i = 0; i < ENGINES; i++)
        if (a->engines[(first + i) % ENGINES])
            return (int)((first + i) % ENGINES);
    return -1;
}
int api_pick_module(struct api *a) {
    PICK(modules, MODULES, module);
}
int api_pick_store(struct api *a) {
    PICK(stores, STORES, store);
}
int api_pick_linker(struct api *a) {
    PICK(linkers, LINKERS, linker);
}
int api_pick_instance(struct api *a) {
    PICK(instances, INSTANCES, instance);
}

struct api_item *api_pick_item(struct api *a, int kind, int store) {
    unsigned first = api_byte(a->input) % ITEMS;
    for (unsigned i = 0; i < ITEMS; i++) {
        struct api_item *item = &a->items[(first + i) % ITEMS];
        if (item->store < STORES && (kind < 0 || (int)item->item.kind == kind) && (store < 0 || (int)item->store == store))
            return item;
    }
    return NULL;
}

/* ---- coming and going -------------------------------------------------------------------------------------------------- */

/* The oldest make room: they live on in their store. */
void api_add_item(struct api *a, unsigned store, struct murre_extern item) {
    a->items[a->item_next++ % ITEMS] = (struct api_item){item, store};
}

void api_add_instance(struct api *a, unsigned store, struct murre_instance *instance) {
    unsigned at = a->instance_next++ % INSTANCES;
    a->instances[at].instance = instance;
    a->instances[at].store = store;
}

void api_drop_linker(struct api *a, unsigned linker) {
    murre_linker_delete(a->linkers[linker].linker);
    memset(&a->linkers[linker], 0, sizeof a->linkers[linker]);
}

void api_drop_store(struct api *a, unsigned store) {
    for (unsigned i = 0; i < INSTANCES; i++)
        if (a->instances[i].instance && a->instances[i].store == store)
            a->instances[i].instance = NULL;
    for (unsigned i = 0; i < ITEMS; i++)
        if (a->items[i].store == store)
            a->items[i].store = STORES;
    for (unsigned i = 0; i < LINKERS; i++)
        if (a->linkers[i].stores >> store & 1)
            api_drop_linker(a, i);
    for (unsigned i = 0; i < TRAPS; i++) { /* their frames name instances */
        murre_trap_delete(a->traps[i]);
        a->traps[i] = NULL;
    }
    murre_store_delete(a->stores[store].store);
    a->stores[store].store = NULL;
    api_require(a->stores[store].finalizers == 0, "each finalizer ran once");
    api_wasi_release(a, store);
}

/* Whatever was made of it keeps it alive. */
void api_drop_engine(struct api *a, unsigned engine) {
    murre_engine_unref(a->engines[engine]);
    a->engines[engine] = NULL;
}

bool api_is_short(struct api *a) {
    return a->budget.allowed <= 0;
}

void api_check_error(bool made, const struct murre_error *error) {
    api_require(made == (error->status == MURRE_OK), "an error is told exactly when there is one");
    api_require(memchr(error->message, 0, sizeof error->message) != NULL, "a message ends");
    api_require(strlen(murre_status_name(error->status)) > 0, "a status has a name");
}

void api_look_at_trap(struct api *a, struct murre_trap *trap) {
    if (!trap)
        return;
    uint32_t count = murre_trap_frame_count(trap);
    struct murre_frame frame;
    api_require(murre_trap_kind(trap) < MURRE_TRAP_COUNT, "a trap has a kind");
    api_require(murre_trap_message(trap) != NULL, "a trap has a message");
    api_require(count <= murre_trap_depth(trap) && count <= 64, "frames are counted");
    for (uint32_t i = 0; i < count; i++)
        api_require(murre_trap_frame(trap, i, &frame), "a frame that is there");
    api_require(!murre_trap_frame(trap, count, &frame), "no frame behind the last");
    unsigned at = api_byte(a->input) % TRAPS;
    murre_trap_delete(a->traps[at]);
    a->traps[at] = trap;
}

/* ---- the program ------------------------------------------------------------------------------------------------------- */

static void finish(struct api *a) {
    bool engines_first = api_byte(a->input) & 1;
    for (unsigned i = 0; engines_first && i < ENGINES; i++)
        api_drop_engine(a, i);
    for (unsigned i = 0; i < LINKERS; i++)
        api_drop_linker(a, i);
    for (unsigned i = 0; i < STORES; i++)
        if (a->stores[i].store)
            api_drop_store(a, i);
    for (unsigned i = 0; i < WASIS; i++)
        if (a->wasis[i].wasi)
            api_drop_wasi(a, i);
    for (unsigned i = 0; i < MODULES; i++)
        murre_module_unref(a->modules[i].module);
    for (unsigned i = 0; i < ENGINES; i++)
        api_drop_engine(a, i);
    for (unsigned i = 0; i < TRAPS; i++)
        murre_trap_delete(a->traps[i]);
    budget_check(&a->budget);
}

/* The first byte: how many allocations succeed; from 128 on, all. with_wasi: every other call is one of wasi.h's. */
void api_run_murre(struct api_input *input, bool with_wasi) {
    enum { CALLS = 60 };
    struct api a = {.input = input, .nanoseconds = with_wasi ? API_WASI_NANOSECONDS : API_NANOSECONDS};
    uint8_t short_ = api_byte(input);
    a.budget.allowed = short_ < 128 ? short_ * 4 + api_byte(input) % 4 : INT64_MAX;
    for (unsigned i = 0; i < ITEMS; i++)
        a.items[i].store = STORES;
    for (int i = 0; i < CALLS && input->at < input->end; i++) {
        uint8_t which = api_byte(input);
        (with_wasi && which & 128 ? api_wasi_call : api_call)(&a, which);
    }
    finish(&a);
}
