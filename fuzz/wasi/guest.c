/* See guest.h. */
#include "wasi/guest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const guest_arguments[] = {"program", "", "third argument"}, *const guest_environment[] = {"A=b"};
const char guest_input[] = "what the guest reads from its standard input";

/* ---- choosing ---------------------------------------------------------------------------------------------------------- */

uint8_t guest_byte(struct guest *g) {
    return g->input < g->input_end ? *g->input++ : 0;
}

uint64_t guest_number(struct guest *g) {
    static const uint64_t borders[] = {0,
                                       1,
                                       2,
                                       7,
                                       8,
                                       255,
                                       4095,
                                       4096,
                                       65535,
                                       65536,
                                       65537,
                                       INT32_MAX,
                                       UINT32_MAX,
                                       (1ull << 32),
                                       INT64_MAX - 8,
                                       INT64_MAX,
                                       INT64_MIN,
                                       UINT64_MAX,
                                       UINT64_MAX - 7};
    uint8_t byte = guest_byte(g);
    if (byte < 128)
        return byte;
    if (byte < 240)
        return borders[byte % (sizeof borders / sizeof *borders)];
    uint64_t number = 0;
    for (int i = byte & 7; i >= 0; i--)
        number = number << 8 | guest_byte(g);
    return number;
}

uint32_t guest_pick_fd(struct guest *g) {
    uint8_t byte = guest_byte(g);
    if (byte < 128)
        return 3 + byte % 10;
    if (byte < 248)
        return byte % 16;
    return (uint32_t)guest_number(g);
}

uint32_t guest_pointer(struct guest *g, uint32_t size, uint32_t align) {
    uint8_t byte = guest_byte(g);
    if (byte < 240)
        return RESULTS + (byte % 8u) * 64;
    if (byte < 244)
        return GUEST_SIZE - (size + align - 1) / align * align; /* the last bytes */
    g->bad_pointer = true;
    switch (byte % 4) {
    case 0: return GUEST_SIZE - size + align;
    case 1: return UINT32_MAX / align * align;
    case 2: return size ? GUEST_SIZE : GUEST_SIZE + align; /* there nothing may lie */
    default: return align > 1 ? RESULTS + 1 : GUEST_SIZE + 1;
    }
}

void guest_put(struct guest *g, uint32_t at, const void *bytes, size_t size) {
    if (size) {
        memcpy(g->memory + at, bytes, size);
        memcpy(g->shadow + at, bytes, size);
    }
}

void guest_put32(struct guest *g, uint32_t at, uint32_t value) {
    guest_put(g, at, &value, sizeof value);
}

/* ---- paths ------------------------------------------------------------------------------------------------------------- */

static const char *const pieces[] = {"file",   "dir",      "a",        "b",      "..",      "sub",     "f",    "in",
                                     ".",      "c",        "out",      "",       "parent",  "dirlink", "here", "loop",
                                     "abs",    "sideways", "dangling", "etc",    "new",     "shared",  "g",    "up",
                                     "around", "d",        "\xff\xfe", "secret", "sibling", "box",     "x y",  "..."};
enum { PIECES = sizeof pieces / sizeof *pieces };

static size_t append(char *text, size_t size, const char *piece, size_t count) {
    if (count > 2 * MURRE_WASI_PATH_MAX - size)
        count = 2 * MURRE_WASI_PATH_MAX - size;
    memcpy(text + size, piece, count);
    return size + count;
}

/* A piece that no table holds. */
static size_t append_odd(char *text, size_t size, uint8_t kind) {
    static char longest[MURRE_WASI_PATH_MAX];
    memset(longest, 'n', sizeof longest);
    switch (kind % 8) {
    case 0: return append(text, size, longest, 255);
    case 1: return append(text, size, longest, 256);
    case 2: return append(text, size, longest, MURRE_WASI_PATH_MAX - 1 - size % MURRE_WASI_PATH_MAX);
    case 3: return append(text, size, longest, sizeof longest);
    case 4: return append(text, size, "nul\0nul", 7);
    case 5:
        for (int i = 0; i < 45; i++)
            size = append(text, size, "here/", 5);
        return size;
    case 6:
        for (int i = 0; i < 700; i++)
            size = append(text, size, "dir/../", 7);
        return size;
    default: return append(text, size, "../../../../..", 14);
    }
}

