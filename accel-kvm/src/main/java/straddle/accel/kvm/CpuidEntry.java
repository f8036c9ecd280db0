package straddle.accel.kvm;

import java.lang.foreign.MemorySegment;
import straddle.linux.kvm.kvm_cpuid_entry2;

/// What CPUID answers for one leaf and sub-leaf.
///
/// @param flags KVM's: whether the index matters
record CpuidEntry(int function, int index, int flags, int eax, int ebx, int ecx, int edx) {

    static CpuidEntry readFrom(MemorySegment entry) {
        return new CpuidEntry(
                kvm_cpuid_entry2.function(entry),
                kvm_cpuid_entry2.index(entry),
                kvm_cpuid_entry2.flags(entry),
                kvm_cpuid_entry2.eax(entry),
                kvm_cpuid_entry2.ebx(entry),
                kvm_cpuid_entry2.ecx(entry),
                kvm_cpuid_entry2.edx(entry));
    }

    void writeTo(MemorySegment entry) {
        kvm_cpuid_entry2.function(entry, function);
        kvm_cpuid_entry2.index(entry, index);
        kvm_cpuid_entry2.flags(entry, flags);
        kvm_cpuid_entry2.eax(entry, eax);
        kvm_cpuid_entry2.ebx(entry, ebx);
        kvm_cpuid_entry2.ecx(entry, ecx);
        kvm_cpuid_entry2.edx(entry, edx);
    }

    CpuidEntry with(int eax, int ebx, int ecx, int edx) {
        return new CpuidEntry(function, index, flags, eax, ebx, ecx, edx);
    }
}
