/* murre: a WebAssembly runtime. The embedding interface.
 *
 * Objects and who owns them
 *   engine    configuration, compiled code, compile threads. Shared between threads; reference counted.
 *   module    decoded, immutable, shared between threads; reference counted; keeps its engine alive.
 *   store     everything that a run creates. One thread at a time; owns its instances, functions, memories, tables, globals.
 *   linker    names for imports. One thread at a time; may be used for many stores.
 * Pointers to instances, functions, memories, tables and globals are borrowed from the store and become invalid with it.
 *
 * Objects of a store may be used only with that store, and modules only with stores of their engine. This is checked for functions that are
 * called and for what is put into tables, globals and imports, but not for arguments and results of type funcref.
 * NULL is allowed only where a comment says so, and by all functions named _delete or _unref, which then do nothing.
 *
 * Errors: a function that can fail returns an enum murre_status and fills a caller-owned struct murre_error (may be NULL).
 * Traps:  running Wasm can end in a trap, which is an object of its own (struct murre_trap), owned by the caller.
 * Units:  "offset" is in bytes from the start of the module, "pages" are of 65,536 bytes, "slots" are of 8 bytes.
 * Threads: a call ends in the thread in which it started. Calls of one store end in the reverse order of their start, whatever coroutines they
 *         run in (the process is aborted otherwise); those of different stores may interleave. No call may be abandoned.
 * Stacks: running off the thread's own stack is a trap. On any other stack (a coroutine's) a call, including everything that it calls there, may use
 *         64 KiB, or the store's stack_bytes if that is less, and needs 32 KiB more; a host function that calls back may use 16 KiB.
 * Fork:   a child may continue to use engines and modules that no other thread of the host was in a call with at that moment (the engines' own
 *         threads are taken care of), and stores that no other thread was using, including their deadlines (without signals, a thread of the
 *         child watches those). Engines that had compile threads have none there. Parent and child share compiled code, and either may release
 *         it without affecting the other: a parent does not get back the space of code that was compiled before a fork until its engine is
 *         released. Children of vfork, posix_spawn, system and popen run no compiled code and cost nothing of the kind. (A bare system call
 *         instead of fork() is not noticed.) */
#ifndef MURRE_H
#define MURRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(MURRE_STATIC)
#define MURRE_API
#elif defined(__GNUC__)
#define MURRE_API __attribute__((visibility("default")))
#else
#define MURRE_API
#endif
#if defined(__GNUC__)
#define MURRE_MUST_USE __attribute__((warn_unused_result))
#else
#define MURRE_MUST_USE
#endif

#define MURRE_VERSION "0.1.0"

struct murre_engine;
struct murre_module;
struct murre_store;
struct murre_instance;
struct murre_linker;
struct murre_backtrace;
struct murre_func;
struct murre_memory;
struct murre_table;
struct murre_global;
struct murre_trap;
struct murre_caller;

/* ---- errors ------------------------------------------------------------------------------------------------------ */

enum murre_status {
    MURRE_OK = 0,
    MURRE_ERROR_MALFORMED,   /* the bytes are not a module (binary format, chapter 5) */
    MURRE_ERROR_INVALID,     /* a module, but not a valid one (validation, chapter 3) */
    MURRE_ERROR_UNSUPPORTED, /* needs features that are switched off or missing; the message names all of them */
    MURRE_ERROR_LIMIT,       /* over an implementation limit (src/wasm/limits.h) */
    MURRE_ERROR_LINK,        /* an import is missing or of another type */
    MURRE_ERROR_TRAP,        /* instantiation or a call trapped */
    MURRE_ERROR_MEMORY,      /* not enough memory or address space, or no thread */
    MURRE_ERROR_IO,          /* the operating system refused; the message has its reason */
    MURRE_ERROR_ARGUMENT,    /* the caller's arguments are wrong */
    MURRE_ERROR_TIME,        /* a store's deadline or interrupt ended it: see murre_store_set_timeout */
};

#define MURRE_NO_OFFSET UINT64_MAX

