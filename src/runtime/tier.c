/* How a function climbs.
 *
 * Tier auto. 1. The interpreter counts entries and passes of loop headers (tier.h) and asks here when a count is full. 2. The first request for a
 * function or loop goes into the queue; what comes later only adds to its hits. 3. A compile thread takes the request with the best score: hits,
 * weighed against the size of the body, because a big function costs more and keeps others waiting. 4. The code is published: code->native, then
 * func->entry of every instance of the module, under engine->lock; a loop's entry in its node of code->osr. Callers notice at their next
 * call, loops within an eighth of their threshold. 5. A function that was compiled at a low level, because it is large, is compiled once more
 * at the high one, when nothing else has been asked for during about the time that this will take. A request that comes all the same
 * cancels it, and it is tried again later, with twice the patience.
 *
 * A loop's entry costs as much as the whole function: it is the whole function, with one more way in. Interpreters compiled to Wasm are one
 * function with a hundred loop headers, all hot; compiling each would keep the thread busy for seconds (measured: QuickJS, 14 times 135 ms). So the
 * first hot loop of a function is compiled, and frames get into it when they pass that header. Another one is compiled only when it goes on
 * being hot although there is code for the function or for another of its loops: then there are frames that do not pass there. Of a small
 * function that has been called several times no loop is compiled at first, but the function itself.
 *
 * Tier jit. Functions start with murre_arch_exit_first as their entry, which comes here through murre_call_exit: the same threads compile, the
 * caller waits, unless its store is interrupted. (They have a large stack and own the compiler's scratch memory; the caller may be at the end
 * of a small stack.)
 *
 * What the compiler refuses stays interpreted, for good. So does everything when no thread can be had. Threads start at the first request. But what
 * memory was too short for, code memory included, is asked for again in tier auto, when it has been hot twice as often as the last time, up to
 * seven times. (Tier jit looks at a function once.)
 *
 * Locks: queue->lock guards the requests and what runs; engine->lock is taken without it. fork: a child has no compile threads, and either lock
 * may have been held by one. The child notices by its process id where requests are made: it compiles nothing more, never takes queue->lock,
 * and makes engine->lock anew (compile threads only read what it guards). Threads of the host that hold a lock at that moment, here or elsewhere in
 * the engine, are not provided for: murre.h promises nothing then. */
#include "runtime/tier.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "runtime/instance.h"
#include "runtime/log.h"
#include "runtime/module.h"
#include "runtime/signal.h"

enum { MOST_THREADS = 16 };
static const size_t thread_stack = 8 * 1024 * 1024; /* bytes; the compiler recurses along expressions and loops */

/* Levels of the compiler and the sizes of bodies, in bytes, up to which they are used at once, or for a second time. */
enum { LOW_LEVEL = 1, HIGH_LEVEL = 2 };
static const uint32_t high_at_once = 8 * 1024, high_at_all = 64 * 1024;
/* What a byte of body costs at the high level, about. */
static const uint64_t rise_nanoseconds = 5000;
/* How often who waits for a compilation looks whether its store has been interrupted. */
static const uint64_t look_at_interrupt = 5000000; /* nanoseconds */
/* Loops: see above. Bytes of body, entries counted, full counts of the loop. */
static const uint32_t large_body = 32 * 1024, bytes_a_hit = 2 * 1024;
static const uint32_t small_body = 2000, several_entries = 4, hits_in_spite = 4;

struct request {
    struct request *next;
    struct murre_module *module;
    struct murre_code *code;
    uint32_t func_index, body_size;
    struct murre_osr *loop; /* NULL: the function itself */
    int level;
    bool rise;    /* has code of a lower level */
    uint64_t patience; /* rise: nanoseconds without a request before it begins */
    bool *done;   /* somebody waits: urgent; set when it has been dealt with */
};

struct worker {
    pthread_t thread;
    struct murre_tier_queue *queue;
    struct murre_module *module; /* being compiled, or NULL */
    bool rising;                 /* for the second time */
    atomic_bool cancel;          /* the compilation is of no use any more */
};

