/* Descriptors of processes, their memory, and waiting for them: prints the same wherever Linux is. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "usershow.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static void opened(const char *what, long fd)
{
    if (fd < 0)
        show(what, fd);
    else
        printf("%s: %s\n", what, fcntl(fd, F_GETFD) & FD_CLOEXEC ? "closed by execve" : "kept");
}

static int pidfd(int pid, int flags)
{
    return syscall(SYS_pidfd_open, pid, flags);
}

static int tell(int fd, int signal, void *info, int flags)
{
    return syscall(SYS_pidfd_send_signal, fd, signal, info, flags);
}

static void state(const char *what, int fd)
{
    struct pollfd one = {fd, POLLIN | POLLOUT, 0};
    int n = poll(&one, 1, 0);
    printf("%s: %d %s%s\n", what, n, one.revents & POLLIN ? "in" : "", one.revents & POLLOUT ? "out" : "");
}

static void what_became(const char *what, int kind, int id, int options)
{
    siginfo_t info;
    struct rusage usage;
    memset(&info, 0, sizeof info);
    memset(&usage, 255, sizeof usage);
    int result = syscall(SYS_waitid, kind, id, &info, options, &usage);
    if (result < 0) {
        show(what, result);
        return;
    }
    if (info.si_signo == 0) {
        printf("%s: %d nobody\n", what, result);
        return;
    }
    int status = info.si_status;
    const char *signal = status == SIGSTOP ? "stop" : status == SIGCONT ? "cont" : status == SIGKILL ? "kill" : "?";
    printf("%s: %d %d %d %d %d ", what, result, info.si_signo == SIGCHLD, info.si_code, info.si_uid == getuid(),
           usage.ru_utime.tv_sec == 0);
    if (info.si_code == CLD_EXITED)
        printf("%d\n", status);
    else
        printf("%s\n", signal);
}

static int child(int code)
{
    int pid = fork();
    if (pid == 0) {
        if (code < 0)
            for (;;)
                pause();
        _exit(code);
    }
    return pid;
}

static volatile int hits, value, sent_by_code;

static void handler(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    hits++;
    value = info->si_value.sival_int;
    sent_by_code = info->si_code;
}

static void opening(void)
{
    show("number 0", pidfd(0, 0));
    show("number -1", pidfd(-1, 0));
    show("nobody", pidfd(4194303, 0));
    show("flags", pidfd(getpid(), 1));
    opened("self", pidfd(getpid(), 0));
    int fd = pidfd(getpid(), O_NONBLOCK);
    printf("non-blocking: %d\n", (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    char byte = 0;
    show("read", read(fd, &byte, 1));
    show("write", write(fd, &byte, 1));
    state("self", fd);
    struct rlimit files, few = {3, 3};
    getrlimit(RLIMIT_NOFILE, &files);
    few.rlim_max = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &few);
    show("no room", pidfd(getpid(), 0));
    setrlimit(RLIMIT_NOFILE, &files);
    close(fd);
    show("closed", tell(fd, 0, 0, 0));
}

static void ending(void)
{
    int pid = child(-1);
    int fd = pidfd(pid, 0), slow = pidfd(pid, O_NONBLOCK);
    state("running", fd);
    what_became("not yet", P_PIDFD, fd, WEXITED | WNOHANG);
    what_became("would block", P_PIDFD, slow, WEXITED);
    show("probe", tell(fd, 0, 0, 0));
    show("stop", tell(fd, SIGSTOP, 0, 0));
    what_became("stopped", P_PIDFD, fd, WSTOPPED);
    tell(fd, SIGCONT, 0, 0);
    what_became("continued", P_PIDFD, fd, WCONTINUED);
    show("kill", tell(fd, SIGKILL, 0, 0));
    struct pollfd one = {fd, POLLIN, 0};
    printf("ended: %d\n", poll(&one, 1, 10000));
    state("ended", fd);
    show("a zombie's file", syscall(SYS_pidfd_getfd, fd, 0, 0));
    int late = pidfd(pid, 0);
    state("opened late", late);
    show("a zombie", tell(fd, SIGTERM, 0, 0));
    what_became("killed, looked at", P_PIDFD, fd, WEXITED | WNOWAIT);
    what_became("killed", P_PIDFD, fd, WEXITED);
    what_became("gone", P_PIDFD, fd, WEXITED);
    what_became("gone too", P_PIDFD, slow, WEXITED);
    show("gone", tell(fd, 0, 0, 0));
    show("no number", pidfd(pid, 0));
    close(fd);
    close(slow);
    close(late);

    pid = child(7);
    fd = pidfd(pid, 0);
    what_became("exited", P_PIDFD, fd, WEXITED);
    close(fd);
    what_became("no descriptor", P_PIDFD, fd, WEXITED);
    what_became("none of a process", P_PIDFD, 0, WEXITED);
    what_became("below 0", P_PIDFD, -1, WEXITED);
    fd = pidfd(getpid(), 0);
    what_became("no child", P_PIDFD, fd, WEXITED);
    close(fd);
    what_became("nothing asked", P_ALL, 0, WNOHANG);
    what_became("unknown option", P_ALL, 0, WEXITED | 0x100000);
    what_became("unknown kind", 17, 0, WEXITED);
    what_became("number 0", P_PID, 0, WEXITED);
    what_became("no children", P_ALL, 0, WEXITED);
    int status;
    show("wait4's options", syscall(SYS_wait4, -1, &status, WEXITED, 0));
    pid = child(3);
    show("a bad place", syscall(SYS_waitid, P_PID, pid, BAD, WEXITED, 0));
    show("and it is gone", syscall(SYS_waitid, P_PID, pid, 0, WEXITED, 0));
}

static void signals(void)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, 0);
    int self = pidfd(getpid(), 0);
    siginfo_t info;
    memset(&info, 0, sizeof info);
    info.si_signo = SIGUSR1;
    info.si_code = SI_QUEUE;
    info.si_value.sival_int = 0x1234567;
    show("with a value", tell(self, SIGUSR1, &info, 0));
    printf("%d %x %d\n", hits, value, sent_by_code == SI_QUEUE);
    show("without", tell(self, SIGUSR1, 0, 0));
    printf("%d %d\n", hits, sent_by_code == SI_USER);
    show("another number", tell(self, SIGUSR2, &info, 0));
    show("bad information", tell(self, SIGUSR1, BAD, 0));
    show("no signal", tell(self, 65535, 0, 0));
    show("flags", tell(self, 0, 0, 0x1000));
    show("no process's", tell(1, 0, 0, 0));
    int pid = child(-1);
    int other = pidfd(pid, 0);
    info.si_code = SI_USER;
    show("as if by kill", tell(other, SIGUSR1, &info, 0));
    kill(pid, SIGKILL);
    waitpid(pid, 0, 0);
    close(other);
    close(self);
}

static void files(void)
{
    int there[2], back[2];
    if (pipe(there) < 0 || pipe(back) < 0)
        exit(1);
    int pid = fork();
    char byte = 0;
    if (pid == 0) {
        int fds[2];
        if (pipe(fds) < 0 || dup2(fds[0], 100) < 0 || write(fds[1], "q", 1) < 1 || write(back[1], "", 1) < 1 ||
            read(there[0], &byte, 1) < 1)
            _exit(1);
        _exit(0);
    }
    if (read(back[0], &byte, 1) < 1)
        exit(1);
    int fd = pidfd(pid, 0);
    int got = syscall(SYS_pidfd_getfd, fd, 100, 0);
    opened("another's file", got);
    show("of it", read(got, &byte, 1));
    printf("%c\n", byte);
    show("none there", syscall(SYS_pidfd_getfd, fd, 101, 0));
    show("flags", syscall(SYS_pidfd_getfd, fd, 100, 1));
    show("no process's", syscall(SYS_pidfd_getfd, got, 100, 0));
    if (write(there[1], "", 1) < 1)
        exit(1);
    waitpid(pid, 0, 0);
    show("gone", syscall(SYS_pidfd_getfd, fd, 100, 0));
    close(fd);
    close(got);
}

static void cloning(void)
{
    int fd = -1, tid = -1;
    long pid = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &fd, 0, 0);
    if (pid == 0) {
        /* It has no descriptor of itself. */
        _exit(fcntl(fd, F_GETFD) < 0 ? 21 : 22);
    }
    opened("clone", fd);
    what_became("cloned", P_PIDFD, fd, WEXITED);
    close(fd);
    show("two at one place", syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, &fd, 0, 0));
    show("a bad place", syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, BAD, 0, 0));
    what_became("made nobody", P_ALL, 0, WEXITED);
    show("SIGHAND alone", syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0));
    show("a thread without", syscall(SYS_clone, CLONE_THREAD | CLONE_VM | SIGCHLD, 0, 0, 0, 0));
    struct {
        uint64_t flags, pidfd, child, parent, signal, stack, size, tls;
    } args = {CLONE_PIDFD | CLONE_PARENT_SETTID | 0x100000000ull, (uintptr_t)&fd, 0, (uintptr_t)&tid, SIGCHLD, 0, 0, 0};
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigaction(SIGUSR2, &action, 0);
    pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0) {
        struct sigaction first, second;
        sigaction(SIGUSR1, 0, &first);
        sigaction(SIGUSR2, 0, &second);
        _exit(first.sa_handler == SIG_DFL && second.sa_handler == SIG_IGN ? 23 : 24);
    }
    opened("clone3", fd);
    printf("%d\n", tid == pid);
    what_became("cloned", P_PIDFD, fd, WEXITED);
    close(fd);
    args.pidfd = 16;
    show("a bad place", syscall(SYS_clone3, &args, sizeof args));
    args.pidfd = (uintptr_t)&fd;
    args.flags = 0x100000000ull | CLONE_SIGHAND | CLONE_VM;
    show("handlers shared and cleared", syscall(SYS_clone3, &args, sizeof args));
    args.flags = 1ull << 40;
    show("an unknown flag", syscall(SYS_clone3, &args, sizeof args));
    int next = dup(0);
    close(next);
    int again = pidfd(getpid(), 0);
    printf("no descriptor is lost: %d\n", next == again);
    close(again);
}

