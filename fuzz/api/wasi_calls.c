/* Calls of wasi.h, one each, and the functions that guests call: replacements of WASI's, callbacks for output. See wasi_setup.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/wasi_setup.h"

/* ---- who belongs to whom ----------------------------------------------------------------------------------------------- */

static struct api_wasi *pick_wasi(struct api *a) {
    unsigned first = api_byte(a->input) % WASIS;
    for (unsigned i = 0; i < WASIS; i++)
        if (a->wasis[(first + i) % WASIS].wasi)
            return &a->wasis[(first + i) % WASIS];
    return NULL;
}

/* One for a function that runs in a store: it may not belong to another. */
static struct api_wasi *pick_wasi_for(struct api *a, int store) {
    struct api_wasi *wasi = pick_wasi(a);
    if (!wasi || (wasi->store >= 0 && wasi->store != store))
        return NULL;
    wasi->store = store;
    return wasi;
}

bool api_wasi_claim(struct api *a, int linker, int store) {
    for (unsigned i = 0; i < WASIS; i++)
        if (a->linkers[linker].wasis >> i & 1 && a->wasis[i].store >= 0 && a->wasis[i].store != store)
            return false;
    for (unsigned i = 0; i < WASIS; i++)
        if (a->linkers[linker].wasis >> i & 1)
            a->wasis[i].store = store;
    return true;
}

void api_wasi_release(struct api *a, unsigned store) {
    for (unsigned i = 0; i < WASIS; i++)
        if (a->wasis[i].store == (int)store)
            a->wasis[i].store = -1;
}

void api_drop_wasi(struct api *a, unsigned wasi) {
    struct api_wasi *gone = &a->wasis[wasi];
    for (unsigned i = 0; i < LINKERS; i++)
        if (a->linkers[i].wasis >> wasi & 1)
            api_drop_linker(a, i);
    if (gone->store >= 0)
        api_drop_store(a, (unsigned)gone->store);
    murre_wasi_delete(gone->wasi);
    gone->wasi = NULL;
    api_wasi_close(gone);
    api_wasi_check_folder();
}

/* ---- making ------------------------------------------------------------------------------------------------------------ */

static void new_wasi(struct api *a) {
    unsigned at = api_byte(a->input) % WASIS;
    struct api_wasi_setup setup;
    struct murre_error error;
    if (a->wasis[at].wasi)
        api_drop_wasi(a, at);
    a->wasis[at] = (struct api_wasi){.api = a, .store = -1, .fd = -1, .socket = -1};
    api_wasi_choose(a, &a->wasis[at], &setup);
    a->wasis[at].wasi = murre_wasi_new(&setup.config, &error);
    api_check_error(a->wasis[at].wasi != NULL, &error);
    if (a->wasis[at].wasi)
        api_require(!setup.is_wrong, "a configuration that cannot be is refused");
    else
        api_wasi_close(&a->wasis[at]);
    bool is_told = error.status == MURRE_ERROR_ARGUMENT || error.status == MURRE_ERROR_IO;
    api_require(error.status == MURRE_OK || (setup.is_wrong && is_told) || (error.status == MURRE_ERROR_MEMORY && api_is_short(a)),
                "a configuration is refused for what is wrong with it");
}

static void drop_wasi(struct api *a) {
    struct api_wasi *wasi = pick_wasi(a);
    if (wasi && api_byte(a->input) & 1)
        api_drop_wasi(a, (unsigned)(wasi - a->wasis));
    murre_wasi_delete(NULL);
}

static void new_wasi_module(struct api *a) {
    int engine = api_pick_engine(a);
    struct api_bytes bytes = api_wasi_module(api_byte(a->input));
    unsigned at = api_byte(a->input) % MODULES;
    struct murre_error error;
    if (engine < 0)
        return;
    struct murre_module *module = murre_module_new(a->engines[engine], bytes.data, bytes.size, &error);
    api_check_error(module != NULL, &error);
    if (!module)
        return;
    murre_module_unref(a->modules[at].module);
    a->modules[at].module = module;
    a->modules[at].engine = (unsigned)engine;
}

/* ---- functions in the place of WASI's ---------------------------------------------------------------------------------- */

/* Waiting in the operating system can only be ended by a signal. */
static bool may_run(const struct api *a, const struct api_store *store, const char *name) {
    return strcmp(name, "poll_oneoff") != 0 || !a->configs[store->engine].no_signals;
}

