package straddle.machines.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import straddle.machines.boot.BootFile;
import straddle.machines.boot.KernelImageException;

/// A Linux kernel for x86 in its compressed form (Documentation/arch/x86/boot.rst, "The real-mode
/// kernel header"), as far as the 64-bit entry needs it: boot protocol 2.12 or later.
public final class BzImage {
    /// Longer kernels than any.
    private static final long MAX_BYTES = 256L << 20;

    private static final int SECTOR = 512;
    private static final int SETUP_HEADER = 0x1f1;
    private static final int HEADER_MAGIC = 0x202;
    private static final int JUMP_LENGTH = 0x201;
    private static final int VERSION = 0x206;
    private static final int KERNEL_VERSION = 0x20e;
    private static final int INITRD_ADDR_MAX = 0x22c;
    private static final int XLOADFLAGS = 0x236;
    private static final int CMDLINE_SIZE = 0x238;
    private static final int PAYLOAD_OFFSET = 0x248;
    private static final int PAYLOAD_LENGTH = 0x24c;
    private static final int PREF_ADDRESS = 0x258;
    private static final int INIT_SIZE = 0x260;
    private static final int SMALLEST = 0x268;

    private static final int XLF_KERNEL_64 = 1;
    private static final int VERSION_2_12 = 0x20c;
    private static final int DEFAULT_SETUP_SECTORS = 4;

    private final byte[] file;
    private final ByteBuffer bytes;

    private BzImage(byte[] file) {
        this.file = file;
        this.bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    }

    /// @throws KernelImageException with a sentence, if it is no such kernel, or truncated
    public static BzImage read(Path path) throws KernelImageException {
        byte[] start = BootFile.read("kernel", path, SMALLEST);
        BzImage header = new BzImage(start);
        header.checkHeader(path);
        long size = BootFile.size("kernel", path);
        if (size > MAX_BYTES) {
            throw new KernelImageException(
                    String.format(
                            Locale.ROOT,
                            "The kernel %s has %,d MiB: that is no kernel.",
                            path,
                            size >>> 20));
        }
        BzImage image = new BzImage(BootFile.read("kernel", path, MAX_BYTES));
        image.checkLength(path);
        return image;
    }

    private void checkHeader(Path path) throws KernelImageException {
        if (file.length == 0) {
            throw new KernelImageException("The kernel " + path + " is empty.");
        }
        if (file.length < SMALLEST || !"HdrS".equals(text(HEADER_MAGIC, 4))) {
            throw new KernelImageException(
                    path
                            + " is no Linux kernel for x86 (bzImage): it lacks the mark HdrS at offset 0x202.");
        }
        int version = bytes.getShort(VERSION);
        if (version < VERSION_2_12 || (bytes.getShort(XLOADFLAGS) & XLF_KERNEL_64) == 0) {
            throw new KernelImageException(
                    "The kernel "
                            + path
                            + " has no 64-bit entry point: it is a 32-bit kernel or older than Linux 3.8.");
        }
    }

    private void checkLength(Path path) throws KernelImageException {
        long end =
                setupBytes()
                        + Integer.toUnsignedLong(bytes.getInt(PAYLOAD_OFFSET))
                        + Integer.toUnsignedLong(bytes.getInt(PAYLOAD_LENGTH));
        if (end > file.length) {
            throw new KernelImageException(
                    String.format(
                            Locale.ROOT,
                            "The kernel %s is truncated: it has %,d of at least %,d bytes.",
                            path,
                            file.length,
                            end));
        }
        if (loadAddress() < 0x10_0000
                || loadAddress() % 4096 != 0
                || loadAddress() > 1L << 40
                || memoryBytes() > 1L << 32) {
            throw new KernelImageException(
                    String.format(
                            Locale.ROOT,
                            "The kernel %s is damaged: its header asks for address 0x%x.",
                            path,
                            loadAddress()));
        }
    }

    private String text(int at, int length) {
        return new String(file, at, length, StandardCharsets.ISO_8859_1);
    }

    /// What the kernel says it is, such as `6.1.0-56-cloud-amd64 (...)`, or nothing.
    public String version() {
        int at = Short.toUnsignedInt(bytes.getShort(KERNEL_VERSION)) + SECTOR;
        int end = at;
        while (end < file.length && file[end] != 0 && end - at < 200) {
            end++;
        }
        return at < file.length && at > SECTOR ? text(at, end - at) : "";
    }

    private int setupBytes() {
        int sectors = Byte.toUnsignedInt(file[SETUP_HEADER]);
        return ((sectors == 0 ? DEFAULT_SETUP_SECTORS : sectors) + 1) * SECTOR;
    }

    /// The setup header, to be copied to the same offset of the boot parameters.
    byte[] setupHeader() {
        int end = HEADER_MAGIC + Byte.toUnsignedInt(file[JUMP_LENGTH]);
        return Arrays.copyOfRange(file, SETUP_HEADER, end);
    }

    static int setupHeaderOffset() {
        return SETUP_HEADER;
    }

    /// The part that runs, to be loaded at [#loadAddress()].
    byte[] body() {
        return Arrays.copyOfRange(file, setupBytes(), file.length);
    }

    /// Where it wants to be.
    long loadAddress() {
        return bytes.getLong(PREF_ADDRESS);
    }

    /// RAM from the load address on that it uses before it has looked at the memory map.
    long memoryBytes() {
        return Math.max(
                Integer.toUnsignedLong(bytes.getInt(INIT_SIZE)), file.length - setupBytes());
    }

    /// The longest command line, in bytes without its terminating zero.
    int maxCommandLine() {
        return bytes.getInt(CMDLINE_SIZE);
    }

    /// The highest address that the initrd may reach.
    long initrdLimit() {
        return Integer.toUnsignedLong(bytes.getInt(INITRD_ADDR_MAX));
    }
}
