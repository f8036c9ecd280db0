package straddle.devices.input;

import java.util.Arrays;
import java.util.Objects;
import straddle.core.bus.ByteDevice;
import straddle.core.irq.IrqLine;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.Device;

/// 8042 keyboard controller with a PS/2 keyboard and a mouse (IBM PS/2 Hardware Interface Technical
/// Reference, "Keyboard and auxiliary device controller"): data at port 0x60, commands and status at 0x64.
///
/// Bytes take no time on the wires, so the input buffer is always empty; a byte of the keyboard goes
/// before one of the mouse. Of the output port, only the A20 gate and the reset line lead somewhere.
/// Not thread-safe: callers hold the machine lock.
public final class I8042 implements Device {
    static final int STATUS_OBF = 1;
    static final int STATUS_SYSTEM = 1 << 2;
    private static final int STATUS_COMMAND = 1 << 3;
    private static final int STATUS_UNLOCKED = 1 << 4;
    static final int STATUS_AUX_OBF = 1 << 5;

    private static final int MODE_INT = 1;
    private static final int MODE_AUX_INT = 1 << 1;
    private static final int MODE_SYSTEM = 1 << 2;
    private static final int MODE_DISABLE = 1 << 4;
    private static final int MODE_AUX_DISABLE = 1 << 5;
    private static final int MODE_TRANSLATE = 1 << 6;
    private static final int MODE_BITS = 0x7f;

    private static final int READ_RAM = 0x20;
    private static final int WRITE_RAM = 0x60;
    private static final int RAM_BYTES = 0x20;
    private static final int AUX_DISABLE = 0xa7;
    private static final int AUX_ENABLE = 0xa8;
    private static final int AUX_TEST = 0xa9;
    private static final int SELF_TEST = 0xaa;
    private static final int KEYBOARD_TEST = 0xab;
    private static final int KEYBOARD_DISABLE = 0xad;
    private static final int KEYBOARD_ENABLE = 0xae;
    private static final int READ_INPUT_PORT = 0xc0;
    private static final int READ_OUTPUT_PORT = 0xd0;
    private static final int WRITE_OUTPUT_PORT = 0xd1;
    private static final int WRITE_KEYBOARD_BUFFER = 0xd2;
    private static final int WRITE_AUX_BUFFER = 0xd3;
    private static final int WRITE_AUX = 0xd4;
    private static final int A20_OFF = 0xdd;
    private static final int A20_ON = 0xdf;
    private static final int READ_TEST_INPUTS = 0xe0;
    private static final int PULSE = 0xf0;

    private static final int SELF_TEST_PASSED = 0x55;
    private static final int INPUT_PORT = 0x80;
    private static final int OUT_NOT_RESET = 1;
    private static final int OUT_A20 = 1 << 1;
    private static final int OUT_FIXED = 0xcc;
    private static final int OUT_OBF = 1 << 4;
    private static final int OUT_AUX_OBF = 1 << 5;

    private final IrqLine irq1;
    private final IrqLine irq12;
    private final A20Gate a20;
    private final Runnable onReset;
    private final Ps2Keyboard keyboard;
    private final Ps2Mouse mouse;
    private final byte[] ram = new byte[RAM_BYTES];
    private int buffer;
    private boolean full;
    private boolean ofMouse;

    /// The command whose data byte comes next, or 0.
    private int command;

    /// Whether the last byte written was a command.
    private boolean commandLast;

    /// Whether the last byte of the keyboard was the break prefix of set 2.
    private boolean breaking;

    /// @param onReset pulls the processor's reset line; called under the machine lock
    public I8042(
            IrqLine irq1,
            IrqLine irq12,
            A20Gate a20,
            Runnable onReset,
            Ps2Keyboard keyboard,
            Ps2Mouse mouse) {
        this.irq1 = Objects.requireNonNull(irq1);
        this.irq12 = Objects.requireNonNull(irq12);
        this.a20 = Objects.requireNonNull(a20);
        this.onReset = Objects.requireNonNull(onReset);
        this.keyboard = keyboard;
        this.mouse = mouse;
        keyboard.onData(this::fill);
        mouse.onData(this::fill);
        ram[0] = MODE_TRANSLATE | MODE_SYSTEM | MODE_INT;
    }

    @Override
    public void reset() {
        keyboard.reset();
        mouse.reset();
        Arrays.fill(ram, (byte) 0);
        ram[0] = MODE_TRANSLATE | MODE_SYSTEM | MODE_INT;
        buffer = 0;
        full = false;
        ofMouse = false;
        command = 0;
        commandLast = false;
        breaking = false;
        driveIrqs();
    }

    public Ps2Keyboard keyboard() {
        return keyboard;
    }

    public Ps2Mouse mouse() {
        return mouse;
    }

    /// The register at port 0x60.
    public ByteDevice data() {
        return new ByteDevice() {
            @Override
            public int read(int offset) {
                return takeBuffer();
            }

            @Override
            public void write(int offset, int value) {
                writeData(value);
            }
        };
    }

    /// The register at port 0x64.
    public ByteDevice command() {
        return new ByteDevice() {
            @Override
            public int read(int offset) {
                return status();
            }

            @Override
            public void write(int offset, int value) {
                writeCommand(value);
            }
        };
    }

    private boolean has(int modeBit) {
        return (ram[0] & modeBit) != 0;
    }

    private int status() {
        return STATUS_UNLOCKED
                | ram[0] & STATUS_SYSTEM
                | (full ? STATUS_OBF : 0)
                | (full && ofMouse ? STATUS_AUX_OBF : 0)
                | (commandLast ? STATUS_COMMAND : 0);
    }

