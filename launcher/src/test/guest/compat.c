/* SPDX-License-Identifier: Apache-2.0 */
/* What 32-bit Linux programs can notice of their processor: system calls in both ways, segments of their own, 16-bit and 64-bit
   code, faults, memory that changes, vectors, threads. Without a C library. The argument says how long its loops are. */
typedef unsigned int u32;
typedef unsigned char u8;

enum {
    EXIT = 1,
    FORK = 2,
    WRITE = 4,
    WAITPID = 7,
    GETPID = 20,
    MUNMAP = 91,
    MODIFY_LDT = 123,
    MPROTECT = 125,
    SCHED_YIELD = 158,
    RT_SIGACTION = 174,
    MMAP2 = 192,
    SET_THREAD_AREA = 243,
    EXIT_GROUP = 252,
    GETCPU = 318
};

enum { TRAP_FLAG = 1 << 8, OVERFLOW_FLAG = 1 << 11 };

static int call3(int number, int a, int b, int c) {
    int answer;
    __asm__ volatile("int $0x80" : "=a"(answer) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return answer;
}

static int call4(int number, int a, int b, int c, int d) {
    int answer;
    __asm__ volatile("int $0x80"
                     : "=a"(answer)
                     : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d)
                     : "memory");
    return answer;
}

static void __attribute__((noreturn)) leave(int code) {
    for (;;) {
        call3(EXIT_GROUP, code, 0, 0);
    }
}

static void say(const char *text) {
    int length = 0;
    while (text[length] != 0) {
        length++;
    }
    call3(WRITE, 1, (int)text, length);
}

static void check(int right, const char *what) {
    if (!right) {
        say("compat FAILED: ");
        say(what);
        say("\n");
        leave(1);
    }
}

static void yield(void) {
    call3(SCHED_YIELD, 0, 0, 0);
}

static u8 *pages(int count, int rights) {
    register int address __asm__("eax") = MMAP2;
    __asm__ volatile(
            "push %%ebp\nxor %%ebp, %%ebp\nint $0x80\npop %%ebp"
            : "+r"(address)
            : "b"(0), "c"(count * 4096), "d"(rights), "S"(0x22), "D"(-1)
            : "memory");
    return (u8 *)address;
}

static int ended(int process) {
    int status = -1;
    check(call3(WAITPID, process, (int)&status, 0) == process, "waitpid");
    return status;
}

/* ---- faults */

struct fault {
    u32 signal, trap, error, at, address;
};

static struct fault seen;
extern u32 saved_esp;
extern u8 resume[];
void attempt(u8 *code);

__asm__(".bss\nsaved_esp: .long 0\n.text\n"
        "attempt:\n"
        "push %ebx\npush %esi\npush %edi\npush %ebp\n"
        "mov %esp, saved_esp\n"
        "mov 20(%esp), %eax\n"
        "call *%eax\n"
        "resume:\n"
        "mov saved_esp, %esp\n"
        "pop %ebp\npop %edi\npop %esi\npop %ebx\n"
        "ret\n"
        "restore:\n"
        "mov $173, %eax\n" /* rt_sigreturn */
        "int $0x80\n");

/* Words of the frame's registers, behind five others. */
enum { TRAP_NUMBER = 17, ERROR = 18, EIP = 19, FLAGS = 21, CR2 = 26 };

static void __attribute__((used)) handle(int signal, void *info, u32 *context) {
    (void)info;
    seen = (struct fault){signal, context[TRAP_NUMBER], context[ERROR], context[EIP], context[CR2]};
    context[EIP] = (u32)resume;
    context[FLAGS] &= ~TRAP_FLAG;
}

extern u8 restore[];

static void handleSignals(void) {
    static const int SIGNALS[] = {4, 5, 7, 8, 11};
    u32 action[5] = {(u32)handle, 0x04000004, (u32)restore, 0, 0};
    for (u32 i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++) {
        check(call4(RT_SIGACTION, SIGNALS[i], (int)action, 0, 8) == 0, "rt_sigaction");
    }
}

