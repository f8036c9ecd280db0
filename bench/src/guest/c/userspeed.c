/* SPDX-License-Identifier: Apache-2.0 */
/* Hot loops for bench/user-speed: userspeed LOOP [COUNT] prints a checksum that is the same on every architecture. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint32_t state = 1;

static uint32_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static int fibonacci(int n) {
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static int by_value(const void *a, const void *b) {
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return x < y ? -1 : x > y;
}

static uint32_t sort(int count) {
    int32_t *values = malloc(sizeof(*values) * count);
    uint32_t sum = 0;
    for (int i = 0; i < count; i++) {
        values[i] = (int32_t)next_random();
    }
    qsort(values, count, sizeof(*values), by_value);
    for (int i = 0; i < count; i++) {
        sum = sum * 31 + (uint32_t)values[i];
    }
    free(values);
    return sum;
}

static uint32_t sieve(int rounds) {
    static uint8_t composite[2000000];
    uint32_t primes = 0;
    for (int round = 0; round < rounds; round++) {
        memset(composite, 0, sizeof(composite));
        for (size_t i = 2; i < sizeof(composite); i++) {
            if (!composite[i]) {
                primes++;
                for (size_t j = 2 * i; j < sizeof(composite); j += i) {
                    composite[j] = 1;
                }
            }
        }
    }
    return primes;
}

static uint32_t crc(int rounds) {
    static uint32_t table[256];
    static uint8_t bytes[1 << 16];
    uint32_t sum = ~0u;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; bit++) {
            value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0);
        }
        table[i] = value;
    }
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)next_random();
    }
    for (int round = 0; round < rounds; round++) {
        for (size_t i = 0; i < sizeof(bytes); i++) {
            sum = table[(sum ^ bytes[i]) & 0xff] ^ sum >> 8;
        }
    }
    return ~sum;
}

static uint32_t matrix(int rounds) {
    enum { ORDER = 96 };
    static double a[ORDER][ORDER], b[ORDER][ORDER], c[ORDER][ORDER];
    double sum = 0;
    for (int i = 0; i < ORDER; i++) {
        for (int j = 0; j < ORDER; j++) {
            a[i][j] = (next_random() >> 8) * 0x1p-24 - 0.5;
            b[i][j] = (next_random() >> 8) * 0x1p-24;
        }
    }
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < ORDER; i++) {
            for (int j = 0; j < ORDER; j++) {
                double dot = 0;
                for (int k = 0; k < ORDER; k++) {
                    dot += a[i][k] * b[k][j];
                }
                c[i][j] = dot;
            }
        }
        sum += c[round % ORDER][round * 7 % ORDER];
    }
    return (uint32_t)(int32_t)(sum * 1000);
}

static uint32_t calls(int count) {
    uint32_t same = 1;
    long parent = syscall(SYS_getppid);
    for (int i = 0; i < count; i++) {
        same &= syscall(SYS_getppid) == parent;
    }
    return same;
}

static const struct {
    const char *name;
    uint32_t (*run)(int count);
    int count;
} LOOPS[] = {
    {"sort", sort, 12000000}, {"sieve", sieve, 300}, {"crc", crc, 40000}, {"matrix", matrix, 400}, {"getppid", calls, 3000000},
};

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "fibonacci") == 0) {
        printf("%d\n", fibonacci(argc > 2 ? atoi(argv[2]) : 44));
        return 0;
    }
    for (size_t i = 0; argc > 1 && i < sizeof(LOOPS) / sizeof(*LOOPS); i++) {
        if (strcmp(argv[1], LOOPS[i].name) == 0) {
            printf("%08x\n", LOOPS[i].run(argc > 2 ? atoi(argv[2]) : LOOPS[i].count));
            return 0;
        }
    }
    fprintf(stderr, "usage: userspeed fibonacci|sort|sieve|crc|matrix|getppid [COUNT]\n");
    return 2;
}
