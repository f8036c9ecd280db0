/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads.h"

/* ---- memcpy: 2 MiB by a plain loop of 64-bit loads and stores, four a turn ---- */

#define COPY_WORDS (1u << 18)
#define COPY_SAMPLE 1021 /* every COPY_SAMPLE-th word is checked */

struct copy_arena {
    uint64_t from[COPY_WORDS];
    uint64_t to[COPY_WORDS];
};

void memcpy_prepare(uint8_t *arena) {
    fill_random(((struct copy_arena *)arena)->from, COPY_WORDS, 0xbb67ae8584caa73b);
}

uint64_t memcpy_op(uint8_t *arena) {
    struct copy_arena *a = (struct copy_arena *)arena;
    for (uint64_t i = 0; i < COPY_WORDS; i += COPY_SAMPLE) {
        a->to[i] = 0; /* or the last op's copy would pass for this one's */
    }
    const uint64_t *from = a->from;
    uint64_t *to = a->to;
    uint64_t *end = to + COPY_WORDS;
    do {
        uint64_t w0 = from[0], w1 = from[1], w2 = from[2], w3 = from[3];
        to[0] = w0;
        to[1] = w1;
        to[2] = w2;
        to[3] = w3;
        from += 4;
        to += 4;
    } while (to != end);
    uint64_t checksum = 0;
    for (uint64_t i = 0; i < COPY_WORDS; i += COPY_SAMPLE) {
        checksum = (checksum << 1 | checksum >> 63) ^ a->to[i];
    }
    return checksum;
}

/* ---- chase: once around a random cycle through 2 MiB, a cache line a hop ---- */

#define CHASE_LINES 32768u
#define CHASE_LINE 64

static uint64_t *line(uint8_t *arena, uint64_t index) {
    return (uint64_t *)(arena + index * CHASE_LINE);
}

/* Each line's first word is the next line's offset in the arena (Sattolo's shuffle: one cycle). */
void chase_prepare(uint8_t *arena) {
    uint64_t state = 0x3c6ef372fe94f82b;
    for (uint64_t i = 0; i < CHASE_LINES; i++) {
        *line(arena, i) = i * CHASE_LINE;
    }
    for (uint64_t i = CHASE_LINES - 1; i > 0; i--) {
        uint64_t j = (next_random(&state) >> 32) * i >> 32;
        uint64_t swapped = *line(arena, i);
        *line(arena, i) = *line(arena, j);
        *line(arena, j) = swapped;
    }
}

/* The sum of hop number times offset reached; 0 if the walk does not end where it began. */
uint64_t chase_op(uint8_t *arena) {
    uint64_t offset = 0;
    uint64_t sum = 0;
    for (uint64_t hop = 1; hop <= CHASE_LINES; hop++) {
        offset = *(const uint64_t *)(arena + offset);
        sum += hop * offset;
    }
    return offset == 0 ? sum : 0;
}
