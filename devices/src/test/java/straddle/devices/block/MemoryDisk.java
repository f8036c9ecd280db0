package straddle.devices.block;

import java.lang.foreign.MemorySegment;

/// A disk in memory, whose medium can be made to fail.
public final class MemoryDisk implements BlockBackend {
    public final byte[] content;
    private final boolean readOnly;
    private volatile boolean broken;
    private volatile int flushes;

    public MemoryDisk(int bytes, boolean readOnly) {
        content = new byte[bytes];
        this.readOnly = readOnly;
    }

    /// Every request fails from now on.
    public void breakDown() {
        broken = true;
    }

    public int flushes() {
        return flushes;
    }

    @Override
    public long length() {
        return content.length;
    }

    @Override
    public boolean isReadOnly() {
        return readOnly;
    }

    private BlockStatus status(long offset, long length) {
        return broken ? BlockStatus.IO_ERROR : rangeStatus(offset, length);
    }

    @Override
    public BlockStatus read(long offset, MemorySegment to) {
        BlockStatus status = status(offset, to.byteSize());
        if (status.isOk()) {
            to.copyFrom(MemorySegment.ofArray(content).asSlice(offset, to.byteSize()));
        }
        return status;
    }

    @Override
    public BlockStatus write(long offset, MemorySegment from) {
        BlockStatus status = readOnly ? BlockStatus.READ_ONLY : status(offset, from.byteSize());
        if (status.isOk()) {
            MemorySegment.ofArray(content).asSlice(offset, from.byteSize()).copyFrom(from);
        }
        return status;
    }

    @Override
    public synchronized BlockStatus flush() {
        flushes++;
        return broken ? BlockStatus.IO_ERROR : BlockStatus.OK;
    }

    @Override
    public void close() {}
}