    private int takeBuffer() {
        int taken = buffer;
        full = false;
        driveIrqs();
        fill();
        if (!full) {
            mouse.drained();
        }
        return taken;
    }

    /// Takes the next byte that waits, if there is room for it.
    private void fill() {
        while (!full && keyboard.hasData() && !has(MODE_DISABLE)) {
            takeFromKeyboard(keyboard.take());
        }
        if (!full && mouse.hasData() && !has(MODE_AUX_DISABLE)) {
            put(mouse.take(), true);
        }
    }

    private void takeFromKeyboard(int value) {
        if (!has(MODE_TRANSLATE)) {
            put(value, false);
        } else if (value == ScanCodes.BREAK_2) {
            breaking = true;
        } else {
            int code = ScanCodes.toSet1(value);
            put(breaking && code < ScanCodes.BREAK_1 ? code | ScanCodes.BREAK_1 : code, false);
            breaking = breaking && value == ScanCodes.EXTENDED;
        }
    }

    private void put(int value, boolean fromMouse) {
        buffer = value;
        full = true;
        ofMouse = fromMouse;
        driveIrqs();
    }

    private void driveIrqs() {
        irq1.set(full && !ofMouse && has(MODE_INT));
        irq12.set(full && ofMouse && has(MODE_AUX_INT));
    }

    private void writeData(int value) {
        int argumentOf = command;
        command = 0;
        commandLast = false;
        switch (argumentOf) {
            case 0 -> {
                setMode(ram[0] & ~MODE_DISABLE);
                keyboard.receive(value);
            }
            case WRITE_OUTPUT_PORT -> writeOutputPort(value);
            case WRITE_KEYBOARD_BUFFER -> put(value, false);
            case WRITE_AUX_BUFFER -> put(value, true);
            case WRITE_AUX -> {
                setMode(ram[0] & ~MODE_AUX_DISABLE);
                mouse.receive(value);
            }
            case WRITE_RAM -> setMode(value);
            default -> ram[argumentOf - WRITE_RAM] = (byte) value;
        }
    }

    private void setMode(int value) {
        ram[0] = (byte) (value & MODE_BITS);
        driveIrqs();
        fill();
    }

    private void writeCommand(int value) {
        command = 0;
        commandLast = true;
        switch (value) {
            case AUX_DISABLE -> setMode(ram[0] | MODE_AUX_DISABLE);
            case AUX_ENABLE -> setMode(ram[0] & ~MODE_AUX_DISABLE);
            case AUX_TEST, KEYBOARD_TEST, READ_TEST_INPUTS -> put(0, false);
            case SELF_TEST -> {
                setMode(ram[0] | MODE_SYSTEM);
                put(SELF_TEST_PASSED, false);
            }
            case KEYBOARD_DISABLE -> setMode(ram[0] | MODE_DISABLE);
            case KEYBOARD_ENABLE -> setMode(ram[0] & ~MODE_DISABLE);
            case READ_INPUT_PORT -> put(INPUT_PORT, false);
            case READ_OUTPUT_PORT -> put(outputPort(), false);
            case WRITE_OUTPUT_PORT, WRITE_KEYBOARD_BUFFER, WRITE_AUX_BUFFER, WRITE_AUX ->
                    command = value;
            case A20_OFF, A20_ON -> a20.open(value == A20_ON);
            default -> writeRanged(value);
        }
    }

    private void writeRanged(int value) {
        if (value >= READ_RAM && value < READ_RAM + RAM_BYTES) {
            put(Byte.toUnsignedInt(ram[value - READ_RAM]), false);
        } else if (value >= WRITE_RAM && value < WRITE_RAM + RAM_BYTES) {
            command = value;
        } else if (value >= PULSE && (value & OUT_NOT_RESET) == 0) {
            onReset.run();
        }
    }

    private int outputPort() {
        return OUT_FIXED
                | OUT_NOT_RESET
                | (a20.isOpen() ? OUT_A20 : 0)
                | (full && !ofMouse ? OUT_OBF : 0)
                | (full && ofMouse ? OUT_AUX_OBF : 0);
    }

    private void writeOutputPort(int value) {
        a20.open((value & OUT_A20) != 0);
        if ((value & OUT_NOT_RESET) == 0) {
            onReset.run();
        }
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putSection("keyboard", 1, keyboard);
        out.putSection("mouse", 1, mouse);
        out.putBytes("ram", ram);
        out.putInt("buffer", buffer);
        out.putBoolean("full", full);
        out.putBoolean("ofMouse", ofMouse);
        out.putInt("command", command);
        out.putBoolean("commandLast", commandLast);
        out.putBoolean("breaking", breaking);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        byte[] saved = in.getBytes("ram");
        int pending = in.getInt("command", 0, 0xff);
        boolean known =
                pending == 0
                        || pending >= WRITE_RAM && pending < WRITE_RAM + RAM_BYTES
                        || pending >= WRITE_OUTPUT_PORT && pending <= WRITE_AUX;
        if (saved.length != RAM_BYTES || !known) {
            throw new SnapshotException(
                    "The snapshot is damaged: its keyboard controller can't be so.");
        }
        keyboard.restore(in.section("keyboard"));
        mouse.restore(in.section("mouse"));
        System.arraycopy(saved, 0, ram, 0, RAM_BYTES);
        buffer = in.getInt("buffer", 0, 0xff);
        full = in.getBoolean("full");
        ofMouse = in.getBoolean("ofMouse");
        command = pending;
        commandLast = in.getBoolean("commandLast");
        breaking = in.getBoolean("breaking");
        driveIrqs();
    }
}
