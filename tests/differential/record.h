/* A transcript: what a module did, as lines of a tag and numbers. Its digest stands for it when two runs are compared; printed, it shows where
 * they part. Owned by the caller, no memory of its own. */
#ifndef MURRE_DIFFERENTIAL_RECORD_H
#define MURRE_DIFFERENTIAL_RECORD_H

#include "murre.h"

enum { MAX_WORDS = 256 }; /* of a line; what is beyond is left out */

struct record {
    uint64_t digest;
    bool loud;          /* lines are printed as well */
    bool cut;           /* a limit of the engine or of the machine was met: what follows is not comparable, and is not recorded */
    uint32_t functions; /* of the module's own */
    uint64_t calls, returned, trapped, host_calls;
    uint64_t traps[MURRE_TRAP_COUNT];
};

void record_begin(struct record *record, bool loud);
void record_line(struct record *record, const char *tag, const uint64_t *words, size_t count);
/* A trap with its backtrace: kind, depth, function of each frame (compiled code does not know offsets). */
void record_trap(struct record *record, const struct murre_trap *trap);
/* A number that stands for so many bytes. */
uint64_t record_hash(const uint8_t *bytes, uint64_t size);

/* The kind of a trap in a word. */
const char *record_trap_name(enum murre_trapkind kind);

#endif
