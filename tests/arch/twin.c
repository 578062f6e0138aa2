#include "arch/twin.h"

#include <setjmp.h>
#include <string.h>

void twin_sort(const struct shape *shape, const uint64_t *values, struct murre_arch_args *args, uint64_t *stack) {
    memset(args, 0, sizeof *args);
    args->ints[0] = values[0];
    unsigned ints = 1;
    for (unsigned i = 0; shape->params[i]; i++) {
        uint64_t value = values[i + 1];
        if (shape->params[i] == 'i' && ints < murre_arch_int_registers)
            args->ints[ints++] = value;
        else if (shape->params[i] != 'i' && args->float_count < murre_arch_float_registers)
            args->floats[args->float_count++] = value;
        else
            stack[args->stack_count++] = value;
    }
    args->stack = stack;
}

void twin_unsort(const struct shape *shape, const struct murre_arch_exit_frame *frame, uint64_t *values) {
    unsigned ints = 1, floats = 0;
    const uint64_t *stack = frame->stack;
    values[0] = frame->ints[0];
    for (unsigned i = 0; shape->params[i]; i++) {
        if (shape->params[i] == 'i')
            values[i + 1] = ints < murre_arch_int_registers ? frame->ints[ints++] : *stack++;
        else
            values[i + 1] = floats < murre_arch_float_registers ? frame->floats[floats++] : *stack++;
    }
}

/* setjmp's buffer may be larger than a context; tests nest three deep at most. */
static struct {
    struct murre_arch_context *context;
    jmp_buf buffer;
} twins[8];
static unsigned twin_count;

int twin_protect(struct murre_arch_context *context, void (*fn)(void *), void *argument) {
    unsigned own = twin_count++;
    twins[own].context = context;
    int result = setjmp(twins[own].buffer);
    if (result == 0)
        fn(argument);
    twin_count = own;
    return result;
}

void twin_unwind(struct murre_arch_context *context) {
    unsigned i = twin_count - 1;
    while (twins[i].context != context)
        i--;
    longjmp(twins[i].buffer, 1);
}
