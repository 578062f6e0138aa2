/* The observable events of a run, in order. The reference writes the list, and every other run is compared with it; the first difference is reported and
 * ends the process. */
#ifndef MURRE_FUZZ_LOG_H
#define MURRE_FUZZ_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fuzz_seen {
    FUZZ_SEEN_INSTANCE,    /* index: 0; status, and kind of the trap */
    FUZZ_SEEN_CALL,        /* index: function; how it ended: kind of the trap, or FUZZ_NO_TRAP */
    FUZZ_SEEN_RESULT,      /* index: of the result */
    FUZZ_SEEN_HOST,        /* index: imported function that was called; its arguments, mixed */
    FUZZ_SEEN_HOST_CALL,   /* a call from within a host function: as CALL */
    FUZZ_SEEN_GLOBAL,      /* index: of the global */
    FUZZ_SEEN_TABLE,       /* index: of the table; its elements, mixed */
    FUZZ_SEEN_MEMORY_SIZE, /* index: of the memory */
    FUZZ_SEEN_MEMORY,      /* its bytes, mixed */
    FUZZ_SEEN_DEPTH,       /* of a backtrace */
    FUZZ_SEEN_FRAME,       /* of it; index: function; offset, MURRE_NO_OFFSET: not known, and not compared */
};
enum { FUZZ_NO_TRAP = 0xff };
enum { FUZZ_OF_TWIN = 1 << 24 }; /* added to indices of the first instance, of two */

struct fuzz_sight {
    uint32_t what, index;
    uint64_t value;
};

struct fuzz_log {
    const char *side; /* whose run it is, for reports */
    bool checking;    /* else it is the reference that writes */
    bool over; /* a limit of the engine struck (stack, memory), which may strike elsewhere in other tiers: nothing more is compared */
    bool cut;  /* so it did in the reference: what comes behind its last sight is not known */
    struct fuzz_sight *items;
    size_t count, capacity, next; /* next: to be compared */
};

/* False when the run has nothing to compare any more. */
bool fuzz_log_see(struct fuzz_log *log, enum fuzz_seen what, uint32_t index, uint64_t value);
/* Starts the next side's check, or a new reference. */
void fuzz_log_begin(struct fuzz_log *log, const char *side, bool checking);
/* A limit of the engine struck. */
void fuzz_log_limit(struct fuzz_log *log);
/* The side's run is over: it must have shown all that the reference did. */
void fuzz_log_end(struct fuzz_log *log);

#endif
