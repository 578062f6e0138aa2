/* The start and the end of a sequence: folders, the guest that sees them, and the model of both. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wasi/guest.h"
#include "wasi/world.h"

/* Bytes that a guest may add to a folder in memory, of which links take some before it begins. */
enum { LIMIT_TIGHT = 5000, LIMIT_WIDE = 98304 };

/* What is preopened from descriptor 3 on. */
enum { BOX, SHARED, SECOND, PREOPENS };
static const char *const names[] = {"/box", "shared", "/mem"};

static int swallow(void *context, const void *bytes, size_t size) {
    (void)context, (void)bytes, (void)size;
    return 0;
}

/* ---- the guest --------------------------------------------------------------------------------------------------------- */

static void make_wasi(struct guest *g, uint8_t head, const struct murre_wasi_preopen *folders, size_t count) {
    struct murre_wasi_config config;
    murre_wasi_config_init(&config);
    config.args = guest_arguments;
    config.arg_count = GUEST_ARGUMENTS;
    config.env = guest_environment;
    config.env_count = GUEST_ENVIRONMENT;
    config.preopens = folders;
    config.preopen_count = count;
    config.sockets = g->sockets;
    config.socket_count = 1;
    config.in = (struct murre_wasi_stream){.kind = MURRE_WASI_BYTES, .bytes = guest_input, .size = strlen(guest_input)};
    config.out = (struct murre_wasi_stream){.kind = MURRE_WASI_CALLBACK, .write = swallow};
    config.err = (struct murre_wasi_stream){.kind = MURRE_WASI_NULL};
    config.no_openat2 = head & GUEST_WALK;
    config.enforce_rights = g->enforces;
    g->budget.allowed = INT64_MAX;
    config.allocator = budget_allocator(&g->budget);
    g->wasi = murre_wasi_new(&config, NULL);
    if (!g->wasi)
        abort();
}

static void add_streams(struct guest *g) {
    guest_add_fd(g, guest_granted(g, GUEST_INPUT, WASI_RIGHTS_INPUT, 0));
    guest_add_fd(g, guest_granted(g, GUEST_SINK, WASI_RIGHTS_OUTPUT, 0));
    guest_add_fd(g, guest_granted(g, GUEST_EMPTY, WASI_RIGHTS_OUTPUT, 0));
}

static void add_folder(struct guest *g, const struct murre_wasi_preopen *preopen, struct model_node *node) {
    uint64_t rights = WASI_RIGHTS_ALL & ~(preopen->read_only ? WASI_RIGHTS_CHANGE : 0);
    struct guest_fd fd = guest_granted(g, GUEST_NODE, WASI_RIGHTS_DIRECTORY & rights, rights);
    if (preopen->read_only)
        fd.allowed = fd.passes = rights;
    fd.node = node;
    fd.learned = true;
    fd.preopen = preopen->guest;
    guest_add_fd(g, fd);
}

/* ---- the folders ------------------------------------------------------------------------------------------------------- */

/* The volume of a folder in memory, which is the next of the guest's. */
static struct model_volume *add_memory(struct guest *g) {
    const struct murre_wasi_memfs *fs = g->wasi->memory_folders;
    for (size_t i = 0; i < g->model.volume_count; i++)
        if (g->fs[i])
            fs = fs->next;
    g->fs[g->model.volume_count] = fs;
    return model_add_volume(&g->model, true, fs->limit);
}

void guest_start(struct guest *g, uint8_t head) {
    bool memory = head & GUEST_MEMORY, second = head & GUEST_SECOND;
    g->enforces = head & GUEST_ENFORCE;
    static struct murre_wasi_file files[WORLD_MEMORY_FILES];
    static const struct murre_wasi_file shared = {.path = "g", .bytes = "shared", .size = 6};
    uint64_t limit = head & GUEST_TIGHT ? LIMIT_TIGHT : LIMIT_WIDE;
    world_make();
    model_init(&g->model);
    size_t count = world_memory_files(files, head & GUEST_READ_ONLY, head & GUEST_CROWDED);
    struct murre_wasi_preopen folders[PREOPENS];
    for (int i = 0; i < PREOPENS; i++)
        folders[i] = (struct murre_wasi_preopen){.guest = names[i], .files = files, .file_count = count, .limit = limit};
    folders[SHARED].files = &shared;
    folders[SHARED].file_count = 1;
    folders[SHARED].read_only = true;
    if (!memory) {
        struct model_volume *volume = model_add_volume(&g->model, false, WORLD_FILE_MAX);
        world_fill_box(&g->model, volume);
        folders[BOX] = (struct murre_wasi_preopen){.guest = names[BOX], .host = world_box};
        folders[SHARED] = (struct murre_wasi_preopen){.guest = names[SHARED], .host = world_shared, .read_only = true};
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, g->sockets) != 0)
        abort();
    make_wasi(g, head, folders, second ? PREOPENS : SECOND);
    add_streams(g);
    struct model_volume *volume = memory ? add_memory(g) : g->model.volumes;
    if (memory)
        world_fill_memory(g->wasi, 3 + BOX, files, count, &g->model, volume);
    add_folder(g, &folders[BOX], volume->top);
    struct model_node *node = model_child(volume->top, "shared");
    if (memory) {
        node = add_memory(g)->top;
        model_add(&g->model, node, shared.path, MODEL_FILE, shared.bytes, shared.size)->borrowed = true;
    }
    add_folder(g, &folders[SHARED], node);
    if (second) {
        volume = add_memory(g);
        world_fill_memory(g->wasi, 3 + SECOND, files, count, &g->model, volume);
        add_folder(g, &folders[SECOND], volume->top);
    }
    struct guest_fd socket = guest_granted(g, GUEST_SOCKET, WASI_RIGHTS_SOCKET, 0);
    socket.learned = socket.nonblock = true;
    guest_add_fd(g, socket);
    g->starves = memory && head & GUEST_STARVED;
}

void guest_end(struct guest *g) {
    for (uint32_t i = 0; i < GUEST_FDS; i++)
        if (g->fds[i].kind == GUEST_NODE && murre_wasi_fdtable_close(&g->wasi->fds, i) != WASI_SUCCESS)
            world_wrong("a descriptor cannot be closed", "");
    for (size_t i = 0; i < g->model.volume_count; i++) {
        if (g->fs[i])
            world_check_memory(g->wasi, g->fs[i], &g->model.volumes[i]);
        else
            world_check_box(&g->model.volumes[i]);
    }
    murre_wasi_delete(g->wasi);
    budget_check(&g->budget);
    world_check();
    close(g->sockets[0]);
    close(g->sockets[1]);
    model_fini(&g->model);
}
