/* "validate": checks every function of every file. Prints nothing for valid files. */
#include "cli/options.h"

static int validate_main(int argc, char **argv);

static const struct cli_option options_table[] = {{NULL, NULL, NULL, 0}};

const struct cli_command cli_validate = {
    .name = "validate",
    .synopsis = "FILE…",
    .summary = "Check that modules are valid",
    .options = options_table,
    .main = validate_main,
};

static bool validate(struct murre_engine *engine, const char *file) {
    struct murre_module *module = cli_module(engine, file, false);
    if (module == NULL)
        return false;
    murre_module_unref(module);
    return true;
}

static int validate_main(int argc, char **argv) {
    struct cli_parser parser;
    const char *file;
    struct murre_error error = {0};
    struct murre_config config;
    murre_config_init(&config);
    config.tier = MURRE_TIER_INTERP; /* nothing is run */
    struct murre_engine *engine = murre_engine_new(&config, &error);
    if (engine == NULL) {
        cli_error("%s", error.message);
        return CLI_FAILED;
    }
    cli_parser_init(&parser, &cli_validate, argc, argv);
    int status = CLI_OK, id;
    unsigned files = 0;
    for (; (id = cli_parse(&parser, &file)) == CLI_OPERAND; files++)
        if (!validate(engine, file))
            status = CLI_FAILED;
    if (id == CLI_BAD)
        status = CLI_USAGE;
    else if (id == CLI_END && files == 0)
        status = cli_usage(&cli_validate, "no file to validate");
    murre_engine_unref(engine);
    return cli_finish(status);
}
