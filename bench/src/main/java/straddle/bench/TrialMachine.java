package straddle.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.Availability;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.VmResources;
import straddle.core.bus.IoDevice;
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;
import straddle.core.memory.RamUnavailableException;
import straddle.core.time.VirtualClock;
import straddle.core.vcpu.Vcpu;

/// One vCPU with all features over RAM from 0 on, one device at its ports, and a thread that stops what runs for too
/// long: what trials of code have in common.
public final class TrialMachine implements AutoCloseable {
    private static final String ALL_FEATURES = "max";
    private static final long NEVER = Long.MAX_VALUE;

    public final AddressSpace memory;
    public final MemorySegment ram;
    public final Vcpu vcpu;
    private final Arena arena = Arena.ofShared();
    private final Accelerator accelerator;
    private final Thread watchdog;
    private volatile long deadline = NEVER;
    private volatile boolean closed;

    /// Starts one.
    ///
    /// @param ports how many ports the device has, from 0 on
    /// @param watchNanos how often the watchdog looks
    /// @param look what it does then besides kicking a vCPU that is late
    /// @throws AcceleratorException if the engine can't, or there is no memory for the guest
    public TrialMachine(
            AcceleratorProvider provider,
            RamAllocator allocator,
            long ramBytes,
            IoDevice device,
            int ports,
            long watchNanos,
            Runnable look)
            throws AcceleratorException {
        MachineLock lock = new MachineLock();
        memory = new AddressSpace(lock);
        try {
            RamBlock block = RamBlock.allocate("trial", ramBytes, allocator, arena);
            ram = block.bytes();
            memory.mapRam(0, block);
        } catch (RamUnavailableException e) {
            throw new AcceleratorException(e.getMessage(), e);
        }
        PortBus bus = new PortBus(lock);
        bus.map("trial", 0, ports, device);
        accelerator =
                provider.create(
                        new VmResources(
                                GuestArchitecture.X86_64,
                                memory,
                                bus,
                                new VirtualClock(System::nanoTime, lock),
                                1,
                                false,
                                ALL_FEATURES));
        vcpu = accelerator.createVcpu(0, InterruptSource.NONE);
        watchdog =
                Thread.ofPlatform()
                        .name("watchdog-" + provider.name())
                        .daemon()
                        .start(() -> watch(watchNanos, look));
    }

    /// The engine of a name.
    ///
    /// @throws AcceleratorException if there is none, or it does not work here
    public static AcceleratorProvider provider(String name) throws AcceleratorException {
        for (AcceleratorProvider provider : AcceleratorProvider.installed()) {
            if (provider.name().equals(name)) {
                if (provider.availability(GuestArchitecture.X86_64)
                        instanceof Availability.Unavailable(String because, String remedy)) {
                    throw new AcceleratorException(
                            name + " is unavailable, because " + because + ". " + remedy);
                }
                return provider;
            }
        }
        throw new AcceleratorException("There is no engine " + name + " here.");
    }

    /// Has the vCPU kicked, again and again, once so much time has passed.
    public void limit(long nanos) {
        deadline = System.nanoTime() + nanos;
    }

    /// Takes the limit back.
    public void unlimit() {
        deadline = NEVER;
    }

    /// Whether the limit is over.
    public boolean isLate() {
        long until = deadline;
        return until != NEVER && System.nanoTime() - until > 0;
    }

    private void watch(long nanos, Runnable look) {
        while (!closed) {
            LockSupport.parkNanos(this, nanos);
            if (isLate()) {
                vcpu.kick();
            }
            look.run();
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
}
