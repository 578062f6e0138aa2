#include "common.h"

static void print_mutability(wasm_mutability_t mutability) {
    printf(mutability == WASM_VAR ? "var" : "const");
}

static void print_limits(const wasm_limits_t *limits) {
    printf("%" PRIu32, limits->min);
    if (limits->max < wasm_limits_max_default)
        printf(" to %" PRIu32, limits->max);
}

static void print_valtype(const wasm_valtype_t *type) {
    switch (wasm_valtype_kind(type)) {
    case WASM_I32: printf("i32"); break;
    case WASM_I64: printf("i64"); break;
    case WASM_F32: printf("f32"); break;
    case WASM_F64: printf("f64"); break;
    case WASM_EXTERNREF: printf("externref"); break;
    case WASM_FUNCREF: printf("funcref"); break;
    }
}

static void print_valtypes(const wasm_valtype_vec_t *types) {
    printf("(");
    for (size_t i = 0; i < types->size; i++) {
        if (i)
            printf(" ");
        print_valtype(types->data[i]);
    }
    printf(")");
}

static void print_externtype(const wasm_externtype_t *type) {
    switch (wasm_externtype_kind(type)) {
    case WASM_EXTERN_FUNC: {
        const wasm_functype_t *func = wasm_externtype_as_functype_const(type);
        printf("func ");
        print_valtypes(wasm_functype_params(func));
        printf(" -> ");
        print_valtypes(wasm_functype_results(func));
        break;
    }
    case WASM_EXTERN_GLOBAL: {
        const wasm_globaltype_t *global = wasm_externtype_as_globaltype_const(type);
        printf("global ");
        print_mutability(wasm_globaltype_mutability(global));
        printf(" ");
        print_valtype(wasm_globaltype_content(global));
        break;
    }
    case WASM_EXTERN_TABLE: {
        const wasm_tabletype_t *table = wasm_externtype_as_tabletype_const(type);
        printf("table ");
        print_limits(wasm_tabletype_limits(table));
        printf(" ");
        print_valtype(wasm_tabletype_element(table));
        break;
    }
    case WASM_EXTERN_MEMORY:
        printf("memory ");
        print_limits(wasm_memorytype_limits(wasm_externtype_as_memorytype_const(type)));
        break;
    }
    printf("\n");
}

static void print_name(const wasm_name_t *name) {
    printf("\"%.*s\" ", (int)name->size, name->data);
}

/* Makes each import from its type. */
static own wasm_extern_t *satisfy(wasm_store_t *store, const wasm_externtype_t *type) {
    switch (wasm_externtype_kind(type)) {
    case WASM_EXTERN_FUNC: return wasm_func_as_extern(wasm_func_new(store, wasm_externtype_as_functype_const(type), NULL));
    case WASM_EXTERN_GLOBAL: {
        wasm_val_t value = WASM_I64_VAL(5);
        return wasm_global_as_extern(wasm_global_new(store, wasm_externtype_as_globaltype_const(type), &value));
    }
    case WASM_EXTERN_TABLE: return wasm_table_as_extern(wasm_table_new(store, wasm_externtype_as_tabletype_const(type), NULL));
    default: return wasm_memory_as_extern(wasm_memory_new(store, wasm_externtype_as_memorytype_const(type)));
    }
}

int main(void) {
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    own wasm_module_t *module = LOAD(store, reflect);
    own wasm_importtype_vec_t import_types;
    own wasm_exporttype_vec_t export_types;
    own wasm_extern_vec_t imports, exports;
    wasm_module_imports(module, &import_types);
    wasm_module_exports(module, &export_types);
    wasm_extern_vec_new_uninitialized(&imports, import_types.size);
    for (size_t i = 0; i < import_types.size; i++) {
        printf("import ");
        print_name(wasm_importtype_module(import_types.data[i]));
        print_name(wasm_importtype_name(import_types.data[i]));
        print_externtype(wasm_importtype_type(import_types.data[i]));
        imports.data[i] = satisfy(store, wasm_importtype_type(import_types.data[i]));
        CHECK(imports.data[i] != NULL);
    }
    own wasm_instance_t *instance = wasm_instance_new(store, module, &imports, NULL);
    CHECK(instance != NULL);
    wasm_instance_exports(instance, &exports);
    CHECK(exports.size == export_types.size);
    for (size_t i = 0; i < exports.size; i++) {
        CHECK(wasm_extern_kind(exports.data[i]) == wasm_externtype_kind(wasm_exporttype_type(export_types.data[i])));
        printf("export ");
        print_name(wasm_exporttype_name(export_types.data[i]));
        print_externtype(wasm_exporttype_type(export_types.data[i]));
        own wasm_externtype_t *now = wasm_extern_type(exports.data[i]);
        printf("  now ");
        print_externtype(now);
        own wasm_externtype_t *copy = wasm_externtype_copy(now);
        CHECK(wasm_externtype_kind(copy) == wasm_externtype_kind(now));
        wasm_externtype_delete(copy);
        wasm_externtype_delete(now);
    }
    CHECK(wasm_extern_as_global(exports.data[0]) == NULL && wasm_extern_as_func(exports.data[1]) == NULL);
    CHECK(wasm_externtype_as_functype_const(wasm_exporttype_type(export_types.data[1])) == NULL);
    CHECK(wasm_extern_same(exports.data[3], imports.data[3])); /* the memory that went in and out */

    /* Vectors and their elements are copied deeply. */
    own wasm_importtype_vec_t import_copies;
    own wasm_exporttype_vec_t export_copies;
    wasm_importtype_vec_copy(&import_copies, &import_types);
    wasm_exporttype_vec_copy(&export_copies, &export_types);
    wasm_importtype_vec_delete(&import_types);
    wasm_exporttype_vec_delete(&export_types);
    print_externtype(wasm_importtype_type(import_copies.data[0]));
    print_externtype(wasm_exporttype_type(export_copies.data[2]));
    wasm_importtype_vec_delete(&import_copies);
    wasm_exporttype_vec_delete(&export_copies);

    wasm_extern_vec_delete(&imports);
    wasm_extern_vec_delete(&exports);
    wasm_instance_delete(instance);
    wasm_module_delete(module);
    end(store, engine);
    printf("done\n");
    return 0;
}
