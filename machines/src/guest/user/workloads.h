/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A workload prepares its input in the arena once, then does the same op again
 * and again; every op must return the same checksum.
 */
#ifndef STRADDLE_WORKLOADS_H
#define STRADDLE_WORKLOADS_H

#include <stdint.h>

#pragma GCC visibility push(hidden)

#define WORKLOAD(name)                  \
    void name##_prepare(uint8_t *arena); \
    uint64_t name##_op(uint8_t *arena)

WORKLOAD(sieve);
WORKLOAD(crc32);
WORKLOAD(sha256);
WORKLOAD(quicksort);
WORKLOAD(bytecode);
WORKLOAD(matmul);
WORKLOAD(nbody);
WORKLOAD(memcpy);
WORKLOAD(chase);
WORKLOAD(syscall);

/* xorshift64: input that is the same in every run, with no table to carry. */
static inline uint64_t next_random(uint64_t *state) {
    uint64_t x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

static inline void fill_random(uint64_t *words, uint64_t count, uint64_t seed) {
    for (uint64_t i = 0; i < count; i++) {
        words[i] = next_random(&seed);
    }
}

#pragma GCC visibility pop
#endif
