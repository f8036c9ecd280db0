package straddle.tcg.op;

import straddle.tcg.Cpu;

/// One step of a translation block, linked to the next: the interpreter's instruction.
///
/// A typical guest instruction is one micro-op, with its addressing mode folded in. Operands are
/// register slots of [Cpu#r]; widths are 1, 2, 4 or 8 bytes. An operation commits nothing to
/// registers or flags before its last access that can fault, so that a faulting instruction can
/// be run again.
public abstract class MicroOp {
    /// The next in the block, or null after the last.
    public MicroOp next;

    /// The guest instruction's address, without the code segment's base.
    public long pc;

    /// How many guest instructions of the block precede this one's.
    public int index;

    protected MicroOp() {}

    /// Does its work; returns what to run next, or null to leave the guest.
    public abstract MicroOp exec(Cpu c);

    /// For listings: operation and operands.
    @Override
    public String toString() {
        return getClass().getSimpleName();
    }
}
