package straddle.accel.kvm;

import java.util.ArrayList;
import java.util.List;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.NoSuchCpuException;
import straddle.core.accel.VmResources;
import straddle.core.vcpu.TranslatedVcpu;
import straddle.linux.kvm.Kvm;

/// The processor that a guest sees: what KVM supports, without what our machines don't have.
///
/// Leaves and bits as in SDM volume 2, CPUID, and KVM's in Linux's Documentation/virt/kvm/x86/cpuid.rst.
final class CpuidModel {
    private static final int ECX1_X2APIC = 1 << 21;
    private static final int ECX1_TSC_DEADLINE = 1 << 24;
    private static final int EDX1_APIC = 1 << 9;

    private static final int EXTENDED_LEAVES = 0x8000_0000;

    /// The paravirtual features that work without KVM's own local APIC: the clock, and it being stable.
    private static final int KVM_FEATURES = 1 | 1 << 1 | 1 << 3 | 1 << 5 | 1 << 24;

    private CpuidModel() {}

    /// @param id the vCPU's, which is its APIC ID
    /// @param kernelIrqChip whether it has a local APIC
    static List<CpuidEntry> of(
            List<CpuidEntry> supported, int id, int vcpus, boolean kernelIrqChip) {
        return supported.stream().map(entry -> filter(entry, id, vcpus, kernelIrqChip)).toList();
    }

    /// What a translated vCPU shows.
    ///
    /// @throws AcceleratorException if KVM could not do what that promises
    static List<CpuidEntry> common(TranslatedVcpu of) throws AcceleratorException {
        List<CpuidEntry> all = new ArrayList<>();
        for (int start : new int[] {0, EXTENDED_LEAVES}) {
            int highest = of.cpuid(start, 0)[0];
            for (int leaf = start; leaf - highest <= 0; leaf++) {
                int indices = indices(leaf);
                for (int index = 0; index < Math.max(1, indices); index++) {
                    int[] r = of.cpuid(leaf, index);
                    int flags = indices == 0 ? 0 : Kvm.KVM_CPUID_FLAG_SIGNIFCANT_INDEX();
                    all.add(new CpuidEntry(leaf, index, flags, r[0], r[1], r[2], r[3]));
                }
            }
        }
        boolean x2Apic =
                all.stream()
                        .anyMatch(each -> each.function() == 1 && (each.ecx() & ECX1_X2APIC) != 0);
        if (x2Apic) {
            throw new NoSuchCpuException(
                    "KVM has no x2APIC beside interrupt controllers of ours. A guest with --cpu %s,-x2apic can run there."
                            .formatted(VmResources.COMMON_CPU));
        }
        return all;
    }

    /// How many subleaves a leaf has; 0 if it looks at no subleaf.
    private static int indices(int leaf) {
        return switch (leaf) {
            case 4, 7, 0xb -> 4;
            case 0xd -> Long.SIZE - 1;
            default -> 0;
        };
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
