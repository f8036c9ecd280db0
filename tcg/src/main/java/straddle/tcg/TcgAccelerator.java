package straddle.tcg;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongSupplier;
import straddle.core.accel.Observation;
import straddle.core.accel.Translator;
import straddle.core.accel.VmResources;
import straddle.core.irq.InterruptSource;
import straddle.core.irq.IrqChip;
import straddle.core.memory.DirtyPages;
import straddle.core.memory.HostCode;
import straddle.core.memory.MemoryListener;
import straddle.core.memory.Region;
import straddle.core.memory.WideExchange;
import straddle.core.vcpu.TranslatedVcpu;
import straddle.tcg.machine.MachineCode;
import straddle.tcg.region.Regions;
import straddle.tcg.x86.CpuModel;
import straddle.tcg.x86.CpuModels;
import straddle.tcg.x86.X86Cpu;
import straddle.tcg.x86.X86Vcpu;

/// The translator at work for one VM.
final class TcgAccelerator implements Translator, MemoryListener {
    /// A system property that keeps everything in the interpreter, for measurements and for finding faults.
    private static final String INTERPRET_ONLY = "straddle.tcg.interpret";

    /// A system property that has regions compiled at once by the vCPU's own thread, for tests that compare them.
    private static final String COMPILE_AT_ONCE = "straddle.tcg.compileAtOnce";

    private static final int PAGE_BYTES = 4096;

    private final VmResources resources;
    private final CpuModel model;
    private final Arena arena = Arena.ofShared();
    private final ExecutorService compiler =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().name("tcg-compiler").daemon().factory());
    private final CpuGroup group = new CpuGroup(WideExchange.ofHost());
    private final List<X86Cpu> cpus = new CopyOnWriteArrayList<>();
    private final Observation observation;

    private final Optional<HostCode> hostCode;

    private final Sampler sampler = new Sampler();

    /// The guest's time-stamp counter where it is not the machine's clock; or null.
    private final LongSupplier counter;

    TcgAccelerator(
            VmResources resources, CpuModel model, LongSupplier counter, Observation observation) {
        this.resources = resources;
        this.model = model;
        this.counter = counter;
        this.observation = observation;
        hostCode = MachineCode.ofHost();
        if (observation.tierTimes()) {
            sampler.start();
        }
        resources.memory().addListener(this);
    }

    @Override
    public String name() {
        return TcgProvider.NAME;
    }

    @Override
    public Optional<String> cpu() {
        return Optional.of(resources.cpu().isEmpty() ? CpuModels.DEFAULT : resources.cpu());
    }

    @Override
    public Optional<IrqChip> kernelIrqChip() {
        return Optional.empty();
    }

    @Override
    public TranslatedVcpu createVcpu(int id, InterruptSource interrupts) {
        X86Cpu cpu =
                new X86Cpu(
                        model,
                        resources.memory(),
                        resources.ports(),
                        resources.clock(),
                        interrupts,
                        arena);
        cpu.join(group, resources.vcpus() > 1);
        cpu.place(id, resources.vcpus());
        if (counter != null) {
            cpu.useCounter(counter);
        }
        if (!Boolean.getBoolean(INTERPRET_ONLY)) {
            cpu.regions =
                    new Regions(
                            cpu,
                            Boolean.getBoolean(COMPILE_AT_ONCE) ? Runnable::run : compiler,
                            X86Cpu.ZERO);
            if (!Boolean.getBoolean(COMPILE_AT_ONCE)) {
                cpu.regions.warmUp();
            }
        }
        hostCode.ifPresent(host -> cpu.machine = new MachineCode(cpu, host, X86Cpu.ZERO, arena));
        sampler.add(cpu);
        cpu.observe(id, observation.accesses());
        if (observation.verify() > 0) {
            cpu.verify(observation.verify());
        }
        if (observation.trace() != null) {
            cpu.trace(observation.trace(), id);
        }
        cpus.add(cpu);
        return new X86Vcpu(
                id,
                cpu,
                sampler,
                () -> {
                    cpus.remove(cpu);
                    group.remove(cpu);
                });
    }

    @Override
    public void noticeStores(long hvaPage) {
        cpus.forEach(each -> each.protectHostPage(hvaPage));
    }

    @Override
    public void added(Region region) {
        cpus.forEach(X86Cpu::mapChanged);
    }

    @Override
    public void removed(Region region) {
        cpus.forEach(X86Cpu::mapChanged);
        if (region instanceof Region.Ram) {
            cpus.forEach(cpu -> cpu.codeGone(region.gpa(), region.end()));
        }
    }

    @Override
    public void written(long gpa, int readers) {
        if ((readers & DirtyPages.CODE) != 0) {
            cpus.forEach(cpu -> cpu.codeWritten(gpa & -PAGE_BYTES, PAGE_BYTES));
        }
    }

    @Override
    public void close() {
        sampler.stop();
        compiler.shutdownNow();
        resources.memory().removeListener(this);
        arena.close();
    }
}
