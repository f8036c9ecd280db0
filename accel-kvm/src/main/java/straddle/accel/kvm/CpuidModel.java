package straddle.accel.kvm;

import java.util.List;

/// The processor that a guest sees: what KVM supports, without what our machines don't have.
///
/// Leaves and bits as in SDM volume 2, CPUID, and KVM's in Linux's Documentation/virt/kvm/x86/cpuid.rst.
final class CpuidModel {
    private static final int ECX1_X2APIC = 1 << 21;
    private static final int ECX1_TSC_DEADLINE = 1 << 24;
    private static final int EDX1_APIC = 1 << 9;

    /// The paravirtual features that work without KVM's own local APIC: the clock, and it being stable.
    private static final int KVM_FEATURES = 1 | 1 << 1 | 1 << 3 | 1 << 5 | 1 << 24;

    private CpuidModel() {}

    /// @param id the vCPU's, which is its APIC ID
    /// @param kernelIrqChip whether it has a local APIC
    static List<CpuidEntry> of(
            List<CpuidEntry> supported, int id, int vcpus, boolean kernelIrqChip) {
        return supported.stream().map(entry -> filter(entry, id, vcpus, kernelIrqChip)).toList();
    }

    private static CpuidEntry filter(CpuidEntry e, int id, int vcpus, boolean kernelIrqChip) {
        return switch (e.function()) {
            case 1 ->
                    e.with(
                            e.eax(),
                            e.ebx() & 0xffff | vcpus << 16 | id << 24,
                            kernelIrqChip ? e.ecx() : e.ecx() & ~(ECX1_X2APIC | ECX1_TSC_DEADLINE),
                            kernelIrqChip ? e.edx() : e.edx() & ~EDX1_APIC);
            case 0xb, 0x1f -> e.with(e.eax(), e.ebx(), e.ecx(), id);
            case 0x8000_001e -> e.with(id, e.ebx(), e.ecx(), e.edx());
            case 0x4000_0001 ->
                    kernelIrqChip ? e : e.with(e.eax() & KVM_FEATURES, e.ebx(), e.ecx(), e.edx());
            default -> e;
        };
    }
}
