package straddle.machines.chassis;

import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.Translator;
import straddle.core.accel.VmResources;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.snapshot.Snapshotable;
import straddle.core.time.VirtualClock;
import straddle.core.vcpu.RunControl;
import straddle.core.vcpu.StopReason;
import straddle.core.vcpu.Vcpu;
import straddle.core.vcpu.VcpuLoop;
import straddle.devices.Device;

/// What every board stands in: the lock, the buses, the clock, the run state, the engine, and the
/// threads `vcpu-0`, `vcpu-1`, ... and `io`.
///
/// The order of a board's life: make the chassis, put RAM and devices on its buses, [#power] it with an
/// engine, add the vCPUs, [#start()], [#close()]. The I/O thread alone fires timers; it sleeps until the
/// clock's next deadline.
public final class Chassis implements AutoCloseable, Snapshotable {
    private static final String STOPPED = "The guest has stopped.";

    private static final Duration THREAD_PATIENCE = Duration.ofSeconds(20);

    public final MachineLock lock = new MachineLock();
    public final AddressSpace memory = new AddressSpace(lock);
    public final PortBus ports = new PortBus(lock);
    public final VirtualClock clock;
    public final RunControl control;

    /// The VM's memory: closed last.
    public final Arena arena = Arena.ofShared();

    private final List<VcpuLoop> loops = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final Map<String, Device> devices = new LinkedHashMap<>();
    private final List<Runnable> closings = new ArrayList<>();
    private final List<InterruptSource> interruptSources = new ArrayList<>();

    /// Held while engines are changed or freed.
    private final Object engines = new Object();

    private VmResources resources;
    private volatile Accelerator accelerator;

    /// What the engines before the present one had translated, if that has no translator of use.
    private Optional<Translator.Kept> kept = Optional.empty();

    private volatile boolean started;
    private volatile boolean closed;
    private boolean freed;

    /// @param hostNanos the host's monotonic time
    public Chassis(LongSupplier hostNanos) {
        clock = new VirtualClock(hostNanos, lock);
        control = new RunControl(clock);
    }

    /// Starts the engine on what is mapped so far; it follows later changes.
    public Accelerator power(AcceleratorProvider engine, GuestArchitecture guest, int vcpus)
            throws AcceleratorException {
        resources = new VmResources(guest, memory, ports, clock, vcpus, false);
        accelerator = engine.create(resources);
        spaceOutTimers(accelerator);
        return accelerator;
    }

    private void spaceOutTimers(Accelerator engine) {
        lock.lock();
        try {
            clock.spaceOut(engine.timerSpacing());
        } finally {
            lock.unlock();
        }
    }

    /// Adds the next vCPU, in its reset state.
    public Vcpu addVcpu(InterruptSource interrupts) throws AcceleratorException {
        int id = loops.size();
        Vcpu vcpu = accelerator.createVcpu(id, interrupts);
        interruptSources.add(interrupts);
        loops.add(new VcpuLoop(vcpu, control, memory, ports, interrupts));
        return vcpu;
    }

    public String accelerator() {
        return accelerator.name();
    }

    /// Moves the VM to another engine, as [straddle.machines.Machine#switchTo] says.
    public Duration switchTo(AcceleratorProvider engine)
            throws AcceleratorException, InterruptedException {
        synchronized (engines) {
            if (freed) {
                throw new AcceleratorException(STOPPED);
            }
            Accelerator former = accelerator;
            Successor next = new Successor(engine, former);
            boolean moved = false;
            try {
                if (control.hold(() -> move(next)).isEmpty()) {
                    throw new AcceleratorException(STOPPED);
                }
                moved = true;
                return control.heldFor();
            } finally {
                if (moved) {
                    next.former.forEach(Vcpu::close);
                    former.close();
                } else {
                    next.close();
                }
            }
        }
    }

    /// An engine that is to take over, made while the guest still runs under the former one.
    private final class Successor {
        private final Accelerator accelerator;
        private final List<Vcpu> vcpus = new ArrayList<>();
        private final List<Vcpu> former;
        private final List<X86State> states;

        Successor(AcceleratorProvider engine, Accelerator present) throws AcceleratorException {
            former = loops.stream().map(VcpuLoop::vcpu).toList();
            states = former.stream().map(_ -> new X86State()).toList();
            accelerator = create(engine, present);
            boolean complete = false;
            try {
                for (int i = 0; i < loops.size(); i++) {
                    vcpus.add(accelerator.createVcpu(i, interruptSources.get(i)));
                }
                complete = true;
            } finally {
                if (!complete) {
                    close();
                }
            }
        }

        private Accelerator create(AcceleratorProvider engine, Accelerator present)
                throws AcceleratorException {
            if (present.kernelIrqChip().isPresent()) {
                throw new AcceleratorException(
                        "The guest's interrupt controllers are in the host's kernel, with the engine "
                                + present.name()
                                + ": it stays there.");
            }
            Optional<String> cpu = present.cpu();
            if (cpu.isEmpty()) {
                throw new AcceleratorException(
                        "The guest stays under %s: it sees the host's own processor, which no other engine is. With --cpu %s it sees one that every engine can be."
                                .formatted(present.name(), VmResources.COMMON_CPU));
            }
            Optional<Translator> former =
                    present.translator().or(() -> kept.map(Translator.Kept::translator));
            return engine.create(resources.withCpu(cpu.get()).following(former));
        }

