/* Newer system calls, by their numbers: prints the same wherever Linux is. In an empty directory of its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "usershow.h"

#ifndef SYS_futex_waitv
#define SYS_futex_waitv (SYS_openat2 + 12)
#endif
#ifndef SYS_recvmmsg_time64
#define SYS_recvmmsg_time64 SYS_recvmmsg
#endif

/* ---- openat2 */

struct how {
    uint64_t flags, mode, resolve, more;
};

enum { NO_XDEV = 1, NO_MAGICLINKS = 2, NO_SYMLINKS = 4, BENEATH = 8, IN_ROOT = 16, CACHED = 32 };

static int open_as(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
    struct how how = {flags, mode, resolve, 0};
    return syscall(SYS_openat2, dir, path, &how, 24);
}

static void opens(const char *what, int fd)
{
    if (fd < 0) {
        show(what, fd);
        return;
    }
    struct stat status;
    fstat(fd, &status);
    int flags = fcntl(fd, F_GETFL);
    printf("%s: %s %o%s%s\n", what, S_ISDIR(status.st_mode) ? "directory" : "file", status.st_mode & 0777,
           fcntl(fd, F_GETFD) & FD_CLOEXEC ? " closed by execve" : "", flags & O_PATH ? " path" : "");
    close(fd);
}

static void opening(void)
{
    umask(027);
    mkdir("d", 0755);
    mkdir("d/e", 0700);
    if (symlink("f", "d/link") < 0 || symlink("/d", "d/root") < 0 || symlink("../..", "d/e/up") < 0)
        exit(1);
    opens("made", open_as(AT_FDCWD, "d/f", O_CREAT | O_RDWR | O_CLOEXEC, 0666, 0));
    opens("there", open_as(AT_FDCWD, "d/f", O_RDONLY, 0, 0));
    opens("a path", open_as(AT_FDCWD, "d/f", O_PATH, 0, 0));
    opens("not there", open_as(AT_FDCWD, "d/g", O_RDONLY, 0, 0));
    opens("mode without O_CREAT", open_as(AT_FDCWD, "d/f", O_RDONLY, 0600, 0));
    opens("too much of a mode", open_as(AT_FDCWD, "d/g", O_CREAT | O_RDWR, 0200000, 0));
    opens("flags beyond 32 bits", open_as(AT_FDCWD, "d/f", 1ull << 40, 0, 0));
    opens("unknown flags", open_as(AT_FDCWD, "d/f", 1u << 30, 0, 0));
    opens("O_PATH and more", open_as(AT_FDCWD, "d/f", O_PATH | O_APPEND, 0, 0));
    opens("a directory to be made", open_as(AT_FDCWD, "d/g", O_CREAT | O_DIRECTORY, 0600, 0));
    opens("unknown resolution", open_as(AT_FDCWD, "d/f", O_RDONLY, 0, 64));
    opens("two bounds", open_as(AT_FDCWD, "d/f", O_RDONLY, 0, BENEATH | IN_ROOT));
    opens("cached, to be made", open_as(AT_FDCWD, "d/g", O_CREAT | O_RDWR, 0600, CACHED));
    opens("bad path", open_as(AT_FDCWD, BAD, O_RDONLY, 0, 0));
    opens("no path", open_as(AT_FDCWD, "", O_RDONLY, 0, 0));
    opens("no directory", open_as(77, "f", O_RDONLY, 0, 0));
    int d = open_as(AT_FDCWD, "d", O_RDONLY | O_DIRECTORY, 0, 0);
    opens("beneath", open_as(d, "f", O_RDONLY, 0, BENEATH));
    opens("a link beneath", open_as(d, "link", O_RDONLY, 0, BENEATH));
    opens("down and up", open_as(d, "e/../f", O_RDONLY, 0, BENEATH));
    opens("above", open_as(d, "../d/f", O_RDONLY, 0, BENEATH));
    opens("a link above", open_as(d, "e/up/d/f", O_RDONLY, 0, BENEATH));
    opens("from the root", open_as(d, "/f", O_RDONLY, 0, BENEATH));
    opens("as the root", open_as(d, "/f", O_RDONLY, 0, IN_ROOT));
    opens("above the root", open_as(d, "../../f", O_RDONLY, 0, IN_ROOT));
    opens("an absolute link", open_as(d, "root/f", O_RDONLY, 0, IN_ROOT));
    opens("beneath a file", open_as(open("d/f", O_RDONLY), "f", O_RDONLY, 0, BENEATH));
    opens("beneath nothing", open_as(77, "f", O_RDONLY, 0, BENEATH));
    opens("made beneath", open_as(d, "e/new", O_CREAT | O_EXCL | O_WRONLY, 0640, BENEATH));
    opens("no links", open_as(d, "f", O_RDONLY, 0, NO_SYMLINKS));
    opens("a link", open_as(d, "link", O_RDONLY, 0, NO_SYMLINKS));
    opens("a link in the way", open_as(AT_FDCWD, "d/e/up/d/f", O_RDONLY, 0, NO_SYMLINKS));
    opens("a descriptor's link", open_as(AT_FDCWD, "/proc/self/fd/0", O_RDONLY, 0, NO_MAGICLINKS));
    opens("the program's link", open_as(AT_FDCWD, "/proc/self/exe", O_RDONLY, 0, NO_MAGICLINKS));
    opens("a link of processes", open_as(AT_FDCWD, "/proc/self/maps", O_RDONLY, 0, NO_SYMLINKS));
    opens("within a file system", open_as(d, "e", O_RDONLY, 0, NO_XDEV));
    struct how how = {O_RDONLY, 0, 0, 0};
    show("a short size", syscall(SYS_openat2, AT_FDCWD, "d/f", &how, 23));
    opens("a long size", syscall(SYS_openat2, AT_FDCWD, "d/f", &how, 32));
    how.more = 1;
    show("a longer structure", syscall(SYS_openat2, AT_FDCWD, "d/f", &how, 32));
    show("more than a page", syscall(SYS_openat2, AT_FDCWD, "d/f", &how, 4097));
    show("a bad structure", syscall(SYS_openat2, AT_FDCWD, "d/f", BAD, 24));
    close(d);
}

