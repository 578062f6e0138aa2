/* Modules as byte arrays for unit tests: one function type, one function, optional memory. */
#ifndef TESTS_UNIT_BYTES_H
#define TESTS_UNIT_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
    uint8_t data[65536];
    size_t size;
};

/* A module with the type [params] → [results] (strings of value-type bytes), one function of it exported as "f", whose body is the locals
 * and code given (the final end included), a memory of one page and a table of ten funcref. */
void bytes_module(struct bytes *module, const char *params, const char *results, const uint8_t *body, size_t body_size);

#define BODY(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define I32       "\x7f"
#define I64       "\x7e"
#define F32       "\x7d"
#define F64       "\x7c"
#define V128      "\x7b"

#endif
