package straddle.tcg.machine;

import java.util.ArrayList;
import java.util.List;
import straddle.tcg.Cpu;
import straddle.tcg.block.CodeCheck;
import straddle.tcg.block.Tb;
import straddle.tcg.op.MicroOp;

/// A block's machine code.
public final class MachineBlock implements CodeCheck.Compiled {
    final Tb tb;
    final long entry;
    private final MachineCode owner;

    /// Whether it has blocks of a loop with it.
    boolean isLoop;

    /// How often it ran when the time was up.
    int samples;

    private final List<Exit> incoming = new ArrayList<>(2);

    MachineBlock(MachineCode owner, Tb tb, long entry) {
        this.owner = owner;
        this.tb = tb;
        this.entry = entry;
    }

    @Override
    public MicroOp run(Cpu c) {
        return owner.runFrom(this);
    }

    /// A jump of other code goes straight here from now on.
    void incoming(Exit jump) {
        incoming.add(jump);
    }

    /// The block that it was made of is no longer valid.
    public void invalidated() {
        if (!isLoop) {
            owner.noteDrop(tb);
        }
    }

    /// Has everything that goes straight here ask Java again.
    public void unlink() {
        for (Exit jump : incoming) {
            owner.patch(jump, jump.stub);
        }
        incoming.clear();
        owner.forgetJumps(this);
    }
}
