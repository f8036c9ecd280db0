package straddle.devices.ide;

import java.lang.foreign.MemorySegment;
import straddle.devices.block.BlockBackend;
import straddle.devices.block.BlockStatus;

/// A disk in memory, which can be made to fail.
final class MemoryDisk implements BlockBackend {
    final byte[] bytes;
    boolean readOnly;
    BlockStatus next = BlockStatus.OK;
    int flushes;

    MemoryDisk(int sectors) {
        bytes = new byte[sectors * SECTOR_BYTES];
        for (int i = 0; i < sectors; i++) {
            bytes[i * SECTOR_BYTES] = (byte) i;
            bytes[i * SECTOR_BYTES + 511] = (byte) ~i;
        }
    }

    @Override
    public long length() {
        return bytes.length;
    }

    @Override
    public boolean isReadOnly() {
        return readOnly;
    }

    @Override
    public BlockStatus read(long offset, MemorySegment to) {
        BlockStatus status = rangeStatus(offset, to.byteSize());
        if (status.isOk() && next.isOk()) {
            MemorySegment.copy(MemorySegment.ofArray(bytes), offset, to, 0, to.byteSize());
        }
        return next.isOk() ? status : next;
    }

    @Override
    public BlockStatus write(long offset, MemorySegment from) {
        BlockStatus status = rangeStatus(offset, from.byteSize());
        if (status.isOk() && next.isOk()) {
            MemorySegment.copy(from, 0, MemorySegment.ofArray(bytes), offset, from.byteSize());
        }
        return next.isOk() ? status : next;
    }

    @Override
    public BlockStatus flush() {
        flushes++;
        return next;
    }

    @Override
    public void close() {}
}