/* ---- scheduling */

struct attr {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t lowest, highest;
    uint64_t more;
};

static int get_attr(int pid, void *attr, unsigned size, unsigned flags)
{
    return syscall(SYS_sched_getattr, pid, attr, size, flags);
}

static int set_attr(int pid, void *attr, unsigned flags)
{
    return syscall(SYS_sched_setattr, pid, attr, flags);
}

static void attributes(const char *what, int pid)
{
    struct attr attr;
    memset(&attr, 255, sizeof attr);
    int result = get_attr(pid, &attr, 48, 0);
    if (result < 0) {
        show(what, result);
        return;
    }
    errno = 0;
    printf("%s: size %u policy %u flags %llx nice %d priority %u, %d, %d\n", what, attr.size, attr.policy,
           (unsigned long long)attr.flags, attr.nice, attr.priority, getpriority(PRIO_PROCESS, pid),
           sched_getscheduler(pid));
}

static void scheduling(void)
{
    attributes("at first", 0);
    struct attr attr = {.size = 48, .policy = 0, .nice = 5};
    show("nice", set_attr(0, &attr, 0));
    attributes("nice", getpid());
    attr.nice = 100;
    attr.flags = 1;
    attr.policy = 3;
    show("nicest, reset in children", set_attr(getpid(), &attr, 0));
    attributes("nicest", 0);
    if (fork() == 0) {
        attributes("its child", 0);
        exit(0);
    }
    wait(0);
    show("setpriority", setpriority(PRIO_PROCESS, 0, 19));
    attributes("then", 0);
    struct sched_param param = {0};
    show("sched_setscheduler", syscall(SYS_sched_setscheduler, 0, SCHED_IDLE | 0x40000000, &param));
    attributes("idle", 0);
    show("sched_getparam", syscall(SYS_sched_getparam, 0, &param));
    param.sched_priority = 1;
    show("a priority", syscall(SYS_sched_setparam, 0, &param));
    show("no parameters", syscall(SYS_sched_setparam, 0, 0));
    show("bad parameters", syscall(SYS_sched_setparam, 0, BAD));
    show("an unknown policy", syscall(SYS_sched_setscheduler, 0, 77, &param));
    show("a negative one", syscall(SYS_sched_setscheduler, 0, -1, &param));
    show("nobody's", syscall(SYS_sched_getscheduler, 4194303));
    show("number -1", syscall(SYS_sched_getscheduler, -1));
    show("greatest", sched_get_priority_max(SCHED_FIFO));
    show("least", sched_get_priority_min(SCHED_RR));
    show("others", sched_get_priority_max(SCHED_BATCH));
    show("of no policy", sched_get_priority_max(77));
    show("nobody's priority", getpriority(PRIO_PROCESS, 4194303));
    show("of an unknown kind", getpriority(17, 0));

    memset(&attr, 0, sizeof attr);
    attr.policy = 3;
    attr.nice = 19;
    attr.flags = 1;
    show("size 0", set_attr(0, &attr, 0));
    attr.size = 47;
    show("too small", set_attr(0, &attr, 0));
    printf("%d\n", attr.size >= 56);
    attr.size = 64;
    show("larger", set_attr(0, &attr, 0));
    memset(&attr.lowest, 0, sizeof attr - 48);
    attr.size = 5000;
    show("too large", set_attr(0, &attr, 0));
    attr.size = 48;
    show("flags", set_attr(0, &attr, 1));
    show("no place", set_attr(0, 0, 0));
    show("a bad place", set_attr(0, BAD, 0));
    show("number -1", set_attr(-1, &attr, 0));
    show("nobody", set_attr(4194303, &attr, 0));
    attr.flags = 1 << 20;
    show("unknown flags", set_attr(0, &attr, 0));
    attr.flags = 1;
    attr.policy = 77;
    show("an unknown policy", set_attr(0, &attr, 0));
    attr.policy = -1;
    show("a negative policy", set_attr(0, &attr, 0));
    attr.policy = 3;
    attr.priority = 4;
    show("a priority", set_attr(0, &attr, 0));
    show("get: small", get_attr(0, &attr, 47, 0));
    show("get: large", get_attr(0, &attr, 5000, 0));
    show("get: flags", get_attr(0, &attr, 48, 1));
    show("get: no place", get_attr(0, 0, 48, 0));
    show("get: a bad place", get_attr(0, BAD, 48, 0));
    show("get: number -1", get_attr(-1, &attr, 48, 0));
    show("get: nobody", get_attr(4194303, &attr, 48, 0));
    memset(&attr, 255, sizeof attr);
    show("get: larger", get_attr(0, &attr, 64, 0));
    printf("%u %d %llx\n", attr.size >= 56, attr.nice, (unsigned long long)attr.more);
}

