/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers that compute, change their address space, look at the clock and print, for ever. Every other one is a
 * process of its own; the rest are threads of one, so that what one of them unmaps the others' processors must forget.
 *
 *   steady WORKERS
 *
 * Worker w's round r prints "w r sum", where the sum follows from w and r: SteadyWorkers.java has it once more. What must
 * not be prints "WRONG: ...".
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define PAGES 4
#define STEPS 100000

/* What all processes have seen of the clocks. */
struct seen {
    volatile uint64_t nanos;
    volatile uint64_t tsc;
};

static struct seen *seen;

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...) {
    char line[100];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (write(1, line, length) != length) {
        _exit(1);
    }
}

static uint64_t nanos(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static uint64_t rdtsc(void) {
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static void advance(volatile uint64_t *to, uint64_t value) {
    uint64_t last = *to;
    while (last < value && !__atomic_compare_exchange_n(to, &last, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
}

static void look_at_clocks(void) {
    uint64_t least = seen->nanos;
    uint64_t now = nanos();
    if (now < least) {
        say("WRONG: the clock is %lu, and was %lu\n", now, least);
    }
    advance(&seen->nanos, now);
    least = seen->tsc;
    now = rdtsc();
    if (now < least) {
        say("WRONG: the counter is %lu, and was %lu\n", now, least);
    }
    advance(&seen->tsc, now);
}

static uint64_t integers(uint64_t x) {
    for (int i = 0; i < STEPS; i++) {
        x = x * 6364136223846793005ull + 1442695040888963407ull;
        x ^= x >> 29;
    }
    return x;
}

static uint64_t numbers(uint64_t from) {
    double x = (double)(from >> 11);
    for (int i = 1; i <= STEPS; i++) {
        x = x * 0.75 + 1.0 / i;
    }
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* Pages that come, are shut, and go. */
static uint64_t pages(uint64_t seed) {
    uint64_t *at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) {
        say("WRONG: no memory\n");
        _exit(1);
    }
    for (int i = 0; i < PAGES * PAGE / 8; i++) {
        if (at[i] != 0) {
            say("WRONG: new memory holds 0x%lx at %d\n", at[i], i);
        }
        at[i] = seed + i;
    }
    mprotect(at, PAGES * PAGE, PROT_READ);
    sched_yield();
    uint64_t sum = 0;
    for (int i = 0; i < PAGES * PAGE / 8; i++) {
        sum = sum * 31 + at[i];
    }
    munmap(at, PAGES * PAGE);
    return sum;
}

static void *work(void *argument) {
    uint64_t worker = (uint64_t)argument;
    for (uint64_t round = 0;; round++) {
        uint64_t x = integers(worker << 32 | round);
        look_at_clocks();
        x = numbers(x) ^ x;
        x = pages(x) ^ x;
        look_at_clocks();
        say("%lu %lu %lx\n", worker, round, x);
    }
    return NULL;
}

int main(int count, char **arguments) {
    int workers = count > 1 ? atoi(arguments[1]) : 1;
    seen = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (seen == MAP_FAILED) {
        return 1;
    }
    for (int i = 1; i < workers; i += 2) {
        if (fork() == 0) {
            work((void *)(uint64_t)i);
        }
    }
    for (int i = 2; i < workers; i += 2) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, work, (void *)(uint64_t)i) != 0) {
            return 1;
        }
    }
    work((void *)0);
}
