package straddle.devices.irq;

import java.util.Objects;
import straddle.core.bus.ByteDevice;
import straddle.core.bus.MachineLock;
import straddle.core.irq.InterruptSource;
import straddle.core.irq.IrqChip;
import straddle.core.irq.IrqLine;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.Device;

/// The two 8259As of a PC, the second on the first one's IRQ 2, as an interrupt chip for one processor.
///
/// Lines 0 to 15 but 2, which goes nowhere. IRQ 0, 1, 2, 8 and 13 are always edge-triggered. Registers
/// and lines are for callers under the machine lock; `pending()` reads one volatile field.
public final class PicPair implements IrqChip, Device {
    private static final int CASCADE = 2;
    private static final int LINES = 16;

    private final MachineLock lock;
    private final Pic8259 first;
    private final Pic8259 second;
    private volatile boolean intr;
    private PendingListener listener = _ -> {};

    public PicPair(MachineLock lock) {
        this.lock = Objects.requireNonNull(lock);
        first = new Pic8259(1 << CASCADE, 0xf8, this::firstChanged);
        second = new Pic8259(0, 0xde, this::secondChanged);
    }

    private void firstChanged() {
        boolean before = intr;
        intr = first.isRequesting();
        if (intr && !before) {
            listener.pending(0);
        }
    }

    private void secondChanged() {
        first.setInput(CASCADE, second.isRequesting());
    }

    /// Command and data port of the first chip: 0x20.
    public ByteDevice firstPorts() {
        return first;
    }

    /// Command and data port of the second chip: 0xa0.
    public ByteDevice secondPorts() {
        return second;
    }

    /// The first chip's edge/level control: 0x4d0.
    public ByteDevice firstElcr() {
        return first.elcr();
    }

    /// The second chip's edge/level control: 0x4d1.
    public ByteDevice secondElcr() {
        return second.elcr();
    }

    @Override
    public IrqLine line(int gsi) {
        if (gsi < 0 || gsi >= LINES) {
            throw new IllegalArgumentException("The PIC pair has no input " + gsi);
        }
        if (gsi == CASCADE) {
            return IrqLine.UNCONNECTED;
        }
        return gsi < 8 ? high -> first.setInput(gsi, high) : high -> second.setInput(gsi - 8, high);
    }

    @Override
    public InterruptSource source(int vcpu) {
        return vcpu != 0
                ? InterruptSource.NONE
                : new InterruptSource() {
                    @Override
                    public boolean pending() {
                        return intr;
                    }

                    @Override
                    public int acknowledge() {
                        return PicPair.this.acknowledge();
                    }
                };
    }

    /// The processor's acknowledge cycle: always a vector, a spurious one (input 7 of a chip) if the
    /// request has gone meanwhile.
    private int acknowledge() {
        lock.lock();
        try {
            int input = first.acknowledge();
            return first.isCascade(input) ? acknowledgeSecond() : first.vector(input);
        } finally {
            lock.unlock();
        }
    }

    /// The second chip's INT falls during its acknowledge cycle: what else it has makes an edge anew.
    private int acknowledgeSecond() {
        int input = second.acknowledge();
        first.setInput(CASCADE, false);
        secondChanged();
        return second.vector(input);
    }

    @Override
    public void onPending(PendingListener newListener) {
        listener = Objects.requireNonNull(newListener);
    }

    @Override
    public void reset() {
        first.reset();
        second.reset();
    }

    /// The state of both chips, in lines for a reader. Under the machine lock.
    public String describe() {
        return "PIC 1: " + first.describe(0) + "PIC 2: " + second.describe(LINES / 2);
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putSection("first", 1, first);
        out.putSection("second", 1, second);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        second.restore(in.section("second"));
        first.restore(in.section("first"));
    }
}
