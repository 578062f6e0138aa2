/* "print": a module in the text format. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"

static int print_main(int argc, char **argv);

enum { OPTION_OUTPUT = 1, OPTION_OFFSETS, OPTION_FOLD };

static const struct cli_option options_table[] = {
    {"output", "FILE", "write to FILE instead of standard output; also -o FILE", OPTION_OUTPUT},
    {"offsets", NULL, "show in front of each line where in the module it comes from", OPTION_OFFSETS},
    {"fold", NULL, "print instructions in parentheses around their operands", OPTION_FOLD},
    {NULL, NULL, NULL, 0},
};

const struct cli_command cli_print = {
    .name = "print",
    .synopsis = "[OPTIONS] FILE",
    .summary = "Print a module in the text format",
    .options = options_table,
    .main = print_main,
};

static bool write_text(void *context, const char *text, size_t size) {
    return fwrite(text, 1, size, context) == size;
}

/* False: has been said. */
static bool print(const struct cli_file *file, uint32_t flags, FILE *to) {
    struct murre_error error = {0};
    struct murre_config config;
    murre_config_init(&config);
    config.tier = MURRE_TIER_INTERP; /* nothing is run */
    struct murre_engine *engine = murre_engine_new(&config, &error);
    if (engine == NULL) {
        cli_error("%s", error.message);
        return false;
    }
    bool done = murre_binary_to_text(engine, file->bytes, file->size, flags, write_text, to, &error) == MURRE_OK;
    if (!done && !ferror(to))
        cli_error_file(file->name, &error);
    murre_engine_unref(engine);
    return done || ferror(to); /* which is said where the stream is closed */
}

/* A file that does not get the whole text is removed. */
static bool print_to(const struct cli_file *file, uint32_t flags, const char *output) {
    FILE *to = fopen(output, "we");
    if (to == NULL) {
        cli_error("%s: %s", output, strerror(errno));
        return false;
    }
    bool done = print(file, flags, to), written = !ferror(to);
    if (fclose(to) != 0 || !written) {
        cli_error("%s: %s", output, strerror(errno));
        done = false;
    }
    if (!done)
        unlink(output);
    return done;
}

static int print_main(int argc, char **argv) {
    struct cli_parser parser;
    const char *value, *name = NULL, *output = NULL;
    uint32_t flags = 0;
    int id;
    cli_parser_init(&parser, &cli_print, argc, argv);
    while ((id = cli_parse(&parser, &value)) != CLI_END) {
        switch (id) {
        case CLI_HELP: return cli_finish(CLI_OK);
        case CLI_BAD: return CLI_USAGE;
        case OPTION_OUTPUT: output = value; break;
        case OPTION_OFFSETS: flags |= MURRE_PRINT_OFFSETS; break;
        case OPTION_FOLD: flags |= MURRE_PRINT_FOLDED; break;
        default:
            if (name != NULL)
                return cli_usage(&cli_print, "more than one file: %s", value);
            name = value;
        }
    }
    if (name == NULL)
        return cli_usage(&cli_print, "no file to print");
    struct cli_file file;
    if (!cli_load(name, false, &file))
        return CLI_FAILED;
    bool done = output != NULL ? print_to(&file, flags, output) : print(&file, flags, stdout);
    cli_unload(&file);
    return cli_finish(done ? CLI_OK : CLI_FAILED);
}
