/* The compiler's interface for the rest of the engine: see struct murre_jit_ops in runtime/runtime.h. */
#ifndef MURRE_JIT_JIT_H
#define MURRE_JIT_JIT_H

#include <stdio.h>

#include "runtime/runtime.h"

extern const struct murre_jit_ops murre_jit_ops;

/* Set, i32.shr_s is compiled as i32.shr_u. Only in builds for tests and fuzzing: elsewhere there is no such switch. */
#if MURRE_JIT_FAULTS
extern bool murre_jit_fault;
#else
enum { murre_jit_fault = 0 };
#endif

/* For debugging: compiles a function, prints what the emitter made of it to text (unless NULL), and hands out its machine code, which is
 * dropped again, and what its table of sites takes. */
struct murre_jit_dump {
    const uint8_t *code; /* where it would run; valid during the call of see */
    size_t size, sites_size, peak_memory;
    double seconds;
};
bool murre_jit_dump(struct murre_module *module, uint32_t func_index, uint32_t loop, int level, FILE *text,
                    void (*see)(void *context, const struct murre_jit_dump *dump), void *context, struct murre_error *error);

#endif