struct murre_tier_queue {
    struct murre_engine *engine;
    pthread_mutex_t lock;
    pthread_cond_t work; /* a request, or stopping */
    pthread_cond_t done; /* a worker has finished something */
    struct request *waiting;
    uint64_t last_request; /* moment, nanoseconds */
    bool stopping, broken; /* broken: no thread could be had */
    bool started;
    unsigned thread_count;
    struct worker workers[MOST_THREADS];
    _Atomic pid_t process; /* that the threads are in; 0: not started */
    atomic_flag child;     /* a child has made engine->lock anew */
};

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static bool in_child(const struct murre_tier_queue *queue) {
    pid_t process = atomic_load_explicit(&queue->process, memory_order_relaxed);
    return process && process != getpid();
}

void murre_tier_lock(struct murre_engine *engine) {
    struct murre_tier_queue *queue = engine->workers;
    if (queue && in_child(queue) && !atomic_flag_test_and_set(&queue->child))
        pthread_mutex_init(&engine->lock, NULL);
    pthread_mutex_lock(&engine->lock);
}

void murre_tier_unlock(struct murre_engine *engine) {
    pthread_mutex_unlock(&engine->lock);
}

void *murre_tier_first_entry(const struct murre_engine *engine, const struct murre_code *code) {
    void *native = code ? atomic_load_explicit(&code->native, memory_order_acquire) : NULL;
    if (native)
        return native;
    return engine->workers && engine->config.tier == MURRE_TIER_JIT ? (void *)murre_arch_exit_first : (void *)murre_arch_exit;
}

/* ---- publication ---------------------------------------------------------------------------------------------------------------- */

static void publish_function(const struct request *request, void *entry) {
    struct murre_module *module = request->module;
    uint32_t defined = request->func_index - module->info.func_import_count;
    murre_tier_lock(module->engine);
    bool first = !atomic_load_explicit(&request->code->native, memory_order_relaxed);
    bool was_refused = atomic_exchange_explicit(&request->code->refused, 0, memory_order_relaxed);
    atomic_store_explicit(&request->code->native, entry, memory_order_release);
    atomic_store_explicit(&request->code->level, (uint8_t)(request->level + 1), memory_order_relaxed);
    for (struct murre_instance *instance = module->instances; instance; instance = instance->next_of_module) {
        struct murre_func *func = (struct murre_func *)murre_instance_at(instance, module->layout.funcs) + defined;
        atomic_store_explicit(&func->entry, entry, memory_order_release);
    }
    murre_tier_unlock(module->engine);
    if (first)
        atomic_fetch_add_explicit(&module->engine->functions_compiled, 1, memory_order_relaxed);
    if (was_refused)
        atomic_fetch_sub_explicit(&module->engine->functions_refused, 1, memory_order_relaxed);
}

static void refuse(const struct request *request, const struct murre_error *error) {
    struct murre_engine *engine = request->module->engine;
    if (request->rise) { /* what it has is good enough */
        murre_log(engine, MURRE_LOG_INFO, "function %u is not compiled again at level %d: %s", (unsigned)request->func_index,
                  request->level, error->message);
        return;
    }
    uint8_t status = (uint8_t)error->status;
    if (request->loop) {
        atomic_store_explicit(&request->loop->refused, status, memory_order_relaxed);
        atomic_store_explicit(&request->loop->asked, status != MURRE_ERROR_MEMORY, memory_order_release);
    } else if (!atomic_exchange_explicit(&request->code->refused, status, memory_order_relaxed)) {
        atomic_fetch_add_explicit(&engine->functions_refused, 1, memory_order_relaxed);
    }
    murre_log(engine, MURRE_LOG_WARNING, "%s %u stays interpreted: %s", request->loop ? "a loop of function" : "function",
              (unsigned)request->func_index, error->message);
}

