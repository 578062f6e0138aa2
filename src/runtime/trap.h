/* Traps: raising one from the interpreter, from a helper of compiled code, or from the fault handler's landing. All of them collect the
 * backtrace and unwind to the innermost activation, skipping C frames of the interpreter and of helpers: such frames must own nothing. */
#ifndef MURRE_RUNTIME_TRAP_H
#define MURRE_RUNTIME_TRAP_H

#include "runtime/runtime.h"

/* From the interpreter's loop. pc: register code of the instruction that traps, in func's code, running with frame slots. Every caller that
 * waits in this run of the loop is on store->stack. */
_Noreturn void murre_trap_raise_interp(struct murre_store *store, enum murre_trapkind kind, struct murre_func *func, const void *pc);
/* From a C helper that compiled code called directly. The compiled frames are found by the frame-pointer chain from the helper's own frame
 * on, and the Wasm instruction by the call's site. */
_Noreturn void murre_trap_raise_native(struct murre_store *store, enum murre_trapkind kind);
/* Compiled code jumps here from the very start of func when there is no room for its frame, with its arguments still in place: they are as at a
 * call of this function by func's caller. */
_Noreturn void murre_trap_raise_entry(struct murre_func *func);
/* From C that interpreted or compiled code waits for, which call.c has taken note of. */
_Noreturn void murre_trap_raise_waiting(struct murre_store *store, enum murre_trapkind kind);
/* A host function's trap; takes it over. */
_Noreturn void murre_trap_raise_host(struct murre_store *store, struct murre_trap *trap);

/* A trap of that kind without a backtrace, for instantiation. Never NULL: it is a constant, and deleting it does nothing. */
struct murre_trap *murre_trap_of_kind(enum murre_trapkind kind) MURRE_MUST_USE;

/* A caller in a backtrace, kept unresolved: offsets and names of all are found when somebody asks for the first (murre_trap_resolve). */
struct murre_trap_frame {
    struct murre_instance *instance;
    uint32_t func_index;
    uint32_t drops;  /* module->code_drops then */
    bool native;     /* pc is compiled code, else register code or NULL */
    const void *pc;  /* in the instruction that traps or calls; NULL: in none yet */
    uint64_t offset; /* where it is known at once, else MURRE_NO_OFFSET until it is resolved, or for good */
    struct murre_name name;
};

enum { MURRE_TRAP_FRAMES = 64 };

/* Owned by the embedder; one block of memory, the message behind the frames. Frames are usable while the store lives. */
struct murre_trap {
    enum murre_trapkind kind;
    int exit_code;
    bool constant; /* not to be freed */
    bool resolved;
    uint32_t depth, frame_count;
    const char *message;
    struct murre_allocator allocator; /* a copy: a trap may outlive its engine */
    size_t size;
    struct murre_trap_frame frames[];
};

/* message: NULL for the kind's text alone; detail: behind a colon, or NULL. NULL when memory is short. */
struct murre_trap *murre_trap_make(const struct murre_allocator *allocator, enum murre_trapkind kind, const char *message,
                                   const char *detail, const struct murre_trap_frame *frames, uint32_t frame_count) MURRE_MUST_USE;

/* A backtrace of what waits for the host function that runs, all activations of it, as a trap that nobody has raised; without a frame where none
 * runs. NULL when memory is short. */
struct murre_trap *murre_trap_of_callers(struct murre_store *store) MURRE_MUST_USE;

/* Finds what is missing in trap->frames, as far as that takes no longer than a few hundredths of a second. */
void murre_trap_resolve(struct murre_trap *trap);

/* The test suite's wording. */
const char *murre_trap_text(enum murre_trapkind kind);

#endif
