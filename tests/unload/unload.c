/* The library is loaded, used from two threads, and unloaded again while one of them lives on: unload LIBRARY. After that no handler, no
 * thread and no mapping of it may be left, and what it left to the C library (a thread's exit, what is called in children of fork) must not
 * call into it. */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "murre.h"

#include "../../bench/embed/modules.h"

#define FUNCTIONS(X)            \
    X(murre_config_init)        \
    X(murre_engine_new)         \
    X(murre_engine_unref)       \
    X(murre_module_new)         \
    X(murre_module_unref)       \
    X(murre_store_new)          \
    X(murre_store_delete)       \
    X(murre_store_set_timeout)  \
    X(murre_linker_new)         \
    X(murre_linker_delete)      \
    X(murre_linker_define_func) \
    X(murre_linker_instantiate) \
    X(murre_instance_export)    \
    X(murre_func_call)

static struct {
#define MEMBER(name) __typeof__(&name) name;
    FUNCTIONS(MEMBER)
} murre;

static unsigned failed;

static void check(bool good, const char *what) {
    if (good)
        return;
    printf("%s\n", what);
    failed++;
}

static struct murre_trap *add(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)env, (void)caller;
    results[0].i64 = args[0].i64 + args[1].i64;
    return NULL;
}

static void use(struct murre_engine *engine) {
    static const murre_valtype i64s[2] = {MURRE_I64, MURRE_I64};
    const struct murre_functype type = {i64s, i64s, 2, 1};
    struct murre_module *module = murre.murre_module_new(engine, calls_wasm, sizeof calls_wasm, NULL);
    struct murre_store *store = murre.murre_store_new(engine, NULL);
    struct murre_linker *linker = murre.murre_linker_new(engine, NULL);
    check(murre.murre_linker_define_func(linker, "", "f", &type, add, NULL, NULL) == MURRE_OK, "define");
    struct murre_instance *instance = murre.murre_linker_instantiate(linker, store, module, NULL, NULL);
    struct murre_extern loop;
    check(murre.murre_store_set_timeout(store, 60000000000, NULL) == MURRE_OK, "timeout");
    check(instance && murre.murre_instance_export(instance, "loop", 4, &loop), "export");
    for (int i = 0; i < 20; i++) {
        union murre_slot slots[1] = {{.i32 = 20000}};
        check(!murre.murre_func_call(store, loop.of.func, slots) && slots[0].i64 == 20000, "call");
    }
    murre.murre_linker_delete(linker);
    murre.murre_store_delete(store);
    murre.murre_module_unref(module);
}

static sem_t used, unloaded;

static void *live_on(void *engine) {
    use(engine);
    sem_post(&used);
    sem_wait(&unloaded);
    return NULL;
}

static bool mapped(const char *name) {
    char line[512];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps))
        found = found || strstr(line, name);
    if (maps)
        fclose(maps);
    return found;
}

static unsigned threads(void) {
    unsigned count = 0;
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "Threads: %u", &count) == 1)
            break;
    if (status)
        fclose(status);
    return count;
}

static unsigned own_threads; /* at the start: this one, and under emulation the emulator's */

/* This thread and the one that lives on. A thread that has been joined may be counted for a moment more. */
static bool only_ours_live(void) {
    for (int i = 0; i < 200 && threads() != own_threads + 1; i++)
        usleep(10000);
    return threads() == own_threads + 1;
}

static bool is_default(int number) {
    struct sigaction action;
    sigaction(number, NULL, &action);
    return action.sa_handler == SIG_DFL;
}

static bool forks(void) {
    int status = 1;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void round_trip(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    check(library != NULL, "dlopen");
    if (!library)
        return;
    sem_init(&used, 0, 0);
    sem_init(&unloaded, 0, 0);
#define LOOK_UP(name) check((*(void **)&murre.name = dlsym(library, #name)) != NULL, #name);
    FUNCTIONS(LOOK_UP)
    struct murre_engine *engine = murre.murre_engine_new(NULL, NULL);
    pthread_t thread;
    pthread_create(&thread, NULL, live_on, engine);
    sem_wait(&used);
    use(engine);
    check(!is_default(SIGSEGV) && mapped("libmurre"), "before");
    murre.murre_engine_unref(engine);
    check(is_default(SIGSEGV) && is_default(SIGBUS) && is_default(SIGURG), "handlers are left");
    check(only_ours_live(), "threads are left");
    check(dlclose(library) == 0, "dlclose");
    check(!mapped("libmurre"), "the library stays mapped");
    check(forks(), "a child of fork ends badly");
    raise(SIGURG);
    sem_post(&unloaded);
    pthread_join(thread, NULL);
}

int main(int argc, char **argv) {
    signal(SIGSEGV, SIG_DFL);
    signal(SIGBUS, SIG_DFL);
    own_threads = threads();
    for (int i = 0; argc > 1 && i < 3; i++)
        round_trip(argv[1]);
    printf("%u passed, %u failed\n", failed == 0, failed);
    return failed || argc < 2 ? EXIT_FAILURE : EXIT_SUCCESS;
}
