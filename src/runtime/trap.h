/* Traps: raising one from the interpreter, from a helper of compiled code, or from the fault handler's landing. All of them collect the
 * backtrace and unwind to the innermost activation, skipping C frames of the interpreter and of helpers: such frames must own nothing. */
#ifndef MURRE_RUNTIME_TRAP_H
#define MURRE_RUNTIME_TRAP_H

#include "runtime/runtime.h"

/* From the interpreter's loop. pc: register code of the instruction that traps, in func's code, running with frame slots. Every caller that
 * waits in this run of the loop is on store->stack. */
_Noreturn void murre_trap_raise_interp(struct murre_store *store, enum murre_trapkind kind, struct murre_func *func, const void *pc);
/* From a C helper that compiled code called directly. offset: of the Wasm instruction in the module, or MURRE_NO_OFFSET. The compiled frames
 * are found by the frame-pointer chain from the helper's own frame on. */
_Noreturn void murre_trap_raise_native(struct murre_store *store, enum murre_trapkind kind, uint64_t offset);
/* A host function's trap; takes it over. */
_Noreturn void murre_trap_raise_host(struct murre_store *store, struct murre_trap *trap);

/* A trap of that kind without a backtrace, for instantiation. NULL when memory is short. */
struct murre_trap *murre_trap_of_kind(enum murre_trapkind kind) MURRE_MUST_USE;

/* The test suite's wording. */
const char *murre_trap_text(enum murre_trapkind kind);

#endif
