/* SPDX-License-Identifier: Apache-2.0 */
/* The processor's structures and instructions that C has no words for. */
#ifndef STRADDLE_CPU_H
#define STRADDLE_CPU_H

/* Selectors. SYSRET wants user code 16 and user data 8 bytes after STAR's user base. */
#define KERNEL_CS 0x08
#define KERNEL_DS 0x10
#define USER_BASE 0x18
#define USER_DS (0x20 | 3)
#define USER_CS (0x28 | 3)
#define TSS_SELECTOR 0x30
#define BOOT_CS 0x40 /* 32-bit, on the way to long mode */

#define CR0_PE (1 << 0)
#define CR0_MP (1 << 1)
#define CR0_EM (1 << 2)
#define CR0_TS (1 << 3)
#define CR0_NE (1 << 5)
#define CR0_WP (1 << 16)
#define CR0_PG (1 << 31)
#define CR4_PAE (1 << 5)
#define CR4_OSFXSR (1 << 9)
#define CR4_OSXMMEXCPT (1 << 10)

#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_FMASK 0xc0000084
#define EFER_SCE (1 << 0)
#define EFER_LME (1 << 8)
#define EFER_NXE (1 << 11)

/* #PF error code: present, from ring 3, instruction fetch. */
#define PF_USER_FETCH 0x15

#define RFLAGS_RESERVED (1 << 1)
#define RFLAGS_TF (1 << 8)
#define RFLAGS_IF (1 << 9)
#define RFLAGS_DF (1 << 10)
#define RFLAGS_NT (1 << 14)
#define RFLAGS_AC (1 << 18)

#define PTE_P 0x001
#define PTE_W 0x002
#define PTE_U 0x004
#define PTE_A 0x020
#define PTE_D 0x040
#define PTE_PS 0x080

#define PAGE_SIZE 0x1000
#define LARGE_PAGE_SIZE 0x200000

#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_PAGE_FAULT 14
#define VECTOR_IRQ0 0x20
#define VECTOR_IRQ7 0x27
#define VECTOR_IRQ15 0x2f
#define VECTORS 0x30
#define DOUBLE_FAULT_IST 1

#define KERNEL_STACK_SIZE 0x2000
#define TRAP_STACK_SIZE 0x1000

/* Where ring 3 lives; see paging.c. The address is above 4 GiB so that a cut-off upper half shows. */
#define USER_CODE 0x7f0000000000
#define USER_STACK_TOP 0x7f0000110000
#define USER_ARENA 0x7f0000200000

#ifndef __ASSEMBLER__

#include <stdint.h>

#define PTE_NX (1ull << 63)

static inline void out8(uint16_t port, uint8_t value) {
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t in8(uint16_t port) {
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline void out32(uint16_t port, uint32_t value) {
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint32_t in32(uint16_t port) {
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline void write_msr(uint32_t msr, uint64_t value) {
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

static inline uint64_t read_tsc(void) {
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static inline uint64_t read_cr2(void) {
    uint64_t value;
    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static inline void invalidate_page(uint64_t gva) {
    __asm__ volatile("invlpg (%0)" : : "r"(gva) : "memory");
}

static inline void disable_interrupts(void) {
    __asm__ volatile("cli" : : : "memory");
}

static inline void enable_interrupts(void) {
    __asm__ volatile("sti" : : : "memory");
}

static inline void halt(void) {
    __asm__ volatile("hlt" : : : "memory");
}

/* STI takes effect after the next instruction: no interrupt slips in before HLT. */
static inline void enable_interrupts_and_halt(void) {
    __asm__ volatile("sti; hlt" : : : "memory");
}

#endif
#endif
