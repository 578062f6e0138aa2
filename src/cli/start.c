/* Where a program starts, once it is instantiated. Three names are known, as functions without parameters and results:
 *
 *   _initialize   is called first, whatever follows: a reactor (Go's c-shared, Kotlin) sets itself up in it, and may be no more than that
 *   _start        a command's entry
 *   ""            the entry of a module that exports no _start, as old linkers and ITK name it
 *
 * --invoke=NAME calls NAME instead of the entry. An export of another kind with such a name is ignored; a function of another type is
 * refused before anything runs. A module that has only a start section has run when it is instantiated. */
#include <stdio.h>
#include <string.h>

#include "cli/run.h"

enum { SECTION_START = 8 };

static bool find(struct murre_instance *instance, const char *name, struct murre_extern *item) {
    return murre_instance_export(instance, name, strlen(name), item);
}

/* An export that is a function. False when it is one of a type that cannot be called so; *func is NULL when there is none. */
static bool find_plain(struct murre_instance *instance, const struct run_options *options, const char *name, struct murre_func **func) {
    struct murre_extern item;
    struct murre_functype type;
    *func = NULL;
    if (!find(instance, name, &item) || item.kind != MURRE_EXTERN_FUNC)
        return true;
    murre_func_type(item.of.func, &type);
    if (type.param_count == 0 && type.result_count == 0) {
        *func = item.of.func;
        return true;
    }
    const char *shown = name[0] != '\0' ? name : "\"\"", *quote = name[0] != '\0' ? "'" : "";
    char text[256];
    cli_type_text(text, sizeof text, &type);
    cli_error("%s: export %s%s%s is of type %s; to start with, it must be of type () -> ()", options->file, quote, shown, quote, text);
    return false;
}

/* True when it returned; else *status says how the program ended. */
static bool call(struct murre_store *store, const struct run_options *options, struct murre_func *func, int *status) {
    union murre_slot slots[1];
    struct murre_trap *trap = murre_func_call(store, func, slots);
    if (trap == NULL)
        return true;
    *status = cli_report_trap(trap, options->file, options->timeout_text);
    murre_trap_delete(trap);
    return false;
}

static bool has_start_section(const struct murre_module *module) {
    struct murre_section section;
    for (uint32_t i = 0; murre_module_section(module, i, &section); i++)
        if (section.id == SECTION_START)
            return true;
    return false;
}

/* There was neither an entry nor anything else to run. */
static int nothing_to_run(struct murre_instance *instance, const struct run_options *options) {
    static const char *const kinds[] = {
        [MURRE_EXTERN_TABLE] = "table", [MURRE_EXTERN_MEMORY] = "memory", [MURRE_EXTERN_GLOBAL] = "global", [MURRE_EXTERN_TAG] = "tag"};
    struct murre_extern item;
    if (has_start_section(murre_instance_module(instance)))
        return CLI_OK;
    if (find(instance, "_start", &item))
        cli_error("%s: export '_start' is a %s, not a function; --invoke=NAME calls another", options->file, kinds[item.kind]);
    else
        cli_error("%s: exports no function '_start'; --invoke=NAME calls another", options->file);
    return CLI_FAILED;
}

int cli_start(struct murre_store *store, struct murre_instance *instance, const struct run_options *options) {
    struct murre_func *initialize, *entry = NULL;
    int status = CLI_OK;
    if (!find_plain(instance, options, "_initialize", &initialize))
        return CLI_FAILED;
    if (options->invoke == NULL &&
        (!find_plain(instance, options, "_start", &entry) || (entry == NULL && !find_plain(instance, options, "", &entry))))
        return CLI_FAILED;
    /* Libraries trap when they are set up twice, so that what is asked for by name is not called before. */
    bool asked = options->invoke != NULL && strcmp(options->invoke, "_initialize") == 0;
    if (initialize != NULL && !asked && !call(store, options, initialize, &status))
        return status; /* also when it exits: there is nothing left to call */
    if (options->invoke != NULL)
        return cli_invoke(store, instance, options);
    if (entry != NULL)
        return call(store, options, entry, &status) ? CLI_OK : status;
    return initialize != NULL ? CLI_OK : nothing_to_run(instance, options);
}
