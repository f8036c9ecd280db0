package straddle.core.vcpu;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import straddle.core.accel.AcceleratorException;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.IoRange;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.Region;
import straddle.core.observe.ExitObserver;

/// One vCPU's thread: run the guest, serve its exit, again.
///
/// Between two runs it parks while the VM is paused; its engine may be replaced then. Serving an exit
/// allocates nothing.
public final class VcpuLoop implements Runnable {
    private static final long HALT_RECHECK_NANOS = 100_000_000;

    private final RunControl control;
    private final AddressSpace memory;
    private final PortBus ports;
    private final InterruptSource interrupts;
    private final ExitCounts exits = new ExitCounts();
    private final Statistics before = new Statistics();
    private long retiredBefore;
    private volatile ExitObserver observer;
    private volatile Vcpu vcpu;
    private volatile Thread thread;
    private volatile boolean woken;
    private volatile boolean haltedForGood;
    private volatile boolean held;
    private boolean parked;
    private final Queue<Signal> posted = new ConcurrentLinkedQueue<>();

    /// What a processor's other pins do to it.
    ///
    /// @param change of its state, applied while the vCPU is outside its engine
    public record Signal(Effect effect, Consumer<X86State> change) {}

    /// What becomes of a processor at a signal.
    public enum Effect {
        /// It goes on; one that waits for a startup ignores the signal.
        NONE,

        /// It waits for a startup.
        HOLD,

        /// One that waits for a startup begins; another ignores the signal.
        START
    }

    public VcpuLoop(
            Vcpu vcpu,
            RunControl control,
            AddressSpace memory,
            PortBus ports,
            InterruptSource interrupts) {
        this.vcpu = vcpu;
        this.control = control;
        this.memory = memory;
        this.ports = ports;
        this.interrupts = interrupts;
    }

    /// Starts the thread, named `vcpu-N`.
    public Thread start() {
        control.register(this);
        return Thread.ofPlatform().name("vcpu-" + vcpu.id()).daemon().start(this);
    }

    public Vcpu vcpu() {
        return vcpu;
    }

    /// Puts another engine's vCPU in place. Only while the vCPUs are parked, and under the machine lock, so that
    /// nobody kicks the former one any more; the caller has moved the state.
    public void replace(Vcpu next) {
        vcpu.statistics(before);
        retiredBefore = sum(retiredBefore, vcpu.retiredInstructions());
        if (observer != null) {
            next.observe(observer);
        }
        vcpu = next;
    }

    private static long sum(long a, long b) {
        return a < 0 || b < 0 ? -1 : a + b;
    }

    /// Guest instructions retired so far, under all engines, or -1 where one of them can't count.
    public long retiredInstructions() {
        return sum(retiredBefore, vcpu.retiredInstructions());
    }

    /// Adds what there is to say about this vCPU, under all engines that it had; as [Vcpu#statistics].
    public void statistics(Statistics to) {
        to.addAll(before);
        vcpu.statistics(to);
    }

    /// Has exits told from now on. Before the thread starts.
    public void observe(ExitObserver by) {
        observer = by;
        vcpu.observe(by);
    }

    /// What this vCPU has exited for so far.
    public ExitCounts exits() {
        return exits;
    }

    /// Makes the loop look at the run state and at pending interrupts soon. Any thread.
    public void wake() {
        woken = true;
        vcpu.kick();
        LockSupport.unpark(thread);
    }

    /// Makes the vCPU look at an interrupt that has become pending: its own thread does so anyway before it goes on.
    public void interrupt() {
        if (Thread.currentThread() != thread) {
            woken = true;
            vcpu.interrupt();
            LockSupport.unpark(thread);
        }
    }

    /// Has the processor wait for a startup signal before it runs: all but the boot processor do after reset.
    public void holdForStartup() {
        held = true;
    }

    /// Delivers a signal: before the guest's next instruction. Any thread.
    public void post(Signal signal) {
        posted.add(signal);
        wake();
    }

    /// Whether the calling thread is this vCPU's.
    public boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    private void applyPosted() throws AcceleratorException {
        X86State state = new X86State();
        vcpu.save(state);
        for (Signal signal = posted.poll(); signal != null; signal = posted.poll()) {
            boolean heeded =
                    signal.effect() == Effect.HOLD || held == (signal.effect() == Effect.START);
            if (heeded) {
                signal.change().accept(state);
                held = signal.effect() == Effect.HOLD;
            }
        }
        vcpu.load(state);
    }

