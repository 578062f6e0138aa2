/* The compiler of an engine, its workers, and the record of what has been compiled.
 *
 * There is one struct compiled per block of code, owned by this file and named as the block's owner in code memory; it exists until its module is
 * dropped. Code memory is made with the first worker, because many runs never compile anything; find may run in a signal handler at that moment.
 * A worker belongs to one thread at a time; everything else is thread safe.
 *
 * fork: a compile thread may have held the lock, and the parent still runs compiled code. So a child, which has no compile threads, neither
 * takes the lock nor frees code (codemem.h). It frees the records with its engine: their list has only complete ones at any time. */
#include "jit/jit.h"

#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "jit/codemem.h"
#include "jit/emit.h"
#include "jit/mirctx.h"
#include "jit/site.h"
#include "runtime/log.h"
#include "runtime/module.h"

struct compiled {
    struct compiled *next;
    struct murre_module *module;
    uint32_t func_index;
    const uint8_t *code;
    size_t size;
    struct murre_sites *sites;
};

struct murre_jit {
    struct murre_engine *engine; /* outlives us */
    struct murre_allocator allocator;
    _Atomic(struct murre_codemem *) codemem; /* NULL: nothing has been compiled */
    pthread_mutex_t lock;                    /* guards making codemem, and changing: */
    _Atomic(struct compiled *) compiled;
};

struct worker {
    struct murre_jit *jit;
    struct murre_front *front;
    struct murre_mirctx *mirctx;
};

struct request {
    struct worker *worker;
    struct murre_module *module;
    struct compiled *compiled; /* the record of it, or NULL: it is only looked at */
    uint32_t func_index, loop;
    int level;
    FILE *text; /* where the MIR is printed, or NULL */
    struct murre_error *error;
};

/* ---- life --------------------------------------------------------------------------------------------------------- */

static void *start(struct murre_engine *engine, struct murre_error *error) {
    struct murre_jit *jit = murre_alloc_zero(&engine->allocator, sizeof *jit);
    if (jit == NULL) {
        murre_error_memory(error);
        return NULL;
    }
    jit->engine = engine;
    jit->allocator = engine->allocator;
    pthread_mutex_init(&jit->lock, NULL);
    return jit;
}

static void free_record(struct murre_jit *jit, struct compiled *compiled) {
    murre_sites_delete(&jit->allocator, compiled->sites);
    murre_free(&jit->allocator, compiled, sizeof *compiled);
}

static void stop(void *opaque) {
    struct murre_jit *jit = opaque;
    if (jit == NULL)
        return;
    for (struct compiled *compiled = atomic_load(&jit->compiled), *next; compiled != NULL; compiled = next) {
        next = compiled->next;
        free_record(jit, compiled);
    }
    struct murre_codemem *codemem = atomic_load(&jit->codemem);
    if (codemem == NULL || !murre_codemem_inherited(codemem))
        pthread_mutex_destroy(&jit->lock);
    murre_codemem_delete(codemem);
    murre_free(&jit->allocator, jit, sizeof *jit);
}

static struct murre_codemem *code_memory(struct murre_jit *jit) {
    pthread_mutex_lock(&jit->lock);
    struct murre_codemem *codemem = atomic_load(&jit->codemem);
    if (codemem == NULL) {
        codemem = murre_codemem_new(0);
        atomic_store(&jit->codemem, codemem);
    }
    pthread_mutex_unlock(&jit->lock);
    return codemem;
}

static void worker_delete(void *opaque) {
    struct worker *worker = opaque;
    if (worker == NULL)
        return;
    murre_front_delete(worker->front);
    murre_mirctx_delete(worker->mirctx);
    murre_free(&worker->jit->allocator, worker, sizeof *worker);
}

/* What is known of the code's places is there before the code can be found. */
static bool keep_sites(void *user, const struct murre_mirctx_site *sites, size_t count) {
    const struct request *request = user;
    if (request->compiled == NULL)
        return true;
    request->compiled->sites = murre_jit_sites(&request->worker->jit->allocator, sites, count, !request->module->explicit_bounds);
    return request->compiled->sites != NULL;
}

static void *worker_new(void *opaque, const atomic_bool *cancel) {
    struct murre_jit *jit = opaque;
    struct murre_codemem *codemem = code_memory(jit);
    struct worker *worker = codemem == NULL ? NULL : murre_alloc_zero(&jit->allocator, sizeof *worker);
    if (worker == NULL)
        return NULL;
    worker->jit = jit;
    worker->front = murre_front_new(&jit->allocator);
    worker->mirctx = murre_mirctx_new(codemem, 0);
    if (worker->mirctx != NULL) {
        murre_mirctx_set_cancel(worker->mirctx, cancel);
        murre_mirctx_set_finish(worker->mirctx, keep_sites);
    }
    if (worker->front != NULL && worker->mirctx != NULL)
        return worker;
    worker_delete(worker);
    return NULL;
}

