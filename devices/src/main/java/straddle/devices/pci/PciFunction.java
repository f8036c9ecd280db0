package straddle.devices.pci;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import straddle.core.bus.IoDevice;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.Device;

/// One PCI function's configuration space of 256 bytes, header type 0 (PCI Local Bus Specification 3.0,
/// chapter 6): identity, command and status, base-address registers that move its register blocks, and bytes
/// that a device makes writable.
///
/// A register block whose address another one has taken stays unmapped until it moves. Not
/// thread-safe: callers hold the machine lock.
public class PciFunction implements Device {
    /// Bytes of configuration space.
    public static final int CONFIG_BYTES = 256;

    public static final int VENDOR_ID = 0x00;
    public static final int DEVICE_ID = 0x02;
    public static final int COMMAND = 0x04;
    public static final int STATUS = 0x06;
    public static final int REVISION_ID = 0x08;
    public static final int CLASS_CODE = 0x09;
    public static final int HEADER_TYPE = 0x0e;
    public static final int BAR_0 = 0x10;
    public static final int SUBSYSTEM_VENDOR_ID = 0x2c;
    public static final int SUBSYSTEM_ID = 0x2e;
    public static final int CAPABILITIES = 0x34;
    public static final int INTERRUPT_LINE = 0x3c;
    public static final int INTERRUPT_PIN = 0x3d;

    public static final int COMMAND_IO = 1;
    public static final int COMMAND_MEMORY = 1 << 1;
    public static final int COMMAND_MASTER = 1 << 2;
    public static final int COMMAND_INTX_DISABLE = 1 << 10;
    private static final int COMMAND_BITS = 0x547;

    private static final int STATUS_INTERRUPT = 1 << 3;
    private static final int STATUS_CAPABILITIES = 1 << 4;

    private static final int FIRST_CAPABILITY = 0x40;
    private static final int CAPABILITY_HEADER = 2;

    private static final int BAR_IO = 1;
    private static final int BARS = 6;

    /// What a function is.
    ///
    /// @param classCode base class, subclass and interface: 0x060000 for a host bridge
    public record Identity(int vendor, int device, int revision, int classCode) {}

    /// A register block behind a base-address register.
    private static final class Bar {
        private final int index;
        private final boolean io;
        private final int length;
        private final IoDevice device;
        private PciMapping mapping;

        Bar(int index, boolean io, int length, IoDevice device) {
            this.index = index;
            this.io = io;
            this.length = length;
            this.device = device;
        }
    }

    private final String name;
    private final byte[] config = new byte[CONFIG_BYTES];
    private final byte[] writable = new byte[CONFIG_BYTES];
    private final byte[] initial = new byte[CONFIG_BYTES];
    private final List<Bar> bars = new ArrayList<>();
    private PciSpaces spaces;
    private MsiX messages;
    private int messageControl;
    private int capabilitiesEnd = FIRST_CAPABILITY;
    private int lastCapabilityLink = CAPABILITIES;

    public PciFunction(String name, Identity identity) {
        this.name = Objects.requireNonNull(name);
        preset(VENDOR_ID, 2, identity.vendor());
        preset(DEVICE_ID, 2, identity.device());
        preset(REVISION_ID, 1, identity.revision());
        preset(CLASS_CODE, 3, identity.classCode());
        allowWrites(COMMAND, 2, COMMAND_BITS);
        allowWrites(INTERRUPT_LINE, 1, 0xff);
    }

    public final String name() {
        return name;
    }

    /// Gives bytes the value that they have after reset.
    protected final void preset(int register, int bytes, long value) {
        for (int i = 0; i < bytes; i++) {
            initial[register + i] = (byte) (value >>> 8 * i);
            config[register + i] = initial[register + i];
        }
    }

    /// Lets the guest change some bits.
    protected final void allowWrites(int register, int bytes, long mask) {
        for (int i = 0; i < bytes; i++) {
            writable[register + i] = (byte) (mask >>> 8 * i);
        }
    }

