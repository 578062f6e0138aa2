/* Calls in both directions: a host function with a state of its own, several results, a trap with its backtrace. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <murre.h>

#include "guests.h"

/* host.next(): counts on. env is what it was defined with. */
static struct murre_trap *next(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)caller, (void)args;
    int *counter = env;
    results[0].i32 = ++*counter;
    return NULL;
}

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(EXIT_FAILURE);
}

static struct murre_func *find(struct murre_instance *instance, const char *name, size_t size) {
    struct murre_extern item;
    if (!murre_instance_export(instance, name, size, &item) || item.kind != MURRE_EXTERN_FUNC)
        fail("no such export");
    return item.of.func;
}

static void print_trap(struct murre_trap *trap) {
    printf("trap: %s\n", murre_trap_message(trap));
    struct murre_frame frame;
    for (uint32_t i = 0; murre_trap_frame(trap, i, &frame); i++) {
        printf("  function %" PRIu32, frame.func_index);
        if (frame.offset != MURRE_NO_OFFSET)
            printf(" at 0x%" PRIx64, frame.offset);
        printf("\n");
    }
    murre_trap_delete(trap);
}

int main(void) {
    static const murre_valtype i32[] = {MURRE_I32};
    static const struct murre_functype next_type = {.results = i32, .result_count = 1};
    struct murre_error error;
    int counter = 0;
    struct murre_engine *engine = murre_engine_new(NULL, &error);
    struct murre_module *module = engine ? murre_module_new(engine, callbacks_guest, sizeof callbacks_guest, &error) : NULL;
    struct murre_linker *linker = module ? murre_linker_new(engine, &error) : NULL;
    struct murre_store *store = linker ? murre_store_new(engine, &error) : NULL;
    if (!store || murre_linker_define_func(linker, "host", "next", &next_type, next, &counter, &error) != MURRE_OK)
        fail(error.message);
    struct murre_instance *instance = murre_linker_instantiate(linker, store, module, NULL, &error);
    if (!instance)
        fail(error.message);

    /* The host knows the signature of what it calls: arguments go in slots, results come back in the same. */
    union murre_slot slots[2];
    slots[0].i32 = 100;
    struct murre_trap *trap = murre_func_call(store, find(instance, "total", 5), slots);
    if (trap)
        fail(murre_trap_message(trap));
    printf("1 + 2 + … + %d = %" PRId64 "\n", counter, slots[0].i64);

    struct murre_func *divide = find(instance, "divide", 6);
    slots[0].u32 = 17;
    slots[1].u32 = 5;
    trap = murre_func_call(store, divide, slots);
    if (trap)
        fail(murre_trap_message(trap));
    printf("17 = %" PRIu32 " * 5 + %" PRIu32 "\n", slots[0].u32, slots[1].u32);

    slots[1].u32 = 0;
    trap = murre_func_call(store, divide, slots);
    if (trap)
        print_trap(trap);

    murre_store_delete(store);
    murre_linker_delete(linker);
    murre_module_unref(module);
    murre_engine_unref(engine);
    return 0;
}
