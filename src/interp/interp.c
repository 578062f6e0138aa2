/* The interpreter: its operations for the runtime, the table of handlers, first calls.
 *
 * A run of the loop leaves a mark on the stack of frames, whose pc is an EXIT: returning from the outermost function arrives there, and the
 * loop's C function returns. Nested runs (the host or compiled code calling in turn) have a mark each. */
#include "interp/interp.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/look.h"
#include "interp/build.h"
#include "interp/handler.h"
#include "runtime/tier.h"
#include "runtime/trap.h"

murre_handler *const murre_handlers[MURRE_RC_COUNT] = {
#define OP(name) murre_op_##name,
#include "interp/ops.def"
};

const char *const murre_rc_names[MURRE_RC_COUNT] = {
#define OP(name) #name,
#include "interp/ops.def"
};

static const union murre_word exit_word[1] = {{.op = MURRE_RC_EXIT}};

/* ---- lowering ---------------------------------------------------------------------------------------------------- */

static void publish_failure(struct murre_engine *engine, struct murre_code *code, const struct murre_error *error) {
    struct murre_error *failure = murre_alloc(&engine->allocator, sizeof *failure);
    if (!failure)
        return;
    *failure = *error;
    struct murre_error *none = NULL;
    if (!atomic_compare_exchange_strong_explicit(&code->failure, &none, failure, memory_order_acq_rel, memory_order_acquire))
        murre_free(&engine->allocator, failure, sizeof *failure);
}

struct murre_regcode *murre_interp_lower(struct murre_store *store, struct murre_module *module, uint32_t func_index) {
    struct murre_engine *engine = module->engine;
    struct murre_code *code = &module->codes[func_index - module->info.func_import_count];
    struct murre_regcode *published = atomic_load_explicit(&code->regcode, memory_order_acquire);
    if (published || atomic_load_explicit(&code->failure, memory_order_acquire))
        return published;
    struct murre_error error = {.status = MURRE_OK, .offset = MURRE_NO_OFFSET};
    const struct murre_look look = {.asked = store ? &store->interrupt : NULL};
    uint64_t start = murre_look_now();
    bool no_room;
    struct murre_regcode *built = murre_interp_build(module, func_index, look, &no_room, &error);
    if (!built && no_room && store && murre_interp_make_room(store, module)) {
        error = (struct murre_error){.status = MURRE_OK, .offset = MURRE_NO_OFFSET};
        built = murre_interp_build(module, func_index, look, &no_room, &error);
    }
    atomic_fetch_add_explicit(&engine->lower_nanoseconds, murre_look_now() - start, memory_order_relaxed);
    if (!built) {
        if (no_room)
            atomic_store_explicit(&module->code_refused, true, memory_order_relaxed);
        /* What memory or time was too short for goes well at another time. */
        if (error.status != MURRE_ERROR_MEMORY && error.status != MURRE_ERROR_TIME)
            publish_failure(engine, code, &error);
        return NULL;
    }
    size_t size = murre_regcode_size(built); /* once it is published another thread may drop it */
    if (!atomic_compare_exchange_strong_explicit(&code->regcode, &published, built, memory_order_acq_rel, memory_order_acquire)) {
        murre_interp_free(module, built);
        return published;
    }
    atomic_fetch_add_explicit(&engine->functions_interpreted, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&engine->register_code_bytes, size, memory_order_relaxed);
    atomic_fetch_add_explicit(&module->code_bytes, size + MURRE_REGCODE_OVERHEAD, memory_order_relaxed);
    if (atomic_load_explicit(&module->code_refused, memory_order_relaxed)) /* there is room again: the next lack is another's */
        atomic_store_explicit(&module->code_refused, false, memory_order_relaxed);
    return built;
}

enum murre_trapkind murre_interp_why_not(const struct murre_store *store, const struct murre_code *code) {
    if (atomic_load_explicit(&code->failure, memory_order_acquire))
        return MURRE_TRAP_INVALID_CODE;
    return atomic_load_explicit(&store->interrupt, memory_order_relaxed) ? MURRE_TRAP_INTERRUPT : MURRE_TRAP_MEMORY;
}

static bool prepare(struct murre_module *module, uint32_t func_index) {
    return murre_interp_lower(NULL, module, func_index) != NULL;
}

