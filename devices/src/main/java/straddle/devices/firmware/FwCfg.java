package straddle.devices.firmware;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import straddle.core.bus.IoDevice;
import straddle.core.memory.AddressSpace;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.Device;

/// The firmware configuration device that SeaBIOS and Linux know from QEMU (its documentation,
/// "QEMU Firmware Configuration (fw_cfg) Device"): items by number, some of them named files, read bytewise
/// or by DMA. The ports: a selector at offset 0, data at 1, the DMA address at 4.
///
/// Nothing can be written to the items. Not thread-safe: callers hold the machine lock.
public final class FwCfg implements IoDevice, Device {
    /// Bytes of port space.
    public static final int LENGTH = 12;

    public static final int UUID = 0x02;
    public static final int RAM_SIZE = 0x03;
    public static final int CPU_COUNT = 0x05;
    public static final int BOOT_MENU = 0x0e;
    public static final int MAX_CPUS = 0x0f;
    public static final int IRQ0_OVERRIDE = 0x8002;

    static final int SIGNATURE = 0x00;
    static final int ID = 0x01;
    static final int FILE_DIRECTORY = 0x19;
    static final int FIRST_FILE = 0x20;

    static final int SELECTOR = 0;
    static final int DATA = 1;
    static final int DMA_HIGH = 4;
    static final int DMA_LOW = 8;

    private static final int ID_TRADITIONAL = 1;
    private static final int ID_DMA = 1 << 1;
    private static final long DMA_SIGNATURE = 0x5145_4d55_2043_4647L;

    static final int CONTROL_ERROR = 1;
    static final int CONTROL_READ = 1 << 1;
    static final int CONTROL_SKIP = 1 << 2;
    static final int CONTROL_SELECT = 1 << 3;
    static final int CONTROL_WRITE = 1 << 4;

    private static final int NAME_BYTES = 56;
    private static final int ENTRY_BYTES = 64;
    private static final int MOST_FILES = 0x1000;
    private static final byte[] NOTHING = new byte[0];
    private static final int PIECE = 4096;

    /// A guest can't keep the machine busy for longer than this with one request.
    private static final long MOST_BYTES = 64L << 20;

    private record NamedItem(String name, int key) {}

    private final AddressSpace memory;
    private final Map<Integer, byte[]> items = new TreeMap<>();
    private final List<NamedItem> files = new ArrayList<>();
    private int selected;
    private long position;
    private long dmaHigh;

    public FwCfg(AddressSpace memory) {
        this.memory = Objects.requireNonNull(memory);
        add(SIGNATURE, "QEMU".getBytes(StandardCharsets.US_ASCII));
        addNumber(ID, ID_TRADITIONAL | ID_DMA, 4);
        items.put(FILE_DIRECTORY, directory());
    }

    /// Adds an item that is known by its number.
    public void add(int key, byte[] value) {
        if (items.putIfAbsent(key, value) != null) {
            throw new IllegalArgumentException(
                    "There is a configuration item 0x" + Integer.toHexString(key));
        }
    }

    /// Adds an item that is a little-endian number.
    public void addNumber(int key, long value, int bytes) {
        add(key, littleEndian(value, bytes));
    }

    /// Adds a file.
    ///
    /// @param name up to 55 ASCII characters, as in `etc/e820`
    public void addFile(String name, byte[] value) {
        boolean taken = files.stream().anyMatch(file -> file.name().equals(name));
        if (taken || name.length() >= NAME_BYTES || files.size() == MOST_FILES) {
            throw new IllegalArgumentException("There can be no configuration file " + name);
        }
        int key = FIRST_FILE + files.size();
        add(key, value);
        files.add(new NamedItem(name, key));
        items.put(FILE_DIRECTORY, directory());
    }

    /// Adds a file that is a little-endian number.
    public void addFile(String name, long value, int bytes) {
        addFile(name, littleEndian(value, bytes));
    }

