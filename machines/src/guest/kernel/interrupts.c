/* SPDX-License-Identifier: Apache-2.0 */
/* GDT's TSS, IDT, the PIC pair, PIT channel 0, and what to do with each vector. */
#include "protocol.h"
#include "cpu.h"
#include "kernel.h"

#define PIC1 0x20
#define PIC2 0xa0
#define ICW1_INIT_ICW4 0x11
#define ICW4_8086 0x01
#define OCW2_EOI 0x20
#define ALL_BUT_IRQ0 0xfe
#define ALL 0xff

#define PIT_CHANNEL0 0x40
#define PIT_CONTROL 0x43
#define PIT_CHANNEL0_MODE2 0x34
/* The PC's own 18.2 Hz: the largest divisor, which the chip takes as 0. */
#define PIT_DIVISOR 65536

struct gate {
    uint16_t offset0, selector;
    uint8_t ist, type;
    uint16_t offset16;
    uint32_t offset32, reserved;
};

#define GATE_INTERRUPT 0x8e

struct __attribute__((packed)) tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, io_map;
};

#define DESCRIPTOR_TSS (0x89ull << 40)

static struct gate idt[VECTORS] __attribute__((aligned(16)));
static struct tss tss __attribute__((aligned(16)));

volatile uint64_t ticks;
volatile uint64_t ticks_in_ring3;

void trap(const struct trap_frame *frame);

static void load_tss(void) {
    tss.rsp[0] = (uint64_t)trap_stack_top;
    tss.ist[DOUBLE_FAULT_IST - 1] = (uint64_t)fault_stack_top;
    tss.io_map = sizeof tss; /* past the limit: ring 3 has no ports */
    uint64_t base = (uint64_t)&tss;
    uint64_t *descriptor = gdt + TSS_SELECTOR / 8;
    descriptor[0] = (sizeof tss - 1) | (base & 0xffffff) << 16 | DESCRIPTOR_TSS | (base >> 24 & 0xff) << 56;
    descriptor[1] = base >> 32;
    __asm__ volatile("ltr %w0" : : "r"(TSS_SELECTOR) : "memory");
}

static void load_idt(void) {
    for (int vector = 0; vector < VECTORS; vector++) {
        uint64_t stub = trap_stubs[vector];
        struct gate *gate = &idt[vector];
        gate->offset0 = (uint16_t)stub;
        gate->offset16 = (uint16_t)(stub >> 16);
        gate->offset32 = (uint32_t)(stub >> 32);
        gate->selector = KERNEL_CS;
        gate->ist = vector == VECTOR_DOUBLE_FAULT ? DOUBLE_FAULT_IST : 0;
        gate->type = GATE_INTERRUPT;
    }
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } pointer = {sizeof idt - 1, (uint64_t)idt};
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

static void start_timer(void) {
    out8(PIC1, ICW1_INIT_ICW4);
    out8(PIC2, ICW1_INIT_ICW4);
    out8(PIC1 + 1, VECTOR_IRQ0);
    out8(PIC2 + 1, VECTOR_IRQ0 + 8);
    out8(PIC1 + 1, 1 << 2); /* the second PIC hangs on IRQ 2 */
    out8(PIC2 + 1, 2);
    out8(PIC1 + 1, ICW4_8086);
    out8(PIC2 + 1, ICW4_8086);
    out8(PIC1 + 1, ALL_BUT_IRQ0);
    out8(PIC2 + 1, ALL);

    out8(PIT_CONTROL, PIT_CHANNEL0_MODE2);
    out8(PIT_CHANNEL0, (uint8_t)PIT_DIVISOR);
    out8(PIT_CHANNEL0, (uint8_t)(PIT_DIVISOR >> 8));
}

static void enable_syscall(void) {
    write_msr(MSR_STAR, (uint64_t)(USER_BASE | 3) << 48 | (uint64_t)KERNEL_CS << 32);
    write_msr(MSR_LSTAR, (uint64_t)syscall_entry);
    write_msr(MSR_FMASK, RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_NT | RFLAGS_AC);
}

void interrupts_init(void) {
    load_tss();
    load_idt();
    enable_syscall();
    start_timer();
    enable_interrupts();
}

void wait_for_tick(void) {
    uint64_t seen = ticks;
    for (;;) {
        disable_interrupts();
        if (ticks != seen) {
            break;
        }
        enable_interrupts_and_halt();
    }
    enable_interrupts();
}

_Noreturn void leave(uint32_t status) {
    out32(PORT_EXIT, status);
    for (;;) {
        disable_interrupts();
        halt();
    }
}

static void report(const struct trap_frame *frame) {
    print("\nEXCEPTION vector ");
    print_decimal(frame->vector);
    print(" error ");
    print_hex(frame->error);
    print(" ring ");
    print_decimal(frame->cs & 3);
    print(" rip ");
    print_hex(frame->rip);
    print(" rsp ");
    print_hex(frame->rsp);
    print(" cr2 ");
    print_hex(read_cr2());
    print("\n");
}

/* Called by trap.S with interrupts off. */
void trap(const struct trap_frame *frame) {
    switch (frame->vector) {
    case VECTOR_IRQ0:
        ticks++;
        ticks_in_ring3 += (frame->cs & 3) == 3;
        out8(PIC1, OCW2_EOI);
        return;
    case VECTOR_IRQ7: /* IRQ 7 and 15 are masked, so these are spurious; */
        return;
    case VECTOR_IRQ15: /* only the first PIC has taken the second one's for real. */
        out8(PIC1, OCW2_EOI);
        return;
    case VECTOR_PAGE_FAULT:
        if (window_map(read_cr2(), frame->error)) {
            return;
        }
        break;
    }
    report(frame);
    leave(EXIT_EXCEPTION + (uint32_t)frame->vector);
}
