/* The object and its definitions in a linker, for both versions of the interface: public functions of wasi.h. One C function (dispatch)
 * stands between the linker and all functions of the interface; it fetches the caller's memory and turns a bad pointer into a trap. */
#include "wasi.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "wasi/memfs.h"

static const struct {
    const char *name;
    const char *params; /* 'i' or 'I' each */
    bool returns;
    murre_wasi_fn fn;
} functions[MURRE_WASI_FUNCTIONS] = {
#define FUNCTION(name, params) {#name, params, true, murre_wasi_##name},
#define EXIT(name, params)     {#name, params, false, murre_wasi_##name},
#include "wasi/functions.def"
#undef FUNCTION
#undef EXIT
};
_Static_assert(MURRE_WASI_FUNCTIONS == 46, "wasi_snapshot_preview1 has 46 functions");
/* Preview 0 has the others. */
#define IN_PREVIEW0(function) ((function) != MURRE_WASI_INDEX_sock_accept)
#define MAX_PARAMS            9
#define MODULE_NAME           "wasi_snapshot_preview1"
#define PREVIEW0_NAME         "wasi_unstable"
#define DEFAULT_LIMIT         (UINT64_C(64) << 20) /* of a folder in memory */

/* ---- creation ----------------------------------------------------------------------------------------------------- */

void murre_wasi_config_init(struct murre_wasi_config *config) {
    *config = (struct murre_wasi_config){0};
}

static bool copy_strings(struct murre_wasi *wasi, struct murre_wasi_strings *to, const char *const *strings, size_t count) {
    for (size_t i = 0; i < count; i++)
        to->size += strlen(strings[i]) + 1;
    if (to->size == 0)
        return true;
    to->bytes = murre_alloc(&wasi->allocator, to->size);
    if (to->bytes == NULL)
        return false;
    char *at = to->bytes;
    for (size_t i = 0; i < count; i++)
        at = stpcpy(at, strings[i]) + 1;
    to->count = count;
    return true;
}

static bool add_stream(struct murre_wasi *wasi, const struct murre_wasi_stream *stream, int number) {
    static const struct murre_wasi_kind *const kinds[] = {
        [MURRE_WASI_INHERIT] = &murre_wasi_kind_host,  [MURRE_WASI_FD] = &murre_wasi_kind_host,
        [MURRE_WASI_NULL] = &murre_wasi_kind_empty,    [MURRE_WASI_BYTES] = &murre_wasi_kind_input,
        [MURRE_WASI_CALLBACK] = &murre_wasi_kind_sink,
    };
    uint32_t fd;
    struct murre_wasi_entry *entry = murre_wasi_fdtable_add(&wasi->fds, kinds[stream->kind], &fd);
    if (entry == NULL)
        return false;
    entry->budget = MURRE_WASI_BUDGET_OUTPUT;
    murre_wasi_fdtable_grant(&wasi->fds, entry, number == 0 ? WASI_RIGHTS_INPUT : WASI_RIGHTS_OUTPUT, 0);
    if (entry->kind == &murre_wasi_kind_host) {
        entry->host = stream->kind == MURRE_WASI_FD ? stream->fd : number;
        entry->shared = true;
        if (stream->kind == MURRE_WASI_FD && murre_wasi_entry_learn_type(entry) == WASI_SUCCESS &&
            (entry->type == WASI_FILETYPE_SOCKET_STREAM || entry->type == WASI_FILETYPE_SOCKET_DGRAM))
            murre_wasi_fdtable_grant(&wasi->fds, entry, WASI_RIGHTS_SOCKET, 0);
    } else {
        entry->bytes = stream->bytes;
        entry->size = stream->size;
        entry->write = stream->write;
        entry->context = stream->context;
    }
    return true;
}

static bool is_whole(const struct murre_wasi_stream *stream) {
    return (stream->kind != MURRE_WASI_FD || stream->fd >= 0) && (stream->kind != MURRE_WASI_BYTES || stream->bytes || stream->size == 0) &&
           (stream->kind != MURRE_WASI_CALLBACK || stream->write);
}

