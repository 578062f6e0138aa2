/* Entry and exit trampolines, unwinding and the trap landing for AArch64 (AAPCS64). See arch.h for what each promises.
 *
 * Every routine keeps the chain of frame records (x29), so that backtraces can walk through. FPCR and FPSR are never touched. The stack pointer
 * is a multiple of 16 whenever memory is reached through it. x27 is the linear-memory register (mir_names.c). */
#include "arch/aarch64/layout.h"

    .text

    .macro  ROUTINE name
    .p2align 4
    .globl  \name
    .hidden \name
    .type   \name, %function
\name:
    .cfi_startproc
    .endm
    .macro  END name
    .cfi_endproc
    .size   \name, . - \name
    .endm
    .macro  MARK name
    .globl  \name
    .hidden \name
\name:
    .endm
    .macro  FRAME size
    stp     x29, x30, [sp, #-\size]!
    .cfi_def_cfa_offset \size
    .cfi_offset x29, -\size
    .cfi_offset x30, -\size + 8
    mov     x29, sp
    .cfi_def_cfa_register x29
    .endm
    .macro  SAVE_CONTEXT
    mov     x9, sp
    stp     x19, x20, [x0, #CONTEXT_X19 + 0]
    stp     x21, x22, [x0, #CONTEXT_X19 + 16]
    stp     x23, x24, [x0, #CONTEXT_X19 + 32]
    stp     x25, x26, [x0, #CONTEXT_X19 + 48]
    stp     x27, x28, [x0, #CONTEXT_X19 + 64]
    stp     x29, x9, [x0, #CONTEXT_X29]
    str     x30, [x0, #CONTEXT_X30]
    stp     d8, d9, [x0, #CONTEXT_D8 + 0]
    stp     d10, d11, [x0, #CONTEXT_D8 + 16]
    stp     d12, d13, [x0, #CONTEXT_D8 + 32]
    stp     d14, d15, [x0, #CONTEXT_D8 + 48]
    .endm

/* int murre_arch_protect(context, fn, argument) */
ROUTINE murre_arch_protect
    SAVE_CONTEXT
    FRAME   16
    mov     x0, x2
    blr     x1
    mov     w0, #0
    ldp     x29, x30, [sp], #16
    .cfi_def_cfa sp, 0
    ret
END murre_arch_protect

/* void murre_arch_unwind(context): the call of murre_arch_protect that filled it returns 1. */
ROUTINE murre_arch_unwind
    ldp     x19, x20, [x0, #CONTEXT_X19 + 0]
    ldp     x21, x22, [x0, #CONTEXT_X19 + 16]
    ldp     x23, x24, [x0, #CONTEXT_X19 + 32]
    ldp     x25, x26, [x0, #CONTEXT_X19 + 48]
    ldp     x27, x28, [x0, #CONTEXT_X19 + 64]
    ldp     x29, x9, [x0, #CONTEXT_X29]
    ldr     x30, [x0, #CONTEXT_X30]
    ldp     d8, d9, [x0, #CONTEXT_D8 + 0]
    ldp     d10, d11, [x0, #CONTEXT_D8 + 16]
    ldp     d12, d13, [x0, #CONTEXT_D8 + 32]
    ldp     d14, d15, [x0, #CONTEXT_D8 + 48]
    mov     sp, x9
    mov     w0, #1
    ret
END murre_arch_unwind

/* int murre_arch_call(context, entry, args): runs into murre_arch_enter, whose return is its own. */
ROUTINE murre_arch_call
    SAVE_CONTEXT
    mov     x0, x1
    mov     x1, x2
    b       murre_arch_enter
END murre_arch_call

/* int murre_arch_enter(entry, args) */
ROUTINE murre_arch_enter
    FRAME   32
    stp     x19, x27, [sp, #16]
    .cfi_offset x19, -16
    .cfi_offset x27, -8
    mov     x19, x1
    mov     x16, x0
    str     x29, [x19, #ARGS_FRAME]
    ldr     x27, [x19, #ARGS_MEMORY_BASE]
    ldr     x10, [x19, #ARGS_STACK_COUNT]
    cbnz    x10, 3f
1:  ldr     x11, [x19, #ARGS_FLOAT_COUNT]
    cbnz    x11, 4f
2:  ldr     x17, [x19, #ARGS_INTERRUPT]
    ldp     x0, x1, [x19, #ARGS_INTS + 0]
    ldp     x2, x3, [x19, #ARGS_INTS + 16]
    ldp     x4, x5, [x19, #ARGS_INTS + 32]
    ldp     x6, x7, [x19, #ARGS_INTS + 48]
MARK murre_arch_enter_window
    ldrb    w17, [x17]
    cbnz    w17, 5f
    blr     x16
MARK murre_arch_enter_window_end
    str     x0, [x19, #ARGS_INT_RESULT]
    str     d0, [x19, #ARGS_FLOAT_RESULT]
    mov     sp, x29
    mov     w0, #0
    ldp     x19, x27, [sp, #16]
    ldp     x29, x30, [sp], #32
    .cfi_remember_state
    .cfi_def_cfa sp, 0
    ret
    .cfi_restore_state
    /* Stack arguments, 8 bytes each; an odd number of them wants padding above. */
3:  add     x11, x10, #1
    and     x11, x11, #~1
    sub     sp, sp, x11, lsl #3
    ldr     x12, [x19, #ARGS_STACK]
32: sub     x10, x10, #1
    ldr     x13, [x12, x10, lsl #3]
    str     x13, [sp, x10, lsl #3]
    cbnz    x10, 32b
    b       1b
4:  ldp     d0, d1, [x19, #ARGS_FLOATS + 0]
    ldp     d2, d3, [x19, #ARGS_FLOATS + 16]
    ldp     d4, d5, [x19, #ARGS_FLOATS + 32]
    ldp     d6, d7, [x19, #ARGS_FLOATS + 48]
    b       2b
5:  ldr     x0, [x19, #ARGS_INTERRUPT]
    bl      murre_trap_interrupted
    brk     #0
END murre_arch_enter

/* Native convention on both sides. */
ROUTINE murre_arch_exit_first
    b       murre_arch_exit
END murre_arch_exit_first

ROUTINE murre_arch_exit
    FRAME   16
    sub     sp, sp, #EXIT_SIZE
    stp     x0, x1, [sp, #EXIT_INTS + 0]
    stp     x2, x3, [sp, #EXIT_INTS + 16]
    stp     x4, x5, [sp, #EXIT_INTS + 32]
    stp     x6, x7, [sp, #EXIT_INTS + 48]
    stp     d0, d1, [sp, #EXIT_FLOATS + 0]
    stp     d2, d3, [sp, #EXIT_FLOATS + 16]
    stp     d4, d5, [sp, #EXIT_FLOATS + 32]
    stp     d6, d7, [sp, #EXIT_FLOATS + 48]
    add     x9, x29, #16
    stp     x9, x29, [sp, #EXIT_STACK] /* and EXIT_FRAME */
    mov     x0, sp
    bl      murre_call_exit
    cbnz    x0, 1f
    ldr     x10, [sp, #EXIT_INTERRUPT]
    ldr     x0, [sp, #EXIT_INT_RESULT]
    ldr     d0, [sp, #EXIT_FLOAT_RESULT]
MARK murre_arch_exit_window
    ldrb    w11, [x10]
    cbnz    w11, 2f
    mov     sp, x29
    ldp     x29, x30, [sp], #16
    .cfi_remember_state
    .cfi_def_cfa sp, 0
    ret
MARK murre_arch_exit_window_end
    .cfi_restore_state
    /* There is compiled code now: go there as if the caller had. */
1:  mov     x16, x0
    ldp     x0, x1, [sp, #EXIT_INTS + 0]
    ldp     x2, x3, [sp, #EXIT_INTS + 16]
    ldp     x4, x5, [sp, #EXIT_INTS + 32]
    ldp     x6, x7, [sp, #EXIT_INTS + 48]
    ldp     d0, d1, [sp, #EXIT_FLOATS + 0]
    ldp     d2, d3, [sp, #EXIT_FLOATS + 16]
    ldp     d4, d5, [sp, #EXIT_FLOATS + 32]
    ldp     d6, d7, [sp, #EXIT_FLOATS + 48]
    ldr     x10, [sp, #EXIT_INTERRUPT]
MARK murre_arch_forward_window
    ldrb    w11, [x10]
    cbnz    w11, 2f
    mov     sp, x29
    ldp     x29, x30, [sp], #16
    .cfi_remember_state
    .cfi_def_cfa sp, 0
    br      x16
MARK murre_arch_forward_window_end
    .cfi_restore_state
2:  mov     x0, x10
    bl      murre_trap_interrupted
    brk     #0
END murre_arch_exit

/* The signal handler has put the stack pointer where it is safe. */
ROUTINE murre_arch_landing
    .cfi_undefined x30
    bl      murre_trap_landed
    brk     #0
END murre_arch_landing

    .section .note.GNU-stack, "", %progbits
