package straddle.machines;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.Availability;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.VmResources;
import straddle.core.arch.x86.X86State;
import straddle.core.irq.InterruptSource;
import straddle.core.irq.IrqChip;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.Vcpu;

/// An engine whose guest is a test's Java program.
public final class FakeEngine implements AcceleratorProvider {
    /// The guest: called for each exit.
    @FunctionalInterface
    public interface Program {
        Exit next(FakeEngine engine) throws AcceleratorException;
    }

    private final Program program;
    private final Semaphore kicks = new Semaphore(0);
    private final AtomicInteger open = new AtomicInteger();
    private final Optional<String> cpu;
    private VmResources resources;
    private InterruptSource interrupts;
    private final X86State state = new X86State();
    private volatile boolean failing;
    private volatile Optional<IrqChip> chip = Optional.empty();
    private final AtomicInteger retired = new AtomicInteger();
    private final AtomicInteger loads = new AtomicInteger();

    /// Whose guests' processor no other engine has.
    public FakeEngine(Program program) {
        this(program, Optional.empty());
    }

    /// @param cpu what other engines are to show its guests
    public FakeEngine(Program program, Optional<String> cpu) {
        this.program = program;
        this.cpu = cpu;
    }

    /// OUT of a byte.
    public static Exit out(int port, int value) {
        return out(port, 1, value);
    }

    public static Exit out(int port, int width, int value) {
        Exit.PortWrite exit = new Exit.PortWrite();
        exit.port = port;
        exit.width = width;
        exit.count = 1;
        exit.data = MemorySegment.ofArray(new byte[4]);
        exit.set(0, value);
        return exit;
    }

    /// Runs on in the guest until somebody kicks.
    public Exit spin() throws AcceleratorException {
        try {
            if (!kicks.tryAcquire(20, TimeUnit.SECONDS)) {
                throw new AcceleratorException("nobody kicked the vCPU");
            }
        } catch (InterruptedException e) {
            throw new AcceleratorException("interrupted", e);
        }
        kicks.drainPermits();
        return Exit.Kicked.KICKED;
    }

    public VmResources resources() {
        return resources;
    }

    public InterruptSource interrupts() {
        return interrupts;
    }

    /// What the machine loaded into the vCPU.
    public X86State state() {
        return state;
    }

    /// Has its vCPUs take no state.
    public void fail() {
        failing = true;
    }

    /// Has its own interrupt controllers.
    public void bring(IrqChip own) {
        chip = Optional.of(own);
    }

    /// How often a vCPU was given a state.
    public int loads() {
        return loads.get();
    }

    /// How often a guest has moved to another engine.
    public int retired() {
        return retired.get();
    }

    /// How many of its engines and vCPUs are not closed yet.
    public int open() {
        return open.get();
    }

    @Override
    public String name() {
        return "fake";
    }

    @Override
    public String description() {
        return "runs tests";
    }

    @Override
    public Availability availability(GuestArchitecture guest) {
        return Availability.Available.AVAILABLE;
    }

    @Override
    public Accelerator create(VmResources given) {
        resources = given;
        open.incrementAndGet();
        return new Engine();
    }

    private final class Engine implements Accelerator {
        @Override
        public String name() {
            return "fake";
        }

        @Override
        public Optional<String> cpu() {
            return cpu;
        }

        @Override
        public Optional<IrqChip> kernelIrqChip() {
            return chip;
        }

        @Override
        public Vcpu createVcpu(int id, InterruptSource source) {
            interrupts = source;
            open.incrementAndGet();
            return new FakeVcpu(id);
        }

        @Override
        public void retire() {
            retired.incrementAndGet();
        }

        @Override
        public void close() {
            open.decrementAndGet();
        }
    }

    private final class FakeVcpu implements Vcpu {
        private final int id;

        FakeVcpu(int id) {
            this.id = id;
        }

        @Override
        public int id() {
            return id;
        }

        @Override
        public Exit run() throws AcceleratorException {
            return program.next(FakeEngine.this);
        }

        @Override
        public void kick() {
            kicks.release();
        }

        @Override
        public void save(X86State to) {
            to.copyFrom(state);
        }

        @Override
        public void load(X86State from) throws AcceleratorException {
            if (failing) {
                throw new AcceleratorException("It is too heavy.");
            }
            loads.incrementAndGet();
            state.copyFrom(from);
        }

        @Override
        public void close() {
            open.decrementAndGet();
        }
    }
}
