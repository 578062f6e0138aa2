/* Whole functions and modules: see generate.h. */
#include "module/generate.h"

#include <stdio.h>
#include <string.h>

enum { MOST_LIST = 1000 };

static struct fuzz_span finish(struct fuzz_bytes *bytes) {
    fuzz_put_op(bytes, MURRE_OP_END);
    return (struct fuzz_span){bytes->data, bytes->size};
}

static struct fuzz_span const_expr(struct fuzz_module *module, murre_valtype type, uint64_t bits) {
    struct fuzz_bytes bytes = fuzz_bytes_new(module);
    fuzz_put_const(&bytes, type, bits);
    return finish(&bytes);
}

static struct fuzz_span func_expr(struct fuzz_module *module, uint32_t func) {
    struct fuzz_bytes bytes = fuzz_bytes_new(module);
    fuzz_put_op_u32(&bytes, MURRE_OP_REF_FUNC, func);
    return finish(&bytes);
}

/* ---- functions --------------------------------------------------------------------------------------------------------- */

void fuzz_gen_body(struct fuzz_gen *g, uint32_t func, int size) {
    const struct murre_functype *type = fuzz_func_type(g->module, func);
    struct fuzz_bytes out = fuzz_bytes_new(g->module);
    g->func = func;
    g->out = &out;
    g->loops = 0;
    g->size = size;
    g->labels.count = 0;
    *FUZZ_ADD(&g->module->arena, &g->labels) = (struct fuzz_label){type->results, type->result_count};
    while (g->size > 0)
        fuzz_gen_statements(g, 3);
    g->size = 20;
    fuzz_gen_values(g, type->results, type->result_count, 2);
    fuzz_put_op(&out, MURRE_OP_END);
    g->module->funcs.items[func].code = out;
}

uint32_t fuzz_gen_functype(struct fuzz_gen *g) {
    murre_valtype params[24], results[16];
    uint32_t param_count = fuzz_any(&g->random, fuzz_once_in(&g->random, 6) ? 24 : 6);
    uint32_t result_count = fuzz_once_in(&g->random, 8)   ? fuzz_any(&g->random, 16)
                            : fuzz_once_in(&g->random, 3) ? fuzz_any(&g->random, 4)
                                                          : 1;
    for (uint32_t i = 0; i < param_count; i++)
        params[i] = fuzz_gen_type(g);
    for (uint32_t i = 0; i < result_count; i++)
        results[i] = fuzz_gen_type(g);
    return fuzz_type_index(g->module, params, param_count, results, result_count);
}

uint32_t fuzz_add_func(struct fuzz_module *module, uint32_t type) {
    *FUZZ_ADD(&module->arena, &module->funcs) = (struct fuzz_func){.type = type, .code = fuzz_bytes_new(module)};
    return module->funcs.count - 1;
}

/* ---- everything else --------------------------------------------------------------------------------------------------- */

uint32_t fuzz_add_global(struct fuzz_gen *g, murre_valtype type, bool is_mutable) {
    struct fuzz_span init = type == MURRE_FUNCREF && g->module->funcs.count && fuzz_once_in(&g->random, 2)
                                ? func_expr(g->module, fuzz_any(&g->random, g->module->funcs.count))
                                : const_expr(g->module, type, fuzz_gen_bits(&g->random, type));
    *FUZZ_ADD(&g->module->arena, &g->module->globals) = (struct fuzz_global){{type, is_mutable}, init};
    return g->module->globals.count - 1;
}

void fuzz_add_data(struct fuzz_gen *g) {
    bool passive = !g->module->memories.count || fuzz_once_in(&g->random, 2);
    uint32_t size = 8 + fuzz_any(&g->random, 40);
    uint8_t *bytes = fuzz_alloc(&g->module->arena, size);
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)fuzz_random_bits(&g->random);
    *FUZZ_ADD(&g->module->arena, &g->module->datas) = (struct fuzz_data){passive ? MURRE_SEGMENT_PASSIVE : MURRE_SEGMENT_ACTIVE,
                                                                         0,
                                                                         const_expr(g->module, MURRE_I32, fuzz_any(&g->random, 0x7000)),
                                                                         {bytes, size}};
}

static void add_item(struct fuzz_module *module, struct fuzz_elem *elem, struct fuzz_span item) {
    *FUZZ_ADD(&module->arena, &elem->exprs) = item;
}

/* A segment of functions: active in the first table of functions, or passive. */
void fuzz_add_elem(struct fuzz_gen *g) {
    struct fuzz_module *module = g->module;
    struct fuzz_elem elem = {.mode = MURRE_SEGMENT_PASSIVE, .type = MURRE_FUNCREF};
    for (uint32_t i = module->tables.count; i > 0 && !fuzz_once_in(&g->random, 4); i--)
        if (module->tables.items[i - 1].type == MURRE_FUNCREF) {
            elem.mode = MURRE_SEGMENT_ACTIVE;
            elem.table = i - 1;
        }
    elem.offset = const_expr(module, MURRE_I32, fuzz_any(&g->random, 3));
    for (uint32_t i = 3 + fuzz_any(&g->random, 5); i > 0; i--)
        add_item(module, &elem,
                 !module->funcs.count || fuzz_once_in(&g->random, 12) ? const_expr(module, MURRE_FUNCREF, 0)
                                                                      : func_expr(module, fuzz_any(&g->random, module->funcs.count)));
    *FUZZ_ADD(&module->arena, &module->elems) = elem;
}

