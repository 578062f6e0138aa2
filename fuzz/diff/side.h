/* One way to run a module: an engine that is kept from input to input, and what it does with a prepared module. */
#ifndef MURRE_FUZZ_SIDE_H
#define MURRE_FUZZ_SIDE_H

#include "diff/log.h"
#include "diff/prepare.h"
#include "runtime/runtime.h"

struct fuzz_side {
    const char *name;
    unsigned group;
    enum murre_tier tier;
    enum murre_bounds bounds;
    int level;
    uint32_t entry_threshold, loop_threshold;
    bool no_signals;
    struct murre_engine *engine; /* made at the first use */
};

/* The interpreter is first, then compiled with guards, compiled with explicit checks, tier auto: `group`. */
enum { FUZZ_GROUPS = 4 };
extern struct fuzz_side fuzz_sides[];
extern const unsigned fuzz_side_count;

/* NULL when this build has no such tier. */
struct murre_engine *fuzz_side_engine(struct fuzz_side *side);
/* Instantiates the module twice, calls its functions a few times and shows all that can be seen to the log. */
void fuzz_side_run(struct fuzz_side *side, struct fuzz_span bytes, const struct fuzz_plan *plan, struct fuzz_log *log);
void fuzz_sides_delete(void);

struct fuzz_totals {
    uint64_t runs, calls, traps, limits, host_calls;
    uint64_t by_kind[MURRE_TRAP_COUNT];
    /* Of all sides; of backtraces. */
    uint64_t frames, compiled_frames, without_offset;
    uint64_t cut; /* runs of other sides that a limit ended, but not the reference's */
};
extern struct fuzz_totals fuzz_totals; /* of the reference's runs, but for `cut` */

#endif
