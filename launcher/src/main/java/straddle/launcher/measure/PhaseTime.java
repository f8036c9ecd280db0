package straddle.launcher.measure;

import straddle.machines.embedded.Phase;

/// One phase, run once in one mode.
///
/// @param nanos for all operations
/// @param right whether the guest passed it and its checksum is the one that the image expects
public record PhaseTime(Phase phase, int operations, long nanos, boolean right) {

    public double nanosPerOperation() {
        return (double) nanos / operations;
    }
}
