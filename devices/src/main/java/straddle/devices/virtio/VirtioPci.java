package straddle.devices.virtio;

import java.util.Objects;
import straddle.core.bus.IoDevice;
import straddle.core.irq.IrqLine;
import straddle.core.irq.MessageSink;
import straddle.core.memory.AddressSpace;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.pci.MsiX;
import straddle.devices.pci.PciFunction;

/// A virtio device on the PCI bus (Virtual I/O Device 1.2, 4.1), without the interfaces of drivers from before 1.0.
///
/// One register block of memory holds the common configuration, the interrupt status, the device's own
/// configuration and a notification register a queue; MSI-X has another. Not thread-safe: callers hold the machine lock.
public final class VirtioPci extends PciFunction {
    private static final int VENDOR = 0x1af4;
    private static final int FIRST_DEVICE = 0x1040;
    private static final int REVISION = 1;
    private static final int SUBSYSTEM = 0x1100;

    private static final int MESSAGES_BAR = 1;
    private static final int REGISTERS_BAR = 4;
    private static final int REGISTERS_LENGTH = 0x4000;
    private static final int BLOCK = 0x1000;
    private static final int COMMON = 0;
    private static final int INTERRUPT_STATUS = 1;
    private static final int DEVICE = 2;
    private static final int NOTIFY = 3;
    private static final int COMMON_BYTES = 0x38;
    private static final int NOTIFY_BYTES = 4;

    private static final int CAPABILITY = 9;
    private static final int CAP_COMMON = 1;
    private static final int CAP_NOTIFY = 2;
    private static final int CAP_ISR = 3;
    private static final int CAP_DEVICE = 4;
    private static final int CAP_PCI = 5;
    private static final int WINDOW_BAR = 4;
    private static final int WINDOW_OFFSET = 8;
    private static final int WINDOW_LENGTH = 12;
    private static final int WINDOW_DATA = 16;

    private static final int ISR_QUEUE = 1;
    private static final int ISR_CONFIGURATION = 2;

    private static final int DRIVER_OK = 4;
    private static final int FEATURES_OK = 8;
    private static final int NEEDS_RESET = 0x40;

    private final VirtioDevice device;
    private final MsiX msix;
    private final IrqLine line;
    private final Registers registers = new Registers();
    private final int window;
    private int deviceFeatureSelect;
    private int driverFeatureSelect;
    private long driverFeatures;
    private int configurationVector = Virtqueue.NO_VECTOR;
    private int status;
    private int generation;
    private int queueSelect;
    private int isr;

    /// @param line the slot's interrupt pin A
    public VirtioPci(VirtioDevice device, AddressSpace memory, IrqLine line, MessageSink messages) {
        super(
                device.kind().name(),
                new Identity(
                        VENDOR,
                        FIRST_DEVICE + device.kind().type(),
                        REVISION,
                        device.kind().classCode()));
        this.device = device;
        this.line = Objects.requireNonNull(line);
        preset(SUBSYSTEM_VENDOR_ID, 2, VENDOR);
        preset(SUBSYSTEM_ID, 2, SUBSYSTEM);
        setInterruptPin(1);
        addBar(REGISTERS_BAR, false, REGISTERS_LENGTH, registers);
        msix = new MsiX(device.kind().queueSizes().size() + 1, messages);
        addMessages(msix, MESSAGES_BAR);
        addStructure(CAP_COMMON, COMMON, COMMON_BYTES, 0);
        addStructure(CAP_ISR, INTERRUPT_STATUS, 1, 0);
        addStructure(CAP_DEVICE, DEVICE, Math.max(4, device.configuration().length), 0);
        addStructure(CAP_NOTIFY, NOTIFY, device.kind().queueSizes().size() * NOTIFY_BYTES, 4);
        window = addStructure(CAP_PCI, 0, 0, 4);
        allowWrites(window + WINDOW_BAR, 1, 0xff);
        allowWrites(window + WINDOW_OFFSET, 8, -1);
        device.connect(memory, new Slot());
    }

    /// Adds a capability that says where a structure lies (4.1.4); returns its register.
    private int addStructure(int type, int block, int length, int moreBytes) {
        byte[] body = new byte[14 + moreBytes];
        body[0] = (byte) (body.length + 2);
        body[1] = (byte) type;
        body[2] = REGISTERS_BAR;
        put(body, 6, block * BLOCK);
        put(body, 10, length);
        if (type == CAP_NOTIFY) {
            put(body, 14, NOTIFY_BYTES);
        }
        return addCapability(CAPABILITY, body);
    }

    private static void put(byte[] body, int at, int value) {
        for (int i = 0; i < 4; i++) {
            body[at + i] = (byte) (value >>> 8 * i);
        }
    }

    /// The device behind it.
    public VirtioDevice device() {
        return device;
    }

    /// The memory block.
    private final class Registers implements IoDevice {
        @Override
        public int widths() {
            return 1 | 2 | 4;
        }

