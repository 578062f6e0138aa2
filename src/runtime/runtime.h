/* The objects of a run, as plain structs: what the interpreter, the compiler's code and the runtime's own files agree on. Functions that
 * work on them are declared by purpose (instance.h, memory.h, table.h, call.h, trap.h, stack.h, signal.h, tier.h).
 *
 * Who owns what: engine ← module (shared, reference counted) ← instance (of one store). A store owns its instances, functions, memories,
 * tables and globals. Whatever compiled code reads has an assertion of its offset in src/jit.
 *
 * How a function is called, in every tier ("native convention"): func->entry is a C function
 *     result entry(struct murre_func *func, parameters…)
 * in the platform's C calling convention, i32/i64/references as 64-bit integers (an i32 ZERO EXTENDED: compiled code forms addresses of its
 * arguments and results as they come), f32 as float, f64 as double, a v128 as two integers, the low half first. A result of
 * one slot comes back in the C return register; two or more, or a v128, go through store->results, slot by slot, in order.
 * The linear-memory register (r15 on x86-64; callee-saved in C) holds func->memory_base on entry, and the callee may leave another value
 * in it. So a caller that may leave its instance (imports, indirect calls) sets it to the callee's memory_base before the call and back to
 * its own after it. A call to a function of the same instance needs neither, because every function leaves it at its own instance's value.
 * entry is one of
 *   - compiled code;
 *   - murre_arch_exit, one stub for all signatures: spills the argument registers and calls murre_call_exit (call.c), which runs the
 *     function in the interpreter or calls the host function. */
#ifndef MURRE_RUNTIME_RUNTIME_H
#define MURRE_RUNTIME_RUNTIME_H

#include <pthread.h>
#include <stdatomic.h>

#include "arch/arch.h"
#include "runtime/cache.h"
#include "runtime/stack.h"
#include "wasm/front.h"
#include "wasm/module.h"

struct murre_regcode; /* src/interp: a function's register code */
struct murre_tier_queue;
struct murre_type_registry;

/* One tier's face to the rest. src/api puts them into the engine; the tiers never see each other. */
struct murre_interp_ops {
    /* Runs func (defined in Wasm, its instance in store) with its arguments in slots; leaves its results there. slots lie on the store's
     * value stack, see stack.h. Traps do not return. */
    void (*run)(struct murre_store *store, struct murre_func *func, union murre_slot *slots);
    /* Lowers (and validates) the function now if that has not been done. False when it is invalid (code->failure says why), or when memory is
     * short; then it may be tried again. */
    bool (*prepare)(struct murre_module *module, uint32_t func_index);
    /* Frees a function's register code. No frame uses it. */
    void (*drop)(struct murre_module *module, struct murre_regcode *code);
    /* Offsets in the module of the Wasm instructions that positions in the function's register code belong to: builds the function once more. A
     * position may lie anywhere in the instruction's code: for a caller that waits it is the byte before the place where it goes on. Those
     * that look leaves no time for stay as they are. At most MURRE_TRAP_FRAMES. */
    void (*offsets)(struct murre_module *module, uint32_t func_index, const void *const *pcs, uint64_t *offsets, uint32_t count,
                    struct murre_look look);
    /* The engine is about to go: frees what the interpreter keeps with it. */
    void (*stop)(struct murre_engine *engine);
};

struct murre_sites;

struct murre_code_place {
    struct murre_module *module;
    uint32_t func_index;
    const uint8_t *code;             /* its start */
    const struct murre_sites *sites; /* of it; site.h */
    bool frameless;                  /* the code sets up no frame of its own (codemem.h) */
};

