package straddle.launcher.session;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import straddle.core.accel.AcceleratorException;
import straddle.core.memory.RamUnavailableException;
import straddle.core.vcpu.ExitCounts;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.StopReason;
import straddle.core.vcpu.VcpuLoop;
import straddle.machines.Machine;

/// A guest from power-on until it has stopped for good and everything is freed: one machine, or, where resets are
/// wanted, one after another.
public final class Session {
    private final Map<ExitCounts.Kind, Long> exits = new EnumMap<>(ExitCounts.Kind.class);
    private final Statistics statistics = new Statistics();
    private final Power power;
    private final Terms terms;
    private volatile Machine present;
    private volatile boolean ending;
    private long nanos;
    private long instructions;

    /// Makes a machine, which is paused yet.
    @FunctionalInterface
    public interface Power {
        /// @throws AcceleratorException if the engine can't be had
        /// @throws RamUnavailableException if the memory can't
        Machine on() throws AcceleratorException, RamUnavailableException;
    }

    /// What goes with a guest: it sees each machine before it starts and after it has stopped.
    public interface Attendant {
        /// A machine is about to start; the first, or the next after a reset.
        default void begins(Machine machine) {}

        /// It has stopped, and can still be looked at.
        default void ended(Machine machine, StopReason reason) {}
    }

    /// How a session goes.
    ///
    /// @param limit after which it is stopped; zero for none
    /// @param reboots whether a reset that the guest asks for makes another machine; otherwise it ends the session
    /// @param letGo ends every wait of a device for the host, so that the guest can be stopped
    /// @param attendants told in this order
    public record Terms(
            Duration limit, boolean reboots, Runnable letGo, List<Attendant> attendants) {
        public Terms {
            Objects.requireNonNull(limit);
            Objects.requireNonNull(letGo);
            attendants = List.copyOf(attendants);
        }
    }

    private Session(Power power, Terms terms) {
        this.power = power;
        this.terms = terms;
    }

    /// Runs a guest to its end.
    ///
    /// @throws AcceleratorException if the engine can't be had
    /// @throws RamUnavailableException if the memory can't
    public static GuestRun run(Power power, Terms terms, Interruption interruption)
            throws AcceleratorException, RamUnavailableException, InterruptedException {
        Session session = new Session(power, terms);
        try (Interruption.Guard guard = interruption.guard()) {
            guard.onInterrupt(session::stop);
            return session.run();
        }
    }

    private GuestRun run()
            throws AcceleratorException, RamUnavailableException, InterruptedException {
        Watchdog watchdog = new Watchdog(terms.limit(), this::stop);
        watchdog.start();
        StopReason reason;
        boolean timedOut;
        try {
            do {
                reason = runOne();
            } while (reason instanceof StopReason.Reset && terms.reboots() && !ending);
        } finally {
            timedOut = watchdog.dismiss();
        }
        return new GuestRun(reason, timedOut, nanos, exits, instructions, statistics);
    }

    private StopReason runOne()
            throws AcceleratorException, RamUnavailableException, InterruptedException {
        try (Machine machine = power.on()) {
            present = machine;
            if (ending) {
                stop();
            }
            terms.attendants().forEach(each -> each.begins(machine));
            long start = System.nanoTime();
            machine.start();
            StopReason reason = machine.awaitStop();
            nanos += System.nanoTime() - start;
            terms.attendants().forEach(each -> each.ended(machine, reason));
            count(machine.loops());
            return reason;
        } finally {
            present = null;
        }
    }

    /// A device may hold the machine lock while it waits for the host; it must let go before the machine can stop.
    private void stop() {
        ending = true;
        terms.letGo().run();
        Machine machine = present;
        if (machine != null) {
            machine.control().stop(new StopReason.Requested());
        }
    }

    private void count(List<VcpuLoop> loops) {
        for (ExitCounts.Kind kind : ExitCounts.Kind.values()) {
            long count = loops.stream().mapToLong(loop -> loop.exits().of(kind)).sum();
            if (count > 0) {
                exits.merge(kind, count, Long::sum);
            }
        }
        instructions =
                loops.stream()
                        .mapToLong(loop -> loop.retiredInstructions())
                        .reduce(instructions, (sum, each) -> sum < 0 || each < 0 ? -1 : sum + each);
        for (VcpuLoop loop : loops) {
            loop.exits().statistics(statistics);
            loop.statistics(statistics);
        }
    }
}
