/* The module "spectest" of the official suite. Its print functions print nothing. */
#include "script.h"

static struct murre_trap *print(void *env, struct murre_caller *caller, const union murre_slot *args, union murre_slot *results) {
    (void)env, (void)caller, (void)args, (void)results;
    return NULL;
}

static bool define_functions(struct murre_linker *linker) {
    static const struct {
        const char *name;
        murre_valtype params[2];
        uint32_t count;
    } functions[] = {{"print", {0}, 0},
                     {"print_i32", {MURRE_I32}, 1},
                     {"print_i64", {MURRE_I64}, 1},
                     {"print_f32", {MURRE_F32}, 1},
                     {"print_f64", {MURRE_F64}, 1},
                     {"print_i32_f32", {MURRE_I32, MURRE_F32}, 2},
                     {"print_f64_f64", {MURRE_F64, MURRE_F64}, 2}};
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        struct murre_functype type = {functions[i].params, NULL, functions[i].count, 0};
        if (murre_linker_define_func(linker, "spectest", functions[i].name, &type, print, NULL, NULL) != MURRE_OK)
            return false;
    }
    return true;
}

static bool define_globals(struct murre_linker *linker, struct murre_store *store) {
    const struct {
        const char *name;
        murre_valtype type;
        union murre_slot value;
    } globals[] = {{"global_i32", MURRE_I32, {.i32 = 666}},
                   {"global_i64", MURRE_I64, {.i64 = 666}},
                   {"global_f32", MURRE_F32, {.f32 = 666.6f}},
                   {"global_f64", MURRE_F64, {.f64 = 666.6}}};
    for (size_t i = 0; i < sizeof globals / sizeof *globals; i++) {
        struct murre_extern item = {.kind = MURRE_EXTERN_GLOBAL};
        item.of.global = murre_global_new(store, globals[i].type, false, &globals[i].value, NULL);
        if (!item.of.global || murre_linker_define(linker, "spectest", globals[i].name, item, NULL) != MURRE_OK)
            return false;
    }
    return true;
}

bool spectest_define(struct murre_linker *linker, struct murre_store *store) {
    struct murre_extern memory = {.kind = MURRE_EXTERN_MEMORY}, table = {.kind = MURRE_EXTERN_TABLE};
    memory.of.memory = murre_memory_new(store, (struct murre_limits){.min = 1, .max = 2, .has_max = true}, NULL);
    table.of.table = murre_table_new(store, MURRE_FUNCREF, (struct murre_limits){.min = 10, .max = 20, .has_max = true}, NULL, NULL);
    return memory.of.memory && table.of.table && murre_linker_define(linker, "spectest", "memory", memory, NULL) == MURRE_OK &&
           murre_linker_define(linker, "spectest", "table", table, NULL) == MURRE_OK && define_functions(linker) &&
           define_globals(linker, store);
}
