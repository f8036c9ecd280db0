/* SPDX-License-Identifier: Apache-2.0 */
/* Every way into ring 0, and the one way into ring 3. */
#include "protocol.h"
#include "cpu.h"

    .text

/* One stub a vector, each leaving the same frame: where the CPU pushes no error code, we push 0. */
    .macro stub vector
    .section .text
stub_\vector:
    .if \vector == 14
    cmpq $PF_USER_FETCH, (%rsp)
    je user_fetch_fault
page_fault:
    .endif
    .if !(\vector == 8 || (\vector >= 10 && \vector <= 14) || \vector == 17 || \vector == 21 || \vector == 29 || \vector == 30)
    push $0
    .endif
    push $\vector
    jmp common
    .section .rodata
    .quad stub_\vector
    .endm

    .section .rodata
    .balign 8
    .globl trap_stubs
trap_stubs:
    .altmacro
    .set number, 0
    .rept VECTORS
    stub %number
    .set number, number + 1
    .endr
    .noaltmacro

    .text
common:
    push %rax
    push %rbx
    push %rcx
    push %rdx
    push %rsi
    push %rdi
    push %rbp
    push %r8
    push %r9
    push %r10
    push %r11
    push %r12
    push %r13
    push %r14
    push %r15
    cld
    mov %rsp, %rdi
    call trap
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rbp
    pop %rdi
    pop %rsi
    pop %rdx
    pop %rcx
    pop %rbx
    pop %rax
    add $16, %rsp
    iretq

/*
 * uint64_t run_in_ring3(uint64_t start, uint64_t phase, uint64_t arena, uint64_t ops)
 *
 * Returns when ring 3 calls SYS_EXIT, with its argument.
 */
    .globl run_in_ring3
run_in_ring3:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, resume_rsp(%rip)
    mov $USER_STACK_TOP, %rax
    pushq $USER_DS
    push %rax
    pushq $RFLAGS_IF | RFLAGS_RESERVED
    pushq $USER_CS
    push %rdi
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    iretq

/*
 * Some hosts' KVM runs ring 3 on the processor and nothing else: SYSCALL then jumps to LSTAR with RCX, R11 and
 * RFLAGS as it should, but still in ring 3, and faults on the fetch. IF tells it from a jump there by a program.
 */
user_fetch_fault:
    push %rax
    lea syscall_entry(%rip), %rax
    cmp %rax, 16(%rsp)
    pop %rax
    jne page_fault
    testl $RFLAGS_IF, 24(%rsp)
    jnz page_fault
    mov 32(%rsp), %rsp
    jmp syscall_entry

/* One CPU, and FMASK keeps interrupts off: a plain variable holds the user's RSP. */
    .globl syscall_entry
syscall_entry:
    mov %rsp, user_rsp(%rip)
    mov $trap_stack_top, %esp
    cmp $SYS_EXIT, %rax
    je leave_ring3
    push %rcx
    push %r11
    push %rdi
    push %rsi
    push %rdx
    push %r8
    push %r9
    push %r10
    mov %rdi, %rsi
    mov %rax, %rdi
    call system_call
    pop %r10
    pop %r9
    pop %r8
    pop %rdx
    pop %rsi
    pop %rdi
    pop %r11
    pop %rcx
    mov user_rsp(%rip), %rsp
    sysretq

leave_ring3:
    mov resume_rsp(%rip), %rsp
    mov %rdi, %rax
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    sti
    ret

    .bss
    .balign 8
user_rsp:
    .skip 8
resume_rsp:
    .skip 8

    .section .note.GNU-stack, "", @progbits
