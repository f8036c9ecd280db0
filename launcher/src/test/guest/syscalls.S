/*
 * A kernel that runs user code, which makes SYSCALLs. It is entered as Linux is (64-bit entry, the first 4 GiB
 * mapped one to one by tables at 0x9000) and ends by the debug-exit port: with 42, or with 66 after a page fault.
 *
 * SYSCALL clears here what Linux has it clear, RF among it, and the kernel can't read user code's memory.
 */
#define ROUNDS 50
#define USER 0x400000
#define GDT 0x300000
#define TSS 0x301000
#define IDT 0x302000
#define STACK 0x310000
#define SFMASK 0x257fd5

    .text
    /* User code may use the two MiB at USER. */
    orq $4, 0x9000
    orq $4, 0xa000
    orq $4, 0xb010
    mov %cr3, %rax
    mov %rax, %cr3

    mov $GDT, %edi
    lea gdt(%rip), %rsi
    mov $gdt_end - gdt, %ecx
    rep movsb
    lgdt gdtr(%rip)
    movq $STACK, TSS + 4
    mov $0x30, %eax
    ltr %ax
    mov $STACK, %esp

    lea fault(%rip), %rax
    mov %ax, IDT + 14 * 16
    movl $0x10, IDT + 14 * 16 + 2
    movw $0x8e00, IDT + 14 * 16 + 4
    shr $16, %rax
    mov %ax, IDT + 14 * 16 + 6
    lidt idtr(%rip)

    mov $0xc0000080, %ecx
    rdmsr
    or $1, %eax
    wrmsr
    mov $0xc0000081, %ecx
    xor %eax, %eax
    mov $0x001b0010, %edx
    wrmsr
    mov $0xc0000082, %ecx
    lea entry(%rip), %rax
    xor %edx, %edx
    wrmsr
    mov $0xc0000084, %ecx
    mov $SFMASK, %eax
    wrmsr

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
fault:
    mov $66, %al
    out %al, $0xf4
    hlt

gdt:
    .quad 0, 0, 0x00af9a000000ffff, 0x00cf92000000ffff, 0x00cff2000000ffff, 0x00affa000000ffff
    .quad 0x0000890000000067 | (TSS & 0xffffff) << 16, 0
gdt_end:
gdtr:
    .word gdt_end - gdt - 1
    .quad GDT
idtr:
    .word 0xfff
    .quad IDT
    .section .note.GNU-stack, "", @progbits
