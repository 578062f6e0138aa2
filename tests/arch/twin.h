/* Portable C twins of the routines of src/arch: what the trampolines do, said in C for the compiler to translate. */
#ifndef MURRE_TESTS_ARCH_TWIN_H
#define MURRE_TESTS_ARCH_TWIN_H

#include "arch/arch.h"

/* 'i': integer or reference, 'd': f64, 'f': f32. That is all the native convention has: two results or more go through memory (runtime.h;
 * the test calls::values_of_every_shape_go_through has them, in every tier), and vectors have no place in arch.h. */
struct shape {
    const char *params; /* behind the function itself */
    char result;        /* 'v': none */
};

/* Twin of the sorting that the native convention asks for: values in order, into the banks of args. values[0] is for the function. */
void twin_sort(const struct shape *shape, const uint64_t *values, struct murre_arch_args *args, uint64_t *stack);
/* The inverse, from what the exit stub hands over. */
void twin_unsort(const struct shape *shape, const struct murre_arch_exit_frame *frame, uint64_t *values);

/* Twin of murre_arch_protect and murre_arch_unwind, on setjmp. */
int twin_protect(struct murre_arch_context *context, void (*fn)(void *), void *argument);
_Noreturn void twin_unwind(struct murre_arch_context *context);

#endif
