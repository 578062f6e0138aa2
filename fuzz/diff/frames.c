/* See frames.h. */
#include "diff/frames.h"

#include <stdio.h>
#include <stdlib.h>

#include "diff/twin.h"
#include "runtime/trap.h"

static uint32_t index_of(const struct fuzz_run *run, const struct murre_frame *frame) {
    if (frame->instance->module != run->module || frame->func_index >= run->module->info.func_count)
        abort();
    return fuzz_func_index(run, murre_instance_func(frame->instance, frame->func_index));
}

/* An interpreted frame goes without an offset when its register code has been dropped since, or when there was no time to find it (resolve.c);
 * a compiled one never does. */
static void see(struct fuzz_run *run, const struct murre_trap *trap) {
    struct murre_frame frame;
    fuzz_log_see(run->log, FUZZ_SEEN_DEPTH, 0, murre_trap_depth(trap));
    for (uint32_t i = 0; murre_trap_frame(trap, i, &frame) && !run->log->over; i++) {
        bool native = trap->frames[i].native;
        if (frame.offset == MURRE_NO_OFFSET && native) {
            fprintf(stderr, "%s: no offset in the compiled function %u\n", run->log->side, (unsigned)frame.func_index);
            abort();
        }
        fuzz_totals.frames++;
        fuzz_totals.compiled_frames += native;
        fuzz_totals.without_offset += frame.offset == MURRE_NO_OFFSET;
        fuzz_log_see(run->log, FUZZ_SEEN_FRAME, index_of(run, &frame), frame.offset);
    }
}

void fuzz_see_trap(struct fuzz_run *run, const struct murre_trap *trap) {
    if (trap && !run->log->over)
        see(run, trap);
}

void fuzz_see_callers(struct fuzz_run *run) {
    if (run->log->over)
        return;
    struct murre_trap *callers = murre_trap_of_callers(run->store);
    if (!callers)
        abort();
    see(run, callers);
    murre_trap_delete(callers);
}
