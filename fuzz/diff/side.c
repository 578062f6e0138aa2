/* See side.h. */
#include "diff/side.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "diff/frames.h"
#include "diff/host_side.h"
#include "diff/twin.h"

enum { ROUNDS = 3, MOST_FUNCS = 40, NEVER = 1 << 30 };
static const uint64_t stack_bytes = 4 << 20;

/* Levels 1 and 2 are what tier auto chooses; loops are entered in the middle where functions never become hot. */
struct fuzz_side fuzz_sides[] = {
    {"interpreter", 0, MURRE_TIER_INTERP, MURRE_BOUNDS_AUTO, -1, 0, 0, false, NULL},
    {"compiled at level 0, guards", 1, MURRE_TIER_JIT, MURRE_BOUNDS_GUARD, 0, 0, 0, false, NULL},
    {"compiled at level 1, guards", 1, MURRE_TIER_JIT, MURRE_BOUNDS_GUARD, 1, 0, 0, false, NULL},
    {"compiled at level 2, guards", 1, MURRE_TIER_JIT, MURRE_BOUNDS_GUARD, 2, 0, 0, false, NULL},
    {"compiled at level 3, guards", 1, MURRE_TIER_JIT, MURRE_BOUNDS_GUARD, 3, 0, 0, false, NULL},
    {"compiled at level 0, explicit checks", 2, MURRE_TIER_JIT, MURRE_BOUNDS_EXPLICIT, 0, 0, 0, false, NULL},
    {"compiled at level 1, explicit checks", 2, MURRE_TIER_JIT, MURRE_BOUNDS_EXPLICIT, 1, 0, 0, false, NULL},
    {"compiled at level 2, explicit checks", 2, MURRE_TIER_JIT, MURRE_BOUNDS_EXPLICIT, 2, 0, 0, false, NULL},
    {"compiled at level 2, without signals", 2, MURRE_TIER_JIT, MURRE_BOUNDS_EXPLICIT, 2, 0, 0, true, NULL},
    {"auto, everything hot, guards", 3, MURRE_TIER_AUTO, MURRE_BOUNDS_GUARD, -1, 1, 1, false, NULL},
    {"auto, everything hot, explicit checks", 3, MURRE_TIER_AUTO, MURRE_BOUNDS_EXPLICIT, -1, 1, 1, false, NULL},
    {"auto, loops hot, guards", 3, MURRE_TIER_AUTO, MURRE_BOUNDS_GUARD, 2, NEVER, 1, false, NULL},
    {"auto, loops hot, explicit checks", 3, MURRE_TIER_AUTO, MURRE_BOUNDS_EXPLICIT, 1, NEVER, 1, false, NULL},
};
const unsigned fuzz_side_count = sizeof fuzz_sides / sizeof *fuzz_sides;
struct fuzz_totals fuzz_totals;

/* The last warning of all engines, which says why something was refused. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char last_warning[400];

static void on_log(void *context, enum murre_loglevel level, const char *line) {
    (void)context, (void)level;
    pthread_mutex_lock(&lock);
    snprintf(last_warning, sizeof last_warning, "%s", line);
    pthread_mutex_unlock(&lock);
}

struct murre_engine *fuzz_side_engine(struct fuzz_side *side) {
    if (side->engine || (side->tier != MURRE_TIER_INTERP && !murre_has_compiler()))
        return side->engine;
    struct murre_config config;
    murre_config_init(&config);
    config.tier = side->tier;
    config.bounds = side->bounds;
    config.opt_level = side->level;
    config.entry_threshold = side->entry_threshold;
    config.loop_threshold = side->loop_threshold;
    config.no_signals = side->no_signals;
    config.deferred_validation = side != fuzz_sides; /* the reference has validated it */
    config.max_stack = stack_bytes;
    config.log = on_log;
    struct murre_error error;
    side->engine = murre_engine_new(&config, &error);
    if (!side->engine) {
        fprintf(stderr, "%s: %s\n", side->name, error.message);
        abort();
    }
    return side->engine;
}

void fuzz_sides_delete(void) {
    for (unsigned i = 0; i < fuzz_side_count; i++) {
        murre_engine_unref(fuzz_sides[i].engine);
        fuzz_sides[i].engine = NULL;
    }
}

/* ---- seeing ------------------------------------------------------------------------------------------------------------ */

