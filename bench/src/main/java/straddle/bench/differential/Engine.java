package straddle.bench.differential;

import static straddle.core.arch.x86.X86.*;

import java.util.Arrays;
import straddle.bench.TrialMachine;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.IoDevice;
import straddle.core.memory.AddressSpace;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.Vcpu;
import straddle.host.SharedMemory;

/// One engine with a [UserSandbox] of its own, ready to run cases one after another on one thread.
final class Engine implements Subject {
    private static final long HANG_NANOS = 3_000_000_000L;
    private static final long WATCH_NANOS = 200_000_000L;

    /// Of the instructions of a case that counts as compiled, one in so many may be interpreted.
    private static final int INTERPRETED_SHARE = 10;

    private static final int MAX_EXITS = 1000;

    private final String name;
    private final int rehearsals;
    private final TrialMachine machine;
    final AddressSpace memory;
    final Vcpu vcpu;
    private final X86State saved = new X86State();
    private int vector;
    private long compiledBefore;
    private long interpretedBefore;
    private byte[] placed;

    /// Starts the engine.
    ///
    /// @throws AcceleratorException if it can't, or there is no memory for the guest
    ///
    /// @param rehearsals how often a case runs before the run that counts, its code left in place: what is
    ///     compiled when it is hot then runs compiled from its first instruction on
    Engine(AcceleratorProvider provider, int rehearsals) throws AcceleratorException {
        this.rehearsals = rehearsals;
        name = provider.name();
        machine =
                new TrialMachine(
                        provider,
                        SharedMemory.RAM,
                        UserSandbox.RAM_BYTES,
                        new VectorPorts(),
                        256,
                        WATCH_NANOS,
                        () -> {});
        memory = machine.memory;
        vcpu = machine.vcpu;
        UserSandbox.install(memory);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Outcome run(TestCase test) throws AcceleratorException {
        boolean again = test.code() == placed; // what was made of it is to be used
        if (!again) {
            UserSandbox.writeCode(memory, test.entry(), test.code());
            placed = test.code();
        }
        String failure = null;
        for (int i = again ? rehearsals : 0; i <= rehearsals && failure == null; i++) {
            noteTiers();
            failure = perform(test);
        }
        if (failure != null) {
            return Outcome.failed(failure);
        }
        vcpu.save(saved);
        if (!UserSandbox.isOnMonitorStack(saved.gpr[RSP])) {
            return Outcome.failed("vector %d without a frame".formatted(vector));
        }
        return outcome();
    }

    /// Runs a case whose code is in place; returns what came instead of an exception, or null.
    private String perform(TestCase test) throws AcceleratorException {
        UserSandbox.writeCompared(memory, test.memory());
        vector = -1;
        vcpu.load(test.initial());
        machine.limit(HANG_NANOS);
        try {
            return runToException();
        } catch (RuntimeException e) {
            // An engine's error is a finding like any other.
            return Arrays.stream(e.getStackTrace())
                    .limit(1)
                    .map(at -> "throws " + e + " at " + at)
                    .findFirst()
                    .orElse("throws " + e);
        } finally {
            machine.unlimit();
        }
    }

    /// Returns null once an exception's stub has run, or else what came instead.
    private String runToException() throws AcceleratorException {
        for (int exits = 0; exits < MAX_EXITS; exits++) {
            switch (vcpu.run()) {
                case Exit.PortWrite write when write.port <= 255 -> {
                    vector = write.port;
                    return null;
                }
                case Exit.Halt _ -> {
                    return vector >= 0 ? null : "HLT in user code";
                }
                case Exit.Kicked _ -> {
                    if (machine.isLate()) {
                        return "does not end";
                    }
                }
                case Exit.InterruptWindow _ -> {}
                case Exit.Unhandled(String sentence, String _) -> {
                    return sentence;
                }
                case Exit.Shutdown(String why) -> {
                    return "shutdown: " + why;
                }
                case Exit.MmioRead read -> {
                    return "reads what is no memory at " + Long.toHexString(read.gpa);
                }
                case Exit.MmioWrite write -> {
                    return "writes what is no memory at " + Long.toHexString(write.gpa);
                }
                case Exit.PortRead _, Exit.PortWrite _, Exit.Debug _, Exit.UserCode _ -> {
                    return "an exit that user code can't cause";
                }
            }
        }
        return "exits without end";
    }

    /// Takes the frame from the ring-0 stack: error code, RIP, CS, RFLAGS, RSP, SS (SDM volume 3, 7.14.2).
    private Outcome outcome() {
        X86State state = new X86State();
        state.copyFrom(saved);
        long frame = saved.gpr[RSP];
        long errorCode = 0;
        if (pushesErrorCode(vector)) {
            errorCode = UserSandbox.monitorStack(memory, frame);
            frame += 8;
        }
        state.rip = UserSandbox.monitorStack(memory, frame);
        state.segments[CS].selector = (int) UserSandbox.monitorStack(memory, frame + 8) & 0xffff;
        state.rflags = UserSandbox.monitorStack(memory, frame + 16);
        state.gpr[RSP] = UserSandbox.monitorStack(memory, frame + 24);
        state.segments[SS].selector = (int) UserSandbox.monitorStack(memory, frame + 32) & 0xffff;
        return new Outcome(vector, null, errorCode, state, UserSandbox.compared(machine.ram));
    }

    private void noteTiers() {
        Statistics statistics = new Statistics();
        vcpu.statistics(statistics);
        compiledBefore = instructions(statistics, true);
        interpretedBefore = instructions(statistics, false);
    }

    private static long instructions(Statistics statistics, boolean compiled) {
        return statistics.tiers().stream()
                .filter(each -> compiled != each.name().equals("interpreter"))
                .mapToLong(each -> Math.max(0, each.instructions()))
                .sum();
    }

    @Override
    public boolean ranInItsTier() {
        if (rehearsals == 0) {
            return true;
        }
        Statistics statistics = new Statistics();
        vcpu.statistics(statistics);
        long interpreted = instructions(statistics, false) - interpretedBefore;
        long compiled = instructions(statistics, true) - compiledBefore;
        return interpreted * INTERPRETED_SHARE <= compiled;
    }

    @Override
    public String statistics() {
        Statistics statistics = new Statistics();
        vcpu.statistics(statistics);
        return statistics.toString();
    }

    private static boolean pushesErrorCode(int vector) {
        return vector == DF || vector >= TS && vector <= PF || vector == AC || vector == 21;
    }

    @Override
    public void close() {
        machine.close();
    }

    /// Called by engines that serve ports by themselves.
    private final class VectorPorts implements IoDevice {
        @Override
        public long read(int offset, int width) {
            return 0xff;
        }

        @Override
        public void write(int offset, int width, long value) {
            vector = offset;
        }
    }
}
