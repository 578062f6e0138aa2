/* Hashes by two libraries that npm packages ship as modules with SIMD, so that bench/check_simd.py can compare them with others.
 *
 *   bench-hashes TIER blake3|sha256 FILE.wasm
 *
 * For each length of `lengths` one line: the length and the digest of so many bytes, byte i being i mod 251. For sha256 also the
 * digests of four blocks of 64 bytes that the module makes at once. All of it is done ROUNDS times, so that tier auto compiles on the way; a
 * round that differs from the first is an error. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <murre.h>

enum { ROUNDS = 40, DIGEST = 32, LONGEST = 100000, CHUNK = 512 };
static const uint32_t lengths[] = {0,    1,    55,   56,   63,   64,   65,   127,   512,   513,    1023,
                                   1024, 1025, 2048, 2049, 3073, 4096, 8193, 16384, 31744, LONGEST};
enum { LENGTHS = sizeof lengths / sizeof lengths[0], LINES = LENGTHS + 4 };

struct guest {
    struct murre_store *store;
    struct murre_instance *instance;
    struct murre_memory *memory;
};

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "hashes: %s\n", what);
    exit(1);
}

static struct murre_extern find(const struct guest *guest, const char *name, enum murre_externkind kind) {
    struct murre_extern item;
    if (!murre_instance_export(guest->instance, name, strlen(name), &item) || item.kind != kind)
        fail(name);
    return item;
}

/* Calls an export with integers; its first result, if it has one. */
static uint32_t call(const struct guest *guest, const char *name, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    union murre_slot slots[4] = {{.u32 = a}, {.u32 = b}, {.u32 = c}, {.u32 = d}};
    struct murre_trap *trap = murre_func_call(guest->store, find(guest, name, MURRE_EXTERN_FUNC).of.func, slots);
    if (trap)
        fail(murre_trap_message(trap));
    return slots[0].u32;
}

static uint32_t global(const struct guest *guest, const char *name) {
    union murre_slot value;
    murre_global_get(find(guest, name, MURRE_EXTERN_GLOBAL).of.global, &value);
    return value.u32;
}

/* `size` bytes of the guest's memory. */
static uint8_t *bytes_at(const struct guest *guest, uint32_t address, uint32_t size) {
    if ((uint64_t)address + size > murre_memory_size(guest->memory))
        fail("an address beyond the memory");
    return murre_memory_data(guest->memory) + address;
}

/* blake3-wasm: emscripten's names of one letter. h malloc, o free, f hash_oneshot(bytes, size, digest, its size). */
static void blake3(const struct guest *guest, const uint8_t *input, uint8_t digests[LINES][DIGEST]) {
    uint32_t room = call(guest, "h", LONGEST + DIGEST, 0, 0, 0);
    if (!room)
        fail("no memory for the input");
    for (uint32_t i = 0; i < LENGTHS; i++) {
        memcpy(bytes_at(guest, room, lengths[i]), input, lengths[i]);
        call(guest, "f", room, lengths[i], room + LONGEST, DIGEST);
        memcpy(digests[i], bytes_at(guest, room + LONGEST, DIGEST), DIGEST);
    }
    call(guest, "o", room, 0, 0, 0);
}

static void sha256(const struct guest *guest, const uint8_t *input, uint8_t digests[LINES][DIGEST]) {
    uint32_t in = global(guest, "input"), out = global(guest, "output");
    for (uint32_t i = 0; i < LENGTHS; i++) {
        call(guest, "init", 0, 0, 0, 0);
        for (uint32_t at = 0; at < lengths[i]; at += CHUNK) {
            uint32_t size = lengths[i] - at < CHUNK ? lengths[i] - at : CHUNK;
            memcpy(bytes_at(guest, in, size), input + at, size);
            call(guest, "update", in, size, 0, 0);
        }
        call(guest, "final", out, 0, 0, 0);
        memcpy(digests[i], bytes_at(guest, out, DIGEST), DIGEST);
    }
    memcpy(bytes_at(guest, in, 4 * 64), input, 4 * 64);
    call(guest, "batchHash4UintArray64s", out, 0, 0, 0);
    memcpy(digests[LENGTHS], bytes_at(guest, out, 4 * DIGEST), 4 * DIGEST);
}

/* The import of blake3-wasm that it needs: memcpy(to, from, size) for large sizes. */
static struct murre_trap *copy(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)env, (void)results;
    const struct guest guest = {.memory = murre_caller_memory(caller)};
    memmove(bytes_at(&guest, args[0].u32, args[2].u32), bytes_at(&guest, args[1].u32, args[2].u32), args[2].u32);
    return NULL;
}

