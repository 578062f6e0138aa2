/* Offsets, in bytes, that call.S uses; context.c asserts that they are those of arch.h. */
#ifndef MURRE_ARCH_X86_64_LAYOUT_H
#define MURRE_ARCH_X86_64_LAYOUT_H

/* struct murre_arch_context */
#define CONTEXT_RBX 0
#define CONTEXT_RBP 8
#define CONTEXT_R12 16
#define CONTEXT_R13 24
#define CONTEXT_R14 32
#define CONTEXT_R15 40
#define CONTEXT_RSP 48
#define CONTEXT_RIP 56

/* struct murre_arch_args */
#define ARGS_INTS         0
#define ARGS_FLOATS       64
#define ARGS_INT_RESULT   128
#define ARGS_FLOAT_RESULT 136
#define ARGS_STACK        144
#define ARGS_STACK_COUNT  152
#define ARGS_FLOAT_COUNT  160
#define ARGS_MEMORY_BASE  168
#define ARGS_FRAME        176
#define ARGS_INTERRUPT    184

/* struct murre_arch_exit_frame, on the stack of murre_arch_exit */
#define EXIT_INTS         0
#define EXIT_FLOATS       64
#define EXIT_INT_RESULT   128
#define EXIT_FLOAT_RESULT 136
#define EXIT_STACK        144
#define EXIT_FRAME        152
#define EXIT_INTERRUPT    160
#define EXIT_SIZE         176 /* a multiple of 16 */

#endif
