package straddle.tcg;

/// Unwinds from a micro-op to the interpreter's loop: the guest's instruction can't complete.
///
/// Stackless singletons: what was wrong stands in the CPU, and throwing one costs some 0.2 µs.
@SuppressWarnings("StaticAssignmentOfThrowable") // stackless, so that sharing them loses nothing
public final class GuestFault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// An exception of the architecture, described in the CPU.
    public static final GuestFault EXCEPTION = new GuestFault("a guest exception");

    /// The instruction would overwrite the block it is part of: run it again as a block of its own.
    public static final GuestFault RETRY_ALONE = new GuestFault("a block that modifies itself");

    private GuestFault(String what) {
        super(what, null, false, false);
    }
}
