/* The whole interface between the engine and a processor. src/arch/x86_64 and src/arch/aarch64 implement it with matching files; nothing
 * else in the engine asks which processor it runs on. */
#ifndef MURRE_ARCH_ARCH_H
#define MURRE_ARCH_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Callee-saved registers, stack pointer and resume address. */
struct murre_arch_context {
    uint64_t saved[24];
};
/* Calls fn(argument). Returns 0 when it returns, 1 when murre_arch_unwind(context) was called meanwhile, which fn's frames do not survive. */
int murre_arch_protect(struct murre_arch_context *context, void (*fn)(void *), void *argument);
_Noreturn void murre_arch_unwind(struct murre_arch_context *context);

/* Arguments of a native call, sorted into banks by the platform's C convention. */
enum { MURRE_ARCH_INT_ARGS = 8, MURRE_ARCH_FLOAT_ARGS = 8 };
struct murre_arch_args {
    uint64_t ints[MURRE_ARCH_INT_ARGS];
    uint64_t floats[MURRE_ARCH_FLOAT_ARGS]; /* an f32 in the low half */
    uint64_t int_result, float_result;      /* filled by the call */
    const uint64_t *stack;                  /* stack arguments, 8 bytes each */
    uint64_t stack_count;
    uint64_t float_count;           /* 0: floats need not be loaded */
    uint64_t memory_base;           /* for the linear-memory register */
    uint64_t frame;                 /* filled by the call: the trampoline's frame pointer, before the callee runs */
    const volatile bool *interrupt; /* looked at last before the callee is entered: set, murre_trap_interrupted is called instead */
};
/* How many integer and float arguments travel in registers (6 and 8 on x86-64, 8 and 8 on AArch64). */
extern const unsigned murre_arch_int_registers, murre_arch_float_registers;
int murre_arch_enter(void *entry, struct murre_arch_args *args); /* returns 0 */
/* Both in one, as murre_arch_protect: 0 when the entry returned, 1 when murre_arch_unwind(context) was called meanwhile. */
int murre_arch_call(struct murre_arch_context *context, void *entry, struct murre_arch_args *args);

/* The entry of every function that has no compiled code; native convention; calls murre_call_exit. */
void murre_arch_exit(void);
/* The same at another address: the first entry of functions in tier jit, which says that the compiler has not been asked yet. */
void murre_arch_exit_first(void);
/* What murre_arch_exit hands over: the argument registers and the stack arguments as the caller left them. The callee fills the results. */
struct murre_arch_exit_frame {
    uint64_t ints[MURRE_ARCH_INT_ARGS];
    uint64_t floats[MURRE_ARCH_FLOAT_ARGS];
    uint64_t int_result, float_result;
    const uint64_t *stack;
    uint64_t frame;                 /* frame pointer of the stub: [0] the caller's frame pointer, [1] the return address into it */
    const volatile bool *interrupt; /* filled by the callee; looked at last before the compiled code goes on */
};
/* In src/runtime/call.c. ints[0] is the struct murre_func. Returns NULL when the call is done; else the address of compiled code that the
 * stub jumps to with the arguments as they came. */
void *murre_call_exit(struct murre_arch_exit_frame *frame);
/* In src/runtime/trap.c: raises MURRE_TRAP_INTERRUPT. From the trampolines, when the flag was set. */
_Noreturn void murre_trap_interrupted(const volatile bool *interrupt);
/* True when pc is in a trampoline between the look at the interrupt flag and compiled code: an interrupt must land there too. */
bool murre_arch_in_window(uintptr_t pc);

/* Signal contexts (ucontext_t). */
uintptr_t murre_arch_context_pc(const void *context);
uintptr_t murre_arch_context_frame(const void *context);
uintptr_t murre_arch_context_stack(const void *context);
/* The link register; 0 where there is none and a function without a frame has its return address at the stack pointer. */
uintptr_t murre_arch_context_link(const void *context);
/* Makes the thread go on in murre_arch_landing when the handler returns, below the interrupted code's stack. */
void murre_arch_context_land(void *context);
/* Lands with an aligned stack and calls murre_trap_landed, which does not return. */
void murre_arch_landing(void);
_Noreturn void murre_trap_landed(void);

/* What the processor has beyond the baseline. */
struct murre_arch_features {
    bool lzcnt, bmi1, bmi2, popcnt, sse41, sse42, avx, avx2, fma; /* x86-64 */
    bool lse, bti;                                                /* AArch64 */
};
const struct murre_arch_features *murre_arch_features(void);

/* x * y + z, rounded once. soft: what does it where the processor has no instruction (for tests). */
float murre_arch_fma_f32(float x, float y, float z);
double murre_arch_fma_f64(double x, double y, double z);
float murre_arch_soft_fma_f32(float x, float y, float z);
double murre_arch_soft_fma_f64(double x, double y, double z);

/* Flags for mmap and mprotect of pages of compiled code in addition to reading and executing: with features.bti, that indirect branches may reach only
 * marked places (PROT_BTI). */
int murre_arch_code_protection(void);

/* Where a frame of compiled code has its function (a struct murre_func *), in bytes from the frame pointer. */
extern const int murre_arch_frame_func;

/* The compiler's name for the register that holds the base of linear memory in compiled code; callee-saved in C. */
extern const char *const murre_arch_mir_memory_register;

/* How far from this library's text compiled code may lie so that a direct call reaches, with a margin; and the distance between places that
 * are tried for it. In bytes. */
extern const size_t murre_arch_call_reach;
extern const size_t murre_arch_call_probe_step;

/* Between writing code (and flushing caches) and letting other threads know its address: after it no thread runs what lay there before, and each
 * sees all that was written before, whatever order it loads the address with. */
void murre_arch_publish_code(void);

/* For spin loops. */
void murre_arch_pause(void);

#endif
