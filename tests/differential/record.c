/* See record.h. */
#include "record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const trap_names[MURRE_TRAP_COUNT] = {
    [MURRE_TRAP_UNREACHABLE] = "unreachable",
    [MURRE_TRAP_MEMORY_BOUNDS] = "memory-bounds",
    [MURRE_TRAP_TABLE_BOUNDS] = "table-bounds",
    [MURRE_TRAP_INDIRECT_BOUNDS] = "indirect-bounds",
    [MURRE_TRAP_INDIRECT_NULL] = "indirect-null",
    [MURRE_TRAP_INDIRECT_TYPE] = "indirect-type",
    [MURRE_TRAP_DIVIDE_ZERO] = "divide-zero",
    [MURRE_TRAP_INTEGER_OVERFLOW] = "integer-overflow",
    [MURRE_TRAP_INVALID_CONVERSION] = "invalid-conversion",
    [MURRE_TRAP_STACK] = "stack",
    [MURRE_TRAP_INTERRUPT] = "interrupt",
    [MURRE_TRAP_INVALID_CODE] = "invalid-code",
    [MURRE_TRAP_MEMORY] = "memory",
    [MURRE_TRAP_HOST] = "host",
    [MURRE_TRAP_EXIT] = "exit",
    [MURRE_TRAP_NULL_REFERENCE] = "null-reference",
    [MURRE_TRAP_UNSUPPORTED] = "unsupported",
};

const char *record_trap_name(enum murre_trapkind kind) {
    return trap_names[kind];
}

static uint64_t mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15;
    return hash ^ hash >> 29;
}

void record_begin(struct record *record, bool loud) {
    *record = (struct record){.digest = 1, .loud = loud};
}

void record_line(struct record *record, const char *tag, const uint64_t *words, size_t count) {
    if (record->cut)
        return;
    if (count > MAX_WORDS)
        count = MAX_WORDS;
    for (const char *c = tag; *c; c++)
        record->digest = mix(record->digest, (unsigned char)*c);
    for (size_t i = 0; i < count; i++)
        record->digest = mix(record->digest, words[i]);
    record->digest = mix(record->digest, count);
    if (!record->loud)
        return;
    fputs(tag, stdout);
    for (size_t i = 0; i < count; i++)
        printf(" %" PRIx64, words[i]);
    putchar('\n');
}

static bool is_limit(enum murre_trapkind kind) {
    return kind == MURRE_TRAP_STACK || kind == MURRE_TRAP_INTERRUPT || kind == MURRE_TRAP_MEMORY;
}

void record_trap(struct record *record, const struct murre_trap *trap) {
    uint64_t words[MAX_WORDS] = {murre_trap_kind(trap), murre_trap_depth(trap)};
    size_t count = 2;
    struct murre_frame frame;
    for (uint32_t i = 0; count < MAX_WORDS && murre_trap_frame(trap, i, &frame); i++)
        words[count++] = frame.func_index;
    record->traps[words[0]]++;
    bool limit = is_limit(murre_trap_kind(trap));
    record_line(record, limit ? "limit" : "traps", words, limit ? 1 : count);
    record->cut |= limit;
}

uint64_t record_hash(const uint8_t *bytes, uint64_t size) {
    uint64_t hash = size, word;
    for (; size >= 8; size -= 8, bytes += 8) {
        memcpy(&word, bytes, 8);
        hash = mix(hash, word);
    }
    for (; size > 0; size--)
        hash = mix(hash, *bytes++);
    return hash;
}