/* Filled once, where the fault is found. Owned by the caller; needs no release. */
struct murre_error {
    enum murre_status status;
    uint64_t offset; /* in the module, or MURRE_NO_OFFSET */
    char message[244];
};

/* The fixed name of a status, for messages. Never NULL. */
MURRE_API const char *murre_status_name(enum murre_status status);

/* ---- values and types -------------------------------------------------------------------------------------------- */

/* A value type as the binary format codes it (5.3.4). References that take more than a byte there are packed: the low byte is MURRE_REF_NULL or MURRE_REF,
 * which is never null; what is above names the heap type, for murre_valtype_text. Indices of types are those of the module that the word comes from; those
 * of tables and globals are the engine's. The embedder makes functions, tables and globals of the plain types below only; what it hands to a module is
 * checked: murre_func_call, murre_global_set, murre_table_set and murre_table_grow refuse a reference that is not of its type. */
typedef uint32_t murre_valtype;
enum {
    MURRE_I32 = 0x7f,
    MURRE_I64 = 0x7e,
    MURRE_F32 = 0x7d,
    MURRE_F64 = 0x7c,
    MURRE_V128 = 0x7b,
    MURRE_FUNCREF = 0x70,
    MURRE_EXTERNREF = 0x6f,
    MURRE_REF = 0x64, /* low bytes */
    MURRE_REF_NULL = 0x63,
};

/* One value of 8 bytes. A v128 takes two slots. A null reference is NULL. The unused upper half of an i32 or f32 is unspecified
 * in slots that murre fills and ignored in slots that it reads. */
union murre_slot {
    int32_t i32;
    uint32_t u32;
    int64_t i64;
    uint64_t u64;
    float f32;
    double f64;
    void *ref; /* externref: the host's pointer; funcref: struct murre_func * */
};

/* How many slots a value of the type takes. */
static inline uint32_t murre_valtype_slots(murre_valtype type) {
    return type == MURRE_V128 ? 2 : 1;
}

struct murre_functype {
    const murre_valtype *params; /* param_count entries */
    const murre_valtype *results;
    uint32_t param_count;
    uint32_t result_count;
};

/* "i32", "funcref"… A size of 48 is enough. Surveyed modules (murre_module_survey) may have types other than those above: "(ref null 3)". */
MURRE_API void murre_valtype_text(murre_valtype type, char *text, size_t size);

enum murre_externkind { MURRE_EXTERN_FUNC, MURRE_EXTERN_TABLE, MURRE_EXTERN_MEMORY, MURRE_EXTERN_GLOBAL, MURRE_EXTERN_TAG };

struct murre_limits {
    uint64_t min;
    uint64_t max; /* meaningful when has_max */
    bool has_max;
    bool shared;
    bool is64;
};

struct murre_externtype {
    enum murre_externkind kind;
    struct murre_functype func; /* kinds FUNC and TAG */
    struct murre_limits limits; /* kinds TABLE (elements) and MEMORY (pages) */
    murre_valtype valtype;      /* kinds TABLE (element type) and GLOBAL */
    bool is_mutable;            /* kind GLOBAL */
};

struct murre_extern {
    enum murre_externkind kind;
    union {
        struct murre_func *func;
        struct murre_table *table;
        struct murre_memory *memory;
        struct murre_global *global;
    } of;
};

/* ---- engine ------------------------------------------------------------------------------------------------------ */

enum murre_tier { MURRE_TIER_AUTO, MURRE_TIER_INTERP, MURRE_TIER_JIT };
enum murre_bounds { MURRE_BOUNDS_AUTO, MURRE_BOUNDS_GUARD, MURRE_BOUNDS_EXPLICIT };

/* What an engine reports besides results and errors. None of it changes what a program computes. */
enum murre_loglevel {
    MURRE_LOG_WARNING, /* slower than requested: no guard region, no compile thread, a function that the compiler refuses */
    MURRE_LOG_INFO,    /* a recompilation that was given up: the function keeps its first code */
    MURRE_LOG_DEBUG,   /* every compilation, with its level, the size of its code, and the working memory that it has released */
};

