/* Types of the standard C API. The four external types start with their kind, so that a wasm_externtype_t is a view of any of them. */
#include "api/c_api.h"
#include "runtime/types.h"

#include <stdlib.h>

struct wasm_valtype_t {
    wasm_valkind_t kind;
};
struct wasm_externtype_t {
    wasm_externkind_t kind;
};
struct wasm_functype_t {
    struct wasm_externtype_t base;
    wasm_valtype_vec_t params, results;
};
struct wasm_globaltype_t {
    struct wasm_externtype_t base;
    wasm_valtype_t *content;
    wasm_mutability_t mutability;
};
struct wasm_tabletype_t {
    struct wasm_externtype_t base;
    wasm_valtype_t *element;
    wasm_limits_t limits;
};
struct wasm_memorytype_t {
    struct wasm_externtype_t base;
    wasm_limits_t limits;
};
struct wasm_importtype_t {
    wasm_name_t module, name;
    wasm_externtype_t *type;
};
struct wasm_exporttype_t {
    wasm_name_t name;
    wasm_externtype_t *type;
};

/* ---- value types ---------------------------------------------------------------------------------------------------------------- */

wasm_valtype_t *wasm_valtype_new(wasm_valkind_t kind) {
    wasm_valtype_t *type = malloc(sizeof *type);
    if (type)
        type->kind = kind;
    return type;
}
void wasm_valtype_delete(wasm_valtype_t *type) {
    free(type);
}
wasm_valtype_t *wasm_valtype_copy(const wasm_valtype_t *type) {
    return wasm_valtype_new(type->kind);
}
wasm_valkind_t wasm_valtype_kind(const wasm_valtype_t *type) {
    return type->kind;
}

wasm_valkind_t c_kind_of(murre_valtype type) {
    switch (type) {
    case MURRE_I32: return WASM_I32;
    case MURRE_I64: return WASM_I64;
    case MURRE_F32: return WASM_F32;
    case MURRE_F64: return WASM_F64;
    case MURRE_V128: return C_V128;
    default: return murre_types_is_func(type) ? WASM_FUNCREF : WASM_EXTERNREF;
    }
}
murre_valtype c_valtype_of(wasm_valkind_t kind) {
    switch (kind) {
    case WASM_I32: return MURRE_I32;
    case WASM_I64: return MURRE_I64;
    case WASM_F32: return MURRE_F32;
    case WASM_F64: return MURRE_F64;
    case C_V128: return MURRE_V128;
    case WASM_FUNCREF: return MURRE_FUNCREF;
    default: return MURRE_EXTERNREF;
    }
}

/* ---- function types ------------------------------------------------------------------------------------------------------------- */

wasm_functype_t *wasm_functype_new(wasm_valtype_vec_t *params, wasm_valtype_vec_t *results) {
    wasm_functype_t *type = malloc(sizeof *type);
    if (!type) {
        wasm_valtype_vec_delete(params);
        wasm_valtype_vec_delete(results);
        return NULL;
    }
    *type = (wasm_functype_t){{WASM_EXTERN_FUNC}, *params, *results};
    return type;
}
void wasm_functype_delete(wasm_functype_t *type) {
    if (!type)
        return;
    wasm_valtype_vec_delete(&type->params);
    wasm_valtype_vec_delete(&type->results);
    free(type);
}
static bool is_whole(const wasm_valtype_vec_t *copy, const wasm_valtype_vec_t *from) {
    if (copy->size != from->size)
        return false;
    for (size_t i = 0; i < copy->size; i++)
        if (!copy->data[i])
            return false;
    return true;
}
wasm_functype_t *wasm_functype_copy(const wasm_functype_t *type) {
    wasm_valtype_vec_t params, results;
    wasm_valtype_vec_copy(&params, &type->params);
    wasm_valtype_vec_copy(&results, &type->results);
    if (is_whole(&params, &type->params) && is_whole(&results, &type->results))
        return wasm_functype_new(&params, &results);
    wasm_valtype_vec_delete(&params);
    wasm_valtype_vec_delete(&results);
    return NULL;
}
const wasm_valtype_vec_t *wasm_functype_params(const wasm_functype_t *type) {
    return &type->params;
}
const wasm_valtype_vec_t *wasm_functype_results(const wasm_functype_t *type) {
    return &type->results;
}

static bool list_of(const murre_valtype *types, uint32_t count, wasm_valtype_vec_t *out) {
    wasm_valtype_vec_new_uninitialized(out, count);
    if (out->size != count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!(out->data[i] = wasm_valtype_new(c_kind_of(types[i]))))
            return false;
    return true;
}
wasm_functype_t *c_functype_of(const struct murre_functype *type) {
    wasm_valtype_vec_t params, results = WASM_EMPTY_VEC;
    if (list_of(type->params, type->param_count, &params) && list_of(type->results, type->result_count, &results))
        return wasm_functype_new(&params, &results);
    wasm_valtype_vec_delete(&params);
    wasm_valtype_vec_delete(&results);
    return NULL;
}

