package straddle.devices.serial;

import java.util.ArrayDeque;
import java.util.Objects;
import straddle.core.bus.ByteDevice;
import straddle.core.irq.IrqLine;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.ByteSink;
import straddle.devices.Device;

/// PC16550D UART with FIFOs (National Semiconductor PC16550D datasheet, June 1995, section 8), as a
/// PC wires it: eight ports, the interrupt gated by MCR.OUT2, a terminal with DSR, CTS and DCD
/// asserted at the other end.
///
/// Characters take no time: LSR.THRE and LSR.TEMT read 1 unless the host takes no more for the moment, the
/// receiver's time-out interrupt comes at once, baud rate and parity are stored without effect. What the host
/// sends waits on the wire until there is room, so only a loopback can overrun.
/// Not thread-safe: callers hold the machine lock.
public final class Uart16550 implements ByteDevice, Device {
    /// Bytes of port space.
    public static final int LENGTH = 8;

    static final int RBR_THR = 0;
    static final int IER = 1;
    static final int IIR_FCR = 2;
    static final int LCR = 3;
    static final int MCR = 4;
    static final int LSR = 5;
    static final int MSR = 6;
    static final int SCR = 7;
    static final int DLL = 8;
    static final int DLM = 9;

    static final int IER_ERBFI = 1;
    static final int IER_ETBEI = 1 << 1;
    static final int IER_ELSI = 1 << 2;
    static final int IER_EDSSI = 1 << 3;

    static final int IIR_MODEM_STATUS = 0x0;
    static final int IIR_NONE = 0x1;
    static final int IIR_THR_EMPTY = 0x2;
    static final int IIR_DATA_AVAILABLE = 0x4;
    static final int IIR_LINE_STATUS = 0x6;
    static final int IIR_TIMEOUT = 0xc;
    static final int IIR_FIFOS_ENABLED = 0xc0;

    static final int FCR_ENABLE = 1;
    static final int FCR_RESET_RX = 1 << 1;
    static final int FCR_TRIGGER_SHIFT = 6;

    static final int LCR_DLAB = 1 << 7;

    static final int MCR_DTR = 1;
    static final int MCR_RTS = 1 << 1;
    static final int MCR_OUT1 = 1 << 2;
    static final int MCR_OUT2 = 1 << 3;
    static final int MCR_LOOP = 1 << 4;
    private static final int MCR_BITS = 0x1f;

    static final int LSR_DR = 1;
    static final int LSR_OE = 1 << 1;
    static final int LSR_FE = 1 << 3;
    static final int LSR_BI = 1 << 4;
    static final int LSR_THRE = 1 << 5;
    static final int LSR_TEMT = 1 << 6;

    static final int MSR_DCTS = 1;
    static final int MSR_DDSR = 1 << 1;
    static final int MSR_TERI = 1 << 2;
    static final int MSR_DDCD = 1 << 3;
    static final int MSR_CTS = 1 << 4;
    static final int MSR_DSR = 1 << 5;
    static final int MSR_RI = 1 << 6;
    static final int MSR_DCD = 1 << 7;

    private static final int FIFO_BYTES = 16;
    private static final int[] TRIGGER_LEVELS = {1, 4, 8, 14};
    private static final int RESET_DIVISOR = 12;

    /// Marks a break among received characters, whose value is then 0.
    private static final short BREAK = 0x100;

    private final IrqLine irq;
    private final ByteSink sink;
    private final ArrayDeque<Short> rx = new ArrayDeque<>(FIFO_BYTES);
    private final ArrayDeque<Short> wire = new ArrayDeque<>();
    private Runnable onWireEmpty = () -> {};

    private int ier;
    private int lcr;
    private int mcr;
    private int scr;
    private int divisor;
    private int fcr;
    private int modemDeltas;
    private boolean overrun;

    /// A break stands at the head of the receiver and LSR has not shown it yet.
    private boolean breakPending;

    /// What was sent last has not left: the host takes no more until [#transmitterReady()].
    private boolean transmitting;

    /// The transmitter has become empty and nobody has taken notice yet.
    private boolean thrEmptyPending;

    public Uart16550(IrqLine irq, ByteSink sink) {
        this.irq = Objects.requireNonNull(irq);
        this.sink = Objects.requireNonNull(sink);
        reset();
    }

    @Override
    public void reset() {
        rx.clear();
        if (!wire.isEmpty()) {
            wire.clear();
            onWireEmpty.run();
        }
        ier = 0;
        lcr = 0;
        mcr = 0;
        scr = 0;
        divisor = RESET_DIVISOR;
        fcr = 0;
        modemDeltas = 0;
        overrun = false;
        breakPending = false;
        transmitting = false;
        thrEmptyPending = false;
        updateIrq();
    }

