/* See helper.h. These functions run on the C stack of compiled code; traps leave them through murre_trap_raise_native, so they own nothing. */
#include "jit/helper.h"

#include "runtime/bulk.h"
#include "runtime/numeric.h"
#include "runtime/thread.h"
#include "runtime/trap.h"
#include "runtime/types.h"

_Noreturn void murre_helper_trap(uint32_t kind);
void murre_helper_poll(struct murre_instance *instance);
void murre_helper_memory_init(struct murre_instance *instance, uint32_t data, uint32_t d, uint32_t s, uint32_t n);
void murre_helper_memory_copy(struct murre_instance *instance, uint64_t to_from, uint32_t d, uint32_t s, uint32_t n);
void murre_helper_memory_fill(struct murre_instance *instance, uint32_t memory, uint32_t d, uint32_t value, uint32_t n);
uint32_t murre_helper_memory_grow(struct murre_instance *instance, uint32_t memory, uint32_t pages);
void murre_helper_data_drop(struct murre_instance *instance, uint32_t data);
void murre_helper_table_init(struct murre_instance *instance, uint64_t elem_table, uint32_t d, uint32_t s, uint32_t n);
void murre_helper_table_copy(struct murre_instance *instance, uint64_t to_from, uint32_t d, uint32_t s, uint32_t n);
void murre_helper_table_fill(struct murre_instance *instance, uint32_t table, uint32_t d, void *ref, uint32_t n);
uint32_t murre_helper_table_grow(struct murre_instance *instance, uint32_t table, void *init, uint32_t count);
void murre_helper_elem_drop(struct murre_instance *instance, uint32_t elem);
uint32_t murre_helper_has_super(const struct murre_func *func, uint32_t type_id);

/* Of a type of C: what helper.h calls it. */
#define LETTER(type)  _Generic((type)0, float : 'f', double : 'd', default : 'l')
#define LETTERS(type) _Generic((type)0, float : "f", double : "d", default : "l")

#define HELPER(id, result, operand, function) \
    static result stand_in_##id(operand a) {  \
        return (result)function(a);           \
    }
#include "wasm/numeric.def"

const struct murre_helper_info murre_helper_info[MURRE_HELPER_COUNT] = {
#define X(id, function, result, params, takes_stack) {#function, (const void *)function, params, result, takes_stack},
    MURRE_HELPERS(X)
#undef X
#define HELPER(id, result, operand, function) {"murre_helper_" #id, (const void *)stand_in_##id, LETTERS(operand), LETTER(result), false},
#include "wasm/numeric.def"
};

static const uint8_t helper_for[MURRE_OP_COUNT] = {
#define HELPER(id, result, operand, function) [MURRE_OP_##id] = MURRE_HELPER_##id,
#include "wasm/numeric.def"
};
_Static_assert(MURRE_HELPER_TRAP == 0, "stands in for nothing");
_Static_assert(MURRE_HELPER_COUNT <= UINT8_MAX, "a helper fits 8 bits");

enum murre_helper murre_helper_for(enum murre_op op) {
    return helper_for[op] ? (enum murre_helper)helper_for[op] : MURRE_HELPER_COUNT;
}

/* The thread knows its store, which saves compiled code from keeping its instance at hand for this. */
_Noreturn void murre_helper_trap(uint32_t kind) {
    murre_trap_raise_native(murre_thread_current.activation->store, (enum murre_trapkind)kind);
}

void murre_helper_poll(struct murre_instance *instance) {
    if (atomic_load_explicit(&instance->store->interrupt, memory_order_relaxed))
        murre_trap_raise_native(instance->store, MURRE_TRAP_INTERRUPT);
}

/* Where all is done but handing the result over. */
static void look(struct murre_instance *instance) {
    if (__builtin_expect(atomic_load_explicit(&instance->store->interrupt, memory_order_relaxed), false))
        murre_trap_raise_native(instance->store, MURRE_TRAP_INTERRUPT);
}

/* Two indices in one argument, so that all arguments travel in registers. */
static uint32_t first_of(uint64_t pair) {
    return (uint32_t)(pair >> 32);
}
static uint32_t second_of(uint64_t pair) {
    return (uint32_t)pair;
}
static void check(struct murre_instance *instance, enum murre_trapkind kind) {
    if (kind != MURRE_TRAP_COUNT)
        murre_trap_raise_native(instance->store, kind);
}

void murre_helper_memory_init(struct murre_instance *instance, uint32_t data, uint32_t d, uint32_t s, uint32_t n) {
    check(instance, murre_bulk_memory_init(instance, data, 0, d, s, n));
}
void murre_helper_memory_copy(struct murre_instance *instance, uint64_t to_from, uint32_t d, uint32_t s, uint32_t n) {
    check(instance, murre_bulk_memory_copy(instance, first_of(to_from), second_of(to_from), d, s, n));
}
void murre_helper_memory_fill(struct murre_instance *instance, uint32_t memory, uint32_t d, uint32_t value, uint32_t n) {
    check(instance, murre_bulk_memory_fill(instance, memory, d, value, n));
}
uint32_t murre_helper_memory_grow(struct murre_instance *instance, uint32_t memory, uint32_t pages) {
    uint32_t before = murre_bulk_memory_grow(instance, memory, pages);
    look(instance);
    return before;
}
void murre_helper_data_drop(struct murre_instance *instance, uint32_t data) {
    murre_bulk_data_drop(instance, data);
    look(instance);
}
void murre_helper_table_init(struct murre_instance *instance, uint64_t elem_table, uint32_t d, uint32_t s, uint32_t n) {
    check(instance, murre_bulk_table_init(instance, first_of(elem_table), second_of(elem_table), d, s, n));
}
void murre_helper_table_copy(struct murre_instance *instance, uint64_t to_from, uint32_t d, uint32_t s, uint32_t n) {
    check(instance, murre_bulk_table_copy(instance, first_of(to_from), second_of(to_from), d, s, n));
}
void murre_helper_table_fill(struct murre_instance *instance, uint32_t table, uint32_t d, void *ref, uint32_t n) {
    check(instance, murre_bulk_table_fill(instance, table, d, ref, n));
}
uint32_t murre_helper_table_grow(struct murre_instance *instance, uint32_t table, void *init, uint32_t count) {
    uint32_t before = murre_bulk_table_grow(instance, table, init, count);
    look(instance);
    return before;
}
/* Takes nanoseconds: a few steps up a chain. */
uint32_t murre_helper_has_super(const struct murre_func *func, uint32_t type_id) {
    return murre_func_has_super(func, type_id);
}
void murre_helper_elem_drop(struct murre_instance *instance, uint32_t elem) {
    murre_bulk_elem_drop(instance, elem);
    look(instance);
}
