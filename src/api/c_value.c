/* Values, globals, tables and memories of the standard C API: see c_api.h. */
#include "api/c_api.h"

#include "runtime/types.h"

static bool is_ref(wasm_valkind_t kind) {
    return kind >= WASM_EXTERNREF;
}

void wasm_val_delete(wasm_val_t *value) {
    if (is_ref(value->kind)) {
        c_ref_delete(value->of.ref);
        value->of.ref = NULL;
    }
}

void wasm_val_copy(wasm_val_t *out, const wasm_val_t *from) {
    *out = *from;
    if (is_ref(from->kind))
        out->of.ref = c_ref_copy(from->of.ref);
}

/* Only functions are funcrefs; null is either. What belongs to another store would end with it. */
static bool ref_fits(const wasm_store_t *store, murre_valtype type, const wasm_ref_t *ref) {
    return !ref || (ref->store == store && (!murre_types_is_func(type) || ref->kind == REF_FUNC));
}

void *c_ref_to_wasm(murre_valtype type, const wasm_ref_t *ref) {
    if (!ref)
        return NULL;
    if (murre_types_is_func(type))
        return ref->kind == REF_FUNC ? ref->object : NULL;
    ((wasm_ref_t *)ref)->pinned = true;
    return (void *)ref;
}

bool c_ref_from_wasm(wasm_store_t *store, murre_valtype type, void *pointer, wasm_ref_t **ref) {
    if (!pointer)
        *ref = NULL;
    else if (murre_types_is_func(type))
        *ref = c_ref_of(store, REF_FUNC, pointer);
    else
        *ref = c_ref_copy(pointer);
    return !pointer || *ref;
}

bool c_value_fits(const wasm_store_t *store, murre_valtype type, const wasm_val_t *value) {
    if (type == MURRE_V128)
        return false;
    return is_ref(value->kind) ? is_ref(c_kind_of(type)) && ref_fits(store, type, value->of.ref) : value->kind == c_kind_of(type);
}

union murre_slot c_to_slot(murre_valtype type, const wasm_val_t *value) {
    if (is_ref(value->kind))
        return (union murre_slot){.ref = c_ref_to_wasm(type, value->of.ref)};
    return (union murre_slot){.i64 = value->of.i64};
}

bool c_from_slot(wasm_store_t *store, murre_valtype type, union murre_slot slot, wasm_val_t *value) {
    value->kind = c_kind_of(type);
    switch (type) {
    case MURRE_I32: value->of.i32 = slot.i32; return true;
    case MURRE_F32: value->of.f32 = slot.f32; return true;
    case MURRE_I64:
    case MURRE_F64: value->of.i64 = slot.i64; return true;
    case MURRE_V128: value->of.i64 = 0; return true;
    default: return c_ref_from_wasm(store, type, slot.ref, &value->of.ref);
    }
}

/* ---- globals -------------------------------------------------------------------------------------------------------------------- */

/* An object of the store under a handle. */
static void *handle_of(wasm_store_t *store, enum ref_kind kind, void *object) {
    return object ? c_ref_of(store, kind, object) : NULL;
}

wasm_global_t *wasm_global_new(wasm_store_t *store, const wasm_globaltype_t *type, const wasm_val_t *value) {
    murre_valtype content = c_valtype_of(wasm_valtype_kind(wasm_globaltype_content(type)));
    if (!c_value_fits(store, content, value))
        return NULL;
    bool is_mutable = wasm_globaltype_mutability(type) == WASM_VAR;
    union murre_slot slot = c_to_slot(content, value); /* no v128 fits */
    return handle_of(store, REF_GLOBAL, murre_global_new(store->store, content, is_mutable, &slot, NULL));
}

static struct murre_global *global_of(const wasm_global_t *handle) {
    return c_ref(handle)->object;
}

static wasm_externtype_t *type_of(struct murre_extern item) {
    struct murre_externtype type;
    murre_extern_type(&item, &type);
    return c_externtype_of(&type);
}

struct murre_extern c_item_of(const wasm_ref_t *ref) {
    switch (ref->kind) {
    case REF_FUNC: return (struct murre_extern){MURRE_EXTERN_FUNC, {.func = ref->object}};
    case REF_GLOBAL: return (struct murre_extern){MURRE_EXTERN_GLOBAL, {.global = ref->object}};
    case REF_TABLE: return (struct murre_extern){MURRE_EXTERN_TABLE, {.table = ref->object}};
    default: return (struct murre_extern){MURRE_EXTERN_MEMORY, {.memory = ref->object}};
    }
}

wasm_globaltype_t *wasm_global_type(const wasm_global_t *handle) {
    return (wasm_globaltype_t *)type_of(c_item_of(c_ref(handle)));
}

