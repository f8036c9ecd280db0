package straddle.devices.irq;

import straddle.core.bus.ByteDevice;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.Device;

/// One 8259A programmable interrupt controller (Intel 8259A datasheet, order 231468, December 1988),
/// with a register that makes single inputs level-triggered (ELCR: 82371SB datasheet, 4.1.4.2).
///
/// An edge stays latched until it is acknowledged, even if the input falls meanwhile. MCS-80/85 mode is not modelled.
/// Not thread-safe: callers hold the machine lock.
final class Pic8259 implements ByteDevice, Device {
    private static final int ICW1_INIT = 1 << 4;
    private static final int ICW1_LTIM = 1 << 3;
    private static final int ICW1_SNGL = 1 << 1;
    private static final int ICW1_IC4 = 1;

    private static final int ICW4_SFNM = 1 << 4;
    private static final int ICW4_AEOI = 1 << 1;

    private static final int OCW3 = 1 << 3;
    private static final int OCW3_ESMM = 1 << 6;
    private static final int OCW3_SMM = 1 << 5;
    private static final int OCW3_P = 1 << 2;
    private static final int OCW3_RR = 1 << 1;
    private static final int OCW3_RIS = 1;

    /// Of a poll's answer: there is a request.
    private static final int POLL_REQUEST = 0x80;

    private static final int SPURIOUS = 7;
    private static final int NONE = -1;

    /// Which initialization command word a write to the data port would be.
    private static final int READY = 0;

    /// The inputs that a second chip is wired to: a bit each.
    private final int cascade;

    /// The inputs whose trigger ELCR can choose.
    private final int elcrMask;

    /// Who sees INT, the chip's output.
    private final Runnable intChanged;

    private int inputs;
    private int edges;
    private int isr;
    private int imr;
    private int elcr;
    private int vectorBase;
    private int nextIcw;
    private int icw1;
    private int icw4;

    /// The input with the lowest priority; the one after it has the highest.
    private int lowest;

    private boolean rotateOnAutoEoi;
    private boolean specialMask;
    private boolean readIsr;
    private boolean polled;

    Pic8259(int cascade, int elcrMask, Runnable intChanged) {
        this.cascade = cascade;
        this.elcrMask = elcrMask;
        this.intChanged = intChanged;
        clear();
    }

    @Override
    public void reset() {
        clear();
        intChanged.run();
    }

    private void clear() {
        inputs = 0;
        elcr = 0;
        vectorBase = 0;
        initialize(0);
        nextIcw = READY;
        imr = 0xff; // undefined on the chip; so nothing comes with a vector that nobody has set
    }

    void setInput(int input, boolean high) {
        int bit = 1 << input;
        if (high) {
            edges |= bit & ~inputs;
            inputs |= bit;
        } else {
            inputs &= ~bit;
        }
        intChanged.run();
    }

    /// Whether INT is active.
    boolean isRequesting() {
        return request() != NONE;
    }

    /// The interrupt-acknowledge cycle: the input taken, or 7 with no bit in service when the request has gone.
    int acknowledge() {
        int input = request();
        if (input == NONE) {
            return SPURIOUS;
        }
        take(input);
        return input;
    }

    int vector(int input) {
        return vectorBase | input;
    }

    boolean isCascade(int input) {
        return (cascade >>> input & 1) != 0;
    }

    private void take(int input) {
        edges &= ~(1 << input);
        if ((icw4 & ICW4_AEOI) == 0) {
            isr |= 1 << input;
        } else if (rotateOnAutoEoi) {
            lowest = input;
        }
        intChanged.run();
    }

    /// IRR: what asks, masked or not.
    private int irr() {
        int level = (icw1 & ICW1_LTIM) != 0 ? 0xff : elcr;
        return inputs & level | edges & ~level;
    }

    /// The input whose request passes mask and priorities, or none.
    private int request() {
        int requests = irr() & ~imr;
        if (requests == 0) {
            return NONE;
        }
        int input = mostUrgent(requests);
        int blocking = isr & ~(specialMask ? imr : 0);
        if ((icw4 & ICW4_SFNM) != 0 && isCascade(input)) {
            blocking &= ~cascade;
        }
        return blocking == 0 || rank(input) < rank(mostUrgent(blocking)) ? input : NONE;
    }

    private int mostUrgent(int bits) {
        for (int i = 1; i <= 8; i++) {
            int input = lowest + i & 7;
            if ((bits >>> input & 1) != 0) {
                return input;
            }
        }
        return NONE;
    }

    /// 0 for the highest priority, 7 for the lowest.
    private int rank(int input) {
        return input - lowest - 1 & 7;
    }

    @Override
    public int read(int offset) {
        if (polled) {
            polled = false;
            int input = request();
            if (input == NONE) {
                return SPURIOUS;
            }
            take(input);
            return POLL_REQUEST | input;
        }
        if ((offset & 1) != 0) {
            return imr;
        }
        return readIsr ? isr : irr();
    }

