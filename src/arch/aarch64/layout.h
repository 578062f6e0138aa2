/* Offsets, in bytes, that call.S uses; context.c asserts that they are those of arch.h. */
#ifndef MURRE_ARCH_AARCH64_LAYOUT_H
#define MURRE_ARCH_AARCH64_LAYOUT_H

/* struct murre_arch_context: x19 to x28, x29, sp, x30, d8 to d15 */
#define CONTEXT_X19 0
#define CONTEXT_X29 80
#define CONTEXT_SP  88
#define CONTEXT_X30 96
#define CONTEXT_D8  104
#define CONTEXT_END 168

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
