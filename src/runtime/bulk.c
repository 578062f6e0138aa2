/* Operations on memories, tables and segments (4.4.5 to 4.4.7): see bulk.h. All bounds are checked before the first write. */
#include "runtime/bulk.h"

#include <string.h>

#include "runtime/instance.h"
#include "runtime/memory.h"
#include "runtime/table.h"
#include "wasm/limits.h"

/* Compiled code does not look at store->interrupt, and cannot be stopped while it waits for one of these: a loop that does little else would
 * run on until the signal comes at a better moment, or for ever where it cannot come again. So they look at it when they are done, however
 * short they were, and those that may take seconds between pieces; what was not reached then stays as it was. (Not at instantiation, where
 * nothing runs.) */
enum { PIECE = 4 << 20, ELEMENTS = 1 << 16 };

static bool interrupted(const struct murre_instance *instance) {
    const struct murre_store *store = instance->store;
    return store->activation && atomic_load_explicit(&store->interrupt, memory_order_relaxed);
}

static enum murre_trapkind done(const struct murre_instance *instance) {
    return __builtin_expect(interrupted(instance), false) ? MURRE_TRAP_INTERRUPT : MURRE_TRAP_COUNT;
}

/* As memmove. Pieces go in the direction in which none is written over before it was read. */
static enum murre_trapkind move(const struct murre_instance *instance, uint8_t *to, const uint8_t *from, size_t size) {
    bool down = (uintptr_t)to > (uintptr_t)from;
    for (; size > PIECE; size -= PIECE) {
        size_t at = down ? size - PIECE : 0;
        memmove(to + at, from + at, PIECE);
        if (interrupted(instance))
            return MURRE_TRAP_INTERRUPT;
        to += down ? 0 : PIECE;
        from += down ? 0 : PIECE;
    }
    memmove(to, from, size);
    return done(instance);
}

/* ---- memories ---- */

enum murre_trapkind murre_bulk_memory_init(struct murre_instance *instance, uint32_t data, uint32_t memory, uint32_t d, uint32_t s,
                                           uint32_t n) {
    const struct murre_data_segment *segment = &instance->module->info.datas[data];
    const struct murre_memory *to = murre_instance_memory(instance, memory);
    uint32_t size = instance->data_dropped[data] ? 0 : segment->size;
    if (n > size || s > size - n || !murre_memory_in_bounds(to, d, n))
        return MURRE_TRAP_MEMORY_BOUNDS;
    return n ? move(instance, to->base + d, segment->bytes + s, n) : done(instance);
}

enum murre_trapkind murre_bulk_memory_copy(struct murre_instance *instance, uint32_t to, uint32_t from, uint32_t d, uint32_t s,
                                           uint32_t n) {
    const struct murre_memory *target = murre_instance_memory(instance, to);
    const struct murre_memory *source = murre_instance_memory(instance, from);
    if (!murre_memory_in_bounds(target, d, n) || !murre_memory_in_bounds(source, s, n))
        return MURRE_TRAP_MEMORY_BOUNDS;
    return move(instance, target->base + d, source->base + s, n);
}

enum murre_trapkind murre_bulk_memory_fill(struct murre_instance *instance, uint32_t memory, uint32_t d, uint32_t value, uint32_t n) {
    const struct murre_memory *target = murre_instance_memory(instance, memory);
    if (!murre_memory_in_bounds(target, d, n))
        return MURRE_TRAP_MEMORY_BOUNDS;
    uint8_t *to = target->base + d;
    for (; n > PIECE; n -= PIECE, to += PIECE) {
        memset(to, (int)(value & 0xff), PIECE);
        if (interrupted(instance))
            return MURRE_TRAP_INTERRUPT;
    }
    memset(to, (int)(value & 0xff), n);
    return done(instance);
}

void murre_bulk_data_drop(struct murre_instance *instance, uint32_t data) {
    instance->data_dropped[data] = 1;
}

uint32_t murre_bulk_memory_size(struct murre_instance *instance, uint32_t memory) {
    return (uint32_t)(murre_instance_memory(instance, memory)->size / MURRE_PAGE_SIZE);
}

