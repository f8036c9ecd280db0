/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blobrun check|time <blob>: runs the user blob natively, as Straddle's yardstick does.
 *
 *   check  compares every ring-3 phase's result with phases.def; part of the build
 *   time   prints native microseconds per op and what the default ops take
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "protocol.h"

#define BLOB_MAX 0x8000

typedef uint64_t blob_entry(uint64_t phase, void *arena, uint64_t ops);

static const struct phase PHASES[] = {
#define PHASE(id, name, ring, kind, ops, instructions, expected) {id, ring, kind, ops, instructions, expected, #name},
#include "phases.def"
#undef PHASE
};

static blob_entry *entry;
static uint8_t *arena;

static void *map(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return memory;
}

static void load(const char *path) {
    void *code = map(BLOB_MAX);
    FILE *in = fopen(path, "rb");
    if (in == NULL || fread(code, 1, BLOB_MAX, in) == 0 || mprotect(code, BLOB_MAX, PROT_READ | PROT_EXEC) != 0) {
        perror(path);
        exit(1);
    }
    fclose(in);
    entry = (blob_entry *)code;
    arena = map(ARENA_SIZE);
}

static int check(const struct phase *phase) {
    int good = 1;
    for (uint64_t ops = 1; ops <= 3; ops++) {
        memset(arena, ops == 1 ? 0 : 0xa5, ARENA_SIZE);
        uint64_t result = entry(phase->id, arena, ops);
        if (result != phase->expected) {
            fprintf(stderr, "blobrun: %s with %" PRIu64 " ops gives 0x%016" PRIx64 ", phases.def says 0x%016" PRIx64 "\n",
                    phase->name, ops, result, phase->expected);
            good = 0;
        }
    }
    return good;
}

static double seconds(const struct phase *phase, uint64_t ops) {
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    entry(phase->id, arena, ops);
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
}

static void time_op(const struct phase *phase) {
    seconds(phase, 1); /* touches the arena */
    double best = 1e9;
    for (int round = 0; round < 5; round++) {
        double once = seconds(phase, 1);
        double per_op = (seconds(phase, 101) - once) / 100;
        best = per_op < best ? per_op : best;
    }
    printf("%-9s %8.1f us/op, %u ops take %.2f s\n", phase->name, best * 1e6, phase->default_ops,
           best * phase->default_ops);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: blobrun check|time <blob>\n");
        return 2;
    }
    load(argv[2]);
    int good = 1;
    for (size_t i = 0; i < sizeof PHASES / sizeof PHASES[0]; i++) {
        if (PHASES[i].ring != 3) {
            continue;
        }
        if (strcmp(argv[1], "time") == 0) {
            time_op(&PHASES[i]);
        } else {
            good &= check(&PHASES[i]);
        }
    }
    return good ? 0 : 1;
}
