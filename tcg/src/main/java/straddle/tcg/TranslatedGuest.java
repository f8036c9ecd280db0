package straddle.tcg;

import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import straddle.core.accel.Observation;
import straddle.core.accel.VmResources;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.MemoryListener;
import straddle.core.memory.Region;
import straddle.core.memory.WideExchange;
import straddle.tcg.x86.CpuModel;
import straddle.tcg.x86.X86Cpu;
import straddle.tcg.x86.X86Vcpu;

/// What the translator has of one VM: its processors, and what it made of their code.
///
/// Engines that follow each other share it ([TcgAccelerator#share]), as what they would leave behind and make again, some
/// megabytes each time, has the guest stand still while the JVM collects it. It is freed with the last of them.
final class TranslatedGuest implements MemoryListener {
    final VmResources resources;
    final Observation observation;
    private final CpuModel model;
    private final Arena arena = Arena.ofShared();
    private final CpuGroup group = new CpuGroup(WideExchange.ofHost());
    private final Tiers tiers = new Tiers(X86Cpu.ZERO);
    private final Sampler sampler = new Sampler();

    /// The guest's time-stamp counter where it is not the machine's clock; or null.
    private final LongSupplier counter;

    private final Map<Integer, Processor> processors = new HashMap<>();
    private final CodeSnapshot code = new CodeSnapshot();
    private int engines;

    /// One processor, and how many vCPUs of engines it is.
    private static final class Processor {
        final X86Cpu cpu;
        int vcpus;

        Processor(X86Cpu cpu) {
            this.cpu = cpu;
        }
    }

    TranslatedGuest(
            VmResources resources, CpuModel model, LongSupplier counter, Observation observation) {
        this.resources = resources;
        this.model = model;
        this.counter = counter;
        this.observation = observation;
        if (observation.tierTimes()) {
            sampler.start();
        }
        resources.memory().addListener(this);
    }

    /// An engine has it from now on.
    synchronized void open() {
        engines++;
    }

    /// An engine that had it has it no more.
    synchronized void close() {
        if (--engines == 0) {
            sampler.stop();
            tiers.close();
            resources.memory().removeListener(this);
            code.close();
            arena.close();
        }
    }

    /// Another vCPU that is the processor of that number.
    synchronized X86Vcpu vcpu(int id, InterruptSource interrupts) {
        Processor processor =
                processors.computeIfAbsent(id, _ -> new Processor(newCpu(id, interrupts)));
        processor.vcpus++;
        return new X86Vcpu(id, processor.cpu, sampler, () -> closeVcpu(id, processor));
    }

    private synchronized void closeVcpu(int id, Processor processor) {
        if (--processor.vcpus == 0) {
            processors.remove(id);
            group.remove(processor.cpu);
        }
    }

    /// Has the processors stay without a vCPU of an engine's.
    ///
    /// @return what lets go of them
    synchronized Runnable keepProcessors() {
        Map<Integer, Processor> kept = Map.copyOf(processors);
        kept.values().forEach(processor -> processor.vcpus++);
        return () -> kept.forEach(this::closeVcpu);
    }

    /// Stores to the guest's memory are not noticed from now on.
    void rest() {
        code.take(resources.memory());
    }

    /// They are again.
    void wake() {
        code.tellChanges(resources.memory());
    }

    private X86Cpu newCpu(int id, InterruptSource interrupts) {
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
        tiers.serve(cpu, arena);
        sampler.add(cpu);
        cpu.observe(id, observation.accesses());
        if (observation.verify() > 0) {
            cpu.verify(observation.verify());
        }
        if (observation.trace() != null) {
            cpu.trace(observation.trace(), id);
        }
        return cpu;
    }

    void noticeStores(long hvaPage) {
        group.protectHostPage(hvaPage);
    }

    @Override
    public void added(Region region) {
        group.mapChanged();
    }

    @Override
    public void removed(Region region) {
        group.removed(region);
    }

    @Override
    public void written(long gpa, int readers) {
        group.written(gpa, readers);
    }
}
