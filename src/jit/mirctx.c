/* See mirctx.h. This file also has the functions that our patches make MIR call (deps/mir/patches, mir-murre.h): memory, failure and the
   placing of code. MIR passes no context to them, so the running compilation is a thread-local variable. */
#include "mirctx.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mir-gen.h>

#include "arch/arch.h"
#include "codemem.h"
#include "ext.h"
#include "mirarena.h"

static const size_t default_budget = (size_t)512 << 20;
static const size_t least_budget = (size_t)2 << 20;
/* Nanoseconds of the thread's processor time. The largest function that we know of real programs (CPython's evaluation loop) takes half a
   second; a slow processor may need several times as long. What takes more is made to, or a weakness of MIR, and would keep the
   compile thread from everything else. */
static const uint64_t default_time = 10 * UINT64_C(1000000000);
/* The clock is a system call: so many looks (some ten nanoseconds to some microseconds of work each) are between two. */
enum { LOOKS_A_CLOCK = 1 << 12 };

struct murre_mirctx {
    struct murre_mirarena *arena;
    struct murre_codemem *codemem;
    size_t budget;
    const atomic_bool *cancel; /* or NULL */
    uint64_t time;             /* nanoseconds that a compilation may take */
    uint64_t start;            /* of the running one, by the thread's clock */
    unsigned looks;            /* of the running one */
    MIR_context_t mir;         /* in the arena */
    jmp_buf escape;            /* where a failing compilation goes */
    bool over_memory;          /* the running one has used up its budget */
    bool writing;              /* a block of code is begun and not committed */
    bool frameless;
    struct murre_codewrite code;     /* that block */
    murre_mirctx_finish *finish;     /* or NULL */
    struct murre_mirctx_site *sites; /* of that block, in the arena */
    size_t site_count, site_capacity;
    char message[sizeof((struct murre_mirctx_result *)NULL)->message];
};

static _Thread_local struct murre_mirctx *running;

/* The generator's tables are static; the first context of the process completes them. A fork waits until nobody does, or its child
   could have tables that are half complete, and no thread that would give the lock back. */
static pthread_mutex_t init_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void lock_init(void) {
    pthread_mutex_lock(&init_lock);
}

static void unlock_init(void) {
    pthread_mutex_unlock(&init_lock);
}

static void look_after_forks(void) {
    /* Without memory for it children may be left without a compiler, which the parent's are not. */
    (void)pthread_atfork(lock_init, unlock_init, unlock_init);
}

static _Noreturn void leave(enum murre_mirctx_status status) {
    longjmp(running->escape, (int)status);
}

static _Noreturn void leave_with(enum murre_mirctx_status status, const char *format, va_list arguments) {
    vsnprintf(running->message, sizeof running->message, format, arguments);
    leave(status);
}

_Noreturn void murre_mirctx_fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    leave_with(MURRE_MIRCTX_REFUSED, format, arguments);
}

_Noreturn void murre_mirctx_over(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    leave_with(MURRE_MIRCTX_BUDGET, format, arguments);
}

/* ---- What MIR calls --------------------------------------------------------------------------------------------------- */

void *murre_mir_malloc(size_t size);
void *murre_mir_calloc(size_t n, size_t size);
void *murre_mir_realloc(void *block, size_t size);
void murre_mir_free(void *block);
void murre_mir_look(void);
_Noreturn void murre_mir_fail(const char *format, ...);
int murre_mir_branch_targets_p(void);
_Noreturn void murre_mir_check_failed(int line);
uint8_t *murre_mir_code_begin(size_t size, int frameless);
void murre_mir_code_write(uint8_t *code, const uint8_t *bytes, size_t size);
void murre_mir_site(size_t pc, uint32_t origin, int kind);

static void leave_if_cancelled(void) {
    if (running->cancel != NULL && atomic_load_explicit(running->cancel, memory_order_relaxed))
        murre_mirctx_fail("cancelled");
}

static void *checked(void *block) {
    if (block == NULL || murre_mirarena_used(running->arena) > running->budget) {
        snprintf(running->message, sizeof running->message, "compilation needs more than %zu bytes", running->budget);
        running->over_memory = true;
        leave(MURRE_MIRCTX_BUDGET);
    }
    leave_if_cancelled();
    return block;
}

void *murre_mir_malloc(size_t size) {
    return checked(murre_mirarena_alloc(running->arena, size));
}

