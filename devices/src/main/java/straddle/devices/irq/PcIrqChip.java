package straddle.devices.irq;

import static straddle.core.arch.x86.X86.MSR_APIC_BASE;
import static straddle.core.arch.x86.X86.MSR_TSC_DEADLINE;
import static straddle.core.arch.x86.X86.MSR_X2APIC;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.IntSupplier;
import straddle.core.bus.IoDevice;
import straddle.core.bus.MachineLock;
import straddle.core.irq.InterruptSource;
import straddle.core.irq.IrqChip;
import straddle.core.irq.IrqLine;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.time.VirtualClock;
import straddle.devices.Device;

/// A PC's interrupt controllers as one: the PIC pair, an I/O APIC and a local APIC a processor.
///
/// Lines 0 to 15 are the ISA IRQs and reach both the PIC pair and the I/O APIC's input of the same number, but for
/// IRQ 0, which is input 2 (the MADT says so); 16 to 23 are the I/O APIC's other inputs. The boot
/// processor starts in virtual-wire mode, as firmware leaves it.
public final class PcIrqChip implements IrqChip, Device {
    /// Bytes of the local APICs' register page.
    public static final int LOCAL_APIC_LENGTH = 0x1000;

    /// Bytes of the I/O APIC's registers.
    public static final int IO_APIC_LENGTH = IoApic.LENGTH;

    /// The input that the PIT's IRQ 0 is wired to.
    public static final int TIMER_INPUT = 2;

    private static final int ISA_LINES = 16;
    private static final int MSR_X2APIC_END = 0x840;

    private final MachineLock lock;
    private final PicPair pics;
    private final ApicBus bus;
    private final IoApic ioApic;
    private final List<LocalApic> apics = new ArrayList<>();
    private final List<InterruptSource> sources = new ArrayList<>();
    private final IntSupplier currentVcpu;
    private final ProcessorSignals signals;
    private final InterruptSource picSource;
    private PendingListener listener = _ -> {};

    /// @param tscHertz of the guest's time-stamp counter, which is 0 at the clock's 0
    /// @param currentVcpu the vCPU whose thread calls, for the local APICs share an address
    public PcIrqChip(
            VirtualClock clock,
            int vcpus,
            long tscHertz,
            IntSupplier currentVcpu,
            ProcessorSignals signals) {
        this.lock = clock.lock();
        this.currentVcpu = Objects.requireNonNull(currentVcpu);
        this.signals = Objects.requireNonNull(signals);
        pics = new PicPair(lock);
        picSource = pics.source(0);
        bus = new ApicBus(new BusListener());
        ioApic = new IoApic(bus);
        for (int i = 0; i < vcpus; i++) {
            LocalApic apic = new LocalApic(i, bus, clock, tscHertz);
            apics.add(apic);
            bus.add(apic);
            sources.add(new Source(apic));
        }
        apics.getFirst().connectVirtualWire();
        pics.onPending(_ -> picPending());
    }

    private final class BusListener implements ApicBus.Listener {
        @Override
        public void pending(int processor) {
            listener.pending(processor);
        }

