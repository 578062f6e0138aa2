/* Pools of the standard C API's objects. Every handle is kept as a reference; its store says what it may be used with. */
#ifndef MURRE_FUZZ_API_HANDLES_H
#define MURRE_FUZZ_API_HANDLES_H

#include "api/api.h"
#include "api/budget.h"
#include "wasm.h"

enum { HANDLES = 32, WASM_STORES = 2, SHARED = 2 };
enum handle_kind {
    HANDLE_FUNC,
    HANDLE_GLOBAL,
    HANDLE_TABLE,
    HANDLE_MEMORY,
    HANDLE_INSTANCE,
    HANDLE_MODULE,
    HANDLE_TRAP,
    HANDLE_FOREIGN,
    HANDLE_ANY
};

struct handles {
    struct api_input *input;
    struct budget budget;
    wasm_engine_t *engine;
    wasm_store_t *stores[WASM_STORES];
    struct {
        wasm_ref_t *ref; /* NULL: free */
        int store;       /* -1: gone, so that the handle may be deleted and nothing else */
    } refs[HANDLES];
    wasm_shared_module_t *shared[SHARED];
    unsigned next, depth;
    int finalizers; /* that have to run before the end */
};

int handles_pick_store(struct handles *h); /* -1: none */
/* Of a kind, in a store; NULL when there is none. Borrowed. */
wasm_ref_t *handles_pick(struct handles *h, enum handle_kind kind, int store);
/* Takes the handle over, NULL too; the one that lay there before is deleted. */
void handles_keep(struct handles *h, int store, wasm_ref_t *ref);
enum handle_kind handles_kind(const wasm_ref_t *ref);
/* For host information and functions. */
void handles_finalize(void *h);

void handles_call(struct handles *h, uint8_t which);

#endif
