package straddle.devices.block;

import java.lang.foreign.MemorySegment;

/// What stands behind a disk: an image file, or a layer over another back end.
///
/// Offsets and lengths are bytes and multiples of [#SECTOR_BYTES]; what is not, or lies beyond the end,
/// comes back as [BlockStatus#OUT_OF_RANGE] and moves nothing. Failures are values, never exceptions:
/// a device reports them to its guest and goes on. Any thread may call, several at once; a call can block
/// for as long as the host's disk does, so devices make it through a [DiskQueue] and never under the machine
/// lock. Segments may be guest RAM; their dirty pages are the caller's to note.
public interface BlockBackend extends AutoCloseable {
    /// Bytes of a sector, whatever block size a device shows.
    int SECTOR_BYTES = 512;

    /// Bytes, a positive multiple of [#SECTOR_BYTES], which stays the same.
    long length();

    /// Whether every write ends in [BlockStatus#READ_ONLY].
    boolean isReadOnly();

    /// Fills a segment from the disk. After an error its contents are undefined.
    BlockStatus read(long offset, MemorySegment to);

    /// Writes a segment to the disk. After an error any part of it may be there, and nothing else changes.
    BlockStatus write(long offset, MemorySegment from);

    /// Returns when what was written before will outlive a power failure of the host.
    BlockStatus flush();

    /// Whether [#discard] does any good.
    default boolean discards() {
        return false;
    }

    /// Says that the guest has no more use for a range, whose bytes are undefined until they are written again.
    default BlockStatus discard(long offset, long length) {
        return isReadOnly() ? BlockStatus.READ_ONLY : rangeStatus(offset, length);
    }

    /// [BlockStatus#OUT_OF_RANGE] unless the range is whole sectors of this disk.
    default BlockStatus rangeStatus(long offset, long length) {
        boolean within =
                offset >= 0 && length >= 0 && length <= length() && offset <= length() - length;
        return within && ((offset | length) & SECTOR_BYTES - 1) == 0
                ? BlockStatus.OK
                : BlockStatus.OUT_OF_RANGE;
    }

    /// Frees the host's side, without a flush. Nothing may be called afterwards.
    @Override
    void close();
}
