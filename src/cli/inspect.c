/* "inspect": what a module contains, without running it, as far as it can be read. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"

static int inspect_main(int argc, char **argv);

enum { OPT_DISASSEMBLE = 1 };
static const struct cli_option options_table[] = {
    {"disassemble", "[FUNCTION]", "print instructions, of one function (number, export, name) or of all", OPT_DISASSEMBLE},
    {NULL, NULL, NULL, 0},
};

const struct cli_command cli_inspect = {
    .name = "inspect",
    .synopsis = "[OPTIONS] FILE",
    .summary = "Show a module's sections, imports, exports and features",
    .options = options_table,
    .main = inspect_main,
};

static void print_name(struct murre_name name) {
    if (name.size == 0)
        fputs("\"\"", stdout);
    else
        cli_print_name(stdout, name);
}

static bool name_is(struct murre_name name, const char *text) {
    return name.size == strlen(text) && memcmp(name.data, text, name.size) == 0;
}

static void print_limits(const struct murre_limits *limits, const char *unit) {
    printf("%" PRIu64, limits->min);
    if (limits->has_max)
        printf(" to %" PRIu64, limits->max);
    printf(" %s%s%s", unit, limits->is64 ? ", 64-bit" : "", limits->shared ? ", shared" : "");
}

static const char *kind_name(enum murre_externkind kind) {
    static const char *const names[] = {
        [MURRE_EXTERN_FUNC] = "function", [MURRE_EXTERN_TABLE] = "table", [MURRE_EXTERN_MEMORY] = "memory",
        [MURRE_EXTERN_GLOBAL] = "global", [MURRE_EXTERN_TAG] = "tag",
    };
    return (size_t)kind < sizeof names / sizeof *names ? names[kind] : "item";
}

static void print_type(const struct murre_externtype *type) {
    char text[512], value[48];
    murre_valtype_text(type->valtype, value, sizeof value);
    switch (type->kind) {
    case MURRE_EXTERN_FUNC:
    case MURRE_EXTERN_TAG:
        cli_type_text(text, sizeof text, &type->func);
        fputs(text, stdout);
        break;
    case MURRE_EXTERN_TABLE:
        printf("%s, ", value);
        print_limits(&type->limits, "elements");
        break;
    case MURRE_EXTERN_MEMORY: print_limits(&type->limits, "pages"); break;
    case MURRE_EXTERN_GLOBAL: printf("%s%s", type->is_mutable ? "mutable " : "", value); break;
    }
    putchar('\n');
}

/* ---- the parts ---------------------------------------------------------------------------------------------------------- */

static void print_sections(struct murre_module *module) {
    struct murre_section section;
    printf("sections:\n");
    for (uint32_t i = 0; murre_module_section(module, i, &section); i++) {
        printf("  0x%08" PRIx64 " %10" PRIu64 " bytes  ", section.offset, section.size);
        if (section.id == 0) {
            printf("custom \"");
            cli_print_name(stdout, section.name);
            printf("\"\n");
        } else {
            print_name(section.name);
            printf(section.count != 0 ? ", %" PRIu64 " entries\n" : "\n", section.count);
        }
    }
}

static void print_imports(struct murre_module *module) {
    struct murre_import import;
    for (uint32_t i = 0; murre_module_import(module, i, &import); i++) {
        printf(i == 0 ? "imports:\n" : "");
        printf("  %-8s %" PRIu32 "  ", kind_name(import.type.kind), import.index);
        print_name(import.module);
        putchar('.');
        print_name(import.name);
        printf(": ");
        print_type(&import.type);
    }
}

static void print_exports(struct murre_module *module) {
    struct murre_export item;
    for (uint32_t i = 0; murre_module_export(module, i, &item); i++) {
        printf(i == 0 ? "exports:\n" : "");
        printf("  %-8s %" PRIu32 "  ", kind_name(item.type.kind), item.index);
        print_name(item.name);
        printf(": ");
        print_type(&item.type);
    }
}

static void print_features(struct murre_module *module) {
    const char *feature;
    printf("features:");
    for (uint32_t i = 0; (feature = murre_module_feature(module, i)) != NULL; i++)
        printf(" %s", feature);
    if (murre_module_feature(module, 0) == NULL)
        printf(" none beyond the first version");
    putchar('\n');
    for (uint32_t i = 0; (feature = murre_module_missing(module, i)) != NULL; i++)
        printf("%s %s", i == 0 ? "missing:" : "", feature);
    if (murre_module_missing(module, 0) != NULL)
        putchar('\n');
}

/* ---- disassembly --------------------------------------------------------------------------------------------------------- */

