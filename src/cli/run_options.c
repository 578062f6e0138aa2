/* The options of "run". */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/listen.h"
#include "cli/run.h"

enum {
    OPT_DIR = 1,
    OPT_DIR_RO,
    OPT_ENFORCE_RIGHTS,
    OPT_ENV,
    OPT_LISTEN,
    OPT_SOCKET,
    OPT_ARGV0,
    OPT_INVOKE,
    OPT_UNKNOWN_IMPORTS,
    OPT_TIER,
    OPT_BOUNDS,
    OPT_OPT_LEVEL,
    OPT_ENTRY_THRESHOLD,
    OPT_LOOP_THRESHOLD,
    OPT_MAX_MEMORY,
    OPT_MAX_CODE_MEMORY,
    OPT_MAX_TABLE_MEMORY,
    OPT_MAX_MEMORIES,
    OPT_MAX_TABLES,
    OPT_MAX_TABLE_ELEMENTS,
    OPT_MAX_INSTANCES,
    OPT_MAX_STACK,
    OPT_MAX_FILES,
    OPT_MAX_OUTPUT,
    OPT_MAX_WRITTEN,
    OPT_TIMEOUT,
    OPT_VALIDATE_ALL,
    OPT_STATS,
};

static const struct cli_option options_table[] = {
    {"dir", "HOST[::GUEST]", "let the guest see a folder, under the name GUEST (HOST)", OPT_DIR},
    {"dir-ro", "HOST[::GUEST]", "the same, but the guest cannot change anything in it", OPT_DIR_RO},
    {"enforce-rights", NULL, "refuse what the program has not asked for the right to", OPT_ENFORCE_RIGHTS},
    {"env", "NAME[=VALUE]", "set an environment variable; without a value: pass it on", OPT_ENV},
    {"listen", "HOST:PORT", "hand the guest a socket that accepts TCP connections there", OPT_LISTEN},
    {"socket", "FD", "hand the guest an open socket that murre has inherited", OPT_SOCKET},
    {"argv0", "NAME", "let the guest's first argument, its own name, be NAME (FILE)", OPT_ARGV0},
    {"invoke", "NAME", "call an exported function; its arguments follow FILE", OPT_INVOKE},
    {"unknown-imports", "WHAT", "run a module whose imports are missing: they trap, or give zero", OPT_UNKNOWN_IMPORTS},
    {"tier", "TIER", "auto, interp (interpret only) or jit (compile all) (auto)", OPT_TIER},
    {"bounds", "MODE", "check memory bounds by auto, guard or explicit (auto)", OPT_BOUNDS},
    {"opt-level", "LEVEL", "optimise compiled code at level 0 to 3", OPT_OPT_LEVEL},
    {"entry-threshold", "N", "compile a function after N calls", OPT_ENTRY_THRESHOLD},
    {"loop-threshold", "N", "compile a loop after N rounds", OPT_LOOP_THRESHOLD},
    {"max-memory", "SIZE", "let no memory grow beyond SIZE (64M, 2G)", OPT_MAX_MEMORY},
    {"max-code-memory", "SIZE", "let code that murre makes take no more than SIZE", OPT_MAX_CODE_MEMORY},
    {"max-table-memory", "SIZE", "let tables together take no more than SIZE (16M)", OPT_MAX_TABLE_MEMORY},
    {"max-memories", "N", "let there be no more than N memories", OPT_MAX_MEMORIES},
    {"max-tables", "N", "let there be no more than N tables", OPT_MAX_TABLES},
    {"max-table-elements", "N", "let all tables together have no more than N elements", OPT_MAX_TABLE_ELEMENTS},
    {"max-instances", "N", "let there be no more than N instances", OPT_MAX_INSTANCES},
    {"max-stack", "SIZE", "let calls use SIZE of stack (16M)", OPT_MAX_STACK},
    {"max-files", "N", "let the guest have N files open, folders and streams included", OPT_MAX_FILES},
    {"max-output", "SIZE", "let the guest write SIZE to standard output and error", OPT_MAX_OUTPUT},
    {"max-written", "SIZE", "let the guest write SIZE to files in its folders", OPT_MAX_WRITTEN},
    {"timeout", "TIME", "stop after TIME (5s, 500ms, 2m) with status 124", OPT_TIMEOUT},
    {"validate-all", NULL, "validate all functions at once, not each when first called", OPT_VALIDATE_ALL},
    {"stats", NULL, "print what was interpreted, compiled and used, to stderr", OPT_STATS},
    {NULL, NULL, NULL, 0},
};

