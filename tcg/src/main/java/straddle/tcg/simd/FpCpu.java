package straddle.tcg.simd;

import java.lang.foreign.Arena;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.tcg.user.UserCpu;

/// A CPU of ARM's with the floating-point unit that AArch64 and AArch32 have in common.
public abstract class FpCpu extends UserCpu {
    // MXCSR (SDM volume 1, 10.2.3).
    private static final int MXCSR_FOUND = 0x3c; // but for IE and DE
    private static final int MXCSR_MASKS = 0x1f80;
    private static final int MXCSR_RC_SHIFT = 13;

    /// The control and status registers, and the arithmetic that depends on them.
    public final FpUnit fp = new FpUnit();

    /// The one that vector instructions use.
    public final FpUnit vector;

    /// As for [UserCpu].
    ///
    /// @param ownVector whether vector instructions have a unit of their own
    protected FpCpu(UserIsa isa, int slots, UserMemory memory, Arena arena, boolean ownVector) {
        super(isa, slots, memory, arena);
        vector = ownVector ? new FpUnit() : fp;
    }

    // ---- the host's arithmetic in place of the unit's

    /// The host flushes to zero other numbers than ARM's processors, and notes it otherwise.
    @Override
    public int promises() {
        return (fp.control() & FpUnit.FZ) == 0 ? PROMISE_FLOATS : 0;
    }

    @Override
    public int floatControl() {
        return MXCSR_MASKS | fp.rounding() << MXCSR_RC_SHIFT;
    }

    /// What is invalid gives a NaN or no integer, and was noted then.
    @Override
    public void floatControl(int mxcsr) {
        int found = mxcsr & MXCSR_FOUND;
        if (found != 0) {
            // ZE, OE, UE and PE are DZC, OFC, UFC and IXC, one bit higher.
            fp.raise(found >> 1);
        }
    }
}