struct murre_allocator {
    void *(*alloc)(void *context, size_t size); /* aligned for any type; NULL when it cannot */
    void *(*realloc)(void *context, void *old, size_t old_size, size_t new_size);
    void (*free)(void *context, void *block, size_t size);
    void *context;
};

/* Initialise with murre_config_init, change what you want, pass to murre_engine_new (which copies it). */
struct murre_config {
    enum murre_tier tier;
    enum murre_bounds bounds;
    uint32_t entry_threshold; /* calls before a function is compiled; 0: default (500) */
    uint32_t loop_threshold;  /* back edges before a loop is compiled; 0: default (5000) */
    uint32_t compile_threads; /* background threads in tier auto; 0: default (1) */
    int opt_level;            /* of the compiler: 0 to 3; -1: chosen by measurement */
    bool deferred_validation; /* validate a function at its first call (specification, appendix A.2); else all at load */
    uint64_t max_memory;      /* bytes a linear memory may reach; 0: no limit but the specification's */
    /* bytes that the elements of all tables of a store may take, 8 for each; 0: 80 MB (ten million elements), or max_memory if that is
     * smaller, but at least 64 KiB; a store's table_elements can only be less */
    uint64_t max_table_memory;
    /* bytes that register code, machine code and the compiler's working memory may take, in the engine and for each module; 0: default: for
     * each module 36 MiB plus six times its size, less what the engine keeps of its declarations, and no other limit for the engine. If
     * there is no room, register code of functions that are not running is dropped, provided that all instances of the module are in one store. A
     * function for which there is still no room traps with MURRE_TRAP_MEMORY when it is called; one that there is no room to compile stays
     * interpreted. With explicit checks of bounds the compiler may use three times its share, which is three quarters of this. */
    uint64_t max_code_memory;
    uint64_t max_stack;    /* bytes of interpreter stack a store may use; 0: default (16 MiB); the store's stack_bytes can only be less */
    bool no_signals;       /* neither install signal handlers nor send signals: memory accesses are checked in the code, whatever bounds
                                 says (except MURRE_BOUNDS_GUARD, which is refused), and so are interrupts, in each iteration of a loop and
                                 at the entry of each function that calls others. WASI's calls that wait check every 20 ms, but not while
                                 they open a FIFO, flush, use a file on a slow file system, receive with WAITALL, or when another process
                                 takes what poll(2) has announced */
    uint32_t features_off; /* set by murre_config_set_feature */
    struct murre_allocator allocator; /* alloc NULL: the C library's */
    /* Gets lines of text, without line ends, up to log_level; NULL: nothing is reported, at no cost. Called from any thread, even from several at
     * once; must not call murre. */
    void (*log)(void *context, enum murre_loglevel level, const char *line);
    void *log_context;
    enum murre_loglevel log_level;
};

MURRE_API void murre_config_init(struct murre_config *config);
/* Switches a feature beyond the MVP off or on again, by the name that murre_feature_at gives. Modules that use a feature that is off are
 * refused with MURRE_ERROR_UNSUPPORTED. False when murre has no such feature. */
MURRE_API bool murre_config_set_feature(struct murre_config *config, const char *name, bool on);
/* The features beyond the MVP that murre has, one call each, in a fixed order; NULL past the last. */
MURRE_API const char *murre_feature_at(uint32_t index);
/* config may be NULL for the defaults. Returns NULL and fills error on failure. Release with murre_engine_unref. */
MURRE_API struct murre_engine *murre_engine_new(const struct murre_config *config, struct murre_error *error) MURRE_MUST_USE;
MURRE_API struct murre_engine *murre_engine_ref(struct murre_engine *engine);
MURRE_API void murre_engine_unref(struct murre_engine *engine);
/* True when this build has the compiler. */
MURRE_API bool murre_has_compiler(void);

