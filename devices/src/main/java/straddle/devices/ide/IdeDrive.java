package straddle.devices.ide;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Supplier;
import straddle.core.snapshot.SnapshotException;
import straddle.core.snapshot.SnapshotReader;
import straddle.core.snapshot.SnapshotWriter;
import straddle.core.snapshot.Snapshotable;
import straddle.devices.block.BlockBackend;
import straddle.devices.block.BlockStatus;

/// What a disk and a CD-ROM drive on an IDE channel have in common: the task file, and transfers of data by programmed
/// I/O or by the bus master (ATA/ATAPI-7, T13/1532D, volumes 1 and 2).
///
/// A transfer goes through a stage: a piece is fetched from the medium and handed to the guest, block by block, until all is
/// done, or the other way round.
public abstract sealed class IdeDrive implements Snapshotable permits AtaDisk, AtapiCdrom {
    static final int ERR = 1;
    static final int DRQ = 1 << 3;
    static final int DSC = 1 << 4;
    static final int DF = 1 << 5;
    static final int DRDY = 1 << 6;
    static final int BSY = 1 << 7;

    static final int ABRT = 1 << 2;
    static final int IDNF = 1 << 4;
    static final int UNC = 1 << 6;

    static final int DEVICE_LBA = 1 << 6;
    private static final int DEVICE_SECOND = 1 << 4;
    private static final int DEVICE_ALWAYS = 0xa0;
    static final int DIAGNOSTIC_PASSED = 1;

    static final int IDENTIFY_BYTES = 512;
    private static final int STAGE_BYTES = 128 << 10;

    /// How data reach the guest.
    private enum Way {
        NONE,
        PIO,
        DMA
    }

    /// What the task file holds: each register's last value and the one before.
    private static final int FEATURE = 0;

    private static final int COUNT = 1;
    private static final int LBA_LOW = 2;
    private static final int LBA_MID = 3;
    private static final int LBA_HIGH = 4;
    private static final int REGISTERS = 5;

    private final int[] present = new int[REGISTERS];
    private final int[] previous = new int[REGISTERS];
    private int device;
    private int status;
    private int error;
    private boolean interrupting;

    private final byte[] stage = new byte[STAGE_BYTES];
    private int position;
    private int end;
    private int blockEnd;
    private Way way = Way.NONE;
    private boolean toGuest;
    private boolean stored;

    /// Bytes of a block between interrupts.
    private int block;

    /// Where on the medium the next piece is, and how much is left of the transfer behind the stage.
    private long offset;

    private long left;

    private IdeChannel channel;

    IdeDrive() {}

    final void connect(IdeChannel to) {
        channel = to;
    }

    /// The registers as a reset leaves them, with the signature by which software tells the kind of drive.
    void reset() {
        abandon();
        Arrays.fill(previous, 0);
        present[FEATURE] = 0;
        error = DIAGNOSTIC_PASSED;
        device = 0;
        interrupting = false;
        sign();
    }

    private void abandon() {
        way = Way.NONE;
        position = 0;
        end = 0;
        blockEnd = 0;
        left = 0;
        offset = 0;
        block = 0;
        stored = false;
        toGuest = false;
    }

    final void setSignature(int low, int mid, int high) {
        present[COUNT] = 1;
        present[LBA_LOW] = low;
        present[LBA_MID] = mid;
        present[LBA_HIGH] = high;
    }

    /// Puts the signature and the status of a drive that waits for its first command into the registers.
    abstract void sign();

    /// Executes a command; the status is that of a drive without errors, and not busy.
    abstract void execute(int command);

    /// The guest has handed over all of a transfer that has no place on the medium: a packet, or its parameters.
    abstract void received(byte[] data, int length);

    /// All of a transfer has been handed over.
    abstract void finished();

    /// The medium's requests failed.
    abstract void failed(BlockStatus why);

    /// The medium, while a transfer from or to it goes on.
    abstract BlockBackend medium();

    /// Whether a write is to be on the medium before it ends.
    abstract boolean writesThrough();

    final void beginReset() {
        abandon();
        interrupting = false;
        status = BSY;
    }

    // The task file.