static bool check_streams(const struct murre_wasi_config *config) {
    return is_whole(&config->in) && is_whole(&config->out) && is_whole(&config->err) && config->in.kind != MURRE_WASI_CALLBACK &&
           config->out.kind != MURRE_WASI_BYTES && config->err.kind != MURRE_WASI_BYTES &&
           (unsigned)config->in.kind <= MURRE_WASI_CALLBACK && (unsigned)config->out.kind <= MURRE_WASI_CALLBACK &&
           (unsigned)config->err.kind <= MURRE_WASI_CALLBACK;
}

static enum murre_status add_host_folder(struct murre_wasi *wasi, const struct murre_wasi_preopen *preopen, struct murre_wasi_entry **entry,
                                         struct murre_error *error) {
    int host = open(preopen->host, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (host < 0 && errno == EACCES) /* a folder that may be passed but not listed */
        host = open(preopen->host, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (host < 0)
        return murre_error_set(error, MURRE_ERROR_IO, MURRE_NO_OFFSET, "folder %s: %s", preopen->host, strerror(errno));
    uint32_t fd;
    *entry = murre_wasi_fdtable_add_host(&wasi->fds, host, &fd);
    if (*entry != NULL)
        (*entry)->budget = MURRE_WASI_BUDGET_FOLDER;
    else
        return errno == ENOMEM ? murre_error_memory(error)
                               : murre_error_set(error, MURRE_ERROR_IO, MURRE_NO_OFFSET, "folder %s: %s", preopen->host, strerror(errno));
    return MURRE_OK;
}

static enum murre_status add_memory_folder(struct murre_wasi *wasi, const struct murre_wasi_preopen *preopen,
                                           struct murre_wasi_entry **entry, struct murre_error *error) {
    struct murre_wasi_memfs **end = &wasi->memory_folders;
    uint64_t dev = UINT64_MAX; /* no host numbers its devices from above */
    for (; *end != NULL; end = &(*end)->next)
        dev--;
    struct murre_wasi_memfs *fs = *end = murre_wasi_memfs_new(&wasi->allocator, preopen->guest, dev);
    if (fs == NULL)
        return murre_error_memory(error);
    for (size_t i = 0; i < preopen->file_count; i++) {
        enum murre_status status = murre_wasi_memfs_add(fs, &preopen->files[i], error);
        if (status != MURRE_OK)
            return status;
    }
    uint32_t fd;
    *entry = murre_wasi_fdtable_add(&wasi->fds, &murre_wasi_kind_memfs, &fd);
    if (*entry == NULL)
        return murre_error_memory(error);
    (*entry)->node = fs->root;
    murre_wasi_memfs_hold(fs->root);
    uint64_t limit = preopen->limit != 0 ? preopen->limit : DEFAULT_LIMIT;
    fs->limit = limit < UINT64_MAX - fs->used ? fs->used + limit : UINT64_MAX;
    return MURRE_OK;
}

static enum murre_status add_preopen(struct murre_wasi *wasi, const struct murre_wasi_preopen *preopen, struct murre_error *error) {
    struct murre_wasi_entry *entry;
    enum murre_status status = (preopen->host != NULL ? add_host_folder : add_memory_folder)(wasi, preopen, &entry, error);
    if (status != MURRE_OK)
        return status;
    entry->type = WASI_FILETYPE_DIRECTORY;
    entry->has_type = true;
    uint64_t rights = preopen->read_only ? WASI_RIGHTS_ALL & ~WASI_RIGHTS_CHANGE : WASI_RIGHTS_ALL;
    murre_wasi_fdtable_grant(&wasi->fds, entry, WASI_RIGHTS_DIRECTORY & rights, rights);
    if (preopen->read_only)
        entry->allowed = entry->passes = rights;
    entry->name_size = strlen(preopen->guest);
    entry->name = murre_alloc(&wasi->allocator, entry->name_size + 1);
    if (entry->name == NULL)
        return murre_error_memory(error);
    memcpy(entry->name, preopen->guest, entry->name_size + 1);
    entry->is_preopen = true;
    return MURRE_OK;
}

static enum murre_status fill(struct murre_wasi *wasi, const struct murre_wasi_config *config, struct murre_error *error) {
    if (!copy_strings(wasi, &wasi->args, config->args, config->arg_count) ||
        !copy_strings(wasi, &wasi->env, config->env, config->env_count) || !add_stream(wasi, &config->in, STDIN_FILENO) ||
        !add_stream(wasi, &config->out, STDOUT_FILENO) || !add_stream(wasi, &config->err, STDERR_FILENO))
        return murre_error_memory(error);
    if (wasi->args.size > UINT32_MAX || wasi->env.size > UINT32_MAX)
        return murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "wasi: arguments or environment over 4 GiB");
    for (size_t i = 0; i < config->preopen_count; i++) {
        enum murre_status status = add_preopen(wasi, &config->preopens[i], error);
        if (status != MURRE_OK)
            return status;
    }
    for (size_t i = 0; i < config->socket_count; i++) {
        uint32_t fd;
        struct murre_wasi_entry *entry = murre_wasi_fdtable_add(&wasi->fds, &murre_wasi_kind_host, &fd);
        if (entry == NULL)
            return murre_error_memory(error);
        entry->host = config->sockets[i];
        murre_wasi_fdtable_grant(&wasi->fds, entry, WASI_RIGHTS_SOCKET, 0);
        if (murre_wasi_entry_learn_type(entry) != WASI_SUCCESS)
            return murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "wasi: socket %d is not open", config->sockets[i]);
        /* A guest has one thread: one that waited would stop its timers, too, and everyone else that it serves. */
        int flags = fcntl(entry->host, F_GETFL);
        if (flags < 0 || fcntl(entry->host, F_SETFL, flags | O_NONBLOCK) != 0)
            return murre_error_set(error, MURRE_ERROR_IO, MURRE_NO_OFFSET, "wasi: socket %d: %s", config->sockets[i], strerror(errno));
    }
    return MURRE_OK;
}

