/* What calls between host and guest, and instantiation, cost: embed [LIBWASMTIME]. Each line is the best of several rounds, in nanoseconds a
 * call. With the path of Wasmtime's shared library the same is measured there: through wasm.h by the same code, and by its own unchecked
 * calls. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capi.h"
#include "modules.h"
#include "murre.h"
#include "wasmtime.h"

enum { CALLS = 300000, ROUNDS = 7 };

double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

void need(bool good, const char *what) {
    if (good)
        return;
    fprintf(stderr, "failed: %s\n", what);
    exit(1);
}

void report(const char *who, const char *what, double nanoseconds) {
    printf("%-22s %-34s %10.1f ns\n", who, what, nanoseconds);
    fflush(stdout);
}

static struct murre_trap *add(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)env, (void)caller;
    results[0].i64 = args[0].i64 + args[1].i64;
    return NULL;
}

static struct murre_linker *link_add(struct murre_engine *engine) {
    static const murre_valtype i64s[2] = {MURRE_I64, MURRE_I64};
    const struct murre_functype type = {i64s, i64s, 2, 1};
    struct murre_linker *linker = murre_linker_new(engine, NULL);
    need(linker && murre_linker_define_func(linker, "", "f", &type, add, NULL, NULL) == MURRE_OK, "linker");
    return linker;
}

static void measure_calls(enum murre_tier tier, const char *who) {
    struct murre_config config;
    murre_config_init(&config);
    config.tier = tier;
    struct murre_engine *engine = murre_engine_new(&config, NULL);
    need(engine != NULL, "engine");
    struct murre_module *module = murre_module_new(engine, calls_wasm, sizeof calls_wasm, NULL);
    struct murre_store *store = murre_store_new(engine, NULL);
    struct murre_linker *linker = link_add(engine);
    struct murre_instance *instance = murre_linker_instantiate(linker, store, module, NULL, NULL);
    struct murre_extern add_item, loop_item;
    need(instance && murre_instance_export(instance, "add", 3, &add_item) && murre_instance_export(instance, "loop", 4, &loop_item),
         "instance");
    double in = 1e9, out = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        union murre_slot slots[2];
        slots[0].i64 = 0;
        for (int i = 0; i < CALLS; i++) {
            slots[1].i64 = 1;
            struct murre_trap *trap = murre_func_call(store, add_item.of.func, slots);
            need(!trap, trap ? murre_trap_message(trap) : "");
        }
        need(slots[0].i64 == CALLS, "sum");
        double middle = now();
        slots[0].i32 = CALLS;
        need(!murre_func_call(store, loop_item.of.func, slots) && slots[0].i64 == CALLS, "loop");
        double end = now();
        in = (middle - start) / CALLS < in ? (middle - start) / CALLS : in;
        out = (end - middle) / CALLS < out ? (end - middle) / CALLS : out;
    }
    report(who, "host to guest, typed", in);
    report(who, "guest to host, typed", out);
    murre_linker_delete(linker);
    murre_store_delete(store);
    murre_module_unref(module);
    murre_engine_unref(engine);
}

static long resident_kib(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%*d %ld", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * 4;
}

static struct murre_instance *bring_up(struct murre_engine *engine, struct murre_linker *linker, struct murre_store *store) {
    struct murre_module *module = murre_module_new(engine, small_wasm, sizeof small_wasm, NULL);
    struct murre_instance *instance = module ? murre_linker_instantiate(linker, store, module, NULL, NULL) : NULL;
    need(instance != NULL, "instantiate");
    murre_module_unref(module);
    return instance;
}

static void measure_instances(void) {
    struct murre_engine *engine = murre_engine_new(NULL, NULL);
    struct murre_linker *linker = link_add(engine);
    enum { COUNT = 2000, LIVE = 10000 };
    double load = 1e9, all = 1e9, only = 1e9;
    struct murre_module *module = murre_module_new(engine, small_wasm, sizeof small_wasm, NULL);
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        for (int i = 0; i < COUNT; i++) {
            struct murre_module *again = murre_module_new(engine, small_wasm, sizeof small_wasm, NULL);
            need(again != NULL, "module");
            murre_module_unref(again);
        }
        double middle = now();
        for (int i = 0; i < COUNT; i++) {
            struct murre_store *store = murre_store_new(engine, NULL);
            bring_up(engine, linker, store);
            murre_store_delete(store);
        }
        double later = now();
        for (int i = 0; i < COUNT; i++) {
            struct murre_store *store = murre_store_new(engine, NULL);
            need(murre_linker_instantiate(linker, store, module, NULL, NULL) != NULL, "instance");
            murre_store_delete(store);
        }
        double end = now();
        load = (middle - start) / COUNT < load ? (middle - start) / COUNT : load;
        all = (later - middle) / COUNT < all ? (later - middle) / COUNT : all;
        only = (end - later) / COUNT < only ? (end - later) / COUNT : only;
    }
    report("murre", "load, validate, free", load);
    report("murre", "store, load, instantiate, delete", all);
    report("murre", "store, instantiate, delete", only);
    struct murre_store *store = murre_store_new(engine, NULL);
    long before = resident_kib();
    double start = now();
    for (int i = 0; i < LIVE; i++)
        need(murre_linker_instantiate(linker, store, module, NULL, NULL) != NULL, "instance");
    report("murre", "one of ten thousand live instances", (now() - start) / LIVE);
    printf("%-22s %-34s %10.1f KiB\n", "murre", "memory of one of them", (double)(resident_kib() - before) / LIVE);
    murre_store_delete(store);
    murre_module_unref(module);
    murre_linker_delete(linker);
    murre_engine_unref(engine);
}

int main(int argc, char **argv) {
    measure_calls(MURRE_TIER_INTERP, "murre (interpreter)");
    if (murre_has_compiler())
        measure_calls(MURRE_TIER_JIT, "murre");
    capi_measure(RTLD_DEFAULT, "murre", CALLS, ROUNDS);
    measure_instances();
    if (argc > 1) {
        void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
        need(library != NULL, argv[1]);
        wasmtime_measure(library, CALLS, ROUNDS);
        capi_measure(library, "Wasmtime", CALLS, ROUNDS);
    }
    return 0;
}
