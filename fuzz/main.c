/* Drives a fuzz target where libFuzzer does not:
 *
 *   fuzz_TARGET FILE|FOLDER…                                    runs the target once over each input
 *   fuzz_TARGET --mutate=RUNS|SECONDSs [--seed=N] [--max-len=N] [FILE|FOLDER…]
 *                                                               then over random changes of them, without feedback
 *
 * In folders, only files named *.wasm, *.bin or without a dot count; other files say how these were made. If a target has a mutator of its own
 * (LLVMFuzzerCustomMutator), it is used. The numbers of a run depend only on its seed and its inputs.
 *
 * A target that finds something aborts: the input is then in ./crash-N (N: the seed of that change) and can be replayed. The same happens if one
 * input takes two minutes, or twenty under emulation. */
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mutate.h"

#ifdef TEST_EMULATED
enum { SLOWEST = 1200 }; /* seconds */
#else
enum { SLOWEST = 120 };
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);
__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

struct input {
    uint8_t *data;
    size_t size;
};

static char **paths; /* of all files that the command line leads to */
static size_t path_count;
static struct input *inputs;
static size_t input_count, max_size = 65536;
static int passed, failed;
static bool keep_inputs;

/* What runs now, for the handler. */
static struct input current;
static char current_name[4096];
static char crash_name[64];

/* ---- crashes ----------------------------------------------------------------------------------------------------------- */

static void say(const char *text) {
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        _exit(1);
}

/* Async-signal-safe. Leaves by the signal itself, with its default action. */
static void on_crash(int signal_) {
    say(signal_ == SIGALRM ? "\ntook too long: " : "\ncrashed: ");
    say(current_name);
    if (crash_name[0]) {
        int fd = open(crash_name, O_CREAT | O_TRUNC | O_WRONLY, 0644);
        if (fd >= 0 && write(fd, current.data, current.size) == (ssize_t)current.size) {
            say(", input in ");
            say(crash_name);
        }
    }
    say("\n");
    signal(signal_, SIG_DFL);
    raise(signal_);
}

/* Before the target: murre hands on what it does not know to the handlers that were there. */
static void watch_crashes(void) {
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGALRM};
    static char stack[65536];
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK | SA_NODEFER};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
}

static void run(const uint8_t *data, size_t size) {
    /* A block of its own size, so that sanitizers see reads beyond it. */
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    memcpy(copy, data, size);
    current = (struct input){copy, size};
    alarm(SLOWEST);
    LLVMFuzzerTestOneInput(copy, size);
    alarm(0);
    current = (struct input){0};
    free(copy);
}

/* ---- inputs ------------------------------------------------------------------------------------------------------------ */

static uint8_t *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    size_t capacity = 4096;
    uint8_t *data = malloc(capacity);
    *size = 0;
    while (data) {
        *size += fread(data + *size, 1, capacity - *size, file);
        if (*size < capacity)
            break;
        uint8_t *grown = realloc(data, capacity *= 2);
        if (!grown)
            free(data);
        data = grown;
    }
    fclose(file);
    return data;
}

static void add_input(uint8_t *data, size_t size) {
    struct input *grown = realloc(inputs, (input_count + 1) * sizeof *inputs);
    if (!grown)
        abort();
    inputs = grown;
    inputs[input_count++] = (struct input){data, size};
}

static void replay(const char *path) {
    size_t size;
    uint8_t *data = read_file(path, &size);
    if (!data) {
        perror(path);
        failed++;
        return;
    }
    snprintf(current_name, sizeof current_name, "%s", path);
    run(data, size);
    passed++;
    if (keep_inputs && size <= max_size)
        add_input(data, size);
    else
        free(data);
}

static bool is_input(const char *name) {
    const char *dot = strrchr(name, '.');
    return !dot || strcmp(dot, ".wasm") == 0 || strcmp(dot, ".bin") == 0;
}

static int visit(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)status;
    if (kind != FTW_F || (place->level != 0 && !is_input(path + place->base)))
        return 0;
    char **grown = realloc(paths, (path_count + 1) * sizeof *paths);
    if (!grown || !(grown[path_count] = strdup(path)))
        abort();
    paths = grown;
    path_count++;
    return 0;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In the order of their names, whatever the order of the folders' entries. */
static void replay_all(void) {
    qsort(paths, path_count, sizeof *paths, by_name);
    for (size_t i = 0; i < path_count; i++) {
        replay(paths[i]);
        free(paths[i]);
    }
    free(paths);
}

/* ---- random changes ---------------------------------------------------------------------------------------------------- */

static uint64_t mutate_state;

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max) {
    const struct input *other = &inputs[fuzz_random(&mutate_state) % input_count];
    return fuzz_mutate(data, size, max, other->data, other->size, &mutate_state);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Where there is nothing to start from. */
static void add_random_inputs(uint64_t seed) {
    for (size_t size = 1; size <= 1024 && size <= max_size; size = size + size / 8 + 1) {
        uint8_t *data = malloc(size);
        if (!data)
            abort();
        for (size_t i = 0; i < size; i++)
            data[i] = (uint8_t)fuzz_random(&seed);
        add_input(data, size);
    }
}

static void mutate(const char *amount, uint64_t seed) {
    char *end;
    double much = strtod(amount, &end), start = now();
    bool timed = *end == 's';
    uint64_t runs = 0;
    uint8_t *data = malloc(max_size);
    if (!data)
        abort();
    if (input_count == 0)
        add_random_inputs(seed);
    for (; timed ? now() - start < much : (double)runs < much; runs++) {
        mutate_state = seed + runs;
        const struct input *from = &inputs[fuzz_random(&mutate_state) % input_count];
        memcpy(data, from->data, from->size);
        size_t size = LLVMFuzzerCustomMutator ? LLVMFuzzerCustomMutator(data, from->size, max_size, (unsigned)fuzz_random(&mutate_state))
                                              : LLVMFuzzerMutate(data, from->size, max_size);
        snprintf(current_name, sizeof current_name, "seed %llu", (unsigned long long)(seed + runs));
        snprintf(crash_name, sizeof crash_name, "crash-%llu", (unsigned long long)(seed + runs));
        run(data, size);
    }
    free(data);
    printf("executions: %llu, seconds: %.0f, inputs: %zu, seed: %llu\n", (unsigned long long)runs, now() - start, input_count,
           (unsigned long long)seed);
}

int main(int argc, char **argv) {
    const char *amount = NULL;
    uint64_t seed = 1;
    int first = 1;
    watch_crashes();
    if (LLVMFuzzerInitialize)
        LLVMFuzzerInitialize(&argc, &argv);
    for (; first < argc && strncmp(argv[first], "--", 2) == 0; first++) {
        if (strncmp(argv[first], "--mutate=", 9) == 0)
            amount = argv[first] + 9;
        else if (strncmp(argv[first], "--seed=", 7) == 0)
            seed = strtoull(argv[first] + 7, NULL, 0);
        else if (strncmp(argv[first], "--max-len=", 10) == 0)
            max_size = strtoull(argv[first] + 10, NULL, 0);
        else {
            fprintf(stderr, "unknown option %s\n", argv[first]);
            return 2;
        }
    }
    keep_inputs = amount != NULL;
    for (int i = first; i < argc; i++)
        if (nftw(argv[i], visit, 16, FTW_PHYS) != 0) {
            perror(argv[i]);
            failed++;
        }
    replay_all();
    if (amount)
        mutate(amount, seed);
    for (size_t i = 0; i < input_count; i++)
        free(inputs[i].data);
    free(inputs);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
