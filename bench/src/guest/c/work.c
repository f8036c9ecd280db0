/* SPDX-License-Identifier: Apache-2.0 */
/*
 * work NAME ROUNDS OPS      one of the built-in guest's workloads, in rounds of so many operations
 * work sort ROUNDS OPS      the C library's qsort of so many numbers
 * work syscalls ROUNDS OPS  system calls that do next to nothing
 * work time ROUNDS COMMAND... a program, run to its end in each round
 *
 * Prints one line: the time of all rounds and of the fastest in nanoseconds, and a checksum.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "protocol.h"

uint64_t run_phase(uint64_t id, uint8_t *arena, uint64_t ops);

static const struct {
    const char *name;
    uint64_t id;
} PHASES[] = {
#define PHASE(id, name, ring, kind, ops, instructions, expected) {#name, id},
#include "phases.def"
#undef PHASE
};

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static uint64_t syscalls(uint64_t ops) {
    uint64_t sum = 0;
    while (ops-- != 0) {
        sum |= (uint64_t)syscall(SYS_getppid) ^ (uint64_t)getppid();
    }
    return sum;
}

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The sum of every thousandth number, by its place. */
static uint64_t sort(uint64_t count) {
    static uint64_t *numbers;
    if (numbers == NULL) {
        numbers = malloc(count * sizeof *numbers);
    }
    uint64_t seed = 1, sum = 0;
    for (uint64_t i = 0; i < count; i++) {
        numbers[i] = seed = seed * 6364136223846793005u + 1442695040888963407u;
    }
    qsort(numbers, count, sizeof *numbers, compare);
    for (uint64_t i = 0; i < count; i += 1000) {
        sum += numbers[i] * i;
    }
    return sum;
}

/* Its output goes nowhere. */
static uint64_t run(char **command) {
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), 1);
        execvp(command[0], command);
        _exit(127);
    }
    waitpid(child, &status, 0);
    return (uint64_t)status;
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: work NAME ROUNDS OPS | work syscalls ROUNDS OPS | work time ROUNDS COMMAND...\n");
        return 2;
    }
    const char *name = argv[1];
    uint64_t rounds = strtoull(argv[2], NULL, 10), ops = strtoull(argv[3], NULL, 10), id = 0;
    for (size_t i = 0; i < sizeof PHASES / sizeof PHASES[0]; i++) {
        id = strcmp(PHASES[i].name, name) == 0 ? PHASES[i].id : id;
    }
    uint8_t *arena = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t all = 0, fastest = UINT64_MAX, checksum = 0;
    for (uint64_t i = 0; i < rounds; i++) {
        uint64_t start = now();
        if (strcmp(name, "time") == 0) {
            checksum = run(argv + 3);
        } else if (strcmp(name, "sort") == 0) {
            checksum = sort(ops);
        } else if (strcmp(name, "syscalls") == 0) {
            checksum = syscalls(ops);
        } else {
            checksum = run_phase(id, arena, ops);
        }
        uint64_t took = now() - start;
        all += took;
        fastest = took < fastest ? took : fastest;
    }
    printf("%s %" PRIu64 " %" PRIu64 " %016" PRIx64 "\n", name, all, fastest, checksum);
    return 0;
}