/* 0 to 5 pieces: the first byte's low bits count them, its high bits say what stands before and behind. */
static size_t make_path(struct guest *g, char text[2 * MURRE_WASI_PATH_MAX]) {
    uint8_t shape = guest_byte(g);
    size_t size = 0;
    static const uint8_t counts[] = {1, 1, 1, 2, 2, 3, 5, 0};
    if (shape >> 3 == 31)
        text[size++] = '/';
    for (int i = 0; i < counts[shape & 7]; i++) {
        if (i > 0)
            size = append(text, size, "/", 1);
        uint8_t byte = guest_byte(g);
        size =
            byte < 248 ? append(text, size, pieces[byte % PIECES], strlen(pieces[byte % PIECES])) : append_odd(text, size, guest_byte(g));
    }
    if (shape >> 3 >= 24 && shape >> 3 < 31)
        size = append(text, size, "//", 1 + (shape >> 3) % 2);
    return size;
}

bool guest_path(struct guest *g, uint32_t at, struct guest_path *path, struct model_errors *errors) {
    char text[2 * MURRE_WASI_PATH_MAX];
    size_t size = make_path(g, text);
    *path = (struct guest_path){.pointer = at, .size = (uint32_t)size};
    guest_put(g, at, text, size);
    if (size >= MURRE_WASI_PATH_MAX) {
        model_error(errors, WASI_NAMETOOLONG);
        return false;
    }
    if (memchr(text, '\0', size)) {
        model_error(errors, WASI_INVAL);
        return false;
    }
    memcpy(path->text, text, size);
    return true;
}

/* ---- descriptors ------------------------------------------------------------------------------------------------------- */

struct guest_fd *guest_fd(struct guest *g, uint32_t fd) {
    return fd < GUEST_FDS && g->fds[fd].kind != GUEST_CLOSED ? &g->fds[fd] : NULL;
}

uint8_t guest_type(const struct guest_fd *fd) {
    static const uint8_t types[] = {[MODEL_DIR] = WASI_FILETYPE_DIRECTORY, [MODEL_FILE] = WASI_FILETYPE_REGULAR_FILE};
    return fd->kind == GUEST_NODE ? types[fd->node->kind] : fd->kind == GUEST_SOCKET ? WASI_FILETYPE_SOCKET_STREAM : WASI_FILETYPE_UNKNOWN;
}

void guest_learn(struct guest_fd *fd) {
    static const uint64_t rights[] = {
        [WASI_FILETYPE_UNKNOWN] = WASI_RIGHTS_STREAM,
        [WASI_FILETYPE_DIRECTORY] = WASI_RIGHTS_DIRECTORY,
        [WASI_FILETYPE_REGULAR_FILE] = WASI_RIGHTS_FILE,
        [WASI_FILETYPE_SOCKET_STREAM] = WASI_RIGHTS_SOCKET,
    };
    if (fd->learned)
        return;
    fd->base &= rights[guest_type(fd)];
    fd->able &= rights[guest_type(fd)];
    if (guest_type(fd) != WASI_FILETYPE_DIRECTORY)
        fd->inheriting = 0;
    fd->learned = true;
}

struct guest_fd guest_granted(const struct guest *g, enum guest_kind kind, uint64_t base, uint64_t inheriting) {
    return (struct guest_fd){.kind = kind,
                             .base = base,
                             .inheriting = inheriting,
                             .allowed = g->enforces ? base : WASI_RIGHTS_ALL,
                             .passes = g->enforces ? inheriting : WASI_RIGHTS_ALL,
                             .able = base};
}

