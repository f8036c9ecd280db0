/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads.h"

/* ---- sieve: the primes below SIEVE_LIMIT, one byte per odd number ---- */

#define SIEVE_LIMIT (1u << 18)
#define SIEVE_FLAGS (SIEVE_LIMIT / 2) /* flag i stands for 2 * i + 1 */

void sieve_prepare(uint8_t *arena) {
    (void)arena;
}

/* Number of primes << 32 | their sum modulo 2^32. */
uint64_t sieve_op(uint8_t *arena) {
    uint64_t *words = (uint64_t *)arena;
    for (uint64_t i = 0; i < SIEVE_FLAGS / 8; i++) {
        words[i] = 0;
    }
    uint64_t count = 1;
    uint32_t sum = 2;
    for (uint64_t i = 1; i < SIEVE_FLAGS; i++) {
        if (arena[i]) {
            continue;
        }
        uint64_t prime = 2 * i + 1;
        count++;
        sum += (uint32_t)prime;
        for (uint64_t multiple = prime * prime / 2; multiple < SIEVE_FLAGS; multiple += prime) {
            arena[multiple] = 1;
        }
    }
    return count << 32 | sum;
}

/* ---- crc32: zlib's CRC-32, a byte at a time by table ---- */

#define CRC_BYTES (128u << 10)

struct crc_arena {
    uint32_t table[256];
    uint8_t bytes[CRC_BYTES];
};

void crc32_prepare(uint8_t *arena) {
    struct crc_arena *a = (struct crc_arena *)arena;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0xedb88320 & -(crc & 1));
        }
        a->table[i] = crc;
    }
    fill_random((uint64_t *)a->bytes, CRC_BYTES / 8, 0x0123456789abcdef);
}

uint64_t crc32_op(uint8_t *arena) {
    const struct crc_arena *a = (const struct crc_arena *)arena;
    uint32_t crc = 0xffffffff;
    for (uint64_t i = 0; i < CRC_BYTES; i++) {
        crc = crc >> 8 ^ a->table[(uint8_t)(crc ^ a->bytes[i])];
    }
    return (uint32_t)~crc;
}

/* ---- sha256: FIPS 180-4, 64 KiB of message and one block of padding ---- */

#define SHA_BYTES (64u << 10)
#define SHA_BLOCK 64

static const uint32_t SHA_K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate_right(uint32_t x, int n) {
    return x >> n | x << (32 - n);
}