static uint64_t see_bytes(const uint8_t *bytes, uint64_t size) {
    uint64_t hash[4] = {1, 2, 3, 4};
    for (uint64_t i = 0; i + 32 <= size; i += 32)
        for (unsigned k = 0; k < 4; k++) {
            uint64_t word;
            memcpy(&word, bytes + i + 8 * k, 8);
            hash[k] = (hash[k] ^ word) * 0x9e3779b97f4a7c15;
            hash[k] ^= hash[k] >> 32;
        }
    return fuzz_mix(fuzz_mix(hash[0], hash[1]), fuzz_mix(hash[2], hash[3]));
}

static void see_globals(const struct fuzz_run *run, struct murre_instance *instance, uint32_t first) {
    const struct murre_module_info *info = &run->module->info;
    for (uint32_t i = 0; i < info->global_count; i++) {
        const struct murre_global *global = murre_instance_global(instance, i);
        if (global->is_mutable)
            fuzz_log_see(run->log, FUZZ_SEEN_GLOBAL, first + i,
                         global->type == MURRE_V128 ? fuzz_mix(global->value[0].u64, global->value[1].u64)
                                                    : fuzz_see_value(run, global->type, global->value[0]));
    }
}

static void see_rest(const struct fuzz_run *run, struct murre_instance *instance, uint32_t first) {
    const struct murre_module_info *info = &run->module->info;
    for (uint32_t i = 0; i < info->table_count; i++) {
        const struct murre_table *table = murre_instance_table(instance, i);
        uint64_t hash = table->size;
        for (uint32_t k = 0; k < table->size; k++)
            hash = fuzz_mix(hash, fuzz_see_value(run, table->type, (union murre_slot){.ref = table->elems[k]}));
        fuzz_log_see(run->log, FUZZ_SEEN_TABLE, first + i, hash);
    }
    for (uint32_t i = 0; i < info->memory_count; i++) {
        const struct murre_memory *memory = murre_instance_memory(instance, i);
        fuzz_log_see(run->log, FUZZ_SEEN_MEMORY_SIZE, first + i, memory->size);
        fuzz_log_see(run->log, FUZZ_SEEN_MEMORY, first + i, see_bytes(memory->base, memory->size));
    }
}

/* ---- running ----------------------------------------------------------------------------------------------------------- */

static bool compiles(const struct murre_module *module) {
    for (uint32_t i = 0; i < module->info.func_count - module->info.func_import_count; i++) {
        const struct murre_code *code = &module->codes[i];
        if (atomic_load(&code->queued) && !atomic_load(&code->native) && !atomic_load(&code->refused))
            return true;
        for (const struct murre_osr *loop = atomic_load(&code->osr); loop; loop = loop->next)
            if (atomic_load(&loop->asked) && !atomic_load(&loop->entry) && !atomic_load(&loop->refused))
                return true;
    }
    return false;
}

/* The compiler may refuse what takes too much memory. All else it must take. */
static void check_taken(const struct fuzz_side *side, uint32_t func, uint8_t refused) {
    if (refused == MURRE_OK || refused == MURRE_ERROR_LIMIT)
        return;
    pthread_mutex_lock(&lock);
    /* So far, tier auto may ask again; an instruction on vectors that this processor has not got. */
    if ((refused == MURRE_ERROR_MEMORY && strstr(last_warning, "compilation needs more than")) || strstr(last_warning, "no code for")) {
        pthread_mutex_unlock(&lock);
        return;
    }
    fprintf(stderr, "%s: function %u or a loop of it is refused: %s; %s\n", side->name, (unsigned)func,
            murre_status_name((enum murre_status)refused), last_warning);
    abort();
}

static void check_compiled(const struct fuzz_side *side, const struct fuzz_run *run) {
    const struct murre_module *module = run->module;
    const struct murre_instance *instances[] = {run->twin.instance, run->guest.instance};
    for (unsigned i = 0; i < 2; i++)
        if (instances[i] && instances[i]->interpreted_only) {
            fprintf(stderr, "%s: the instance is only interpreted\n", side->name);
            abort();
        }
    for (uint32_t i = 0; i < module->info.func_count - module->info.func_import_count; i++) {
        const struct murre_code *code = &module->codes[i];
        check_taken(side, module->info.func_import_count + i, atomic_load(&code->refused));
        for (const struct murre_osr *loop = atomic_load(&code->osr); loop; loop = loop->next)
            check_taken(side, module->info.func_import_count + i, atomic_load(&loop->refused));
    }
}

/* Tier auto: what has been asked for is there for the next round. */
static void settle(const struct fuzz_side *side, const struct murre_module *module) {
    if (side->tier != MURRE_TIER_AUTO)
        return;
    while (compiles(module))
        nanosleep(&(struct timespec){0, 20000}, NULL);
}

