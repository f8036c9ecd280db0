package straddle.tcg.block;

import java.util.ArrayList;
import java.util.List;
import straddle.tcg.op.Jump;
import straddle.tcg.op.MicroOp;

/// A translation block: guest instructions up to a jump or the end of a page, as linked micro-ops.
public final class Tb {
    public final long pc;
    public final long mode;
    public final long gpa;
    public final int bytes;
    public final int insns;

    /// Guest-physical address of the second page, or -1 when the block lies within one.
    public final long secondPage;

    /// Its head; set once.
    public MicroOp first;

    public boolean valid = true;

    /// The epoch of the address translation in which this block was last found by its virtual address.
    public int epoch;

    Tb nextInBucket;
    private final List<Jump> incoming = new ArrayList<>(2);

    /// @param secondPage -1 for none
    public Tb(long pc, long mode, long gpa, int bytes, int insns, long secondPage) {
        this.pc = pc;
        this.mode = mode;
        this.gpa = gpa;
        this.bytes = bytes;
        this.insns = insns;
        this.secondPage = secondPage;
    }

    public boolean spansPages() {
        return secondPage != -1;
    }

    /// A jump has linked to this block.
    public void incoming(Jump jump) {
        incoming.add(jump);
    }

    void unlink() {
        for (Jump jump : incoming) {
            jump.unlink(this);
        }
        incoming.clear();
    }

    /// Whether its code lies in a range of guest-physical addresses.
    public boolean overlaps(long from, long length) {
        long inFirst = secondPage == -1 ? bytes : 4096 - (gpa & 4095);
        if (gpa < from + length && from < gpa + inFirst) {
            return true;
        }
        return secondPage != -1
                && secondPage < from + length
                && from < secondPage + bytes - inFirst;
    }
}
