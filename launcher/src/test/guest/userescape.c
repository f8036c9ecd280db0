// Ways out of a root directory: tries to reach a file and a socket outside by each, and prints those that led there.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static int ways;

static void try_at(int directory, const char *path) {
    ways++;
    int fd = openat(directory, path, O_RDONLY);
    if (fd >= 0) {
        printf("open: %s\n", path);
        close(fd);
    }
    struct stat status;
    if (fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode)) {
        printf("stat: %s\n", path);
    }
    if (access(path, F_OK) == 0 && directory == AT_FDCWD) {
        printf("access: %s\n", path);
    }
    if (linkat(directory, path, AT_FDCWD, "/tmp/link", AT_SYMLINK_FOLLOW) == 0) {
        printf("link: %s\n", path);
    }
}

static void try_from(const char *start, const char *outside) {
    char path[1024];
    snprintf(path, sizeof path, "%s%s", start, outside);
    try_at(AT_FDCWD, path);
}

static int reaches(const void *name, size_t bytes) {
    struct sockaddr_un address = {AF_UNIX, ""};
    memcpy(address.sun_path, name, bytes);
    int local = socket(AF_UNIX, SOCK_STREAM, 0);
    int result = connect(local, (struct sockaddr *)&address, sizeof address.sun_family + bytes);
    close(local);
    return result == 0;
}

// A socket by an abstract name, which has been bound when a line is written.
static int listen_by(const char *name) {
    struct sockaddr_un address = {AF_UNIX, ""};
    strcpy(address.sun_path + 1, name);
    int local = socket(AF_UNIX, SOCK_STREAM, 0);
    socklen_t bytes = sizeof address.sun_family + 1 + strlen(name);
    if (bind(local, (struct sockaddr *)&address, bytes) < 0 || listen(local, 1) < 0) {
        return -1;
    }
    struct sockaddr_un told = {0, ""};
    socklen_t room = sizeof told;
    getsockname(local, (struct sockaddr *)&told, &room);
    printf("%s\n", room == bytes && memcmp(&told, &address, bytes) == 0 ? "listens" : "has another name");
    fflush(stdout);
    return local;
}

// Among themselves programs use any names.
static void name_own(void) {
    char own[] = "\0own";
    int listening = listen_by(own + 1);
    printf("own: %d\n", reaches(own, 4));
    close(listening);
    struct sockaddr_un address = {AF_UNIX, ""};
    int local = socket(AF_UNIX, SOCK_STREAM, 0);
    socklen_t bytes = sizeof address;
    bind(local, (struct sockaddr *)&address, sizeof address.sun_family);
    listen(local, 1);
    getsockname(local, (struct sockaddr *)&address, &bytes);
    printf("chosen by the kernel: %d\n", reaches(address.sun_path, bytes - sizeof address.sun_family));
    close(local);
}

// Where the kernel has no name for the directory, relative names mean nothing that lies elsewhere.
static void go_too_deep(void) {
    char name[201];
    memset(name, 'n', 200);
    name[200] = 0;
    close(open("/kept", O_CREAT | O_WRONLY, 0600));
    chdir("/");
    for (int i = 0; i < 25 && mkdir(name, 0700) == 0; i++) {
        int next = openat(AT_FDCWD, name, O_PATH | O_DIRECTORY);
        fchdir(next);
        close(next);
    }
    unlink("kept");
    printf("kept: %d\n", access("/kept", F_OK) == 0);
    chdir("/");
}

int main(int count, char **arguments) {
    if (count == 3 && strcmp(arguments[1], "listen") == 0) {
        listen_by(arguments[2]);
        return getchar() < 0;
    }
    const char *outside = arguments[1];
    char path[1024];
    mkdir("/tmp", 0755);
    mkdir("/tmp/inner", 0755);
    const char *starts[] = {"/proc/self/fd/0/..", "/proc/self/cwd", "/proc//self/./root", "/proc/self/root/proc/self/root/..", "", "/..", "/../../../../..", "/tmp/../..", "/proc/self/root", "/proc/self/root/..",
        "/proc/self/cwd/../..", "/proc/thread-self/root", "/proc/1/root", "/proc/1/cwd", "/dev/fd/0/..", "/proc/self/exe/.."};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        try_from(starts[i], outside);
    }
    snprintf(path, sizeof path, "/proc/%d/root", getpid());
    try_from(path, outside);
    snprintf(path, sizeof path, "/proc/%d/task/%d/root", getppid(), getpid());
    try_from(path, outside);
    int handle = open("/", O_PATH | O_DIRECTORY);
    int inner = open("/tmp/inner", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_APPEND | 020);
    printf("directories: %d %d\n", handle >= 0, inner >= 0);
    snprintf(path, sizeof path, "../../../..%s", outside);
    try_at(handle, path);
    rename("/tmp/inner", "/inner");
    try_at(inner, path);
    snprintf(path, sizeof path, "/proc/self/fd/%d/..", handle);
    try_from(path, outside);
    symlink("/proc/self/root", "/tmp/root");
    try_from("/tmp/root", outside);
    snprintf(path, sizeof path, "../../../../..%s", outside);
    symlink(path, "/tmp/up");
    try_at(AT_FDCWD, "/tmp/up");
    chdir("/..");
    chdir("../../..");
    try_at(AT_FDCWD, outside + 1);
    fchdir(handle);
    try_from("..", outside);
    struct {
        unsigned long flags, mode, resolve;
    } how = {O_RDONLY, 0, 0};
    if (syscall(437, AT_FDCWD, outside, &how, sizeof how) >= 0) {
        printf("openat2\n");
    }
    struct sockaddr_un address = {AF_UNIX, ""};
    snprintf(address.sun_path, sizeof address.sun_path, "%s.socket", outside);
    int local = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(local, (struct sockaddr *)&address, sizeof address) == 0) {
        printf("connect\n");
    }
    if (reaches("s", 1)) {
        printf("connect by a name of one character\n");
    }
    char name[108] = "";
    size_t length = strlen(arguments[2]);
    memcpy(name + 1, arguments[2], length);
    if (reaches(name, 1 + length)) {
        printf("connect by an abstract name\n");
    }
    name_own();
    go_too_deep();
    printf("%d ways, no more of them\n", ways);
    int network = socket(AF_INET, SOCK_STREAM, 0);
    printf("network: %d %s\n", network, strerror(errno));
    return count - 3;
}