static uint64_t thread_nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* On a compile thread, without a lock. False when it has been cancelled. */
static bool compile(const struct worker *worker, void *compiler, const struct request *request) {
    struct murre_module *module = request->module;
    struct murre_engine *engine = module->engine;
    if (!request->loop && !request->rise && atomic_load_explicit(&request->code->native, memory_order_relaxed))
        return true; /* two threads have asked */
    struct murre_error error = {.status = MURRE_OK, .offset = MURRE_NO_OFFSET};
    murre_module_decide_bounds(module);
    uint64_t start = thread_nanoseconds();
    void *entry = engine->jit_ops->compile(compiler, module, request->func_index, request->loop ? request->loop->loop : UINT32_MAX,
                                           request->level, &error);
    atomic_fetch_add_explicit(&engine->compile_nanoseconds, thread_nanoseconds() - start, memory_order_relaxed);
    /* Before the stores with release below: callers load an entry plainly or relaxed (compiled code, the interpreter), and on processors with weak
     * order it is this that lets them see the code and what belongs to it. */
    if (entry)
        murre_arch_publish_code();
    if (!entry && atomic_load_explicit(&worker->cancel, memory_order_relaxed))
        return false;
    if (!entry)
        refuse(request, &error);
    else if (request->loop)
        atomic_store_explicit(&request->loop->entry, entry, memory_order_release);
    else
        publish_function(request, entry);
    return true;
}

/* ---- the queue ------------------------------------------------------------------------------------------------------------------ */

static double score(const struct request *request) {
    if (request->done)
        return 1e9;
    unsigned hits = atomic_load_explicit(request->loop ? &request->loop->hits : &request->code->hits, memory_order_relaxed);
    /* A hit of a large function stands for more work than one of a small function, but for less than its size says. */
    double value = (hits + 1.0) * (hits + 1.0) / (request->body_size + 500.0);
    return request->rise ? value * 1e-9 : value;
}

/* Requests are few, and scores change while they wait: looking at all of them beats keeping order. NULL: none, or only one that must have
 * patience until *moment (else 0). */
static struct request *take_best(struct murre_tier_queue *queue, uint64_t *moment) {
    *moment = 0;
    struct request **best = NULL;
    double best_score = -1;
    for (struct request **link = &queue->waiting; *link; link = &(*link)->next) {
        double value = score(*link);
        if (value >= best_score) { /* of equals the oldest, which is last */
            best_score = value;
            best = link;
        }
    }
    struct request *request = best ? *best : NULL;
    if (request && request->rise && now() < queue->last_request + request->patience) {
        *moment = queue->last_request + request->patience;
        return NULL;
    }
    if (request)
        *best = request->next;
    return request;
}

static void free_request(struct murre_tier_queue *queue, struct request *request) {
    murre_free(&queue->engine->allocator, request, sizeof *request);
}

/* The level after this one, or -1. */
static int level_above(const struct request *request) {
    const struct murre_engine *engine = request->module->engine;
    bool chosen = engine->config.opt_level < 0;
    return chosen && !request->loop && request->level < HIGH_LEVEL && request->body_size <= high_at_all ? HIGH_LEVEL : -1;
}

/* The request has run; with queue->lock. It goes round once more for the next level, or ends. */
static void finish(struct murre_tier_queue *queue, struct request *request) {
    if (request->done) {
        *request->done = true;
        request->done = NULL;
    }
    int above = level_above(request);
    if (above >= 0 && queue->engine->queue && !queue->stopping && atomic_load_explicit(&request->code->native, memory_order_relaxed)) {
        request->level = above;
        request->rise = true;
        request->patience = (uint64_t)request->body_size * rise_nanoseconds;
        request->next = queue->waiting;
        queue->waiting = request;
        atomic_store_explicit(&request->code->queued, (uint8_t)(above + 1), memory_order_relaxed);
        return;
    }
    if (!request->loop)
        atomic_store_explicit(&request->code->queued, 0, memory_order_relaxed);
    free_request(queue, request);
}

/* With queue->lock. */
static void put_back(struct murre_tier_queue *queue, struct request *request) {
    request->patience *= 2;
    request->next = queue->waiting;
    queue->waiting = request;
}

