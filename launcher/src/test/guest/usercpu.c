/* Clocks and timers of processor time: prints the same wherever Linux is. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t got[65];

static void count(int signal) {
    got[signal]++;
}

static double now(clockid_t clock) {
    struct timespec time = {0, 0};
    if (clock_gettime(clock, &time) != 0) {
        printf("no time: %s\n", strerror(errno));
    }
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static void work(clockid_t clock, double seconds) {
    double until = now(clock) + seconds;
    while (now(clock) < until) {
    }
}

static double seconds(const struct rusage *of) {
    return of->ru_utime.tv_sec + of->ru_stime.tv_sec + (of->ru_utime.tv_usec + of->ru_stime.tv_usec) * 1e-6;
}

static void *worker(void *unused) {
    double before = now(CLOCK_THREAD_CPUTIME_ID);
    work(CLOCK_THREAD_CPUTIME_ID, 0.1);
    printf("a thread begins with nothing: %d\n", before < 0.09);
    return unused;
}

int main(void) {
    setbuf(stdout, NULL);
    signal(SIGVTALRM, count);
    signal(SIGPROF, count);
    signal(SIGUSR1, count);

    struct itimerval soon = {{0, 20000}, {0, 20000}};
    struct itimerval left;
    printf("setitimer %d\n", setitimer(ITIMER_PROF, &soon, NULL));
    usleep(100000);
    printf("sleeping is free: %d\n", got[SIGPROF] == 0);
    while (got[SIGPROF] < 3) {
    }
    getitimer(ITIMER_PROF, &left);
    printf("goes on: %d\n", left.it_interval.tv_usec == 20000 && left.it_value.tv_usec + left.it_value.tv_sec > 0);
    memset(&soon, 0, sizeof soon);
    setitimer(ITIMER_PROF, &soon, &left);
    getitimer(ITIMER_PROF, &left);
    printf("stopped: %ld %ld\n", (long)left.it_value.tv_sec, (long)left.it_value.tv_usec);
    soon.it_value.tv_usec = 10000;
    printf("virtual %d\n", setitimer(ITIMER_VIRTUAL, &soon, NULL));
    while (got[SIGVTALRM] == 0) {
    }
    int result = setitimer(3, &soon, NULL);
    printf("unknown %d %s\n", result, strerror(errno));

    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec when = {{0, 0}, {0, 30000000}};
    timer_t timer;
    for (int i = 0; i < 2; i++) {
        clockid_t clock = i == 0 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_THREAD_CPUTIME_ID;
        got[SIGUSR1] = 0;
        printf("create %d\n", timer_create(clock, &event, &timer));
        timer_settime(timer, 0, &when, NULL);
        usleep(100000);
        printf("not yet: %d\n", got[SIGUSR1] == 0);
        double before = now(clock);
        while (got[SIGUSR1] == 0) {
        }
        printf("after its time: %d\n", now(clock) - before > 0.02);
        timer_delete(timer);
    }

    pthread_t thread;
    pthread_create(&thread, NULL, worker, NULL);
    pthread_join(thread, NULL);
    printf("the process has its threads' time: %d\n", now(CLOCK_PROCESS_CPUTIME_ID) >= 0.1);
    clockid_t clock;
    printf("by number %d\n", clock_getcpuclockid(getpid(), &clock));
    printf("the same: %d\n", now(clock) - now(CLOCK_PROCESS_CPUTIME_ID) < 0.1);
    pid_t child = fork();
    if (child == 0) {
        printf("a child begins with nothing: %d\n", now(CLOCK_PROCESS_CPUTIME_ID) < 0.09);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    printf("of nobody: %d\n", clock_gettime((clockid_t)(~0x3ffffffu << 3 | 2), &when.it_value));

    /* What is used is each process's own. */
    struct rusage self, later, children;
    getrusage(RUSAGE_SELF, &self);
    child = fork();
    if (child == 0) {
        work(CLOCK_PROCESS_CPUTIME_ID, 0.15);
        _exit(0);
    }
    usleep(300000);
    getrusage(RUSAGE_CHILDREN, &children);
    double before = seconds(&children);
    struct rusage of_child;
    wait4(child, NULL, 0, &of_child);
    getrusage(RUSAGE_SELF, &later);
    getrusage(RUSAGE_CHILDREN, &children);
    printf("the child's %d, added %d, not mine %d\n", seconds(&of_child) >= 0.14,
           seconds(&children) - before >= 0.14, seconds(&later) - seconds(&self) < 0.1);
    struct tms ticks;
    times(&ticks);
    printf("ticks %d %d\n", ticks.tms_cutime + ticks.tms_cstime >= 13, ticks.tms_utime + ticks.tms_stime > 0);
    result = getrusage(5, &self);
    printf("nobody's %d %s\n", result, strerror(errno));
    return 0;
}
