package straddle.core.vcpu;

import straddle.core.arch.x86.Segment;
import straddle.core.arch.x86.X86;

/// What user code can see and change of a processor, x87 and vector registers aside, and what decides how it
/// runs: what moves between two engines that share a vCPU, without allocation.
public final class UserState {
    /// By number, as in [straddle.core.arch.x86.X86State#gpr].
    public final long[] gpr = new long[16];

    public long rip;
    public long rflags;

    /// By number, as in [straddle.core.arch.x86.X86State#segments]. What 64-bit code changes of them are selectors, and the
    /// bases of FS and GS.
    public final Segment[] segments = new Segment[6];

    /// Not user code's to change, as all that follows; moved in one direction only.
    public long cr0;

    public long cr4;
    public long efer;

    /// The guest-physical address of its highest page table: CR3 without flags and numbers of processes.
    public long addressSpace;

    /// Which components of the extended state the guest's kernel saves; 0 if it does not use XSAVE.
    public long xcr0;

    /// All zero.
    public UserState() {
        for (int i = 0; i < segments.length; i++) {
            segments[i] = new Segment();
        }
    }

    /// Whether the code is 64-bit code, not 32-bit or 16-bit code of whatever kernel.
    public boolean is64() {
        return (efer & X86.EFER_LMA) != 0 && segments[X86.CS].has(Segment.L);
    }

    /// What a program's threads have their own of, as a rule: where FS begins in 64-bit code, GS elsewhere.
    public long threadBase() {
        return segments[is64() ? X86.FS : X86.GS].base;
    }
}