static void *work(void *argument) {
    struct worker *worker = argument;
    struct murre_tier_queue *queue = worker->queue;
    struct murre_engine *engine = queue->engine;
    void *compiler = NULL;
    pthread_mutex_lock(&queue->lock);
    while (!queue->stopping) {
        uint64_t moment;
        struct request *request = take_best(queue, &moment);
        if (!request) {
            struct timespec until = {(time_t)(moment / 1000000000u), (long)(moment % 1000000000u)};
            if (moment)
                pthread_cond_timedwait(&queue->work, &queue->lock, &until);
            else
                pthread_cond_wait(&queue->work, &queue->lock);
            continue;
        }
        worker->module = request->module;
        worker->rising = request->rise;
        bool done = true;
        atomic_store_explicit(&worker->cancel, false, memory_order_relaxed);
        pthread_mutex_unlock(&queue->lock);
        if (!compiler)
            compiler = engine->jit_ops->worker_new(engine->jit, &worker->cancel);
        if (compiler) {
            done = compile(worker, compiler, request);
        } else {
            struct murre_error error = {.status = MURRE_ERROR_MEMORY, .message = "no memory for the compiler"};
            refuse(request, &error);
        }
        pthread_mutex_lock(&queue->lock);
        worker->module = NULL;
        worker->rising = false;
        if (done || !request->rise)
            finish(queue, request);
        else
            put_back(queue, request);
        pthread_cond_broadcast(&queue->done);
    }
    pthread_mutex_unlock(&queue->lock);
    if (compiler)
        engine->jit_ops->worker_delete(compiler);
    return NULL;
}

static bool start_thread(struct worker *worker) {
    pthread_attr_t attr;
    if (pthread_attr_init(&attr) != 0)
        return false;
    pthread_attr_setstacksize(&attr, thread_stack);
    /* The host's signals are for the host's threads. */
    sigset_t all, old;
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    bool good = pthread_create(&worker->thread, &attr, work, worker) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return good;
}

/* With queue->lock. */
static void start_threads(struct murre_tier_queue *queue) {
    queue->started = true;
    unsigned wanted = queue->engine->config.compile_threads;
    if (wanted > MOST_THREADS)
        wanted = MOST_THREADS;
    atomic_store_explicit(&queue->process, getpid(), memory_order_relaxed);
    while (queue->thread_count < wanted) {
        struct worker *worker = &queue->workers[queue->thread_count];
        *worker = (struct worker){.queue = queue};
        if (!start_thread(worker))
            break;
        queue->thread_count++;
    }
    queue->broken = queue->thread_count == 0;
    if (queue->thread_count < wanted)
        murre_log(queue->engine, MURRE_LOG_WARNING, "%u of %u compile threads could be started%s", queue->thread_count, wanted,
                  queue->broken ? ": everything stays interpreted" : "");
}

static int first_level(const struct murre_engine *engine, uint32_t body_size) {
    if (engine->config.opt_level >= 0)
        return engine->config.opt_level;
    return body_size <= high_at_once ? HIGH_LEVEL : LOW_LEVEL;
}

/* With queue->lock. NULL: no memory, or no threads. */
static struct request *add(struct murre_tier_queue *queue, struct murre_func *func, struct murre_osr *loop, bool *done) {
    if (!queue->started)
        start_threads(queue);
    struct request *request = queue->broken ? NULL : murre_alloc(&queue->engine->allocator, sizeof *request);
    if (!request)
        return NULL;
    struct murre_module *module = func->instance->module;
    uint32_t start, end;
    murre_module_body(&module->info, func->index, &start, &end);
    *request = (struct request){
        .next = queue->waiting,
        .module = module,
        .code = func->code,
        .func_index = func->index,
        .body_size = end - start,
        .loop = loop,
        .level = first_level(queue->engine, end - start),
        .done = done,
    };
    queue->waiting = request;
    queue->last_request = now();
    if (!loop)
        atomic_store_explicit(&func->code->queued, (uint8_t)(request->level + 1), memory_order_relaxed);
    for (unsigned i = 0; i < queue->thread_count; i++)
        if (queue->workers[i].rising)
            atomic_store_explicit(&queue->workers[i].cancel, true, memory_order_relaxed);
    pthread_cond_signal(&queue->work);
    return request;
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

static uint32_t body_size_of(const struct murre_func *func) {
    uint32_t start, end;
    murre_module_body(&func->instance->module->info, func->index, &start, &end);
    return end - start;
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
        in_child(queue) || !has_earned(body_size_of(func), &code->hits))
        return;
    pthread_mutex_lock(&queue->lock);
    if (!atomic_load_explicit(&code->queued, memory_order_relaxed) && !atomic_load_explicit(&code->native, memory_order_relaxed))
        add(queue, func, NULL, NULL);
    pthread_mutex_unlock(&queue->lock);
}

