/* See walk.h. */
#include "runtime/walk.h"

#include "arch/arch.h"
#include "base/error.h"
#include "runtime/site.h"

/* ---- compiled frames ------------------------------------------------------------------------------------------------------------ */

static bool place_of(const struct murre_stackwalk *walk, uintptr_t pc, struct murre_code_place *place) {
    const struct murre_engine *engine = walk->store->engine;
    return engine->jit && engine->jit_ops->find(engine->jit, pc, place);
}

static struct murre_func *func_in(uintptr_t frame) {
    return *(struct murre_func *const *)(frame + murre_arch_frame_func);
}

static bool belongs(const struct murre_func *func, const struct murre_code_place *place) {
    return func && func->instance && func->instance->module == place->module && func->index == place->func_index;
}

static uint64_t offset_behind_call(const struct murre_code_place *place, uintptr_t pc, enum murre_site_kind *kind) {
    struct murre_site site;
    *kind = MURRE_SITE_CALL;
    if (!murre_sites_find_call(place->sites, (uint32_t)(pc - (uintptr_t)place->code), &site))
        return MURRE_NO_OFFSET;
    *kind = site.kind;
    return site.offset;
}

/* The caller that goes on at pc, with that frame; *kind: how it called. False: it is no compiled code. */
static bool caller(const struct murre_stackwalk *walk, uintptr_t pc, uintptr_t frame, struct murre_stackwalk_frame *found,
                   enum murre_site_kind *kind) {
    struct murre_code_place place;
    *kind = MURRE_SITE_CALL;
    if (!place_of(walk, pc - 1, &place))
        return false;
    uint64_t offset = offset_behind_call(&place, pc, kind);
    *found = (struct murre_stackwalk_frame){func_in(frame), true, (const void *)(pc - 1), offset};
    return belongs(found->func, &place);
}

/* Whether the frame of a function that was stopped anywhere is its own. The pointer is only compared: it may be the host's or stale. */
static bool has_frame(const struct murre_stackwalk *walk, const struct murre_code_place *place, uintptr_t frame) {
    if (place->frameless || frame == walk->end || frame > walk->end)
        return false;
    const struct murre_func *func = func_in(frame);
    for (const struct murre_instance *instance = walk->store->instances; instance; instance = instance->next)
        if (instance->module == place->module && murre_instance_func((struct murre_instance *)instance, place->func_index) == func)
            return true;
    return false;
}

/* The function object of code that has no frame. by: its caller's frame, NULL: the trampoline. */
static struct murre_func *without_frame(const struct murre_stackwalk *walk, const struct murre_code_place *place,
                                        const struct murre_stackwalk_frame *by, enum murre_site_kind kind) {
    struct murre_func *func = !by                        ? (struct murre_func *)(uintptr_t)walk->run->args->ints[0]
                              : kind == MURRE_SITE_LEAVE ? walk->store->left
                                                         : NULL;
    if (belongs(func, place))
        return func;
    struct murre_instance *instance = by ? by->func->instance : NULL;
    if (!instance || instance->module != place->module)
        for (instance = walk->store->instances; instance && instance->module != place->module;)
            instance = instance->next;
    return instance ? murre_instance_func(instance, place->func_index) : NULL;
}

static void start_at_fault(struct murre_stackwalk *walk, const struct murre_fault *fault) {
    struct murre_code_place place;
    walk->frame = fault->frame;
    if (!place_of(walk, fault->pc, &place))
        return; /* a trampoline */
    struct murre_site site;
    bool known = murre_sites_find_fault(place.sites, (uint32_t)(fault->pc - (uintptr_t)place.code), &site);
    struct murre_stackwalk_frame found = {NULL, true, (const void *)fault->pc, known ? site.offset : MURRE_NO_OFFSET};
    if (has_frame(walk, &place, fault->frame)) {
        found.func = func_in(fault->frame);
        walk->waiting[walk->waiting_count++] = found;
        return;
    }
    uintptr_t back = fault->link ? fault->link : *(const uintptr_t *)fault->stack;
    struct murre_stackwalk_frame by;
    enum murre_site_kind kind = MURRE_SITE_CALL;
    bool has_caller = fault->frame != walk->end && caller(walk, back, fault->frame, &by, &kind);
    found.func = without_frame(walk, &place, has_caller ? &by : NULL, kind);
    if (has_caller)
        walk->waiting[walk->waiting_count++] = by;
    if (found.func)
        walk->waiting[walk->waiting_count++] = found;
}