        @Override
        public long read(int offset, int width) {
            int at = offset % BLOCK;
            return switch (offset / BLOCK) {
                case COMMON -> readCommon(at, width);
                case INTERRUPT_STATUS -> at == 0 ? takeInterruptStatus() : 0;
                case DEVICE -> readConfiguration(at, width);
                default -> 0;
            };
        }

        @Override
        public void write(int offset, int width, long value) {
            int at = offset % BLOCK;
            switch (offset / BLOCK) {
                case COMMON -> writeCommon(at, (int) value);
                case DEVICE -> {
                    for (int i = 0; i < width; i++) {
                        device.writeConfiguration(at + i, (int) (value >>> 8 * i) & 0xff);
                    }
                }
                case NOTIFY -> notifyQueue(at / NOTIFY_BYTES);
                default -> {}
            }
        }
    }

    private void notifyQueue(int number) {
        boolean ready = (status & (DRIVER_OK | NEEDS_RESET)) == DRIVER_OK;
        if (ready && number < device.queues().size() && hasCommand(COMMAND_MASTER)) {
            device.notified(number);
        }
    }

    private long readConfiguration(int at, int width) {
        byte[] bytes = device.configuration();
        long value = 0;
        for (int i = 0; i < width && at + i < bytes.length; i++) {
            value |= (bytes[at + i] & 0xffL) << 8 * i;
        }
        return value;
    }

    /// Registers of the common configuration (4.1.4.3); those of a doubleword lie side by side in its value.
    private long readCommon(int offset, int width) {
        return commonWord(offset & ~3) >>> 8 * (offset & 3) & (1L << 8 * width) - 1;
    }

    private long commonWord(int offset) {
        Virtqueue queue = selected();
        return switch (offset) {
            case 0x00 -> deviceFeatureSelect & 0xffff_ffffL;
            case 0x04 -> half(device.features(), deviceFeatureSelect);
            case 0x08 -> driverFeatureSelect & 0xffff_ffffL;
            case 0x0c -> half(driverFeatures, driverFeatureSelect);
            case 0x10 -> configurationVector | (long) device.queues().size() << 16;
            case 0x14 -> status | (generation & 0xff) << 8 | (long) queueSelect << 16;
            case 0x18 -> queue == null ? 0 : queue.size | (long) queue.vector << 16;
            case 0x1c -> queue == null ? 0 : (queue.enabled ? 1 : 0) | (long) queueSelect << 16;
            case 0x20 -> queue == null ? 0 : queue.descriptorAddress & 0xffff_ffffL;
            case 0x24 -> queue == null ? 0 : queue.descriptorAddress >>> 32;
            case 0x28 -> queue == null ? 0 : queue.availableAddress & 0xffff_ffffL;
            case 0x2c -> queue == null ? 0 : queue.availableAddress >>> 32;
            case 0x30 -> queue == null ? 0 : queue.usedAddress & 0xffff_ffffL;
            case 0x34 -> queue == null ? 0 : queue.usedAddress >>> 32;
            default -> 0;
        };
    }

    private static long half(long features, int select) {
        return switch (select) {
            case 0 -> features & 0xffff_ffffL;
            case 1 -> features >>> 32;
            default -> 0;
        };
    }

    /// Null where there is no queue of the number that the driver has selected.
    private Virtqueue selected() {
        return queueSelect < device.queues().size() ? device.queues().get(queueSelect) : null;
    }

    private void writeCommon(int offset, int value) {
        switch (offset) {
            case 0x00 -> deviceFeatureSelect = value;
            case 0x08 -> driverFeatureSelect = value;
            case 0x0c -> writeDriverFeatures(value & 0xffff_ffffL);
            case 0x10 -> configurationVector = vector(value);
            case 0x14 -> writeStatus(value & 0xff);
            case 0x16 -> queueSelect = value & 0xffff;
            default -> {
                Virtqueue queue = selected();
                if (queue != null) {
                    writeQueue(queue, offset, value);
                }
            }
        }
    }

    private void writeDriverFeatures(long value) {
        if ((status & FEATURES_OK) == 0) {
            switch (driverFeatureSelect) {
                case 0 -> driverFeatures = driverFeatures & ~0xffff_ffffL | value;
                case 1 -> driverFeatures = driverFeatures & 0xffff_ffffL | value << 32;
                default -> {}
            }
        }
    }

    private int vector(int value) {
        int vector = value & 0xffff;
        return vector < msix.vectors() ? vector : Virtqueue.NO_VECTOR;
    }

