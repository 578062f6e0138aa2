/* What every handler of register code is made of. A handler runs one instruction and calls the next one's handler in tail position, which the
 * compiler turns into a jump: so nothing here may take the address of a local, and code that needs a real call is in a function of its own
 * to which the handler jumps, or is called only where its cost does not matter. The parameters stay in registers throughout.
 *
 *   pc           the instruction's first word              fp     the frame's slot 0
 *   memory       base and size in bytes of memory 0        store  the store that runs; store->stack.func and .instance are up to date
 *   acc, accd, accf   the accumulators, see regcode.h
 *
 * One thread: the store's. */
#ifndef MURRE_INTERP_HANDLER_H
#define MURRE_INTERP_HANDLER_H

#include "interp/regcode.h"
#include "runtime/numeric.h"
#include "wasm/limits.h"

#define PARAMS                                                                                                                        \
    const union murre_word *pc, union murre_slot *fp, uint8_t *memory, uint64_t memory_size, struct murre_store *store, uint64_t acc, \
        double accd, float accf
#define ARGS pc, fp, memory, memory_size, store, acc, accd, accf

/* Hidden where they are declared, so that references need no indirection. */
#pragma GCC visibility push(hidden)
typedef void murre_handler(PARAMS);
extern murre_handler *const murre_handlers[MURRE_RC_COUNT];

#define OP(name) murre_handler murre_op_##name;
#include "interp/ops.def"

#if defined(__has_attribute)
#if __has_attribute(musttail)
#define MUSTTAIL __attribute__((musttail))
#endif
#endif
#ifndef MUSTTAIL
#define MUSTTAIL
#endif
/* Instrumentation keeps locals in memory, or does something at a function's end: then calls are no jumps any more. Handlers go without. */
#if defined(__clang__)
#define HANDLER_ATTRIBUTES __attribute__((no_sanitize("address", "thread", "memory")))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HANDLER_ATTRIBUTES __attribute__((no_sanitize("address", "thread")))
#else
#define HANDLER_ATTRIBUTES
#endif
#define ALWAYS_INLINE static inline __attribute__((always_inline, unused)) HANDLER_ATTRIBUTES

/* A handler has two parts. inline_NAME is its code, to be put into others as well (pairs.def); HANDLER makes the function of it. The code of
 * an instruction that goes on with the next one is body_NAME, on registers in a struct that the compiler takes apart again; it moves pc on, and
 * returns where to go instead when it traps, else NULL. */
struct regs {
    const union murre_word *pc;
    union murre_slot *fp;
    uint8_t *memory;
    uint64_t memory_size;
    struct murre_store *store;
    uint64_t acc;
    double accd;
    float accf;
};
#define REGS_OF_ARGS \
    { pc, fp, memory, memory_size, store, acc, accd, accf }
#define ARGS_OF_REGS r.pc, r.fp, r.memory, r.memory_size, r.store, r.acc, r.accd, r.accf

#define UNLIKELY(condition) __builtin_expect(condition, 0)

/* How a handler ends: MUSTTAIL return GO(handler), or MUSTTAIL return DISPATCH(pc + 1) for the handler of the word at a place (which is
 * evaluated twice). */
#define GO(handler)  handler(ARGS)
#define DISPATCH(at) murre_handlers[(at)->op]((at), fp, memory, memory_size, store, acc, accd, accf)

#define INLINE(name) ALWAYS_INLINE void inline_##name(PARAMS)
#define BODY(name, ...)                                         \
    ALWAYS_INLINE murre_handler *body_##name(struct regs *r) {  \
        __VA_ARGS__                                             \
        return NULL;                                            \
    }                                                           \
    INLINE(name) {                                              \
        struct regs r = REGS_OF_ARGS;                           \
        murre_handler *elsewhere = body_##name(&r);             \
        if (UNLIKELY(elsewhere != NULL))                        \
            MUSTTAIL return elsewhere(ARGS_OF_REGS);            \
        MUSTTAIL return murre_handlers[r.pc->op](ARGS_OF_REGS); \
    }
/* Of two operands, x and y in the expression; a branch that is fused with a comparison of them, and `point`, what stops it. */
#define BINARY_BODY(name, type, set, left, right, words, expr) \
    BODY(name, {                                               \
        type x = left;                                         \
        type y = right;                                        \
        set(expr);                                             \
        r->pc += words;                                        \
    })
#define BINARY_BRANCH(name, type, point, left, right, expr)   \
    INLINE(name) {                                            \
        struct regs registers = REGS_OF_ARGS;                 \
        struct regs *r = &registers;                          \
        type x = left;                                        \
        type y = right;                                       \
        if (expr) {                                           \
            if (point())                                      \
                MUSTTAIL return GO(murre_interp_interrupted); \
            MUSTTAIL return DISPATCH(pc + (int16_t)pc->c);    \
        }                                                     \
        MUSTTAIL return DISPATCH(pc + 1);                     \
    }