struct murre_stats {
    uint64_t functions_interpreted; /* lowered to register code at least once */
    uint64_t functions_compiled;    /* published at least once */
    uint64_t functions_refused;     /* the compiler refused them; they stay interpreted */
    uint64_t loops_entered;         /* on-stack replacements */
    uint64_t compile_nanoseconds;   /* CPU time of all compilations */
    uint64_t lower_nanoseconds;     /* CPU time spent lowering to register code; 0 when not measured */
    uint64_t code_bytes;            /* machine code alive */
    uint64_t register_code_bytes;   /* register code alive */
};
/* At about this moment. Thread safe. */
MURRE_API void murre_engine_stats(struct murre_engine *engine, struct murre_stats *stats);

/* ---- modules ----------------------------------------------------------------------------------------------------- */

/* Decodes (and, unless the engine defers it, validates) a module. The bytes are copied.
 * Thread safe. Returns NULL and fills error. Release with murre_module_unref. */
MURRE_API struct murre_module *murre_module_new(struct murre_engine *engine, const void *bytes, size_t size,
                                                struct murre_error *error) MURRE_MUST_USE;
/* The same, but borrows the bytes, which must stay unchanged until release(context) is called (release may be NULL), since validated bytes are
 * read again. A mapping changes with its file, even a private one: do not map a file that guests or other untrusted parties may write to. On
 * failure the caller keeps the bytes: release is not called. */
MURRE_API struct murre_module *murre_module_new_borrowed(struct murre_engine *engine, const void *bytes, size_t size,
                                                         void (*release)(void *context), void *context,
                                                         struct murre_error *error) MURRE_MUST_USE;
MURRE_API struct murre_module *murre_module_ref(struct murre_module *module);
MURRE_API void murre_module_unref(struct murre_module *module);
/* A module for inspection, even one that cannot be run here because it needs features which are missing or switched off, or because it is malformed
 * or invalid. error says why (MURRE_OK: it could be run), and is what murre_instance_new reports for it. Whatever can be read is available: sections,
 * imports, exports, features, names, bodies; bytes that are not a module at all have none of these. Borrows the bytes as murre_module_new_borrowed
 * does. Returns NULL with MURRE_ERROR_MEMORY, or with MURRE_ERROR_LIMIT for more than 1 GiB; then release is not called. */
MURRE_API struct murre_module *murre_module_survey(struct murre_engine *engine, const void *bytes, size_t size,
                                                   void (*release)(void *context), void *context, struct murre_error *error) MURRE_MUST_USE;
/* Validates every function body that has not been validated yet. Thread safe. */
MURRE_API enum murre_status murre_module_validate(struct murre_module *module, struct murre_error *error) MURRE_MUST_USE;

/* Names are UTF-8, not terminated, borrowed from the module. */
struct murre_name {
    const char *data;
    size_t size;
};
struct murre_import {
    struct murre_name module, name;
    struct murre_externtype type;
    uint32_t index; /* in the index space of its kind */
};
struct murre_export {
    struct murre_name name;
    struct murre_externtype type;
    uint32_t index; /* in the index space of its kind */
};
MURRE_API uint32_t murre_module_import_count(const struct murre_module *module);
MURRE_API bool murre_module_import(const struct murre_module *module, uint32_t index, struct murre_import *import);
MURRE_API uint32_t murre_module_export_count(const struct murre_module *module);
MURRE_API bool murre_module_export(const struct murre_module *module, uint32_t index, struct murre_export *export_);
/* A function's name in the name section; size 0 where there is none. index counts imports. */
MURRE_API struct murre_name murre_module_function_name(const struct murre_module *module, uint32_t index);

struct murre_section {
    uint8_t id;
    struct murre_name name; /* "type", "import"…; the custom section's own name for id 0 */
    uint64_t offset, size;  /* of the contents */
    uint64_t count;         /* entries; 0 for custom sections and start */
};
MURRE_API uint32_t murre_module_section_count(const struct murre_module *module);
MURRE_API bool murre_module_section(const struct murre_module *module, uint32_t index, struct murre_section *section);
/* Names of the features beyond the MVP that the module uses, in a fixed order, one call each; NULL past the last. Reads every body. */
MURRE_API const char *murre_module_feature(struct murre_module *module, uint32_t index);
/* The same, but only the features that the engine lacks or that are switched off. */
MURRE_API const char *murre_module_missing(struct murre_module *module, uint32_t index);
/* Prints one function's body through sink, one line per instruction. index counts imports. */
MURRE_API enum murre_status murre_module_disassemble(struct murre_module *module, uint32_t index,
                                                     void (*sink)(void *context, const char *line), void *context,
                                                     struct murre_error *error) MURRE_MUST_USE;