static uint32_t imported_functions(struct murre_module *module) {
    struct murre_import import;
    uint32_t count = 0;
    for (uint32_t i = 0; murre_module_import(module, i, &import); i++)
        count += import.type.kind == MURRE_EXTERN_FUNC;
    return count;
}

/* In the first function section: of a module that is malformed it may say more than there are. */
static uint32_t defined_functions(struct murre_module *module) {
    struct murre_section section;
    for (uint32_t i = 0; murre_module_section(module, i, &section); i++)
        if (section.id == 3)
            return (uint32_t)section.count;
    return 0;
}

static void print_line(void *context, const char *line) {
    (void)context;
    puts(line);
}

static bool disassemble(struct murre_module *module, const char *file, uint32_t index) {
    struct murre_error error = {.offset = MURRE_NO_OFFSET};
    struct murre_name name = murre_module_function_name(module, index);
    if (name.size != 0) {
        printf(";; ");
        print_name(name);
        putchar('\n');
    }
    if (murre_module_disassemble(module, index, print_line, NULL, &error) == MURRE_OK)
        return true;
    cli_error_file(file, &error);
    return false;
}

/* A number, an export or a name of the name section. */
static bool find_function(struct murre_module *module, const char *text, uint32_t *index) {
    struct murre_export item;
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    if (*end == '\0' && end != text && number <= UINT32_MAX) {
        *index = (uint32_t)number;
        return true;
    }
    for (uint32_t i = 0; murre_module_export(module, i, &item); i++)
        if (item.type.kind == MURRE_EXTERN_FUNC && name_is(item.name, text)) {
            *index = item.index;
            return true;
        }
    uint32_t first = imported_functions(module), count = defined_functions(module);
    for (uint32_t i = 0; i < count; i++)
        if (name_is(murre_module_function_name(module, first + i), text)) {
            *index = first + i;
            return true;
        }
    return false;
}

static int print_disassembly(struct murre_module *module, const char *file, const char *function) {
    uint32_t index, first = imported_functions(module), count = defined_functions(module);
    if (function == NULL) {
        for (uint32_t i = 0; i < count; i++)
            if (!disassemble(module, file, first + i))
                return CLI_FAILED;
        return CLI_OK;
    }
    if (!find_function(module, function, &index)) {
        cli_error("%s: has no function '%s'", file, function);
        return CLI_FAILED;
    }
    if (index < first || index - first >= count) {
        cli_error("%s: function %u is not defined in the module", file, (unsigned)index);
        return CLI_FAILED;
    }
    return disassemble(module, file, index) ? CLI_OK : CLI_FAILED;
}

/* ---- the command --------------------------------------------------------------------------------------------------------- */

static int inspect(const char *file, bool instructions, const char *function) {
    struct murre_error error = {0};
    struct murre_config config;
    murre_config_init(&config);
    config.tier = MURRE_TIER_INTERP; /* nothing is run */
    config.deferred_validation = true;
    struct murre_engine *engine = murre_engine_new(&config, &error);
    if (engine == NULL) {
        cli_error("%s", error.message);
        return CLI_FAILED;
    }
    struct murre_module *module = cli_survey(engine, file, &error);
    if (module == NULL) {
        murre_engine_unref(engine);
        return CLI_FAILED;
    }
    int status = CLI_OK;
    if (instructions) {
        status = print_disassembly(module, file, function);
    } else if (error.status == MURRE_OK || murre_module_section_count(module) != 0) {
        print_sections(module);
        print_imports(module);
        print_exports(module);
        print_features(module);
    }
    /* That something is missing here is said above, and no fault of the module. */
    if (error.status != MURRE_OK && error.status != MURRE_ERROR_UNSUPPORTED) {
        fflush(stdout);
        cli_error_file(file, &error);
        status = CLI_FAILED;
    }
    murre_module_unref(module);
    murre_engine_unref(engine);
    return status;
}

static int inspect_main(int argc, char **argv) {
    struct cli_parser parser;
    const char *value, *file = NULL, *function = NULL;
    bool instructions = false;
    int id;
    cli_parser_init(&parser, &cli_inspect, argc, argv);
    while ((id = cli_parse(&parser, &value)) != CLI_END) {
        if (id == CLI_HELP)
            return cli_finish(CLI_OK);
        if (id == CLI_BAD)
            return CLI_USAGE;
        if (id == OPT_DISASSEMBLE) {
            instructions = true;
            function = value;
        } else if (file != NULL) {
            return cli_usage(&cli_inspect, "one file at a time; '%s' is too much", value);
        } else {
            file = value;
        }
    }
    if (file == NULL)
        return cli_usage(&cli_inspect, "no file to inspect");
    return cli_finish(inspect(file, instructions, function));
}
