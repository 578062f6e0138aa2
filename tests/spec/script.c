/* The commands of a script: see script.h. A module that needs a feature murre has not got is skipped, and with it every command that would
 * have used it; both are counted under the feature's name. */
#include "script.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct named {
    struct named *next;
    char *name; /* NULL: the latest, unnamed */
    struct murre_instance *instance;
    struct murre_module *module; /* definitions; owned */
    char missing[40];            /* the feature it needs, when it could not be made */
};

struct script {
    struct murre_engine *engine;
    struct murre_store *store;
    struct murre_linker *linker;
    struct named *names;
    struct named latest;
    char registered_missing[40]; /* a registered module could not be made: imports of it cannot be judged */
    const char *path;
    const char *folder;
    struct tally *tally;
    const struct json *command;
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

/* The module that the command names; NULL with error filled. *is_text: there is no binary of it. */
static struct murre_module *load(struct script *s, struct murre_error *error, bool *is_text) {
    const char *binary = json_text(s->command, "binary_filename"), *type = json_text(s->command, "module_type");
    const char *file = binary ? binary : json_text(s->command, "filename");
    *is_text = !binary && strcmp(type, "text") == 0;
    if (*is_text)
        return NULL;
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", s->folder, file);
    size_t size;
    char *bytes = read_file(path, &size);
    if (!bytes) {
        *error = (struct murre_error){.status = MURRE_ERROR_IO, .message = "the module's file cannot be read"};
        return NULL;
    }
    struct murre_module *module = murre_module_new(s->engine, bytes, size, error);
    free(bytes);
    return module;
}

/* "needs feature: x" → x. */
static const char *missing_feature(const struct murre_error *error) {
    const char *colon = strstr(error->message, "feature: ");
    return error->status == MURRE_ERROR_UNSUPPORTED ? (colon ? colon + 9 : error->message) : NULL;
}

static struct named *find(struct script *s, const char *name) {
    if (!name)
        return &s->latest;
    for (struct named *n = s->names; n; n = n->next)
        if (strcmp(n->name, name) == 0)
            return n;
    return NULL;
}

static void remember(struct script *s, const char *name, struct murre_instance *instance, struct murre_module *module,
                     const char *missing) {
    struct named entry = {.instance = instance, .module = module};
    snprintf(entry.missing, sizeof entry.missing, "%s", missing ? missing : "");
    if (!module)
        s->latest = entry;
    if (!name && !module)
        return;
    struct named *n = malloc(sizeof *n);
    if (!n)
        abort();
    *n = entry;
    n->name = strdup(name ? name : "");
    n->next = s->names;
    s->names = n;
}

static void make_instance(struct script *s, struct murre_module *module, const char *name) {
    struct murre_error error = {0};
    struct murre_trap *trap = NULL;
    struct murre_instance *instance = murre_linker_instantiate(s->linker, s->store, module, &trap, &error);
    remember(s, name, instance, NULL, NULL);
    if (instance) {
        s->tally->passed++;
    } else if (s->registered_missing[0] && error.status == MURRE_ERROR_LINK) {
        remember(s, name, NULL, NULL, s->registered_missing);
        tally_skip(s->tally, s->registered_missing);
    } else {
        failed(s, "not instantiated: %s", trap ? murre_trap_message(trap) : error.message);
    }
    murre_trap_delete(trap);
}

static void run_module(struct script *s, bool definition) {
    struct murre_error error = {0};
    bool is_text;
    const char *name = json_text(s->command, "name");
    struct murre_module *module = load(s, &error, &is_text);
    if (!module) {
        const char *missing = is_text ? "text format" : missing_feature(&error);
        remember(s, name, NULL, NULL, missing);
        if (missing)
            tally_skip(s->tally, missing);
        else
            failed(s, "refused at %llu: %s", (unsigned long long)error.offset, error.message);
    } else if (definition) {
        remember(s, name, NULL, module, NULL);
        s->tally->passed++;
    } else {
        make_instance(s, module, name);
        murre_module_unref(module);
    }
}

static void run_module_instance(struct script *s) {
    struct named *definition = find(s, json_text(s->command, "module"));
    if (!definition) {
        failed(s, "no such definition");
    } else if (!definition->module) {
        remember(s, json_text(s->command, "instance"), NULL, NULL, definition->missing);
        tally_skip(s->tally, definition->missing);
    } else
        make_instance(s, definition->module, json_text(s->command, "instance"));
}

static void run_register(struct script *s) {
    struct named *n = find(s, json_text(s->command, "name"));
    if (n && n->missing[0]) {
        snprintf(s->registered_missing, sizeof s->registered_missing, "%s", n->missing);
        tally_skip(s->tally, n->missing);
        return;
    }
    struct murre_error error = {0};
    if (!n || !n->instance || murre_linker_define_instance(s->linker, json_text(s->command, "as"), n->instance, &error) != MURRE_OK)
        failed(s, "cannot register: %s", error.message);
    else
        s->tally->passed++;
}

struct outcome {
    enum { OUTCOME_VALUES, OUTCOME_TRAP, OUTCOME_SKIPPED, OUTCOME_FAILED } kind;
    union murre_slot slots[MAX_SLOTS];
    uint32_t count;
    char message[256];
    enum murre_trapkind trap;
};

static void invoke(struct script *s, const struct json *action, struct murre_func *func, struct outcome *out) {
    const struct json *args = json_member(action, "args");
    struct murre_functype type;
    murre_func_type(func, &type);
    uint32_t i = 0;
    out->kind = OUTCOME_FAILED;
    if (args->count != type.param_count || type.param_count > MAX_SLOTS || type.result_count > MAX_SLOTS) {
        failed(s, "%zu arguments for %u parameters", args->count, type.param_count);
        return;
    }
    for (const struct json *arg = args->first; arg; arg = arg->next)
        if (!value_parse(arg, &out->slots[i++])) {
            failed(s, "argument of unknown type");
            return;
        }
    struct murre_trap *trap = murre_func_call(s->store, func, out->slots);
    out->kind = trap ? OUTCOME_TRAP : OUTCOME_VALUES;
    out->count = type.result_count;
    if (trap) {
        out->trap = murre_trap_kind(trap);
        snprintf(out->message, sizeof out->message, "%s", murre_trap_message(trap));
        murre_trap_delete(trap);
    }
}

static void act(struct script *s, struct outcome *out) {
    const struct json *action = json_member(s->command, "action");
    struct named *n = find(s, json_text(action, "module"));
    const struct json *field = json_member(action, "field");
    struct murre_extern item;
    out->kind = OUTCOME_FAILED;
    if (n && n->missing[0]) {
        tally_skip(s->tally, n->missing);
        out->kind = OUTCOME_SKIPPED;
    } else if (!n || !n->instance) {
        failed(s, "no instance to act on");
    } else if (!murre_instance_export(n->instance, field->text, field->size, &item)) {
        failed(s, "no export %s", field->text);
    } else if (strcmp(json_text(action, "type"), "get") == 0) {
        out->kind = OUTCOME_VALUES;
        out->slots[0] = murre_global_get(item.of.global);
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
    uint32_t i = 0;
    for (const struct json *e = expected ? expected->first : NULL; e; e = e->next, i++)
        if (!value_matches(e, out->slots[i])) {
            char found[64];
            value_print(found, sizeof found, e, out->slots[i]);
            failed(s, "result %u of %s is %s, expected %s", i, json_text(json_member(s->command, "action"), "field"), found,
                   json_text(e, "value"));
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
        return;
    }
    struct murre_instance *instance = murre_linker_instantiate(s->linker, s->store, module, &trap, &error);
    const char *message = trap ? murre_trap_message(trap) : error.message;
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

static void run_command(struct script *s, struct outcome *out) {
    const char *type = json_text(s->command, "type");
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
        tally_skip(s->tally, "exceptions");
    else
        failed(s, "unknown command");
}

void script_run(struct murre_engine *engine, const char *path, struct tally *tally, bool verbose) {
    size_t size;
    char *text = read_file(path, &size);
    struct json *root = text ? json_parse(text, size) : NULL;
    free(text);
    const struct json *commands = json_member(root, "commands");
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
    for (s.command = commands->first; s.command; s.command = s.command->next)
        run_command(&s, out);
    free(out);
    murre_linker_delete(s.linker);
    murre_store_delete(s.store);
    while (s.names) {
        struct named *next = s.names->next;
        murre_module_unref(s.names->module);
        free(s.names->name);
        free(s.names);
        s.names = next;
    }
    free(folder);
    json_free(root);
}
