package straddle.tcg.user;

import straddle.core.user.UserStop;
import straddle.tcg.Cpu;
import straddle.tcg.op.MicroOp;

/// Stops the program: an instruction that can't be run, or one that asks for it.
public final class Stop extends MicroOp {
    private final UserStop why;

    public Stop(UserStop why) {
        this.why = why;
    }

    public UserStop why() {
        return why;
    }

    @Override
    public MicroOp exec(Cpu c) {
        throw ((UserCpu) c).stop(why, pc);
    }

    @Override
    public String toString() {
        return "Stop " + why;
    }
}
