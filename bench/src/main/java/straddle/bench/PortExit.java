package straddle.bench;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.VmResources;
import straddle.core.arch.x86.X86;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.IoDevice;
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamBlock;
import straddle.core.memory.RamUnavailableException;
import straddle.core.time.VirtualClock;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.Vcpu;

/// What a port write costs from the guest's OUT to a device of ours and back.
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PortExit {
    /// In real mode: out 0x80, al; jmp back.
    private static final byte[] CODE = {(byte) 0xe6, (byte) 0x80, (byte) 0xeb, (byte) 0xfc};

    private static final int CODE_GPA = 0x1000;

    /// For JMH.
    public PortExit() {}

    /// As a machine has it: address space, port bus with a device, engine, vCPU.
    @State(Scope.Thread)
    public static class JavaVm implements IoDevice {
        private Arena arena;
        private PortBus ports;
        private Accelerator kvm;
        private Vcpu vcpu;
        private long sum;

        /// For JMH.
        public JavaVm() {}

        @Setup
        public void open() throws AcceleratorException, RamUnavailableException {
            arena = Arena.ofShared();
            MachineLock lock = new MachineLock();
            AddressSpace memory = new AddressSpace(lock);
            memory.mapRam(0, RamBlock.allocate("ram", 1 << 20, GuestRam.SHARED, arena));
            memory.write(CODE_GPA, MemorySegment.ofArray(CODE));
            ports = new PortBus(lock);
            ports.map("sum", 0x80, 1, this);
            kvm =
                    AcceleratorProvider.installed().stream()
                            .filter(engine -> engine.name().equals("kvm"))
                            .findFirst()
                            .orElseThrow()
                            .create(
                                    new VmResources(
                                            GuestArchitecture.X86_64,
                                            memory,
                                            ports,
                                            new VirtualClock(System::nanoTime, lock),
                                            1,
                                            false));
            vcpu = kvm.createVcpu(0, InterruptSource.NONE);
            X86State state = new X86State();
            state.segments[X86.CS].selector = 0;
            state.segments[X86.CS].base = 0;
            state.rip = CODE_GPA;
            vcpu.load(state);
        }

        @TearDown
        public void close() {
            vcpu.close();
            kvm.close();
            arena.close();
        }

        @Override
        public long read(int offset, int width) {
            return 0;
        }

        @Override
        public void write(int offset, int width, long value) {
            sum += value;
        }
    }

    /// The same guest, in C.
    @State(Scope.Thread)
    public static class CVm {
        private Yardsticks yardsticks;

        /// For JMH.
        public CVm() {}

        @Setup
        public void open() {
            yardsticks = Yardsticks.load();
            yardsticks.openGuest(CODE);
        }

        @TearDown
        public void close() {
            yardsticks.closeGuest();
        }
    }

    /// Bytes that this thread allocates while it serves a number of exits, counted by the JVM itself: JMH's
    /// figure is an average over everything that its own harness does meanwhile.
    ///
    /// @param exits after as many for HotSpot
    static long allocatedBytes(int exits) throws AcceleratorException, RamUnavailableException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        JavaVm vm = new JavaVm();
        vm.open();
        try {
            for (int i = 0; i < exits; i++) {
                serve(vm);
            }
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < exits; i++) {
                serve(vm);
            }
            return threads.getCurrentThreadAllocatedBytes() - before;
        } finally {
            vm.close();
        }
    }

    /// As core's loop serves it.
    @Benchmark
    public long java(JavaVm vm) throws AcceleratorException {
        return serve(vm);
    }

    private static long serve(JavaVm vm) throws AcceleratorException {
        Exit exit = vm.vcpu.run();
        if (!(exit instanceof Exit.PortWrite write)) {
            throw new IllegalStateException("the guest did something else: " + exit);
        }
        for (int i = 0; i < write.count; i++) {
            vm.ports.write(write.port, write.width, write.get(i));
        }
        return vm.sum;
    }

    @Benchmark
    public void c(CVm vm) {
        vm.yardsticks.portExits(1);
    }
}
