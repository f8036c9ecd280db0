package straddle.launcher.measure;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import straddle.host.ExecutableMemory;
import straddle.host.HostException;
import straddle.host.SharedMemory;
import straddle.machines.embedded.EmbeddedGuest;
import straddle.machines.embedded.Phase;

/// The guest's ring-3 machine code, called in this process: what the bare processor makes of it.
///
/// The arena comes from where guest RAM comes from, so that both have the same kind of pages.
public final class NativeYardstick implements Mode {
    /// As `--accel` names it.
    public static final String NAME = "native";

    private static final long ARENA_BYTES = 4 << 20;

    private final Pace pace = new Pace();
    private final Arena arena = Arena.ofShared();
    private final List<Phase> phases;
    private final MethodHandle entry;
    private final MemorySegment work;

    /// @throws HostException if the host gives no memory, or none that may be executed
    public NativeYardstick(EmbeddedGuest guest) throws HostException {
        boolean complete = false;
        try {
            phases = guest.phases().stream().filter(Phase::runsNatively).toList();
            entry =
                    ExecutableMemory.of(guest.userBlob(), arena)
                            .function(
                                    0,
                                    FunctionDescriptor.of(
                                            ValueLayout.JAVA_LONG,
                                            ValueLayout.JAVA_LONG,
                                            ValueLayout.ADDRESS,
                                            ValueLayout.JAVA_LONG));
            work = SharedMemory.allocate("straddle-native", ARENA_BYTES, arena);
            complete = true;
        } finally {
            if (!complete) {
                arena.close();
            }
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    /// Runs each phase that needs no kernel.
    @Override
    public ModeRun run(double nanosPerPhase, Consumer<Phase> progress) {
        List<PhaseTime> times = new ArrayList<>();
        for (Phase phase : phases) {
            progress.accept(phase);
            int operations = pace.operations(phase, nanosPerPhase);
            long begin = System.nanoTime();
            long checksum = call(phase, operations);
            long nanos = System.nanoTime() - begin;
            pace.learn(phase, operations, nanos);
            times.add(new PhaseTime(phase, operations, nanos, checksum == phase.expected()));
        }
        return new ModeRun(times, Map.of());
    }

    private long call(Phase phase, int operations) {
        try {
            return (long) entry.invokeExact((long) phase.id(), work, (long) operations);
        } catch (Throwable e) {
            throw new AssertionError("native code throws nothing", e);
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