    /// Adds a register block.
    ///
    /// @param index of the base-address register: 0 to 5
    /// @param io in port space, else in memory below 4 GiB
    /// @param length a power of two: at least 4 for ports, 16 for memory
    protected final void addBar(int index, boolean io, int length, IoDevice device) {
        if (index < 0 || index >= BARS || Integer.bitCount(length) != 1 || length < (io ? 4 : 16)) {
            throw new IllegalArgumentException(
                    name + ": BAR " + index + " can't have " + length + " bytes");
        }
        bars.add(new Bar(index, io, length, device));
        int register = BAR_0 + 4 * index;
        preset(register, 4, io ? BAR_IO : 0);
        allowWrites(register, 4, -(long) length & 0xffff_ffffL);
    }

    /// Adds a capability to the end of the list (6.7). Its body can't be written, but for what [#allowWrites] says.
    ///
    /// @param id 1 to 255
    /// @param body what follows the ID and the link to the next
    /// @return its register, of the ID
    protected final int addCapability(int id, byte[] body) {
        int register = capabilitiesEnd;
        int end = register + CAPABILITY_HEADER + body.length;
        if (end > CONFIG_BYTES) {
            throw new IllegalArgumentException(
                    name + ": capability " + id + " of " + body.length + " bytes doesn't fit");
        }
        preset(STATUS, 2, value(STATUS, 2) | STATUS_CAPABILITIES);
        preset(lastCapabilityLink, 1, register);
        preset(register, 1, id);
        for (int i = 0; i < body.length; i++) {
            preset(register + CAPABILITY_HEADER + i, 1, body[i]);
        }
        lastCapabilityLink = register + 1;
        capabilitiesEnd = end + 3 & ~3;
        return register;
    }

    /// Lets the function interrupt by messages.
    ///
    /// @param bar the base-address register of the table's block
    protected final void addMessages(MsiX msix, int bar) {
        messages = msix;
        addBar(bar, false, MsiX.LENGTH, msix);
        messageControl = addCapability(MsiX.CAPABILITY, msix.capability(bar)) + CAPABILITY_HEADER;
        allowWrites(messageControl, 2, MsiX.CONTROL_ENABLE | MsiX.CONTROL_FUNCTION_MASK);
    }

    private void controlMessages() {
        if (messages != null) {
            messages.control((int) value(messageControl, 2));
        }
    }

    /// Gives the function an interrupt pin.
    ///
    /// @param pin 1 for INTA to 4 for INTD
    protected final void setInterruptPin(int pin) {
        preset(INTERRUPT_PIN, 1, pin);
    }

    /// Shows in the status register whether the function wants its pin's interrupt, and says whether the pin is driven:
    /// the command register can disable it.
    protected final boolean showInterrupt(boolean wanted) {
        long status = value(STATUS, 2);
        put(STATUS, 2, wanted ? status | STATUS_INTERRUPT : status & ~STATUS_INTERRUPT);
        return wanted && !hasCommand(COMMAND_INTX_DISABLE);
    }

    final void connect(PciSpaces to) {
        spaces = to;
    }