const struct cli_command cli_run = {
    .name = "run",
    .synopsis = "[OPTIONS] FILE [ARGUMENTS…]",
    .summary = "Run a program, or call one of its functions",
    .options = options_table,
    .main = cli_run_main,
};

static const char *const tiers[] = {[MURRE_TIER_AUTO] = "auto", [MURRE_TIER_INTERP] = "interp", [MURRE_TIER_JIT] = "jit", NULL};
static const char *const bounds_modes[] = {
    [MURRE_BOUNDS_AUTO] = "auto", [MURRE_BOUNDS_GUARD] = "guard", [MURRE_BOUNDS_EXPLICIT] = "explicit", NULL};

static const char *const unknowns[] = {"trap", "zero", NULL};

static void *append(void *array, size_t count, size_t size) {
    void *grown = reallocarray(array, count + 1, size);
    if (grown == NULL)
        cli_error("out of memory");
    return grown;
}

static bool add_folder(struct run_options *options, const char *text, bool read_only) {
    const char *separator = strstr(text, "::");
    if (separator == text || text[0] == '\0' || (separator != NULL && separator[2] == '\0')) {
        cli_usage(&cli_run, "--dir%s: '%s' is not of the form HOST or HOST::GUEST", read_only ? "-ro" : "", text);
        return false;
    }
    struct murre_wasi_preopen *folders = append(options->folders, options->folder_count, sizeof *folders);
    if (folders == NULL)
        return false;
    options->folders = folders;
    char **names = append(options->folder_names, options->folder_count, sizeof *names);
    if (names == NULL)
        return false;
    options->folder_names = names;
    char *host = separator != NULL ? strndup(text, (size_t)(separator - text)) : strdup(text);
    if (host == NULL) {
        cli_error("out of memory");
        return false;
    }
    names[options->folder_count] = host;
    folders[options->folder_count++] =
        (struct murre_wasi_preopen){.host = host, .guest = separator != NULL ? separator + 2 : host, .read_only = read_only};
    return true;
}

/* A variable that is not set is not passed on. */
static bool add_env(struct run_options *options, const char *text) {
    const char *variable = text;
    if (text[0] == '=' || text[0] == '\0') {
        cli_usage(&cli_run, "--env: '%s' has no name", text);
        return false;
    }
    if (strchr(text, '=') == NULL) {
        const char *value = getenv(text);
        if (value == NULL)
            return true;
        variable = value - strlen(text) - 1; /* the environment holds NAME=value in one piece */
    }
    const char **env = append(options->env, options->env_count, sizeof *env);
    if (env == NULL)
        return false;
    options->env = env;
    env[options->env_count++] = variable;
    return true;
}

/* listen: where a socket is to be opened, or NULL. */
static bool add_socket_or_listener(struct run_options *options, int fd, const char *listen) {
    int *sockets = append(options->sockets, options->socket_count, sizeof *sockets);
    if (sockets == NULL)
        return false;
    options->sockets = sockets;
    const char **listens = append(options->listens, options->socket_count, sizeof *listens);
    if (listens == NULL)
        return false;
    options->listens = listens;
    listens[options->socket_count] = listen;
    sockets[options->socket_count++] = fd;
    return true;
}

