/* Files that other threads close, that come by messages, and that links in /proc lead to: prints the same wherever Linux is. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "usershow.h"

static void check(int wanted)
{
    if (!wanted) {
        perror("a call that must not fail");
        exit(1);
    }
}

/* ---- descriptors in messages */

static void send_files(int to, int fd, int count)
{
    _Alignas(long) char control[CMSG_SPACE(4 * 32)] = "";
    struct iovec data = {"x", 1};
    struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(4 * count)};
    struct cmsghdr *message = CMSG_FIRSTHDR(&header);
    message->cmsg_level = SOL_SOCKET;
    message->cmsg_type = SCM_RIGHTS;
    message->cmsg_len = CMSG_LEN(4 * count);
    for (int i = 0; i < count; i++)
        memcpy(CMSG_DATA(message) + 4 * i, &fd, 4);
    check(sendmsg(to, &header, 0) == 1);
}

/* Receives a pipe's other end, some times, and tells whether anybody still has it when those that came are closed. */
static void receive(const char *what, int count, void *data_at, void *control, size_t room)
{
    int sockets[2], ends[2];
    check(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets) == 0 && pipe(ends) == 0);
    send_files(sockets[0], ends[1], count);
    close(ends[1]);
    struct iovec data = {data_at, 1};
    struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room};
    int result = recvmsg(sockets[1], &header, MSG_CMSG_CLOEXEC);
    show(what, result);
    int got = 0;
    if (result >= 0) {
        struct cmsghdr *message = control == BAD ? 0 : CMSG_FIRSTHDR(&header);
        got = message ? (int)(message->cmsg_len - CMSG_LEN(0)) / 4 : 0;
        for (int i = 0; i < got; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(message) + 4 * i, 4);
            check((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
            close(fd);
        }
        printf("%d of %d%s\n", got, count, header.msg_flags & MSG_CTRUNC ? ", cut" : "");
    }
    struct pollfd end = {ends[0], POLLIN, 0};
    printf("%s\n", poll(&end, 1, 500) == 1 && end.revents & POLLHUP ? "none is left" : "LEFT OPEN");
    close(ends[0]);
    close(sockets[0]);
    close(sockets[1]);
}

static void messages(void)
{
    char byte;
    _Alignas(long) char control[256];
    receive("room for all", 3, &byte, control, sizeof control);
    receive("room for two", 20, &byte, control, CMSG_LEN(8));
    receive("room for none", 2, &byte, control, 4);
    receive("no room", 2, &byte, 0, 0);
    receive("nowhere to put data", 2, BAD, control, sizeof control);
    receive("nowhere to put them", 2, &byte, BAD, sizeof control);
    int sockets[2];
    check(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets) == 0);
    struct sockaddr_un nobody;
    struct iovec data = {"y", 1};
    struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1, .msg_name = &nobody, .msg_namelen = 0};
    show("to a name of no length", sendmsg(sockets[0], &header, 0));
    show("to another one", sendto(sockets[0], "z", 1, 0, (struct sockaddr *)&nobody, 0));
    show("received", read(sockets[1], &byte, 1) + read(sockets[1], &byte, 1));
    close(sockets[0]);
    close(sockets[1]);
}

/* A name that is relative to a directory far down. */
static void names(const char *here)
{
    static const char part[] = "a-directory-whose-name-is-long-enough";
    for (int i = 0; i < 5; i++)
        check(mkdir(part, 0700) == 0 && chdir(part) == 0);
    struct sockaddr_un own = {AF_UNIX, "s"}, told;
    socklen_t bytes = sizeof told;
    int bound = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_UNIX, SOCK_STREAM, 0);
    show("bound", bind(bound, (struct sockaddr *)&own, sizeof own.sun_family + 1));
    show("listens", listen(bound, 1));
    show("connected", connect(other, (struct sockaddr *)&own, sizeof own));
    show("named", getpeername(other, (struct sockaddr *)&told, &bytes));
    printf("%s\n", told.sun_path);
    close(bound);
    close(other);
    unlink("s");
    for (int i = 0; i < 5; i++)
        check(chdir("..") == 0 && rmdir(part) == 0);
    check(chdir(here) == 0);
}

