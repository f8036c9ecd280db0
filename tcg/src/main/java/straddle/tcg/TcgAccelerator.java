package straddle.tcg;

import java.lang.foreign.Arena;
import java.util.Optional;
import java.util.function.LongSupplier;
import straddle.core.accel.Observation;
import straddle.core.accel.Translator;
import straddle.core.accel.VmResources;
import straddle.core.irq.InterruptSource;
import straddle.core.irq.IrqChip;
import straddle.core.memory.MemoryListener;
import straddle.core.memory.Region;
import straddle.core.memory.WideExchange;
import straddle.core.vcpu.TranslatedVcpu;
import straddle.tcg.x86.CpuModel;
import straddle.tcg.x86.CpuModels;
import straddle.tcg.x86.X86Cpu;
import straddle.tcg.x86.X86Vcpu;

/// The translator at work for one VM.
final class TcgAccelerator implements Translator, MemoryListener {
    private final VmResources resources;
    private final CpuModel model;
    private final Arena arena = Arena.ofShared();
    private final CpuGroup group = new CpuGroup(WideExchange.ofHost());
    private final Tiers tiers = new Tiers(arena, X86Cpu.ZERO);
    private final Observation observation;

    private final Sampler sampler = new Sampler();

    /// The guest's time-stamp counter where it is not the machine's clock; or null.
    private final LongSupplier counter;

    TcgAccelerator(
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
        tiers.serve(cpu);
        sampler.add(cpu);
        cpu.observe(id, observation.accesses());
        if (observation.verify() > 0) {
            cpu.verify(observation.verify());
        }
        if (observation.trace() != null) {
            cpu.trace(observation.trace(), id);
        }
        return new X86Vcpu(id, cpu, sampler, () -> group.remove(cpu));
    }

    @Override
    public void noticeStores(long hvaPage) {
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

    @Override
    public void close() {
        sampler.stop();
        tiers.close();
        resources.memory().removeListener(this);
        arena.close();
    }
}
