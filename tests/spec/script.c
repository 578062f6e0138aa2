/* The commands of a script: see script.h. A module that needs a feature murre has not got is skipped, and with it every command that would
 * have used it: acting on it, importing from it. What it imports it could have changed: where an assertion about that fails from then on, nobody knows
 * who is wrong, and it is skipped as well. All are counted under the feature's name. */
#include "script.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Something that the script names: a definition, an instance, a name under which an instance is registered, a thread. One without a name can be
 * found as the latest of its kind. */
struct named {
    struct named *next;              /* the one before */
    char *name;                      /* or NULL */
    struct murre_module *module;     /* of a definition; owned */
    struct murre_instance *instance; /* of an instance, or registered */
    char missing[128]; /* the feature for want of which it was not made or, where there is an instance, might not be what it should be */
};

enum { MAX_SEEN = 256 };

struct script {
    struct murre_engine *engine;
    struct murre_store *store;
    struct murre_linker *linker;
    struct named *definitions, *instances, *registered, *threads; /* the latest first */
    const char *path;
    const char *folder;
    struct tally *tally;
    const struct json *command;
    const struct murre_instance *seen[MAX_SEEN]; /* that traps have named */
    unsigned seen_count;
    const char *doubt; /* the command has to do with an instance that might not be what it should be: for want of this feature */
};

void tally_skip(struct tally *tally, const char *feature) {
    tally->skipped++;
    for (unsigned i = 0; i < tally->feature_count; i++)
        if (strcmp(tally->features[i].name, feature) == 0) {
            tally->features[i].count++;
            return;
        }
    if (tally->feature_count < MAX_FEATURES) {
        snprintf(tally->features[tally->feature_count].name, sizeof tally->features[0].name, "%s", feature);
        tally->features[tally->feature_count++].count = 1;
    }
}