struct murre_jit_ops {
    /* Per engine; NULL and error set on failure. */
    void *(*start)(struct murre_engine *engine, struct murre_error *error);
    void (*stop)(void *jit);
    /* One per compiling thread: a context with its scratch memory. While *cancel is set, what it compiles is refused soon; may be NULL. */
    void *(*worker_new)(void *jit, const atomic_bool *cancel);
    void (*worker_delete)(void *worker);
    /* Compiles a defined function at an optimisation level. loop is UINT32_MAX for the function itself (native convention), else the index
     * of a loop: the code is then an on-stack-replacement entry  result entry(struct murre_func *, union murre_slot *frame).
     * *memory: bytes that it may work with; 0 after it when they were too few. NULL: refused, with a reason in error; MURRE_ERROR_LIMIT when
     * it would take too much memory or stack. */
    void *(*compile)(void *worker, struct murre_module *module, uint32_t func_index, uint32_t loop, int level, size_t *memory,
                     struct murre_error *error);
    /* Frees everything compiled for a module, which no thread runs any more. */
    void (*drop_module)(void *jit, struct murre_module *module);
    /* Async-signal-safe, lock-free: which function's code holds pc? False when none. */
    bool (*find)(void *jit, uintptr_t pc, struct murre_code_place *place);
};

struct murre_engine {
    atomic_uint references;
    struct murre_config config; /* thresholds and allocator filled in */
    struct murre_allocator allocator;
    murre_features features; /* that modules may use */
    const struct murre_interp_ops *interp;
    _Atomic(void *) interp_cache;        /* the interpreter's: scratch memory at rest */
    const struct murre_jit_ops *jit_ops; /* NULL: no compiler in this build or not wanted */
    void *jit;
    struct murre_tier_queue *workers; /* compile threads; NULL without a compiler */
    struct murre_tier_queue *queue;   /* the same in tier auto, else NULL: the interpreter counts only where this is set */
    struct murre_type_registry *types;
    struct murre_cache stack_cache, memory_cache; /* stack.c; memory.c */
    uint32_t first_memory_place;                  /* memory.c: where memories lie that have no guard region and may grow */
    _Atomic uint32_t memory_places;
    bool has_signals;     /* murre_signal_acquire is to be undone */
    pthread_mutex_t lock; /* guards: types, modules' lists of instances and how their code checks bounds */
    _Atomic uint64_t store_ids;
    _Atomic uint64_t functions_interpreted, functions_compiled, functions_refused, loops_entered;
    _Atomic uint64_t compile_nanoseconds, lower_nanoseconds, code_bytes, register_code_bytes;
};

/* A function of a module, shared by its instances. All zero until first touched. */
struct murre_code {
    _Atomic(struct murre_regcode *) regcode; /* NULL: not lowered yet */
    _Atomic(void *) native;                  /* best compiled entry so far, or NULL */
    _Atomic(struct murre_osr *) osr;         /* loops that have been hot, newest first; nodes are never unlinked before the module dies */
    _Atomic uint32_t heat;                   /* entries counted; interpreted tier only */
    _Atomic uint8_t level;                   /* optimisation level of native + 1; 0: none */
    _Atomic uint8_t queued;                  /* level + 1 of a request that waits or runs */
    _Atomic uint8_t hits;                    /* how often it has been hot while it was not compiled */
    _Atomic uint8_t refused;                 /* by the compiler: with which murre_status; 0: it is not, or no more */
    _Atomic(struct murre_error *) failure;   /* deferred validation failed: a trap now and ever after; never for want of memory */
};

struct murre_osr {
    struct murre_osr *next;
    uint32_t loop;
    _Atomic uint8_t asked;   /* for compilation */
    _Atomic uint8_t refused; /* as a function is */
    _Atomic uint8_t hits;
    void *_Atomic entry; /* NULL: not compiled yet */
};

/* Where the parts of an instance lie behind its struct, in bytes from its start. The same for every instance of a module. */
struct murre_layout {
    uint32_t func_imports;   /* struct murre_func *[func_import_count] */
    uint32_t funcs;          /* struct murre_func[defined] */
    uint32_t global_imports; /* struct murre_global *[global_import_count] */
    uint32_t globals;        /* struct murre_global[defined] */
    uint32_t tables;         /* struct murre_table *[table_count] */
    uint32_t memories;       /* struct murre_memory *[memory_count] */
    uint64_t size;
};

