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
/// kernel header"): boot protocol 2.00 or later, loaded high. What an older protocol has no field for has the value that
/// the documentation names.
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
    private static final int VERSION_2_00 = 0x200;
    private static final int VERSION_2_03 = 0x203;
    private static final int VERSION_2_06 = 0x206;
    private static final int VERSION_2_08 = 0x208;
    private static final int VERSION_2_09 = 0x209;
    private static final int VERSION_2_10 = 0x20a;
    private static final int VERSION_2_12 = 0x20c;
    private static final int LOADFLAGS = 0x211;
    private static final int LOADED_HIGH = 1;
    private static final long MIB = 1L << 20;
    private static final int OLD_COMMAND_LINE = 255;
    private static final long OLD_INITRD_LIMIT = 0x37ff_ffffL;

    /// A compressed kernel unpacks to some multiple of its size; this is ample.
    private static final int OLD_UNPACKED = 8;

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
        boolean high = has64BitEntry() || (file[LOADFLAGS] & LOADED_HIGH) != 0;
        if (version() < VERSION_2_00 || !high) {
            throw new KernelImageException(
                    "The kernel "
                            + path
                            + " is a zImage or older than Linux 1.3.73: only bzImages can be loaded.");
        }
    }

    private int version() {
        return Short.toUnsignedInt(bytes.getShort(VERSION));
    }

    /// Whether it can be entered in 64-bit mode; otherwise only in real mode.
    boolean has64BitEntry() {
        return version() >= VERSION_2_12 && (bytes.getShort(XLOADFLAGS) & XLF_KERNEL_64) != 0;
    }

    boolean takesSetupData() {
        return version() >= VERSION_2_09;
    }

    private void checkLength(Path path) throws KernelImageException {
        long end =
                version() < VERSION_2_08
                        ? setupBytes() + 1
                        : setupBytes()
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
    public String release() {
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

    /// The part that runs in real mode.
    byte[] setup() {
        return Arrays.copyOf(file, setupBytes());
    }

    /// The part that runs, to be loaded at [#loadAddress()].
    byte[] body() {
        return Arrays.copyOfRange(file, setupBytes(), file.length);
    }

    /// Where it wants to be.
    long loadAddress() {
        return version() < VERSION_2_10 ? MIB : bytes.getLong(PREF_ADDRESS);
    }

    /// RAM from the load address on that it uses before it has looked at the memory map.
    long memoryBytes() {
        long body = (long) file.length - setupBytes();
        return version() < VERSION_2_10
                ? OLD_UNPACKED * body
                : Math.max(Integer.toUnsignedLong(bytes.getInt(INIT_SIZE)), body);
    }

    /// The longest command line, in bytes without its terminating zero.
    int maxCommandLine() {
        return version() < VERSION_2_06 ? OLD_COMMAND_LINE : bytes.getInt(CMDLINE_SIZE);
    }

    /// The highest address that the initrd may reach.
    long initrdLimit() {
        return version() < VERSION_2_03
                ? OLD_INITRD_LIMIT
                : Integer.toUnsignedLong(bytes.getInt(INITRD_ADDR_MAX));
    }
}
