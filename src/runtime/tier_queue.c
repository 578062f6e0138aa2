/* See tier_queue.h.
 *
 * queue->lock guards the requests, and which of them runs where. Publication takes engine->lock, which is never held together with it; a
 * compile thread that compiles holds neither. A request belongs to the list of waiting requests, or to the thread that has taken it out;
 * whoever finishes it frees it. murre_tier_drop_module and murre_tier_lock are declared in tier.h, because others use them. */
#include "runtime/tier_queue.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/look.h"
#include "runtime/instance.h"
#include "runtime/log.h"
#include "runtime/module.h"
#include "runtime/tier.h"

enum { MOST_THREADS = 16 };
static const size_t thread_stack = 8 * 1024 * 1024; /* bytes; the compiler recurses along expressions and loops */
/* How often a thread that waits for a compilation checks whether its store has been interrupted. */
static const uint64_t look_at_interrupt = 5000000; /* nanoseconds */

struct request {
    struct request *next;
    struct murre_module *module;
    struct murre_code *code;
    uint32_t func_index, body_size;
    struct murre_osr *loop; /* NULL: the function itself */
    int level, second_level;
    bool recompile;      /* a recompilation: has code of a lower level */
    uint64_t idle_delay; /* recompilation: nanoseconds without a request before it begins */
    bool *done;          /* somebody waits: urgent; set when it has been dealt with */
};

struct worker {
    pthread_t thread;
    struct murre_tier_queue *queue;
    struct murre_module *module; /* being compiled, or NULL */
    bool recompiling;            /* for the second time */
    uint64_t memory;             /* bytes that the compilation may take */
    bool most_memory;            /* there will never be more for it */
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
    uint64_t working; /* bytes that the compilations which run may take together */
    unsigned thread_count;
    struct worker workers[MOST_THREADS];
    _Atomic pid_t process; /* that the threads are in; 0: not started */
    atomic_flag child;     /* a child has made engine->lock anew */
};

static uint64_t processor_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* With queue->lock: until the condition is signalled, or until that moment at most. */
static void wait_until(struct murre_tier_queue *queue, pthread_cond_t *condition, uint64_t moment) {
    struct timespec until = {(time_t)(moment / 1000000000u), (long)(moment % 1000000000u)};
    pthread_cond_timedwait(condition, &queue->lock, &until);
}

/* ---- fork ----------------------------------------------------------------------------------------------------------------------- */

bool murre_tier_queue_in_child(const struct murre_tier_queue *queue) {
    pid_t process = atomic_load_explicit(&queue->process, memory_order_relaxed);
    return process && process != getpid();
}

void murre_tier_lock(struct murre_engine *engine) {
    struct murre_tier_queue *queue = engine->workers;
    if (queue && murre_tier_queue_in_child(queue) && !atomic_flag_test_and_set(&queue->child))
        pthread_mutex_init(&engine->lock, NULL);
    pthread_mutex_lock(&engine->lock);
}

