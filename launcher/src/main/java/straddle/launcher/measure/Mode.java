package straddle.launcher.measure;

import java.util.function.Consumer;
import straddle.machines.embedded.Phase;

/// A way to run the guest's phases: natively, or by an engine.
public interface Mode extends AutoCloseable {
    /// As `--accel` names it.
    String name();

    /// Runs the phases once, each for about `nanosPerPhase`. What one run learns of the phases' speed,
    /// the next one uses: the first is for warming up.
    ///
    /// @throws ModeFailedException if they did not all come to an end
    ModeRun run(double nanosPerPhase, Consumer<Phase> progress)
            throws ModeFailedException, InterruptedException;

    @Override
    default void close() {}
}