/* And the one that makes its memory larger. */
static struct murre_trap *grow(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)env;
    struct murre_memory *memory = murre_caller_memory(caller);
    uint64_t size = murre_memory_size(memory), wanted = args[0].u32;
    results[0].i32 = wanted <= size || murre_memory_grow(memory, (wanted - size + 0xffff) >> 16) != UINT64_MAX;
    return NULL;
}

static void *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0 || ftell(file) <= 0)
        fail(path);
    *size = (size_t)ftell(file);
    rewind(file);
    void *bytes = malloc(*size);
    if (!bytes || fread(bytes, 1, *size, file) != *size)
        fail(path);
    fclose(file);
    return bytes;
}

static struct murre_module *load(struct murre_engine *engine, const char *path) {
    struct murre_error error;
    size_t size;
    void *bytes = read_file(path, &size);
    struct murre_module *module = murre_module_new(engine, bytes, size, &error);
    free(bytes);
    if (!module)
        fail(error.message);
    return module;
}

static void define(struct murre_linker *linker, const char *name, uint32_t params, uint32_t results, murre_host_fn function) {
    static const murre_valtype numbers[] = {MURRE_I32, MURRE_I32, MURRE_I32};
    const struct murre_functype type = {.params = numbers, .results = numbers, .param_count = params, .result_count = results};
    struct murre_error error;
    if (murre_linker_define_func(linker, "a", name, &type, function, NULL, &error) != MURRE_OK)
        fail(error.message);
}

static struct murre_engine *make_engine(const char *tier) {
    struct murre_config config;
    struct murre_error error;
    murre_config_init(&config);
    config.tier = strcmp(tier, "interp") == 0 ? MURRE_TIER_INTERP : strcmp(tier, "jit") == 0 ? MURRE_TIER_JIT : MURRE_TIER_AUTO;
    config.entry_threshold = 20; /* calls are few here: tier auto must compile during the rounds */
    config.loop_threshold = 100;
    struct murre_engine *engine = murre_engine_new(&config, &error);
    if (!engine)
        fail(error.message);
    return engine;
}

static void print(uint8_t digests[LINES][DIGEST], uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        printf("%" PRIu32 " ", i < LENGTHS ? lengths[i] : 64);
        for (uint32_t k = 0; k < DIGEST; k++)
            printf("%02x", digests[i][k]);
        puts("");
    }
}

int main(int argc, char **argv) {
    if (argc != 4)
        fail("usage: bench-hashes TIER blake3|sha256 FILE.wasm");
    int is_blake3 = strcmp(argv[2], "blake3") == 0;
    struct murre_engine *engine = make_engine(argv[1]);
    struct murre_error error;
    struct murre_trap *trap = NULL;
    struct murre_module *module = load(engine, argv[3]);
    struct murre_linker *linker = murre_linker_new(engine, &error);
    struct guest guest = {.store = murre_store_new(engine, &error)};
    if (!linker || !guest.store)
        fail(error.message);
    define(linker, "a", 1, 1, grow);
    define(linker, "b", 3, 0, copy);
    if (murre_linker_define_unknown(linker, guest.store, module, MURRE_UNKNOWN_TRAP, &error) != MURRE_OK)
        fail(error.message);
    guest.instance = murre_linker_instantiate(linker, guest.store, module, &trap, &error);
    if (!guest.instance)
        fail(error.message);
    guest.memory = find(&guest, is_blake3 ? "d" : "memory", MURRE_EXTERN_MEMORY).of.memory;
    if (is_blake3)
        call(&guest, "e", 0, 0, 0, 0);

    static uint8_t input[LONGEST], first[LINES][DIGEST], again[LINES][DIGEST];
    for (uint32_t i = 0; i < LONGEST; i++)
        input[i] = (uint8_t)(i % 251);
    for (int round = 0; round < ROUNDS; round++) {
        (is_blake3 ? blake3 : sha256)(&guest, input, again);
        if (round == 0)
            memcpy(first, again, sizeof first);
        else if (memcmp(first, again, sizeof first) != 0)
            fail("a later round differs from the first");
    }
    print(first, is_blake3 ? LENGTHS : LINES);
    murre_store_delete(guest.store);
    murre_linker_delete(linker);
    murre_module_unref(module);
    murre_engine_unref(engine);
    return 0;
}