uint32_t murre_bulk_memory_grow(struct murre_instance *instance, uint32_t memory, uint32_t pages) {
    return (uint32_t)murre_memory_grow_pages(murre_instance_memory(instance, memory), pages);
}

/* ---- tables ---- */

enum murre_trapkind murre_bulk_table_get(struct murre_instance *instance, uint32_t table, uint32_t index, void **ref) {
    const struct murre_table *t = murre_instance_table(instance, table);
    if (index >= t->size)
        return MURRE_TRAP_TABLE_BOUNDS;
    *ref = t->elems[index];
    return MURRE_TRAP_COUNT;
}

enum murre_trapkind murre_bulk_table_set(struct murre_instance *instance, uint32_t table, uint32_t index, void *ref) {
    struct murre_table *t = murre_instance_table(instance, table);
    if (index >= t->size)
        return MURRE_TRAP_TABLE_BOUNDS;
    t->elems[index] = ref;
    return MURRE_TRAP_COUNT;
}

uint32_t murre_bulk_table_grow(struct murre_instance *instance, uint32_t table, void *init, uint32_t count) {
    return murre_table_grow_by(murre_instance_table(instance, table), count, init);
}

enum murre_trapkind murre_bulk_table_fill(struct murre_instance *instance, uint32_t table, uint32_t d, void *ref, uint32_t n) {
    struct murre_table *t = murre_instance_table(instance, table);
    if (!murre_table_in_bounds(t, d, n))
        return MURRE_TRAP_TABLE_BOUNDS;
    for (uint32_t i = 0; i < n; i++) {
        if (i % ELEMENTS == ELEMENTS - 1 && interrupted(instance))
            return MURRE_TRAP_INTERRUPT;
        t->elems[d + i] = ref;
    }
    return done(instance);
}

enum murre_trapkind murre_bulk_table_copy(struct murre_instance *instance, uint32_t to, uint32_t from, uint32_t d, uint32_t s, uint32_t n) {
    struct murre_table *target = murre_instance_table(instance, to);
    const struct murre_table *source = murre_instance_table(instance, from);
    if (!murre_table_in_bounds(target, d, n) || !murre_table_in_bounds(source, s, n))
        return MURRE_TRAP_TABLE_BOUNDS;
    return n ? move(instance, (uint8_t *)(target->elems + d), (const uint8_t *)(source->elems + s), n * sizeof *target->elems)
             : done(instance);
}

enum murre_trapkind murre_bulk_table_init(struct murre_instance *instance, uint32_t elem, uint32_t table, uint32_t d, uint32_t s,
                                          uint32_t n) {
    const struct murre_elem_segment *segment = &instance->module->info.elems[elem];
    struct murre_table *t = murre_instance_table(instance, table);
    uint32_t size = instance->elem_dropped[elem] ? 0 : segment->count;
    if (n > size || s > size - n || !murre_table_in_bounds(t, d, n))
        return MURRE_TRAP_TABLE_BOUNDS;
    void **to = t->elems + d;
    if (segment->funcs) {
        for (uint32_t i = 0; i < n; i++) {
            if (i % ELEMENTS == ELEMENTS - 1 && interrupted(instance))
                return MURRE_TRAP_INTERRUPT;
            to[i] = murre_instance_func(instance, segment->funcs[s + i]);
        }
        return done(instance);
    }
    /* What the expressions name (functions, immutable globals) never changes, so that they may be evaluated now instead of at instantiation. */
    for (uint32_t i = 0; i < n; i++) {
        union murre_slot value[2];
        if (i % ELEMENTS == ELEMENTS - 1 && interrupted(instance))
            return MURRE_TRAP_INTERRUPT;
        if (!murre_instance_evaluate(instance, segment->exprs[s + i], value))
            return MURRE_TRAP_MEMORY;
        to[i] = value->ref;
    }
    return done(instance);
}

void murre_bulk_elem_drop(struct murre_instance *instance, uint32_t elem) {
    instance->elem_dropped[elem] = 1;
}
