package straddle.devices.virtio;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import straddle.core.bus.MachineLock;
import straddle.core.snapshot.SnapshotWriter;
import straddle.devices.block.BlockBackend;
import straddle.devices.block.BlockStatus;
import straddle.devices.block.DiskQueue;

/// A virtio disk (Virtual I/O Device 1.2, 5.2): read, write, flush, discard, and a serial number.
///
/// Requests are made by a [DiskQueue], in place in guest RAM where that takes few calls of the host's, through a buffer
/// elsewhere. A driver that does not know flushing gets each write flushed.
public final class VirtioBlock extends VirtioDevice {
    private static final int TYPE = 2;
    private static final int CLASS_CODE = 0x01_0000;
    private static final int QUEUE_SIZE = 256;
    private static final int CONFIGURATION_BYTES = 60;

    private static final long SEG_MAX = 1L << 2;
    private static final long RO = 1L << 5;
    private static final long BLK_SIZE = 1L << 6;
    private static final long FLUSH = 1L << 9;
    private static final long DISCARD = 1L << 13;

    private static final int REQUEST_IN = 0;
    private static final int REQUEST_OUT = 1;
    private static final int REQUEST_FLUSH = 4;
    private static final int REQUEST_GET_ID = 8;
    private static final int REQUEST_DISCARD = 11;
    private static final int HEADER_BYTES = 16;
    private static final int DISCARD_BYTES = 16;
    private static final int ID_BYTES = 20;

    private static final int S_OK = 0;
    private static final int S_IOERR = 1;
    private static final int S_UNSUPP = 2;

    private static final int MAX_DISCARD_SECTORS = 1 << 22;

    /// A transfer of more ranges than these goes through the buffer.
    private static final int MAX_RANGES_IN_PLACE = 4;

    private static final int BUFFER_BYTES = 256 << 10;

    /// Far beyond what drivers ask for at once, and little enough for a disk thread to be done with.
    private static final long MAX_TRANSFER_BYTES = 1 << 30;

    private final BlockBackend disk;
    private final byte[] serial = new byte[ID_BYTES];
    private final MachineLock lock;
    private final DiskQueue requests;

