package straddle.tcg.region;

import straddle.tcg.Cpu;
import straddle.tcg.GuestFault;
import straddle.tcg.block.Tb;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;

/// Base of the hidden classes that regions are compiled to.
public abstract class RegionCode {
    /// The micro-ops that the bytecode leaves by, calls, or faults in.
    public final MicroOp[] pool;

    private final Tb[] blocks;

    protected RegionCode(MicroOp[] pool, Tb[] blocks) {
        this.pool = pool;
        this.blocks = blocks;
    }

    /// Runs from the region's first block on; returns what to run next.
    public abstract MicroOp run(Cpu c);

    /// A micro-op faulted: the state is spilled, the block's count was added in full.
    public final GuestFault faulted(Cpu c, int at, GuestFault fault) {
        int number = at & ~Emitter.CALLED;
        MicroOp op = pool[number];
        c.faultingInRegion = op;
        c.retiredInRegions -= blocks[number].insns - op.index;
        return fault;
    }
}