    /// A byte arrives from the host.
    public void receive(byte b) {
        arrive((short) Byte.toUnsignedInt(b));
    }

    /// The host holds the line in break for a character's time (section 8.6.4, bit 4).
    public void receiveBreak() {
        arrive(BREAK);
    }

    private void arrive(short character) {
        wire.add(character);
        takeFromWire();
        updateIrq();
    }

    /// How many bytes have arrived for which the receiver has no room yet.
    public int waiting() {
        return wire.size();
    }

    /// Has `action` called, under the machine lock, whenever the last byte that waited has been taken in.
    public void onWireEmpty(Runnable action) {
        onWireEmpty = Objects.requireNonNull(action);
    }

    /// The sink is ready again after it was not.
    public void transmitterReady() {
        if (transmitting && sink.ready()) {
            transmitting = false;
            thrEmptyPending = true;
            updateIrq();
        }
    }

    @Override
    public int read(int offset) {
        int value =
                switch (register(offset)) {
                    case RBR_THR -> takeReceived();
                    case IER -> ier;
                    case IIR_FCR -> acknowledge();
                    case LCR -> lcr;
                    case MCR -> mcr;
                    case LSR -> takeLineStatus();
                    case MSR -> takeModemStatus();
                    case SCR -> scr;
                    case DLL -> divisor & 0xff;
                    case DLM -> divisor >>> 8;
                    default -> 0xff;
                };
        updateIrq();
        return value;
    }

    @Override
    public void write(int offset, int value) {
        switch (register(offset)) {
            case RBR_THR -> send(value);
            case IER -> enable(value & 0xf);
            case IIR_FCR -> controlFifos(value);
            case LCR -> lcr = value;
            case MCR -> controlModem(value & MCR_BITS);
            case SCR -> scr = value;
            case DLL -> divisor = divisor & 0xff00 | value;
            case DLM -> divisor = divisor & 0xff | value << 8;
            default -> {} // LSR and MSR are read-only
        }
        updateIrq();
    }

    /// LCR.DLAB banks DLL and DLM in at offsets 0 and 1; here they are registers 8 and 9.
    private int register(int offset) {
        return (lcr & LCR_DLAB) != 0 && offset <= IER ? offset + DLL : offset;
    }

    private int takeReceived() {
        int value = rx.isEmpty() ? 0 : rx.remove() & 0xff;
        breakPending = isBreak(rx.peek());
        takeFromWire();
        return value;
    }

    private static boolean isBreak(Short character) {
        return character != null && character == BREAK;
    }

    /// What waits on the wire enters as far as there is room; in loopback the receiver is cut off from it.
    private void takeFromWire() {
        boolean waited = !wire.isEmpty();
        while (!wire.isEmpty() && rx.size() < capacity() && (mcr & MCR_LOOP) == 0) {
            enter(wire.remove());
        }
        if (waited && wire.isEmpty()) {
            onWireEmpty.run();
        }
    }

    private void enter(short character) {
        breakPending |= rx.isEmpty() && character == BREAK;
        rx.add(character);
    }

    private int capacity() {
        return (fcr & FCR_ENABLE) != 0 ? FIFO_BYTES : 1;
    }

    private void send(int value) {
        if ((mcr & MCR_LOOP) == 0) {
            sink.write(value);
            transmitting = !sink.ready();
        } else if (rx.size() < capacity()) {
            enter((short) value);
        } else {
            overrun = true;
        }
        thrEmptyPending = !transmitting;
    }

    /// Enabling the transmitter's interrupt while it is empty requests one.
    private void enable(int value) {
        if ((value & ~ier & IER_ETBEI) != 0 && !transmitting) {
            thrEmptyPending = true;
        }
        ier = value;
    }

    private void controlFifos(int value) {
        boolean switched = ((value ^ fcr) & FCR_ENABLE) != 0;
        if (switched || (value & FCR_RESET_RX) != 0) {
            rx.clear();
            breakPending = false;
        }
        fcr = (value & FCR_ENABLE) != 0 ? value & (3 << FCR_TRIGGER_SHIFT | FCR_ENABLE) : 0;
        takeFromWire();
    }

    private void controlModem(int value) {
        int before = modemLines();
        mcr = value;
        int changed = before ^ modemLines();
        modemDeltas |= (changed & (MSR_CTS | MSR_DSR | MSR_DCD)) >>> 4;
        if ((before & changed & MSR_RI) != 0) {
            modemDeltas |= MSR_TERI;
        }
        takeFromWire();
    }