/* Of a file that is open for reading, the size is an argument that does not do. */
static unsigned unable(const struct guest_fd *fd, uint64_t rights) {
    return rights == WASI_RIGHT_FD_FILESTAT_SET_SIZE && guest_type(fd) == WASI_FILETYPE_REGULAR_FILE ? WASI_INVAL : WASI_BADF;
}

struct guest_fd *guest_with(struct guest *g, uint32_t number, uint64_t rights, struct model_errors *errors) {
    struct guest_fd *fd = guest_fd(g, number);
    if (!fd)
        model_error(errors, WASI_BADF);
    else if ((fd->allowed & rights) != rights)
        model_error(errors, WASI_NOTCAPABLE);
    else if ((fd->able & rights) != rights)
        model_error(errors, unable(fd, rights));
    else
        return fd;
    return NULL;
}

/* Streams may have lost with their type what it takes, or say that they are none. */
struct guest_fd *guest_with_host(struct guest *g, uint32_t number, uint64_t rights, struct model_errors *errors) {
    struct guest_fd *fd = guest_with(g, number, rights, errors);
    struct guest_fd *any = guest_fd(g, number);
    if (any && any->kind != GUEST_NODE && any->kind != GUEST_SOCKET) {
        model_error(errors, WASI_INVAL);
        model_error(errors, WASI_BADF);
    }
    return fd;
}

struct model_node *guest_folder(struct guest *g, uint32_t number, uint64_t rights, struct model_errors *errors) {
    struct guest_fd *fd = guest_fd(g, number);
    if (fd && !g->bad_pointer && guest_type(fd) != WASI_FILETYPE_DIRECTORY) {
        model_error(errors, WASI_NOTDIR);
        guest_learn(fd);
        return NULL;
    }
    fd = guest_with(g, number, rights, errors);
    return fd ? fd->node : NULL;
}

uint32_t guest_add_fd(struct guest *g, struct guest_fd fd) {
    for (uint32_t i = 0; i < GUEST_FDS; i++)
        if (g->fds[i].kind == GUEST_CLOSED) {
            g->fds[i] = fd;
            return i;
        }
    guest_wrong(g, "more descriptors than the sequence can have");
}

/* ---- attributes, room -------------------------------------------------------------------------------------------------- */

void guest_time_changes(struct model_node *node) {
    node->mtim_known = false;
}

/* Reading sets no time in memory; on the host it may. */
void guest_set_times(struct model_node *node, uint32_t which, uint64_t atim, uint64_t mtim) {
    if (which & WASI_FSTFLAG_MTIM)
        node->mtim = mtim;
    if (which & (WASI_FSTFLAG_MTIM | WASI_FSTFLAG_MTIM_NOW))
        node->mtim_known = which & WASI_FSTFLAG_MTIM;
    if (which & WASI_FSTFLAG_ATIM)
        node->atim = atim;
    if (which & (WASI_FSTFLAG_ATIM | WASI_FSTFLAG_ATIM_NOW))
        node->atim_known = which & WASI_FSTFLAG_ATIM && node->volume->memory;
}

void guest_check_stat(struct guest *g, uint32_t result, const struct model_node *node) {
    static const uint8_t types[] = {WASI_FILETYPE_DIRECTORY, WASI_FILETYPE_REGULAR_FILE, WASI_FILETYPE_SYMBOLIC_LINK};
    const uint8_t *stat = g->memory + result;
    const uint8_t *rest = stat + (g->call.preview0 ? 24 : 32);
    uint64_t links = g->call.preview0 ? murre_wasi_get32(stat + 20) : murre_wasi_get64(stat + 24);
    if (stat[16] != types[node->kind] || links != model_links(node) || (node->kind != MODEL_DIR && murre_wasi_get64(rest) != node->size) ||
        (node->atim_known && murre_wasi_get64(rest + 8) != node->atim) || (node->mtim_known && murre_wasi_get64(rest + 16) != node->mtim))
        guest_wrong(g, "another file's attributes");
}

