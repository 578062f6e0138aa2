/* The interpreter's two stacks, one pair per store: values (slots) and frames. Both are reserved address space that is committed when it is
 * touched, with a guard behind; they never move. Running off either end is the trap MURRE_TRAP_STACK, found by comparison at each call. */
#ifndef MURRE_RUNTIME_STACK_H
#define MURRE_RUNTIME_STACK_H

#include "base/error.h"
#include "murre.h"
#include "runtime/cache.h"

/* A caller that waits in the interpreter. */
struct murre_interp_frame {
    const void *pc;          /* where it goes on (behind its call) */
    union murre_slot *slots; /* its frame */
    struct murre_func *func; /* NULL: no caller but a mark of the interpreter's (where its loop was entered, or an instance was left) */
};

struct murre_stack {
    union murre_slot *values, *values_end;
    union murre_slot *top; /* first free slot, whenever the interpreter's loop is left (for compiled code, the host, or for good) */
    struct murre_interp_frame *frames, *frames_end;
    union murre_slot *values_mapped; /* the two ends, unless they have been limited */
    struct murre_interp_frame *frames_mapped;
    bool whole;                       /* of the requested size */
    struct murre_interp_frame *frame; /* first free frame; the frame below holds the innermost waiting caller */
    /* The interpreter's own: what its loop runs, and a call that has left the fast path. Calls out of the loop save and restore the first two. */
    struct murre_func *func;
    struct murre_instance *instance;
    struct murre_func *callee;
    union murre_slot *callee_slots;
};

struct murre_stack_mark {
    union murre_slot *top;
    struct murre_interp_frame *frame;
};

/* bytes: of the value stack; 0 for the default. cache: of stacks of that size. */
enum murre_status murre_stack_init(struct murre_stack *stack, uint64_t bytes, struct murre_cache *cache, struct murre_error *error);
void murre_stack_fini(struct murre_stack *stack, struct murre_cache *cache);
void murre_stack_drop_cache(struct murre_cache *cache, uint64_t bytes);
/* Lets each of the two take no more than this many bytes from here on, or all there are again (0). Nothing runs. */
void murre_stack_limit(struct murre_stack *stack, uint64_t bytes);
/* Gives the pages above top and frame back to the system: after a run that went deep. */
void murre_stack_trim(struct murre_stack *stack);

#endif
