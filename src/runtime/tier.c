/* How a function moves up through the tiers: what the interpreter's counts lead to, what is requested, and when. tier_queue.h has the requests and the
 * threads that compile them.
 *
 * Tier auto. 1. The interpreter counts entries and passes of loop headers (tier.h) and calls this file when a count is full. 2. The first request for a
 * function or loop goes into the queue; later ones only add to its hits. 3. A compile thread takes the best request and publishes the
 * code. Callers notice at their next call, loops within an eighth of their threshold. 4. A function that was compiled at a low level, because
 * it is large, is recompiled at the high one after an idle delay: when nothing else has been requested for about the time that this will take. A request
 * that comes meanwhile cancels the recompilation, and it is tried again later, after twice the idle delay.
 *
 * A loop's entry costs as much as the whole function: it is the whole function, with one more way in. Interpreters compiled to Wasm are one
 * function with a hundred loop headers, all hot; compiling each would keep the thread busy for seconds (measured: QuickJS, 14 times 135 ms). So the
 * first hot loop of a function is compiled, and frames enter it when they pass that header. Another one is compiled only if it stays
 * hot although there is code for the function or for another of its loops: then there are frames that do not pass there. In a small
 * function that has been called several times, no loop is compiled at first, but the function itself.
 *
 * Tier jit. Functions start with murre_arch_exit_first as their entry, which comes here through murre_call_exit: the same threads compile, the
 * caller waits, unless its store is interrupted. (They have a large stack and own the compiler's scratch memory; the caller may be at the end
 * of a small stack.)
 *
 * What the compiler refuses stays interpreted for good. So does everything if no thread can be made. But a function for which memory was too short,
 * including code memory, is requested again in tier auto when it has been hot twice as often as the last time, up to seven times. (Tier jit tries a
 * function once.)
 *
 * All of this runs on the threads that run Wasm, several at once for the functions of one module. Their counts are atomic, and may lose a hit.
 * Only the queue allocates. */
#include "runtime/tier.h"

#include "runtime/module.h"
#include "runtime/signal.h"
#include "runtime/tier_queue.h"

/* Levels of the compiler and the sizes of bodies, in bytes, up to which they are used at once, or for a second time. */
enum { LOW_LEVEL = 1, HIGH_LEVEL = 2 };
static const uint32_t high_at_once = 8 * 1024, high_at_all = 64 * 1024;
/* What a byte of body costs at the high level, about. */
static const uint64_t idle_nanoseconds = 5000;
/* Loops: see above. Bytes of body, entries counted, full counts of the loop. */
static const uint32_t large_body = 32 * 1024, bytes_a_hit = 2 * 1024;
static const uint32_t small_body = 2000, several_entries = 4, hits_in_spite = 4;

void *murre_tier_first_entry(const struct murre_engine *engine, const struct murre_code *code) {
    void *native = code ? atomic_load_explicit(&code->native, memory_order_acquire) : NULL;
    if (native)
        return native;
    return engine->workers && engine->config.tier == MURRE_TIER_JIT ? (void *)murre_arch_exit_first : (void *)murre_arch_exit;
}

/* ---- requests ---------------------------------------------------------------------------------------------------------- */

static uint32_t body_size_of(const struct murre_func *func) {
    uint32_t start, end;
    murre_module_body(&func->instance->module->info, func->index, &start, &end);
    return end - start;
}

static int first_level(const struct murre_engine *engine, uint32_t body_size) {
    if (engine->config.opt_level >= 0)
        return engine->config.opt_level;
    return body_size <= high_at_once ? HIGH_LEVEL : LOW_LEVEL;
}

