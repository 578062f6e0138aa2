/* The implementation of wasm.h, the standard C API, which is a layer over murre.h.
 *
 * Every reference of that API (function, global, table, memory, instance, module, trap, foreign object) is one struct wasm_ref_t with a count
 * of handles; a copy is one more handle of the same struct, so that "same" compares pointers. References to an object of a store are
 * found again through the store's table, so that host information stays with the object. Such a reference ends when its last handle is deleted,
 * unless the object's identity matters later: it has host information, or Wasm may hold it as an externref (pinned). Then it ends with
 * the store. Handles that outlive their store may only be deleted.
 *
 * An externref in Wasm is the address of the struct wasm_ref_t; a funcref is the struct murre_func. */
#ifndef MURRE_API_C_API_H
#define MURRE_API_C_API_H

#include "murre.h"
#include "wasm.h"

enum ref_kind { REF_FUNC, REF_GLOBAL, REF_TABLE, REF_MEMORY, REF_INSTANCE, REF_MODULE, REF_TRAP, REF_FOREIGN };

struct wasm_ref_t {
    uint8_t kind; /* enum ref_kind */
    bool pinned;
    size_t handles;
    struct wasm_store_t *store; /* NULL once the store is gone */
    void *object;               /* struct murre_func *, …; modules and traps are owned; NULL for foreign objects */
    void *host_info;
    void (*finalizer)(void *);
    struct wasm_ref_t *next; /* in the store's table */
};

struct wasm_engine_t {
    struct murre_engine *engine;
};

struct wasm_config_t {
    struct murre_config config;
};

struct wasm_store_t {
    struct murre_store *store;
    struct murre_engine *engine; /* referenced */
    struct wasm_ref_t **buckets; /* by object; foreign objects, modules and traps by themselves */
    size_t bucket_count, ref_count;
};

/* A handle more of the store's object, which is found or made; NULL without memory. */
wasm_ref_t *c_ref_of(wasm_store_t *store, enum ref_kind kind, void *object);
/* A reference of its own: foreign objects, modules, traps. */
wasm_ref_t *c_ref_new(wasm_store_t *store, enum ref_kind kind, void *object);
wasm_ref_t *c_ref_copy(const wasm_ref_t *ref);
void c_ref_delete(wasm_ref_t *ref);

/* Values. c_from_slot gives a new handle for references; false without memory. */
/* The standard has no kind for vectors, and no room for one in a value. A kind of our own stands for them in types, and that is all: functions with a
 * vector among their parameters or results can be neither made nor called, globals neither made, read nor set. */
enum { C_V128 = 4 };
wasm_valkind_t c_kind_of(murre_valtype type);
murre_valtype c_valtype_of(wasm_valkind_t kind);
/* The referenced object decides, not the kind that the value gives: a function may be an externref, only a function is a funcref, and null is
 * either. */
bool c_value_fits(const wasm_store_t *store, murre_valtype type, const wasm_val_t *value);
union murre_slot c_to_slot(murre_valtype type, const wasm_val_t *value);
/* A reference as Wasm sees it; pins it where it becomes an externref. */
void *c_ref_to_wasm(murre_valtype type, const wasm_ref_t *ref);
bool c_ref_from_wasm(wasm_store_t *store, murre_valtype type, void *pointer, wasm_ref_t **ref);
bool c_from_slot(wasm_store_t *store, murre_valtype type, union murre_slot slot, wasm_val_t *value);

/* The same for numbers, in line: calls are made of this. The kinds of numbers are the types' codes counted down; the halves of a slot and of a
 * value lie alike, so that all 8 bytes may be copied. */
_Static_assert(MURRE_I32 + WASM_I32 == 0x7f && MURRE_I64 + WASM_I64 == 0x7f && MURRE_F32 + WASM_F32 == 0x7f && MURRE_F64 + WASM_F64 == 0x7f,
               "");
static inline bool c_take(const wasm_store_t *store, murre_valtype type, const wasm_val_t *value, union murre_slot *slot) {
    if (__builtin_expect(type + value->kind == MURRE_I32, true)) {
        slot->i64 = value->of.i64;
        return true;
    }
    *slot = c_to_slot(type, value);
    return c_value_fits(store, type, value);
}
static inline bool c_give(wasm_store_t *store, murre_valtype type, union murre_slot slot, wasm_val_t *value) {
    if (__builtin_expect(type - MURRE_F64 <= MURRE_I32 - MURRE_F64, true)) {
        value->kind = (wasm_valkind_t)(MURRE_I32 - type);
        value->of.i64 = slot.i64;
        return true;
    }
    return c_from_slot(store, type, slot, value);
}

/* What a handle of a function, global, table or memory stands for. */
struct murre_extern c_item_of(const wasm_ref_t *ref);

/* Traps: wraps and takes over; NULL stays NULL. Never loses a trap: without memory a constant one comes back. */
wasm_trap_t *c_trap_wrap(wasm_store_t *store, struct murre_trap *trap);
/* The other way, for a host function's trap: takes the handle over. */
struct murre_trap *c_trap_unwrap(wasm_trap_t *trap);

/* Types as murre has them, made into the C API's; NULL without memory. */
wasm_functype_t *c_functype_of(const struct murre_functype *type);
wasm_externtype_t *c_externtype_of(const struct murre_externtype *type);
/* And back; limits' maximum of wasm_limits_max_default is none. */
struct murre_limits c_limits_of(const wasm_limits_t *limits);

static inline const wasm_ref_t *c_ref(const void *handle) {
    return handle;
}

#endif
