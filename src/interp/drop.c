/* Dropping register code, when the module's limit leaves no room for more (module->code_limit).
 *
 * What is dropped: the code of all functions that are not running at this moment. Running are the interpreter's waiting callers, which are on the stack of
 * frames, and store->stack.func. So code that is not in use makes room for code that is, and is lowered again when it is needed again. Age and
 * compiled code play no role: dropping happens to programs that are made to provoke it, and rarely to huge ones. Code is not dropped
 * as soon as its function has been compiled: real programs compile a few hundred functions, whose register code is less than a megabyte in all
 * (SQLite: 1.1 MB of all register code, QuickJS 0.9), and calls would have to ask where the code of their callee is.
 *
 * When it is safe: nobody else may be running, or about to enter, the dropped code. So it is done in the thread of a store that has all instances
 * of the module, under engine->lock, without which no other store gets an instance that can run. Compile threads do not read register code;
 * the search for a trap's offsets does, under the lock.
 *
 * What refers to register code: frames, calls in other register code of the module (cleared here), and the places of traps, which
 * module->code_drops marks as out of date. */
#include "interp/handler.h"
#include "interp/interp.h"
#include "runtime/tier.h"

#include "base/alloc.h"

/* A bit for each defined function of the module. */
static void mark(uint64_t *running, const struct murre_module *module, const struct murre_func *func) {
    if (!func || !func->instance || func->instance->module != module)
        return;
    uint32_t index = func->index - module->info.func_import_count;
    running[index / 64] |= (uint64_t)1 << index % 64;
}

static void mark_all(uint64_t *running, const struct murre_module *module, const struct murre_stack *stack) {
    mark(running, module, stack->func);
    for (const struct murre_interp_frame *frame = stack->frames; frame < stack->frame; frame++)
        mark(running, module, frame->func);
}

static bool drop_all_but(const uint64_t *running, struct murre_module *module) {
    bool any = false;
    for (uint32_t i = 0, count = module->info.func_count - module->info.func_import_count; i < count; i++) {
        struct murre_code *code = &module->codes[i];
        struct murre_regcode *rc = atomic_load_explicit(&code->regcode, memory_order_acquire);
        if (!rc)
            continue;
        if (running[i / 64] >> i % 64 & 1) {
            murre_interp_forget_callees(rc);
            continue;
        }
        atomic_store_explicit(&code->regcode, NULL, memory_order_release);
        murre_interp_ops.drop(module, rc);
        any = true;
    }
    return any;
}

bool murre_interp_make_room(struct murre_store *store, struct murre_module *module) {
    const struct murre_allocator *allocator = &module->engine->allocator;
    size_t size = (module->info.func_count - module->info.func_import_count + 63) / 64 * sizeof(uint64_t);
    uint64_t *running = murre_alloc_zero(allocator, size);
    if (!running)
        return false;
    mark_all(running, module, &store->stack);
    murre_tier_lock(module->engine);
    bool only_here = module->counted_store == store && module->counted == module->instance_count;
    bool dropped = only_here && drop_all_but(running, module);
    if (dropped)
        atomic_fetch_add_explicit(&module->code_drops, 1, memory_order_relaxed);
    murre_tier_unlock(module->engine);
    murre_free(allocator, running, size);
    return dropped;
}
