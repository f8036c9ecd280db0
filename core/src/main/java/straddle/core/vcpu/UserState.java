package straddle.core.vcpu;

/// What user code can see and change of a processor, x87 and vector registers aside, and what decides how it
/// runs: what moves between two engines that share a vCPU, without allocation.
public final class UserState {
    /// By number, as in [straddle.core.arch.x86.X86State#gpr].
    public final long[] gpr = new long[16];

    public long rip;
    public long rflags;

    /// By number, as in [straddle.core.arch.x86.X86State#segments].
    public final int[] selectors = new int[6];

    public long fsBase;
    public long gsBase;

    /// Not user code's to change; moved in one direction only.
    public long cr0;

    public long cr3;
    public long cr4;

    /// Which components of the extended state the guest's kernel saves; 0 if it does not use XSAVE.
    public long xcr0;

    /// All zero.
    public UserState() {}
}