uint64_t guest_room(const struct guest *g, const struct model_volume *volume) {
    const struct murre_wasi_memfs *fs = g->fs[volume - g->model.volumes];
    return fs ? fs->limit - fs->used : UINT64_MAX;
}

void guest_needs(const struct guest *g, const struct model_volume *volume, uint64_t size, struct model_errors *errors) {
    if (size <= guest_room(g, volume))
        return;
    if (!model_fails(errors))
        model_error(errors, WASI_SUCCESS);
    model_error(errors, WASI_NOSPC);
}

/* Contents may be given half as much again. */
void guest_needs_name(const struct guest *g, const struct model_place *place, size_t size, struct model_errors *errors) {
    if (!model_fails(errors))
        guest_needs(g, place->dir->volume,
                    sizeof(struct murre_wasi_node) + sizeof(struct murre_wasi_name) + strlen(place->name) + 1 + size + size / 2, errors);
}

/* ---- calling and comparing --------------------------------------------------------------------------------------------- */

void guest_wrong(struct guest *g, const char *format, ...) {
    va_list list;
    va_start(list, format);
    fprintf(stderr, "%s(", g->name);
    for (int i = 0; i < 9; i++)
        fprintf(stderr, "%s%llu", i ? ", " : "", (unsigned long long)g->args[i]);
    fprintf(stderr, "): ");
    vfprintf(stderr, format, list);
    fprintf(stderr, "\n");
    va_end(list);
    abort();
}

static void tell(struct guest *g, unsigned error, bool trapped) {
    fprintf(stderr, "%s", g->name);
    for (int i = 0; i < 9; i++)
        fprintf(stderr, " %llu", (unsigned long long)g->args[i]);
    fprintf(stderr, " \"%.64s\" \"%.64s\" -> %u%s\n", (const char *)g->memory + PATHS, (const char *)g->memory + SECOND_PATH, error,
            trapped ? " trap" : "");
}

bool guest_call(struct guest *g, int index, const struct model_errors *errors) {
    g->budget.allowed = g->starves ? g->allowed : INT64_MAX;
    unsigned error = g->wasi->bindings[index].fn(&g->call, (const union murre_slot *)g->args);
    bool starved = g->budget.allowed < 0;
    g->budget.allowed = INT64_MAX;
    bool trapped = g->call.trap != NULL;
    murre_trap_delete(g->call.trap);
    g->call.trap = NULL;
    static int verbose = -1;
    if (verbose < 0)
        verbose = getenv("MURRE_FUZZ_VERBOSE") != NULL;
    if (verbose)
        tell(g, error, trapped);
    bool done = !trapped && error == WASI_SUCCESS;
    if (g->bad_pointer) {
        if (done)
            guest_wrong(g, "a bad pointer was taken");
        return false;
    }
    if (trapped)
        guest_wrong(g, "a trap without reason");
    if (starved && error == WASI_NOMEM)
        return false;
    if (model_fails(errors) ? !model_error_in(errors, error) : !done)
        guest_wrong(g, "error %u, expected %llx:%llx", error, (unsigned long long)errors->bits[1], (unsigned long long)errors->bits[0]);
    return done;
}

void guest_accept(struct guest *g, uint32_t at, size_t size) {
    if (at <= GUEST_SIZE && size <= GUEST_SIZE - at)
        memcpy(g->shadow + at, g->memory + at, size);
}

void guest_settle(struct guest *g) {
    for (int i = 0; i < MODEL_VOLUMES; i++)
        if (g->fs[i] && g->fs[i]->used > g->fs[i]->limit)
            guest_wrong(g, "more is used than the limit allows");
    if (memcmp(g->memory, g->shadow, GUEST_SIZE) == 0)
        return;
    size_t at = 0;
    while (g->memory[at] == g->shadow[at])
        at++;
    guest_wrong(g, "memory differs at %zu: %u instead of %u", at, g->memory[at], g->shadow[at]);
}