#define SNIPPET(name, code) \
    extern u8 name[]; \
    __asm__(".text\n" #name ":\n" code "\nret\n")

SNIPPET(an_int3, "int3");
SNIPPET(an_overflow, "mov $0x7f, %al\ninc %al\ninto");
SNIPPET(no_overflow, "xor %eax, %eax\ninto");
SNIPPET(a_bound, "push $2\npush $1\nxor %eax, %eax\nbound %eax, (%esp)");
SNIPPET(within_bounds, "push $2\npush $1\nmov $2, %eax\nbound %eax, (%esp)\nadd $8, %esp");
SNIPPET(an_undefined, "ud2");
SNIPPET(a_division, "xor %ecx, %ecx\ndiv %ecx");
SNIPPET(a_halt, "hlt");
SNIPPET(a_port, "in $0x80, %al");
SNIPPET(a_gate, "int $0x81");
SNIPPET(a_selector, "mov $0x4b, %eax\nmov %eax, %es");
SNIPPET(a_load, "mov 16, %eax");
SNIPPET(a_far_load, "mov $0xfffffff0, %eax\nmov (%eax), %eax");
SNIPPET(a_store, "movb $0, an_int3");
SNIPPET(a_step, "pushf\norl $0x100, (%esp)\npopf\nnop\nnop");
SNIPPET(a_limit, "mov %gs:16, %eax");

static void expect(u8 *code, u32 signal, u32 trap, u32 offset, u32 error, const char *what) {
    seen = (struct fault){0, 0, 0, 0, 0};
    attempt(code);
    check(seen.signal == signal, what);
    if (signal != 0) {
        check(seen.trap == trap && seen.at == (u32)code + offset, what);
        check(seen.error == error, what);
    }
}

static void faults(int isLong) {
    expect(an_int3, 5, 3, 1, 0, "INT3");
    expect(an_overflow, 11, 4, 5, 0, "INTO");
    expect(no_overflow, 0, 0, 0, 0, "INTO without an overflow");
    expect(a_bound, 11, 5, 6, 0, "BOUND");
    expect(within_bounds, 0, 0, 0, 0, "BOUND within its bounds");
    expect(an_undefined, 4, 6, 0, 0, "UD2");
    expect(a_division, 8, 0, 2, 0, "a division by zero");
    expect(a_halt, 11, 13, 0, 0, "HLT");
    expect(a_port, 11, 13, 0, 0, "IN");
    expect(a_gate, 11, 13, 0, 0x81 * 8 + 2, "INT 0x81");
    expect(a_selector, 11, 13, 5, 0x48, "a selector of nothing");
    expect(a_load, 11, 14, 0, 4, "a load of nothing");
    check(seen.address == 16, "where nothing is");
    expect(a_far_load, 11, 14, 5, isLong ? 4 : 5, "a load of the last page"); /* the kernel's */
    check(seen.address == 0xfffffff0, "where the last page is");
    expect(a_store, 11, 14, 0, 7, "a store to code");
    check(seen.address == (u32)an_int3, "where the code is");
    expect(a_step, 5, 1, 10, 0, "a single step");
    expect(a_limit, 11, 13, 0, 0, "a segment's limit");
}

/* ---- segments */

struct segment {
    u32 entry, base, limit, flags;
};

enum { SEGMENT_32 = 1, CONTENTS_CODE = 2 << 1, LIMIT_IN_PAGES = 1 << 4, USABLE = 1 << 6 };

static u32 cells[4] = {1, 2, 3, 4};
static u32 others[4] = {5, 6, 7, 8};
static u32 own;

static u32 atGs8(u32 selector) {
    u32 got;
    __asm__ volatile("mov %1, %%gs\nmov %%gs:8, %0" : "=r"(got) : "r"(selector));
    return got;
}

static void ownSegment(void) {
    struct segment mine = {(u32)-1, (u32)cells, 15, SEGMENT_32 | USABLE};
    check(call3(SET_THREAD_AREA, (int)&mine, 0, 0) == 0, "set_thread_area");
    own = mine.entry << 3 | 3;
    check(atGs8(own) == 3, "the segment's content");
    mine.base = (u32)others;
    check(call3(SET_THREAD_AREA, (int)&mine, 0, 0) == 0, "set_thread_area again");
    check(atGs8(own) == 7, "the segment's new content");
    yield();
    u32 got;
    __asm__ volatile("mov %%gs:12, %0" : "=r"(got));
    check(got == 8, "the segment's content, later");
    mine.base = (u32)cells;
    call3(SET_THREAD_AREA, (int)&mine, 0, 0);
    check(atGs8(own) == 3, "the first content again");
}

/* LSL, LAR and their kin, of segments that may be asked for. */
static void inspected(int isLong) {
    u32 limit = 0, rights = 0;
    u8 there, writable;
    __asm__ volatile("lsl %2, %0\nsetz %1" : "+r"(limit), "=q"(there) : "r"(own));
    check(there && limit == 15, "LSL");
    __asm__ volatile("lar %2, %0\nsetz %1" : "+r"(rights), "=q"(there) : "r"(own));
    check(there && (rights & 0xff00) == 0xf300, "LAR");
    __asm__ volatile("verw %w1\nsetz %0" : "=q"(writable) : "r"(own));
    check(writable, "VERW");
    __asm__ volatile("lsl %2, %0\nsetz %1" : "+r"(limit), "=q"(there) : "r"(0x10));
    check(!there, "LSL of the kernel's");
    u32 cpu = 0;
    check(call3(GETCPU, (int)&cpu, 0, 0) == 0, "getcpu");
    limit = 0;
    __asm__ volatile("lsl %2, %0\nsetz %1" : "+r"(limit), "=q"(there) : "r"(isLong ? 0x7b : 0xe3));
    check(!there || (limit & 0xfff) == cpu, "LSL of the processor's number");
}

extern u8 code16[], code64[];
extern u32 entry16[2];

/* 16-bit code that asks for the process's number and adds up to 1000 in BX; 64-bit code that uses R8. */
__asm__(".text\n"
        "code16:\n"
        ".code16\n"
        "mov $20, %eax\n"
        "int $0x80\n"
        "xor %ebx, %ebx\n"
        "mov $1000, %cx\n"
        "1: add $0x7fff, %bx\n"
        "dec %cx\n"
        "jnz 1b\n"
        "lretl\n"
        ".code64\n"
        "code64:\n"
        "movabs $0x1234567800000000, %r8\n"
        "mov %r8, %rax\n"
        "shr $32, %rax\n"
        "lretl\n"
        ".code32\n"
        ".data\nentry16: .long 0, 0x0f\n.text\n");

static void localSegments(void) {
    struct segment data = {0, (u32)cells, 15, SEGMENT_32 | USABLE};
    struct segment code = {1, (u32)code16, 0xfff, CONTENTS_CODE | USABLE};
    if (call3(MODIFY_LDT, 1, (int)&data, sizeof data) != 0) {
        return; /* a kernel without them */
    }
    int has16 = call3(MODIFY_LDT, 1, (int)&code, sizeof code) == 0; /* not all kernels */
    for (int round = 0; round < 3; round++) {
        u32 got;
        __asm__ volatile("mov %1, %%fs\nmov %%fs:4, %0" : "=r"(got) : "r"(7));
        check(got == 2, "the local segment's content");
        yield();
        __asm__ volatile("mov %%fs:12, %0" : "=r"(got));
        check(got == 4, "the local segment's content, later");
        if (!has16) {
            continue;
        }
        u32 sum;
        int process;
        __asm__ volatile("lcall *entry16" : "=b"(sum), "=a"(process) : : "ecx", "edx", "memory");
        check(process == call3(GETPID, 0, 0, 0), "a system call of 16-bit code");
        check(sum == (1000 * 0x7fff & 0xffff), "what 16-bit code computes");
    }
    __asm__ volatile("mov %0, %%fs" : : "r"(0));
}

static void longCode(void) {
    for (int round = 0; round < 3; round++) {
        u32 got;
        __asm__ volatile("lcall $0x33, $code64" : "=a"(got) : : "memory");
        check(got == 0x12345678, "64-bit code");
        yield();
    }
}

/* ---- memory */

static void madeCode(void) {
    u8 *code = pages(1, 7);
    for (u32 i = 0; i < 40; i++) {
        code[0] = 0xb8; /* mov eax, i; ret */
        *(u32 *)(code + 1) = i;
        code[5] = 0xc3;
        check(((u32(*)(void))code)() == i, "code that was made");
        if (i % 8 == 0) {
            yield();
        }
    }
    call3(MUNMAP, (int)code, 4096, 0);
}

static u8 *target;

static void __attribute__((used)) storeTarget(void) {
    *(volatile u8 *)target = 9;
}

static void __attribute__((used)) loadTarget(void) {
    (void)*(volatile u8 *)target;
}

static int faultsWith(void (*code)(void)) {
    seen = (struct fault){0, 0, 0, 0, 0};
    attempt((u8 *)code);
    return seen.signal == 11 && seen.trap == 14 && seen.address == (u32)target ? (int)seen.error : -1;
}

static void changingMemory(void) {
    for (int round = 0; round < 5; round++) {
        target = pages(2, 3);
        *target = round;
        check(faultsWith(storeTarget) == -1 && *target == 9, "a page that is writable");
        check(call3(MPROTECT, (int)target, 4096, 1) == 0, "mprotect");
        check(faultsWith(storeTarget) == 7, "a page that is read-only");
        check(faultsWith(loadTarget) == -1, "a read-only page's content");
        call3(MPROTECT, (int)target, 4096, 3);
        check(faultsWith(storeTarget) == -1, "a page that is writable again");
        call3(MUNMAP, (int)target, 8192, 0);
        check(faultsWith(loadTarget) == 4, "a page that is gone");
    }
}

static volatile u32 shared = 1;

static void copiesOnWrite(void) {
    for (int round = 0; round < 5; round++) {
        shared = round;
        int child = call3(FORK, 0, 0, 0);
        if (child == 0) {
            check(shared == (u32)round, "what a child inherits");
            shared = 100 + round;
            yield();
            call3(EXIT, shared == 100u + round ? 0 : 1, 0, 0);
        }
        yield();
        check(shared == (u32)round, "what a child has written");
        check(ended(child) == 0, "a child's end");
    }
}

/* ---- vectors, in two processes */

static int keepsVectors(u32 seed) {
    u32 in[4] = {seed, seed + 1, seed + 2, seed + 3}, out[4];
    u32 x87 = seed;
    for (int round = 0; round < 20; round++) {
        __asm__ volatile("movups %0, %%xmm3\nfildl %1" : : "m"(in), "m"(x87));
        yield();
        u32 after;
        __asm__ volatile("movups %%xmm3, %0\nfistpl %1" : "=m"(out), "=m"(after));
        for (int i = 0; i < 4; i++) {
            if (out[i] != in[i] || after != x87) {
                return 0;
            }
        }
        x87 += 2;
        in[2] += 3;
    }
    return 1;
}

static void vectors(void) {
    int child = call3(FORK, 0, 0, 0);
    int kept = keepsVectors(child == 0 ? 1000 : 5000);
    if (child == 0) {
        call3(EXIT, !kept, 0, 0);
    }
    check(kept, "vectors");
    check(ended(child) == 0, "a child's vectors");
}

/* ---- threads */

enum { THREADS = 3, ROUNDS = 30 };

static volatile u32 finished;
static volatile u32 wrong;
static u32 numbers[THREADS];

static void __attribute__((used)) thread(void) {
    u32 number;
    __asm__ volatile("mov %%gs:0, %0" : "=r"(number));
    for (int round = 0; round < ROUNDS; round++) {
        yield();
        u32 now;
        __asm__ volatile("mov %%gs:0, %0" : "=r"(now));
        if (now != number) {
            wrong = 1;
        }
    }
    __asm__ volatile("lock addl %1, %0" : "+m"(finished) : "r"(1 << 4 * number));
    for (;;) {
        call3(EXIT, 0, 0, 0);
    }
}

static void startThread(u32 number) {
    numbers[number] = number;
    struct segment tls = {own >> 3, (u32)&numbers[number], 3, SEGMENT_32 | USABLE};
    u8 *stack = pages(4, 3) + 4 * 4096;
    int child;
    /* clone: memory, files, signals, a thread, with its segment */
    __asm__ volatile("int $0x80\ntest %%eax, %%eax\njnz 1f\ncall thread\n1:"
                     : "=a"(child)
                     : "a"(120), "b"(0x90f00), "c"(stack), "d"(0), "S"(&tls), "D"(0)
                     : "memory");
    check(child > 0, "clone");
}

static void threads(void) {
    for (u32 i = 0; i < THREADS; i++) {
        startThread(i);
    }
    while (finished != 0x111) {
        yield();
    }
    check(!wrong, "a thread's own segment");
    check(atGs8(own) == 3, "the first thread's segment");
}

/* ---- computing */

static void longLoops(u32 entry, u32 turns) {
    u32 sum = 0;
    for (int round = 0; round < 20; round++) {
        check(atGs8(own) == 3, "the segment's content, after computing");
        for (u32 i = 0; i < turns; i++) {
            sum = sum * 1664525 + i;
        }
        int process = call3(GETPID, 0, 0, 0);
        int again = process;
        if (entry != 0) {
            __asm__ volatile("call *%1" : "=a"(again) : "r"(entry), "a"(GETPID) : "memory", "ecx", "edx");
        }
        check(process > 0 && again == process, "getpid");
    }
    u32 expected = 0;
    for (int round = 0; round < 20; round++) {
        for (volatile u32 i = 0; i < turns; i++) {
            expected = expected * 1664525 + i;
        }
    }
    check(sum == expected, "the sum");
}

/* Where the stack begins: argc, arguments, 0, environment, 0, auxiliary vector. */
void __attribute__((noreturn, used)) begin(u32 *stack) {
    u32 entry = 0;
    u32 *at = stack + 1 + stack[0] + 1;
    while (*at != 0) {
        at++;
    }
    for (at++; *at != 0; at += 2) {
        if (*at == 32) { /* AT_SYSINFO */
            entry = at[1];
        }
    }
    u32 code;
    __asm__("mov %%cs, %0" : "=r"(code));
    int isLong = code == 0x23;
    handleSignals();
    ownSegment();
    inspected(isLong);
    faults(isLong);
    localSegments();
    if (isLong) {
        longCode();
    }
    madeCode();
    changingMemory();
    copiesOnWrite();
    vectors();
    threads();
    u32 turns = 0;
    for (const char *digit = stack[0] > 1 ? (const char *)stack[2] : ""; *digit != 0; digit++) {
        turns = 10 * turns + *digit - '0';
    }
    longLoops(entry, turns);
    say("compat ok\n");
    leave(0);
}

__asm__(".text\n.globl _start\n_start:\nmov %esp, %eax\nand $-16, %esp\nsub $12, %esp\npush %eax\ncall begin\n");
