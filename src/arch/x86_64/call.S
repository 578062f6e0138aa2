/* Entry and exit trampolines, unwinding and the trap landing for x86-64 (System V convention). See arch.h for what each promises.
 *
 * Every routine keeps the frame-pointer chain, so that backtraces can walk through. MXCSR and the x87 control word are never touched.
 * Compiled code may use the 128 bytes below its stack pointer (red zone); only the landing meets code in the middle, and the signal
 * handler has moved the stack pointer below it before. */
#include "arch/x86_64/layout.h"

    .text

    .macro  ROUTINE name
    .p2align 4
    .globl  \name
    .hidden \name
    .type   \name, @function
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
    .macro  FRAME
    pushq   %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq    %rsp, %rbp
    .cfi_def_cfa_register %rbp
    .endm

/* int murre_arch_protect(context, fn, argument) */
ROUTINE murre_arch_protect
    movq    (%rsp), %rax
    leaq    8(%rsp), %rcx
    movq    %rbx, CONTEXT_RBX(%rdi)
    movq    %rbp, CONTEXT_RBP(%rdi)
    movq    %r12, CONTEXT_R12(%rdi)
    movq    %r13, CONTEXT_R13(%rdi)
    movq    %r14, CONTEXT_R14(%rdi)
    movq    %r15, CONTEXT_R15(%rdi)
    movq    %rcx, CONTEXT_RSP(%rdi)
    movq    %rax, CONTEXT_RIP(%rdi)
    FRAME
    movq    %rdx, %rdi
    call    *%rsi
    xorl    %eax, %eax
    popq    %rbp
    .cfi_def_cfa %rsp, 8
    ret
END murre_arch_protect

/* void murre_arch_unwind(context): the call of murre_arch_protect that filled it returns 1. */
ROUTINE murre_arch_unwind
    movq    CONTEXT_RBX(%rdi), %rbx
    movq    CONTEXT_RBP(%rdi), %rbp
    movq    CONTEXT_R12(%rdi), %r12
    movq    CONTEXT_R13(%rdi), %r13
    movq    CONTEXT_R14(%rdi), %r14
    movq    CONTEXT_R15(%rdi), %r15
    movq    CONTEXT_RSP(%rdi), %rsp
    movl    $1, %eax
    jmpq    *CONTEXT_RIP(%rdi)
END murre_arch_unwind

/* int murre_arch_call(context, entry, args): runs into murre_arch_enter, whose return is its own. */
ROUTINE murre_arch_call
    movq    (%rsp), %rax
    leaq    8(%rsp), %rcx
    movq    %rbx, CONTEXT_RBX(%rdi)
    movq    %rbp, CONTEXT_RBP(%rdi)
    movq    %r12, CONTEXT_R12(%rdi)
    movq    %r13, CONTEXT_R13(%rdi)
    movq    %r14, CONTEXT_R14(%rdi)
    movq    %r15, CONTEXT_R15(%rdi)
    movq    %rcx, CONTEXT_RSP(%rdi)
    movq    %rax, CONTEXT_RIP(%rdi)
    movq    %rsi, %rdi
    movq    %rdx, %rsi
    jmp     murre_arch_enter
END murre_arch_call

/* int murre_arch_enter(entry, args) */
ROUTINE murre_arch_enter
    FRAME
    pushq   %rbx
    pushq   %r15
    .cfi_offset %rbx, -24
    .cfi_offset %r15, -32
    movq    %rsi, %rbx
    movq    %rdi, %r11
    movq    %rbp, ARGS_FRAME(%rbx)
    movq    ARGS_MEMORY_BASE(%rbx), %r15
    movq    ARGS_STACK_COUNT(%rbx), %rcx
    testq   %rcx, %rcx
    jnz     3f
1:  cmpq    $0, ARGS_FLOAT_COUNT(%rbx)
    jne     4f
2:  movq    ARGS_INTERRUPT(%rbx), %rax
    movq    ARGS_INTS + 0(%rbx), %rdi
    movq    ARGS_INTS + 8(%rbx), %rsi
    movq    ARGS_INTS + 16(%rbx), %rdx
    movq    ARGS_INTS + 24(%rbx), %rcx
    movq    ARGS_INTS + 32(%rbx), %r8
    movq    ARGS_INTS + 40(%rbx), %r9
MARK murre_arch_enter_window
    cmpb    $0, (%rax)
    jne     5f
    call    *%r11
MARK murre_arch_enter_window_end
    movq    %rax, ARGS_INT_RESULT(%rbx)
    movsd   %xmm0, ARGS_FLOAT_RESULT(%rbx)
    movq    -16(%rbp), %r15
    movq    -8(%rbp), %rbx
    xorl    %eax, %eax
    leave
    .cfi_remember_state
    .cfi_def_cfa %rsp, 8
    ret
    .cfi_restore_state
    /* Stack arguments, last first; an odd number of them wants padding above. */