static bool add_socket(struct run_options *options, const char *text) {
    uint64_t fd;
    return cli_number_argument(&cli_run, "socket", text, INT32_MAX, &fd) && add_socket_or_listener(options, (int)fd, NULL);
}

static bool add_listener(struct run_options *options, const char *text) {
    if (!cli_listen_argument(text)) {
        cli_usage(&cli_run, "--listen: '%s' is not of the form HOST:PORT", text);
        return false;
    }
    return add_socket_or_listener(options, -1, text);
}

static bool set_unknown(struct run_options *options, const char *text) {
    int choice;
    if (!cli_choice_argument(&cli_run, "unknown-imports", text, unknowns, &choice))
        return false;
    options->unknown = choice == 0 ? RUN_UNKNOWN_TRAP : RUN_UNKNOWN_ZERO;
    return true;
}

static bool set_threshold(const char *name, const char *text, uint32_t *threshold) {
    uint64_t number;
    if (!cli_number_argument(&cli_run, name, text, UINT32_MAX, &number))
        return false;
    *threshold = number == 0 ? 1 : (uint32_t)number; /* 0 would mean the default */
    return true;
}

static bool set_size(const char *name, const char *text, uint64_t *size) {
    if (!cli_size_argument(&cli_run, name, text, size))
        return false;
    *size = *size == 0 ? 1 : *size; /* 0 would mean the default */
    return true;
}

/* Limits of which zero would mean none. */
static bool count_limit(const char *name, const char *text, uint64_t max, uint64_t *limit) {
    if (!cli_number_argument(&cli_run, name, text, max, limit))
        return false;
    if (*limit == 0)
        cli_usage(&cli_run, "--%s: '%s' is not a number from 1 to %llu", name, text, (unsigned long long)max);
    return *limit != 0;
}
static bool size_limit(const char *name, const char *text, uint64_t *limit) {
    if (!cli_size_argument(&cli_run, name, text, limit))
        return false;
    if (*limit == 0)
        cli_usage(&cli_run, "--%s: '%s' is not a size of a byte or more", name, text);
    return *limit != 0;
}

/* Counts of the store and of WASI. */
static bool set_count(struct run_options *options, int id, const char *value) {
    static const char *const names[] = {[OPT_MAX_MEMORIES] = "max-memories",
                                        [OPT_MAX_TABLES] = "max-tables",
                                        [OPT_MAX_INSTANCES] = "max-instances",
                                        [OPT_MAX_FILES] = "max-files"};
    uint64_t number;
    if (!count_limit(names[id], value, UINT32_MAX, &number))
        return false;
    uint32_t *limit = id == OPT_MAX_MEMORIES    ? &options->limits.memories
                      : id == OPT_MAX_TABLES    ? &options->limits.tables
                      : id == OPT_MAX_INSTANCES ? &options->limits.instances
                                                : &options->max_files;
    *limit = (uint32_t)number;
    return true;
}

static bool set_stack(struct run_options *options, const char *value) {
    if (!size_limit("max-stack", value, &options->limits.stack_bytes))
        return false;
    options->config.max_stack = options->limits.stack_bytes; /* may be more than there is without */
    return true;
}

static bool set_engine(struct run_options *options, int id, const char *value) {
    struct murre_config *config = &options->config;
    uint64_t number;
    int choice;
    switch (id) {
    case OPT_TIER:
        if (!cli_choice_argument(&cli_run, "tier", value, tiers, &choice))
            return false;
        config->tier = (enum murre_tier)choice;
        return true;
    case OPT_BOUNDS:
        if (!cli_choice_argument(&cli_run, "bounds", value, bounds_modes, &choice))
            return false;
        config->bounds = (enum murre_bounds)choice;
        return true;
    case OPT_OPT_LEVEL:
        if (!cli_number_argument(&cli_run, "opt-level", value, 3, &number))
            return false;
        config->opt_level = (int)number;
        return true;
    case OPT_ENTRY_THRESHOLD: return set_threshold("entry-threshold", value, &config->entry_threshold);
    case OPT_LOOP_THRESHOLD: return set_threshold("loop-threshold", value, &config->loop_threshold);
    case OPT_MAX_MEMORY: return set_size("max-memory", value, &config->max_memory); /* 1 leaves no page */
    case OPT_MAX_CODE_MEMORY: return set_size("max-code-memory", value, &config->max_code_memory);
    case OPT_MAX_TABLE_MEMORY: return set_size("max-table-memory", value, &config->max_table_memory);
    default: /* OPT_VALIDATE_ALL */ config->deferred_validation = false; return true;
    }
}