static uint32_t big_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void sha_block(uint32_t hash[8], const uint8_t *block) {
    uint32_t w[64];
    for (int t = 0; t < 16; t++) {
        w[t] = big_endian(block + 4 * t);
    }
    for (int t = 16; t < 64; t++) {
        uint32_t s0 = rotate_right(w[t - 15], 7) ^ rotate_right(w[t - 15], 18) ^ w[t - 15] >> 3;
        uint32_t s1 = rotate_right(w[t - 2], 17) ^ rotate_right(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3];
    uint32_t e = hash[4], f = hash[5], g = hash[6], h = hash[7];
    for (int t = 0; t < 64; t++) {
        uint32_t sum1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
        uint32_t choose = (e & f) ^ (~e & g);
        uint32_t t1 = h + sum1 + choose + SHA_K[t] + w[t];
        uint32_t sum0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
        uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + sum0 + majority;
    }
    hash[0] += a;
    hash[1] += b;
    hash[2] += c;
    hash[3] += d;
    hash[4] += e;
    hash[5] += f;
    hash[6] += g;
    hash[7] += h;
}

void sha256_prepare(uint8_t *arena) {
    fill_random((uint64_t *)arena, SHA_BYTES / 8, 0xfedcba9876543210);
    uint8_t *padding = arena + SHA_BYTES;
    for (int i = 0; i < SHA_BLOCK; i++) {
        padding[i] = 0;
    }
    padding[0] = 0x80;
    uint32_t bits = SHA_BYTES * 8;
    for (int i = 0; i < 4; i++) {
        padding[SHA_BLOCK - 1 - i] = (uint8_t)(bits >> 8 * i);
    }
}

/* The digest's first eight bytes, as they are written in hexadecimal. */
uint64_t sha256_op(uint8_t *arena) {
    uint32_t hash[8];
    hash[0] = 0x6a09e667;
    hash[1] = 0xbb67ae85;
    hash[2] = 0x3c6ef372;
    hash[3] = 0xa54ff53a;
    hash[4] = 0x510e527f;
    hash[5] = 0x9b05688c;
    hash[6] = 0x1f83d9ab;
    hash[7] = 0x5be0cd19;
    for (uint32_t offset = 0; offset <= SHA_BYTES; offset += SHA_BLOCK) {
        sha_block(hash, arena + offset);
    }
    return (uint64_t)hash[0] << 32 | hash[1];
}

/* ---- quicksort: recursive, with insertion sort for short runs ---- */

#define SORT_COUNT 8192u
#define SORT_SHORT 12

struct sort_arena {
    uint32_t shuffled[SORT_COUNT];
    uint32_t sorted[SORT_COUNT];
};

static void insertion_sort(uint32_t *low, uint32_t *high) {
    for (uint32_t *next = low + 1; next <= high; next++) {
        uint32_t value = *next;
        uint32_t *hole = next;
        for (; hole > low && hole[-1] > value; hole--) {
            *hole = hole[-1];
        }
        *hole = value;
    }
}

static void quicksort(uint32_t *low, uint32_t *high) {
    while (high - low > SORT_SHORT) {
        uint32_t pivot = low[(high - low) / 2];
        uint32_t *i = low;
        uint32_t *j = high;
        do {
            while (*i < pivot) {
                i++;
            }
            while (*j > pivot) {
                j--;
            }
            if (i <= j) {
                uint32_t swapped = *i;
                *i++ = *j;
                *j-- = swapped;
            }
        } while (i <= j);
        quicksort(low, j);
        low = i;
    }
    insertion_sort(low, high);
}

void quicksort_prepare(uint8_t *arena) {
    fill_random((uint64_t *)((struct sort_arena *)arena)->shuffled, SORT_COUNT / 2, 0x9e3779b97f4a7c15);
}

/* The sum of every value times its rank; 0 if the result is not in order. */
uint64_t quicksort_op(uint8_t *arena) {
    struct sort_arena *a = (struct sort_arena *)arena;
    for (uint64_t i = 0; i < SORT_COUNT; i++) {
        a->sorted[i] = a->shuffled[i];
    }
    quicksort(a->sorted, a->sorted + SORT_COUNT - 1);
    uint64_t sum = 0;
    for (uint64_t i = 0; i < SORT_COUNT; i++) {
        if (i > 0 && a->sorted[i - 1] > a->sorted[i]) {
            return 0;
        }
        sum += i * a->sorted[i];
    }
    return sum;
}

/* ---- bytecode: a stack machine that adds up Collatz steps ---- */

enum { PUSH, LOAD, STORE, ADD, SUB, MUL, AND, SHR, JUMP, JUMP_ZERO, HALT };
enum { N, X, STEPS, LOCALS };
enum { OUTER = 4, INNER = 6, EVEN = 25, NEXT = 30, END = 37 };

struct instruction {
    uint8_t op;
    uint8_t operand;
};

static const struct instruction COLLATZ[] = {
    {PUSH, 0},   {STORE, STEPS}, {PUSH, 200}, {STORE, N},
    /* OUTER */
    {LOAD, N},   {STORE, X},
    /* INNER */
    {LOAD, X},   {PUSH, 1},      {SUB, 0},    {JUMP_ZERO, NEXT},
    {LOAD, STEPS}, {PUSH, 1},    {ADD, 0},    {STORE, STEPS},
    {LOAD, X},   {PUSH, 1},      {AND, 0},    {JUMP_ZERO, EVEN},
    {LOAD, X},   {PUSH, 3},      {MUL, 0},    {PUSH, 1},        {ADD, 0}, {STORE, X}, {JUMP, INNER},
    /* EVEN */
    {LOAD, X},   {PUSH, 1},      {SHR, 0},    {STORE, X},       {JUMP, INNER},
    /* NEXT */
    {LOAD, N},   {PUSH, 1},      {SUB, 0},    {STORE, N},
    {LOAD, N},   {JUMP_ZERO, END}, {JUMP, OUTER},
    /* END */
    {LOAD, STEPS}, {HALT, 0},
};

void bytecode_prepare(uint8_t *arena) {
    (void)arena;
}

/* Collatz steps of all numbers up to 200 << 32 | bytecodes executed. */
uint64_t bytecode_op(uint8_t *arena) {
    uint64_t *locals = (uint64_t *)arena;
    uint64_t *top = locals + LOCALS; /* the next free slot */
    const struct instruction *pc = COLLATZ;
    for (uint64_t executed = 1;; executed++) {
        uint64_t operand = pc->operand;
        switch (pc++->op) {
        case PUSH:
            *top++ = operand;
            break;
        case LOAD:
            *top++ = locals[operand];
            break;
        case STORE:
            locals[operand] = *--top;
            break;
        case ADD:
            top--;
            top[-1] += top[0];
            break;
        case SUB:
            top--;
            top[-1] -= top[0];
            break;
        case MUL:
            top--;
            top[-1] *= top[0];
            break;
        case AND:
            top--;
            top[-1] &= top[0];
            break;
        case SHR:
            top--;
            top[-1] >>= top[0] & 63;
            break;
        case JUMP:
            pc = COLLATZ + operand;
            break;
        case JUMP_ZERO:
            if (*--top == 0) {
                pc = COLLATZ + operand;
            }
            break;
        default:
            return *--top << 32 | executed;
        }
    }
}
