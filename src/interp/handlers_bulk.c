/* Handlers: operations of memories, tables and segments (4.4.6, 4.4.7), on the functions of runtime/bulk.h. The accumulators do not survive. */
#include "interp/handler.h"
#include "runtime/bulk.h"
#include "runtime/trap.h"

/* Operand n: a constant, or a slot's contents. */
static inline union murre_slot operand(const union murre_word *pc, const union murre_slot *fp, unsigned n) {
    return pc->b >> n & 1 ? (union murre_slot){.u64 = pc[2 + n].u64} : fp[pc[2 + n].u64];
}
#define OPERAND(n) operand(pc, fp, n).u32
#define IMMEDIATE  pc[1].low
#define IMMEDIATE2 pc[1].high

/* Does the work in a function of its own, traps or goes on. The memory may have grown. */
#define BULK(name, ...)                                                                                                            \
    static __attribute__((noinline)) void do_##name(const union murre_word *pc, union murre_slot *fp, struct murre_store *store) { \
        struct murre_instance *instance = store->stack.instance;                                                                   \
        enum murre_trapkind kind = MURRE_TRAP_COUNT;                                                                               \
        (void)fp;                                                                                                                  \
        __VA_ARGS__;                                                                                                               \
        if (kind != MURRE_TRAP_COUNT)                                                                                              \
            murre_trap_raise_interp(store, kind, store->stack.func, pc);                                                           \
    }                                                                                                                              \
    LONE_HANDLER(name) {                                                                                                           \
        do_##name(pc, fp, store);                                                                                                  \
        struct murre_memory *own = store->stack.instance->memory;                                                                  \
        memory_size = own ? own->size : 0;                                                                                         \
        acc = 0;                                                                                                                   \
        accd = 0;                                                                                                                  \
        accf = 0;                                                                                                                  \
        MUSTTAIL return DISPATCH(pc + pc->c);                                                                                      \
    }

BULK(MEMORY_GROW, fp[pc->a].u64 = murre_bulk_memory_grow(instance, IMMEDIATE, OPERAND(0)))
BULK(MEMORY_INIT, kind = murre_bulk_memory_init(instance, IMMEDIATE, IMMEDIATE2, OPERAND(0), OPERAND(1), OPERAND(2)))
BULK(DATA_DROP, murre_bulk_data_drop(instance, IMMEDIATE))
BULK(MEMORY_COPY, kind = murre_bulk_memory_copy(instance, IMMEDIATE, IMMEDIATE2, OPERAND(0), OPERAND(1), OPERAND(2)))
BULK(MEMORY_FILL, kind = murre_bulk_memory_fill(instance, IMMEDIATE, OPERAND(0), OPERAND(1), OPERAND(2)))
BULK(TABLE_GET, void *ref = NULL; kind = murre_bulk_table_get(instance, IMMEDIATE, OPERAND(0), &ref);
     if (kind == MURRE_TRAP_COUNT) fp[pc->a].ref = ref)
BULK(TABLE_SET, kind = murre_bulk_table_set(instance, IMMEDIATE, OPERAND(0), operand(pc, fp, 1).ref))
BULK(TABLE_INIT, kind = murre_bulk_table_init(instance, IMMEDIATE, IMMEDIATE2, OPERAND(0), OPERAND(1), OPERAND(2)))
BULK(ELEM_DROP, murre_bulk_elem_drop(instance, IMMEDIATE))
BULK(TABLE_COPY, kind = murre_bulk_table_copy(instance, IMMEDIATE, IMMEDIATE2, OPERAND(0), OPERAND(1), OPERAND(2)))
BULK(TABLE_GROW, fp[pc->a].u64 = murre_bulk_table_grow(instance, IMMEDIATE, operand(pc, fp, 0).ref, OPERAND(1)))
BULK(TABLE_SIZE, fp[pc->a].u64 = murre_instance_table(instance, IMMEDIATE)->size)
BULK(TABLE_FILL, kind = murre_bulk_table_fill(instance, IMMEDIATE, OPERAND(0), operand(pc, fp, 1).ref, OPERAND(2)))

LONE_HANDLER(MEMORY_SIZE) {
    acc = memory_size / MURRE_PAGE_SIZE;
    fp[pc->a].u64 = acc;
    MUSTTAIL return DISPATCH(pc + 1);
}