static struct murre_trap *call_original(struct api *a, struct api_store *store, const char *name, struct murre_caller *caller,
                                        const union murre_slot *args, union murre_slot *results) {
    struct api_wasi *wasi = pick_wasi_for(a, (int)(store - a->stores));
    if (!wasi || !may_run(a, store, name)) {
        results[0].i32 = 52; /* NOSYS */
        return NULL;
    }
    return murre_wasi_original(wasi->wasi, name, caller, args, results);
}

/* Any function of WASI, with arguments of the input's. Nothing lies before or behind the arrays, which is for the sanitizer to see. */
static struct murre_trap *call_other(struct api *a, struct api_store *store, struct murre_caller *caller) {
    bool returns;
    const char *name = api_wasi_function(api_byte(a->input), &returns);
    union murre_slot args[API_WASI_MOST_PARAMS], results[1] = {{.u64 = 0}};
    for (unsigned i = 0; i < API_WASI_MOST_PARAMS; i++)
        args[i].u64 = api_number(a->input);
    struct murre_trap *trap = call_original(a, store, name, caller, args, results);
    api_require(trap || returns || results[0].i32 == 52, "proc_exit does not return");
    return trap;
}

static struct murre_trap *stand_in(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    const struct api_stand_in *self = env;
    struct api *a = self->api;
    struct api_store *store = murre_store_data(murre_caller_store(caller));
    struct murre_trap *trap = NULL;
    union murre_slot own[1] = {{.u64 = 0}};
    uint8_t how = api_byte(a->input);
    bool returns;
    const char *name = api_wasi_function(self->function, &returns);
    switch (how % 8) {
    case 0: own[0].i32 = how % 77; break; /* any error of the interface */
    case 1: trap = api_act(a, store, caller); break;
    case 2: trap = call_other(a, store, caller); break;
    case 3:
        trap = call_original(a, store, "no such function", caller, args, own);
        api_require(trap || own[0].i32 == 52, "there is no such function");
        break;
    case 4: trap = call_original(a, store, name, caller, args, own); break;
    default: /* the arrays of the call itself: args may be results */
        if (returns)
            return call_original(a, store, name, caller, args, results);
        trap = call_original(a, store, name, caller, args, own);
        break;
    }
    if (trap && how & 128) {
        murre_trap_delete(trap);
        trap = NULL;
    }
    if (!trap && returns)
        results[0] = own[0];
    return trap;
}

static enum murre_status replace(struct api *a, int linker, unsigned function, struct murre_error *error) {
    bool returns;
    const char *name = api_wasi_function(function, &returns);
    struct api_stand_in *self = &a->stand_ins[function % WASI_FUNCTIONS];
    *self = (struct api_stand_in){a, function % WASI_FUNCTIONS};
    return murre_wasi_replace(a->linkers[linker].linker, name, stand_in, self, error);
}

/* Where nothing can end a wait, poll_oneoff is not WASI's. */
static void define_wasi(struct api *a) {
    int linker = api_pick_linker(a);
    struct api_wasi *wasi = pick_wasi(a);
    struct murre_error error;
    bool returns;
    if (linker < 0 || !wasi)
        return;
    a->linkers[linker].wasis |= 1u << (wasi - a->wasis);
    api_check_error(murre_wasi_define(wasi->wasi, a->linkers[linker].linker, &error) == MURRE_OK, &error);
    api_require(error.status == MURRE_OK || api_is_short(a), "all functions can be defined");
    if ((wasi - a->wasis) & 1 && !a->configs[a->linkers[linker].engine].no_signals) {
        api_check_error(murre_wasi_define_preview0(wasi->wasi, a->linkers[linker].linker, &error) == MURRE_OK, &error);
        api_require(error.status == MURRE_OK || api_is_short(a), "all functions of preview 0 can be defined");
    }
    if (!a->configs[a->linkers[linker].engine].no_signals)
        return;
    for (unsigned i = 0; i < WASI_FUNCTIONS; i++)
        if (strcmp(api_wasi_function(i, &returns), "poll_oneoff") == 0 && replace(a, linker, i, &error) != MURRE_OK)
            api_drop_linker(a, (unsigned)linker);
}

