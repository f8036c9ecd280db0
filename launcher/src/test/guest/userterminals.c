/* Job control on a terminal that the program makes itself: prints who is stopped, told or refused. The same wherever Linux is. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int master;
static int terminal;
static int pipes[2];

static void nothing(int signal)
{
    (void)signal;
}

static void on(int signal, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigaction(signal, &action, 0);
}

static void say(const char *what, int status)
{
    if (WIFSTOPPED(status))
        printf("%s: stopped by %d\n", what, WSTOPSIG(status));
    else if (WIFSIGNALED(status))
        printf("%s: ended by %d\n", what, WTERMSIG(status));
    else
        printf("%s: exit %d\n", what, WEXITSTATUS(status));
}

static int changed(int pid)
{
    int status = 0;
    waitpid(pid, &status, WUNTRACED);
    return status;
}

/* Starts a job in a group of its own, and waits until it says that it runs. */
static int job(void (*run)(void), int foreground)
{
    char byte;
    int pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        if (foreground)
            tcsetpgrp(terminal, getpid());
        signal(SIGTTOU, SIG_DFL);
        write(pipes[1], "x", 1);
        run();
        _exit(0);
    }
    setpgid(pid, pid);
    read(pipes[0], &byte, 1);
    return pid;
}

static void finish(int pid)
{
    kill(pid, SIGKILL);
    kill(pid, SIGCONT);
    waitpid(pid, 0, 0);
    tcsetpgrp(terminal, getpgrp());
}

static void wait_for_ever(void)
{
    while (1)
        pause();
}

static void reads(void)
{
    char byte;
    _exit(read(terminal, &byte, 1) == 1 ? byte : 100 + errno);
}

static void reads_ignoring(void)
{
    signal(SIGTTIN, SIG_IGN);
    reads();
}

static void changes(void)
{
    struct termios settings;
    tcgetattr(terminal, &settings);
    _exit(tcsetattr(terminal, TCSANOW, &settings) == 0 ? 1 : 100 + errno);
}

static void changes_ignoring(void)
{
    signal(SIGTTOU, SIG_IGN);
    changes();
}

static void writes(void)
{
    _exit(write(terminal, "y", 1) == 1 ? 2 : 100 + errno);
}

static void takes_foreground(void)
{
    _exit(tcsetpgrp(terminal, getpgrp()) == 0 ? 3 : 100 + errno);
}

static void resized(void)
{
    struct winsize size;
    on(SIGWINCH, nothing);
    sigset_t none;
    sigemptyset(&none);
    write(pipes[1], "x", 1);
    sigsuspend(&none);
    ioctl(terminal, TIOCGWINSZ, &size);
    _exit(size.ws_row);
}

static void keys(void)
{
    const struct {
        const char *name;
        char key;
    } all[] = {{"interrupt", 3}, {"quit", 28}, {"suspend", 26}};
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
        int pid = job(wait_for_ever, 1);
        write(master, &all[i].key, 1);
        say(all[i].name, changed(pid));
        finish(pid);
    }
}

static void background(void)
{
    struct termios settings;
    int pid = job(reads, 0);
    say("background read", changed(pid));
    tcsetpgrp(terminal, pid);
    kill(pid, SIGCONT);
    write(master, "a\n", 2);
    say("the same in the foreground", changed(pid));
    finish(pid);
    pid = job(reads_ignoring, 0);
    say("read, SIGTTIN ignored", changed(pid));
    pid = job(changes, 0);
    say("background change", changed(pid));
    finish(pid);
    pid = job(changes_ignoring, 0);
    say("change, SIGTTOU ignored", changed(pid));
    pid = job(writes, 0);
    say("background write", changed(pid));
    tcgetattr(terminal, &settings);
    settings.c_lflag |= TOSTOP;
    tcsetattr(terminal, TCSANOW, &settings);
    pid = job(writes, 0);
    say("background write, tostop", changed(pid));
    finish(pid);
    pid = job(takes_foreground, 0);
    say("background tcsetpgrp", changed(pid));
    finish(pid);
}

