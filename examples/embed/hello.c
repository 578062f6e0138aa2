/* The smallest host: one function for the guest, which hands over a piece of its memory, and one call. */
#include <stdio.h>
#include <stdlib.h>

#include <murre.h>

#include "guests.h"

/* host.print(address, size). A guest is never trusted: what it points at must lie in its memory. */
static struct murre_trap *print(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)env, (void)results;
    const struct murre_memory *memory = murre_caller_memory(caller);
    uint64_t address = args[0].u32, size = args[1].u32;
    if (!memory || address + size > murre_memory_size(memory))
        return murre_trap_new("print: not in memory");
    fwrite(murre_memory_data(memory) + address, 1, size, stdout);
    return NULL;
}

int main(void) {
    static const murre_valtype two_i32[] = {MURRE_I32, MURRE_I32};
    static const struct murre_functype print_type = {.params = two_i32, .param_count = 2};
    struct murre_error error;
    struct murre_engine *engine = murre_engine_new(NULL, &error);
    struct murre_module *module = engine ? murre_module_new(engine, hello_guest, sizeof hello_guest, &error) : NULL;
    struct murre_linker *linker = module ? murre_linker_new(engine, &error) : NULL;
    struct murre_store *store = linker ? murre_store_new(engine, &error) : NULL;
    struct murre_instance *instance = NULL;
    struct murre_extern run;
    int status = EXIT_FAILURE;
    if (store && murre_linker_define_func(linker, "host", "print", &print_type, print, NULL, &error) == MURRE_OK)
        instance = murre_linker_instantiate(linker, store, module, NULL, &error);
    if (!instance) {
        fprintf(stderr, "%s\n", error.message);
    } else if (murre_instance_export(instance, "run", 3, &run) && run.kind == MURRE_EXTERN_FUNC) {
        struct murre_trap *trap = murre_func_call(store, run.of.func, NULL);
        if (trap)
            fprintf(stderr, "trap: %s\n", murre_trap_message(trap));
        else
            status = EXIT_SUCCESS;
        murre_trap_delete(trap);
    }
    murre_store_delete(store);
    murre_linker_delete(linker);
    murre_module_unref(module);
    murre_engine_unref(engine);
    return status;
}
