/* A program of calls of the standard C API: its pools and its end. */
#include "api/handles.h"

int handles_pick_store(struct handles *h) {
    int first = api_byte(h->input) % WASM_STORES;
    for (int i = 0; i < WASM_STORES; i++)
        if (h->stores[(first + i) % WASM_STORES])
            return (first + i) % WASM_STORES;
    return -1;
}

enum handle_kind handles_kind(const wasm_ref_t *ref) {
    return wasm_ref_as_func_const(ref)       ? HANDLE_FUNC
           : wasm_ref_as_global_const(ref)   ? HANDLE_GLOBAL
           : wasm_ref_as_table_const(ref)    ? HANDLE_TABLE
           : wasm_ref_as_memory_const(ref)   ? HANDLE_MEMORY
           : wasm_ref_as_instance_const(ref) ? HANDLE_INSTANCE
           : wasm_ref_as_module_const(ref)   ? HANDLE_MODULE
           : wasm_ref_as_trap_const(ref)     ? HANDLE_TRAP
                                             : HANDLE_FOREIGN;
}

wasm_ref_t *handles_pick(struct handles *h, enum handle_kind kind, int store) {
    unsigned first = api_byte(h->input) % HANDLES;
    for (unsigned i = 0; store >= 0 && i < HANDLES; i++) {
        wasm_ref_t *ref = h->refs[(first + i) % HANDLES].ref;
        if (ref && h->refs[(first + i) % HANDLES].store == store && (kind == HANDLE_ANY || handles_kind(ref) == kind))
            return ref;
    }
    return NULL;
}

/* While a function runs only free places are used: what the call holds must stay. */
void handles_keep(struct handles *h, int store, wasm_ref_t *ref) {
    if (!ref)
        return;
    unsigned at = h->next++ % HANDLES;
    for (unsigned i = 0; h->depth && i < HANDLES && h->refs[at].ref; i++)
        at = h->next++ % HANDLES;
    if (h->depth && h->refs[at].ref) {
        wasm_ref_delete(ref);
        return;
    }
    wasm_ref_delete(h->refs[at].ref);
    h->refs[at].ref = ref;
    h->refs[at].store = store;
}

void handles_finalize(void *h) {
    ((struct handles *)h)->finalizers--;
}

static void finish(struct handles *h) {
    bool handles_first = api_byte(h->input) & 1;
    for (unsigned i = 0; handles_first && i < HANDLES; i++) {
        wasm_ref_delete(h->refs[i].ref);
        h->refs[i].ref = NULL;
    }
    if (api_byte(h->input) & 1) {
        wasm_engine_delete(h->engine);
        h->engine = NULL;
    }
    for (unsigned i = 0; i < WASM_STORES; i++)
        wasm_store_delete(h->stores[i]);
    for (unsigned i = 0; i < SHARED; i++)
        wasm_shared_module_delete(h->shared[i]);
    for (unsigned i = 0; i < HANDLES; i++)
        wasm_ref_delete(h->refs[i].ref);
    wasm_engine_delete(h->engine);
    api_require(h->finalizers == 0, "each finalizer ran once");
    budget_check(&h->budget);
}

/* The first byte: how many allocations succeed; from 64 on, all. */
void api_run_wasm(struct api_input *input) {
    enum { CALLS = 60 };
    struct handles h = {.input = input};
    uint8_t short_ = api_byte(input);
    h.budget.allowed = short_ < 64 ? short_ * 8 + api_byte(input) % 8 : INT64_MAX;
    wasm_config_t *config = wasm_config_new();
    api_configure(input, murre_wasm_config(config));
    murre_wasm_config(config)->allocator = budget_allocator(&h.budget);
    h.engine = wasm_engine_new_with_config(config);
    for (int i = 0; h.engine && i < CALLS && input->at < input->end; i++)
        handles_call(&h, api_byte(input));
    finish(&h);
}
