/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol.h"
#include "workloads.h"

__attribute__((visibility("hidden")))
uint64_t run_phase(uint64_t id, uint8_t *arena, uint64_t ops);

/* The checksum that all ops agree on, or 0. */
static uint64_t repeat(uint64_t (*op)(uint8_t *), uint8_t *arena, uint64_t ops) {
    if (ops == 0) {
        return 0;
    }
    uint64_t first = op(arena);
    while (--ops != 0) {
        if (op(arena) != first) {
            return 0;
        }
    }
    return first;
}

#define RUN(name)           \
    case PHASE_##name:      \
        name##_prepare(arena); \
        return repeat(name##_op, arena, ops)

uint64_t run_phase(uint64_t id, uint8_t *arena, uint64_t ops) {
    switch (id) {
        RUN(sieve);
        RUN(crc32);
        RUN(sha256);
        RUN(quicksort);
        RUN(bytecode);
        RUN(matmul);
        RUN(nbody);
        RUN(memcpy);
        RUN(chase);
        RUN(syscall);
    case PHASE_UNDEFINED:
        __asm__ volatile("ud2");
        return 0;
    default:
        return 0;
    }
}