/* How murre_binary_to_text prints. */
enum murre_print_flag {
    MURRE_PRINT_OFFSETS = 1, /* each line starts with the offset in the module of what it shows, as a comment */
    MURRE_PRINT_FOLDED = 2,  /* instructions in parentheses around their operands */
};
/* Prints a module in the text format, also one that cannot be run here: it is read, but not validated. The text gives the same bytes again, custom
 * sections aside, where they are coded as short as possible. Names are those of the name section; other custom sections are printed as annotations.
 * Text is UTF-8, and handed to write in pieces of up to 64 KiB; false from it ends printing with MURRE_ERROR_ARGUMENT. flags: of enum
 * murre_print_flag. MURRE_ERROR_MALFORMED with the offset where the bytes cannot be read: what stands before that has been written.
 * Thread safe. */
MURRE_API enum murre_status murre_binary_to_text(struct murre_engine *engine, const void *bytes, size_t size, uint32_t flags,
                                                 bool (*write)(void *context, const char *text, size_t size), void *context,
                                                 struct murre_error *error) MURRE_MUST_USE;

/* ---- stores ------------------------------------------------------------------------------------------------------ */

/* Keeps its engine alive. Returns NULL and fills error. */
MURRE_API struct murre_store *murre_store_new(struct murre_engine *engine, struct murre_error *error) MURRE_MUST_USE;
/* Frees everything in the store and runs finalizers. Not while it runs. NULL does nothing. */
MURRE_API void murre_store_delete(struct murre_store *store);
MURRE_API struct murre_engine *murre_store_engine(const struct murre_store *store);
MURRE_API void murre_store_set_data(struct murre_store *store, void *data);
MURRE_API void *murre_store_data(const struct murre_store *store);
/* What a store may hold and use; 0: no limit of the store's own. Going over a limit fails as if memory were short: memory.grow and
 * table.grow give -1, instantiation fails with MURRE_ERROR_LIMIT, running off the stack is a trap. What exists already stays. */
struct murre_store_limits {
    uint64_t memory_bytes;   /* of all memories together */
    uint64_t table_elements; /* of all tables together */
    /* For each call from the host, including the calls within it: of the stack that it runs on, and of the interpreter's. */
    uint64_t stack_bytes;
    uint32_t memories, tables, instances;
};
/* Copies limits. Not while the store runs. */
MURRE_API void murre_store_set_limits(struct murre_store *store, const struct murre_store_limits *limits);
/* Ends the running call in the store with a trap of kind INTERRUPT, as soon as it executes Wasm. Any thread; async-signal-safe. If nothing
 * runs, the next call traps. */
MURRE_API void murre_store_interrupt(struct murre_store *store);
/* True when an interrupt was requested and has not been taken yet. For host functions that wait in the operating system: on EINTR they return
 * if this is true (which takes the trap) and go on waiting if not. */
MURRE_API bool murre_store_interrupt_pending(const struct murre_store *store);
/* True when interrupts send a signal, which ends a wait in the operating system with EINTR. False with no_signals: then host functions must wait in
 * slices, and check murre_store_interrupt_pending in between. */
MURRE_API bool murre_engine_sends_signals(const struct murre_engine *engine);
/* Interrupts whatever still runs in the store this many nanoseconds from now; 0 cancels. A deadline applies to what runs in the store: calls,
 * and instantiation with its start function. Loading and validating a module do not belong to a store, have no deadline and
 * never give MURRE_ERROR_TIME; their time is bounded by the module's size (at most about 150 ns per byte), which the host can limit. */
MURRE_API enum murre_status murre_store_set_timeout(struct murre_store *store, uint64_t nanoseconds,
                                                    struct murre_error *error) MURRE_MUST_USE;

