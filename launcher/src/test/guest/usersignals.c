/* Signals by descriptor, queued signals, timers, and clone3: prints the same wherever Linux is. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static volatile int hits, value, tid;

static void handler(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    hits++;
    value = info->si_value.sival_int;
    tid = syscall(SYS_gettid);
}

static void *process(void *unused)
{
    (void)unused;
    return (void *)(long)getpid();
}

static void by_descriptor(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN + 1);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, 0);
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    struct signalfd_siginfo got[4];
    memset(got, 0, sizeof got);
    int n = read(fd, got, sizeof got);
    printf("nothing: %d %d\n", n, errno == EAGAIN);

    for (int i = 0; i < 3; i++)
        sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 77 + i});
    raise(SIGUSR1);
    raise(SIGUSR1);
    struct pollfd poll_fd = {fd, POLLIN, 0};
    n = poll(&poll_fd, 1, 5000);
    printf("ready: %d %x\n", n, poll_fd.revents);
    n = read(fd, got, sizeof got) / sizeof *got;
    for (int i = 0; i < n; i++)
        printf("%s %d %d %d\n", got[i].ssi_signo == SIGUSR1 ? "usr1" : "real-time", got[i].ssi_code,
               got[i].ssi_int, got[i].ssi_pid == (unsigned)getpid());
    if (fork() == 0)
        _exit(9);
    poll(&poll_fd, 1, 5000);
    n = read(fd, got, sizeof got) / sizeof *got;
    printf("child: %d %d %d\n", n, got[0].ssi_code, got[0].ssi_status);
    wait(0);
    close(fd);
}

static void timers(void)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGRTMIN, &action, 0);
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 5};
    struct itimerspec every = {{0, 10000000}, {0, 10000000}}, old;
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    timer_settime(timer, 0, &every, 0);
    while (hits < 3)
        pause();
    timer_gettime(timer, &old);
    printf("timer: %d %ld %d\n", value, (long)old.it_interval.tv_nsec, old.it_value.tv_nsec > 0);
    memset(&every, 0, sizeof every);
    timer_settime(timer, 0, &every, 0);
    timer_gettime(timer, &old);
    printf("disarmed: %ld %ld\n", (long)old.it_value.tv_nsec, (long)old.it_interval.tv_nsec);
    int overruns = timer_getoverrun(timer);
    int deleted = timer_delete(timer);
    int again = timer_delete(timer);
    printf("%d %d %d %d\n", overruns >= 0, deleted, again, errno == EINVAL);

    hits = 0;
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_notify_thread_id = syscall(SYS_gettid);
    timer_create(CLOCK_REALTIME, &event, &timer);
    clock_gettime(CLOCK_REALTIME, &every.it_value);
    every.it_value.tv_sec++;
    every.it_value.tv_nsec = 0;
    timer_settime(timer, TIMER_ABSTIME, &every, 0);
    while (!hits)
        pause();
    printf("to a thread: %d %d\n", hits, tid == syscall(SYS_gettid));
    every.it_value.tv_nsec = -1;
    int set = timer_settime(timer, 0, &every, 0);
    printf("%d %d\n", set, errno == EINVAL);
}

int main(void)
{
    setvbuf(stdout, 0, _IOLBF, 0);
    by_descriptor();
    timers();
    sigset_t pending;
    memset(&pending, 255, sizeof pending);
    sigpending(&pending);
    int count = 0;
    for (int i = 1; i < NSIG; i++)
        count += sigismember(&pending, i) > 0;
    printf("pending: %d\n", count);
    pthread_t thread;
    void *result;
    pthread_create(&thread, 0, process, 0);
    pthread_join(thread, &result);
    printf("thread: %d\n", (long)result == getpid());
    struct {
        unsigned long long flags, pidfd, child, parent, signal, stack, size, tls;
    } args = {.signal = SIGCHLD};
    int pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0)
        _exit(42);
    int status = 0;
    waitpid(pid, &status, 0);
    printf("clone3: %d\n", WEXITSTATUS(status));
    return 0;
}
