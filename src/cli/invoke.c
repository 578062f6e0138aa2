/* --invoke: one exported function with typed arguments; each result is a line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"

static struct murre_func *find(struct murre_instance *instance, const struct run_options *options) {
    struct murre_extern item;
    if (!murre_instance_export(instance, options->invoke, strlen(options->invoke), &item))
        cli_error("%s: exports no function '%s'", options->file, options->invoke);
    else if (item.kind != MURRE_EXTERN_FUNC)
        cli_error("%s: export '%s' is not a function", options->file, options->invoke);
    else
        return item.of.func;
    return NULL;
}

static uint32_t slot_count(const murre_valtype *types, uint32_t count) {
    uint32_t slots = count;
    for (uint32_t i = 0; i < count; i++)
        slots += types[i] == MURRE_V128;
    return slots;
}

static bool parse(const struct run_options *options, const struct murre_functype *type, union murre_slot *slots) {
    char text[256];
    if ((uint32_t)options->arg_count != type->param_count) {
        cli_type_text(text, sizeof text, type);
        cli_usage(&cli_run, "'%s' takes %u argument%s, not %d: %s", options->invoke, (unsigned)type->param_count,
                  type->param_count == 1 ? "" : "s", options->arg_count, text);
        return false;
    }
    for (uint32_t i = 0; i < type->param_count; slots += murre_valtype_slots(type->params[i++]))
        if (!cli_parse_value(options->args[i], type->params[i], slots)) {
            cli_usage(&cli_run, "argument %u of '%s': '%s' is not of type %s", (unsigned)i + 1, options->invoke, options->args[i],
                      cli_type_name(type->params[i]));
            return false;
        }
    return true;
}

static void print(const struct murre_functype *type, const union murre_slot *slots) {
    for (uint32_t i = 0; i < type->result_count; i++) {
        char text[CLI_VALUE_SIZE];
        cli_print_value(text, sizeof text, type->results[i], slots);
        puts(text);
        slots += murre_valtype_slots(type->results[i]);
    }
}

int cli_invoke(struct murre_store *store, struct murre_instance *instance, const struct run_options *options) {
    struct murre_func *func = find(instance, options);
    if (func == NULL)
        return CLI_FAILED;
    struct murre_functype type;
    murre_func_type(func, &type);
    uint32_t params = slot_count(type.params, type.param_count), results = slot_count(type.results, type.result_count);
    union murre_slot *slots = calloc((params > results ? params : results) + 1, sizeof *slots);
    if (slots == NULL) {
        cli_error("out of memory");
        return CLI_FAILED;
    }
    int status = CLI_USAGE;
    if (parse(options, &type, slots)) {
        struct murre_trap *trap = murre_func_call(store, func, slots);
        status = CLI_OK;
        if (trap != NULL)
            status = cli_report_trap(trap, options->file, options->timeout_text);
        else
            print(&type, slots);
        murre_trap_delete(trap);
    }
    free(slots);
    return status;
}