/* ---- host functions and calls ------------------------------------------------------------------------------------ */

/* A host function. No longjmp and no C++ exception may leave it. args and results may be the same memory: read all arguments before writing
 * a result. Returns NULL, or a trap made with murre_trap_new or murre_trap_exit, whose ownership passes to murre. */
typedef struct murre_trap *(*murre_host_fn)(void *env, struct murre_caller *caller, const union murre_slot *args,
                                            union murre_slot *results);

/* finalize(env) runs when the store is deleted; may be NULL. Returns NULL and fills error: MURRE_ERROR_ARGUMENT without fn or for a bad type,
 * MURRE_ERROR_MEMORY, MURRE_ERROR_LIMIT. */
MURRE_API struct murre_func *murre_func_new(struct murre_store *store, const struct murre_functype *type, murre_host_fn fn, void *env,
                                            void (*finalize)(void *env), struct murre_error *error) MURRE_MUST_USE;
MURRE_API void murre_func_type(const struct murre_func *func, struct murre_functype *type);
/* slots holds the arguments on entry and the results on return; it must have room for whichever takes more. Returns NULL or a trap
 * that the caller deletes. */
MURRE_API struct murre_trap *murre_func_call(struct murre_store *store, struct murre_func *func, union murre_slot *slots) MURRE_MUST_USE;

/* The store, instance and memory of the function that called the host. Valid during the call. */
MURRE_API struct murre_store *murre_caller_store(const struct murre_caller *caller);
MURRE_API struct murre_instance *murre_caller_instance(const struct murre_caller *caller);
/* Memory 0 of the calling instance, or NULL. */
MURRE_API struct murre_memory *murre_caller_memory(const struct murre_caller *caller);

/* ---- traps ------------------------------------------------------------------------------------------------------- */

enum murre_trapkind {
    MURRE_TRAP_UNREACHABLE,
    MURRE_TRAP_MEMORY_BOUNDS,
    MURRE_TRAP_TABLE_BOUNDS,
    MURRE_TRAP_INDIRECT_BOUNDS, /* "undefined element" */
    MURRE_TRAP_INDIRECT_NULL,   /* "uninitialized element" */
    MURRE_TRAP_INDIRECT_TYPE,   /* "indirect call type mismatch" */
    MURRE_TRAP_DIVIDE_ZERO,
    MURRE_TRAP_INTEGER_OVERFLOW,
    MURRE_TRAP_INVALID_CONVERSION,
    MURRE_TRAP_STACK, /* ran off the stack; how deep that is depends on tier and level, in tier auto on the run: frames differ in size */
    MURRE_TRAP_INTERRUPT,
    MURRE_TRAP_INVALID_CODE,   /* a function whose deferred validation failed was called */
    MURRE_TRAP_MEMORY,         /* the engine ran out of memory while running */
    MURRE_TRAP_HOST,           /* a host function's own */
    MURRE_TRAP_EXIT,           /* not a fault: a host function ends the run with a code (WASI proc_exit) */
    MURRE_TRAP_NULL_REFERENCE, /* "null reference" */
    MURRE_TRAP_UNSUPPORTED,    /* not the module's fault: a function was called that needs a feature which is missing or switched off */
    MURRE_TRAP_NULL_FUNCTION,  /* call_ref of null: "null function reference" */
    MURRE_TRAP_COUNT
};

struct murre_frame {
    struct murre_instance *instance; /* in which the function ran; never NULL: host functions have no frame */
    uint32_t func_index;
    uint64_t offset;        /* in the module; MURRE_NO_OFFSET if it is not known */
    struct murre_name name; /* from the name section, unchanged: of any length, with any character; size 0 if there is none */
};

/* message is copied. Never NULL: if memory is short, a trap of kind MEMORY. A trap may outlive its store, but its frames do not:
 * murre_trap_frame may be called only as long as the store exists. NULL may be deleted. */
