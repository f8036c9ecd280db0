/* What a program may do wrong, each in a child of its own: prints how that ended. The same wherever Linux is. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

static volatile int sink;

static void null_read(void)
{
    volatile int *volatile null = 0;
    sink = *null;
}

static void text_write(void)
{
    extern int main(void);
    volatile char *volatile text = (char *)(void *)main;
    *text = 1;
}

static int deep(int n)
{
    volatile char frame[512];
    frame[0] = n;
    return n == -1 ? 0 : deep(n + 1) + frame[0];
}

static void stack_overflow(void)
{
    sink = deep(0);
}

static void on_own_stack(int signal)
{
    _exit(signal);
}

static void stack_overflow_caught(void)
{
    static char other[1 << 16];
    stack_t stack = {.ss_sp = other, .ss_size = sizeof other};
    struct sigaction action = {.sa_handler = on_own_stack, .sa_flags = SA_ONSTACK};
    sigaltstack(&stack, 0);
    sigaction(SIGSEGV, &action, 0);
    stack_overflow();
}

static void handler_without_stack(void)
{
    signal(SIGSEGV, on_own_stack);
    stack_overflow();
}

static void data_executed(void)
{
    char *code = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(code, 0xc3, PAGE);
    ((void (*)(void))(void *)code)();
}

static void behind_file(void)
{
    int fd = memfd_create("short", 0);
    volatile char *volatile map = mmap(0, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    sink = map[PAGE];
}

static void huge_maps(void)
{
    int failed = 0;
    for (int shift = 47; shift < 64; shift++)
        failed += mmap(0, 1UL << shift, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) == MAP_FAILED;
    failed += mmap(0, -1UL, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
    failed += mmap((void *)-4096L, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED;
    failed += munmap((void *)PAGE, -1UL) == -1;
    failed += mprotect((void *)PAGE, -8192UL, PROT_READ) == -1;
    _exit(failed);
}

/* As much as may be mapped is, in pieces: then no more is had, and what there is still works. */
static void memory_eaten(void)
{
    struct rlimit limit = {256 << 20, 256 << 20};
    setrlimit(RLIMIT_AS, &limit);
    int pieces = 0;
    while (pieces < 1000 && mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        pieces++;
    _exit(pieces > 100 && pieces < 256 ? 1 : 2);
}

static void many_maps(void)
{
    char *base = mmap(0, 2000 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 2000; i += 2)
        mprotect(base + i * PAGE, PAGE, PROT_READ | PROT_WRITE);
    for (int i = 0; i < 2000; i += 2)
        base[i * PAGE] = 1;
    sink = base[PAGE];
    base[PAGE] = 1;
}

static void bad_pointers(void)
{
    void *bad[] = {0, (void *)8, (void *)-1L, (void *)-4096L, (void *)(1L << 60)};
    int faults = 0;
    int pipes[2];
    pipe(pipes);
    write(pipes[1], "x", 1);
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        faults += syscall(SYS_read, pipes[0], bad[i], 100) == -1 && errno == EFAULT;
        faults += syscall(SYS_write, pipes[1], bad[i], 100) == -1 && errno == EFAULT;
        faults += syscall(SYS_openat, -100, bad[i], 0) == -1 && errno == EFAULT;
        faults += syscall(SYS_uname, bad[i]) == -1 && errno == EFAULT;
        faults += syscall(SYS_pipe2, bad[i], 0) == -1 && errno == EFAULT;
        faults += syscall(SYS_getcwd, bad[i], 100) == -1 && errno == EFAULT;
        faults += syscall(SYS_writev, 1, bad[i], 1) == -1 && errno == EFAULT;
        faults += syscall(SYS_rt_sigaction, SIGUSR1, 0, bad[i], 8) == (bad[i] ? -1 : 0);
        faults += syscall(SYS_execve, bad[i], 0, 0) == -1 && errno == EFAULT;
        faults += syscall(SYS_execve, "/", bad[i] ? bad[i] : (void *)1, 0) == -1;
    }
    _exit(faults);
}

