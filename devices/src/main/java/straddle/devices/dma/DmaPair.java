package straddle.devices.dma;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import straddle.core.bus.ByteDevice;
import straddle.core.memory.AddressSpace;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.Device;

/// The PC's two 8237A DMA controllers with their page registers (Intel 8237A datasheet, order 231466;
/// 82371SB datasheet, 2.5.1): channels 0 to 3 move bytes, 5 to 7 words, 4 is the first controller's cascade.
///
/// A device asks for a transfer and gets it at once, as far as its channel is programmed and unmasked. Memory-to-memory
/// transfers and the timing bits of the command register are not there. Page registers hold eight bits, so DMA reaches the
/// first 16 MiB. Not thread-safe: callers hold the machine lock.
public final class DmaPair implements Device {
    /// Bytes of port space of the first and of the second controller, and of the page registers.
    public static final int FIRST_LENGTH = 16;

    public static final int SECOND_LENGTH = 32;
    public static final int PAGES_LENGTH = 16;

    /// Channels of both controllers.
    public static final int CHANNELS = 8;

    static final int MODE_VERIFY = 0;
    static final int MODE_WRITE = 1;
    static final int MODE_READ = 2;

    private final AddressSpace memory;
    private final Dma8237 first = new Dma8237();
    private final Dma8237 second = new Dma8237();
    private final byte[] pages = new byte[PAGES_LENGTH];

    public DmaPair(AddressSpace memory) {
        this.memory = Objects.requireNonNull(memory);
    }

    /// The first controller: ports 0x00 to 0x0f.
    public ByteDevice firstPorts() {
        return first;
    }

    /// The second controller, its registers at even ports: 0xc0 to 0xdf.
    public ByteDevice secondPorts() {
        return new ByteDevice() {
            @Override
            public int read(int offset) {
                return (offset & 1) == 0 ? second.read(offset >>> 1) : 0xff;
            }

            @Override
            public void write(int offset, int value) {
                if ((offset & 1) == 0) {
                    second.write(offset >>> 1, value);
                }
            }
        };
    }

    /// The page registers: ports 0x80 to 0x8f. Those that belong to no channel just hold a byte; firmware's
    /// progress goes to the first one.
    public ByteDevice pagePorts() {
        return new ByteDevice() {
            @Override
            public int read(int offset) {
                return Byte.toUnsignedInt(pages[offset & PAGES_LENGTH - 1]);
            }

            @Override
            public void write(int offset, int value) {
                pages[offset & PAGES_LENGTH - 1] = (byte) value;
            }
        };
    }

    /// What was written to port 0x80 last: 0 to 255.
    public int postCode() {
        return Byte.toUnsignedInt(pages[0]);
    }

    /// Where a channel's page register lies among the 16.
    private static int pageOf(int channel) {
        return switch (channel & 3) {
            case 0 -> channel < 4 ? 0x7 : 0xf;
            case 1 -> channel < 4 ? 0x3 : 0xb;
            case 2 -> channel < 4 ? 0x1 : 0x9;
            default -> channel < 4 ? 0x2 : 0xa;
        };
    }

    /// A device has data for memory.
    ///
    /// @param channel 0 to 7 but 4
    /// @return how many bytes the channel took: fewer than given at its terminal count, 0 if it is masked or set the other way
    public int toMemory(int channel, byte[] data, int length) {
        return transfer(channel, MODE_WRITE, data, length);
    }

    /// A device wants data from memory; as [#toMemory].
    public int fromMemory(int channel, byte[] data, int length) {
        return transfer(channel, MODE_READ, data, length);
    }

    /// Whether the channel has run to its terminal count and waits to be programmed again.
    public boolean isTerminal(int channel) {
        return controller(channel).isMasked(channel & 3);
    }

    private Dma8237 controller(int channel) {
        return channel < 4 ? first : second;
    }

    private int transfer(int channel, int direction, byte[] data, int length) {
        int unit = channel < 4 ? 1 : 2;
        Dma8237 controller = controller(channel);
        int number = channel & 3;
        boolean open = channel < 4 || !first.isDisabled();
        if (channel == 4
                || !open
                || second.isMasked(0) && channel < 4
                || !controller.serves(number, direction)) {
            return 0;
        }
        boolean verifies = controller.transferType(number) == MODE_VERIFY;
        MemorySegment bytes = MemorySegment.ofArray(data);
        long page = Byte.toUnsignedLong(pages[pageOf(channel)]) << 16;
        int done = 0;
        while (done + unit <= length && !controller.isMasked(number)) {
            int address = controller.address(number);
            long gpa = unit == 1 ? page | address : page & ~0x1_ffffL | (long) address << 1;
            if (!verifies) {
                move(direction, gpa, bytes.asSlice(done, unit));
            }
            done += unit;
            controller.step(number);
        }
        return done;
    }

    private void move(int direction, long gpa, MemorySegment unit) {
        if (direction == MODE_WRITE) {
            memory.write(gpa, unit);
        } else {
            memory.read(gpa, unit);
        }
    }

    @Override
    public void reset() {
        first.reset();
        second.reset();
        Arrays.fill(pages, (byte) 0);
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putSection("first", 1, first);
        out.putSection("second", 1, second);
        out.putBytes("pages", pages);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        byte[] saved = in.getBytes("pages");
        if (saved.length != PAGES_LENGTH) {
            throw new SnapshotException(
                    "The snapshot has " + saved.length + " DMA page registers, not 16.");
        }
        first.restore(in.section("first"));
        second.restore(in.section("second"));
        System.arraycopy(saved, 0, pages, 0, PAGES_LENGTH);
    }
}
