/* fuzz_wasi: a sequence of calls of WASI's functions, chosen by the input, on a guest's memory, with a model of the file systems: folders of
 * the host, folders in memory, or both. Every result is compared with the model's, memory after every call with what may have been written,
 * the folders at the end with the model, and their surroundings with their former state.
 *
 * The first byte says what the guest gets (GUEST_WALK and so on, in guest.h). Then a byte chooses a call, and the calls take the bytes that they need;
 * if allocations are to fail, a byte before each call says from which one on.
 * MURRE_FUZZ_VERBOSE=1 in the environment prints each call. */
#include <stdlib.h>
#include <string.h>

#include "wasi/guest.h"

enum { CALLS_MAX = 48 };

/* Asked about interrupts when a signal comes while a call waits, as the fuzzer's own does. Nothing runs in it. */
static struct murre_store *a_store(void) {
    static struct murre_store *store;
    struct murre_config config;
    if (store)
        return store;
    murre_config_init(&config);
    config.tier = MURRE_TIER_INTERP;
    config.no_signals = true;
    struct murre_engine *engine = murre_engine_new(&config, NULL);
    store = engine ? murre_store_new(engine, NULL) : NULL;
    if (!store)
        abort();
    murre_engine_unref(engine);
    return store;
}

/* Calls that build something are chosen more often than those that only ask. */
static int choose(struct guest *g) {
    static const uint8_t often[] = {
        MURRE_WASI_INDEX_path_open,   MURRE_WASI_INDEX_path_create_directory,
        MURRE_WASI_INDEX_path_rename, MURRE_WASI_INDEX_path_symlink,
        MURRE_WASI_INDEX_path_link,   MURRE_WASI_INDEX_path_unlink_file,
        MURRE_WASI_INDEX_fd_write,    MURRE_WASI_INDEX_path_remove_directory,
        MURRE_WASI_INDEX_fd_readdir,  MURRE_WASI_INDEX_fd_read,
        MURRE_WASI_INDEX_path_open,   MURRE_WASI_INDEX_path_filestat_get,
    };
    uint8_t byte = guest_byte(g);
    return byte < 2 * MURRE_WASI_FUNCTIONS ? byte % MURRE_WASI_FUNCTIONS : often[byte % sizeof often];
}

static bool is_path(int index) {
    return index >= MURRE_WASI_INDEX_path_create_directory && index <= MURRE_WASI_INDEX_path_unlink_file;
}

static bool is_file(int index) {
    static const uint8_t indices[] = {
        MURRE_WASI_INDEX_fd_read, MURRE_WASI_INDEX_fd_pread,    MURRE_WASI_INDEX_fd_write,    MURRE_WASI_INDEX_fd_pwrite,
        MURRE_WASI_INDEX_fd_seek, MURRE_WASI_INDEX_fd_tell,     MURRE_WASI_INDEX_fd_advise,   MURRE_WASI_INDEX_fd_filestat_set_size,
        MURRE_WASI_INDEX_fd_sync, MURRE_WASI_INDEX_fd_datasync, MURRE_WASI_INDEX_fd_allocate, MURRE_WASI_INDEX_fd_readdir,
    };
    return memchr(indices, index, sizeof indices) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t memory[GUEST_SIZE] __attribute__((aligned(16))), shadow[GUEST_SIZE];
    static struct guest guest;
    struct guest *g = &guest;
    *g = (struct guest){.input = data, .input_end = data + size, .memory = memory, .shadow = shadow};
    memset(memory, 0, sizeof memory);
    memset(shadow, 0, sizeof shadow);
    guest_start(g, guest_byte(g));
    g->call = (struct murre_wasi_call){.wasi = g->wasi, .store = a_store(), .memory = memory, .memory_size = GUEST_SIZE};
    for (int i = 0; i < CALLS_MAX && g->input < g->input_end; i++) {
        if (g->starves)
            g->allowed = guest_byte(g) % 8;
        int index = choose(g);
        g->bad_pointer = false;
        g->call.preview0 = (g->input_end - g->input) & 1; /* both versions, on the same things */
        if (is_path(index))
            calls_path(g, index);
        else if (is_file(index))
            calls_file(g, index);
        else
            calls_rest(g, index);
        guest_settle(g);
    }
    guest_end(g);
    return 0;
}