    final boolean isBusy() {
        return (status & BSY) != 0;
    }

    final void writeRegister(int register, int value) {
        int index = register - 1;
        previous[index] = present[index];
        present[index] = value;
    }

    final int readRegister(int register, boolean earlier) {
        int index = register - 1;
        return earlier ? previous[index] : present[index];
    }

    final int readError() {
        return error;
    }

    final int readDevice() {
        return device | DEVICE_ALWAYS;
    }

    final void writeDevice(int value) {
        device = value & ~DEVICE_ALWAYS;
    }

    final int status() {
        return status;
    }

    final boolean isInterrupting() {
        return interrupting;
    }

    final void acknowledge() {
        interrupting = false;
    }

    final void command(int value) {
        abandon();
        interrupting = false;
        error = 0;
        ready();
        execute(value);
    }

    final int feature() {
        return present[FEATURE];
    }

    final int count() {
        return present[COUNT];
    }

    final void setCount(int value) {
        present[COUNT] = value;
    }

    /// The count of sectors of a command with 48 or 28 bits of address: 1 to 65,536 or 1 to 256.
    final int sectors(boolean wide) {
        int sectors = wide ? previous[COUNT] << 8 | present[COUNT] : present[COUNT];
        return sectors == 0 ? (wide ? 0x1_0000 : 0x100) : sectors;
    }

    /// The 48 or 28 bits of an address by blocks.
    final long address(boolean wide) {
        long low = threeBytes(present);
        if (!wide) {
            return (long) (device & 0xf) << 24 | low;
        }
        return threeBytes(previous) << 24 | low;
    }

    private static long threeBytes(int[] registers) {
        return (long) registers[LBA_HIGH] << 16 | registers[LBA_MID] << 8 | registers[LBA_LOW];
    }

    final void setAddress(boolean wide, long lba) {
        present[LBA_LOW] = (int) lba & 0xff;
        present[LBA_MID] = (int) (lba >>> 8) & 0xff;
        present[LBA_HIGH] = (int) (lba >>> 16) & 0xff;
        if (wide) {
            previous[LBA_LOW] = (int) (lba >>> 24) & 0xff;
            previous[LBA_MID] = (int) (lba >>> 32) & 0xff;
            previous[LBA_HIGH] = (int) (lba >>> 40) & 0xff;
        } else {
            device = device & ~0xf | (int) (lba >>> 24) & 0xf;
        }
    }

    final boolean isByBlocks() {
        return (device & DEVICE_LBA) != 0;
    }

    final int lowRegister() {
        return present[LBA_LOW];
    }

    final int head() {
        return device & 0xf;
    }

    /// LBA mid and high: a cylinder, or a packet's count of bytes.
    final int middle() {
        return present[LBA_HIGH] << 8 | present[LBA_MID];
    }

    final void setMiddle(int value) {
        present[LBA_MID] = value & 0xff;
        present[LBA_HIGH] = value >>> 8 & 0xff;
    }

    // How a command ends.

    final void setStatus(int value) {
        status = value;
    }

    final void ready() {
        status = DRDY | DSC;
    }

    final void done() {
        ready();
        interrupt();
    }

    final void abort(int why) {
        abandon();
        error = why;
        status = DRDY | DSC | ERR;
        interrupt();
    }

    final void interrupt() {
        interrupting = true;
        channel.interrupt();
    }

    final BlockRequests requests() {
        return channel.requests();
    }

    /// Makes a request that moves no data.
    final void request(Supplier<BlockStatus> io) {
        status = BSY;
        requests()
                .submit(
                        io,
                        outcome -> {
                            if (outcome.isOk()) {
                                done();
                            } else {
                                failed(outcome);
                            }
                        });
    }

    // Transfers.

    /// Hands the guest what lies on the medium.
    final void readMedium(long from, long length, boolean byDma, int blockBytes) {
        begin(true, byDma, from, length, blockBytes);
        fetch();
    }

    /// Takes from the guest what is to lie on the medium.
    final void writeMedium(long to, long length, boolean byDma, int blockBytes) {
        begin(false, byDma, to, length, blockBytes);
        stored = true;
        collect(false);
    }

