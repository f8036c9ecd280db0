/*
 * Random system calls and damaged ELF files, each in a process of its own: userfuzz SECONDS SEED ITSELF. Says how many
 * there were, and exits with 0 if it could go on to the end.
 *
 * It is for an emulator that keeps it within an empty directory. It leaves out calls that would end the others or wait
 * for ever.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define CALLS 400

static unsigned long long state;

static unsigned random_bits(void)
{
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return state >> 33;
}

static const int left_out[] = {
    SYS_exit, SYS_exit_group, SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo,
    SYS_clone, SYS_clone3, SYS_execve, SYS_execveat, SYS_sync, SYS_reboot, SYS_mount, SYS_memfd_create, SYS_ptrace, SYS_setrlimit,
#ifdef SYS_fork
    SYS_fork,
#endif
#ifdef SYS_vfork
    SYS_vfork,
#endif
#ifdef SYS_umount
    SYS_umount,
#endif
    SYS_umount2, SYS_kexec_load, SYS_swapon, SYS_swapoff, SYS_init_module, SYS_delete_module, SYS_bpf,
};

static int is_left_out(int number)
{
    for (unsigned i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (left_out[i] == number)
            return 1;
    return 0;
}

static char *buffer; /* two pages, of which nothing is mapped behind */

static long value(void)
{
    static const long numbers[] = {
        0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 63, 64, 127, 128, 255, 256, 4095, 4096, 4097, 65536, 1 << 20, 0x7fffffff,
        -1, -2, -100, -4096, 0x80000000L, 1L << (sizeof(long) * 8 - 1), ~(1UL << (sizeof(long) * 8 - 1)), 0x541b,
    };
    switch (random_bits() % 8) {
    case 0:
    case 1:
        return numbers[random_bits() % (sizeof numbers / sizeof *numbers)];
    case 2:
        return random_bits() % 32;
    case 3:
        return 1L << random_bits() % (sizeof(long) * 8);
    case 4:
        return (long)random_bits() << random_bits() % 32;
    case 5:
        return (long)(buffer + 2 * PAGE - random_bits() % 64);
    default:
        return (long)(buffer + (random_bits() % (2 * PAGE) & -8));
    }
}

static void fill(void)
{
    static const char *const names[] = {"a", "d", "d/b", "..", "/", "/proc/self/exe", "../../etc/passwd", "l", "/dev/fd/3"};
    long *words = (long *)(void *)buffer;
    for (unsigned i = 0; i < 2 * PAGE / sizeof(long); i++)
        words[i] = random_bits() % 4 == 0 ? value() : (long)(random_bits() % 64);
    for (int i = 0; i < 24; i++) {
        const char *name = names[random_bits() % (sizeof names / sizeof *names)];
        strcpy(buffer + (random_bits() % (2 * PAGE - 64) & -8), name);
    }
}

/* Somewhere to write to that the file system's size bounds, unlike a memfd's, which could take all of the host's memory. */
static int quiet_file(void)
{
    int fd = open("quiet", O_RDWR | O_CREAT, 0600);
    unlink("quiet");
    return fd;
}

static void random_calls(void)
{
    buffer = mmap(0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(buffer + 2 * PAGE, PAGE);
    int quiet = quiet_file();
    for (int fd = 0; fd < 3; fd++)
        dup2(quiet, fd);
    int fds[2];
    mkdir("d", 0755);
    symlink("/etc", "l");
    open("a", O_RDWR | O_CREAT, 0644);
    open("d", O_RDONLY | O_DIRECTORY);
    pipe2(fds, O_NONBLOCK);
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds);
    socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    eventfd(0, EFD_NONBLOCK);
    epoll_create1(0);
    timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    inotify_init1(IN_NONBLOCK);
    for (int i = 0; i < CALLS; i++) {
        if (i % 16 == 0)
            fill();
        int base = SYS_read >= 4000 ? 4000 : 0;
        int number = base + random_bits() % 460;
        if (is_left_out(number))
            continue;
        syscall(number, value(), value(), value(), value(), value(), value());
    }
}

/* A copy of this program with a damaged header, executed. */
static void damaged_program(const char *self)
{
    int from = open(self, O_RDONLY);
    struct stat status;
    if (from < 0 || fstat(from, &status) != 0)
        _exit(90);
    long bytes = status.st_size;
    unsigned char *image = malloc(bytes);
    if (read(from, image, bytes) != bytes)
        _exit(91);
    int changes = 1 + random_bits() % 4;
    for (int i = 0; i < changes; i++) {
        int at = random_bits() % (random_bits() % 3 == 0 ? 64 : 64 + 56 * 10);
        switch (random_bits() % 5) {
        case 0:
            image[at] ^= 1 << random_bits() % 8;
            break;
        case 1:
            image[at] = random_bits();
            break;
        case 2:
            memset(image + (at & -8), random_bits() % 2 ? 0xff : 0, 8);
            break;
        case 3:
            image[at & -4] = random_bits();
            image[(at & -4) + 3] = random_bits();
            break;
        default:
            bytes = random_bits() % 3 ? bytes : (long)(random_bits() % bytes);
        }
    }
    char name[32];
    snprintf(name, sizeof name, "damaged%d", getpid());
    int to = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0755);
    if (write(to, image, bytes) != bytes)
        _exit(92);
    close(to);
    int quiet = quiet_file();
    for (int fd = 0; fd < 3; fd++)
        dup2(quiet, fd);
    char *arguments[] = {name, "0", "1", name, 0};
    char *variables[] = {0};
    execve(name, arguments, variables);
    _exit(93);
}

/* Ends a child that takes too long. */
static int ended(int pid)
{
    int status = 0;
    for (int i = 0; i < 150; i++) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return status;
        poll(0, 0, 5);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return status;
}

int main(int count, char **arguments)
{
    if (count != 4)
        return 2;
    time_t end = time(0) + atoi(arguments[1]);
    unsigned long long seed = strtoull(arguments[2], 0, 0);
    int calls = 0, programs = 0, killed = 0;
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    while (time(0) < end) {
        state = ++seed * 0x9e3779b97f4a7c15ULL;
        int which = random_bits() % 3;
        int pid = fork();
        if (pid == 0) {
            if (which == 0)
                damaged_program(arguments[3]);
            else
                random_calls();
            _exit(0);
        }
        if (pid < 0)
            return 3;
        killed += WIFSIGNALED(ended(pid));
        *(which == 0 ? &programs : &calls) += 1;
        char name[32];
        snprintf(name, sizeof name, "damaged%d", pid);
        unlink(name);
    }
    printf("%d processes of %d calls, %d damaged programs, %d of all ended by signals, last seed %llu\n", calls, CALLS,
           programs, killed, seed);
    return 0;
}
