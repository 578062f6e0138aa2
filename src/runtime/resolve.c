/* Finds out where a trap's callers were, when somebody asks: offsets of instructions and names of functions.
 *
 * How long this takes depends on the module: a function has to be lowered again for the offsets in it (nothing is kept for them, since most are never
 * needed), and names are in a section that has to be read up to the last one. So each is done once for all frames of a trap, and both stop
 * when their time is up: a frame then has no name, or no offset. */
#include "runtime/module.h"
#include "runtime/trap.h"

/* Nanoseconds: names, then offsets. The end of a run at a deadline is promised to take less than a tenth of a second. */
static const uint64_t time_for_names = 20000000, time_for_offsets = 20000000;

/* Frames from first on that are of the same function are done together; done: a bit for each frame. */
static void find_offsets(struct murre_trap *trap, uint32_t first, uint64_t *done, struct murre_look look) {
    const struct murre_trap_frame *of = &trap->frames[first];
    struct murre_module *module = of->instance->module;
    const void *pcs[MURRE_TRAP_FRAMES];
    uint64_t offsets[MURRE_TRAP_FRAMES];
    uint32_t frames[MURRE_TRAP_FRAMES], count = 0;
    for (uint32_t i = first; i < trap->frame_count; i++) {
        const struct murre_trap_frame *frame = &trap->frames[i];
        if (frame->instance->module != module || frame->func_index != of->func_index)
            continue;
        *done |= (uint64_t)1 << i;
        bool current = frame->drops == atomic_load_explicit(&module->code_drops, memory_order_relaxed);
        if (frame->offset != MURRE_NO_OFFSET || frame->native || !frame->pc || !current)
            continue;
        frames[count] = i;
        offsets[count] = MURRE_NO_OFFSET;
        pcs[count++] = frame->pc;
    }
    if (count)
        module->engine->interp->offsets(module, of->func_index, pcs, offsets, count, look);
    for (uint32_t i = 0; i < count; i++)
        trap->frames[frames[i]].offset = offsets[i];
}

void murre_trap_resolve(struct murre_trap *trap) {
    _Static_assert(MURRE_TRAP_FRAMES <= 64, "a bit for each frame");
    if (trap->resolved || trap->constant)
        return;
    trap->resolved = true;
    struct murre_look look = {.moment = murre_look_now() + time_for_names};
    for (uint32_t i = 0; i < trap->frame_count && !murre_look_stops(&look); i++) {
        struct murre_trap_frame *frame = &trap->frames[i];
        const struct murre_trap_frame *same = frame;
        for (uint32_t k = 0; k < i && same == frame; k++)
            if (trap->frames[k].instance->module == frame->instance->module && trap->frames[k].func_index == frame->func_index)
                same = &trap->frames[k];
        frame->name = same != frame ? same->name : murre_module_name(frame->instance->module, frame->func_index);
    }
    look.moment = murre_look_now() + time_for_offsets;
    uint64_t done = 0;
    for (uint32_t i = 0; i < trap->frame_count; i++)
        if (!(done >> i & 1) && !murre_look_stops(&look))
            find_offsets(trap, i, &done, look);
}
