package straddle.launcher.measure;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamUnavailableException;
import straddle.core.vcpu.ExitCounts;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.StopReason;
import straddle.core.vcpu.VcpuLoop;
import straddle.devices.ByteSink;
import straddle.machines.Machine;
import straddle.machines.embedded.EmbeddedGuest;
import straddle.machines.embedded.PhaseObserver;
import straddle.machines.pc.MinimalPc;

/// One run of a guest, from power-on until it has stopped and everything is freed.
///
/// @param reason why it stopped; [StopReason.Requested] when the time limit or an interruption ended it
/// @param timedOut whether the limit did
/// @param nanos from start to stop
/// @param exits of all vCPUs, by kind; only kinds that occurred
/// @param instructions retired, or -1 where the engine can't count them
/// @param statistics what engine and vCPUs have to say
public record GuestRun(
        StopReason reason,
        boolean timedOut,
        long nanos,
        Map<ExitCounts.Kind, Long> exits,
        long instructions,
        Statistics statistics) {

    /// What a run is given beyond guest and engine.
    ///
    /// @param limit after which it is stopped; zero for none
    /// @param hook misbehaviour asked of the built-in guest; 0 for none
    public record Setting(
            long ramBytes, RamAllocator ram, ByteSink serial, Duration limit, int hook) {}

    /// Runs a guest to its end.
    ///
    /// @throws AcceleratorException if the engine can't be had
    /// @throws RamUnavailableException if the memory can't
    public static GuestRun of(
            EmbeddedGuest guest,
            AcceleratorProvider engine,
            Setting setting,
            PhaseObserver observer,
            Interruption interruption)
            throws AcceleratorException, RamUnavailableException, InterruptedException {
        MinimalPc.Config config =
                new MinimalPc.Config(
                        setting.ramBytes(),
                        setting.ram(),
                        setting.serial(),
                        System::nanoTime,
                        observer,
                        setting.hook());
        try (Interruption.Guard guard = interruption.guard();
                Machine machine = MinimalPc.create(config, guest, engine)) {
            guard.onInterrupt(() -> stop(machine, setting));
            return run(machine, setting);
        }
    }

    private static GuestRun run(Machine machine, Setting setting)
            throws AcceleratorException, InterruptedException {
        Watchdog watchdog = new Watchdog(machine, setting);
        long start = System.nanoTime();
        machine.start();
        watchdog.start();
        StopReason reason = machine.awaitStop();
        long nanos = System.nanoTime() - start;
        boolean timedOut = watchdog.dismiss();
        List<VcpuLoop> loops = machine.loops();
        return new GuestRun(
                reason, timedOut, nanos, sum(loops), instructions(loops), statistics(loops));
    }

    private static Statistics statistics(List<VcpuLoop> loops) {
        Statistics statistics = new Statistics();
        for (VcpuLoop loop : loops) {
            loop.exits().statistics(statistics);
            loop.vcpu().statistics(statistics);
        }
        return statistics;
    }

    /// A sink may hold the machine lock while it waits for its reader; it must let go before the machine can stop.
    private static void stop(Machine machine, Setting setting) {
        if (setting.serial() instanceof SerialOutput serial) {
            serial.abandon();
        }
        machine.control().stop(new StopReason.Requested());
    }

    private static Map<ExitCounts.Kind, Long> sum(List<VcpuLoop> loops) {
        Map<ExitCounts.Kind, Long> exits = new EnumMap<>(ExitCounts.Kind.class);
        for (ExitCounts.Kind kind : ExitCounts.Kind.values()) {
            long count = loops.stream().mapToLong(loop -> loop.exits().of(kind)).sum();
            if (count > 0) {
                exits.put(kind, count);
            }
        }
        return exits;
    }

    private static long instructions(List<VcpuLoop> loops) {
        return loops.stream()
                .mapToLong(loop -> loop.vcpu().retiredInstructions())
                .reduce(0, (sum, each) -> sum < 0 || each < 0 ? -1 : sum + each);
    }

    /// Stops the machine once its time is up.
    private static final class Watchdog {
        private final Machine machine;
        private final Setting setting;
        private final Thread thread;
        private volatile boolean barked;

        Watchdog(Machine machine, Setting setting) {
            this.machine = machine;
            this.setting = setting;
            thread = Thread.ofPlatform().name("watchdog").daemon().unstarted(this::watch);
        }

        void start() {
            if (setting.limit().isPositive()) {
                thread.start();
            }
        }

        private void watch() {
            try {
                Thread.sleep(setting.limit());
                barked = true;
                stop(machine, setting);
            } catch (InterruptedException _) {
                // Dismissed: the guest has ended by itself.
            }
        }

        boolean dismiss() throws InterruptedException {
            thread.interrupt();
            thread.join();
            return barked;
        }
    }
}
