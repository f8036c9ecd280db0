// What native code must get right: who else changes memory or rights under a loop, what ends a loop, and what it finds
// afterwards. Every part loops long enough to be on the processor, and prints what it found.
#define _GNU_SOURCE
#include <cpuid.h>
#include <immintrin.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096

static volatile sig_atomic_t ticks;
static volatile sig_atomic_t steps;
static sigjmp_buf back;
static volatile int got_signal, got_code;
static void *volatile got_address;

static uint64_t spin(uint64_t rounds, uint64_t seed) {
    for (uint64_t i = 0; i < rounds; i++) {
        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        seed ^= seed >> 29;
    }
    return seed;
}

static void on_fault(int signal, siginfo_t *info, void *context) {
    (void)context;
    got_signal = signal;
    got_code = info->si_code;
    got_address = info->si_addr;
    siglongjmp(back, 1);
}

static void on_tick(int signal) {
    (void)signal;
    ticks++;
}

static void on_step(int signal, siginfo_t *info, void *context) {
    (void)signal;
    (void)info;
    ucontext_t *c = context;
    if (++steps == 50) {
        c->uc_mcontext.gregs[REG_EFL] &= ~0x100L;
    }
}

static void handle(int signal, void (*by)(int, siginfo_t *, void *)) {
    struct sigaction action = {.sa_sigaction = by, .sa_flags = SA_SIGINFO};
    sigaction(signal, &action, NULL);
}

// A page with CPUID is not for the processor: nothing else shall lie there.
__attribute__((noinline, section("own_page"), aligned(PAGE))) static uint64_t identity(void) {
    uint64_t hash = 0;
    for (unsigned leaf = 0; leaf <= 7; leaf++) {
        unsigned a = 0, b = 0, c = 0, d = 0;
        __cpuid_count(leaf, 0, a, b, c, d);
        if (leaf == 1) {
            b &= 0xffffff; // the local APIC's number
        }
        hash = hash * 31 + a;
        hash = hash * 31 + b;
        hash = hash * 31 + c;
        hash = hash * 31 + d;
    }
    return hash;
}

static void features(void) {
    uint64_t first = identity(), counter = __rdtsc();
    int same = 1, onwards = 1;
    for (int i = 0; i < 20; i++) {
        spin(2000000, i);
        uint64_t later = __rdtsc();
        same &= identity() == first;
        onwards &= later > counter && __rdtsc() > later;
        counter = later;
    }
    printf("one processor: %d, one counter: %d\n", same, onwards);
}

static void interrupted(void) {
    signal(SIGALRM, on_tick);
    struct itimerval timer = {{0, 10000}, {0, 10000}};
    setitimer(ITIMER_REAL, &timer, NULL);
    uint64_t value = 1, rounds = 0;
    while (ticks < 20) {
        value = spin(100000, value);
        rounds++;
    }
    memset(&timer, 0, sizeof timer);
    setitimer(ITIMER_REAL, &timer, NULL);
    uint64_t again = 1;
    for (uint64_t i = 0; i < rounds; i++) {
        again = spin(100000, again);
    }
    printf("interrupted: %d\n", value == again);
}

static volatile double lanes[4];

static void vectors(void) {
    signal(SIGALRM, on_tick);
    ticks = 0;
    struct itimerval timer = {{0, 3000}, {0, 3000}};
    setitimer(ITIMER_REAL, &timer, NULL);
    double a = 1, b = 2, c = 3, d = 4;
    while (ticks < 20) {
        for (int i = 0; i < 100000; i++) {
            a = a * 1.0000001 + 1e-9;
            b = b * 0.9999999 + 1e-9;
            c = c + a - b;
            d = d * 0.5 + c * 0.5;
        }
    }
    memset(&timer, 0, sizeof timer);
    setitimer(ITIMER_REAL, &timer, NULL);
    lanes[0] = a + b + c + d;
    printf("vectors: %d\n", lanes[0] == lanes[0]);
}

__attribute__((target("avx2"))) static int wide(void) {
    __m256i sum = _mm256_set_epi64x(4, 3, 2, 1), step = _mm256_set_epi64x(7, 5, 3, 1);
    uint64_t check[4] = {1, 2, 3, 4}, add[4] = {1, 3, 5, 7};
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 3000000; i++) {
            sum = _mm256_add_epi64(sum, step);
            __asm__ volatile("" : "+x"(sum));
        }
        getppid();
    }
    uint64_t found[4];
    _mm256_storeu_si256((__m256i *)found, sum);
    int same = 1;
    for (int i = 0; i < 4; i++) {
        same &= found[i] == check[i] + 30000000ull * add[i];
    }
    return same;
}

static void faults(void) {
    handle(SIGSEGV, on_fault);
    handle(SIGFPE, on_fault);
    handle(SIGILL, on_fault);
    handle(SIGTRAP, on_fault);
    uint8_t *memory = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(memory + 8 * PAGE, PAGE, PROT_READ);
    mprotect(memory + 9 * PAGE, PAGE, PROT_NONE);
    munmap(memory + 10 * PAGE, PAGE);
    for (int round = 0; round < 3; round++) {
        for (int kind = 0; kind < 8; kind++) {
            spin(3000000, kind);
            got_signal = 0;
            if (sigsetjmp(back, 1) == 0) {
                volatile int zero = 0;
                switch (kind) {
                    case 0: memory[8 * PAGE + 5] = 1; break;
                    case 1: memory[9 * PAGE + 6] += 1; break;
                    case 2: memory[10 * PAGE + 7] = 2; break;
                    case 3: zero = 5 / zero; break;
                    case 4: __asm__ volatile("ud2"); break;
                    case 5: __asm__ volatile("int3"); break;
                    case 6: __asm__ volatile("hlt"); break;
                    case 7: __asm__ volatile("outb %al, $15"); break;
                }
            }
            int offset = kind < 3 ? (int)((uint8_t *)got_address - memory) : 0;
            printf("fault %d: %d %d %x\n", kind, got_signal, got_code, offset);
        }
        // What was forbidden is allowed now, and the other way round.
        mprotect(memory + 8 * PAGE, PAGE, PROT_READ | PROT_WRITE);
        spin(3000000, 1);
        memory[8 * PAGE + 5] = 9;
        printf("allowed: %d\n", memory[8 * PAGE + 5]);
        mprotect(memory + 8 * PAGE, PAGE, PROT_READ);
    }
}

