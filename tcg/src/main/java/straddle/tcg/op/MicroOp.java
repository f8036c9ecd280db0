package straddle.tcg.op;

import java.util.List;
import straddle.tcg.Cpu;

/// One step of a translation block, linked to the next: the interpreter's instruction.
///
/// A typical guest instruction is one micro-op, with its addressing mode folded in. Operands are
/// register slots of [Cpu#r]; widths are 1, 2, 4 or 8 bytes. An operation commits nothing to
/// registers or flags before its last access that can fault, so that a faulting instruction can
/// be run again.
public abstract class MicroOp {
    private static final long[] NOWHERE = {};

    /// The next in the block, or null after the last.
    public MicroOp next;

    /// The guest instruction's address, without the code segment's base.
    public long pc;

    /// How many guest instructions of the block precede this one's.
    public int index;

    /// What else the architecture must know to run the instruction again after a fault, such as T32's IT state.
    public byte context;

    protected MicroOp() {}

    /// Does its work; returns what to run next, or null to leave the guest.
    public abstract MicroOp exec(Cpu c);

    /// Writes the bytecode of the same work; without any of its own, calls [#exec].
    public void emit(Emitter e) {
        if (next == null) {
            e.leave(this);
        } else {
            e.call(this);
        }
    }

    /// The direct jumps that this may take.
    public List<Jump> jumps() {
        return List.of();
    }

    /// Where an indirect jump was seen to go.
    public long[] observedTargets() {
        return NOWHERE;
    }

    /// Where the called function returns to, for a call; 0 for anything else.
    public long returnsTo() {
        return 0;
    }

    /// Whether this returns from a function: to where one of the region's calls came from, if it is to stay within.
    public boolean isReturn() {
        return false;
    }

    /// How many bytes of bytecode [#emit] writes, at most: for keeping methods small.
    public int emittedBytes() {
        return next == null ? 8 : 350;
    }

    /// For listings: operation and operands.
    @Override
    public String toString() {
        return getClass().getSimpleName();
    }
}
