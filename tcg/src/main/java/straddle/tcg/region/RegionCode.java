package straddle.tcg.region;

import straddle.tcg.Cpu;
import straddle.tcg.GuestFault;
import straddle.tcg.block.CodeCheck;
import straddle.tcg.block.Tb;
import straddle.tcg.op.BytecodeEmitter;
import straddle.tcg.op.MicroOp;

/// Base of the hidden classes that regions are compiled to.
public abstract class RegionCode implements CodeCheck.Compiled {
    private static final int WARM_UP_CALLS = 40;
    private static final int PROBES = 3;
    private static final int PROBE_CALLS = 4;
    private static final long QUICK_NANOS = 120;

    /// The micro-ops that the bytecode leaves by, calls, or faults in.
    public final MicroOp[] pool;

    private final Tb[] blocks;

    protected RegionCode(MicroOp[] pool, Tb[] blocks) {
        this.pool = pool;
        this.blocks = blocks;
    }

    /// Runs from the region's first block on; returns what to run next. Without a CPU it does nothing, and
    /// returns null.
    @Override
    public abstract MicroOp run(Cpu c);

    /// Calls it without a CPU, often enough for HotSpot to want it compiled.
    void warmUp() {
        for (int i = 0; i < WARM_UP_CALLS; i++) {
            run(null);
        }
    }

    /// Whether calls without a CPU return as quickly as only compiled code does.
    boolean isCompiled() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < PROBES && least > QUICK_NANOS; i++) {
            long start = System.nanoTime();
            for (int call = 0; call < PROBE_CALLS; call++) {
                run(null);
            }
            least = Math.min(least, System.nanoTime() - start);
        }
        return least <= QUICK_NANOS;
    }

    /// The TLB did not answer an access: the interpreter goes on with its micro-op, in its block. The state is spilled,
    /// the block's count was added in full.
    public final MicroOp missed(Cpu c, int number) {
        Tb tb = blocks[number];
        c.current = tb;
        c.retiredInRegions -= tb.insns;
        c.retired += tb.insns;
        c.regionMisses++;
        return pool[number];
    }

    /// A micro-op faulted: the state is spilled, the block's count was added in full.
    public final GuestFault faulted(Cpu c, int at, GuestFault fault) {
        int number = at & ~BytecodeEmitter.CALLED;
        MicroOp op = pool[number];
        c.faultingInRegion = op;
        c.retiredInRegions -= blocks[number].insns - op.index;
        return fault;
    }
}
