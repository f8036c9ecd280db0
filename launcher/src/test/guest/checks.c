/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a Linux program can notice of the processor it runs on. Each check is a process of its own and prints a line:
 * its name, then "ok", "skipped: ..." or "FAILED: ...". Static; needs /proc, and /dev/mem for one check.
 *
 *   checks [NAME...]
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096
#define CHECK(condition, ...) \
    do { \
        if (!(condition)) { \
            fail(__VA_ARGS__); \
        } \
    } while (0)

static const char *name;

static void __attribute__((format(printf, 1, 2), noreturn)) fail(const char *format, ...) {
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    printf("%s FAILED: %s\n", name, text);
    fflush(stdout);
    _exit(1);
}

static void __attribute__((noreturn)) skip(const char *why) {
    printf("%s skipped: %s\n", name, why);
    fflush(stdout);
    _exit(0);
}

static uint64_t nanos(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static uint64_t rdtsc(void) {
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* Computes for so long that an engine with a choice sends this process to the processor. */
static volatile uint64_t computed;

static void compute(int millis) {
    uint64_t end = nanos() + millis * 1000000ull;
    uint64_t x = 1;
    do {
        for (int i = 0; i < 100000; i++) {
            x = x * 6364136223846793005ull + 1442695040888963407ull;
        }
    } while (nanos() < end);
    computed = x;
}

static void *pages(int count, int protection) {
    void *at = mmap(NULL, (size_t)count * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(at != MAP_FAILED, "mmap: %s", strerror(errno));
    return at;
}

/* ---- faults */

static sigjmp_buf after;
static volatile int caught;
static volatile uint64_t fault_address;

static void on_fault(int number, siginfo_t *info, void *context) {
    (void)context;
    caught = number;
    fault_address = (uint64_t)info->si_addr;
    siglongjmp(after, 1);
}

static void handle(int number, void (*handler)(int, siginfo_t *, void *)) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(number, &action, NULL);
}

static void catch_faults(void) {
    int all[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
        handle(all[i], on_fault);
    }
}

/* The signal that a statement ends in, or 0. */
#define SIGNAL_OF(statement) \
    ({ \
        caught = 0; \
        if (sigsetjmp(after, 1) == 0) { \
            statement; \
        } \
        caught; \
    })

static void faults(void) {
    catch_faults();
    for (int round = 0; round < 3; round++) {
        compute(20);
        int signal = SIGNAL_OF(__asm__ volatile("xor %%eax, %%eax; xor %%edx, %%edx; div %%eax" ::: "eax", "edx"));
        CHECK(signal == SIGFPE, "division by 0: signal %d", signal);
        signal = SIGNAL_OF(__asm__ volatile("ud2"));
        CHECK(signal == SIGILL, "ud2: signal %d", signal);
        signal = SIGNAL_OF(__asm__ volatile("int3"));
        CHECK(signal == SIGTRAP, "int3: signal %d", signal);
        signal = SIGNAL_OF(__asm__ volatile("hlt"));
        CHECK(signal == SIGSEGV, "hlt: signal %d", signal);
        signal = SIGNAL_OF(__asm__ volatile("int $0x81"));
        CHECK(signal == SIGSEGV, "int 0x81: signal %d", signal);
        signal = SIGNAL_OF(__asm__ volatile("in $0x80, %%al" ::: "eax"));
        CHECK(signal == SIGSEGV, "in: signal %d", signal);
        signal = SIGNAL_OF(*(volatile char *)0x8000000000000000 = 1);
        CHECK(signal == SIGSEGV, "an address that is not canonical: signal %d", signal);
        signal = SIGNAL_OF(*(volatile char *)0xffffffff81000000 = 1);
        CHECK(signal == SIGSEGV && fault_address == 0xffffffff81000000, "the kernel's memory: signal %d at 0x%lx",
              signal, fault_address);
    }
}

static void alignment(void) {
    catch_faults();
    static char buffer[64] __attribute__((aligned(64)));
    for (int round = 0; round < 3; round++) {
        compute(20);
        /* The handler's frame has AC clear in its own flags; siglongjmp does not restore them, so it is cleared here. */
        int signal = SIGNAL_OF(__asm__ volatile("pushf; orl $0x40000, (%%rsp); popf; movl %0, %%eax" ::"m"(
                                                    *(int *)(buffer + 1))
                                                : "eax"));
        __asm__ volatile("pushf; andl $~0x40000, (%%rsp); popf" ::: "memory");
        CHECK(signal == SIGBUS, "a misaligned load: signal %d", signal);
    }
}

/* ---- protection and stale translations */

static void protection(void) {
    catch_faults();
    volatile char *page = pages(4, PROT_READ | PROT_WRITE);
    for (int round = 0; round < 40; round++) {
        if (round % 10 == 0) {
            compute(20);
        }
        page[0] = (char)round;
        page[PAGE] = (char)round;
        mprotect((void *)page, PAGE, PROT_READ);
        int signal = SIGNAL_OF(page[0] = 1);
        CHECK(signal == SIGSEGV && fault_address == (uint64_t)page, "round %d: a store to read-only memory: signal %d",
              round, signal);
        CHECK(page[0] == (char)round, "round %d: the store was done", round);
        mprotect((void *)page, PAGE, PROT_NONE);
        signal = SIGNAL_OF((void)page[0]);
        CHECK(signal == SIGSEGV, "round %d: a load from no memory: signal %d", round, signal);
        mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE);
        page[0]++;
        CHECK(page[0] == (char)(round + 1), "round %d: the content is gone", round);
        munmap((void *)(page + PAGE), PAGE);
        signal = SIGNAL_OF((void)page[PAGE]);
        CHECK(signal == SIGSEGV, "round %d: a load from unmapped memory: signal %d", round, signal);
        void *again = mmap((void *)(page + PAGE), PAGE, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        CHECK(again == page + PAGE && page[PAGE] == 0, "round %d: the new page holds %d", round, page[PAGE]);
        signal = SIGNAL_OF(((void (*)(void))page)());
        CHECK(signal == SIGSEGV, "round %d: a jump to data: signal %d", round, signal);
    }
}

/* Two pages that change places by mremap: translations must follow. */
static void moving(void) {
    char *area = pages(3, PROT_READ | PROT_WRITE);
    compute(30);
    for (int round = 0; round < 200; round++) {
        area[0] = 'a';
        area[PAGE] = 'b';
        CHECK(mremap(area, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, area + 2 * PAGE) != MAP_FAILED, "mremap: %s",
              strerror(errno));
        CHECK(mremap(area + PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, area) != MAP_FAILED, "mremap: %s",
              strerror(errno));
        CHECK(area[0] == 'b' && area[2 * PAGE] == 'a', "round %d: %c %c", round, area[0], area[2 * PAGE]);
        CHECK(mmap(area + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
                  MAP_FAILED,
              "mmap: %s", strerror(errno));
        CHECK(area[PAGE] == 0, "round %d: old content", round);
    }
}

/* ---- processes */

static uint64_t sum(const volatile unsigned char *at, size_t bytes) {
    uint64_t all = 0;
    for (size_t i = 0; i < bytes; i += 8) {
        all = all * 31 + *(const volatile uint64_t *)(at + i);
    }
    return all;
}

static void copy_on_write(void) {
    enum { COUNT = 64 };
    unsigned char *area = pages(COUNT, PROT_READ | PROT_WRITE);
    for (int round = 0; round < 8; round++) {
        for (int i = 0; i < COUNT; i++) {
            memset(area + i * PAGE, i + round, PAGE);
        }
        compute(15);
        uint64_t before = sum(area, COUNT * PAGE);
        pid_t child = fork();
        if (child == 0) {
            compute(15);
            int right = sum(area, COUNT * PAGE) == before;
            for (int i = 0; i < COUNT; i += 2) {
                area[i * PAGE + 100] = 0xc1;
            }
            usleep(2000);
            for (int i = 0; i < COUNT; i++) {
                right &= area[i * PAGE + 100] == (i % 2 == 0 ? 0xc1 : i + round);
                right &= area[i * PAGE + 200] == i + round;
            }
            _exit(right ? 0 : 1);
        }
        for (int i = 0; i < COUNT; i += 3) {
            area[i * PAGE + 200] = 0xaa;
        }
        compute(5);
        int status;
        waitpid(child, &status, 0);
        CHECK(status == 0, "round %d: the child saw the parent's stores, or not its own", round);
        for (int i = 0; i < COUNT; i++) {
            CHECK(area[i * PAGE + 100] == i + round, "round %d: the child's store to page %d is seen", round, i);
            CHECK(area[i * PAGE + 200] == (i % 3 == 0 ? 0xaa : i + round), "round %d: page %d lost a store", round, i);
        }
    }
}

/* Address spaces come and go, and page tables with them: none may see another's memory. */
static void short_lives(void) {
    enum { COUNT = 16, LIVES = 120 };
    unsigned char *area = pages(COUNT, PROT_READ | PROT_WRITE);
    for (int life = 0; life < LIVES; life++) {
        pid_t child = fork();
        if (child == 0) {
            unsigned char *own = pages(COUNT, PROT_READ | PROT_WRITE);
            for (int i = 0; i < COUNT * PAGE; i += 512) {
                if (own[i] != 0) {
                    _exit(1);
                }
                own[i] = (unsigned char)(life * 7 + i / 512);
                area[i] = (unsigned char)life;
            }
            if (life % 20 == 0) {
                compute(12);
            }
            for (int i = 0; i < COUNT * PAGE; i += 512) {
                if (own[i] != (unsigned char)(life * 7 + i / 512) || area[i] != (unsigned char)life) {
                    _exit(2);
                }
            }
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        CHECK(status == 0, "life %d: status 0x%x", life, status);
        CHECK(area[512] == 0, "life %d: its store is seen here", life);
    }
}

/* ---- code that is made or changes */

static int emit(unsigned char *at, int value) {
    unsigned char code[] = {0xb8, 0, 0, 0, 0, 0x05, 1, 0, 0, 0, 0xc3}; /* mov eax, value; add eax, 1; ret */
    memcpy(code + 1, &value, 4);
    memcpy(at, code, sizeof code);
    return sizeof code;
}

static int call(void *at) {
    return ((int (*)(void))at)();
}

static void made_code(void) {
    unsigned char *area = pages(2, PROT_READ | PROT_WRITE | PROT_EXEC);
    for (int i = 0; i < 20000; i++) {
        if (i % 5000 == 0) {
            compute(20);
        }
        unsigned char *at = area + (i % 7) * 64 + (i % 2) * PAGE;
        emit(at, i);
        int got = call(at);
        CHECK(got == i + 1, "time %d: %d", i, got);
    }
}

static void protected_code(void) {
    unsigned char *area = pages(1, PROT_READ | PROT_WRITE);
    for (int i = 0; i < 300; i++) {
        if (i % 100 == 0) {
            compute(20);
        }
        emit(area, i);
        CHECK(mprotect(area, PAGE, PROT_READ | PROT_EXEC) == 0, "mprotect: %s", strerror(errno));
        for (int again = 0; again < 3; again++) {
            int got = call(area);
            CHECK(got == i + 1, "time %d: %d", i, got);
        }
        mprotect(area, PAGE, PROT_READ | PROT_WRITE);
    }
}

/* A loop that changes the instruction after the next jump. */
static void changing_code(void) {
    unsigned char code[] = {
        0x31, 0xc0,                               /*  0: xor eax, eax */
        0xb9, 0x00, 0x00, 0x00, 0x00,             /*  2: mov ecx, 0 */
        0x88, 0x0d, 0x03, 0x00, 0x00, 0x00,       /*  7: mov [rip + 3], cl: the next but one's operand */
        0xeb, 0x00,                               /* 13: jmp to the next */
        0x83, 0xc0, 0x00,                         /* 15: add eax, 0 */
        0xff, 0xc1,                               /* 18: inc ecx */
        0x83, 0xf9, 0x64,                         /* 20: cmp ecx, 100 */
        0x75, 0xee,                               /* 23: jne 7 */
        0xc3,                                     /* 25: ret */
    };
    code[9] = 17 - 13;
    unsigned char *area = pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
    for (int round = 0; round < 60; round++) {
        if (round % 20 == 0) {
            compute(20);
        }
        memcpy(area, code, sizeof code);
        int got = call(area);
        CHECK(got == 99 * 100 / 2, "round %d: %d", round, got);
    }
}

/* The same physical page as code here and as data there. */
static void aliased_code(void) {
    int file = memfd_create("code", 0);
    CHECK(file >= 0 && ftruncate(file, PAGE) == 0, "memfd: %s", strerror(errno));
    unsigned char *data = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    unsigned char *code = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
    CHECK(data != MAP_FAILED && code != MAP_FAILED, "mmap: %s", strerror(errno));
    for (int i = 0; i < 3000; i++) {
        if (i % 1000 == 0) {
            compute(20);
        }
        emit(data + i % 3 * 128, i);
        int got = call(code + i % 3 * 128);
        CHECK(got == i + 1, "time %d: %d", i, got);
    }
}

/* ---- signals and the FPU */

static volatile int ticks;

static void clobber(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)info;
    (void)context;
    ticks++;
    uint32_t mxcsr = 0x1f80;
    __asm__ volatile(
        "ldmxcsr %0; fninit; fldz; fldz; fldz\n"
        "pcmpeqd %%xmm0, %%xmm0; pcmpeqd %%xmm1, %%xmm1; pcmpeqd %%xmm7, %%xmm7; pcmpeqd %%xmm8, %%xmm8\n"
        "pcmpeqd %%xmm15, %%xmm15" ::"m"(mxcsr)
        : "xmm0", "xmm1", "xmm7", "xmm8", "xmm15");
}

static void start_ticks(int micros) {
    struct itimerval every = {{0, micros}, {0, micros}};
    setitimer(ITIMER_REAL, &every, NULL);
}

static void signals_and_fpu(void) {
    handle(SIGALRM, clobber);
    start_ticks(2000);
    uint64_t end = nanos() + 400000000ull;
    uint64_t in[10], out[10];
    uint64_t rounds = 0;
    uint32_t mxcsr = 0x7f80, mxcsr_out; /* rounds towards 0 */
    while (nanos() < end) {
        for (int i = 0; i < 10; i++) {
            in[i] = rounds * 0x9e3779b97f4a7c15ull + i;
        }
        double one = 1.5, two = -2.25, one_out, two_out;
        uint16_t control = 0x27f, control_out;
        __asm__ volatile(
            "ldmxcsr %[mxcsr]; fninit; fldcw %[control]; fldl %[one]; fldl %[two]\n"
            "movups (%[in]), %%xmm0; movups 16(%[in]), %%xmm1; movups 32(%[in]), %%xmm7; movups 48(%[in]), %%xmm8\n"
            "movups 64(%[in]), %%xmm15\n"
            "mov $300000, %%ecx\n"
            "1: dec %%ecx; jnz 1b\n"
            "movups %%xmm0, (%[out]); movups %%xmm1, 16(%[out]); movups %%xmm7, 32(%[out]); movups %%xmm8, 48(%[out])\n"
            "movups %%xmm15, 64(%[out])\n"
            "stmxcsr %[mxcsr_out]; fnstcw %[control_out]; fstpl %[two_out]; fstpl %[one_out]\n"
            : [mxcsr_out] "=m"(mxcsr_out), [control_out] "=m"(control_out), [two_out] "=m"(two_out),
              [one_out] "=m"(one_out)
            : [mxcsr] "m"(mxcsr), [control] "m"(control), [one] "m"(one), [two] "m"(two), [in] "r"(in), [out] "r"(out)
            : "rcx", "xmm0", "xmm1", "xmm7", "xmm8", "xmm15", "memory");
        CHECK(memcmp(in, out, sizeof in) == 0, "XMM registers changed in round %lu", rounds);
        CHECK(one_out == one && two_out == two, "x87 registers changed in round %lu: %g %g", rounds, one_out, two_out);
        CHECK((mxcsr_out & 0xffc0) == (mxcsr & 0xffc0) && control_out == control,
              "control words changed in round %lu: 0x%x 0x%x", rounds, mxcsr_out, control_out);
        uint32_t usual = 0x1f80;
        __asm__ volatile("ldmxcsr %0; fninit" ::"m"(usual));
        rounds++;
    }
    start_ticks(0);
    CHECK(ticks > 10, "only %d signals came", ticks);
}

/* Flags and numbers of the FPU that stay with a program over system calls and preemption. */
static void fpu_between_processes(void) {
    int go[2];
    CHECK(pipe(go) == 0, "pipe: %s", strerror(errno));
    pid_t child = fork();
    uint64_t own = child == 0 ? 0x1111222233334444 : 0xaaaabbbbccccdddd;
    int right = 1;
    uint64_t end = nanos() + 200000000ull;
    while (nanos() < end) {
        uint64_t low = own, got;
        __asm__ volatile(
            "movq %1, %%xmm11\n"
            "mov $24, %%eax; syscall\n" /* sched_yield */
            "mov $100000, %%ecx\n"
            "1: dec %%ecx; jnz 1b\n"
            "movq %%xmm11, %0"
            : "=r"(got)
            : "r"(low)
            : "rax", "rcx", "r11", "xmm11", "memory");
        right &= got == own;
    }
    if (child == 0) {
        _exit(right ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK(right && status == 0, "XMM registers of another process were seen");
}

static int kernel_has(const char *feature);

/* The upper halves of YMM registers, of two processes and with signals in between. */
static void avx_between_processes(void) {
    if (!kernel_has("avx")) {
        skip("no AVX");
    }
    compute(30);
    pid_t child = fork();
    handle(SIGALRM, clobber);
    start_ticks(3000);
    uint64_t own[12], got[12];
    int right = 1;
    uint64_t end = nanos() + 300000000ull;
    for (uint64_t round = 0; nanos() < end; round++) {
        for (int i = 0; i < 12; i++) {
            own[i] = (child == 0 ? 0x0123456789abcdef : 0xfedcba9876543210) + round * 0x9e3779b97f4a7c15ull + i;
        }
        __asm__ volatile(
            "vmovdqu (%[own]), %%ymm2; vmovdqu 32(%[own]), %%ymm9; vmovdqu 64(%[own]), %%ymm15\n"
            "mov $24, %%eax; syscall\n" /* sched_yield */
            "mov $300000, %%ecx\n"
            "1: dec %%ecx; jnz 1b\n"
            "vmovdqu %%ymm2, (%[got]); vmovdqu %%ymm9, 32(%[got]); vmovdqu %%ymm15, 64(%[got]); vzeroupper\n"
            :
            : [own] "r"(own), [got] "r"(got)
            : "rax", "rcx", "r11", "xmm2", "xmm9", "xmm15", "memory");
        right &= memcmp(own, got, sizeof own) == 0;
    }
    start_ticks(0);
    if (child == 0) {
        _exit(right ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK(right && status == 0, "YMM registers changed here %d, there %d", !right, status != 0);
}

static void numbers(void) {
    for (int round = 0; round < 3; round++) {
        compute(20);
        volatile long double third = 1.0L / 3, x = third;
        for (int i = 0; i < 20; i++) {
            x = x * 1.0000001L + third;
        }
        unsigned char image[16] = {0};
        long double copy = x;
        memcpy(image, &copy, 10);
        static unsigned char first[16];
        if (round == 0) {
            memcpy(first, image, 10);
        }
        CHECK(memcmp(first, image, 10) == 0, "80-bit results differ");
        volatile double zero = 0, one = 1;
        uint32_t mxcsr = 0x1f80;
        __asm__ volatile("ldmxcsr %0" ::"m"(mxcsr));
        volatile double infinite = one / zero;
        __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
        CHECK((mxcsr & 4) != 0 && infinite > 1e308, "MXCSR is 0x%x after a division by zero", mxcsr);
        volatile double inexact = one / 3;
        (void)inexact;
        __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
        CHECK((mxcsr & 0x24) == 0x24, "MXCSR is 0x%x after an inexact division", mxcsr);
    }
    catch_faults();
    uint32_t unmasked = 0x1f80 & ~0x200;
    volatile double zero = 0, one = 1;
    int signal = SIGNAL_OF(__asm__ volatile("ldmxcsr %0" ::"m"(unmasked)); one = one / zero);
    CHECK(signal == SIGFPE, "an unmasked division by zero: signal %d", signal);
}

/* ---- AVX-512 */

static int has_zmm(void) {
    catch_faults();
    return SIGNAL_OF(__asm__ volatile(".byte 0x62, 0xf1, 0xfd, 0x48, 0xef, 0xc0" ::: "xmm0")) == 0; /* vpxorq zmm0 */
}

/* The guest's kernel does not know these registers: whoever runs two programs that use them keeps them apart. */
static void wide_registers(void) {
    compute(40);
    if (!has_zmm()) {
        skip("no AVX-512 here");
    }
    pid_t child = fork();
    uint64_t own[8] __attribute__((aligned(64)));
    for (int i = 0; i < 8; i++) {
        own[i] = (child == 0 ? 0x0123456789abcdef : 0xfedcba9876543210) + i;
    }
    uint64_t mask = child == 0 ? 0x5a5a : 0xa5a5;
    int right = 1;
    for (int round = 0; round < 30; round++) {
        uint64_t got[8] __attribute__((aligned(64))), mask_got;
        __asm__ volatile(
            "vmovdqa64 (%[own]), %%zmm20; vmovdqa64 (%[own]), %%zmm3; kmovq %[mask], %%k3\n"
            "mov $24, %%eax; syscall\n"
            "mov $3000000, %%ecx\n"
            "1: dec %%ecx; jnz 1b\n"
            "vpxorq %%zmm3, %%zmm20, %%zmm3; vporq %%zmm3, %%zmm20, %%zmm20\n"
            "vmovdqa64 %%zmm20, (%[got]); kmovq %%k3, %[mask_got]\n"
            : [mask_got] "=&r"(mask_got)
            : [own] "r"(own), [got] "r"(got), [mask] "r"(mask)
            : "rax", "rcx", "r11", "xmm3", "memory");
        right &= memcmp(own, got, sizeof own) == 0 && mask_got == mask;
    }
    if (child == 0) {
        _exit(right ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK(right && status == 0, "wide registers changed here %d, there %d", !right, status != 0);
}

/* ---- debugging */

static volatile int counted;

static void __attribute__((noinline, noclone)) count_here(void) {
    counted++;
    __asm__ volatile("" ::: "memory");
}

static void wait_stopped(pid_t child, int expected, const char *what) {
    int status;
    waitpid(child, &status, 0);
    CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == expected, "%s: status 0x%x", what, status);
}

static uint64_t peek_register(pid_t child, size_t offset) {
    return ptrace(PTRACE_PEEKUSER, child, offset, 0);
}

#define RIP_OF(child) peek_register(child, offsetof(struct user, regs.rip))

__asm__(
    ".globl stepped\n"
    "stepped:\n"
    "xor %eax, %eax\n"
    ".rept 200\n"
    "inc %rax\n"
    ".endr\n"
    "ret\n");
extern char stepped[];

static void single_steps(void) {
    pid_t child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        compute(30);
        raise(SIGSTOP);
        int got = call(stepped);
        compute(10);
        _exit(got == 200 ? 0 : 1);
    }
    wait_stopped(child, SIGSTOP, "the child's start");
    int inside = 0;
    uint64_t last = 0;
    for (int i = 0; i < 3000 && inside < 150; i++) {
        CHECK(ptrace(PTRACE_SINGLESTEP, child, 0, 0) == 0, "PTRACE_SINGLESTEP: %s", strerror(errno));
        wait_stopped(child, SIGTRAP, "a step");
        uint64_t rip = RIP_OF(child);
        if (rip >= (uint64_t)stepped + 2 && rip < (uint64_t)stepped + 2 + 600) {
            uint64_t rax = peek_register(child, offsetof(struct user, regs.rax));
            CHECK(rax == (rip - (uint64_t)stepped - 2) / 3, "at +%ld RAX is %ld", rip - (uint64_t)stepped, rax);
            CHECK(last == 0 || rip == last + 3, "from +%ld to +%ld", last - (uint64_t)stepped, rip - (uint64_t)stepped);
            last = rip;
            inside++;
        }
    }
    CHECK(inside == 150, "only %d steps were seen", inside);
    ptrace(PTRACE_CONT, child, 0, 0);
    int status;
    waitpid(child, &status, 0);
    CHECK(status == 0, "the child ended with 0x%x", status);
}

static void breakpoints(void) {
    enum { CALLS = 20 };
    pid_t child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        compute(30);
        raise(SIGSTOP);
        for (int i = 0; i < CALLS; i++) {
            count_here();
            compute(3);
        }
        _exit(counted == CALLS ? 0 : 1);
    }
    wait_stopped(child, SIGSTOP, "the child's start");
    uint64_t at = (uint64_t)count_here;
    long word = ptrace(PTRACE_PEEKTEXT, child, at, 0);
    for (int i = 0; i < CALLS; i++) {
        ptrace(PTRACE_POKETEXT, child, at, (word & ~0xffl) | 0xcc);
        ptrace(PTRACE_CONT, child, 0, 0);
        wait_stopped(child, SIGTRAP, "a breakpoint");
        CHECK(RIP_OF(child) == at + 1, "stopped at +%ld", RIP_OF(child) - at);
        ptrace(PTRACE_POKETEXT, child, at, word);
        ptrace(PTRACE_POKEUSER, child, offsetof(struct user, regs.rip), at);
        ptrace(PTRACE_SINGLESTEP, child, 0, 0);
        wait_stopped(child, SIGTRAP, "the step over it");
    }
    ptrace(PTRACE_CONT, child, 0, 0);
    int status;
    waitpid(child, &status, 0);
    CHECK(status == 0, "the child ended with 0x%x", status);
}

static void watchpoints(void) {
    enum { STORES = 10 };
    pid_t child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        compute(30);
        raise(SIGSTOP);
        for (int i = 0; i < STORES; i++) {
            compute(3);
            count_here();
        }
        _exit(counted == STORES ? 0 : 1);
    }
    wait_stopped(child, SIGSTOP, "the child's start");
    size_t registers = offsetof(struct user, u_debugreg);
    CHECK(ptrace(PTRACE_POKEUSER, child, registers, &counted) == 0 &&
              ptrace(PTRACE_POKEUSER, child, registers + 7 * 8, 0xd0001) == 0,
          "debug registers: %s", strerror(errno));
    for (int i = 1; i <= STORES; i++) {
        ptrace(PTRACE_CONT, child, 0, 0);
        wait_stopped(child, SIGTRAP, "a watched store");
        long now = ptrace(PTRACE_PEEKDATA, child, &counted, 0) & 0xffffffff;
        CHECK(now == i, "store %d: %ld", i, now);
        CHECK((peek_register(child, registers + 6 * 8) & 15) == 1, "DR6 is 0x%lx",
              peek_register(child, registers + 6 * 8));
    }
    ptrace(PTRACE_POKEUSER, child, registers + 7 * 8, 0);
    ptrace(PTRACE_CONT, child, 0, 0);
    int status;
    waitpid(child, &status, 0);
    CHECK(status == 0, "the child ended with 0x%x", status);
}

static volatile int traps;

static void on_trap(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)info;
    ucontext_t *interrupted = context;
    if (++traps == 50) {
        interrupted->uc_mcontext.gregs[REG_EFL] &= ~0x100;
    }
}

static void own_trap_flag(void) {
    handle(SIGTRAP, on_trap);
    for (int round = 0; round < 3; round++) {
        compute(20);
        traps = 0;
        uint64_t count = 0;
        __asm__ volatile(
            "pushf; orl $0x100, (%%rsp); popf\n"
            ".rept 100\n"
            "inc %0\n"
            ".endr\n"
            : "+r"(count)::"memory", "cc");
        CHECK(count == 100 && traps == 50, "round %d: %d traps over %lu instructions", round, traps, count);
    }
}

/* ---- time */

/* The clock and the counter at one time, as near as another process or a move lets them be read. */
static void both(uint64_t *clock, uint64_t *counter) {
    uint64_t least = ~0ull;
    for (int i = 0; i < 100; i++) {
        uint64_t before = rdtsc(), now = nanos(), after = rdtsc();
        if (after - before < least) {
            least = after - before;
            *clock = now;
            *counter = after;
        }
    }
}

static void counters(void) {
    uint64_t begin, begin_tsc;
    both(&begin, &begin_tsc);
    uint64_t last = begin, last_tsc = begin_tsc;
    double first = 0;
    for (int part = 0; part < 4; part++) {
        uint64_t end = last + 60000000ull;
        while (last < end) {
            uint64_t now = nanos();
            uint64_t tsc = rdtsc();
            CHECK(now >= last, "the clock went back by %lu ns", last - now);
            CHECK(tsc > last_tsc, "the counter went from %lu to %lu", last_tsc, tsc);
            last = now;
            last_tsc = tsc;
        }
        if (part % 2 == 1) {
            usleep(30000);
        }
    }
    both(&last, &last_tsc);
    first = (double)(last_tsc - begin_tsc) / (double)(last - begin);
    compute(100);
    usleep(50000);
    uint64_t now, tsc;
    both(&now, &tsc);
    double second = (double)(tsc - last_tsc) / (double)(now - last);
    CHECK(second / first > 0.97 && second / first < 1.03, "%g GHz, then %g", first, second);
    CHECK(time(NULL) > 1700000000, "the date is %ld", (long)time(NULL));
}

/* Prints the clock, for the host to compare with its own, twice: CLOCK_SECONDS lie between, or 2. */
static void clock_marks(void) {
    const char *wanted = getenv("CLOCK_SECONDS");
    int seconds = wanted == NULL ? 2 : atoi(wanted);
    alarm(seconds + 60);
    uint64_t begin = nanos();
    printf("clock %lu\n", begin);
    fflush(stdout);
    while (nanos() - begin < seconds * 1000000000ull) {
        compute(50);
        usleep(50000);
    }
    printf("clock %lu\n", nanos());
    fflush(stdout);
}

/* ---- segments and ways into the kernel */

static void local_segments(void) {
    static uint64_t cell[2] = {0x123456789, 42};
    uint32_t *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    CHECK(at != MAP_FAILED, "mmap: %s", strerror(errno));
    struct user_desc description = {
        .entry_number = 3,
        .base_addr = (uint32_t)(uint64_t)at,
        .limit = PAGE - 1,
        .seg_32bit = 1,
        .useable = 1,
    };
    CHECK(syscall(SYS_modify_ldt, 1, &description, sizeof description) == 0, "modify_ldt: %s", strerror(errno));
    at[1] = 0xcafe;
    for (int round = 0; round < 5; round++) {
        compute(15);
        uint32_t got = 0;
        uint16_t selector = 3 << 3 | 7;
        __asm__ volatile("mov %1, %%gs; mov %%gs:4, %0" : "=r"(got) : "r"(selector));
        CHECK(got == 0xcafe, "LDT segment: 0x%x", got);
        compute(15);
        sched_yield();
        __asm__ volatile("mov %%gs:4, %0" : "=r"(got));
        CHECK(got == 0xcafe, "LDT segment, later: 0x%x", got);
        __asm__ volatile("mov %%gs, %0" : "=r"(selector));
        CHECK(selector == (3 << 3 | 7), "GS is 0x%x", selector);
        __asm__ volatile("mov %0, %%gs" ::"r"(0));
        CHECK(syscall(SYS_arch_prctl, ARCH_SET_GS, cell) == 0, "arch_prctl: %s", strerror(errno));
        compute(15);
        uint64_t wide;
        __asm__ volatile("mov %%gs:8, %0" : "=r"(wide));
        CHECK(wide == 42, "GS base: %lu", wide);
        syscall(SYS_arch_prctl, ARCH_SET_GS, 0);
    }
    catch_faults();
    uint16_t absent = 9 << 3 | 7;
    int signal = SIGNAL_OF(__asm__ volatile("mov %0, %%gs" ::"r"(absent)));
    CHECK(signal == SIGSEGV, "a selector beyond the LDT: signal %d", signal);
}

static void segment_bases(void) {
    if ((getauxval(AT_HWCAP2) & 2) == 0) {
        skip("no FSGSBASE");
    }
    static uint64_t cells[4] = {1, 2, 3, 4};
    for (int round = 0; round < 5; round++) {
        compute(15);
        uint64_t got, base;
        __asm__ volatile("wrgsbase %1; mov %%gs:16, %0" : "=r"(got) : "r"(cells));
        CHECK(got == 3, "after WRGSBASE: %lu", got);
        sched_yield();
        compute(15);
        __asm__ volatile("rdgsbase %0; mov %%gs:24, %1" : "=r"(base), "=r"(got));
        CHECK(base == (uint64_t)cells && got == 4, "later: base 0x%lx, %lu", base, got);
        __asm__ volatile("rdfsbase %0" : "=r"(base));
        CHECK(base == (uint64_t)pthread_self(), "FS base 0x%lx", base);
    }
}

static void system_calls(void) {
    compute(30);
    for (int i = 0; i < 200; i++) {
        long answer, rcx, r11, flags;
        __asm__ volatile("mov $39, %%eax; stc; pushf; pop %3; syscall; 1: mov %%rcx, %1; mov %%r11, %2; lea 1b(%%rip), "
                         "%%rcx; sub %%rcx, %1"
                         : "=&a"(answer), "=&r"(rcx), "=&r"(r11), "=&r"(flags)::"rcx", "r11", "memory");
        CHECK(answer == getpid(), "SYSCALL: %ld", answer);
        CHECK(rcx == 0, "RCX is %ld bytes off", rcx);
        CHECK((r11 & 0xfff) == (flags & 0xfff), "R11 is 0x%lx, RFLAGS was 0x%lx", r11, flags);
        long old;
        __asm__ volatile("int $0x80" : "=a"(old) : "a"(20L) : "memory");
        CHECK(old == getpid(), "INT 0x80: %ld", old);
        errno = 0;
        CHECK(syscall(9999) == -1 && errno == ENOSYS, "an unknown call: %s", strerror(errno));
    }
}

/* SYSENTER is a way for 32-bit programs only: a 64-bit one does not survive it, whether the processor has it or not. */
static void wrong_way(void) {
    for (int i = 0; i < 5; i++) {
        pid_t child = fork();
        CHECK(child >= 0, "fork: %s", strerror(errno));
        if (child == 0) {
            compute(5);
            __asm__ volatile("mov $20, %%eax; xor %%ebp, %%ebp; sysenter" ::: "rax", "memory");
            _exit(0);
        }
        int status = 0;
        CHECK(waitpid(child, &status, 0) == child, "waitpid: %s", strerror(errno));
        CHECK(WIFSIGNALED(status), "status 0x%x", status);
        CHECK(WTERMSIG(status) == SIGILL || WTERMSIG(status) == SIGSEGV, "signal %d", WTERMSIG(status));
    }
}

static int kernel_has(const char *feature) {
    FILE *info = fopen("/proc/cpuinfo", "r");
    CHECK(info != NULL, "cpuinfo: %s", strerror(errno));
    char line[4000];
    int has = 0;
    while (fgets(line, sizeof line, info) != NULL && strncmp(line, "flags", 5) != 0) {
    }
    for (char *word = strtok(line, " \t\n"); word != NULL; word = strtok(NULL, " \t\n")) {
        has |= strcmp(word, feature) == 0;
    }
    fclose(info);
    return has;
}

enum { EAX, EBX, ECX, EDX };

struct model {
    unsigned leaf1[4], leaf7[4];
    uint32_t xcr0;
};

/* Before the program has computed anything worth the processor. */
static struct model look_at_model(void) {
    struct model found = {.xcr0 = 0};
    unsigned *r = found.leaf1;
    __cpuid_count(1, 0, r[EAX], r[EBX], r[ECX], r[EDX]);
    r = found.leaf7;
    __cpuid_count(7, 0, r[EAX], r[EBX], r[ECX], r[EDX]);
    if (found.leaf1[ECX] >> 27 & 1) {
        uint32_t high;
        __asm__ volatile("xgetbv" : "=a"(found.xcr0), "=d"(high) : "c"(0));
    }
    return found;
}

static void compare_with_kernel(const struct model *found) {
    static const struct {
        const char *name;
        int leaf, at, bit;
    } features[] = {
        {"pni", 1, ECX, 0},     {"pclmulqdq", 1, ECX, 1}, {"fma", 1, ECX, 12},    {"cx16", 1, ECX, 13},
        {"sse4_2", 1, ECX, 20}, {"movbe", 1, ECX, 22},    {"popcnt", 1, ECX, 23}, {"aes", 1, ECX, 25},
        {"xsave", 1, ECX, 27},  {"avx", 1, ECX, 28},      {"f16c", 1, ECX, 29},   {"rdrand", 1, ECX, 30},
        {"bmi1", 7, EBX, 3},    {"avx2", 7, EBX, 5},      {"bmi2", 7, EBX, 8},    {"avx512f", 7, EBX, 16},
        {"rdseed", 7, EBX, 18}, {"adx", 7, EBX, 19},      {"sha_ni", 7, EBX, 29}, {"avx512vl", 7, EBX, 31},
        {"gfni", 7, ECX, 8},    {"vaes", 7, ECX, 9},      {"amx_tile", 7, EDX, 24},
    };
    for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
        const unsigned *r = features[i].leaf == 1 ? found->leaf1 : found->leaf7;
        int has = r[features[i].at] >> features[i].bit & 1;
        CHECK(has == kernel_has(features[i].name), "CPUID says %d of %s, unlike the kernel", has, features[i].name);
    }
    uint32_t expected = !kernel_has("xsave") ? 0 : kernel_has("avx") ? 7 : 3;
    CHECK(found->xcr0 == expected, "XGETBV says 0x%x", found->xcr0);
}

/* Programs ask for the processor's features when they start. */
static void processor_model(void) {
    if (getenv("ALL_NATIVE") != NULL) {
        skip("programs that start natively may find the host's processor");
    }
    struct model found = look_at_model();
    compare_with_kernel(&found);
    for (int i = 0; i < 10; i++) {
        compute(20);
        pid_t child = fork();
        if (child == 0) {
            found = look_at_model();
            compare_with_kernel(&found);
            compute(20);
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        CHECK(status == 0, "time %d: status 0x%x", i, status);
    }
}

/* How a program learns without a system call which processor it runs on: Linux keeps the number in a segment's limit. */
static void processor_numbers(void) {
    cpu_set_t all;
    CHECK(sched_getaffinity(0, sizeof all, &all) == 0, "sched_getaffinity: %s", strerror(errno));
    for (int round = 0; round < 3; round++) {
        for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
            if (!CPU_ISSET(cpu, &all)) {
                continue;
            }
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            CHECK(sched_setaffinity(0, sizeof one, &one) == 0, "sched_setaffinity: %s", strerror(errno));
            compute(10);
            uint64_t limit = 0xbad;
            uint8_t there;
            __asm__ volatile("lsl %2, %0; setz %1" : "+r"(limit), "=q"(there) : "r"(0x7bull) : "cc");
            CHECK(there && (limit & 0xfff) == cpu, "on %u LSL says %d, 0x%lx", cpu, there, limit);
        }
    }
}

/* 32-bit code of a page that says what it finds in DS and ES, and what is at the address in EBX: for 64-bit code to call. */
static unsigned char *look_from_32_bits(uint32_t *low) {
    unsigned char *code =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    CHECK(code != MAP_FAILED, "mmap: %s", strerror(errno));
    uint32_t at = (uint32_t)(uint64_t)code;
    uint32_t saved = (uint32_t)(uint64_t)low;
    uint32_t top = saved + PAGE;
    uint32_t target = at + 0x100;
    uint32_t back = at + 0x200;
    unsigned char there[] = {
        0x53,                               /* push rbx */
        0x89, 0xfb,                         /* mov ebx, edi */
        0x48, 0x89, 0x24, 0x25, 0, 0, 0, 0, /* mov [saved], rsp */
        0x48, 0xc7, 0xc4, 0, 0, 0, 0,       /* mov rsp, top */
        0x6a, 0x23, 0x68, 0, 0, 0, 0,       /* push 0x23; push target */
        0x48, 0xcb,                         /* lretq */
    };
    memcpy(there + 7, &saved, 4);
    memcpy(there + 14, &top, 4);
    memcpy(there + 21, &target, 4);
    memcpy(code, there, sizeof there);
    unsigned char part32[] = {
        0x8c, 0xd8,                /* mov eax, ds */
        0x8c, 0xc1,                /* mov ecx, es */
        0xc1, 0xe1, 0x08,          /* shl ecx, 8 */
        0x09, 0xc8,                /* or eax, ecx */
        0x26, 0x03, 0x03,          /* add eax, es:[ebx] */
        0x03, 0x03,                /* add eax, [ebx] */
        0xea, 0, 0, 0, 0, 0x33, 0, /* ljmp 0x33:back */
    };
    memcpy(part32 + 15, &back, 4);
    memcpy(code + 0x100, part32, sizeof part32);
    unsigned char home[] = {0x48, 0x8b, 0x24, 0x25, 0, 0, 0, 0, 0x5b, 0xc3}; /* mov rsp, [saved]; pop rbx; ret */
    memcpy(home + 4, &saved, 4);
    memcpy(code + 0x200, home, sizeof home);
    return code;
}

static uint32_t data_selectors(void) {
    uint32_t ds, es;
    __asm__ volatile("mov %%ds, %0; mov %%es, %1" : "=r"(ds), "=r"(es));
    return ds | es << 16;
}

/* Segments that 64-bit code loads for 32-bit code, which another process has not loaded. */
static void data_segments(void) {
    uint32_t *low = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    CHECK(low != MAP_FAILED, "mmap: %s", strerror(errno));
    unsigned char *code = look_from_32_bits(low);
    low[2] = 0x100000;
    pid_t child = fork();
    uint32_t selector = child == 0 ? 0x2b : 0;
    uint32_t all = selector | selector << 16;
    int right = 1;
    for (int round = 0; round < 30; round++) {
        compute(2);
        __asm__ volatile("mov %0, %%ds; mov %0, %%es" ::"r"(selector));
        compute(2);
        right &= data_selectors() == all;
        sched_yield();
        right &= data_selectors() == all;
        compute(2);
        __asm__ volatile("mov %0, %%ds; mov %0, %%es" ::"r"(0x2b));
        uint32_t got = ((uint32_t (*)(uint32_t *))code)(low + 2);
        CHECK(got == 0x202b2b, "round %d: 32-bit code found 0x%x", round, got);
        compute(1);
        right &= data_selectors() == 0x2b002b;
    }
    if (child == 0) {
        _exit(right ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK(right && status == 0, "segments changed here %d, there %d", !right, status != 0);
}

/* Where the kernel's tables are is the kernel's to tell, if it does: not what serves native code. */
static void table_registers(void) {
    catch_faults();
    struct {
        unsigned char gdtr[10], idtr[10];
        uint64_t task, local, status;
        int signals[5];
    } first, later;
    memset(&first, 0, sizeof first);
    for (int round = 0; round < 4; round++) {
        memset(&later, 0, sizeof later);
        later.signals[0] = SIGNAL_OF(__asm__ volatile("sgdt %0" : "=m"(later.gdtr)));
        later.signals[1] = SIGNAL_OF(__asm__ volatile("sidt %0" : "=m"(later.idtr)));
        later.signals[2] = SIGNAL_OF(__asm__ volatile("str %0" : "=r"(later.task)));
        later.signals[3] = SIGNAL_OF(__asm__ volatile("sldt %0" : "=r"(later.local)));
        later.signals[4] = SIGNAL_OF(__asm__ volatile("smsw %0" : "=r"(later.status)));
        if (round == 0) {
            first = later;
        }
        CHECK(memcmp(&first, &later, sizeof first) == 0, "round %d: task 0x%lx, 0x%lx; status 0x%lx, 0x%lx", round,
              first.task, later.task, first.status, later.status);
        compute(20);
    }
}

static void vsyscall_page(void) {
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[300];
    int there = 0;
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        there |= strstr(line, "[vsyscall]") != NULL;
    }
    if (!there) {
        skip("no vsyscall page");
    }
    for (int i = 0; i < 50; i++) {
        compute(1);
        struct timeval now = {0, 0};
        long answer = ((long (*)(struct timeval *, void *))0xffffffffff600000)(&now, NULL);
        long seconds = ((long (*)(long *))0xffffffffff600400)(NULL);
        /* The seconds are as of the last tick, which may be before the present one began. */
        CHECK(answer == 0 && seconds - now.tv_sec >= -1 && seconds - now.tv_sec <= 1, "%ld: %ld, %ld", answer,
              (long)now.tv_sec, seconds);
        long real = time(NULL);
        CHECK(real - seconds >= 0 && real - seconds <= 1, "%ld, but time() says %ld", seconds, real);
    }
}

static void ports(void) {
    CHECK(ioperm(0x80, 1, 1) == 0, "ioperm: %s", strerror(errno));
    catch_faults();
    for (int i = 0; i < 5; i++) {
        compute(15);
        outb(i, 0x80);
        (void)inb(0x80);
        int signal = SIGNAL_OF(outb(0, 0x81));
        CHECK(signal == SIGSEGV, "a port that is not open: signal %d", signal);
    }
}

/* 32-bit code by a far jump, a system call there, and back. */
static void other_width(void) {
    unsigned char *code =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    uint32_t *low = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    CHECK(code != MAP_FAILED && low != MAP_FAILED, "mmap: %s", strerror(errno));
    unsigned char part32[] = {
        0xb9, 100, 0, 0, 0,       /*  0: mov ecx, 100 */
        0x40,                     /*  5: inc eax; a REX prefix in 64-bit code */
        0x83, 0xc0, 0x02,         /*  6: add eax, 2 */
        0x49,                     /*  9: dec ecx */
        0x75, 0xf9,               /* 10: jne 5 */
        0x89, 0xc1,               /* 12: mov ecx, eax */
        0xb8, 20, 0, 0, 0,        /* 14: mov eax, 20: getpid */
        0xcd, 0x80,               /* 19: int 0x80 */
        0x01, 0xc8,               /* 21: add eax, ecx */
        0xea, 0, 0, 0, 0, 0x33, 0 /* 23: ljmp 0x33:back */
    };
    /* Far returns into 32-bit code need not keep RSP's upper half: the stack is low meanwhile. */
    uint32_t at = (uint32_t)(uint64_t)code;
    uint32_t saved = (uint32_t)(uint64_t)low;
    uint32_t top = saved + PAGE;
    uint32_t target = at + 0x100;
    uint32_t back = target + sizeof part32;
    unsigned char there[] = {
        0x31, 0xc0,                         /* xor eax, eax */
        0x48, 0x89, 0x24, 0x25, 0, 0, 0, 0, /* mov [saved], rsp */
        0x48, 0xc7, 0xc4, 0, 0, 0, 0,       /* mov rsp, top */
        0x6a, 0x23, 0x68, 0, 0, 0, 0,       /* push 0x23; push target */
        0x48, 0xcb,                         /* lretq */
    };
    memcpy(there + 6, &saved, 4);
    memcpy(there + 13, &top, 4);
    memcpy(there + 20, &target, 4);
    memcpy(code, there, sizeof there);
    memcpy(part32 + 24, &back, 4);
    memcpy(code + 0x100, part32, sizeof part32);
    unsigned char home[] = {0x48, 0x8b, 0x24, 0x25, 0, 0, 0, 0, 0xc3}; /* mov rsp, [saved]; ret */
    memcpy(home + 4, &saved, 4);
    memcpy(code + 0x100 + sizeof part32, home, sizeof home);
    for (int i = 0; i < 50; i++) {
        compute(2);
        int got = call(code);
        CHECK(got == 300 + getpid(), "time %d: %d", i, got);
    }
}

static void device_memory(void) {
    int file = open("/dev/mem", O_RDWR | O_SYNC);
    if (file < 0) {
        mknod("/tmp/mem", S_IFCHR | 0600, makedev(1, 1));
        file = open("/tmp/mem", O_RDWR | O_SYNC);
    }
    if (file < 0) {
        skip("no /dev/mem");
    }
    volatile uint64_t *hpet = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0xfed00000);
    if (hpet == MAP_FAILED) {
        skip("the kernel keeps the HPET for itself");
    }
    CHECK((hpet[0] & 0xff) != 0 && hpet[0] != ~0ull, "the HPET's first register is 0x%lx", hpet[0]);
    if ((hpet[0x10 / 8] & 1) == 0) {
        hpet[0x10 / 8] |= 1;
    }
    uint64_t last = hpet[0xf0 / 8];
    for (int i = 0; i < 50; i++) {
        compute(2);
        uint64_t now = hpet[0xf0 / 8];
        CHECK(now > last, "the HPET went from %lu to %lu", last, now);
        last = now;
    }
}

/* ---- accessed and dirty bits, as the kernel sees them */

static int soft_dirty(int pagemap, const void *at) {
    uint64_t entry = 0;
    CHECK(pread(pagemap, &entry, 8, (uint64_t)at / PAGE * 8) == 8, "pagemap: %s", strerror(errno));
    return entry >> 55 & 1;
}

static void dirty_bits(void) {
    int pagemap = open("/proc/self/pagemap", O_RDONLY);
    int clear = open("/proc/self/clear_refs", O_WRONLY);
    if (pagemap < 0 || clear < 0) {
        skip("no pagemap");
    }
    volatile char *area = pages(8, PROT_READ | PROT_WRITE);
    memset((void *)area, 1, 8 * PAGE);
    if (write(clear, "4", 1) != 1 || soft_dirty(pagemap, (void *)area)) {
        skip("no soft-dirty bits");
    }
    for (int round = 0; round < 20; round++) {
        if (round % 5 == 0) {
            compute(20);
        }
        CHECK(write(clear, "4", 1) == 1, "clear_refs: %s", strerror(errno));
        area[round % 8 * PAGE] = 2;
        for (int i = 0; i < 8; i++) {
            CHECK(soft_dirty(pagemap, (void *)(area + i * PAGE)) == (i == round % 8), "round %d: page %d", round, i);
        }
    }
}

static long referenced(const void *at) {
    FILE *maps = fopen("/proc/self/smaps", "r");
    CHECK(maps != NULL, "smaps: %s", strerror(errno));
    char line[300];
    int here = 0;
    long kib = -1;
    while (kib < 0 && fgets(line, sizeof line, maps) != NULL) {
        unsigned long start, end;
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2) {
            here = (uint64_t)at >= start && (uint64_t)at < end;
        } else if (here) {
            sscanf(line, "Referenced: %ld", &kib);
        }
    }
    fclose(maps);
    return kib;
}

static void accessed_bits(void) {
    int clear = open("/proc/self/clear_refs", O_WRONLY);
    if (clear < 0) {
        skip("no clear_refs");
    }
    /* Alone between two others, so that the kernel does not join it with a neighbour. */
    char *area = (char *)pages(34, PROT_NONE) + PAGE;
    mprotect(area, 32 * PAGE, PROT_READ | PROT_WRITE);
    memset(area, 1, 32 * PAGE);
    for (int round = 0; round < 5; round++) {
        compute(20);
        CHECK(write(clear, "1", 1) == 1, "clear_refs: %s", strerror(errno));
        /* The kernel leaves translations alone that a TLB may hold with the bit set. */
        mprotect(area, 32 * PAGE, PROT_READ);
        mprotect(area, 32 * PAGE, PROT_READ | PROT_WRITE);
        long none = referenced(area);
        compute(5);
        for (int i = 0; i < 10; i++) {
            (void)*(volatile char *)(area + i * PAGE);
        }
        long some = referenced(area);
        CHECK(none == 0 && some == 40, "round %d: %ld KiB referenced, then %ld", round, none, some);
    }
}

/* ---- threads */

static volatile int stop_reading;
static volatile char *volatile shared;
static volatile uint64_t reads;
static __thread sigjmp_buf reader_after;
static volatile int reader_faults;

static void on_reader_fault(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)info;
    (void)context;
    siglongjmp(reader_after, 1);
}

static void *reader(void *unused) {
    (void)unused;
    while (!stop_reading) {
        if (sigsetjmp(reader_after, 1) == 0) {
            for (int i = 0; i < 1000; i++) {
                (void)*shared;
            }
            reads++;
        } else {
            reader_faults++;
        }
    }
    return NULL;
}

/* What one thread takes from the address space, another does not see any more. */
static void threads(void) {
    handle(SIGSEGV, on_reader_fault);
    shared = pages(1, PROT_READ | PROT_WRITE);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, reader, NULL) == 0, "pthread_create");
    for (int round = 0; round < 30; round++) {
        compute(4);
        int before = reader_faults;
        mprotect((void *)shared, PAGE, PROT_NONE);
        uint64_t end = nanos() + 5000000000ull;
        while (reader_faults == before && nanos() < end) {
            sched_yield();
        }
        CHECK(reader_faults != before, "round %d: the other thread still reads", round);
        uint64_t then = reads;
        usleep(300);
        CHECK(reads <= then, "round %d: the other thread read %lu times without right", round, reads - then);
        mprotect((void *)shared, PAGE, PROT_READ | PROT_WRITE);
        end = nanos() + 5000000000ull;
        while (reads == then && nanos() < end) {
            sched_yield();
        }
        CHECK(reads != then, "round %d: the other thread reads no more", round);
    }
    stop_reading = 1;
    pthread_join(thread, NULL);
}