MURRE_API struct murre_trap *murre_trap_new(const char *message);
MURRE_API struct murre_trap *murre_trap_exit(int code);
MURRE_API void murre_trap_delete(struct murre_trap *trap);
MURRE_API enum murre_trapkind murre_trap_kind(const struct murre_trap *trap);
MURRE_API int murre_trap_exit_code(const struct murre_trap *trap);
/* In the words of the specification's test suite, with details after a colon. Never NULL. */
MURRE_API const char *murre_trap_message(const struct murre_trap *trap);
/* Innermost first; at most 64 are kept, murre_trap_depth says how many there were. */
MURRE_API uint32_t murre_trap_frame_count(const struct murre_trap *trap);
MURRE_API uint32_t murre_trap_depth(const struct murre_trap *trap);
/* False past the last. One thread at a time, as for the store: the first call finds the offsets and names of all frames, which takes up to a few
 * hundredths of a second. Frames lack what would take longer, and offsets in register code that has since been dropped. */
MURRE_API bool murre_trap_frame(const struct murre_trap *trap, uint32_t index, struct murre_frame *frame);

/* The callers of the running host function, without a trap: all Wasm functions of the store that led to it, innermost first, including those
 * below calls back into Wasm. Call it in the store's thread, in a host function; elsewhere the backtrace has no frames. The caller deletes it; its frames
 * may be read only as long as the store exists. NULL when memory is short, and NULL may be deleted. (From another thread: murre_store_interrupt ends the
 * run with a trap, which has a backtrace.) */
MURRE_API struct murre_backtrace *murre_store_backtrace(struct murre_store *store) MURRE_MUST_USE;
MURRE_API void murre_backtrace_delete(struct murre_backtrace *backtrace);
/* As the functions of the same names for traps. */
MURRE_API uint32_t murre_backtrace_frame_count(const struct murre_backtrace *backtrace);
MURRE_API uint32_t murre_backtrace_depth(const struct murre_backtrace *backtrace);
MURRE_API bool murre_backtrace_frame(const struct murre_backtrace *backtrace, uint32_t index, struct murre_frame *frame);

/* ---- linking and instances --------------------------------------------------------------------------------------- */

/* Keeps its engine alive. Returns NULL and fills error. May be deleted before the stores that it has instantiated in. */
MURRE_API struct murre_linker *murre_linker_new(struct murre_engine *engine, struct murre_error *error) MURRE_MUST_USE;
MURRE_API void murre_linker_delete(struct murre_linker *linker);
/* A host function for every store that this linker instantiates in. env must outlive those stores. A later definition of the same name
 * replaces the earlier. Strings are copied. */
MURRE_API enum murre_status murre_linker_define_func(struct murre_linker *linker, const char *module, const char *name,
                                                     const struct murre_functype *type, murre_host_fn fn, void *env,
                                                     struct murre_error *error) MURRE_MUST_USE;
/* An object of one store. */
MURRE_API enum murre_status murre_linker_define(struct murre_linker *linker, const char *module, const char *name, struct murre_extern item,
                                                struct murre_error *error) MURRE_MUST_USE;
/* All exports of an instance, under a module name. */
MURRE_API enum murre_status murre_linker_define_instance(struct murre_linker *linker, const char *module, struct murre_instance *instance,
                                                         struct murre_error *error) MURRE_MUST_USE;
/* What replaces imports that nobody provides. */
enum murre_unknown {
    MURRE_UNKNOWN_TRAP, /* functions trap when they are called (kind HOST, "unknown import called: …") */
    MURRE_UNKNOWN_ZERO /* functions do nothing and return zeros and nulls; globals hold them; tables and memories are as small as allowed */
};
/* Defines, in one store, the imports of the module that the linker does not know yet; with TRAP only the functions. Existing definitions
 * stay, even if their type does not match. */
MURRE_API enum murre_status murre_linker_define_unknown(struct murre_linker *linker, struct murre_store *store,
                                                        const struct murre_module *module, enum murre_unknown how,
                                                        struct murre_error *error) MURRE_MUST_USE;
/* Resolves the imports by name, creates the instance in the store, runs its start function. On MURRE_ERROR_TRAP, *trap (if trap is not
 * NULL) receives the trap. Returns NULL on failure. */
