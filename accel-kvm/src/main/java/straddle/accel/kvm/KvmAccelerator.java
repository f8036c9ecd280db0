package straddle.accel.kvm;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.VmResources;
import straddle.core.irq.InterruptSource;
import straddle.core.irq.IrqChip;
import straddle.core.memory.Region;
import straddle.core.vcpu.TranslatedVcpu;
import straddle.core.vcpu.Vcpu;
import straddle.host.HostException;

/// One VM under KVM.
final class KvmAccelerator implements Accelerator {
    private final VmResources resources;

    /// Linux's tick takes 3 ms and more of an interpreted kernel, and comes every 4 ms.
    private static final long INTERPRETED_SPACING_NANOS = 30_000_000;

    private final KvmVm vm;
    private final Arena arena;
    private final MemorySlots slots;
    private final KvmIrqChip irqChip;
    private final List<CpuidEntry> supported;
    private final KvmVcpu.Setting setting;
    private final Rescuer rescuer;
    private boolean closed;

    /// Takes over the device.
    ///
    /// @param losesSyscalls whether this host's KVM needs a [SyscallTrap]
    static KvmAccelerator create(KvmDevice device, VmResources resources, boolean losesSyscalls)
            throws AcceleratorException {
        KvmVm vm = KvmVm.create(device);
        Arena arena = Arena.ofShared();
        try {
            return new KvmAccelerator(vm, arena, resources, losesSyscalls);
        } catch (HostException e) {
            vm.close();
            arena.close();
            throw KvmRefusal.of(e);
        }
    }

    private KvmAccelerator(KvmVm vm, Arena arena, VmResources resources, boolean losesSyscalls)
            throws HostException {
        this.arena = arena;
        this.vm = vm;
        this.resources = resources;
        supported = vm.device().supportedCpuid();
        List<Integer> msrs = vm.device().msrIndices();
        if (resources.wantKernelIrqChip()) {
            vm.createIrqChipAndPit();
            irqChip = new KvmIrqChip(vm, arena);
        } else {
            irqChip = null;
        }
        slots = MemorySlots.following(resources.memory(), vm);
        rescuer = new Rescuer(resources.afresh());
        setting =
                new KvmVcpu.Setting(
                        vm,
                        rescuer,
                        slots,
                        resources.memory(),
                        resources.ports(),
                        resources.wantKernelIrqChip(),
                        losesSyscalls,
                        0,
                        msrs);
    }

    @Override
    public String name() {
        return KvmProvider.NAME;
    }

    @Override
    public Optional<String> cpu() {
        return resources.wantsCommonCpu() ? Optional.of(resources.cpu()) : Optional.empty();
    }

    /// A KVM that loses SYSCALLs interprets kernels.
    @Override
    public long timerSpacing() {
        return setting.losesSyscalls() ? INTERPRETED_SPACING_NANOS : 0;
    }

    @Override
    public Optional<IrqChip> kernelIrqChip() {
        return Optional.ofNullable(irqChip);
    }

    @Override
    public Vcpu createVcpu(int id, InterruptSource interrupts) throws AcceleratorException {
        return createVcpu(
                id,
                interrupts,
                resources.wantsCommonCpu() ? commonCpuid(id, interrupts) : cpuid(id));
    }

    /// The translator's answers: what all engines can show.
    private List<CpuidEntry> commonCpuid(int id, InterruptSource interrupts)
            throws AcceleratorException {
        TranslatedVcpu translated =
                rescuer.vcpu(id, interrupts)
                        .orElseThrow(() ->
                                new AcceleratorException(
                                        "The processor '%s' is the translator's, which is not part of this installation."
                                                .formatted(VmResources.COMMON_CPU)));
        try {
            return CpuidModel.common(translated);
        } finally {
            translated.close();
        }
    }

    /// With other answers of CPUID than a machine's.
    KvmVcpu createVcpu(int id, InterruptSource interrupts, List<CpuidEntry> shown)
            throws AcceleratorException {
        try {
            slots.check();
            KvmVcpu vcpu = KvmVcpu.create(id, setting, interrupts, shown);
            if (irqChip != null) {
                irqChip.attach(vcpu);
            }
            return vcpu;
        } catch (HostException e) {
            throw KvmRefusal.of(e);
        }
    }

    /// What CPUID answers on a machine's vCPU.
    List<CpuidEntry> cpuid(int id) {
        return CpuidModel.of(supported, id, resources.vcpus(), irqChip != null);
    }

    @Override
    public void logWrites(Region.Ram region, boolean on) throws AcceleratorException {
        slots.logWrites(region, on);
    }

    @Override
    public void collectWrites(Region.Ram region) throws AcceleratorException {
        slots.collectWrites(region);
    }

    /// The VM itself, for tests of what only KVM has.
    KvmVm vm() {
        return vm;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            rescuer.close();
            slots.close();
            vm.close();
            arena.close();
        }
    }
}
