/* Shared by the program's commands. Each command has a file of its own; messages start with "murre: " and go to stderr; every function
 * that fails has printed why. One thread. */
#ifndef MURRE_CLI_H
#define MURRE_CLI_H

#include <stdio.h>

#include "murre.h"

/* Exit statuses. A guest's own is passed on. */
enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,    /* a file cannot be read, is no module, or cannot be linked */
    CLI_USAGE = 2,     /* the command line is wrong */
    CLI_TIMEOUT = 124, /* as timeout(1) has it */
    CLI_TRAP = 134,    /* as a shell shows an aborted process */
};

struct cli_command {
    const char *name;
    const char *synopsis; /* behind "murre NAME " */
    const char *summary;
    const struct cli_option *options;   /* ends with a name of NULL */
    int (*main)(int argc, char **argv); /* argv[0] is the command's name */
};
extern const struct cli_command cli_run, cli_validate, cli_inspect, cli_print;

/* Once, before there are messages: see report.c. */
void cli_buffer_messages(void);
/* "murre: …" and a line end. */
void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What the library says of a file: "murre: FILE: offset 0x1f: reason". */
void cli_error_file(const char *file, const struct murre_error *error);
/* Names come from modules and may hold anything: characters that play with a terminal, turn text or cannot be seen are shown as escapes
 * (base/text.h). */
void cli_print_name(FILE *stream, struct murre_name name);
/* The same, cut where it is long: for messages. */
void cli_print_short_name(FILE *stream, struct murre_name name);
/* A trap with its backtrace, or the end by a timeout, and what status follows from it. timeout: as the user wrote it. */
int cli_report_trap(const struct murre_trap *trap, const char *file, const char *timeout);
/* Flushes stdout; status, or CLI_FAILED when not everything could be written. */
int cli_finish(int status);

/* ---- files (load.c) ------------------------------------------------------------------------------------------------ */

/* The bytes of a module: mapped, or read, or inflated. */
struct cli_file {
    const char *name; /* for messages */
    void *bytes;
    size_t size;
    bool mapped;
};
/* Once, before there is an engine: what happens when a mapped file shrinks. */
void cli_watch_files(void);
/* "-" is stdin. may_change: the program that runs may write to files, perhaps to this one. */
bool cli_load(const char *name, bool may_change, struct cli_file *file) MURRE_MUST_USE;
void cli_unload(struct cli_file *file);
/* Loads and decodes. Takes the file over: it lives as long as the module. */
struct murre_module *cli_module(struct murre_engine *engine, const char *name, bool may_change) MURRE_MUST_USE;
/* False, and says why, when the bytes are something else than a module that people hand in by mistake. (kind.c) */
bool cli_plausible(const struct cli_file *file) MURRE_MUST_USE;
/* The same for inspection: *error says whether and why it cannot be run. */
struct murre_module *cli_survey(struct murre_engine *engine, const char *name, struct murre_error *error) MURRE_MUST_USE;
/* Inflates a gzip or zlib stream; other bytes stay as they are. False when it is damaged or inflates to too much. (inflate.c) */
bool cli_inflate(struct cli_file *file) MURRE_MUST_USE;

/* ---- values (value.c) ------------------------------------------------------------------------------------------------ */

/* A number or "null" of a type; false when the text is none. */
bool cli_parse_value(const char *text, murre_valtype type, union murre_slot *slot) MURRE_MUST_USE;
/* The shortest text that parse_value turns into the same value (of a v128, two slots, one of them). size: at least CLI_VALUE_SIZE. */
#define CLI_VALUE_SIZE 64
void cli_print_value(char *text, size_t size, murre_valtype type, const union murre_slot *slot);
/* "i32", … */
const char *cli_type_name(murre_valtype type);
/* "(i32, i64) -> f32", cut to size. */
void cli_type_text(char *text, size_t size, const struct murre_functype *type);

#endif
