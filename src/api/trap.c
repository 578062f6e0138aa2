/* The frames of traps and backtraces, from the embedder's side: they ask the store that they were in. */
#include "runtime/trap.h"
#include "runtime/module.h"

bool murre_trap_frame(const struct murre_trap *trap, uint32_t index, struct murre_frame *frame) {
    if (index >= trap->frame_count)
        return false;
    /* Found out at the first time; const is for those who only look. */
    murre_trap_resolve((struct murre_trap *)trap);
    const struct murre_trap_frame *found = &trap->frames[index];
    *frame = (struct murre_frame){found->instance, found->func_index, found->offset, found->name};
    return true;
}

/* A backtrace is a trap that nobody has raised. */
static struct murre_trap *trap_of(const struct murre_backtrace *backtrace) {
    return (struct murre_trap *)(uintptr_t)backtrace;
}

struct murre_backtrace *murre_store_backtrace(struct murre_store *store) {
    return (struct murre_backtrace *)murre_trap_of_callers(store);
}

void murre_backtrace_delete(struct murre_backtrace *backtrace) {
    murre_trap_delete(trap_of(backtrace));
}

uint32_t murre_backtrace_frame_count(const struct murre_backtrace *backtrace) {
    return murre_trap_frame_count(trap_of(backtrace));
}

uint32_t murre_backtrace_depth(const struct murre_backtrace *backtrace) {
    return murre_trap_depth(trap_of(backtrace));
}

bool murre_backtrace_frame(const struct murre_backtrace *backtrace, uint32_t index, struct murre_frame *frame) {
    return murre_trap_frame(trap_of(backtrace), index, frame);
}
