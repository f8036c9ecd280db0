package straddle.devices.block;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/// Whole transfers between a file and memory, however little the host moves at a time.
final class FileBytes {
    /// A buffer can't be larger than 2 GiB.
    private static final long MAX_PART = 1 << 30;

    private FileBytes() {}

    /// Fills a segment; false if the file ends before.
    static boolean read(FileChannel file, long offset, MemorySegment to) throws IOException {
        for (long done = 0; done < to.byteSize(); ) {
            int part = file.read(part(to, done), offset + done);
            if (part < 0) {
                return false;
            }
            done += part;
        }
        return true;
    }

    static void write(FileChannel file, long offset, MemorySegment from) throws IOException {
        for (long done = 0; done < from.byteSize(); ) {
            done += file.write(part(from, done), offset + done);
        }
    }

    private static ByteBuffer part(MemorySegment segment, long from) {
        return segment.asSlice(from, Math.min(segment.byteSize() - from, MAX_PART)).asByteBuffer();
    }
}
