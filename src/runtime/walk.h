/* The one walk over what runs in a store: the interpreter's frames, native runs of compiled frames, and the C between them, which is skipped. It goes from
 * the innermost function to the one that the innermost activation called, or to the outermost. Traps, backtraces and everything else that asks what is
 * running use it.
 *
 * Async-signal-safe: no lock, no allocation, nothing is written except the walk itself. The store must not run meanwhile: it is the calling thread's, or
 * stopped in the signal handler that calls.
 *
 * Which function a compiled frame belongs to. Compiled code keeps its struct murre_func at murre_arch_frame_func from its frame pointer; it is stored
 * before the frame pointer becomes its own. A function without a frame (leaves, and every function in its prologue and after its epilogue) has its
 * caller's frame pointer. Then its code says which function it is, and the way it was called says in which instance: from the entry trampoline, the one
 * with which the run started; by a call that leaves the instance (MURRE_SITE_LEAVE), store->left; else its caller's instance. Faults and calls are
 * never in a prologue or epilogue, so only an interrupt can find a function there: in a recursion it may
 * then miss one frame, as in the last two instructions of murre_arch_exit. */
#ifndef MURRE_RUNTIME_WALK_H
#define MURRE_RUNTIME_WALK_H

#include "runtime/call.h"
#include "runtime/thread.h"

struct murre_stackwalk_frame {
    struct murre_func *func; /* with an instance: never the host's */
    bool native;             /* compiled; else pc is in its register code */
    const void *pc;          /* in the instruction that is at work */
    uint64_t offset;         /* in the module, of a compiled frame's instruction, where there is a site; else MURRE_NO_OFFSET */
};

struct murre_stackwalk {
    const struct murre_store *store;
    const struct murre_activation *activation;     /* whose frames are walked */
    bool all;                                      /* those further out as well, when this is done; to be set before the first step */
    const struct murre_native_run *run;            /* whose compiled frames come next, or are walked */
    const struct murre_interp_frame *top, *bottom; /* interpreted frames that come before */
    uintptr_t frame, end;                          /* compiled frames being walked: where to look for the next caller; 0: none */
    uintptr_t start;                               /* the same for the innermost run, when it is reached; 0: where it left for C */
    bool innermost;                                /* the innermost run has not been reached */
    struct murre_stackwalk_frame waiting[2];       /* found, not handed out */
    uint32_t waiting_count;
};

/* From C that interpreted or compiled code waits for, which call.c has taken note of: a host function; the interpreter, with the function that
 * runs there left out. */
void murre_stackwalk_from_host(struct murre_stackwalk *walk, const struct murre_store *store);
/* From C that compiled code called directly. frame: of that C function, or of one further in. */
void murre_stackwalk_from_helper(struct murre_stackwalk *walk, const struct murre_store *store, uintptr_t frame);
/* From compiled code or a trampoline that was stopped there. */
void murre_stackwalk_from_fault(struct murre_stackwalk *walk, const struct murre_store *store, const struct murre_fault *fault);

/* The next frame; false: there is none. */
bool murre_stackwalk_next(struct murre_stackwalk *walk, struct murre_stackwalk_frame *frame);

#endif
