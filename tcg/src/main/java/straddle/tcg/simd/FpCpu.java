package straddle.tcg.simd;

import java.lang.foreign.Arena;
import straddle.core.user.UserIsa;
import straddle.core.user.UserMemory;
import straddle.tcg.user.UserCpu;

/// A CPU of ARM's with the floating-point unit that AArch64 and AArch32 have in common.
public abstract class FpCpu extends UserCpu {
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
}