static void refuel(const struct fuzz_run *run, struct murre_instance *instance) {
    if (instance)
        murre_global_set(murre_instance_global(instance, run->plan->fuel_global), &(const union murre_slot){.i32 = run->plan->fuel});
}

static void call_all(struct fuzz_run *run, uint64_t round) {
    const struct murre_module_info *info = &run->module->info;
    struct murre_instance *twin = run->twin.instance, *guest = run->guest.instance;
    for (uint32_t i = info->func_import_count, n = 0; i < info->func_count && n < MOST_FUNCS && !run->log->over; i++, n++) {
        refuel(run, twin);
        refuel(run, guest);
        murre_trap_delete(fuzz_call(run, FUZZ_SEEN_CALL, murre_instance_func(guest, i), fuzz_mix(round + 1, i)));
        if (!run->log->over)
            see_globals(run, guest, 0);
    }
    if (run->log->over)
        return;
    see_rest(run, guest, 0);
    if (twin) {
        see_globals(run, twin, FUZZ_OF_TWIN);
        see_rest(run, twin, FUZZ_OF_TWIN);
    }
}

static void count(const struct fuzz_log *log, const struct fuzz_run *run) {
    fuzz_totals.runs++;
    fuzz_totals.limits += log->over;
    fuzz_totals.host_calls += run->host_calls;
    for (size_t i = 0; i < log->count; i++)
        if (log->items[i].what == FUZZ_SEEN_CALL) {
            fuzz_totals.calls++;
            fuzz_totals.traps += log->items[i].value != FUZZ_NO_TRAP;
            if (log->items[i].value < MURRE_TRAP_COUNT)
                fuzz_totals.by_kind[log->items[i].value]++;
        }
}

static void instantiate(struct fuzz_run *run, struct fuzz_guest *guest) {
    struct murre_extern *imports = fuzz_provide(run, guest);
    struct murre_trap *trap = NULL;
    struct murre_error error = {.status = MURRE_OK};
    struct murre_instance *instance = NULL;
    if (imports) {
        fuzz_link(run, imports);
        instance = murre_instance_new(run->store, run->module, imports, murre_module_import_count(run->module), &trap, &error);
    }
    enum murre_trapkind kind = trap ? murre_trap_kind(trap) : FUZZ_NO_TRAP;
    if (trap && (kind == MURRE_TRAP_STACK || kind == MURRE_TRAP_MEMORY))
        fuzz_log_limit(run->log);
    fuzz_log_see(run->log, FUZZ_SEEN_INSTANCE, guest == &run->twin ? FUZZ_OF_TWIN : 0, (uint64_t)error.status << 8 | kind);
    fuzz_see_trap(run, trap);
    murre_trap_delete(trap);
    free(imports);
    guest->instance = instance;
}

static void run_module(const struct fuzz_side *side, struct murre_module *module, const struct fuzz_plan *plan, struct fuzz_log *log) {
    struct fuzz_run run = {.log = log, .plan = plan, .module = module, .store = murre_store_new(side->engine, NULL)};
    if (!run.store)
        abort();
    murre_store_set_limits(run.store, &(struct murre_store_limits){.stack_bytes = stack_bytes});
    instantiate(&run, &run.twin);
    if (!log->over)
        instantiate(&run, &run.guest);
    for (uint64_t round = 0; run.guest.instance && round < ROUNDS && !log->over; round++) {
        if (round > 0 && run.twin.instance)
            fuzz_exchange_funcs(&run, round);
        settle(side, module);
        call_all(&run, round);
    }
    if (!log->checking)
        count(log, &run);
    check_compiled(side, &run);
    murre_store_delete(run.store);
    free(run.twin.hosts);
    free(run.guest.hosts);
}

void fuzz_side_run(struct fuzz_side *side, struct fuzz_span bytes, const struct fuzz_plan *plan, struct fuzz_log *log) {
    struct murre_engine *engine = fuzz_side_engine(side);
    if (!engine)
        return;
    struct murre_error error;
    struct murre_module *module = murre_module_new(engine, bytes.data, bytes.size, &error);
    if (!module) {
        if (error.status == MURRE_ERROR_LIMIT)
            return;
        fprintf(stderr, "the prepared module is not valid: %s at %llu\n", error.message, (unsigned long long)error.offset);
        abort();
    }
    fuzz_log_begin(log, side->name, side != fuzz_sides);
    run_module(side, module, plan, log);
    fuzz_totals.cut += log->checking && log->over && !log->cut;
    fuzz_log_end(log);
    murre_module_unref(module);
}
