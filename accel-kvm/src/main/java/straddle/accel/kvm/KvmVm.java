package straddle.accel.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import straddle.core.accel.AcceleratorException;
import straddle.host.Descriptor;
import straddle.host.EventFd;
import straddle.host.HostException;
import straddle.linux.kvm.Kvm;
import straddle.linux.kvm.kvm_dirty_log;
import straddle.linux.kvm.kvm_ioeventfd;
import straddle.linux.kvm.kvm_irqfd;
import straddle.linux.kvm.kvm_pit_config;
import straddle.linux.kvm.kvm_userspace_memory_region;

/// A VM's descriptor (Linux's Documentation/virt/kvm/api.rst, "VM ioctls"). Any thread.
final class KvmVm implements AutoCloseable {
    /// Three pages that Intel's real mode needs, and one that its paging-off mode does: just below the local APIC.
    private static final int TSS_GPA = 0xfeff_d000;

    private static final int IDENTITY_MAP_GPA = 0xfeff_c000;

    private final KvmDevice device;
    private final Descriptor descriptor;

    private KvmVm(KvmDevice device, Descriptor descriptor) {
        this.device = device;
        this.descriptor = descriptor;
    }

    /// Creates an empty VM. It closes the device when it closes, or when it can't be had.
    static KvmVm create(KvmDevice device) throws AcceleratorException {
        try {
            device.requireCapabilities();
            return createOn(device);
        } catch (HostException e) {
            device.close();
            throw KvmRefusal.of(e);
        } catch (AcceleratorException e) {
            device.close();
            throw e;
        }
    }

    private static KvmVm createOn(KvmDevice device) throws HostException {
        KvmVm vm = new KvmVm(device, device.createVm());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment identity = arena.allocate(ValueLayout.JAVA_LONG);
            identity.set(ValueLayout.JAVA_LONG, 0, Integer.toUnsignedLong(IDENTITY_MAP_GPA));
            vm.ioctl(
                    "KVM_SET_IDENTITY_MAP_ADDR",
                    Kvm.KVM_SET_IDENTITY_MAP_ADDR(),
                    identity.address());
            vm.ioctl("KVM_SET_TSS_ADDR", Kvm.KVM_SET_TSS_ADDR(), Integer.toUnsignedLong(TSS_GPA));
            return vm;
        } catch (HostException e) {
            vm.descriptor.close();
            throw e;
        }
    }

    KvmDevice device() {
        return device;
    }

    int ioctl(String name, long request, long argument) throws HostException {
        return descriptor.ioctl(name, request, argument);
    }

    /// Without a name and an exception, for calls on a hot path: minus the error number on failure.
    int ioctl(long request, long argument) {
        return descriptor.ioctl(request, argument);
    }

    Descriptor createVcpu(int id) throws HostException {
        return Descriptor.adopt(ioctl("KVM_CREATE_VCPU", Kvm.KVM_CREATE_VCPU(), id));
    }

    /// KVM's own PIC pair, I/O APIC and PIT, and a local APIC in each vCPU. Before any vCPU.
    void createIrqChipAndPit() throws HostException {
        ioctl("KVM_CREATE_IRQCHIP", Kvm.KVM_CREATE_IRQCHIP(), 0);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment config = kvm_pit_config.allocate(arena);
            config.fill((byte) 0);
            kvm_pit_config.flags(config, Kvm.KVM_PIT_SPEAKER_DUMMY());
            ioctl("KVM_CREATE_PIT2", Kvm.KVM_CREATE_PIT2(), config.address());
        }
    }

    /// Makes, changes or (with `bytes` 0) deletes a memory slot.
    void setMemorySlot(int slot, int flags, long gpa, long bytes, long hva) throws HostException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment region = kvm_userspace_memory_region.allocate(arena);
            kvm_userspace_memory_region.slot(region, slot);
            kvm_userspace_memory_region.flags(region, flags);
            kvm_userspace_memory_region.guest_phys_addr(region, gpa);
            kvm_userspace_memory_region.memory_size(region, bytes);
            kvm_userspace_memory_region.userspace_addr(region, hva);
            ioctl("KVM_SET_USER_MEMORY_REGION", Kvm.KVM_SET_USER_MEMORY_REGION(), region.address());
        }
    }

    /// The pages of a slot that the guest has written since the last call: one bit each, lowest first.
    void takeDirtyLog(int slot, MemorySegment bitmap) throws HostException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment log = kvm_dirty_log.allocate(arena);
            log.fill((byte) 0);
            kvm_dirty_log.slot(log, slot);
            kvm_dirty_log.dirty_bitmap(log, bitmap);
            ioctl("KVM_GET_DIRTY_LOG", Kvm.KVM_GET_DIRTY_LOG(), log.address());
        }
    }

    /// Has an event raise a pin of KVM's own interrupt controllers, or no longer.
    void irqFd(EventFd event, int gsi, boolean connect) throws HostException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment irqfd = kvm_irqfd.allocate(arena);
            irqfd.fill((byte) 0);
            kvm_irqfd.fd(irqfd, event.descriptor().number());
            kvm_irqfd.gsi(irqfd, gsi);
            kvm_irqfd.flags(irqfd, connect ? 0 : Kvm.KVM_IRQFD_FLAG_DEASSIGN());
            ioctl("KVM_IRQFD", Kvm.KVM_IRQFD(), irqfd.address());
        }
    }

    /// Has the guest's writes to a port signal an event instead of exiting, or no longer.
    ///
    /// @param width of the accesses that count, in bytes
    void portEventFd(EventFd event, int port, int width, boolean connect) throws HostException {
        ioEventFd(event, port, width, connect ? 0 : deassign(), ioPort());
    }

    /// Has the guest's writes to an address signal an event instead of exiting, or no longer.
    void mmioEventFd(EventFd event, long gpa, int width, boolean connect) throws HostException {
        ioEventFd(event, gpa, width, connect ? 0 : deassign(), 0);
    }

    private void ioEventFd(EventFd event, long address, int width, int deassign, int space)
            throws HostException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = kvm_ioeventfd.allocate(arena);
            request.fill((byte) 0);
            kvm_ioeventfd.fd(request, event.descriptor().number());
            kvm_ioeventfd.addr(request, address);
            kvm_ioeventfd.len(request, width);
            kvm_ioeventfd.flags(request, deassign | space);
            ioctl("KVM_IOEVENTFD", Kvm.KVM_IOEVENTFD(), request.address());
        }
    }

    private static int deassign() {
        return Kvm.KVM_IOEVENTFD_FLAG_DEASSIGN();
    }

    private static int ioPort() {
        return Kvm.KVM_IOEVENTFD_FLAG_PIO();
    }

    @Override
    public void close() {
        descriptor.close();
        device.close();
    }
}
