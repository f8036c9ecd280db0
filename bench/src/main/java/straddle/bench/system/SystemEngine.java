package straddle.bench.system;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.LockSupport;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.Availability;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.VmResources;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.IoDevice;
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;
import straddle.core.memory.RamUnavailableException;
import straddle.core.time.VirtualClock;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.Vcpu;
import straddle.host.HostException;
import straddle.host.SharedMemory;

/// One engine with memory and ports of its own, which runs [SystemCase]s one after another on one thread.
final class SystemEngine implements AutoCloseable {
    private static final long HANG_NANOS = 2_000_000_000L;
    private static final long WATCH_NANOS = 100_000_000L;
    private static final int MAX_EXITS = 500;

    /// Read from any port, and from what is no memory.
    private static final long NOTHING = 0x5a5a_5a5a_5a5a_5a5aL;

    private final Arena arena = Arena.ofShared();
    private final AddressSpace memory;
    private final MemorySegment ram;
    private final Accelerator accelerator;
    private final Vcpu vcpu;
    private final Thread watchdog;
    private volatile long deadline = Long.MAX_VALUE;
    private volatile boolean closed;
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
        for (AcceleratorProvider provider : AcceleratorProvider.installed()) {
            if (provider.name().equals(name)) {
                if (provider.availability(GuestArchitecture.X86_64)
                        instanceof Availability.Unavailable(String because, String remedy)) {
                    throw new AcceleratorException(
                            name + " is unavailable, because " + because + ". " + remedy);
                }
                return new SystemEngine(provider);
            }
        }
        throw new AcceleratorException("There is no engine " + name + " here.");
    }

    private SystemEngine(AcceleratorProvider provider) throws AcceleratorException {
        MachineLock lock = new MachineLock();
        memory = new AddressSpace(lock);
        try {
            RamAllocator shared =
                    (name, bytes, owner) -> {
                        try {
                            return SharedMemory.allocate(name, bytes, owner);
                        } catch (HostException e) {
                            throw new RamUnavailableException(e.getMessage(), e);
                        }
                    };
            RamBlock block = RamBlock.allocate("system", SystemCase.RAM_BYTES, shared, arena);
            ram = block.bytes();
            memory.mapRam(0, block);
        } catch (RamUnavailableException e) {
            throw new AcceleratorException(e.getMessage(), e);
        }
        PortBus ports = new PortBus(lock);
        ports.map("ends", 0, 0x1_0000, new Ends());
        VirtualClock clock = new VirtualClock(System::nanoTime, lock);
        accelerator =
                provider.create(
                        new VmResources(
                                GuestArchitecture.X86_64, memory, ports, clock, 1, false, "max"));
        vcpu = accelerator.createVcpu(0, InterruptSource.NONE);
        watchdog = Thread.ofPlatform().name("system-watchdog").daemon().start(this::watch);
    }

    /// Runs a case to its end.
    ///
    /// @throws AcceleratorException if the host fails; whatever the guest does, or the host refuses, is an [Outcome]
    Outcome run(SystemCase test) throws AcceleratorException {
        memory.write(0, MemorySegment.ofArray(test.memory));
        end = -1;
        long refusedBefore = refused();
        String otherwise;
        try {
            vcpu.load(test.state);
            deadline = System.nanoTime() + HANG_NANOS;
            otherwise = runToEnd();
        } catch (AcceleratorException e) {
            failed = true;
            otherwise = "refuses: " + e.getMessage();
        } catch (RuntimeException e) {
            otherwise = "throws " + e;
        } finally {
            deadline = Long.MAX_VALUE;
        }
        X86State state = new X86State();
        try {
            vcpu.save(state);
        } catch (AcceleratorException e) {
            failed = true;
            otherwise = "refuses: " + e.getMessage();
        }
        boolean refused = refused() != refusedBefore || otherwise.startsWith("refuses");
        return new Outcome(end, otherwise, refused, state, ram.toArray(ValueLayout.JAVA_BYTE));
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
                    if (System.nanoTime() > deadline) {
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

    private void watch() {
        while (!closed) {
            LockSupport.parkNanos(this, WATCH_NANOS);
            if (System.nanoTime() - deadline > 0 && deadline != Long.MAX_VALUE) {
                vcpu.kick();
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(watchdog);
        try {
            watchdog.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        vcpu.close();
        accelerator.close();
        arena.close();
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