struct murre_wasi *murre_wasi_new(const struct murre_wasi_config *config, struct murre_error *error) {
    murre_error_clear(error);
    if (!check_streams(config)) {
        murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET,
                        "wasi: a standard stream is of a kind that it cannot be, or lacks what its kind needs");
        return NULL;
    }
    const struct murre_allocator *allocator = config->allocator.alloc != NULL ? &config->allocator : &murre_allocator_libc;
    struct murre_wasi *wasi = murre_alloc_zero(allocator, sizeof *wasi);
    if (wasi == NULL) {
        murre_error_memory(error);
        return NULL;
    }
    wasi->allocator = *allocator;
    murre_wasi_fdtable_init(&wasi->fds, allocator);
    wasi->fds.enforce_rights = config->enforce_rights;
    wasi->resolver = (struct murre_wasi_resolver){.allocator = *allocator, .walk = config->no_openat2};
    for (int i = 0; i < MURRE_WASI_FUNCTIONS; i++)
        wasi->bindings[i] = (struct murre_wasi_binding){.wasi = wasi, .fn = functions[i].fn};
    wasi->output_left = config->max_output != 0 ? config->max_output : MURRE_WASI_UNLIMITED;
    wasi->written_left = config->max_written != 0 ? config->max_written : MURRE_WASI_UNLIMITED;
    if (fill(wasi, config, error) != MURRE_OK) {
        murre_wasi_delete(wasi);
        return NULL;
    }
    if (config->max_descriptors != 0 && config->max_descriptors < MURRE_WASI_FD_LIMIT)
        wasi->fds.limit = config->max_descriptors;
    return wasi;
}