/* ---- compiling ---------------------------------------------------------------------------------------------------- */

/* May be left by longjmp anywhere below: the front end keeps its scratch space in its own struct and starts afresh each time. */
static MIR_item_t build(void *user, MIR_context_t mir, MIR_module_t mir_module) {
    const struct request *request = user;
    struct murre_emit *emit = murre_mirctx_alloc(sizeof *emit);
    murre_emit_init(emit, mir, mir_module, request->module, request->loop, request->level);
    enum murre_status status = murre_front_run(request->worker->front, &request->module->info, request->func_index,
                                               request->module->engine->features, &emit->sink, request->error);
    if (status != MURRE_OK)
        return NULL;
    /* Where every pass of a loop goes through a large branch table, the values that live across it meet at all its targets. MIR's splitting of
     * live ranges at level 2 then moves them from and to memory on each way (measured: Go programs took three times as long, QuickJS 1.3
     * times); the plain allocation of level 1 does not. */
    if (emit->dispatches && request->level > 1)
        murre_mirctx_lower_level(mir, 1);
    if (request->text != NULL)
        MIR_output_item(mir, request->text, emit->item);
    return emit->item;
}

static enum murre_status status_of(enum murre_mirctx_status status) {
    switch (status) {
    case MURRE_MIRCTX_OK: return MURRE_OK;
    case MURRE_MIRCTX_REFUSED: return MURRE_ERROR_UNSUPPORTED;
    case MURRE_MIRCTX_BUDGET: return MURRE_ERROR_LIMIT;
    default: return MURRE_ERROR_MEMORY;
    }
}

/* The code, its block owned by the request's record, or NULL and error filled. */
static const uint8_t *run(struct request *request, int level, struct murre_mirctx_result *result, struct murre_error *error) {
    struct murre_error found = {.status = MURRE_OK};
    request->error = &found;
    request->level = level < 0 || level > 3 ? 2 : level;
    enum murre_mirctx_status status =
        murre_mirctx_compile(request->worker->mirctx, (unsigned)request->level, build, request, request->compiled, result);
    if (status == MURRE_MIRCTX_OK)
        return result->code;
    if (found.status != MURRE_OK)
        murre_error_set(error, found.status, found.offset, "%s", found.message);
    else
        murre_error_set(error, status_of(status), MURRE_NO_OFFSET, "%s",
                        result->message[0] != '\0' ? result->message : murre_mirctx_status_name(status));
    return NULL;
}

static void tell_compiled(const struct request *request, const struct murre_mirctx_result *result) {
    if (!murre_log_wants(request->module->engine, MURRE_LOG_DEBUG))
        return;
    const struct murre_name name = murre_module_name(request->module, request->func_index);
    murre_log(request->module->engine, MURRE_LOG_DEBUG, "%s %u %s compiled at level %d: %zu bytes; %zu KiB of working memory given back",
              request->loop == UINT32_MAX ? "function" : "a loop of function", (unsigned)request->func_index,
              name.size != 0 ? murre_quote(name).text : "without name", request->level, result->code_size, result->peak_memory / 1024);
}

/* What compiled code takes: it is seen twice, where it runs and where it is written (codemem.h), with a header and what alignment adds;
 * and there are the records of it. */
static uint64_t bytes_taken(const struct compiled *compiled) {
    enum { HEADER = 96, RECORDS = sizeof(struct compiled) + sizeof(struct murre_code) + 32 };
    return 2 * ((uint64_t)compiled->size + HEADER) + RECORDS + murre_sites_size(compiled->sites);
}

/* Scratch memory of the front end that a worker keeps. */
enum { MOST_KEPT = 1 << 20 };

/* After a large function; the next one is not. */
static void shrink(struct worker *worker) {
    struct murre_front *fresh = murre_front_bytes(worker->front) > MOST_KEPT ? murre_front_new(&worker->jit->allocator) : NULL;
    if (fresh == NULL)
        return;
    murre_front_delete(worker->front);
    worker->front = fresh;
}

