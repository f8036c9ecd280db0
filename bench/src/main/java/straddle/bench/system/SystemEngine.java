package straddle.bench.system;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import straddle.bench.TrialMachine;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.IoDevice;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.Vcpu;
import straddle.host.SharedMemory;

/// One engine with memory and ports of its own, which runs [SystemCase]s one after another on one thread.
final class SystemEngine implements AutoCloseable {
    private static final long HANG_NANOS = 2_000_000_000L;
    private static final long WATCH_NANOS = 100_000_000L;
    private static final int MAX_EXITS = 500;

    /// Read from any port, and from what is no memory.
    private static final long NOTHING = 0x5a5a_5a5a_5a5a_5a5aL;

    private final TrialMachine machine;
    private final Vcpu vcpu;
    private boolean failed;
    private int end;

    /// What a case led to.
    ///
    /// @param end the port that told so, or -1
    /// @param otherwise what the engine did instead, or an empty string
    /// @param refused whether the engine left an instruction to another
    @SuppressWarnings("ArrayRecordComponent") // not changed after it is made
    record Outcome(int end, String otherwise, boolean refused, X86State state, byte[] memory) {}

    /// Starts an engine by name.
    static SystemEngine open(String name) throws AcceleratorException {
        return new SystemEngine(TrialMachine.provider(name));
    }

    private SystemEngine(AcceleratorProvider provider) throws AcceleratorException {
        machine =
                new TrialMachine(
                        provider,
                        SharedMemory.RAM,
                        SystemCase.RAM_BYTES,
                        new Ends(),
                        0x1_0000,
                        WATCH_NANOS,
                        () -> {});
        vcpu = machine.vcpu;
    }

    /// Runs a case to its end.
    ///
    /// @throws AcceleratorException if the host fails; whatever the guest does, or the host refuses, is an [Outcome]
    Outcome run(SystemCase test) throws AcceleratorException {
        machine.memory.write(0, MemorySegment.ofArray(test.memory));
        end = -1;
        long refusedBefore = refused();
        String otherwise;
        try {
            vcpu.load(test.state);
            machine.limit(HANG_NANOS);
            otherwise = runToEnd();
        } catch (AcceleratorException e) {
            failed = true;
            otherwise = "refuses: " + e.getMessage();
        } catch (RuntimeException e) {
            otherwise = "throws " + e;
        } finally {
            machine.unlimit();
        }
        X86State state = new X86State();
        try {
            vcpu.save(state);
        } catch (AcceleratorException e) {
            failed = true;
            otherwise = "refuses: " + e.getMessage();
        }
        boolean refused = refused() != refusedBefore || otherwise.startsWith("refuses");
        return new Outcome(
                end, otherwise, refused, state, machine.ram.toArray(ValueLayout.JAVA_BYTE));
    }

    /// Whether the host has failed, after which this engine is of no more use.
    boolean hasFailed() {
        return failed;
    }

    private long refused() {
        Statistics statistics = new Statistics();
        vcpu.statistics(statistics);
        return statistics.of("events", "refused instructions translated");
    }

    private String runToEnd() throws AcceleratorException {
        for (int exits = 0; exits < MAX_EXITS; exits++) {
            switch (vcpu.run()) {
                case Exit.PortWrite write -> {
                    if (write.port <= SystemCase.LAST_END && write.width == 1) {
                        end = write.port;
                        return "";
                    }
                }
                case Exit.PortRead read -> {
                    for (int i = 0; i < read.count; i++) {
                        read.set(i, (int) NOTHING);
                    }
                }
                case Exit.MmioRead read -> read.value = -1L >>> 64 - 8 * read.width;
                case Exit.MmioWrite _, Exit.InterruptWindow _, Exit.UserCode _, Exit.Debug _ -> {}
                case Exit.Halt _ -> {
                    return end >= 0 ? "" : "halts";
                }
                case Exit.Kicked _ -> {
                    if (end >= 0) {
                        return "";
                    }
                    if (machine.isLate()) {
                        return "does not end";
                    }
                }
                case Exit.Unhandled(String sentence, String _) -> {
                    return "refuses: " + sentence;
                }
                case Exit.Shutdown _ -> {
                    return "shuts down";
                }
            }
        }
        return "exits without end";
    }

    @Override
    public void close() {
        machine.close();
    }

    /// For engines that serve ports by themselves: they are stopped in the endless loop behind the OUT.
    private final class Ends implements IoDevice {
        @Override
        public long read(int offset, int width) {
            return NOTHING;
        }

        @Override
        public void write(int offset, int width, long value) {
            if (offset <= SystemCase.LAST_END && width == 1 && end < 0) {
                end = offset;
                vcpu.kick();
            }
        }
    }
}
