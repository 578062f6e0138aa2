/* "run": load, link with WASI, start. Nothing is done that the guest's first instruction does not need. At the end, cleaning up is left to
 * the operating system, unless assertions are on (then everything is freed, so that leaks are found). */
#include "cli/run.h"
#include "cli/listen.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* What a run holds, in the order in which it is made. */
struct run {
    struct run_options options;
    struct murre_engine *engine;
    struct murre_module *module;
    struct murre_wasi *wasi;
    struct murre_linker *linker;
    struct murre_store *store;
};

/* ---- set up ------------------------------------------------------------------------------------------------------------ */

static bool open_listeners(struct run_options *options) {
    for (size_t i = 0; i < options->socket_count; i++)
        if (options->listens[i] != NULL && (options->sockets[i] = cli_listen(options->listens[i])) < 0)
            return false;
    return true;
}

static struct murre_wasi *make_wasi(const struct run_options *options, struct murre_error *error) {
    size_t count = (size_t)options->arg_count + 1;
    const char **args = malloc(count * sizeof *args);
    if (args == NULL) {
        error->status = MURRE_ERROR_MEMORY;
        snprintf(error->message, sizeof error->message, "out of memory");
        return NULL;
    }
    args[0] = options->argv0 != NULL ? options->argv0 : options->file;
    for (int i = 0; i < options->arg_count; i++)
        args[i + 1] = options->args[i];
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.args = args;
    config.arg_count = count;
    config.env = options->env;
    config.env_count = options->env_count;
    config.preopens = options->folders;
    config.preopen_count = options->folder_count;
    config.sockets = options->sockets;
    config.socket_count = options->socket_count;
    config.enforce_rights = options->enforce_rights;
    config.max_descriptors = options->max_files;
    config.max_output = options->max_output;
    config.max_written = options->max_written;
    struct murre_wasi *wasi = murre_wasi_new(&config, error);
    free(args);
    return wasi;
}

/* "HOST:GUEST", as other programs have it, is the name of one folder here. */
static void hint_at_colons(const struct run_options *options) {
    for (size_t i = 0; i < options->folder_count; i++) {
        const struct murre_wasi_preopen *folder = &options->folders[i];
        const char *colon = strchr(folder->host, ':');
        if (colon == NULL || colon == folder->host || colon[1] == '\0' || folder->guest != folder->host || access(folder->host, F_OK) == 0)
            continue;
        int size = (int)(colon - folder->host);
        cli_error("--dir takes two colons: did you mean --dir%s=%.*s::%s?", folder->read_only ? "-ro" : "", size, folder->host, colon + 1);
        return;
    }
}

static bool may_write(const struct run_options *options) {
    for (size_t i = 0; i < options->folder_count; i++)
        if (!options->folders[i].read_only)
            return true;
    return false;
}

/* Programs of 2019 import preview 0; nobody else pays for it. */
static bool imports_preview0(const struct murre_module *module) {
    struct murre_import import;
    for (uint32_t i = 0; murre_module_import(module, i, &import); i++)
        if (import.module.size == strlen("wasi_unstable") && memcmp(import.module.data, "wasi_unstable", import.module.size) == 0)
            return true;
    return false;
}

static bool define_unknown(struct run *run, struct murre_error *error) {
    if (run->options.unknown == RUN_UNKNOWN_REFUSE)
        return true;
    enum murre_unknown how = run->options.unknown == RUN_UNKNOWN_TRAP ? MURRE_UNKNOWN_TRAP : MURRE_UNKNOWN_ZERO;
    return murre_linker_define_unknown(run->linker, run->store, run->module, how, error) == MURRE_OK;
}

static bool set_up(struct run *run) {
    struct murre_error error = {.offset = MURRE_NO_OFFSET};
    if (!cli_deadline_start(&run->options))
        return false;
    run->engine = murre_engine_new(&run->options.config, &error);
    if (run->engine == NULL)
        goto failed;
    run->module = cli_module(run->engine, run->options.file, may_write(&run->options));
    if (run->module == NULL)
        return false;
    if (!open_listeners(&run->options))
        return false;
    run->wasi = make_wasi(&run->options, &error);
    if (run->wasi == NULL) {
        cli_error("%s", error.message);
        if (error.status == MURRE_ERROR_IO)
            hint_at_colons(&run->options);
        return false;
    }
    run->linker = murre_linker_new(run->engine, &error);
    if (run->linker == NULL || murre_wasi_define(run->wasi, run->linker, &error) != MURRE_OK)
        goto failed;
    if (imports_preview0(run->module) && murre_wasi_define_preview0(run->wasi, run->linker, &error) != MURRE_OK)
        goto failed;
    run->store = murre_store_new(run->engine, &error);
    if (run->store == NULL)
        goto failed;
    murre_store_set_limits(run->store, &run->options.limits);
    uint64_t left = cli_deadline_left();
    if (left != 0 && murre_store_set_timeout(run->store, left, &error) != MURRE_OK)
        goto failed;
    if (!define_unknown(run, &error))
        goto failed;
    return true;
failed:
    cli_error("%s", error.message);
    return false;
}