    /// Hands the guest some bytes.
    final void reply(byte[] bytes, int length, boolean byDma, int blockBytes) {
        begin(true, byDma, 0, 0, blockBytes);
        System.arraycopy(bytes, 0, stage, 0, length);
        end = length;
        hand();
    }

    /// Takes some bytes from the guest, by programmed I/O.
    final void receive(int length, boolean interrupts) {
        begin(false, false, 0, length, length);
        collect(interrupts);
    }

    private void begin(boolean outward, boolean byDma, long from, long length, int blockBytes) {
        abandon();
        toGuest = outward;
        way = byDma ? Way.DMA : Way.PIO;
        offset = from;
        left = length;
        block = blockBytes;
    }

    private void fetch() {
        status = BSY;
        int length = (int) Math.min(left, STAGE_BYTES);
        long from = offset;
        BlockBackend source = medium();
        MemorySegment piece = MemorySegment.ofArray(stage).asSlice(0, length);
        requests().submit(() -> source.read(from, piece), outcome -> fetched(outcome, length));
    }

    private void fetched(BlockStatus outcome, int length) {
        if (!outcome.isOk()) {
            failed(outcome);
            return;
        }
        offset += length;
        left -= length;
        position = 0;
        end = length;
        hand();
    }

    /// Hands over the next block of the stage.
    private void hand() {
        if (way == Way.DMA) {
            status = BSY | DRQ;
            channel.startDma();
            return;
        }
        blockEnd = Math.min(end, position + block);
        handing(blockEnd - position);
        status = DRDY | DSC | DRQ;
        interrupt();
    }

    /// A block of some bytes is about to be handed over by programmed I/O.
    void handing(int length) {}

    /// Asks for the next piece from the guest.
    private void collect(boolean interrupts) {
        position = 0;
        end = (int) Math.min(left, STAGE_BYTES);
        if (way == Way.DMA) {
            status = BSY | DRQ;
            channel.startDma();
            return;
        }
        ask(interrupts);
    }

    private void ask(boolean interrupts) {
        blockEnd = Math.min(end, position + block);
        status = DRDY | DSC | DRQ;
        if (interrupts) {
            interrupt();
        }
    }

    /// A piece is complete: on to the medium with it.
    private void store() {
        status = BSY;
        int length = end;
        if (!stored) {
            left = 0;
            way = Way.NONE;
            ready();
            received(stage, length);
            return;
        }
        long to = offset;
        BlockBackend target = medium();
        boolean through = writesThrough();
        MemorySegment piece = MemorySegment.ofArray(stage).asSlice(0, length);
        requests()
                .submit(
                        () -> {
                            BlockStatus outcome = target.write(to, piece);
                            return outcome.isOk() && through ? target.flush() : outcome;
                        },
                        outcome -> wasStored(outcome, length));
    }

    private void wasStored(BlockStatus outcome, int length) {
        if (!outcome.isOk()) {
            failed(outcome);
            return;
        }
        offset += length;
        left -= length;
        if (left > 0) {
            collect(true);
        } else {
            way = Way.NONE;
            finished();
        }
    }

    /// Whether the drive waits for the bus master, and in which direction.
    final boolean awaitsDma(boolean toMemory) {
        return way == Way.DMA && toGuest == toMemory && (status & DRQ) != 0;
    }

    /// The bus master is ready: moves what is in the stage, or fills it.
    final void moveByDma(BusMaster master) {
        int length = end - position;
        int moved = master.move(stage, position, length, toGuest);
        if (moved < length) {
            master.fail();
            failed(BlockStatus.IO_ERROR);
            return;
        }
        position = end;
        if (!toGuest) {
            if (left <= end) {
                master.finish();
            }
            store();
        } else if (left > 0) {
            fetch();
        } else {
            master.finish();
            way = Way.NONE;
            finished();
        }
    }

    /// The guest has stopped the bus master in the middle of a transfer.
    final void dmaStopped() {
        if (way == Way.DMA) {
            abandon();
            error = ABRT;
            status = DRDY | DSC | ERR;
        }
    }

