package straddle.bench;

import static straddle.core.arch.x86.X86.*;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.GuestArchitecture;
import straddle.core.accel.VmResources;
import straddle.core.arch.x86.X86State;
import straddle.core.bus.MachineLock;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamBlock;
import straddle.core.memory.RamUnavailableException;
import straddle.core.time.VirtualClock;
import straddle.core.vcpu.Vcpu;

/// How much more independent work two translated vCPUs do than one, their memory order and locks included.
///
/// Two figures: by wall time, for which the host must be idle, and by the vCPU threads' CPU time, which says what sharing
/// costs on a busy host too.
final class SmpScaling {
    private static final int BYTES = 16 << 20;
    private static final int CODE = 0x1_0000;
    private static final int DATA = 0x40_0000;
    private static final int DATA_SPACING = 0x10_0000;
    private static final long WARM_UP_NANOS = TimeUnit.SECONDS.toNanos(8);
    private static final long MEASURE_NANOS = TimeUnit.SECONDS.toNanos(2);

    /// For ever: adds 32 KiB of words in memory up, and stores each with its sum.
    private static final String LOOP =
            "31c9" // l: xor ecx, ecx
                    + "480304cf" // m: add rax, [rdi+rcx*8]
                    + "488904cf" // mov [rdi+rcx*8], rax
                    + "48ffc1" // inc rcx
                    + "4881f900100000" // cmp rcx, 4096
                    + "72ec" // jb m
                    + "ebe8"; // jmp l

    private SmpScaling() {}

    private record Pace(double byWall, double byCpu) {}

    static void print() throws AcceleratorException, RamUnavailableException, InterruptedException {
        AcceleratorProvider tcg =
                AcceleratorProvider.installed().stream()
                        .filter(each -> each.name().equals("tcg"))
                        .findFirst()
                        .orElseThrow();
        Pace one = measure(tcg, 1);
        Pace two = measure(tcg, 2);
        System.out.printf(
                "independent work, M insn/s: 1 vCPU %.0f, 2 vCPUs %.0f; scaling %.2f by wall time, %.2f by CPU time%n",
                one.byWall, two.byWall, two.byWall / one.byWall, 2 * two.byCpu / one.byCpu);
    }

    /// Instructions a microsecond: of all vCPUs by wall time, and of one by its CPU time.
    private static Pace measure(AcceleratorProvider engine, int vcpus)
            throws AcceleratorException, RamUnavailableException, InterruptedException {
        MachineLock lock = new MachineLock();
        AddressSpace memory = new AddressSpace(lock);
        try (Arena arena = Arena.ofShared()) {
            RamBlock ram = RamBlock.allocate("ram", BYTES, RamAllocator.OFF_HEAP, arena);
            memory.mapRam(0, ram);
            FlatGuest.map(memory, BYTES);
            byte[] code = HexFormat.of().parseHex(LOOP);
            for (int i = 0; i < code.length; i++) {
                memory.write(CODE + i, 1, code[i]);
            }
            VirtualClock clock = new VirtualClock(System::nanoTime, lock);
            Accelerator accelerator =
                    engine.create(
                            new VmResources(
                                    GuestArchitecture.X86_64,
                                    memory,
                                    new PortBus(lock),
                                    clock,
                                    vcpus,
                                    false));
            try {
                return run(accelerator, vcpus);
            } finally {
                accelerator.close();
            }
        }
    }

    private static Pace run(Accelerator accelerator, int vcpus)
            throws AcceleratorException, InterruptedException {
        ThreadMXBean times = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        List<Worker> workers = new ArrayList<>();
        for (int i = 0; i < vcpus; i++) {
            Vcpu vcpu = accelerator.createVcpu(i, InterruptSource.NONE);
            vcpu.load(state(i));
            workers.add(new Worker(vcpu));
        }
        workers.forEach(Worker::start);
        TimeUnit.NANOSECONDS.sleep(WARM_UP_NANOS);
        long start = System.nanoTime();
        workers.forEach(worker -> worker.mark(times));
        TimeUnit.NANOSECONDS.sleep(MEASURE_NANOS);
        workers.forEach(worker -> worker.measure(times));
        double micros = (System.nanoTime() - start) / 1e3;
        double instructions = 0;
        double byCpu = 0;
        for (Worker worker : workers) {
            worker.end();
            instructions += worker.instructions;
            byCpu += worker.instructions / (worker.cpuNanos / 1e3) / vcpus;
        }
        return new Pace(instructions / micros, byCpu);
    }

    private static X86State state(int vcpu) {
        X86State state = FlatGuest.state(CODE);
        state.gpr[RDI] = DATA + (long) DATA_SPACING * vcpu;
        return state;
    }

    private static final class Worker {
        private final Vcpu vcpu;
        private final Thread thread;
        private volatile boolean ending;
        private long instructions;
        private long cpuNanos;

        Worker(Vcpu vcpu) {
            this.vcpu = vcpu;
            thread = Thread.ofPlatform().name("vcpu-" + vcpu.id()).daemon().unstarted(this::run);
        }

        void start() {
            thread.start();
        }

        private void run() {
            try {
                while (!ending) {
                    vcpu.run();
                }
            } catch (AcceleratorException e) {
                throw new IllegalStateException(e);
            }
        }

        void mark(ThreadMXBean times) {
            instructions = -count();
            cpuNanos = -times.getThreadCpuTime(thread.threadId());
        }

        void measure(ThreadMXBean times) {
            instructions += count();
            cpuNanos += times.getThreadCpuTime(thread.threadId());
        }

        /// Counted when the guest is left.
        private long count() {
            vcpu.kick();
            try {
                TimeUnit.MILLISECONDS.sleep(1);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
            return vcpu.retiredInstructions();
        }

        void end() throws InterruptedException {
            ending = true;
            vcpu.kick();
            thread.join();
            vcpu.close();
        }
    }
}
