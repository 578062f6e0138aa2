/* spec-runner [--tier=auto|interp|jit] [--bounds=auto|guard|explicit] [--no-signals] [--opt-level=N] [--hot=N] [--only=GLOB]… [--skip=GLOB]… [-v] [--backtraces]
 *             FOLDER|SCRIPT.json…
 *
 * Runs converted scripts of the official suite (wasm-tools json-from-wast). Prints each failure, what was skipped by feature, and a last
 * line `N passed, N failed, N skipped`. Exit status 1 when anything failed or nothing ran. --hot sets both tier-up thresholds. --only and --skip
 * match whole paths. */
#include "script.h"

#include <fnmatch.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_GLOBS = 64 };
static struct globs {
    const char *glob[MAX_GLOBS];
    unsigned count;
} only, skip;
static char **scripts;
static size_t script_count;

static bool matches(const struct globs *globs, const char *path) {
    for (unsigned i = 0; i < globs->count; i++)
        if (fnmatch(globs->glob[i], path, 0) == 0)
            return true;
    return false;
}

static bool add_glob(struct globs *globs, const char *glob) {
    if (globs->count == MAX_GLOBS)
        return false;
    globs->glob[globs->count++] = glob;
    return true;
}

static int visit(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status;
    const char *name = path + walk->base, *dot = strrchr(name, '.');
    if (kind != FTW_F || !dot || strcmp(dot, ".json") != 0)
        return 0;
    if ((only.count > 0 && !matches(&only, path)) || matches(&skip, path))
        return 0;
    scripts = realloc(scripts, (script_count + 1) * sizeof *scripts);
    if (!scripts)
        abort();
    scripts[script_count++] = strdup(path);
    return 0;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool choose(const char *value, const char *const *names, int *chosen) {
    for (int i = 0; names[i]; i++)
        if (strcmp(value, names[i]) == 0)
            return *chosen = i, true;
    return false;
}

static bool parse_option(const char *arg, struct murre_config *config, struct tally *tally, bool *verbose) {
    static const char *const tiers[] = {"auto", "interp", "jit", NULL}, *const bounds[] = {"auto", "guard", "explicit", NULL};
    int chosen;
    if (strncmp(arg, "--tier=", 7) == 0 && choose(arg + 7, tiers, &chosen))
        config->tier = (enum murre_tier)chosen;
    else if (strncmp(arg, "--bounds=", 9) == 0 && choose(arg + 9, bounds, &chosen))
        config->bounds = (enum murre_bounds)chosen;
    else if (strcmp(arg, "--no-signals") == 0)
        config->no_signals = true;
    else if (strncmp(arg, "--opt-level=", 12) == 0)
        config->opt_level = atoi(arg + 12);
    else if (strncmp(arg, "--hot=", 6) == 0)
        config->entry_threshold = config->loop_threshold = (uint32_t)atoi(arg + 6);
    else if (strncmp(arg, "--only=", 7) == 0)
        return add_glob(&only, arg + 7);
    else if (strncmp(arg, "--skip=", 7) == 0)
        return add_glob(&skip, arg + 7);
    else if (strcmp(arg, "--backtraces") == 0)
        tally->backtraces = true;
    else if (strcmp(arg, "-v") == 0)
        *verbose = true;
    else
        return false;
    return true;
}

int main(int argc, char **argv) {
    struct murre_config config;
    struct tally tally = {0};
    bool verbose = false;
    setvbuf(stdout, NULL, _IOLBF, 0);
    murre_config_init(&config);
    for (int i = 1; i < argc; i++)
        if (argv[i][0] == '-' && !parse_option(argv[i], &config, &tally, &verbose)) {
            fprintf(stderr, "spec-runner: unknown option %s\n", argv[i]);
            return 2;
        }
    /* After all options, so that what is to be skipped is known. */
    for (int i = 1; i < argc; i++)
        if (argv[i][0] != '-' && nftw(argv[i], visit, 16, 0) != 0) {
            fprintf(stderr, "spec-runner: cannot read %s\n", argv[i]);
            return 2;
        }
    struct murre_error error = {0};
    struct murre_engine *engine = murre_engine_new(&config, &error);
    if (!engine) {
        fprintf(stderr, "spec-runner: %s\n", error.message);
        return 2;
    }
    if (script_count)
        qsort(scripts, script_count, sizeof *scripts, by_name);
    for (size_t i = 0; i < script_count; i++) {
        script_run(engine, scripts[i], &tally, verbose);
        free(scripts[i]);
    }
    free(scripts);
    struct murre_stats stats;
    murre_engine_stats(engine, &stats);
    printf("functions: %llu interpreted, %llu compiled, %llu refused by the compiler, %llu loops entered\n",
           (unsigned long long)stats.functions_interpreted, (unsigned long long)stats.functions_compiled,
           (unsigned long long)stats.functions_refused, (unsigned long long)stats.loops_entered);
    murre_engine_unref(engine);
    for (unsigned i = 0; i < tally.feature_count; i++)
        printf("skipped: %s: %u\n", tally.features[i].name, tally.features[i].count);
    printf("%u passed, %u failed, %u skipped\n", tally.passed, tally.failed, tally.skipped);
    return tally.failed || !tally.passed;
}