MURRE_API struct murre_instance *murre_linker_instantiate(struct murre_linker *linker, struct murre_store *store,
                                                          struct murre_module *module, struct murre_trap **trap,
                                                          struct murre_error *error) MURRE_MUST_USE;
/* The same from a list, in the order of the module's imports. */
MURRE_API struct murre_instance *murre_instance_new(struct murre_store *store, struct murre_module *module,
                                                    const struct murre_extern *imports, size_t import_count, struct murre_trap **trap,
                                                    struct murre_error *error) MURRE_MUST_USE;
MURRE_API struct murre_module *murre_instance_module(const struct murre_instance *instance);
/* False when there is no such export. */
MURRE_API bool murre_instance_export(struct murre_instance *instance, const char *name, size_t name_size, struct murre_extern *item);
MURRE_API bool murre_instance_export_at(struct murre_instance *instance, uint32_t index, struct murre_extern *item);

/* limits in pages. Returns NULL and fills error: MURRE_ERROR_ARGUMENT, MURRE_ERROR_UNSUPPORTED (shared, 64 bits), MURRE_ERROR_LIMIT (the
 * store's), MURRE_ERROR_MEMORY (also when config.max_memory is less). */
MURRE_API struct murre_memory *murre_memory_new(struct murre_store *store, struct murre_limits limits,
                                                struct murre_error *error) MURRE_MUST_USE;
/* The bytes of a memory. The base never moves; the size grows. Wasm may change them whenever it runs. */
MURRE_API uint8_t *murre_memory_data(const struct murre_memory *memory);
MURRE_API uint64_t murre_memory_size(const struct murre_memory *memory); /* bytes */
/* Returns the old size in pages, or UINT64_MAX when it cannot grow. */
MURRE_API uint64_t murre_memory_grow(struct murre_memory *memory, uint64_t pages);
MURRE_API void murre_memory_limits(const struct murre_memory *memory, struct murre_limits *limits);

/* limits in elements, all of which are init. Errors: MURRE_ERROR_ARGUMENT (also when init is a function of another store), MURRE_ERROR_LIMIT,
 * MURRE_ERROR_MEMORY. */
MURRE_API struct murre_table *murre_table_new(struct murre_store *store, murre_valtype type, struct murre_limits limits, void *init,
                                              struct murre_error *error) MURRE_MUST_USE;
MURRE_API uint64_t murre_table_size(const struct murre_table *table);
/* False when there is no such index. */
MURRE_API bool murre_table_get(const struct murre_table *table, uint64_t index, void **ref);
/* False when there is no such index, or the function belongs to another store. */
MURRE_API bool murre_table_set(struct murre_table *table, uint64_t index, void *ref);
/* Returns the old size, or UINT64_MAX when it cannot grow, or init is a function of another store. */
MURRE_API uint64_t murre_table_grow(struct murre_table *table, uint64_t count, void *init);

/* value, here and below: one slot, of a v128 two. Returns NULL and fills error; MURRE_ERROR_ARGUMENT when value is a function of another store. */
MURRE_API struct murre_global *murre_global_new(struct murre_store *store, murre_valtype type, bool is_mutable,
                                                const union murre_slot *value, struct murre_error *error) MURRE_MUST_USE;
MURRE_API void murre_global_get(const struct murre_global *global, union murre_slot *value);
/* False when the global is immutable, or the function of another store. */
MURRE_API bool murre_global_set(struct murre_global *global, const union murre_slot *value);
MURRE_API void murre_extern_type(const struct murre_extern *item, struct murre_externtype *type);

/* ---- the standard C API ------------------------------------------------------------------------------------------ */

/* The murre objects behind those of wasm.h, for hosts that use wasm.h and want limits, deadlines or another configuration. Borrowed: the
 * configuration until an engine is made from it, the store as long as the wasm_store_t exists. */
struct wasm_config_t;
struct wasm_store_t;
MURRE_API struct murre_config *murre_wasm_config(struct wasm_config_t *config);
MURRE_API struct murre_store *murre_wasm_store(struct wasm_store_t *store);

#ifdef __cplusplus
}
#endif
#endif
