package straddle.devices.block;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// What a guest writes over a disk that stays as it is: the sectors written, in a sparse temporary file that is gone with the
/// process, however that ends.
///
/// A sector lies in the file where it lies on the disk; a map of one bit a sector, made for 16 MiB at a time, says which
/// are there. What is in the file at the end is what a commit would have to write down.
public final class SnapshotOverlay implements BlockBackend {
    private static final int CHUNK_SECTORS = 1 << 15;

    private final BlockBackend base;
    private final FileChannel file;
    private final Path folder;
    private final Consumer<String> trouble;
    private final AtomicBoolean troubled = new AtomicBoolean();

    /// By the number of the chunk; bits by sector.
    private final Map<Long, long[]> written = new HashMap<>();

    private SnapshotOverlay(
            BlockBackend base, FileChannel file, Path folder, Consumer<String> trouble) {
        this.base = base;
        this.file = file;
        this.folder = folder;
        this.trouble = trouble;
    }

    /// Lays an overlay over a disk, which it closes with itself.
    ///
    /// @param folder where the temporary file takes its space
    /// @param trouble gets a sentence at the first request that the host fails, from any thread
    /// @throws ImageException if no file can be made there
    public static SnapshotOverlay over(BlockBackend base, Path folder, Consumer<String> trouble)
            throws ImageException {
        try {
            Path path = Files.createTempFile(folder, "straddle-", ".snapshot");
            FileChannel file =
                    FileChannel.open(
                            path,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.SPARSE,
                            StandardOpenOption.DELETE_ON_CLOSE);
            return new SnapshotOverlay(base, file, folder, trouble);
        } catch (IOException e) {
            throw new ImageException(
                    "No temporary file for a snapshot can be made in "
                            + folder
                            + ": "
                            + e.getMessage()
                            + ". Name another folder in TMPDIR.",
                    e);
        }
    }

    @Override
    public long length() {
        return base.length();
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public synchronized BlockStatus read(long offset, MemorySegment to) {
        BlockStatus status = rangeStatus(offset, to.byteSize());
        long end = offset + to.byteSize();
        try {
            for (long at = offset; at < end && status.isOk(); ) {
                boolean here = isWritten(at / SECTOR_BYTES);
                long next = runEnd(at, end, here);
                MemorySegment part = to.asSlice(at - offset, next - at);
                if (!here) {
                    status = base.read(at, part);
                } else if (!FileBytes.read(file, at, part)) {
                    status = failed("its end is missing");
                }
                at = next;
            }
            return status;
        } catch (IOException e) {
            return failed(e.getMessage());
        }
    }

    /// Where the run of sectors ends that are all here, or all not.
    private long runEnd(long start, long end, boolean here) {
        long at = start + SECTOR_BYTES;
        while (at < end && isWritten(at / SECTOR_BYTES) == here) {
            at += SECTOR_BYTES;
        }
        return at;
    }

    @Override
    public synchronized BlockStatus write(long offset, MemorySegment from) {
        BlockStatus status = rangeStatus(offset, from.byteSize());
        if (!status.isOk()) {
            return status;
        }
        try {
            FileBytes.write(file, offset, from);
        } catch (IOException e) {
            return failed(e.getMessage());
        }
        for (long at = offset; at < offset + from.byteSize(); at += SECTOR_BYTES) {
            mark(at / SECTOR_BYTES);
        }
        return BlockStatus.OK;
    }

    private boolean isWritten(long sector) {
        long[] bits = written.get(sector / CHUNK_SECTORS);
        int index = (int) (sector % CHUNK_SECTORS);
        return bits != null && (bits[index >>> 6] & 1L << index) != 0;
    }

    private void mark(long sector) {
        int index = (int) (sector % CHUNK_SECTORS);
        written.computeIfAbsent(sector / CHUNK_SECTORS, _ -> new long[CHUNK_SECTORS / Long.SIZE])[
                        index >>> 6] |=
                1L << index;
    }

    /// What vanishes need not be kept safe.
    @Override
    public BlockStatus flush() {
        return BlockStatus.OK;
    }

    private BlockStatus failed(String why) {
        if (troubled.compareAndSet(false, true)) {
            trouble.accept(
                    "The snapshot's temporary file in "
                            + folder
                            + ": "
                            + why
                            + ". The guest sees an I/O error.");
        }
        return BlockStatus.IO_ERROR;
    }

    @Override
    public synchronized void close() {
        RawImage.closeQuietly(file);
        base.close();
    }

    @Override
    public String toString() {
        return base + ", as a snapshot";
    }
}
