/* The loops that Straddle's benchmarks are compared with: the same calls on the same guest, without Java.
 * Built by the benchmark runner as a shared library; each function returns nanoseconds, or -errno. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* n times the cheapest request that /dev/kvm has. */
int64_t ioctl_loop(int fd, uint64_t request, uint64_t argument, int64_t n)
{
    int64_t start = now();
    for (int64_t i = 0; i < n; i++)
        if (ioctl(fd, request, argument) < 0)
            return -errno;
    return now() - start;
}

struct vm {
    int kvm, vm, vcpu;
    struct kvm_run *run;
    void *ram;
};

static struct vm guest;

/* A vCPU in real mode in front of the code at 0:1000. */
int64_t guest_open(const uint8_t *code, int64_t bytes)
{
    struct vm *g = &guest;
    g->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    g->vm = ioctl(g->kvm, KVM_CREATE_VM, 0);
    g->ram = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct kvm_userspace_memory_region slot = {0, 0, 0, 1 << 20, (uintptr_t)g->ram};
    if (g->kvm < 0 || g->vm < 0 || ioctl(g->vm, KVM_SET_USER_MEMORY_REGION, &slot) < 0)
        return -errno;
    memcpy((uint8_t *)g->ram + 0x1000, code, bytes);
    g->vcpu = ioctl(g->vm, KVM_CREATE_VCPU, 0);
    g->run = mmap(0, ioctl(g->kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE, MAP_SHARED, g->vcpu, 0);
    struct kvm_sregs sregs;
    if (g->vcpu < 0 || g->run == MAP_FAILED || ioctl(g->vcpu, KVM_GET_SREGS, &sregs) < 0)
        return -errno;
    sregs.cs.base = 0;
    sregs.cs.selector = 0;
    struct kvm_regs regs = {.rip = 0x1000, .rsp = 0x8000, .rflags = 2};
    if (ioctl(g->vcpu, KVM_SET_SREGS, &sregs) < 0 || ioctl(g->vcpu, KVM_SET_REGS, &regs) < 0)
        return -errno;
    return 0;
}

/* n port writes, each served by a sum. */
int64_t port_loop(int64_t n)
{
    struct vm *g = &guest;
    volatile uint64_t sum = 0;
    int64_t start = now();
    for (int64_t i = 0; i < n; i++) {
        if (ioctl(g->vcpu, KVM_RUN, 0) < 0)
            return -errno;
        if (g->run->exit_reason != KVM_EXIT_IO)
            return -EPROTO;
        sum += ((uint8_t *)g->run)[g->run->io.data_offset];
    }
    return now() - start;
}

int64_t guest_close(void)
{
    struct vm *g = &guest;
    munmap(g->run, ioctl(g->kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
    close(g->vcpu);
    close(g->vm);
    close(g->kvm);
    munmap(g->ram, 1 << 20);
    return 0;
}