void *murre_mir_calloc(size_t n, size_t size) {
    size_t bytes;
    void *block = checked(__builtin_mul_overflow(n, size, &bytes) ? NULL : murre_mirarena_alloc(running->arena, bytes));
    return memset(block, 0, bytes);
}

void *murre_mir_realloc(void *block, size_t size) {
    return checked(murre_mirarena_realloc(running->arena, block, size));
}

void murre_mir_free(void *block) {
    murre_mirarena_free(running->arena, block);
}

static uint64_t thread_nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void murre_mir_look(void) {
    leave_if_cancelled();
    if (++running->looks % LOOKS_A_CLOCK == 0 && thread_nanoseconds() - running->start > running->time)
        murre_mirctx_over("compilation takes more than %g s of processor time", (double)running->time * 1e-9);
}

_Noreturn void murre_mir_fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    leave_with(MURRE_MIRCTX_REFUSED, format, arguments);
}

#ifdef NDEBUG
static bool checks_refuse = true;
#else
static bool checks_refuse;
#endif

void murre_mirctx_checks_refuse(void) {
    checks_refuse = true;
}

_Noreturn void murre_mir_check_failed(int line) {
    if (!checks_refuse) {
        fprintf(stderr, "a check of MIR's own failed in line %d\n", line);
        abort();
    }
    murre_mir_fail("a check of MIR's own failed in line %d", line);
}

static _Noreturn void report_error(MIR_error_type_t type, const char *format, ...) {
    (void)type;
    va_list arguments;
    va_start(arguments, format);
    leave_with(MURRE_MIRCTX_REFUSED, format, arguments);
}

int murre_mir_branch_targets_p(void) {
    return murre_arch_features()->bti;
}

uint8_t *murre_mir_code_begin(size_t size, int frameless) {
    if (running->writing)
        murre_mirctx_fail("more than one function in a compilation");
    if (running->codemem == NULL || !murre_codemem_begin(running->codemem, size, &running->code)) {
        snprintf(running->message, sizeof running->message, "no room for %zu bytes of code", size);
        leave(MURRE_MIRCTX_NO_CODE);
    }
    running->writing = true;
    running->frameless = frameless != 0;
    return running->code.code;
}

void murre_mir_site(size_t pc, uint32_t origin, int kind) {
    if (running->finish == NULL)
        return;
    if (running->site_count == running->site_capacity) {
        running->site_capacity = running->site_capacity == 0 ? 64 : running->site_capacity * 2;
        running->sites = murre_mir_realloc(running->sites, running->site_capacity * sizeof *running->sites);
    }
    running->sites[running->site_count++] = (struct murre_mirctx_site){(uint32_t)pc, origin, (enum murre_mirctx_site_kind)kind};
}

void murre_mir_code_write(uint8_t *code, const uint8_t *bytes, size_t size) {
    if (!running->writing || code != running->code.code || size != running->code.size)
        murre_mirctx_fail("code written where none was begun");
    memcpy(running->code.write, bytes, size);
}

/* ---- A context's life ------------------------------------------------------------------------------------------------- */

static void start_clock(struct murre_mirctx *ctx) {
    ctx->looks = 0;
    ctx->start = thread_nanoseconds();
}

/* Under the containment of its caller. */
static void initialise(struct murre_mirctx *ctx) {
    ctx->mir = _MIR_init(); /* MIR_init would only compare versions, and abort */
    MIR_set_error_func(ctx->mir, report_error);
    MIR_gen_init(ctx->mir);
    MIR_set_trap_alias(ctx->mir, murre_mirctx_trap_alias(ctx->mir));
}

struct murre_mirctx *murre_mirctx_new(struct murre_codemem *codemem, size_t budget) {
    pthread_once(&fork_once, look_after_forks);
    struct murre_mirctx *volatile ctx = calloc(1, sizeof *ctx);
    if (ctx == NULL)
        return NULL;
    ctx->codemem = codemem;
    murre_mirctx_set_budget(ctx, budget);
    murre_mirctx_set_time(ctx, 0);
    start_clock(ctx);
    ctx->arena = murre_mirarena_new(ctx->budget);
    volatile bool good = false;
    if (ctx->arena != NULL) {
        lock_init();
        running = ctx;
        if (setjmp(ctx->escape) == 0) {
            initialise(ctx);
            good = murre_mirarena_snapshot(ctx->arena);
        }
        running = NULL;
        unlock_init();
    }
    if (good)
        return ctx;
    murre_mirctx_delete(ctx);
    return NULL;
}

void murre_mirctx_delete(struct murre_mirctx *ctx) {
    if (ctx == NULL)
        return;
    murre_mirarena_delete(ctx->arena);
    free(ctx);
}