    @Override
    public void run() {
        thread = Thread.currentThread();
        control.register(this);
        try {
            while (control.isRunning() || control.parkWhilePaused(this)) {
                if (!posted.isEmpty()) {
                    applyPosted();
                }
                if (held) {
                    haltForGood();
                } else {
                    Exit exit = vcpu.run();
                    if (observer == null) {
                        serve(exit);
                    } else {
                        serveObserved(exit);
                    }
                }
            }
        } catch (AcceleratorException | RuntimeException | InterruptedException e) {
            control.stop(new StopReason.HostFailed(e));
        } catch (Error e) {
            control.stop(
                    new StopReason.HostFailed(
                            new IllegalStateException(
                                    Thread.currentThread().getName() + " failed", e)));
            throw e;
        } finally {
            control.unregister(this);
        }
    }

    private void serveObserved(Exit exit) {
        Vcpu by = vcpu;
        int id = by.id();
        long pc = by.programCounter();
        long start = System.nanoTime();
        serve(exit);
        long nanos = System.nanoTime() - start;
        ExitCounts.Kind kind = ExitCounts.kindOf(exit);
        switch (exit) {
            case Exit.Port port -> {
                IoRange range = ports.at(port.port);
                String device = range == null ? "" : range.name();
                observer.access(
                        new ExitObserver.Access(
                                id,
                                kind,
                                pc,
                                port.port,
                                port.width,
                                port.get(0) & 0xffff_ffffL,
                                device),
                        nanos);
            }
            case Exit.Mmio mmio -> {
                Region region = memory.at(mmio.gpa);
                String device = region == null ? "" : region.name();
                observer.access(
                        new ExitObserver.Access(
                                id, kind, pc, mmio.gpa, mmio.width, mmio.value, device),
                        nanos);
            }
            default -> observer.exit(id, kind, pc, nanos);
        }
    }

    private void serve(Exit exit) {
        exits.count(exit);
        switch (exit) {
            case Exit.PortRead read -> {
                for (int i = 0; i < read.count; i++) {
                    read.set(i, ports.read(read.port, read.width));
                }
            }
            case Exit.PortWrite write -> {
                for (int i = 0; i < write.count; i++) {
                    ports.write(write.port, write.width, write.get(i));
                }
            }
            case Exit.MmioRead read -> read.value = memory.read(read.gpa, read.width);
            case Exit.MmioWrite write -> memory.write(write.gpa, write.width, write.value);
            // A constant as a label has the JVM look its class up by name at each exit.
            case Exit.Halt halt -> {
                if (halt == Exit.Halt.HALT) {
                    awaitInterrupt();
                } else {
                    haltForGood();
                }
            }
            case Exit.InterruptWindow _ -> {}
            case Exit.Kicked _ -> {}
            case Exit.UserCode _ -> {}
            case Exit.Shutdown(String why) ->
                    control.stop(
                            new StopReason.GuestFailed(
                                    "The guest's processor shut down: " + why + ".", report()));
            case Exit.Debug debug ->
                    control.stop(
                            new StopReason.GuestFailed(
                                    "The guest stopped at a debug event at 0x"
                                            + Long.toHexString(debug.pc())
                                            + ".",
                                    report()));
            case Exit.Unhandled(String sentence, String report) ->
                    control.stop(new StopReason.GuestFailed(sentence, report));
        }
    }

    /// Sleeps until an interrupt is pending or the run state changes; a wake in between is never lost.
    private void awaitInterrupt() {
        while (!woken && !interrupts.pending() && control.isRunning()) {
            LockSupport.parkNanos(this, HALT_RECHECK_NANOS);
        }
        woken = false;
    }

    /// Once every processor has halted so, none is left to wake another.
    private void haltForGood() {
        haltedForGood = true;
        if (control.allHaltedForGood()) {
            control.stop(
                    new StopReason.GuestFailed(
                            "The guest halted with interrupts off: nothing can wake it.",
                            report()));
        }
        while (!woken && posted.isEmpty() && control.isRunning()) {
            LockSupport.parkNanos(this, HALT_RECHECK_NANOS);
        }
        woken = false;
        haltedForGood = false;
    }

    boolean isHaltedForGood() {
        return haltedForGood && posted.isEmpty();
    }

    /// Under the run control's lock, as [#isParked()].
    void setParked(boolean now) {
        parked = now;
    }

    boolean isParked() {
        return parked;
    }

    /// The stack of its thread, for a reader.
    String whereabouts() {
        Thread at = thread;
        if (at == null) {
            return "";
        }
        StringBuilder text = new StringBuilder(at.getName()).append(":\n");
        for (StackTraceElement frame : at.getStackTrace()) {
            text.append("    at ").append(frame).append('\n');
        }
        return text.toString();
    }

    private String report() {
        try {
            X86State state = new X86State();
            vcpu.save(state);
            return state.toString();
        } catch (AcceleratorException e) {
            return "Its registers can't be read: " + e.getMessage();
        }
    }
}
