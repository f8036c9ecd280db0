package straddle.tcg.op;

import java.util.List;
import straddle.tcg.Cpu;
import straddle.tcg.block.Tb;

/// A direct jump to a constant address, linked to the target's block once that is known.
///
/// A link to the same page holds as long as the target is valid; one to another page for an epoch of
/// the address translation. A conditional jump owns two of these.
public final class Jump extends MicroOp {
    private final long target;
    private final boolean samePage;
    private MicroOp link;
    private Tb linked;
    private int epoch;

    public Jump(long pc, long target, boolean samePage) {
        this.pc = pc;
        this.target = target;
        this.samePage = samePage;
    }

    public long target() {
        return target;
    }

    /// Whether the target is on the page that the jump is on.
    public boolean staysInPage() {
        return samePage;
    }

    @Override
    public MicroOp exec(Cpu c) {
        MicroOp to = link;
        if (to != null && (samePage || epoch == c.epoch)) {
            return to;
        }
        return c.chain(this, target);
    }

    /// Remembers where to go on; the block's invalidation forgets it.
    public void link(Tb to, int atEpoch) {
        if (linked != to) {
            linked = to;
            to.incoming(this);
        }
        link = to.first;
        epoch = atEpoch;
    }

    public void unlink(Tb from) {
        if (linked == from) {
            linked = null;
            link = null;
        }
    }

    /// The block it is linked to, or null.
    public Tb linked() {
        return linked;
    }

    @Override
    public List<Jump> jumps() {
        return List.of(this);
    }

    @Override
    public int emittedBytes() {
        return 16;
    }

    @Override
    public void emit(Emitter e) {
        e.jump(this);
    }

    @Override
    public String toString() {
        return "jump 0x%x".formatted(target);
    }
}
