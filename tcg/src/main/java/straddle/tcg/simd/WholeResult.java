package straddle.tcg.simd;

import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;

/// Base of micro-ops that write both halves of a vector and have no bytecode of their own: regions call them.
public abstract class WholeResult extends MicroOp {
    /// The slot of the lower half; the upper one's is the next.
    protected final int d;

    protected WholeResult(int d) {
        this.d = d;
    }

    @Override
    public final void emit(Emitter e) {
        e.compute(this, d, d + 1);
    }

    @Override
    public final int emittedBytes() {
        return Emitter.computeBytes(2);
    }
}
