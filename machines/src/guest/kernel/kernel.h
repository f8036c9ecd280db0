/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STRADDLE_KERNEL_H
#define STRADDLE_KERNEL_H

#include <stdint.h>

/* What trap.S pushes, lowest address first. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

/* serial.c */
void serial_init(void);
void print(const char *text);
void print_decimal(uint64_t value);
void print_hex(uint64_t value);

/* paging.c */
void paging_init(void);
uint64_t window_fault_and_unmap(uint64_t op);
int window_map(uint64_t gva, uint64_t error);

/* interrupts.c */
extern volatile uint64_t ticks;
extern volatile uint64_t ticks_in_ring3;
void interrupts_init(void);
void wait_for_tick(void);
_Noreturn void leave(uint32_t status);

/* phases.c */
extern uint64_t pings;
uint32_t run_phases(void);
uint32_t run_rounds(void);

/* hooks.c */
void run_hook(uint32_t hook);

/* trap.S */
extern const uint64_t trap_stubs[];
void syscall_entry(void);
uint64_t run_in_ring3(uint64_t start, uint64_t phase, uint64_t arena, uint64_t ops);

/* boot.S */
extern uint64_t gdt[];
extern uint8_t trap_stack_top[];
extern uint8_t fault_stack_top[];
extern uint64_t pml4[512];
extern uint64_t low_pdpt[512];

#endif
