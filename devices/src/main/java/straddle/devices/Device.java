package straddle.devices;

import straddle.core.snapshot.Snapshotable;

/// A chip: it can be reset and its state saved. What a bus sees of it is an
/// [straddle.core.bus.IoDevice], itself or one for each of its register blocks.
public interface Device extends Snapshotable {
    /// What the chip's RESET pin does; what a battery keeps, stays. Called under the machine lock.
    void reset();
}