/* loop: NULL for the function itself. Only functions are recompiled, only in tier auto, and only where the level is ours to choose. */
static struct murre_tier_request request_for(struct murre_func *func, struct murre_osr *loop) {
    const struct murre_engine *engine = func->instance->store->engine;
    uint32_t body_size = body_size_of(func);
    int level = first_level(engine, body_size);
    bool recompiled = engine->queue && engine->config.opt_level < 0 && !loop && level < HIGH_LEVEL && body_size <= high_at_all;
    return (struct murre_tier_request){
        .func = func,
        .loop = loop,
        .body_size = body_size,
        .level = level,
        .second_level = recompiled ? HIGH_LEVEL : -1,
        .idle_delay = (uint64_t)body_size * idle_nanoseconds,
    };
}

static void ask_for(struct murre_tier_queue *queue, struct murre_func *func, struct murre_osr *loop) {
    struct murre_tier_request wanted = request_for(func, loop);
    murre_tier_queue_ask(queue, &wanted);
}

/* ---- what the interpreter calls --------------------------------------------------------------------------------------------------- */

/* How often the function has been entered, about. */
static uint64_t entries_of(const struct murre_engine *engine, const struct murre_code *code) {
    return (uint64_t)atomic_load_explicit(&code->hits, memory_order_relaxed) * engine->config.entry_threshold +
           atomic_load_explicit(&code->heat, memory_order_relaxed);
}

static void add_hit(_Atomic uint8_t *hits) {
    uint8_t count = atomic_load_explicit(hits, memory_order_relaxed);
    if (count < UINT8_MAX)
        atomic_store_explicit(hits, (uint8_t)(count + 1), memory_order_relaxed);
}

/* A large body must have earned its compilation, which takes long (CPython's evaluation loop of 106 KB: half a second and 100 MB at level 1)
 * and is lost on a program that ends before: full counts in proportion to the size. */
static bool has_earned(uint32_t body_size, const _Atomic uint8_t *hits) {
    uint32_t wanted = body_size / bytes_a_hit;
    return body_size <= large_body || atomic_load_explicit(hits, memory_order_relaxed) >= (wanted < UINT8_MAX ? wanted : UINT8_MAX);
}

/* Of what has just been hot once more. */
static bool is_refused(const _Atomic uint8_t *refused, const _Atomic uint8_t *hits) {
    uint8_t status = atomic_load_explicit(refused, memory_order_relaxed), count = atomic_load_explicit(hits, memory_order_relaxed);
    return status && (status != MURRE_ERROR_MEMORY || (count & (count - 1)));
}

void murre_tier_hot_function(struct murre_func *func) {
    struct murre_code *code = func->code;
    atomic_store_explicit(&code->heat, 0, memory_order_relaxed);
    struct murre_tier_queue *queue = func->instance->store->engine->queue;
    if (!queue || func->instance->interpreted_only)
        return;
    void *native = atomic_load_explicit(&code->native, memory_order_acquire);
    if (native) {
        atomic_store_explicit(&func->entry, native, memory_order_release);
        return;
    }
    add_hit(&code->hits);
    if (is_refused(&code->refused, &code->hits) || atomic_load_explicit(&code->queued, memory_order_relaxed) ||
        murre_tier_queue_in_child(queue) || !has_earned(body_size_of(func), &code->hits))
        return;
    ask_for(queue, func, NULL);
}

/* What there is for the function besides this loop. */
enum cover { NO_CODE, CODE_COMES, CODE_IS_THERE };

static enum cover cover_of(const struct murre_code *code, const struct murre_osr *but) {
    enum cover cover = NO_CODE;
    if (atomic_load_explicit(&code->queued, memory_order_relaxed))
        cover = CODE_COMES;
    for (const struct murre_osr *node = atomic_load_explicit(&code->osr, memory_order_acquire); node; node = node->next) {
        if (node == but || !atomic_load_explicit(&node->asked, memory_order_relaxed) ||
            atomic_load_explicit(&node->refused, memory_order_relaxed))
            continue;
        if (!atomic_load_explicit(&node->entry, memory_order_relaxed))
            return CODE_COMES;
        cover = cover == NO_CODE ? CODE_IS_THERE : cover;
    }
    return atomic_load_explicit(&code->native, memory_order_relaxed) ? CODE_IS_THERE : cover;
}

