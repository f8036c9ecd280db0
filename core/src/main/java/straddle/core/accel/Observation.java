package straddle.core.accel;

import straddle.core.observe.ExitObserver;
import straddle.core.observe.Trace;

/// What an engine is asked to tell while it runs a guest. What is not asked for costs nothing.
///
/// @param tierTimes how the time divides between the engine's ways of running guest code
/// @param accesses told of accesses to devices that the engine serves by itself; null for nobody
/// @param trace told of instructions, blocks, exceptions and interrupts; null for none
/// @param verify of how many in a hundred runs of compiled code the interpreter checks: 0 to 100
public record Observation(boolean tierTimes, ExitObserver accesses, Trace trace, int verify) {
    public static final Observation NONE = new Observation(false, null, null, 0);

    /// The same, with nothing checked.
    public Observation withoutVerify() {
        return new Observation(tierTimes, accesses, trace, 0);
    }
}