/* Before or after WASI is defined, or without it. */
static void replace_function(struct api *a) {
    int linker = api_pick_linker(a);
    unsigned function = api_byte(a->input);
    struct murre_error error;
    if (linker < 0)
        return;
    if (function == 255) {
        api_require(murre_wasi_replace(a->linkers[linker].linker, "fd_open", stand_in, NULL, &error) == MURRE_ERROR_ARGUMENT,
                    "what is not there is not replaced");
        return;
    }
    api_check_error(replace(a, linker, function, &error) == MURRE_OK, &error);
    api_require(error.status == MURRE_OK || api_is_short(a), "a function can be replaced");
}

static void ask_for_functions(struct api *a) {
    int module = api_pick_module(a);
    uint32_t index = (uint32_t)api_number(a->input);
    uint8_t size = api_byte(a->input);
    struct murre_import import;
    size_t left = (size_t)(a->input->end - a->input->at);
    const struct murre_name wasi = {API_WASI_MODULE, sizeof API_WASI_MODULE - 1};
    const struct murre_name any = {(const char *)a->input->at, size < left ? size : left};
    bool returns;
    const char *name = api_wasi_function(size, &returns);
    api_require(murre_wasi_provides(wasi, (struct murre_name){name, strlen(name)}), "WASI has each of its functions");
    api_require(!murre_wasi_provides(wasi, (struct murre_name){name, strlen(name) + 1}), "a zero byte is part of a name");
    api_require(!murre_wasi_provides(any, (struct murre_name){name, strlen(name)}) || any.size == wasi.size, "other modules are not WASI");
    murre_wasi_provides(wasi, any);
    if (module >= 0 && murre_module_import(a->modules[module].module, index, &import))
        api_require(murre_wasi_provides(import.module, import.name) == (import.module.size == wasi.size),
                    "what our modules import of WASI is there");
}

/* ---- running guests ---------------------------------------------------------------------------------------------------- */

/* All of them are there. */
static void look_at_bytes(const void *bytes, size_t size) {
    static volatile uint8_t seen;
    uint8_t all = 0;
    for (size_t i = 0; i < size; i++)
        all ^= ((const uint8_t *)bytes)[i];
    seen = all;
    (void)seen;
}

/* May call the guest that writes, and refuse. */
int api_wasi_take_output(void *context, const void *bytes, size_t size) {
    struct api_wasi *wasi = context;
    struct api *a = wasi->api;
    look_at_bytes(bytes, size);
    uint8_t how = api_byte(a->input);
    if (how >= 240 && wasi->store >= 0) {
        struct api_item *item = api_pick_item(a, MURRE_EXTERN_FUNC, wasi->store);
        if (item)
            api_call_nested(a, item);
    }
    return how == 1 ? ENOSPC : how == 2 ? EAGAIN : how == 3 ? 123456 : 0;
}

/* An export by its place. */
static void call_export(struct api *a) {
    int instance = api_pick_instance(a);
    unsigned index = api_byte(a->input);
    struct murre_extern item;
    if (instance < 0)
        return;
    uint32_t count = murre_module_export_count(murre_instance_module(a->instances[instance].instance));
    if (count == 0 || !murre_instance_export_at(a->instances[instance].instance, index % count, &item))
        return;
    if (item.kind == MURRE_EXTERN_FUNC)
        api_call_func(a, &(struct api_item){item, a->instances[instance].store});
    else
        api_add_item(a, a->instances[instance].store, item);
}

/* ---- looking at files in memory ---------------------------------------------------------------------------------------- */

struct seen_files {
    struct murre_wasi_file *files;
    size_t count, capacity;
    const struct murre_wasi *wasi;
    const char *guest;
};

static void see_file(void *context, const struct murre_wasi_file *file) {
    struct seen_files *seen = context;
    struct murre_wasi_file again;
    size_t size = strlen(file->path);
    bool is_folder = size > 0 && file->path[size - 1] == '/';
    api_require(size > 0 && file->path[0] != '/', "a path is relative");
    api_require(!is_folder || file->size == 0, "a folder has no bytes");
    bool is_there = murre_wasi_read_file(seen->wasi, seen->guest, file->path, &again);
    api_require(is_there == !is_folder, "a file that is shown can be read");
    api_require(!is_there || (again.size == file->size && again.bytes == file->bytes && again.read_only == file->read_only),
                "a file is read as it is shown");
    if (seen->count == seen->capacity) {
        seen->capacity = seen->capacity * 2 + 16;
        seen->files = realloc(seen->files, seen->capacity * sizeof *seen->files);
    }
    char *path = seen->files ? strdup(file->path) : NULL;
    if (!path)
        abort();
    seen->files[seen->count] = *file;
    seen->files[seen->count++].path = path;
}

