package straddle.tcg.region;

import java.util.List;
import straddle.tcg.block.Tb;
import straddle.tcg.op.MicroOp;

/// Runs regions in place of themselves, to check them.
public interface RegionCheck {
    /// Runs a region from its first block on, as [RegionCode#run] does.
    ///
    /// @param blocks what it was made of, the entry first
    MicroOp run(RegionCode code, List<Tb> blocks);
}
