/* fuzz_wasi: a sequence of calls of WASI's functions, chosen by the input, on a guest's memory, beside a model of the file system. Every
 * outcome is compared with the model's, memory after every call with what may have been written, the folder at the end with the model, and
 * what lies around it with what it was.
 *
 * The first byte: resolve paths with openat2 or without. Then a byte chooses a call, and the calls take what they need.
 * MURRE_FUZZ_VERBOSE=1 in the environment tells each call. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wasi/guest.h"
#include "wasi/world.h"

enum { CALLS_MAX = 48 };

static int swallow(void *context, const void *bytes, size_t size) {
    (void)context, (void)bytes, (void)size;
    return 0;
}

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

static void start(struct guest *g, bool walk) {
    static const uint64_t stream = WASI_RIGHTS_FILE & ~(uint64_t)WASI_RIGHT_FD_READ;
    world_reset(&g->model);
    const struct murre_wasi_preopen folders[] = {{.host = world_box, .guest = "/box"},
                                                 {.host = world_shared, .guest = "shared", .read_only = true}};
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
        abort();
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.args = guest_arguments;
    config.arg_count = GUEST_ARGUMENTS;
    config.env = guest_environment;
    config.env_count = GUEST_ENVIRONMENT;
    config.preopens = folders;
    config.preopen_count = 2;
    config.sockets = pair;
    config.socket_count = 1;
    config.in = (struct murre_wasi_stream){.kind = MURRE_WASI_BYTES, .bytes = guest_input, .size = strlen(guest_input)};
    config.out = (struct murre_wasi_stream){.kind = MURRE_WASI_CALLBACK, .write = swallow};
    config.err = (struct murre_wasi_stream){.kind = MURRE_WASI_NULL};
    config.no_openat2 = walk;
    g->wasi = murre_wasi_new(&config, NULL);
    if (!g->wasi)
        abort();
    memcpy(g->sockets, pair, sizeof pair);
    guest_add_fd(
        g, (struct guest_fd){.kind = GUEST_INPUT, .base = WASI_RIGHTS_FILE & ~(uint64_t)(WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_ALLOCATE)});
    guest_add_fd(g, (struct guest_fd){.kind = GUEST_SINK, .base = stream});
    guest_add_fd(g, (struct guest_fd){.kind = GUEST_EMPTY, .base = stream});
    struct guest_fd folder = {.kind = GUEST_NODE, .node = g->model.top, .base = WASI_RIGHTS_DIRECTORY, .inheriting = WASI_RIGHTS_ALL};
    folder.learned = true;
    folder.preopen = folders[0].guest;
    guest_add_fd(g, folder);
    folder.node = model_child(g->model.top, "shared");
    folder.base &= ~(uint64_t)WASI_RIGHTS_CHANGE;
    folder.inheriting &= ~(uint64_t)WASI_RIGHTS_CHANGE;
    folder.preopen = folders[1].guest;
    guest_add_fd(g, folder);
    guest_add_fd(g, (struct guest_fd){.kind = GUEST_SOCKET, .base = WASI_RIGHTS_SOCKET, .learned = true, .nonblock = true});
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
    model_init(&g->model);
    start(g, guest_byte(g) & 1);
    g->call = (struct murre_wasi_call){.wasi = g->wasi, .store = a_store(), .memory = memory, .memory_size = GUEST_SIZE};
    for (int i = 0; i < CALLS_MAX && g->input < g->input_end; i++) {
        int index = choose(g);
        g->bad_pointer = false;
        if (is_path(index))
            calls_path(g, index);
        else if (is_file(index))
            calls_file(g, index);
        else
            calls_rest(g, index);
        guest_settle(g);
    }
    murre_wasi_delete(g->wasi);
    world_check(&g->model);
    close(g->sockets[0]);
    close(g->sockets[1]);
    model_fini(&g->model);
    return 0;
}
