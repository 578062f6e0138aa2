/* Shows what the compiler makes of one function:  jitdump [--explicit] [--code] FILE.wasm FUNCTION [LEVEL [LOOP]]
 * MIR goes to stdout, a line with sizes and times to stderr, the machine code to jitdump.bin; see it with
 *     objdump -D -b binary -m i386:x86-64 -M intel jitdump.bin
 * FUNCTION is an index, or "all" for sizes (of the tables of sites, too) and times only, of every function. --explicit: with checks of bounds.
 * --code: without MIR, which cannot print its registers without names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jit/jit.h"

struct totals {
    double seconds;
    size_t bytes, sites, functions, refused, peak;
    bool write;
};

static void see(void *context, const struct murre_jit_dump *dump) {
    struct totals *totals = context;
    totals->seconds += dump->seconds;
    totals->bytes += dump->size;
    totals->sites += dump->sites_size;
    totals->functions++;
    if (totals->peak < dump->peak_memory)
        totals->peak = dump->peak_memory;
    FILE *file = totals->write ? fopen("jitdump.bin", "wb") : NULL;
    if (file != NULL) {
        fwrite(dump->code, 1, dump->size, file);
        fclose(file);
    }
}

static void *load(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    void *bytes = malloc(*size + 1);
    if (bytes != NULL && fread(bytes, 1, *size, file) != *size) {
        free(bytes);
        bytes = NULL;
    }
    fclose(file);
    return bytes;
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    bool explicit_bounds = argc > 1 && strcmp(argv[1], "--explicit") == 0;
    argc -= explicit_bounds;
    argv += explicit_bounds;
    bool code_only = argc > 1 && strcmp(argv[1], "--code") == 0;
    argc -= code_only;
    argv += code_only;
    size_t size = 0;
    void *bytes = argc >= 3 ? load(argv[1], &size) : NULL;
    if (bytes == NULL) {
        fprintf(stderr, "usage: jitdump [--explicit] [--code] FILE.wasm FUNCTION|all [LEVEL [LOOP]]\n");
        return 2;
    }
    struct murre_config config;
    murre_config_init(&config);
    config.tier = MURRE_TIER_JIT;
    config.deferred_validation = true;
    struct murre_error error = {.status = MURRE_OK};
    struct murre_engine *engine = murre_engine_new(&config, &error);
    struct murre_module *module = engine == NULL ? NULL : murre_module_new(engine, bytes, size, &error);
    if (module == NULL) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    module->explicit_bounds = explicit_bounds;
    int level = argc > 3 ? atoi(argv[3]) : 2;
    uint32_t loop = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : UINT32_MAX;
    bool all = strcmp(argv[2], "all") == 0;
    uint32_t from = all ? module->info.func_import_count : (uint32_t)strtoul(argv[2], NULL, 10);
    uint32_t to = all ? module->info.func_count : from + 1;
    struct totals totals = {.write = !all};
    for (uint32_t i = from; i < to; i++) {
        error.status = MURRE_OK;
        if (!murre_jit_dump(module, i, loop, level, all || code_only ? NULL : stdout, see, &totals, &error)) {
            totals.refused++;
            fprintf(stderr, "function %u: %s\n", i, error.message);
        }
    }
    fprintf(stderr, "%zu functions, %zu refused, %zu bytes of code, %zu of sites, %.3f ms, at most %zu bytes of memory\n", totals.functions,
            totals.refused, totals.bytes, totals.sites, totals.seconds * 1e3, totals.peak);
    murre_module_unref(module);
    murre_engine_unref(engine);
    free(bytes);
    return totals.refused != 0;
}
