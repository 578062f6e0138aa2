/* What the programs of this folder share. They are written against the standard wasm.h only and compile as C99, C11 and C++17; each prints
 * what run.py compares with NAME.txt, and checks the rest itself. */
#ifndef MURRE_TESTS_CAPI_COMMON_H
#define MURRE_TESTS_CAPI_COMMON_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wasm.h>

#include "modules.h"

#define own

static inline void check(bool good, const char *what, int line) {
    if (good)
        return;
    printf("line %d: %s\n", line, what);
    exit(1);
}
#define CHECK(condition) check((condition), #condition, __LINE__)

static inline own wasm_module_t *load_bytes(wasm_store_t *store, const unsigned char *bytes, size_t size) {
    wasm_byte_vec_t binary;
    wasm_byte_vec_new_uninitialized(&binary, size);
    memcpy(binary.data, bytes, size);
    CHECK(wasm_module_validate(store, &binary));
    own wasm_module_t *module = wasm_module_new(store, &binary);
    wasm_byte_vec_delete(&binary);
    CHECK(module != NULL);
    return module;
}
#define LOAD(store, name) load_bytes((store), name##_wasm, sizeof name##_wasm)

static inline const wasm_func_t *func_at(const wasm_extern_vec_t *exports, size_t index) {
    CHECK(index < exports->size && wasm_extern_kind(exports->data[index]) == WASM_EXTERN_FUNC);
    return wasm_extern_as_func(exports->data[index]);
}

/* Deletes the trap. */
static inline void print_trap(own wasm_trap_t *trap) {
    CHECK(trap != NULL);
    own wasm_name_t message;
    wasm_trap_message(trap, &message);
    CHECK(message.size > 0 && message.data[message.size - 1] == 0);
    printf("trap: %s\n", message.data);
    wasm_byte_vec_delete(&message);
    wasm_trap_delete(trap);
}

static inline void end(wasm_store_t *store, wasm_engine_t *engine) {
    wasm_store_delete(store);
    wasm_engine_delete(engine);
}

#endif