/* Asks for the loop, or for its function, or not yet. */
static void consider_loop(struct murre_tier_queue *queue, struct murre_func *func, struct murre_osr *node) {
    struct murre_code *code = func->code;
    enum cover cover = cover_of(code, node);
    if (cover == CODE_COMES) {
        atomic_store_explicit(&node->hits, 0, memory_order_relaxed);
        return;
    }
    if (cover == CODE_IS_THERE && atomic_load_explicit(&node->hits, memory_order_relaxed) < hits_in_spite)
        return;
    uint32_t body_size = body_size_of(func);
    if (!has_earned(body_size, &node->hits))
        return;
    bool whole = cover == NO_CODE && body_size <= small_body && entries_of(func->instance->store->engine, code) >= several_entries &&
                 !atomic_load_explicit(&code->refused, memory_order_relaxed);
    ask_for(queue, func, whole ? NULL : node);
}

void *murre_tier_hot_loop(struct murre_func *func, uint32_t loop, uint32_t *again) {
    struct murre_tier_queue *queue = func->instance->store->engine->queue;
    *again = func->instance->store->engine->config.loop_threshold;
    if (!queue || func->instance->interpreted_only)
        return NULL;
    struct murre_osr *node = murre_tier_find_loop(func->code, loop);
    void *entry = node ? atomic_load_explicit(&node->entry, memory_order_acquire) : NULL;
    if (entry) {
        *again = 0;
        /* A function that is called again and again, if seldom, need not reach its loops in the interpreter first. */
        if (atomic_load_explicit(&func->code->heat, memory_order_relaxed) >= several_entries)
            murre_tier_hot_function(func);
        return entry;
    }
    if (murre_tier_queue_in_child(queue) || (!node && !(node = murre_tier_queue_add_loop(queue, func->code, loop))))
        return NULL;
    add_hit(&node->hits);
    if (is_refused(&node->refused, &node->hits))
        return NULL;
    if (!atomic_load_explicit(&node->asked, memory_order_relaxed))
        consider_loop(queue, func, node);
    else
        *again /= 8; /* it comes soon */
    return NULL;
}

/* ---- tier jit ------------------------------------------------------------------------------------------------------------------- */

bool murre_tier_compile_now(struct murre_func *func) {
    struct murre_code *code = func->code;
    struct murre_tier_queue *queue = func->instance->store->engine->workers;
    void *native = atomic_load_explicit(&code->native, memory_order_acquire);
    if (!native && queue && !func->instance->interpreted_only && !atomic_load_explicit(&code->refused, memory_order_relaxed) &&
        !murre_tier_queue_in_child(queue)) {
        struct murre_tier_request wanted = request_for(func, NULL);
        if (!murre_tier_queue_wait(queue, &wanted))
            return false;
        native = atomic_load_explicit(&code->native, memory_order_acquire);
    }
    if (func->instance->interpreted_only)
        native = NULL;
    atomic_store_explicit(&func->entry, native ? native : (void *)murre_arch_exit, memory_order_release);
    return native != NULL;
}

/* ---- life ----------------------------------------------------------------------------------------------------------------------- */

enum murre_status murre_tier_start(struct murre_engine *engine, struct murre_error *error) {
    if (!engine->config.no_signals) {
        enum murre_status status = murre_signal_acquire(error);
        if (status != MURRE_OK)
            return status;
        engine->has_signals = true;
    }
    if (!engine->jit)
        return MURRE_OK;
    struct murre_tier_queue *queue = murre_tier_queue_new(engine);
    if (!queue)
        return murre_error_memory(error);
    engine->workers = queue;
    engine->queue = engine->config.tier == MURRE_TIER_AUTO ? queue : NULL;
    return MURRE_OK;
}

void murre_tier_stop(struct murre_engine *engine) {
    murre_tier_queue_delete(engine->workers);
    engine->workers = engine->queue = NULL;
    if (engine->has_signals)
        murre_signal_release();
    engine->has_signals = false;
}