    /// The disk thread's own.
    private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_BYTES, 4096);

    /// @param disk stays the caller's
    /// @param name the thread's, as in `disk-0`
    /// @param serial what the guest sees as the disk's serial number: up to 20 characters of ASCII
    public VirtioBlock(BlockBackend disk, String name, String serial, MachineLock lock) {
        super(
                new Kind("virtio-blk", TYPE, CLASS_CODE, List.of(QUEUE_SIZE)),
                SEG_MAX
                        | BLK_SIZE
                        | FLUSH
                        | (disk.isReadOnly() ? RO : 0)
                        | (disk.discards() ? DISCARD : 0),
                configuration(disk));
        this.disk = disk;
        this.lock = Objects.requireNonNull(lock);
        byte[] id = serial.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(id, 0, this.serial, 0, Math.min(id.length, ID_BYTES));
        requests = new DiskQueue(name, lock);
    }

    private static byte[] configuration(BlockBackend disk) {
        ByteBuffer bytes = ByteBuffer.allocate(CONFIGURATION_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(0, disk.length() / BlockBackend.SECTOR_BYTES);
        bytes.putInt(12, QUEUE_SIZE - 2);
        bytes.putInt(20, BlockBackend.SECTOR_BYTES);
        bytes.putInt(36, MAX_DISCARD_SECTORS);
        bytes.putInt(40, 1);
        bytes.putInt(44, 1);
        return bytes.array();
    }

    @Override
    void notified(int number) {
        Virtqueue queue = queues().get(number);
        for (Chain chain = queue.next(); chain != null; chain = queue.next()) {
            take(queue, chain);
        }
    }

    /// A request is a header, data one way or the other, and a byte for its status (5.2.6).
    private void take(Virtqueue queue, Chain chain) {
        MemorySegment header = MemorySegment.ofArray(new byte[HEADER_BYTES]);
        long answerBytes = chain.writable().length() - 1;
        if (chain.readable().read(header) < HEADER_BYTES || answerBytes < 0) {
            complete(queue, chain, 0); // there is no place for a status
            return;
        }
        ByteBuffer fields = header.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        int type = fields.getInt(0);
        long offset = offset(fields.getLong(8));
        GuestBuffer given =
                chain.readable().slice(HEADER_BYTES, chain.readable().length() - HEADER_BYTES);
        GuestBuffer answer = chain.writable().slice(0, answerBytes);
        switch (type) {
            case REQUEST_IN ->
                    requests.submit(
                            () -> move(answer, offset, disk::read, true),
                            status -> finish(queue, chain, status, answerBytes));
            case REQUEST_OUT -> {
                boolean through = !has(FLUSH);
                requests.submit(
                        () -> write(given, offset, through),
                        status -> finish(queue, chain, status, 0));
            }
            case REQUEST_FLUSH ->
                    requests.submit(disk::flush, status -> finish(queue, chain, status, 0));
            case REQUEST_DISCARD -> discard(queue, chain, given);
            case REQUEST_GET_ID -> {
                long written = answer.write(MemorySegment.ofArray(serial));
                finish(queue, chain, S_OK, written);
            }
            default -> finish(queue, chain, S_UNSUPP, 0);
        }
    }

    /// In bytes; a sector number that bytes can't count is no sector of any disk.
    private static long offset(long sector) {
        return sector < 0 || sector > Long.MAX_VALUE / BlockBackend.SECTOR_BYTES
                ? Long.MAX_VALUE & -BlockBackend.SECTOR_BYTES
                : sector * BlockBackend.SECTOR_BYTES;
    }

    private void discard(Virtqueue queue, Chain chain, GuestBuffer given) {
        if (!has(DISCARD) || given.length() != DISCARD_BYTES) {
            finish(queue, chain, S_UNSUPP, 0);
            return;
        }
        MemorySegment segment = MemorySegment.ofArray(new byte[DISCARD_BYTES]);
        given.read(segment);
        ByteBuffer fields = segment.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        long offset = offset(fields.getLong(0));
        long length = (fields.getInt(8) & 0xffff_ffffL) * BlockBackend.SECTOR_BYTES;
        requests.submit(
                () -> disk.discard(offset, length), status -> finish(queue, chain, status, 0));
    }

    private BlockStatus write(GuestBuffer from, long offset, boolean through) {
        BlockStatus status = move(from, offset, disk::write, false);
        return status.isOk() && through ? disk.flush() : status;
    }

    @FunctionalInterface
    private interface Transfer {
        BlockStatus apply(long offset, MemorySegment bytes);
    }

    /// Transfers between disk and guest RAM. On the disk's thread.
    private BlockStatus move(GuestBuffer ram, long offset, Transfer transfer, boolean toRam) {
        BlockStatus range = disk.rangeStatus(offset, ram.length());
        if (!range.isOk() || ram.length() > MAX_TRANSFER_BYTES) {
            return range.isOk() ? BlockStatus.IO_ERROR : range;
        }
        boolean inPlace =
                ram.ranges().size() <= MAX_RANGES_IN_PLACE
                        && ram.ranges().stream()
                                .allMatch(each -> each.length() % BlockBackend.SECTOR_BYTES == 0);
        return inPlace
                ? moveInPlace(ram, offset, transfer, toRam)
                : moveThroughBuffer(ram, offset, transfer, toRam);
    }

    private static BlockStatus moveInPlace(
            GuestBuffer ram, long offset, Transfer transfer, boolean toRam) {
        long at = offset;
        BlockStatus status = BlockStatus.OK;
        for (GuestRange each : ram.ranges()) {
            status = status.isOk() ? transfer.apply(at, each.bytes()) : status;
            at += each.length();
        }
        if (toRam) {
            ram.noteWritten();
        }
        return status;
    }

    private BlockStatus moveThroughBuffer(
            GuestBuffer ram, long offset, Transfer transfer, boolean toRam) {
        BlockStatus status = BlockStatus.OK;
        for (long done = 0; done < ram.length() && status.isOk(); done += BUFFER_BYTES) {
            GuestBuffer part = ram.slice(done, Math.min(BUFFER_BYTES, ram.length() - done));
            MemorySegment bytes = buffer.asSlice(0, part.length());
            if (!toRam) {
                part.read(bytes);
            }
            status = transfer.apply(offset + done, bytes);
            if (toRam && status.isOk()) {
                part.write(bytes);
            }
        }
        return status;
    }

    private void finish(Virtqueue queue, Chain chain, BlockStatus status, long written) {
        finish(queue, chain, status.isOk() ? S_OK : S_IOERR, status.isOk() ? written : 0);
    }

    private void finish(Virtqueue queue, Chain chain, int status, long written) {
        GuestRange last = chain.writable().ranges().getLast();
        last.bytes().set(ValueLayout.JAVA_BYTE, last.length() - 1, (byte) status);
        last.noteWritten(last.length() - 1, 1);
        complete(queue, chain, written + 1);
    }

    /// What is being written is written to its end before the driver may use its memory for something else.
    @Override
    void stop() {
        requests.drain();
    }

    @Override
    public void save(SnapshotWriter out) {
        lock.lock();
        try {
            requests.drain();
            super.save(out);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        requests.close();
    }
}
