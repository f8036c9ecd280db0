package straddle.tcg.machine;

import java.util.ArrayList;
import java.util.List;
import straddle.tcg.block.Tb;

/// A block's machine code.
public final class MachineBlock {
    final Tb tb;
    final long entry;
    private final MachineCode owner;
    private final List<Exit> incoming = new ArrayList<>(2);

    MachineBlock(MachineCode owner, Tb tb, long entry) {
        this.owner = owner;
        this.tb = tb;
        this.entry = entry;
    }

    /// A jump of other code goes straight here from now on.
    void incoming(Exit jump) {
        incoming.add(jump);
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