    /// Bytes of configuration space as a number, for the device's own use.
    protected final long value(int register, int bytes) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (config[register + i] & 0xffL) << 8 * i;
        }
        return value;
    }

    /// Puts a number into configuration space, whatever the guest may write.
    protected final void put(int register, int bytes, long value) {
        for (int i = 0; i < bytes; i++) {
            config[register + i] = (byte) (value >>> 8 * i);
        }
    }

    protected final boolean hasCommand(int bit) {
        return (value(COMMAND, 2) & bit) != 0;
    }

    /// The guest reads 1, 2 or 4 bytes within a doubleword.
    public long readConfig(int register, int width) {
        return value(register, width);
    }

    /// The guest writes 1, 2 or 4 bytes within a doubleword.
    public void writeConfig(int register, int width, long value) {
        for (int i = 0; i < width; i++) {
            int at = register + i;
            config[at] =
                    (byte) (config[at] & ~writable[at] | (byte) (value >>> 8 * i) & writable[at]);
        }
        if (register < BAR_0 + 4 * BARS) {
            moveBars();
        }
        if (messages != null
                && register < messageControl + 2
                && register + width > messageControl) {
            controlMessages();
        }
        configChanged(register, width);
    }

    /// Called after the guest's write to the configuration space, and with all of it after a reset or a restore:
    /// a function whose registers steer something else has that follow.
    ///
    /// @param width bytes from `register` on that may have changed
    protected void configChanged(int register, int width) {}

    /// Maps each block where its register says, if its kind of access is enabled.
    private void moveBars() {
        for (Bar bar : bars) {
            long address = value(BAR_0 + 4 * bar.index, 4) & -(long) bar.length;
            boolean enabled = hasCommand(bar.io ? COMMAND_IO : COMMAND_MEMORY);
            boolean sizing = address == (-(long) bar.length & 0xffff_ffffL);
            boolean wanted = enabled && address != 0 && !sizing;
            if (bar.mapping != null && (!wanted || bar.mapping.address() != address)) {
                bar.mapping.remove();
                bar.mapping = null;
            }
            if (bar.mapping == null && wanted && spaces != null) {
                String label = name + " BAR " + bar.index;
                bar.mapping =
                        bar.io
                                ? spaces.mapPorts(label, address, bar.length, bar.device)
                                : spaces.mapMemory(label, address, bar.length, bar.device);
            }
        }
    }

    @Override
    public void reset() {
        System.arraycopy(initial, 0, config, 0, CONFIG_BYTES);
        moveBars();
        if (messages != null) {
            messages.reset();
        }
        configChanged(0, CONFIG_BYTES);
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putBytes("config", config);
        if (messages != null) {
            out.putSection("messages", 1, messages);
        }
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        byte[] saved = in.getBytes("config");
        if (saved.length != CONFIG_BYTES) {
            throw new SnapshotException(
                    "The snapshot's PCI configuration has " + saved.length + " bytes, not 256.");
        }
        for (int i = 0; i < CONFIG_BYTES; i++) {
            boolean identity = i < COMMAND || i >= REVISION_ID && i < CLASS_CODE + 3;
            if (identity && saved[i] != config[i]) {
                throw new SnapshotException("The snapshot has another device than " + name + ".");
            }
        }
        System.arraycopy(saved, 0, config, 0, CONFIG_BYTES);
        moveBars();
        if (messages != null) {
            messages.restore(in.section("messages"));
            controlMessages();
        }
        configChanged(0, CONFIG_BYTES);
    }

    /// Identity and registers, in lines for a reader.
    String describe() {
        StringBuilder text =
                new StringBuilder(
                        "%s, %04x:%04x, class %06x%s%n"
                                .formatted(
                                        name,
                                        value(VENDOR_ID, 2),
                                        value(DEVICE_ID, 2),
                                        value(CLASS_CODE, 3),
                                        value(INTERRUPT_PIN, 1) == 0
                                                ? ""
                                                : ", pin INT%c, line %d"
                                                        .formatted(
                                                                (char)
                                                                        ('A'
                                                                                - 1
                                                                                + value(
                                                                                        INTERRUPT_PIN,
                                                                                        1)),
                                                                value(INTERRUPT_LINE, 1))));
        for (Bar bar : bars) {
            text.append(
                    "      BAR %d: %s at 0x%x, %d bytes%s%n"
                            .formatted(
                                    bar.index,
                                    bar.io ? "ports" : "memory",
                                    value(BAR_0 + 4 * bar.index, 4) & -(long) bar.length,
                                    bar.length,
                                    bar.mapping == null ? ", not mapped" : ""));
        }
        return text.toString();
    }

    /// The configuration space, for reports.
    public byte[] config() {
        return Arrays.copyOf(config, CONFIG_BYTES);
    }
}