static volatile uint64_t *replaced;
static volatile uint64_t announced;
static volatile uint64_t stale;
static volatile int stop_looking;

static void *looker(void *unused) {
    (void)unused;
    while (!stop_looking) {
        uint64_t least = announced;
        if (*replaced < least) {
            stale++;
        }
    }
    return NULL;
}

/* A page that one thread replaced is gone for others once they are told. */
static void replaced_pages(void) {
    pthread_t all[2];
    replaced = pages(1, PROT_READ | PROT_WRITE);
    for (int i = 0; i < 2; i++) {
        CHECK(pthread_create(&all[i], NULL, looker, NULL) == 0, "pthread_create");
    }
    for (uint64_t round = 1; round <= 100; round++) {
        uint64_t *next = pages(1, PROT_READ | PROT_WRITE);
        *next = round;
        void *there = mremap(next, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)replaced);
        CHECK(there == (void *)replaced, "mremap");
        announced = round;
        compute(1);
    }
    stop_looking = 1;
    for (int i = 0; i < 2; i++) {
        pthread_join(all[i], NULL);
    }
    CHECK(stale == 0, "%lu reads of pages that were gone", stale);
}

static volatile long added;

static void *adder(void *unused) {
    (void)unused;
    for (int i = 0; i < 2000000; i++) {
        __atomic_fetch_add(&added, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

static void atomics(void) {
    pthread_t all[3];
    for (int i = 0; i < 3; i++) {
        CHECK(pthread_create(&all[i], NULL, adder, NULL) == 0, "pthread_create");
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(all[i], NULL);
    }
    CHECK(added == 6000000, "%ld", added);
}

/* ---- */

static const struct {
    const char *name;
    void (*run)(void);
} checks[] = {
    {"faults", faults},
    {"alignment", alignment},
    {"protection", protection},
    {"moving", moving},
    {"copy_on_write", copy_on_write},
    {"short_lives", short_lives},
    {"made_code", made_code},
    {"protected_code", protected_code},
    {"changing_code", changing_code},
    {"aliased_code", aliased_code},
    {"signals_and_fpu", signals_and_fpu},
    {"fpu_between_processes", fpu_between_processes},
    {"avx_between_processes", avx_between_processes},
    {"numbers", numbers},
    {"wide_registers", wide_registers},
    {"single_steps", single_steps},
    {"breakpoints", breakpoints},
    {"watchpoints", watchpoints},
    {"own_trap_flag", own_trap_flag},
    {"counters", counters},
    {"clock_marks", clock_marks},
    {"local_segments", local_segments},
    {"segment_bases", segment_bases},
    {"data_segments", data_segments},
    {"system_calls", system_calls},
    {"wrong_way", wrong_way},
    {"table_registers", table_registers},
    {"processor_model", processor_model},
    {"processor_numbers", processor_numbers},
    {"vsyscall_page", vsyscall_page},
    {"ports", ports},
    {"other_width", other_width},
    {"device_memory", device_memory},
    {"dirty_bits", dirty_bits},
    {"accessed_bits", accessed_bits},
    {"threads", threads},
    {"replaced_pages", replaced_pages},
    {"atomics", atomics},
};

#define CHECKS (sizeof checks / sizeof *checks)

static int wanted(const char *check, int count, char **names) {
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], check) == 0) {
            return 1;
        }
    }
    return count == 0;
}

int main(int count, char **arguments) {
    int failures = 0;
    for (size_t i = 0; i < CHECKS; i++) {
        if (!wanted(checks[i].name, count - 1, arguments + 1)) {
            continue;
        }
        name = checks[i].name;
        uint64_t start = nanos();
        pid_t child = fork();
        if (child == 0) {
            alarm(60);
            checks[i].run();
            printf("%s ok\n", name);
            fflush(stdout);
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        if (WIFSIGNALED(status)) {
            printf("%s FAILED: ended by signal %d\n", name, WTERMSIG(status));
        }
        failures += status != 0;
        if (getenv("TIMES") != NULL) {
            printf("# %s: %lu ms\n", name, (nanos() - start) / 1000000);
        }
        fflush(stdout);
    }
    return failures;
}
