package straddle.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToIntFunction;
import straddle.machines.embedded.Phase;
import straddle.machines.embedded.PhaseObserver;

/// Times a guest's phases in the vCPU thread's CPU time, which other programs on the host spoil less than
/// the clock's: a vCPU never sleeps in the phases that are timed.
final class Stopwatch implements PhaseObserver {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /// CPU time in nanoseconds of all operations of a phase, by its id.
    final Map<Integer, Long> nanos = new TreeMap<>();

    private final ToIntFunction<Phase> operations;
    private long start;

    /// @param operations how many to do in a phase; 0 skips it
    Stopwatch(ToIntFunction<Phase> operations) {
        this.operations = operations;
    }

    static long cpuNanos() {
        return THREADS.getCurrentThreadCpuTime();
    }

    double nanosPerOperation(Phase phase) {
        Long all = nanos.get(phase.id());
        return all == null ? Double.NaN : (double) all / operations(phase);
    }

    @Override
    public int operations(Phase phase) {
        return operations.applyAsInt(phase);
    }

    @Override
    public void began(Phase phase) {
        start = cpuNanos();
    }

    @Override
    public void ended(Phase phase) {
        nanos.put(phase.id(), cpuNanos() - start);
    }

    @Override
    public void result(Phase phase, long checksum, boolean passed) {
        if (!passed) {
            System.out.println(phase.name() + " failed in the guest");
        }
    }
}