static char here[3 << 12];

static void memory(void)
{
    long page = sysconf(_SC_PAGESIZE);
    char *there = mmap(0, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    static const char text[] = "The text of the parent's own.";
    strcpy(there, text);
    munmap(there + 2 * page, page);
    mprotect(there + page, page, PROT_READ);
    int wait_for[2], done[2];
    char byte = 0;
    if (pipe(wait_for) < 0 || pipe(done) < 0)
        exit(1);
    int pid = fork();
    if (pid == 0) {
        strcpy(there, "In the child it is this.");
        if (write(done[1], "", 1) < 1 || read(wait_for[0], &byte, 1) < 1)
            _exit(1);
        _exit(strcmp(there + 100, "written from outside") == 0 ? 31 : 32);
    }
    if (read(done[0], &byte, 1) < 1)
        exit(1);
    struct iovec local[2] = {{here, 5}, {here + 10, 30}}, remote[2] = {{there, 12}, {there + 12, 13}};
    show("read", process_vm_readv(pid, local, 2, remote, 2, 0));
    printf("%.5s|%s|%s\n", here, here + 10, there);
    strcpy(here, "written from");
    strcpy(here + 50, " outside");
    local[0] = (struct iovec){here, 12};
    local[1] = (struct iovec){here + 50, 9};
    remote[0] = (struct iovec){there + 100, 21};
    show("written", process_vm_writev(pid, local, 2, remote, 1, 0));
    local[0].iov_len = sizeof here;
    remote[0] = (struct iovec){there + 2 * page - 10, 20};
    show("up to the end", process_vm_readv(pid, local, 1, remote, 1, 0));
    remote[0] = (struct iovec){there + 2 * page, 20};
    show("beyond it", process_vm_readv(pid, local, 1, remote, 1, 0));
    remote[0] = (struct iovec){there + page - 4, 8};
    show("up to what is read-only", process_vm_writev(pid, local, 1, remote, 1, 0));
    remote[0] = (struct iovec){there + page, 8};
    show("read-only", process_vm_writev(pid, local, 1, remote, 1, 0));
    remote[0] = (struct iovec){there, 8};
    local[0].iov_base = BAD;
    show("nowhere to put it", process_vm_readv(pid, local, 1, remote, 1, 0));
    local[0].iov_base = here;
    show("bad vectors", process_vm_readv(pid, BAD, 1, remote, 1, 0));
    show("bad vectors there", process_vm_readv(pid, local, 1, BAD, 1, 0));
    show("flags", process_vm_readv(pid, local, 1, remote, 1, 1));
    show("too many", process_vm_readv(pid, local, 1025, remote, 1, 0));
    show("nothing", process_vm_readv(pid, local, 0, remote, 1, 0));
    show("nobody", process_vm_readv(4194303, local, 1, remote, 1, 0));
    show("nothing of nobody", process_vm_readv(4194303, local, 1, remote, 0, 0));
    show("self", process_vm_readv(getpid(), local, 1, remote, 1, 0));
    printf("%.8s\n", here);
    if (write(wait_for[1], "", 1) < 1)
        exit(1);
    what_became("the child", P_PID, pid, WEXITED | WNOWAIT);
    show("a zombie", process_vm_readv(pid, local, 1, remote, 1, 0));
    waitpid(pid, 0, 0);
}

int main(void)
{
    setvbuf(stdout, 0, _IONBF, 0);
    opening();
    ending();
    signals();
    files();
    cloning();
    memory();
    return 0;
}
