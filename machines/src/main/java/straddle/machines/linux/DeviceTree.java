package straddle.machines.linux;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import straddle.machines.boot.BootFile;
import straddle.machines.boot.KernelImageException;

/// A flattened device tree, as `dtc` makes it (Devicetree Specification 0.4, chapter 5).
final class DeviceTree {
    private static final int MAGIC = 0xd00d_feed;
    private static final int TOTAL_SIZE = 4;
    private static final int HEADER_BYTES = 40;
    private static final int MAX_BYTES = 2 << 20;

    private DeviceTree() {}

    /// @throws KernelImageException with a sentence, if it is none, or truncated
    static byte[] read(Path file) throws KernelImageException {
        byte[] bytes = BootFile.read("device tree", file, MAX_BYTES + 1);
        ByteBuffer header = ByteBuffer.wrap(bytes);
        if (bytes.length < HEADER_BYTES || header.getInt(0) != MAGIC) {
            throw new KernelImageException(
                    file + " is no device tree: it does not begin with d0 0d fe ed.");
        }
        int total = header.getInt(TOTAL_SIZE);
        if (total < HEADER_BYTES || total > MAX_BYTES) {
            throw new KernelImageException(
                    "The device tree " + file + " is damaged: its size is not 40 bytes to 2 MiB.");
        }
        if (total > bytes.length) {
            throw new KernelImageException(
                    "The device tree %s is truncated: it has %,d of %,d bytes."
                            .formatted(file, bytes.length, total));
        }
        return Arrays.copyOf(bytes, total);
    }
}