/* ---- what other threads close */

enum { BIG = 32 << 20 };

static char *big;
static int shared;

static void *reads(void *unused)
{
    long n = read(shared, big, BIG), others = 0;
    for (long i = 0; i < n; i++)
        others += big[i] != 'a';
    printf("read %ld bytes, another file's %ld\n", n, others);
    return unused;
}

static int filled(const char *name, char with)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    memset(big, with, BIG);
    check(write(fd, big, BIG) == BIG && lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

static void closing(void)
{
    pthread_t thread;
    big = malloc(BIG);
    shared = filled("a", 'a');
    close(filled("b", 'b'));
    check(pthread_create(&thread, 0, reads, 0) == 0);
    while (*(volatile char *)big != 'a')
        sched_yield();
    close(shared);
    int other = open("b", O_RDONLY);
    pthread_join(thread, 0);
    close(other);
    unlink("a");
    unlink("b");
    free(big);
}

static volatile int go;

static void *executes(void *unused)
{
    char *const arguments[] = {"userfiles", "executed", 0};
    while (!go)
        ;
    execv("/proc/self/exe", arguments);
    return unused;
}

static void executing(void)
{
    for (int round = 0; round < 3; round++) {
        fflush(stdout);
        int pid = fork();
        if (pid == 0) {
            pthread_t threads[3];
            alarm(20);
            for (int i = 0; i < 3; i++)
                check(pthread_create(threads + i, 0, executes, 0) == 0);
            go = 1;
            pause();
        }
        int status;
        waitpid(pid, &status, 0);
        printf("several threads execute: %x\n", status);
    }
    char *const arguments[] = {"x", 0};
    check(mkfifo("fifo", 0700) == 0 && symlink("/bin/true", "link") == 0);
    int own = open("/proc/self/exe", O_RDONLY);
    show("a pipe", execv("fifo", arguments));
    show("no name", syscall(SYS_execveat, own, "", arguments, arguments, 0));
    show("unknown flags", syscall(SYS_execveat, AT_FDCWD, "link", arguments, arguments, 77));
    show("a link", syscall(SYS_execveat, AT_FDCWD, "link", arguments, arguments, AT_SYMLINK_NOFOLLOW));
    close(own);
    unlink("fifo");
    unlink("link");
}

static void signal_files(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, 0);
    for (int i = 0; i < 1000; i++)
        close(signalfd(-1, &set, 0));
    int fd = signalfd(-1, &set, SFD_NONBLOCK);
    struct signalfd_siginfo info;
    raise(SIGUSR1);
    show("of many closed ones the last", read(fd, &info, sizeof info) == sizeof info);
    close(fd);
}

/* ---- links in /proc */

static void contents(const char *what, int directory, const char *path)
{
    char text[64];
    int fd = openat(directory, path, O_RDONLY);
    int n = fd < 0 ? -1 : (int)read(fd, text, sizeof text - 1);
    if (n < 0) {
        show(what, n);
    } else {
        text[n] = 0;
        printf("%s: %s%s", what, text, n > 0 && text[n - 1] == '\n' ? "" : "\n");
    }
    close(fd);
}