struct murre_module {
    struct murre_module_info info; /* immutable */
    struct murre_engine *engine;   /* referenced */
    atomic_uint references;
    struct murre_error fault;       /* why it cannot be run: it is only looked at, and has neither type_ids nor codes */
    void (*release)(void *context); /* of the bytes */
    void *release_context;
    struct murre_layout layout;
    uint32_t *type_ids;          /* by type index: the engine's canonical id; equal ids are equal types */
    struct murre_code *codes;    /* by function index less func_import_count */
    uint64_t code_limit;         /* bytes that its register code and machine code may take, and what compiling it needs */
    _Atomic uint64_t code_bytes; /* that both take */
    _Atomic uint32_t code_drops; /* how often register code has been dropped: traps from before know no more where they were */
    /* Under engine->lock: instances that there are, interpreted_only ones too, and how many of them one store has, which may be NULL. */
    uint32_t instance_count, counted;
    struct murre_store *counted_store;
    atomic_bool code_refused; /* register code has not been made for want of room */
    atomic_bool all_validated;
    struct murre_names *_Atomic names; /* NULL until one is requested */
    _Atomic murre_features used;       /* by bodies too, once somebody has asked; 0 until then */
    /* How compiled code of this module finds out-of-bounds addresses, once for all its code: engine->lock guards both. Free to be set until
     * decided; the first compilation decides (murre_module_decide_bounds), after that explicit_bounds is read without the lock. An instance
     * without a guarded memory sets explicit_bounds while it is free; when it comes too late, it is interpreted_only. */
    bool explicit_bounds; /* compiled code compares; else it relies on guard regions */
    bool bounds_decided;
    struct murre_instance *instances; /* that take compiled code; chained by next_of_module; engine->lock */
};

struct murre_func {
    void *_Atomic entry;             /* native convention */
    uint8_t *memory_base;            /* of its instance's memory 0; NULL where there is none */
    struct murre_instance *instance; /* NULL: a host function, then this is the head of a struct murre_host_func */
    struct murre_code *code;         /* NULL for host functions */
    uint32_t type_id;
    uint32_t index; /* in its module; UINT32_MAX for host functions */
};

struct murre_host_func {
    struct murre_func func;
    struct murre_store *store;
    murre_host_fn fn;
    void *env;
    void (*finalize)(void *env);
    struct murre_type type;       /* its own copy, behind the struct */
    struct murre_host_func *next; /* of the store */
};

struct murre_memory {
    uint8_t *base;              /* never moves */
    uint64_t size;              /* bytes */
    uint64_t reserved;          /* bytes of address space from base on, guard region included */
    bool extends;               /* the reservation may be extended, there is room behind it */
    bool guarded;               /* every 32-bit index plus 32-bit offset falls into the reservation */
    struct murre_limits limits; /* pages */
    uint64_t max_pages;         /* that it may really reach: limits, the engine's max_memory, the reservation */
    struct murre_store *store;
    struct murre_memory *next; /* of the store */
};

struct murre_table {
    void **elems; /* struct murre_func * or the host's pointers; NULL is null. Moves when the table grows. */
    uint32_t size;
    uint32_t capacity;
    murre_valtype type;
    struct murre_limits limits;
    struct murre_store *store;
    struct murre_table *next; /* of the store */
};

struct murre_global {
    union murre_slot value[2]; /* v128 takes both */
    murre_valtype type;
    bool is_mutable;
    struct murre_store *store;
};

struct murre_instance {
    /* Hot: compiled code reads these by offset. */
    uint8_t *memory_base;        /* of memory 0, or NULL */
    struct murre_memory *memory; /* memory 0, or NULL */
    uintptr_t stack_limit;       /* compiled code that goes below traps; the store keeps it for the thread that runs */
    union murre_slot *results;   /* store->results */
    struct murre_store *store;
    struct murre_module *module; /* referenced */
    /* Cold. */
    uint8_t *data_dropped; /* one byte per segment */
    uint8_t *elem_dropped;
    struct murre_instance *next;            /* of the store */
    struct murre_instance *next_of_module;  /* engine->lock */
    struct murre_instance **link_of_module; /* what points here: module->instances or next_of_module */
    size_t size;
    bool interpreted_only; /* never takes compiled code, function or loop; not in module->instances: see module->explicit_bounds */
    /* Behind it, by module->layout: functions, globals, tables, memories. */
};

