/* SPDX-License-Identifier: Apache-2.0 */
/* A 32-bit program without a C library: system calls in both ways, a segment of its own, and a long loop. */
typedef unsigned int u32;

static int call3(int number, int a, int b, int c) {
    int answer;
    __asm__ volatile("int $0x80" : "=a"(answer) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return answer;
}

static void __attribute__((noreturn)) leave(int code) {
    for (;;) {
        call3(1, code, 0, 0);
    }
}

static void say(const char *text) {
    int length = 0;
    while (text[length] != 0) {
        length++;
    }
    call3(4, 1, (int)text, length);
}

static void check(int right, const char *what) {
    if (!right) {
        say("compat FAILED: ");
        say(what);
        say("\n");
        leave(1);
    }
}

struct segment {
    u32 entry, base, limit, flags;
};

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
    static u32 cells[4] = {1, 2, 3, 4};
    struct segment own = {(u32)-1, (u32)cells, 15, 1 | 1 << 6};
    check(call3(243, (int)&own, 0, 0) == 0, "set_thread_area");
    u32 selector = own.entry << 3 | 3;
    u32 sum = 0;
    for (int round = 0; round < 20; round++) {
        u32 got;
        __asm__ volatile("mov %1, %%gs; mov %%gs:8, %0" : "=r"(got) : "r"(selector));
        check(got == 3, "the segment's content");
        for (u32 i = 0; i < 200000; i++) {
            sum = sum * 1664525 + i;
        }
        call3(158, 0, 0, 0); /* sched_yield */
        __asm__ volatile("mov %%gs:12, %0" : "=r"(got));
        check(got == 4, "the segment's content, later");
        int process = call3(20, 0, 0, 0);
        int again = process;
        if (entry != 0) {
            __asm__ volatile("call *%1" : "=a"(again) : "r"(entry), "a"(20) : "memory", "ecx", "edx");
        }
        check(process > 0 && again == process, "getpid");
    }
    u32 expected = 0;
    for (int round = 0; round < 20; round++) {
        for (volatile u32 i = 0; i < 200000; i++) {
            expected = expected * 1664525 + i;
        }
    }
    check(sum == expected, "the sum");
    say("compat ok\n");
    leave(0);
}

__asm__(".globl _start\n_start:\nmov %esp, %eax\nand $-16, %esp\nsub $12, %esp\npush %eax\ncall begin\n");
