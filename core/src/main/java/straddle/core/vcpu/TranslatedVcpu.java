package straddle.core.vcpu;

import straddle.core.accel.AcceleratorException;

/// A vCPU of an engine that executes instructions one by one: as another engine's helper, or beside one that
/// takes user code from it.
public interface TranslatedVcpu extends Vcpu, UserStateOwner {
    /// Executes the instruction at the present state, as memory holds it now, or delivers the exception that
    /// it raises. A repeated string instruction may stop between two elements. Interrupts wait.
    ///
    /// @return null if the guest just goes on; [Exit.Halt] after HLT, [Exit.Shutdown] after a triple fault
    /// @throws AcceleratorException if the host fails
    Exit step() throws AcceleratorException;

    /// Asks before user code is run from now on. What is refused, and what is loaded back with
    /// [#loadUser], runs translated until it enters the kernel.
    void offerUserCode(UserCodeTaker taker);

    /// Whether the next instruction is user code at privilege level 3, of a mode that the taker takes, with nothing special about it:
    /// paging of four levels at most, no single step, no breakpoints, no I/O privilege, units and RDTSC allowed.
    boolean isAtUserCode();

    /// Leaves x87 and vector state with another engine until this one touches it or is asked for it: then
    /// `bring` is run, which calls [#loadExtended]. [#loadExtended] and [#load] at any other time take its place.
    void leaveExtended(Runnable bring);

    /// Begins to interpret user code ahead of another engine, from time to time.
    Rehearsal rehearsal();

    /// As [UserState#addressSpace].
    long addressSpace();

    /// Copies out a descriptor table of the guest's. Allocates nothing.
    ///
    /// @param local the local one, which may not be there
    /// @param to as much as it holds
    /// @return how many descriptors; what the guest has no memory for counts as none
    int descriptors(boolean local, long[] to);

    /// Does to the guest's page tables what an access by user code does: accessed and dirty bits.
    ///
    /// @return whether the access is allowed; if not, nothing but accessed bits on the way has changed
    boolean touch(long linear, boolean write, boolean fetch);

    /// Delivers the page fault of an access by user code that [#touch] refuses, at the present instruction, when the guest
    /// runs next. If the access is allowed by then the instruction is executed instead, as it is if a state is loaded before.
    void raisePageFault(long linear, boolean write, boolean fetch);

    /// EAX, EBX, ECX and EDX as CPUID answers them for a leaf, and a subleaf where it has any.
    int[] cpuid(int leaf, int subleaf);
}
