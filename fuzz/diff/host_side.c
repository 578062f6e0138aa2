/* See host_side.h. */
#include "diff/host_side.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "diff/frames.h"
#include "diff/twin.h"
#include "runtime/types.h"
#include "support/imports.h"

enum { MOST_DEPTH = 2, MOST_GROWN_TABLE = 4 };

uint64_t fuzz_mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15;
    return hash ^ hash >> 29;
}

/* ---- values ------------------------------------------------------------------------------------------------------------ */

static uint64_t integer(uint64_t bits) {
    static const int64_t borders[] = {0,
                                      1,
                                      -1,
                                      2,
                                      3,
                                      8,
                                      31,
                                      32,
                                      63,
                                      64,
                                      255,
                                      256,
                                      32767,
                                      32768,
                                      65528,
                                      65532,
                                      65535,
                                      65536,
                                      65537,
                                      131068,
                                      196600,
                                      INT32_MAX,
                                      INT32_MIN,
                                      UINT32_MAX,
                                      (int64_t)1 << 32,
                                      ((int64_t)1 << 32) + 4,
                                      INT64_MAX,
                                      INT64_MIN};
    enum { COUNT = sizeof borders / sizeof *borders };
    return bits % 4 == 0 ? fuzz_mix(0, bits) : (uint64_t)borders[(bits >> 2) % COUNT];
}

static double number(uint64_t bits) {
    static const double borders[] = {0.0,
                                     -0.0,
                                     1.0,
                                     -1.0,
                                     0.5,
                                     1.5,
                                     2.5,
                                     -3.75,
                                     1e10,
                                     4294967295.0,
                                     4294967296.0,
                                     2147483648.0,
                                     -2147483649.0,
                                     9223372036854775808.0,
                                     18446744073709551616.0,
                                     1e300,
                                     1e-310,
                                     1e-45,
                                     INFINITY,
                                     -INFINITY};
    enum { COUNT = sizeof borders / sizeof *borders };
    return bits % 4 == 0 ? (double)(int64_t)fuzz_mix(1, bits) / 65536 : borders[(bits >> 2) % COUNT];
}

/* A value of the type in one slot or two; how many. */
static uint32_t put_value(const struct fuzz_run *run, struct murre_instance *instance, murre_valtype type, uint64_t bits,
                          union murre_slot *slots) {
    if (type == MURRE_V128) {
        slots[0].u64 = bits % 3 ? integer(bits) : fuzz_mix(2, bits);
        slots[1].u64 = bits % 5 ? fuzz_mix(3, bits) : integer(bits >> 8);
        return 2;
    }
    slots[0] = fuzz_value(run, instance, type, bits);
    if (type == MURRE_I32 || type == MURRE_F32)
        slots[0].u64 |= bits << 32; /* which nobody may look at */
    return 1;
}

/* The same of what is seen of it. */
static uint32_t see_slots(const struct fuzz_run *run, murre_valtype type, const union murre_slot *slots, uint64_t *seen) {
    *seen = type == MURRE_V128 ? fuzz_mix(slots[0].u64, slots[1].u64) : fuzz_see_value(run, type, slots[0]);
    return murre_valtype_slots(type);
}

union murre_slot fuzz_value(const struct fuzz_run *run, struct murre_instance *instance, murre_valtype type, uint64_t bits) {
    union murre_slot slot = {.u64 = 0};
    switch (type) {
    case MURRE_I32: slot.u32 = (uint32_t)integer(bits); break;
    case MURRE_I64: slot.u64 = integer(bits); break;
    case MURRE_F32: slot.f32 = (float)number(bits); break;
    case MURRE_F64: slot.f64 = number(bits); break;
    default:
        if (!murre_types_is_func(type)) {
            slot.ref = (void *)(uintptr_t)(bits % 4 * 16);
            break;
        }
        if (bits >> 40 & 1 && fuzz_other(run, instance))
            instance = fuzz_other(run, instance);
        if (bits % 4 && instance && instance->module->info.func_count)
            slot.ref = murre_instance_func(instance, (uint32_t)((bits >> 2) % instance->module->info.func_count));
        break;
    }
    return slot;
}

static uint64_t see_func(const struct fuzz_run *run, const struct murre_func *func) {
    if (!func)
        return 0;
    if (func->instance)
        return fuzz_func_index(run, func) + (uint64_t)1;
    const struct fuzz_host *host = ((const struct murre_host_func *)func)->env;
    return (uint64_t)host->index + 1;
}

uint64_t fuzz_see_value(const struct fuzz_run *run, murre_valtype type, union murre_slot value) {
    switch (type) {
    case MURRE_I32: return value.u32;
    case MURRE_I64: return value.u64;
    case MURRE_F32: return isnan(value.f32) && !run->plan->exact ? 0x7fc00000 : value.u32;
    case MURRE_F64: return isnan(value.f64) && !run->plan->exact ? 0x7ff8000000000000 : value.u64;
    default: return murre_types_is_func(type) ? see_func(run, value.ref) : (uint64_t)(uintptr_t)value.ref;
    }
}

/* ---- calls ------------------------------------------------------------------------------------------------------------- */

static bool is_limit(enum murre_trapkind kind) {
    return kind == MURRE_TRAP_STACK || kind == MURRE_TRAP_MEMORY || kind == MURRE_TRAP_INTERRUPT;
}

