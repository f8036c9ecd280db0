package straddle.tcg.block;

import java.util.List;
import straddle.tcg.Cpu;
import straddle.tcg.op.MicroOp;

/// Runs compiled code in place of itself, to check it.
public interface CodeCheck {
    /// What runs from a block on, compiled: a region or machine code.
    interface Compiled {
        /// Runs from its entry on; returns what to run next, or null to leave the guest.
        MicroOp run(Cpu c);
    }

    /// Runs compiled code from its first block on, as [Compiled#run] does.
    ///
    /// @param blocks what it was made of, the entry first
    MicroOp run(Compiled code, List<Tb> blocks);
}
