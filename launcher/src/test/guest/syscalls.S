/*
 * A kernel that runs user code, which makes SYSCALLs. It ends with 42, or with 66 after an exception or where SYSCALL
 * has not cleared what it is to clear.
 *
 * It can't read user code's memory.
 */
#include "userkernel.inc"

#define ROUNDS 50

    .text
    set_up

    movl $0xfceb050f, USER /* syscall; jmp back to it */
    mov $7, %eax /* SMAP, if the processor has it */
    xor %ecx, %ecx
    cpuid
    bt $20, %ebx
    jnc 1f
    mov %cr4, %rax
    bts $21, %rax
    mov %rax, %cr4
1:
    out %al, $0x80 /* an exit, as each kernel has many before its first program */
    mov $ROUNDS, %ebx
    mov $USER, %ecx
to_user:
    mov $0x202, %r11d
    sysretq

entry:
    pushfq
    pop %rdx
    test $0x10200, %edx
    jnz fault
    dec %ebx
    jnz to_user
    mov $42, %al
    out %al, $0xf4
    hlt

    faults_and_tables
