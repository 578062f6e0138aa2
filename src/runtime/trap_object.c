/* Traps as objects: see trap.h. Whoever receives one owns it.
 *
 * If there is no memory for a trap, a constant trap of its kind without frames takes its place. */
#include <string.h>

#include "base/alloc.h"
#include "runtime/trap.h"

static const char *const texts[MURRE_TRAP_COUNT] = {
    [MURRE_TRAP_UNREACHABLE] = "unreachable",
    [MURRE_TRAP_MEMORY_BOUNDS] = "out of bounds memory access",
    [MURRE_TRAP_TABLE_BOUNDS] = "out of bounds table access",
    [MURRE_TRAP_INDIRECT_BOUNDS] = "undefined element",
    [MURRE_TRAP_INDIRECT_NULL] = "uninitialized element",
    [MURRE_TRAP_INDIRECT_TYPE] = "indirect call type mismatch",
    [MURRE_TRAP_DIVIDE_ZERO] = "integer divide by zero",
    [MURRE_TRAP_INTEGER_OVERFLOW] = "integer overflow",
    [MURRE_TRAP_INVALID_CONVERSION] = "invalid conversion to integer",
    [MURRE_TRAP_STACK] = "call stack exhausted",
    [MURRE_TRAP_INTERRUPT] = "interrupted",
    [MURRE_TRAP_INVALID_CODE] = "invalid code",
    [MURRE_TRAP_MEMORY] = "out of memory",
    [MURRE_TRAP_HOST] = "host function failed",
    [MURRE_TRAP_EXIT] = "exit",
    [MURRE_TRAP_NULL_REFERENCE] = "null reference",
    [MURRE_TRAP_UNSUPPORTED] = "unsupported code",
    [MURRE_TRAP_NULL_FUNCTION] = "null function reference",
};

const char *murre_trap_text(enum murre_trapkind kind) {
    return kind < MURRE_TRAP_COUNT ? texts[kind] : "trap";
}

/* Never written, in spite of the type that callers see. */
static const struct murre_trap constants[MURRE_TRAP_COUNT] = {
#define CONSTANT(id) [id] = {.kind = id, .exit_code = 134, .constant = true}
    CONSTANT(MURRE_TRAP_UNREACHABLE),
    CONSTANT(MURRE_TRAP_MEMORY_BOUNDS),
    CONSTANT(MURRE_TRAP_TABLE_BOUNDS),
    CONSTANT(MURRE_TRAP_INDIRECT_BOUNDS),
    CONSTANT(MURRE_TRAP_INDIRECT_NULL),
    CONSTANT(MURRE_TRAP_INDIRECT_TYPE),
    CONSTANT(MURRE_TRAP_DIVIDE_ZERO),
    CONSTANT(MURRE_TRAP_INTEGER_OVERFLOW),
    CONSTANT(MURRE_TRAP_INVALID_CONVERSION),
    CONSTANT(MURRE_TRAP_STACK),
    CONSTANT(MURRE_TRAP_INTERRUPT),
    CONSTANT(MURRE_TRAP_INVALID_CODE),
    CONSTANT(MURRE_TRAP_MEMORY),
    CONSTANT(MURRE_TRAP_HOST),
    CONSTANT(MURRE_TRAP_EXIT),
    CONSTANT(MURRE_TRAP_NULL_REFERENCE),
    CONSTANT(MURRE_TRAP_UNSUPPORTED),
    CONSTANT(MURRE_TRAP_NULL_FUNCTION),
#undef CONSTANT
};

struct murre_trap *murre_trap_of_kind(enum murre_trapkind kind) {
    return (struct murre_trap *)&constants[kind < MURRE_TRAP_COUNT ? kind : MURRE_TRAP_HOST];
}

struct murre_trap *murre_trap_make(const struct murre_allocator *allocator, enum murre_trapkind kind, const char *message,
                                   const char *detail, const struct murre_trap_frame *frames, uint32_t frame_count) {
    size_t message_size = message ? strlen(message) : 0, detail_size = detail ? strlen(detail) : 0;
    size_t text_size = message || detail ? message_size + detail_size + sizeof ": " : 0;
    size_t frames_size = frame_count * sizeof *frames;
    if (detail && !message) {
        message = murre_trap_text(kind);
        message_size = strlen(message);
        text_size += message_size;
    }
    size_t size = sizeof(struct murre_trap) + frames_size + text_size;
    struct murre_trap *trap = murre_alloc(allocator, size);
    if (!trap)
        return NULL;
    *trap = (struct murre_trap){
        .kind = kind, .exit_code = 134, .depth = frame_count, .frame_count = frame_count, .allocator = *allocator, .size = size};
    if (frame_count)
        memcpy(trap->frames, frames, frames_size);
    if (message) {
        char *text = (char *)trap->frames + frames_size;
        memcpy(text, message, message_size);
        text[message_size] = 0;
        if (detail) {
            memcpy(text + message_size, ": ", 2);
            memcpy(text + message_size + 2, detail, detail_size + 1);
        }
        trap->message = text;
    }
    return trap;
}

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