        /// While the vCPUs are parked. If it fails, the former engine has them as it had: it may share its processors with this one.
        void takeState() throws AcceleratorException {
            for (int i = 0; i < former.size(); i++) {
                former.get(i).save(states.get(i));
            }
            boolean complete = false;
            int taken = 0;
            kept.ifPresent(Translator.Kept::wake);
            try {
                for (; taken < vcpus.size(); taken++) {
                    vcpus.get(taken).load(states.get(taken));
                }
                complete = true;
            } finally {
                for (int i = 0; !complete && i <= taken; i++) {
                    former.get(i).load(states.get(i));
                }
                if (!complete) {
                    kept.ifPresent(Translator.Kept::rest);
                }
            }
        }

        void close() {
            vcpus.forEach(Vcpu::close);
            accelerator.close();
        }
    }

    /// While the vCPUs are parked; returns the new engine.
    private Accelerator move(Successor next) throws AcceleratorException {
        next.takeState();
        lock.lock();
        try {
            for (int i = 0; i < loops.size(); i++) {
                loops.get(i).replace(next.vcpus.get(i));
            }
            accelerator.retire();
            keepTranslator(next.accelerator);
            accelerator = next.accelerator;
            spaceOutTimers(accelerator);
        } finally {
            lock.unlock();
        }
        return next.accelerator;
    }

    /// For an engine that may follow the next one, if that has no use for it.
    private void keepTranslator(Accelerator next) {
        if (next.translator().isPresent()) {
            dropTranslator();
        } else {
            if (kept.isEmpty()) {
                kept = accelerator.translator().flatMap(Translator::keep);
            }
            kept.ifPresent(Translator.Kept::rest);
        }
    }

    private void dropTranslator() {
        kept.ifPresent(Translator.Kept::close);
        kept = Optional.empty();
    }

    public List<VcpuLoop> loops() {
        return List.copyOf(loops);
    }

    /// Takes in a chip, to be saved and restored under a name; returns it.
    public <T extends Device> T add(String name, T device) {
        if (devices.put(name, device) != null) {
            throw new IllegalArgumentException("There are two devices named " + name);
        }
        return device;
    }

    /// Has a device end its threads, once the vCPUs have ended theirs and while there is memory.
    public void onClose(Runnable closing) {
        closings.add(closing);
    }

    /// Has a vCPU look at its interrupts. Any thread.
    public void interrupt(int vcpu) {
        if (vcpu < loops.size()) {
            loops.get(vcpu).interrupt();
        }
    }

    /// Delivers a signal to a vCPU. Any thread.
    public void post(int vcpu, VcpuLoop.Signal signal) {
        if (vcpu < loops.size()) {
            loops.get(vcpu).post(signal);
        }
    }

    /// The vCPU whose thread calls, or 0.
    public int currentVcpu() {
        for (int i = 1; i < loops.size(); i++) {
            if (loops.get(i).isCurrent()) {
                return i;
            }
        }
        return 0;
    }

    /// The clock first: what the devices time runs on from it.
    @Override
    public void save(SnapshotWriter out) {
        out.putSection("clock", 1, clock);
        devices.forEach((name, device) -> out.putSection(name, 1, device));
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        lock.lock();
        try {
            clock.restore(in.section("clock"));
            for (Map.Entry<String, Device> each : devices.entrySet()) {
                each.getValue().restore(in.section(each.getKey()));
            }
        } finally {
            lock.unlock();
        }
    }

    public void start() {
        if (started || closed) {
            throw new IllegalStateException("This machine was started or closed before");
        }
        started = true;
        Thread io = Thread.ofPlatform().name("io").daemon().unstarted(this::fireTimers);
        clock.onEarlierDeadline(() -> LockSupport.unpark(io));
        threads.add(io);
        io.start();
        for (VcpuLoop loop : loops) {
            threads.add(loop.start());
        }
        control.resume();
    }

    private void fireTimers() {
        try {
            while (!closed) {
                long wait = clock.runDueAndWait();
                if (closed) {
                    return; // taking the lock may have used up the unpark that came with it
                }
                if (wait == Long.MAX_VALUE) {
                    LockSupport.park(this);
                } else if (wait > 0) {
                    LockSupport.parkNanos(this, wait);
                }
            }
        } catch (RuntimeException e) {
            control.stop(new StopReason.HostFailed(e));
        }
    }

    @Override
    public void close() {
        if (freed) {
            return;
        }
        closed = true;
        control.stop(new StopReason.Requested());
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
            join(thread);
        }
        freed = true;
        closings.forEach(Runnable::run);
        synchronized (engines) {
            loops.forEach(loop -> loop.vcpu().close());
            if (accelerator != null) {
                accelerator.close();
            }
            dropTranslator();
            arena.close();
        }
    }

    private static void join(Thread thread) {
        boolean interrupted = false;
        boolean ended = false;
        long end = System.nanoTime() + THREAD_PATIENCE.toNanos();
        while (!ended && System.nanoTime() - end < 0) {
            try {
                ended = thread.join(THREAD_PATIENCE);
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (!ended) {
            throw new IllegalStateException(
                    "Thread " + thread.getName() + " has not ended after " + THREAD_PATIENCE);
        }
    }
}
