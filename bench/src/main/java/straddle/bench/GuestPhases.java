package straddle.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToIntFunction;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.GuestArchitecture;
import straddle.core.memory.RamUnavailableException;
import straddle.core.vcpu.StopReason;
import straddle.devices.ByteSink;
import straddle.host.ExecutableMemory;
import straddle.host.HostException;
import straddle.machines.embedded.EmbeddedGuest;
import straddle.machines.embedded.Phase;
import straddle.machines.pc.MinimalPc;

/// The embedded guest's user-level phases: the same machine code called in this process, and run by each engine
/// in a guest with paging on and its timer running.
///
/// Times are the thread's CPU time, which other programs on the host spoil less than the clock's: a vCPU never
/// sleeps in these phases.
final class GuestPhases {
    private static final int ROUNDS = 7;
    private static final long RAM_BYTES = 64 << 20;
    private static final int ARENA_BYTES = 4 << 20;

    /// Shares of a phase's own number of operations: engines that interpret need fewer.
    private static final int KVM_SHARE = 4;

    private static final int TCG_SHARE = 40;

    private static final double MIN_KVM_SPEED = 0.97;
    private static final double MIN_TCG_MIPS = 100;

    private GuestPhases() {}

    static void print() throws InterruptedException {
        EmbeddedGuest guest = EmbeddedGuest.builtIn();
        List<Phase> phases = guest.phases().stream().filter(Phase::runsNatively).toList();
        try {
            for (AcceleratorProvider engine : AcceleratorProvider.installed()) {
                if (engine.availability(GuestArchitecture.X86_64).isAvailable()) {
                    compare(guest, phases, engine);
                }
            }
        } catch (HostException | AcceleratorException | RamUnavailableException e) {
            System.out.println("The guest's phases were not measured: " + e.getMessage());
        }
    }

    /// Natively and in the guest in turns, each time in fresh memory: where its pages come to lie changes a phase's
    /// time by a tenth, and a host's speed drifts.
    private static void compare(EmbeddedGuest guest, List<Phase> phases, AcceleratorProvider engine)
            throws HostException,
                    AcceleratorException,
                    RamUnavailableException,
                    InterruptedException {
        double[][] nanos = new double[phases.size()][ROUNDS];
        double[][] speeds = new double[phases.size()][ROUNDS];
        double[] fastest = new double[phases.size()];
        Arrays.fill(fastest, Double.MAX_VALUE);
        for (int round = 0; round < ROUNDS; round++) {
            Map<Integer, Double> yardstick = callNatively(guest, phases);
            Stopwatch inGuest = runGuest(guest, engine, operations(engine));
            for (int i = 0; i < phases.size(); i++) {
                int id = phases.get(i).id();
                nanos[i][round] = inGuest.nanosPerOperation(phases.get(i));
                speeds[i][round] = yardstick.get(id) / nanos[i][round];
                fastest[i] = Math.min(fastest[i], yardstick.get(id));
            }
        }
        report(engine.name(), phases, fastest, nanos, speeds);
    }

    /// Judges by the fastest rounds, as other programs on the host only add time; the medians stand beside them.
    private static void report(
            String engine,
            List<Phase> phases,
            double[] fastest,
            double[][] nanos,
            double[][] speeds) {
        boolean kvm = engine.equals("kvm");
        double worst = Double.MAX_VALUE;
        System.out.println();
        for (int i = 0; i < phases.size(); i++) {
            Phase phase = phases.get(i);
            double median = median(speeds[i]);
            Arrays.sort(nanos[i]);
            double mine = nanos[i][0];
            double speed = fastest[i] / mine;
            double mips = phase.insnsPerOp() / mine * 1000;
            System.out.printf(
                    "%s %-10s %,12.0f ns an operation, %.3f of native (rounds: median %.3f, %.3f to %.3f), %,.0f M insn/s%n",
                    engine,
                    phase.name(),
                    mine,
                    speed,
                    median,
                    speeds[i][0],
                    speeds[i][ROUNDS - 1],
                    mips);
            if (phase.kind() == Phase.Kind.INTEGER) {
                worst = Math.min(worst, kvm ? speed : mips);
            }
        }
        double wanted = kvm ? MIN_KVM_SPEED : MIN_TCG_MIPS;
        System.out.printf(
                "%s, slowest integer phase: %.2f %s (at least %.2f): %s%n",
                engine,
                worst,
                kvm ? "of native" : "M insn/s",
                wanted,
                Bench.verdict(worst >= wanted));
    }

    /// Sorts, too.
    private static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }

    private static Map<Integer, Double> callNatively(EmbeddedGuest guest, List<Phase> phases)
            throws HostException, RamUnavailableException {
        Map<Integer, Double> nanos = new TreeMap<>();
        try (Arena arena = Arena.ofConfined()) {
            MethodHandle entry =
                    ExecutableMemory.of(guest.userBlob(), arena)
                            .function(
                                    0,
                                    FunctionDescriptor.of(
                                            ValueLayout.JAVA_LONG,
                                            ValueLayout.JAVA_LONG,
                                            ValueLayout.ADDRESS,
                                            ValueLayout.JAVA_LONG));
            MemorySegment work = GuestRam.SHARED.allocate("yardstick", ARENA_BYTES, arena);
            for (Phase phase : phases) {
                long operations = Math.max(1, phase.defaultOps() / KVM_SHARE);
                long start = Stopwatch.cpuNanos();
                long checksum = call(entry, phase.id(), work, operations);
                nanos.put(phase.id(), (double) (Stopwatch.cpuNanos() - start) / operations);
                if (checksum != phase.expected()) {
                    throw new IllegalStateException(phase.name() + " computed something else");
                }
            }
        }
        return nanos;
    }

    private static long call(MethodHandle entry, long phase, MemorySegment work, long operations) {
        try {
            return (long) entry.invokeExact(phase, work, operations);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private static ToIntFunction<Phase> operations(AcceleratorProvider engine) {
        int share = engine.name().equals("kvm") ? KVM_SHARE : TCG_SHARE;
        return phase -> phase.runsNatively() ? Math.max(1, phase.defaultOps() / share) : 0;
    }

    static Stopwatch runGuest(
            EmbeddedGuest guest, AcceleratorProvider engine, ToIntFunction<Phase> operations)
            throws AcceleratorException, RamUnavailableException, InterruptedException {
        return runGuest(guest, engine, operations, _ -> {});
    }

    /// Runs a guest on the smallest board until it powers off.
    static Stopwatch runGuest(
            EmbeddedGuest guest,
            AcceleratorProvider engine,
            ToIntFunction<Phase> operations,
            ByteSink serialOut)
            throws AcceleratorException, RamUnavailableException, InterruptedException {
        Stopwatch stopwatch = new Stopwatch(operations);
        MinimalPc.Config config =
                new MinimalPc.Config(
                        RAM_BYTES, GuestRam.SHARED, serialOut, System::nanoTime, stopwatch, 0);
        try (MinimalPc pc = MinimalPc.create(config, guest, engine)) {
            pc.start();
            StopReason reason = pc.awaitStop();
            if (!reason.equals(new StopReason.PoweredOff(0))) {
                System.out.println(engine.name() + " stopped early: " + reason);
            }
        }
        return stopwatch;
    }
}
