/* One sequence of calls: the input that chooses it, the guest's memory, its descriptors as the model has them, and the comparison of what a
 * call gave with what it had to give.
 *
 * The model's volumes are the contents of the preopened folders. Of a folder in memory the model knows no more than the documents: near the
 * limit, its own count of the remaining bytes (guest_room) says whether a call may fail because of it.
 *
 * shadow is what memory must be: expected writes of a call are made there. One thread, one sequence at a time. */
#ifndef MURRE_FUZZ_WASI_GUEST_H
#define MURRE_FUZZ_WASI_GUEST_H

#include "api/budget.h"
#include "wasi/memfs.h"
#include "wasi/model.h"

#define GUEST_SIZE 32768
/* Where arguments are put; results go below PATHS, buffers anywhere. */
enum { RESULTS = 64, LISTS = 1024, PATHS = 8192, SECOND_PATH = 16384 };

enum guest_kind { GUEST_CLOSED, GUEST_INPUT, GUEST_SINK, GUEST_EMPTY, GUEST_NODE, GUEST_SOCKET };

struct guest_fd {
    enum guest_kind kind;
    struct model_node *node;
    uint64_t base, inheriting; /* as the guest is told */
    uint64_t allowed, passes;  /* not refused, to it and to what is opened from it */
    uint64_t able;             /* what can be done */
    bool learned;              /* what is told and can be done is cut down to the type's when murre first needs the type */
    bool append, nonblock;
    uint8_t sync; /* 0, 1: data, 2: all */
    uint64_t position;
    const char *preopen; /* its name, or NULL */
};

#define GUEST_FDS 64
struct guest {
    const uint8_t *input, *input_end;
    struct model model;
    struct guest_fd fds[GUEST_FDS];
    struct murre_wasi *wasi;
    struct murre_wasi_call call;
    uint8_t *memory, *shadow; /* GUEST_SIZE each */
    bool bad_pointer;         /* of the call that is being prepared */
    const char *name;         /* of the call */
    uint64_t args[9];
    int sockets[2];                                   /* the guest's, and its other end */
    const struct murre_wasi_memfs *fs[MODEL_VOLUMES]; /* of the volumes in memory */
    struct budget budget;
    bool enforces;   /* GUEST_ENFORCE */
    bool starves;    /* calls have so many allocations as the input says, and say NOMEM beyond */
    int64_t allowed; /* of the next call */
};

/* What the first byte of the input says. */
enum {
    GUEST_WALK = 1,       /* resolve paths without openat2 */
    GUEST_MEMORY = 2,     /* the first two folders are in memory */
    GUEST_SECOND = 4,     /* a third folder, in memory */
    GUEST_TIGHT = 8,      /* there is room for little in memory */
    GUEST_READ_ONLY = 16, /* some files in memory are given as read-only */
    GUEST_STARVED = 32,   /* allocations fail, where all folders are in memory (the host's kind may have changed something by then) */
    GUEST_CROWDED = 64,   /* many more names in memory */
    GUEST_ENFORCE = 128,  /* what has not been asked for is refused */
};
/* Makes the folders, the model and the guest's descriptors. */
void guest_start(struct guest *g, uint8_t head);
/* Compares the folders with the model, and takes everything away. */
void guest_end(struct guest *g);

/* What the guest is given. */
enum { GUEST_ARGUMENTS = 3, GUEST_ENVIRONMENT = 1 };
extern const char *const guest_arguments[], *const guest_environment[], guest_input[];

/* The next byte of the input; 0 at its end. */
uint8_t guest_byte(struct guest *g);
uint64_t guest_number(struct guest *g); /* a small one, one at a border, or any */
uint32_t guest_pick_fd(struct guest *g);
struct guest_fd *guest_fd(struct guest *g, uint32_t fd); /* NULL: not open */
/* A pointer to size bytes for a result; now and then one that must not do. */
uint32_t guest_pointer(struct guest *g, uint32_t size, uint32_t align);
/* Puts bytes into the guest's memory. */
void guest_put(struct guest *g, uint32_t at, const void *bytes, size_t size);
void guest_put32(struct guest *g, uint32_t at, uint32_t value);

/* A path argument, made of pieces. text is the path when it is one: ends at size and has no zero byte in it. */
struct guest_path {
    uint32_t pointer, size;
    char text[MURRE_WASI_PATH_MAX];
};
/* Adds what the path itself is refused for. False then: text is not to be used. */
bool guest_path(struct guest *g, uint32_t at, struct guest_path *path, struct model_errors *errors);

/* The folder that a path starts from, with rights; errors where there is none. */
struct model_node *guest_folder(struct guest *g, uint32_t fd, uint64_t rights, struct model_errors *errors);
/* The descriptor with rights. */
struct guest_fd *guest_with(struct guest *g, uint32_t fd, uint64_t rights, struct model_errors *errors);
/* The same for calls that only make sense on a descriptor of the host. */
struct guest_fd *guest_with_host(struct guest *g, uint32_t fd, uint64_t rights, struct model_errors *errors);
void guest_learn(struct guest_fd *fd);
/* What the host gives: rights as told, and what can be done. */
struct guest_fd guest_granted(const struct guest *g, enum guest_kind kind, uint64_t base, uint64_t inheriting);
uint8_t guest_type(const struct guest_fd *fd);
uint32_t guest_add_fd(struct guest *g, struct guest_fd fd);
void guest_time_changes(struct model_node *node);
void guest_set_times(struct model_node *node, uint32_t which, uint64_t atim, uint64_t mtim);
/* The attributes at result are the node's. */
void guest_check_stat(struct guest *g, uint32_t result, const struct model_node *node);

/* What is left of a folder's limit in memory; on the host UINT64_MAX. */
uint64_t guest_room(const struct guest *g, const struct model_volume *volume);
/* So many bytes are needed at most: where that is more than is left, the call may fail for it. */
void guest_needs(const struct guest *g, const struct model_volume *volume, uint64_t size, struct model_errors *errors);
/* The same for a new name, and a new thing of size bytes behind it. Nothing, when errors has any. */
void guest_needs_name(const struct guest *g, const struct model_place *place, size_t size, struct model_errors *errors);

/* Makes the call g->args of the function index. errors: those of which one must come; when there are none the call must succeed. True when it
 * succeeded. With a bad pointer it must not. Aborts, after telling, on anything else. */
bool guest_call(struct guest *g, int index, const struct model_errors *errors);
#define GUEST_CALL(g, function, errors, ...)                                                      \
    (memcpy((g)->args, (const uint64_t[9]){__VA_ARGS__}, sizeof(g)->args), (g)->name = #function, \
     guest_call(g, MURRE_WASI_INDEX_##function, errors))
/* Any outcome. */
#define GUEST_ANY ((struct model_errors){{UINT64_MAX, UINT64_MAX}})
/* What a call wrote and nobody can foretell; nothing, where it lies outside of memory. */
void guest_accept(struct guest *g, uint32_t at, size_t size);
/* Memory must be what shadow is. */
void guest_settle(struct guest *g);
_Noreturn void guest_wrong(struct guest *g, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Each makes one call of a family, chosen by the input. */
void calls_path(struct guest *g, int index);
void calls_file(struct guest *g, int index);
void calls_rest(struct guest *g, int index);

#endif