static void sizes(void)
{
    char byte;
    struct winsize size = {.ws_row = 33, .ws_col = 99};
    int pid = job(resized, 1);
    read(pipes[0], &byte, 1);
    usleep(100000);
    ioctl(master, TIOCSWINSZ, &size);
    say("window", changed(pid));
    finish(pid);
}

static void groups(void)
{
    int pid = fork();
    if (pid == 0) {
        execl("/proc/self/exe", "sleeper", (char *)0);
        _exit(1);
    }
    char byte;
    read(pipes[0], &byte, 1);
    printf("setpgid: %d", setpgid(0, 0) == -1 ? errno : 0);
    printf(" %d", setpgid(pid, pid) == -1 ? errno : 0);
    printf(" %d", setpgid(1, 0) == -1 ? errno : 0);
    finish(pid);
    pid = job(wait_for_ever, 0);
    printf(" %d", setpgid(pid, 1) == -1 ? errno : 0);
    printf(" %d\n", setpgid(pid, getpgrp()) == -1 ? errno : 0);
    printf("tcsetpgrp: %d\n", tcsetpgrp(terminal, -1) == -1 ? errno : 0);
    finish(pid);
}

/* A stopped process whose parent ends is told; it may not be stopped by the terminal then. */
static void orphans(void)
{
    int told[2];
    char byte = 0;
    pipe(told);
    int pid = fork();
    if (pid == 0) {
        int child = fork();
        if (child == 0) {
            setpgid(0, 0);
            on(SIGHUP, nothing);
            raise(SIGSTOP);
            raise(SIGTSTP);
            write(told[1], "h", 1);
            _exit(0);
        }
        setpgid(child, child);
        changed(child);
        _exit(0);
    }
    waitpid(pid, 0, 0);
    close(told[1]);
    read(told[0], &byte, 1);
    printf("orphan: %c\n", byte);
}

static void leader(const char *name)
{
    struct stat own, this;
    setsid();
    signal(SIGTTOU, SIG_IGN);
    printf("before: %d", open("/dev/tty", O_RDWR) == -1 ? errno : 0);
    terminal = open(name, O_RDWR);
    printf(", group %d, session %d", tcgetpgrp(terminal) == getpid(), tcgetsid(terminal) == getpid());
    int tty = open("/dev/tty", O_RDWR);
    fstat(terminal, &this);
    printf(", /dev/tty %d %d", isatty(tty), fstat(tty, &own));
    printf(", again %d\n", ioctl(terminal, TIOCSCTTY, 0));
    keys();
    background();
    sizes();
    groups();
    orphans();
    fflush(stdout);
}

int main(int count, char **arguments)
{
    (void)count;
    setvbuf(stdout, 0, _IOLBF, 0);
    if (strcmp(arguments[0], "sleeper") == 0) {
        write(21, "x", 1);
        wait_for_ever();
    }
    alarm(60);
    signal(SIGHUP, SIG_DFL); /* which whoever started this may ignore, as the next two */
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    master = posix_openpt(O_RDWR | O_NOCTTY);
    grantpt(master);
    unlockpt(master);
    dup2(master, 10);
    close(master);
    master = 10;
    char name[64];
    strcpy(name, ptsname(master));
    pipe(pipes);
    dup2(pipes[0], 20);
    dup2(pipes[1], 21);
    pipes[0] = 20;
    pipes[1] = 21;
    int pid = fork();
    if (pid == 0) {
        leader(name);
        int child = job(wait_for_ever, 1);
        printf("leader ends\n");
        if (child > 0)
            write(pipes[1], &child, sizeof child);
        _exit(0);
    }
    say("leader", changed(pid));
    /* Its foreground job is hung up with it. */
    int child;
    read(pipes[0], &child, sizeof child);
    while (kill(child, 0) == 0)
        usleep(1000);
    printf("its job has ended\n");
    pid = fork();
    if (pid == 0) {
        close(master);
        setsid();
        int other = posix_openpt(O_RDWR | O_NOCTTY);
        grantpt(other);
        unlockpt(other);
        int fd = open(ptsname(other), O_RDWR);
        printf("terminal %d\n", tcgetpgrp(fd) == getpid());
        close(other);
        wait_for_ever();
    }
    say("hung up", changed(pid));
    return 0;
}