    private static byte[] littleEndian(long value, int bytes) {
        byte[] number = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            number[i] = (byte) (value >>> 8 * i);
        }
        return number;
    }

    private byte[] directory() {
        ByteBuffer directory = ByteBuffer.allocate(4 + ENTRY_BYTES * files.size());
        directory.putInt(files.size());
        for (int i = 0; i < files.size(); i++) {
            NamedItem file = files.get(i);
            int at = 4 + ENTRY_BYTES * i;
            directory.putInt(at, items.get(file.key()).length);
            directory.putShort(at + 4, (short) file.key());
            directory.put(at + 8, file.name().getBytes(StandardCharsets.US_ASCII));
        }
        return directory.array();
    }

    @Override
    public void reset() {
        selected = 0;
        position = 0;
        dmaHigh = 0;
    }

    private void select(int key) {
        selected = key & 0xffff;
        position = 0;
    }

    private byte[] item() {
        return items.getOrDefault(selected, NOTHING);
    }

    @Override
    public int widths() {
        return 1 | 2 | 4;
    }

    @Override
    public long read(int offset, int width) {
        if (offset == DATA && width == 1) {
            byte[] item = item();
            return position < item.length ? item[(int) position++] & 0xff : 0;
        }
        boolean signature = width == 4 && (offset == DMA_HIGH || offset == DMA_LOW);
        return signature ? reversed(DMA_SIGNATURE >>> (offset == DMA_HIGH ? 32 : 0)) : -1;
    }

    @Override
    public void write(int offset, int width, long value) {
        if (offset == SELECTOR && width == 2) {
            select((int) value);
        } else if (offset == DMA_HIGH && width == 4) {
            dmaHigh = reversed(value);
        } else if (offset == DMA_LOW && width == 4) {
            long address = dmaHigh << 32 | reversed(value);
            dmaHigh = 0;
            transfer(address);
        }
    }

    /// The DMA registers and descriptors are big-endian.
    private static long reversed(long value) {
        return Integer.toUnsignedLong(Integer.reverseBytes((int) value));
    }

    /// Does what a descriptor in memory says: control, length and address.
    private void transfer(long descriptor) {
        int control = (int) reversed(memory.read(descriptor, 4));
        long length = reversed(memory.read(descriptor + 4, 4));
        long address =
                reversed(memory.read(descriptor + 8, 4)) << 32
                        | reversed(memory.read(descriptor + 12, 4));
        if ((control & CONTROL_SELECT) != 0) {
            select(control >>> 16);
        }
        boolean fails = false;
        if ((control & CONTROL_READ) != 0) {
            fails = length > MOST_BYTES;
            if (!fails) {
                copy(address, length);
            }
        } else if ((control & CONTROL_WRITE) != 0) {
            fails = length > 0;
        } else if ((control & CONTROL_SKIP) != 0) {
            position += length;
        }
        memory.write(descriptor, 4, reversed(fails ? CONTROL_ERROR : 0));
    }

    /// Behind an item's end there are zeros.
    private void copy(long address, long length) {
        byte[] item = item();
        byte[] piece = new byte[PIECE];
        long done = 0;
        while (done < length) {
            int part = (int) Math.min(PIECE, length - done);
            int there = Math.clamp(item.length - position, 0, part);
            if (there > 0) {
                System.arraycopy(item, (int) position, piece, 0, there);
            }
            Arrays.fill(piece, there, part, (byte) 0);
            memory.write(address + done, MemorySegment.ofArray(piece).asSlice(0, part));
            position += part;
            done += part;
        }
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("selected", selected);
        out.putLong("position", position);
        out.putLong("dmaHigh", dmaHigh);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        selected = in.getInt("selected", 0, 0xffff);
        position = Math.max(0, in.getLong("position"));
        dmaHigh = in.getLong("dmaHigh") & 0xffff_ffffL;
    }
}