/* A call from the host into Wasm. Lives on the C stack of the call; innermost first. A trap ends at the innermost one. */
struct murre_activation {
    struct murre_activation *outer; /* of the store */
    /* Of the thread, in the order of their beginning: where coroutines interleave their calls of several stores, not that of their end. */
    struct murre_activation *volatile outer_of_thread, *volatile inner_of_thread;
    struct murre_store *store;
    struct murre_arch_context context; /* where a trap returns to */
    struct murre_trap *trap;           /* what ended it */
    struct murre_stack_mark mark;      /* the interpreter's stacks as they were */
    struct murre_native_run *native;   /* store->native as it was */
};

struct murre_store {
    struct murre_engine *engine; /* referenced */
    void *data;
    struct murre_stack stack;            /* the interpreter's value stack and frames: stack.h */
    struct murre_activation *activation; /* innermost, or NULL */
    struct murre_native_run *native;     /* innermost run of compiled frames, for backtraces: call.h */
    union murre_slot *results;           /* MURRE_MAX_RESULTS slots × 2: multiple results of the native convention */
    /* The instance whose code calls a function that may be the host's. Compiled code stores its own instance here before every call of an
     * import and every indirect call (murre_call_exit reads it); the interpreter passes its own to murre_call_host instead. */
    struct murre_instance *caller;
    struct murre_func *left;                      /* the function that compiled code called so last */
    uintptr_t stack_limit;                        /* of the stack that used the store last; new instances take it over */
    const struct murre_other_stack *other_stacks; /* limits that calls on yet another stack have set aside: thread.h */
    uint64_t thread_serial;                       /* that thread (thread.h); 0: none yet */
    _Atomic int thread_id;                        /* the same for the kernel */
    atomic_bool interrupt;                        /* asked for; the interpreter and host calls look at it */
    struct murre_deadline *deadline;
    struct murre_store_limits limits;
    uint64_t memory_bytes, table_elements; /* in use */
    uint32_t memory_count, table_count, instance_count;
    struct murre_instance *instances;
    struct murre_host_func *host_funcs;
    struct murre_memory *memories;
    struct murre_table *tables;
    struct murre_arena arena; /* globals and other small things of the host */
    uint64_t id;              /* never used twice in an engine */
};

static inline void *murre_instance_at(struct murre_instance *instance, uint32_t offset) {
    return (char *)instance + offset;
}
static inline struct murre_func *murre_instance_func(struct murre_instance *instance, uint32_t index) {
    const struct murre_module *module = instance->module;
    uint32_t imported = module->info.func_import_count;
    if (index < imported)
        return ((struct murre_func **)murre_instance_at(instance, module->layout.func_imports))[index];
    return (struct murre_func *)murre_instance_at(instance, module->layout.funcs) + (index - imported);
}
static inline struct murre_global *murre_instance_global(struct murre_instance *instance, uint32_t index) {
    const struct murre_module *module = instance->module;
    uint32_t imported = module->info.global_import_count;
    if (index < imported)
        return ((struct murre_global **)murre_instance_at(instance, module->layout.global_imports))[index];
    return (struct murre_global *)murre_instance_at(instance, module->layout.globals) + (index - imported);
}
static inline struct murre_table *murre_instance_table(struct murre_instance *instance, uint32_t index) {
    return ((struct murre_table **)murre_instance_at(instance, instance->module->layout.tables))[index];
}
static inline struct murre_memory *murre_instance_memory(struct murre_instance *instance, uint32_t index) {
    return ((struct murre_memory **)murre_instance_at(instance, instance->module->layout.memories))[index];
}

#endif
