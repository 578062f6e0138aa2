/* See play.h. */
#include "play.h"

#include <stdlib.h>
#include <time.h>

#include "host.h"

static const uint64_t longest_run = 20000000000; /* nanoseconds; generated modules end by themselves long before */

/* One instance in a store of its own. */
struct play {
    struct murre_module *module;
    struct murre_store *store;
    struct murre_instance *instance;
    struct host host;
    struct record *record;
};

static void close_play(struct play *play) {
    murre_store_delete(play->store);
    host_fini(&play->host);
}

/* False, with the store closed, when there is no instance. */
static bool open_play(struct play *play, struct murre_engine *engine, struct murre_module *module, struct record *record) {
    *play = (struct play){.module = module, .record = record, .store = murre_store_new(engine, NULL)};
    struct murre_trap *trap = NULL;
    struct murre_error error = {.status = MURRE_ERROR_MEMORY};
    if (play->store && host_init(&play->host, record, play->store, module) &&
        murre_store_set_timeout(play->store, longest_run, NULL) == MURRE_OK)
        play->instance = murre_instance_new(play->store, module, play->host.imports, play->host.import_count, &trap, &error);
    if (play->instance)
        return true;
    if (trap)
        record_trap(record, trap);
    else
        record_line(record, "no instance", &(uint64_t){error.status}, 1);
    record->cut |= error.status == MURRE_ERROR_MEMORY || error.status == MURRE_ERROR_LIMIT;
    murre_trap_delete(trap);
    close_play(play);
    return false;
}

/* Functions are told apart by the first export that gives them. */
static uint64_t func_id(void *context, void *func) {
    struct play *play = context;
    struct murre_extern item;
    if (!func)
        return 0;
    for (uint32_t i = 0; murre_instance_export_at(play->instance, i, &item); i++)
        if (item.kind == MURRE_EXTERN_FUNC && item.of.func == func)
            return i + 1;
    return UINT64_MAX;
}

/* ---- calls ------------------------------------------------------------------------------------------------------------- */

static void record_slots(struct play *play, const char *tag, uint64_t first, const murre_valtype *types, const union murre_slot *slots,
                         uint32_t count) {
    uint64_t words[MAX_WORDS] = {first};
    size_t used = 1;
    for (uint32_t i = 0; i < count && used < MAX_WORDS; slots += murre_valtype_slots(types[i++]))
        words[used++] = host_bits(types[i], slots, func_id, play);
    record_line(play->record, tag, words, used);
}

static void call_export(struct play *play, uint32_t export_, struct murre_func *func, uint64_t choice) {
    struct record *record = play->record;
    struct murre_functype type;
    murre_func_type(func, &type);
    uint32_t room = type.param_count > type.result_count ? type.param_count : type.result_count;
    union murre_slot *slots = calloc(2 * (size_t)room + 1, sizeof *slots);
    if (!slots)
        abort();
    for (uint32_t i = 0, at = 0; i < type.param_count; at += murre_valtype_slots(type.params[i++]))
        host_value(type.params[i], choice + 3 * (uint64_t)i, func, &slots[at]);
    record_slots(play, "call", export_, type.params, slots, type.param_count);
    struct murre_trap *trap = murre_func_call(play->store, func, slots);
    record->calls++;
    if (trap) {
        record->trapped++;
        record_trap(record, trap);
    } else {
        record->returned++;
        record_slots(play, "returns", export_, type.results, slots, type.result_count);
    }
    murre_trap_delete(trap);
    free(slots);
}

/* ---- what is left behind ----------------------------------------------------------------------------------------------- */

static void record_table(struct play *play, uint32_t export_, murre_valtype type, const struct murre_table *table) {
    uint64_t hash = 0, size = murre_table_size(table);
    union murre_slot slot;
    for (uint64_t i = 0; i < size && murre_table_get(table, i, &slot.ref); i++)
        hash = hash * 31 + host_bits(type, &slot, func_id, play);
    record_line(play->record, "table", (uint64_t[]){export_, size, hash}, 3);
}

static void record_state(struct play *play) {
    struct murre_extern item;
    struct murre_externtype type;
    for (uint32_t i = 0; murre_instance_export_at(play->instance, i, &item); i++) {
        murre_extern_type(&item, &type);
        switch (item.kind) {
        case MURRE_EXTERN_MEMORY: {
            uint64_t size = murre_memory_size(item.of.memory);
            record_line(play->record, "memory", (uint64_t[]){i, size, record_hash(murre_memory_data(item.of.memory), size)}, 3);
            break;
        }
        case MURRE_EXTERN_GLOBAL: {
            union murre_slot value[2];
            murre_global_get(item.of.global, value);
            record_slots(play, "global", i, &type.valtype, value, 1);
            break;
        }
        case MURRE_EXTERN_TABLE: record_table(play, i, type.valtype, item.of.table); break;
        default: break;
        }
    }
}

/* ---- the plan ---------------------------------------------------------------------------------------------------------- */

/* Every function in an instance of its own. */
static void play_apart(struct murre_engine *engine, struct murre_module *module, struct record *record, uint64_t choice) {
    struct murre_export item;
    for (uint32_t i = 0; !record->cut && murre_module_export(module, i, &item); i++) {
        struct play play;
        struct murre_extern func;
        if (item.type.kind != MURRE_EXTERN_FUNC)
            continue;
        if (!open_play(&play, engine, module, record))
            return;
        if (murre_instance_export_at(play.instance, i, &func))
            call_export(&play, i, func.of.func, choice + i);
        record_state(&play);
        close_play(&play);
    }
}

/* All of them in one. */
static void play_together(struct murre_engine *engine, struct murre_module *module, struct record *record, uint64_t choice) {
    struct play play;
    struct murre_extern item;
    if (!open_play(&play, engine, module, record))
        return;
    for (uint32_t i = 0; !record->cut && murre_instance_export_at(play.instance, i, &item); i++)
        if (item.kind == MURRE_EXTERN_FUNC)
            call_export(&play, i, item.of.func, choice + i);
    record_state(&play);
    close_play(&play);
}

/* Until nothing has been compiled for a while. How long does not matter to the results. */
static void wait_for_compiler(struct murre_engine *engine) {
    struct murre_stats before, now;
    murre_engine_stats(engine, &before);
    for (int quiet = 0, rounds = 0; quiet < 4 && rounds < 400; rounds++) {
        nanosleep(&(struct timespec){.tv_nsec = 1500000}, NULL);
        murre_engine_stats(engine, &now);
        quiet = now.compile_nanoseconds == before.compile_nanoseconds ? quiet + 1 : 0;
        before = now;
    }
}

static uint32_t own_functions(const struct murre_module *module) {
    struct murre_section section;
    for (uint32_t i = 0; murre_module_section(module, i, &section); i++)
        if (section.id == 10)
            return (uint32_t)section.count;
    return 0;
}

void play_module(struct murre_engine *engine, struct murre_module *module, bool settle, struct record *record) {
    record->functions = own_functions(module);
    play_apart(engine, module, record, 0);
    if (settle && !record->cut)
        wait_for_compiler(engine);
    play_apart(engine, module, record, 4);
    play_together(engine, module, record, 1);
}
