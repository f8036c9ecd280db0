/* SPDX-License-Identifier: Apache-2.0 */
/* The phase table and the protocol that is spoken around every phase. */
#include "protocol.h"
#include "cpu.h"
#include "kernel.h"

#define PORT_POST 0x80

__attribute__((section(".phases"), used, aligned(16))) const struct phase phases_begin[] = {
#define PHASE(id, name, ring, kind, ops, instructions, expected) \
    {id, ring, kind, ops, instructions, expected, #name},
#include "phases.def"
#undef PHASE
};

#define PHASES (sizeof phases_begin / sizeof phases_begin[0])

uint64_t pings;

/* How many phases were not skipped. */
static uint32_t phases_run;

uint64_t system_call(uint64_t number, uint64_t argument);

/* Called by trap.S on its stack, for all numbers but SYS_EXIT. */
uint64_t system_call(uint64_t number, uint64_t argument) {
    if (number == SYS_PING) {
        pings++;
        return argument ^ SYS_PING_MASK;
    }
    return ~0ull;
}

static uint64_t take_page_faults(uint64_t ops) {
    uint64_t first = window_fault_and_unmap(0);
    for (uint64_t op = 1; op < ops; op++) {
        if (window_fault_and_unmap(op) != first) {
            return 0;
        }
    }
    return first;
}

/* What port 0x80 reads as depends on the machine, so it does not count. */
static uint64_t touch_port(uint64_t ops) {
    for (uint64_t op = 0; op < ops; op++) {
        out8(PORT_POST, (uint8_t)op);
        in8(PORT_POST);
    }
    return (uint64_t)PORT_POST << 32 | PORT_POST;
}

static uint64_t take_ticks(uint64_t ops) {
    uint64_t before = ticks;
    for (uint64_t op = 0; op < ops; op++) {
        wait_for_tick();
    }
    return ticks - before >= ops ? (uint64_t)VECTOR_IRQ0 << 32 | 1 : 0;
}

static uint64_t run(const struct phase *phase, uint64_t ops) {
    switch (phase->id) {
    case PHASE_pagefault:
        return take_page_faults(ops);
    case PHASE_portio:
        return touch_port(ops);
    case PHASE_timer:
        return take_ticks(ops);
    default:
        return run_in_ring3(USER_CODE + BLOB_START, phase->id, USER_ARENA, ops);
    }
}

static void send_event(uint32_t event, uint32_t argument) {
    out32(PORT_EVENT, event << 24 | argument);
}

/* Whether the phase passed or was skipped. */
static int run_phase(const struct phase *phase) {
    print(phase->name);
    send_event(EVENT_PREPARE, phase->id);
    uint32_t ops = in32(PORT_OPS);
    if (ops == PORT_FLOATING) {
        ops = phase->default_ops;
    }
    if (ops == 0) {
        print(" ... skipped\n");
        return 1;
    }

    phases_run++;
    pings = 0;
    send_event(EVENT_BEGIN, phase->id);
    uint64_t result = run(phase, ops);
    send_event(EVENT_END, phase->id);
    if (phase->id == PHASE_syscall && pings != ops) {
        result = 0;
    }
    out32(PORT_RESULT_LOW, (uint32_t)result);
    out32(PORT_RESULT_HIGH, (uint32_t)(result >> 32));
    int passed = result == phase->expected;
    send_event(passed ? EVENT_PASS : EVENT_FAIL, phase->id);

    print(passed ? " ... ok (result " : " ... FAIL (result ");
    print_hex(result);
    if (!passed) {
        print(", expected ");
        print_hex(phase->expected);
    }
    print(", ops ");
    print_decimal(ops);
    print(")\n");
    return passed;
}

uint32_t run_phases(void) {
    uint32_t failures = 0;
    for (uint64_t i = 0; i < PHASES; i++) {
        failures += !run_phase(&phases_begin[i]);
    }
    send_event(EVENT_DONE, failures);
    return failures;
}

/* All phases again and again, until all are skipped. A counter that stands still or goes back is a failure, too. */
uint32_t run_rounds(void) {
    uint32_t failures = 0;
    uint32_t run_before;
    uint64_t before = read_tsc();
    do {
        run_before = phases_run;
        for (uint64_t i = 0; i < PHASES; i++) {
            failures += !run_phase(&phases_begin[i]);
            uint64_t now = read_tsc();
            if (now <= before) {
                print("time went back\n");
                failures++;
            }
            before = now;
        }
    } while (phases_run != run_before);
    return failures;
}
