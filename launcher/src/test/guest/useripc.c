// System V IPC between a program's processes: shared memory, semaphores that are undone, messages by type.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

struct message {
    long type;
    char text[64];
};

static const char *error(long result) {
    return result < 0 ? strerror(errno) : "";
}

static void on_alarm(int signal) {
    (void)signal;
}

static void shared_memory(void) {
    int id = shmget(IPC_PRIVATE, 10000, IPC_CREAT | 0600);
    char *at = shmat(id, NULL, 0);
    char *again = shmat(id, NULL, SHM_RDONLY);
    strcpy(at + 9000, "parent");
    if (fork() == 0) {
        printf("child sees %s\n", again + 9000);
        fflush(stdout);
        strcpy(at + 9000, "child");
        _exit(0);
    }
    wait(NULL);
    printf("parent sees %s\n", again + 9000);
    struct shmid_ds about;
    long result = shmctl(id, IPC_STAT, &about);
    printf("stat %ld: %zu bytes, %d attached, mode %o, by me %d, recent %d %d\n", result, about.shm_segsz,
           (int)about.shm_nattch, about.shm_perm.mode, about.shm_cpid == getpid(),
           time(NULL) - about.shm_atime < 60, time(NULL) - about.shm_ctime < 60);
    about.shm_perm.mode = 0640;
    printf("set %d\n", shmctl(id, IPC_SET, &about));
    result = shmdt(again + 4096);
    printf("detach %ld %s\n", result, error(result));
    printf("detach %d\n", shmdt(again));
    printf("remove %d\n", shmctl(id, IPC_RMID, NULL));
    shmctl(id, IPC_STAT, &about);
    printf("still %s, %d attached, mode %o\n", at + 9000, (int)about.shm_nattch, about.shm_perm.mode);
    shmdt(at);
    result = shmctl(id, IPC_STAT, &about);
    printf("gone %ld %s\n", result, error(result));
    result = shmget(0x5354524e, 1, 0600);
    printf("unknown key %ld %s\n", result, error(result));
    result = shmget(IPC_PRIVATE, 0, 0600);
    printf("empty %ld %s\n", result, error(result));
}

static void semaphores(void) {
    int id = semget(IPC_PRIVATE, 3, IPC_CREAT | 0600);
    union semun argument = {.val = 2};
    semctl(id, 1, SETVAL, argument);
    struct sembuf both[2] = {{1, -1, SEM_UNDO}, {0, 1, SEM_UNDO}};
    printf("both %d\n", semop(id, both, 2));
    unsigned short values[3] = {9, 9, 9};
    argument.array = values;
    semctl(id, 0, GETALL, argument);
    printf("values %d %d %d\n", values[0], values[1], values[2]);
    pid_t child = fork();
    if (child == 0) {
        struct sembuf take = {1, -1, SEM_UNDO};
        semop(id, &take, 1);
        struct sembuf wait_for = {2, -3, 0};
        _exit(semop(id, &wait_for, 1));
    }
    while (semctl(id, 2, GETNCNT) == 0) {
        usleep(1000);
    }
    printf("waits %d %d, value %d by child %d\n", semctl(id, 2, GETNCNT), semctl(id, 2, GETZCNT), semctl(id, 1, GETVAL),
           semctl(id, 1, GETPID) == child);
    struct sembuf give = {2, 3, 0};
    semop(id, &give, 1);
    int status;
    waitpid(child, &status, 0);
    printf("child %d, undone %d, taken %d\n", status, semctl(id, 1, GETVAL), semctl(id, 2, GETVAL));
    struct sembuf never[2] = {{0, 5, 0}, {1, -20, IPC_NOWAIT}};
    long result = semop(id, never, 2);
    printf("not now %ld %s, value %d\n", result, error(result), semctl(id, 0, GETVAL));
    struct sembuf far = {3, 1, 0};
    result = semop(id, &far, 1);
    printf("far %ld %s\n", result, error(result));
    argument.val = 40000;
    result = semctl(id, 0, SETVAL, argument);
    printf("large %ld %s\n", result, error(result));
    struct sembuf zero = {1, 0, 0};
    struct timespec soon = {0, 20000000};
    result = semtimedop(id, &zero, 1, &soon);
    printf("late %ld %s\n", result, error(result));
    signal(SIGALRM, on_alarm);
    alarm(1);
    result = semop(id, &zero, 1);
    printf("interrupted %ld %s\n", result, error(result));
    struct semid_ds about;
    argument.buf = &about;
    semctl(id, 0, IPC_STAT, argument);
    printf("%d semaphores, mode %o, recent %d\n", (int)about.sem_nsems, about.sem_perm.mode, time(NULL) - about.sem_otime < 60);
    child = fork();
    if (child == 0) {
        result = semop(id, &zero, 1);
        _exit(errno == EIDRM);
    }
    while (semctl(id, 1, GETZCNT) == 0) {
        usleep(1000);
    }
    semctl(id, 0, IPC_RMID);
    waitpid(child, &status, 0);
    printf("removed while one waits %d\n", WEXITSTATUS(status));
}

static void messages(void) {
    int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
    for (int i = 1; i <= 3; i++) {
        struct message message = {.type = 4 - i};
        sprintf(message.text, "message %d", i);
        msgsnd(id, &message, strlen(message.text) + 1, 0);
    }
    struct msqid_ds about;
    msgctl(id, IPC_STAT, &about);
    printf("%d messages, most %d bytes, by me %d\n", (int)about.msg_qnum, (int)about.msg_qbytes, about.msg_lspid == getpid());
    struct message message;
    long result = msgrcv(id, &message, sizeof message.text, -2, 0);
    printf("%ld bytes of %ld: %s\n", result, message.type, message.text);
    result = msgrcv(id, &message, 4, 0, 0);
    printf("short %ld %s\n", result, error(result));
    result = msgrcv(id, &message, 4, 3, MSG_NOERROR);
    printf("%ld bytes of %ld: %.4s\n", result, message.type, message.text);
    result = msgrcv(id, &message, sizeof message.text, 7, IPC_NOWAIT);
    printf("none %ld %s\n", result, error(result));
    message.type = 0;
    result = msgsnd(id, &message, 1, 0);
    printf("no type %ld %s\n", result, error(result));
    if (fork() == 0) {
        struct message one;
        long bytes = msgrcv(id, &one, sizeof one.text, 9, 0);
        printf("child got %ld: %s\n", bytes, one.text);
        exit(0);
    }
    fflush(stdout);
    usleep(20000);
    struct message nine = {.type = 9, .text = "to the child"};
    msgsnd(id, &nine, sizeof nine.text, 0);
    wait(NULL);
    printf("remove %d\n", msgctl(id, IPC_RMID, NULL));
    result = msgrcv(id, &message, 1, 0, 0);
    printf("gone %ld %s\n", result, error(result));
}

int main(void) {
    setbuf(stdout, NULL);
    shared_memory();
    semaphores();
    messages();
    return 0;
}