    /// The data register.
    final long readData(int width) {
        long value = 0;
        if (way != Way.PIO || !toGuest || (status & DRQ) == 0) {
            return -1;
        }
        for (int i = 0; i < width && position < blockEnd; i++) {
            value |= (stage[position++] & 0xffL) << 8 * i;
        }
        if (position == blockEnd) {
            handed();
        }
        return value;
    }

    private void handed() {
        if (position < end) {
            hand();
        } else if (left > 0) {
            fetch();
        } else {
            way = Way.NONE;
            ready();
            if (endsWithInterrupt()) {
                finished();
            }
        }
    }

    /// Whether a transfer to the guest by programmed I/O ends with an interrupt of its own.
    abstract boolean endsWithInterrupt();

    final void writeData(int width, long value) {
        if (way != Way.PIO || toGuest || (status & DRQ) == 0) {
            return;
        }
        for (int i = 0; i < width && position < blockEnd; i++) {
            stage[position++] = (byte) (value >>> 8 * i);
        }
        if (position == end) {
            store();
        } else if (position == blockEnd) {
            ask(true);
        }
    }

    /// A drive's number among the two: what its device register shows.
    final void setNumber(int number) {
        device = number == 0 ? device & ~DEVICE_SECOND : device | DEVICE_SECOND;
    }

    /// Text in a drive's identification: padded, its bytes swapped in pairs.
    static void putText(byte[] identity, int word, int words, String text) {
        byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < 2 * words; i++) {
            identity[2 * word + (i ^ 1)] = i < ascii.length ? ascii[i] : (byte) ' ';
        }
    }

    static void putWord(byte[] identity, int word, int value) {
        identity[2 * word] = (byte) value;
        identity[2 * word + 1] = (byte) (value >>> 8);
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInts("present", present);
        out.putInts("previous", previous);
        out.putInt("device", device);
        out.putInt("status", status);
        out.putInt("error", error);
        out.putBoolean("interrupting", interrupting);
        out.putBytes("stage", Arrays.copyOf(stage, end));
        out.putInt("position", position);
        out.putInt("blockEnd", blockEnd);
        out.putString("way", way.name());
        out.putBoolean("toGuest", toGuest);
        out.putBoolean("stored", stored);
        out.putInt("block", block);
        out.putLong("offset", offset);
        out.putLong("left", left);
    }

    @Override
    public void restore(SnapshotReader in) throws SnapshotException {
        byte[] staged = in.getBytes("stage");
        if (staged.length > STAGE_BYTES) {
            throw new SnapshotException(
                    "The snapshot is damaged: a drive holds " + staged.length + " bytes.");
        }
        takeRegisters(in, "present", present);
        takeRegisters(in, "previous", previous);
        device = in.getInt("device", 0, 0xff) & ~DEVICE_ALWAYS;
        status = in.getInt("status", 0, 0xff);
        error = in.getInt("error", 0, 0xff);
        interrupting = in.getBoolean("interrupting");
        System.arraycopy(staged, 0, stage, 0, staged.length);
        end = staged.length;
        position = in.getInt("position", 0, end);
        blockEnd = in.getInt("blockEnd", 0, end);
        way = wayNamed(in.getString("way"));
        toGuest = in.getBoolean("toGuest");
        stored = in.getBoolean("stored");
        block = in.getInt("block", 0, STAGE_BYTES);
        offset = in.getLong("offset");
        left = in.getLong("left");
        boolean moves = way != Way.NONE;
        if (left < 0 || offset < 0 || moves && (block <= 0 || position >= end)) {
            throw new SnapshotException("The snapshot is damaged: a drive's transfer can't be so.");
        }
    }

    private static void takeRegisters(SnapshotReader in, String name, int[] to)
            throws SnapshotException {
        int[] saved = in.getInts(name, REGISTERS);
        for (int i = 0; i < REGISTERS; i++) {
            to[i] = saved[i] & 0xff;
        }
    }

    private static Way wayNamed(String name) throws SnapshotException {
        for (Way each : Way.values()) {
            if (each.name().equals(name)) {
                return each;
            }
        }
        throw new SnapshotException("The snapshot is damaged: no transfer is " + name + ".");
    }
}
