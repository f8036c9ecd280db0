/*
 * A kernel that says what it sees of its processor, and then what its user code does: a line for each leaf and subleaf
 * of CPUID, and for XGETBV. It enables what state its CPUID offers of x87, SSE and AVX, and ends with 42, or with 66
 * after an exception.
 *
 * A line is LEAF.SUBLEAF EAX EBX ECX EDX, in hexadecimal. XGETBV's have the leaf f0000000; a line of its own, with the
 * leaf f1000000, stands before user code's.
 */
#include "userkernel.inc"

#define FOUND 0x410000
#define USER_STACK 0x600000
#define SUBLEAVES 20
#define RECORD 24
#define COM1 0x3f8

    .text
    set_up
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %fs
    mov %eax, %gs

    mov %cr4, %rax
    or $0x600, %eax
    mov %rax, %cr4
    mov $1, %eax
    cpuid
    bt $26, %ecx
    jnc 2f
    mov %cr4, %rax
    bts $18, %rax
    mov %rax, %cr4
    mov $0xd, %eax
    xor %ecx, %ecx
    cpuid
    and $7, %eax
    xor %edx, %edx
    xor %ecx, %ecx
    xsetbv
2:
    mov $USER, %edi
    lea program(%rip), %rsi
    mov $program_end - program, %ecx
    rep movsb
    mov $FOUND, %edi
    call ask
    xor %r9d, %r9d
    mov $0xf1000000, %r8d
    call keep
    out %al, $0x80 /* an exit, as each kernel has many before its first program */
    mov $USER, %ecx
    mov $0x202, %r11d
    sysretq

/* User code, copied to USER. */
program:
    mov $USER_STACK, %esp
    call ask
    syscall

/* Puts all answers where RDI points, and has it point behind them. */
ask:
    xor %r8d, %r8d
    call ask_all
    mov $0x40000000, %r8d
    call ask_all
    mov $0x80000000, %r8d
    call ask_all
    mov $1, %eax
    cpuid
    bt $27, %ecx
    jnc 5f
    xor %r9d, %r9d
4:
    mov %r9d, %ecx
    xgetbv
    xor %ebx, %ebx
    mov %ecx, %r10d
    xor %ecx, %ecx
    mov $0xf0000000, %r8d
    call keep
    inc %r9d
    cmp $2, %r9d
    je 5f
    mov $0xd, %eax
    mov $1, %ecx
    cpuid
    bt $2, %eax
    jc 4b
5:
    ret

/* All subleaves of the leaves from R8 on, up to the highest that it has. */
ask_all:
    mov %r8d, %eax
    xor %ecx, %ecx
    cpuid
    mov %eax, %r11d
    mov %r8d, %eax
    add $0x40, %eax
    cmp %eax, %r11d
    jbe 1f
    mov %r8d, %r11d
1:
    xor %r9d, %r9d
2:
    mov %r8d, %eax
    mov %r9d, %ecx
    cpuid
    call keep
    inc %r9d
    cmp $SUBLEAVES, %r9d
    jne 2b
    inc %r8d
    cmp %r11d, %r8d
    jbe 1b
    ret

keep:
    mov %r8d, (%rdi)
    mov %r9d, 4(%rdi)
    mov %eax, 8(%rdi)
    mov %ebx, 12(%rdi)
    mov %ecx, 16(%rdi)
    mov %edx, 20(%rdi)
    add $RECORD, %edi
    ret
program_end:

entry:
    mov $STACK, %esp
    mov $FOUND, %esi
    mov %edi, %ebp
1:
    call hex
    mov $'.', %al
    call put
    call hex
    mov $4, %ecx
2:
    mov $' ', %al
    call put
    call hex
    loop 2b
    mov $'\n', %al
    call put
    cmp %ebp, %esi
    jb 1b
    mov $42, %al
    out %al, $0xf4
    hlt

/* Puts the number at RSI, and goes on behind it. */
hex:
    mov (%rsi), %ebx
    add $4, %esi
    mov $8, %r8d
1:
    rol $4, %ebx
    mov %bl, %al
    and $15, %al
    cmp $10, %al
    jb 2f
    add $'a' - '0' - 10, %al
2:
    add $'0', %al
    call put
    dec %r8d
    jnz 1b
    ret

put:
    mov $COM1, %edx
    out %al, %dx
    ret

    faults_and_tables
