package straddle.tcg.block;

import java.util.ArrayList;
import java.util.List;
import straddle.tcg.machine.MachineBlock;
import straddle.tcg.op.BlockHead;
import straddle.tcg.op.Jump;
import straddle.tcg.op.MicroOp;

/// A translation block: guest instructions up to a jump or the end of a page, as linked micro-ops.
public final class Tb implements Code {
    public final long pc;
    public final long mode;
    public final long gpa;
    public final int bytes;
    public final int insns;

    /// Guest-physical address of the second page, or -1 when the block lies within one.
    public final long secondPage;

    /// Where to enter it: its interpreted head, or a compiled region.
    public MicroOp first;

    public boolean valid = true;

    /// The epoch of the address translation in which this block was last found by its virtual address.
    public int epoch;

    /// Whether it lies on a page that every address space has, so that `epoch` is one of those of such pages.
    public boolean isGlobal;

    /// Its interpreted head; set once.
    public BlockHead head;

    /// Its machine code, or null.
    public MachineBlock machine;

    private List<Runnable> onInvalidate = List.of();

    Tb nextInBucket;

    // In the cache, by age.
    Tb older;
    Tb newer;

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

    /// Has something done when this block becomes invalid.
    public void onInvalidate(Runnable action) {
        if (onInvalidate.isEmpty()) {
            onInvalidate = new ArrayList<>(1);
        }
        onInvalidate.add(action);
    }

    void invalidated() {
        if (machine != null) {
            machine.invalidated();
        }
        List<Runnable> actions = onInvalidate;
        onInvalidate = List.of();
        actions.forEach(Runnable::run);
    }

    /// A jump has linked to this block.
    public void incoming(Jump jump) {
        incoming.add(jump);
    }

    /// Makes every jump to this block look it up again.
    public void unlink() {
        for (Jump jump : incoming) {
            jump.unlink(this);
        }
        incoming.clear();
        if (machine != null) {
            machine.unlink();
        }
    }

    @Override
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
