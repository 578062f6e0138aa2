/* Signal contexts on AArch64 Linux, and the places in call.S that count as compiled code. Everything here is async-signal-safe. */
#include "arch/arch.h"

#include <ucontext.h>

#include "arch/aarch64/layout.h"

#define AT(type, member, offset) _Static_assert(offsetof(struct type, member) == (offset), #type "." #member)
AT(murre_arch_args, ints, ARGS_INTS);
AT(murre_arch_args, floats, ARGS_FLOATS);
AT(murre_arch_args, int_result, ARGS_INT_RESULT);
AT(murre_arch_args, float_result, ARGS_FLOAT_RESULT);
AT(murre_arch_args, stack, ARGS_STACK);
AT(murre_arch_args, stack_count, ARGS_STACK_COUNT);
AT(murre_arch_args, float_count, ARGS_FLOAT_COUNT);
AT(murre_arch_args, memory_base, ARGS_MEMORY_BASE);
AT(murre_arch_args, frame, ARGS_FRAME);
AT(murre_arch_args, interrupt, ARGS_INTERRUPT);
AT(murre_arch_exit_frame, ints, EXIT_INTS);
AT(murre_arch_exit_frame, floats, EXIT_FLOATS);
AT(murre_arch_exit_frame, int_result, EXIT_INT_RESULT);
AT(murre_arch_exit_frame, float_result, EXIT_FLOAT_RESULT);
AT(murre_arch_exit_frame, stack, EXIT_STACK);
AT(murre_arch_exit_frame, frame, EXIT_FRAME);
_Static_assert(EXIT_FRAME == EXIT_STACK + 8, "stored as a pair");
AT(murre_arch_exit_frame, interrupt, EXIT_INTERRUPT);
_Static_assert(sizeof(struct murre_arch_exit_frame) <= EXIT_SIZE && EXIT_SIZE % 16 == 0, "frame of murre_arch_exit");
_Static_assert(sizeof(struct murre_arch_context) >= CONTEXT_END, "struct murre_arch_context");

const unsigned murre_arch_int_registers = 8, murre_arch_float_registers = 8;

extern const char murre_arch_enter_window[], murre_arch_enter_window_end[];
extern const char murre_arch_exit_window[], murre_arch_exit_window_end[];
extern const char murre_arch_forward_window[], murre_arch_forward_window_end[];

bool murre_arch_in_window(uintptr_t pc) {
    return (pc >= (uintptr_t)murre_arch_enter_window && pc < (uintptr_t)murre_arch_enter_window_end) ||
           (pc >= (uintptr_t)murre_arch_exit_window && pc < (uintptr_t)murre_arch_exit_window_end) ||
           (pc >= (uintptr_t)murre_arch_forward_window && pc < (uintptr_t)murre_arch_forward_window_end);
}

static const mcontext_t *registers_of(const void *context) {
    return &((const ucontext_t *)context)->uc_mcontext;
}

uintptr_t murre_arch_context_pc(const void *context) {
    return (uintptr_t)registers_of(context)->pc;
}

uintptr_t murre_arch_context_frame(const void *context) {
    return (uintptr_t)registers_of(context)->regs[29];
}

uintptr_t murre_arch_context_stack(const void *context) {
    return (uintptr_t)registers_of(context)->sp;
}

uintptr_t murre_arch_context_link(const void *context) {
    return (uintptr_t)registers_of(context)->regs[30];
}

void murre_arch_context_land(void *context) {
    enum { BRANCH_TYPE = 3 << 10 }; /* of PSTATE: what kind of branch led here */
    mcontext_t *registers = &((ucontext_t *)context)->uc_mcontext;
    registers->pstate &= ~(uint64_t)BRANCH_TYPE; /* the landing is reached by none, even if pc was at a branch's target */
    registers->sp &= ~(uintptr_t)15;
    registers->pc = (uintptr_t)murre_arch_landing;
}
