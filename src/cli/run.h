/* The command "run" and its parts: options (run_options.c), the run (run.c), where it starts (start.c), calls by name (invoke.c). */
#ifndef MURRE_CLI_RUN_H
#define MURRE_CLI_RUN_H

#include "cli/options.h"
#include "wasi.h"

enum run_unknown { RUN_UNKNOWN_REFUSE, RUN_UNKNOWN_TRAP, RUN_UNKNOWN_ZERO };

/* The command line of "run", understood. Arrays are owned; texts are argv's. */
struct run_options {
    struct murre_config config;
    const char *file;
    const char *invoke; /* or NULL */
    const char *argv0;  /* the guest's name for itself; NULL: file */
    char **args;        /* behind FILE */
    int arg_count;
    const char **env; /* "NAME=value" */
    size_t env_count;
    struct murre_wasi_preopen *folders;
    char **folder_names; /* copies of host names that had a "::" */
    size_t folder_count;
    int *sockets;
    const char **listens; /* by socket: where it is to be opened, or NULL */
    size_t socket_count;
    enum run_unknown unknown; /* imports that nobody provides */
    struct murre_store_limits limits;
    uint32_t max_files;               /* and these of WASI: 0: no limit */
    uint64_t max_output, max_written; /* bytes */
    uint64_t timeout;                 /* nanoseconds, or 0 */
    const char *timeout_text;
    bool enforce_rights;
    bool stats;
};

int cli_run_main(int argc, char **argv);

/* CLI_END when all is well, CLI_HELP or CLI_BAD when the program should end. Fini in any case. */
int cli_run_options(struct run_options *options, int argc, char **argv) MURRE_MUST_USE;
void cli_run_options_fini(struct run_options *options);

/* --timeout until the guest runs (deadline.c): ends the process with CLI_TIMEOUT when the time has passed. False when there is no timer. */
bool cli_deadline_start(const struct run_options *options) MURRE_MUST_USE;
/* Nanoseconds for the store that is about to run, 0 for any number; the process gets a little more. */
uint64_t cli_deadline_left(void);
void cli_deadline_stop(void);

/* Runs the program from its entry, or what --invoke names. Returns an exit status. */
int cli_start(struct murre_store *store, struct murre_instance *instance, const struct run_options *options);
/* Calls an export with the values in options->args and prints the results. Returns an exit status. */
int cli_invoke(struct murre_store *store, struct murre_instance *instance, const struct run_options *options);

#endif