static void *compile(void *opaque, struct murre_module *module, uint32_t func_index, uint32_t loop, int level, size_t *memory,
                     struct murre_error *error) {
    struct worker *worker = opaque;
    struct murre_jit *jit = worker->jit;
    struct compiled *compiled = murre_alloc_zero(&jit->allocator, sizeof *compiled);
    if (compiled == NULL) {
        murre_error_memory(error);
        return NULL;
    }
    /* Before the code can be found. */
    compiled->module = module;
    compiled->func_index = func_index;
    struct murre_mirctx_result result;
    struct request request = {.worker = worker, .module = module, .func_index = func_index, .loop = loop, .compiled = compiled};
    murre_mirctx_set_budget(worker->mirctx, *memory);
    compiled->code = run(&request, level, &result, error);
    if (result.over_memory)
        *memory = 0;
    shrink(worker);
    if (compiled->code == NULL) {
        free_record(jit, compiled);
        return NULL;
    }
    compiled->size = result.code_size;
    atomic_fetch_add(&jit->engine->code_bytes, compiled->size);
    atomic_fetch_add(&module->code_bytes, bytes_taken(compiled));
    pthread_mutex_lock(&jit->lock);
    compiled->next = atomic_load_explicit(&jit->compiled, memory_order_relaxed);
    atomic_store_explicit(&jit->compiled, compiled, memory_order_release);
    pthread_mutex_unlock(&jit->lock);
    if (murre_log_wants(jit->engine, MURRE_LOG_DEBUG))
        tell_compiled(&request, &result);
    return (void *)compiled->code;
}

/* The records of the module, out of the list. */
static struct compiled *take_out(struct murre_jit *jit, const struct murre_module *module) {
    struct compiled *taken = NULL, *before = NULL;
    pthread_mutex_lock(&jit->lock);
    for (struct compiled *compiled = atomic_load(&jit->compiled), *next; compiled != NULL; compiled = next) {
        next = compiled->next;
        if (compiled->module != module) {
            before = compiled;
            continue;
        }
        if (before != NULL)
            before->next = next;
        else
            atomic_store(&jit->compiled, next);
        compiled->next = taken;
        taken = compiled;
    }
    pthread_mutex_unlock(&jit->lock);
    return taken;
}

static void drop_module(void *opaque, struct murre_module *module) {
    struct murre_jit *jit = opaque;
    struct murre_codemem *codemem = atomic_load(&jit->codemem);
    if (codemem == NULL || murre_codemem_inherited(codemem))
        return;
    for (struct compiled *compiled = take_out(jit, module), *next; compiled != NULL; compiled = next) {
        next = compiled->next;
        murre_codemem_free(codemem, compiled->code);
        atomic_fetch_sub(&jit->engine->code_bytes, compiled->size);
        atomic_fetch_sub(&module->code_bytes, bytes_taken(compiled));
        free_record(jit, compiled);
    }
}

/* ---- looking up --------------------------------------------------------------------------------------------------- */

static bool find(void *opaque, uintptr_t pc, struct murre_code_place *place) {
    struct murre_jit *jit = opaque;
    const struct murre_codemem *codemem = atomic_load_explicit(&jit->codemem, memory_order_acquire);
    const struct murre_codeblock *block = codemem == NULL ? NULL : murre_codemem_find(codemem, pc);
    if (block == NULL || block->owner == NULL)
        return false;
    const struct compiled *compiled = block->owner;
    *place = (struct murre_code_place){.module = compiled->module,
                                       .func_index = compiled->func_index,
                                       .code = compiled->code,
                                       .sites = compiled->sites,
                                       .frameless = block->frameless != 0};
    return true;
}

const struct murre_jit_ops murre_jit_ops = {
    .start = start,
    .stop = stop,
    .worker_new = worker_new,
    .worker_delete = worker_delete,
    .compile = compile,
    .drop_module = drop_module,
    .find = find,
};

/* ---- debugging ---------------------------------------------------------------------------------------------------- */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

bool murre_jit_dump(struct murre_module *module, uint32_t func_index, uint32_t loop, int level, FILE *text,
                    void (*see)(void *context, const struct murre_jit_dump *dump), void *context, struct murre_error *error) {
    struct murre_jit *jit = module->engine->jit;
    struct worker *worker = jit == NULL ? NULL : worker_new(jit, NULL);
    if (worker == NULL) {
        murre_error_set(error, MURRE_ERROR_MEMORY, MURRE_NO_OFFSET, "no compiler");
        return false;
    }
    struct murre_mirctx_result result;
    double before = now();
    struct compiled compiled = {.module = module, .func_index = func_index};
    struct request request = {
        .worker = worker, .module = module, .func_index = func_index, .loop = loop, .text = text, .compiled = &compiled};
    const uint8_t *code = run(&request, level, &result, error);
    if (code != NULL) {
        struct murre_jit_dump dump = {.code = code,
                                      .size = result.code_size,
                                      .sites_size = murre_sites_size(compiled.sites),
                                      .peak_memory = result.peak_memory,
                                      .seconds = now() - before};
        see(context, &dump);
        murre_codemem_free(atomic_load(&jit->codemem), code);
    }
    murre_sites_delete(&jit->allocator, compiled.sites);
    worker_delete(worker);
    return code != NULL;
}