/* A step along the chain of frame pointers. True: found is a compiled frame. */
static bool step(struct murre_stackwalk *walk, struct murre_stackwalk_frame *found) {
    uintptr_t frame = walk->frame;
    if (frame == walk->end || frame > walk->end || frame % sizeof(uintptr_t) != 0) {
        walk->frame = 0;
        return false;
    }
    const uintptr_t *words = (const uintptr_t *)frame;
    walk->frame = words[0] > frame ? words[0] : 0; /* not a chain: better short than lost */
    enum murre_site_kind kind;
    return walk->frame && walk->frame < walk->end && caller(walk, words[1], walk->frame, found, &kind);
}

/* ---- the walk ------------------------------------------------------------------------------------------------------------------- */

static bool is_last(const struct murre_stackwalk *walk) {
    return walk->run == walk->activation->native;
}

static void reach(struct murre_stackwalk *walk, const struct murre_native_run *run) {
    walk->run = run;
    walk->bottom = is_last(walk) ? walk->activation->mark.frame : run->interp_frame;
    walk->end = is_last(walk) ? 0 : (uintptr_t)run->args->frame;
}

static void begin(struct murre_stackwalk *walk, const struct murre_store *store) {
    *walk = (struct murre_stackwalk){.store = store, .activation = store->activation, .top = store->stack.frame, .innermost = true};
    reach(walk, store->native);
}

/* The activation's frames are done: on with the one that waits for it. */
static bool go_outwards(struct murre_stackwalk *walk) {
    const struct murre_activation *inner = walk->activation;
    if (!walk->all || !inner->outer)
        return false;
    walk->activation = inner->outer;
    walk->top = inner->mark.frame;
    reach(walk, inner->native);
    return true;
}

void murre_stackwalk_from_host(struct murre_stackwalk *walk, const struct murre_store *store) {
    begin(walk, store);
}

void murre_stackwalk_from_helper(struct murre_stackwalk *walk, const struct murre_store *store, uintptr_t frame) {
    begin(walk, store);
    walk->start = frame;
}

/* The innermost run is where it was stopped; nothing interpreted is above it. */
void murre_stackwalk_from_fault(struct murre_stackwalk *walk, const struct murre_store *store, const struct murre_fault *fault) {
    begin(walk, store);
    if (is_last(walk))
        return;
    start_at_fault(walk, fault);
    walk->start = walk->frame;
    walk->frame = 0;
}

bool murre_stackwalk_next(struct murre_stackwalk *walk, struct murre_stackwalk_frame *frame) {
    for (;;) {
        if (walk->waiting_count) {
            *frame = walk->waiting[--walk->waiting_count];
            return true;
        }
        if (walk->frame) {
            if (step(walk, frame))
                return true;
            if (!walk->frame) {
                walk->top = walk->run->interp_frame;
                reach(walk, walk->run->outer);
            }
            continue;
        }
        if (walk->top > walk->bottom) {
            walk->top--;
            if (walk->top->func) {
                *frame = (struct murre_stackwalk_frame){walk->top->func, false, (const char *)walk->top->pc - 1, MURRE_NO_OFFSET};
                return true;
            }
            continue;
        }
        if (is_last(walk)) {
            if (!go_outwards(walk))
                return false;
            continue;
        }
        walk->frame = walk->innermost && walk->start ? walk->start : walk->run->exit_frame;
        walk->innermost = false;
        if (!walk->frame) { /* it has called nobody yet */
            walk->top = walk->run->interp_frame;
            reach(walk, walk->run->outer);
        }
    }
}
