/* Vectors of the standard C API. Their memory comes from the C library, since hosts make and free them without an engine. If there is no memory, a
 * vector is empty; a copy is complete or empty. */
#include "wasm.h"

#include <stdlib.h>

static void *array_of(size_t count, size_t size) {
    return count ? calloc(count, size) : NULL;
}

#define VECTOR(name, element)                                                                 \
    void wasm_##name##_vec_new_empty(wasm_##name##_vec_t *out) {                              \
        out->size = 0;                                                                        \
        out->data = NULL;                                                                     \
    }                                                                                         \
    void wasm_##name##_vec_new_uninitialized(wasm_##name##_vec_t *out, size_t size) {         \
        out->data = array_of(size, sizeof *out->data);                                        \
        out->size = out->data ? size : 0;                                                     \
    }                                                                                         \
    void wasm_##name##_vec_new(wasm_##name##_vec_t *out, size_t size, element const data[]) { \
        wasm_##name##_vec_new_uninitialized(out, size);                                       \
        if (out->size)                                                                        \
            memcpy(out->data, data, size * sizeof *out->data);                                \
    }

#define VECTOR_OF_POINTERS(name)                                                             \
    VECTOR(name, wasm_##name##_t *)                                                          \
    void wasm_##name##_vec_copy(wasm_##name##_vec_t *out, const wasm_##name##_vec_t *from) { \
        wasm_##name##_vec_new_uninitialized(out, from->size);                                \
        for (size_t i = 0; i < out->size; i++)                                               \
            if (from->data[i] && !(out->data[i] = wasm_##name##_copy(from->data[i]))) {      \
                wasm_##name##_vec_delete(out);                                               \
                return;                                                                      \
            }                                                                                \
    }                                                                                        \
    void wasm_##name##_vec_delete(wasm_##name##_vec_t *vector) {                             \
        for (size_t i = 0; vector->data && i < vector->size; i++)                            \
            wasm_##name##_delete(vector->data[i]);                                           \
        free(vector->data);                                                                  \
        wasm_##name##_vec_new_empty(vector);                                                 \
    }

VECTOR(byte, wasm_byte_t)
void wasm_byte_vec_copy(wasm_byte_vec_t *out, const wasm_byte_vec_t *from) {
    wasm_byte_vec_new(out, from->size, from->data);
}
void wasm_byte_vec_delete(wasm_byte_vec_t *vector) {
    free(vector->data);
    wasm_byte_vec_new_empty(vector);
}

VECTOR(val, wasm_val_t)
void wasm_val_vec_copy(wasm_val_vec_t *out, const wasm_val_vec_t *from) {
    wasm_val_vec_new_uninitialized(out, from->size);
    for (size_t i = 0; i < out->size; i++)
        wasm_val_copy(&out->data[i], &from->data[i]);
}
void wasm_val_vec_delete(wasm_val_vec_t *vector) {
    for (size_t i = 0; vector->data && i < vector->size; i++)
        wasm_val_delete(&vector->data[i]);
    free(vector->data);
    wasm_val_vec_new_empty(vector);
}

VECTOR_OF_POINTERS(valtype)
VECTOR_OF_POINTERS(functype)
VECTOR_OF_POINTERS(globaltype)
VECTOR_OF_POINTERS(tabletype)
VECTOR_OF_POINTERS(memorytype)
VECTOR_OF_POINTERS(externtype)
VECTOR_OF_POINTERS(importtype)
VECTOR_OF_POINTERS(exporttype)
VECTOR_OF_POINTERS(frame)
VECTOR_OF_POINTERS(extern)
