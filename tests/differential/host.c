/* See host.h. */
#include "host.h"

#include <stdlib.h>
#include <string.h>

#include "support/imports.h"

static const uint64_t integers[] = {
    0, 1, 0xffffffffffffffff, 0x8000000080000000, 7, 0x7fffffff7fffffff, 65536, 0x8000000000000000, 0x0123456789abcdef, 31};
static const uint32_t floats[] = {0x40490fdb, 0x80000000, 0x7fc00000, 0xffa12345, 0xff800000,
                                  0x00000001, 0x4f000000, 0xbf7fffff, 0x7fe00001, 0x5f800000};
static const uint64_t doubles[] = {0x400921fb54442d18, 0x8000000000000000, 0x7ff8000000000000, 0xfff4123456789abc, 0xfff0000000000000,
                                   0x0000000000000001, 0x41e0000000000000, 0xbfefffffffffffff, 0x7ffc000000000001, 0x43f0000000000000};
enum { VALUES = 10, TRAP_EVERY = 29 };

void host_value(murre_valtype type, uint64_t n, void *func, union murre_slot *slots) {
    union murre_slot slot = {.u64 = 0};
    switch (type) {
    case MURRE_V128:
        slot.u64 = integers[n % VALUES];
        slots[1].u64 = doubles[n / VALUES % VALUES];
        break;
    case MURRE_I32: slot.u32 = (uint32_t)integers[n % VALUES]; break;
    case MURRE_I64: slot.u64 = integers[n % VALUES]; break;
    case MURRE_F32: slot.u32 = floats[n % VALUES]; break;
    case MURRE_F64: slot.u64 = doubles[n % VALUES]; break;
    case MURRE_FUNCREF: slot.ref = n % 3 ? func : NULL; break;
    default: slot.ref = (void *)(uintptr_t)(n % 3); break;
    }
    slots[0] = slot;
}

uint64_t host_bits(murre_valtype type, const union murre_slot *slots, uint64_t (*func_id)(void *context, void *func), void *context) {
    switch (type) {
    case MURRE_I32:
    case MURRE_F32: return slots[0].u32;
    case MURRE_I64:
    case MURRE_F64: return slots[0].u64;
    case MURRE_V128: return slots[0].u64 * 0x9e3779b97f4a7c15 + slots[1].u64;
    case MURRE_FUNCREF: return func_id(context, slots[0].ref);
    default: return (uintptr_t)slots[0].ref;
    }
}

static uint64_t is_there(void *context, void *func) {
    (void)context;
    return func != NULL;
}

static void touch(struct murre_memory *memory, uint64_t n) {
    uint64_t size = memory ? murre_memory_size(memory) : 0;
    if (size < sizeof n)
        return;
    n *= 0x9e3779b97f4a7c15;
    memcpy(murre_memory_data(memory) + n % (size - sizeof n + 1), &n, sizeof n);
}

static struct murre_trap *answer(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    struct host_func *func = env;
    struct host *host = func->host;
    uint64_t words[MAX_WORDS] = {func->import}, n = ++host->calls;
    size_t count = 1;
    for (uint32_t i = 0; i < func->type.param_count && count < MAX_WORDS; i++) {
        words[count++] = host_bits(func->type.params[i], args, is_there, NULL);
        args += murre_valtype_slots(func->type.params[i]);
    }
    record_line(host->record, "host", words, count);
    host->record->host_calls++;
    touch(murre_caller_memory(caller), n);
    if (n % TRAP_EVERY == 0)
        return murre_trap_new("refused by the host");
    for (uint32_t i = 0; i < func->type.result_count; i++) {
        host_value(func->type.results[i], n + 3 * (uint64_t)i, host->func, results);
        results += murre_valtype_slots(func->type.results[i]);
    }
    return NULL;
}

static struct murre_func *make_func(void *context, struct murre_store *store, const struct murre_import *import, uint32_t place) {
    struct host *host = context;
    host->funcs[place] = (struct host_func){host, place, import->type.func};
    host->func = murre_func_new(store, &import->type.func, answer, &host->funcs[place], NULL, NULL);
    return host->func;
}

/* Small when it is an integer: segments begin there. */
static union murre_slot choose_global(void *context, const struct murre_import *import) {
    const struct host *host = context;
    union murre_slot value[2];
    host_value(import->type.valtype, 1, host->func, value);
    return value[0];
}

bool host_init(struct host *host, struct record *record, struct murre_store *store, const struct murre_module *module) {
    *host = (struct host){.record = record, .import_count = murre_module_import_count(module)};
    host->funcs = calloc((size_t)host->import_count + 1, sizeof *host->funcs);
    if (host->funcs)
        host->imports = test_imports(store, module, &(struct test_importer){make_func, choose_global, host});
    return host->imports != NULL;
}

void host_fini(struct host *host) {
    free(host->funcs);
    free(host->imports);
}
