package straddle.machines.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import straddle.machines.boot.KernelImageException;

/// A file that looks like a kernel from outside.
public final class TinyKernel {
    private static final int SETUP_SECTORS = 2;
    private static final int BYTES = 3 * 512 + 4096;

    private TinyKernel() {}

    public static ByteBuffer image() {
        ByteBuffer image = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        image.put(0x1f1, (byte) SETUP_SECTORS);
        image.putShort(0x1fe, (short) 0xaa55);
        image.put(0x201, (byte) 0x66);
        image.put(0x202, "HdrS".getBytes(StandardCharsets.US_ASCII));
        image.putShort(0x206, (short) 0x20f);
        image.putShort(0x20e, (short) 0x100);
        image.put(0x300, "9.9-test".getBytes(StandardCharsets.US_ASCII));
        image.put(0x211, (byte) 1);
        image.putInt(0x22c, 0x7fff_ffff);
        image.putShort(0x236, (short) 1);
        image.putInt(0x238, 255);
        image.putInt(0x248, 16);
        image.putInt(0x24c, 4000);
        image.putLong(0x258, 0x100_0000);
        image.putInt(0x260, 0x20_0000);
        image.put(3 * 512, (byte) 0x55);
        image.put(BYTES - 1, (byte) 0x66);
        return image;
    }

    public static byte[] bytes(ByteBuffer image) {
        byte[] bytes = new byte[image.capacity()];
        image.get(0, bytes);
        return bytes;
    }

    /// Ready to boot, with a small initrd.
    public static LinuxBoot boot(Path folder) throws IOException, KernelImageException {
        Path kernel = Files.write(folder.resolve("bzImage"), bytes(image()));
        Path initrd = Files.write(folder.resolve("initrd"), new byte[] {1, 2, 3});
        return LinuxBoot.read(kernel, Optional.of(initrd), "console=ttyS0");
    }
}