__attribute__((unused)) static void clean_up(struct run *run) {
    if (run->store != NULL)
        murre_store_delete(run->store);
    if (run->linker != NULL)
        murre_linker_delete(run->linker);
    murre_wasi_delete(run->wasi);
    if (run->module != NULL)
        murre_module_unref(run->module);
    if (run->engine != NULL)
        murre_engine_unref(run->engine);
    cli_run_options_fini(&run->options);
}

/* ---- linking ----------------------------------------------------------------------------------------------------------- */

static bool is_provided(const struct run *run, const struct murre_import *import) {
    if (import->type.kind == MURRE_EXTERN_FUNC)
        return run->options.unknown != RUN_UNKNOWN_REFUSE || murre_wasi_provides(import->module, import->name);
    return run->options.unknown == RUN_UNKNOWN_ZERO && import->type.kind != MURRE_EXTERN_TAG;
}

/* All imports that nobody provides, and what can be done about it. Returns how many. */
static uint32_t report_missing_imports(const struct run *run) {
    uint32_t missing = 0;
    bool functions = true;
    struct murre_import import;
    for (uint32_t i = 0; murre_module_import(run->module, i, &import); i++) {
        if (is_provided(run, &import))
            continue;
        functions &= import.type.kind == MURRE_EXTERN_FUNC;
        if (missing++ == 0)
            cli_error("%s: imports that murre does not provide:", run->options.file);
        fputs("  ", stderr);
        cli_print_short_name(stderr, import.module);
        fputc('.', stderr);
        cli_print_short_name(stderr, import.name);
        fputc('\n', stderr);
    }
    if (missing != 0 && functions)
        fputs("(--unknown-imports=trap runs it until it calls one of them; --unknown-imports=zero lets them return zeros)\n", stderr);
    else if (missing != 0 && run->options.unknown != RUN_UNKNOWN_ZERO)
        fputs("(--unknown-imports=zero runs it with zeros in their place, and with memories and tables of the least size)\n", stderr);
    fflush(stderr);
    return missing;
}

/* NULL: *status says how to end. */
static struct murre_instance *instantiate(struct run *run, int *status) {
    struct murre_error error = {.offset = MURRE_NO_OFFSET};
    struct murre_trap *trap = NULL;
    struct murre_instance *instance = murre_linker_instantiate(run->linker, run->store, run->module, &trap, &error);
    if (instance != NULL || trap != NULL)
        cli_deadline_stop();
    if (instance != NULL)
        return instance;
    *status = CLI_FAILED;
    if (error.status == MURRE_ERROR_TRAP && trap != NULL)
        *status = cli_report_trap(trap, run->options.file, run->options.timeout_text);
    else if (error.status != MURRE_ERROR_LINK || report_missing_imports(run) == 0)
        cli_error_file(run->options.file, &error);
    murre_trap_delete(trap);
    return NULL;
}

/* ---- the run ----------------------------------------------------------------------------------------------------------- */

static int start(struct run *run) {
    int status;
    struct murre_instance *instance = instantiate(run, &status);
    return instance != NULL ? cli_start(run->store, instance, &run->options) : status;
}

static void print_stats(const struct run *run) {
    struct murre_stats stats;
    struct rusage usage;
    murre_engine_stats(run->engine, &stats);
    getrusage(RUSAGE_SELF, &usage);
    fprintf(stderr,
            "functions interpreted: %llu\n"
            "functions compiled:    %llu\n"
            "functions refused:     %llu\n"
            "loops entered:         %llu\n"
            "compile time:          %.3f ms\n"
            "lowering time:         %.3f ms\n"
            "compiled code:         %llu bytes\n"
            "register code:         %llu bytes\n"
            "peak memory:           %ld KiB\n",
            (unsigned long long)stats.functions_interpreted, (unsigned long long)stats.functions_compiled,
            (unsigned long long)stats.functions_refused, (unsigned long long)stats.loops_entered, (double)stats.compile_nanoseconds / 1e6,
            (double)stats.lower_nanoseconds / 1e6, (unsigned long long)stats.code_bytes, (unsigned long long)stats.register_code_bytes,
            usage.ru_maxrss);
    fflush(stderr);
}

int cli_run_main(int argc, char **argv) {
    struct run run = {0};
    int parsed = cli_run_options(&run.options, argc, argv);
    if (parsed != CLI_END) {
        cli_run_options_fini(&run.options);
        return parsed == CLI_HELP ? cli_finish(CLI_OK) : CLI_USAGE;
    }
    signal(SIGPIPE, SIG_IGN); /* the guest gets the error PIPE */
    int status = set_up(&run) ? start(&run) : CLI_FAILED;
    if (run.options.stats && run.engine != NULL)
        print_stats(&run);
    status = cli_finish(status);
#ifdef NDEBUG
    _exit(status);
#else
    clean_up(&run);
    return status;
#endif
}