void murre_tier_unlock(struct murre_engine *engine) {
    pthread_mutex_unlock(&engine->lock);
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
    if (request->recompile) { /* what it has is good enough */
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

/* What a compilation may work with, in bytes. Measured (CPython, resvg, boolector): a byte of body takes at most 520 bytes at level 1 and
 * 1,430 at level 2, and four times as much where bounds are compared; what is made to take more takes hundreds of thousands. So it is so
 * much for each byte, as many times as the function has been hot, since that is what it is for (tier jit does not count); and never more,
 * all that run together, than what is left of the module's limit of code, less a quarter for register code, without which nothing runs. */
static const uint64_t memory_besides = (uint64_t)8 << 20, memory_a_byte[] = {1024, 1024, 2048, 2048};
static const uint64_t memory_at_least = (uint64_t)2 << 20, memory_at_most = (uint64_t)512 << 20;

static uint64_t least_of(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* Three times as much where bounds are compared: the main loops of QuickJS and SQLite, 50 KB, take 64 and 72 MB then, and interpreted the
 * programs take up to 1.4 times as long. */
static uint64_t most_memory(const struct murre_module *module) {
    uint64_t room = murre_module_code_room(module), kept = module->code_limit / 4;
    return least_of((room > kept ? room - kept : 0) * (module->explicit_bounds ? 3 : 1), memory_at_most);
}

/* Without regard to how hot it has been. */
static uint64_t usual_memory(const struct request *request) {
    return memory_besides + memory_a_byte[request->level & 3] * request->body_size * (request->module->explicit_bounds ? 4 : 1);
}

/* With queue->lock, which is given up meanwhile: until the compilations that run leave room for this one. False: it has been cancelled. */
static bool take_memory(struct worker *worker, const struct request *request) {
    struct murre_tier_queue *queue = worker->queue;
    unsigned hits = atomic_load_explicit(request->loop ? &request->loop->hits : &request->code->hits, memory_order_relaxed);
    uint64_t usual = usual_memory(request), all = most_memory(request->module);
    uint64_t wanted = queue->engine->queue ? usual * (hits ? hits : 1) : all;
    while (queue->working && queue->working + usual > all && !atomic_load_explicit(&worker->cancel, memory_order_relaxed))
        pthread_cond_wait(&queue->done, &queue->lock);
    worker->most_memory = wanted >= all;
    worker->memory = least_of(wanted, all > queue->working ? all - queue->working : 0);
    queue->working += worker->memory;
    return !atomic_load_explicit(&worker->cancel, memory_order_relaxed);
}

static void *run_compiler(const struct worker *worker, void *compiler, struct request *request, struct murre_error *error) {
    struct murre_engine *engine = request->module->engine;
    for (;;) {
        size_t memory = worker->memory;
        void *entry = engine->jit_ops->compile(compiler, request->module, request->func_index,
                                               request->loop ? request->loop->loop : UINT32_MAX, request->level, &memory, error);
        if (entry || memory)
            return entry;
        /* A lower level takes less, and is much better than none. */
        if (request->level < 2 || engine->config.opt_level >= 0 || request->recompile) {
            if (!worker->most_memory) /* when it has been hot more often there is more for it */
                error->status = MURRE_ERROR_MEMORY;
            return NULL;
        }
        request->level = 1;
        request->second_level = -1;
        error->status = MURRE_OK;
    }
}

/* On a compile thread, without a lock. False when it has been cancelled. */
static bool compile(const struct worker *worker, void *compiler, struct request *request) {
    struct murre_module *module = request->module;
    struct murre_engine *engine = module->engine;
    if (!request->loop && !request->recompile && atomic_load_explicit(&request->code->native, memory_order_relaxed))
        return true; /* two threads have asked */
    struct murre_error error = {.status = MURRE_OK, .offset = MURRE_NO_OFFSET};
    if (worker->memory < memory_at_least) {
        (void)murre_error_set(&error, MURRE_ERROR_MEMORY, MURRE_NO_OFFSET, "code takes as much as it may (max_code_memory)");
        refuse(request, &error);
        return true;
    }
    murre_module_decide_bounds(module);
    uint64_t start = processor_time();
    void *entry = run_compiler(worker, compiler, request, &error);
    atomic_fetch_add_explicit(&engine->compile_nanoseconds, processor_time() - start, memory_order_relaxed);
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

/* ---- order ---------------------------------------------------------------------------------------------------------------------- */

static double score(const struct request *request) {
    if (request->done)
        return 1e9;
    unsigned hits = atomic_load_explicit(request->loop ? &request->loop->hits : &request->code->hits, memory_order_relaxed);
    /* A hit of a large function stands for more work than one of a small function, but for less than its size says. */
    double value = (hits + 1.0) * (hits + 1.0) / (request->body_size + 500.0);
    return request->recompile ? value * 1e-9 : value;
}

/* Requests are few, and scores change while they wait: looking at all of them beats keeping order. NULL: none, or only one that must wait
 * until *moment (else 0), its idle delay. */
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
    if (request && request->recompile && murre_look_now() < queue->last_request + request->idle_delay) {
        *moment = queue->last_request + request->idle_delay;
        return NULL;
    }
    if (request)
        *best = request->next;
    return request;
}

static void free_request(struct murre_tier_queue *queue, struct request *request) {
    murre_free(&queue->engine->allocator, request, sizeof *request);
}

/* The request has run; with queue->lock. It goes round once more for the next level, or ends. */
static void finish(struct murre_tier_queue *queue, struct request *request) {
    if (request->done) {
        *request->done = true;
        request->done = NULL;
    }
    bool recompiled = !request->recompile && request->second_level >= 0;
    if (recompiled && !queue->stopping && atomic_load_explicit(&request->code->native, memory_order_relaxed)) {
        request->level = request->second_level;
        request->recompile = true;
        request->next = queue->waiting;
        queue->waiting = request;
        atomic_store_explicit(&request->code->queued, (uint8_t)(request->level + 1), memory_order_relaxed);
        return;
    }
    if (!request->loop)
        atomic_store_explicit(&request->code->queued, 0, memory_order_relaxed);
    free_request(queue, request);
}

/* With queue->lock. */
static void put_back(struct murre_tier_queue *queue, struct request *request) {
    request->idle_delay *= 2;
    request->next = queue->waiting;
    queue->waiting = request;
}

/* ---- threads -------------------------------------------------------------------------------------------------------------------- */

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
            if (moment)
                wait_until(queue, &queue->work, moment);
            else
                pthread_cond_wait(&queue->work, &queue->lock);
            continue;
        }
        worker->module = request->module;
        worker->recompiling = request->recompile;
        bool done = true;
        atomic_store_explicit(&worker->cancel, false, memory_order_relaxed);
        bool granted = take_memory(worker, request);
        pthread_mutex_unlock(&queue->lock);
        if (granted && !compiler)
            compiler = engine->jit_ops->worker_new(engine->jit, &worker->cancel);
        if (!granted) {
            done = false;
        } else if (compiler) {
            done = compile(worker, compiler, request);
        } else {
            struct murre_error error = {.status = MURRE_ERROR_MEMORY, .message = "no memory for the compiler"};
            refuse(request, &error);
        }
        pthread_mutex_lock(&queue->lock);
        worker->module = NULL;
        worker->recompiling = false;
        queue->working -= worker->memory;
        if (done || !request->recompile)
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

/* ---- asking --------------------------------------------------------------------------------------------------------------------- */

/* With queue->lock. done: see struct request. NULL: no memory, or no threads. */
static struct request *add(struct murre_tier_queue *queue, const struct murre_tier_request *wanted, bool *done) {
    if (!queue->started)
        start_threads(queue);
    struct request *request = queue->broken ? NULL : murre_alloc(&queue->engine->allocator, sizeof *request);
    if (!request)
        return NULL;
    struct murre_code *code = wanted->func->code;
    *request = (struct request){
        .next = queue->waiting,
        .module = wanted->func->instance->module,
        .code = code,
        .func_index = wanted->func->index,
        .body_size = wanted->body_size,
        .loop = wanted->loop,
        .level = wanted->level,
        .second_level = wanted->second_level,
        .idle_delay = wanted->idle_delay,
        .done = done,
    };
    queue->waiting = request;
    queue->last_request = murre_look_now();
    if (!wanted->loop)
        atomic_store_explicit(&code->queued, (uint8_t)(request->level + 1), memory_order_relaxed);
    for (unsigned i = 0; i < queue->thread_count; i++)
        if (queue->workers[i].recompiling)
            atomic_store_explicit(&queue->workers[i].cancel, true, memory_order_relaxed);
    pthread_cond_signal(&queue->work);
    return request;
}

void murre_tier_queue_ask(struct murre_tier_queue *queue, const struct murre_tier_request *wanted) {
    const struct murre_code *code = wanted->func->code;
    struct murre_osr *loop = wanted->loop;
    pthread_mutex_lock(&queue->lock);
    if (loop) {
        if (!atomic_load_explicit(&loop->asked, memory_order_relaxed)) {
            atomic_store_explicit(&loop->refused, 0, memory_order_relaxed);
            atomic_store_explicit(&loop->asked, add(queue, wanted, NULL) != NULL, memory_order_relaxed);
        }
    } else if (!atomic_load_explicit(&code->queued, memory_order_relaxed) && !atomic_load_explicit(&code->native, memory_order_relaxed)) {
        add(queue, wanted, NULL);
    }
    pthread_mutex_unlock(&queue->lock);
}

bool murre_tier_queue_wait(struct murre_tier_queue *queue, const struct murre_tier_request *wanted) {
    const atomic_bool *interrupt = &wanted->func->instance->store->interrupt;
    bool done = false;
    pthread_mutex_lock(&queue->lock);
    struct request *request = add(queue, wanted, &done);
    while (request && !done && !atomic_load_explicit(interrupt, memory_order_relaxed))
        wait_until(queue, &queue->done, murre_look_now() + look_at_interrupt);
    bool left = request && !done;
    if (left)
        request->done = NULL;
    pthread_mutex_unlock(&queue->lock);
    return !left;
}

struct murre_osr *murre_tier_find_loop(const struct murre_code *code, uint32_t loop) {
    struct murre_osr *node = atomic_load_explicit(&code->osr, memory_order_acquire);
    while (node && node->loop != loop)
        node = node->next;
    return node;
}

struct murre_osr *murre_tier_queue_add_loop(struct murre_tier_queue *queue, struct murre_code *code, uint32_t loop) {
    struct murre_osr *node = murre_alloc_zero(&queue->engine->allocator, sizeof *node);
    if (!node)
        return NULL;
    pthread_mutex_lock(&queue->lock);
    struct murre_osr *found = murre_tier_find_loop(code, loop);
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

/* ---- life ----------------------------------------------------------------------------------------------------------------------- */

struct murre_tier_queue *murre_tier_queue_new(struct murre_engine *engine) {
    struct murre_tier_queue *queue = murre_alloc_zero(&engine->allocator, sizeof *queue);
    if (!queue)
        return NULL;
    queue->engine = engine;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->work, &attr);
    pthread_cond_init(&queue->done, &attr);
    pthread_condattr_destroy(&attr);
    atomic_flag_clear(&queue->child);
    return queue;
}

static void stop_threads(struct murre_tier_queue *queue) {
    pthread_mutex_lock(&queue->lock);
    queue->stopping = true;
    for (unsigned i = 0; i < queue->thread_count; i++)
        atomic_store_explicit(&queue->workers[i].cancel, true, memory_order_relaxed);
    pthread_cond_broadcast(&queue->work);
    pthread_cond_broadcast(&queue->done);
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

void murre_tier_queue_delete(struct murre_tier_queue *queue) {
    if (!queue)
        return;
    /* A child leaves the requests alone: a compile thread may have been changing them. */
    if (!murre_tier_queue_in_child(queue))
        stop_threads(queue);
    murre_free(&queue->engine->allocator, queue, sizeof *queue);
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
    if (!queue || murre_tier_queue_in_child(queue))
        return;
    pthread_mutex_lock(&queue->lock);
    forget(queue, module);
    for (unsigned i = 0; i < queue->thread_count;) {
        if (queue->workers[i].module == module) {
            atomic_store_explicit(&queue->workers[i].cancel, true, memory_order_relaxed);
            pthread_cond_broadcast(&queue->done);
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
