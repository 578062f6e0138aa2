/* A MIR context of one compiling thread: its lifetime, its memory, its errors.

   MIR reports a fault by a function that must not return, and allocates without checking. So a compilation runs under a
   setjmp: MIR's error function, a refused allocation, an exceeded budget of memory or time and full code memory all leave by longjmp to
   murre_mirctx_compile, which drops the context's whole memory and returns a status. MIR never ends the process.

   All of MIR's memory comes from an arena of the context, mapped in chunks. After every compilation, successful or not, the
   arena is reset to its image just after MIR's initialisation (a copy of some hundred KiB, less
   than a tenth of the cost of a new context) and chunks beyond a small reserve go back to the system. So nothing that
   MIR allocates outlives murre_mirctx_compile: no MIR item, register, label, prototype or import may be kept. Only the code
   remains, in codemem.

   The emit callback must not hold locks or own memory that only its return would release: longjmp may leave it. It may call
   murre_mirctx_fail to leave on purpose.

   One thread at a time per context; any number of contexts. No malloc of the C library is used while
   compiling, except by the callback itself. */
#ifndef MURRE_JIT_MIRCTX_H
#define MURRE_JIT_MIRCTX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mir.h>

struct murre_codemem;
struct murre_mirctx;

enum murre_mirctx_status {
    MURRE_MIRCTX_OK,
    MURRE_MIRCTX_REFUSED,   /* MIR reported an error, or the callback failed: the function stays interpreted */
    MURRE_MIRCTX_BUDGET,    /* it needed more working memory or time than it may, or its code would take too much of something */
    MURRE_MIRCTX_NO_MEMORY, /* the system refused memory */
    MURRE_MIRCTX_NO_CODE,   /* the code memory is full */
};

struct murre_mirctx_result {
    const uint8_t *code; /* entry and first byte, in codemem */
    size_t code_size;    /* bytes, constants and tables included */
    size_t peak_memory;  /* bytes of working memory that this compilation had mapped */
    bool over_memory;    /* MURRE_MIRCTX_BUDGET, and it was working memory */
    char message[160];   /* empty when OK */
};

/* Builds one function: opens no module (it is open), adds prototypes, imports and exactly one function to it, calls
   MIR_finish_func, and returns the function's item. NULL refuses. */
typedef MIR_item_t murre_mirctx_emit(void *user, MIR_context_t mir, MIR_module_t module);

/* A place in the code that somebody may ask about: where a call returns to, or an instruction that accesses memory which can trap or fault. */
enum murre_mirctx_site_kind { MURRE_MIRCTX_CALL, MURRE_MIRCTX_TRAP, MURRE_MIRCTX_FAULT }; /* as mir-murre.h has them */
struct murre_mirctx_site {
    uint32_t pc;     /* bytes from the start of the code */
    uint32_t origin; /* of the instruction of MIR (MIR_set_origin) */
    enum murre_mirctx_site_kind kind;
};

/* Gets the sites of code that has been made, ascending, before anybody can find it. They are gone when it returns. False: memory is short, and the
   code is thrown away. */
typedef bool murre_mirctx_finish(void *user, const struct murre_mirctx_site *sites, size_t count);

/* budget: bytes of working memory a compilation may use, 0 for the default (512 MiB). NULL when memory is short. */
struct murre_mirctx *murre_mirctx_new(struct murre_codemem *codemem, size_t budget);
void murre_mirctx_delete(struct murre_mirctx *ctx);

/* level: MIR's optimisation level, 0 to 3. owner: kept in the code block (see codemem.h). On MURRE_MIRCTX_OK the code is
   executable, visible to murre_codemem_find, and belongs to the caller, who may murre_codemem_free it. */
enum murre_mirctx_status murre_mirctx_compile(struct murre_mirctx *ctx, unsigned level, murre_mirctx_emit *emit, void *user, void *owner,
                                              struct murre_mirctx_result *result);

/* Leaves the running compilation with MURRE_MIRCTX_REFUSED and this message. Only inside an emit callback, on its thread. */
_Noreturn void murre_mirctx_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with MURRE_MIRCTX_BUDGET. */
_Noreturn void murre_mirctx_over(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Memory that lives until the end of the running compilation, from its arena and within its budget; never NULL. For the
   emitter's own scratch: it is released however the compilation ends. Zeroed. */
void *murre_mirctx_alloc(size_t size);

/* A new register of the function, without a name: much cheaper than MIR_new_func_reg. type: MIR_T_I64, MIR_T_F or MIR_T_D. */
MIR_reg_t murre_mirctx_reg(MIR_context_t mir, MIR_item_t func, MIR_type_t type);

/* An import item for an absolute address, to be the second operand of a call. The name must be unique within the
   compilation for each address. A direct call is made when the address is in reach. */
MIR_item_t murre_mirctx_import(MIR_context_t mir, const char *name, const void *address);

/* The alias of memory whose accesses can trap (linear memory): give it to MIR_new_alias_mem_op. Such an access is kept even
   if its result is not used, and no store is dropped or moved over it; identical ones are still merged. Memory that cannot
   trap (an instance's fields) should have an alias of its own, so that stores to linear memory do not make the compiler
   forget what it loaded from there. */
MIR_alias_t murre_mirctx_trap_alias(MIR_context_t mir);

/* Generates the running compilation at a lower level than was requested. Only inside an emit callback. */
void murre_mirctx_lower_level(MIR_context_t mir, unsigned level);

/* Compilations that run while *cancel is set are refused, within some milliseconds: MIR looks in all its loops. Any thread may set it; NULL: none. */
void murre_mirctx_set_cancel(struct murre_mirctx *ctx, const atomic_bool *cancel);

/* What later compilations call with their user; NULL: nothing. */
void murre_mirctx_set_finish(struct murre_mirctx *ctx, murre_mirctx_finish *finish);

/* Changes the budget for later compilations, to no more than murre_mirctx_new was given. */
void murre_mirctx_set_budget(struct murre_mirctx *ctx, size_t budget);

/* How much processor time of its thread a compilation may take, in nanoseconds; 0: the default (10 s). More than that is noticed
   within some milliseconds. */
void murre_mirctx_set_time(struct murre_mirctx *ctx, uint64_t nanoseconds);

/* The generator checks itself. A failed check refuses the compilation; in builds with assertions it ends the process, until this is called
   (by tests, before other threads compile). */
void murre_mirctx_checks_refuse(void);

const char *murre_mirctx_status_name(enum murre_mirctx_status status);

#endif
