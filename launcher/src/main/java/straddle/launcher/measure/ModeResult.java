package straddle.launcher.measure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import straddle.core.vcpu.ExitCounts;
import straddle.machines.embedded.Phase;

/// What a mode's runs showed, phase by phase.
public final class ModeResult {
    /// Which of several runs' times stands for all.
    public enum Choice {
        MEDIAN,
        FASTEST
    }

    private final String mode;
    private final Choice choice;
    private final Map<Integer, List<PhaseTime>> times = new LinkedHashMap<>();
    private Map<ExitCounts.Kind, Long> exits = Map.of();
    private ModeFailedException failure;

    public ModeResult(String mode, Choice choice) {
        this.mode = mode;
        this.choice = choice;
    }

    public String mode() {
        return mode;
    }

    public void add(ModeRun run) {
        for (PhaseTime time : run.times()) {
            times.computeIfAbsent(time.phase().id(), _ -> new ArrayList<>()).add(time);
        }
        exits = run.exits();
    }

    /// The mode can't go on.
    public void fail(ModeFailedException why) {
        failure = why;
    }

    public Optional<ModeFailedException> failure() {
        return Optional.ofNullable(failure);
    }

    public List<PhaseTime> times(Phase phase) {
        return times.getOrDefault(phase.id(), List.of());
    }

    public boolean ran(Phase phase) {
        return times.containsKey(phase.id());
    }

    /// Nanoseconds an operation, by the choice among the runs.
    public double nanos(Phase phase) {
        double[] sorted =
                times(phase).stream().mapToDouble(PhaseTime::nanosPerOperation).sorted().toArray();
        if (choice == Choice.FASTEST) {
            return sorted[0];
        }
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// The slowest run's time less the fastest's, as a part of [#nanos].
    public double spread(Phase phase) {
        double[] each = times(phase).stream().mapToDouble(PhaseTime::nanosPerOperation).toArray();
        double slowest = Arrays.stream(each).reduce(each[0], Math::max);
        double fastest = Arrays.stream(each).reduce(each[0], Math::min);
        return (slowest - fastest) / nanos(phase);
    }

    /// Operations in the last run.
    public int operations(Phase phase) {
        return times(phase).getLast().operations();
    }

    /// Whether every run's result was right.
    public boolean right(Phase phase) {
        return times(phase).stream().allMatch(PhaseTime::right);
    }

    /// Exits of the last run, boot included, by kind.
    public Map<ExitCounts.Kind, Long> exits() {
        return exits;
    }
}