void murre_wasi_delete(struct murre_wasi *wasi) {
    if (wasi == NULL)
        return;
    struct murre_allocator allocator = wasi->allocator;
    murre_wasi_fdtable_fini(&wasi->fds);
    for (struct murre_wasi_memfs *fs = wasi->memory_folders, *next; fs != NULL; fs = next) {
        next = fs->next;
        murre_wasi_memfs_delete(fs);
    }
    if (wasi->preview0 != NULL)
        murre_free(&allocator, wasi->preview0, MURRE_WASI_FUNCTIONS * sizeof *wasi->preview0);
    if (wasi->args.bytes != NULL)
        murre_free(&allocator, wasi->args.bytes, wasi->args.size);
    if (wasi->env.bytes != NULL)
        murre_free(&allocator, wasi->env.bytes, wasi->env.size);
    murre_free(&allocator, wasi, sizeof *wasi);
}

/* ---- calls -------------------------------------------------------------------------------------------------------- */

static struct murre_trap *dispatch(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    const struct murre_wasi_binding *binding = env;
    struct murre_memory *memory = murre_caller_memory(caller);
    struct murre_wasi_call call = {
        .wasi = binding->wasi,
        .store = murre_caller_store(caller),
        .memory = memory != NULL ? murre_memory_data(memory) : NULL,
        .memory_size = memory != NULL ? murre_memory_size(memory) : 0,
        .preview0 = binding->preview0,
    };
    murre_wasi_errno error = binding->fn(&call, args);
    if (call.trap == NULL)
        results[0].i32 = error;
    return call.trap;
}

/* proc_exit has no result to write; it always traps. */
static struct murre_trap *dispatch_exit(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)results;
    union murre_slot unused[1];
    return dispatch(env, caller, args, unused);
}

static bool name_is(struct murre_name name, const char *text) {
    return strlen(text) == name.size && memcmp(name.data, text, name.size) == 0;
}