static void links(const char *here)
{
    char path[4200], target[4200];
    struct stat status;
    check(mkdir("dir", 0700) == 0);
    int fd = open("dir/file", O_CREAT | O_WRONLY, 0600);
    check(write(fd, "content", 7) == 7 && close(fd) == 0);
    int directory = open("dir", O_RDONLY | O_DIRECTORY);
    snprintf(path, sizeof path, "/proc/self/fd/%d/file", directory);
    contents("by a descriptor", AT_FDCWD, path);
    snprintf(path, sizeof path, "/dev/fd/%d/../dir/./file", directory);
    contents("up from it", AT_FDCWD, path);
    snprintf(path, sizeof path, "/proc/self/task/%d/cwd/dir/file", (int)syscall(SYS_gettid));
    contents("by a thread's directory", AT_FDCWD, path);
    check(chdir("dir") == 0);
    contents("by the directory", AT_FDCWD, "/proc/self/cwd/file");
    contents("up from there", AT_FDCWD, "/proc/self/cwd/../dir/file");
    show("its size", stat("/proc/self/cwd/file", &status) < 0 ? -1 : (long)status.st_size);
    show("its link", lstat("/proc/self/cwd", &status) < 0 ? -1 : S_ISLNK(status.st_mode));
    show("behind its link", lstat("/proc/self/cwd/", &status) < 0 ? -1 : S_ISDIR(status.st_mode));
    check(chdir("..") == 0 && chdir("/proc/self/cwd/dir") == 0 && chdir("/proc/self/cwd") == 0);
    contents("gone there", AT_FDCWD, "file");
    check(chdir(here) == 0);
    snprintf(path, sizeof path, "/proc/self/root%s/dir/file", here);
    contents("by the root", AT_FDCWD, path);
    contents("by the root, and again", AT_FDCWD, "/proc/self/root/proc/self/root/proc/self/comm");
    int n = readlink("/proc/self/root", target, sizeof target - 1);
    printf("the root: %.*s\n", n, target);
    contents("two slashes", AT_FDCWD, "/proc//self/comm");
    contents("dots", AT_FDCWD, "/proc/./self/./comm");
    contents("up", AT_FDCWD, "/proc/self/task/../../self/comm");
    contents("two at first", AT_FDCWD, "//proc/self/comm");
    check(chdir("/") == 0);
    contents("from the root", AT_FDCWD, "proc/self/comm");
    check(chdir(here) == 0);
    int root = open("/", O_PATH);
    contents("from its descriptor", root, "proc/self/comm");
    close(root);
    snprintf(path, sizeof path, "%d", directory);
    int descriptors = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
    show("among descriptors", fstatat(descriptors, path, &status, 0) < 0 ? -1 : S_ISDIR(status.st_mode));
    close(descriptors);
    close(directory);
    unlink("dir/file");
    rmdir("dir");
}

/* ---- calls that look at what they are given */

static void refusals(void)
{
    char mask[128] = "";
    show("unknown flags", syscall(SYS_close_range, 100, 110, 64));
    show("nobody's processors", syscall(SYS_sched_getaffinity, 4194303, sizeof mask, mask));
    show("parts of words", syscall(SYS_sched_getaffinity, 0, 9, mask));
    show("nowhere to put them", syscall(SYS_sched_getaffinity, 0, sizeof mask, BAD));
    show("for nobody", syscall(SYS_sched_setaffinity, 4194303, sizeof mask, mask));
    show("none", syscall(SYS_sched_setaffinity, 0, sizeof mask, mask));
    show("from nowhere", syscall(SYS_sched_setaffinity, 0, sizeof mask, BAD));
    show("nobody's time", syscall(SYS_sched_rr_get_interval, 4194303, mask));
    show("an unknown kind", syscall(SYS_ioprio_get, 9, 0));
    show("nobody's", syscall(SYS_ioprio_get, 1, 4194303));
}

int main(int count, char **arguments)
{
    char here[] = "/tmp/userfiles-XXXXXX";
    if (count > 1 && strcmp(arguments[1], "executed") == 0)
        return 5;
    setvbuf(stdout, 0, _IONBF, 0);
    check(mkdtemp(here) != 0 && chdir(here) == 0);
    messages();
    names(here);
    closing();
    executing();
    signal_files();
    links(here);
    refusals();
    return rmdir(here);
}
