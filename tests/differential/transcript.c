/* transcript [--tier=auto|interp|jit] [--bounds=auto|guard|explicit] [--no-signals] [--opt-level=N] [--entry-threshold=N]
 *            [--loop-threshold=N] [-v] MODULE.wasm…
 *
 * Runs modules that need no particular host, and prints for each what stands for all that it did:
 *
 *   PATH digest=… functions=… calls=… returned=… trapped=… host=… [cut|refused]
 *
 * Builds, tiers and processors must agree on the digest, bit by bit, as long as a module leaves no choice to its engine: it ends by itself,
 * and makes every NaN that arithmetic gives the same one (`wasm-tools smith --ensure-termination --canonicalize-nans true`). A module is cut
 * where a limit ended it (stack, memory, time), refused when the engine does not take it. -v prints what the digest is made of, too.
 *
 * Two lines end the output: traps by kind, and the engine's statistics with the time that the processor took. A path without a digest is what was running when the program died. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "play.h"

struct options {
    struct murre_config config;
    bool loud;
};

static bool choose(const char *value, const char *const *names, int *chosen) {
    for (int i = 0; names[i]; i++)
        if (strcmp(value, names[i]) == 0)
            return *chosen = i, true;
    return false;
}

static bool take_option(const char *arg, struct options *options) {
    static const char *const tiers[] = {"auto", "interp", "jit", NULL}, *const bounds[] = {"auto", "guard", "explicit", NULL};
    struct murre_config *config = &options->config;
    const char *value = strchr(arg, '=');
    size_t length = value ? (size_t)(value++ - arg) : strlen(arg);
    int chosen;
    if (!value && strcmp(arg, "--no-signals") == 0)
        config->no_signals = true;
    else if (!value && strcmp(arg, "-v") == 0)
        options->loud = true;
    else if (!value)
        return false;
    else if (strncmp(arg, "--tier", length) == 0 && choose(value, tiers, &chosen))
        config->tier = (enum murre_tier)chosen;
    else if (strncmp(arg, "--bounds", length) == 0 && choose(value, bounds, &chosen))
        config->bounds = (enum murre_bounds)chosen;
    else if (strncmp(arg, "--opt-level", length) == 0)
        config->opt_level = atoi(value);
    else if (strncmp(arg, "--entry-threshold", length) == 0)
        config->entry_threshold = (uint32_t)strtoul(value, NULL, 0);
    else if (strncmp(arg, "--loop-threshold", length) == 0)
        config->loop_threshold = (uint32_t)strtoul(value, NULL, 0);
    else
        return false;
    return true;
}

static uint8_t *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    long end = file && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    uint8_t *bytes = end >= 0 ? malloc((size_t)end + 1) : NULL;
    *size = (size_t)end;
    if (bytes && (fseek(file, 0, SEEK_SET) != 0 || fread(bytes, 1, *size, file) != *size)) {
        free(bytes);
        bytes = NULL;
    }
    if (file)
        fclose(file);
    return bytes;
}

/* The module's end is left to the caller, who frees it with the others: emulators below qemu 8.1 run stale code where the code of another
 * module lay, when it is written through a second mapping. */
static struct murre_module *run_file(struct murre_engine *engine, const struct options *options, const char *path, struct record *record) {
    size_t size;
    uint8_t *bytes = read_file(path, &size);
    if (!bytes) {
        perror(path);
        exit(2);
    }
    printf("%s%s", path, options->loud ? "\n" : "");
    fflush(stdout);
    record_begin(record, options->loud);
    struct murre_error error;
    struct murre_module *module = murre_module_new(engine, bytes, size, &error);
    if (module)
        play_module(engine, module, options->config.tier == MURRE_TIER_AUTO, record);
    else
        fprintf(stderr, "%s: %s\n", path, error.message);
    printf("%s digest=%016" PRIx64 " functions=%u calls=%" PRIu64 " returned=%" PRIu64 " trapped=%" PRIu64 " host=%" PRIu64 "%s\n",
           options->loud ? path : "", record->digest, (unsigned)record->functions, record->calls, record->returned, record->trapped,
           record->host_calls,
           !module       ? " refused"
           : record->cut ? " cut"
                         : "");
    free(bytes);
    return module;
}

static void finish(struct murre_engine *engine, const uint64_t *traps) {
    struct murre_stats stats;
    murre_engine_stats(engine, &stats);
    printf("traps:");
    for (int kind = 0; kind < MURRE_TRAP_COUNT; kind++)
        if (traps[kind])
            printf(" %s=%" PRIu64, record_trap_name((enum murre_trapkind)kind), traps[kind]);
    printf("\nengine: interpreted=%" PRIu64 " compiled=%" PRIu64 " refused=%" PRIu64 " loops=%" PRIu64 " milliseconds=%" PRIu64 "\n",
           stats.functions_interpreted, stats.functions_compiled, stats.functions_refused, stats.loops_entered,
           (uint64_t)clock() * 1000 / CLOCKS_PER_SEC);
}

int main(int argc, char **argv) {
    struct options options = {.loud = false};
    murre_config_init(&options.config);
    int first = 1;
    for (; first < argc && argv[first][0] == '-'; first++)
        if (!take_option(argv[first], &options)) {
            fprintf(stderr, "transcript: unknown option %s\n", argv[first]);
            return 2;
        }
    struct murre_error error;
    struct murre_engine *engine = murre_engine_new(&options.config, &error);
    struct murre_module **modules = calloc((size_t)argc, sizeof *modules);
    if (!engine || !modules) {
        fprintf(stderr, "transcript: %s\n", engine ? "out of memory" : error.message);
        return 2;
    }
    uint64_t traps[MURRE_TRAP_COUNT] = {0};
    for (int i = first; i < argc; i++) {
        struct record record;
        modules[i] = run_file(engine, &options, argv[i], &record);
        for (int kind = 0; kind < MURRE_TRAP_COUNT; kind++)
            traps[kind] += record.traps[kind];
    }
    finish(engine, traps);
    for (int i = first; i < argc; i++)
        if (modules[i])
            murre_module_unref(modules[i]);
    free(modules);
    murre_engine_unref(engine);
    return 0;
}