/* ---- types of globals, tables, memories ----------------------------------------------------------------------------------------- */

wasm_globaltype_t *wasm_globaltype_new(wasm_valtype_t *content, wasm_mutability_t mutability) {
    wasm_globaltype_t *type = content ? malloc(sizeof *type) : NULL;
    if (type)
        *type = (wasm_globaltype_t){{WASM_EXTERN_GLOBAL}, content, mutability};
    else
        wasm_valtype_delete(content);
    return type;
}
void wasm_globaltype_delete(wasm_globaltype_t *type) {
    if (type)
        wasm_valtype_delete(type->content);
    free(type);
}
wasm_globaltype_t *wasm_globaltype_copy(const wasm_globaltype_t *type) {
    return wasm_globaltype_new(wasm_valtype_copy(type->content), type->mutability);
}
const wasm_valtype_t *wasm_globaltype_content(const wasm_globaltype_t *type) {
    return type->content;
}
wasm_mutability_t wasm_globaltype_mutability(const wasm_globaltype_t *type) {
    return type->mutability;
}

wasm_tabletype_t *wasm_tabletype_new(wasm_valtype_t *element, const wasm_limits_t *limits) {
    wasm_tabletype_t *type = element ? malloc(sizeof *type) : NULL;
    if (type)
        *type = (wasm_tabletype_t){{WASM_EXTERN_TABLE}, element, *limits};
    else
        wasm_valtype_delete(element);
    return type;
}
void wasm_tabletype_delete(wasm_tabletype_t *type) {
    if (type)
        wasm_valtype_delete(type->element);
    free(type);
}
wasm_tabletype_t *wasm_tabletype_copy(const wasm_tabletype_t *type) {
    return wasm_tabletype_new(wasm_valtype_copy(type->element), &type->limits);
}
const wasm_valtype_t *wasm_tabletype_element(const wasm_tabletype_t *type) {
    return type->element;
}
const wasm_limits_t *wasm_tabletype_limits(const wasm_tabletype_t *type) {
    return &type->limits;
}

wasm_memorytype_t *wasm_memorytype_new(const wasm_limits_t *limits) {
    wasm_memorytype_t *type = malloc(sizeof *type);
    if (type)
        *type = (wasm_memorytype_t){{WASM_EXTERN_MEMORY}, *limits};
    return type;
}
void wasm_memorytype_delete(wasm_memorytype_t *type) {
    free(type);
}
wasm_memorytype_t *wasm_memorytype_copy(const wasm_memorytype_t *type) {
    return wasm_memorytype_new(&type->limits);
}
const wasm_limits_t *wasm_memorytype_limits(const wasm_memorytype_t *type) {
    return &type->limits;
}

struct murre_limits c_limits_of(const wasm_limits_t *limits) {
    return (struct murre_limits){.min = limits->min, .max = limits->max, .has_max = limits->max != wasm_limits_max_default};
}
static wasm_limits_t limits_from(const struct murre_limits *limits) {
    return (wasm_limits_t){(uint32_t)limits->min, limits->has_max ? (uint32_t)limits->max : wasm_limits_max_default};
}

/* ---- external types ------------------------------------------------------------------------------------------------------------- */

wasm_externkind_t wasm_externtype_kind(const wasm_externtype_t *type) {
    return type->kind;
}

#define VIEWS(name, code)                                                                     \
    wasm_externtype_t *wasm_##name##_as_externtype(wasm_##name##_t *type) {                   \
        return (wasm_externtype_t *)type;                                                     \
    }                                                                                         \
    const wasm_externtype_t *wasm_##name##_as_externtype_const(const wasm_##name##_t *type) { \
        return (const wasm_externtype_t *)type;                                               \
    }                                                                                         \
    wasm_##name##_t *wasm_externtype_as_##name(wasm_externtype_t *type) {                     \
        return type->kind == (code) ? (wasm_##name##_t *)type : NULL;                         \
    }                                                                                         \
    const wasm_##name##_t *wasm_externtype_as_##name##_const(const wasm_externtype_t *type) { \
        return type->kind == (code) ? (const wasm_##name##_t *)type : NULL;                   \
    }
VIEWS(functype, WASM_EXTERN_FUNC)
VIEWS(globaltype, WASM_EXTERN_GLOBAL)
VIEWS(tabletype, WASM_EXTERN_TABLE)
VIEWS(memorytype, WASM_EXTERN_MEMORY)

