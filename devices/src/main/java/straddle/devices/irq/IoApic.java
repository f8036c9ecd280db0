package straddle.devices.irq;

import straddle.core.bus.IoDevice;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.Device;

/// 82093AA I/O APIC (Intel datasheet, order 290566, May 1996) with 24 inputs.
///
/// Levels are logical, so the polarity bit is stored without effect. ExtINT and SMI entries deliver nothing.
/// Not thread-safe: callers hold the machine lock.
final class IoApic implements IoDevice, Device {
    static final int INPUTS = 24;

    /// Bytes of address space.
    static final int LENGTH = 0x20;

    private static final int IOREGSEL = 0x00;
    private static final int IOWIN = 0x10;

    private static final int IOAPICID = 0;
    private static final int IOAPICVER = 1;
    private static final int IOAPICARB = 2;
    private static final int IOREDTBL = 0x10;

    private static final int VERSION = 0x11;

    private static final long LOGICAL = 1 << 11;
    private static final long DELIVERY_STATUS = 1 << 12;
    private static final long REMOTE_IRR = 1 << 14;
    private static final long LEVEL = 1 << 15;
    private static final long MASKED = 1 << 16;
    private static final long READ_ONLY = DELIVERY_STATUS | REMOTE_IRR;
    private static final long WRITABLE = 0xff00_0000_0001_ffffL & ~READ_ONLY;

    private final ApicBus bus;
    private final long[] entries = new long[INPUTS];
    private int inputs;
    private int select;
    private int id;

    IoApic(ApicBus bus) {
        this.bus = bus;
        reset();
    }

    @Override
    public void reset() {
        java.util.Arrays.fill(entries, MASKED);
        select = 0;
        id = 0;
    }

    void setInput(int input, boolean high) {
        int bit = 1 << input;
        boolean rises = high && (inputs & bit) == 0;
        inputs = high ? inputs | bit : inputs & ~bit;
        if (rises) {
            service(input, true);
        }
    }

    /// Delivers what an input asks, if its entry lets it. An edge at a masked input is lost (3.2.4).
    private void service(int input, boolean edge) {
        long entry = entries[input];
        boolean level = (entry & LEVEL) != 0;
        if ((entry & MASKED) != 0
                || (inputs >>> input & 1) == 0
                || (level ? (entry & REMOTE_IRR) != 0 : !edge)) {
            return;
        }
        if (level) {
            entries[input] |= REMOTE_IRR;
        }
        int mode = (int) (entry >>> 8) & 7;
        bus.deliver((int) (entry >>> 56), (entry & LOGICAL) != 0, mode, (int) entry & 0xff, level);
    }

    /// A processor has finished a level-triggered interrupt: who still asks, asks again.
    void endOfInterrupt(int vector) {
        for (int i = 0; i < INPUTS; i++) {
            if ((entries[i] & (REMOTE_IRR | LEVEL)) == (REMOTE_IRR | LEVEL)
                    && (entries[i] & 0xff) == vector) {
                entries[i] &= ~REMOTE_IRR;
                service(i, false);
            }
        }
    }

    @Override
    public int widths() {
        return 4;
    }

    @Override
    public long read(int offset, int width) {
        return switch (offset) {
            case IOREGSEL -> select;
            case IOWIN -> readRegister();
            default -> 0;
        };
    }

    @Override
    public void write(int offset, int width, long value) {
        switch (offset) {
            case IOREGSEL -> select = (int) value & 0xff;
            case IOWIN -> writeRegister(value);
            default -> {}
        }
    }

    private long readRegister() {
        return switch (select) {
            case IOAPICID, IOAPICARB -> (long) id << 24;
            case IOAPICVER -> VERSION | INPUTS - 1 << 16;
            default -> {
                int entry = select - IOREDTBL >> 1;
                if (entry < 0 || entry >= INPUTS) {
                    yield 0;
                }
                yield (select & 1) == 0 ? entries[entry] & 0xffff_ffffL : entries[entry] >>> 32;
            }
        };
    }

    private void writeRegister(long value) {
        if (select == IOAPICID) {
            id = (int) (value >>> 24) & 0xf;
            return;
        }
        int entry = select - IOREDTBL >> 1;
        if (entry < 0 || entry >= INPUTS) {
            return;
        }
        long before = entries[entry];
        long whole =
                (select & 1) == 0
                        ? before & ~0xffff_ffffL | value
                        : before & 0xffff_ffffL | value << 32;
        entries[entry] = whole & WRITABLE | before & READ_ONLY;
        if ((entries[entry] & LEVEL) == 0) {
            entries[entry] &= ~REMOTE_IRR; // as hardware: switching to edge forgets it
        }
        service(entry, false);
    }

    /// The inputs that are in use, a line each.
    String describe() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < INPUTS; i++) {
            long entry = entries[i];
            boolean high = (inputs >>> i & 1) != 0;
            if (entry != MASKED || high) {
                text.append(
                        "I/O APIC input %2d: vector 0x%02x to %s %d, %s%s%s%s%n"
                                .formatted(
                                        i,
                                        entry & 0xff,
                                        (entry & LOGICAL) != 0 ? "logical" : "APIC",
                                        entry >>> 56,
                                        (entry & LEVEL) != 0 ? "level" : "edge",
                                        (entry & MASKED) != 0 ? ", masked" : "",
                                        high ? ", asks" : "",
                                        (entry & REMOTE_IRR) != 0 ? ", in service" : ""));
            }
        }
        return text.isEmpty() ? "I/O APIC: all inputs are masked\n" : text.toString();
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putLongs("entries", entries);
        out.putInt("inputs", inputs);
        out.putInt("select", select);
        out.putInt("id", id);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        System.arraycopy(in.getLongs("entries", INPUTS), 0, entries, 0, INPUTS);
        inputs = in.getInt("inputs", 0, (1 << INPUTS) - 1);
        select = in.getInt("select", 0, 0xff);
        id = in.getInt("id", 0, 0xf);
    }
}