static void drop(struct murre_module *module, struct murre_regcode *code) {
    if (code) {
        atomic_fetch_sub_explicit(&module->engine->register_code_bytes, murre_regcode_size(code), memory_order_relaxed);
        atomic_fetch_sub_explicit(&module->code_bytes, murre_regcode_size(code) + MURRE_REGCODE_OVERHEAD, memory_order_relaxed);
    }
    murre_interp_free(module, code);
}

/* A pc may be one byte less than where a waiting caller goes on: that is inside its call. Any thread; the lock keeps the code meanwhile. */
static void offsets(struct murre_module *module, uint32_t func_index, const void *const *pcs, uint64_t *offsets, uint32_t count,
                    struct murre_look look) {
    const struct murre_code *code = &module->codes[func_index - module->info.func_import_count];
    murre_tier_lock(module->engine);
    const struct murre_regcode *rc = atomic_load_explicit(&code->regcode, memory_order_acquire);
    uint32_t mode = rc ? rc->mode : 0;
    uint32_t words[MURRE_TRAP_FRAMES], whose[MURRE_TRAP_FRAMES], found = 0;
    uint64_t results[MURRE_TRAP_FRAMES];
    for (uint32_t i = 0; rc && i < count && found < MURRE_TRAP_FRAMES; i++) {
        if ((const char *)pcs[i] < (const char *)rc->code || (const char *)pcs[i] >= (const char *)(rc->code + rc->word_count))
            continue;
        uint32_t word = (uint32_t)((size_t)((const char *)pcs[i] - (const char *)rc->code) / sizeof *rc->code), at = found++;
        for (; at && words[at - 1] > word; at--) {
            words[at] = words[at - 1];
            whose[at] = whose[at - 1];
        }
        words[at] = word;
        whose[at] = i;
    }
    murre_tier_unlock(module->engine);
    for (uint32_t i = 0; i < found; i++)
        results[i] = MURRE_NO_OFFSET;
    murre_interp_offsets(module, func_index, mode, words, results, found, look);
    for (uint32_t i = 0; i < found; i++)
        offsets[whose[i]] = results[i];
}

static void stop(struct murre_engine *engine) {
    builder_delete(atomic_exchange_explicit(&engine->interp_cache, NULL, memory_order_acquire));
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

static void run(struct murre_store *store, struct murre_func *func, union murre_slot *slots) {
    struct murre_stack *stack = &store->stack;
    struct murre_func *outer_func = stack->func;
    struct murre_instance *outer_instance = stack->instance;
    const struct murre_regcode *rc = murre_interp_lower(store, func->instance->module, func->index);
    if (!rc)
        murre_trap_raise_interp(store, murre_interp_why_not(store, func->code), func, NULL);
    if (stack->frame == stack->frames_end || (size_t)(stack->values_end - slots) < rc->frame_slots)
        murre_trap_raise_interp(store, MURRE_TRAP_STACK, func, NULL);
    if (atomic_load_explicit(&store->interrupt, memory_order_relaxed))
        murre_trap_raise_interp(store, MURRE_TRAP_INTERRUPT, func, rc->code);
    *stack->frame++ = (struct murre_interp_frame){.pc = exit_word, .slots = slots, .func = NULL};
    stack->func = func;
    stack->instance = func->instance;
    const struct murre_memory *memory = func->instance->memory;
    murre_handlers[rc->code->op](rc->code, slots, func->instance->memory_base, memory ? memory->size : 0, store, 0, 0, 0);
    stack->func = outer_func;
    stack->instance = outer_instance;
}

const struct murre_interp_ops murre_interp_ops = {
    .run = run,
    .prepare = prepare,
    .drop = drop,
    .offsets = offsets,
    .stop = stop,
};

/* ---- looking at it ----------------------------------------------------------------------------------------------- */

void murre_interp_dump(const struct murre_regcode *code, void (*sink)(void *context, const char *line), void *context) {
    char line[160];
    for (uint32_t i = 0; i < code->word_count; i++) {
        const union murre_word *word = &code->code[i];
        if (word->op < MURRE_RC_COUNT)
            snprintf(line, sizeof line, "%6u  %-24s %5u %5u %5u  %016llx", i, murre_rc_names[word->op], word->a, word->b, word->c,
                     (unsigned long long)word->u64);
        else
            snprintf(line, sizeof line, "%6u  %-24s %5u %5u %5u  %016llx", i, "", word->a, word->b, word->c, (unsigned long long)word->u64);
        sink(context, line);
    }
}