void fuzz_add_table(struct fuzz_gen *g, murre_valtype type) {
    *FUZZ_ADD(&g->module->arena, &g->module->tables) =
        (struct murre_table_type){type, {.min = 10 + fuzz_any(&g->random, 8), .max = 40, .has_max = fuzz_once_in(&g->random, 2)}};
}

void fuzz_declare_all(struct fuzz_module *module) {
    for (uint32_t i = 0; i < module->elems.count; i++)
        if (module->elems.items[i].mode == MURRE_SEGMENT_DECLARATIVE && module->elems.items[i].exprs.count == module->funcs.count)
            return;
    if (module->funcs.count > MOST_LIST)
        return;
    struct fuzz_elem elem = {.mode = MURRE_SEGMENT_DECLARATIVE, .type = MURRE_FUNCREF};
    for (uint32_t i = 0; i < module->funcs.count; i++)
        add_item(module, &elem, func_expr(module, i));
    *FUZZ_ADD(&module->arena, &module->elems) = elem;
}

static void export(struct fuzz_module *module, const char *prefix, enum murre_externkind kind, uint32_t index) {
    char text[32];
    int size = snprintf(text, sizeof text, "%s%u", prefix, (unsigned)index);
    char *name = fuzz_alloc(&module->arena, (size_t)size);
    memcpy(name, text, (size_t)size);
    *FUZZ_ADD(&module->arena, &module->exports) = (struct murre_export_entry){{name, (size_t)size}, (uint8_t)kind, index};
}

static void import(struct fuzz_module *module, const char *name, enum murre_externkind kind, uint32_t index) {
    *FUZZ_ADD(&module->arena, &module->imports) = (struct fuzz_import){{"m", 1}, {name, strlen(name)}, (uint8_t)kind, index};
}

static void make_imports(struct fuzz_gen *g) {
    struct fuzz_module *module = g->module;
    for (uint32_t count = fuzz_any(&g->random, 4); count > 0; count--) {
        import(module, "f", MURRE_EXTERN_FUNC, fuzz_add_func(module, fuzz_gen_functype(g)));
        module->func_imports++;
    }
    if (fuzz_once_in(&g->random, 4)) {
        fuzz_add_table(g, MURRE_FUNCREF);
        import(module, "t", MURRE_EXTERN_TABLE, 0);
        module->table_imports = 1;
    }
    for (uint32_t i = fuzz_any(&g->random, 3); i > 0; i--) {
        *FUZZ_ADD(&module->arena, &module->globals) = (struct fuzz_global){{fuzz_gen_type(g), fuzz_once_in(&g->random, 2)}, {NULL, 0}};
        import(module, "g", MURRE_EXTERN_GLOBAL, module->globals.count - 1);
        module->global_imports++;
    }
}

static void make_storage(struct fuzz_gen *g) {
    struct fuzz_module *module = g->module;
    if (!fuzz_once_in(&g->random, 12)) {
        struct murre_limits limits = {.min = 1 + fuzz_any(&g->random, 2), .max = 4, .has_max = fuzz_once_in(&g->random, 2)};
        *FUZZ_ADD(&module->arena, &module->memories) = limits;
        if (fuzz_once_in(&g->random, 4)) {
            import(module, "m", MURRE_EXTERN_MEMORY, 0);
            module->memory_imports = 1;
        }
    }
    if (!module->tables.count || fuzz_once_in(&g->random, 4))
        fuzz_add_table(g, MURRE_FUNCREF);
    if (fuzz_once_in(&g->random, 2))
        fuzz_add_table(g, MURRE_EXTERNREF);
    for (uint32_t i = 3 + fuzz_any(&g->random, 5); i > 0; i--)
        fuzz_add_global(g, fuzz_gen_type(g), !fuzz_once_in(&g->random, 4));
    for (uint32_t i = fuzz_any(&g->random, 4); i > 0; i--)
        fuzz_add_data(g);
}

void fuzz_gen_module(struct fuzz_module *module, uint64_t seed) {
    struct fuzz_gen g = {.random = fuzz_random_new(seed), .module = module};
    fuzz_module_init(module);
    g.vectors = fuzz_once_in(&g.random, 2);
    make_imports(&g);
    /* Some have the type of an import, and may be linked to it: diff/twin.h. */
    for (uint32_t count = 2 + fuzz_any(&g.random, 5); count > 0; count--) {
        bool linkable = module->func_imports && fuzz_once_in(&g.random, 3);
        fuzz_add_func(module, linkable ? module->funcs.items[fuzz_any(&g.random, module->func_imports)].type : fuzz_gen_functype(&g));
    }
    make_storage(&g);
    for (uint32_t i = 1 + fuzz_any(&g.random, 2); i > 0; i--)
        fuzz_add_elem(&g);
    fuzz_declare_all(module);
    for (uint32_t i = module->func_imports; i < module->funcs.count; i++) {
        fuzz_gen_body(&g, i, fuzz_once_in(&g.random, 8) ? 500 : 20 + (int)fuzz_any(&g.random, 120));
        export(module, "f", MURRE_EXTERN_FUNC, i);
    }
    for (uint32_t i = 0; i < module->memories.count; i++)
        export(module, "m", MURRE_EXTERN_MEMORY, i);
}