/* Sizes that are no sizes: as much as there is, or an error, and nobody's memory but the buffer's is touched. */
static void wild_sizes(void)
{
    static char buffer[4 << 20];
    char control[64] = {0};
    volatile long all = -1;
    int right = 0;
    int pair[2];
    int directory = open("/usr/bin", O_RDONLY);
    long n = syscall(SYS_getdents64, directory, buffer, all);
    right += n == -1 && errno == EINVAL;
    n = syscall(SYS_getdents64, directory, buffer, 1L << 40 | 0x7fffffff);
    right += n > 0 && n < (long)sizeof buffer;
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    right += send(pair[0], buffer, 100000, 0) == 100000;
    right += recv(pair[1], buffer, all, MSG_PEEK) == 100000;
    right += recvfrom(pair[1], buffer, 1L << 62, 0, 0, 0) == 100000;
    struct iovec part = {buffer, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = all};
    right += sendmsg(pair[0], &message, 0) == -1 && errno == ENOBUFS;
    send(pair[0], "x", 1, 0);
    right += recvmsg(pair[1], &message, 0) == 1;
    struct cmsghdr *header = (struct cmsghdr *)(void *)control;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    size_t lengths[] = {0, 15, 65, -1L, 0xffffffff00000018, 0xffffffff7fffffff, 1L << 32 | 20};
    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        *header = (struct cmsghdr){.cmsg_len = lengths[i], .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        right += sendmsg(pair[0], &message, 0) == -1 && errno == EINVAL;
    }
    message.msg_iovlen = -1L;
    right += recvmsg(pair[1], &message, 0) == -1 && errno == EMSGSIZE;
    message.msg_iovlen = 1;
    part.iov_len = -1L;
    right += recvmsg(pair[1], &message, 0) == -1 && errno == EINVAL;
    int length = -1;
    right += getsockopt(pair[0], SOL_SOCKET, SO_TYPE, buffer, (socklen_t *)&length) == -1 && errno == EINVAL;
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    right += send(pair[0], buffer, all, 0) == -1 && errno == EMSGSIZE;
    right += readv(pair[0], &part, 1) == -1 && errno == EINVAL;
    right += readv(pair[0], &part, all) == -1 && errno == EINVAL;
    right += getgroups(all, 0) == -1 && errno == EINVAL;
    right += readlink("/proc/self/exe", buffer, all) == -1 && errno == EINVAL;
    _exit(right);
}

static void too_much_to_execute(void)
{
    static char text[100000];
    static char *arguments[82];
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 81; i++)
        arguments[i] = text;
    execv("/proc/self/exe", arguments);
    _exit(errno == E2BIG ? 6 : 7);
}

/* Every other page other rights: more ranges than Linux lets a process have. */
static void too_many_maps(void)
{
    char *base = mmap(0, 140000UL * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    int i = 0;
    while (i < 140000 && mprotect(base + i * (long)PAGE, PAGE, PROT_NONE) == 0)
        i += 2;
    _exit(errno == ENOMEM && i > 60000 ? 8 : 9);
}

static void jump(void)
{
    ((void (*)(void))(1L << 60))();
}

static void divide(void)
{
    volatile int zero = 0;
    sink = 100 / zero;
}

static void undefined(void)
{
    __builtin_trap();
}

/* Every process forks until none is to be had; all end. */
static void fork_bomb(void)
{
    alarm(30);
    int mine = 0;
    for (int depth = 0; depth < 12; depth++) {
        int pid = fork();
        if (pid == 0)
            mine = 1;
    }
    while (wait(0) > 0)
        ;
    _exit(mine ? 0 : 3);
}

static void no_descriptors(void)
{
    struct rlimit limit = {64, 64};
    setrlimit(RLIMIT_NOFILE, &limit);
    while (dup(1) >= 0)
        ;
    _exit(errno == EMFILE ? 4 : 5);
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    {"null read", null_read},
    {"text write", text_write},
    {"stack overflow", stack_overflow},
    {"stack overflow, caught", stack_overflow_caught},
    {"handler without a stack", handler_without_stack},
    {"data executed", data_executed},
    {"behind a file", behind_file},
    {"huge maps", huge_maps},
    {"memory eaten", memory_eaten},
    {"many maps", many_maps},
    {"bad pointers", bad_pointers},
    {"wild sizes", wild_sizes},
    {"too much to execute", too_much_to_execute},
    {"too many maps", too_many_maps},
    {"wild jump", jump},
    {"division", divide},
    {"undefined instruction", undefined},
    {"fork bomb", fork_bomb},
    {"no descriptors", no_descriptors},
};

int main(void)
{
    setvbuf(stdout, 0, _IOLBF, 0);
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = 0;
        int pid = fork();
        if (pid == 0) {
            cases[i].run();
            _exit(0);
        }
        waitpid(pid, &status, 0);
        printf("%s: %s %d\n", cases[i].name, WIFSIGNALED(status) ? "signal" : "exit",
               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
    return 0;
}