        @Override
        public void endOfInterrupt(int vector) {
            lock.lock();
            try {
                ioApic.endOfInterrupt(vector);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void signals(int processor, ProcessorSignals.Kind kind, int vector) {
            signals.signal(processor, kind, vector);
        }
    }

    private void picPending() {
        for (LocalApic apic : apics) {
            if (apic.isExtIntOpen() && apic.id() == 0) {
                listener.pending(apic.id());
            } else {
                apic.lint0();
            }
        }
    }

    /// The two PICs, for their ports.
    public PicPair pics() {
        return pics;
    }

    /// The I/O APIC's registers: at 0xfec00000.
    public IoDevice ioApic() {
        return ioApic;
    }

    /// The local APICs' register page, each processor's own: at 0xfee00000.
    public IoDevice localApic() {
        return new IoDevice() {
            @Override
            public int widths() {
                return 4;
            }

            @Override
            public long read(int offset, int width) {
                LocalApic apic = current();
                return apic.isX2() || (offset & 0xf) != 0 ? 0 : apic.read(offset >>> 4);
            }

            @Override
            public void write(int offset, int width, long value) {
                LocalApic apic = current();
                if (!apic.isX2() && (offset & 0xf) == 0 && offset >>> 4 != LocalApic.SELF_IPI) {
                    apic.write(offset >>> 4, value);
                }
            }
        };
    }

    private LocalApic current() {
        return apics.get(Math.clamp(currentVcpu.getAsInt(), 0, apics.size() - 1));
    }

    /// A message-signalled interrupt, which a device sends as a memory write (SDM volume 3, 12.11). Under the machine lock.
    public void message(long address, int data) {
        int destination = (int) (address >>> 12) & 0xff | (int) (address >>> 40) << 8;
        boolean logical = (address & 1 << 2) != 0;
        bus.deliver(destination, logical, data >>> 8 & 7, data & 0xff, (data & 1 << 15) != 0);
    }

    @Override
    public IrqLine line(int gsi) {
        if (gsi < 0 || gsi >= IoApic.INPUTS) {
            throw new IllegalArgumentException("A PC has no interrupt input " + gsi);
        }
        if (gsi >= ISA_LINES) {
            return high -> ioApic.setInput(gsi, high);
        }
        IrqLine pic = pics.line(gsi);
        int input = gsi == 0 ? TIMER_INPUT : gsi;
        return high -> {
            pic.set(high);
            ioApic.setInput(input, high);
        };
    }

    @Override
    public InterruptSource source(int vcpu) {
        return sources.get(vcpu);
    }

    @Override
    public void onPending(PendingListener newListener) {
        listener = Objects.requireNonNull(newListener);
    }

    /// A processor's view of its local APIC and, through LINT0, of the PIC pair.
    private final class Source implements InterruptSource {
        private final LocalApic apic;

        Source(LocalApic apic) {
            this.apic = apic;
        }

        @Override
        public boolean pending() {
            return apic.isDeliverable() || isPicPending();
        }

        private boolean isPicPending() {
            return picSource.pending() && apic.isExtIntOpen() && apic.id() == 0;
        }

        @Override
        public int acknowledge() {
            int vector = apic.acknowledge();
            if (vector >= 0) {
                return vector;
            }
            lock.lock();
            try {
                return isPicPending() ? picSource.acknowledge() : -1;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public int taskPriority() {
            return apic.taskPriority();
        }

        @Override
        public void setTaskPriority(int cr8) {
            apic.setTaskPriority(cr8);
        }

        @Override
        public boolean hasMsr(int number) {
            return number == MSR_APIC_BASE
                    || number == MSR_TSC_DEADLINE
                    || number >= MSR_X2APIC && number < MSR_X2APIC_END && apic.isX2();
        }

        @Override
        public long readMsr(int number) {
            return switch (number) {
                case MSR_APIC_BASE -> apic.base();
                case MSR_TSC_DEADLINE -> apic.tscDeadline();
                default -> apic.read(number - MSR_X2APIC);
            };
        }

        @Override
        public boolean writeMsr(int number, long value) {
            int register = number - MSR_X2APIC;
            boolean ofTimer = number == MSR_TSC_DEADLINE || LocalApic.isOfTimer(register);
            if (ofTimer) {
                lock.lock();
            }
            try {
                return store(number, register, value);
            } finally {
                if (ofTimer) {
                    lock.unlock();
                }
            }
        }

        private boolean store(int number, int register, long value) {
            switch (number) {
                case MSR_APIC_BASE -> {
                    return apic.setBase(value);
                }
                case MSR_TSC_DEADLINE -> apic.setTscDeadline(value);
                default -> apic.write(register, value);
            }
            return true;
        }
    }

    @Override
    public void reset() {
        pics.reset();
        ioApic.reset();
        apics.forEach(LocalApic::reset);
        apics.getFirst().connectVirtualWire();
    }

    /// The state of all of them, in lines for a reader. Under the machine lock.
    public String describe() {
        StringBuilder text = new StringBuilder(pics.describe()).append(ioApic.describe());
        apics.forEach(apic -> text.append(apic.describe()));
        return text.toString();
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putSection("pics", 1, pics);
        out.putSection("ioApic", 1, ioApic);
        for (LocalApic apic : apics) {
            out.putSection("localApic" + apic.id(), 1, apic);
        }
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        pics.restore(in.section("pics"));
        ioApic.restore(in.section("ioApic"));
        for (LocalApic apic : apics) {
            apic.restore(in.section("localApic" + apic.id()));
        }
    }
}