/* ---- futex_waitv */

struct wait {
    uint64_t value, address;
    uint32_t flags, reserved;
};

static volatile int words[3] = {10, 11, 12};
static volatile int handled;

static int wait_any(struct wait *any, unsigned count, unsigned flags, void *time, int clock)
{
    return syscall(SYS_futex_waitv, any, count, flags, time, clock);
}

static void *waker(void *which)
{
    usleep(100000);
    for (int i = 0; i < 100 && syscall(SYS_futex, (int *)words + (long)which, 1 | 128, 1, 0, 0, 0) == 0; i++)
        usleep(50000);
    return 0;
}

static void *signaller(void *whom)
{
    usleep(200000);
    pthread_kill((pthread_t)whom, SIGUSR1);
    return 0;
}

static void handler(int signal)
{
    handled = signal;
}

static void futexes(void)
{
    struct wait any[129];
    memset(any, 0, sizeof any);
    for (int i = 0; i < 3; i++)
        any[i] = (struct wait){10 + i, (uintptr_t)(words + i), 2 | 128, 0};
    pthread_t thread;
    for (long i = 0; i < 3; i += 2) {
        pthread_create(&thread, 0, waker, (void *)i);
        show("woken", wait_any(any, 3, 0, 0, 0));
        pthread_join(thread, 0);
    }
    int64_t time[2] = {0, 0};
    show("long ago", wait_any(any, 3, 0, time, CLOCK_REALTIME));
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t soon = now.tv_sec * 1000000000ll + now.tv_nsec + 50000000;
    time[0] = soon / 1000000000;
    time[1] = soon % 1000000000;
    show("soon", wait_any(any, 3, 0, time, CLOCK_MONOTONIC));
    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("not before: %d\n", now.tv_sec * 1000000000ll + now.tv_nsec >= soon);
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGUSR1, &action, 0);
    pthread_create(&thread, 0, signaller, (void *)pthread_self());
    show("interrupted", wait_any(any, 3, 0, 0, 0));
    pthread_join(thread, 0);
    printf("%d\n", handled == SIGUSR1);
    any[1].value = 0;
    show("another value", wait_any(any, 3, 0, 0, 0));
    any[1].value = 11;
    any[2].address += 2;
    show("not aligned", wait_any(any, 3, 0, 0, 0));
    any[2].address = 16;
    show("a bad word", wait_any(any, 3, 0, 0, 0));
    any[2].address = (uintptr_t)(words + 2);
    any[1].flags = 128;
    show("another size", wait_any(any, 3, 0, 0, 0));
    any[1].flags = 2 | 4;
    show("an unknown flag", wait_any(any, 3, 0, 0, 0));
    any[1].flags = 2;
    any[1].reserved = 1;
    show("reserved", wait_any(any, 3, 0, 0, 0));
    any[1].reserved = 0;
    show("none", wait_any(any, 0, 0, 0, 0));
    show("too many", wait_any(any, 129, 0, 0, 0));
    show("flags", wait_any(any, 3, 1, 0, 0));
    show("no place", wait_any(0, 3, 0, 0, 0));
    show("a bad place", wait_any(BAD, 3, 0, 0, 0));
    show("another clock", wait_any(any, 3, 0, time, CLOCK_BOOTTIME));
    show("a bad time", wait_any(any, 3, 0, BAD, CLOCK_REALTIME));
    time[1] = 1000000000;
    show("no time", wait_any(any, 3, 0, time, CLOCK_REALTIME));
}

