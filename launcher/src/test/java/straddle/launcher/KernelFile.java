package straddle.launcher;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// A file with a bzImage's header: for engines that execute none of it, or with machine code.
final class KernelFile {
    private static final int SECTOR = 512;
    private static final int BYTES = 5 * SECTOR + 4096;

    /// Where 64-bit loaders enter it.
    private static final int ENTRY = 5 * SECTOR + 0x200;

    private KernelFile() {}

    static Path in(Path directory) throws IOException {
        return Files.write(directory.resolve("vmlinuz"), bytes());
    }

    /// Of code that starts with its first instruction.
    static Path of(byte[] code, Path directory) throws IOException {
        byte[] image = bytes();
        System.arraycopy(code, 0, image, ENTRY, code.length);
        return Files.write(directory.resolve("kernel"), image);
    }

    static byte[] bytes() {
        ByteBuffer image = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        image.put(0x1f1, (byte) 4);
        image.put(0x201, (byte) 0x66);
        image.put(0x202, "HdrS".getBytes(StandardCharsets.US_ASCII));
        image.putShort(0x206, (short) 0x20f);
        image.putInt(0x22c, 0x7fff_ffff);
        image.putShort(0x236, (short) 1);
        image.putInt(0x238, 2047);
        image.putInt(0x24c, 4096);
        image.putLong(0x258, 0x100_0000);
        image.putInt(0x260, 0x20_0000);
        return image.array();
    }
}
