package straddle.tcg.op;

import straddle.tcg.Cpu;
import straddle.tcg.block.Tb;

/// Begins every block: looks for interrupts and other requests, and counts.
public final class BlockHead extends MicroOp {
    private final Tb tb;
    private final int insns;

    public BlockHead(Tb tb, int insns) {
        this.tb = tb;
        this.insns = insns;
    }

    @Override
    public MicroOp exec(Cpu c) {
        if (c.wantsAttention()) {
            c.pc = pc;
            return c.attend(tb);
        }
        c.current = tb;
        c.retired += insns;
        return next;
    }

    public Tb tb() {
        return tb;
    }
}
