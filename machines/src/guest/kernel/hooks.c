/* SPDX-License-Identifier: Apache-2.0 */
/* Misbehaviour on request, for the host's tests of bad guests. */
#include "protocol.h"
#include "cpu.h"
#include "kernel.h"

#define IDLE_TICKS 36

static void triple_fault(void) {
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } no_idt = {0, 0};
    __asm__ volatile("lidt %0; ud2" : : "m"(no_idt));
}

static void jump_to_mmio(void) {
    __asm__ volatile("jmp *%0" : : "r"((uint64_t)UNBACKED_GPA));
}

static void flood(void) {
    for (;;) {
        print("straddle ");
    }
}

struct __attribute__((aligned(16))) pair {
    uint64_t low, high;
};

/* Whether *pair was `expected`, and now is `desired`; else `expected` becomes what was there. */
static int exchange(volatile struct pair *pair, struct pair *expected, struct pair desired) {
    uint8_t equal;
    __asm__ volatile("lock cmpxchg16b %1; setz %0"
                     : "=q"(equal), "+m"(*pair), "+a"(expected->low), "+d"(expected->high)
                     : "b"(desired.low), "c"(desired.high)
                     : "memory", "cc");
    return equal;
}

/* Once with equal operands, which stores, and once with unequal ones, which loads. */
static int cmpxchg16b_works(void) {
    static volatile struct pair pair;
    pair.low = 0x1111;
    pair.high = 0x2222;
    struct pair expected = {0x1111, 0x2222};
    struct pair desired = {0x3333333333333333, 0x4444444444444444};
    int stored = exchange(&pair, &expected, desired) && pair.low == desired.low && pair.high == desired.high;
    int refused = !exchange(&pair, &expected, (struct pair){5, 6});
    int loaded = expected.low == desired.low && expected.high == desired.high;
    return stored && refused && loaded && pair.low == desired.low && pair.high == desired.high;
}

static void idle(void) {
    uint64_t end = ticks + IDLE_TICKS;
    while (ticks < end) {
        wait_for_tick();
    }
}

static _Noreturn void finish(int passed) {
    print(passed ? "ok\n" : "FAIL\n");
    leave(passed ? EXIT_SUCCESS : EXIT_HOOK_FAILED);
}

/* Returns only if no hook was asked for. */
void run_hook(uint32_t hook) {
    if (hook == HOOK_NONE || hook == PORT_FLOATING) {
        return;
    }
    print("hook ");
    print_decimal(hook);
    print(" ... ");
    switch (hook) {
    case HOOK_TRIPLE_FAULT:
        triple_fault();
        break;
    case HOOK_JUMP_TO_MMIO:
        jump_to_mmio();
        break;
    case HOOK_SPIN:
        disable_interrupts();
        for (;;) {
        }
    case HOOK_SERIAL_FLOOD:
        flood();
        break;
    case HOOK_HALT:
        for (;;) {
            disable_interrupts();
            halt();
        }
    case HOOK_UNDEFINED_IN_RING_3:
        run_in_ring3(USER_CODE + BLOB_START, PHASE_UNDEFINED, USER_ARENA, 1);
        break;
    case HOOK_CMPXCHG16B:
        finish(cmpxchg16b_works());
    case HOOK_IDLE:
        idle();
        finish(1);
    case HOOK_ROUNDS:
        print("\n");
        finish(run_rounds() == 0);
    }
    finish(0); /* an unknown hook, or one that should not have come back */
}