    @Override
    public void write(int offset, int value) {
        if ((offset & 1) != 0) {
            writeData(value);
        } else if ((value & ICW1_INIT) != 0) {
            initialize(value);
        } else if ((value & OCW3) != 0) {
            writeOcw3(value);
        } else {
            writeOcw2(value);
        }
        intChanged.run();
    }

    /// ICW1 clears what is listed under "Initialization command words 1 and 2".
    private void initialize(int value) {
        icw1 = value;
        icw4 = 0;
        edges = 0;
        isr = 0;
        imr = 0;
        lowest = 7;
        rotateOnAutoEoi = false;
        specialMask = false;
        readIsr = false;
        polled = false;
        nextIcw = 2;
    }

    private void writeData(int value) {
        switch (nextIcw) {
            case 2 -> {
                vectorBase = value & 0xf8;
                nextIcw = (icw1 & ICW1_SNGL) == 0 ? 3 : afterIcw3();
            }
            case 3 -> nextIcw = afterIcw3(); // the wiring is the board's, whatever the guest says
            case 4 -> {
                icw4 = value & 0x1f;
                nextIcw = READY;
            }
            default -> imr = value;
        }
    }

    private int afterIcw3() {
        return (icw1 & ICW1_IC4) != 0 ? 4 : READY;
    }

    /// The eight commands of OCW2's bits R, SL and EOI (figure 8).
    private void writeOcw2(int value) {
        int named = value & 7;
        switch (value >>> 5) {
            case 0b000 -> rotateOnAutoEoi = false;
            case 0b001 -> endOfInterrupt();
            case 0b011 -> isr &= ~(1 << named);
            case 0b100 -> rotateOnAutoEoi = true;
            case 0b101 -> {
                int ended = endOfInterrupt();
                lowest = ended == NONE ? lowest : ended;
            }
            case 0b110 -> lowest = named;
            case 0b111 -> {
                isr &= ~(1 << named);
                lowest = named;
            }
            default -> {} // 010: no operation
        }
    }

    /// Ends the most urgent interrupt in service; one that special mask mode masks stays.
    private int endOfInterrupt() {
        int input = mostUrgent(isr & ~(specialMask ? imr : 0));
        if (input != NONE) {
            isr &= ~(1 << input);
        }
        return input;
    }

    private void writeOcw3(int value) {
        if ((value & OCW3_ESMM) != 0) {
            specialMask = (value & OCW3_SMM) != 0;
        }
        if ((value & OCW3_P) != 0) {
            polled = true;
        } else if ((value & OCW3_RR) != 0) {
            readIsr = (value & OCW3_RIS) != 0;
        }
    }

    /// The chip's edge/level control register, at a port of its own.
    ByteDevice elcr() {
        return new ByteDevice() {
            @Override
            public int read(int offset) {
                return elcr;
            }

            @Override
            public void write(int offset, int value) {
                elcr = value & elcrMask;
                intChanged.run();
            }
        };
    }

    /// Which inputs ask, are masked and are in service, in a line.
    String describe(int firstLine) {
        return "asking %s, masked %s, in service %s; vectors 0x%02x to 0x%02x%n"
                .formatted(
                        lines(irr(), firstLine),
                        lines(imr, firstLine),
                        lines(isr, firstLine),
                        vectorBase,
                        vectorBase + 7);
    }

    private static String lines(int bits, int firstLine) {
        if (bits == 0xff) {
            return "all";
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 8; i++) {
            if ((bits >>> i & 1) != 0) {
                text.append(text.isEmpty() ? "" : " ").append(firstLine + i);
            }
        }
        return text.isEmpty() ? "none" : text.toString();
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("inputs", inputs);
        out.putInt("edges", edges);
        out.putInt("isr", isr);
        out.putInt("imr", imr);
        out.putInt("elcr", elcr);
        out.putInt("vectorBase", vectorBase);
        out.putInt("nextIcw", nextIcw);
        out.putInt("icw1", icw1);
        out.putInt("icw4", icw4);
        out.putInt("lowest", lowest);
        out.putBoolean("rotateOnAutoEoi", rotateOnAutoEoi);
        out.putBoolean("specialMask", specialMask);
        out.putBoolean("readIsr", readIsr);
        out.putBoolean("polled", polled);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        inputs = in.getInt("inputs", 0, 0xff);
        edges = in.getInt("edges", 0, 0xff);
        isr = in.getInt("isr", 0, 0xff);
        imr = in.getInt("imr", 0, 0xff);
        elcr = in.getInt("elcr", 0, 0xff) & elcrMask;
        vectorBase = in.getInt("vectorBase", 0, 0xff);
        nextIcw = in.getInt("nextIcw", 0, 4);
        icw1 = in.getInt("icw1", 0, 0xff);
        icw4 = in.getInt("icw4", 0, 0x1f);
        lowest = in.getInt("lowest", 0, 7);
        rotateOnAutoEoi = in.getBoolean("rotateOnAutoEoi");
        specialMask = in.getBoolean("specialMask");
        readIsr = in.getBoolean("readIsr");
        polled = in.getBoolean("polled");
        intChanged.run();
    }
}