/* The definition of a handler that stands alone. */
#define LONE_HANDLER(name) HANDLER_ATTRIBUTES void murre_op_##name(PARAMS)
#define HANDLER(name)                                 \
    HANDLER_ATTRIBUTES void murre_op_##name(PARAMS) { \
        MUSTTAIL return inline_##name(ARGS);          \
    }

/* Traps: cold functions that are jumped to. */
#define TRAPS(X)       \
    X(UNREACHABLE)     \
    X(MEMORY_BOUNDS)   \
    X(TABLE_BOUNDS)    \
    X(INDIRECT_BOUNDS) \
    X(INDIRECT_NULL) X(INDIRECT_TYPE) X(DIVIDE_ZERO) X(INTEGER_OVERFLOW) X(INVALID_CONVERSION) X(STACK) X(NULL_REFERENCE) X(NULL_FUNCTION)
#define X(kind) murre_handler murre_interp_trap_##kind;
TRAPS(X)
#undef X
/* What a body returns where it traps, as do the expressions of ops.def; other handlers GO there. */
#define TRAP(kind) murre_interp_trap_##kind
/* The store is to be interrupted. */
murre_handler murre_interp_interrupted;
/* store->stack.callee is to be called with its arguments at .callee_slots, and it is no plain matter; pc: where the caller goes on. */
murre_handler murre_interp_call_slow;
/* A chance for what went into slot 0 of a frame by other means than an instruction: loads all accumulators from it and returns. */
murre_handler murre_interp_return;
#pragma GCC visibility pop
#define INTERRUPTED() UNLIKELY(atomic_load_explicit(&store->interrupt, memory_order_relaxed))
/* In its place, where a jump goes forwards. */
#define NEVER()       false

/* Types of the rows of ops.def: the C type, a slot's member, the accumulator, immediates, where a result goes. */
typedef int8_t i8;
typedef uint8_t u8;
typedef int16_t i16;
typedef uint16_t u16;
typedef int32_t i32;
typedef uint32_t u32;
typedef int64_t i64;
typedef uint64_t u64;
typedef float f32;
typedef double f64;

#define ACC_u32(r)         ((uint32_t)(r)->acc)
#define ACC_i32(r)         ((int32_t)(r)->acc)
#define ACC_u64(r)         ((r)->acc)
#define ACC_i64(r)         ((int64_t)(r)->acc)
#define ACC_f32(r)         ((r)->accf)
#define ACC_f64(r)         ((r)->accd)
#define EXT_u32(word)      ((word).low)
#define EXT_i32(word)      ((int32_t)(word).low)
#define EXT_u64(word)      ((word).u64)
#define EXT_i64(word)      ((int64_t)(word).u64)
#define EXT_f32(word)      ((word).f32)
#define EXT_f64(word)      ((word).f64)
/* In a body: a slot, the accumulator, immediates of 16 and 32 bits, an extension word. */
#define SLOT(type, index)  (r->fp[index].type)
#define ACC(type)          ACC_##type(r)
#define IMM16(type, field) ((type)(int16_t)(field))
#define IMM32(type)        ((type)(int32_t)r->pc->bc)
#define EXT(type)          EXT_##type(r->pc[1])
/* A result, to the accumulator only or to slot a as well. */
#define TSET_u32(value)    r->acc = (uint32_t)(value)
#define TSET_i32(value)    r->acc = (uint32_t)(value)
#define TSET_u64(value)    r->acc = (uint64_t)(value)
#define TSET_i64(value)    r->acc = (uint64_t)(value)
#define TSET_f32(value)    r->accf = (value)
#define TSET_f64(value)    r->accd = (value)
#define SET_u32(value)     (r->acc = (uint32_t)(value), r->fp[r->pc->a].u64 = r->acc)
#define SET_i32(value)     SET_u32(value)
#define SET_u64(value)     (r->acc = (uint64_t)(value), r->fp[r->pc->a].u64 = r->acc)
#define SET_i64(value)     SET_u64(value)
#define SET_f32(value)     (r->accf = (value), r->fp[r->pc->a].u64 = murre_f32_bits(r->accf))
#define SET_f64(value)     (r->accd = (value), r->fp[r->pc->a].f64 = r->accd)

#define UNUSED_ARGS() (void)pc, (void)fp, (void)memory, (void)memory_size, (void)store, (void)acc, (void)accd, (void)accf

#endif
