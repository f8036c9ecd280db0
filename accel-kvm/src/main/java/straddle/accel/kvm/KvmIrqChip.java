package straddle.accel.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import straddle.core.irq.InterruptSource;
import straddle.core.irq.IrqChip;
import straddle.core.irq.IrqLine;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.host.Descriptor;
import straddle.host.HostException;
import straddle.linux.kvm.Kvm;
import straddle.linux.kvm.kvm_irq_level;
import straddle.linux.kvm.kvm_irqchip;
import straddle.linux.kvm.kvm_lapic_state;
import straddle.linux.kvm.kvm_pit_state2;

/// KVM's in-kernel PIC pair, I/O APIC and PIT, and the local APIC of each vCPU.
final class KvmIrqChip implements IrqChip {
    private static final int PINS = Kvm.KVM_IOAPIC_NUM_PINS();
    private static final String[] CHIPS = {"picMaster", "picSlave", "ioApic"};

    private final KvmVm vm;
    private final Line[] lines = new Line[PINS];
    private final List<KvmVcpu> vcpus = new CopyOnWriteArrayList<>();

    KvmIrqChip(KvmVm vm, Arena arena) {
        this.vm = vm;
        for (int gsi = 0; gsi < PINS; gsi++) {
            MemorySegment request = kvm_irq_level.allocate(arena);
            kvm_irq_level.irq(request, gsi);
            lines[gsi] = new Line(request);
        }
    }

    /// One input, driven under the machine lock.
    private final class Line implements IrqLine {
        private final MemorySegment request;
        private boolean high;

        Line(MemorySegment request) {
            this.request = request;
        }

        @Override
        public void set(boolean high) {
            if (high != this.high) {
                this.high = high;
                drive();
            }
        }

        private void drive() {
            kvm_irq_level.level(request, high ? 1 : 0);
            int result = vm.ioctl(Kvm.KVM_IRQ_LINE(), request.address());
            if (result < 0) {
                throw new IllegalStateException("KVM_IRQ_LINE failed: errno " + -result);
            }
        }
    }

    void attach(KvmVcpu vcpu) {
        vcpus.add(vcpu);
    }

    @Override
    public IrqLine line(int gsi) {
        if (gsi < 0 || gsi >= PINS) {
            throw new IllegalArgumentException("there is no input " + gsi + ": 0 to " + (PINS - 1));
        }
        return lines[gsi];
    }

    @Override
    public InterruptSource source(int vcpu) {
        return InterruptSource.NONE;
    }

    /// Never called: KVM interrupts its vCPUs by itself.
    @Override
    public void onPending(PendingListener listener) {}

    @Override
    public void save(SnapshotWriter out) {
        try (Arena arena = Arena.ofConfined()) {
            for (int i = 0; i < CHIPS.length; i++) {
                MemorySegment chip = chip(i, arena);
                vm.ioctl("KVM_GET_IRQCHIP", Kvm.KVM_GET_IRQCHIP(), chip.address());
                out.putBytes(CHIPS[i], bytes(kvm_irqchip.chip(chip)));
            }
            MemorySegment pit = kvm_pit_state2.allocate(arena);
            vm.ioctl("KVM_GET_PIT2", Kvm.KVM_GET_PIT2(), pit.address());
            out.putBytes("pit", bytes(pit));
            out.putInt("vcpus", vcpus.size());
            MemorySegment lapic = kvm_lapic_state.allocate(arena);
            for (KvmVcpu vcpu : vcpus) {
                Descriptor descriptor = vcpu.descriptor();
                descriptor.ioctl("KVM_GET_LAPIC", Kvm.KVM_GET_LAPIC(), lapic.address());
                out.putBytes("localApic" + vcpu.id(), bytes(lapic));
            }
            for (int gsi = 0; gsi < PINS; gsi++) {
                out.putBoolean("line" + gsi, lines[gsi].high);
            }
        } catch (HostException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        try (Arena arena = Arena.ofConfined()) {
            for (int i = 0; i < CHIPS.length; i++) {
                MemorySegment chip = chip(i, arena);
                fill(kvm_irqchip.chip(chip), CHIPS[i], in);
                vm.ioctl("KVM_SET_IRQCHIP", Kvm.KVM_SET_IRQCHIP(), chip.address());
            }
            MemorySegment pit = kvm_pit_state2.allocate(arena);
            fill(pit, "pit", in);
            vm.ioctl("KVM_SET_PIT2", Kvm.KVM_SET_PIT2(), pit.address());
            in.getInt("vcpus", vcpus.size(), vcpus.size());
            MemorySegment lapic = kvm_lapic_state.allocate(arena);
            for (KvmVcpu vcpu : vcpus) {
                fill(lapic, "localApic" + vcpu.id(), in);
                Descriptor descriptor = vcpu.descriptor();
                descriptor.ioctl("KVM_SET_LAPIC", Kvm.KVM_SET_LAPIC(), lapic.address());
            }
            for (int gsi = 0; gsi < PINS; gsi++) {
                lines[gsi].high = in.getBoolean("line" + gsi);
            }
        } catch (HostException e) {
            throw new SnapshotException(e.getMessage(), e);
        }
    }

    private static MemorySegment chip(int id, Arena arena) {
        MemorySegment chip = kvm_irqchip.allocate(arena);
        chip.fill((byte) 0);
        kvm_irqchip.chip_id(chip, id);
        return chip;
    }

    private static byte[] bytes(MemorySegment segment) {
        return segment.toArray(ValueLayout.JAVA_BYTE);
    }

    private static void fill(MemorySegment to, String name, SnapshotReader in)
            throws SnapshotException {
        byte[] bytes = in.getBytes(name);
        if (bytes.length != to.byteSize()) {
            throw new SnapshotException(
                    "The snapshot's %s has %d bytes, not %d."
                            .formatted(name, bytes.length, to.byteSize()));
        }
        to.copyFrom(MemorySegment.ofArray(bytes));
    }
}