    /// Where a queue lies can change until it is enabled (4.1.4.3.2).
    private void writeQueue(Virtqueue queue, int offset, int value) {
        if (offset == 0x1a) {
            queue.vector = vector(value);
            return;
        }
        if (queue.enabled) {
            return;
        }
        long low = value & 0xffff_ffffL;
        long high = (long) value << 32;
        switch (offset) {
            case 0x18 -> {
                int size = value & 0xffff;
                if (Integer.bitCount(size) == 1 && size <= queue.maxSize) {
                    queue.size = size;
                }
            }
            case 0x1c -> queue.enabled = (value & 1) != 0;
            case 0x20 -> queue.descriptorAddress = queue.descriptorAddress & -1L << 32 | low;
            case 0x24 -> queue.descriptorAddress = queue.descriptorAddress & 0xffff_ffffL | high;
            case 0x28 -> queue.availableAddress = queue.availableAddress & -1L << 32 | low;
            case 0x2c -> queue.availableAddress = queue.availableAddress & 0xffff_ffffL | high;
            case 0x30 -> queue.usedAddress = queue.usedAddress & -1L << 32 | low;
            case 0x34 -> queue.usedAddress = queue.usedAddress & 0xffff_ffffL | high;
            default -> {}
        }
    }

    /// The driver goes on in its start-up, or resets the device (3.1).
    private void writeStatus(int value) {
        if (value == 0) {
            resetDevice();
            return;
        }
        int wanted = value & ~NEEDS_RESET | status;
        if ((wanted & ~status & FEATURES_OK) != 0 && !areFeaturesGood()) {
            wanted &= ~FEATURES_OK;
        }
        boolean starts = (wanted & ~status & DRIVER_OK) != 0;
        status = wanted;
        if (starts && (status & FEATURES_OK) != 0) {
            device.start(driverFeatures);
        }
    }

    private boolean areFeaturesGood() {
        return (driverFeatures & ~device.features()) == 0
                && (driverFeatures & VirtioDevice.VERSION_1) != 0;
    }

    private void resetDevice() {
        device.reset();
        deviceFeatureSelect = 0;
        driverFeatureSelect = 0;
        driverFeatures = 0;
        configurationVector = Virtqueue.NO_VECTOR;
        status = 0;
        queueSelect = 0;
        isr = 0;
        updateLine();
    }

    private int takeInterruptStatus() {
        int taken = isr;
        isr = 0;
        updateLine();
        return taken;
    }

    private void updateLine() {
        line.set(showInterrupt(isr != 0) && !msix.isEnabled());
    }

    /// What the device calls.
    private final class Slot implements VirtioDevice.Transport {
        @Override
        public void interrupt(Virtqueue queue) {
            signal(ISR_QUEUE, queue.vector);
        }

        @Override
        public void configurationChanged() {
            generation++;
            if ((status & DRIVER_OK) != 0) {
                signal(ISR_CONFIGURATION, configurationVector);
            }
        }

        @Override
        public void needsReset() {
            status |= NEEDS_RESET;
            configurationChanged();
        }

        private void signal(int cause, int vector) {
            if (msix.isEnabled()) {
                msix.interrupt(vector);
            } else {
                isr |= cause;
                updateLine();
            }
        }
    }

    /// Through the window of the last capability the registers can be reached without memory accesses (4.1.4.9).
    @Override
    public long readConfig(int register, int width) {
        if (isWindow(register)) {
            put(
                    window + WINDOW_DATA,
                    width,
                    registers.read((int) value(window + WINDOW_OFFSET, 4), width));
        }
        return super.readConfig(register, width);
    }

    @Override
    public void writeConfig(int register, int width, long value) {
        super.writeConfig(register, width, value);
        if (isWindow(register)) {
            registers.write((int) value(window + WINDOW_OFFSET, 4), width, value);
        }
        updateLine();
    }

    private boolean isWindow(int register) {
        long offset = value(window + WINDOW_OFFSET, 4);
        long width = value(window + WINDOW_LENGTH, 4);
        return register == window + WINDOW_DATA
                && value(window + WINDOW_BAR, 1) == REGISTERS_BAR
                && (width == 1 || width == 2 || width == 4)
                && offset % width == 0
                && offset <= REGISTERS_LENGTH - width;
    }

    @Override
    public void reset() {
        resetDevice();
        super.reset();
    }

    @Override
    public void save(SnapshotWriter out) {
        super.save(out);
        out.putSection("device", 1, device);
        out.putInt("deviceFeatureSelect", deviceFeatureSelect);
        out.putInt("driverFeatureSelect", driverFeatureSelect);
        out.putLong("driverFeatures", driverFeatures);
        out.putInt("configurationVector", configurationVector);
        out.putInt("status", status);
        out.putInt("generation", generation);
        out.putInt("queueSelect", queueSelect);
        out.putInt("isr", isr);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        super.restore(in);
        deviceFeatureSelect = in.getInt("deviceFeatureSelect");
        driverFeatureSelect = in.getInt("driverFeatureSelect");
        driverFeatures = in.getLong("driverFeatures");
        configurationVector = vector(in.getInt("configurationVector"));
        status = in.getInt("status", 0, 0xff);
        generation = in.getInt("generation");
        queueSelect = in.getInt("queueSelect", 0, 0xffff);
        isr = in.getInt("isr", 0, ISR_QUEUE | ISR_CONFIGURATION);
        device.restore(in.section("device"));
        updateLine();
    }
}
