package straddle.tcg.user;

import straddle.tcg.Cpu;
import straddle.tcg.op.MicroOp;

/// Calls the system.
public final class SystemCall extends MicroOp {
    private final long after;

    /// @param after where the program goes on
    public SystemCall(long after) {
        this.after = after;
    }

    @Override
    public MicroOp exec(Cpu c) {
        return ((UserCpu) c).systemCall(pc, after);
    }
}