struct murre_trap *fuzz_call(struct fuzz_run *run, enum fuzz_seen what, struct murre_func *func, uint64_t bits) {
    struct murre_functype type;
    murre_func_type(func, &type);
    uint32_t count = type.param_count > type.result_count ? type.param_count : type.result_count;
    union murre_slot *slots = calloc(2 * (size_t)count + 1, sizeof *slots);
    if (!slots)
        abort();
    for (uint32_t i = 0, slot = 0; i < type.param_count; i++)
        slot += put_value(run, func->instance, type.params[i], fuzz_mix(bits, i), &slots[slot]);
    struct murre_trap *trap = murre_func_call(run->store, func, slots);
    enum murre_trapkind kind = trap ? murre_trap_kind(trap) : FUZZ_NO_TRAP;
    if (trap && is_limit(kind))
        fuzz_log_limit(run->log);
    fuzz_log_see(run->log, what, fuzz_func_index(run, func), kind);
    fuzz_see_trap(run, trap);
    for (uint32_t i = 0, slot = 0; !trap && i < type.result_count; i++) {
        uint64_t seen;
        slot += see_slots(run, type.results[i], &slots[slot], &seen);
        fuzz_log_see(run->log, FUZZ_SEEN_RESULT, i, seen);
    }
    free(slots);
    return trap;
}

/* ---- host functions ---------------------------------------------------------------------------------------------------- */

/* What a host function does besides answering. NULL, or a trap to end with. */
static struct murre_trap *act(struct fuzz_run *run, struct murre_instance *instance, uint64_t bits) {
    const struct murre_module_info *info = &instance->module->info;
    struct murre_memory *memory = instance->memory;
    struct murre_trap *trap = NULL;
    switch (bits % 8) {
    case 0:
        if (memory)
            murre_memory_grow(memory, bits >> 3 & 1);
        break;
    case 1:
        if (memory && murre_memory_size(memory))
            murre_memory_data(memory)[(bits >> 16) % murre_memory_size(memory)] = (uint8_t)(bits >> 8);
        break;
    case 2:
        if (info->table_count)
            murre_table_grow(murre_instance_table(instance, (uint32_t)(bits >> 3) % info->table_count), 1, NULL);
        break;
    case 3:
    case 4:
        if (run->depth < MOST_DEPTH && info->func_count > info->func_import_count) {
            uint32_t index = info->func_import_count + (uint32_t)(bits >> 8) % (info->func_count - info->func_import_count);
            run->depth++;
            struct murre_instance *callee = bits >> 41 & 1 && fuzz_other(run, instance) ? fuzz_other(run, instance) : instance;
            trap = fuzz_call(run, FUZZ_SEEN_HOST_CALL, murre_instance_func(callee, index), bits);
            run->depth--;
        }
        break;
    case 5:
        if (bits >> 8 & 1 && (bits >> 16) % 8 == 0)
            trap = murre_trap_new("the host does not want to");
        break;
    default: break;
    }
    return trap;
}

static struct murre_trap *host_call(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    const struct fuzz_host *host = env;
    struct fuzz_run *run = host->run;
    struct murre_instance *instance = murre_caller_instance(caller); /* NULL where the import is what starts */
    const struct murre_functype *type = &murre_module_func_type(&run->module->info, host->index % FUZZ_OF_TWIN)->func;
    uint64_t hash = fuzz_mix(host->index, run->host_calls++);
    for (uint32_t i = 0, slot = 0; i < type->param_count; i++) {
        uint64_t seen;
        slot += see_slots(run, type->params[i], &args[slot], &seen);
        hash = fuzz_mix(hash, seen);
    }
    fuzz_log_see(run->log, FUZZ_SEEN_HOST, host->index, hash);
    if (hash % 8 == 0)
        fuzz_see_callers(run);
    struct murre_trap *trap = instance ? act(run, instance, fuzz_mix(hash, 1)) : NULL;
    for (uint32_t i = 0, slot = 0; !trap && i < type->result_count; i++)
        slot += put_value(run, instance, type->results[i], fuzz_mix(hash, 2 + i), &results[slot]);
    return trap;
}

/* ---- imports ----------------------------------------------------------------------------------------------------------- */

struct provision {
    struct fuzz_run *run;
    struct fuzz_guest *guest;
};

static struct murre_func *make_func(void *context, struct murre_store *store, const struct murre_import *import, uint32_t place) {
    (void)place;
    const struct provision *p = context;
    struct fuzz_host *host = &p->guest->hosts[import->index];
    *host = (struct fuzz_host){p->run, import->index + (p->guest == &p->run->twin ? FUZZ_OF_TWIN : 0)};
    return murre_func_new(store, &import->type.func, host_call, host, NULL, NULL);
}

static union murre_slot choose_global(void *context, const struct murre_import *import) {
    const struct provision *p = context;
    return fuzz_value(p->run, NULL, import->type.valtype, import->index % 4 ? fuzz_mix(3, import->index) : 1);
}

struct murre_extern *fuzz_provide(struct fuzz_run *run, struct fuzz_guest *guest) {
    guest->hosts = calloc(run->module->info.func_import_count + 1, sizeof *guest->hosts);
    if (!guest->hosts)
        return NULL;
    struct provision provision = {run, guest};
    return test_imports(run->store, run->module, &(struct test_importer){make_func, choose_global, &provision});
}