    /// The four inputs: the terminal's, or our own outputs in loopback (section 8.6.7).
    private int modemLines() {
        if ((mcr & MCR_LOOP) == 0) {
            return MSR_CTS | MSR_DSR | MSR_DCD;
        }
        return ((mcr & MCR_RTS) != 0 ? MSR_CTS : 0)
                | ((mcr & MCR_DTR) != 0 ? MSR_DSR : 0)
                | ((mcr & MCR_OUT1) != 0 ? MSR_RI : 0)
                | ((mcr & MCR_OUT2) != 0 ? MSR_DCD : 0);
    }

    private int takeLineStatus() {
        int value =
                (transmitting ? 0 : LSR_THRE | LSR_TEMT)
                        | (rx.isEmpty() ? 0 : LSR_DR)
                        | (overrun ? LSR_OE : 0)
                        | (breakPending ? LSR_BI | LSR_FE : 0);
        overrun = false;
        breakPending = false;
        return value;
    }

    private int takeModemStatus() {
        int value = modemLines() | modemDeltas;
        modemDeltas = 0;
        return value;
    }

    /// Reading IIR acknowledges the transmitter's interrupt if that is the one it shows.
    private int acknowledge() {
        int cause = cause();
        if (cause == IIR_THR_EMPTY) {
            thrEmptyPending = false;
        }
        return cause | ((fcr & FCR_ENABLE) != 0 ? IIR_FIFOS_ENABLED : 0);
    }

    /// The most urgent enabled cause (table 5).
    private int cause() {
        if ((ier & IER_ELSI) != 0 && (overrun || breakPending)) {
            return IIR_LINE_STATUS;
        }
        if ((ier & IER_ERBFI) != 0 && !rx.isEmpty()) {
            boolean triggered =
                    (fcr & FCR_ENABLE) == 0
                            || rx.size() >= TRIGGER_LEVELS[fcr >>> FCR_TRIGGER_SHIFT];
            return triggered ? IIR_DATA_AVAILABLE : IIR_TIMEOUT;
        }
        if ((ier & IER_ETBEI) != 0 && thrEmptyPending) {
            return IIR_THR_EMPTY;
        }
        return (ier & IER_EDSSI) != 0 && modemDeltas != 0 ? IIR_MODEM_STATUS : IIR_NONE;
    }

    /// A PC's board passes the interrupt on while pin OUT2 is active, which loopback makes inactive.
    private void updateIrq() {
        boolean gated = (mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2;
        irq.set(gated && cause() != IIR_NONE);
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("ier", ier);
        out.putInt("lcr", lcr);
        out.putInt("mcr", mcr);
        out.putInt("scr", scr);
        out.putInt("divisor", divisor);
        out.putInt("fcr", fcr);
        out.putInt("modemDeltas", modemDeltas);
        out.putBoolean("overrun", overrun);
        out.putBoolean("breakPending", breakPending);
        out.putBoolean("transmitting", transmitting);
        out.putBoolean("thrEmptyPending", thrEmptyPending);
        out.putBytes("rx", bytesOf(rx));
        out.putBytes("wire", bytesOf(wire));
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        ier = in.getInt("ier", 0, 0xf);
        lcr = in.getInt("lcr", 0, 0xff);
        mcr = in.getInt("mcr", 0, MCR_BITS);
        scr = in.getInt("scr", 0, 0xff);
        divisor = in.getInt("divisor", 0, 0xffff);
        fcr = in.getInt("fcr", 0, 0xff);
        modemDeltas = in.getInt("modemDeltas", 0, 0xf);
        overrun = in.getBoolean("overrun");
        breakPending = in.getBoolean("breakPending");
        transmitting = in.getBoolean("transmitting");
        thrEmptyPending = in.getBoolean("thrEmptyPending");
        fill(rx, in.getBytes("rx"));
        fill(wire, in.getBytes("wire"));
        transmitterReady();
        updateIrq();
    }

    /// Two bytes a character: its value, then whether it is a break.
    private static byte[] bytesOf(ArrayDeque<Short> queue) {
        byte[] bytes = new byte[2 * queue.size()];
        int i = 0;
        for (short character : queue) {
            bytes[i++] = (byte) character;
            bytes[i++] = (byte) (character >> 8);
        }
        return bytes;
    }

    private static void fill(ArrayDeque<Short> queue, byte[] bytes) {
        queue.clear();
        for (int i = 0; i + 1 < bytes.length; i += 2) {
            queue.add((short) (bytes[i] & 0xff | (bytes[i + 1] & 1) << 8));
        }
    }
}