static void failed(struct script *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void failed(struct script *s, const char *format, ...) {
    if (s->doubt) {
        tally_skip(s->tally, s->doubt);
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    printf("FAIL %s:%s %s: ", s->path, json_text(s->command, "line"), json_text(s->command, "type"));
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
    s->tally->failed++;
}

static char *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    char *bytes = malloc((size_t)length + 1);
    if (!bytes || fread(bytes, 1, (size_t)length, file) != (size_t)length)
        abort();
    fclose(file);
    *size = (size_t)length;
    return bytes;
}

static bool module_path(const struct script *s, char *path, size_t size, const char *file) {
    return (size_t)snprintf(path, size, "%s/%s", s->folder, file) < size;
}

/* The module that the command names; NULL with error filled. *is_text: there is no binary of it. */
static struct murre_module *load(struct script *s, struct murre_error *error, bool *is_text) {
    const char *binary = json_text(s->command, "binary_filename"), *type = json_text(s->command, "module_type");
    const char *file = binary ? binary : json_text(s->command, "filename");
    *is_text = !binary && strcmp(type, "text") == 0;
    if (*is_text)
        return NULL;
    char path[4096];
    size_t size;
    char *bytes = module_path(s, path, sizeof path, file) ? read_file(path, &size) : NULL;
    if (!bytes) {
        *error = (struct murre_error){.status = MURRE_ERROR_IO, .message = "the module's file cannot be read"};
        return NULL;
    }
    struct murre_module *module = murre_module_new(s->engine, bytes, size, error);
    free(bytes);
    return module;
}

/* "needs feature: x" → x; "needs features: x, y" → x, y. */
static const char *missing_feature(const struct murre_error *error) {
    const char *colon = strncmp(error->message, "needs feature", 13) == 0 ? strstr(error->message, ": ") : NULL;
    return error->status == MURRE_ERROR_UNSUPPORTED ? (colon ? colon + 2 : error->message) : NULL;
}

static struct named *find(struct named *list, const char *name) {
    if (!name)
        return list;
    for (; list; list = list->next)
        if (list->name && strcmp(list->name, name) == 0)
            return list;
    return NULL;
}

static struct named *remember(struct named **list, const char *name, const char *missing) {
    struct named *n = calloc(1, sizeof *n);
    if (!n)
        abort();
    *n = (struct named){.next = *list, .name = name ? strdup(name) : NULL};
    snprintf(n->missing, sizeof n->missing, "%s", missing ? missing : "");
    return *list = n;
}

static void forget(struct named *list) {
    while (list) {
        struct named *next = list->next;
        murre_module_unref(list->module);
        free(list->name);
        free(list);
        list = next;
    }
}

/* All but the store. */
static void finish(struct script *s) {
    forget(s->definitions);
    forget(s->instances);
    forget(s->registered);
    forget(s->threads);
    murre_linker_delete(s->linker);
}

static bool has_name(struct murre_name name, const char *text) {
    return name.size == strlen(text) && memcmp(name.data, text, name.size) == 0;
}

/* The feature for want of which an import of the module is missing; NULL: there is none. Sets s->doubt. */
static const char *missing_import(struct script *s, const struct murre_module *module) {
    for (struct named *n = s->registered; n; n = n->next) {
        if (!n->missing[0] || find(s->registered, n->name) != n) /* registered again since */
            continue;
        struct murre_import import;
        for (uint32_t i = 0; murre_module_import(module, i, &import); i++) {
            if (!has_name(import.module, n->name))
                continue;
            if (!n->instance)
                return n->missing;
            s->doubt = n->missing;
        }
    }
    return NULL;
}

/* Whether a module's bytes may hold the name, after its size. */
static bool mentions(const char *bytes, size_t size, const char *name) {
    char wanted[130];
    const size_t length = strlen(name);
    if (length > 127)
        return true;
    wanted[0] = (char)length;
    memcpy(wanted + 1, name, length);
    return memmem(bytes, size, wanted, length + 1) != NULL;
}

/* A module that was not made could have changed the memories, tables and globals that it imports: those of registered instances that it mentions. */
static void taint_imports(struct script *s, const char *missing) {
    char path[4096];
    const char *file = json_text(s->command, "filename");
    size_t size;
    char *bytes = file && module_path(s, path, sizeof path, file) ? read_file(path, &size) : NULL;
    for (struct named *n = bytes ? s->registered : NULL; n; n = n->next) {
        if (n->missing[0] || !mentions(bytes, size, n->name))
            continue;
        snprintf(n->missing, sizeof n->missing, "%s", missing);
        for (struct named *instance = s->instances; instance; instance = instance->next)
            if (instance->instance == n->instance)
                snprintf(instance->missing, sizeof instance->missing, "%s", missing);
    }
    free(bytes);
}

static void make_instance(struct script *s, struct murre_module *module, const char *name) {
    struct murre_error error = {0};
    struct murre_trap *trap = NULL;
    const char *missing = missing_import(s, module);
    struct named *n = remember(&s->instances, name, missing);
    if (missing) {
        tally_skip(s->tally, missing);
        return;
    }
    if (s->doubt)
        snprintf(n->missing, sizeof n->missing, "%s", s->doubt);
    n->instance = murre_linker_instantiate(s->linker, s->store, module, &trap, &error);
    if (n->instance)
        s->tally->passed++;
    else
        failed(s, "not instantiated: %s", trap ? murre_trap_message(trap) : error.message);
    murre_trap_delete(trap);
}

/* "module" is a definition and an instance of it, under one name. */
static void run_module(struct script *s, bool definition) {
    struct murre_error error = {0};
    bool is_text;
    const char *name = json_text(s->command, "name");
    struct murre_module *module = load(s, &error, &is_text);
    const char *missing = module ? NULL : is_text ? "text format" : missing_feature(&error);
    remember(&s->definitions, name, missing)->module = module;
    if (module && !definition) {
        make_instance(s, module, name);
    } else if (module) {
        s->tally->passed++;
    } else {
        if (!definition)
            remember(&s->instances, name, missing);
        if (missing) {
            taint_imports(s, missing);
            tally_skip(s->tally, missing);
        } else {
            failed(s, "refused at %llu: %s", (unsigned long long)error.offset, error.message);
        }
    }
}

static void run_module_instance(struct script *s) {
    struct named *definition = find(s->definitions, json_text(s->command, "module"));
    const char *name = json_text(s->command, "instance");
    if (!definition || (!definition->module && !definition->missing[0])) {
        failed(s, "no such definition");
        remember(&s->instances, name, NULL);
    } else if (!definition->module) {
        remember(&s->instances, name, definition->missing);
        tally_skip(s->tally, definition->missing);
    } else {
        make_instance(s, definition->module, name);
    }
}

static void run_register(struct script *s) {
    struct murre_error error = {0};
    const char *as = json_text(s->command, "as");
    struct named *n = find(s->instances, json_text(s->command, "name"));
    if (!n || (!n->instance && !n->missing[0])) {
        failed(s, "no instance to register");
        return;
    }
    remember(&s->registered, as, n->missing)->instance = n->instance;
    if (!n->instance)
        tally_skip(s->tally, n->missing);
    else if (murre_linker_define_instance(s->linker, as, n->instance, &error) != MURRE_OK)
        failed(s, "cannot register: %s", error.message);
    else
        s->tally->passed++;
}

struct outcome {
    enum { OUTCOME_VALUES, OUTCOME_TRAP, OUTCOME_SKIPPED, OUTCOME_FAILED } kind;
    union murre_slot slots[MAX_SLOTS];
    bool wide[MAX_SLOTS]; /* by result: it has two slots */
    uint32_t count;       /* results */
    char message[256];
    enum murre_trapkind trap;
};

/* Instances have numbers, in the order in which traps name them: addresses differ from run to run. */
static unsigned number_of(struct script *s, const struct murre_instance *instance) {
    unsigned i = 0;
    while (i < s->seen_count && s->seen[i] != instance)
        i++;
    if (i == s->seen_count && s->seen_count < MAX_SEEN)
        s->seen[s->seen_count++] = instance;
    return i;
}

/* The functions among the innermost frames, and their instances, each once and in the order of their numbers. */
static void print_recursion(struct script *s, const struct murre_trap *trap) {
    struct murre_frame frame;
    uint64_t seen[64];
    unsigned count = 0;
    for (uint32_t i = 0; i < 64 && murre_trap_frame(trap, i, &frame); i++) {
        uint64_t one = (uint64_t)number_of(s, frame.instance) << 32 | frame.func_index;
        unsigned at = count;
        while (at > 0 && seen[at - 1] > one)
            at--;
        if (at > 0 && seen[at - 1] == one)
            continue;
        memmove(&seen[at + 1], &seen[at], (count++ - at) * sizeof *seen);
        seen[at] = one;
    }
    printf("recursion of");
    for (unsigned i = 0; i < count; i++)
        printf(" %u:%u", (unsigned)(seen[i] >> 32), (unsigned)seen[i]);
}

/* A line for each trap, by which runs in different tiers are compared (backtraces.py). How deep a recursion gets before the stack is exhausted is the
 * engine's affair, and so in which of several functions, and where in it: of that only the kind and who takes part. */
static void print_backtrace(struct script *s, const struct murre_trap *trap) {
    const char *name = strrchr(s->path, '/');
    printf("%s:%s: trap %d, ", name ? name + 1 : s->path, json_text(s->command, "line"), (int)murre_trap_kind(trap));
    struct murre_frame frame;
    if (murre_trap_kind(trap) == MURRE_TRAP_STACK) {
        print_recursion(s, trap);
    } else {
        printf("%u frames", murre_trap_depth(trap));
        for (uint32_t i = 0; murre_trap_frame(trap, i, &frame); i++)
            printf(" %u:%u@%lld", number_of(s, frame.instance), frame.func_index, (long long)frame.offset);
    }
    printf("\n");
}

static void invoke(struct script *s, const struct json *action, struct murre_func *func, struct outcome *out) {
    const struct json *args = json_member(action, "args");
    struct murre_functype type;
    murre_func_type(func, &type);
    uint32_t i = 0, slot = 0;
    out->kind = OUTCOME_FAILED;
    if (args->count != type.param_count || type.param_count > MAX_SLOTS / 2 || type.result_count > MAX_SLOTS / 2) {
        failed(s, "%zu arguments for %u parameters", args->count, type.param_count);
        return;
    }
    for (const struct json *arg = args->first; arg; arg = arg->next) {
        if (!value_parse(arg, &out->slots[slot])) {
            failed(s, "argument of unknown type");
            return;
        }
        slot += murre_valtype_slots(type.params[i++]);
    }
    struct murre_trap *trap = murre_func_call(s->store, func, out->slots);
    out->kind = trap ? OUTCOME_TRAP : OUTCOME_VALUES;
    out->count = type.result_count;
    memset(out->wide, 0, sizeof out->wide);
    for (i = 0; i < type.result_count; i++)
        out->wide[i] = type.results[i] == MURRE_V128;
    if (trap) {
        out->trap = murre_trap_kind(trap);
        snprintf(out->message, sizeof out->message, "%s", murre_trap_message(trap));
        if (s->tally->backtraces)
            print_backtrace(s, trap);
        murre_trap_delete(trap);
    }
}

static void act(struct script *s, struct outcome *out) {
    const struct json *action = json_member(s->command, "action");
    struct named *n = find(s->instances, json_text(action, "module"));
    const struct json *field = json_member(action, "field");
    struct murre_extern item;
    out->kind = OUTCOME_FAILED;
    if (n && n->missing[0] && n->instance)
        s->doubt = n->missing;
    if (!n || (!n->instance && !n->missing[0])) {
        failed(s, "no instance to act on");
    } else if (!n->instance) {
        tally_skip(s->tally, n->missing);
        out->kind = OUTCOME_SKIPPED;
    } else if (!murre_instance_export(n->instance, field->text, field->size, &item)) {
        failed(s, "no export %s", field->text);
    } else if (strcmp(json_text(action, "type"), "get") == 0) {
        out->kind = OUTCOME_VALUES;
        murre_global_get(item.of.global, out->slots);
        out->wide[0] = false; /* the only one */
        out->count = 1;
    } else {
        invoke(s, action, item.of.func, out);
    }
}

static void assert_return(struct script *s, struct outcome *out) {
    const struct json *expected = json_member(s->command, "expected");
    act(s, out);
    if (out->kind == OUTCOME_TRAP)
        failed(s, "trapped: %s", out->message);
    if (out->kind != OUTCOME_VALUES)
        return;
    if (expected && expected->count != out->count) {
        failed(s, "%u results, expected %zu", out->count, expected->count);
        return;
    }
    uint32_t i = 0, slot = 0;
    for (const struct json *e = expected ? expected->first : NULL; e; e = e->next, slot += out->wide[i++] ? 2 : 1)
        if (!value_matches(e, &out->slots[slot])) {
            char found[64];
            value_print(found, sizeof found, e, &out->slots[slot]);
            failed(s, "result %u of %s is %s, expected %s", i, json_text(json_member(s->command, "action"), "field"), found,
                   json_text(e, "value") ? json_text(e, "value") : "lanes");
            return;
        }
    s->tally->passed++;
}

/* The suite's words are a prefix of ours, up to our colon, or ours of the suite's ("uninitialized element 2"). */
static bool same_words(const char *ours, const char *wanted) {
    size_t size = strcspn(ours, ":");
    return strncmp(ours, wanted, strlen(wanted)) == 0 || strncmp(ours, wanted, size) == 0;
}

static void assert_trap(struct script *s, struct outcome *out) {
    const char *text = json_text(s->command, "text");
    act(s, out);
    if (out->kind == OUTCOME_VALUES)
        failed(s, "returned, expected a trap: %s", text);
    else if (out->kind == OUTCOME_TRAP && !same_words(out->message, text))
        failed(s, "trapped with %s, expected %s", out->message, text);
    else if (out->kind == OUTCOME_TRAP)
        s->tally->passed++;
}

/* Also of a suspension. murre has neither, so that nothing but a missing feature of the module can be right. */
static void assert_thrown(struct script *s, struct outcome *out, const char *what) {
    act(s, out);
    if (out->kind == OUTCOME_VALUES)
        failed(s, "returned, expected %s", what);
    else if (out->kind == OUTCOME_TRAP)
        failed(s, "trapped with %s, expected %s", out->message, what);
}

static void assert_refused(struct script *s) {
    struct murre_error error = {0};
    bool is_text;
    struct murre_module *module = load(s, &error, &is_text);
    const char *missing = is_text ? "text format" : missing_feature(&error);
    if (module)
        failed(s, "accepted, expected: %s", json_text(s->command, "text"));
    else if (missing)
        tally_skip(s->tally, missing);
    else if (error.status == MURRE_ERROR_IO || error.status == MURRE_ERROR_MEMORY)
        failed(s, "%s", error.message);
    else
        s->tally->passed++;
    murre_module_unref(module);
}

static void assert_not_instantiated(struct script *s, enum murre_status wanted) {
    struct murre_error error = {0};
    struct murre_trap *trap = NULL;
    bool is_text;
    const char *text = json_text(s->command, "text");
    struct murre_module *module = load(s, &error, &is_text);
    if (!module) {
        const char *missing = is_text ? "text format" : missing_feature(&error);
        if (missing)
            tally_skip(s->tally, missing);
        else
            failed(s, "refused: %s", error.message);
        if (missing)
            taint_imports(s, missing);
        return;
    }
    const char *missing = missing_import(s, module);
    if (missing) {
        tally_skip(s->tally, missing);
        murre_module_unref(module);
        return;
    }
    struct murre_instance *instance = murre_linker_instantiate(s->linker, s->store, module, &trap, &error);
    const char *message = trap ? murre_trap_message(trap) : error.message;
    if (trap && s->tally->backtraces)
        print_backtrace(s, trap);
    if (instance)
        failed(s, "instantiated, expected: %s", text);
    else if (error.status != wanted)
        failed(s, "%s: %s, expected %s", murre_status_name(error.status), message, text);
    else if (trap && !same_words(message, text))
        failed(s, "trapped with %s, expected %s", message, text);
    else
        s->tally->passed++;
    murre_trap_delete(trap);
    murre_module_unref(module);
}

static void run_commands(struct script *s, const struct json *commands, struct outcome *out);

/* The commands of a thread have names of their own, but for one shared module. They all run here and now, before whatever follows: one of the
 * orders that the script has to allow, as long as nothing waits for another thread. */
static void run_thread(struct script *s, struct outcome *out) {
    const char *shared = json_text(s->command, "shared_module");
    const struct json *commands = json_member(s->command, "commands");
    const struct named *n = shared ? find(s->instances, shared) : NULL;
    struct script thread = {.engine = s->engine, .store = s->store, .path = s->path, .folder = s->folder, .tally = s->tally};
    if (!commands || (shared && (!n || (!n->instance && !n->missing[0])))) {
        failed(s, "no such shared module");
        return;
    }
    remember(&s->threads, json_text(s->command, "name"), n && !n->instance ? n->missing : NULL);
    thread.linker = murre_linker_new(s->engine, NULL);
    if (!thread.linker || !spectest_define(thread.linker, thread.store))
        abort();
    if (n) {
        struct named *copy = remember(&thread.instances, shared, n->missing);
        copy->instance = n->instance;
    }
    if (n && !n->instance)
        tally_skip(s->tally, n->missing);
    else
        s->tally->passed++;
    run_commands(&thread, commands, out);
    finish(&thread);
}

static void run_wait(struct script *s) {
    const struct named *thread = find(s->threads, json_text(s->command, "thread"));
    if (!thread)
        failed(s, "no such thread");
    else if (thread->missing[0])
        tally_skip(s->tally, thread->missing);
    else
        s->tally->passed++;
}

static void run_command(struct script *s, struct outcome *out) {
    const char *type = json_text(s->command, "type");
    s->doubt = NULL;
    if (strcmp(type, "module") == 0)
        run_module(s, false);
    else if (strcmp(type, "module_definition") == 0)
        run_module(s, true);
    else if (strcmp(type, "module_instance") == 0)
        run_module_instance(s);
    else if (strcmp(type, "register") == 0)
        run_register(s);
    else if (strcmp(type, "assert_return") == 0 || strcmp(type, "action") == 0)
        assert_return(s, out);
    else if (strcmp(type, "assert_trap") == 0 || strcmp(type, "assert_exhaustion") == 0)
        assert_trap(s, out);
    else if (strcmp(type, "assert_invalid") == 0 || strcmp(type, "assert_malformed") == 0)
        assert_refused(s);
    else if (strcmp(type, "assert_unlinkable") == 0)
        assert_not_instantiated(s, MURRE_ERROR_LINK);
    else if (strcmp(type, "assert_uninstantiable") == 0)
        assert_not_instantiated(s, MURRE_ERROR_TRAP);
    else if (strcmp(type, "assert_malformed_custom") == 0 || strcmp(type, "assert_invalid_custom") == 0)
        tally_skip(s->tally, "custom annotations");
    else if (strcmp(type, "assert_exception") == 0)
        assert_thrown(s, out, "an exception");
    else if (strcmp(type, "assert_suspension") == 0)
        assert_thrown(s, out, "a suspension");
    else if (strcmp(type, "thread") == 0)
        run_thread(s, out);
    else if (strcmp(type, "wait") == 0)
        run_wait(s);
    else
        failed(s, "unknown command");
}

static void run_commands(struct script *s, const struct json *commands, struct outcome *out) {
    for (s->command = commands->first; s->command; s->command = s->command->next)
        run_command(s, out);
}

void script_run(struct murre_engine *engine, const char *path, struct tally *tally, bool verbose) {
    size_t size;
    char *text = read_file(path, &size);
    struct json *root = text ? json_parse(text, size) : NULL;
    free(text);
    const struct json *commands = json_member(root, "commands");
    if (!root) {
        printf("FAIL %s: %s\n", path, text ? "no JSON" : "cannot be read");
        tally->failed++;
    }
    if (!commands) { /* an index, no script */
        json_free(root);
        return;
    }
    if (verbose)
        fprintf(stderr, "%s\n", path);
    char *folder = strdup(path);
    *strrchr(folder, '/') = 0;
    struct script s = {.engine = engine, .path = path, .folder = folder, .tally = tally};
    s.store = murre_store_new(engine, NULL);
    s.linker = murre_linker_new(engine, NULL);
    struct outcome *out = calloc(1, sizeof *out);
    if (!out || !s.store || !s.linker || !spectest_define(s.linker, s.store))
        abort();
    run_commands(&s, commands, out);
    free(out);
    finish(&s);
    murre_store_delete(s.store);
    free(folder);
    json_free(root);
}
