/* The target's own driver, in every build: `fuzz_diff --generate=SEED [--runs=N] [--seconds=N]` runs modules made from SEED, SEED + 1, …
 * `fuzz_diff --write=FILE --generate=SEED`, or with an input's name instead of --generate, writes what the sides run.
 * --fault breaks one lowering first (src/jit/jit.h), in builds that have the switch.
 * A finding aborts, after the seed has been printed on standard error. */
#include "diff/options.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "diff/side.h"
#if MURRE_JIT_FAULTS
#include "jit/jit.h"
#endif
#include "module/generate.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SLOWEST = 120 }; /* seconds */

static uint64_t running;

static void on_abort(int signal_) {
    char text[64];
    int size = snprintf(text, sizeof text, "found, or took too long, with --generate=%" PRIu64 "\n", running);
    if (write(STDERR_FILENO, text, (size_t)size) < 0)
        _exit(1);
    signal(signal_, SIG_DFL);
    raise(signal_);
}

/* Where limits end many runs, or whole kinds of ends never come, agreement says little. */
static bool compares_enough(const struct fuzz_totals *t) {
    enum { MANY = 100, KINDS = 5 };
    unsigned kinds = 0;
    for (unsigned i = 0; i < MURRE_TRAP_COUNT; i++)
        kinds += t->by_kind[i] != 0;
    return t->runs < MANY || (t->cut * 10 <= t->runs && kinds >= KINDS && t->by_kind[MURRE_TRAP_HOST] != 0);
}

static void generate_all(uint64_t seed, uint64_t runs, double seconds) {
    time_t start = time(NULL);
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGALRM};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], on_abort);
    uint64_t done = 0;
    for (; done < runs && (seconds == 0 || difftime(time(NULL), start) < seconds); done++) {
        struct fuzz_module module;
        running = seed + done;
        alarm(SLOWEST);
        fuzz_gen_module(&module, running);
        struct fuzz_span bytes = fuzz_module_write(&module);
        LLVMFuzzerTestOneInput(bytes.data, bytes.size);
        fuzz_module_fini(&module);
    }
    alarm(0);
    const struct fuzz_totals *t = &fuzz_totals;
    printf("modules: %" PRIu64 " of %" PRIu64 ", calls: %" PRIu64 ", by the host: %" PRIu64 ", traps: %" PRIu64
           ", ended by a limit: %" PRIu64 ", and in other tiers only: %" PRIu64 "\n",
           t->runs, done, t->calls, t->host_calls, t->traps, t->limits, t->cut);
    printf("frames of backtraces: %" PRIu64 ", compiled: %" PRIu64 ", without an offset: %" PRIu64 "\n", t->frames, t->compiled_frames,
           t->without_offset);
    printf("traps by kind:");
    for (unsigned i = 0; i < MURRE_TRAP_COUNT; i++)
        printf(" %" PRIu64, t->by_kind[i]);
    bool good = t->runs == done && compares_enough(t);
    printf("\n%d passed, %d failed\n", good, !good);
    exit(!good);
}

static bool read_input(const char *path, uint8_t **data, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return false;
    *size = (size_t)ftell(file);
    rewind(file);
    *data = malloc(*size + 1);
    bool good = *data && fread(*data, 1, *size, file) == *size;
    fclose(file);
    return good;
}

static void write_prepared(const char *path, const uint8_t *data, size_t size) {
    struct fuzz_module prepared;
    struct fuzz_plan plan;
    FILE *file = fopen(path, "wb");
    if (!file || !fuzz_prepared(data, size, &prepared, &plan)) {
        fprintf(stderr, "%s: not a valid module, or the file cannot be written\n", path);
        exit(1);
    }
    struct fuzz_span bytes = fuzz_module_write(&prepared);
    bool good = fwrite(bytes.data, 1, bytes.size, file) == bytes.size;
    exit(fclose(file) != 0 || !good);
}

static void break_lowering(void) {
#if MURRE_JIT_FAULTS
    murre_jit_fault = true;
#else
    fprintf(stderr, "this build has no such switch\n");
    exit(2);
#endif
}

/* Options of other drivers are left to them. */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    const char *prepared = NULL, *input = NULL, *plain = NULL;
    uint64_t seed = 0, runs = UINT64_MAX;
    double seconds = 0;
    bool generate = false;
    for (int i = 1; i < *argc; i++) {
        const char *argument = (*argv)[i], *equals = strchr(argument, '=');
        const char *value = equals ? equals + 1 : "";
        if (strncmp(argument, "--generate=", 11) == 0) {
            generate = true;
            seed = strtoull(value, NULL, 0);
        } else if (strncmp(argument, "--runs=", 7) == 0) {
            runs = strtoull(value, NULL, 0);
        } else if (strncmp(argument, "--seconds=", 10) == 0) {
            seconds = strtod(value, NULL);
        } else if (strncmp(argument, "--write=", 8) == 0) {
            plain = value;
        } else if (strncmp(argument, "--prepared=", 11) == 0) {
            prepared = value;
        } else if (strcmp(argument, "--fault") == 0) {
            break_lowering();
        } else if (argument[0] != '-') {
            input = argument;
        }
    }
    struct fuzz_module module;
    uint8_t *data = NULL;
    size_t size = 0;
    if (plain || prepared) {
        if (generate) {
            fuzz_gen_module(&module, seed);
            struct fuzz_span bytes = fuzz_module_write(&module);
            data = (uint8_t *)bytes.data;
            size = bytes.size;
        } else if (!input || !read_input(input, &data, &size)) {
            fprintf(stderr, "no input\n");
            exit(1);
        }
        if (prepared)
            write_prepared(prepared, data, size);
        FILE *file = fopen(plain, "wb");
        exit(!file || fwrite(data, 1, size, file) != size || fclose(file) != 0);
    }
    if (generate)
        generate_all(seed, runs == UINT64_MAX && seconds == 0 ? 1 : runs, seconds);
    return 0;
}
