package straddle.accel.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import straddle.core.accel.AcceleratorException;
import straddle.host.Descriptor;
import straddle.host.HostException;
import straddle.linux.kvm.Kvm;
import straddle.linux.kvm.kvm_cpuid2;
import straddle.linux.kvm.kvm_cpuid_entry2;
import straddle.linux.kvm.kvm_msr_list;

/// `/dev/kvm` itself: what it can do, and new VMs (Linux's Documentation/virt/kvm/api.rst, "System ioctls").
final class KvmDevice implements AutoCloseable {
    static final String PATH = "/dev/kvm";

    /// What every VM of ours relies on; Linux has had all of it since 4.17.
    private static final Map<String, Integer> REQUIRED =
            new LinkedHashMap<>(
                    Map.of(
                            "KVM_CAP_USER_MEMORY", Kvm.KVM_CAP_USER_MEMORY(),
                            "KVM_CAP_READONLY_MEM", Kvm.KVM_CAP_READONLY_MEM(),
                            "KVM_CAP_IMMEDIATE_EXIT", Kvm.KVM_CAP_IMMEDIATE_EXIT(),
                            "KVM_CAP_SYNC_REGS", Kvm.KVM_CAP_SYNC_REGS(),
                            "KVM_CAP_VCPU_EVENTS", Kvm.KVM_CAP_VCPU_EVENTS(),
                            "KVM_CAP_DEBUGREGS", Kvm.KVM_CAP_DEBUGREGS(),
                            "KVM_CAP_XSAVE", Kvm.KVM_CAP_XSAVE(),
                            "KVM_CAP_XCRS", Kvm.KVM_CAP_XCRS()));

    private static final int MAX_CPUID_ENTRIES = 256;
    private static final int MAX_MSRS = 1024;

    private final Descriptor descriptor;

    private KvmDevice(Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    /// Opens it and makes sure that it is KVM.
    ///
    /// @throws HostException without a remedy; see [KvmRefusal]
    static KvmDevice open(String path) throws HostException {
        Descriptor descriptor = Descriptor.open(path);
        try {
            int version = descriptor.ioctl("KVM_GET_API_VERSION", Kvm.KVM_GET_API_VERSION(), 0);
            if (version != Kvm.KVM_API_VERSION()) {
                throw new HostException(
                        "ioctl(KVM_GET_API_VERSION)",
                        0,
                        "It speaks version %d of KVM's interface, not %d."
                                .formatted(version, Kvm.KVM_API_VERSION()));
            }
            return new KvmDevice(descriptor);
        } catch (HostException e) {
            descriptor.close();
            throw e;
        }
    }

    /// @throws AcceleratorException naming what the host's KVM lacks of what we rely on
    void requireCapabilities() throws AcceleratorException {
        for (Map.Entry<String, Integer> capability : REQUIRED.entrySet()) {
            if (extension(capability.getValue()) <= 0) {
                throw new AcceleratorException(
                        "This host's KVM lacks %s. A Linux kernel of 4.17 or newer has it; --accel=tcg needs no KVM."
                                .formatted(capability.getKey()));
            }
        }
    }

    /// What KVM_CHECK_EXTENSION says of a capability: 0 if it lacks it.
    int extension(int capability) {
        return Math.max(0, descriptor.ioctl(Kvm.KVM_CHECK_EXTENSION(), capability));
    }

    int runBytes() throws HostException {
        return descriptor.ioctl("KVM_GET_VCPU_MMAP_SIZE", Kvm.KVM_GET_VCPU_MMAP_SIZE(), 0);
    }

    Descriptor createVm() throws HostException {
        return Descriptor.adopt(descriptor.ioctl("KVM_CREATE_VM", Kvm.KVM_CREATE_VM(), 0));
    }

    /// Every leaf of CPUID that this host's KVM can show a guest.
    List<CpuidEntry> supportedCpuid() throws HostException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment list =
                    arena.allocate(
                            kvm_cpuid2.sizeof() + MAX_CPUID_ENTRIES * kvm_cpuid_entry2.sizeof(), 8);
            kvm_cpuid2.nent(list, MAX_CPUID_ENTRIES);
            descriptor.ioctl(
                    "KVM_GET_SUPPORTED_CPUID", Kvm.KVM_GET_SUPPORTED_CPUID(), list.address());
            List<CpuidEntry> entries = new ArrayList<>();
            for (int i = 0; i < kvm_cpuid2.nent(list); i++) {
                entries.add(
                        CpuidEntry.readFrom(
                                list.asSlice(
                                        kvm_cpuid2.sizeof() + i * kvm_cpuid_entry2.sizeof(),
                                        kvm_cpuid_entry2.sizeof())));
            }
            return entries;
        }
    }

    /// The model-specific registers that this host's KVM can save and load.
    List<Integer> msrIndices() throws HostException {
        try (Arena arena = Arena.ofConfined()) {
            long header = kvm_msr_list.sizeof();
            MemorySegment list = arena.allocate(header + MAX_MSRS * 4, 8);
            kvm_msr_list.nmsrs(list, MAX_MSRS);
            descriptor.ioctl(
                    "KVM_GET_MSR_INDEX_LIST", Kvm.KVM_GET_MSR_INDEX_LIST(), list.address());
            return list.asSlice(header, 4L * kvm_msr_list.nmsrs(list))
                    .elements(ValueLayout.JAVA_INT)
                    .map(index -> index.get(ValueLayout.JAVA_INT, 0))
                    .toList();
        }
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