3:  testb   $1, %cl
    jz      31f
    subq    $8, %rsp
31: movq    ARGS_STACK(%rbx), %rax
32: pushq   -8(%rax,%rcx,8)
    decq    %rcx
    jnz     32b
    jmp     1b
4:  movsd   ARGS_FLOATS + 0(%rbx), %xmm0
    movsd   ARGS_FLOATS + 8(%rbx), %xmm1
    movsd   ARGS_FLOATS + 16(%rbx), %xmm2
    movsd   ARGS_FLOATS + 24(%rbx), %xmm3
    movsd   ARGS_FLOATS + 32(%rbx), %xmm4
    movsd   ARGS_FLOATS + 40(%rbx), %xmm5
    movsd   ARGS_FLOATS + 48(%rbx), %xmm6
    movsd   ARGS_FLOATS + 56(%rbx), %xmm7
    jmp     2b
5:  movq    %rax, %rdi
    call    murre_trap_interrupted
    ud2
END murre_arch_enter

/* Native convention on both sides. */
ROUTINE murre_arch_exit_first
    jmp     murre_arch_exit
END murre_arch_exit_first

ROUTINE murre_arch_exit
    FRAME
    subq    $EXIT_SIZE, %rsp
    movq    %rdi, EXIT_INTS + 0(%rsp)
    movq    %rsi, EXIT_INTS + 8(%rsp)
    movq    %rdx, EXIT_INTS + 16(%rsp)
    movq    %rcx, EXIT_INTS + 24(%rsp)
    movq    %r8, EXIT_INTS + 32(%rsp)
    movq    %r9, EXIT_INTS + 40(%rsp)
    movsd   %xmm0, EXIT_FLOATS + 0(%rsp)
    movsd   %xmm1, EXIT_FLOATS + 8(%rsp)
    movsd   %xmm2, EXIT_FLOATS + 16(%rsp)
    movsd   %xmm3, EXIT_FLOATS + 24(%rsp)
    movsd   %xmm4, EXIT_FLOATS + 32(%rsp)
    movsd   %xmm5, EXIT_FLOATS + 40(%rsp)
    movsd   %xmm6, EXIT_FLOATS + 48(%rsp)
    movsd   %xmm7, EXIT_FLOATS + 56(%rsp)
    leaq    16(%rbp), %rax
    movq    %rax, EXIT_STACK(%rsp)
    movq    %rbp, EXIT_FRAME(%rsp)
    movq    %rsp, %rdi
    call    murre_call_exit
    testq   %rax, %rax
    jnz     1f
    movq    EXIT_INTERRUPT(%rsp), %rcx
    movq    EXIT_INT_RESULT(%rsp), %rax
    movsd   EXIT_FLOAT_RESULT(%rsp), %xmm0
MARK murre_arch_exit_window
    cmpb    $0, (%rcx)
    jne     2f
    leave
    .cfi_remember_state
    .cfi_def_cfa %rsp, 8
    ret
MARK murre_arch_exit_window_end
    .cfi_restore_state
    /* There is compiled code now: go there as if the caller had. */
1:  movq    %rax, %r11
    movq    EXIT_INTS + 0(%rsp), %rdi
    movq    EXIT_INTS + 8(%rsp), %rsi
    movq    EXIT_INTS + 16(%rsp), %rdx
    movq    EXIT_INTS + 24(%rsp), %rcx
    movq    EXIT_INTS + 32(%rsp), %r8
    movq    EXIT_INTS + 40(%rsp), %r9
    movsd   EXIT_FLOATS + 0(%rsp), %xmm0
    movsd   EXIT_FLOATS + 8(%rsp), %xmm1
    movsd   EXIT_FLOATS + 16(%rsp), %xmm2
    movsd   EXIT_FLOATS + 24(%rsp), %xmm3
    movsd   EXIT_FLOATS + 32(%rsp), %xmm4
    movsd   EXIT_FLOATS + 40(%rsp), %xmm5
    movsd   EXIT_FLOATS + 48(%rsp), %xmm6
    movsd   EXIT_FLOATS + 56(%rsp), %xmm7
    movq    EXIT_INTERRUPT(%rsp), %rax
MARK murre_arch_forward_window
    cmpb    $0, (%rax)
    jne     3f
    leave
    .cfi_remember_state
    .cfi_def_cfa %rsp, 8
    jmpq    *%r11
MARK murre_arch_forward_window_end
    .cfi_restore_state
2:  movq    %rcx, %rdi
    call    murre_trap_interrupted
    ud2
3:  movq    %rax, %rdi
    call    murre_trap_interrupted
    ud2
END murre_arch_exit

/* The signal handler has put the stack pointer where it is safe. */
ROUTINE murre_arch_landing
    .cfi_undefined %rip
    andq    $-16, %rsp
    cld
    call    murre_trap_landed
    ud2
END murre_arch_landing

    .section .note.GNU-stack, "", @progbits