static void forget_files(struct seen_files *seen) {
    for (size_t i = 0; i < seen->count; i++)
        free((char *)seen->files[i].path);
    free(seen->files);
}

static bool same_files(const struct seen_files *one, const struct seen_files *other) {
    if (one->count != other->count)
        return false;
    for (size_t i = 0; i < one->count; i++) {
        const struct murre_wasi_file *a = &one->files[i], *b = &other->files[i];
        if (strcmp(a->path, b->path) != 0 || a->size != b->size || a->read_only != b->read_only ||
            (a->size && memcmp(a->bytes, b->bytes, a->size) != 0))
            return false;
    }
    return true;
}

/* What a folder shows is what another one can be made of. */
static void make_again(struct api *a, const struct seen_files *seen) {
    struct murre_wasi_preopen preopen = {.guest = "again", .files = seen->files, .file_count = seen->count};
    struct murre_wasi_config config;
    struct murre_error error;
    murre_wasi_config_init(&config);
    config.in.kind = config.out.kind = config.err.kind = MURRE_WASI_NULL;
    config.preopens = &preopen;
    config.preopen_count = 1;
    config.allocator = budget_allocator(&a->budget);
    struct murre_wasi *wasi = murre_wasi_new(&config, &error);
    struct seen_files again = {.wasi = wasi, .guest = preopen.guest};
    api_check_error(wasi != NULL, &error);
    api_require(wasi != NULL || api_is_short(a), "what a folder shows can be another one's");
    if (wasi && murre_wasi_each_file(wasi, preopen.guest, see_file, &again, &error) == MURRE_OK)
        api_require(same_files(seen, &again), "a folder made of another one's files is the same");
    else
        api_require(api_is_short(a), "files can be shown");
    forget_files(&again);
    murre_wasi_delete(wasi);
}

static void look_at_files(struct api *a) {
    static const char *const guests[] = {"/", "tmp", "", "/d", "nowhere"};
    struct api_wasi *wasi = pick_wasi(a);
    uint8_t which = api_byte(a->input);
    struct murre_error error;
    if (!wasi)
        return;
    struct seen_files seen = {.wasi = wasi->wasi, .guest = guests[which % 5]};
    bool shown = murre_wasi_each_file(wasi->wasi, seen.guest, see_file, &seen, &error) == MURRE_OK;
    api_check_error(shown, &error);
    api_require(shown || error.status == MURRE_ERROR_ARGUMENT || api_is_short(a), "files are shown where there is such a folder");
    api_require(error.status != MURRE_ERROR_ARGUMENT || seen.count == 0, "nothing is shown where there is no such folder");
    if (shown && which & 1)
        make_again(a, &seen);
    forget_files(&seen);
}

/* A path of ours, or any. */
static void read_file(struct api *a) {
    static const char *const paths[] = {"a", "d/a", "./l", "d/deep/er/file", "e/", "e", "", "/", "..", "l/a", "d/../a", "new"};
    static const char *const guests[] = {"/", "tmp", "", "/d", "nowhere"};
    struct api_wasi *wasi = pick_wasi(a);
    uint8_t guest = api_byte(a->input), which = api_byte(a->input);
    char any[32] = "";
    const char *path = paths[which % 12];
    if (which >= 200) {
        for (unsigned i = 0; i < which - 200u && i < sizeof any - 1; i++)
            any[i] = (char)api_byte(a->input);
        path = any;
    }
    struct murre_wasi_file file;
    if (!wasi || !murre_wasi_read_file(wasi->wasi, guests[guest % 5], path, &file))
        return;
    look_at_bytes(file.bytes, file.size);
    api_require(file.path == path, "the path is the caller's own");
}

void api_wasi_call(struct api *a, uint8_t which) {
    static void (*const calls[])(struct api *) = {
        new_wasi,    drop_wasi,   new_wasi_module, define_wasi, replace_function, ask_for_functions, call_export, call_export,
        call_export, call_export, call_export,     call_export, look_at_files,    read_file,         new_wasi,    define_wasi,
    };
    calls[which % (sizeof calls / sizeof *calls)](a);
}