static bool set(struct run_options *options, int id, const char *value) {
    switch (id) {
    case OPT_DIR: return add_folder(options, value, false);
    case OPT_DIR_RO: return add_folder(options, value, true);
    case OPT_ENFORCE_RIGHTS: options->enforce_rights = true; return true;
    case OPT_ENV: return add_env(options, value);
    case OPT_LISTEN: return add_listener(options, value);
    case OPT_SOCKET: return add_socket(options, value);
    case OPT_ARGV0: options->argv0 = value; return true;
    case OPT_INVOKE: options->invoke = value; return true;
    case OPT_UNKNOWN_IMPORTS: return set_unknown(options, value);
    case OPT_MAX_MEMORIES:
    case OPT_MAX_TABLES:
    case OPT_MAX_INSTANCES:
    case OPT_MAX_FILES: return set_count(options, id, value);
    case OPT_MAX_TABLE_ELEMENTS: return count_limit("max-table-elements", value, UINT32_MAX, &options->limits.table_elements);
    case OPT_MAX_STACK: return set_stack(options, value);
    case OPT_MAX_OUTPUT: return size_limit("max-output", value, &options->max_output);
    case OPT_MAX_WRITTEN: return size_limit("max-written", value, &options->max_written);
    case OPT_TIMEOUT: options->timeout_text = value; return cli_duration_argument(&cli_run, "timeout", value, &options->timeout);
    case OPT_STATS: options->stats = true; return true;
    default: return set_engine(options, id, value);
    }
}

enum { TABLE_MEMORY = 16 << 20 };

int cli_run_options(struct run_options *options, int argc, char **argv) {
    struct cli_parser parser;
    const char *value;
    *options = (struct run_options){0};
    murre_config_init(&options->config);
    options->config.deferred_validation = true;
    cli_parser_init(&parser, &cli_run, argc, argv);
    int id;
    while ((id = cli_parse(&parser, &value)) > 0)
        if (!set(options, id, value))
            return CLI_BAD;
    if (id == CLI_END) {
        cli_usage(&cli_run, "no file to run");
        return CLI_BAD;
    }
    if (id != CLI_OPERAND)
        return id;
    /* Many times what programs have; the library's own default allows what browsers allow. */
    if (options->config.max_table_memory == 0 && (options->config.max_memory == 0 || options->config.max_memory > TABLE_MEMORY))
        options->config.max_table_memory = TABLE_MEMORY;
    options->file = value;
    options->args = argv + parser.next;
    options->arg_count = argc - parser.next;
    if (options->config.tier == MURRE_TIER_JIT && !murre_has_compiler()) {
        cli_usage(&cli_run, "--tier=jit: this murre was built without the compiler");
        return CLI_BAD;
    }
    return CLI_END;
}

void cli_run_options_fini(struct run_options *options) {
    for (size_t i = 0; i < options->folder_count; i++)
        free(options->folder_names[i]);
    free(options->folder_names);
    free(options->folders);
    free(options->env);
    for (size_t i = 0; i < options->socket_count; i++)
        if (options->listens[i] != NULL && options->sockets[i] >= 0)
            close(options->sockets[i]);
    free(options->listens);
    free(options->sockets);
}