static void stepping(void) {
    handle(SIGTRAP, on_step);
    spin(5000000, 3);
    __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "cc", "memory");
    uint64_t value = spin(100, 5);
    __asm__ volatile("" ::"r"(value));
    printf("steps: %d, %d\n", (int)steps, value == spin(100, 5));
}

// mov eax, imm32; ret
static void put_code(uint8_t *at, uint32_t value) {
    at[0] = 0xb8;
    memcpy(at + 1, &value, 4);
    at[5] = 0xc3;
}

static void made_code(void) {
    uint64_t sum = 0;
    uint8_t *code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (uint32_t i = 0; i < 300; i++) {
        put_code(code, i);
        sum += ((uint32_t(*)(void))code)() + (spin(20000, i) & 1);
    }
    printf("writable code: %llu\n", (unsigned long long)sum);
    sum = 0;
    mprotect(code, PAGE, PROT_READ | PROT_EXEC);
    for (uint32_t i = 0; i < 100; i++) {
        mprotect(code, PAGE, PROT_READ | PROT_WRITE);
        put_code(code, i * 3);
        spin(20000, i);
        mprotect(code, PAGE, PROT_READ | PROT_EXEC);
        for (int j = 0; j < 100; j++) {
            sum += ((uint32_t(*)(void))code)();
        }
    }
    printf("code by turns: %llu\n", (unsigned long long)sum);
    int fd = memfd_create("code", 0);
    ftruncate(fd, PAGE);
    uint8_t *writer = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    uint8_t *runner = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    sum = 0;
    for (uint32_t i = 0; i < 300; i++) {
        put_code(writer, i * 7);
        sum += ((uint32_t(*)(void))runner)() + (spin(20000, i) & 1);
    }
    printf("code mapped twice: %llu\n", (unsigned long long)sum);
}

static void forked(void) {
    size_t words = 1 << 16;
    uint64_t *table = malloc(words * 8);
    for (size_t i = 0; i < words; i++) {
        table[i] = i;
    }
    for (int child = 0; child < 4; child++) {
        fflush(stdout);
        pid_t pid = fork();
        uint64_t add = pid == 0 ? 100 + child : 1;
        for (int round = 0; round < 40; round++) {
            for (size_t i = 0; i < words; i++) {
                table[i] += add;
            }
        }
        uint64_t sum = 0;
        for (size_t i = 0; i < words; i++) {
            sum = sum * 31 + table[i];
        }
        if (pid == 0) {
            _exit((sum ^ sum >> 32) & 0x7f);
        }
        int status;
        waitpid(pid, &status, 0);
        printf("child %d: %d, parent: %llu\n", child, WEXITSTATUS(status), (unsigned long long)sum);
    }
    free(table);
}

static uint64_t shared_count;
static volatile int unmapping;

static void *count(void *argument) {
    uint64_t value = (uintptr_t)argument;
    for (int i = 0; i < 300000; i++) {
        __atomic_fetch_add(&shared_count, 1, __ATOMIC_SEQ_CST);
        value = spin(5, value);
    }
    return (void *)(value & 0);
}

static uint8_t *volatile moving;

static void *change(void *argument) {
    (void)argument;
    for (int i = 0; i < 200; i++) {
        mprotect(moving, PAGE, PROT_READ);
        mprotect(moving, PAGE, PROT_READ | PROT_WRITE);
        uint8_t *other = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        munmap(other, PAGE);
    }
    unmapping = 1;
    return NULL;
}

static void on_store(int signal, siginfo_t *info, void *context) {
    (void)context;
    (void)signal;
    if (info->si_code != SEGV_ACCERR) {
        _exit(3);
    }
}

static void threads(void) {
    pthread_t all[4];
    for (uintptr_t i = 0; i < 4; i++) {
        pthread_create(&all[i], NULL, count, (void *)i);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(all[i], NULL);
    }
    printf("counted: %llu\n", (unsigned long long)shared_count);
    handle(SIGSEGV, on_store);
    moving = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_create(&all[0], NULL, change, NULL);
    uint64_t stored = 0;
    while (!unmapping) {
        for (int i = 0; i < 1000; i++) {
            ((volatile uint8_t *)moving)[i & 1023] = (uint8_t)i;
            stored++;
        }
    }
    pthread_join(all[0], NULL);
    printf("stored: %d\n", stored > 0 && moving[999] == (uint8_t)999);
    signal(SIGSEGV, SIG_DFL);
}

int main(void) {
    features();
    interrupted();
    vectors();
    printf("wide: %d\n", __builtin_cpu_supports("avx2") ? wide() : 1);
    faults();
    stepping();
    made_code();
    forked();
    threads();
    return 0;
}
