/* Parsing of command lines and the help. See options.h. */
#include "cli/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cli_parser_init(struct cli_parser *parser, const struct cli_command *command, int argc, char **argv) {
    *parser = (struct cli_parser){.command = command, .argc = argc, .argv = argv, .next = 1};
}

int cli_usage(const struct cli_command *command, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("murre: ", stderr);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nTry 'murre %s%s--help'.\n", command != NULL ? command->name : "", command != NULL ? " " : "");
    fflush(stderr);
    return CLI_USAGE;
}

void cli_print_help(const struct cli_command *command) {
    printf("Usage: murre %s %s\n%s.\n\nOptions:\n", command->name, command->synopsis, command->summary);
    for (const struct cli_option *option = command->options; option->name != NULL; option++) {
        char left[64];
        const char *argument = option->argument;
        if (argument == NULL)
            snprintf(left, sizeof left, "--%s", option->name);
        else if (argument[0] == '[')
            snprintf(left, sizeof left, "--%s[=%.*s]", option->name, (int)strlen(argument) - 2, argument + 1);
        else
            snprintf(left, sizeof left, "--%s=%s", option->name, argument);
        if (strlen(left) > 26)
            printf("  %s\n%30s%s\n", left, "", option->help);
        else
            printf("  %-26s  %s\n", left, option->help);
    }
    printf("  %-26s  %s\n", "--help", "print this and exit");
}

/* The option that text (up to size) names. */
static const struct cli_option *find(const struct cli_command *command, const char *text, size_t size) {
    for (const struct cli_option *option = command->options; option->name != NULL; option++)
        if (strlen(option->name) == size && memcmp(option->name, text, size) == 0)
            return option;
    return NULL;
}

static int bad(const struct cli_parser *parser, const char *what, const char *argument) {
    cli_usage(parser->command, what, argument);
    return CLI_BAD;
}

int cli_parse(struct cli_parser *parser, const char **value) {
    *value = NULL;
    if (parser->next >= parser->argc)
        return CLI_END;
    const char *argument = parser->argv[parser->next++];
    if (!parser->only_operands && strcmp(argument, "--") == 0) {
        parser->only_operands = true;
        return cli_parse(parser, value);
    }
    if (parser->only_operands || argument[0] != '-' || argument[1] == '\0') {
        *value = argument;
        return CLI_OPERAND;
    }
    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
        cli_print_help(parser->command);
        return CLI_HELP;
    }
    if (strcmp(argument, "-o") == 0 && find(parser->command, "output", strlen("output")) != NULL) {
        if (parser->next >= parser->argc)
            return bad(parser, "option '%s' needs an argument", argument);
        *value = parser->argv[parser->next++];
        return find(parser->command, "output", strlen("output"))->id;
    }
    if (argument[1] != '-')
        return bad(parser, "unknown option '%s'", argument);
    const char *equals = strchr(argument, '=');
    size_t size = equals != NULL ? (size_t)(equals - argument) - 2 : strlen(argument) - 2;
    const struct cli_option *option = find(parser->command, argument + 2, size);
    if (option == NULL)
        return bad(parser, "unknown option '%s'", argument);
    bool optional = option->argument != NULL && option->argument[0] == '[';
    if (option->argument == NULL && equals != NULL)
        return bad(parser, "option '--%s' takes no argument", option->name);
    if (equals != NULL)
        *value = equals + 1;
    else if (option->argument != NULL && !optional) {
        if (parser->next >= parser->argc)
            return bad(parser, "option '--%s' needs an argument", option->name);
        *value = parser->argv[parser->next++];
    }
    return option->id;
}

/* ---- arguments ------------------------------------------------------------------------------------------------------- */

static bool refuse(const struct cli_command *command, const char *option, const char *text, const char *wanted) {
    cli_usage(command, "--%s: '%s' is not %s", option, text, wanted);
    return false;
}

bool cli_number_argument(const struct cli_command *command, const char *option, const char *text, uint64_t max, uint64_t *number) {
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || *number > max) {
        char wanted[64];
        snprintf(wanted, sizeof wanted, "a number from 0 to %llu", (unsigned long long)max);
        return refuse(command, option, text, wanted);
    }
    return true;
}

bool cli_size_argument(const struct cli_command *command, const char *option, const char *text, uint64_t *bytes) {
    static const char units[] = "KMGT";
    char *end;
    errno = 0;
    *bytes = strtoull(text, &end, 10);
    bool good = text[0] >= '0' && text[0] <= '9' && errno == 0;
    if (good && *end != '\0') {
        const char *unit = strchr(units, *end >= 'a' ? *end - 'a' + 'A' : *end);
        good = unit != NULL && (end[1] == '\0' || strcmp(end + 1, "iB") == 0 || strcmp(end + 1, "B") == 0);
        for (const char *u = units; good && u <= unit; u++)
            good = !__builtin_mul_overflow(*bytes, UINT64_C(1024), bytes);
    }
    return good || refuse(command, option, text, "a size such as 65536, 512K, 64M or 2G");
}

bool cli_duration_argument(const struct cli_command *command, const char *option, const char *text, uint64_t *nanoseconds) {
    static const struct {
        const char *unit;
        double nanoseconds;
    } units[] = {{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"m", 60e9}, {"h", 3600e9}};
    char *end;
    double number = strtod(text, &end);
    if (text[0] >= '0' && text[0] <= '9' && strpbrk(text, "xX") == NULL)
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            if (strcmp(end, units[i].unit) == 0 && number * units[i].nanoseconds >= 1 && number * units[i].nanoseconds < 9e18) {
                *nanoseconds = (uint64_t)(number * units[i].nanoseconds);
                return true;
            }
    return refuse(command, option, text, "a time such as 5s, 500ms or 2m");
}

bool cli_choice_argument(const struct cli_command *command, const char *option, const char *text, const char *const *names, int *choice) {
    char wanted[128] = "one of";
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], text) == 0) {
            *choice = i;
            return true;
        }
        size_t used = strlen(wanted);
        snprintf(wanted + used, sizeof wanted - used, "%s %s", i == 0 ? "" : ",", names[i]);
    }
    return refuse(command, option, text, wanted);
}