void wasm_externtype_delete(wasm_externtype_t *type) {
    if (!type)
        return;
    switch (type->kind) {
    case WASM_EXTERN_FUNC: wasm_functype_delete((wasm_functype_t *)type); break;
    case WASM_EXTERN_GLOBAL: wasm_globaltype_delete((wasm_globaltype_t *)type); break;
    case WASM_EXTERN_TABLE: wasm_tabletype_delete((wasm_tabletype_t *)type); break;
    default: wasm_memorytype_delete((wasm_memorytype_t *)type);
    }
}
wasm_externtype_t *wasm_externtype_copy(const wasm_externtype_t *type) {
    switch (type->kind) {
    case WASM_EXTERN_FUNC: return (wasm_externtype_t *)wasm_functype_copy((const wasm_functype_t *)type);
    case WASM_EXTERN_GLOBAL: return (wasm_externtype_t *)wasm_globaltype_copy((const wasm_globaltype_t *)type);
    case WASM_EXTERN_TABLE: return (wasm_externtype_t *)wasm_tabletype_copy((const wasm_tabletype_t *)type);
    default: return (wasm_externtype_t *)wasm_memorytype_copy((const wasm_memorytype_t *)type);
    }
}

wasm_externtype_t *c_externtype_of(const struct murre_externtype *type) {
    wasm_limits_t limits = limits_from(&type->limits);
    switch (type->kind) {
    case MURRE_EXTERN_FUNC: return (wasm_externtype_t *)c_functype_of(&type->func);
    case MURRE_EXTERN_GLOBAL:
        return (wasm_externtype_t *)wasm_globaltype_new(wasm_valtype_new(c_kind_of(type->valtype)),
                                                        type->is_mutable ? WASM_VAR : WASM_CONST);
    case MURRE_EXTERN_TABLE: return (wasm_externtype_t *)wasm_tabletype_new(wasm_valtype_new(c_kind_of(type->valtype)), &limits);
    default: return (wasm_externtype_t *)wasm_memorytype_new(&limits);
    }
}

/* ---- imports and exports -------------------------------------------------------------------------------------------------------- */

wasm_importtype_t *wasm_importtype_new(wasm_name_t *module, wasm_name_t *name, wasm_externtype_t *extern_type) {
    wasm_importtype_t *type = extern_type ? malloc(sizeof *type) : NULL;
    if (type) {
        *type = (wasm_importtype_t){*module, *name, extern_type};
        return type;
    }
    wasm_name_delete(module);
    wasm_name_delete(name);
    wasm_externtype_delete(extern_type);
    return NULL;
}
void wasm_importtype_delete(wasm_importtype_t *type) {
    if (!type)
        return;
    wasm_name_delete(&type->module);
    wasm_name_delete(&type->name);
    wasm_externtype_delete(type->type);
    free(type);
}
static bool copy_name(wasm_name_t *out, const wasm_name_t *from) {
    wasm_name_copy(out, from);
    return out->size == from->size;
}
wasm_importtype_t *wasm_importtype_copy(const wasm_importtype_t *type) {
    wasm_name_t module, name;
    bool good = copy_name(&module, &type->module);
    good = copy_name(&name, &type->name) && good;
    return wasm_importtype_new(&module, &name, good ? wasm_externtype_copy(type->type) : NULL);
}
const wasm_name_t *wasm_importtype_module(const wasm_importtype_t *type) {
    return &type->module;
}
const wasm_name_t *wasm_importtype_name(const wasm_importtype_t *type) {
    return &type->name;
}
const wasm_externtype_t *wasm_importtype_type(const wasm_importtype_t *type) {
    return type->type;
}

wasm_exporttype_t *wasm_exporttype_new(wasm_name_t *name, wasm_externtype_t *extern_type) {
    wasm_exporttype_t *type = extern_type ? malloc(sizeof *type) : NULL;
    if (type) {
        *type = (wasm_exporttype_t){*name, extern_type};
        return type;
    }
    wasm_name_delete(name);
    wasm_externtype_delete(extern_type);
    return NULL;
}
void wasm_exporttype_delete(wasm_exporttype_t *type) {
    if (!type)
        return;
    wasm_name_delete(&type->name);
    wasm_externtype_delete(type->type);
    free(type);
}
wasm_exporttype_t *wasm_exporttype_copy(const wasm_exporttype_t *type) {
    wasm_name_t name;
    bool good = copy_name(&name, &type->name);
    return wasm_exporttype_new(&name, good ? wasm_externtype_copy(type->type) : NULL);
}
const wasm_name_t *wasm_exporttype_name(const wasm_exporttype_t *type) {
    return &type->name;
}
const wasm_externtype_t *wasm_exporttype_type(const wasm_exporttype_t *type) {
    return type->type;
}
