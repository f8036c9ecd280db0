package straddle.launcher.measure;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import straddle.launcher.report.Progress;
import straddle.machines.embedded.Phase;

/// The same phases in several modes.
public final class Comparison {
    private static final double WARM_UP_NANOS = 100e6;

    /// Below this many million instructions a second of user code, a mode translates or interprets.
    private static final double SLOW = 500;

    private static final double LONG_RUN = 4;

    /// How to measure.
    ///
    /// @param nanosPerPhase how long each phase of each run should take, about
    public record Plan(int repeats, double nanosPerPhase, ModeResult.Choice choice) {}

    private final List<Phase> phases;
    private final List<ModeResult> results;

    public Comparison(List<Phase> phases, List<ModeResult> results) {
        this.phases = List.copyOf(phases);
        this.results = List.copyOf(results);
    }

    /// Warms each mode up, then runs all of them as often as planned, in turns, so that a host that slows
    /// down for a while does not slow down one mode alone. A mode that fails takes no further part.
    ///
    /// Where the fastest run counts, a slow mode does one long run instead: a translator's speed grows
    /// within a run, and each run starts with nothing translated.
    public static Comparison measure(
            List<Phase> phases, List<Mode> modes, Plan plan, Progress progress)
            throws InterruptedException {
        Map<Mode, ModeResult> results = new LinkedHashMap<>();
        modes.forEach(mode -> results.put(mode, new ModeResult(mode.name(), plan.choice())));
        Set<Mode> done = new HashSet<>();
        Set<Mode> slow = new HashSet<>();
        for (int turn = 0; turn <= plan.repeats(); turn++) {
            for (Mode mode : modes) {
                ModeResult result = results.get(mode);
                if (done.contains(mode)) {
                    continue;
                }
                progress.stage(stage(mode, turn, plan.repeats()));
                try {
                    double nanos = turn == 0 ? WARM_UP_NANOS : plan.nanosPerPhase();
                    if (turn > 0 && slow.contains(mode)) {
                        nanos *= plan.repeats() * LONG_RUN;
                        done.add(mode);
                    }
                    ModeRun run = mode.run(nanos, phase -> progress.step(phase.name()));
                    if (turn > 0) {
                        result.add(run);
                    } else if (plan.choice() == ModeResult.Choice.FASTEST && isSlow(run)) {
                        slow.add(mode);
                    }
                } catch (ModeFailedException e) {
                    result.fail(e);
                    done.add(mode);
                }
            }
        }
        progress.clear();
        return new Comparison(phases, new ArrayList<>(results.values()));
    }

    private static boolean isSlow(ModeRun run) {
        return run.times().stream()
                        .filter(time -> time.phase().runsNatively())
                        .mapToDouble(
                                time -> time.phase().insnsPerOp() * 1e3 / time.nanosPerOperation())
                        .average()
                        .orElse(SLOW)
                < SLOW;
    }

    private static String stage(Mode mode, int turn, int repeats) {
        if (turn == 0) {
            return mode.name() + ", warming up";
        }
        return repeats == 1 ? mode.name() : mode.name() + ", run " + turn + " of " + repeats;
    }

    public List<Phase> phases() {
        return phases;
    }

    public List<ModeResult> results() {
        return results;
    }

    /// The modes that got through.
    public List<ModeResult> completed() {
        return results.stream().filter(result -> result.failure().isEmpty()).toList();
    }

    public Optional<ModeResult> result(String mode) {
        return completed().stream().filter(result -> result.mode().equals(mode)).findFirst();
    }

    /// Whether every result of every mode that got through was right.
    public boolean allRight() {
        return completed().stream()
                .allMatch(result ->
                        phases.stream()
                                .allMatch(phase -> !result.ran(phase) || result.right(phase)));
    }

    /// How many times as long as in `reference` an operation takes, or empty where one did not run it.
    public static OptionalDouble ratio(ModeResult result, ModeResult reference, Phase phase) {
        return result.ran(phase) && reference.ran(phase)
                ? OptionalDouble.of(result.nanos(phase) / reference.nanos(phase))
                : OptionalDouble.empty();
    }

    /// The geometric mean of [#ratio] over the phases of a kind of work that both ran.
    public OptionalDouble meanRatio(ModeResult result, ModeResult reference, boolean system) {
        return phases.stream()
                .filter(phase -> (phase.kind() == Phase.Kind.SYSTEM) == system)
                .filter(phase -> phase.insnsPerOp() > 0)
                .map(phase -> ratio(result, reference, phase))
                .filter(OptionalDouble::isPresent)
                .mapToDouble(ratio -> Math.log(ratio.getAsDouble()))
                .average()
                .stream()
                .map(Math::exp)
                .findFirst();
    }

    /// Millions of guest instructions a second in user code: the geometric mean over the phases.
    public OptionalDouble userSpeed(ModeResult result) {
        return phases.stream()
                .filter(phase -> phase.runsNatively() && phase.insnsPerOp() > 0)
                .filter(result::ran)
                .mapToDouble(phase -> Math.log(phase.insnsPerOp() * 1e3 / result.nanos(phase)))
                .average()
                .stream()
                .map(Math::exp)
                .findFirst();
    }

    /// The engine that runs user code fastest, of those that got through.
    public Optional<ModeResult> fastestUser() {
        return completed().stream()
                .filter(result -> !result.mode().equals(NativeYardstick.NAME))
                .filter(result -> userSpeed(result).isPresent())
                .max(Comparator.comparingDouble(result -> userSpeed(result).getAsDouble()));
    }

    /// The mode that does the kernel's work fastest, of those that got through.
    public Optional<ModeResult> fastestKernel() {
        return completed().stream()
                .filter(result ->
                        phases.stream()
                                .anyMatch(phase ->
                                        phase.kind() == Phase.Kind.SYSTEM && result.ran(phase)))
                .min(Comparator.comparingDouble(this::kernelNanos));
    }

    private double kernelNanos(ModeResult result) {
        return phases.stream()
                .filter(phase -> phase.kind() == Phase.Kind.SYSTEM && phase.insnsPerOp() > 0)
                .filter(result::ran)
                .mapToDouble(phase -> Math.log(result.nanos(phase)))
                .sum();
    }
}
