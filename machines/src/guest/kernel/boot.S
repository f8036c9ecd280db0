/* SPDX-License-Identifier: Apache-2.0 */
/* The image header, and the way from real mode to kernel_main in long mode. */
#include "protocol.h"
#include "cpu.h"

    .section .header, "ax"
    .code16
header:
    jmp real_mode
    .org 4
    .ascii "STRADDLE"
    .long IMAGE_VERSION
    .long image_size
    .long 0 /* CRC-32, filled in by mkimage */
    .long IMAGE_GPA
    .long IMAGE_MIN_RAM
    .long blob_offset
    .long blob_size
    .long phases_offset
    .long phases_count
    .org IMAGE_HEADER_SIZE

real_mode:
    cli
    cld
    mov %cs, %ax
    mov %ax, %ds
    lgdtl gdt_pointer - header
    mov %cr0, %eax
    or $CR0_PE, %eax
    mov %eax, %cr0
    ljmpl $BOOT_CS, $protected_mode

    .section .boot, "ax"
    .code32
protected_mode:
    mov $KERNEL_DS, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss

    mov $bss_begin, %edi
    mov $bss_end, %ecx
    sub %edi, %ecx
    shr $2, %ecx
    xor %eax, %eax
    rep stosl

    /* The RAM we ask for, one to one by 2 MiB pages; paging.c adds the rest. */
    movl $low_pdpt + (PTE_P | PTE_W | PTE_U), pml4
    movl $low_pd + (PTE_P | PTE_W), low_pdpt
    mov $low_pd, %edi
    mov $PTE_P | PTE_W | PTE_PS, %eax
1:  mov %eax, (%edi)
    add $8, %edi
    add $LARGE_PAGE_SIZE, %eax
    cmp $IMAGE_MIN_RAM, %eax
    jb 1b

    mov $CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT, %eax
    mov %eax, %cr4
    mov $pml4, %eax
    mov %eax, %cr3
    mov $MSR_EFER, %ecx
    rdmsr
    or $EFER_LME | EFER_NXE | EFER_SCE, %eax
    wrmsr
    mov %cr0, %eax
    and $~(CR0_EM | CR0_TS), %eax
    or $CR0_PG | CR0_WP | CR0_NE | CR0_MP, %eax
    mov %eax, %cr0
    ljmp $KERNEL_CS, $long_mode

    .code64
long_mode:
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %fs
    mov %eax, %gs
    mov $KERNEL_DS, %eax
    mov %eax, %ss
    mov $kernel_stack_top, %esp
    xor %ebp, %ebp
    call kernel_main
    ud2

    .data
    .balign 16
    .globl gdt
gdt:
    .quad 0
    .quad 0x00209b0000000000 /* KERNEL_CS: 64-bit code */
    .quad 0x00cf93000000ffff /* KERNEL_DS */
    .quad 0                  /* USER_BASE: SYSRET's 32-bit code, never used */
    .quad 0x00cff3000000ffff /* USER_DS */
    .quad 0x0020fb0000000000 /* USER_CS: 64-bit code, DPL 3 */
    .quad 0, 0               /* TSS_SELECTOR, filled in by interrupts_init */
    .quad 0x00cf9b000000ffff /* BOOT_CS: 32-bit code */
gdt_end:
    .balign 4
gdt_pointer:
    .word gdt_end - gdt - 1
    .long gdt

    .section .blob, "a"
    .incbin "blob.bin"

    .bss
    .balign PAGE_SIZE
    .globl pml4, low_pdpt
pml4:
    .skip PAGE_SIZE
low_pdpt:
    .skip PAGE_SIZE
low_pd:
    .skip PAGE_SIZE

    .globl trap_stack_top, fault_stack_top
    .skip KERNEL_STACK_SIZE
kernel_stack_top:
    .skip TRAP_STACK_SIZE
trap_stack_top:
    .skip TRAP_STACK_SIZE
fault_stack_top:

    .section .note.GNU-stack, "", @progbits
