/* Traps from the embedder's side. A trap belongs to whoever received it; its frames ask the store that it happened in. */
#include <string.h>

#include "runtime/module.h"
#include "runtime/trap.h"

struct murre_trap *murre_trap_new(const char *message) {
    struct murre_trap *trap = murre_trap_make(&murre_allocator_libc, MURRE_TRAP_HOST, message, NULL, NULL, 0);
    return trap ? trap : murre_trap_of_kind(MURRE_TRAP_MEMORY);
}

struct murre_trap *murre_trap_exit(int code) {
    struct murre_trap *trap = murre_trap_make(&murre_allocator_libc, MURRE_TRAP_EXIT, NULL, NULL, NULL, 0);
    if (!trap)
        return murre_trap_of_kind(MURRE_TRAP_MEMORY);
    trap->exit_code = code;
    return trap;
}

void murre_trap_delete(struct murre_trap *trap) {
    if (!trap || trap->constant)
        return;
    struct murre_allocator allocator = trap->allocator;
    murre_free(&allocator, trap, trap->size);
}

enum murre_trapkind murre_trap_kind(const struct murre_trap *trap) {
    return trap->kind;
}

int murre_trap_exit_code(const struct murre_trap *trap) {
    return trap->exit_code;
}

const char *murre_trap_message(const struct murre_trap *trap) {
    return trap->message ? trap->message : murre_trap_text(trap->kind);
}

uint32_t murre_trap_frame_count(const struct murre_trap *trap) {
    return trap->frame_count;
}

uint32_t murre_trap_depth(const struct murre_trap *trap) {
    return trap->depth;
}

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
