package straddle.launcher.measure;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import straddle.machines.embedded.Phase;
import straddle.machines.embedded.PhaseObserver;

/// Times the guest's phases and decides how long each may be.
///
/// Once the whole run's time is used up, what is left of the phases does one operation each: a report with
/// coarse figures is better than none.
public final class PhaseRecorder implements PhaseObserver {
    private final Pace pace;
    private final double nanosPerPhase;
    private final long deadline;
    private final Consumer<Phase> progress;
    private final List<PhaseTime> times = new ArrayList<>();
    private int operations;
    private long begin;
    private long nanos;

    /// @param progress told of each phase before it begins
    /// @param limitNanos after which phases do no more than they must
    public PhaseRecorder(
            Pace pace, double nanosPerPhase, long limitNanos, Consumer<Phase> progress) {
        this.pace = pace;
        this.nanosPerPhase = nanosPerPhase;
        this.deadline = System.nanoTime() + limitNanos;
        this.progress = progress;
    }

    @Override
    public int operations(Phase phase) {
        progress.accept(phase);
        operations = System.nanoTime() - deadline < 0 ? pace.operations(phase, nanosPerPhase) : 1;
        return operations;
    }

    @Override
    public void began(Phase phase) {
        begin = System.nanoTime();
    }

    @Override
    public void ended(Phase phase) {
        nanos = System.nanoTime() - begin;
        pace.learn(phase, operations, nanos);
    }

    @Override
    public void result(Phase phase, long checksum, boolean passed) {
        times.add(new PhaseTime(phase, operations, nanos, passed && checksum == phase.expected()));
    }

    /// What was timed so far, in the guest's order. After the run.
    public List<PhaseTime> times() {
        return List.copyOf(times);
    }
}
