/* See wasi_guest.h. */
#include "unit/wasi_guest.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

uint8_t memory[SIZE] __attribute__((aligned(16)));
struct murre_wasi *wasi;
struct murre_wasi_call call;
char guest_top[] = "/tmp/murre-wasi-XXXXXX";
char captured[256];
size_t captured_size;

struct murre_wasi *make_wasi(const struct murre_wasi_config *config) {
    struct murre_error error;
    struct murre_wasi *made = murre_wasi_new(config, &error);
    cr_assert(made != NULL, "%s", error.message);
    return made;
}

struct murre_store *a_store(bool no_signals) {
    static struct murre_store *stores[2];
    struct murre_store **store = &stores[no_signals];
    if (*store)
        return *store;
    struct murre_config config;
    murre_config_init(&config);
    config.tier = MURRE_TIER_INTERP;
    config.no_signals = no_signals;
    struct murre_engine *engine = murre_engine_new(&config, NULL);
    cr_assert(engine != NULL);
    *store = murre_store_new(engine, NULL);
    cr_assert(*store != NULL);
    murre_engine_unref(engine);
    return *store;
}

void make_guest(const struct murre_wasi_config *config) {
    wasi = make_wasi(config);
    call = (struct murre_wasi_call){.wasi = wasi, .store = a_store(false), .memory = memory, .memory_size = SIZE};
}

void delete_guest(void) {
    murre_wasi_delete(wasi);
    murre_trap_delete(call.trap);
}

static int capture(void *context, const void *bytes, size_t size) {
    (void)context;
    if (size > sizeof captured - captured_size)
        return ENOSPC;
    memcpy(captured + captured_size, bytes, size);
    captured_size += size;
    return 0;
}

static void set_up_with(const struct murre_wasi_preopen *folder) {
    static const char *const args[] = {"prog", "one", ""};
    static const char *const env[] = {"A=b"};
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.args = args;
    config.arg_count = 3;
    config.env = env;
    config.env_count = 1;
    config.preopens = folder;
    config.preopen_count = 1;
    config.in = (struct murre_wasi_stream){.kind = MURRE_WASI_BYTES, .bytes = "input", .size = 5};
    config.out = (struct murre_wasi_stream){.kind = MURRE_WASI_CALLBACK, .write = capture};
    config.err = (struct murre_wasi_stream){.kind = MURRE_WASI_NULL};
    make_guest(&config);
}

void set_up_host_folder(void) {
    cr_assert(mkdtemp(guest_top) != NULL);
    set_up_with(&(struct murre_wasi_preopen){.host = guest_top, .guest = "/guest"});
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw) {
    (void)stat, (void)type, (void)ftw;
    return remove(path);
}

void tear_down_host_folder(void) {
    delete_guest();
    nftw(guest_top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void set_up_memory_folder(void) {
    set_up_with(&(struct murre_wasi_preopen){.guest = "/guest"});
}

uint32_t put_text(uint32_t at, const char *text) {
    memcpy(memory + at, text, strlen(text));
    return (uint32_t)strlen(text);
}

void put_iovec(uint32_t at, uint32_t pointer, uint32_t size) {
    murre_wasi_put32(memory + at, pointer);
    murre_wasi_put32(memory + at + 4, size);
}

murre_wasi_errno open_at(uint32_t dir, const char *path, uint32_t oflags, uint64_t rights, uint32_t *fd) {
    uint32_t size = put_text(1024, path);
    murre_wasi_errno error = CALL(path_open, dir, WASI_LOOKUP_SYMLINK_FOLLOW, 1024, size, oflags, rights, WASI_RIGHTS_ALL, 0, 512);
    *fd = murre_wasi_get32(memory + 512);
    return error;
}

bool trapped(void) {
    bool is = call.trap != NULL;
    murre_trap_delete(call.trap);
    call.trap = NULL;
    return is;
}