/* The function's index, or -1. The table is in order. */
static int find_function(struct murre_name name) {
    int low = 0, high = MURRE_WASI_FUNCTIONS;
    while (low < high) {
        int middle = (low + high) / 2;
        const char *found = functions[middle].name;
        size_t size = strlen(found);
        /* Not strncmp: a module may import a name with zero bytes in it. */
        int order = memcmp(name.data, found, name.size < size ? name.size : size);
        if (order == 0)
            order = name.size < size ? -1 : name.size > size;
        if (order == 0)
            return middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

bool murre_wasi_provides(struct murre_name module, struct murre_name name) {
    if (name_is(module, MODULE_NAME))
        return find_function(name) >= 0;
    int function = name_is(module, PREVIEW0_NAME) ? find_function(name) : -1;
    return function >= 0 && IN_PREVIEW0(function);
}

static enum murre_status define(struct murre_linker *linker, const char *module, int function, murre_host_fn fn, void *env,
                                struct murre_error *error) {
    static const murre_valtype result[] = {MURRE_I32};
    murre_valtype params[MAX_PARAMS];
    struct murre_functype type = {.params = params, .results = result, .result_count = functions[function].returns};
    for (const char *p = functions[function].params; *p != '\0'; p++)
        params[type.param_count++] = *p == 'I' ? MURRE_I64 : MURRE_I32;
    return murre_linker_define_func(linker, module, functions[function].name, &type, fn, env, error);
}

static enum murre_status define_all(struct murre_wasi_binding *bindings, const char *module, struct murre_linker *linker,
                                    struct murre_error *error) {
    for (int i = 0; i < MURRE_WASI_FUNCTIONS; i++) {
        if (bindings[i].preview0 && !IN_PREVIEW0(i))
            continue;
        enum murre_status status = define(linker, module, i, functions[i].returns ? dispatch : dispatch_exit, &bindings[i], error);
        if (status != MURRE_OK)
            return status;
    }
    return MURRE_OK;
}

enum murre_status murre_wasi_define(struct murre_wasi *wasi, struct murre_linker *linker, struct murre_error *error) {
    return define_all(wasi->bindings, MODULE_NAME, linker, error);
}

enum murre_status murre_wasi_define_preview0(struct murre_wasi *wasi, struct murre_linker *linker, struct murre_error *error) {
    murre_error_clear(error);
    if (wasi->preview0 == NULL) {
        wasi->preview0 = murre_alloc_array(&wasi->allocator, MURRE_WASI_FUNCTIONS, sizeof *wasi->preview0);
        if (wasi->preview0 == NULL)
            return murre_error_memory(error);
        for (int i = 0; i < MURRE_WASI_FUNCTIONS; i++)
            wasi->preview0[i] = (struct murre_wasi_binding){.wasi = wasi, .fn = functions[i].fn, .preview0 = true};
    }
    return define_all(wasi->preview0, PREVIEW0_NAME, linker, error);
}

enum murre_status murre_wasi_replace(struct murre_linker *linker, const char *name, murre_host_fn fn, void *env,
                                     struct murre_error *error) {
    murre_error_clear(error);
    int function = find_function((struct murre_name){name, strlen(name)});
    if (function < 0)
        return murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "wasi: there is no function %.60s", name);
    return define(linker, MODULE_NAME, function, fn, env, error);
}

struct murre_trap *murre_wasi_original(struct murre_wasi *wasi, const char *name, struct murre_caller *caller, const union murre_slot *args,
                                       union murre_slot *results) {
    int function = find_function((struct murre_name){name, strlen(name)});
    if (function < 0)
        return murre_trap_new("wasi: there is no such function");
    return (functions[function].returns ? dispatch : dispatch_exit)(&wasi->bindings[function], caller, args, results);
}

/* ---- files in memory ------------------------------------------------------------------------------------------------ */

static const struct murre_wasi_memfs *memory_folder(const struct murre_wasi *wasi, const char *guest) {
    const struct murre_wasi_memfs *fs = wasi->memory_folders;
    while (fs != NULL && strcmp(fs->guest, guest) != 0)
        fs = fs->next;
    return fs;
}

bool murre_wasi_read_file(const struct murre_wasi *wasi, const char *guest, const char *path, struct murre_wasi_file *file) {
    const struct murre_wasi_memfs *fs = memory_folder(wasi, guest);
    const struct murre_wasi_node *node = fs != NULL ? murre_wasi_memfs_find(fs, path) : NULL;
    if (node == NULL || node->type != WASI_FILETYPE_REGULAR_FILE)
        return false;
    *file = (struct murre_wasi_file){.path = path, .bytes = node->bytes, .size = node->size, .read_only = node->immutable};
    return true;
}

enum murre_status murre_wasi_each_file(const struct murre_wasi *wasi, const char *guest,
                                       void (*visit)(void *context, const struct murre_wasi_file *file), void *context,
                                       struct murre_error *error) {
    murre_error_clear(error);
    const struct murre_wasi_memfs *fs = memory_folder(wasi, guest);
    if (fs == NULL)
        return murre_error_set(error, MURRE_ERROR_ARGUMENT, MURRE_NO_OFFSET, "wasi: there is no folder %.60s in memory", guest);
    return murre_wasi_memfs_visit(fs, visit, context) ? MURRE_OK : murre_error_memory(error);
}

/* ---- helpers of all families --------------------------------------------------------------------------------------- */

bool murre_wasi_retry(const struct murre_wasi_call *call) {
    return errno == EINTR && !murre_store_interrupt_pending(call->store);
}

uint64_t murre_wasi_nanoseconds(int64_t seconds, int64_t nanoseconds) {
    uint64_t result;
    if (seconds < 0)
        return 0;
    if (__builtin_mul_overflow((uint64_t)seconds, UINT64_C(1000000000), &result) ||
        __builtin_add_overflow(result, (uint64_t)nanoseconds, &result))
        return UINT64_MAX;
    return result;
}
