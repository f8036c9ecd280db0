package straddle.launcher.measure;

import java.util.HashMap;
import java.util.Map;
import straddle.machines.embedded.Phase;

/// How many operations of a phase to ask for, so that it takes about as long as it should on any engine.
///
/// It learns from what it has seen of a phase, or else of others: engines differ by a factor of 1,000,
/// and so do the guest modes of one engine, where the host's KVM interprets some.
public final class Pace {
    /// Instructions a second of an engine nothing is known of.
    private static final double FIRST_GUESS = 40e6;

    /// An operation of the system phases, on an engine nothing is known of.
    private static final double SYSTEM_NANOS = 80e3;

    /// Waiting for a tick of the guest's 18.2 Hz.
    private static final double TICK_NANOS = 55e6;

    private final Map<Integer, Double> nanosPerOperation = new HashMap<>();
    private double insnsPerSecond = FIRST_GUESS;

    /// Knows nothing.
    public Pace() {}

    /// @param nanos what the phase should take
    /// @return 1 to the phase's own default
    public int operations(Phase phase, double nanos) {
        return (int) Math.clamp(nanos / estimate(phase), 1, Math.max(1, phase.defaultOps()));
    }

    /// Remembers what some operations of a phase took.
    public void learn(Phase phase, long operations, long nanos) {
        double each = (double) Math.max(1, nanos) / operations;
        nanosPerOperation.put(phase.id(), each);
        if (phase.kind() != Phase.Kind.SYSTEM) {
            insnsPerSecond = phase.insnsPerOp() / each * 1e9;
        }
    }

    private double estimate(Phase phase) {
        Double known = nanosPerOperation.get(phase.id());
        if (known != null) {
            return known;
        }
        if (phase.kind() == Phase.Kind.SYSTEM) {
            return phase.insnsPerOp() == 0 ? TICK_NANOS : SYSTEM_NANOS;
        }
        return phase.insnsPerOp() / insnsPerSecond * 1e9;
    }
}
