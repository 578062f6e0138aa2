/* What shapes.py's output is made of. */
#ifndef MURRE_TESTS_ARCH_SHAPES_H
#define MURRE_TESTS_ARCH_SHAPES_H

#include <string.h>

#include "arch/twin.h"

struct test_shape {
    struct shape shape;
    void *callee;                                            /* native convention; records its arguments */
    uint64_t (*caller)(void *entry, const uint64_t *values); /* calls entry as the C compiler would; the result's bits */
};
extern const struct test_shape test_shapes[];
extern const unsigned test_shape_count;

enum { TEST_MOST_VALUES = 32 };
extern uint64_t test_values[TEST_MOST_VALUES]; /* that the callee got */
extern uint64_t test_result;                   /* that the callee returns: bits */
void test_seen(void);                          /* the callee calls it */

static inline uint64_t test_bits_d(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
static inline uint64_t test_bits_f(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
static inline double test_f64(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
static inline float test_f32(uint64_t bits) {
    uint32_t low = (uint32_t)bits;
    float value;
    memcpy(&value, &low, sizeof value);
    return value;
}

#endif
