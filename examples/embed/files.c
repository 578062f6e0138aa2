/* A WASI program without a file system and without a clock: its folder is in memory, its output is captured, its time is the host's choice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <murre.h>
#include <wasi.h>

#include "guests.h"

/* Standard output: where it has room, as much as fits. */
struct captured {
    char bytes[256];
    size_t size;
};

static int capture(void *context, const void *bytes, size_t size) {
    struct captured *captured = context;
    size_t room = sizeof captured->bytes - captured->size;
    memcpy(captured->bytes + captured->size, bytes, size < room ? size : room);
    captured->size += size < room ? size : room;
    return 0;
}

/* clock_time_get(id, precision, result): the same moment each time. The guest's pointer must lie in its memory. */
static struct murre_trap *stopped_clock(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    const struct murre_memory *memory = murre_caller_memory(caller);
    uint64_t result = args[2].u32;
    if (!memory || result + 8 > murre_memory_size(memory))
        return murre_trap_new("clock_time_get: not in memory");
    memcpy(murre_memory_data(memory) + result, env, 8);
    results[0].i32 = 0;
    return NULL;
}

static void show(void *context, const struct murre_wasi_file *file) {
    (void)context;
    printf("%s: %.*s", file->path, (int)file->size, (const char *)file->bytes);
}

static struct murre_wasi *make_world(struct captured *captured, struct murre_error *error) {
    static const char text[] = "a text that nobody has saved\n";
    static const struct murre_wasi_file files[] = {{.path = "notes.txt", .bytes = text, .size = sizeof text - 1, .read_only = true}};
    const struct murre_wasi_preopen folder = {.guest = "/", .files = files, .file_count = 1, .limit = 1 << 20};
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.preopens = &folder;
    config.preopen_count = 1;
    config.in.kind = config.err.kind = MURRE_WASI_NULL;
    config.out = (struct murre_wasi_stream){.kind = MURRE_WASI_CALLBACK, .write = capture, .context = captured};
    return murre_wasi_new(&config, error);
}

/* Runs _start. A WASI program ends by returning, or by a trap of kind EXIT that says with which code. */
static int run(struct murre_store *store, struct murre_instance *instance) {
    struct murre_extern start;
    if (!murre_instance_export(instance, "_start", 6, &start) || start.kind != MURRE_EXTERN_FUNC)
        return EXIT_FAILURE;
    struct murre_trap *trap = murre_func_call(store, start.of.func, NULL);
    int status = 0;
    if (trap)
        status = murre_trap_kind(trap) == MURRE_TRAP_EXIT ? murre_trap_exit_code(trap) : EXIT_FAILURE;
    if (trap && murre_trap_kind(trap) != MURRE_TRAP_EXIT)
        fprintf(stderr, "trap: %s\n", murre_trap_message(trap));
    murre_trap_delete(trap);
    return status;
}

int main(void) {
    struct murre_error error;
    struct captured captured = {.size = 0};
    uint64_t moment = UINT64_C(1234567897000000000); /* nanoseconds */
    struct murre_engine *engine = murre_engine_new(NULL, &error);
    struct murre_module *module = engine ? murre_module_new(engine, files_guest, sizeof files_guest, &error) : NULL;
    struct murre_linker *linker = module ? murre_linker_new(engine, &error) : NULL;
    struct murre_store *store = linker ? murre_store_new(engine, &error) : NULL;
    struct murre_wasi *wasi = store ? make_world(&captured, &error) : NULL;
    struct murre_instance *instance = NULL;
    int status = EXIT_FAILURE;
    if (wasi && murre_wasi_define(wasi, linker, &error) == MURRE_OK &&
        murre_wasi_replace(linker, "clock_time_get", stopped_clock, &moment, &error) == MURRE_OK)
        instance = murre_linker_instantiate(linker, store, module, NULL, &error);
    if (!instance)
        fprintf(stderr, "%s\n", error.message);
    else
        status = run(store, instance);
    printf("output: %.*s", (int)captured.size, captured.bytes);
    if (wasi && murre_wasi_each_file(wasi, "/", show, NULL, &error) != MURRE_OK)
        fprintf(stderr, "%s\n", error.message);
    murre_store_delete(store); /* before what its functions use */
    murre_wasi_delete(wasi);
    murre_linker_delete(linker);
    murre_module_unref(module);
    murre_engine_unref(engine);
    return status;
}
