package straddle.accel.kvm;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import straddle.core.accel.AcceleratorException;
import straddle.core.bus.PortBus;
import straddle.core.irq.InterruptSource;
import straddle.core.memory.MemoryListener;
import straddle.core.memory.Region;
import straddle.core.user.Frames;
import straddle.core.user.NativeProcessors;
import straddle.core.user.NativeVcpu;
import straddle.host.HostException;
import straddle.linux.kvm.Kvm;

/// A VM without a machine: its memory is the frames of Linux programs, and no code but theirs runs in it.
///
/// A frame's guest-physical address is its name. Those that KVM can't have, it has not: pages on them stay with the translator.
final class ProgramVm implements NativeProcessors, MemoryListener {
    /// Where KVM has pages of its own, and where [TablePool]'s begin.
    private static final long HOLE = 0xfe00_0000L;

    private static final long HOLE_END = 1L << 32;
    private static final long END = 1L << 38;

    /// Slots from here on are those of page tables.
    private static final int MOST_SLOTS = 200;

    private static final int MOST_VCPUS = 64;

    private final KvmVm vm;
    private final Arena arena = Arena.ofShared();
    private final Frames frames;
    private final MemorySlots slots;
    private final KvmVcpu.Setting setting;
    private final List<CpuidEntry> cpuid;
    private final AtomicInteger vcpus = new AtomicInteger();
    private int used;

    /// Frames from here on have no slot.
    private volatile long shown;

    /// Takes over the device.
    static ProgramVm create(KvmDevice device, Frames frames) throws AcceleratorException {
        KvmVm vm = KvmVm.create(device);
        try {
            return new ProgramVm(vm, frames);
        } catch (HostException e) {
            vm.close();
            throw KvmRefusal.of(e);
        }
    }

    private ProgramVm(KvmVm vm, Frames frames) throws HostException {
        this.vm = vm;
        this.frames = frames;
        cpuid = CpuidModel.of(vm.device().supportedCpuid(), 0, 1, false);
        slots = MemorySlots.none(vm);
        setting =
                new KvmVcpu.Setting(
                        vm,
                        null,
                        slots,
                        frames.space(),
                        new PortBus(frames.space().lock()),
                        false,
                        false,
                        Kvm.KVM_SYNC_X86_REGS() | Kvm.KVM_SYNC_X86_SREGS(),
                        vm.device().msrIndices());
        frames.space().addListener(this);
    }

    @Override
    public NativeVcpu newVcpu() throws AcceleratorException {
        int id = vcpus.getAndIncrement();
        if (id >= MOST_VCPUS) {
            throw new AcceleratorException("There are %d vCPUs already.".formatted(MOST_VCPUS));
        }
        try {
            KvmVcpu kvm = KvmVcpu.create(id, setting, InterruptSource.NONE, cpuid);
            return new ProgramVcpu(this, kvm, TablePool.of(vm, id, arena), frames);
        } catch (HostException e) {
            throw KvmRefusal.of(e);
        }
    }

    /// Whether KVM has a frame.
    boolean has(long frame) {
        return frame < shown && (frame < HOLE || frame >= HOLE_END);
    }

    // Frames come in blocks by ascending address, and stay.

    @Override
    public void added(Region region) {
        if (!(region instanceof Region.Ram ram) || ram.end() > END) {
            return;
        }
        boolean inHole = ram.gpa() < HOLE_END && ram.end() > HOLE;
        if (!inHole && used < MOST_SLOTS) {
            slots.add(ram);
            used++;
            shown = Math.max(shown, ram.end());
        }
    }

    @Override
    public void removed(Region region) {}

    @Override
    public void close() {
        frames.space().removeListener(this);
        vm.close();
        arena.close();
    }
}