void murre_mirctx_set_cancel(struct murre_mirctx *ctx, const atomic_bool *cancel) {
    ctx->cancel = cancel;
}

void murre_mirctx_set_finish(struct murre_mirctx *ctx, murre_mirctx_finish *finish) {
    ctx->finish = finish;
}

void murre_mirctx_set_budget(struct murre_mirctx *ctx, size_t budget) {
    ctx->budget = budget == 0 ? default_budget : budget < least_budget ? least_budget : budget;
}

void murre_mirctx_set_time(struct murre_mirctx *ctx, uint64_t nanoseconds) {
    ctx->time = nanoseconds == 0 ? default_time : nanoseconds;
}

/* ---- A compilation ---------------------------------------------------------------------------------------------------- */

void murre_mirctx_lower_level(MIR_context_t mir, unsigned level) {
    MIR_gen_set_optimize_level(mir, level);
    MIR_set_keep_operands(mir, level < 2);
}

static void generate(struct murre_mirctx *ctx, unsigned level, murre_mirctx_emit *emit, void *user) {
    MIR_context_t mir = ctx->mir;
    murre_mirctx_lower_level(mir, level);
    MIR_module_t module = MIR_new_module(mir, "m");
    MIR_item_t function = emit(user, mir, module);
    if (function == NULL)
        murre_mirctx_fail("refused by the emitter");
    MIR_finish_module(mir);
    MIR_load_module(mir, module);
    MIR_link(mir, NULL, NULL, NULL);
    MIR_gen(mir, function);
    if (!ctx->writing)
        murre_mirctx_fail("no code was made");
}

enum murre_mirctx_status murre_mirctx_compile(struct murre_mirctx *ctx, unsigned level, murre_mirctx_emit *emit, void *user, void *owner,
                                              struct murre_mirctx_result *result) {
    *result = (struct murre_mirctx_result){0};
    ctx->writing = ctx->over_memory = false;
    ctx->sites = NULL;
    ctx->site_count = ctx->site_capacity = 0;
    ctx->message[0] = '\0';
    start_clock(ctx);
    running = ctx;
    enum murre_mirctx_status status = (enum murre_mirctx_status)setjmp(ctx->escape);
    if (status == MURRE_MIRCTX_OK)
        generate(ctx, level, emit, user);
    running = NULL;
    result->peak_memory = murre_mirarena_used(ctx->arena);
    result->over_memory = ctx->over_memory;
    if (status == MURRE_MIRCTX_OK && ctx->finish != NULL && !ctx->finish(user, ctx->sites, ctx->site_count))
        status = MURRE_MIRCTX_NO_MEMORY;
    if (status != MURRE_MIRCTX_OK && ctx->writing) {
        murre_codemem_abandon(ctx->codemem, &ctx->code);
    } else if (status == MURRE_MIRCTX_OK) {
        if (murre_codemem_commit(ctx->codemem, &ctx->code, owner, ctx->frameless)) {
            result->code = ctx->code.code;
            result->code_size = ctx->code.size;
        } else {
            status = MURRE_MIRCTX_NO_CODE;
        }
    }
    memcpy(result->message, ctx->message, sizeof result->message);
    murre_mirarena_reset(ctx->arena);
    return status;
}

/* ---- For the emit callback -------------------------------------------------------------------------------------------- */

void *murre_mirctx_alloc(size_t size) {
    return memset(murre_mir_malloc(size), 0, size);
}

MIR_reg_t murre_mirctx_reg(MIR_context_t mir, MIR_item_t func, MIR_type_t type) {
    return _MIR_new_temp_reg(mir, type, func->u.func);
}

MIR_item_t murre_mirctx_import(MIR_context_t mir, const char *name, const void *address) {
    MIR_load_external(mir, name, (void *)address);
    return MIR_new_import(mir, name);
}

MIR_alias_t murre_mirctx_trap_alias(MIR_context_t mir) {
    return MIR_alias(mir, "trap");
}

const char *murre_mirctx_status_name(enum murre_mirctx_status status) {
    switch (status) {
    case MURRE_MIRCTX_OK: return "ok";
    case MURRE_MIRCTX_REFUSED: return "refused";
    case MURRE_MIRCTX_BUDGET: return "over budget";
    case MURRE_MIRCTX_NO_MEMORY: return "out of memory";
    case MURRE_MIRCTX_NO_CODE: return "code memory full";
    }
    return "unknown";
}