void wasm_global_get(const wasm_global_t *handle, wasm_val_t *out) {
    const struct murre_global *global = global_of(handle);
    union murre_slot value[2];
    murre_global_get(global, value);
    if (!c_from_slot(c_ref(handle)->store, global->type, value[0], out))
        out->of.ref = NULL;
}

void wasm_global_set(wasm_global_t *handle, const wasm_val_t *value) {
    struct murre_global *global = global_of(handle);
    if (!c_value_fits(c_ref(handle)->store, global->type, value))
        return;
    union murre_slot slot = c_to_slot(global->type, value);
    murre_global_set(global, &slot);
}

/* ---- tables --------------------------------------------------------------------------------------------------------------------- */

static struct murre_table *table_of(const wasm_table_t *handle) {
    return c_ref(handle)->object;
}

wasm_table_t *wasm_table_new(wasm_store_t *store, const wasm_tabletype_t *type, wasm_ref_t *init) {
    murre_valtype element = c_valtype_of(wasm_valtype_kind(wasm_tabletype_element(type)));
    struct murre_limits limits = c_limits_of(wasm_tabletype_limits(type));
    if (!ref_fits(store, element, init))
        return NULL;
    return handle_of(store, REF_TABLE, murre_table_new(store->store, element, limits, c_ref_to_wasm(element, init), NULL));
}

wasm_tabletype_t *wasm_table_type(const wasm_table_t *handle) {
    return (wasm_tabletype_t *)type_of(c_item_of(c_ref(handle)));
}

wasm_ref_t *wasm_table_get(const wasm_table_t *handle, wasm_table_size_t index) {
    void *pointer;
    wasm_ref_t *ref;
    const struct murre_table *table = table_of(handle);
    if (!murre_table_get(table, index, &pointer) || !c_ref_from_wasm(c_ref(handle)->store, table->type, pointer, &ref))
        return NULL;
    return ref;
}

bool wasm_table_set(wasm_table_t *handle, wasm_table_size_t index, wasm_ref_t *ref) {
    struct murre_table *table = table_of(handle);
    return ref_fits(c_ref(handle)->store, table->type, ref) && murre_table_set(table, index, c_ref_to_wasm(table->type, ref));
}

wasm_table_size_t wasm_table_size(const wasm_table_t *handle) {
    return (wasm_table_size_t)murre_table_size(table_of(handle));
}

bool wasm_table_grow(wasm_table_t *handle, wasm_table_size_t delta, wasm_ref_t *init) {
    struct murre_table *table = table_of(handle);
    return ref_fits(c_ref(handle)->store, table->type, init) &&
           murre_table_grow(table, delta, c_ref_to_wasm(table->type, init)) != UINT64_MAX;
}

/* ---- memories ------------------------------------------------------------------------------------------------------------------- */

static struct murre_memory *memory_of(const wasm_memory_t *handle) {
    return c_ref(handle)->object;
}

wasm_memory_t *wasm_memory_new(wasm_store_t *store, const wasm_memorytype_t *type) {
    return handle_of(store, REF_MEMORY, murre_memory_new(store->store, c_limits_of(wasm_memorytype_limits(type)), NULL));
}

wasm_memorytype_t *wasm_memory_type(const wasm_memory_t *handle) {
    return (wasm_memorytype_t *)type_of(c_item_of(c_ref(handle)));
}

byte_t *wasm_memory_data(wasm_memory_t *handle) {
    return (byte_t *)murre_memory_data(memory_of(handle));
}

size_t wasm_memory_data_size(const wasm_memory_t *handle) {
    return (size_t)murre_memory_size(memory_of(handle));
}

wasm_memory_pages_t wasm_memory_size(const wasm_memory_t *handle) {
    return (wasm_memory_pages_t)(murre_memory_size(memory_of(handle)) / MEMORY_PAGE_SIZE);
}

bool wasm_memory_grow(wasm_memory_t *handle, wasm_memory_pages_t delta) {
    return murre_memory_grow(memory_of(handle), delta) != UINT64_MAX;
}

/* ---- external values ------------------------------------------------------------------------------------------------------------ */

wasm_externkind_t wasm_extern_kind(const wasm_extern_t *handle) {
    switch (c_ref(handle)->kind) {
    case REF_FUNC: return WASM_EXTERN_FUNC;
    case REF_GLOBAL: return WASM_EXTERN_GLOBAL;
    case REF_TABLE: return WASM_EXTERN_TABLE;
    default: return WASM_EXTERN_MEMORY;
    }
}

wasm_externtype_t *wasm_extern_type(const wasm_extern_t *handle) {
    return type_of(c_item_of(c_ref(handle)));
}
