/* A host that runs plug-ins it does not trust: each call has a store of its own, with limits, and a deadline. Whatever the plug-in does, the
 * host gets its answer or a reason, and goes on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <murre.h>

#include "guests.h"

static const uint64_t time_limit = 200 * 1000000ull; /* nanoseconds */

static const struct murre_store_limits limits = {
    .memory_bytes = 1 << 20,
    .memories = 1,
    .tables = 1,
    .table_elements = 1000,
    .instances = 1,
    .stack_bytes = 256 * 1024,
};

static void call(struct murre_store *store, struct murre_instance *instance, const char *name) {
    struct murre_extern item;
    if (!murre_instance_export(instance, name, strlen(name), &item) || item.kind != MURRE_EXTERN_FUNC) {
        printf("%s: not exported\n", name);
        return;
    }
    union murre_slot slots[1];
    struct murre_trap *trap = murre_func_call(store, item.of.func, slots);
    if (!trap)
        printf("%s: %d\n", name, slots[0].i32);
    else if (murre_trap_kind(trap) == MURRE_TRAP_INTERRUPT)
        printf("%s: took too long\n", name);
    else
        printf("%s: %s\n", name, murre_trap_message(trap));
    murre_trap_delete(trap);
}

static void run(struct murre_engine *engine, struct murre_module *module, const char *name) {
    struct murre_error error;
    struct murre_store *store = murre_store_new(engine, &error);
    struct murre_instance *instance = NULL;
    if (store) {
        murre_store_set_limits(store, &limits);
        if (murre_store_set_timeout(store, time_limit, &error) == MURRE_OK)
            instance = murre_instance_new(store, module, NULL, 0, NULL, &error);
    }
    if (instance)
        call(store, instance, name);
    else
        printf("%s: %s\n", name, error.message);
    murre_store_delete(store);
}

int main(void) {
    struct murre_error error;
    struct murre_engine *engine = murre_engine_new(NULL, &error);
    struct murre_module *module = engine ? murre_module_new(engine, plugin_guest, sizeof plugin_guest, &error) : NULL;
    if (!module) {
        fprintf(stderr, "%s\n", error.message);
        return EXIT_FAILURE;
    }
    static const char *const names[] = {"work", "hog", "spin", "dive", "stray", "work"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        run(engine, module, names[i]);
    murre_module_unref(module);
    murre_engine_unref(engine);
    return 0;
}