/* ---- recvmmsg */

static void messages(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0)
        exit(1);
    char data[4][8];
    struct iovec vectors[4];
    struct mmsghdr headers[4];
    memset(headers, 0, sizeof headers);
    for (int i = 0; i < 4; i++) {
        vectors[i] = (struct iovec){data[i], 8};
        headers[i].msg_hdr.msg_iov = vectors + i;
        headers[i].msg_hdr.msg_iovlen = 1;
    }
    int64_t time[2] = {5, 0};
#define RECEIVE(count, flags, time) syscall(SYS_recvmmsg_time64, pair[0], headers, count, flags, time)
#define SEND(text) if (write(pair[1], text, strlen(text) + 1) < 0) exit(1)
    SEND("one");
    SEND("three");
    show("two", RECEIVE(2, 0, time));
    printf("%s %u %s %u\n", data[0], headers[0].msg_len, data[1], headers[1].msg_len);
    printf("time is left: %d %d\n", time[0] == 4, time[1] > 0 && time[1] < 1000000000);
    SEND("four");
    show("what there is", RECEIVE(4, MSG_DONTWAIT, time));
    SEND("five");
    show("wait for one", RECEIVE(4, MSG_WAITFORONE, 0));
    show("nothing there", RECEIVE(4, MSG_DONTWAIT, 0));
    SEND("six");
    time[0] = time[1] = 0;
    show("no time", RECEIVE(4, 0, time));
    SEND("seven");
    if (fork() == 0) {
        usleep(200000);
        SEND("eight");
        _exit(0);
    }
    show("waits for all", RECEIVE(2, 0, 0));
    wait(0);
    printf("%s %s\n", data[0], data[1]);
    SEND("nine");
    SEND("ten");
    headers[1].msg_hdr.msg_iov = BAD;
    show("until a bad one", RECEIVE(2, 0, 0));
    int kept;
    getsockopt(pair[0], SOL_SOCKET, SO_ERROR, &kept, &(socklen_t){sizeof kept});
    headers[1].msg_hdr.msg_iov = vectors + 1;
    show("and the rest", RECEIVE(2, MSG_DONTWAIT, 0));
    time[1] = 1000000000;
    show("no time at all", RECEIVE(2, MSG_DONTWAIT, time));
    show("a bad time", RECEIVE(2, MSG_DONTWAIT, BAD));
    show("no socket", syscall(SYS_recvmmsg_time64, 0, headers, 1, 0, 0) < 0 ? 0 : 1);
    close(pair[0]);
    show("closed", RECEIVE(2, 0, 0));
}

int main(int count, char **args)
{
    setvbuf(stdout, 0, _IOLBF, 0);
    char directory[] = "/tmp/newerXXXXXX";
    if (count < 2 ? !mkdtemp(directory) || chdir(directory) < 0 : chdir(args[1]) < 0)
        return 1;
    opening();
    if (count < 2) {
        unlink("d/e/new");
        unlink("d/e/up");
        rmdir("d/e");
        unlink("d/link");
        unlink("d/root");
        unlink("d/f");
        rmdir("d");
        rmdir(directory);
    }
    scheduling();
    futexes();
    messages();
    return 0;
}
