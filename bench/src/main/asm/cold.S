/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest whose code is cold: 10,000 different functions, each called once a round. It has the embedded guest's
 * header, ports and serial output (machines/src/guest/README.md), one phase, and runs in ring 0.
 */
#define IMAGE 0x10000
#define MIN_RAM 0x1000000
#define HEADER_SIZE 64
#define STACK_TOP 0x9ff00
#define PML4 0x200000
#define PDPT 0x201000
#define PD 0x202000
#define DATA 0x300000
#define FUNCTIONS 10000
#define FUNCTION_SIZE 52
/* Prime to FUNCTIONS: the order of calls leaves no pattern in the addresses. */
#define STRIDE 7919

#define COM1 0x3f8
#define LSR_THRE 0x20
#define PORT_EVENT 0x5a0
#define PORT_OPS 0x5a4
#define PORT_RESULT_LOW 0x5a8
#define PORT_RESULT_HIGH 0x5ac
#define PORT_EXIT 0xf4

#define PHASE 1
#define EVENT_BEGIN 1
#define EVENT_END 2
#define EVENT_PREPARE 3
#define EVENT_PASS 4
#define EVENT_DONE 7

    .text
    .code16
header:
    jmp real_mode
    .org 4
    .ascii "STRADDLE"
    .long 1
    .long image_end - header
    .long 0 /* CRC-32, filled in by the benchmark */
    .long IMAGE
    .long MIN_RAM
    .long phases - header, 0 /* no user blob */
    .long phases - header, 1
    .org HEADER_SIZE

real_mode:
    cli
    cld
    mov %cs, %ax
    mov %ax, %ds
    lgdtl gdt_pointer - header
    mov %cr0, %eax
    or $1, %eax
    mov %eax, %cr0
    ljmpl $0x18, $protected_mode

    .code32
protected_mode:
    mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $PML4, %edi
    mov $0x3000 / 4, %ecx
    xor %eax, %eax
    rep stosl
    movl $PDPT + 3, PML4
    movl $PD + 3, PDPT
    mov $PD, %edi
    mov $0x83, %eax
1:  mov %eax, (%edi)
    add $8, %edi
    add $0x200000, %eax
    cmp $MIN_RAM, %eax
    jb 1b
    mov $0x20, %eax /* PAE */
    mov %eax, %cr4
    mov $PML4, %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx
    rdmsr
    or $0x100, %eax /* LME */
    wrmsr
    mov %cr0, %eax
    or $0x80000000, %eax
    mov %eax, %cr0
    ljmp $0x08, $long_mode

    .code64
long_mode:
    mov $0x10, %eax
    mov %eax, %ss
    mov $STACK_TOP, %esp

    mov $COM1 + 3, %edx
    mov $0x83, %al
    out %al, %dx
    mov $COM1, %edx
    mov $1, %al
    out %al, %dx
    inc %edx
    xor %eax, %eax
    out %al, %dx
    mov $COM1 + 3, %edx
    mov $0x03, %al
    out %al, %dx

    lea name(%rip), %rsi
    call print
    mov $EVENT_PREPARE << 24 | PHASE, %eax
    call event
    mov $PORT_OPS, %edx
    in %dx, %eax
    cmp $-1, %eax
    jne 1f
    mov phases + 12(%rip), %eax
1:  mov %eax, %r12d
    mov $EVENT_BEGIN << 24 | PHASE, %eax
    call event

    xor %eax, %eax
    mov $DATA, %edi
round:
    xor %r13d, %r13d
    mov $FUNCTIONS, %r14d
1:  imul $FUNCTION_SIZE, %r13, %rcx
    lea functions(%rip), %rdx
    add %rdx, %rcx
    call *%rcx
    add $STRIDE, %r13d
    cmp $FUNCTIONS, %r13d
    jb 2f
    sub $FUNCTIONS, %r13d
2:  dec %r14d
    jnz 1b
    dec %r12d
    jnz round

    mov %rax, %r12
    mov $EVENT_END << 24 | PHASE, %eax
    call event
    mov $PORT_RESULT_LOW, %edx
    mov %r12d, %eax
    out %eax, %dx
    mov $PORT_RESULT_HIGH, %edx
    mov %r12, %rax
    shr $32, %rax
    out %eax, %dx
    mov $EVENT_PASS << 24 | PHASE, %eax
    call event
    lea done(%rip), %rsi
    call print
    mov $16, %r14d
1:  rol $4, %r12
    mov %r12d, %eax
    and $15, %eax
    lea digits(%rip), %rcx
    mov (%rcx, %rax), %al
    call send
    dec %r14d
    jnz 1b
    lea end(%rip), %rsi
    call print
    mov $EVENT_DONE << 24, %eax
    call event
    xor %eax, %eax
    mov $PORT_EXIT, %edx
    out %eax, %dx
1:  cli
    hlt
    jmp 1b

event:
    mov $PORT_EVENT, %edx
    out %eax, %dx
    ret

print:
    lodsb
    test %al, %al
    jz 1f
    call send
    jmp print
1:  ret

send:
    mov %al, %cl
    mov $COM1 + 5, %edx
1:  in %dx, %al
    test $LSR_THRE, %al
    jz 1b
    mov %cl, %al
    mov $COM1, %edx
    out %al, %dx
    ret

name:
    .asciz "cold"
done:
    .asciz " ... ok (result 0x"
end:
    .asciz ")\r\n"
digits:
    .ascii "0123456789abcdef"

    .balign 8
gdt:
    .quad 0
    .quad 0x00209b0000000000
    .quad 0x00cf93000000ffff
    .quad 0x00cf9b000000ffff
gdt_pointer:
    .word . - gdt - 1
    .long gdt

    .balign 16
phases:
    .long PHASE, 0, 0, 5
    .quad 170000 /* instructions of an op, nearly */
    .quad 0
    .ascii "cold"
    .org phases - header + 64

/* rdi points to data, rax is changed. */
functions:
    .set seed, 12345
    .set index, 0
    .rept FUNCTIONS
    .set seed, (seed * 1103515245 + 12345) & 0x7fffffff
    push %rbx
    mov $seed, %ebx
    add ((seed >> 8) & 0x78)(%rdi), %rbx
    .if seed & 0x10000
    xor %rbx, %rax
    .else
    add %rbx, %rax
    .endif
    test $1 << ((seed >> 17) & 7), %al
    jz 1f
    imul $(seed >> 3) | 1, %rax, %rax
    inc %rbx
1:  mov %rax, ((seed >> 12) & 0x78)(%rdi)
    rol $((seed >> 20) & 31) + 1, %rax
    cmp %rbx, %rax
    .if seed & 0x20000
    ja 2f
    .else
    jl 2f
    .endif
    sub $seed & 0x7f, %rax
2:  pop %rbx
    ret
    .set index, index + 1
    .org functions - header + FUNCTION_SIZE * index, 0xcc
    .endr
image_end:

    .section .note.GNU-stack, "", @progbits
