package straddle.accel.kvm;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.Translator;
import straddle.core.accel.VmResources;
import straddle.core.irq.InterruptSource;
import straddle.core.irq.IrqChip;
import straddle.core.memory.MemoryListener;
import straddle.core.memory.Region;
import straddle.core.vcpu.TranslatedVcpu;
import straddle.core.vcpu.Vcpu;
import straddle.host.HostException;
import straddle.linux.kvm.Kvm;

/// One VM of which user code runs under KVM and all else in the translator.
///
/// KVM has the guest's memory as slots, at the guest's addresses, and knows nothing of its devices: user code
/// that touches those leaves it.
final class HybridAccelerator implements Accelerator, MemoryListener {
    private final VmResources resources;
    private final Translator translator;
    private final KvmVm vm;
    private final Arena arena;
    private final MemorySlots slots;
    private final KvmVcpu.Setting setting;
    private final List<CpuidEntry> supported;
    private final WatchedTables watched;
    private final UserCodeHost host;
    private final int verify;

    /// Null where KVM has them with its vCPUs.
    private final ThreadSelectors selectors;

    private final List<HybridVcpu> vcpus = new CopyOnWriteArrayList<>();
    private final ForeignVectors vectors = new ForeignVectors();
    private boolean closed;

    /// What this host does with user code.
    ///
    /// @param exceptionMicros leaving it by an exception and entering it again, in µs
    /// @param systemCallMicros the same for a system call
    record UserCodeHost(
            double exceptionMicros, double systemCallMicros, ProtectedMode protectedMode) {}

    /// What becomes of 32-bit and 16-bit user code.
    enum ProtectedMode {
        /// As on a host whose KVM would interpret it.
        TRANSLATED,

        /// KVM interprets it, which lacks many instructions: for tests.
        INTERPRETED,

        NATIVE
    }

    /// Takes over the device and the translator.
    ///
    /// @param verify of how many in a hundred native slices the interpreter checks
    static HybridAccelerator create(
            KvmDevice device,
            Translator translator,
            VmResources resources,
            UserCodeHost host,
            int verify)
            throws AcceleratorException {
        KvmVm vm = KvmVm.create(device);
        Arena arena = Arena.ofShared();
        try {
            return new HybridAccelerator(vm, arena, translator, resources, host, verify);
        } catch (HostException e) {
            vm.close();
            arena.close();
            throw KvmRefusal.of(e);
        } catch (AcceleratorException e) {
            vm.close();
            arena.close();
            throw e;
        }
    }

    private HybridAccelerator(
            KvmVm vm,
            Arena arena,
            Translator translator,
            VmResources resources,
            UserCodeHost host,
            int verify)
            throws HostException, AcceleratorException {
        selectors = ThreadSelectors.find();
        this.vm = vm;
        this.arena = arena;
        this.translator = translator;
        this.resources = resources;
        this.host = host;
        this.verify = verify;
        supported = vm.device().supportedCpuid();
        watched = new WatchedTables(resources.memory(), translator);
        slots = MemorySlots.following(resources.memory(), vm);
        resources.memory().addListener(this);
        setting =
                new KvmVcpu.Setting(
                        vm,
                        null,
                        slots,
                        resources.memory(),
                        resources.ports(),
                        false,
                        false,
                        Kvm.KVM_SYNC_X86_REGS() | Kvm.KVM_SYNC_X86_SREGS(),
                        vm.device().msrIndices());
    }

    @Override
    public String name() {
        return HybridProvider.NAME;
    }

    @Override
    public Optional<String> cpu() {
        return Optional.of(HybridProvider.cpu(resources));
    }

    /// Not where the interpreter checks what the processor does: that keeps more of its state than a guest has.
    @Override
    public Optional<Translator> translator() {
        return verify > 0 ? Optional.empty() : translator.translator();
    }

    @Override
    public void retire() {
        vcpus.forEach(HybridVcpu::retire);
    }

    @Override
    public Optional<IrqChip> kernelIrqChip() {
        return Optional.empty();
    }

    @Override
    public Vcpu createVcpu(int id, InterruptSource interrupts) throws AcceleratorException {
        TranslatedVcpu soft = translator.createVcpu(id, interrupts);
        try {
            slots.check();
            KvmVcpu kvm =
                    KvmVcpu.create(
                            id,
                            setting,
                            InterruptSource.NONE,
                            CpuidModel.of(supported, id, resources.vcpus(), false));
            UserTables tables =
                    new UserTables(
                            resources.memory(),
                            watched,
                            TablePool.of(vm, id, arena),
                            vectors::forget);
            HybridVcpu vcpu =
                    new HybridVcpu(
                            new HybridVcpu.Parts(
                                    soft,
                                    kvm,
                                    tables,
                                    new Governor(host.exceptionMicros(), host.systemCallMicros()),
                                    interrupts,
                                    this::protect,
                                    vectors,
                                    selectors == null ? null : selectors.another(),
                                    host.protectedMode(),
                                    resources.memory(),
                                    verify));
            vcpus.add(vcpu);
            return vcpu;
        } catch (HostException e) {
            soft.close();
            throw KvmRefusal.of(e);
        }
    }

    private void protect(long gpa) {
        vcpus.forEach(vcpu -> vcpu.protect(gpa));
    }

    @Override
    public void tableWritten(long gpa, long length) {
        for (HybridVcpu vcpu : vcpus) {
            vcpu.tableWritten(gpa, length);
        }
    }

    @Override
    public void added(Region region) {}

    @Override
    public void removed(Region region) {
        vcpus.forEach(HybridVcpu::forgetMap);
    }

    @Override
    public void logWrites(Region.Ram region, boolean on) throws AcceleratorException {
        slots.logWrites(region, on);
    }

    @Override
    public void collectWrites(Region.Ram region) throws AcceleratorException {
        slots.collectWrites(region);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            resources.memory().removeListener(this);
            slots.close();
            vm.close();
            translator.close();
            arena.close();
        }
    }
}
