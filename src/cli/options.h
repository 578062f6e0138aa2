/* Command lines from tables. A table is the only list of the options: parsing, help and the tests of the man page and of the completion
 * all read it. */
#ifndef MURRE_CLI_OPTIONS_H
#define MURRE_CLI_OPTIONS_H

#include "cli/cli.h"

struct cli_option {
    const char *name;     /* without "--" */
    const char *argument; /* its name in the help; NULL: takes none; "[NAME]": optional, only as --name=NAME */
    const char *help;
    int id; /* positive */
};

enum {
    CLI_END = 0,      /* no more arguments */
    CLI_OPERAND = -1, /* value: something that is no option */
    CLI_BAD = -2,     /* has been said; exit with CLI_USAGE */
    CLI_HELP = -3,    /* --help has been printed; exit with CLI_OK */
};

struct cli_parser {
    const struct cli_command *command;
    int argc;
    char **argv;
    int next;           /* index in argv */
    bool only_operands; /* after "--" */
};

void cli_parser_init(struct cli_parser *parser, const struct cli_command *command, int argc, char **argv);
/* The id of the next option, with its argument in *value (NULL when there is none), or one of the above. */
int cli_parse(struct cli_parser *parser, const char **value);
/* "murre: MESSAGE" and where help is; returns CLI_USAGE. */
int cli_usage(const struct cli_command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cli_print_help(const struct cli_command *command);

/* Arguments of options. False: has been said. */
bool cli_size_argument(const struct cli_command *command, const char *option, const char *text, uint64_t *bytes) MURRE_MUST_USE;
bool cli_duration_argument(const struct cli_command *command, const char *option, const char *text, uint64_t *nanoseconds) MURRE_MUST_USE;
bool cli_number_argument(const struct cli_command *command, const char *option, const char *text, uint64_t max,
                         uint64_t *number) MURRE_MUST_USE;
/* The index of text among names, which ends with NULL. */
bool cli_choice_argument(const struct cli_command *command, const char *option, const char *text, const char *const *names,
                         int *choice) MURRE_MUST_USE;

#endif