static struct murre_osr *find_loop(const struct murre_code *code, uint32_t loop) {
    struct murre_osr *node = atomic_load_explicit(&code->osr, memory_order_acquire);
    while (node && node->loop != loop)
        node = node->next;
    return node;
}

static struct murre_osr *add_loop(struct murre_tier_queue *queue, struct murre_code *code, uint32_t loop) {
    struct murre_osr *node = murre_alloc_zero(&queue->engine->allocator, sizeof *node);
    if (!node)
        return NULL;
    pthread_mutex_lock(&queue->lock);
    struct murre_osr *found = find_loop(code, loop);
    if (!found) {
        node->loop = loop;
        node->next = atomic_load_explicit(&code->osr, memory_order_relaxed);
        atomic_store_explicit(&code->osr, node, memory_order_release);
    }
    pthread_mutex_unlock(&queue->lock);
    if (found)
        murre_free(&queue->engine->allocator, node, sizeof *node);
    return found ? found : node;
}

/* What there is for the function besides this loop. */
enum cover { NO_CODE, CODE_COMES, CODE_IS_THERE };

static enum cover cover_of(const struct murre_code *code, const struct murre_osr *but) {
    enum cover cover = NO_CODE;
    if (atomic_load_explicit(&code->queued, memory_order_relaxed))
        cover = CODE_COMES;
    for (const struct murre_osr *node = atomic_load_explicit(&code->osr, memory_order_acquire); node; node = node->next) {
        if (node == but || !atomic_load_explicit(&node->asked, memory_order_relaxed) || atomic_load_explicit(&node->refused, memory_order_relaxed))
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
    bool whole = cover == NO_CODE && body_size <= small_body && entries_of(queue->engine, code) >= several_entries &&
                 !atomic_load_explicit(&code->refused, memory_order_relaxed);
    pthread_mutex_lock(&queue->lock);
    if (whole) {
        if (!atomic_load_explicit(&code->queued, memory_order_relaxed) && !atomic_load_explicit(&code->native, memory_order_relaxed))
            add(queue, func, NULL, NULL);
    } else if (!atomic_load_explicit(&node->asked, memory_order_relaxed)) {
        atomic_store_explicit(&node->refused, 0, memory_order_relaxed);
        atomic_store_explicit(&node->asked, add(queue, func, node, NULL) != NULL, memory_order_relaxed);
    }
    pthread_mutex_unlock(&queue->lock);
}

void *murre_tier_hot_loop(struct murre_func *func, uint32_t loop, uint32_t *again) {
    struct murre_tier_queue *queue = func->instance->store->engine->queue;
    *again = func->instance->store->engine->config.loop_threshold;
    if (!queue || func->instance->interpreted_only)
        return NULL;
    struct murre_osr *node = find_loop(func->code, loop);
    void *entry = node ? atomic_load_explicit(&node->entry, memory_order_acquire) : NULL;
    if (entry) {
        *again = 0;
        /* A function that is called again and again, if seldom, need not reach its loops in the interpreter first. */
        if (atomic_load_explicit(&func->code->heat, memory_order_relaxed) >= several_entries)
            murre_tier_hot_function(func);
        return entry;
    }
    if (in_child(queue) || (!node && !(node = add_loop(queue, func->code, loop))))
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

/* False: the store has been interrupted, and the function is compiled without anybody waiting. */
static bool compile_and_wait(struct murre_tier_queue *queue, struct murre_func *func) {
    const atomic_bool *interrupt = &func->instance->store->interrupt;
    bool done = false;
    pthread_mutex_lock(&queue->lock);
    struct request *request = add(queue, func, NULL, &done);
    while (request && !done && !atomic_load_explicit(interrupt, memory_order_relaxed)) {
        uint64_t moment = now() + look_at_interrupt;
        struct timespec until = {(time_t)(moment / 1000000000u), (long)(moment % 1000000000u)};
        pthread_cond_timedwait(&queue->done, &queue->lock, &until);
    }
    bool left = request && !done;
    if (left)
        request->done = NULL;
    pthread_mutex_unlock(&queue->lock);
    return !left;
}

bool murre_tier_compile_now(struct murre_func *func) {
    struct murre_code *code = func->code;
    struct murre_tier_queue *queue = func->instance->store->engine->workers;
    void *native = atomic_load_explicit(&code->native, memory_order_acquire);
    if (!native && queue && !func->instance->interpreted_only && !atomic_load_explicit(&code->refused, memory_order_relaxed) &&
        !in_child(queue)) {
        if (!compile_and_wait(queue, func))
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
    struct murre_tier_queue *queue = murre_alloc_zero(&engine->allocator, sizeof *queue);
    if (!queue)
        return murre_error_memory(error);
    queue->engine = engine;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->work, &attr);
    pthread_cond_init(&queue->done, &attr);
    pthread_condattr_destroy(&attr);
    atomic_flag_clear(&queue->child);
    engine->workers = queue;
    engine->queue = engine->config.tier == MURRE_TIER_AUTO ? queue : NULL;
    return MURRE_OK;
}

static void stop_threads(struct murre_tier_queue *queue) {
    pthread_mutex_lock(&queue->lock);
    queue->stopping = true;
    for (unsigned i = 0; i < queue->thread_count; i++)
        atomic_store_explicit(&queue->workers[i].cancel, true, memory_order_relaxed);
    pthread_cond_broadcast(&queue->work);
    pthread_mutex_unlock(&queue->lock);
    for (unsigned i = 0; i < queue->thread_count; i++)
        pthread_join(queue->workers[i].thread, NULL);
    while (queue->waiting) {
        struct request *request = queue->waiting;
        queue->waiting = request->next;
        free_request(queue, request);
    }
    pthread_cond_destroy(&queue->work);
    pthread_cond_destroy(&queue->done);
    pthread_mutex_destroy(&queue->lock);
}

void murre_tier_stop(struct murre_engine *engine) {
    struct murre_tier_queue *queue = engine->workers;
    if (queue) {
        /* A child leaves the requests alone: a compile thread may have been changing them. */
        if (!in_child(queue))
            stop_threads(queue);
        murre_free(&engine->allocator, queue, sizeof *queue);
        engine->workers = engine->queue = NULL;
    }
    if (engine->has_signals)
        murre_signal_release();
    engine->has_signals = false;
}

/* With queue->lock. */
static void forget(struct murre_tier_queue *queue, const struct murre_module *module) {
    for (struct request **link = &queue->waiting; *link;) {
        struct request *request = *link;
        if (request->module != module) {
            link = &request->next;
            continue;
        }
        *link = request->next;
        free_request(queue, request);
    }
}

void murre_tier_drop_module(struct murre_module *module) {
    struct murre_tier_queue *queue = module->engine->workers;
    if (!queue || in_child(queue))
        return;
    pthread_mutex_lock(&queue->lock);
    forget(queue, module);
    for (unsigned i = 0; i < queue->thread_count;) {
        if (queue->workers[i].module == module) {
            atomic_store_explicit(&queue->workers[i].cancel, true, memory_order_relaxed);
            pthread_cond_wait(&queue->done, &queue->lock);
            i = 0;
        } else {
            i++;
        }
    }
    /* A request that was running may have come back for its next level. */
    forget(queue, module);
    pthread_mutex_unlock(&queue->lock);
}
